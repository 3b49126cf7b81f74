"""How each project fares: what arrives, who complains and leaves, whom it cannot reach, how old its data is.

An organizer sees their own projects. The network's office sees itself and the projects that share their
list, one by one, and all others as one sum.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from sqlalchemy import Connection, func, select

from alerts.models import Alert
from contacts.models import Project
from contacts.reachable import People, people_of
from messages.faring import Fared, faring, lately, shared_with, whole
from messages.models import Message, MessageKind
from organizers.roles import NETWORKS
from organizers.sessions import Viewer
from representatives.status import Age

FRESH = timedelta(minutes=5)
_PROJECTS = select(Project.id, Project.name, Project.shares_list)
_LAST_ALERTS = (
    select(Message.project_id, func.max(Message.launched_at, type_=Message.created_at.type))
    .outerjoin(Alert, Alert.message_id == Message.id)
    .where(Message.launched_at.is_not(None))
    .where(Alert.id.is_not(None) | Message.part_of.is_not(None))
    .where(Message.kind == MessageKind.ALERT)
    .group_by(Message.project_id)
)


@dataclass(frozen=True, kw_only=True)
class Health:
    """A project's health, or that of several together."""

    name: str  # "" = the network's own
    projects: int  # how many it sums up
    people: People
    fared: Fared
    last_alert: datetime | None
    refusals: (
        Fared | None
    )  # of what complaints and stops are a share; None = others wrote to them, too


@dataclass(frozen=True)
class Healths:
    """What the overview tells of health."""

    lines: Sequence[Health]
    others: Health | None  # of the projects whose list is not the network's to see, if several
    private: int  # how many those are
    data: Age | None
    counted: Mapping[int, People]  # by project, to be kept for the next look


class Counts:
    """How many people projects have, as counted within the last minutes: that is slow for very many."""

    def __init__(self) -> None:
        self._counted: dict[int, tuple[datetime, People]] = {}
        self.counting = asyncio.Lock()  # one look counts at a time; who waits finds it counted

    def fresh(self, now: datetime) -> dict[int, People]:
        """What need not be counted again yet."""
        return {
            project: people
            for project, (at, people) in self._counted.items()
            if now - FRESH <= at <= now
        }

    def keep(self, counted: Mapping[int, People], now: datetime) -> None:
        """Remember what was counted now; what is remembered already keeps its time."""
        known = self.fresh(now)
        for project, people in counted.items():
            if project not in known:
                self._counted[project] = (now, people)


COUNTS: web.AppKey[Counts] = web.AppKey("counts", Counts)


def healths(
    conn: Connection,
    viewer: Viewer,
    *,
    countries: Sequence[str],
    known: Mapping[int, People],
    age: Age | None,
    now: datetime,
) -> Healths:
    """The health of what a viewer sees; people of projects that are ``known`` are not counted."""
    rows = conn.execute(_PROJECTS).all()
    network = NETWORKS in viewer.within
    shown = {
        row.id: row.name for row in rows if row.id in viewer.within or (network and row.shares_list)
    }
    hidden = [row.id for row in rows if network and row.id not in shown]
    recent = lately(conn, now=now)
    fared, everybody = faring(conn, recent), whole(conn, recent)
    last, counted = _last_alerts(conn), dict(known)
    writers = {each for each, its in fared.items() if its.copies}

    def health(project: int, name: str) -> Health:
        if project not in counted:
            counted[project] = people_of(conn, project, countries=countries)
        return Health(
            name=name,
            projects=1,
            people=counted[project],
            fared=fared.get(project, Fared()),
            last_alert=last.get(project),
            refusals=everybody if project == NETWORKS else _refusals(conn, project, fared, writers),
        )

    named = sorted(shown.items(), key=lambda each: each[1])
    lines = [health(NETWORKS, "")] if network else []
    lines += [health(project, name) for project, name in named]
    # A sum of one would be that committee's own numbers.
    others = [health(each, "") for each in hidden] if len(hidden) > 1 else []
    told = _sum(others) if others else None
    return Healths(lines, told, len(hidden), age, counted)


def _refusals(
    conn: Connection, project: int, fared: Mapping[int, Fared], writers: Collection[int]
) -> Fared | None:
    """Who leaves says not because of whose message; so the network's share is of all that was written."""
    mine = fared.get(project, Fared())
    if NETWORKS in writers:
        return None
    # Nobody left: that is so whoever wrote to them.
    left = mine.left or mine.complaints
    return None if left and shared_with(conn, project, writers) else mine


def _sum(each: Sequence[Health]) -> Health:
    dates = [one.last_alert for one in each if one.last_alert is not None]
    return Health(
        name="",
        projects=len(each),
        people=sum((one.people for one in each), People()),
        fared=sum((one.fared for one in each), Fared()),
        last_alert=max(dates, default=None),
        refusals=None,
    )


def _last_alerts(conn: Connection) -> dict[int, datetime]:
    """When each project's last alert was launched, its parts of the network's among them."""
    rows = conn.execute(_LAST_ALERTS)
    return {project or NETWORKS: at for project, at in rows if at is not None}
