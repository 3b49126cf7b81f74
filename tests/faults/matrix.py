"""The fault matrix: run every case in two workers, print a table as it goes, write build/faults.md.

python -m tests.faults.matrix                       everything, about a quarter of an hour
python -m tests.faults.matrix --part alone          no pairs
python -m tests.faults.matrix --only "disk full"    cases whose name has these words
python -m tests.faults.matrix --database sqlite     on one database
python -m tests.faults.matrix --list                the names
"""

from __future__ import annotations

import argparse
import queue
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.faults import nights, sweeps
from tests.faults.catalogue import Case, cases
from tests.faults.own_postgres import own_postgres
from tests.faults.running import Result, run
from tests.faults.sender_process import FORKS
from tests.faults.stage import PEOPLE, Grounds
from tests.faults.vocabulary import BOTH
from tests.processes import ROOT

WIDTHS = "{:<52} {:<9} {:>8} {:>8} {:>6} {:>5} {:>6}  {}"
TABLE = ROOT / "build" / "faults.md"
FEW = 100  # people of a pair's run: two copies each


@dataclass(frozen=True)
class Job:
    """What a worker is asked to run: a case by its number, a sweep or a set of nights by its name."""

    kind: str
    name: str
    database: str


def jobs(part: str, only: str, database: str, kind: str) -> list[Job]:
    """What there is to run: the faults alone, then the pairs, then the sweeps and the nights."""
    alone = [Job("case", case.name, case.database) for case in cases() if len(case.faults) == 1]
    alone += [Job("nights", name, kind) for name in nights.NAMES for kind in BOTH]
    alone += [Job("sweep", name, kind) for name in sweeps.NAMES for kind in BOTH]
    paired = [Job("case", case.name, case.database) for case in cases() if len(case.faults) > 1]
    found = {"all": alone + paired, "alone": alone, "pairs": paired}[part]
    return [
        job
        for job in found
        if only in job.name and database in ("", job.database) and kind in ("", *_kinds(job))
    ]


def _kinds(job: Job) -> Sequence[str]:
    if job.kind != "case":
        return (job.kind,)
    return [fault.kind for fault in _case(job.name, job.database).faults]


def perform(job: Job, grounds: Grounds, folder: Path) -> Result:
    """Run one job."""
    if job.kind == "sweep":
        return sweeps.run(job.name, job.database, grounds, folder)
    if job.kind == "nights":
        return nights.run(job.name, job.database, grounds, folder)
    return run(_case(job.name, job.database), grounds, folder)


@cache
def _case(name: str, database: str) -> Case:
    return next(case for case in cases() if (case.name, case.database) == (name, database))


def work(waiting: Any, done: Any, people: int) -> None:
    """A worker: one case after the other, with a PostgreSQL of its own."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="llamado-faults-")))
        server = cache(lambda: stack.enter_context(own_postgres()))
        grounds = Grounds(root, server, people=people)
        few = Grounds(root / "few", server, people=FEW)
        few.folder.mkdir()
        number = 0
        while (job := _next(waiting)) is not None:
            number += 1
            paired = job.kind == "case" and len(_case(job.name, job.database).faults) > 1
            done.put(_carefully(job, few if paired else grounds, root / f"run-{number}"))


def _next(waiting: Any) -> Job | None:
    try:
        job: Job = waiting.get(timeout=1)
    except queue.Empty:
        return None
    return job


def _carefully(job: Job, grounds: Grounds, folder: Path) -> Result:
    started = time.monotonic()
    try:
        return perform(job, grounds, folder)
    except Exception:  # noqa: BLE001 - the others shall run, and this one be told
        last = traceback.format_exc().strip().splitlines()
        why = f"could not be staged: {last[-1]} ({last[-3].strip()})"
        seconds = time.monotonic() - started
        return Result(job.name, job.database, seconds=seconds, wrong=(why,))


def row(result: Result) -> tuple[Any, ...]:
    seconds = f"{result.seconds:.1f}"
    counted = (result.accepted, result.unknown, result.duplicates, result.lost, seconds)
    return (result.name, result.database, *counted, result.verdict)


def written(results: Sequence[Result], seconds: float) -> str:
    """The table as Markdown."""
    bad = [result for result in results if result.wrong]
    skipped = [result for result in results if result.skipped]
    lines = [
        "# The fault matrix",
        "",
        (
            f"Run on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}, in {seconds / 60:.0f}"
            f" minutes: {len(results)} cases, {len(bad)} with a complaint, {len(skipped)} not staged."
            f" Copies too many: {sum(result.duplicates for result in results)}."
            f" Copies lost: {sum(result.lost for result in results)}."
        ),
        "",
        "How to read it: [docs/faults.md](../docs/faults.md).",
        "",
        "| fault | database | accepted | unknown | duplicates | lost | seconds | verdict |",
        "|---|---|--:|--:|--:|--:|--:|---|",
    ]
    lines += ["| " + " | ".join(str(cell) for cell in row(result)) + " |" for result in results]
    return "\n".join(lines) + "\n"


class Table:
    """The file with the table, whole after every case."""

    def __init__(self, wanted: Sequence[Job], path: Path) -> None:
        self._path = path
        self._results: list[Result] = []
        self._started = time.monotonic()
        self._order = {(job.name, job.database): number for number, job in enumerate(wanted)}
        path.parent.mkdir(exist_ok=True)

    def add(self, result: Result) -> None:
        self._results.append(result)
        self._results.sort(key=self._place)
        self._path.write_text(written(self._results, time.monotonic() - self._started))

    def _place(self, result: Result) -> int:
        return self._order[result.name, result.database]


def _commit() -> str:
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def run_all(
    wanted: Sequence[Job], workers: int, people: int, keep: Callable[[Result], None]
) -> list[Result]:
    """Run them all; each row is printed, and kept, as it comes."""
    waiting, done = FORKS.Queue(), FORKS.Queue()
    for job in wanted:
        waiting.put(job)
    team = [FORKS.Process(target=work, args=(waiting, done, people)) for _ in range(workers)]
    for worker in team:
        worker.start()
    results: list[Result] = []
    while len(results) < len(wanted):
        try:
            result: Result = done.get(timeout=5)
        except queue.Empty:
            if not any(worker.is_alive() for worker in team):
                break
            continue
        results.append(result)
        say(WIDTHS.format(*row(result)))
        keep(result)
    for worker in team:
        worker.join(30)
    return results


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", default="all", choices=("all", "alone", "pairs"))
    parser.add_argument("--only", default="", help="cases whose name has these words")
    parser.add_argument("--database", default="", choices=("", "sqlite", "postgres"))
    parser.add_argument("--kind", default="", help="provider, webhooks, storage, …, sweep, nights")
    parser.add_argument("--people", type=int, default=PEOPLE, help="where one fault is alone")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="only print the names")
    parser.add_argument("--table", type=Path, default=TABLE, help="where the table is written")
    asked = parser.parse_args()
    wanted = jobs(asked.part, asked.only, asked.database, asked.kind)
    if asked.list:
        say("\n".join(f"{job.database:<9} {job.name}" for job in wanted))
        return 0
    heading = ("fault", "database", "accepted", "unknown", "twice", "lost", "s", "verdict")
    say(WIDTHS.format(*heading))
    results = run_all(wanted, asked.workers, asked.people, Table(wanted, asked.table).add)
    bad = [result for result in results if result.wrong]
    say(
        f"{len(results)} of {len(wanted)} cases run, {len(bad)} with a complaint; see {asked.table}"
    )
    return 1 if bad or len(results) < len(wanted) else 0


if __name__ == "__main__":
    sys.exit(main())
