"""Answers written by hand that did not leave, or wait until somebody says so: nobody else would hear of them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, select
from sqlalchemy.orm import aliased

from messages.answering import has_not_left
from messages.inbox_models import WrittenAnswer
from messages.models import Delivery, Message, Reply
from organizers.roles import Within, as_key
from web.console.inboxes import LATELY, visible


def unsent(conn: Connection, within: Within, *, now: datetime) -> list[int]:
    """The replies whose latest answer did not leave, the oldest first.

    One that was answered again is not among them, nor one that somebody put back: it waits in the inbox, and is
    done with once it is marked so.
    """
    return list(dict.fromkeys(conn.scalars(_unsent(as_key(within)), {"since": now - LATELY})))


@lru_cache
def _unsent(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    found = (
        select(Reply.id)
        .join(WrittenAnswer, WrittenAnswer.reply_id == Reply.id)
        .join(Message, Message.id == WrittenAnswer.message_id)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(WrittenAnswer.written_at > bindparam("since"), has_not_left())
        .where(Reply.handled_at <= WrittenAnswer.written_at, ~_answered_again())
        .order_by(WrittenAnswer.id)
    )
    return visible(found, within)


def _answered_again() -> ColumnElement[bool]:
    later, there = aliased(WrittenAnswer), aliased(Reply)
    same = and_(there.channel == Reply.channel, there.address == Reply.address)
    found = select(later.id).join(there, there.id == later.reply_id).where(same)
    return found.where(later.id > WrittenAnswer.id, later.taken_back_at.is_(None)).exists()
