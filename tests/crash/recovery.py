"""How long did what a dead sender held stay held? (I8)"""

from __future__ import annotations

from collections.abc import Iterable

from tests.crash.checker import Entry

GRACE = 5.0  # seconds in which it must be taken back, once its lease is over and a sender is up


def held_too_long(recoveries: Iterable[Entry], *, lease: float) -> list[str]:
    """I8: kills after which somebody's copies or batches were held longer than lease + 5 s.

    Each was watched in the tables from the kill on, and nobody shortened its leases. ``up`` is when
    its successor said that it runs: on a busy machine that alone may take longer.
    """
    return [
        f"I8: what process {one['pid']} held was free only after {one['seconds']:.1f} s"
        for one in recoveries
        if one["seconds"] > max(lease, one["up"]) + GRACE
    ]
