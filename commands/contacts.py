"""``llamado contacts …``: bring a list of supporters in from a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from commands import people_views, rights
from commands.session import (
    BY,
    AsJson,
    now,
    print_json,
    read_settings,
    require_language,
    say,
    with_database,
)
from contacts import imports, scanning
from contacts.imports import ImportReport
from contacts.projects import project_by_slug
from contacts.scanning import ImportOptions
from database.opening import Opened
from web.keys import Site

app = typer.Typer(help="Supporters.", no_args_is_help=True)


@app.callback()
def contacts() -> None:
    """Supporters."""


@app.command("import")
def contacts_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file.")],
    consent: Annotated[
        str,
        typer.Option(help='How these people agreed to be written to; "unknown" only stores them.'),
    ],
    project: Annotated[str | None, typer.Option(help="The project they join.")] = None,
    *,
    project_only: Annotated[
        bool, typer.Option("--project-only", help="They agreed to hear from this project only.")
    ] = False,
    column: Annotated[
        list[str] | None, typer.Option(help='What a column is, such as "Móvil=phone".')
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag for all of them.")] = None,
    language: Annotated[str, typer.Option(help="Of people whose row does not say.")] = "en",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing.")] = False,
    errors: Annotated[Path | None, typer.Option(help="Write rows with problems here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import contacts. It never re-subscribes anyone who said stop, nor overwrites with blanks."""
    settings = read_settings()
    require_language(language, settings.network.languages)

    async def bring(here: Opened, _: Site) -> ImportReport:
        into = None
        if project is not None:
            into = await here.database.read(lambda conn: project_by_slug(conn, project).id)
        options = ImportOptions(
            consent=consent,
            project_id=into,
            project_only=project_only,
            columns=_columns(column or []),
            tags=tuple(tag or ()),
            language=language,
            region=settings.network.region,
            countries=settings.network.countries,
        )
        return await _import(here, file, options, errors, dry_run=dry_run)

    report = with_database(bring)
    if as_json:
        print_json(asdict(report))
        return
    Console().print(people_views.import_view(report))
    if dry_run:
        say("[bold]nothing was changed[/bold]: this was a dry run")
    else:
        say(f"import {report.import_id} is done")


app.command("export-person")(rights.export_person)
app.command("erase")(rights.erase_person)


def _columns(said: Sequence[str]) -> dict[str, str]:
    """What ``--column HEADING=FIELD`` says."""
    pairs = [each.rpartition("=") for each in said]
    for heading, equals, _ in pairs:
        if not equals or not heading:
            raise typer.BadParameter('--column wants HEADING=FIELD, such as "Móvil=phone"')
    return {heading: field for heading, _, field in pairs}


async def _import(
    here: Opened, file: Path, options: ImportOptions, errors: Path | None, *, dry_run: bool
) -> ImportReport:
    """Read the whole file first, then forecast or import it."""
    with _progress() as bars:
        reading = bars.add_task("reading", total=None)
        table = await asyncio.to_thread(
            scanning.check,
            file,
            options=options,
            progress=lambda rows: bars.update(reading, completed=rows),
        )
        bars.update(reading, total=table.rows, completed=table.rows)
        if errors is not None:
            await asyncio.to_thread(_write_problems, table, errors)
        doing = bars.add_task("comparing" if dry_run else "importing", total=table.rows)

        def done(rows: int) -> None:
            bars.update(doing, completed=rows)

        if dry_run:
            scanned = await asyncio.to_thread(scanning.look_through, table)
            return await here.database.read(imports.preview, scanned, progress=done)
        report = await imports.import_table(
            here.database, table, actor=BY, now=now(), progress=done
        )
        bars.update(doing, completed=table.rows)
        return report


def _write_problems(table: scanning.Table, errors: Path) -> None:
    with errors.open("w", encoding="utf-8-sig", newline="") as target:
        scanning.write_problems(table, target)


def _progress() -> Progress:
    screen = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
