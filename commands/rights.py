"""``llamado contacts export-person`` and ``… erase``: what people may ask of us, from a terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from commands.session import AsJson, now, print_json, read_settings, recorded, say, with_database
from contacts.addresses import normalise_email, normalise_phone
from contacts.models import Channel
from contacts.people import contacts_at
from database.opening import Opened, scrubbed
from messages.erasing import Erasure, erase
from messages.holdings import held_on
from messages.retention import clear, foreseen
from web.console.rights import as_json
from web.keys import Site
from web.pages import paper

LONGEST_ID = 9  # digits; a phone number has more
Who = Annotated[str, typer.Argument(help="Their number here, their phone or their email.")]


class NobodyThere(LookupError):
    """Nobody here has this phone or email."""


class SeveralThere(LookupError):
    """Several people have this phone or email; name one by their number."""


def export_person(
    who: Who,
    *,
    json: Annotated[Path | None, typer.Option(help="Write it here as data.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write it here to read.")] = None,
) -> None:
    """Everything held on one person; without --json or --html it is printed as JSON."""

    async def take_out(here: Opened, site: Site) -> tuple[dict[str, Any], Site]:
        return await here.database.write(lambda conn: _taken_out(conn, who, site)), site

    held, site = with_database(take_out)
    if json is not None:
        _write(json, as_json(held))
    if html is not None:
        page = paper(site, str(held["person"]["language"]), "holdings.html", {"held": held})
        _write(html, page.encode())
    if json is None and html is None:
        print_json(held)


def erase_person(
    who: Who, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Erase one person for good; only a keyed hash of each address is left, so that no list brings them back."""
    if not yes:
        typer.confirm("Erase this person for good? Nobody can bring them back.", abort=True)

    async def do(here: Opened, site: Site) -> tuple[Erasure, bool]:
        done = await here.database.write(lambda conn: _erased(conn, who, site))
        return done, await scrubbed(here.database)

    done, clean = with_database(do)
    say(
        f"erased: {done.addresses} addresses, {done.copies} copies that now only count,"
        f" {done.called_off} called off"
    )
    if done.shared:
        say(f"{done.shared} addresses are somebody else's too and stay theirs")
    if not clean:
        say("[yellow]the file was in use, so traces may remain; run: llamado scrub[/yellow]")


def scrub() -> None:
    """Write an SQLite file anew, so that no trace of what was deleted remains in it."""

    async def do(here: Opened, _: Site) -> bool:
        return await scrubbed(here.database)

    if with_database(do):
        say("no trace of what was deleted is left in the database's files")
    else:
        say("[yellow]somebody is reading the file; try again when it is quiet[/yellow]")
        raise typer.Exit(1)


def retention(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """End what is kept no longer, by the [retention] settings. The service does it every hour."""
    keep = read_settings().retention.keep

    async def do(here: Opened, _: Site) -> dict[str, int]:
        if dry_run:
            return await here.database.read(foreseen, keep, now=now())
        return await clear(here.database, keep, now=now())

    done = with_database(do)
    if as_json:
        print_json(done)
        return
    for name, count in done.items():
        say(f"{count:>9,} {name.replace('_', ' ')}")
    say("[bold]nothing was changed[/bold]: this was a dry run" if dry_run else "done")


def _taken_out(conn: Connection, who: str, site: Site) -> dict[str, Any]:
    contact_id = _found(conn, who, site)
    return recorded("contact.export", contact_id, lambda held: held_on(held, contact_id))(conn)


def _erased(conn: Connection, who: str, site: Site) -> Erasure:
    contact_id = _found(conn, who, site)
    return recorded("contact.erase", contact_id, lambda c: erase(c, contact_id, now=now()))(conn)


def _found(conn: Connection, who: str, site: Site) -> int:
    """Whose number, phone or email this is. Raises BadPhone, BadEmail, NobodyThere, SeveralThere."""
    if who.isdecimal() and len(who) <= LONGEST_ID:
        return int(who)
    if "@" in who:
        found = contacts_at(conn, Channel.EMAIL, normalise_email(who))
    else:
        found = contacts_at(conn, Channel.SMS, normalise_phone(who, site.region))
    if not found:
        raise NobodyThere(NobodyThere.__doc__)
    if len(found) > 1:
        numbers = ", ".join(map(str, found))
        raise SeveralThere(f"{SeveralThere.__doc__} They are: {numbers}.")
    return found[0]


def _write(path: Path, content: bytes) -> None:
    """Only its owner may read the file: it holds all there is on somebody."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    say(f"written: {path}")
