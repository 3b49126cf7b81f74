"""What the page of one scheduled email shows: its plan, its dates, who stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from alerts.planned_names import Named, names_in
from campaigns import approving
from campaigns.calendar import look_at
from campaigns.clashes import Clash, clashes
from campaigns.models import Campaign, CampaignRun, RunStatus, ScheduleStatus
from campaigns.recurring import Choice, choice_of
from campaigns.reports import Brief, brief, sent_of
from campaigns.steering import in_the_air
from campaigns.upcoming import Occurrence, of_emails
from messages.audience import read
from messages.house import HouseRules
from messages.models import MessageStatus
from organizers.access import names
from organizers.approvers import Ballot
from web.console.experiments import Tried, tried

AHEAD = 6
TOLD, COUNTED = 60, 3  # dates of which figures are told: how many got them, what people did
PAST = timedelta(days=400)
FAR = timedelta(days=3660)


@dataclass(frozen=True, kw_only=True)
class EmailPage:
    """All of it."""

    email: Row[Any]
    campaign: str
    choice: Choice
    ahead: Sequence[Occurrence]  # what waits for somebody, and the next dates
    past: Sequence[Occurrence]  # the latest first
    ballot: Ballot | None  # None: one person is enough here, or nothing is left to approve
    own: dict[str, Ballot]  # of occurrences with words of their own that may yet leave
    clashes: Sequence[Clash]  # other mail to the same people on the same days
    names: dict[str, str]
    flying: dict[int, MessageStatus]  # of which something is on its way, by the message of the date
    tried: Sequence[Tried]  # the latest first
    named: Named  # for those who may write it
    briefs: Mapping[int, Brief]  # of the dates that left, by their message


def email_page(
    conn: Connection, email_id: int, *, house: HouseRules, now: datetime, effect_at: str = ""
) -> EmailPage:
    """An email as it stands; the caller has looked whether it may be seen. ``effect_at``: see ``tried``."""
    email = look_at(conn, email_id)
    found = of_emails(conn, None, start=now - PAST, stop=now + FAR, email_id=email_id, most=AHEAD)
    waiting = (RunStatus.HELD, RunStatus.POSTPONED, RunStatus.PLANNED)
    ahead = [each for each in found if each.at > now or each.status in waiting]
    past = [each for each in found if each not in ahead]
    campaign = conn.execute(
        select(Campaign.name).where(Campaign.id == email.campaign_id)
    ).scalar_one()
    known = dict(names(conn))
    flying = in_the_air(conn, [each.message_id for each in past if each.message_id is not None])
    paused = [each for each in past if flying.get(each.message_id or 0) is MessageStatus.PAUSED]
    asks = house.approvals > 1 and email.status != ScheduleStatus.CANCELLED
    return EmailPage(
        email=email,
        campaign=campaign,
        choice=choice_of(email.rule),
        ahead=ahead,
        past=past[::-1],
        ballot=_ballot(conn, email, house, now) if asks else None,
        own=_own(conn, email, [*ahead, *paused], house, now) if asks else {},
        clashes=clashes(
            conn,
            email.project_id,
            [each.at for each in ahead],
            named=read(email.audience).include.projects,
            but=email_id,
            now=now,
        ),
        names=known,
        named=names_in(conn, email_id, known),
        tried=tried(conn, email_id, effect_at=effect_at),
        briefs=brief(conn, sent_of(conn, email_ids=[email_id])[:TOLD], deeds=COUNTED),
        flying=flying,
    )


def _ballot(conn: Connection, email: Row[Any], house: HouseRules, now: datetime) -> Ballot | None:
    """Who stands behind it; None where somebody is missing, and nothing of it can leave any more."""
    stands = approving.standing(conn, email, None, house=house, now=now)
    over = stands.missing and not approving.may_leave(conn, email, None)
    return None if over else stands


def _own(
    conn: Connection,
    email: Row[Any],
    unsent: Sequence[Occurrence],
    house: HouseRules,
    now: datetime,
) -> dict[str, Ballot]:
    own = [each.local_time for each in unsent if each.own_words]
    rows = select(CampaignRun).where(
        CampaignRun.email_id == email.id, CampaignRun.local_time.in_(own)
    )
    return {
        run.local_time: approving.standing(conn, email, run, house=house, now=now)
        for run in conn.execute(rows).all()
    }
