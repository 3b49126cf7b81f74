"""Look what of all planned mail is due, and settle it, one email at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import structlog

from campaigns import calendar, deciding, firing
from database.engine import Database
from database.jobs import Jobs
from messages.house import HouseRules

log = structlog.get_logger("campaigns")


async def sweep(
    database: Database,
    jobs: Jobs,
    *,
    house: HouseRules,
    clock: Callable[[], datetime],
    among: Sequence[int] | None = None,
) -> None:
    """Settle what is due; ``among`` these emails only. What fails is told to the log, and holds up no other."""
    due = await database.read(calendar.due, now=clock()) if among is None else among
    for email_id in due:
        try:
            fire = partial(firing.fire, house=house)
            found = await database.write(fire, jobs, email_id, now=clock())
            decide = partial(deciding.decide, house=house)
            decided = await database.write(decide, jobs, email_id, now=clock())
        except Exception:
            log.exception("a planned email could not be settled", email=email_id)
            continue
        for each in found:
            log.info("campaign email", email=email_id, status=each.status, reason=each.reason)
        for one in decided:
            log.info("campaign experiment", email=email_id, state=one.state, why=one.why)
