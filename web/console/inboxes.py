"""What the inbox lists: replies that wait for a person, and what was done with the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
)

from actions.targets import Target, targets_by_key
from contacts.models import AddressStanding, Contact, Standing
from contacts.scope import people
from database.tables import folded
from messages import answering, caring
from messages.inbox_models import Care, WrittenAnswer
from messages.models import Delivery, Message, Reply
from messages.prompt_models import Suggestion
from messages.replies import AUTOMATIC
from organizers.roles import NETWORKS, Within, as_key
from web.console.lives import known_as

SHOWN = 50
LATELY = timedelta(days=7)  # of what was understood without anybody
MOST = 1_000  # replies that are counted; beyond, the page says "more than"
WORDS = 8  # of a search
KEPT = 512  # statements, of so many filters of so many organizers


class Show(StrEnum):
    """Which replies the inbox lists."""

    WAITING = "waiting"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    SNOOZED = "snoozed"
    DONE = "done"
    UNDERSTOOD = "understood"  # by rule, without anybody


@dataclass(frozen=True)
class Suggested:
    """What a reply seems to tell of a call."""

    outcome: str
    target: str
    office: Target | None

    def known_as(self, language: str) -> str:
        """The office as people know it; "" where none is named."""
        return known_as(self.office, language) if self.office else ""


@dataclass(frozen=True)
class Listed:
    """A reply as the inbox shows it."""

    id: int
    channel: str
    address: str
    body: str
    verdict: str
    received_at: datetime
    handled_at: datetime | None
    handled_by: str
    contact_id: int | None
    name: str
    language: str
    in_review: bool
    assigned_to: int | None = None
    snoozed_until: datetime | None = None
    answering_by: int | None = None  # who is writing an answer at this moment
    answering_since: datetime | None = None
    suggested: Suggested | None = None


@dataclass(frozen=True)
class LastAct:
    """What somebody last did, if they may undo it."""

    reply_id: int
    act: str
    name: str
    left: bool  # an answer has, or is about to


def waiting_count(conn: Connection, within: Within, *, now: datetime) -> int:
    """How many replies wait for somebody; no more than ``MOST`` are counted."""
    return conn.scalar(_waiting_counted(as_key(within), review=False), {"now": now}) or 0


def review_count(conn: Connection, within: Within, *, now: datetime) -> int:
    """How many of them may mean stop: those people get nothing until somebody has read them."""
    return conn.scalar(_waiting_counted(as_key(within), review=True), {"now": now}) or 0


@lru_cache
def _waiting_counted(within: tuple[int, ...] | None, *, review: bool) -> Select[int]:
    """Kept, for every page of the console counts what waits."""
    of_those = (_of_those_in_review(),) if review else ()
    return _counted(within, (*_wait(), *of_those))


def tallies(
    conn: Connection, within: Within, organizer_id: int, *, now: datetime
) -> dict[Show, int]:
    """How many replies each filter shows; those without an end are not counted."""
    counted = (Show.MINE, Show.UNASSIGNED, Show.SNOOZED)
    given = {"me": organizer_id, "now": now}
    return {each: conn.scalar(_tally(as_key(within), each), given) or 0 for each in counted}


@lru_cache
def _tally(within: tuple[int, ...] | None, show: Show) -> Select[int]:
    return _counted(within, _chosen(show))


def replies(
    conn: Connection,
    within: Within,
    show: Show,
    *,
    organizer_id: int,
    name: str = "",
    now: datetime,
) -> list[Listed]:
    """The replies a filter shows, of people of this name: those that may mean stop first, then the oldest.

    What was dealt with comes with the latest first.
    """
    found = listed(conn, within, show, organizer_id=organizer_id, name=name, now=now)
    told = suggested(conn, [each.id for each in found], now)
    return [replace(each, suggested=told.get(each.id)) for each in found]


def listed(
    conn: Connection,
    within: Within,
    show: Show,
    *,
    organizer_id: int,
    name: str = "",
    now: datetime,
) -> list[Listed]:
    """The same without what they seem to tell, for whoever only asks which they are."""
    given = {"me": organizer_id, "now": now, "since": now - LATELY, "fresh": _fresh(now)}
    if show in (Show.DONE, Show.UNDERSTOOD):
        latest = _sieved(_dealt_with(as_key(within), show), name)
        rows = list(conn.execute(latest, given))
    else:
        rows = _waiting(conn, within, show, name, given)
    return [_listed(row) for row in rows if _is_named(row, name)]


def in_review() -> ColumnElement[bool]:
    """That a reply's address waits for somebody to say whether it meant stop."""
    held = select(AddressStanding.address).where(
        AddressStanding.channel == Reply.channel,
        AddressStanding.address == Reply.address,
        AddressStanding.standing == _review(),
    )
    return held.exists()


