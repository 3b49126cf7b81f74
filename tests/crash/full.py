"""Many crash runs, two at a time: a line for each seed as it ends, then a table and the verdict.

    python -m tests.crash.full                                   20 seeds on each database
    python -m tests.crash.full --seed 7 --database sqlite        one seed again

Writes build/crash.json, build/crash.md and build/crash.xml (a test per seed). A seed that broke a
promise keeps its folder under build/crash: database, journal, acts, kills and every process's log.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement

import psycopg

from tests.databases import PostgresServer, postgres_server
from tests.processes import ROOT

BUILD = ROOT / "build"
LONGEST = 3600  # seconds; a run that takes longer has lost somebody
SHOWN = 12  # broken promises shown of a seed; the others stand in its verdict
MAKING = threading.Lock()  # the first database that is made becomes the others' template
HEADINGS = (
    "seed",
    "database",
    "senders",
    "accepted",
    "kills",
    "restarts",
    "unknown: settled by a callback",
    "still unknown, and why",
    "freed after",
    "duplicates",
    "lost",
    "other",
    "seconds",
)


@dataclass(frozen=True)
class Order:
    """A seed to run, and the command that runs it again."""

    seed: int
    kind: str
    messages: int
    kills: int
    plain: bool

    @property
    def folder(self) -> Path:
        return BUILD / "crash" / f"{self.kind}-{self.seed}"

    @property
    def again(self) -> str:
        told = f"make crash SEED={self.seed} DATABASE={self.kind}"
        return f"{told} MESSAGES={self.messages} KILLS={self.kills}"


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 when every promise was kept in every run."""
    asked = _asked(arguments)
    orders = _orders(asked)
    say(f"{len(orders)} runs of {asked.messages:,} messages and {asked.kills} kills each")
    with ExitStack() as stack:
        server = None
        if any(order.kind == "postgres" for order in orders):
            server = stack.enter_context(postgres_server())
        pool = stack.enter_context(ThreadPoolExecutor(asked.jobs))
        running = {
            pool.submit(run, order, server if order.kind == "postgres" else None): order
            for order in orders
        }
        found = []
        for done in as_completed(running):
            verdict = done.result()
            found.append(verdict)
            tell(running[done], verdict)
    found.sort(key=lambda verdict: (verdict["database"], verdict["seed"]))
    return report(found)


def run(order: Order, server: PostgresServer | None) -> dict[str, Any]:
    """One seed in a process of its own; its verdict."""
    shutil.rmtree(order.folder, ignore_errors=True)
    order.folder.mkdir(parents=True)
    url = f"sqlite:///{order.folder / 'llamado.db'}"
    if server is not None:
        with MAKING:
            url = server.make()
    said = _run(order, url)
    verdict = _read(order, said)
    if server is not None:
        if verdict["broken"]:
            _keep_tables(url, order.folder / "tables")
        server.drop(url)
    if not verdict["broken"]:
        shutil.rmtree(order.folder)
    return verdict


def _run(order: Order, url: str) -> str:
    told = {
        "--seed": order.seed,
        "--database": url,
        "--folder": order.folder,
        "--messages": order.messages,
        "--kills": order.kills,
    }
    command = [str(part) for pair in told.items() for part in pair]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.crash.run", *command, *["--plain"] * order.plain],
            capture_output=True,
            text=True,
            timeout=LONGEST,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {LONGEST} seconds"
    return done.stdout + done.stderr


def _read(order: Order, said: str) -> dict[str, Any]:
    path = order.folder / "verdict.json"
    if path.exists():
        verdict: dict[str, Any] = json.loads(path.read_text())
        return verdict
    (order.folder / "launcher.log").write_text(said)
    last = said.strip().splitlines()[-1:] or ["it said nothing"]
    return {
        "seed": order.seed,
        "database": order.kind,
        "broken": [f"the run itself failed: {last[0]}"],
        **dict.fromkeys(("senders", "accepted", "kills", "starts", "duplicates", "lost"), 0),
        **dict.fromkeys(("recovered_after", "seconds"), 0.0),
        **{name: {} for name in ("settled", "still_unknown", "acts", "ways")},
    }


def _keep_tables(url: str, folder: Path) -> None:
    """The server goes with us: what a failed run left in its database is kept as text."""
    folder.mkdir()
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as conn:
        names = conn.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for (name,) in names:
            with (
                (folder / f"{name}.csv").open("wb") as file,
                closing(conn.cursor()) as cursor,
                cursor.copy(f"COPY {name} TO STDOUT CSV HEADER".encode()) as rows,
            ):
                for row in rows:
                    file.write(bytes(row))


