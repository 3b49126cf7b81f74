"""``llamado audit …``: verify the record of who did what, and look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from commands.alert_views import local
from commands.session import AsJson, complain, print_json, read, say
from organizers.access import names
from organizers.audit import Entry, State, entries
from organizers.audit import verify as walk

app = typer.Typer(help="The record of who did what.", no_args_is_help=True)


@app.command()
def verify(
    *,
    noted: Annotated[
        str, typer.Option(help="A seal written down earlier: it must still be in the record.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Walk along the whole record; exit code 1 when an entry was changed or is missing."""
    verdict = read(lambda conn: walk(conn, noted=noted.strip().lower()))
    if as_json:
        print_json(asdict(verdict))
    elif not verdict.wrong:
        say(f"[green]the record is whole[/green]: {verdict.head.entries:,} entries")
        say(f"seal of the last: {verdict.head.hash}")
    for sentence in verdict.wrong:
        complain(f"the record was tampered with: {sentence}")
    raise typer.Exit(1 if verdict.wrong else 0)


@app.command("list")
def show(
    *,
    act: Annotated[
        str, typer.Option(help="Only these acts: alert.launch, or alert. for all.")
    ] = "",
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries; with --json each in a line of its own."""
    found = read(lambda conn: entries(conn, None, act=act, limit=limit))
    if as_json:
        for entry in found:
            print_json(asdict(entry), in_one_line=True)
        return
    if not found:
        say("nothing is on the record")
        return
    Console().print(_table(found, read(names)))


def _table(found: list[Entry], known: Mapping[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("number", "when", "who", "act", "object", "changed"):
        table.add_column(heading, no_wrap=heading != "changed")
    for entry in found:
        table.add_row(
            str(entry.id),
            local(entry.at),
            known.get(entry.actor, entry.actor),
            entry.act,
            entry.object,
            _changes(entry.before, entry.after),
        )
    return table


def _changes(before: State, after: State) -> str:
    told = []
    for name, value in after.items():
        was = f"{before[name]} → " if name in before else ""
        shown = ", ".join(value) if isinstance(value, list) else value
        told.append(f"{name}: {was}{shown}")
    return "; ".join(told)
