"""The processes of one installation, and how they die.

Each has a place (``web``, ``sender 1`` …) in which it is started again after it was killed. Every
SIGKILL is noted: when, whom, and what it was meant to hit.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.crash.noting import Notes
from tests.crash.starting import Child, Starter, send

UNBORN = 1.2  # seconds a start takes at most, plainly; forked, a quarter of it
LEFT_ALONE = 0.3  # seconds that a drain may go on before it is killed


class Fleet:
    """Who runs now."""

    def __init__(
        self,
        starter: Starter,
        places: Mapping[str, str],  # place -> role
        *,
        settings: Mapping[str, str],
        folder: Path,
        kills: Notes,
        chance: random.Random,
        swift: bool,
    ) -> None:
        self._starter = starter
        self._places = places
        self._settings = settings
        self._folder = folder
        self._kills = kills
        self._chance = chance
        self._unborn = UNBORN / 4 if swift else UNBORN
        self._running: dict[str, Child] = {}
        self._logs: dict[str, Path] = {}
        self.starts = 0

    @property
    def killed(self) -> int:
        """How many were killed so far."""
        return len(self._kills.entries)

    @property
    def senders(self) -> list[str]:
        """The places that send."""
        return [place for place, role in self._places.items() if role != "web"]

    def pid(self, place: str) -> int:
        """Who is in a place now."""
        return self._running[place].pid

    def is_up(self, place: str) -> bool:
        """Whether whoever is in a place has said that it runs."""
        return "stop with Ctrl-C" in self._logs[place].read_text(errors="replace")

    def start_missing(self) -> None:
        """Bring up whoever is dead, all at once, and wait for nobody."""
        for place, role in self._places.items():
            if place not in self._running:
                self.starts += 1
                log = self._folder / f"{self.starts:03}-{place.replace(' ', '-')}.log"
                self._logs[place] = log
                self._running[place] = self._starter.start(
                    ["serve", "--role", role], env=self._settings, folder=self._folder, log=log
                )

    def kill_somehow(self) -> list[int]:
        """One stroke, of a kind drawn by chance; the process ids of the dead."""
        places = list(self._places)
        ways = [("at work", 6), ("starting", 2), ("draining", 2)]
        if len(places) > 1:
            ways += [("all at once", 1), ("two at once", 1)]
        way = self._chance.choices([name for name, _ in ways], [weight for _, weight in ways])[0]
        match way:
            case "all at once":
                return self.kill(places, way)
            case "two at once":
                return self.kill(self._chance.sample(places, 2), way)
            case "starting":
                return self._kill_starting(self._chance.choice(places))
            case "draining":
                return self._kill_draining(self._chance.choice(self.senders))
        return self.kill([self._chance.choice(places)], way)

    def kill(self, places: Sequence[str], way: str) -> list[int]:
        """SIGKILL: no handler runs, nothing is flushed."""
        dying = {place: self._running.pop(place) for place in places}
        for place, child in dying.items():
            send(child, signal.SIGKILL)
            self._note(child, place, way)
        for child in dying.values():
            child.wait()
        return [child.pid for child in dying.values()]

    def stop(self) -> list[str]:
        """End all as a deploy would; what went wrong with it."""
        for child in self._running.values():
            send(child, signal.SIGTERM)
        codes = {place: child.wait() for place, child in self._running.items()}
        self._running.clear()
        return [
            f"{place} ended with {code}, not 0: {self._last_words(place)}"
            for place, code in codes.items()
            if code
        ]

    def kill_all_that_is_left(self) -> None:
        """Leave nobody behind when a run fails; these deaths are not part of it."""
        for child in self._running.values():
            send(child, signal.SIGKILL)
            child.wait()
        self._running.clear()

    def _last_words(self, place: str) -> str:
        """Why it ended, as its log tells it; that holds no addresses and no text of anybody."""
        return " | ".join(self._logs[place].read_text(errors="replace").splitlines()[-3:])

    def _kill_starting(self, place: str) -> list[int]:
        """Kill it at work, and its successor while it is coming up."""
        dead = self.kill([place], "at work")
        self.start_missing()
        time.sleep(self._chance.random() * self._unborn)
        return dead + self.kill([place], "starting")

    def _kill_draining(self, place: str) -> list[int]:
        """Tell it to end, and do not wait for it."""
        send(self._running[place], signal.SIGTERM)
        time.sleep(self._chance.random() * LEFT_ALONE)
        return self.kill([place], "draining")

    def _note(self, child: Child, place: str, way: str) -> None:
        self._kills.add(pid=child.pid, place=place, way=way, at=datetime.now(UTC).isoformat())


def places_for(kind: str, seed: int) -> dict[str, str]:
    """One process on SQLite; on PostgreSQL one, or a web process and one to three senders."""
    if kind == "sqlite" or seed % 4 == 0:
        return {"all": "all"}
    return {"web": "web", **{f"sender {n}": "sender" for n in range(1, seed % 4 + 1)}}


def told(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as the environment carries them."""
    return {name: str(value) for name, value in settings.items()}
