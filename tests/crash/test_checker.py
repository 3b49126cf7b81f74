"""The checker must cry out: each broken promise, planted on purpose, is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.crash.checker import Copy, Ledger, always_wrong, gone_backwards, wrong_at_the_end

SENT = Copy(1, 1, "sms", "+16082000001", 40, "", 1, 1, "SM1")
OTHER = Copy(2, 1, "sms", "+16082000002", 40, "", 1, 1, "SM2")


def ledger(*copies: Copy, expected: int = 2, counts: dict[Any, int] | None = None) -> Ledger:
    rows = Counter((copy.message_id, copy.channel, copy.status, copy.reason) for copy in copies)
    return Ledger({copy.id: copy for copy in copies}, {1: expected}, counts or dict(rows))


def accepted(*ids: int, attempt: int = 1) -> list[dict[str, Any]]:
    return [
        {
            "kind": "accepted",
            "delivery_id": number,
            "attempt": attempt,
            "to": f"+1608200000{number}",
        }
        for number in ids
    ]


def test_a_good_run_is_found_good() -> None:
    assert wrong_at_the_end(ledger(SENT, OTHER), accepted(1, 2)) == []


@pytest.mark.parametrize(
    ("journal", "copies", "said"),
    [
        pytest.param(accepted(1, 2, 1), [SENT, OTHER], "accepted 2 times", id="doubled"),
        pytest.param(
            [*accepted(1), {**accepted(2)[0], "to": SENT.address}],
            [SENT, OTHER],
            "got 2 copies",
            id="two rows, one phone",
        ),
        pytest.param(
            accepted(1, 2), [SENT, replace(OTHER, status=0)], "stands at 0", id="forgotten"
        ),
        pytest.param(
            accepted(1, 2), [SENT, replace(OTHER, status=50)], "stands at 50", id="called skipped"
        ),
        pytest.param(
            accepted(1, 2),
            [SENT, replace(OTHER, status=43, provider_id=None)],
            "stands at 43",
            id="called refused",
        ),
        pytest.param(accepted(1), [SENT, OTHER], "never accepted", id="made up"),
        pytest.param(
            accepted(1), [SENT, replace(OTHER, status=10)], "still stands at 10", id="left hanging"
        ),
        pytest.param(accepted(1), [SENT], "has 1 rows, not 2", id="lost"),
        pytest.param(
            accepted(1, 2), [SENT, replace(OTHER, address=SENT.address)], "2 rows", id="double rows"
        ),
    ],
)
def test_a_broken_promise_is_found(
    journal: list[dict[str, Any]], copies: Sequence[Copy], said: str
) -> None:
    found = wrong_at_the_end(ledger(*copies), journal)

    assert any(said in sentence for sentence in found), found


def test_counts_that_drifted_are_found() -> None:
    drifted = ledger(SENT, OTHER, counts={(1, "sms", 40, ""): 1})

    assert always_wrong(drifted, accepted(1, 2)) == ["I14: counted 2, kept 1 of (1, 'sms', 40, '')"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda copy: replace(copy, status=30), True, id="sank"),
        pytest.param(lambda copy: replace(copy, status=42), False, id="rose"),
        pytest.param(lambda copy: replace(copy, status=10, attempt=2), False, id="next attempt"),
    ],
)
def test_a_status_that_sank_is_found(change: Callable[[Copy], Copy], *, found: bool) -> None:
    assert bool(gone_backwards(ledger(SENT), ledger(change(SENT)))) == found
