"""What lists of alerts, cases and campaigns show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, select
from sqlalchemy.orm import aliased

from alerts.fact_models import Fact
from alerts.models import Alert, Case, CaseText, Level
from alerts.titles import titles_by_alert
from campaigns.models import Campaign
from contacts.models import Project
from messages.models import Message, MessageStatus
from organizers.roles import NETWORKS, Within, as_key, owned

IN_PROGRESS = (MessageStatus.SENDING, MessageStatus.PAUSED)
ENDED = (MessageStatus.FINISHED, MessageStatus.STOPPED, MessageStatus.EXPIRED)


@dataclass(frozen=True)
class AlertLine:
    """An alert in a list."""

    id: int
    title: str
    level: Level
    status: MessageStatus
    project_id: int  # ``NETWORKS``: the network's
    project: str  # "" = the network's
    message_id: int
    action_id: int  # to which its copies lead
    confirmed: int
    launched_at: datetime | None
    starts_at: datetime | None  # nothing leaves earlier
    paused_because: str


@dataclass(frozen=True)
class CaseLine:
    """A case in a list."""

    id: int
    title: str
    project: str  # "" = the network's
    facts: int
    alerts: int
    closed: bool


@dataclass(frozen=True)
class CampaignLine:
    """A campaign in a list."""

    id: int
    name: str
    goal: str
    project_id: int | None
    project: str | None  # None = the network's


def alerts(
    conn: Connection,
    within: Within,
    *,
    language: str,
    statuses: Iterable[MessageStatus] = tuple(MessageStatus),
    case_id: int | None = None,
    limit: int = 100,
) -> list[AlertLine]:
    """The alerts of these projects (None: everybody's), or those on one case; the latest first."""
    latest = _latest(as_key(within), tuple(statuses), of_case=case_id is not None)
    rows = conn.execute(latest, {"case": case_id, "most": limit}).all()
    titles = titles_by_alert(conn, [row.id for row in rows])
    return [
        AlertLine(
            id=row.id,
            title=_in_language(titles.get(row.id, {}), language),
            level=Level(row.level),
            status=MessageStatus(row.status),
            project_id=row.project_id or NETWORKS,
            project=row.name or "",
            message_id=row.message_id,
            action_id=row.action_id,
            confirmed=int(row.confirmed),  # PostgreSQL sums to a Decimal
            launched_at=row.launched_at,
            starts_at=row.starts_at,
            paused_because=row.paused_because,
        )
        for row in rows
    ]


def cases(conn: Connection, within: Within, *, language: str, limit: int = 100) -> list[CaseLine]:
    """The cases of these projects, the latest first, those that are closed last."""
    facts = select(func.count()).where(Fact.case_id == Case.id).scalar_subquery()
    written = select(func.count()).where(Alert.case_id == Case.id).scalar_subquery()
    columns = (Case.id, Case.slug, Case.closed_at, Project.name)
    chosen = (
        select(*columns, facts.label("facts"), written.label("alerts"))
        .outerjoin(Project, Project.id == Case.project_id)
        .where(owned(Case.project_id, within))
        .order_by(Case.closed_at.is_not(None), Case.id.desc())
        .limit(limit)
    )
    rows = conn.execute(chosen).all()
    titles: dict[int, dict[str, str]] = {}
    told = select(CaseText.case_id, CaseText.language, CaseText.title)
    for case_id, code, title in conn.execute(
        told.where(CaseText.case_id.in_([r.id for r in rows]))
    ):
        titles.setdefault(case_id, {})[code] = title
    return [
        CaseLine(
            id=row.id,
            title=_in_language(titles.get(row.id, {}), language) or row.slug,
            project=row.name or "",
            facts=row.facts,
            alerts=row.alerts,
            closed=row.closed_at is not None,
        )
        for row in rows
    ]


def campaigns(conn: Connection, within: Within) -> list[CampaignLine]:
    """The campaigns of these projects, by name."""
    statement = _campaigns().order_by(Campaign.name, Campaign.id)
    return [CampaignLine(*row) for row in conn.execute(_own_campaigns(statement, within))]


def campaign(conn: Connection, campaign_id: int) -> CampaignLine:
    """One campaign; the caller knows that it exists."""
    return CampaignLine(*conn.execute(_campaigns().where(Campaign.id == campaign_id)).one())


@lru_cache
def _latest(
    within: tuple[int, ...] | None, statuses: tuple[MessageStatus, ...], *, of_case: bool
) -> Select[*tuple[Any, ...]]:
    # A sum has no index: the alerts are gone through, not every answer to somebody of these projects.
    chosen = _alerts().where(owned(Message.project_id + 0, within))
    if of_case:
        chosen = chosen.where(Alert.case_id == bindparam("case"))
    found = chosen.subquery()
    latest = select(found).where(found.c.status.in_(statuses)).order_by(found.c.id.desc())
    return latest.limit(bindparam("most"))


@cache
def _alerts() -> Select[*tuple[Any, ...]]:
    """Alerts as wholes: one is being sent for as long as any committee's part is."""
    part = aliased(Message)
    live = select(part.status).where(part.part_of == Message.id, part.status.in_(IN_PROGRESS))
    live_part = live.order_by(part.status.desc()).limit(1).scalar_subquery()
    people = select(func.sum(part.confirmed)).where(part.part_of == Message.id).scalar_subquery()
    over = Message.status == MessageStatus.FINISHED
    return (
        select(
            Alert.id,
            Alert.level,
            Alert.message_id,
            func.coalesce(Message.action_id, Alert.action_id).label("action_id"),
            Message.project_id,
            case((over, func.coalesce(live_part, Message.status)), else_=Message.status).label(
                "status"
            ),
            (Message.confirmed + func.coalesce(people, 0)).label("confirmed"),
            Message.launched_at,
            Message.starts_at,
            Message.paused_because,
            Project.name,
        )
        .join(Message, Message.id == Alert.message_id)
        .outerjoin(Project, Project.id == Message.project_id)
    )


@cache
def _campaigns() -> Select[*tuple[Any, ...]]:
    return select(
        Campaign.id,
        Campaign.name,
        Campaign.goal,
        Campaign.project_id,
        Project.name.label("project"),
    ).outerjoin(Project, Project.id == Campaign.project_id)


def _own_campaigns(statement: Select[*tuple[Any, ...]], within: Within) -> Select[*tuple[Any, ...]]:
    return statement.where(owned(Campaign.project_id, within))


def _in_language(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or next((each for each in words.values() if each), "")
