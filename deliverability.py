"""What the clock does so that our email stays welcome: worn-out mailboxes, gates that are long open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from database.engine import Database
from messages import mail_gates, troubles
from scheduler import Tick
from settings import Settings

log = structlog.get_logger("service")

WORN_OUT_SECONDS = 3600


def ticks(settings: Settings, database: Database) -> Sequence[Tick]:
    """What a sending process does for it, and how often."""
    return [_worn_out(settings, database)]


def _worn_out(settings: Settings, database: Database) -> Tick:
    """Mailboxes from which emails keep coming back are written to no more."""
    rule = settings.deliverability.soft_rule

    async def refuse() -> None:
        if refused := await database.write(troubles.refuse_worn_out, rule, now=_now()):
            log.info("worn out", mailboxes=refused)
        await database.write(mail_gates.forget, now=_now())

    return Tick("worn out", WORN_OUT_SECONDS, refuse)


def _now() -> datetime:
    return datetime.now(UTC)
