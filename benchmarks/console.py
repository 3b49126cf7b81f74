"""How long does each page of the console take when a network has a million copies behind it?

python -m benchmarks.run --only console

Every GET route is asked, as an admin of the whole network and as the organizer of its largest committee; a
route that this cannot fill, or that answers with anything but a page or a way on, fails the measurement.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import Connection, TextClause, select, text, update

from alerts import approval_asks
from alerts.models import Alert
from benchmarks.congress import fill_congress
from benchmarks.figure import Figure, middle, percentile
from benchmarks.history import write_history
from benchmarks.mailings import latest, write_mailings
from benchmarks.population import PROJECTS, loading, populate
from campaigns import approval_asks as planned_asks
from campaigns.ballots import About
from campaigns.models import CampaignEmail
from database.engine import is_sqlite
from database.opening import Opened, opened
from messages.models import Message, MessageStatus, Reply
from organizers import links
from organizers.roles import Grant, Role
from tests.builders import load_invented_officials, make_alert
from tests.web.console.test_isolation import NOWHERE, Theirs, make_theirs
from tests.web.organizing import Desk, console, desk
from tests.web.serving import Client
from web.console.declaring import TOKEN
from web.console.routes import ROUTES

COPIES = 20  # of each person, over the year
TIMES = 20
MOST_MS = 100
SHOWN = 5  # pages told one by one
BARE = "an aiohttp handler that answers nothing"
MORE = (  # what routes do not name: lists otherwise looked at, searches, other months
    "/inbox?show=done",
    "/inbox?show=understood",
    "/inbox?show=snoozed",
    "/inbox?q=Rivas",
    "/contacts?q=Rivas",
    "/contacts?q=nobody at all",
    "/contacts?q=%2B16082001234",
    "/?month=2026-10",
    "/representatives?q=WI",
    "/alerts/{alert_id}/coverage?view=unasked",
    "/alerts/{alert_id}/coverage?view=uncalled",
    "/alerts/{alert_id}?person=3",
    "/alerts/new?like={alert_id}",
    "/alerts/new?case={case_id}",
    "/alerts/{draft_id}",
    "/alerts/{draft_id}/edit",
    "/alerts/{draft_id}/approval",
    "/alerts/{draft_id}/left-out/sms/no_consent",
    "/alerts/{draft_id}/people/held",
    "/alerts/{draft_id}/test",
    "/emails/{email_id}/report?for=partners",
    "/campaigns/{campaign_id}/report?for=partners",
)

# What can be asked of an email only while a date of it is to come.
TO_COME = (
    "/emails/{planned_id}",
    "/emails/{planned_id}/change",
    "/emails/{planned_id}/words?at={at}",
)
WORDS = "/emails/{email_id:[0-9]{1,15}}/words"


Computed = Callable[[], float]


class NoPage(Exception):
    """A route did not answer with a page."""


@dataclass(frozen=True)
class Asked:
    """How long a page took, in milliseconds."""

    path: str
    who: str
    first: float
    times: Sequence[float]
    computing: float  # each time, of this process and of PostgreSQL's

    @property
    def late(self) -> float:
        """The time that one in twenty exceeds."""
        return percentile(list(self.times), 95)


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in, and one object of theirs of each kind."""

    name: str
    desk: Desk
    theirs: Theirs
    tokens: Mapping[str, str]  # by the beginning of a path
    at: str  # the wall time of their planned email

    def path(self, route: web.RouteDef) -> str:
        """A route's address with what is theirs filled in."""
        if TOKEN in route.path:
            return f"/console{route.path.replace(TOKEN, self.tokens[route.path.split('/')[1]])}"
        return self.theirs.path(route)


