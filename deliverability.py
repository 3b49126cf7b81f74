"""What the clock does so that our email stays welcome: records, the provider's lists, worn-out mailboxes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog

from database.clock import database_now
from database.engine import Database
from fitting import make_lists, make_records, make_wanted
from messages import mail_gates, sender_checks, troubles, unproven_stops
from messages.suppression_lists import Puller
from scheduler import Tick
from settings import Settings

log = structlog.get_logger("service")

RECORDS_SECONDS = 30
LISTS_SECONDS = 60
WORN_OUT_SECONDS = 3600


@asynccontextmanager
async def ticking(
    settings: Settings, database: Database, sender: str
) -> AsyncIterator[Sequence[Tick]]:
    """What a sending process does for it, and how often; ``sender`` is the network's."""
    ticks = [_worn_out(settings, database)]
    if settings.email_by != "outbox":
        ticks.append(_records(settings, database, sender))
    lists = make_lists(settings)
    if lists is None:
        yield ticks
        return
    try:
        yield [*ticks, Tick("lists", LISTS_SECONDS, Puller(database, lists, database_now).tick)]
    finally:
        await lists.close()


def _worn_out(settings: Settings, database: Database) -> Tick:
    """Mailboxes from which emails keep coming back are written to no more."""
    rule = settings.deliverability.soft_rule

    async def refuse() -> None:
        if refused := await database.write(troubles.refuse_worn_out, rule, now=_now()):
            log.info("worn out", mailboxes=refused)
        await database.write(mail_gates.forget, now=_now())
        await database.write(unproven_stops.forget, now=_now())

    return Tick("worn out", WORN_OUT_SECONDS, refuse)


def _records(settings: Settings, database: Database, sender: str) -> Tick:
    """The records of each sender's domain, once a day, and when somebody asks."""
    records, wanted = make_records(settings), make_wanted(settings)

    async def check() -> None:
        checked = await sender_checks.check_due(database, records, sender, wanted, now=_now())
        if checked:
            log.info("sender records", domains=checked)

    return Tick("sender records", RECORDS_SECONDS, check)


def _now() -> datetime:
    return datetime.now(UTC)
