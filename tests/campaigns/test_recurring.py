"""Rules over times on the wall: the plain choices, what is refused, and that none takes for ever."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.recurring import (
    DAYS,
    BadRule,
    Choice,
    Repeat,
    choice_of,
    first_of,
    happens,
    normal,
    rule_of,
    times,
)

FIRST = date(2026, 12, 31)


def dates(rule: str, count: int, first: str = "2026-12-31T09:00") -> list[str]:
    return [each[:10] for each in islice(times(rule, first), count)]


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (Choice(repeat=Repeat.WEEKLY, days=("TU", "TH")), ["2026-12-31", "2027-01-05", "2027-01-07"]),
        (Choice(repeat=Repeat.WEEKDAY, day="TU", nth=1), ["2027-01-05", "2027-02-02", "2027-03-02"]),
        (Choice(repeat=Repeat.WEEKDAY, day="TU", nth=-1), ["2027-01-26", "2027-02-23", "2027-03-30"]),
        (Choice(repeat=Repeat.DAY, every=1), ["2026-12-31", "2027-01-31", "2027-02-28"]),
        (Choice(repeat=Repeat.DAY, every=3), ["2026-12-31", "2027-03-31", "2027-06-30"]),
        (Choice(repeat=Repeat.WEEKLY, until=date(2027, 1, 7)), ["2026-12-31", "2027-01-07"]),
        (Choice(repeat=Repeat.WEEKLY, times=1), ["2026-12-31"]),
        (Choice(), ["2026-12-31"]),
    ],
)  # fmt: skip
def test_a_plain_choice_gives_its_dates_and_is_read_back(choice: Choice, wanted: list[str]) -> None:
    rule = rule_of(choice, FIRST)

    assert dates(rule, 3) == wanted
    assert rule_of(choice_of(rule), FIRST) == rule


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("FREQ=SECONDLY", "begin with FREQ=WEEKLY"),
        ("FREQ=HOURLY", "begin with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYHOUR=9", "has its own field"),
        ("FREQ=DAILY;COUNT=1001", "number up to 1000"),
        ("FREQ=DAILY;COUNT=0", "COUNT is 1 or more"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is 1 or more"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;UNTIL=20270101T000000Z", "by the clock on the wall"),
        ("FREQ=DAILY;BYDAY=XX", "cannot be understood"),
        ("FREQ=DAILY\nRRULE:FREQ=DAILY", "on one line"),
        ("FREQ=DAILY;FREQ=WEEKLY", "twice"),
        ("", "on one line"),
        ("every Tuesday", "no part of a rule"),
    ],
)
def test_a_rule_that_is_out_of_bounds_is_told(rule: str, wanted: str) -> None:
    with pytest.raises(BadRule, match=wanted):
        normal(rule)


@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;UNTIL=20200101"]
)
def test_a_rule_that_never_yields_is_told(rule: str) -> None:
    with pytest.raises(BadRule, match="no date within ten years"):
        first_of(normal(rule), "2026-12-31T09:00")


RULES = st.builds(
    Choice,
    repeat=st.sampled_from([Repeat.WEEKLY, Repeat.WEEKDAY, Repeat.DAY]),
    every=st.integers(1, 24),
    days=st.lists(st.sampled_from(DAYS), unique=True, max_size=3).map(
        lambda each: tuple(day for day in DAYS if day in each)
    ),
    nth=st.sampled_from([-1, 1, 2, 3, 4]),
    day=st.sampled_from(DAYS),
    times=st.one_of(st.none(), st.integers(1, 50)),
)


@given(RULES, st.dates(date(2024, 1, 1), date(2040, 1, 1)), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_whatever_is_chosen_comes_in_order_at_its_hour_and_goes_on_after_any_of_them(
    choice: Choice, first: date, skip: int
) -> None:
    begins = f"{first}T09:00"
    rule = rule_of(choice, first)

    found = list(islice(times(rule, begins), 10))

    assert found == sorted(set(found))
    assert all(each >= begins and each.endswith("T09:00") for each in found)
    assert len(found) == min(10, choice.times or 10) or found[-1] > f"{first + timedelta(2900)}"
    if skip < len(found):
        after = found[skip]
        rest = list(islice(times(rule, begins, after=after), 10 - skip - 1))
        assert rest[: len(found) - skip - 1] == found[skip + 1 :]
        assert happens(rule, begins, after)
        middle = datetime.fromisoformat(after) + timedelta(hours=1)
        assert not happens(rule, begins, f"{middle:%Y-%m-%dT%H:%M}")
