"""What the tests say that hold an attack which is not run from outside: run them, and read their report."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]
GOOD = "passed"


@dataclass(frozen=True)
class Held:
    """How the tests of one proof went."""

    outcomes: Mapping[str, int]  # passed, failed, skipped: how many

    @property
    def good(self) -> bool:
        """Whether there are tests, and all of them passed."""
        return set(self.outcomes) == {GOOD}

    def __str__(self) -> str:
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        return told or "no test ran"


def run(proofs: Iterable[str], *, workers: int = 2) -> dict[str, Held]:
    """Run the files and tests that proofs name, all at once; how each of them went."""
    named = sorted(set(proofs))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        there = [proof for proof in named if (ROOT / proof.partition("::")[0]).exists()]
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--junit-xml", report, *there],
            cwd=ROOT, capture_output=True, check=False,
        )  # fmt: skip
        ran = read(report.read_text("utf-8")) if report.exists() else []
    return {
        proof: Held(Counter(said for test, said in ran if _proves(test, proof))) for proof in named
    }


def read(report: str) -> list[tuple[str, str]]:
    """Each test of a report, as file::name, and how it went."""
    tests = ET.fromstring(report).iter("testcase")
    return [(_name(test), _outcome(test)) for test in tests]


def _name(test: ET.Element) -> str:
    file = test.get("classname", "").replace(".", "/")
    return f"{file}.py::{test.get('name', '').partition('[')[0]}"


def _outcome(test: ET.Element) -> str:
    if test.find("failure") is not None or test.find("error") is not None:
        return "failed"
    return "skipped" if test.find("skipped") is not None else GOOD


def _proves(test: str, proof: str) -> bool:
    return test == proof if "::" in proof else test.startswith(f"{proof}::")
