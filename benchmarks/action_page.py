"""How long does a supporter's page take over HTTP, next to a handler that does nothing, and how much is it?

python -m benchmarks.run --only action_page
"""

from __future__ import annotations

import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import Connection, insert

import web as pages
from actions.models import Outcome, Response
from benchmarks.figure import Figure, middle, percentile
from database.engine import is_sqlite
from database.opening import opened
from messages.links import person_token
from tests.builders import load_invented_officials, make_alert, make_contact, make_delivery
from tests.web.serving import LINKS_SECRET, Client, serving
from tests.writing_cases import make_call_and_letter

NOW = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)
TIMES = 50  # a page takes 60 answers an hour
MOST_MS, MOST_KB = 100, 15
BARE = "an aiohttp handler that answers nothing"
TOLD = (Outcome.SPOKE, Outcome.VOICEMAIL, Outcome.NO_ANSWER)
SEATS = ("us:house:WI:2", "us:senate:WI:1", "us:senate:WI:3")


async def measure(url: str, folder: Path, *, answers: int) -> list[Figure]:
    """A supporter's page of an alert that so many answers were given to; bare requests take turns."""
    database = "SQLite" if is_sqlite(url) else "PostgreSQL"
    async with opened(url) as here:
        path = await here.database.write(_page_of_a_supporter, answers)
        async with serving(here, NOW) as client, _bare() as bare:
            looked, idle, told, work, none = [], [], [], [], []
            for _ in range(TIMES):
                before = time.process_time()
                idle.append(await _timed(bare, "/"))
                between = time.process_time()
                looked.append(await _timed(client, path))
                none.append((between - before) * 1000)
                work.append((time.process_time() - between) * 1000)
                told.append(await _answered(client, path))
            size, whole = await _sizes(client, path)
    late, bare_late = percentile(looked, 95), percentile(idle, 95)
    reach, most = f"≤ {MOST_MS} ms", f"≤ {MOST_KB} KB"
    return [
        Figure("action page, p50", database, middle(looked), "ms", middle(idle), BARE),
        Figure("action page, p95", database, late, "ms", bare_late, BARE, reach, late <= MOST_MS),
        Figure("action page, computing each", database, middle(work), "ms", middle(none), BARE),
        Figure("an answer and the next page, p50", database, middle(told), "ms", middle(idle), BARE),
        Figure("action page with its look and icon, gz", database, size, "KB", whole, "the same, not packed", most, size <= MOST_KB),
    ]  # fmt: skip


def _page_of_a_supporter(conn: Connection, answers: int) -> str:
    load_invented_officials(conn)
    alert = make_alert(conn, make_call_and_letter(conn))
    rows = [
        {
            "action_id": alert.action_id,
            "who": f"visitor:{number // len(SEATS)}",
            "target": SEATS[number % len(SEATS)],
            "outcome": TOLD[number % 7 % len(TOLD)],
            "channel": "web",
            "note": "",
            "at": NOW - timedelta(hours=1),
        }
        for number in range(answers)
    ]
    conn.execute(insert(Response), rows)
    delivery_id = make_delivery(conn, alert.message_id, make_contact(conn, "Amina"))
    return f"/a/{person_token(LINKS_SECRET, delivery_id)}"


@asynccontextmanager
async def _bare() -> AsyncIterator[Client]:
    async def nothing(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/", nothing)
    async with TestClient(TestServer(app)) as client:
        yield client


async def _timed(client: Client, path: str) -> float:
    started = time.perf_counter()
    async with client.get(path) as answer:
        await answer.read()
        answer.raise_for_status()
    return (time.perf_counter() - started) * 1000


async def _answered(client: Client, path: str) -> float:
    """Milliseconds for what follows a press of a button: the answer is stored, the next page comes."""
    started = time.perf_counter()
    async with client.post(path, data={"target": SEATS[0], "outcome": Outcome.SPOKE}) as answer:
        await answer.read()
        answer.raise_for_status()
    return (time.perf_counter() - started) * 1000


async def _sizes(client: Client, path: str) -> tuple[float, float]:
    """Kilobytes of the page, its look and its icon, packed and as they are."""
    async with client.get(path) as answer:
        page = await answer.read()
    static = Path(pages.__file__).parent / "static"
    whole = [page, *((static / name).read_bytes() for name in ("public.css", "mark.svg"))]
    packed = sum(len(gzip.compress(each)) for each in whole)
    return packed / 1024, sum(map(len, whole)) / 1024
