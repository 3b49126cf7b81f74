"""A data set is loaded whole or not at all, and says where it is wrong."""

from __future__ import annotations

import lzma
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from representatives.loading import load
from representatives.lookup import official, officials, place
from representatives.models import Dataset, Office, Seat, Tenure, Zip
from representatives.reading import read_snapshot
from representatives.tables import BadDataset

NOW = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2] / "representatives" / "examples"
PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "targets"
beside = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="needs the reference data beside the project"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the invented geography that a test may spoil."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "geography"))


def swap(folder: Path, table: str, old: str, new: str) -> None:
    path = folder / f"{table}.csv"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_invented_geography_covers_the_nine_cities(conn: Connection, now: datetime) -> None:
    loaded = load(conn, EXAMPLES, now)

    assert loaded.vacant == ("us:house:TX:35",)
    assert loaded.warnings == ()
    assert (loaded.seats, loaded.members, loaded.arrived, loaded.left) == (35, 34, 34, 0)
    assert loaded.zips == conn.scalar(select(func.count()).select_from(Zip))
    for zip_code in [
        "02474",
        "78701",
        "04401",
        "13901",
        "02141",
        "60601",
        "53703",
        "19103",
        "66045",
    ]:
        assert place(conn, zip_code, now=NOW).how == "zip_single"


def test_loading_again_changes_nothing(conn: Connection, now: datetime) -> None:
    load(conn, EXAMPLES, now)
    offices = conn.scalar(select(func.count()).select_from(Office))

    loaded = load(conn, EXAMPLES, now)

    assert (loaded.arrived, loaded.left) == (0, 0)
    assert conn.scalar(select(func.count()).select_from(Office)) == offices
    assert conn.scalar(select(func.count()).select_from(Tenure)) == 34
    assert conn.scalar(select(func.count()).select_from(Dataset)) == 2


