"""Attack a running service from outside, as a stranger, a viewer and a neighbour; print the list of 70.

    python -m tests.attacks.outside                    a service of its own
    python -m tests.attacks.outside --suite            the same, and the tests that hold the others
    python -m tests.attacks.outside --facts FILE       one that another process has staged

Exit code 1 when an attack goes through, or a test fails. Without --suite, tests are named and not run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine

from tests.attacks import abuse, doors, hooks, loads, pages, suite, wire
from tests.attacks.cases import ATTACKS, CASES, Case
from tests.attacks.stage import Facts, Stage, staged

MODULES = (doors, pages, wire, hooks, abuse, loads)  # importing them fills ATTACKS
HELD, OPEN, SUITE, WAITS = "held", "OPEN", "suite", "waits"


@dataclass(frozen=True)
class Result:
    """What came of one case."""

    case: Case
    verdict: str
    evidence: str


def attack_all(stage: Stage, only: Sequence[int] = ()) -> Iterator[Result]:
    """Run every attack that is run from outside, in the order of the list."""
    for case in CASES:
        if only and case.number not in only:
            continue
        if case.kind == "A":
            yield _run(case, stage)
        elif case.kind == "S":
            yield Result(case, SUITE, ", ".join(case.proofs))
        else:
            yield Result(case, WAITS, ", ".join(case.proofs))


def with_tests(results: Iterable[Result]) -> list[Result]:
    """The same, once the tests have been run that hold what is not run from outside."""
    listed = list(results)
    proofs = [proof for each in listed if each.verdict == SUITE for proof in each.case.proofs]
    said = suite.run(proofs)
    return [_tested(each, said) if each.verdict == SUITE else each for each in listed]


def _tested(result: Result, said: Mapping[str, suite.Held]) -> Result:
    good = all(said[proof].good for proof in result.case.proofs)
    evidence = ", ".join(f"{proof}: {said[proof]}" for proof in result.case.proofs)
    return Result(result.case, HELD if good else OPEN, evidence)


def table(results: Iterable[Result]) -> Table:
    """The list as a person reads it."""
    shown = Table(box=box.SIMPLE_HEAD, title="70 attacks")
    for heading in ("no.", "attack", "", "evidence"):
        shown.add_column(heading, overflow="fold")
    colours = {HELD: "green", OPEN: "bold red", SUITE: "cyan", WAITS: "yellow"}
    for each in results:
        verdict = f"[{colours[each.verdict]}]{each.verdict}[/]"
        shown.add_row(str(each.case.number), each.case.title, verdict, each.evidence)
    return shown


def _run(case: Case, stage: Stage) -> Result:
    try:
        return Result(case, HELD, ATTACKS[case.number](stage))
    except AssertionError as error:
        return Result(case, OPEN, str(error))
    except Exception as error:  # noqa: BLE001 - an attack that breaks proves nothing, and must not hide the others
        return Result(case, OPEN, f"the attack itself broke: {type(error).__name__}: {error}")


def main() -> int:
    """Run, print, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, help="what another process wrote about its service")
    parser.add_argument("--only", type=int, nargs="*", default=[], help="numbers of cases")
    parser.add_argument("--suite", action="store_true", help="run the tests that are named, too")
    told = parser.parse_args()
    if told.facts:
        facts = Facts.read(told.facts)
        results = list(attack_all(Stage(facts, create_engine(facts.database)), told.only))
    else:
        with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
            results = list(attack_all(stage, told.only))
    results = with_tests(results) if told.suite else results
    Console(width=150).print(table(results))
    through = [each for each in results if each.verdict == OPEN]
    waiting = [each for each in results if each.verdict == WAITS]
    held = len(results) - len(through) - len(waiting)
    summary = f"{held} of {len(results)} held, {len(waiting)} wait for a part that is not built"
    Console().print(f"{summary}, {len(through)} open", highlight=False)
    return 1 if through else 0


if __name__ == "__main__":
    sys.exit(main())
