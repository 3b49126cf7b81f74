"""``llamado demo``: the whole product with invented people, on this machine, sending nothing.

An alert on the Suchitoto 14 goes to invented supporters of all nine known pairs. The simulator plays
carriers and people through the same signed webhooks and pages as real ones, so what is seen here is
what an account would do.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import signal
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text
from sqlalchemy import Connection, func, select

import settings as all_settings
from alerts import approving, launching
from alerts.files import read_alert
from alerts.fingerprint import digest
from alerts.launching import Status
from alerts.preflight import check
from commands import alert_views, invented
from contacts import consent
from contacts.models import Channel, Contact, Standing
from contacts.people import create_contact
from contacts.projects import add_project
from database.jobs import Jobs
from messages.models import Delivery, Event, MessageStatus, OutboxMessage, Reply, ReplyVerdict
from messages.providers.simulated_lives import Behaviour
from messages.receipts import RECEIPT
from organizers.access import create_organizer
from organizers.approvers import How
from organizers.members import organizer_by_email, set_reading
from organizers.roles import NETWORKS, Grant, Role
from service import Service, running
from web.keys import Site

HOUSE = Path(__file__).parents[1]
ALERT = HOUSE / "alerts" / "examples" / "suchitoto-14.toml"

BY = "demonstration"
ORGANIZER = "amina@example.org"
APPROVER = "beatriz@example.org"
BEHAVIOUR = Behaviour(delivery_seconds=3, reaction_seconds=12, replied=0.10, stopped=0.03)
REFRESH_SECONDS = 0.5
PATIENCE_SECONDS = 300  # a demonstration that takes longer than this has failed
OWN_PAGE = re.compile(r"https?://\S+/a/[0-9A-Za-z]+")
HOURS_TOLD = """\
So that something moves at any hour, texts leave around the clock here.
Real ones arrive from 10:00 to 20:00 where their recipient lives,
on Sundays from 12:00; until then they are held."""
LATEST = 6  # replies shown
ROOM_NEEDED = 30  # lines of a terminal that the account and its frame take


class DemoFailed(Exception):
    """The demonstration did not come to its end."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was asked for on the command line."""

    folder: Path | None = None  # None: a temporary one
    port: int = 8080
    people: int = 300
    until_finished: bool = False
    undo_seconds: int = 5
    behaviour: Behaviour = BEHAVIOUR


@dataclass(frozen=True)
class Scene:
    """What a moment of the demonstration looks like."""

    status: Status
    replies: Sequence[tuple[str, str]]  # who, what they wrote; latest first
    opted_out: int
    wait_for_people: int  # replies that nobody has read


async def show(plan: Plan, console: Console) -> None:
    """Run the demonstration. Raises DemoFailed if it should end by itself and does not."""
    with _folder(plan) as folder, _told_to_stop() as told:
        settings = all_settings.load(environment(plan, folder), folder=folder)
        async with running(settings, behaviour=plan.behaviour) as service:
            password = secrets.token_urlsafe(9)
            with console.status("inventing people …"):
                alert_id = await service.database.write(
                    _prepare, service.opened.jobs, service.site, plan.people, password
                )
            await _tell_where(console, service, alert_id, password)
            scene = await _watch(
                console, service, alert_id, told, until_finished=plan.until_finished
            )
            _tell_result(console, scene)
            if plan.until_finished:
                _require_end(scene)


@contextmanager
def _folder(plan: Plan) -> Iterator[Path]:
    if plan.folder is not None:
        plan.folder.mkdir(parents=True, exist_ok=True)
        yield plan.folder
        return
    with tempfile.TemporaryDirectory(prefix="llamado-demo-") as folder:
        yield Path(folder)


@contextmanager
def _told_to_stop() -> Iterator[asyncio.Event]:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def environment(plan: Plan, folder: Path) -> dict[str, str]:
    """The demonstration's settings: nobody else's file or environment has a say in it."""
    name = datetime.now(UTC).strftime("demo-%Y%m%d-%H%M%S.db")
    chosen = {
        "NETWORK__NAME": "US-El Salvador Sister Cities (demo)",
        "NETWORK__POSTAL_ADDRESS": "1 Example Street, Madison WI 53703",
        "DATABASE__URL": f"sqlite:///{folder / name}",
        "WEB__PORT": str(plan.port),
        "OUTBOX__SIMULATE": "true",
        "SENDING__UNDO_SECONDS": str(plan.undo_seconds),
        "SENDING__SMS_SEGMENTS_PER_SECOND": "20",
        "SENDING__EMAILS_PER_SECOND": "20",
        "QUIET_HOURS__OPENS": "00:00",
        "QUIET_HOURS__CLOSES": "24:00",
        "QUIET_HOURS__SUNDAY_OPENS": "00:00",
        "WEB__SECOND_STEP": "false",
        "LOGS__LEVEL": "error",
    }
    return {f"LLAMADO_{name}": value for name, value in chosen.items()}


