"""What the inbox shows: replies that wait for a person, and what may be done with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select, update

from contacts.consent import refuse, settle_review
from contacts.models import AddressStanding, Contact, Membership, Standing
from messages.control import cancel_pending
from messages.models import Message, Reply

STOP = Standing.OPTED_OUT.value
EVIDENCE = 500  # characters of their words that the ledger keeps


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


def waiting_count(conn: Connection, within: Sequence[int] | None) -> int:
    """How many replies nobody has handled yet."""
    waiting = select(func.count(Reply.id)).where(Reply.handled_at.is_(None))
    return conn.scalar(_visible(waiting, within)) or 0


def waiting_replies(
    conn: Connection, within: Sequence[int] | None, *, limit: int = 50
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
    return [_waiting(row) for row in conn.execute(_visible(statement, within))]


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


def _visible(
    statement: Select[*tuple[Any, ...]], within: Sequence[int] | None
) -> Select[*tuple[Any, ...]]:
    """Narrow replies to those the guard would let these projects' organizers touch."""
    if within is None:
        return statement
    members = select(Membership.contact_id).where(Membership.project_id.in_(within))
    messages = select(Message.id).where(Message.project_id.in_(within))
    networks = select(Message.id).where(Message.project_id.is_(None))
    unclaimed = or_(Reply.message_id.is_(None), Reply.message_id.in_(networks))
    return statement.where(
        or_(Reply.message_id.in_(messages), unclaimed & Reply.contact_id.in_(members))
    )
