"""Ask somebody to approve a planned email: a letter with a link, a reminder a day before it goes, and who is told that it came back.

As for an alert (``alerts/approval_asks.py``) the link is 256 random bits, bound to the email as it was and to one
organizer. It lasts until the first date that waits for it, for that is how long an approval is of use.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from campaigns import occurrences
from campaigns.approval_models import EmailApprovalAsk, EmailSentBack
from campaigns.approving import digest, writers_of
from campaigns.calendar import AlreadyPast, Hour, find_email, look_at, next_of
from campaigns.models import Campaign, CampaignEmail, RunStatus, ScheduleStatus
from campaigns.upcoming import of_emails
from database.upserts import insert_or
from messages.control import NotNow
from organizers.approvers import BadAsk, able, require_chosen
from organizers.models import Organizer
from organizers.phones import confirmed_phone
from organizers.roles import NETWORKS

LONGEST = timedelta(days=14)  # that a link lasts
EARLY = timedelta(hours=24)  # before the date a reminder is written
APART = timedelta(hours=12)  # and at least this long after the question
FAR = timedelta(days=3660)


@dataclass(frozen=True)
class Goes:
    """The first date that waits for an approval."""

    local_time: str  # on the wall
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Letter:
    """Somebody is to be told that their approval is asked for, or reminded of it."""

    ask_id: int
    asked_at: datetime
    asked_by: str
    name: str
    email: str
    phone: str
    language: str
    project_id: int | None
    subjects: dict[str, str]
    goes: Goes | None
    zone: str
    reminds: bool


@dataclass(frozen=True, kw_only=True)
class Back:
    """An email that was sent back, of which its authors are to be told."""

    note_id: int
    email_id: int
    project_id: int | None
    writers: frozenset[str]
    by: str  # name of who sent it back
    note: str
    subjects: dict[str, str]


def ask(
    conn: Connection,
    email_id: int,
    local_time: str,
    chosen: Collection[int],
    *,
    by: str,
    now: datetime,
) -> list[int]:
    """Ask some organizers to approve an email as it stands, or the words of one date; return the asks.

    Who was asked about the very same before, and has not answered, gets another letter. Raises
    NobodyChosen, MayNotApprove, NotNow, and NotOneOfItsDates for a date without words of its own.
    """
    email, run = find_email(conn, email_id), _run(conn, email_id, local_time)
    if email.status == ScheduleStatus.CANCELLED:
        raise NotNow("this email was called off already")
    require_chosen(able(conn, email.project_id or NETWORKS, writers_of(email, run)), chosen)
    goes = first_date(conn, email, run, now=now)
    fresh = {
        "digest": digest(email, run),
        "asked_by": by,
        "asked_at": now,
        "expires_at": _expires(goes, now),
        "token_hash": None,
        "letter_due": True,
        "remind_at": remind_at(now, goes.at if goes else None),
        "answered_at": None,
    }
    return [_ask(conn, email_id, local_time, each, fresh) for each in sorted(set(chosen))]


def first_date(
    conn: Connection, email: Row[Any], run: Row[Any] | None, *, now: datetime
) -> Goes | None:
    """When what is asked about first goes; None when none of its dates is ahead."""
    if run is not None:
        ahead = run.status == RunStatus.PLANNED and run.planned_at > now
        return Goes(run.moved_to or run.local_time, run.planned_at) if ahead else None
    if email.status == ScheduleStatus.DRAFT:
        hour = Hour(email.local_time, email.zone, email.rule, email.own_zone)
        try:
            first, instant = next_of(conn, hour, now)
        except AlreadyPast:
            return None
        return Goes(first.local, instant)
    found = of_emails(conn, None, start=now, stop=now + FAR, email_id=email.id, most=1)
    planned = (each for each in found if each.status == RunStatus.PLANNED and not each.own_words)
    return next((Goes(each.shown, each.at) for each in planned), None)


def remind_at(asked_at: datetime, goes_at: datetime | None) -> datetime | None:
    """When whoever has not answered is reminded: a day before it goes, if there is time for it."""
    if goes_at is None:
        return None
    at = max(goes_at - EARLY, asked_at + APART)
    return at if at < goes_at else None


def any_due(conn: Connection, now: datetime) -> bool:
    """Whether somebody is to be told, reminded, or told that an email came back."""
    asks = select(EmailApprovalAsk.id).where(EmailApprovalAsk.letter_due | _remind(now))
    back = select(EmailSentBack.id).where(EmailSentBack.letter_due)
    return any(conn.scalar(each.limit(1)) is not None for each in (asks, back))


def letters_due(conn: Connection, now: datetime) -> list[Letter]:
    """Those that are to be told; from now on they count as told. What changed meanwhile is asked of nobody.

    Nor is who may not approve it any more, and nobody is reminded of what is over.
    """
    told = update(EmailApprovalAsk).where(EmailApprovalAsk.letter_due).values(letter_due=False)
    fresh = set(conn.scalars(told.returning(EmailApprovalAsk.id)))
    reminded = update(EmailApprovalAsk).where(_remind(now)).values(remind_at=None)
    due = fresh | set(conn.scalars(reminded.returning(EmailApprovalAsk.id)))
    rows = _asks().where(EmailApprovalAsk.id.in_(due), *_open()).order_by(EmailApprovalAsk.id)
    letters = [
        _letter(conn, row, reminds=row.id not in fresh, now=now) for row in conn.execute(rows).all()
    ]
    return [each for each in letters if each is not None]


def back_due(conn: Connection) -> list[Back]:
    """What came back, and whose authors are to be told; from now on they count as told."""
    told = update(EmailSentBack).where(EmailSentBack.letter_due).values(letter_due=False)
    due = list(conn.scalars(told.returning(EmailSentBack.id)))
    rows = (
        select(EmailSentBack, Organizer.name)
        .join(Organizer, Organizer.id == EmailSentBack.organizer_id)
        .where(EmailSentBack.id.in_(due))
        .order_by(EmailSentBack.id)
    )
    return [_back(conn, row) for row in conn.execute(rows).all()]


def issue(conn: Connection, ask_id: int, *, now: datetime) -> str:
    """Give an ask the token of its link, which lasts from now; only now can it be told."""
    row = conn.execute(_asks().where(EmailApprovalAsk.id == ask_id)).one()
    email, run = look_at(conn, row.email_id), _run(conn, row.email_id, row.local_time)
    token = secrets.token_urlsafe(32)
    values = {
        "token_hash": _sha256(token),
        "expires_at": _expires(first_date(conn, email, run, now=now), now),
    }
    conn.execute(update(EmailApprovalAsk).where(EmailApprovalAsk.id == ask_id).values(values))
    return token


def look(conn: Connection, token: str, now: datetime) -> Row[Any]:
    """The ask that a link is about, with its organizer, while they may approve it. Raises BadAsk."""
    mine = EmailApprovalAsk.token_hash == _sha256(token)
    found = conn.execute(
        _asks().where(mine, EmailApprovalAsk.expires_at > now, *_open())
    ).one_or_none()
    if found is None or not _may(conn, found):
        raise BadAsk(BadAsk.__doc__)
    return found


def asked_of(conn: Connection, organizer_id: int) -> dict[int, Row[Any]]:
    """What an organizer was asked about and has not answered, by email; of words of one date nothing."""
    mine = (EmailApprovalAsk.organizer_id == organizer_id, EmailApprovalAsk.local_time == "")
    rows = conn.execute(_asks().where(*mine, EmailApprovalAsk.answered_at.is_(None)))
    return {row.email_id: row for row in rows}


def asked_by(conn: Connection, actor: str) -> list[tuple[int, str]]:
    """The emails that somebody asked others about and that have not been called off, the latest first."""
    rows = (
        select(EmailApprovalAsk.email_id, EmailApprovalAsk.local_time)
        .join(CampaignEmail, CampaignEmail.id == EmailApprovalAsk.email_id)
        .where(EmailApprovalAsk.asked_by == actor)
        .where(CampaignEmail.status.in_((ScheduleStatus.DRAFT, ScheduleStatus.SCHEDULED)))
        .distinct()
        .order_by(EmailApprovalAsk.email_id.desc(), EmailApprovalAsk.local_time)
    )
    return [(row.email_id, row.local_time) for row in conn.execute(rows)]


def _ask(
    conn: Connection, email_id: int, local_time: str, organizer_id: int, fresh: dict[str, Any]
) -> int:
    keys = {"email_id": email_id, "local_time": local_time, "organizer_id": organizer_id}
    row = insert_or(conn, EmailApprovalAsk).values(**keys, **fresh)
    asked = row.on_conflict_do_update(index_elements=list(keys), set_=fresh)
    return int(conn.execute(asked.returning(EmailApprovalAsk.id)).scalar_one())


def _expires(goes: Goes | None, now: datetime) -> datetime:
    return min(goes.at, now + LONGEST) if goes else now + LONGEST


def _run(conn: Connection, email_id: int, local_time: str) -> Row[Any] | None:
    if not local_time:
        return None
    run = occurrences.of(conn, email_id, local_time)
    if run is None or not run.texts:
        raise occurrences.NotOneOfItsDates(occurrences.NotOneOfItsDates.__doc__)
    return run


def _letter(conn: Connection, row: Row[Any], *, reminds: bool, now: datetime) -> Letter | None:
    email = look_at(conn, row.email_id)
    run = occurrences.of(conn, row.email_id, row.local_time) if row.local_time else None
    if row.digest != digest(email, run) or not _may(conn, row):
        return None
    return Letter(
        ask_id=row.id,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        name=row.name,
        email=row.email,
        phone=row.phone,
        language=row.language,
        project_id=row.project_id,
        subjects=_subjects(email, run),
        goes=first_date(conn, email, run, now=now),
        zone=email.zone,
        reminds=reminds,
    )


def _back(conn: Connection, row: Row[*tuple[Any, ...]]) -> Back:
    email = look_at(conn, row.email_id)
    run = occurrences.of(conn, row.email_id, row.local_time) if row.local_time else None
    return Back(
        note_id=row.id,
        email_id=row.email_id,
        project_id=email.project_id,
        writers=writers_of(email, run),
        by=row.name,
        note=row.note,
        subjects=_subjects(email, run),
    )


def _subjects(email: Row[Any], run: Row[Any] | None) -> dict[str, str]:
    texts = (run.texts if run is not None else None) or email.texts
    return {language: words["subject"] for language, words in texts.items()}


def _may(conn: Connection, row: Row[Any]) -> bool:
    """Whether whoever was asked may still approve it."""
    email = look_at(conn, row.email_id)
    run = occurrences.of(conn, row.email_id, row.local_time) if row.local_time else None
    project = email.project_id or NETWORKS
    return bool(able(conn, project, writers_of(email, run), only=row.organizer_id))


def _remind(now: datetime) -> Any:
    return EmailApprovalAsk.answered_at.is_(None) & (EmailApprovalAsk.remind_at <= now)


@cache
def _asks() -> Select[Any]:
    columns: Iterable[Any] = (
        *EmailApprovalAsk.__table__.columns,
        Organizer.name,
        Organizer.email,
        confirmed_phone(),
        Organizer.language,
        Campaign.project_id,
    )
    return (
        select(*columns)
        .join(Organizer, Organizer.id == EmailApprovalAsk.organizer_id)
        .join(CampaignEmail, CampaignEmail.id == EmailApprovalAsk.email_id)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
    )


def _open() -> tuple[Any, ...]:
    return (
        EmailApprovalAsk.answered_at.is_(None),
        Organizer.disabled_at.is_(None),
        CampaignEmail.status != ScheduleStatus.CANCELLED,
    )


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
