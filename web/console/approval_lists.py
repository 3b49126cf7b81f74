"""What waits for somebody's approval, what they asked for, and what left without a second person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from alerts import alone, approval_asks, approving
from alerts.alone import Alone
from alerts.approval_models import ApprovalAsk
from alerts.fingerprint import digest
from alerts.models import Alert
from alerts.titles import titles_by_alert
from campaigns import approval_asks as planned_asks
from campaigns import approving as planned
from campaigns import ballots, step_approving
from campaigns.answering import find
from campaigns.ballots import About
from contacts.models import Project
from messages.house import HouseRules
from messages.models import Message, MessageStatus
from organizers.access import names
from organizers.approvers import Ballot
from organizers.roles import May, owned
from organizers.sessions import Viewer


@dataclass(frozen=True)
class Waiting:
    """An alert that somebody is asked to approve."""

    alert_id: int
    titles: Mapping[str, str]
    asked_by: str  # by name
    asked_at: datetime
    digest: str  # of what they were asked about


@dataclass(frozen=True)
class Mine:
    """A draft that somebody asked others to approve."""

    alert_id: int
    titles: Mapping[str, str]
    standing: Ballot


@dataclass(frozen=True)
class Planned:
    """A planned email whose words somebody is to approve."""

    email_id: int
    titles: Mapping[str, str]
    local_time: str  # "" = no date of it is ahead
    one_date: bool  # of an email, with words of its own
    asked_by: str  # by name; "" = nobody asked them in particular


@dataclass(frozen=True)
class MinePlanned:
    """A planned email, or an email of a series, that somebody asked others to approve."""

    path: str  # of its page in the console
    titles: Mapping[str, str]
    series: str  # its name; "" = a planned email
    standing: Ballot


@dataclass(frozen=True)
class OfSeries:
    """An email of a series whose words somebody is to approve."""

    series_id: int
    series: str
    titles: Mapping[str, str]
    asked_by: str  # by name; "" = nobody asked them in particular


@dataclass(frozen=True)
class Queue:
    """All of it."""

    waiting: Sequence[Waiting]
    changed: Collection[int]  # alerts, since somebody was asked: their authors ask anew
    emails: Sequence[Planned]
    of_series: Sequence[OfSeries]
    mine: Sequence[Mine]
    my_emails: Sequence[MinePlanned]
    alone: Sequence[Alone]
    projects: Mapping[int, str]
    names: Mapping[str, str]  # by how records name people


def waiting(conn: Connection, viewer: Viewer) -> list[Waiting]:
    """What waits for this organizer, the latest first."""
    known = names(conn)
    asked = approval_asks.waiting_for(conn, viewer.organizer_id)
    titles = titles_by_alert(conn, [row.alert_id for row in asked])
    return [
        Waiting(
            alert_id=row.alert_id,
            titles=titles.get(row.alert_id, {}),
            asked_by=known.get(row.asked_by, row.asked_by),
            asked_at=row.asked_at,
            digest=row.digest,
        )
        for row in asked
    ]


def unreviewed(conn: Connection, viewer: Viewer) -> list[Alone]:
    """What left without a second person where this organizer sees, and nobody else has looked at."""
    return alone.unreviewed(conn, viewer.within)


def emails(conn: Connection, viewer: Viewer, *, house: HouseRules) -> list[Planned]:
    """Planned emails whose words wait for this organizer, the next first."""
    projects = viewer.may_in(May.SEND)
    if house.approvals <= 1 or not projects:
        return []
    asked, known = planned_asks.asked_of(conn, viewer.organizer_id), names(conn)
    drafts = {
        about.email_id: row.digest
        for about, row in asked.items()
        if about.email_id is not None and not about.local_time
    }
    found = planned.asked_of(conn, projects, viewer.organizer_id, drafts=drafts, house=house)
    return [
        Planned(
            each.email.id,
            each.subject.subjects,
            each.local_time,
            each.run is not None,
            known.get(asked[each.subject.about].asked_by, "")
            if each.subject.about in asked
            else "",
        )
        for each in found
    ]


def of_series(conn: Connection, viewer: Viewer, *, house: HouseRules) -> list[OfSeries]:
    """Emails of series whose words wait for this organizer."""
    asking = _asking(conn, viewer) if house.approvals > 1 else {}
    found = step_approving.asked_of(
        conn,
        viewer.may_in(May.SEND),
        viewer.organizer_id,
        asked=[each.step_id for each in asking if each.step_id is not None],
        house=house,
    )
    return [
        OfSeries(
            series.id, series.name, _subjects(step.texts), asking.get(About(step_id=step.id), "")
        )
        for series, step in found
    ]


def count(conn: Connection, viewer: Viewer, *, house: HouseRules) -> int:
    """How much of it waits for this organizer themselves."""
    to_review = [
        each
        for each in unreviewed(conn, viewer)
        if each.launched_by != viewer.actor
        and (viewer.may(May.SEND) or viewer.may(May.SEND, each.project_id))
    ]
    asked = approval_asks.waiting_for(conn, viewer.organizer_id)
    planned_mail = [*emails(conn, viewer, house=house), *of_series(conn, viewer, house=house)]
    return len(asked) + len(to_review) + len(planned_mail)


def queue(conn: Connection, viewer: Viewer, *, house: HouseRules, now: datetime) -> Queue:
    """What waits for an organizer, and what they wait for."""
    asked, drafts = waiting(conn, viewer), _asked_by(conn, viewer)
    titles = titles_by_alert(conn, drafts)
    return Queue(
        waiting=asked,
        changed={each.alert_id for each in asked if each.digest != digest(conn, each.alert_id)},
        emails=emails(conn, viewer, house=house),
        of_series=of_series(conn, viewer, house=house),
        mine=[
            Mine(
                each,
                titles.get(each, {}),
                approving.standing(conn, each, house=house, now=now),
            )
            for each in drafts
        ],
        my_emails=_emails_asked_by(conn, viewer, house, now),
        alone=unreviewed(conn, viewer),
        projects={row.id: row.name for row in conn.execute(select(Project.id, Project.name))},
        names=names(conn),
    )


def _asked_by(conn: Connection, viewer: Viewer) -> Sequence[int]:
    drafts: Any = (
        select(ApprovalAsk.alert_id)
        .join(Alert, Alert.id == ApprovalAsk.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .where(ApprovalAsk.asked_by == viewer.actor, Message.status == MessageStatus.DRAFT)
        .where(owned(Message.project_id, viewer.within))
        .group_by(ApprovalAsk.alert_id)
        .order_by(ApprovalAsk.alert_id.desc())
    )
    return list(conn.scalars(drafts))


def _emails_asked_by(
    conn: Connection, viewer: Viewer, house: HouseRules, now: datetime
) -> list[MinePlanned]:
    found = []
    for about in planned_asks.asked_by(conn, viewer.actor):
        it = find(conn, about)
        subject = it.subject
        outdated = about.local_time and (it.run is None or not it.run.texts)
        over = it.email is not None and not planned.may_leave(conn, it.email, it.run)
        if outdated or over or not viewer.may(May.SEE, subject.project_id):
            continue
        path, name = f"emails/{about.email_id}", ""
        if it.series is not None:
            path, name = f"series/{it.series.id}", it.series.name
        standing = ballots.standing(conn, subject, house=house, now=now)
        found.append(MinePlanned(path, subject.subjects, name, standing))
    return found


def _asking(conn: Connection, viewer: Viewer) -> dict[About, str]:
    """Who asked this organizer about what, by name."""
    asked, known = planned_asks.asked_of(conn, viewer.organizer_id), names(conn)
    return {about: known.get(row.asked_by, "") for about, row in asked.items()}


def _subjects(texts: Mapping[str, Any]) -> dict[str, str]:
    return {code: each["subject"] for code, each in texts.items()}