def _review() -> ColumnElement[str]:
    """In the words of the partial index, which SQLite does not use for a parameter."""
    return literal(Standing.REVIEW.value, literal_execute=True)


def _waiting(
    conn: Connection, within: Within, show: Show, name: str, given: Mapping[str, Any]
) -> list[Row[*tuple[Any, ...]]]:
    """Those that may mean stop are few and found by their standing; the others in the order they came."""
    in_doubt = _sieved(_by_age(as_key(within), show, review=True), name)
    first = list(conn.execute(in_doubt, {**given, "most": SHOWN}))
    if len(first) == SHOWN:
        return first
    rest = _sieved(_by_age(as_key(within), show, review=False), name)
    return [*first, *conn.execute(rest, {**given, "most": SHOWN - len(first)})]


@lru_cache(KEPT)
def _by_age(
    within: tuple[int, ...] | None, show: Show, *, review: bool
) -> Select[*tuple[Any, ...]]:
    chosen = _listing(within, show).where(_of_those_in_review() if review else ~in_review())
    oldest = chosen.order_by(Reply.received_at, Reply.id)
    return oldest.limit(bindparam("most", type_=Integer))


@lru_cache
def _dealt_with(within: tuple[int, ...] | None, show: Show) -> Select[*tuple[Any, ...]]:
    latest = Reply.handled_at if show is Show.DONE else Reply.received_at
    return _listing(within, show).order_by(latest.desc(), Reply.id.desc()).limit(SHOWN)


def _listing(within: Within, show: Show) -> Select[*tuple[Any, ...]]:
    return visible(_columns().where(*_chosen(show)), within)


def _fresh(now: datetime) -> datetime:
    """Whoever was last seen at an answer after that is still at it."""
    return now - caring.ANSWERING_LASTS


def _of_those_in_review() -> ColumnElement[bool]:
    held = AddressStanding
    mine = _replies_again()
    found = (
        select(mine.c.id)
        .join(held, and_(held.channel == mine.c.channel, held.address == mine.c.address))
        .where(held.standing == _review())
    )
    return Reply.id.in_(found)


def _replies_again() -> Any:
    """The replies once more, to be found by their address."""
    return Reply.__table__.alias("of_address")


@cache
def _columns() -> Select[*tuple[Any, ...]]:
    answering = Care.answering_seen_at > bindparam("fresh")
    return (
        select(
            Reply,
            Contact.given_name,
            Contact.family_name,
            Contact.language,
            Care.assigned_to,
            Care.snoozed_until,
            Care.answering_by,
            Care.answering_since,
            func.coalesce(answering, False).label("answering"),
            in_review().label("in_review"),
        )
        .outerjoin(Contact, Contact.id == Reply.contact_id)
        .outerjoin(Care, Care.reply_id == Reply.id)
    )


def _wait() -> tuple[ColumnElement[bool], ...]:
    awake = or_(Care.snoozed_until.is_(None), Care.snoozed_until <= bindparam("now"))
    return (Reply.handled_at.is_(None), awake)


def _chosen(show: Show) -> tuple[ColumnElement[bool], ...]:
    automatic = Reply.handled_by == literal(AUTOMATIC, literal_execute=True)
    dealt_with = Reply.handled_at.is_not(None)
    return {
        Show.WAITING: _wait(),
        Show.MINE: (*_wait(), _cared(Care.assigned_to == bindparam("me"))),
        Show.UNASSIGNED: (*_wait(), Care.assigned_to.is_(None)),
        Show.SNOOZED: (Reply.handled_at.is_(None), _cared(Care.snoozed_until > bindparam("now"))),
        Show.DONE: (
            dealt_with,
            Reply.handled_by != literal(AUTOMATIC, literal_execute=True),
        ),
        Show.UNDERSTOOD: (dealt_with, automatic, Reply.received_at > bindparam("since")),
    }[show]


def _cared(of: ColumnElement[bool]) -> ColumnElement[bool]:
    """Found from the few that somebody looks after, not from all that wait."""
    return Reply.id.in_(select(Care.reply_id).where(of).correlate(None))


def _counted(within: Within, chosen: Sequence[ColumnElement[bool]]) -> Select[int]:
    found = select(Reply.id).outerjoin(Care, Care.reply_id == Reply.id).where(*chosen)
    some = visible(found, within).limit(MOST).subquery()
    return select(func.count()).select_from(some)


