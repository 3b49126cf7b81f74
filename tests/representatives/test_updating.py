"""An update is read before it counts, is taken whole or not at all, and can be taken back."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from representatives import corrections
from representatives.changes import Change, What, changes
from representatives.corrections import BadCorrection, Field
from representatives.loading import (
    NothingBefore,
    apply,
    archive_in_force,
    load,
    roll_back,
    stage,
    warnings,
)
from representatives.lookup import official, officials
from representatives.models import Correction, Dataset, DatasetFile
from representatives.reading import read_snapshot
from representatives.sources import files_in
from representatives.tables import BadDataset
from tests.representatives.publishing import EXAMPLES
from tests.representatives.test_published import PUBLISHED, beside

SEAT = "us:house:ME:2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES, tmp_path / "geography"))


def rewrite(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def holder_row(folder: Path, part: str) -> str:
    text = (folder / "members.csv").read_text("utf-8")
    return next(line for line in text.splitlines(keepends=True) if part in line)


def without(folder: Path, part: str) -> None:
    """Let a member vanish from the published data, as those who leave do."""
    row = holder_row(folder, part)
    rewrite(folder, "members", row, "")
    offices = folder / "offices.csv"
    lines = offices.read_text("utf-8").splitlines(keepends=True)
    mine = row.split(",")[0] + ","
    offices.write_text("".join(each for each in lines if not each.startswith(mine)), "utf-8")


def test_what_would_change_is_told_by_seat_and_nothing_is_written(
    conn: Connection, now: datetime, folder: Path
) -> None:
    load(conn, folder, now)
    without(folder, ",H,WI,2,")
    maine = holder_row(folder, ",H,ME,2,").split(",")
    phone = maine[10]
    rewrite(folder, "members", phone, "2025559999")
    rewrite(folder, "zips", "MA7 MA5", "MA5 MA7")
    rewrite(folder, "zips", "MA5 MA7", "MA5")

    found = changes(conn, stage(conn, files_in(folder)), 119)

    assert Change(SEAT, What.PHONE, maine[1], f"+1{phone}", "+12025559999") in found.seats
    [gone] = found.of(What.VACATED)
    assert (gone.seat_id, gone.after) == ("us:house:WI:2", "")
    assert found.zips.keys() == {"MA"}
    assert len(conn.scalars(select(Dataset.id)).all()) == 1


def test_a_vacancy_a_successor_and_a_phone_are_applied_and_taken_back(
    conn: Connection, now: datetime, folder: Path
) -> None:
    load(conn, folder, now)
    before = [official(conn, "us:house:WI:2", now=now), official(conn, SEAT, now=now)]
    without(folder, ",H,WI,2,")
    rewrite(folder, "members", holder_row(folder, ",H,ME,2,").split(",")[10], "2025559999")

    loaded = apply(conn, stage(conn, files_in(folder)), now, source="x")
    changed = official(conn, SEAT, now=now)
    vacant = official(conn, "us:house:WI:2", now=now)
    back = roll_back(conn, now)

    assert "us:house:WI:2" in loaded.vacant
    assert vacant is not None
    assert (vacant.vacant, vacant.vacant_since) == (True, now.date())
    assert changed is not None
    assert changed.phone == "+12025559999"
    assert [official(conn, "us:house:WI:2", now=now), official(conn, SEAT, now=now)] == before
    assert "us:house:WI:2" not in back.vacant
    rows = conn.execute(select(Dataset.id, Dataset.restores).order_by(Dataset.id)).all()
    assert [row.restores for row in rows] == [None, None, rows[0].id]


def test_a_rollback_twice_brings_the_last_one_back(
    conn: Connection, now: datetime, folder: Path
) -> None:
    load(conn, EXAMPLES, now)
    without(folder, ",H,WI,2,")
    load(conn, folder, now)

    assert len(roll_back(conn, now).vacant) == 1
    assert len(roll_back(conn, now).vacant) == 2


def test_there_may_be_nothing_to_go_back_to(conn: Connection, now: datetime) -> None:
    with pytest.raises(NothingBefore):
        archive_in_force(conn)
    load(conn, EXAMPLES, now)
    with pytest.raises(NothingBefore):
        roll_back(conn, now)


def test_of_old_data_sets_only_where_they_came_from_is_kept(
    conn: Connection, now: datetime
) -> None:
    for _ in range(3):
        load(conn, EXAMPLES, now)

    kept = conn.scalars(select(Dataset.archive.is_not(None)).order_by(Dataset.id)).all()
    names = set(conn.scalars(select(DatasetFile.name)))
    assert kept == [False, True, True]
    assert names == {"members.csv", "offices.csv", "seats.csv", "zips.csv"}


def test_without_zips_those_on_file_are_taken(
    conn: Connection, now: datetime, folder: Path
) -> None:
    load(conn, folder, now)
    (folder / "zips.csv").unlink()

    staged = stage(conn, files_in(folder))

    assert staged.zips == read_snapshot(EXAMPLES).zips


@beside
def test_a_table_that_is_cut_short_is_refused(conn: Connection, now: datetime) -> None:
    load(conn, EXAMPLES, now)
    conn.execute(update(Dataset).values(members=537, offices=1_500, zips=60_000))

    with pytest.raises(BadDataset) as refused:
        stage(conn, files_in(PUBLISHED))

    assert [each.split(" would ")[0] for each in refused.value.problems] == [
        "1,312 district offices",
        "41,637 ZIPs",
    ]


@beside
def test_warnings_are_told_and_stop_nothing(now: datetime) -> None:
    told = list(warnings(read_snapshot(PUBLISHED), now))

    assert any("Ashley Moody" in each for each in told)
    assert "32 of 1312 district offices have no phone" in told


def correct(conn: Connection, now: datetime, **values: object) -> int:
    made = {
        "field": Field.PHONE,
        "value": "+12025557777",
        "reason": "their site says so",
        "expires_on": (now + timedelta(days=30)).date(),
        **values,
    }
    return corrections.correct(conn, SEAT, by="Amina", now=now, **made)  # type: ignore[arg-type]


def test_a_correction_counts_at_once_and_gives_way_when_the_data_agrees(
    conn: Connection, now: datetime, folder: Path
) -> None:
    load(conn, folder, now)
    correct(conn, now)

    corrected = official(conn, SEAT, now=now)
    rewrite(folder, "members", holder_row(folder, ",H,ME,2,").split(",")[10], "2025557777")
    loaded = load(conn, folder, now)

    assert corrected is not None
    assert corrected.phone == "+12025557777"
    assert loaded.caught_up == (SEAT,)
    assert corrections.in_force(conn) == []


def test_a_correction_stays_where_the_data_says_something_new_and_both_are_told(
    conn: Connection, now: datetime, folder: Path
) -> None:
    load(conn, folder, now)
    correct(conn, now)
    rewrite(folder, "members", holder_row(folder, ",H,ME,2,").split(",")[10], "2025553333")

    loaded = load(conn, folder, now)

    shown = official(conn, SEAT, now=now)
    assert loaded.contradicted == (SEAT,)
    assert shown is not None
    assert shown.phone == "+12025557777"


def test_a_seat_said_to_be_vacant_is_until_somebody_else_holds_it(
    conn: Connection, now: datetime, folder: Path
) -> None:
    load(conn, folder, now)
    correct(conn, now, field=Field.VACANT, value="")

    [vacant, *_] = officials(conn, "ME", 2, now=now)
    row = holder_row(folder, ",H,ME,2,")
    bioguide, name, *_ = row.split(",")
    rewrite(folder, "members", f"{bioguide},{name}", "X900001,Nadia Newcomer")
    rewrite(folder, "offices", bioguide, "X900001")
    load(conn, folder, now)
    [successor, *_] = officials(conn, "ME", 2, now=now)

    assert (vacant.vacant, vacant.name, vacant.vacant_since) == (True, "", now.date())
    assert (successor.vacant, successor.name) == (False, "Nadia Newcomer")


def test_a_correction_ends_on_its_day_or_when_it_is_taken_back(
    conn: Connection, now: datetime
) -> None:
    load(conn, EXAMPLES, now)
    first = correct(conn, now)
    correct(conn, now, value="+12025558888")

    assert [each.value for each in corrections.in_force(conn)] == ["+12025558888"]
    assert corrections.expire(conn, now=now + timedelta(days=29)) == 0
    assert corrections.expire(conn, now=now + timedelta(days=30)) == 1
    ends = conn.execute(
        select(Correction.id, Correction.ended_because).order_by(Correction.id)
    ).all()
    assert [tuple(each) for each in ends] == [(first, "replaced"), (ends[1].id, "expired")]
    corrections.withdraw(conn, correct(conn, now), now=now)
    assert corrections.in_force(conn) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"reason": " "}, "Write why"),
        ({"expires_on": datetime(2026, 11, 19).date()}, "within a year"),
        ({"expires_on": datetime(2028, 11, 19).date()}, "within a year"),
    ],
)
def test_a_correction_needs_a_reason_and_an_end(
    conn: Connection, now: datetime, values: dict[str, object], told: str
) -> None:
    load(conn, EXAMPLES, now)

    with pytest.raises(BadCorrection, match=told):
        correct(conn, now, **values)


def test_what_the_data_says_needs_no_correction(conn: Connection, now: datetime) -> None:
    load(conn, EXAMPLES, now)
    held = official(conn, SEAT, now=now)
    assert held is not None

    with pytest.raises(BadCorrection, match="says so already"):
        correct(conn, now, value=held.phone)
