"""What goes wrong with the receipts that providers post to us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.faults.stage import Stage
from tests.faults.vocabulary import Fault, Kind, Leaves, nothing

FORTY_SIX = 46  # the most copies of one event that anybody reported
DELIVERED, ACCEPTED = 40, 20


def options(stage: Stage, **more: Any) -> None:
    stage.options |= more


def repeat(stage: Stage) -> None:
    """From the next webhook on a twentieth comes 46 times."""
    stage.fake.fake.courier.copies = FORTY_SIX
    stage.fake.fake.courier.duplicates = 0.05


def shuffle(stage: Stage) -> None:
    stage.fake.fake.courier.shuffled = 1.0
    stage.fake.fake.courier.duplicates = 0.3


def lose(stage: Stage) -> None:
    stage.fake.fake.courier.silence = 1.0


def all_delivered(stage: Stage) -> Sequence[str]:
    statuses = stage.statuses()
    left = sum(statuses.values()) - statuses[DELIVERED]
    return [f"{left} copies are not delivered: {dict(statuses)}"] if left else ()


def all_accepted(stage: Stage) -> Sequence[str]:
    """Without a receipt they stay what the provider's answer made them."""
    statuses = stage.statuses()
    left = sum(statuses.values()) - statuses[ACCEPTED]
    return [f"{left} copies are not accepted: {dict(statuses)}"] if left else ()


FAULTS = [
    Fault(
        name="before our commit",
        kind=Kind.WEBHOOKS,
        says="every receipt overtakes the answer to its own request",
        prepare=lambda stage: options(stage, early_callbacks=1.0),
        inject=nothing,
        happened=lambda stage: stage.fake.fake.courier.delivered > 0,
        expects=all_delivered,
    ),
    Fault(
        name="×46",
        kind=Kind.WEBHOOKS,
        says="every twentieth message's receipts come 46 times each",
        inject=repeat,
        early=True,
        happened=lambda stage: stage.fake.fake.courier.delivered > stage.fake.accepted,
        expects=all_delivered,
    ),
    Fault(
        name="shuffled",
        kind=Kind.WEBHOOKS,
        says="receipts come in any order, a third of them twice",
        inject=shuffle,
        early=True,
        expects=all_delivered,
    ),
    Fault(
        name="lost",
        kind=Kind.WEBHOOKS,
        says="no receipt ever comes",
        inject=lose,
        early=True,
        leaves=Leaves.THE_UNHEARD,
        happened=lambda stage: stage.fake.fake.courier.lost > 0,
        expects=all_accepted,
    ),
]
