"""Somebody approves what leaves by itself, or sends it back: a planned email, words of one of its dates, an email of a series.

Who decides holds the lock of its row, which every change takes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, update

from campaigns import approving, occurrences, step_approving
from campaigns import series as writing
from campaigns.approval_models import EmailApproval, EmailApprovalAsk, EmailSentBack
from campaigns.ballots import About, Subject, ballot
from campaigns.calendar import find_email, look_at
from database.upserts import insert_or
from messages.control import NotNow
from messages.house import HouseRules
from organizers.approvers import How, SentBack, note_of


@dataclass(frozen=True)
class Found:
    """What is answered about as it stands: an email, perhaps with a date of its own words, or a step of a series."""

    subject: Subject
    email: Row[Any] | None = None
    run: Row[Any] | None = None
    series: Row[Any] | None = None
    step: Row[Any] | None = None


def find(conn: Connection, about: About, *, locked: bool = False) -> Found:
    """It as it stands; ``locked``: until the transaction ends. Raises NoSuchEmail, NoSuchStep."""
    if about.step_id is not None:
        series, step = writing.step_and_series(conn, about.step_id, locked=locked)
        return Found(step_approving.subject_of(series, step), series=series, step=step)
    email_id = about.email_id or 0
    email = find_email(conn, email_id) if locked else look_at(conn, email_id)
    run = occurrences.of(conn, email_id, about.local_time) if about.local_time else None
    return Found(approving.subject_of(email, run), email=email, run=run)


def approve(
    conn: Connection,
    about: About,
    organizer_id: int,
    *,
    seen: str,
    languages: Collection[str],
    how: How = How.CONSOLE,
    house: HouseRules,
    now: datetime,
) -> list[str]:
    """Approve some languages of it as somebody has seen it; return the new ones, twice is once.

    Raises Changed, MayNotApprove, SentBack, NotRead, NoSuchEmail, NoSuchStep.
    """
    subject = find(conn, about, locked=True).subject
    found = ballot(conn, subject, house=house)
    found.require_seen(organizer_id, seen)
    if found.back:
        raise SentBack(SentBack.__doc__)
    new = found.fresh(organizer_id, languages)
    values = {**about.place, "digest": seen, "organizer_id": organizer_id}
    for language in new:
        row = insert_or(conn, EmailApproval).values(**values, language=language, how=how, at=now)
        conn.execute(row.on_conflict_do_nothing())
    if {*found.open_to(organizer_id)} <= set(new):
        _spend(conn, about, now, EmailApprovalAsk.organizer_id == organizer_id)
    return new


def send_back(
    conn: Connection,
    about: About,
    organizer_id: int,
    *,
    seen: str,
    note: str,
    house: HouseRules,
    now: datetime,
) -> int:
    """Say what should be different; its authors are told. Nobody's approval of it as it is counts any more, nor
    does any link: what was asked is over. Returns the note's number.

    Raises NoNote, Changed, MayNotApprove, and NotNow for what was called off.
    """
    said, subject = note_of(note), find(conn, about, locked=True).subject
    ballot(conn, subject, house=house).require_seen(organizer_id, seen)
    if subject.off:
        raise NotNow("this email was called off already")
    mine = delete(EmailApproval).filter_by(**about.place)
    conn.execute(mine.where(EmailApproval.digest == seen))
    row = insert(EmailSentBack).values(
        **about.key,
        digest=seen,
        organizer_id=organizer_id,
        note=said,
        at=now,
        letter_due=True,
    )
    _spend(conn, about, now)
    return conn.execute(row.returning(EmailSentBack.id)).scalar_one()


def _spend(conn: Connection, about: About, now: datetime, *whose: ColumnElement[bool]) -> None:
    """What was asked is answered: links are good for nothing any more, and nobody is reminded."""
    still = update(EmailApprovalAsk).filter_by(**about.key)
    still = still.where(*whose, EmailApprovalAsk.answered_at.is_(None))
    conn.execute(still.values(answered_at=now, letter_due=False, remind_at=None))
