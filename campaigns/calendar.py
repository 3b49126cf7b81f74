"""A campaign's scheduled emails: write them down, move them, call them off, know what is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from campaigns.models import Campaign, CampaignEmail, ScheduleStatus
from campaigns.wallclock import Moment, moment
from contacts.models import Project
from messages import audience as audiences
from messages.audience import Audience
from messages.control import NotNow, Words

LATE_MINUTES = 60  # later than this, a person is asked


class NoSuchEmail(LookupError):
    """There is no scheduled email with this number."""


class AlreadyPast(ValueError):
    """An email cannot be scheduled for a time that is over."""


@dataclass(frozen=True, kw_only=True)
class EmailDraft:
    """An email as its committee has it in mind."""

    texts: Mapping[str, Words]  # subject and body by language
    audience: Audience
    local_time: str  # on the wall, "2026-12-01T09:00"
    zone: str
    late_minutes: int = LATE_MINUTES


def create_campaign(
    conn: Connection,
    *,
    name: str,
    goal: str,
    project_id: int | None,
    created_by: str,
    now: datetime,
) -> int:
    """Store a campaign; return its id."""
    row = insert(Campaign).values(
        name=name, goal=goal, project_id=project_id, created_by=created_by, created_at=now
    )
    return conn.execute(row.returning(Campaign.id)).scalar_one()


def schedule(
    conn: Connection, campaign_id: int, draft: EmailDraft, *, created_by: str, now: datetime
) -> tuple[int, Moment]:
    """Schedule an email; return its id, and when it goes, with what is odd about that time.

    Raises BadTime, and AlreadyPast for a time that is over.
    """
    at = _future(draft.local_time, draft.zone, now)
    row = insert(CampaignEmail).values(
        campaign_id=campaign_id,
        status=ScheduleStatus.SCHEDULED,
        local_time=at.local,
        zone=at.zone,
        next_run_at=at.instant,
        late_minutes=draft.late_minutes,
        audience=audiences.write(draft.audience),
        texts={
            language: {"subject": words.subject, "body": words.body}
            for language, words in draft.texts.items()
        },
        created_by=created_by,
        created_at=now,
    )
    return conn.execute(row.returning(CampaignEmail.id)).scalar_one(), at


def reschedule(
    conn: Connection, email_id: int, local_time: str, zone: str, *, now: datetime
) -> Moment:
    """Move an email that has not been fired. Raises NotNow, BadTime or AlreadyPast."""
    _not_fired(conn, email_id)
    at = _future(local_time, zone, now)
    change_email(
        conn,
        email_id,
        status=ScheduleStatus.SCHEDULED,
        local_time=at.local,
        zone=at.zone,
        next_run_at=at.instant,
    )
    return at


def cancel(conn: Connection, email_id: int) -> None:
    """Call an email off that has not been fired. Raises NotNow."""
    _not_fired(conn, email_id)
    change_email(conn, email_id, status=ScheduleStatus.CANCELLED, next_run_at=None)


def due(conn: Connection, *, now: datetime) -> list[int]:
    """The emails whose time has come, oldest first."""
    waiting = select(CampaignEmail.id).where(
        CampaignEmail.next_run_at <= now, CampaignEmail.status == ScheduleStatus.SCHEDULED
    )
    return list(conn.scalars(waiting.order_by(CampaignEmail.next_run_at, CampaignEmail.id)))


def hold_overdue(conn: Connection, now: datetime) -> None:
    """Hold the emails whose time has come: nobody knows whether they went, so a person is asked."""
    for email_id in due(conn, now=now):
        change_email(conn, email_id, status=ScheduleStatus.HELD, next_run_at=None)


def upcoming(conn: Connection) -> dict[int, datetime]:
    """When each scheduled email goes: what a clock is rebuilt from."""
    waiting = select(CampaignEmail.id, CampaignEmail.next_run_at).where(
        CampaignEmail.next_run_at.is_not(None), CampaignEmail.status == ScheduleStatus.SCHEDULED
    )
    return {email_id: at for email_id, at in conn.execute(waiting) if at is not None}


def find_email(conn: Connection, email_id: int) -> Row[Any]:
    """An email, locked until the transaction ends, with its campaign's sender. Raises NoSuchEmail."""
    columns = (
        CampaignEmail.id,
        CampaignEmail.status,
        CampaignEmail.local_time,
        CampaignEmail.zone,
        CampaignEmail.next_run_at,
        CampaignEmail.late_minutes,
        CampaignEmail.audience,
        CampaignEmail.texts,
        CampaignEmail.created_by,
        Campaign.project_id,
        Project.email_sender,
    )
    found = conn.execute(
        select(*columns)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .outerjoin(Project, Project.id == Campaign.project_id)
        .where(CampaignEmail.id == email_id)
        .with_for_update(of=CampaignEmail)
    ).one_or_none()
    if found is None:
        raise NoSuchEmail(f"there is no scheduled email {email_id}")
    return found


def change_email(conn: Connection, email_id: int, **values: Any) -> None:
    """Write some of an email's columns."""
    conn.execute(update(CampaignEmail).where(CampaignEmail.id == email_id).values(**values))


def _future(local_time: str, zone: str, now: datetime) -> Moment:
    at = moment(local_time, zone)
    if at.instant <= now:
        raise AlreadyPast(f"{at.local} in {zone} is over already; choose a later time")
    return at


def _not_fired(conn: Connection, email_id: int) -> None:
    status = find_email(conn, email_id).status
    if status in (ScheduleStatus.FIRED, ScheduleStatus.CANCELLED):
        raise NotNow(f"this email can no longer be changed; it is {status}")
