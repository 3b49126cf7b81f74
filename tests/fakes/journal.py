"""What a fake provider accepted: one JSON line each, in its file before the answer leaves.

Handed to the kernel, not forced to the disk: tests kill processes and never the machine, so a line
that was written survives, and a provider that waits for a disk would hide how fast a sender is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def body_hash(body: str) -> str:
    return sha256(body.encode()).hexdigest()


def read(path: Path) -> list[Entry]:
    """Every whole line of a journal; a line cut off by a crash of the fake is left out."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]


class Journal:
    """Append-only, in memory and, when a path is given, in a file that survives kill -9."""

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._file = path.open("ab") if path else None

    def append(self, kind: str, **facts: Any) -> Entry:
        (entry,) = self.append_all(kind, [facts])
        return entry

    def append_all(self, kind: str, many: Iterable[Mapping[str, Any]]) -> list[Entry]:
        """Write a whole request's entries at once."""
        at = datetime.now(UTC).isoformat()
        start = len(self.entries)
        written = [
            {"n": start + index, "kind": kind, "at": at, **facts}
            for index, facts in enumerate(many)
        ]
        self.entries += written
        if self._file:
            self._file.writelines(json.dumps(entry).encode() + b"\n" for entry in written)
            self._file.flush()
        return written

    def of(self, kind: str, provider: str | None = None) -> list[Entry]:
        return [
            entry
            for entry in self.entries
            if entry["kind"] == kind and provider in (None, entry.get("provider"))
        ]

    def close(self) -> None:
        if self._file:
            self._file.close()
