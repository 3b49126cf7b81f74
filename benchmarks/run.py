"""What the speed claims rest on: one command prints the table.

    python -m benchmarks.run [--people 4000] [--rows 20000] [--rounds 3] [--json FILE]

Everything runs against the same stub in the same run, and rates are told as a ratio to a bare loop, since
absolute ones are those of the machine. The stub shares its cores. Each figure is the median of the
rounds, which are interleaved; PostgreSQL runs with fsync on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.databases import PostgresServer, SQLiteFiles, postgres_server

ROOT = Path(__file__).parents[1]
SHARE = {"texts": "bare texts", "emails": "bare emails"}

Figures = dict[tuple[str, str], list[dict[str, Any]]]


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description="How fast is Llamado, next to a bare loop?")
    parser.add_argument("--people", type=int, default=4000, help="copies a sending run sends")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the file imported")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args()
    figures = _measure_all(options)
    Console(width=100).print(_table(figures))
    if options.json:
        rows = [{"database": key[1], **each} for key, many in figures.items() for each in many]
        options.json.write_text(json.dumps(rows, indent=2))


def _measure_all(options: argparse.Namespace) -> Figures:
    figures: Figures = defaultdict(list)
    counts = {"texts": options.people, "emails": options.people * 5, "import": options.rows}
    with (
        tempfile.TemporaryDirectory() as folder,
        _stub() as stub,
        postgres_server(durable=True) as server,
    ):
        files = SQLiteFiles(Path(folder))
        for round_ in range(options.rounds):
            for what, count in counts.items():
                print(f"round {round_ + 1} of {options.rounds}: {what} ...", file=sys.stderr)
                if what in SHARE:
                    name = SHARE[what]
                    figures[name, ""].append(_measure(name, count, "", stub))
                for database in ("SQLite", "PostgreSQL"):
                    url = files.make() if database == "SQLite" else server.make()
                    figures[what, database].append(_measure(what, count, url, stub))
                    _forget(url, server)
    return figures


def _forget(url: str, server: PostgresServer) -> None:
    if url.startswith("postgresql"):
        server.drop(url)


def _measure(what: str, count: int, url: str, stub: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", what, str(count), url, stub],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    figure: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figure


@contextmanager
def _stub() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.stub", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
        process.terminate()


def _table(figures: Figures) -> Table:
    table = Table(title="Median rates, and their ratio to a bare aiohttp loop on the same stub")
    for heading in ("what", "database", "a second", "of the bare loop", "peak memory"):
        table.add_column(heading, justify="left" if heading in ("what", "database") else "right")
    for (what, database), many in figures.items():
        rate = _median(many, "rate")
        bare = SHARE.get(what)
        share = f"{rate / _median(figures[bare, ''], 'rate'):.2f}" if bare else ""
        table.add_row(what, database, f"{rate:,.0f}", share, f"{_median(many, 'peak_mb'):,.0f} MB")
    return table


def _median(many: list[dict[str, Any]], name: str) -> float:
    return float(median(each[name] for each in many))


if __name__ == "__main__":
    main()
