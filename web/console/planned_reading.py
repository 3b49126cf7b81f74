"""Exactly what somebody approves who comes by the link of a letter: a planned email, or an email of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from alerts.campaigning import titles_of_pages
from campaigns import ballots
from campaigns.answering import Found, find
from campaigns.ballots import About
from campaigns.models import Campaign
from campaigns.recurring import Choice, choice_of
from campaigns.upcoming import Occurrence, of_emails
from contacts.models import Project
from messages.audience import read
from messages.house import HouseRules
from organizers.access import names
from organizers.approvers import Ballot
from web.console.email_pages import AHEAD, FAR


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All that is read before it is approved."""

    about: About
    texts: Mapping[str, Any]
    project: str  # "" = the network's
    writers: Sequence[str]  # by name
    ballot: Ballot
    email: Row[Any] | None = None
    campaign: str = ""
    choice: Choice | None = None
    languages: Sequence[str] = ()  # only people who read these; none = all
    dates: Sequence[Occurrence] = ()  # the next ones
    series: Row[Any] | None = None
    step: Row[Any] | None = None
    titles: Mapping[int, Mapping[str, str]] = field(default_factory=dict)  # as of a series' page


def read_subject(conn: Connection, about: About, *, house: HouseRules, now: datetime) -> Reading:
    """It as it stands."""
    found, known = find(conn, about), names(conn)
    subject = found.subject
    project = select(Project.name).where(Project.id == subject.project_id)
    return Reading(
        about=about,
        texts=subject.texts,
        project=conn.scalar(project) or "",
        writers=sorted(known.get(each, each) for each in subject.writers),
        ballot=ballots.standing(conn, subject, house=house, now=now),
        series=found.series,
        step=found.step,
        titles=_titles(conn, found),
        **_plan(conn, found, now),
    )


def _titles(conn: Connection, found: Found) -> Mapping[int, Mapping[str, str]]:
    if found.series is None or found.step is None:
        return {}
    pages = {found.series.only_action_id, found.step.action_id} - {None}
    return titles_of_pages(conn, pages)


def _plan(conn: Connection, found: Found, now: datetime) -> dict[str, Any]:
    """When an email goes, and to whom; {} for one of a series."""
    email = found.email
    if email is None:
        return {}
    dates = of_emails(conn, None, start=now, stop=now + FAR, email_id=email.id, most=AHEAD)
    only = found.subject.about.local_time
    ahead = [each for each in dates if not only or each.local_time == only]
    campaign = select(Campaign.name).where(Campaign.id == email.campaign_id)
    return {
        "email": email,
        "campaign": conn.execute(campaign).scalar_one(),
        "choice": choice_of(email.rule),
        "languages": read(email.audience).include.languages,
        "dates": ahead[:AHEAD],
    }
