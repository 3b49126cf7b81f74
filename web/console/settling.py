"""What a reply meant that may have meant stop: somebody who has read it says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from contacts.consent import refuse, settle_review
from contacts.models import Standing
from messages import caring
from messages.calling_off import cancel_pending
from messages.models import Reply

STOP = Standing.OPTED_OUT.value
EVIDENCE = 500  # characters of their words that the ledger keeps


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