def _prepare(conn: Connection, jobs: Jobs, site: Site, count: int, password: str) -> int:
    """Invent everything and launch the alert; return its id."""
    now = datetime.now(UTC)
    invent(conn, count, password=password, now=now)
    draft = read_alert(ALERT.read_text("utf-8"), languages=site.languages)
    alert_id = launching.create(conn, draft, house=site.house, created_by=BY, now=now)
    approve(conn, alert_id, site, now)
    reached = check(conn, alert_id, house=site.house, now=now, reckon=False).people
    launching.launch(conn, jobs, alert_id, house=site.house, confirmed=reached, by=BY, now=now)
    return alert_id


def approve(conn: Connection, alert_id: int, site: Site, now: datetime) -> None:
    """Beatriz, who reads both languages and wrote nothing of it, approves it."""
    approving.approve(
        conn,
        alert_id,
        organizer_by_email(conn, APPROVER),
        seen=digest(conn, alert_id),
        languages=site.languages,
        how=How.CONSOLE,
        house=site.house,
        now=now,
    )


def invent(conn: Connection, count: int, *, password: str, now: datetime) -> None:
    """Members of Congress, projects with so many people; Amina, who organizes, and Beatriz, who approves."""
    invented.load_officials(conn, now)
    projects = {place: _add_project(conn, place, now) for place in invented.PLACES}
    _add_people(conn, projects, count, now)
    for name, email, language in (("Amina", ORGANIZER, "en"), ("Beatriz", APPROVER, "es")):
        organizer_id = create_organizer(
            conn,
            name=name,
            email=email,
            password=password,
            language=language,
            grants={NETWORKS: Grant(Role.ADMIN)},
            now=now,
        )
        set_reading(conn, organizer_id, ("en", "es"))


def _add_project(conn: Connection, place: invented.Place, now: datetime) -> int:
    """Most share their list with the network; two keep theirs, and join its red alerts."""
    keeps = place in invented.PLACES[-2:]
    return add_project(conn, replace(place.project, shares_list=not keeps, joins_red=keeps), now)


def _add_people(
    conn: Connection, projects: dict[invented.Place, int], count: int, now: datetime
) -> None:
    agreed, stopped = [], []
    for one in invented.people(count):
        create_contact(conn, one.person, now=now, projects=[projects[one.place]])
        pairs = [(Channel.SMS, one.person.phone), (Channel.EMAIL, one.person.email)]
        written = [(channel.value, address) for channel, address in pairs if address]
        agreed += written if one.agreed else []
        stopped += written if one.said_stop else []
    words = "invented: signed the sheet at the demonstration's assembly"
    consent.grant_unless_refused(conn, agreed, source="demo", evidence=words, actor=BY, now=now)
    for channel, address in stopped:
        consent.refuse(
            conn,
            channel,
            address,
            standing=Standing.OPTED_OUT,
            source="demo",
            evidence="invented: said stop last year",
            actor=BY,
            now=now,
        )


async def _tell_where(console: Console, service: Service, alert_id: int, password: str) -> None:
    status = await service.database.read(_status, alert_id)
    lines = Text.assemble(
        "Invented people, invented members of Congress; nothing leaves this machine.\n\n",
        ("Console      ", "bold"),
        f"{service.url}/console/\n",
        ("  sign in as ", "dim"),
        f"{ORGANIZER}",
        ("  password ", "dim"),
        f"{password}\n",
        ("  who approves ", "dim"),
        f"{APPROVER}",
        ("  the same password\n", "dim"),
        ("Public page  ", "bold"),
        f"{service.url}/p/{status.slug}\n",
        ("En español   ", "bold"),
        f"{service.url}/p/{status.slug}?lang=es\n\n",
        (HOURS_TOLD, "yellow"),
    )
    console.print(Panel(lines, title="llamado demo", title_align="left", expand=False))


