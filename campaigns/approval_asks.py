"""Ask somebody to approve a planned email, or one of a series: a letter with a link, a reminder a day before it goes, and who is told that it came back.

As for an alert (``alerts/approval_asks.py``) the link is 256 random bits, bound to the email as it was and to one
organizer. It lasts until the first date that waits for it, for that is how long an approval is of use; that of a
series for two weeks, for whoever comes to a step before it is approved waits for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, case, func, or_, select, update

from campaigns import approving, occurrences, series_ahead
from campaigns.answering import Found, find
from campaigns.approval_models import EmailApprovalAsk, EmailSentBack
from campaigns.ballots import About, Subject
from campaigns.calendar import AlreadyPast, Hour, next_of
from campaigns.models import Campaign, CampaignEmail, RunStatus, ScheduleStatus
from campaigns.upcoming import of_emails
from database.upserts import insert_or
from messages.control import NotNow
from messages.series_models import Series, SeriesStatus, SeriesStep
from messages.wallclock import moment
from organizers.approvers import Approver, BadAsk, able, require_chosen
from organizers.models import Organizer
from organizers.phones import confirmed_phone
from organizers.roles import NETWORKS

LONGEST = timedelta(days=14)  # that a link lasts
EARLY = timedelta(hours=24)  # before the date a reminder is written
APART = timedelta(hours=12)  # and at least this long after the question
FAR = timedelta(days=3660)
GOING = (ScheduleStatus.DRAFT, ScheduleStatus.SCHEDULED, ScheduleStatus.OVER)
DAY = timedelta(days=1)
MOST = 20  # times that somebody is asked about planned emails within a day


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
    subject: Subject
    series: str  # its name; "" = a planned email
    goes: Goes | None
    reminds: bool


@dataclass(frozen=True, kw_only=True)
class Back:
    """An email that was sent back, of which its authors are to be told."""

    note_id: int
    subject: Subject
    series: str  # as of a letter
    series_id: int | None
    by: str  # name of who sent it back
    note: str


def ask(
    conn: Connection, about: About, chosen: Collection[int], *, by: str, now: datetime
) -> list[int]:
    """Ask some organizers to approve an email as it stands, or the words of one date; return the asks.

    Who was asked about the very same before, and has not answered, gets another letter, and either link is good.
    Raises NobodyChosen, MayNotApprove, NotNow, also for who is asked too often, and NotOneOfItsDates for a date
    without words of its own.
    """
    found = find(conn, about, locked=True)
    subject = found.subject
    if about.local_time and (found.run is None or not found.run.texts):
        raise occurrences.NotOneOfItsDates(occurrences.NotOneOfItsDates.__doc__)
    if subject.off:
        raise NotNow("this email was called off already")
    if not _may_leave(conn, found):
        raise NotNow("nothing of it can leave any more; there is nothing to approve")
    possible = able(conn, subject.project_id or NETWORKS, subject.writers)
    require_chosen(possible, chosen)
    _require_seldom(conn, [each for each in possible if each.id in chosen], now)
    goes = _first_date(conn, found, now)
    fresh = {
        "digest": subject.digest,
        "asked_by": by,
        "asked_at": now,
        "expires_at": _expires(about, goes, now),
        "letter_due": True,
        "remind_at": remind_at(now, goes.at if goes else None),
        "answered_at": None,
    }
    return [_ask(conn, about, each, fresh) for each in sorted(set(chosen))]


def _first_date(conn: Connection, found: Found, now: datetime) -> Goes | None:
    """When what is asked about first goes; None when none of its dates is ahead."""
    if found.step is not None:
        local = series_ahead.first_hour(conn, found.step, now=now)
        return Goes(local, moment(local, found.subject.zone).instant) if local else None
    email, run = found.email, found.run
    if email is None:
        return None
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
    dates = of_emails(conn, None, start=now, stop=now + FAR, email_id=email.id, most=1)
    planned = (each for each in dates if each.status == RunStatus.PLANNED and not each.own_words)
    return next((Goes(each.shown, each.at) for each in planned), None)


def _may_leave(conn: Connection, found: Found) -> bool:
    return found.email is None or approving.may_leave(conn, found.email, found.run)


def _require_seldom(conn: Connection, chosen: Collection[Approver], now: datetime) -> None:
    """Let nobody be asked all day: each ask is a letter, and a text to whoever has noted a phone. Raises NotNow."""
    of_day = (
        EmailApprovalAsk.counted_from > now - DAY,
        EmailApprovalAsk.organizer_id.in_([each.id for each in chosen]),
    )
    times = select(EmailApprovalAsk.organizer_id, func.sum(EmailApprovalAsk.times)).where(*of_day)
    asked = dict(conn.execute(times.group_by(EmailApprovalAsk.organizer_id)).all())
    for each in chosen:
        if asked.get(each.id, 0) >= MOST:
            raise NotNow(
                f"{each.name} was asked {MOST} times within a day; ask somebody else, or tomorrow"
            )


def retime(conn: Connection, email_id: int, *, now: datetime) -> None:
    """A date of an email has moved, was left out or put back: links and reminders follow the first that waits now."""
    mine = (EmailApprovalAsk.email_id == email_id, EmailApprovalAsk.answered_at.is_(None))
    for row in conn.execute(select(EmailApprovalAsk).where(*mine)).all():
        about = about_of(row)
        goes = _first_date(conn, find(conn, about), now)
        at = remind_at(row.asked_at, goes.at if goes else None)
        again = at if at is not None and (at > now or row.remind_at is not None) else None
        values = {"expires_at": _expires(about, goes, now), "remind_at": again}
        conn.execute(update(EmailApprovalAsk).where(EmailApprovalAsk.id == row.id).values(values))


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
    """Give an ask the token of a link, which lasts from now; only now can it be told. The one before stays good."""
    row = conn.execute(_asks().where(EmailApprovalAsk.id == ask_id)).one()
    about = about_of(row)
    token = secrets.token_urlsafe(32)
    goes = _first_date(conn, find(conn, about), now)
    values = {
        "token_hash": _sha256(token),
        "earlier_hash": EmailApprovalAsk.token_hash,
        "expires_at": _expires(about, goes, now),
    }
    conn.execute(update(EmailApprovalAsk).where(EmailApprovalAsk.id == ask_id).values(values))
    return token


def look(conn: Connection, token: str, now: datetime) -> Row[Any]:
    """The ask that a link is about, with its organizer, while they may approve it. Raises BadAsk."""
    hashed = _sha256(token)
    mine = or_(EmailApprovalAsk.token_hash == hashed, EmailApprovalAsk.earlier_hash == hashed)
    found = conn.execute(
        _asks().where(mine, EmailApprovalAsk.expires_at > now, *_open())
    ).one_or_none()
    if found is None or not _may(conn, found, find(conn, about_of(found)).subject):
        raise BadAsk(BadAsk.__doc__)
    return found


def about_of(row: Row[Any]) -> About:
    """What a row is about."""
    return About(row.email_id, row.local_time, row.step_id)


def asked_of(conn: Connection, organizer_id: int) -> dict[About, Row[Any]]:
    """What an organizer was asked about and has not answered."""
    mine = EmailApprovalAsk.organizer_id == organizer_id
    rows = conn.execute(_asks().where(mine, EmailApprovalAsk.answered_at.is_(None)))
    return {about_of(row): row for row in rows}


def asked_by(conn: Connection, actor: str) -> list[About]:
    """What somebody asked others about and has not been called off, the latest first."""
    rows = (
        _asks()
        .where(EmailApprovalAsk.asked_by == actor, _stands())
        .where(or_(CampaignEmail.id.is_(None), CampaignEmail.status.in_(GOING)))
        .order_by(EmailApprovalAsk.email_id.desc(), EmailApprovalAsk.step_id.desc())
        .order_by(EmailApprovalAsk.local_time)
    )
    return list(dict.fromkeys(about_of(row) for row in conn.execute(rows)))


def _ask(conn: Connection, about: About, organizer_id: int, fresh: dict[str, Any]) -> int:
    keys, old = {**about.key, "organizer_id": organizer_id}, EmailApprovalAsk
    row = insert_or(conn, EmailApprovalAsk).values(
        **keys, **fresh, times=1, counted_from=fresh["asked_at"]
    )
    # A link to the very same stays good; the next letter has another.
    same = and_(old.digest == fresh["digest"], old.answered_at.is_(None))
    kept = {
        name: case((same, getattr(old, name)), else_=None)
        for name in ("token_hash", "earlier_hash")
    }
    today = old.counted_from > fresh["asked_at"] - DAY
    kept["times"] = case((today, old.times + 1), else_=1)
    kept["counted_from"] = case((today, old.counted_from), else_=fresh["asked_at"])
    asked = row.on_conflict_do_update(index_elements=list(keys), set_={**fresh, **kept})
    return int(conn.execute(asked.returning(EmailApprovalAsk.id)).scalar_one())


def _expires(about: About, goes: Goes | None, now: datetime) -> datetime:
    if goes is None or about.step_id is not None:
        return now + LONGEST
    return min(goes.at, now + LONGEST)


def _letter(conn: Connection, row: Row[Any], *, reminds: bool, now: datetime) -> Letter | None:
    found = find(conn, about_of(row))
    if row.digest != found.subject.digest or not _may(conn, row, found.subject):
        return None
    if not _may_leave(conn, found):
        return None
    return Letter(
        ask_id=row.id,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        name=row.name,
        email=row.email,
        phone=row.phone,
        language=row.language,
        subject=found.subject,
        series=_series(found),
        goes=_first_date(conn, found, now),
        reminds=reminds,
    )


def _back(conn: Connection, row: Row[*tuple[Any, ...]]) -> Back:
    found = find(conn, about_of(row))
    return Back(
        note_id=row.id,
        subject=found.subject,
        series=_series(found),
        series_id=found.series.id if found.series is not None else None,
        by=row.name,
        note=row.note,
    )


def _series(found: Found) -> str:
    return found.series.name if found.series is not None else ""


def _may(conn: Connection, row: Row[Any], subject: Subject) -> bool:
    """Whether whoever was asked may still approve it."""
    project = subject.project_id or NETWORKS
    return bool(able(conn, project, subject.writers, only=row.organizer_id))


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
        func.coalesce(Campaign.project_id, Series.project_id).label("project_id"),
    )
    return (
        select(*columns)
        .join(Organizer, Organizer.id == EmailApprovalAsk.organizer_id)
        .outerjoin(CampaignEmail, CampaignEmail.id == EmailApprovalAsk.email_id)
        .outerjoin(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .outerjoin(SeriesStep, SeriesStep.id == EmailApprovalAsk.step_id)
        .outerjoin(Series, Series.id == SeriesStep.series_id)
    )


def _open() -> tuple[Any, ...]:
    return EmailApprovalAsk.answered_at.is_(None), Organizer.disabled_at.is_(None), _stands()


def _stands() -> Any:
    """That what was asked about was not called off, nor taken out of its series."""
    email = CampaignEmail.status != ScheduleStatus.CANCELLED
    step = SeriesStep.retired_at.is_(None) & (Series.status != SeriesStatus.STOPPED)
    return or_(email, step & SeriesStep.id.is_not(None))


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
