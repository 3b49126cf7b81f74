"""A Maildir: a folder to which a mail server on this machine delivers, one file to an email.

A file is only ever renamed: out of ``new`` once its email is in the database. So a crash in between shows it
again, and a second look at it does nothing. The library's own mailbox writes a message anew when it moves it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time

from messages.providers.mailboxes import MOST_READ, Found, NoMailbox, Position

NAME = "maildir"
TAKEN = ".llamado-taken"  # Maildir++ folders beside the inbox: mail programs show them
ASIDE = ".llamado-set-aside"
_TIDY_SECONDS = 3600
_DAY = 86_400


@dataclass(slots=True)
class Maildir:
    """Emails that wait in a folder."""

    folder: Path
    keep_days: int = 7  # for which what was taken in stays; 0 = for ever
    _tidied: float = 0.0

    @property
    def name(self) -> str:
        return NAME

    def look(self, position: Position, most: int) -> tuple[Sequence[Found], Position]:
        """The oldest that wait, by the names that mail servers give them."""
        self._tidy()
        names = sorted(each.name for each in self._entries("new"))[:most]
        found = []
        for name in names:
            with suppress(FileNotFoundError):  # another process, or a person, was quicker
                found.append(Found(name, _beginning(self.folder / "new" / name)))
        return found, position

    def done(self, names: Sequence[str]) -> None:
        for name in names:
            self._move(name, TAKEN)

    def put_aside(self, names: Sequence[str]) -> None:
        for name in names:
            self._move(name, ASIDE)

    def close(self) -> None:
        """Nothing is open."""

    def let_go(self) -> None:
        """Nothing is open."""

    def _entries(self, place: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.folder / place) as entries:
                return [each for each in entries if each.is_file(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoMailbox(
                f"inbound.maildir has no folder {place!r} in it: is it the folder that the mail server"
                " delivers to?"
            ) from error
        except PermissionError as error:
            raise NoMailbox(
                "inbound.maildir may not be read by the user that Llamado runs as; let it read and"
                " write there"
            ) from error

    def _move(self, name: str, folder: str) -> None:
        for each in ("new", "cur", "tmp"):  # what makes it a folder to mail programs
            (self.folder / folder / each).mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            (self.folder / "new" / name).rename(self.folder / folder / "cur" / f"{name}:2,S")

    def _tidy(self) -> None:
        """Delete what was taken in long ago; what is set aside stays until a person has seen it."""
        now = time()
        if not self.keep_days or now - self._tidied < _TIDY_SECONDS:
            return
        self._tidied = now
        if (self.folder / TAKEN / "cur").is_dir():
            for each in self._entries(f"{TAKEN}/cur"):
                with suppress(FileNotFoundError):
                    if now - each.stat(follow_symlinks=False).st_mtime > self.keep_days * _DAY:
                        Path(each.path).unlink()


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_READ)
