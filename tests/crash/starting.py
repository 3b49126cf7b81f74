"""Two ways to start the program: plainly, or forked from a Python that has imported it already.

Both run the same arguments through ``cli.main``, in a process of its own that writes to a log file.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from tests.processes import ROOT

ENDING = 300  # seconds in which whatever was told to end must have ended


class Child(Protocol):
    """A running process of the program."""

    @property
    def pid(self) -> int: ...

    def wait(self, timeout: float = ENDING) -> int:
        """Its exit code, or minus the signal that ended it."""


class Starter(Protocol):
    """A way to start it."""

    def start(
        self, arguments: Sequence[str], *, env: Mapping[str, str], folder: Path, log: Path
    ) -> Child: ...

    def close(self) -> None: ...


def send(child: Child, number: signal.Signals) -> None:
    """Send a signal, unless the process has ended by itself."""
    try:
        os.kill(child.pid, number)
    except ProcessLookupError:
        return


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a process of the program finds around it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LLAMADO_")}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **settings}


class Plain:
    """``python -m cli …``: costs a second or two of imports."""

    def start(
        self, arguments: Sequence[str], *, env: Mapping[str, str], folder: Path, log: Path
    ) -> Child:
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(env),
                cwd=folder,
            )

    def close(self) -> None:
        """Nothing is kept."""


class Forked:
    """Children of ``tests/crash/nursery.py``."""

    def __init__(self) -> None:
        self._numbers = count()
        self._lock = threading.Lock()
        self._born: dict[int, Future[int]] = {}
        self._ended: dict[int, Future[int]] = {}
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment({}),
            cwd=ROOT,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(
        self, arguments: Sequence[str], *, env: Mapping[str, str], folder: Path, log: Path
    ) -> Child:
        log.touch(0o600)  # it may be looked into before the child has got so far
        number, born = next(self._numbers), Future[int]()
        order = {
            "n": number,
            "arguments": list(arguments),
            "env": environment(env),
            "folder": str(folder),
            "log": str(log),
        }
        assert self._nursery.stdin is not None
        with self._lock:
            self._born[number] = born
            self._nursery.stdin.write(json.dumps(order).encode() + b"\n")
            self._nursery.stdin.flush()
        pid = born.result(ENDING)
        return _Born(pid, self._ended[pid])

    def close(self) -> None:
        """End the nursery, and with it whoever still lives there."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.close()
        self._nursery.wait(ENDING)
        self._listener.join(ENDING)
        self._nursery.stdout.close()

    def _listen(self) -> None:
        assert self._nursery.stdout is not None
        for line in self._nursery.stdout:
            fact: dict[str, Any] = json.loads(line)
            if "n" in fact:
                self._ended[fact["pid"]] = Future()
                self._born.pop(fact["n"]).set_result(fact["pid"])
            else:
                self._ended[fact["pid"]].set_result(fact["code"])


class _Born:
    """A child that is not ours but the nursery's, which tells us of its end."""

    def __init__(self, pid: int, ended: Future[int]) -> None:
        self.pid = pid
        self._ended = ended

    def wait(self, timeout: float = ENDING) -> int:
        return self._ended.result(timeout)
