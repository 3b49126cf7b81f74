"""One process of the service for a fault to happen to: the real ``service.running``, on a smaller scale.

Only figures are scaled down (the lease, the patience with a provider, how often it keeps house), so
that what takes minutes in production takes seconds here and runs the same code. Its clock, its
resolver of names and its SQL can be disturbed from outside through ``Knobs``, in shared memory.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

import fitting
import logs
import service
from contacts.models import Channel
from database.clock import database_now
from database.engine import Database
from messages.providers.provider import Provider
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.providers.simulator import Simulator
from messages.providers.twilio import Twilio, TwilioAccount
from messages.sending import Policy, Sender
from settings import Settings, load
from web.keys import Site

FORKS: ForkServerContext = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])  # else every process would spend seconds on imports
PROVIDER_HOST = "provider.llamado.test"  # a name that only our own resolver knows
LEDGER = ("deliveries", "batches", "message_counts", "messages", "paces", "events")
"""Tables whose statements the sweeps break one by one."""


@dataclass(frozen=True)
class Scale:
    """The figures that are smaller than in production, in seconds."""

    lease: float = 10.0
    answer_time: float = 6.0  # kept free before a lease ends
    patience: float = 5.0  # with a provider's answer
    unclean_starts: int = 3  # not seconds: after so many within ten minutes it pauses itself


def _number(kind: str) -> Any:
    return FORKS.Value(kind, 0, lock=False)


@dataclass
class Knobs:
    """What a fault may turn while the process runs."""

    clock: Any = field(default_factory=partial(_number, "d"))  # seconds that its clock is wrong by
    names_fail: Any = field(
        default_factory=partial(_number, "b")
    )  # whether the provider's name can be resolved
    block: Any = field(
        default_factory=partial(_number, "d")
    )  # for how long SIGUSR1 blocks the event loop
    break_at: Any = field(
        default_factory=partial(_number, "i")
    )  # the how-manyeth statement on the ledger from now on goes wrong
    breaks: Any = field(default_factory=partial(_number, "b"))  # how: FAILS or KILLS
    broken: Any = field(default_factory=partial(_number, "i"))  # how many did
    ready: Any = field(default_factory=FORKS.Event)


FAILS, KILLS = 0, 1


class SenderProcess:
    """A running process."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, role: str, scale: Scale, knobs: Knobs
    ) -> None:
        self.knobs = knobs
        self.log = folder / "service.log"
        knobs.ready.clear()
        arguments = (dict(environment), folder, role, scale, knobs)
        self._process = FORKS.Process(target=serve, args=arguments, daemon=True)
        self._process.start()

    def wait_until_ready(self, within: float = 60.0) -> bool:
        """Whether it is up; False when it ended instead."""
        ends = time.monotonic() + within
        while time.monotonic() < ends:
            if self.knobs.ready.wait(0.05):
                return True
            if self.ended:
                return False
        return False

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def ended(self) -> bool:
        return self._process.exitcode is not None

    @property
    def said(self) -> str:
        """Everything that the processes of this folder wrote to their log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self, number: int = signal.SIGTERM, within: float = 40.0) -> int | None:
        """Send a signal and wait for the end; the exit code, as the kernel tells it."""
        if not self.ended:
            self.send(number)
        self._process.join(within)
        if not self.ended:
            self._process.kill()
            self._process.join()
            return None
        return self._process.exitcode


def serve(
    environment: Mapping[str, str], folder: Path, role: str, scale: Scale, knobs: Knobs
) -> None:
    """Run until SIGTERM, as ``llamado serve`` does."""
    written = os.open(folder / "service.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.chdir(folder)
    logs.configure("info")
    _disturb_sql(knobs)
    scaled: dict[str, Any] = {
        "HOUSEKEEPING_SECONDS": 1,
        "Sender": partial(Sender, clock=partial(_wrong_clock, knobs)),
        "make_policy": partial(_policy, scale),
        "make_providers": partial(_providers, scale),
    }
    with (
        patch.multiple(service, **scaled),
        patch.object(socket, "getaddrinfo", partial(_resolve, knobs, socket.getaddrinfo)),
    ):
        asyncio.run(_serve(load(environment, folder=folder), service.Role(role), knobs))


async def _serve(settings: Settings, role: service.Role, knobs: Knobs) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: time.sleep(knobs.block.value))
    async with service.running(settings, role):
        knobs.ready.set()
        await told.wait()


def _wrong_clock(knobs: Knobs, conn: Connection) -> datetime:
    return database_now(conn) + timedelta(seconds=knobs.clock.value)


def _policy(scale: Scale, settings: Settings) -> Policy:
    return replace(
        fitting.make_policy(settings),
        lease=timedelta(seconds=scale.lease),
        answer_time=timedelta(seconds=scale.answer_time),
        unclean_starts=scale.unclean_starts,
    )


def _providers(
    scale: Scale, settings: Settings, site: Site, _database: Database, _simulator: Simulator | None
) -> dict[Channel, Provider]:
    twilio, sendgrid = settings.twilio, settings.sendgrid
    return {
        Channel.SMS: Twilio(
            TwilioAccount(
                account_sid=twilio.account_sid,
                username=twilio.account_sid,
                password=twilio.auth_token,
                public_url=site.public_url,
                api_base=twilio.api_base,
                concurrency=settings.sending.concurrency,
                timeout=scale.patience,
            )
        ),
        Channel.EMAIL: SendGrid(
            SendGridAccount(
                sendgrid.api_key,
                sendgrid.api_base,
                together=sendgrid.people_per_request,
                timeout=scale.patience,
            )
        ),
    }


def _resolve(knobs: Knobs, really: Any, host: Any, *args: Any, **more: Any) -> Any:
    """Know one name of our own, or not."""
    if host != PROVIDER_HOST:
        return really(host, *args, **more)
    if knobs.names_fail.value:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return really("127.0.0.1", *args, **more)


def _disturb_sql(knobs: Knobs) -> None:
    """Count statements on the ledger, commits among them, and break the one that is asked for."""
    touched = False

    def count(what: str) -> None:
        if knobs.break_at.value <= 0:
            return
        knobs.break_at.value -= 1
        if knobs.break_at.value:
            return
        knobs.broken.value += 1
        if knobs.breaks.value == KILLS:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OperationalError(what, None, sqlite3.OperationalError("broken on purpose"))

    @event.listens_for(Engine, "before_cursor_execute")
    def statement(_conn: Any, _cursor: Any, text: str, *_more: Any) -> None:
        nonlocal touched
        if any(table in text for table in LEDGER):
            touched = touched or not text.startswith("SELECT")
            count(text)

    @event.listens_for(Engine, "commit")
    def commit(_conn: Connection) -> None:
        nonlocal touched
        if touched:
            touched = False
            count("COMMIT")
