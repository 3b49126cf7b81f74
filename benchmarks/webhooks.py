"""How many webhook events a second are durable *and* applied, beside an app that only reads the body.

    python -m benchmarks.webhooks [--events 20000] [--rounds 3] [--postgres]

The real web application runs in a process of its own; requests and signatures are made before the
clock starts and written to bare sockets, so that the generator takes as little of the machine as it can.
It still shares the cores. The clock stops when every event is applied; then the rows are checked.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import psutil
import uvloop
from aiohttp import web
from sqlalchemy import Connection, func, insert, select

import logs
from benchmarks.figure import Figure, middle, percentile
from benchmarks.posts import SITE, TOGETHER, Rows, sendgrid_posts, twilio_posts
from contacts.models import Channel
from database.opening import Opened, opened, prepare
from messages import counts
from messages.models import Delivery, Event, MessageStatus, Reach, Status
from service import leave_alone_what_stays
from tests.builders import LONG_AGO, make_message
from tests.databases import PostgresServer, SQLiteFiles, postgres_server
from web.app import make_app

ROOT = Path(__file__).parents[1]
BARE = "an app that only reads the body"
P99_MS = 50.0


@dataclass(frozen=True)
class Load:
    """What is posted, and what it is to reach."""

    what: str
    channel: Channel
    connections: int
    together: int  # events in a post
    reach: float  # events a second
    prepare: Callable[[Rows], list[bytes]]
    statuses: int  # events of each delivery


@dataclass
class Course:
    """How a load went."""

    seconds: float = 0.0
    cpu: float = 0.0  # seconds that the server computed, on whichever core
    latencies: list[float] = field(default_factory=list)  # seconds, of each answer

    def rate(self, events: int) -> float:
        return events / self.seconds

    def ms(self, percent: int) -> float:
        return percentile(self.latencies, percent) * 1000


async def measure(url: str, folder: Path, *, events: int) -> list[Figure]:
    """Figures of both providers' webhooks on the database of ``url``, which is filled."""
    figures = []
    for load in (TWILIO, SENDGRID):
        async with opened(prepare(url)) as here:
            figures += await _measure(here, load, folder, events)
    return figures


