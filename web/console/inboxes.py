"""What the inbox lists: replies that wait for a person, and what was done with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
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
from contacts.consent import refuse, settle_review
from contacts.models import AddressStanding, Contact, Standing
from contacts.scope import people
from database.tables import folded
from messages import answering, caring
from messages.calling_off import cancel_pending
from messages.inbox_models import Care, WrittenAnswer
from messages.models import Delivery, Message, Reply
from messages.prompt_models import Suggestion
from messages.replies import AUTOMATIC
from organizers.roles import NETWORKS, Within, as_key
from web.console.lives import known_as

STOP = Standing.OPTED_OUT.value
EVIDENCE = 500  # characters of their words that the ledger keeps
SHOWN = 50
LATELY = timedelta(days=7)  # of what was understood without anybody
MOST = 1_000  # replies that are counted; beyond, the page says "more than"
WORDS = 8  # of a search


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
    return _counted(within, (*_wait(bindparam("now")), *of_those))


def tallies(
    conn: Connection, within: Within, organizer_id: int, *, now: datetime
) -> dict[Show, int]:
    """How many replies each filter shows; those without an end are not counted."""
    counted = (Show.MINE, Show.UNASSIGNED, Show.SNOOZED)
    chosen = {each: _chosen(each, organizer_id, now) for each in counted}
    return {each: conn.scalar(_counted(within, of)) or 0 for each, of in chosen.items()}


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
    chosen = visible(_columns(now).where(*_chosen(show, organizer_id, now), *_named(name)), within)
    if show in (Show.DONE, Show.UNDERSTOOD):
        latest = Reply.handled_at if show is Show.DONE else Reply.received_at
        rows = list(conn.execute(chosen.order_by(latest.desc(), Reply.id.desc()).limit(SHOWN)))
    else:
        rows = _waiting(conn, chosen)
    found = [_listed(row) for row in rows if _is_named(row, name)]
    told = suggested(conn, [each.id for each in found], now)
    return [replace(each, suggested=told.get(each.id)) for each in found]


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


def _waiting(conn: Connection, chosen: Select[*tuple[Any, ...]]) -> list[Row[*tuple[Any, ...]]]:
    """Those that may mean stop are few and found by their standing; the others in the order they came."""
    by_age = (Reply.received_at, Reply.id)
    first = list(conn.execute(chosen.where(_of_those_in_review()).order_by(*by_age).limit(SHOWN)))
    rest = chosen.where(~in_review()).order_by(*by_age).limit(SHOWN - len(first))
    return [*first, *conn.execute(rest)] if len(first) < SHOWN else first


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


def _columns(now: datetime) -> Select[*tuple[Any, ...]]:
    answering = Care.answering_seen_at > now - caring.ANSWERING_LASTS
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


def _wait(now: datetime | BindParameter[Any]) -> tuple[ColumnElement[bool], ...]:
    awake = or_(Care.snoozed_until.is_(None), Care.snoozed_until <= now)
    return (Reply.handled_at.is_(None), awake)


def _chosen(show: Show, organizer_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    automatic = Reply.handled_by == literal(AUTOMATIC, literal_execute=True)
    dealt_with = Reply.handled_at.is_not(None)
    return {
        Show.WAITING: _wait(now),
        Show.MINE: (*_wait(now), _cared(Care.assigned_to == organizer_id)),
        Show.UNASSIGNED: (*_wait(now), Care.assigned_to.is_(None)),
        Show.SNOOZED: (Reply.handled_at.is_(None), _cared(Care.snoozed_until > now)),
        Show.DONE: (
            dealt_with,
            Reply.handled_by != literal(AUTOMATIC, literal_execute=True),
        ),
        Show.UNDERSTOOD: (dealt_with, automatic, Reply.received_at > now - LATELY),
    }[show]


def _cared(of: ColumnElement[bool]) -> ColumnElement[bool]:
    """Found from the few that somebody looks after, not from all that wait."""
    return Reply.id.in_(select(Care.reply_id).where(of).correlate(None))


def _counted(within: Within, chosen: Sequence[ColumnElement[bool]]) -> Select[int]:
    found = select(Reply.id).outerjoin(Care, Care.reply_id == Reply.id).where(*chosen)
    some = visible(found, within).limit(MOST).subquery()
    return select(func.count()).select_from(some)


def _named(name: str) -> list[ColumnElement[bool]]:
    """A first sieve: that the words stand somewhere in what a contact is found by, numbers among it."""
    return [
        Contact.search_text.contains(each, autoescape=True) for each in folded(name).split()[:WORDS]
    ]


def _is_named(row: Row[*tuple[Any, ...]], name: str) -> bool:
    """By their name alone: a piece of a number finds nobody here."""
    known = folded(f"{row.given_name or ''} {row.family_name or ''}")
    return all(each in known for each in folded(name).split()[:WORDS])


def suggested(conn: Connection, reply_ids: list[int], now: datetime) -> dict[int, Suggested]:
    """What these replies seem to tell of calls."""
    rows = conn.execute(select(Suggestion).where(Suggestion.reply_id.in_(reply_ids))).all()
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
    found = visible(_columns(now).where(Reply.id == reply_id), within)
    row = conn.execute(found).one_or_none()
    if row is None:
        return None
    told = suggested(conn, [reply_id], now)
    return replace(_listed(row), suggested=told.get(reply_id))


def last_act(conn: Connection, within: Within, reply_id: int, *, actor: str) -> LastAct | None:
    """What this organizer last did with a reply, if nobody has done anything with it since."""
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
        .where(Reply.id == reply_id, Care.acted_by == actor, Care.acted != "")
    )
    row = conn.execute(visible(found, within)).one_or_none()
    return LastAct(row[0], row[1], row[2], bool(row[3])) if row else None


def settle(conn: Connection, reply_id: int, *, opted_out: bool, actor: str, now: datetime) -> None:
    """Decide what a doubtful reply meant, call off what waits if it meant stop, and file it."""
    caring.own(conn, reply_id)
    channel, address = _address(conn, reply_id)
    settle_review(conn, channel, address, opted_out=opted_out, actor=actor, now=now)
    if opted_out:
        cancel_pending(conn, channel=channel, address=address, reason=STOP, now=now)
        _file(conn, reply_id, actor=actor, now=now)


def opt_out(conn: Connection, reply_id: int, *, actor: str, now: datetime) -> None:
    """Take a reply for a stop: record it with its words, call off what waits, and file it."""
    caring.own(conn, reply_id)
    channel, address = _address(conn, reply_id)
    body = conn.scalars(select(Reply.body).where(Reply.id == reply_id)).one()
    refuse(
        conn,
        channel,
        address,
        standing=Standing.OPTED_OUT,
        source="review",
        evidence=body[:EVIDENCE],
        actor=actor,
        now=now,
    )
    cancel_pending(conn, channel=channel, address=address, reason=STOP, now=now)
    _file(conn, reply_id, actor=actor, now=now)


def _file(conn: Connection, reply_id: int, *, actor: str, now: datetime) -> None:
    """What was the person's word is not undone by a button."""
    caring.handle(conn, reply_id, by=actor, now=now)
    caring.forget_undo(conn, reply_id)


def _address(conn: Connection, reply_id: int) -> tuple[str, str]:
    row = conn.execute(select(Reply.channel, Reply.address).where(Reply.id == reply_id)).one()
    return row.channel, row.address


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
    persons = people(within, Reply.contact_id.expression)
    return statement.where(or_(Reply.message_id.in_(answered), unclaimed & persons))
