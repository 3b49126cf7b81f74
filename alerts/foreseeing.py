"""Whom would an alert reach that is still being written? The same count as its check once it is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.models import Level
from messages.audience import Audience, consent_scopes, of_project
from messages.eligibility import Terms, recent_messages
from messages.forecast import Forecast, foresee
from messages.house import HouseRules
from messages.models import Reach
from organizers.roles import NETWORKS


def foreseen(
    conn: Connection,
    audience: Audience,
    *,
    project_id: int | None,
    reach: Reach,
    level: Level,
    house: HouseRules,
    now: datetime,
    begins_at: datetime | None = None,
) -> Forecast:
    """Everybody's fate, were it launched now to leave at once or when it begins.

    ``project_id`` None is an alert of the network's. A project writes to its own members, the network to its own people: whom committees that keep their
    lists would bring is asked once it is stored.
    """
    own = (
        replace(audience, among=(NETWORKS,))
        if project_id is None
        else of_project(audience, project_id)
    )
    cap = None if level is Level.RED else house.weekly_cap
    terms = Terms(
        reach=reach,
        scopes=consent_scopes(own),
        weekly_cap=cap,
        recent=() if cap is None else recent_messages(conn, now=now),
        countries=house.countries,
        today=now.date(),
    )
    return foresee(conn, own, terms, hours=house.hours, now=max(now, begins_at or now))
