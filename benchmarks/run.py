"""What the speed claims rest on: one command prints the table, each figure beside its baseline.

    python -m benchmarks.run [--full] [--rounds 3] [--only texts,emails] [--write benchmarks/RESULTS.md]

A figure and its baseline come from the same process in the same minute, since absolute rates are those
of the machine. What is told is the round with the median ratio; PostgreSQL runs with fsync on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure
from benchmarks.measure import MEASUREMENTS
from tests.databases import PostgresServer, SQLiteFiles, postgres_server

ROOT = Path(__file__).parents[1]
DATABASES = ("SQLite", "PostgreSQL")
_HOW = "names, with commas between them"
HEADINGS = ("what", "database", "figure", "beside", "ratio", "to reach", "")

Rounds = dict[tuple[str, str], list[Figure]]


def main() -> None:
    """Measure everything and print it."""
    options = _options()
    rounds = _measure_all(options)
    figures = [_median(many) for many in rounds.values()]
    _print(figures)
    if options.write:
        options.write.write_text(_markdown(figures, options), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast is Llamado, next to a bare loop?")
    parser.add_argument("--full", action="store_true", help="a million of everything (an hour)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default=MEASUREMENTS, type=_some_of(MEASUREMENTS), help=_HOW)
    parser.add_argument("--databases", default=DATABASES, type=_some_of(DATABASES), help=_HOW)
    parser.add_argument("--write", type=Path, help="also write a Markdown table there")
    return parser.parse_args()


def _some_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Read names with commas between them; say which there are where one is none of them."""

    def read(typed: str) -> list[str]:
        names = [each.strip() for each in typed.split(",")]
        for each in names:
            if each not in known:
                raise argparse.ArgumentTypeError(f"{each!r} is none of {', '.join(known)}")
        return names

    return read


def _measure_all(options: argparse.Namespace) -> Rounds:
    rounds: Rounds = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, postgres_server(durable=True) as server:
        files = SQLiteFiles(Path(folder))
        for number in range(options.rounds):
            for what in options.only:
                for database in options.databases:
                    told = f"round {number + 1} of {options.rounds}: {what} on {database} ..."
                    print(told, file=sys.stderr, flush=True)
                    for figure in _measure(what, database, files, server, full=options.full):
                        rounds[figure.what, figure.database].append(figure)
    return rounds


def _measure(
    what: str, database: str, files: SQLiteFiles, server: PostgresServer, *, full: bool
) -> list[Figure]:
    """One measurement on a fresh database; none where it does not apply."""
    one = MEASUREMENTS[what]
    if database == "SQLite" and not one.sqlite:
        return []
    url = files.make() if database == "SQLite" else server.make()
    count = one.full if full else one.quick
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", what, url, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    _forget(url, server)
    if done.returncode:
        print(f"{what} on {database} failed; see above", file=sys.stderr)
        return []
    read: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return [Figure(**each) for each in read]


def _forget(url: str, server: PostgresServer) -> None:
    """A million rows are in nobody's way afterwards."""
    if url.startswith("postgresql"):
        server.drop(url)
    else:
        for path in Path(url.removeprefix("sqlite:///")).parent.glob(f"{Path(url).name}*"):
            path.unlink()


def _median(many: Sequence[Figure]) -> Figure:
    """The round in the middle, by its ratio."""
    return sorted(many, key=lambda figure: figure.ratio)[len(many) // 2]


def _cells(figure: Figure) -> tuple[str, ...]:
    verdict = {None: "", True: "reached", False: "not reached"}[figure.reached]
    return (
        figure.what,
        figure.database,
        f"{_plain(figure.value)} {figure.unit}",
        f"{figure.baseline_what}: {_plain(figure.baseline)}",
        f"{figure.ratio:.2f}",
        figure.reach,
        verdict,
    )


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def _print(figures: Sequence[Figure]) -> None:
    table = Table(title="Each figure beside its baseline of the same run")
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in ("figure", "ratio") else "left")
    for figure in figures:
        style = "red" if figure.reached is False else None
        table.add_row(*_cells(figure), style=style)
    Console(width=180).print(table)


def _markdown(figures: Sequence[Figure], options: argparse.Namespace) -> str:
    size = "a million of everything" if options.full else "the quick sizes"
    lines = [
        "# Results",
        "",
        f"Taken on {datetime.now(UTC):%Y-%m-%d} by `make bench`, {size}, {options.rounds} round(s), on",
        f"{_machine()}. How and what: [README.md](README.md).",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---|---|--:|---|--:|---|---|",
        *("| " + " | ".join(_cells(figure)) + " |" for figure in figures),
    ]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB,"
        f" {platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
