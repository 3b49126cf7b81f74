"""What the inbox shows: replies that wait for a person, and what may be done with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select, update

from actions.models import Outcome
from actions.responses import record
from actions.targets import Target, targets_by_key
from contacts.consent import refuse, settle_review
from contacts.models import AddressStanding, Contact, Standing
from contacts.scope import people
from messages.calling_off import cancel_pending
from messages.models import Message, Reply
from messages.prompt_models import Suggestion
from organizers.roles import Within, owned
from web.console.lives import known_as

STOP = Standing.OPTED_OUT.value
EVIDENCE = 500  # characters of their words that the ledger keeps


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
class Waiting:
    """A reply as the inbox shows it."""

    id: int
    channel: str
    address: str
    body: str
    verdict: str
    received_at: datetime
    contact_id: int | None
    name: str
    language: str
    in_review: bool
    suggested: Suggested | None = None


def waiting_count(conn: Connection, within: Within) -> int:
    """How many replies nobody has handled yet."""
    waiting = select(func.count(Reply.id)).where(Reply.handled_at.is_(None))
    return conn.scalar(_visible(waiting, within)) or 0


def waiting_replies(
    conn: Connection, within: Within, *, now: datetime, limit: int = 50
) -> list[Waiting]:
    """The replies nobody has handled yet: those that may mean stop first, then the oldest."""
    in_review = (
        select(AddressStanding.address)
        .where(
            AddressStanding.channel == Reply.channel,
            AddressStanding.address == Reply.address,
            AddressStanding.standing == Standing.REVIEW,
        )
        .exists()
    )
    statement = (
        select(Reply, Contact.given_name, Contact.family_name, Contact.language, in_review)
        .outerjoin(Contact, Contact.id == Reply.contact_id)
        .where(Reply.handled_at.is_(None))
        .order_by(in_review.desc(), Reply.received_at, Reply.id)
        .limit(limit)
    )
    found = [_waiting(row) for row in conn.execute(_visible(statement, within))]
    told = _suggested(conn, [each.id for each in found], now)
    return [replace(each, suggested=told.get(each.id)) for each in found]


def _suggested(conn: Connection, reply_ids: list[int], now: datetime) -> dict[int, Suggested]:
    rows = conn.execute(select(Suggestion).where(Suggestion.reply_id.in_(reply_ids))).all()
    keys = {row.target for row in rows if row.target}
    offices = {each.key: each for each in targets_by_key(conn, keys, now=now)} if keys else {}
    return {
        row.reply_id: Suggested(row.outcome, row.target, offices.get(row.target)) for row in rows
    }


def note_call(conn: Connection, reply_id: int, *, actor: str, now: datetime) -> None:
    """Take a reply for what it seems to tell of a call, and file it; once."""
    row = conn.execute(
        select(Suggestion, Reply.contact_id, Reply.body, Reply.channel)
        .join(Reply, Reply.id == Suggestion.reply_id)
        .where(Suggestion.reply_id == reply_id, Reply.handled_at.is_(None))
    ).one_or_none()
    if row is not None and row.contact_id is not None:
        record(
            conn,
            row.action_id,
            contact_id=row.contact_id,
            target=row.target,
            outcome=Outcome(row.outcome),
            channel=row.channel,
            note=row.body,
            now=now,
        )
    mark_handled(conn, reply_id, actor=actor, now=now)


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(
        row.id,
        row.channel,
        row.address,
        row.body,
        row.verdict,
        row.received_at,
        row.contact_id,
        f"{row.given_name or ''} {row.family_name or ''}".strip(),
        row.language or "",
        bool(row[-1]),
    )


def mark_handled(conn: Connection, reply_id: int, *, actor: str, now: datetime) -> None:
    """Take a reply out of the inbox; the first to do so stays on record."""
    conn.execute(
        update(Reply)
        .where(Reply.id == reply_id, Reply.handled_at.is_(None))
        .values(handled_at=now, handled_by=actor)
    )


def settle(conn: Connection, reply_id: int, *, opted_out: bool, actor: str, now: datetime) -> None:
    """Decide what a doubtful reply meant, call off what waits if it meant stop, and file it."""
    channel, address = _address(conn, reply_id)
    settle_review(conn, channel, address, opted_out=opted_out, actor=actor, now=now)
    if opted_out:
        cancel_pending(conn, channel=channel, address=address, reason=STOP, now=now)
    mark_handled(conn, reply_id, actor=actor, now=now)


def opt_out(conn: Connection, reply_id: int, *, actor: str, now: datetime) -> None:
    """Take a reply for a stop: record it with its words, call off what waits, and file it."""
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
    mark_handled(conn, reply_id, actor=actor, now=now)


def _address(conn: Connection, reply_id: int) -> tuple[str, str]:
    row = conn.execute(select(Reply.channel, Reply.address).where(Reply.id == reply_id)).one()
    return row.channel, row.address


def _visible(statement: Select[*tuple[Any, ...]], within: Within) -> Select[*tuple[Any, ...]]:
    """Narrow replies to those the guard would let these projects' organizers touch.

    A reply is with whoever sent the message it answers; one that answers none, or the network's, is with
    those who may see the person, and with the office when nobody knows who wrote.
    """
    if within is None:
        return statement
    answered = select(Message.id).where(owned(Message.project_id, within))
    networks = select(Message.id).where(Message.project_id.is_(None))
    unclaimed = or_(Reply.message_id.is_(None), Reply.message_id.in_(networks))
    persons = people(within, Reply.contact_id.expression)
    return statement.where(or_(Reply.message_id.in_(answered), unclaimed & persons))
