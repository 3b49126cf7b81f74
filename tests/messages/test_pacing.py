"""A sender's pace is shared, survives restarts, and lets answers pass."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from database.opening import Opened
from messages.pacing import (
    REGROWTH,
    Bucket,
    buckets,
    refilled,
    settle,
    share,
    slow_down,
    spent,
    take,
)


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


@given(
    rate=st.floats(0.5, 50),
    asks=st.lists(
        st.tuples(st.floats(0, 2), st.integers(1, 60), st.integers(1, 4)), min_size=1, max_size=60
    ),
    start=st.floats(-100, 100),
)
def test_no_stretch_of_time_sees_more_than_its_rate_and_one_bucket(
    rate: float, asks: list[tuple[float, int, int]], start: float
) -> None:
    """Whichever sender asks, whenever and for whatever: all of them share one bucket."""
    now = datetime(2026, 11, 19, tzinfo=UTC)
    bucket = Bucket(start, now)
    given_out: list[tuple[datetime, int, int]] = []
    for pause, copies, segments in asks:
        now += timedelta(seconds=pause)
        bucket, copies_now = spent(bucket, rate=rate, copies=copies, segments=segments, now=now)
        given_out.append((now, copies_now, segments))

    longest = max(segments for _, _, segments in asks)
    for index, (begin, _, _) in enumerate(given_out):
        for end_index in range(index, len(given_out)):
            within = given_out[index : end_index + 1]
            taken = sum(copies * segments for _, copies, segments in within)
            elapsed = (within[-1][0] - begin).total_seconds()
            assert taken <= rate * elapsed + max(rate, 1.0) + longest + 0.1


def test_a_provider_that_asks_to_slow_down_halves_the_pace_of_every_sender(
    conn: Connection, now: datetime
) -> None:
    def left_in(seconds: int, begin: datetime) -> int:
        return sum(
            take(
                conn,
                "sms:+1",
                rate=10,
                copies=100,
                segments=1,
                first=False,
                now=begin + timedelta(seconds=second),
            ).copies
            for second in range(seconds)
        )

    left_in(1, now)
    slow_down(conn, "sms:+1", rate=10, now=now)
    slow_down(conn, "sms:+1", rate=10, now=now + timedelta(milliseconds=300))  # the same word

    bucket = buckets(conn, ["sms:+1"])["sms:+1"]
    slowed = left_in(10, now + timedelta(seconds=1))
    later = left_in(10, now + timedelta(minutes=2))

    assert bucket.slowed == 0.5
    assert 50 <= slowed <= 75
    assert later == 100


@given(
    words=st.lists(st.floats(0, 300), max_size=20),
    slowed=st.floats(0, 1),
)
def test_a_slowed_pace_never_stops_and_grows_back_within_a_minute(
    words: list[float], slowed: float
) -> None:
    now = datetime(2026, 11, 19, tzinfo=UTC)
    shares = [share(slowed, now, now=now + timedelta(seconds=each)) for each in sorted(words)]

    assert shares == sorted(shares)
    assert all(0 < each <= 1 for each in shares)
    assert share(slowed, now, now=now + REGROWTH) == 1.0
    assert share(slowed, now, now=now - timedelta(hours=1)) > 0


async def test_senders_on_many_machines_share_one_pace(opened: Opened) -> None:
    rate, senders, moments = 5.0, 3, 40
    begin = datetime(2026, 11, 19, tzinfo=UTC)

    async def ask(number: int) -> int:
        granted = 0
        for moment in range(moments):
            at = begin + timedelta(milliseconds=100 * moment + number)
            allowed = await opened.database.write(
                take, "sms:+1", rate=rate, copies=7, segments=1, first=False, now=at
            )
            granted += allowed.copies
        return granted

    total = sum(await asyncio.gather(*(ask(number) for number in range(senders))))

    elapsed = moments / 10
    assert total <= rate * elapsed + max(rate, 1.0)
    assert total >= rate * elapsed * 0.8
