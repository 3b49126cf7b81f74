"""Keep the data on members and districts true: update it, look before, go back, write it to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy import Connection

from alerts.naming import Naming, drafts_naming
from commands.fetching import fetch
from commands.people_views import seat
from commands.session import (
    BY,
    AsJson,
    now,
    print_json,
    read_settings,
    say,
    with_database,
    write,
)
from commands.session import read as read_rows
from contacts.constituents import constituents
from contacts.places import settle_everybody
from database.opening import Opened
from organizers.audit import note
from representatives.changes import Change, Changes, What, changes
from representatives.loading import (
    Loaded,
    apply,
    archive_in_force,
    load,
    newest_congress,
    roll_back,
    stage,
    warnings,
)
from representatives.snapshot import Snapshot
from representatives.sources import File
from representatives.status import status
from settings import Representatives
from web.keys import Site

SHOWN = 20  # changes of one kind that are listed

Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The data set.")]
Source = Annotated[
    list[str] | None,
    typer.Option("--source", help="A web address, a folder or an archive; may be given twice."),
]


@dataclass(frozen=True)
class Preview:
    """What an update would change, whom it touches, and which drafts would be wrong."""

    snapshot: Snapshot
    changes: Changes
    people: Mapping[str, int]  # of ours, by seat
    drafts: Sequence[Naming]
    warnings: Sequence[str]
    first: bool  # nothing was on file before


def load_folder(folder: Folder, *, as_json: AsJson = False) -> None:
    """Load members, offices, ZIPs and districts; whole or not at all."""
    with Console(stderr=True).status("reading and checking the data set"):
        loaded = _settled("representatives.load", lambda conn: load(conn, folder, now()))
    _tell(loaded, as_json=as_json)


def update(
    source: Source = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch the published files, show what changes, and take them; whole or not at all."""
    chosen = source or _published(read_settings().representatives)
    with Console(stderr=True).status("fetching, reading and checking the files"):
        files = fetch(chosen)
        preview = read_rows(lambda conn: _preview(conn, files))
    if not as_json:
        _show(preview)
    if dry_run:
        _end_dry_run(preview, as_json=as_json)
        return
    told = ", ".join(chosen)
    with Console(stderr=True).status("writing"):
        loaded = _settled(
            "representatives.load",
            lambda conn: apply(conn, preview.snapshot, now(), source=told),
        )
    _tell(loaded, as_json=as_json)


def rollback(*, as_json: AsJson = False) -> None:
    """Bring back the data set before this one; doing it twice brings this one back."""
    loaded = _settled("representatives.rollback", lambda conn: roll_back(conn, now()))
    _tell(loaded, as_json=as_json)


def snapshot(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write it: NAME.tar.xz.")],
) -> None:
    """Write the data set in force to one compact file, for another installation."""
    archive = read_rows(archive_in_force)
    file.write_bytes(archive)
    say(f"{file} holds {len(archive) / 1000:,.0f} KB; load it with: update --source {file}")


def register(app: typer.Typer) -> None:
    """Make them commands."""
    app.command("load")(load_folder)
    app.command()(update)
    app.command()(rollback)
    app.command()(snapshot)


def _published(settings: Representatives) -> list[str]:
    return [
        settings.members,
        settings.offices,
        settings.committees,
        settings.districts,
        settings.zips,
    ]


def _preview(conn: Connection, files: Sequence[File]) -> Preview:
    staged = stage(conn, files)
    found = changes(conn, staged, staged.congress or newest_congress(conn))
    touched = constituents(conn, [each.seat_id for each in found.seats])
    words = [
        *(each.left for each in found.seats),
        *(each.before for each in found.of(What.PHONE)),
    ]
    return Preview(
        snapshot=staged,
        changes=found,
        people=touched,
        drafts=drafts_naming(conn, words),
        warnings=list(warnings(staged, now())),
        first=status(conn, now()) is None,
    )