def _sieved(statement: Select[*tuple[Any, ...]], name: str) -> Select[*tuple[Any, ...]]:
    """A first sieve: that the words stand somewhere in what a contact is found by, numbers among it."""
    for each in folded(name).split()[:WORDS]:
        statement = statement.where(Contact.search_text.contains(each, autoescape=True))
    return statement


def _is_named(row: Row[*tuple[Any, ...]], name: str) -> bool:
    """By their name alone: a piece of a number finds nobody here."""
    known = folded(f"{row.given_name or ''} {row.family_name or ''}")
    return all(each in known for each in folded(name).split()[:WORDS])


_SUGGESTED = select(Suggestion).where(Suggestion.reply_id.in_(bindparam("replies", expanding=True)))


def suggested(conn: Connection, reply_ids: list[int], now: datetime) -> dict[int, Suggested]:
    """What these replies seem to tell of calls."""
    rows = conn.execute(_SUGGESTED, {"replies": reply_ids}).all()
    keys = {row.target for row in rows if row.target}
    offices = {each.key: each for each in targets_by_key(conn, keys, now=now)} if keys else {}
    return {
        row.reply_id: Suggested(row.outcome, row.target, offices.get(row.target)) for row in rows
    }


def _listed(row: Row[*tuple[Any, ...]]) -> Listed:
    return Listed(
        id=row.id,
        channel=row.channel,
        address=row.address,
        body=row.body,
        verdict=row.verdict,
        received_at=row.received_at,
        handled_at=row.handled_at,
        handled_by=row.handled_by,
        contact_id=row.contact_id,
        name=f"{row.given_name or ''} {row.family_name or ''}".strip(),
        language=row.language or "",
        in_review=bool(row.in_review),
        assigned_to=row.assigned_to,
        snoozed_until=row.snoozed_until,
        answering_by=row.answering_by if row.answering else None,
        answering_since=row.answering_since,
    )


def one(conn: Connection, within: Within, reply_id: int, *, now: datetime) -> Listed | None:
    """A reply as the inbox would show it."""
    given = {"reply": reply_id, "fresh": _fresh(now)}
    row = conn.execute(_one(as_key(within)), given).one_or_none()
    if row is None:
        return None
    told = suggested(conn, [reply_id], now)
    return replace(_listed(row), suggested=told.get(reply_id))


@lru_cache
def _one(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    return visible(_columns().where(Reply.id == bindparam("reply")), within)


def last_act(conn: Connection, within: Within, reply_id: int, *, actor: str) -> LastAct | None:
    """What this organizer last did with a reply, if nobody has done anything with it since."""
    given = {"reply": reply_id, "actor": actor}
    row = conn.execute(_last_act(as_key(within)), given).one_or_none()
    return LastAct(row[0], row[1], row[2], bool(row[3])) if row else None


@lru_cache
def _last_act(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    name = func.trim(
        func.coalesce(Contact.given_name, "") + " " + func.coalesce(Contact.family_name, "")
    )
    stuck = (
        select(WrittenAnswer.id)
        .join(Message, Message.id == WrittenAnswer.message_id)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(WrittenAnswer.reply_id == Reply.id, answering.has_not_left())
        .where(WrittenAnswer.written_at == Care.acted_at)
    )
    found = (
        select(Reply.id, Care.acted, name, ~stuck.exists())
        .join(Care, Care.reply_id == Reply.id)
        .outerjoin(Contact, Contact.id == Reply.contact_id)
        .where(Reply.id == bindparam("reply"), Care.acted_by == bindparam("actor"))
        .where(Care.acted != "")
    )
    return visible(found, within)


def visible(statement: Select[*tuple[Any, ...]], within: Within) -> Select[*tuple[Any, ...]]:
    """Narrow replies to those the guard would let these projects' organizers touch.

    A reply is with whoever sent the message it answers; one that answers none, or the network's, is with
    those who may see the person, and with the office when nobody knows who wrote.
    """
    if within is None:
        return statement
    projects = [each for each in within if each != NETWORKS]
    answered = select(Message.id).where(Message.project_id.in_(projects))
    networks = select(Message.id).where(Message.project_id.is_(None))
    unclaimed = or_(Reply.message_id.is_(None), Reply.message_id.in_(networks))
    persons = people(within, Reply.contact_id.expression, few=True)
    return statement.where(or_(Reply.message_id.in_(answered), unclaimed & persons))
