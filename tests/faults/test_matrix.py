"""A few cases of the fault matrix, one of each kind; ``make faults`` runs them all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.catalogue import BY_NAME, MEET, SINGLES, Case, cases
from tests.faults.running import run
from tests.faults.stage import Grounds, Stage
from tests.faults.vocabulary import Fault, Kind

SHORT = (
    pytest.param("500 before (sms)", "sqlite"),
    pytest.param("lost", "sqlite", marks=pytest.mark.long),
    pytest.param("disk full", "sqlite"),
    pytest.param("SIGTERM mid-run", "sqlite"),
    pytest.param("clock to and fro", "sqlite", marks=pytest.mark.long),
    pytest.param("restart, immediate", "postgres", marks=pytest.mark.postgres),
)


@pytest.mark.crash
@pytest.mark.parametrize(("name", "database"), SHORT)
def test_fault_doubles_nobody_and_loses_nobody(
    grounds: Grounds, tmp_path: Path, name: str, database: str
) -> None:
    result = run(Case((BY_NAME[name],), database), grounds, tmp_path / "run")

    if result.skipped:
        pytest.skip(result.skipped)
    assert result.wrong == []
    assert (result.duplicates, result.lost) == (0, 0)


def forge(stage: Stage) -> None:
    """Somebody gets a second copy."""
    entry = stage.fake.fake.journal.of("accepted")[0]
    stage.fake.fake.journal.append_all("accepted", [entry])


@pytest.mark.crash
def test_matrix_cries_out_about_a_second_copy_and_about_a_fault_that_never_struck(
    grounds: Grounds, tmp_path: Path
) -> None:
    forged = Fault("forged", Kind.PROVIDER, "a copy too many", inject=forge)
    idle = replace(BY_NAME["429 (sms)"], inject=lambda _stage: None)

    result = run(Case((forged, idle), "sqlite"), grounds, tmp_path / "run")

    assert result.duplicates == 1
    assert any("accepted 2 times" in sentence for sentence in result.wrong)
    assert "429 (sms): it never struck" in result.wrong


def test_every_kind_of_fault_is_in_the_matrix_alone_and_in_pairs() -> None:
    met = {tuple(fault.kind for fault in case.faults) for case in cases()}

    assert {(kind,) for kind in Kind} <= met
    assert set(MEET) <= met
    assert len(SINGLES) >= 40


def test_every_case_has_a_name_of_its_own() -> None:
    names = Counter((case.name, case.database) for case in cases())

    assert max(names.values()) == 1
