"""The month tells how many people's step of a series comes on which day: for whoever is in it now, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from campaigns import series
from campaigns.series_ahead import Stands, first_hour, step_days
from messages.series_models import SeriesStep
from tests.builders import make_project
from tests.campaigns.test_series import DAY, HOUR, START, join, make_series, steps, sweep
from tests.doubles import NoJobs
from tests.web.console.test_inbox_plans import asked, explained

FIRST, END = date(2026, 11, 1), date(2026, 12, 1)
NEXT_DAY = START + DAY + HOUR  # after nine, when the first step comes to who joined at the start


@pytest.fixture
def madison(conn: Connection) -> int:
    return make_project(conn, "Madison")


def shown(
    conn: Connection, project: int, at: Any = START, first: date = FIRST, end: date = END
) -> list[tuple[str, int, str, int]]:
    """Day, step, how it stands, people."""
    found = step_days(conn, (project,), first=first, end=end, today=at.date())
    return [(f"{each.day:%m-%d}", each.days, each.stands.value, each.people) for each in found]


def test_each_step_stands_on_the_day_on_which_it_comes_with_how_many(
    conn: Connection, madison: int
) -> None:
    made = make_series(conn, madison)
    for name in ("Rosa", "Ana"):
        join(conn, madison, name, START)
    sweep(conn, NoJobs(), made, START + HOUR)
    before = shown(conn, madison)

    join(conn, madison, "Luz", START + 2 * DAY)
    sweep(conn, NoJobs(), made, START + 2 * DAY + HOUR)

    assert before == [("11-03", 1, "due", 2), ("11-09", 7, "due", 2)]
    later = shown(conn, madison, START + 2 * DAY)
    assert later == [
        ("11-03", 1, "held", 2),
        ("11-05", 1, "due", 1),
        ("11-09", 7, "due", 2),
        ("11-11", 7, "due", 1),
    ]
    assert shown(conn, madison, START, date(2026, 12, 1), date(2027, 1, 1)) == [
        ("12-02", 30, "due", 2),
        ("12-04", 30, "due", 1),
    ]


def test_what_left_or_was_taken_out_or_is_nobodys_any_more_is_not_told(
    conn: Connection, madison: int
) -> None:
    made = make_series(conn, madison, days=(1, 7))
    join(conn, madison, "Rosa", START)
    sweep(conn, NoJobs(), made, START + HOUR)

    sweep(conn, NoJobs(), made, START + DAY - HOUR * 2)
    sent = shown(conn, madison, START + DAY)
    series.retire_step(conn, steps(conn, made)[1], now=START + DAY)
    retired = shown(conn, madison, START + DAY)
    bangor = shown(conn, make_project(conn, "Bangor"))
    series.restore_step(conn, steps_with_retired(conn, made)[1])
    series.stop(conn, made, now=START + DAY)

    assert sent == [("11-09", 7, "due", 1)]
    assert (retired, bangor, shown(conn, madison)) == ([], [], [])


def steps_with_retired(conn: Connection, made: int) -> list[int]:
    return [each.id for each in series.all_steps(conn, made)]


def test_an_hour_of_tonight_is_the_first_that_is_ahead_until_it_is_over_everywhere(
    conn: Connection, madison: int
) -> None:
    made = make_series(conn, madison, days=(1,))
    conn.execute(update(SeriesStep).values(hour="22:00"))
    for name, joined in (("Rosa", START + DAY), ("Ana", START + 2 * DAY)):
        join(conn, madison, name, joined)
        sweep(conn, NoJobs(), made, joined + HOUR)
    [step] = series.steps_of(conn, made)
    nine_in_the_evening = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)  # in Madison, where it is the 4th

    assert first_hour(conn, step, now=nine_in_the_evening) == "2026-11-04T22:00"
    assert first_hour(conn, step, now=nine_in_the_evening + 8 * HOUR) == "2026-11-05T22:00"


def test_what_comes_while_a_series_is_paused_is_marked(conn: Connection, madison: int) -> None:
    made = make_series(conn, madison, days=(7,))
    join(conn, madison, "Rosa", START)
    sweep(conn, NoJobs(), made, START + HOUR)

    series.pause(conn, made)

    assert shown(conn, madison) == [("11-09", 7, Stands.PAUSED.value, 1)]


def test_many_series_are_asked_about_as_often_as_one(conn: Connection, madison: int) -> None:
    counted = []
    for more in (1, 20):
        for _ in range(more):
            made = make_series(conn, madison, days=tuple(range(1, 30)))
        join(conn, madison, "Rosa", START)
        sweep(conn, NoJobs(), made, START + timedelta(minutes=1))
        with asked(conn) as heard:
            found = shown(conn, madison)
        counted.append((len(heard), len(found)))

    (few, days), (many, more_days) = counted
    assert few == many == 3
    assert more_days > days


def test_it_reads_only_whom_it_counts(conn: Connection, madison: int) -> None:
    made = make_series(conn, madison)
    join(conn, madison, "Rosa", START)
    sweep(conn, NoJobs(), made, START + HOUR)

    plan = explained(conn, lambda: shown(conn, madison))

    assert "ix_series_enrolments_under_way" in plan
    assert "ix_series_copies_held" in plan
    assert "SCAN series_enrolments" not in plan
    assert "Seq Scan on series_copies" not in plan
