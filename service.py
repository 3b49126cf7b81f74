"""One running process of Llamado, by role: web, sender, or both.

Everything is opened here, in order, and closed in the opposite one. A stop first lets what is on
the wire come home, so that a deploy leaves nothing unknown.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy import Connection, make_url

import deliverability
import settings as settings_module
import upkeep
from alerts import asking
from alerts.halting import hold_back
from campaigns import calendar, occurrences, stepping, sweeping
from database.embedded import SenderLock
from database.engine import Database, is_sqlite
from database.opening import Opened, opened, prepare, secret
from fitting import (
    host_of,
    mail_ticks,
    make_calls,
    make_patience,
    make_policy,
    make_providers,
    make_reconciler,
    make_simulator,
    make_site,
    read_secrets,
)
from messages import receipts
from messages.handing_over import hand_over_all
from messages.hours import require_zones
from messages.providers.simulated_lives import Behaviour
from messages.providers.simulator import Simulator
from messages.reconciling import Reconciler
from messages.remembering import Memory
from messages.ringing import Ringing
from messages.sending import Sender
from scheduler import Alarms, Tick, ticking
from settings import Settings
from web.app import make_app
from web.console.letters import any_waiting, write_letters
from web.keys import Site
from web.pages import compiling
from web.patience import Patience, receiving

log = structlog.get_logger("service")

RECEIPTS_SECONDS = 1
RECOVERY_SECONDS = 3  # with it, what a dead sender held is free within its lease and five seconds
RECONCILING_SECONDS = 15
HOUSEKEEPING_SECONDS = 15
LETTERS_SECONDS = 2
RINGING_SECONDS = 1
PROMPTS_SECONDS = 15
WEB_CLOSES_SECONDS = 2.0  # progress pages stay open for as long as they are allowed to


class Role(StrEnum):
    """What a process does."""

    ALL = "all"
    WEB = "web"
    SENDER = "sender"

    @property
    def serves(self) -> bool:
        """Whether it answers HTTP."""
        return self is not Role.SENDER

    @property
    def sends(self) -> bool:
        """Whether it sends messages."""
        return self is not Role.WEB


class PortTaken(Exception):
    """Nobody can listen there: another program does already, or it is no place of ours."""


@dataclass(frozen=True)
class Service:
    """A running process."""

    opened: Opened
    site: Site
    url: str  # where it listens; "" for a sender
    simulator: Simulator | None = None

    @property
    def database(self) -> Database:
        """Its database."""
        return self.opened.database


@asynccontextmanager
async def running(
    settings: Settings, role: Role = Role.ALL, *, behaviour: Behaviour | None = None
) -> AsyncIterator[Service]:
    """Run a process for as long as the context is open.

    Raises UnknownZone, DatabaseUnusable, SenderRunning or PortTaken. ``behaviour`` is how the simulated world
    reacts, where ``outbox.simulate`` is on.
    """
    require_zones()
    url = await asyncio.to_thread(prepare, settings.database.url)
    async with _unwrapping(), AsyncExitStack() as stack:
        if role.sends and is_sqlite(url):
            _hold_lock(stack, url)
        door = stack.enter_context(_listen(settings)) if role.serves else None
        base = f"http://{host_of(settings.web.host)}:{_port(door, settings)}"
        database = await stack.enter_async_context(opened(url))
        secrets = await database.database.write(read_secrets)
        site = make_site(settings, secrets, base)
        for sentence in settings_module.warnings(settings):
            log.warning("settings", sentence=sentence)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        if door is not None:
            await _serve(stack, database, site, door, make_patience(settings))
        simulator = make_simulator(settings, secrets, site, base, behaviour)
        if simulator is not None:
            _spawn(stack, tasks, simulator.run(), "simulator")
        if role.sends:
            await _send(stack, tasks, settings, database, site, simulator)
        else:
            await stack.enter_async_context(
                ticking([_receipts(database, site), _letters(database, site)])
            )
        yield Service(database, site, base if role.serves else "", simulator)


def leave_alone_what_stays() -> None:
    """Let Python's collector of garbage pass over all that is alive now, and look less often.

    Half a million objects of the libraries live as long as the process. To walk them again and again
    while windows of five hundred copies come and go took a tenth of the time spent on sending.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@asynccontextmanager
async def _unwrapping() -> AsyncIterator[None]:
    """Let a single failure be seen as itself, not as a group of one."""
    try:
        yield
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from group
        raise


def _hold_lock(stack: AsyncExitStack, url: str) -> None:
    lock = SenderLock(url)
    lock.take()
    stack.callback(lock.release)


def _listen(settings: Settings) -> socket.socket:
    """Bind first: the port must be known before links are made, and a taken one be told at once."""
    host, port = settings.web.host, settings.web.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]
        advice = "choose another with --port or [web] port"
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            advice = "set [web] host to an address of this machine"
        raise PortTaken(f"{host}:{port} cannot be listened on ({reason}); {advice}") from error


def _port(door: socket.socket | None, settings: Settings) -> int:
    return settings.web.port if door is None else int(door.getsockname()[1])


