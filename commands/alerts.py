"""``llamado alert …``: check, launch, follow, pause, stop and undo alerts from a views."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from sqlalchemy import Connection

from alerts import approving, launching
from alerts.alone import BreakGlass
from alerts.drafts import AlertDraft
from alerts.files import BadAlertFile, read_alert
from alerts.launching import AudienceChanged, NotReady
from alerts.preflight import Check, check
from alerts.sharing import propose
from alerts.steering import Act, set_budget, steer
from commands import alert_views as views
from commands.session import BY, AsJson, now, print_json, recorded, say, with_database, write
from database.opening import Opened
from messages import runs
from messages.budgets import CENTS
from messages.house import HouseRules
from messages.models import MessageStatus
from web.keys import Site

WATCH_SECONDS = 1.0
FROM_HERE = "Launched on the machine itself, from its command line."
OVER = (MessageStatus.FINISHED, MessageStatus.STOPPED, MessageStatus.EXPIRED)

app = typer.Typer(help="Urgent actions.", no_args_is_help=True)

AlertFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="See docs/alert-file.md.")
]
AlertId = Annotated[int, typer.Argument(help="The alert's number.")]


@app.command("check")
def check_file(file: AlertFile, *, as_json: AsJson = False) -> None:
    """Check an alert file against the people it would reach now; nothing is stored."""
    found = with_database(lambda here, site: _rehearse(here, _draft(file, site), site.house))
    if as_json:
        print_json(views.check_json(found))
    else:
        Console().print(views.check_view(found))
    if found.blocking:
        raise typer.Exit(1)
    if not as_json:
        say("[green]ready to launch[/green]")


@app.command("launch")
def launch_file(
    file: AlertFile,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the number.")] = False,
    because: Annotated[
        str, typer.Option("--because", help="Why nobody else approves it; its admins read that.")
    ] = FROM_HERE,
    as_json: AsJson = False,
) -> None:
    """Check an alert file, confirm how many people it goes to, and launch it.

    Nobody approves what leaves from here: every admin gets a letter, and the console says so until somebody
    has looked at it.
    """
    if as_json and not yes:
        raise typer.BadParameter("--json asks nothing; say --yes to launch to whomever it reaches")
    glass = BreakGlass(because, operator=True)
    with_database(lambda here, site: _launch(here, site, _draft(file, site), glass, yes, as_json))


@app.command("status")
def show_status(
    alert: AlertId,
    *,
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Follow it until it is finished.")] = False,
) -> None:
    """Show where an alert stands: the account of all copies, and what people did."""
    follow = _follow_json if as_json else _follow
    with_database(lambda here, _: follow(here, alert, watch=watch))


@app.command()
def ask(alert: AlertId) -> None:
    """Ask the committees that keep their lists to themselves to join an alert of the network's."""
    made = write(recorded("alert.ask", alert, lambda conn: propose(conn, alert, now())))
    say(f"{len(made)} committees were asked; they answer in their console")


@app.command()
def pause(alert: AlertId) -> None:
    """Stop sending until somebody resumes."""
    _press(Act.PAUSE, alert)
    say(f"paused; go on with: llamado alert resume {alert}")


@app.command()
def resume(alert: AlertId) -> None:
    """Go on sending."""
    _press(Act.RESUME, alert)
    say("sending goes on")


@app.command()
def budget(
    alert: AlertId,
    dollars: Annotated[int, typer.Argument(min=1, max=999_999, help="What its texts may cost.")],
) -> None:
    """Change what an alert's texts may cost, in all; it goes on if it waited for that."""

    async def change(here: Opened, _: Site) -> None:
        def unit(conn: Connection) -> None:
            set_budget(conn, here.jobs, alert, dollars * CENTS, now=now())

        await here.database.write(recorded("alert.budget", alert, unit))

    with_database(change)
    say(f"its texts may cost ${dollars:,}")


@app.command()
def stop(alert: AlertId) -> None:
    """Call off everything that has not left yet."""
    count = _press(Act.STOP, alert)
    say(f"stopped; {count:,} copies that had not left were called off")


@app.command()
def undo(alert: AlertId) -> None:
    """Take a launch back while the undo window is open."""
    count = _press(Act.UNDO, alert)
    say(f"undone; nothing has left, {count:,} copies were called off")