def test_a_member_who_left_leaves_a_vacant_seat(
    conn: Connection, now: datetime, folder: Path
) -> None:
    load(conn, folder, now)
    members = (folder / "members.csv").read_text("utf-8").splitlines(keepends=True)
    gone = next(line for line in members if ",H,WI,2," in line)
    bioguide = gone.split(",")[0]
    (folder / "members.csv").write_text("".join(each for each in members if each != gone), "utf-8")
    offices = (folder / "offices.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [each for each in offices if not each.startswith(bioguide)]
    (folder / "offices.csv").write_text("".join(kept), "utf-8")

    loaded = load(conn, folder, now)

    seat = official(conn, "us:house:WI:2", now=NOW)
    assert seat is not None
    assert (seat.vacant, seat.vacant_since) == (True, now.date())
    assert (loaded.arrived, loaded.left) == (0, 1)


def test_a_successor_takes_the_seat(conn: Connection, now: datetime, folder: Path) -> None:
    load(conn, folder, now)
    row = next(
        line
        for line in (folder / "members.csv").read_text("utf-8").splitlines()
        if ",H,ME,2," in line
    )
    bioguide, name, *_ = row.split(",")
    swap(folder, "members", f"{bioguide},{name}", "X900001,Nadia Newcomer (invented)")
    path = folder / "offices.csv"
    path.write_text(path.read_text("utf-8").replace(bioguide, "X900001"), "utf-8")

    loaded = load(conn, folder, now)

    assert officials(conn, "ME", 2, now=NOW)[0].name == "Nadia Newcomer (invented)"
    assert (loaded.arrived, loaded.left) == (1, 1)


@pytest.mark.parametrize(
    ("table", "old", "new", "told"),
    [
        ("seats", "IL,3,1,filled", "XX,3,1,filled", "seats.csv row 2, state: “XX” is none of"),
        ("seats", "IL,3,1,filled", "IL,three,1,filled", "seats.csv row 2, district: “three”"),
        ("seats", "IL,4,1,filled", "IL,3,1,filled", "IL-3 stands here twice"),
        ("members", ",H,IL,3,", ",H,IL,33,", "us:house:IL:33, a seat that seats.csv does not list"),
        ("members", ",H,IL,3,", ",H,IL,4,", "cannot both hold us:house:IL:4"),
        ("members", "X000002,", "X000001,", "X000001 stands here twice"),
        ("members", "2027-01-03", "3 January", "“3 January” is not a date"),
        ("offices", "X000002,", "X999999,", "members.csv has no X999999"),
        ("offices", ",60601,", ",6060,", "zip: “6060” is not a ZIP code"),
        ("zips", "02138,", "2138,", "zips.csv row 1, zip: “2138” is not a ZIP code"),
        ("zips", "02139,", "02138,", "02138 stands here twice"),
        ("zips", "America/New_York", "America/Bangor", "“America/Bangor” is not a time zone"),
        ("zips", "MA7 MA5", "MA7 MA55", "MA55 is a seat that seats.csv does not list"),
        ("zips", "MA7 MA5", "MA7;MA5", "“MA7;MA5” is not a district"),
        ("zips", "zip,tz,", "zip,zone,", "zips.csv has no column tz"),
        ("zips", "02138,", '"02138,', "zips.csv is not a proper CSV file"),
    ],
)
def test_a_spoilt_file_is_refused_with_row_and_field(
    conn: Connection, now: datetime, folder: Path, table: str, old: str, new: str, told: str
) -> None:
    swap(folder, table, old, new)

    with pytest.raises(BadDataset) as refused:
        load(conn, folder, now)

    assert any(told in problem for problem in refused.value.problems)
    assert "nothing was loaded" in str(refused.value)
    assert conn.scalar(select(func.count()).select_from(Seat)) == 0


def test_a_missing_or_broken_file_is_named(folder: Path) -> None:
    (folder / "zips.csv").unlink()
    with pytest.raises(BadDataset, match=r"there is no zips\.csv or zips\.csv\.xz"):
        read_snapshot(folder)

    (folder / "zips.csv.xz").write_bytes(b"not xz at all")
    with pytest.raises(BadDataset, match=r"zips\.csv\.xz cannot be read"):
        read_snapshot(folder)

    (folder / "zips.csv.xz").write_bytes(lzma.compress("zip,ñ\n".encode("latin-1")))
    with pytest.raises(BadDataset, match="not in UTF-8"):
        read_snapshot(folder)

    with pytest.raises(BadDataset, match="neither a folder nor a file"):
        read_snapshot(folder / "nowhere")


def test_compressed_files_are_read_as_well(conn: Connection, now: datetime, folder: Path) -> None:
    plain = folder / "zips.csv"
    (folder / "zips.csv.xz").write_bytes(lzma.compress(plain.read_bytes()))
    plain.unlink()

    load(conn, folder, now)

    assert place(conn, "53703", now=NOW).district == 2


def test_a_web_address_with_a_strange_scheme_is_left_out_and_noted(folder: Path) -> None:
    swap(folder, "members", "https://birch.example", "hhttps://birch.example")

    snapshot = read_snapshot(folder)

    assert snapshot.members["X000002"].url == ""
    assert "members.csv row 2, url" in snapshot.notes.warnings[0]


def test_members_past_their_term_are_pointed_out(conn: Connection) -> None:
    loaded = load(conn, EXAMPLES, datetime(2027, 2, 1, tzinfo=UTC))

    assert any("past the end of their term, 2027-01-03" in each for each in loaded.warnings)


@beside
@pytest.mark.long
def test_the_published_data_set_loads_whole(conn: Connection, now: datetime) -> None:
    loaded = load(conn, PUBLISHED, now)

    assert (loaded.seats, loaded.members, loaded.offices, loaded.zips) == (541, 537, 1312, 41637)
    assert loaded.vacant == ("us:house:CA:14", "us:house:FL:20", "us:house:GA:13", "us:house:TX:23")
    assert conn.scalar(select(func.count()).where(Seat.chamber == "senate")) == 100
    assert place(conn, "42223", now=NOW).state == ""
    assert place(conn, "60690", now=NOW).how == "many"
    assert officials(conn, "WI", 2, now=NOW)[0].family_name == "Pocan"


@beside
def test_a_cut_published_data_set_is_refused(tmp_path: Path) -> None:
    for table in ("members", "offices", "seats", "zips"):
        text = lzma.decompress((PUBLISHED / f"{table}.csv.xz").read_bytes())
        (tmp_path / f"{table}.csv").write_bytes(text)
    lines = (tmp_path / "zips.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if "DC0" not in line]
    (tmp_path / "zips.csv").write_text("".join(kept))

    with pytest.raises(BadDataset, match=r"zips\.csv has no ZIP in DC-0"):
        read_snapshot(tmp_path)
