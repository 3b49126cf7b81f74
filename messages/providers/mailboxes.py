"""What we ask of a place that mail is collected from; a Maildir and an IMAP folder are such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from messages.providers.mail_reading import MOST_BYTES

MOST_READ = MOST_BYTES + 1
"""Bytes of an email that are fetched; more are not read."""


class NoMailbox(Exception):
    """Mail cannot be collected; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far an IMAP folder is read: UIDs up to ``read_to``, which count only in this validity."""

    validity: int = 0
    read_to: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """An email that waits."""

    name: str  # of its file, or its UID
    raw: bytes | None  # None: its server does not hand it over, though it does others


class Mailbox(Protocol):
    """A place that mail is collected from. Its methods block, and are called one at a time.

    Each raises NoMailbox or OSError. Who has waited for too long calls ``let_go`` meanwhile, and may then begin anew.
    """

    @property
    def name(self) -> str:
        """Its name in our records: maildir or imap."""

    def look(self, position: Position, most: int) -> tuple[Sequence[Found], Position]:
        """The next emails that wait, and the position once they are taken in."""

    def done(self, names: Sequence[str]) -> None:
        """These are taken in for good."""

    def put_aside(self, names: Sequence[str]) -> None:
        """Nobody can read these: leave them for a person, and show them no more."""

    def close(self) -> None:
        """End what is open, until the next look."""

    def let_go(self) -> None:
        """Drop what is open without a word, and without waiting; whatever is still asked there comes to nothing."""
