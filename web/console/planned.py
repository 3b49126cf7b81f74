"""What lists of scheduled emails show, and what is held until somebody answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from campaigns.experiment_models import Experiment, State
from campaigns.models import Campaign, CampaignEmail, CampaignRun, Reason, RunStatus, ScheduleStatus
from campaigns.recurring import Choice, choice_of
from messages.findings import Finding
from organizers.roles import Within, as_key, owned

LIST = 100


@dataclass(frozen=True)
class EmailLine:
    """A campaign's scheduled email in a list."""

    id: int
    campaign_id: int
    campaign: str
    subject: str
    status: ScheduleStatus
    local_time: str  # the next one, or the first
    zone: str
    rule: str
    own_zone: bool
    choice: Choice


@dataclass(frozen=True)
class HeldLine:
    """An occurrence that waits for an answer."""

    email_id: int
    local_time: str
    campaign: str
    subject: str
    reason: Reason
    findings: Sequence[Finding]


@dataclass(frozen=True)
class DateLine:
    """An occurrence by its campaign and its date, where its subject may be what must not be said."""

    email_id: int
    local_time: str
    campaign: str


def emails(
    conn: Connection,
    within: Within,
    *,
    language: str,
    statuses: Iterable[ScheduleStatus] = (ScheduleStatus.SCHEDULED,),
    campaign_id: int | None = None,
) -> list[EmailLine]:
    """The scheduled emails of these projects: those to come, the next first, then drafts, then the others."""
    statement = (
        select(*CampaignEmail.__table__.columns, Campaign.name)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .where(CampaignEmail.status.in_(list(statuses)), owned(Campaign.project_id, within))
        .order_by(
            CampaignEmail.next_run_at.is_(None),
            CampaignEmail.next_run_at,
            CampaignEmail.status != ScheduleStatus.DRAFT,
            CampaignEmail.id.desc(),
        )
    )
    if campaign_id is not None:
        statement = statement.where(CampaignEmail.campaign_id == campaign_id)
    return [
        EmailLine(
            id=row.id,
            campaign_id=row.campaign_id,
            campaign=row.name,
            subject=subject(row.texts, language),
            status=ScheduleStatus(row.status),
            local_time=row.next_local or row.local_time,
            zone=row.zone,
            rule=row.rule,
            own_zone=row.own_zone,
            choice=choice_of(row.rule),
        )
        for row in conn.execute(statement.limit(LIST)).all()
    ]


def held(conn: Connection, within: Within, *, language: str) -> list[HeldLine]:
    """What asks whether it should leave after all, the oldest first."""
    found = conn.execute(_held_runs(as_key(within))).all()
    return [_held(row, language) for row in found]


def undecided(conn: Connection, within: Within) -> list[DateLine]:
    """The emails of which several ways were tried, and whose rest waits until somebody decides, the oldest first."""
    found = conn.execute(_undecided(as_key(within)))
    return [DateLine(row.email_id, row.local_time, row.name) for row in found]


def subject(texts: Mapping[str, Any], language: str) -> str:
    """An email's subject in a language, else in any."""
    words = {code: each.get("subject", "") for code, each in texts.items()}
    return words.get(language) or next((each for each in words.values() if each), "")


def findings(details: Sequence[Any]) -> list[Finding]:
    """What stood in the way of an occurrence, as it was kept."""
    return [Finding(each[0], each[1]) for each in details if isinstance(each, list)]


def _held(row: Row[Any], language: str) -> HeldLine:
    return HeldLine(
        email_id=row.email_id,
        local_time=row.local_time,
        campaign=row.name,
        subject=subject(row.own_texts or row.texts, language),
        reason=Reason(row.reason),
        findings=findings(row.details),
    )


@lru_cache
def _held_runs(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    columns: tuple[Any, ...] = (
        *(CampaignRun.email_id, CampaignRun.local_time, CampaignRun.reason, CampaignRun.details),
        *(CampaignRun.texts.label("own_texts"), CampaignEmail.texts, Campaign.name),
    )
    return (
        select(*columns)
        .join(CampaignEmail, CampaignEmail.id == CampaignRun.email_id)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .where(CampaignRun.status == RunStatus.HELD, owned(Campaign.project_id, within))
        .order_by(CampaignRun.local_time)
        .limit(LIST)
    )


@lru_cache
def _undecided(within: tuple[int, ...] | None) -> Select[int, str, str]:
    return (
        select(CampaignRun.email_id, CampaignRun.local_time, Campaign.name)
        .join(Experiment, Experiment.run_id == CampaignRun.id)
        .join(CampaignEmail, CampaignEmail.id == CampaignRun.email_id)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .where(Experiment.state == State.HELD, owned(Campaign.project_id, within))
        .order_by(CampaignRun.local_time)
        .limit(LIST)
    )
