"""What the clock does to keep house: end what is kept no longer, tell the record's seal, settle what lapsed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from actions import flooding
from alerts import asking
from campaigns import step_copies
from contacts import changes
from contacts.places import settle_lapsed
from database.engine import Database
from messages import retention
from messages.uniting import unite_all
from organizers import audit
from representatives import corrections
from scheduler import Tick
from settings import Settings

log = structlog.get_logger("service")

SEALING_SECONDS = 3600
FORGETTING_SECONDS = 3600
LAPSING_SECONDS = 600
RETENTION_SECONDS = 3600
UNITING_SECONDS = 60


def ticks(settings: Settings, database: Database) -> Sequence[Tick]:
    """What a sending process does for it, and how often."""
    return [
        _retention(database, settings),
        _sealing(database),
        _forgetting(database, settings.retention.keep.delivery_detail),
        _lapsing(database),
        _uniting(database),
    ]


def _retention(database: Database, settings: Settings) -> Tick:
    """End what is kept no longer."""

    async def clear() -> None:
        done = await retention.clear(database, settings.retention.keep, now=_now())
        if any(done.values()):
            log.info("retention", **done)

    return Tick("retention", RETENTION_SECONDS, clear)


def _sealing(database: Database) -> Tick:
    """Tell the seal of the record's last entry where whoever changes the database does not reach."""
    told = audit.GENESIS

    async def tell_seal() -> None:
        nonlocal told
        head = await database.read(audit.head_of)
        if head.hash != told:
            log.info("audit head", entries=head.entries, seal=head.hash)
            told = head.hash

    return Tick("sealing", SEALING_SECONDS, tell_seal)


def _forgetting(database: Database, copies: timedelta | None) -> Tick:
    """What is kept against machines that answer in people's stead is kept for a week; corrections of
    offices end on their day; whose copy a step of a series was is told for as long as of any; and of all
    changes of people the last is remembered.
    """

    async def forget() -> None:
        await database.write(flooding.forget, now=_now())
        await database.write(corrections.expire, now=_now())
        await database.write(asking.forget, now=_now())
        await database.write(changes.forget)
        if copies is not None:
            await database.write(step_copies.forget, before=_now() - copies)

    return Tick("forgetting", FORGETTING_SECONDS, forget)


def _lapsing(database: Database) -> Tick:
    """Districts told on lines that have moved are opened again, soon after a Congress has begun."""

    async def settle() -> None:
        if moved := await settle_lapsed(database, _now()):
            log.info("districts lapsed", contacts=moved)

    return Tick("lapsing", LAPSING_SECONDS, settle)


def _uniting(database: Database) -> Tick:
    """Who has said of a form's two addresses that both are theirs becomes one contact."""

    async def unite() -> None:
        if united := await unite_all(database, clock=_now):
            log.info("contacts united", people=united)

    return Tick("uniting", UNITING_SECONDS, unite)


def _now() -> datetime:
    return datetime.now(UTC)
