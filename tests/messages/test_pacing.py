"""A sender's pace is shared, survives restarts, and lets answers pass."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from messages.pacing import refilled, settle, take


def test_bucket_gives_no_more_than_its_rate(conn: Connection, now: datetime) -> None:
    granted = [
        take(
            conn,
            "sms:+16085550100",
            rate=3,
            copies=100,
            segments=1,
            first=False,
            now=now + timedelta(milliseconds=500 * step),
        ).copies
        for step in range(20)
    ]

    assert sum(granted) <= 3 * 10 + 3
    assert sum(granted) >= 3 * 9


def test_long_texts_leave_more_slowly(conn: Connection, now: datetime) -> None:
    def sent_in_a_minute(segments: int) -> int:
        return sum(
            take(
                conn,
                f"sms:{segments}",
                rate=3,
                copies=100,
                segments=segments,
                first=False,
                now=now + timedelta(seconds=step),
            ).copies
            for step in range(60)
        )

    assert sent_in_a_minute(1) == 180
    assert sent_in_a_minute(3) == 60


def test_text_longer_than_the_bucket_still_leaves(conn: Connection, now: datetime) -> None:
    first = take(conn, "slow", rate=1, copies=5, segments=4, first=False, now=now)
    at_once = take(conn, "slow", rate=1, copies=5, segments=4, first=False, now=now)
    later = take(conn, "slow", rate=1, copies=5, segments=4, first=False, now=at_once.ready_at)

    assert (first.copies, at_once.copies, later.copies) == (1, 0, 1)
    assert at_once.ready_at == now + timedelta(seconds=4)


def test_answers_pass_and_bulk_waits_for_them(conn: Connection, now: datetime) -> None:
    take(conn, "one", rate=1, copies=1, segments=1, first=False, now=now)

    answer = take(conn, "one", rate=1, copies=1, segments=1, first=True, now=now)
    bulk = take(conn, "one", rate=1, copies=1, segments=1, first=False, now=now)

    assert answer.copies == 1
    assert bulk.copies == 0
    assert bulk.ready_at == now + timedelta(seconds=2)


def test_estimate_is_settled_after_rendering(conn: Connection, now: datetime) -> None:
    take(conn, "one", rate=10, copies=4, segments=1, first=False, now=now)

    settle(conn, "one", difference=6, rate=10)

    left = take(conn, "one", rate=10, copies=10, segments=1, first=False, now=now)
    assert left.copies == 0


def test_no_rate_is_no_limit(conn: Connection, now: datetime) -> None:
    assert take(conn, "x", rate=0, copies=77, segments=9, first=False, now=now).copies == 77


@given(
    tokens=st.floats(-100, 100),
    rate=st.floats(0.1, 300),
    seconds=st.floats(-10, 10_000),
)
def test_bucket_never_overflows_and_a_clock_set_back_takes_nothing(
    tokens: float, rate: float, seconds: float
) -> None:
    after = refilled(tokens, rate=rate, elapsed=timedelta(seconds=seconds))

    assert after <= max(rate, 1.0)
    assert after >= min(tokens, max(rate, 1.0))
