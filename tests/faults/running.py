"""Run one case of the matrix and judge it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash import checker
from tests.faults.catalogue import Case
from tests.faults.stage import Grounds, Stage, staged, twice
from tests.faults.vocabulary import Leaves
from tests.processes import ROOT, NotInTime

LOGS = ROOT / "build" / "faults"


@dataclass(frozen=True)
class Result:
    """A row of the table."""

    name: str
    database: str
    accepted: int = 0
    unknown: int = 0
    duplicates: int = 0
    lost: int = 0
    seconds: float = 0.0
    wrong: Sequence[str] = field(default=())
    skipped: str = ""  # why it could not be staged
    remark: str = ""

    @property
    def verdict(self) -> str:
        if self.skipped:
            return f"not staged: {self.skipped}"
        return "; ".join(self.wrong[:4]) or f"good{self.remark and f' ({self.remark})'}"


def run(case: Case, grounds: Grounds, folder: Path) -> Result:
    """Stage a case; what goes wrong in staging it is a verdict too."""
    if reason := case.impossible:
        return Result(case.name, case.database, skipped=reason)
    started = time.monotonic()
    with staged(grounds, case.database, folder) as stage:
        try:
            over = _play(case, stage)
        except NotInTime as error:
            return _judged(case, stage, [" ".join(str(error).split())[-300:]], started)
        return _judged(case, stage, [] if over else ["it was not over in time"], started)


def _play(case: Case, stage: Stage) -> bool:
    """The run itself; whether everything came to its end in time."""
    stage.scale = case.scale
    for fault in case.faults:
        fault.prepare(stage)
    stage.set_up()
    stage.start()
    early = [fault for fault in case.faults if fault.early]
    late = [fault for fault in case.faults if not fault.early]
    for fault in early:
        fault.inject(stage)
    if not stage.message_id:
        stage.launch()
    if not early or not any(fault.lasts for fault in early):
        stage.wait_for_a_quarter()
    for fault in late:
        fault.inject(stage)
    time.sleep(max(fault.lasts for fault in case.faults))
    for fault in case.faults:
        fault.heal(stage)
    over = stage.finish()
    stage.end()
    return over


def _judged(case: Case, stage: Stage, wrong: list[str], started: float) -> Result:
    ledger, journal = checker.read_ledger(stage.url), stage.fake.entries
    wrong += checker.wrong_at_the_end(ledger, journal)
    wrong += _unbalanced(stage)
    wrong += _wrongly_unknown(case, ledger, journal)
    wrong += [
        f"{fault.name}: it never struck" for fault in case.faults if not fault.happened(stage)
    ]
    if len(case.faults) == 1:
        wrong += case.faults[0].expects(stage)
    wrong += _ended(case, stage)
    if wrong:
        _keep_log(case, stage)
    account = checker.account(ledger, journal)
    return Result(
        name=case.name,
        database=case.database,
        accepted=account.accepted,
        unknown=account.unknown,
        duplicates=twice(ledger, journal),
        lost=_lost(ledger),
        seconds=time.monotonic() - started,
        wrong=wrong,
    )


def _keep_log(case: Case, stage: Stage) -> None:
    """What the service said stays under build/faults, to look into the complaint."""
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{case.name}, {case.database}.log").write_text(stage.said, encoding="utf-8")


def _lost(ledger: checker.Ledger) -> int:
    waiting = sum(
        copy.status in (checker.PENDING, checker.SENDING) for copy in ledger.copies.values()
    )
    return waiting + max(0, sum(ledger.expected.values()) - len(ledger.copies))


def _unbalanced(stage: Stage) -> list[str]:
    finished = stage.query("SELECT 1 FROM messages WHERE finished_at IS NOT NULL")
    return [
        *([] if stage.message_id and stage.balanced() else ["the equation does not add up"]),
        *([] if finished else ["the message is not finished"]),
    ]


def _wrongly_unknown(
    case: Case, ledger: checker.Ledger, journal: Sequence[checker.Entry]
) -> list[str]:
    """Who is unknown though a receipt came, or though nothing was ever in doubt."""
    taken = {entry["delivery_id"] for entry in journal if entry["kind"] == "accepted"}
    unknown = [copy for copy in ledger.copies.values() if copy.status == checker.UNKNOWN]
    heard = [copy for copy in unknown if copy.id in taken]
    unreasoned = [
        f"copy {copy.id} is unknown without a reason" for copy in unknown if not copy.reason
    ]
    if case.leaves is Leaves.NOBODY and unknown:
        return [f"{len(unknown)} copies are unknown ({unknown[0].reason})"]
    if case.leaves is Leaves.THE_UNPROVEN and heard and not _unheard(case):
        return [f"{len(heard)} copies are unknown though their receipts came"]
    return unreasoned


def _unheard(case: Case) -> bool:
    """Whether receipts could not be heard: some are given up while a database is away."""
    return any(fault.leaves is Leaves.THE_UNHEARD for fault in case.faults)


def _ended(case: Case, stage: Stage) -> list[str]:
    """Processes that ended by themselves, or not well when they were asked to."""
    found = []
    if stage.ends and not any(fault.ends_processes for fault in case.faults):
        found.append(f"a process ended by itself ({stage.ends})")
    bad = [code for code in stage.notes.get("codes", []) if code != 0]
    return found + [f"a process ended with {code}" for code in bad]
