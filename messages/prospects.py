"""What would become of everybody in an audience, before anything is written? Told in one pass.

The same fates that ``eligibility.fates`` writes chunk by chunk, for whoever only wants to know. Two
things make a million of them a matter of seconds. Whether somebody before a person has the same
address is looked up instead of sorted; and people come in the order of their ids, in which their
addresses lie beside each other: SQLite reads them ten times faster than in the order of an index.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from contacts import consent
from contacts.models import Address, Channel, Contact, Membership
from messages import audience as audiences
from messages.audience import Audience
from messages.eligibility import NO_ADDRESS, SHARED, TEXTED, Terms, refusal, refused
from messages.models import Reach

Lines = tuple[str, int | None, int]  # state, district, and the Congress whose lines it follows

REASONS_KEPT = 64
UNLIMITED = 2**62  # a LIMIT keeps a database from taking a subquery apart and losing its order
FIRST_LOOK = 20  # people looked at for the first who get a copy; then ever more

EMPTY: Mapping[str, ColumnElement[bool]] = {
    "first_name": Contact.given_name == "",
    "last_name": Contact.family_name == "",
    "city": Contact.city == "",
    "zip": Contact.zip == "",
    "state": Contact.state == "",
    "community": ~exists().where(Membership.contact_id == Contact.id),
}
"""When a person has no value for a merge field."""


_MINE = {channel: aliased(Address, name=f"{channel}_address") for channel in Channel}
_OTHER, _PERSON = aliased(Address), aliased(Contact)  # whoever comes before them


@dataclass(frozen=True, slots=True)
class Group:
    """People whose fate is the same."""

    count: int
    language: str
    zone_set_id: int
    reasons: Mapping[Channel, str]  # why no copy on a channel; "" = a copy
    empty: Mapping[str, int]  # merge field -> how many of them have no value for it
    place: Lines  # where asked for
    state: str = ""  # where asked for, as are
    lists: tuple[int, ...] = ()  # the projects they belong to

    @property
    def reached(self) -> bool:
        """Whether they get at least one copy."""
        return "" in self.reasons.values()


def survey(
    conn: Connection,
    audience: Audience,
    terms: Terms,
    *,
    fields: Sequence[str] = (),
    by_place: bool = False,
    by_list: bool = False,
) -> list[Group]:
    """Everybody in an audience by fate.

    ``fields`` are merge fields (of ``EMPTY``) whose missing values are to be counted; ``by_place``
    tells people of different states and districts apart, ``by_list`` those of different states and projects.
    """
    keep: list[Any] = [Contact.language, Contact.zone_set_id]
    keep += [Contact.state.label("lives_in"), _lists()] if by_list else []
    keep += [Contact.state, Contact.district, Contact.district_congress] if by_place else []
    empty = [case((EMPTY[name], 1), else_=0).label(f"no_{name}") for name in fields]
    rows = prospects(audience, terms, keep=[*keep, *empty])
    alike = [rows.c[column.name] for column in keep] + [rows.c[each] for each in terms.channels]
    sums = [func.sum(rows.c[f"no_{name}"]).label(f"no_{name}") for name in fields]
    found = conn.execute(select(*alike, func.count().label("people"), *sums).group_by(*alike))
    told = {"by_place": by_place, "by_list": by_list}
    return [_group(row._mapping, terms, fields, **told) for row in found]  # noqa: SLF001 - public, says its manual


def prospects(
    audience: Audience,
    terms: Terms,
    *,
    among: ColumnElement[bool] | None = None,
    keep: Sequence[Any] = (),
) -> Subquery:
    """One row per contact: ``contact_id``, the columns of ``contacts`` to keep, a reason per channel.

    ``among`` is a condition on ``contacts`` that leaves others out, but not from before them.
    """
    people = _people(audience, among, keep)
    rows = _everybody(audience, people, terms) if among is None else _some(audience, people, terms)
    found = rows.limit(UNLIMITED).subquery("found")
    return _texts_first(found).subquery("prospects") if _emails_the_rest(terms) else found


def reached(rows: FromClause, terms: Terms) -> ColumnElement[bool]:
    """Whether a prospect gets at least one copy."""
    return or_(false(), *(rows.c[channel] == "" for channel in terms.channels))


def first_reached(
    conn: Connection, audience: Audience, terms: Terms, *, offset: int = 0
) -> int | None:
    """Somebody who would get a copy, ``offset`` such people after the first; None if there is none.

    Looks at people by the order of their ids, at more and more of them at once.
    """
    passed = 0
    for look in _looks(conn, audience):
        given = {**look, "most": offset - passed + 1}
        ids: list[int] = list(conn.scalars(_reached_among(audience, terms), given))
        passed += len(ids)
        if passed > offset:
            return ids[-1]
    return None


@lru_cache(maxsize=REASONS_KEPT)
def _reached_among(audience: Audience, terms: Terms) -> Select[int]:
    looked_at = and_(Contact.id > bindparam("after"), Contact.id <= bindparam("last"))
    rows = prospects(audience, terms, among=looked_at)
    found = select(rows.c.contact_id).where(reached(rows, terms)).order_by(rows.c.contact_id)
    return found.limit(bindparam("most", type_=Integer))


def _looks(conn: Connection, audience: Audience) -> Iterator[dict[str, int]]:
    """After which id and up to which the audience is parted."""
    after, size = 0, FIRST_LOOK
    while True:
        last = conn.scalar(_last_of(audience), {"after": after, "most": size})
        if last is None:
            return
        yield {"after": after, "last": last}
        after, size = last, size * 4


@lru_cache(maxsize=REASONS_KEPT)
def _last_of(audience: Audience) -> Select[int]:
    ids = audiences.contact_ids(audience).where(Contact.id > bindparam("after"))
    look = ids.order_by(Contact.id).limit(bindparam("most", type_=Integer)).subquery()
    return select(func.max(look.c.id))


@lru_cache(maxsize=REASONS_KEPT)
def why_not(audience: Audience, terms: Terms) -> Select[*tuple[Any, ...]]:
    """Why the ``person`` of the audience gets no copy, for each channel."""
    rows = prospects(audience, terms, among=Contact.id == bindparam("person"))
    return select(*(rows.c[each] for each in terms.channels))


def _people(audience: Audience, among: ColumnElement[bool] | None, keep: Sequence[Any]) -> Subquery:
    chosen = audiences.contact_ids(audience).add_columns(*keep)
    chosen = chosen if among is None else chosen.where(among)
    return chosen.order_by(Contact.id).limit(UNLIMITED).subquery("people")


def _everybody(audience: Audience, people: Subquery, terms: Terms) -> Select[*tuple[Any, ...]]:
    """All of an audience at once: their addresses' standings come of a join.

    Whether somebody before them has their address is asked of those whose address several people have: where the
    audience is everybody, for to find those addresses takes a look at all there are.
    """
    kept = [column for column in people.c if column.name != "id"]
    rows = select(people.c.id.label("contact_id"), *kept)
    reasons = []
    for channel in terms.channels:
        address = _MINE[channel]
        rows = rows.outerjoin(address, _first_address(address, channel, people))
        told, who = address.address.expression, people.c.id
        rows, suppressed = consent.joined(rows, channel, told, terms.scopes, terms.countries)
        shared = _is_shared(audience, channel, address)
        if audience == audiences.EVERYBODY:
            held = held_by_many(channel).subquery(f"{channel}_held")
            rows = rows.outerjoin(held, held.c.address == told)
            shared = and_(held.c.address.is_not(None), shared)
        reason = case(
            (told.is_(None), literal(NO_ADDRESS)),
            (shared, literal(SHARED)),
            else_=refused(channel, who, terms, suppressed),
        )
        reasons.append(reason.label(channel))
    return rows.add_columns(*reasons)


def held_by_many(channel: Channel) -> Select[str]:
    """The addresses that several people have, whatever their rank: a database finds these few in an index alone."""
    held = select(_OTHER.address).where(_OTHER.channel == channel)
    return held.group_by(_OTHER.address).having(func.count() > 1)


def _some(audience: Audience, people: Subquery, terms: Terms) -> Select[*tuple[Any, ...]]:
    """Some of an audience, who need not be first in it: what concerns each of them is looked up."""
    kept = [column for column in people.c if column.name != "id"]
    rows = select(people.c.id.label("contact_id"), *kept)
    for channel in terms.channels:
        rows = rows.add_columns(_reason(audience, channel, terms).label(channel))
        address = _MINE[channel]
        rows = rows.outerjoin(address, _first_address(address, channel, people))
    return rows


def _first_address(address: Any, channel: Channel, people: Subquery) -> ColumnElement[bool]:
    return and_(address.contact_id == people.c.id, address.channel == channel, address.rank == 0)


@lru_cache(maxsize=REASONS_KEPT)
def _reason(audience: Audience, channel: Channel, terms: Terms) -> ColumnElement[str]:
    """Why somebody gets no copy, by ``_MINE``.

    Kept: to put it together takes longer than a database takes to answer it for one person.
    """
    mine = _MINE[channel]
    return case(
        (mine.address.is_(None), literal(NO_ADDRESS)),
        (_is_shared(audience, channel, mine), literal(SHARED)),
        else_=refusal(channel, mine.address.expression, mine.contact_id.expression, terms),
    )


def _is_shared(audience: Audience, channel: Channel, mine: Any) -> ColumnElement[bool]:
    """Whether somebody before them in the audience has the same address."""
    other, person = _OTHER, _PERSON
    before = select(other.id).where(
        other.channel == channel,
        other.address == mine.address,
        other.contact_id < mine.contact_id,
        other.rank == 0,
    )
    everybody = audience == audiences.EVERYBODY
    in_it = audiences.contact_ids(audience, person).where(person.id == other.contact_id).exists()
    return before.where(true() if everybody else in_it).correlate(mine).exists()


def _emails_the_rest(terms: Terms) -> bool:
    return terms.reach is Reach.TEXT_FIRST


def _texts_first(found: Subquery) -> Select[*tuple[Any, ...]]:
    """Emails only to those who do not get the text."""
    email, texted = found.c[Channel.EMAIL], found.c[Channel.SMS] == ""
    would = and_(texted, email.not_in((NO_ADDRESS, SHARED)))
    others = [column for column in found.c if column.name != Channel.EMAIL]
    return select(*others, case((would, literal(TEXTED)), else_=email).label(Channel.EMAIL))


def _lists() -> Any:
    """SQL for the numbers of a contact's projects, with spaces between."""
    numbers = func.aggregate_strings(cast(Membership.project_id, Text), " ")
    mine = select(numbers).where(Membership.contact_id == Contact.id).correlate(Contact)
    return func.coalesce(mine.scalar_subquery(), "").label("lists")


def _group(
    row: Mapping[Any, Any], terms: Terms, fields: Sequence[str], *, by_place: bool, by_list: bool
) -> Group:
    return Group(
        count=row["people"],
        language=row["language"],
        zone_set_id=row["zone_set_id"],
        reasons={channel: row[channel] for channel in terms.channels},
        empty={name: row[f"no_{name}"] for name in fields},
        place=(
            (row["state"], row["district"], row["district_congress"]) if by_place else ("", None, 0)
        ),
        state=row["lives_in"] if by_list else "",
        lists=tuple(sorted(map(int, row["lists"].split()))) if by_list else (),
    )
