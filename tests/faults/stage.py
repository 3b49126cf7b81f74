"""Where a fault is staged: a network of people, the service in real processes, the fake providers.

A run is: launch to 250 people with a phone and an email, let a quarter leave, put the fault in, heal
it, let everything finish as it would in production (a process that ended is started again, a pause
is lifted by a person), and ask the independent checker who was written to twice and who was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine

from database.embedded import open_engine
from database.engine import is_sqlite
from database.migrating import migrate
from database.opening import Opened, opened
from messages import control
from messages.progress import progress
from tests.builders import make_contact, make_message
from tests.crash import checker
from tests.fakes.provider import Options
from tests.fakes.proxy import Proxy
from tests.faults.fake_thread import FakeThread
from tests.faults.own_postgres import OwnPostgres
from tests.faults.sender_process import PROVIDER_HOST, Knobs, Scale, SenderProcess
from tests.processes import House, NotInTime, free_port, wait_until

PEOPLE = 250
STILL = 75.0  # seconds without any change after which a healed run is stuck
LONGEST = 400.0  # seconds that a healed run may take on a machine that is busy with other things
Unreadable = (sqlite3.Error, psycopg.Error)


@dataclass
class Grounds:
    """What the runs of one worker share: a folder, a server, and people in a template of each kind."""

    folder: Path
    server: Callable[[], OwnPostgres]
    people: int = PEOPLE
    _templates: dict[str, str] = field(default_factory=dict)

    def template(self, database: str) -> str:
        """A path or a database name with everybody in it."""
        if database not in self._templates:
            self._templates[database] = self._sqlite() if database == "sqlite" else self._postgres()
        return self._templates[database]

    def _sqlite(self) -> str:
        path = self.folder / "template.db"
        migrate(f"sqlite:///{path}")
        fill(f"sqlite:///{path}", self.people)
        return str(path)

    def _postgres(self) -> str:
        name = self.server().create()
        fill(self.server().url(name), self.people)
        return name


def fill(url: str, people: int) -> None:
    """A network of invented people, in two time zones."""
    engine = open_engine(url) if is_sqlite(url) else create_engine(url)
    with engine.begin() as conn:
        for _ in range(people):
            make_contact(conn, zones=("America/New_York", "America/Chicago"))
    engine.dispose()


class Stage:
    """One run."""

    def __init__(self, grounds: Grounds, database: str, folder: Path) -> None:
        self.grounds = grounds
        self.database = database
        self.folder = folder
        self.options: dict[str, Any] = {"hang_seconds": 6.0, "slow_seconds": 1.5}
        self.scale = Scale()
        self.undo_seconds = 0
        self.senders = 1
        self.home = folder  # of the SQLite file
        self.tablespace = ""  # of the PostgreSQL database; "" = the server's own
        self.wants_database_proxy = False
        self.wants_provider_proxy = False
        self.by_name = False  # reach the provider by its name
        self.knobs: list[Knobs] = []
        self.processes: list[SenderProcess] = []
        self.ends: list[int | None] = []  # exit codes of processes that we did not end
        self.taken_down: set[int] = set()  # those that we did, or noted
        self.pauses: list[str] = []  # why a message was paused by itself
        self.notes: dict[str, Any] = {}  # what a fault wants to remember
        self.undone: list[Callable[[], object]] = []  # what must be undone at the very end
        self.message_id = 0
        self.database_proxy: Proxy | None = None
        self.provider_proxy: Proxy | None = None
        self.url = ""
        self._name = ""

    # Setting up

    @property
    def server(self) -> OwnPostgres:
        return self.grounds.server()

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return self.home / "llamado.db"

    @property
    def per_second(self) -> int:
        """Copies a channel: half of them at once, so that a fault in the midst finds a midst."""
        return self.grounds.people // 2

    def set_up(self) -> None:
        """Make the database, the providers and the stretches of network that were asked for."""
        self.port = free_port()  # kept when a process is started again
        base = f"http://127.0.0.1:{self.port}"
        self.fake = FakeThread(Options(callback_base=base, **self.options))
        self.undone.append(self.fake.close)
        self._make_database()
        served = self.url
        if self.wants_database_proxy:
            self.database_proxy = self.fake.proxy(self.server.socket)
            served = self.server.url(self._name, port=self.database_proxy.port)
        port = self.fake.port
        if self.wants_provider_proxy:
            self.provider_proxy = self.fake.proxy(self.fake.port)
            port = self.provider_proxy.port
        host = PROVIDER_HOST if self.by_name else "127.0.0.1"
        self._environment = self._settings(served, f"http://{host}:{port}")

    def _make_database(self) -> None:
        template = self.grounds.template(self.database)
        if self.database == "sqlite":
            shutil.copy(template, self.file)
            self.url = f"sqlite:///{self.file}"
            return
        self._name = self.server.create(template=template, tablespace=self.tablespace or None)
        self.undone.append(lambda: self.server.drop(self._name))
        self.url = self.server.url(self._name)

    def _settings(self, url: str, provider: str) -> dict[str, str]:
        house = House(self.folder, url, port=self.port)
        return house.settings | {
            "LLAMADO_SENDING__BATCH": "25",
            "LLAMADO_SENDGRID__PEOPLE_PER_REQUEST": "25",
            "LLAMADO_SENDING__SMS_SEGMENTS_PER_SECOND": str(self.per_second),
            "LLAMADO_SENDING__EMAILS_PER_SECOND": str(self.per_second),
            "LLAMADO_TWILIO__ACCOUNT_SID": "AC" + "0" * 32,
            "LLAMADO_TWILIO__AUTH_TOKEN": self.fake.fake.options.twilio_token,
            "LLAMADO_TWILIO__FROM_NUMBER": "+16085550100",
            "LLAMADO_TWILIO__API_BASE": provider,
            "LLAMADO_DELIVERABILITY__WARM_UP_FIRST_DAY": "0",
            "LLAMADO_SENDGRID__API_KEY": self.fake.fake.options.sendgrid_api_key,
            "LLAMADO_SENDGRID__FROM_EMAIL": "Sister Cities <alerts@example.org>",
            "LLAMADO_SENDGRID__EVENT_PUBLIC_KEY": self.fake.fake.sendgrid_public_key,
            "LLAMADO_SENDGRID__API_BASE": provider,
        }

    # Processes

    def start(self) -> None:
        """Bring up every process: the first serves and sends, the others only send."""
        for number in range(self.senders):
            self.knobs.append(Knobs())
            self.processes.append(self.run_process(number))

    def run_process(self, number: int, role: str = "") -> SenderProcess:
        """Start a process; raises NotInTime when it does not come up."""
        made = SenderProcess(
            self._environment,
            self.folder,
            role or ("all" if number == 0 else "sender"),
            self.scale,
            self.knobs[number],
        )
        if not made.wait_until_ready():
            raise NotInTime(f"the service did not start:\n{made.said[-1500:]}")
        return made

    def restart(self, number: int = 0) -> None:
        """Start a process that we ended again, on the same port; if it cannot, later once more."""
        self.taken_down.add(self.processes[number].pid)
        with contextlib.suppress(NotInTime):
            self.processes[number] = self.run_process(number)

    def supervise(self) -> None:
        """Start again what ended, as systemd would; note what ended by itself."""
        for number, process in enumerate(self.processes):
            if not process.ended:
                continue
            if process.pid not in self.taken_down:
                self.ends.append(process.end())
            self.restart(number)

    @property
    def said(self) -> str:
        """The log of all processes."""
        return self.processes[0].said

    # The run

    def launch(self) -> None:
        """Launch a message to everybody."""
        self.message_id = self.write(self._launch)

    def _launch(self, conn: Connection, here: Opened) -> int:
        message_id = make_message(conn)
        control.queue(
            conn,
            here.jobs,
            message_id,
            confirmed=self.grounds.people,
            launched_by="test",
            undo_seconds=self.undo_seconds,
            now=datetime.now(UTC) + timedelta(seconds=self.clock),
        )
        return message_id

    @property
    def clock(self) -> float:
        """By how many seconds the processes' clock is wrong."""
        return float(self.knobs[0].clock.value) if self.knobs else 0.0

    def turn_clock(self, seconds: float) -> None:
        """Let the clock jump, in all processes."""
        for knobs in self.knobs:
            knobs.clock.value += seconds

    def wait_for_a_quarter(self) -> None:
        """Until the run is well under way."""
        quarter = self.grounds.people * 2 // 4
        wait_until("a quarter leaves", lambda: self.fake.accepted >= quarter, within=LONGEST)

    def finish(self) -> bool:
        """Let everything come to its end; False when nothing moves any more before that."""
        begun = moved = time.monotonic()
        seen: object = None
        while (now := time.monotonic()) < min(moved + STILL, begun + LONGEST):
            self.supervise()
            with contextlib.suppress(*Unreadable):
                if self.nobody_waits() and not self.fake.drain(0.5) and self.all_told():
                    return True
                self._lift_pauses()
                self._pass_over_retry_times()
                if (looks := self._looks()) != seen:
                    seen, moved = looks, now
            time.sleep(0.1)
        return False

    def _looks(self) -> object:
        """What changes as long as something happens."""
        waiting = self.query("SELECT count(*) FROM events WHERE applied_at IS NULL")
        delivered = self.fake.fake.courier.delivered
        return self.statuses(), self.fake.accepted, delivered, waiting[0][0]

    def end(self) -> None:
        """End all processes as a deploy would."""
        for process in self.processes:
            if not process.ended:
                self.notes.setdefault("codes", []).append(process.end(signal.SIGTERM))

    def strike(self) -> None:
        """Take everything down."""
        for process in self.processes:
            if not process.ended:
                process.end(signal.SIGKILL)
        for undo in reversed(self.undone):
            undo()

    def _lift_pauses(self) -> None:
        """As a person who reads why it was paused, puts that right and resumes."""
        for number, because in self.query(
            "SELECT id, paused_because FROM messages WHERE status = 'paused'"
        ):
            self.pauses.append(because)
            self.fake.relent()
            self.write(self._resume, number)

    def _resume(self, conn: Connection, here: Opened, number: int) -> None:
        control.resume(conn, here.jobs, number, now=self._now())

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.clock)

    def _pass_over_retry_times(self) -> None:
        """Let the clock jump to when the next copy may be tried again, when nothing else is left."""
        (waiting, soonest), (sending, _) = self.query(
            "SELECT count(*), min(not_before) FROM deliveries"
            f" WHERE status = {checker.PENDING} AND not_before IS NOT NULL"
            " UNION ALL SELECT count(*), NULL FROM deliveries"
            f" WHERE status = {checker.SENDING}"
            f" OR (status = {checker.PENDING} AND not_before IS NULL)"
        )
        if sending or not waiting:
            return
        wait = (_time(soonest) - self._now()).total_seconds()
        if wait > 2:
            self.turn_clock(wait)

    # Looking

    def query(self, statement: str) -> list[Any]:
        return checker.query(self.url, statement)[0]

    def nobody_waits(self) -> bool:
        """Whether everybody is accounted for, and their message finished."""
        (waiting,) = self.query(
            "SELECT (SELECT count(*) FROM deliveries WHERE status IN"
            f" ({checker.PENDING}, {checker.SENDING})) + (SELECT count(*) FROM messages"
            " WHERE expanded_at IS NULL OR status = 'sending')"
        )
        return bool(waiting[0] == 0)

    def all_told(self) -> bool:
        """Whether everybody is accounted for and every receipt applied, as far as can be seen."""
        with contextlib.suppress(*Unreadable):
            return self.nobody_waits() and not self.query(
                "SELECT 1 FROM events WHERE applied_at IS NULL LIMIT 1"
            )
        return False

    def statuses(self) -> Counter[int]:
        return Counter(dict(self.query("SELECT status, count(*) FROM deliveries GROUP BY status")))

    def write(self, unit: Callable[..., Any], *args: Any) -> Any:
        """Run a unit on the database from here, beside the service."""

        async def run() -> Any:
            async with opened(self.url) as here:
                return await here.database.write(lambda conn: unit(conn, here, *args))

        return asyncio.run(run())

    def balanced(self) -> bool:
        """Whether the product's own equation adds up."""
        found = self.write(lambda conn, _here: progress(conn, self.message_id, now=self._now()))
        return bool(found.equation.balanced)


def _time(value: str | datetime) -> datetime:
    """A time as either driver gives it."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value


@contextlib.contextmanager
def staged(grounds: Grounds, database: str, folder: Path) -> Iterator[Stage]:
    """A stage that is taken down at the end; ``set_up`` is the caller's."""
    folder.mkdir(parents=True)
    stage = Stage(grounds, database, folder)
    try:
        yield stage
    finally:
        stage.strike()
        shutil.rmtree(folder, ignore_errors=True)


def twice(ledger: checker.Ledger, journal: Sequence[checker.Entry]) -> int:
    """How many copies too many the provider took, by message and address."""
    people = Counter(
        (ledger.copies[entry["delivery_id"]].message_id, entry["to"])
        for entry in journal
        if entry["kind"] == "accepted"
    )
    return sum(count - 1 for count in people.values())