async def _serve(
    stack: AsyncExitStack, database: Opened, site: Site, door: socket.socket, patience: Patience
) -> None:
    runner = web.AppRunner(
        make_app(database.database, database.jobs, site),
        access_log=None,  # its lines would carry the tokens of people's links
        shutdown_timeout=WEB_CLOSES_SECONDS,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await stack.enter_async_context(receiving(runner, door, patience, trusted=site.trusted_proxies))
    await stack.enter_async_context(compiling(site.languages))


async def _send(
    stack: AsyncExitStack,
    tasks: asyncio.TaskGroup,
    settings: Settings,
    database: Opened,
    site: Site,
    simulator: Simulator | None,
) -> None:
    """Start the sending side and its clock."""
    providers = make_providers(settings, site, database.database, simulator)
    for provider in set(providers.values()):
        stack.push_async_callback(provider.close)
    sender = Sender(
        database.database,
        database.jobs,
        providers,
        site.house.identity,
        make_policy(settings),
        memory=await database.database.write(_memory, settings, database.url),
    )
    for sentence in await sender.start(also_hold=_hold_planned):
        log.warning("sender", sentence=sentence)
    _spawn(stack, tasks, sender.run(), "sender")
    stack.push_async_callback(sender.drain, settings.sending.drain_seconds)
    reconciler = make_reconciler(settings, site, database.database, database.jobs)
    stack.push_async_callback(reconciler.close)
    ticks = _ticks(sender, reconciler, database, site)
    ticks += upkeep.ticks(settings, database.database)
    sender_address = site.house.identity.email_sender
    ticks += await stack.enter_async_context(
        deliverability.ticking(settings, database.database, sender_address)
    )
    ticks += mail_ticks(settings, site, database)
    calls = make_calls(settings, site)
    if calls is not None and site.voice is not None:
        stack.push_async_callback(calls.close)
        ringing = Ringing(database.database, calls, site.voice, _now)
        ticks.append(Tick("ringing", RINGING_SECONDS, ringing.tick))
    await stack.enter_async_context(ticking(ticks, _alarms(database, site)))


def _memory(conn: Connection, settings: Settings, url: str) -> Memory:
    """Where this sender keeps what it has sent: beside an SQLite file, else in the state folder."""
    name = make_url(url).database or "llamado"
    folder = Path(settings.sending.state_folder)
    place = Path(name).resolve() if is_sqlite(url) else folder / "llamado"
    return Memory(place, installation=secret(conn, "installation"))


def _ticks(sender: Sender, reconciler: Reconciler, database: Opened, site: Site) -> list[Tick]:
    return [
        _receipts(database, site),
        _handing_over(database),
        _letters(database, site),
        Tick("recovery", RECOVERY_SECONDS, sender.recover),
        Tick("reconciling", RECONCILING_SECONDS, reconciler.tick),
        Tick("housekeeping", HOUSEKEEPING_SECONDS, sender.housekeeping),
        _prompts(database, site),
    ]


def _letters(database: Opened, site: Site) -> Tick:
    """Links to new passwords, which take the same for everybody, and questions to committees."""

    async def write_waiting() -> None:
        if await database.database.read(any_waiting, _now()):
            await database.database.write(write_letters, database.jobs, site, _now())

    return Tick("letters", LETTERS_SECONDS, write_waiting)


def _prompts(database: Opened, site: Site) -> Tick:
    """Reminders that are due, and the question how a call went."""

    async def write_due() -> None:
        rows = database.database
        asked = await rows.write(asking.ask_how_it_went, now=_now())
        due = partial(asking.write_due, house=site.house)
        written = await rows.write(due, database.jobs, now=_now())
        if asked or written:
            log.info("prompts", asked=asked, written=written)

    return Tick("prompts", PROMPTS_SECONDS, write_due)


def _receipts(database: Opened, site: Site) -> Tick:
    """Every process applies receipts, so that a page is up to date though no sender lives."""

    async def apply_receipts() -> None:
        """Those that could only be stored when they came."""
        while await database.database.write(
            receipts.apply_waiting, secret=site.links_secret, now=_now()
        ):
            continue

    return Tick("receipts", RECEIPTS_SECONDS, apply_receipts)


def _handing_over(database: Opened) -> Tick:
    """Who was left to another committee's part gets their copy, if that one does not leave."""

    async def hand_over() -> None:
        given = await hand_over_all(
            database.database, database.jobs, hold_back=hold_back, clock=_now
        )
        if given:
            log.info("handed over", copies=given)

    return Tick("handing over", HOUSEKEEPING_SECONDS, hand_over)


def _hold_planned(conn: Connection, now: datetime) -> None:
    """After a backup was put back: of planned mail that is due nobody knows whether it went."""
    occurrences.hold_overdue(conn, now)
    stepping.hold_due(conn, now)


def _alarms(database: Opened, site: Site) -> Alarms:
    """When campaigns' emails fire."""
    rows, house = database.database, site.house

    async def upcoming() -> Mapping[int, datetime]:
        return await rows.read(calendar.upcoming)

    async def ring(email_id: int) -> None:
        await sweeping.sweep(rows, database.jobs, house=house, clock=_now, among=[email_id])

    async def sweep() -> None:
        await sweeping.sweep(rows, database.jobs, house=house, clock=_now)

    return Alarms(upcoming, ring, sweep)


def _spawn(
    stack: AsyncExitStack,
    tasks: asyncio.TaskGroup,
    work: Coroutine[Any, Any, None],
    name: str,
) -> None:
    """Run beside everything else; cancelled, and awaited, when the context closes."""
    task = tasks.create_task(work, name=name)
    stack.callback(task.cancel)


def _now() -> datetime:
    return datetime.now(UTC)
