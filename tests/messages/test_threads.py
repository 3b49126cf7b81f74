"""Under which of their emails an answer stands."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, insert

from messages.inbox_models import WrittenAnswer
from messages.mail_addresses import NO_THREAD, Thread
from messages.mail_models import ReplyMail
from messages.models import Reply, ReplyVerdict
from messages.threads import subject_of, thread_of
from tests.builders import make_message


def make_mail(conn: Connection, now: datetime, **values: object) -> int:
    said = {
        "channel": "email",
        "address": "ana@example.org",
        "body": "Which office?",
        "verdict": ReplyVerdict.OTHER.value,
        "received_at": now,
        "handled_by": "",
    }
    reply_id: int = conn.execute(insert(Reply).values(said).returning(Reply.id)).scalar_one()
    headers = {"message_id": "<2@mx>", "thread": "<1@us>", "subject": "Call", "attachments": []}
    conn.execute(insert(ReplyMail).values(reply_id=reply_id, **{**headers, **values}))
    return reply_id


def make_answer(conn: Connection, reply_id: int, now: datetime) -> int:
    message_id = make_message(conn)
    row = {"key": f"k{reply_id}", "reply_id": reply_id, "message_id": message_id}
    conn.execute(insert(WrittenAnswer).values(**row, written_at=now))
    return message_id


def test_an_answer_stands_under_the_email_it_answers(conn: Connection, now: datetime) -> None:
    message_id = make_answer(conn, make_mail(conn, now), now)

    assert thread_of(conn, message_id) == Thread("<2@mx>", "<1@us> <2@mx>")


def test_what_answers_no_email_stands_under_none(conn: Connection, now: datetime) -> None:
    unnamed = make_answer(conn, make_mail(conn, now, message_id=""), now)

    assert thread_of(conn, unnamed) == NO_THREAD
    assert thread_of(conn, make_message(conn)) == NO_THREAD


def test_a_thread_of_years_keeps_its_beginning_and_its_end(conn: Connection, now: datetime) -> None:
    long = " ".join(f"<{number}@us>" for number in range(90))
    thread = thread_of(conn, make_answer(conn, make_mail(conn, now, thread=long), now))

    names = thread.references.split()
    assert len(names) == 20
    assert (names[0], names[-2:]) == ("<0@us>", ["<89@us>", "<2@mx>"])


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Re: RE: Call today", "Re: Call today"),
        ("Rv: Llame hoy", "Re: Llame hoy"),
        ("RESP: Re[2]: Llame hoy", "Re: Llame hoy"),
        ("Reunion", "Re: Reunion"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_a_subject_is_theirs_with_one_re(
    conn: Connection, now: datetime, theirs: str, ours: str
) -> None:
    assert subject_of(conn, make_mail(conn, now, subject=theirs)) == ours