def tell(order: Order, verdict: Mapping[str, Any]) -> None:
    """A line for a seed that has ended; more for one that broke something."""
    line = ", ".join(
        f"{name} {value}" for name, value in zip(HEADINGS, _cells(verdict), strict=True)
    )
    say(f"{'ok  ' if not verdict['broken'] else 'BAD '} {line}")
    for sentence in verdict["broken"][:SHOWN]:
        say(f"       {sentence}")
    if verdict["broken"]:
        say(f"       {len(verdict['broken'])} in all, kept in {order.folder.relative_to(ROOT)}")
        say(f"       again: {order.again}")


def report(found: Sequence[Mapping[str, Any]]) -> int:
    """Write the table, and say how it went."""
    BUILD.mkdir(exist_ok=True)
    (BUILD / "crash.json").write_text(json.dumps(list(found), indent=2))
    (BUILD / "crash.md").write_text("\n".join(_table(found)) + "\n")
    _write_tests(found)
    say("")
    say("\n".join(_table(found)))
    say("")
    bad = sum(bool(verdict["broken"]) for verdict in found)
    say(
        f"{bad} of {len(found)} runs broke a promise."
        if bad
        else "Nobody was written to twice, nobody was lost, and every unknown is explained."
    )
    return 1 if bad else 0


def _table(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"Crash runs, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield ""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|" + "---|" * len(HEADINGS)
    for verdict in found:
        yield f"| {' | '.join(_cells(verdict))} |"
    yield f"| {' | '.join(_totals(found))} |"


def _cells(verdict: Mapping[str, Any]) -> list[str]:
    other = [one for one in verdict["broken"] if not one.startswith(("I1:", "I2:"))]
    return [
        str(verdict["seed"]),
        verdict["database"],
        str(verdict["senders"]),
        f"{verdict['accepted']:,}",
        str(verdict["kills"]),
        str(verdict["starts"]),
        _causes(verdict["settled"]),
        _causes(verdict["still_unknown"]),
        f"{verdict['recovered_after']:.1f} s",
        str(verdict["duplicates"]),
        str(verdict["lost"]),
        str(len(other)),
        f"{verdict['seconds']:.0f}",
    ]


def _totals(found: Sequence[Mapping[str, Any]]) -> list[str]:
    def total(name: str) -> str:
        return f"{sum(verdict[name] for verdict in found):,}"

    slowest = max((verdict["recovered_after"] for verdict in found), default=0.0)
    other = sum(len(_others(verdict)) for verdict in found)
    return [
        "all",
        "",
        "",
        *(total(name) for name in ("accepted", "kills", "starts")),
        _causes(_summed(verdict["settled"] for verdict in found)),
        _causes(_summed(verdict["still_unknown"] for verdict in found)),
        f"{slowest:.1f} s",
        total("duplicates"),
        total("lost"),
        str(other),
        f"{sum(verdict['seconds'] for verdict in found):.0f}",
    ]


def _others(verdict: Mapping[str, Any]) -> list[str]:
    return [one for one in verdict["broken"] if not one.startswith(("I1:", "I2:"))]


def _summed(many: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in many:
        for name, number in one.items():
            total[name] = total.get(name, 0) + number
    return total


def _causes(causes: Mapping[str, int]) -> str:
    """The whole and its parts: "12 (7 on the wire at a kill: accepted; …)"."""
    parts = "; ".join(f"{number} {cause}" for cause, number in sorted(causes.items()))
    return f"{sum(causes.values())} ({parts})" if causes else "0"


def _write_tests(found: Sequence[Mapping[str, Any]]) -> None:
    """The same as a JUnit file, so that these runs are counted among the tests."""
    bad = sum(bool(verdict["broken"]) for verdict in found)
    suite = Element(
        "testsuite", name="crash", tests=str(len(found)), failures=str(bad), errors="0", skipped="0"
    )
    for verdict in found:
        name = f"{verdict['database']}-{verdict['seed']}"
        case = SubElement(suite, "testcase", name=name, time=str(verdict["seconds"]))
        if verdict["broken"]:
            SubElement(case, "failure", message="\n".join(verdict["broken"][:SHOWN]))
    root = Element("testsuites")
    root.append(suite)
    ElementTree(root).write(BUILD / "crash.xml", encoding="unicode")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _orders(asked: argparse.Namespace) -> list[Order]:
    """The databases alternate, so that two at a time seldom wait for the same disk or server."""
    seeds = (
        [asked.seed] if asked.seed is not None else range(asked.first, asked.first + asked.seeds)
    )
    kinds = ["sqlite", "postgres"] if asked.database == "both" else [asked.database]
    return [
        Order(seed, kind, asked.messages, asked.kills, asked.plain)
        for seed in seeds
        for kind in kinds
    ]


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Crash runs.")
    parser.add_argument("--seed", type=int, help="run this one seed")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds (20)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (1); 0 = by chance")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (2)")
    parser.add_argument("--plain", action="store_true", help="start processes without forking")
    asked = parser.parse_args(arguments)
    asked.first = asked.first or secrets.randbelow(1_000_000) + 1
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
