"""``llamado lock`` and ``llamado unlock``: shut every door at once, and open them again."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import Connection, Row

from campaigns.panic import lock_everything
from campaigns.panic import unlock as open_again
from commands.session import BY, now, read, recorded, say, write
from database import locking
from database.locking import NotLocked
from database.models import Lock


def lock(
    reason: Annotated[str, typer.Option(help="Why, for whoever unlocks; kept with the lock.")] = "",
) -> None:
    """Sign everybody out and stop all sending, at once. Only `llamado unlock` ends it."""

    def close(conn: Connection) -> int:
        return lock_everything(conn, by=BY, reason=reason, now=now())

    write(recorded("lock.begin", 0, close))
    told = _in_force(read(locking.in_force))
    say(
        f"[bold red]everything is locked[/bold red]: {told.sessions:,} sessions ended,"
        f" {told.messages:,} messages paused; nobody signs in before: llamado unlock"
    )


def unlock() -> None:
    """End a lock. Organizers sign in again; each message stays paused until somebody resumes it."""
    told = _in_force(read(locking.in_force))
    write(recorded("lock.end", told.id, lambda conn: open_again(conn, by=BY, now=now())))
    say(
        "[green]unlocked[/green]: organizers can sign in; look at each paused message, then resume it"
    )


def _in_force(found: Row[Lock] | None) -> Row[Lock]:
    if found is None:
        raise NotLocked(NotLocked.__doc__)
    return found