async def _measure(here: Opened, load: Load, folder: Path, events: int) -> list[Figure]:
    message_id, rows = await here.database.write(_fill, load.channel, events // load.statuses)
    requests = load.prepare(rows)
    sent = len(requests) * load.together
    with _serving("bare", "", folder) as server:
        bare = await _post(server, requests, load.connections, _nothing_to_wait_for)
    with _serving("llamado", here.url, folder) as server:
        ours = await _post(server, requests, load.connections, lambda: _applied(here))
    await here.database.read(_check, message_id, load, len(rows))
    return _figures(here, load, sent, ours, bare)


def _figures(here: Opened, load: Load, sent: int, ours: Course, bare: Course) -> list[Figure]:
    database = "SQLite" if here.database.embedded else "PostgreSQL"
    rate = ours.rate(sent)
    figures = [
        Figure(
            f"{load.what}, durable and applied",
            database,
            rate,
            "a second",
            bare.rate(sent),
            BARE,
            f"≥ {load.reach:,.0f}/s",
            rate >= load.reach,
        ),
        Figure(
            f"{load.what}, computing each",
            database,
            ours.cpu / sent * 1e6,
            "µs",
            bare.cpu / sent * 1e6,
            BARE,
        ),
    ]
    for percent, reach in ((50, ""), (99, f"p99 ≤ {P99_MS:.0f} ms")):
        value = ours.ms(percent)
        reached = value <= P99_MS if reach else None
        what = f"{load.what}, answered, p{percent}"
        figures.append(Figure(what, database, value, "ms", bare.ms(percent), BARE, reach, reached))
    return figures


# The rows


def _fill(conn: Connection, channel: Channel, deliveries: int) -> tuple[int, Rows]:
    """A launched message whose copies the provider has all accepted."""
    message_id = make_message(
        conn, status=MessageStatus.SENDING, reach=Reach(channel), launched_at=LONG_AGO
    )
    fixed = {
        "message_id": message_id,
        "channel": channel,
        "status": int(Status.ACCEPTED),
        "reason": "",
        "attempt": 1,
        "approved_sends": 1,
        "language": "en",
        "segments": 1,
        "changed_at": LONG_AGO,
    }
    rows = [{**fixed, "address": _address(channel, number)} for number in range(deliveries)]
    conn.execute(insert(Delivery), rows)
    deltas = counts.Deltas()
    deltas[counts.place(message_id, channel, Status.ACCEPTED, "", None)] = deliveries
    counts.apply(conn, deltas)
    made = select(Delivery.id, Delivery.address).where(Delivery.message_id == message_id)
    return message_id, [(row.id, row.address or "") for row in conn.execute(made)]


def _address(channel: Channel, number: int) -> str:
    return f"+1608{2_000_000 + number}" if channel == Channel.SMS else f"a{number}@example.org"


async def _applied(here: Opened) -> None:
    async with asyncio.timeout(60):
        while await here.database.read(_waiting):
            await asyncio.sleep(0.01)


async def _nothing_to_wait_for() -> None:
    return


def _waiting(conn: Connection) -> bool:
    return bool(conn.scalar(select(func.count()).where(Event.applied_at.is_(None))))


def _check(conn: Connection, message_id: int, load: Load, deliveries: int) -> None:
    """Every event kept once and applied, every copy delivered, the kept counts those of the rows."""
    kept = select(func.count()).where(Event.provider == load.what.partition(" ")[0].lower())
    assert conn.scalar(kept.where(Event.applied_at.is_not(None))) == deliveries * load.statuses
    assert conn.scalar(kept) == deliveries * load.statuses
    place = counts.place(message_id, load.channel, Status.DELIVERED, "", None)
    assert counts.counted(conn, message_id) == {place: deliveries}
    assert counts.kept(conn, [message_id]) == {place: deliveries}


TWILIO = Load("Twilio callbacks, one a post", Channel.SMS, 100, 1, 5_000, twilio_posts, 3)
SENDGRID = Load(
    "SendGrid events, 200 a post", Channel.EMAIL, 4, TOGETHER, 20_000, sendgrid_posts, 2
)


class _Poster(asyncio.Protocol):
    """One kept-alive connection that posts the next request as soon as the last is answered."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float]) -> None:
        self._requests, self._latencies = requests, latencies
        self._answer = b""
        self._since = 0.0
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._answer.endswith(b"\r\n\r\n"):
            return
        if not self._answer.startswith(b"HTTP/1.1 204 "):
            self.finished.set_exception(RuntimeError(self._answer.decode()))
            return
        self._latencies.append(time.perf_counter() - self._since)
        self._answer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionResetError("hung up before the end"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.finished.set_result(None)
            self._transport.close()
            return
        self._since = time.perf_counter()
        self._transport.write(request)


async def _post(
    server: Server,
    requests: Sequence[bytes],
    connections: int,
    until: Callable[[], Awaitable[None]],
) -> Course:
    """Post everything over so many connections; the clock stops when ``until`` is satisfied."""
    course = Course()
    # What is done once in a server's life; their second copies are recognised.
    await _post_all(server, requests[:connections], connections, Course())
    started, computed = time.perf_counter(), server.cpu()
    gc.disable()  # who measures must not pause
    await _post_all(server, requests, connections, course)
    gc.enable()
    await until()
    course.seconds = time.perf_counter() - started
    course.cpu = server.cpu() - computed
    return course


async def _post_all(
    server: Server, requests: Sequence[bytes], connections: int, course: Course
) -> None:
    waiting, loop = iter(requests), asyncio.get_running_loop()
    posters = [
        (
            await loop.create_connection(
                lambda: _Poster(waiting, course.latencies), "127.0.0.1", server.port
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(poster.finished for poster in posters))


# The process that is posted to


@dataclass(frozen=True)
class Server:
    """A running app."""

    port: int
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds it has computed so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextlib.contextmanager
def _serving(which: str, url: str, folder: Path) -> Iterator[Server]:
    """Run an app in a process of its own, its log in a file."""
    command = [sys.executable, "-m", "benchmarks.webhooks", "--serve", which, "--url", url]
    with (
        (folder / "webhooks.log").open("ab") as log,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()), psutil.Process(process.pid))
        process.stdin.close()
        process.wait(30)


async def _serve(which: str, url: str) -> None:
    """Serve on any free port, told on stdout, until stdin closes."""
    logs.configure("info")
    async with contextlib.AsyncExitStack() as stack:
        app = _bare_app()
        if which == "llamado":
            here = await stack.enter_async_context(opened(url))
            app = make_app(here.database, here.jobs, SITE)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        leave_alone_what_stays()  # as ``llamado serve`` does
        print(runner.addresses[0][1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


def _bare_app() -> web.Application:
    async def read(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/webhooks/{provider}/{kind}", read)
    return app


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description="How many webhook events a second?")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--serve", choices=("llamado", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(_serve(options.serve, options.url))
        return
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        databases: SQLiteFiles | PostgresServer = SQLiteFiles(folder)
        if options.postgres:
            databases = stack.enter_context(postgres_server(durable=True))
        rounds = [
            uvloop.run(measure(databases.make(), folder, events=options.events))
            for _ in range(options.rounds)
        ]
    for same in zip(*rounds, strict=True):
        value, baseline = middle([each.value for each in same]), middle([e.baseline for e in same])
        first = same[0]
        print(
            f"{first.what} on {first.database}: {value:,.1f} {first.unit}"
            f" ({baseline:,.1f} for {first.baseline_what}; {first.reach})"
        )


if __name__ == "__main__":
    main()
