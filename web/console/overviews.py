"""What lists of alerts and scheduled emails show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, select

from alerts.models import Alert, AlertText, Level
from campaigns.models import Campaign, CampaignEmail, ScheduleStatus
from contacts.models import Project
from messages.models import Message, MessageStatus

IN_PROGRESS = (MessageStatus.SENDING, MessageStatus.PAUSED)
ENDED = (MessageStatus.FINISHED, MessageStatus.STOPPED, MessageStatus.EXPIRED)


@dataclass(frozen=True)
class AlertLine:
    """An alert in a list."""

    id: int
    title: str
    level: Level
    status: MessageStatus
    project: str  # "" = the network's
    confirmed: int
    launched_at: datetime | None
    paused_because: str


@dataclass(frozen=True)
class EmailLine:
    """A campaign's scheduled email in a list."""

    id: int
    campaign_id: int
    campaign: str
    subject: str
    status: ScheduleStatus
    local_time: str
    zone: str


def alerts(
    conn: Connection,
    within: Sequence[int] | None,
    *,
    language: str,
    statuses: Iterable[MessageStatus] = tuple(MessageStatus),
    limit: int = 100,
) -> list[AlertLine]:
    """The alerts of these projects (None: everybody's), the latest first."""
    statement = (
        select(
            Alert.id,
            Alert.level,
            Message.status,
            Message.confirmed,
            Message.launched_at,
            Message.paused_because,
            Project.name,
        )
        .join(Message, Message.id == Alert.message_id)
        .outerjoin(Project, Project.id == Message.project_id)
        .where(Message.status.in_(list(statuses)))
        .order_by(Alert.id.desc())
        .limit(limit)
    )
    if within is not None:
        statement = statement.where(Message.project_id.in_(within))
    rows = conn.execute(statement).all()
    titles = _titles(conn, [row.id for row in rows])
    return [
        AlertLine(
            id=row.id,
            title=_in_language(titles.get(row.id, {}), language),
            level=Level(row.level),
            status=MessageStatus(row.status),
            project=row.name or "",
            confirmed=row.confirmed,
            launched_at=row.launched_at,
            paused_because=row.paused_because,
        )
        for row in rows
    ]


def emails(
    conn: Connection,
    within: Sequence[int] | None,
    *,
    language: str,
    statuses: Iterable[ScheduleStatus] = (ScheduleStatus.SCHEDULED, ScheduleStatus.HELD),
) -> list[EmailLine]:
    """The scheduled emails of these projects, the next first; held ones, which ask, before all."""
    statement = (
        select(CampaignEmail, Campaign.name)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .where(CampaignEmail.status.in_(list(statuses)))
        .order_by(CampaignEmail.status, CampaignEmail.local_time)
        .limit(20)
    )
    rows = conn.execute(_own_campaigns(statement, within)).all()
    return [
        EmailLine(
            id=row.id,
            campaign_id=row.campaign_id,
            campaign=row.name,
            subject=_in_language(
                {code: words["subject"] for code, words in row.texts.items()}, language
            ),
            status=ScheduleStatus(row.status),
            local_time=row.local_time,
            zone=row.zone,
        )
        for row in rows
    ]


def _own_campaigns(statement: Select, within: Sequence[int] | None) -> Select:  # type: ignore[type-arg]
    return statement if within is None else statement.where(Campaign.project_id.in_(within))


def _titles(conn: Connection, alert_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    columns = (AlertText.alert_id, AlertText.language, AlertText.title)
    for alert_id, language, title in conn.execute(
        select(*columns).where(AlertText.alert_id.in_(alert_ids))
    ):
        found.setdefault(alert_id, {})[language] = title
    return found


def _in_language(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or next((each for each in words.values() if each), "")
