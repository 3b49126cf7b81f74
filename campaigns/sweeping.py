"""Look what of all planned mail is due, and settle it, one email, or one series, at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import structlog

from campaigns import calendar, deciding, enrolling, firing, stepping
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
    if among is None:
        await _sweep_series(database, jobs, house, clock)
    due = await database.read(calendar.due, now=clock()) if among is None else among
    for email_id in due:
        # A date that fails keeps nobody from the decision about what another one tried.
        await _settle(database, jobs, email_id, firing.fire, house, clock)
        await _settle(database, jobs, email_id, deciding.decide, house, clock)


async def _settle(
    database: Database,
    jobs: Jobs,
    email_id: int,
    unit: Callable[..., Sequence[firing.Fired | deciding.Decided]],
    house: HouseRules,
    clock: Callable[[], datetime],
) -> None:
    try:
        done = await database.write(partial(unit, house=house), jobs, email_id, now=clock())
    except Exception:
        log.exception("a planned email could not be settled", email=email_id, by=unit.__name__)
        return
    for each in done:
        came = (
            (each.status, each.reason) if isinstance(each, firing.Fired) else (each.state, each.why)
        )
        log.info("campaign email", email=email_id, by=unit.__name__, status=came[0], reason=came[1])


async def _sweep_series(
    database: Database, jobs: Jobs, house: HouseRules, clock: Callable[[], datetime]
) -> None:
    """Take in who is to be in a series, and settle the steps that are due."""
    for series_id in await database.read(stepping.live_series):
        try:
            await _sweep_one(database, jobs, series_id, house, clock)
        except Exception:
            log.exception("a series could not be settled", series=series_id)


async def _sweep_one(
    database: Database,
    jobs: Jobs,
    series_id: int,
    house: HouseRules,
    clock: Callable[[], datetime],
) -> None:
    came = enrolling.MOST
    while came == enrolling.MOST:
        came = await database.write(enrolling.enrol, series_id, now=clock())
        if came:
            log.info("series", series=series_id, enrolled=came)
    settle, people = partial(stepping.settle, house=house), stepping.MOST
    while people >= stepping.MOST:
        done = await database.write(settle, jobs, series_id, now=clock())
        people = done.people
        if people:
            log.info("series", series=series_id, **done.by_status)
