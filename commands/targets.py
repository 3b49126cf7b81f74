"""``llamado targets …``: offices outside Congress, from a file and in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from actions.custom_targets import KeptOffice, NamedOffice, offices, today_of
from actions.state_legislators import read_legislators
from actions.target_files import Brought, import_offices, read_target_file
from commands.session import BY, AsJson, now, print_json, read, say, write
from contacts.projects import project_by_slug
from organizers.audit import note

app = typer.Typer(help="Offices outside Congress.", no_args_is_help=True)


@app.command("import")
def targets_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file.")],
    project: Annotated[
        str | None, typer.Option(help="The project whose they are; left out: the network's.")
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(help="The file holds this state's legislators, from openstates.org: MD."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Bring offices in: all of the file, or nothing. See docs/organizers.md."""
    rows, unread = _offices_of(file, state)

    def bring(conn: Connection) -> Brought:
        project_id = project_by_slug(conn, project).id if project else None
        owned = [(line, replace(office, project_id=project_id)) for line, office in rows]
        brought = import_offices(conn, owned, today=today_of(now()))
        told = {"added": brought.added, "changed": brought.changed}
        note(
            conn,
            "target.import",
            actor=BY,
            about="targets:0",
            project_id=project_id,
            after=told,
            now=now(),
        )
        return brought

    brought = write(bring)
    if as_json:
        print_json({**asdict(brought), "unread": unread})
        return
    for sentence in unread:
        say(sentence)
    say(f"{brought.added} offices were added and {brought.changed} changed")
    if brought.unverified:
        say(f"{brought.unverified} are to be checked before an alert may name them: the console")


def _offices_of(
    file: Path, state: str | None
) -> tuple[Sequence[tuple[int, NamedOffice]], Sequence[str]]:
    """The offices of a file, and what of it was left out."""
    if state is None:
        return read_target_file(file), ()
    found = read(partial(read_legislators, source=file, state=state, now=now()))
    return found.rows, found.unread


@app.command("list")
def targets_list(*, as_json: AsJson = False) -> None:
    """List them, with whether their numbers are to be trusted."""
    today, kept = today_of(now()), read(offices)
    if as_json:
        rows = [{"id": each.id, **asdict(each.office)} for each in kept]
        states = [each.office.standing(today) for each in kept]
        print_json([{**row, "state": state} for row, state in zip(rows, states, strict=True)])
    else:
        Console().print(_view(kept, today))


def _view(kept: list[KeptOffice], today: date) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("key", "office", "phone", "state", "trusted until", "checked by"):
        table.add_column(name)
    for each in kept:
        office = each.office
        numbers = " ".join(line.number for line in office.phones)
        until = office.expires_on.isoformat() if office.expires_on else ""
        standing = office.standing(today)
        table.add_row(office.key, office.name, numbers, standing, until, office.verified_by)
    return table
