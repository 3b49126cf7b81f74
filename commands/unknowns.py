"""``llamado unknown …``: copies whose fate nobody knows, what is known of each, and deciding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from commands.alert_views import local
from commands.session import (
    BY,
    AsJson,
    now,
    print_json,
    read,
    read_settings,
    recorded,
    say,
    with_database,
    write,
)
from database.opening import Opened
from fitting import make_reconciler
from messages import unknowns
from messages.control import NotNow
from messages.lookups import Decision, Found
from web.console.unknown_copies import UnknownCopy, unknown_copies
from web.keys import Site

LEARNED = {
    "": "not asked yet",
    Found.FOUND: "found",
    Found.NOT_FOUND: "not in the provider's list, which is no proof",
    Found.SEVERAL: "several things there may be it",
    Found.COULD_NOT_ASK: "the provider could not be asked",
    Found.NOTHING_TO_ASK: "there is no list to ask; no event has come",
}

app = typer.Typer(help="Copies whose provider's answer was lost.", no_args_is_help=True)

CopyNumber = Annotated[int, typer.Argument(help="The copy's number, as the list shows it.")]


@app.command("list")
def show(
    *,
    message: Annotated[int | None, typer.Option(help="Only of this message.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the copies that are unknown, those that need a person first."""
    copies = read(lambda conn: unknown_copies(conn, None, language="en", message_id=message))
    if as_json:
        print_json([{**asdict(copy), "needs_person": copy.needs_person} for copy in copies])
    elif copies:
        Console().print(_table(copies))
    else:
        say("no copy is unknown")


@app.command()
def look(copy: CopyNumber) -> None:
    """Ask the provider about a copy now."""
    decision = with_database(lambda here, site: _look(here, site, copy))
    if decision is None:
        raise NotNow(
            "this copy is not unknown, or it is being asked about at this moment; look again with:"
            " llamado unknown list"
        )
    if decision.proof is not None:
        say(f"[green]found[/green]: the provider has it and calls it {decision.proof.verdict}")
    else:
        say(f"{LEARNED[decision.found]}; the copy stays unknown")


@app.command()
def resend(
    copy: CopyNumber,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask; the person may get it twice.")
    ] = False,
) -> None:
    """Send an unknown copy once more. The person may get it twice."""
    if not yes:
        typer.confirm("They may get it twice. Send it once more?", abort=True)

    async def approve(here: Opened, _: Site) -> None:
        def unit(conn: Connection) -> None:
            unknowns.approve_another_send(conn, here.jobs, copy, by=BY, now=now())

        await here.database.write(recorded("delivery.resend", copy, unit))

    with_database(approve)
    say("approved; a running sender sends it once more")


@app.command()
def settle(
    copy: CopyNumber,
    by: Annotated[str, typer.Option(help="Who looked it up; kept with the copy.")],
    *,
    sent: Annotated[
        bool, typer.Option("--sent/--not-sent", help="What the provider's own pages show.")
    ],
) -> None:
    """Write down what somebody saw at the provider about an unknown copy.

    What was not sent has failed for good. If it is to go out, use resend instead.
    """
    if not by.strip():
        raise typer.BadParameter("--by needs the name of whoever looked it up")

    def unit(conn: Connection) -> None:
        unknowns.settle(conn, copy, sent=sent, by=by.strip(), now=now())

    write(recorded("delivery.settle", copy, unit))
    say(f"copy {copy} counts as {'sent' if sent else 'not sent'}, on the word of {escape(by)}")


async def _look(here: Opened, site: Site, copy: int) -> Decision | None:
    reconciler = make_reconciler(read_settings(), site, here.database, here.jobs)
    try:
        return await reconciler.look(copy)
    finally:
        await reconciler.close()


def _table(copies: Sequence[UnknownCopy]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("copy", "message", "who", "by", "since", "why", "what is known", "next look"):
        table.add_column(heading)
    for copy in copies:
        who = copy.name or "somebody without a name" if copy.contact_id else "somebody deleted"
        asked = f" (asked {copy.looks} times)" if copy.looks else ""
        table.add_row(
            str(copy.delivery_id),
            escape(copy.title) or str(copy.message_id),
            escape(who),
            "text" if copy.channel == "sms" else "email",
            local(copy.noted_at),
            escape(copy.reason),
            LEARNED.get(copy.found, copy.found) + asked,
            local(copy.next_look_at) or "[bold]needs you[/bold]",
        )
    return table
