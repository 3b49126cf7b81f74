"""Notes that a run keeps of itself: one JSON object a line, on the disk as soon as it is made."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any


class Notes:
    """An append-only file that several threads write to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.entries: list[dict[str, Any]] = []
        path.touch()

    def add(self, **fact: Any) -> None:
        with self._lock, self._path.open("a") as file:
            self.entries.append(fact)
            file.write(json.dumps(fact) + "\n")


class Tail:
    """A growing file of somebody else's notes, each line read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self.entries: list[dict[str, Any]] = []
        self.accepted = 0

    def read(self) -> list[dict[str, Any]]:
        """Everything there is by now; a line that is being written is left for the next time."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            whole, _, _ = file.read().rpartition(b"\n")
        if whole:
            self._at += len(whole) + 1
            new = [json.loads(line) for line in whole.split(b"\n")]
            self.accepted += sum(entry["kind"] == "accepted" for entry in new)
            self.entries += new
        return self.entries
