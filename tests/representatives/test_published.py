"""The published files come to the same as our own tables, with all that is odd in them."""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from representatives.reading import read_files, read_snapshot
from representatives.relations import read_lines, redrawn
from representatives.snapshot import SEATS_OF_HOUSE
from representatives.sources import DISTRICT_OFFICES, LEGISLATORS, File, files_in, unpacked
from representatives.tables import BadDataset
from representatives.writing import archive_of
from tests.representatives.publishing import EXAMPLES, RELATIONS, publish, relations, rows

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "targets"
beside = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="needs the reference data beside the project"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The invented geography as published, with the seats and ZIPs that only we keep."""
    folder = publish(tmp_path / "published")
    for table in ("seats.csv", "zips.csv"):
        shutil.copy(EXAMPLES / table, folder / table)
    return folder


def spoil(path: Path, change: Any) -> None:
    held = orjson.loads(path.read_bytes())
    change(held)
    path.write_bytes(orjson.dumps(held))


def test_published_files_come_to_the_same_as_our_tables(folder: Path) -> None:
    ours, theirs = read_snapshot(EXAMPLES), read_snapshot(folder)

    assert theirs.members == ours.members
    assert theirs.holders == ours.holders
    assert theirs.offices == ours.offices
    assert theirs.seats == ours.seats
    assert {zip_code: row.districts for zip_code, row in theirs.zips.items()} == {
        zip_code: row.districts for zip_code, row in ours.zips.items()
    }
    assert theirs.congress == 119


def test_a_source_is_kept_with_its_size_hash_date_and_licence(folder: Path) -> None:
    [members] = [each for each in read_snapshot(folder).sources if each.name == LEGISLATORS]

    assert members.size == (folder / LEGISLATORS).stat().st_size
    assert len(members.sha256) == 64
    assert members.dated is not None
    assert members.licence == "CC0 1.0"


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("url", "hhttps://birch.example/contact", "https://birch.example/contact"),
        ("url", "ftp://birch.example", ""),
        ("phone", "(202) 555-0199", "+12025550199"),
        ("phone", "1-202-555-0199", "+12025550199"),
        ("phone", "202-555", None),
        ("phone", None, None),
    ],
)
def test_what_is_odd_in_a_term_is_read_or_left_out(
    folder: Path, field: str, value: Any, shown: str | None
) -> None:
    spoil(folder / LEGISLATORS, lambda members: members[1]["terms"][-1].update({field: value}))

    assert getattr(read_snapshot(folder).members["X000002"], field) == shown


def test_a_member_without_an_official_name_has_first_and_last(folder: Path) -> None:
    spoil(folder / LEGISLATORS, lambda members: members[1]["name"].pop("official_full"))

    assert read_snapshot(folder).members["X000002"].name.startswith("Blanca Birch")


def test_an_independent_sits_with_a_party(folder: Path) -> None:
    spoil(folder / LEGISLATORS, lambda members: members[1]["terms"][-1].update(caucus="Democrat"))

    member = read_snapshot(folder).members["X000002"]
    assert (member.party, member.caucus) == ("I", "D")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda members: members[1].update(terms=[]), "member 2, terms: there are none"),
        (
            lambda members: members[2]["terms"][-1].update(state="IL", district=3),
            "cannot both hold us:house:IL:3",
        ),
        (lambda members: members[1]["terms"][-1].update(district=77), "a seat that"),
        (lambda members: members[1]["terms"][-1].update(end="soon"), "“soon” is not a date"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, change: Any, told: str) -> None:
    spoil(folder / LEGISLATORS, change)

    with pytest.raises(BadDataset) as refused:
        read_snapshot(folder)
    assert any(told in problem for problem in refused.value.problems)


def test_a_file_that_is_none_is_named(folder: Path) -> None:
    (folder / DISTRICT_OFFICES).write_bytes(b"<html>moved</html>")
    with pytest.raises(BadDataset, match=r"legislators-district-offices\.json is not JSON"):
        read_snapshot(folder)

    (folder / DISTRICT_OFFICES).write_bytes(b'{"a": 1}')
    with pytest.raises(BadDataset, match="is not a list of members"):
        read_snapshot(folder)


def test_land_orders_the_choices_and_water_is_none() -> None:
    text = relations([]).replace("\r\n", "\n")
    text += "2307|D|04401|5|1\n2305|D|04401|90|1\n2306|D|04401|0|800\n5600|D|82001|7|0\n"
    text += "1198|D|20001|3|0\n2502|D|99999|0|5\n|||3|0\n"

    lines = read_lines(text.encode(), RELATIONS)

    assert lines.congress == 119
    assert lines.districts["04401"] == ["ME5", "ME7"]
    assert lines.districts["82001"] == ["WY0"]
    assert lines.districts["20001"] == ["DC0"]
    assert lines.districts["99999"] == ["MA2"]  # the sea is all there is


@pytest.mark.parametrize("text", ["a|b|c\n1|2|3\n", "", "GEOID_CD119_20|GEOID_ZCTA5_20\n"])
def test_another_file_is_not_taken_for_the_census_bureaus(text: str) -> None:
    with pytest.raises(BadDataset, match="lacks a column"):
        read_lines(text.encode(), RELATIONS)


def test_a_new_map_reopens_boxes_where_lines_moved_and_keeps_them_elsewhere() -> None:
    table = [
        {"zip": "60601", "tz": "America/Chicago", "districts": "IL3", "src": "z", "tz_near": ""},
        {"zip": "60699", "tz": "America/Chicago", "districts": "IL3", "src": "p", "tz_near": ""},
        {"zip": "04401", "tz": "America/New_York", "districts": "ME2", "src": "z", "tz_near": ""},
        {"zip": "04499", "tz": "America/New_York", "districts": "ME2", "src": "p", "tz_near": ""},
    ]
    moved = [{**row, "districts": row["districts"].replace("IL3", "IL4")} for row in table]
    moved.append({**table[0], "zip": "60602", "districts": "IL4"})

    found = {
        row["zip"]: row["districts"]
        for row in redrawn(table, read_lines(relations(moved, 120).encode(), RELATIONS))
    }

    assert found == {
        "60601": "IL4",
        "60699": "",
        "04401": "ME2",
        "04499": "ME2",
        "60602": "IL4",
    }


def test_an_archive_is_the_same_whenever_it_is_made_and_tells_where_it_came_from(
    folder: Path, tmp_path: Path
) -> None:
    snapshot = read_snapshot(folder)
    archive = archive_of(snapshot, 119)
    path = tmp_path / "snapshot.tar.xz"
    path.write_bytes(archive)

    again = read_snapshot(path)

    assert (again.members, again.offices, again.zips) == (
        snapshot.members,
        snapshot.offices,
        snapshot.zips,
    )
    assert again.congress == 119
    assert {LEGISLATORS, RELATIONS} <= {each.name for each in again.sources}
    assert archive_of(again, 119) == archive


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"not an archive", "is not a snapshot archive"), (b"", "is not a snapshot archive")],
)
def test_what_is_no_archive_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(BadDataset, match=told):
        unpacked(File("x.tar.xz", content, "x"))


def test_two_of_a_kind_are_refused(folder: Path) -> None:
    (folder / "members.csv.xz").write_bytes(b"x")
    (folder / "members.csv").write_bytes(b"x")

    with pytest.raises(BadDataset, match="are the same; give one of them"):
        read_files(files_in(folder))


def test_the_house_has_435_seats() -> None:
    assert sum(SEATS_OF_HOUSE.values()) == 435
    assert len(SEATS_OF_HOUSE) == 50


@beside
def test_the_whole_country_as_published_comes_to_the_same(tmp_path: Path) -> None:
    unpacked_tables = _unpacked(tmp_path / "tables")
    folder = publish(tmp_path / "published", source=unpacked_tables)
    shutil.copy(unpacked_tables / "zips.csv", folder / "zips.csv")
    ours = read_snapshot(unpacked_tables)

    theirs = read_snapshot(folder)  # the seats come from the apportionment

    assert theirs.seats == ours.seats
    assert theirs.holders == ours.holders
    assert theirs.vacant == ours.vacant
    assert theirs.zips == ours.zips
    assert len(theirs.members) == 537
    assert len(archive_of(theirs, 119)) <= 200_000


def _unpacked(folder: Path) -> Path:
    folder.mkdir()
    for table in ("members", "offices", "seats", "zips"):
        raw = lzma.decompress((PUBLISHED / f"{table}.csv.xz").read_bytes())
        (folder / f"{table}.csv").write_bytes(raw)
    assert rows("members", folder)
    return folder
