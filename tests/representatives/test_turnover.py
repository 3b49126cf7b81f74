"""The third of January 2027, simulated: the minute before, the minute itself, and after."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from representatives.loading import load
from representatives.lookup import official, officials, place
from representatives.turnover import warnings

EXAMPLES = Path(__file__).parents[2] / "representatives" / "examples"
TURN = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BEFORE, AFTER = TURN - MINUTE, TURN + MINUTE
AUSTIN, MADISON, SPLIT_AUSTIN, CAMBRIDGE = "78701", "53703", "78704", "02139"


@pytest.fixture
def old(conn: Connection, now: datetime) -> Connection:
    """Only the lines and members of the 119th Congress."""
    load(conn, EXAMPLES, now)
    return conn


@pytest.fixture
def ahead(old: Connection, tmp_path: Path) -> Connection:
    """Beside them, since December, those of the 120th: Austin moved, Texas elected others."""
    folder = tmp_path / "coming"
    shutil.copytree(EXAMPLES, folder)
    members = folder / "members.csv"
    lines = members.read_text("utf-8").replace("2025-01-03,2027-01-03", "2027-01-03,2029-01-03")
    lines = lines.replace("X000028,Berta Beech (invented),Beech", "X000099,Nina New (invented),New")
    members.write_text(lines, "utf-8")
    offices = folder / "offices.csv"
    offices.write_text(offices.read_text("utf-8").replace("X000028", "X000099"), "utf-8")
    zips = folder / "zips.csv"
    text = zips.read_text("utf-8").replace(
        "78701,America/Chicago,TX37", "78701,America/Chicago,TX35"
    )
    zips.write_text(text, "utf-8")
    load(old, folder, datetime(2026, 12, 10, 12, tzinfo=UTC), congress=120)
    return old


@pytest.mark.parametrize("now", [TURN, AFTER, TURN + timedelta(days=200)])
def test_after_the_turn_old_lines_settle_nobody_in_a_redrawn_state(
    old: Connection, now: datetime
) -> None:
    before, after = place(old, AUSTIN, now=BEFORE), place(old, AUSTIN, now=now)

    assert (before.state, before.district, before.how) == ("TX", 37, "zip_single")
    assert (after.state, after.district, after.how, after.candidates) == ("TX", None, "lapsed", ())
    assert place(old, SPLIT_AUSTIN, now=now).how == "lapsed"
    assert {each.role for each in officials(old, after.state, after.district, now=now)} == {
        "senator"
    }


@pytest.mark.parametrize("now", [BEFORE, TURN, AFTER])
def test_where_lines_hold_zips_settle_on(old: Connection, now: datetime) -> None:
    assert place(old, MADISON, now=now).district == 2
    assert place(old, CAMBRIDGE, now=now).how == "split"


def test_members_past_their_term_are_not_named(old: Connection) -> None:
    before = officials(old, "MA", 7, now=BEFORE)
    after = officials(old, "MA", 7, now=TURN)

    assert [each.unnamed for each in before] == [False, False, False]
    assert [(each.role, each.unnamed) for each in after] == [
        ("representative", True),
        ("senator", False),  # elected until 2031
        ("senator", True),  # their term ends with the Congress
    ]
    for each in after:
        if each.unnamed:
            told = (each.name, each.family_name, each.bioguide, each.phone, each.offices, each.url)
            assert told == ("", "", "", None, (), "")
            assert not each.vacant


def test_what_is_loaded_ahead_takes_effect_at_the_turn_and_not_before(ahead: Connection) -> None:
    assert place(ahead, AUSTIN, now=BEFORE).district == 37
    assert place(ahead, AUSTIN, now=TURN).district == 35
    assert place(ahead, AUSTIN, now=TURN).congress == 120
    names = []
    for now in (BEFORE, TURN, AFTER):
        seat = official(ahead, "us:house:TX:37", now=now)
        assert seat is not None
        names.append((seat.name, seat.vacant, seat.unnamed))
    assert names == [
        ("Berta Beech (invented)", False, False),
        ("Nina New (invented)", False, False),
        ("Nina New (invented)", False, False),
    ]


def test_who_was_elected_again_sits_through_the_turn(ahead: Connection) -> None:
    for now in (BEFORE, TURN, AFTER):
        seat = official(ahead, "us:house:WI:2", now=now)
        assert seat is not None
        assert seat.name == "Emil Encina (invented)"


def test_a_seat_that_comes_empty_is_vacant_from_the_turn_on(
    ahead: Connection, tmp_path: Path
) -> None:
    folder = tmp_path / "coming"
    for name in ("members.csv", "offices.csv"):
        lines = (folder / name).read_text("utf-8").splitlines(keepends=True)
        kept = [each for each in lines if not each.startswith("X000031")]
        (folder / name).write_text("".join(kept), "utf-8")
    load(ahead, folder, datetime(2026, 12, 20, 12, tzinfo=UTC), congress=120)

    before = official(ahead, "us:house:WI:2", now=BEFORE)
    after = official(ahead, "us:house:WI:2", now=TURN)

    assert before is not None
    assert after is not None
    assert (before.vacant, after.vacant) == (False, True)
    assert after.vacant_since == TURN.date()


def test_warnings_begin_on_the_first_of_december(old: Connection) -> None:
    november = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)

    assert warnings(old, november) == []
    lines, terms = warnings(old, november + MINUTE)
    assert "the 120th Congress begins on January 3, 2027" in lines
    assert "AL, CA, FL, LA, MO, NC, OH, TN, TX, UT" in lines
    assert "23 members" in terms


def test_after_the_turn_warnings_tell_what_is_not_named(old: Connection) -> None:
    lines, past = warnings(old, TURN)

    assert "lines are those of the 119th Congress, and the 120th sits" in lines
    assert "past their term and not named any more: 23 members" in past


def test_nothing_is_warned_of_once_the_coming_data_is_there(ahead: Connection) -> None:
    before = warnings(ahead, datetime(2026, 12, 24, tzinfo=UTC))

    assert [each for each in before if "Congress begins" in each] == []
    assert [each for each in warnings(ahead, TURN) if "lines" in each] == []


def test_nothing_is_warned_of_while_nothing_is_loaded(conn: Connection) -> None:
    assert warnings(conn, TURN) == []
