"""The list of attacks is whole, and every proof it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.attacks import listing, outside
from tests.attacks.cases import ATTACKS, CASES, Case

ROOT = Path(__file__).parents[2]
PROOFS = [(case.number, proof) for case in CASES if case.kind == "S" for proof in case.proofs]


def test_there_are_seventy() -> None:
    assert [case.number for case in CASES] == list(range(1, 71))


def test_whatever_is_run_from_outside_has_its_attack() -> None:
    assert outside.MODULES
    assert {case.number for case in CASES if case.kind == "A"} == set(ATTACKS)


@pytest.mark.parametrize(("number", "proof"), PROOFS)
def test_what_the_suite_holds_is_there(number: int, proof: str) -> None:
    file, _, name = proof.partition("::")

    found = (ROOT / file).read_text("utf-8")

    assert number
    assert re.search(rf"def {name}\b" if name else r"def test_", found)


def test_only_what_is_not_built_waits() -> None:
    waiting: list[Case] = [case for case in CASES if case.kind == "-"]

    assert all(case.proofs for case in waiting)
    assert [case.number for case in waiting] == [11, 26]


def test_the_document_lists_them_as_they_are() -> None:
    """``python -m tests.attacks.listing`` prints the table anew."""
    written = (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()

    assert [row for row in listing.rows() if row not in written] == []
