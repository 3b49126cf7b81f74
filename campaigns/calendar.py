"""A campaign's scheduled emails: write them down, change the plan, call them off, know what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from campaigns import recurring, variants
from campaigns.experiment_models import Experiment
from campaigns.models import Campaign, CampaignEmail, CampaignRun, Missed, ScheduleStatus
from contacts.models import Project
from messages import audience as audiences
from messages import own_hour
from messages.audience import Audience
from messages.control import Words
from messages.looks import worn
from messages.own_hour import OwnHour
from messages.wallclock import Moment, moment

LATE_MINUTES = 60  # later than this, a person is asked
WAIT_HOURS = 72  # alerts that postpone it for longer: a person is asked


class NoSuchEmail(LookupError):
    """There is no scheduled email with this number."""


class AlreadyPast(ValueError):
    """An email cannot be scheduled for a time that is over."""


@dataclass(frozen=True, kw_only=True)
class EmailDraft:
    """An email as its committee has it in mind."""

    texts: Mapping[str, Words]  # subject and body by language
    audience: Audience
    local_time: str  # on the wall, "2026-12-01T09:00": the first time, or where the rule begins
    zone: str
    late_minutes: int = LATE_MINUTES
    rule: str = ""  # an RRULE; "" = once
    own_zone: bool = False  # at that hour in each recipient's own zone
    missed: Missed = Missed.NEWEST
    wait_hours: int = WAIT_HOURS
    action_id: int | None = None  # the page that its link leads to
    on: bool = True  # False: a draft of which nothing leaves
    experiment: variants.Plan | None = None  # several ways of writing it are tried


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
    """Schedule an email; return its id, and when it first goes, with what is odd about that time.

    Raises BadTime, BadRule, and AlreadyPast for what is over.
    """
    first, planned = plan(conn, draft, now)
    row = insert(CampaignEmail).values(
        campaign_id=campaign_id,
        created_by=created_by,
        created_at=now,
        writers=[created_by],
        **planned,
    )
    return conn.execute(row.returning(CampaignEmail.id)).scalar_one(), first


@dataclass(frozen=True)
class Hour:
    """When an email goes."""

    local_time: str
    zone: str
    rule: str
    own_zone: bool


def next_of(conn: Connection, hour: Hour, now: datetime) -> tuple[Moment, datetime]:
    """The first time that is not over, and its instant. Raises BadTime, BadRule, AlreadyPast."""
    first = moment(hour.local_time, hour.zone).local
    recurring.first_of(hour.rule, first)
    for local in recurring.times(hour.rule, first):
        instant = instant_of(conn, local, hour.zone, own_zone=hour.own_zone)
        if instant > now:
            return moment(local, hour.zone), instant
    raise AlreadyPast(f"{first} in {hour.zone} is over already; choose a later time")


def instant_of(conn: Connection, local: str, zone: str, *, own_zone: bool) -> datetime:
    """When an occurrence is due: at its hour, or when that comes to the first of our people."""
    if own_zone:
        return own_hour.earliest(conn, OwnHour(local, zone, 0))
    return moment(local, zone).instant


def due(conn: Connection, *, now: datetime) -> list[int]:
    """The emails of which something is due, oldest first."""
    found = {email_id: at for email_id, at in upcoming(conn).items() if at <= now}
    return sorted(found, key=lambda each: (found[each], each))


def upcoming(conn: Connection) -> dict[int, datetime]:
    """When each email wants to be looked at next: what a clock is rebuilt from."""
    columns = (CampaignEmail.next_local, CampaignEmail.zone, CampaignEmail.own_zone)
    planned = select(CampaignEmail.id, CampaignEmail.next_run_at, *columns).where(
        CampaignEmail.next_run_at.is_not(None), CampaignEmail.status == ScheduleStatus.SCHEDULED
    )
    waiting = (
        select(CampaignRun.email_id, func.min(CampaignRun.due_at))
        .where(CampaignRun.due_at.is_not(None))
        .group_by(CampaignRun.email_id)
    )
    found: dict[int, datetime] = {}
    for row in conn.execute(planned).all():
        # Somebody may have joined since for whom the hour comes earlier than for all before.
        mine = instant_of(conn, row.next_local, row.zone, own_zone=True) if row.own_zone else None
        found[row.id] = min(row.next_run_at, mine or row.next_run_at)
    decisions = (
        select(CampaignRun.email_id, func.min(Experiment.due_at))
        .join(Experiment, Experiment.run_id == CampaignRun.id)
        .where(Experiment.due_at.is_not(None))
        .group_by(CampaignRun.email_id)
    )
    for email_id, at in [*conn.execute(waiting).all(), *conn.execute(decisions).all()]:
        if at is not None:
            found[email_id] = min(at, found.get(email_id, at))
    return found


def find_email(conn: Connection, email_id: int) -> Row[Any]:
    """An email, locked until the transaction ends, with its campaign's sender. Raises NoSuchEmail."""
    return _one(conn, _emails(email_id).with_for_update(of=CampaignEmail), email_id)


def look_at(conn: Connection, email_id: int) -> Row[Any]:
    """The same for whoever only reads. Raises NoSuchEmail."""
    return _one(conn, _emails(email_id), email_id)


def _emails(email_id: int) -> Select[Any]:
    columns: Sequence[Any] = (
        *CampaignEmail.__table__.columns,
        Campaign.project_id,
        Project.email_sender,
        Project.shares_list,
        worn(Campaign.project_id.expression).label("look"),
    )
    return (
        select(*columns)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .outerjoin(Project, Project.id == Campaign.project_id)
        .where(CampaignEmail.id == email_id)
    )


def _one(conn: Connection, statement: Select[Any], email_id: int) -> Row[Any]:
    found = conn.execute(statement).one_or_none()
    if found is None:
        raise NoSuchEmail(f"there is no scheduled email {email_id}")
    return found


def change_email(conn: Connection, email_id: int, **values: Any) -> None:
    """Write some of an email's columns."""
    conn.execute(update(CampaignEmail).where(CampaignEmail.id == email_id).values(**values))


def stored(texts: Mapping[str, Words]) -> dict[str, dict[str, str]]:
    """Words as an email, or an occurrence, keeps them."""
    return {
        language: {"subject": words.subject, "body": words.body}
        for language, words in texts.items()
    }


def plan(conn: Connection, draft: EmailDraft, now: datetime) -> tuple[Moment, dict[str, Any]]:
    """What an email's row says of a draft, with its first time. Raises as ``schedule``."""
    hour = Hour(draft.local_time, draft.zone, draft.rule, draft.own_zone)
    if draft.experiment is not None:
        variants.check(draft.experiment, draft.texts, has_action=draft.action_id is not None)
    first, instant = next_of(conn, hour, now)
    values = {
        "status": ScheduleStatus.SCHEDULED if draft.on else ScheduleStatus.DRAFT,
        "local_time": moment(draft.local_time, draft.zone).local,
        "zone": draft.zone,
        "next_run_at": instant if draft.on else None,
        "next_local": first.local if draft.on else None,
        "late_minutes": draft.late_minutes,
        "audience": audiences.write(draft.audience),
        "texts": stored(draft.texts),
        "rule": draft.rule,
        "own_zone": draft.own_zone,
        "missed": draft.missed,
        "wait_hours": draft.wait_hours,
        "action_id": draft.action_id,
        "experiment": variants.write(draft.experiment),
    }
    return first, values
