"""A Congress begins at noon on 3 January; ten states then have other lines, forty have not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from representatives.maps import (
    REDRAWN,
    begins,
    congress_at,
    holds,
    map_of,
    newest_begun,
    sitting_day,
)

TURN = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)  # noon in Washington
MINUTE = timedelta(minutes=1)
TEN = ["TX", "CA", "MO", "NC", "OH", "UT", "FL", "TN", "LA", "AL"]


def test_the_119th_map_ends_at_noon_in_washington() -> None:
    found = map_of(119)

    assert found.valid_from == datetime(2025, 1, 3, 17, 0, tzinfo=UTC)
    assert found.valid_to.isoformat() == "2027-01-03T17:00:00+00:00"
    assert begins(120) == TURN


@pytest.mark.parametrize(
    ("now", "congress"),
    [
        (datetime(2025, 1, 3, 16, 59, tzinfo=UTC), 118),
        (datetime(2025, 1, 3, 17, 0, tzinfo=UTC), 119),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), 119),
        (datetime(2027, 1, 1, 12, 0, tzinfo=UTC), 119),
        (TURN - MINUTE, 119),
        (TURN, 120),
        (TURN + MINUTE, 120),
        (datetime(2029, 1, 3, 17, 0, tzinfo=UTC), 121),
    ],
)
def test_congress_that_sits(now: datetime, congress: int) -> None:
    assert congress_at(now) == congress


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 19, 21, 30, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2027, 1, 3, 0, 0, tzinfo=UTC), date(2027, 1, 2)),
        (TURN - MINUTE, date(2027, 1, 2)),
        (TURN, date(2027, 1, 3)),
        (datetime(2028, 1, 3, 1, 0, tzinfo=UTC), date(2028, 1, 3)),
    ],
)
def test_terms_turn_over_with_the_congress(now: datetime, day: date) -> None:
    assert sitting_day(now) == day


def test_ten_states_are_redrawn_for_2027() -> None:
    assert REDRAWN[120] == set(TEN)
    assert [state for state in TEN if holds(state, 1, 119, TURN)] == []
    assert all(holds(state, 1, 119, TURN - MINUTE) for state in TEN)


@pytest.mark.parametrize("state", ["WI", "MA", "ME", "NY", "IL"])
def test_other_lines_hold_on(state: str) -> None:
    assert holds(state, 1, 119, TURN + MINUTE)


def test_new_lines_of_a_redrawn_state_do_not_count_early() -> None:
    assert not holds("TX", 35, 120, TURN - MINUTE)
    assert holds("TX", 35, 120, TURN)


def test_a_whole_state_has_no_lines_to_move_and_unheard_of_congresses_no_trusted_ones() -> None:
    in_2029 = datetime(2029, 6, 1, tzinfo=UTC)

    assert holds("WY", 0, 119, in_2029)
    assert not holds("WI", 2, 119, in_2029)
    assert not holds("WI", 2, 118, TURN)
    assert holds("WI", 2, 121, in_2029)


def test_lines_loaded_ahead_wait_for_their_day() -> None:
    assert newest_begun([119, 120], TURN - MINUTE) == 119
    assert newest_begun([119, 120], TURN) == 120
    assert newest_begun([120], TURN - MINUTE) == 119
    assert newest_begun([], TURN) == 119
