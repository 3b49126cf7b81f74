"""Two people before a planned email leaves: one writes it, another reads exactly that and approves it (``ballots.py``).

An approval is of a hash of texts, audience, rule, time and look, so whatever changes one of them voids it. An email that
comes again is approved once; an occurrence with words of its own is approved for itself. Firing asks, in its own
transaction and under the lock of the email's row, which every change takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, null, or_, select

from campaigns import ballots
from campaigns.ballots import About, Subject
from campaigns.models import Campaign, CampaignEmail, CampaignRun, RunStatus, ScheduleStatus
from campaigns.occurrences import WAITING
from contacts.models import Project
from messages.house import HouseRules
from messages.looks import worn
from messages.models import Message, MessageKind, MessageStatus
from organizers.approvers import Ballot
from organizers.roles import owned

PLAN = (
    *("audience", "rule", "local_time", "zone", "own_zone", "project_id", "email_sender"),
    "action_id",
)
NOTHING: Mapping[int, str] = {}


@dataclass(frozen=True)
class Open:
    """Words that wait for somebody's approval: an email's, or those of one of its dates."""

    email: Row[Any]
    run: Row[Any] | None = None
    local_time: str = ""  # of a date, or of the first that is ahead, on the wall; "" = none is

    @cached_property
    def subject(self) -> Subject:
        """It as it is approved."""
        return subject_of(self.email, self.run)


def digest(email: Row[Any], run: Row[Any] | None = None) -> str:
    """The hash that stands for an email, or for an occurrence with words of its own."""
    said = {name: getattr(email, name) for name in PLAN}
    said |= {"texts": email.texts, "email": email.id}
    if email.experiment:
        said |= {"experiment": email.experiment}
    if email.let_stand:
        said |= {"names": email.let_stand}
    if email.look:
        said |= {"look": email.look}
    if run is not None and run.texts:
        said |= {"texts": run.texts, "occurrence": run.local_time}
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def subject_of(email: Row[Any], run: Row[Any] | None = None) -> Subject:
    """An email, or an occurrence with words of its own, as it is approved."""
    own = run.texts if run is not None else None
    return Subject(
        about=About(email_id=email.id, local_time=run.local_time if run is not None else ""),
        digest=digest(email, run),
        writers=writers_of(email, run),
        project_id=email.project_id,
        texts=own or email.texts,
        zone=email.zone,
        off=email.status == ScheduleStatus.CANCELLED,
    )


def approved(
    conn: Connection, email: Row[Any], run: Row[Any] | None = None, *, house: HouseRules
) -> bool:
    """Whether as many people as the house asks for stand behind an email, or an occurrence, as it is."""
    return ballots.approved(conn, subject_of(email, run), house=house)


def standing(
    conn: Connection, email: Row[Any], run: Row[Any] | None, *, house: HouseRules, now: datetime
) -> Ballot:
    """How far an email, or an occurrence with words of its own, is from being approved, and who was asked."""
    return ballots.standing(conn, subject_of(email, run), house=house, now=now)


def asked_of(
    conn: Connection,
    projects: Collection[int],
    organizer_id: int,
    *,
    drafts: Mapping[int, str] = NOTHING,
    house: HouseRules,
) -> list[Open]:
    """What of these projects' emails waits for an organizer's approval: what may yet leave, an email or a date.

    ``drafts`` are those about which they were asked, with the hash of what they were asked about.
    """
    if house.approvals <= 1 or not projects:
        return []
    found = _may_leave(conn, projects, drafts)
    subjects = {each.subject.about: each for each in found}
    ours = [each.subject for each in found]
    waiting = ballots.waiting_for(conn, ours, organizer_id, house=house)
    return [subjects[each.about] for each in waiting]


def _may_leave(
    conn: Connection, projects: Collection[int], drafts: Mapping[int, str]
) -> list[Open]:
    by_email: dict[int, list[Row[Any]]] = {}
    for row in conn.execute(_unfinished(projects, drafts)).all():
        by_email.setdefault(row.id, []).append(row)
    own = [row.run_id for rows in by_email.values() for row in rows if row.own]
    runs = {}
    if own:
        found = conn.execute(select(CampaignRun).where(CampaignRun.id.in_(own))).all()
        runs = {run.id: run for run in found if run.texts}
    waiting = []
    for rows in by_email.values():
        email, dates = rows[0], [row for row in rows if row.run_id is not None and not row.own]
        by_itself = (
            email.status == ScheduleStatus.SCHEDULED
            or (email.status == ScheduleStatus.OVER and dates)
            or drafts.get(email.id) == digest(email)
        )
        waiting += [Open(email, local_time=_first(email, dates))] if by_itself else []
        waiting += [
            Open(email, runs[row.run_id], row.run_local) for row in rows if row.run_id in runs
        ]
    return waiting


def _first(email: Row[Any], dates: Iterable[Row[Any]]) -> str:
    """The first date ahead of an email, of those with its own words; "" when none is."""
    if email.status == ScheduleStatus.DRAFT:
        return str(email.local_time)
    ahead = [row.run_local for row in dates if row.run_status == RunStatus.PLANNED]
    return min([*ahead, *filter(None, [email.next_local])], default="")


def _unfinished(projects: Collection[int], drafts: Mapping[int, str]) -> Select[Any]:
    """The emails of which something may yet leave, once for each date in the ledger that is so."""
    columns: Sequence[Any] = (
        *CampaignEmail.__table__.columns,
        Campaign.project_id,
        Project.email_sender,
        worn(Campaign.project_id.expression).label("look"),
        CampaignRun.id.label("run_id"),
        CampaignRun.texts.is_not(null()).label("own"),
        CampaignRun.status.label("run_status"),
        func.coalesce(CampaignRun.moved_to, CampaignRun.local_time).label("run_local"),
    )
    ahead = and_(CampaignRun.email_id == CampaignEmail.id, _unsent())
    live = CampaignEmail.status.in_((ScheduleStatus.SCHEDULED, ScheduleStatus.OVER))
    draft = CampaignEmail.status == ScheduleStatus.DRAFT
    over = CampaignEmail.status == ScheduleStatus.OVER
    return (
        select(*columns)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .outerjoin(Project, Project.id == Campaign.project_id)
        .outerjoin(CampaignRun, ahead)
        .where(or_(live, draft & CampaignEmail.id.in_(list(drafts))))
        .where(or_(~over, CampaignRun.id.is_not(None)))
        .where(owned(Campaign.project_id, tuple(projects)))
        .order_by(CampaignEmail.next_run_at, CampaignEmail.id, CampaignRun.planned_at)
    )


def may_leave(conn: Connection, email: Row[Any], run: Row[Any] | None) -> bool:
    """Whether anything that these words are for may yet leave."""
    if run is None and email.status != ScheduleStatus.OVER:
        return bool(email.status != ScheduleStatus.CANCELLED)
    same = and_(CampaignRun.email_id == email.id, CampaignRun.texts.is_(null()))
    mine = CampaignRun.id == run.id if run is not None else same
    return conn.scalar(select(CampaignRun.id).where(mine, _unsent()).limit(1)) is not None


def _unsent() -> ColumnElement[bool]:
    """That a date waits, or that something of what it is sending is paused."""
    root = func.coalesce(Message.part_of, Message.id)
    paused = select(root).where(
        Message.status == MessageStatus.PAUSED, Message.kind == MessageKind.CAMPAIGN
    )
    halted = and_(CampaignRun.status == RunStatus.FIRED, CampaignRun.message_id.in_(paused))
    return or_(CampaignRun.status.in_(WAITING), halted)


def writers_of(email: Row[Any], run: Row[Any] | None) -> frozenset[str]:
    """Who wrote what would leave, and who says why it may name somebody."""
    own = run.writers if run is not None and run.texts else []
    stand_for = {each["by"] for each in email.let_stand}
    return frozenset(own or email.writers or [email.created_by]) | stand_for
