"""Under which of their emails does an answer stand? What their mail program said of the email it answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from messages.inbox_models import WrittenAnswer
from messages.mail_addresses import NO_THREAD, Thread
from messages.mail_models import ReplyMail
from messages.providers.headers import one_line
from messages.providers.provider import Letter

MOST_REFERENCES = 20  # a header that grew for years is shortened from its middle (RFC 5537, 3.4.4)

# "Re: RE: Rv: …", as mail programs put it before a subject, in English and Spanish.
_BEFORE = re.compile(
    r"(?:\s*(?:re|rv|fwd?|aw|sv|resp(?:uesta)?)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE
)


_ANSWERED = (
    select(WrittenAnswer.message_id.label("answer"), ReplyMail.message_id, ReplyMail.thread)
    .join(WrittenAnswer, WrittenAnswer.reply_id == ReplyMail.reply_id)
    .where(WrittenAnswer.message_id.in_(bindparam("answers", expanding=True)))
)
_MAILS = select(ReplyMail).where(ReplyMail.reply_id.in_(bindparam("replies", expanding=True)))


def keep(conn: Connection, reply_id: int, letter: Letter) -> None:
    """Keep what an email's headers said, beside the reply it is."""
    said = {
        "message_id": letter.message_id,
        "thread": " ".join(letter.thread[-MOST_REFERENCES:]),
        "subject": one_line(letter.subject.replace("\0", "")),
        "attachments": list(letter.attachments),
    }
    conn.execute(insert(ReplyMail).values(reply_id=reply_id, **said))


def thread_of(conn: Connection, message_id: int) -> Thread:
    """The thread that a message, if it is an organizer's answer to an email, belongs to."""
    return threads_of(conn, [message_id]).get(message_id, NO_THREAD)


def threads_of(conn: Connection, message_ids: Collection[int]) -> dict[int, Thread]:
    """The same of many messages, of those that belong to one."""
    if not message_ids:
        return {}
    rows = conn.execute(_ANSWERED, {"answers": list(message_ids)})
    return {row.answer: _thread(row) for row in rows if row.message_id}


def _thread(row: Row[*tuple[Any, ...]]) -> Thread:
    earlier = row.thread.split()
    if len(earlier) >= MOST_REFERENCES:
        earlier = [earlier[0], *earlier[2 - MOST_REFERENCES :]]
    return Thread(row.message_id, " ".join([*earlier, row.message_id]))


def mails_of(conn: Connection, reply_ids: Sequence[int]) -> dict[int, Row[ReplyMail]]:
    """What the headers of these replies said, of those that came by email."""
    rows = conn.execute(_MAILS, {"replies": reply_ids})
    return {row.reply_id: row for row in rows}


def subject_of(conn: Connection, reply_id: int) -> str:
    """The subject of an answer to this reply: theirs, with one "Re:"; "" where they had none."""
    told = select(ReplyMail.subject).where(ReplyMail.reply_id == reply_id)
    bare = _BEFORE.sub("", conn.scalar(told) or "", count=1).strip()
    return f"Re: {bare}" if bare else ""
