"""Every case of the matrix: the faults alone, and the pairs of kinds that make sense together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tests.faults import (
    process_faults,
    provider_faults,
    storage_faults,
    time_faults,
    webhook_faults,
)
from tests.faults.sender_process import Scale
from tests.faults.vocabulary import Fault, Kind, Leaves

SINGLES = [
    *provider_faults.FAULTS,
    *webhook_faults.FAULTS,
    *storage_faults.FAULTS,
    *process_faults.FAULTS,
    *time_faults.FAULTS,
]
BY_NAME = {fault.name: fault for fault in SINGLES}

# Which faults of a kind stand for it beside others.
IN_PAIRS = {
    Kind.PROVIDER: (
        "accept then hang (sms)",
        "accept then reset (email)",
        "500 before (sms)",
        "429 (email)",
        "401 mid-run (sms)",
    ),
    Kind.WEBHOOKS: ("before our commit", "×46", "lost"),
    Kind.STORAGE: (
        "disk full",
        "locked 2 s",
        "read-only file",
        "restart, immediate",
        "backends terminated",
        "partition",
    ),
    Kind.PROCESSES: (
        "frozen past the lease",
        "event loop blocked",
        "OOM kill",
        "SIGTERM mid-run",
    ),
    Kind.TIME: ("clock forth 1 h", "clock back 1 h"),
}
# Which kinds meet. Those left out say nothing new: a receipt does not look at the clock, say.
MEET = (
    (Kind.PROVIDER, Kind.WEBHOOKS),
    (Kind.PROVIDER, Kind.STORAGE),
    (Kind.PROVIDER, Kind.PROCESSES),
    (Kind.PROVIDER, Kind.TIME),
    (Kind.WEBHOOKS, Kind.STORAGE),
    (Kind.WEBHOOKS, Kind.PROCESSES),
    (Kind.STORAGE, Kind.PROCESSES),
    (Kind.STORAGE, Kind.TIME),
    (Kind.PROCESSES, Kind.TIME),
)
SEVERITY = [Leaves.NOBODY, Leaves.THE_UNPROVEN, Leaves.THE_UNHEARD]


@dataclass(frozen=True)
class Case:
    """One run: one or two faults on one database."""

    faults: tuple[Fault, ...]
    database: str

    @property
    def name(self) -> str:
        return " + ".join(fault.name for fault in self.faults)

    @property
    def leaves(self) -> Leaves:
        """What may be unknown; two faults together may leave what either may."""
        worst = max((fault.leaves for fault in self.faults), key=SEVERITY.index)
        # A process that ends, or a receipt that meets a closed door, loses more in company.
        alone = len(self.faults) == 1
        return worst if alone or worst is not Leaves.NOBODY else Leaves.THE_UNPROVEN

    @property
    def scale(self) -> Scale:
        """The shortest patience and the lease of whoever needs its own."""
        scales = [fault.scale for fault in self.faults]
        chosen = next((scale for scale in scales if scale.lease != Scale().lease), scales[0])
        patience = min(scale.patience for scale in scales)
        return Scale(chosen.lease, chosen.answer_time, patience)

    @property
    def impossible(self) -> str:
        """Why this machine cannot stage it."""
        return next(filter(None, (fault.impossible() for fault in self.faults)), "")


def pairs() -> Iterator[tuple[Fault, Fault]]:
    for one, other in MEET:
        for first, second in product(IN_PAIRS[one], IN_PAIRS[other]):
            if not _too_much(first, second):
                yield BY_NAME[first], BY_NAME[second]


def _too_much(first: str, second: str) -> bool:
    """Every second of the larger products is enough: each fault still meets each kind."""
    kinds = BY_NAME[first].kind, BY_NAME[second].kind
    if first in ("disk full", "read-only file") and second == "frozen past the lease":
        return True  # who is frozen writes nothing, and so never meets it
    if kinds in ((Kind.PROVIDER, Kind.WEBHOOKS), (Kind.PROCESSES, Kind.TIME)):
        return False
    number = IN_PAIRS[kinds[0]].index(first) + IN_PAIRS[kinds[1]].index(second)
    return number % 2 == 1


def cases() -> list[Case]:
    """The whole matrix."""
    combinations: list[tuple[Fault, ...]] = [(fault,) for fault in SINGLES]
    combinations += list(pairs())
    return [
        Case(faults, database)
        for faults in combinations
        for database in ("sqlite", "postgres")
        if all(database in fault.databases for fault in faults)
    ]
