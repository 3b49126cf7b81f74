"""Which other planned mail reaches the same people on the same day? Told when one is scheduled, never forbidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from campaigns import collisions
from campaigns.calendar import look_at
from campaigns.models import RunStatus
from campaigns.upcoming import of_emails

DAY = timedelta(hours=24)
MOST = 5
OFF = (RunStatus.SKIPPED,)


@dataclass(frozen=True)
class Clash:
    """Another email to the same people within a day."""

    email_id: int
    at: datetime
    texts: dict[str, Any]
    same_project: bool  # else only the day is told: what others write is theirs


def clashes(
    conn: Connection, email: Row[Any], at: Sequence[datetime], *, now: datetime
) -> list[Clash]:
    """What else goes to the same people less than a day from one of these instants, the first five."""
    ahead = [each for each in at if each > now]
    if not ahead:
        return []
    mine = collisions.whose(email)
    whose: dict[int, tuple[int, ...] | None] = {}
    found = []
    for other in of_emails(conn, None, start=min(ahead) - DAY, stop=max(ahead) + DAY):
        if other.email_id == email.id or other.status in OFF:
            continue
        if all(abs(other.at - each) >= DAY for each in ahead):
            continue
        if other.email_id not in whose:
            whose[other.email_id] = collisions.whose(look_at(conn, other.email_id))
        if collisions.meet(mine, whose[other.email_id]):
            same = other.project_id == email.project_id
            found.append(Clash(other.email_id, other.at, other.texts, same))
    return found[:MOST]
