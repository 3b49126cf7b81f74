"""Recesses of the House and the Senate: what is kept, and what is refused with a sentence."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import Connection

from representatives.recesses import (
    BadRecess,
    Chamber,
    drop,
    keep,
    read_days,
    read_list,
    recesses,
)

SOURCE = "https://www.house.gov/legislative-activity"
AUGUST = ("house", "2026-08-01", "2026-08-31", SOURCE)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("commons", "2026-08-01", "2026-08-31", SOURCE), "the house or the senate"),
        (("house", "August", "2026-08-31", SOURCE), "both days as dates"),
        (("house", "2026-08-31", "2026-08-01", SOURCE), "The last day is the first or later"),
        (("house", "2026-01-01", "2026-08-31", SOURCE), "within 200 days"),
        (("house", "2026-08-01", "2026-08-31", "their site"), "Say where it is published"),
    ],
)
def test_what_is_no_recess_is_refused(typed: tuple[str, str, str, str], why: str) -> None:
    with pytest.raises(BadRecess, match=why):
        read_days(*typed)


def test_a_list_is_read_as_a_spreadsheet_saves_it() -> None:
    lines = f'House,2026-08-01,2026-08-31,{SOURCE}\r\n\r\n"senate";2026-08-10;2026-09-11;{SOURCE}\n'

    found = read_list(lines)

    assert [(each.chamber, each.first.day, each.last.month) for each in found] == [
        (Chamber.HOUSE, 1, 8),
        (Chamber.SENATE, 10, 9),
    ]


def test_a_wrong_line_of_a_list_is_named() -> None:
    with pytest.raises(BadRecess, match="Line 2: Write the house or the senate"):
        read_list(f"house,2026-08-01,2026-08-31,{SOURCE}\nchamber,first,last,{SOURCE}")
    with pytest.raises(BadRecess, match="Line 1: write a chamber"):
        read_list("house 2026-08-01")


def test_those_with_a_day_in_between_are_told_and_one_is_taken_off(
    conn: Connection, now: datetime
) -> None:
    [number] = keep(conn, [read_days(*AUGUST)], by="x", now=now)

    inside = recesses(conn, date(2026, 8, 31), date(2026, 9, 30))
    outside = recesses(conn, date(2026, 9, 1), date(2026, 9, 30))
    drop(conn, number)

    assert [each.id for each in inside] == [number]
    assert outside == []
    assert recesses(conn, date(2026, 8, 1), date(2026, 8, 31)) == []


def test_none_lies_across_another_of_its_chamber(conn: Connection, now: datetime) -> None:
    keep(conn, [read_days(*AUGUST)], by="x", now=now)
    keep(conn, [read_days("senate", *AUGUST[1:])], by="x", now=now)

    with pytest.raises(BadRecess, match="From 2026-08-01 to 2026-08-31"):
        keep(conn, [read_days("house", "2026-08-31", "2026-09-07", SOURCE)], by="x", now=now)