def _settled(act: str, unit: Callable[[Connection], Loaded]) -> Loaded:
    """Load a data set, put it on the record, and settle everybody's district and time zones anew."""

    def run(conn: Connection) -> Loaded:
        loaded = unit(conn)
        told = {"members": loaded.members, "zips": loaded.zips}
        note(conn, act, actor=BY, about="representatives:0", after=told, now=now())
        return loaded

    loaded = write(run)
    moved = with_database(_settle)
    if moved:
        Console(stderr=True).print(f"{moved:,} people have another district or time zone now")
    return loaded


async def _settle(here: Opened, _: Site) -> int:
    return await settle_everybody(here.database, now())


def _show(preview: Preview) -> None:
    if preview.first:
        say("nothing was on file before: all of it is new")
        return
    for what, words in _WORDS.items():
        found = preview.changes.of(what)
        if found:
            say(f"[bold]{words}[/bold] ({len(found)})")
        for each in found[:SHOWN]:
            say(f"  {escape(_line(each, preview.people))}")
        if len(found) > SHOWN:
            say(f"  … and {len(found) - SHOWN} more")
    if preview.changes.zips:
        states = ", ".join(f"{state} {n:,}" for state, n in _most(preview.changes.zips))
        total = sum(preview.changes.zips.values())
        say(f"[bold]ZIPs in other districts[/bold] ({total:,}): {states}")
    for draft in preview.drafts:
        said = f"the draft “{draft.title}” (alert {draft.alert_id}) says {draft.word}"
        say(f"[yellow]! {escape(said)}: read it again[/yellow]")
    if not preview.changes.seats and not preview.changes.zips:
        say("nothing changes")


_WORDS = {
    What.ARRIVED: "Took a vacant seat",
    What.SUCCEEDED: "New members",
    What.VACATED: "Seats that are vacant now",
    What.PARTY: "Changed party",
    What.PHONE: "Changed their phone in Washington",
    What.ROOM: "Moved to another office in Washington",
    What.OFFICES: "Other offices in the district",
}


def _line(change: Change, people: Mapping[str, int]) -> str:
    before, after = change.before or "none", change.after or "none"
    named = {
        What.ARRIVED: change.after,
        What.SUCCEEDED: f"{change.after} (before: {change.before})",
        What.VACATED: f"before: {change.before}",
    }
    told = named.get(change.what, f"{change.name}: {before} → {after}")
    count = people.get(change.seat_id, 0)
    ours = f"; {count:,} of our people" if count else ""
    return f"{seat(change.seat_id)}: {told}{ours}"


def _most(counted: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: -pair[1])[:SHOWN]


def _end_dry_run(preview: Preview, *, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(preview))
        return
    for warning in preview.warnings[:SHOWN]:
        say(f"[yellow]! {escape(warning)}[/yellow]")
    say("nothing was changed; without --dry-run it is taken")


def _as_json(preview: Preview) -> dict[str, Any]:
    seats = [
        {**asdict(each), "our_people": preview.people.get(each.seat_id, 0)}
        for each in preview.changes.seats
    ]
    return {
        "sources": [asdict(each) for each in preview.snapshot.sources],
        "seats": seats,
        "zips": dict(preview.changes.zips),
        "drafts": [asdict(each) for each in preview.drafts],
        "warnings": list(preview.warnings),
    }


def _tell(loaded: Loaded, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(loaded))
        return
    say(
        f"{loaded.members:,} members in {loaded.seats:,} seats, {loaded.offices:,} offices,"
        f" {loaded.zips:,} ZIPs, lines of the {loaded.congress}th Congress"
    )
    say(f"{loaded.arrived:,} took a seat, {loaded.left:,} left one")
    if loaded.vacant:
        say(f"vacant: {', '.join(seat(each) for each in loaded.vacant)}")
    for each in loaded.caught_up:
        say(f"{seat(each)}: the data says what you had corrected; the correction has ended")
    for each in loaded.contradicted:
        say(f"[yellow]! {seat(each)}: the data and your correction differ; look at it[/yellow]")
    for warning in loaded.warnings[:SHOWN]:
        say(f"[yellow]! {escape(warning)}[/yellow]")
    if len(loaded.warnings) > SHOWN:
        say(f"[yellow]! and {len(loaded.warnings) - SHOWN} more warnings[/yellow]")
