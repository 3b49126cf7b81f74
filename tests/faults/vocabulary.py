"""What a fault is: when it is put in, how it ends, where it applies and what it may leave behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.faults.sender_process import Scale

if TYPE_CHECKING:
    from tests.faults.stage import Stage

BOTH = ("sqlite", "postgres")


class Kind(StrEnum):
    """Where a fault strikes."""

    PROVIDER = "provider"
    WEBHOOKS = "webhooks"
    STORAGE = "storage"
    PROCESSES = "processes"
    TIME = "time"


class Leaves(StrEnum):
    """What may be unknown at the end. Whoever is unknown is never written to again by itself."""

    NOBODY = "nobody"
    THE_UNPROVEN = "the unproven"  # copies that no receipt can settle
    THE_UNHEARD = "the unheard"  # also copies the provider took: their receipts were lost as well


def nothing(_stage: Stage) -> None:
    """Do nothing."""


def no_complaint(_stage: Stage) -> Sequence[str]:
    """Expect nothing beyond what is expected of every run."""
    return ()


def everywhere() -> str:
    """Need nothing special."""
    return ""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, as the row of the matrix it becomes."""

    name: str
    kind: Kind
    says: str  # what happens, for whoever reads the table
    inject: Callable[[Stage], None]
    heal: Callable[[Stage], None] = nothing
    prepare: Callable[[Stage], None] = nothing  # before anything runs
    lasts: float = 0.0  # seconds from the injection until it is healed
    early: bool = False  # before the launch, not when a quarter of the copies has left
    databases: Sequence[str] = BOTH
    leaves: Leaves = Leaves.NOBODY
    ends_processes: bool = False  # a process may end; it is started again, as systemd would
    happened: Callable[[Stage], bool] = lambda _stage: True  # proof that it struck at all
    expects: Callable[[Stage], Sequence[str]] = no_complaint  # what it alone promises, broken
    impossible: Callable[[], str] = everywhere  # why this machine cannot stage it; "" = it can
    scale: Scale = field(default_factory=Scale)
    repeatable: bool = True  # goes together with others
