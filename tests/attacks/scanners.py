"""Scanners that others wrote, each run for a bounded time; what they report, as plain values."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "actions", "alerts", "campaigns", "commands", "contacts", "database", "messages", "organizers",
    "representatives", "web", "cli.py", "fitting.py", "logs.py", "overrides.py", "scheduler.py",
    "service.py", "settings.py",
)  # fmt: skip
MODULES = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,"
    "shellshock,sql,timesql,upload,xss,xxe"
)
FOUND = re.compile(r"^Parameter: (.+)$", re.MULTILINE)
SOUND = re.compile(r"all tested parameters do not appear to be injectable")


class Broken(Exception):
    """A scanner did not do its work, so that its silence means nothing."""


@dataclass(frozen=True, order=True)
class Finding:
    """What a scanner takes for a hole."""

    tool: str
    kind: str
    where: str


@dataclass(frozen=True)
class Scanners:
    """Where they are installed, and where they may write."""

    tools: Path  # a virtual environment's bin
    folder: Path

    def wapiti(
        self,
        base: str,
        *,
        starts: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        leave: Sequence[str] = (),
        seconds: int,
    ) -> tuple[int, list[Finding]]:
        """Walk a site's pages and try each form and parameter; pages seen, and what was found."""
        report = self.folder / f"wapiti-{time.monotonic_ns()}.json"
        told = [*_repeated("-s", starts), *_repeated("-x", leave)]
        told += _repeated("-H", [f"{name}: {value}" for name, value in (headers or {}).items()])
        self._run(
            "wapiti",
            *("-u", base, "--scope", "folder", "-d", "4", "-m", MODULES),
            *("--max-scan-time", str(seconds // 2), "--max-attack-time", str(seconds // 8)),
            *("--flush-session", "--store-session", str(self.folder), "--no-bugreport", "-v", "0"),
            *("-f", "json", "-o", str(report), *told),
            within=seconds * 2,
        )
        if not report.exists():
            raise Broken("wapiti wrote no report")
        said = json.loads(report.read_text("utf-8"))
        return int(said["infos"]["crawled_pages_nbr"]), _of_wapiti(said)

    def sqlmap(
        self, url: str, *, body: str = "", headers: Mapping[str, str] | None = None
    ) -> list[Finding]:
        """Try to get through one address's parameters into the database."""
        told = [f"--data={body}"] if body else []
        told += [f"--header={name}: {value}" for name, value in (headers or {}).items()]
        said = self._run(
            "sqlmap",
            *("-u", url, "--batch", "--level", "2", "--risk", "1", "--dbms", "sqlite"),
            *("--timeout", "10", "--time-sec", "2", "--retries", "1", "--flush-session"),
            *("--skip", "csrf", "--ignore-code", "*", "--disable-coloring"),
            *("--output-dir", str(self.folder), *told),
            within=180,
        )
        found = [
            Finding("sqlmap", "SQL injection", f"{url}: {each}") for each in FOUND.findall(said)
        ]
        if not found and not SOUND.search(said):
            raise Broken(f"sqlmap came to no end at {url}: {said[-400:]}")
        return found

    def bandit(self) -> list[Finding]:
        """Read the whole source for what tends to be a hole."""
        said = self._run("bandit", "-q", "-r", *ROOMS, "-f", "json", within=180)
        told = json.loads(said[said.index("{") :])
        if told["errors"] or not told["metrics"]["_totals"]["loc"]:
            raise Broken("bandit could not read the source")
        return [
            Finding("bandit", each["test_id"], each["filename"].removeprefix("./"))
            for each in told["results"]
        ]

    def _run(self, tool: str, *arguments: str, within: float) -> str:
        try:
            done = subprocess.run(
                [str(self.tools / tool), *arguments],
                cwd=ROOT, capture_output=True, text=True, timeout=within, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise Broken(f"{tool} took more than {within:.0f} seconds") from error
        return done.stdout


def _repeated(option: str, values: Sequence[str]) -> list[str]:
    return [each for value in values for each in (option, value)]


def _of_wapiti(said: Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]) -> list[Finding]:
    return [
        Finding("wapiti", kind, f"{each['method']} {each['path']}: {each['info']}")
        for part in ("vulnerabilities", "anomalies")
        for kind, found in said[part].items()
        for each in found
    ]
