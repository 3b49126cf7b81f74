"""A machine that answers in people's stead is not heard for long."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from actions.flooding import Most, TooOften, count_answer, forget
from actions.models import AnswerCount

FEW = {"hall": Most(an_hour=3, a_day=5)}


def taken(conn: Connection, times: int, now: datetime) -> int:
    """How many of so many answers are taken."""
    count = 0
    for _ in range(times):
        try:
            with conn.begin_nested():
                count_answer(conn, FEW, now=now)
        except TooOften:
            continue
        count += 1
    return count


def test_an_hour_has_an_end_and_so_has_a_day(conn: Connection, now: datetime) -> None:
    morning = now.replace(hour=9)

    found = [taken(conn, 9, morning + timedelta(hours=each)) for each in (0, 1, 2, 24)]

    assert found == [3, 2, 0, 3]


def test_every_source_must_have_room(conn: Connection, now: datetime) -> None:
    taken(conn, 3, now)

    with pytest.raises(TooOften, match="try again later"), conn.begin_nested():
        count_answer(conn, {"other": Most(an_hour=9, a_day=9), **FEW}, now=now)

    other = select(AnswerCount.answers).where(AnswerCount.source == "hour:other")
    assert conn.scalar(other) is None


def test_counts_are_forgotten_after_a_week(conn: Connection, now: datetime) -> None:
    taken(conn, 1, now - timedelta(days=9))
    taken(conn, 1, now)

    assert forget(conn, now=now) == 2
    assert conn.scalar(select(func.count()).select_from(AnswerCount)) == 2