async def measure(url: str, folder: Path, *, deliveries: int) -> list[Figure]:
    """Ask every page of both, slowest first; bare requests take turns."""
    database = "SQLite" if is_sqlite(url) else "PostgreSQL"
    now = datetime.now(UTC)
    started = time.perf_counter()
    await asyncio.to_thread(populate, url, deliveries // COPIES)
    await asyncio.to_thread(fill, url, deliveries, now)
    print(f"written in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    asked, idle = await ask(url, now)
    asked.sort(key=lambda each: -each.late)
    _tell(asked, database)
    return _figures(asked, idle, database)


async def ask(url: str, now: datetime) -> tuple[list[Asked], list[float]]:
    """Ask every page of a filled database; return what they took, and bare requests in between."""
    asked, idle = [], []
    async with opened(url) as here, console(here, now) as client, _bare() as bare:
        visitors = await _visitors(here, client, now)
        computed = await _computed(here)
        for each in visitors:
            for path in _paths(each):
                asked.append(await _asked(each, path, computed))
                idle += [await _timed(bare.get("/")) for _ in range(3)]
    return asked, idle


def fill(url: str, deliveries: int, now: datetime) -> None:
    """Write the year of a network whose people are there."""
    with loading(url) as conn:
        load_invented_officials(conn)
        fill_congress(conn)
        write_history(conn, deliveries, now)
        for project_id in (None, 1):
            write_mailings(conn, project_id, now)
    with loading(url) as conn:
        # PostgreSQL gathers statistics by itself; on SQLite we gather none.
        conn.execute(text("DELETE FROM sqlite_stat1" if is_sqlite(url) else "ANALYZE"))


async def _visitors(here: Opened, client: Client, now: datetime) -> list[Visitor]:
    """An admin of everything, and an organizer of the largest committee."""
    mine = 1
    admin = await desk(
        client, here, now, network=True, projects=list(range(1, PROJECTS + 1)), exports=True
    )
    organizer = await desk(client, here, now, projects=[mine], exports=True)
    theirs = await here.database.write(make_theirs, now, mine)
    networks = await here.database.write(make_theirs, now, None)
    both = []
    for name, who, project_id, some in (
        ("admin", admin, None, networks),
        ("organizer", organizer, mine, theirs),
    ):
        ids = await here.database.read(_latest, project_id)
        own = {"project_id": mine, "proposal_id": theirs.ids["proposal_id"]}
        filled = Theirs({**some.ids, **own, **ids})
        filled.ids["draft_id"] = await here.database.write(_draft, project_id)
        filled.ids["planned_id"] = some.ids["email_id"]
        at = await here.database.write(_plan, some.ids["email_id"], now + timedelta(weeks=1))
        tokens = await here.database.write(_tokens, who.organizer_id, filled.ids, project_id, now)
        both.append(Visitor(name, who, filled, tokens, at))
    return both


def _plan(conn: Connection, email_id: int, when: datetime) -> str:
    """Move a planned email, whatever day it is here; return its wall time."""
    email = conn.execute(select(CampaignEmail.zone).where(CampaignEmail.id == email_id)).one()
    at = when.astimezone(ZoneInfo(email.zone)).strftime("%Y-%m-%dT%H:%M")
    values = {"local_time": at, "next_local": at, "next_run_at": when}
    conn.execute(update(CampaignEmail).where(CampaignEmail.id == email_id).values(values))
    return at


def _latest(conn: Connection, project_id: int | None) -> dict[str, int]:
    """A project's latest alert with its case, the newest reply to it that waits, who wrote that; its latest email."""
    launched = (
        select(Alert.id, Alert.case_id, Alert.message_id)
        .join(Message, Message.id == Alert.message_id)
        .where(Message.project_id.is_not_distinct_from(project_id), Message.expected > 0)
        .order_by(Message.launched_at.desc())
    )
    alert = conn.execute(launched.limit(1)).one()
    replies = select(Reply.id, Reply.contact_id).where(Reply.message_id == alert.message_id)
    waits = Reply.handled_at.is_not(None), Reply.id
    reply = conn.execute(replies.order_by(*waits).limit(1)).one()
    ids = {"alert_id": alert.id, "case_id": alert.case_id, **latest(conn, project_id)}
    return {**ids, "reply_id": reply.id, "contact_id": reply.contact_id}


def _draft(conn: Connection, project_id: int | None) -> int:
    """An alert that is still being written, for which more is asked of people than for one that left."""
    draft = make_alert(conn, status=MessageStatus.DRAFT, launched_at=None, project_id=project_id)
    return draft.alert_id


def _tokens(
    conn: Connection,
    organizer_id: int,
    ids: Mapping[str, int],
    project_id: int | None,
    now: datetime,
) -> dict[str, str]:
    """What the links in letters carry."""
    guest = {"name": "Dana", "email": f"dana{organizer_id}@example.org", "language": "en"}
    at = project_id or 1
    _, invited = links.invite(conn, **guest, project=at, grant=Grant(Role.VIEWER), by="x", now=now)
    [ask_id] = approval_asks.ask(conn, ids["draft_id"], [organizer_id], by="x", now=now)
    [of_email] = planned_asks.ask(conn, About(ids["planned_id"]), [organizer_id], by="x", now=now)
    return {
        "join": invited,
        "reset": links.make_reset(conn, organizer_id, by="x", now=now),
        "approve": approval_asks.issue(conn, ask_id),
        "approve-email": planned_asks.issue(conn, of_email, now=now),
    }


async def _computed(here: Opened) -> Computed:
    """Seconds that processors have worked for us: here, and in the server processes of this database."""
    if is_sqlite(here.url):
        return time.process_time
    ours = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    postmaster = psutil.Process((await here.database.read(_scalars, ours))[0]).parent()

    def computed() -> float:
        servers = [] if postmaster is None else postmaster.children()
        theirs = [each.cpu_times() for each in servers]
        return time.process_time() + sum(each.user + each.system for each in theirs)

    return computed


def _scalars(conn: Connection, statement: TextClause) -> list[int]:
    return list(conn.scalars(statement))


def _paths(visitor: Visitor) -> list[str]:
    routes = [route for route in ROUTES if route.method == "GET" and route.path != WORDS]
    named = [visitor.path(route) for route in routes]
    there = [each for each in named if f"/{NOWHERE}" not in each]  # some things only the office has
    more = (each.format(**visitor.theirs.ids, at=visitor.at) for each in (*MORE, *TO_COME))
    return [*there, *(f"/console{each}" for each in more)]


async def _asked(visitor: Visitor, path: str, computed: Computed) -> Asked:
    """Ask for a page several times. Raises NoPage."""
    first = await _timed(visitor.desk.get(path), path)
    before = computed()
    times = [await _timed(visitor.desk.get(path), path) for _ in range(TIMES)]
    computing = (computed() - before) * 1000 / TIMES
    return Asked(path, visitor.name, first, times, computing)


async def _timed(asking: Awaitable[ClientResponse], path: str = "/") -> float:
    """Milliseconds until a page is there; of an alert's events until the first."""
    started = time.perf_counter()
    answer = await asking
    if answer.status not in (HTTPStatus.OK, HTTPStatus.SEE_OTHER):
        raise NoPage(f"{path} answered {answer.status}")
    await (answer.content.readline() if path.endswith("/events") else answer.read())
    taken = (time.perf_counter() - started) * 1000
    answer.close()
    return taken


@asynccontextmanager
async def _bare() -> AsyncIterator[Client]:
    async def nothing(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/", nothing)
    async with TestClient(TestServer(app)) as client:
        yield client


def _tell(asked: Sequence[Asked], database: str) -> None:
    for each in asked:
        told = f"p50 {middle(list(each.times)):6.1f}  p95 {each.late:6.1f}  first {each.first:6.1f}"
        more = f"computing {each.computing:6.1f}  {each.who:9} {each.path}"
        print(f"{database:10} {told}  {more}", file=sys.stderr)
    slow = [each for each in asked if each.late > MOST_MS]
    print(
        f"{database}: {len(asked)} pages, {len(slow)} of them over {MOST_MS} ms; the slowest"
        f" {asked[0].path} ({asked[0].who}): {asked[0].late:.0f} ms",
        file=sys.stderr,
        flush=True,
    )


def _figures(asked: Sequence[Asked], idle: list[float], database: str) -> list[Figure]:
    """The slowest by name, then all together; what a page computes does not go by who else is at the machine."""
    late, bare, reach = percentile(idle, 95), middle(idle), f"≤ {MOST_MS} ms"
    told = [
        Figure(f"console {each.path.removeprefix('/console')} ({each.who}), p95", database, each.late,
               "ms", late, BARE, reach, each.late <= MOST_MS)
        for each in asked[:SHOWN]
    ]  # fmt: skip
    middles = [middle(list(each.times)) for each in asked]
    dearest = max(asked, key=lambda each: each.computing)
    over = sum(each.late > MOST_MS for each in asked)
    return [
        *told,
        Figure(f"console, the middle one of {len(asked)} pages, p50", database, middle(middles), "ms", bare, BARE),
        Figure(f"console, pages over {MOST_MS} ms at p95", database, over, "pages", len(asked), "pages asked", "none", not over),
        Figure(f"console, computing each, the most: {dearest.path.removeprefix('/console')} ({dearest.who})",
               database, dearest.computing, "ms", bare, BARE),
    ]  # fmt: skip