def _press(act: Act, alert: int) -> int:
    async def press(here: Opened, _: Site) -> int:
        def unit(conn: Connection) -> int:
            return steer(conn, here.jobs, alert, act, by=BY, now=now())

        return await here.database.write(recorded(f"alert.{act}", alert, unit))

    return with_database(press)


class _Rehearsed(Exception):
    """Carries a check out of a transaction that is to leave nothing behind."""

    def __init__(self, check: Check) -> None:
        super().__init__()
        self.check = check


def _draft(file: Path, site: Site) -> AlertDraft:
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadAlertFile(["the file is not UTF-8 text; save it as UTF-8"]) from error
    return read_alert(text, languages=site.languages)


async def _rehearse(here: Opened, draft: AlertDraft, house: HouseRules) -> Check:
    """Write the alert down, check it, and take it all back."""

    def unit(conn: Connection) -> None:
        alert_id = launching.create(conn, draft, house=house, created_by=BY, now=now())
        raise _Rehearsed(check(conn, alert_id, house=house, now=now()))

    try:
        with Console(stderr=True).status("counting whom it would reach"):
            await here.database.write(unit)
    except _Rehearsed as rehearsed:
        return rehearsed.check
    raise AssertionError("unreachable: the rehearsal always raises")


async def _launch(
    here: Opened,
    site: Site,
    draft: AlertDraft,
    glass: BreakGlass,
    yes: bool,  # noqa: FBT001 - handed on from the command
    as_json: bool,  # noqa: FBT001 - as above
) -> None:
    found = await _rehearse(here, draft, site.house)
    if not as_json:
        Console().print(views.check_view(found))
    if found.blocking:
        raise NotReady(found.blocking)
    confirmed = found.people if yes else await asyncio.to_thread(_confirm, found)

    def unit(conn: Connection) -> int:
        alert_id = launching.create(conn, draft, house=site.house, created_by=BY, now=now())
        launching.launch(
            conn,
            here.jobs,
            alert_id,
            house=site.house,
            confirmed=confirmed,
            by=BY,
            now=now(),
            glass=glass,
        )
        return alert_id

    alone = approving.is_on(site.house)
    act = "alert.launch_alone" if alone else "alert.launch"
    alert_id = await here.database.write(recorded(act, 0, unit))
    senders = await here.database.read(lambda conn: runs.alive(conn, now=now()))
    if as_json:
        print_json({"alert": alert_id, "people": confirmed, "senders": senders})
        return
    _tell_launched(alert_id, site.undo_seconds, senders)
    if alone:
        say("  nobody else approved it: every admin gets a letter, and somebody has to look at it")


def _confirm(found: Check) -> int:
    typed: str = typer.prompt(f"Type the number of people it will reach ({found.people:,})")
    if typed.replace(",", "").strip() != str(found.people):
        raise AudienceChanged(
            f"you typed {typed}, but it would reach {found.people:,} people; nothing was launched"
        )
    return found.people


def _tell_launched(alert_id: int, undo_seconds: int, senders: int) -> None:
    say(
        f"[green]alert {alert_id} is launched[/green]; the first message leaves in {undo_seconds} s"
    )
    say(f"  take it back before that:  llamado alert undo {alert_id}")
    say(f"  follow it:                 llamado alert status {alert_id} --watch")
    if not senders:
        say("[yellow]! no sender is running, so nothing leaves yet; start: llamado serve[/yellow]")


async def _follow(here: Opened, alert: int, *, watch: bool) -> None:
    status = await _status(here, alert)
    if not watch:
        Console().print(views.status_view(status, now()))
        return
    with Live(views.status_view(status, now()), auto_refresh=False) as live:
        while status.progress.status not in OVER:
            await asyncio.sleep(WATCH_SECONDS)
            status = await _status(here, alert)
            live.update(views.status_view(status, now()), refresh=True)


async def _follow_json(here: Opened, alert: int, *, watch: bool) -> None:
    while True:
        status = await _status(here, alert)
        print_json(views.status_json(status), in_one_line=watch)
        if not watch or status.progress.status in OVER:
            return
        await asyncio.sleep(WATCH_SECONDS)


async def _status(here: Opened, alert: int) -> launching.Status:
    return await here.database.read(lambda conn: launching.status(conn, alert, now=now()))
