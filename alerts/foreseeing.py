"""To whom would an alert go that is still being written? By the same rules as once it is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.models import Level
from messages.audience import Audience, consent_scopes, of_project
from messages.eligibility import Terms, recent_messages
from messages.house import HouseRules
from messages.models import Reach
from organizers.roles import NETWORKS


def addressed(
    conn: Connection,
    audience: Audience,
    *,
    project_id: int | None,
    reach: Reach,
    level: Level,
    house: HouseRules,
    now: datetime,
) -> tuple[Audience, Terms]:
    """To whom it would go, and by which rules.

    ``project_id`` None is an alert of the network's. A project writes to its own members, the network to its own
    people: whom committees that keep their lists would bring is asked once it is stored.
    """
    own = (
        replace(audience, among=(NETWORKS,))
        if project_id is None
        else of_project(audience, project_id)
    )
    cap = None if level is Level.RED else house.weekly_cap
    terms = Terms(
        reach=reach,
        scopes=tuple(consent_scopes(own)),
        weekly_cap=cap,
        recent=() if cap is None else recent_messages(conn, now=now),
        countries=house.countries,
        today=now.date(),
    )
    return own, terms
