"""What has this machine sent last? A small file that a restored database cannot know about.

A backup that is put back is older than what the provider has: sending on from it would write to
people a second time. So each sender keeps, outside the database, the last copies it claimed and
when the database last heard of it. A database that has never heard of those is an old copy, and
nothing leaves before a person has looked (``messages/runs.py``).

The kernel holds a lock on each file for its process, so that a later start on the same machine also
knows which senders before it are dead, without waiting.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

RECORD = 96  # bytes; one write of so many is whole, or is not there
HEAD = 2 * RECORD
KEPT = 200  # windows remembered: many more than can be under way while a backup is taken
ENDING = ".sender"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What senders of this machine left behind."""

    claims: Sequence[tuple[int, int]] = ()  # delivery, attempt
    seen_at: datetime | None = None  # when the database last noted that a sender here lives
    dead: Sequence[str] = ()  # owners whose process is proven to have ended


class Memory:
    """One sender's file. Every method only touches the page cache: it outlives us, not the machine,
    and after a loss of power the database is at least as young as the file.
    """

    def __init__(self, place: Path, *, installation: str) -> None:
        """``place`` is how the files' names begin, as ``…/llamado.db``.

        ``installation`` names the database; the files of another at the same place mean nothing.
        """
        self._place = place
        self._installation = installation
        self._file: int | None = None
        self._next = 0
        self._read: list[Path] = []

    def open(self, owner: str) -> Remembered:
        """Take up our own file; tell what the files of ended senders say. Raises OSError."""
        self._place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path(owner), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._file = handle
        head = json.dumps({"installation": self._installation, "owner": owner})
        os.pwrite(handle, head.ljust(HEAD - 1).encode() + b"\n", 0)
        left = {path: _read(path) for path in self._ended()}
        mine = [each for each in left.values() if each.installation == self._installation]
        self._read = [path for path, each in left.items() if each in mine]
        return Remembered(
            claims=[claim for each in mine for claim in each.claims],
            seen_at=max((each.seen_at for each in mine if each.seen_at), default=None),
            dead=[each.owner for each in mine],
        )

    def seen(self, at: datetime) -> None:
        """Note when the database last heard of us, after it has.

        From then on our file says all that those did which we found; they are removed.
        """
        if self._file is None:
            return
        self._write(0, f"seen {at.isoformat()}")
        while self._read:
            self._read.pop().unlink(missing_ok=True)

    def claimed(self, delivery_id: int, attempt: int) -> None:
        """Note a window's last copy, after its claim is committed and before anything leaves."""
        if self._file is not None:
            self._write(1 + self._next % KEPT, f"sent {delivery_id} {attempt}")
            self._next += 1

    def close(self) -> None:
        """Let go of the file; it stays, for whoever starts next."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _path(self, owner: str) -> Path:
        safe = "".join(c if c.isalnum() else "-" for c in owner)
        return self._place.with_name(f"{self._place.name}.{safe}{ENDING}")

    def _ended(self) -> Iterator[Path]:
        """The files that no living process holds; ours is held by now."""
        for path in sorted(self._place.parent.glob(f"{self._place.name}.*{ENDING}")):
            if not _held(path):
                yield path

    def _write(self, number: int, line: str) -> None:
        assert self._file is not None  # noqa: S101 - the callers have looked
        record = line.ljust(RECORD - 1).encode() + b"\n"
        os.pwrite(self._file, record, HEAD + number * RECORD)


@dataclass(frozen=True, slots=True)
class _Left:
    """One file's content."""

    installation: str = ""
    owner: str = ""
    seen_at: datetime | None = None
    claims: Sequence[tuple[int, int]] = ()


def _held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return True  # not ours to judge
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _read(path: Path) -> _Left:
    """A file's content; what was torn by a loss of power is passed over."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, IndexError):
        content = path.read_bytes()
        head = json.loads(content[:HEAD])
        seen = [datetime.fromisoformat(words[1]) for words in _records(content, "seen")]
        claims = [(int(words[1]), int(words[2])) for words in _records(content, "sent")]
        return _Left(head["installation"], head["owner"], seen[0] if seen else None, claims)
    return _Left()


def _records(content: bytes, kind: str) -> list[list[str]]:
    """The records of a kind; a place that was never written to holds zeros and is none."""
    starts = range(HEAD, len(content), RECORD)
    found = [content[start : start + RECORD].decode(errors="replace").split() for start in starts]
    return [words for words in found if words and words[0] == kind]
