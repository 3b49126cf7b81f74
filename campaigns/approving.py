"""Two people before a planned email leaves: one writes it, another reads exactly that and approves it (``ballots.py``).

An approval is of a hash of texts, audience, rule, time and look, so whatever changes one of them voids it. An email that
comes again is approved once; an occurrence with words of its own is approved for itself. Firing asks, in its own
transaction and under the lock of the email's row, which every change takes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select

from campaigns import ballots
from campaigns.ballots import About, Subject
from campaigns.models import Campaign, CampaignEmail, ScheduleStatus
from contacts.models import Project
from messages.house import HouseRules
from messages.looks import worn
from organizers.approvers import Ballot
from organizers.roles import owned

PLAN = (
    *("audience", "rule", "local_time", "zone", "own_zone", "project_id", "email_sender"),
    "action_id",
)


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


def approved(conn: Connection, email: Row[Any], run: Row[Any], *, house: HouseRules) -> bool:
    """Whether as many people as the house asks for stand behind an occurrence as it is."""
    return ballots.approved(conn, subject_of(email, run), house=house)


def standing(
    conn: Connection, email: Row[Any], run: Row[Any] | None, *, house: HouseRules, now: datetime
) -> Ballot:
    """How far an email, or an occurrence with words of its own, is from being approved, and who was asked."""
    return ballots.standing(conn, subject_of(email, run), house=house, now=now)


def asked_of(
    conn: Connection, projects: Collection[int], organizer_id: int, *, house: HouseRules
) -> list[Row[Any]]:
    """The planned emails of these projects that wait for an organizer's approval of their words."""
    if house.approvals <= 1 or not projects:
        return []
    columns: Sequence[Any] = (
        *CampaignEmail.__table__.columns,
        Campaign.project_id,
        Project.email_sender,
        worn(Campaign.project_id.expression).label("look"),
    )
    rows = (
        select(*columns)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .outerjoin(Project, Project.id == Campaign.project_id)
        .where(CampaignEmail.status == ScheduleStatus.SCHEDULED)
        .where(owned(Campaign.project_id, tuple(projects)))
        .order_by(CampaignEmail.next_run_at)
    )
    found = {each.id: each for each in conn.execute(rows).all()}
    subjects = [subject_of(each) for each in found.values()]
    waiting = ballots.waiting_for(conn, subjects, organizer_id, house=house)
    return [found[each.about.email_id] for each in waiting if each.about.email_id is not None]


def writers_of(email: Row[Any], run: Row[Any] | None) -> frozenset[str]:
    """Who wrote what would leave, and who says why it may name somebody."""
    own = run.writers if run is not None and run.texts else []
    stand_for = {each["by"] for each in email.let_stand}
    return frozenset(own or email.writers or [email.created_by]) | stand_for
