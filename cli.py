"""The command line: thin over the domain, for people in a terminal and for scripts (``--json``).

Exit codes: 0 = done; 1 = it could not be done, and a sentence says why; 2 = the command was typed
wrongly.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.markup import escape

import logs
from commands import (
    alerts,
    audit,
    contacts,
    datasets,
    locking,
    organizers,
    people_views,
    representatives,
    rights,
    targets,
    unknowns,
)
from commands import demo as demonstration
from commands.doctor import examine
from commands.doctor_lines import Verdict
from commands.session import (
    AsJson,
    complain,
    now,
    print_json,
    read,
    read_settings,
    recorded,
    say,
    write,
)
from contacts.projects import ProjectDraft, add_project, projects
from database.engine import driver_url, why_refused
from database.migrating import migrate as apply_migrations
from service import Role, leave_alone_what_stays, running
from settings import Settings

# Whose exceptions carry a sentence for people; anything else that is raised is a fault of ours.
ROOMS = frozenset(
    [
        "actions",
        "alerts",
        "campaigns",
        "contacts",
        "database",
        "commands",
        "messages",
        "organizers",
        "overrides",
        "representatives",
        "service",
        "web",
    ]
)

CONSOLE_LANGUAGES = ("en", "es")

app = typer.Typer(
    help="Turns the news of an arrest into phones ringing on the right desks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they would print phone numbers
)
project_app = typer.Typer(help="Sister-city projects.", no_args_is_help=True)
representatives_app = typer.Typer(help="Members, offices, districts.", no_args_is_help=True)
app.add_typer(organizers.app, name="organizer")
app.add_typer(project_app, name="project")
app.add_typer(contacts.app, name="contacts")
app.add_typer(representatives_app, name="representatives")
app.add_typer(targets.app, name="targets")
representatives_app.command("lookup")(representatives.lookup)
app.add_typer(alerts.app, name="alert")
app.add_typer(unknowns.app, name="unknown")
app.add_typer(audit.app, name="audit")
datasets.register(representatives_app)
app.command()(locking.lock)
app.command()(locking.unlock)
app.command()(rights.scrub)
app.command()(rights.retention)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; our own exceptions end as a sentence in red, without a traceback."""
    try:
        app(args=None if arguments is None else list(arguments))
    except Exception as error:
        sentences = _sentences(error)
        if not sentences:
            raise
        for sentence in sentences:
            complain(sentence)
        sys.exit(1)


@app.command()
def demo(
    *,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the demonstration's database in this folder.")
    ] = None,
    port: Annotated[int, typer.Option(help="The port of console and pages; 0 = any.")] = 8080,
    people: Annotated[int, typer.Option(help="How many invented people.", min=20, max=900)] = 300,
    until_finished: Annotated[
        bool, typer.Option("--until-finished", help="End once everybody is accounted for.")
    ] = False,
) -> None:
    """Show everything with invented people: an alert goes out, receipts and replies come in."""
    logs.configure("error")
    plan = demonstration.Plan(
        folder=folder, port=port, people=people, until_finished=until_finished
    )
    asyncio.run(demonstration.show(plan, Console()))


@app.command()
def serve(
    role: Annotated[Role, typer.Option(help="What this process does.")] = Role.ALL,
    port: Annotated[int | None, typer.Option(help="Instead of [web] port.")] = None,
) -> None:
    """Run the service until it is told to stop; it then finishes what is on the wire."""
    settings = read_settings()
    if port is not None:
        settings = replace(settings, web=replace(settings.web, port=port))
    uvloop.run(_serve(settings, role))


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    done = apply_migrations(driver_url(read_settings().database.url))
    say(f"applied {', '.join(done)}" if done else "the database is current already")


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Look whether everything is in place; nothing is sent."""
    lines = asyncio.run(examine(read_settings(), now=now()))
    if as_json:
        print_json([asdict(line) for line in lines])
    marks = {
        Verdict.GOOD: "[green]✓[/green]",
        Verdict.THINK: "[yellow]![/yellow]",
        Verdict.BAD: "[bold red]✗[/bold red]",
    }
    for line in [] if as_json else lines:
        say(f"{marks[line.verdict]} [bold]{escape(line.subject)}[/bold]: {escape(line.sentence)}")
    if any(line.verdict is Verdict.BAD for line in lines):
        raise typer.Exit(1)


@project_app.command("add")
def project_add(
    name: Annotated[str, typer.Argument(help='Such as "Madison – Arcatao".')],
    *,
    us_city: str = "",
    us_state: str = "",
    community: str = "",
    region: str = "",
    since: int | None = None,
    sms_sender: Annotated[str, typer.Option(help="Its own number or messaging service.")] = "",
    email_sender: Annotated[str, typer.Option(help="Its own From address.")] = "",
    shares_list: Annotated[
        bool, typer.Option("--shares-list", help="The network's office sees its people.")
    ] = False,
    joins_red: Annotated[
        bool, typer.Option("--joins-red", help="It joins the network's red alerts unasked.")
    ] = False,
) -> None:
    """Add a sister-city project."""
    draft = ProjectDraft(
        name=name,
        us_city=us_city,
        us_state=us_state,
        community=community,
        region=region,
        since=since,
        sms_sender=sms_sender,
        email_sender=email_sender,
        shares_list=shares_list,
        joins_red=joins_red,
    )
    write(recorded("project.add", 0, lambda conn: add_project(conn, draft, now())))
    say(f"added {escape(name)}")


@project_app.command("list")
def project_list(*, as_json: AsJson = False) -> None:
    """List the sister-city projects."""
    rows = read(projects)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        Console().print(people_views.projects_view(rows))


async def _serve(settings: Settings, role: Role) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    async with running(settings, role) as service:
        leave_alone_what_stays()
        where = f"listening on {service.url}" if service.url else "sending"
        Console(stderr=True).print(f"llamado {role}: {where}; stop with Ctrl-C", highlight=False)
        await told.wait()


def _sentences(error: Exception) -> list[str]:
    """What one of our own exceptions has to say, a file that is out of reach, or the database."""
    if isinstance(error, OSError) and error.filename is not None:
        return [f"{error.filename} cannot be used: {error.strerror}"]
    if refused := why_refused(error):
        return [refused]
    if type(error).__module__.partition(".")[0] not in ROOMS:
        return []
    return (str(error) or type(error).__doc__ or type(error).__name__).splitlines()


if __name__ == "__main__":
    main()