async def _watch(
    console: Console,
    service: Service,
    alert_id: int,
    told: asyncio.Event,
    *,
    until_finished: bool,
) -> Scene:
    """Show how it goes until told to stop, or until everything has been played."""
    began = asyncio.get_running_loop().time()
    scene = await service.database.read(_look, alert_id)
    own_page = ""
    with Live(_view(scene, "", 0), console=console, refresh_per_second=4, transient=False) as live:
        while not told.is_set():
            await _pause(told)
            scene = await service.database.read(_look, alert_id)
            own_page = own_page or await service.database.read(_a_person, alert_id)
            live.update(_view(scene, own_page, console.height - ROOM_NEEDED))
            if until_finished and await _is_over(service, scene):
                break
            if until_finished and asyncio.get_running_loop().time() - began > PATIENCE_SECONDS:
                break
    return scene


async def _pause(told: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REFRESH_SECONDS):
            await told.wait()


async def _is_over(service: Service, scene: Scene) -> bool:
    """Whether everybody is accounted for and the simulated world has come to rest."""
    if not _is_finished(scene) or service.simulator is None:
        return False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REFRESH_SECONDS):
            await service.simulator.settled()
        return await service.database.read(_all_applied)
    return False


def _is_finished(scene: Scene) -> bool:
    progress = scene.status.progress
    return progress.status is MessageStatus.FINISHED and progress.equation.balanced


def _all_applied(conn: Connection) -> bool:
    waiting = select(func.count()).where(Event.applied_at.is_(None), Event.kind == RECEIPT)
    return conn.scalar(waiting) == 0


def _status(conn: Connection, alert_id: int) -> Status:
    return launching.status(conn, alert_id, now=datetime.now(UTC))


def _look(conn: Connection, alert_id: int) -> Scene:
    latest = (
        select(Contact.given_name, Reply.body)
        .outerjoin(Contact, Contact.id == Reply.contact_id)
        .order_by(Reply.id.desc())
        .limit(LATEST)
    )
    stopped = select(func.count()).where(Reply.verdict == ReplyVerdict.OPT_OUT)
    unread = select(func.count()).where(Reply.handled_at.is_(None))
    return Scene(
        status=_status(conn, alert_id),
        replies=[(name or "Somebody", body) for name, body in conn.execute(latest)],
        opted_out=conn.scalar(stopped) or 0,
        wait_for_people=conn.scalar(unread) or 0,
    )


def _a_person(conn: Connection, alert_id: int) -> str:
    """The address of one Spanish speaker's own action page, once their text has left."""
    message_id = launching.message_of(conn, alert_id)
    text = conn.scalar(
        select(OutboxMessage.text)
        .join(Delivery, Delivery.id == OutboxMessage.delivery_id)
        .where(Delivery.message_id == message_id, Delivery.language == "es")
        .order_by(OutboxMessage.id)
        .limit(1)
    )
    found = OWN_PAGE.search(text or "")
    return found[0] if found else ""


def _view(scene: Scene, own_page: str, room: int) -> RenderableType:
    """A moment; ``room`` is how many lines are left for what people wrote."""
    equation = scene.status.progress.equation
    left = equation.eligible - equation.waiting - equation.held - equation.sending
    parts: list[RenderableType] = [
        alert_views.bar(left, equation.eligible),
        alert_views.status_view(scene.status, datetime.now(UTC)),
        Text(
            f"{scene.opted_out} said STOP or ALTO; replies that wait to be read: {scene.wait_for_people}"
        ),
    ]
    if own_page:
        parts.append(Text.assemble("one person's own page: ", (own_page, "underline")))
    replies = scene.replies[: max(room, 0)]
    if replies:
        said = Text("\n").join(
            Text.assemble((name, "bold"), ": ", _one_line(body)) for name, body in replies
        )
        parts.append(Panel(said, title="latest replies", title_align="left", expand=False))
    return Padding(Group(*parts), (1, 0))


def _one_line(text: str) -> str:
    return textwrap.shorten(" ".join(text.split()), 70, placeholder=" …")


def _tell_result(console: Console, scene: Scene) -> None:
    equation, totals = scene.status.progress.equation, scene.status.totals
    mark = "[green]✓[/green]" if _is_finished(scene) else "[yellow]…[/yellow]"
    balance = "balanced" if equation.balanced else "[red]not balanced[/red]"
    console.print(
        f"{mark} demo: {equation.eligible} eligible = {equation.accounted} accounted for ({balance});"
        f" {equation.delivered} delivered, {sum(equation.skipped.values())} left out for a reason,"
        f" {sum(equation.failed.values())} failed, {equation.unknown} unknown;"
        f" {totals.people} people called, {scene.opted_out} opted out",
        highlight=False,
        soft_wrap=True,
    )


def _require_end(scene: Scene) -> None:
    if not _is_finished(scene):
        raise DemoFailed(
            f"the demonstration did not finish within {PATIENCE_SECONDS} seconds;"
            " look at the account above"
        )
