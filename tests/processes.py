"""The real program in processes of its own, as an organizer would run it, for tests that kill it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class NotInTime(Exception):
    """Something that was to happen did not."""


def wait_until(what: str, happened: Callable[[], bool], *, within: float = 60) -> None:
    """Look again and again, for another process tells us nothing by itself."""
    ends = time.monotonic() + within
    while not happened():
        if time.monotonic() > ends:
            raise NotInTime(f"{what}: not within {within:.0f} seconds")
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on now; a killed service comes back on the same one."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


class Running:
    """A process of ours that says when it is ready."""

    def __init__(
        self, arguments: Sequence[str], *, ready: str, env: Mapping[str, str], cwd: Path
    ) -> None:
        self.lines: list[str] = []
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **env},
            cwd=cwd,
        )
        self._listener = threading.Thread(target=self._listen, args=(ready,), daemon=True)
        self._listener.start()
        if not self._ready.wait(60):
            self.kill()
        self.ready_line = next((line for line in self.lines if ready in line), "")
        if not self.ready_line:
            raise NotInTime(f"{arguments} never said “{ready}”:\n{self.said}")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        """All it wrote so far."""
        return "".join(self.lines)

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        self._process.kill()
        self._end()

    def stop(self) -> int:
        """SIGTERM, as a deploy sends it; the exit code."""
        self._process.terminate()
        return self._end()

    def _end(self) -> int:
        code = self._process.wait(60)
        self._listener.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def _listen(self, ready: str) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line)
            if ready in line:
                self._ready.set()
        self._ready.set()


class FakeProviders(Running):
    """Twilio and SendGrid in a process of their own; see ``tests/fakes/provider.py``."""

    def __init__(self, folder: Path, *, callback_base: str, **options: object) -> None:
        self.journal = folder / "journal.jsonl"
        told = {"journal": self.journal, "callback-base": callback_base, **options}
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in told.items()]
        super().__init__(
            ["-m", "tests.fakes.provider", *arguments], ready="ready", env={}, cwd=ROOT
        )
        self.url = self.ready_line.split()[1]

    def ask(self, path: str, **body: object) -> dict[str, Any]:
        """Ask something over its control door."""
        data = json.dumps(body).encode() if body else None
        with urllib.request.urlopen(f"{self.url}/control/{path}", data, timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def reply(self, phone: str, words: str) -> int:
        """Somebody answers a text; the status that our service gave."""
        status: int = self.ask("reply", **{"from": phone, "body": words})["status"]
        return status


class House:
    """One installation: its settings, its command line, its services."""

    def __init__(self, folder: Path, database_url: str, *, port: int) -> None:
        self.folder = folder
        self.port = port
        self.database_url = database_url
        self.settings = {
            "LLAMADO_DATABASE__URL": database_url,
            "LLAMADO_NETWORK__POSTAL_ADDRESS": "1 Example Street, Madison WI 53703",
            "LLAMADO_WEB__PORT": str(port),
            "LLAMADO_SENDING__UNDO_SECONDS": "0",
            "LLAMADO_SENDING__LEASE_SECONDS": "30",
            "LLAMADO_SENDING__SMS_SEGMENTS_PER_SECOND": "10000",
            "LLAMADO_SENDING__EMAILS_PER_SECOND": "10000",
            # Whatever the hour at which the tests run.
            "LLAMADO_QUIET_HOURS__OPENS": "00:00",
            "LLAMADO_QUIET_HOURS__CLOSES": "24:00",
            "LLAMADO_QUIET_HOURS__SUNDAY_OPENS": "00:00",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def use(self, fake: FakeProviders) -> None:
        """Send by the fake Twilio and SendGrid."""
        self.settings |= {
            "LLAMADO_TWILIO__ACCOUNT_SID": "AC" + "0" * 32,
            "LLAMADO_TWILIO__AUTH_TOKEN": "fake-auth-token",
            "LLAMADO_TWILIO__FROM_NUMBER": "+16085550100",
            "LLAMADO_TWILIO__API_BASE": fake.url,
            "LLAMADO_SENDGRID__API_KEY": "SG.fake",
            "LLAMADO_DELIVERABILITY__WARM_UP_FIRST_DAY": "0",
            "LLAMADO_SENDGRID__FROM_EMAIL": "Sister Cities <alerts@example.org>",
            "LLAMADO_SENDGRID__EVENT_PUBLIC_KEY": fake.ask("state")["sendgrid_public_key"],
            "LLAMADO_SENDGRID__API_BASE": fake.url,
        }

    def serve(self, role: str = "all") -> Running:
        """Start a process and wait until it is up."""
        ready = "sending" if role == "sender" else "listening"
        return Running(
            ["-m", "cli", "serve", "--role", role], ready=ready, env=self.settings, cwd=self.folder
        )

    def run(self, *arguments: str) -> str:
        """Run a command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.settings},
            cwd=self.folder,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        """Run a command that prints JSON."""
        return json.loads(self.run(*arguments, "--json"))
