"""Fire a scheduled email, once, or hold it and ask.

The row is the truth and the clock only looks at it, so that a clock that stalls, doubles or dies
does no harm: an email fires by inserting its run, which the database admits once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, update

from campaigns.calendar import change_email, find_email
from campaigns.models import CampaignRun, ScheduleStatus
from campaigns.wallclock import moment
from database import locking
from database.jobs import Jobs
from database.upserts import insert_or
from messages import audience as audiences
from messages import control, links
from messages.audience import Audience
from messages.checking import check_message
from messages.control import Draft, NotNow, Words
from messages.findings import Finding
from messages.house import HouseRules
from messages.models import Message, MessageKind, Reach
from organizers.roles import NETWORKS


@dataclass(frozen=True)
class Fired:
    """What came of firing an email."""

    status: ScheduleStatus
    message_id: int | None = None
    held_because: tuple[Finding, ...] = ()  # what stood in the way, other than the hour


def fire(
    conn: Connection, jobs: Jobs, email_id: int, *, house: HouseRules, now: datetime
) -> Fired | None:
    """Send a due email, once, however many clocks ask; None when there is nothing to do.

    One that is later than its committee allows, that something stands in the way of, or whose hour comes
    while everything is locked, is held, and a person is asked.
    """
    email = find_email(conn, email_id)
    if email.status != ScheduleStatus.SCHEDULED or email.next_run_at > now:
        return None
    late = now - email.next_run_at > timedelta(minutes=email.late_minutes)
    if late or locking.is_locked(conn):
        change_email(conn, email_id, status=ScheduleStatus.HELD, next_run_at=None)
        return Fired(ScheduleStatus.HELD)
    return _send(conn, jobs, email, house, now, late=now - email.next_run_at)


def send_held(
    conn: Connection, jobs: Jobs, email_id: int, *, house: HouseRules, now: datetime
) -> Fired | None:
    """Send a held email after all: the answer "send it now". Raises NotNow unless it is held."""
    email = _held(conn, email_id)
    planned = moment(email.local_time, email.zone).instant
    return _send(conn, jobs, email, house, now, late=now - planned)


def skip_held(conn: Connection, email_id: int) -> None:
    """Let a held email go: the answer "skip it". Raises NotNow unless it is held."""
    _held(conn, email_id)
    change_email(conn, email_id, status=ScheduleStatus.CANCELLED)


def _send(
    conn: Connection,
    jobs: Jobs,
    email: Row[Any],
    house: HouseRules,
    now: datetime,
    *,
    late: timedelta,
) -> Fired | None:
    run_id = _claim_run(conn, email, now, late)
    if run_id is None:
        return None
    message_id = _create_message(conn, email, house, now)
    found = check_message(conn, message_id, house=house, now=now)
    if found.blocking:
        _take_back(conn, email.id, run_id, message_id)
        return Fired(ScheduleStatus.HELD, None, tuple(found.blocking))
    control.queue(
        conn,
        jobs,
        message_id,
        confirmed=found.forecast.reached,
        launched_by=email.created_by,
        undo_seconds=0,
        now=now,
    )
    conn.execute(update(CampaignRun).where(CampaignRun.id == run_id).values(message_id=message_id))
    change_email(conn, email.id, status=ScheduleStatus.FIRED, next_run_at=None)
    return Fired(ScheduleStatus.FIRED, message_id)


def _claim_run(conn: Connection, email: Row[Any], now: datetime, late: timedelta) -> int | None:
    """Insert the run that the database admits once; None when somebody has it already."""
    row = insert_or(conn, CampaignRun).values(
        email_id=email.id,
        local_time=email.local_time,
        message_id=None,
        fired_at=now,
        late_seconds=max(0, int(late.total_seconds())),
    )
    claimed = row.on_conflict_do_nothing(index_elements=["email_id", "local_time"])
    found: int | None = conn.scalar(claimed.returning(CampaignRun.id))
    return found


def _create_message(conn: Connection, email: Row[Any], house: HouseRules, now: datetime) -> int:
    texts = {
        language: Words(subject=words["subject"], body=words["body"])
        for language, words in email.texts.items()
    }
    draft = Draft(
        kind=MessageKind.CAMPAIGN,
        texts=texts,
        audience=_audience(email),
        reach=Reach.EMAIL,
        project_id=email.project_id,
        default_language=house.default_language,
        weekly_cap=house.weekly_cap,
        countries=house.countries,
        email_sender=email.email_sender or house.identity.email_sender,
        created_by=email.created_by,
    )
    message_id = control.create(conn, draft, now=now)
    bodies = [words.body for words in texts.values()]
    links.save_links(conn, message_id, bodies, public_url=house.identity.public_url)
    return message_id


def _audience(email: Row[Any]) -> Audience:
    """A committee writes to its own people, and so does the network."""
    stored = audiences.read(email.audience)
    if email.project_id is not None:
        return audiences.of_project(stored, email.project_id)
    return replace(stored, among=(NETWORKS,))


def _take_back(conn: Connection, email_id: int, run_id: int, message_id: int) -> None:
    """Hold an email that cannot be sent as it is, as if its hour had not been claimed."""
    conn.execute(delete(CampaignRun).where(CampaignRun.id == run_id))
    conn.execute(delete(Message).where(Message.id == message_id))
    change_email(conn, email_id, status=ScheduleStatus.HELD, next_run_at=None)


def _held(conn: Connection, email_id: int) -> Row[Any]:
    email = find_email(conn, email_id)
    if email.status != ScheduleStatus.HELD:
        raise NotNow(f"only a held email waits for an answer; this one is {email.status}")
    return email
