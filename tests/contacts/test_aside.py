"""Another process reads the same rows out of a file, and nobody misses it when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from contacts import aside, imports
from contacts.aside import ReaderLost, chunks_aside
from contacts.chunking import chunks, packed, unpacked
from contacts.mapping import Row
from contacts.models import Contact, Import, Standing
from contacts.reading import BadFile
from contacts.scanning import Findings, ImportOptions, Table, check
from database.opening import Opened
from tests.flows.people import write_export

SIGNED = ImportOptions(consent="signed", columns={"source_code": "tags"}, language="es")


@pytest.fixture
def table(tmp_path: Path) -> Table:
    write_export(tmp_path / "export.csv", zips=["53703", "04401"], rows=900)
    return check(tmp_path / "export.csv", options=SIGNED)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that read, as they are started."""
    started: list[subprocess.Popen[bytes]] = []
    start = aside.start

    def remember(ends: tuple[int, int]) -> subprocess.Popen[bytes]:
        started.append(start(ends))
        return started[-1]

    monkeypatch.setattr(aside, "start", remember)
    yield started
    assert all(each.returncode is not None for each in started)


def contacts(conn: Connection) -> int:
    return conn.scalar(select(func.count()).select_from(Contact)) or 0


def test_rows_survive_the_way() -> None:
    rows = [
        Row(2, "José", "Rivas", "es", "02139", "", "+16085550101", "", ("agua", "minería")),
        Row(3, email="ana@example.org", statuses={"email": Standing.OPTED_OUT}, zip_mended=True),
    ]

    assert unpacked(packed(rows)) == rows


@pytest.mark.parametrize("kept", ["path", "bytes"])
def test_another_process_reads_the_same_rows_and_finds_the_same(table: Table, kept: str) -> None:
    here, there = Findings(), Findings()
    source = table.source
    assert isinstance(source, Path)
    told = table if kept == "path" else check(source.read_bytes(), options=SIGNED)

    ours = list(chunks(table, 250, findings=here))
    theirs = list(chunks_aside(told, 250, findings=there))

    assert [len(each) for each in ours[:-1]] == [250] * (len(ours) - 1)
    assert theirs == ours
    assert there == here
    assert here.refused


def test_a_table_that_breaks_off_is_told_as_here(
    table: Table, reader: list[subprocess.Popen[bytes]]
) -> None:
    source = table.source
    assert isinstance(source, Path)
    with source.open("a") as file:
        file.write('"never closed')

    with pytest.raises(BadFile, match="quotation mark"):
        list(chunks_aside(table, 250))

    assert len(reader) == 1


def test_who_stops_listening_ends_the_process(
    table: Table, reader: list[subprocess.Popen[bytes]]
) -> None:
    waiting = chunks_aside(table, 10)
    next(waiting)

    waiting.close()

    assert reader[0].returncode is not None


async def test_an_import_whose_reader_is_killed_leaves_nothing_behind(
    opened: Opened, now: datetime, table: Table, reader: list[subprocess.Popen[bytes]]
) -> None:
    def kill(rows: int) -> None:
        if rows == 20:  # what it has sent by then is all that comes
            os.kill(reader[0].pid, signal.SIGKILL)

    with pytest.raises(ReaderLost, match="nothing was imported"):
        await imports.import_table(
            opened.database,
            table,
            actor="organizer:1",
            now=now,
            progress=kill,
            chunk=20,
            worth_a_process=0,
        )

    assert await opened.database.read(contacts) == 0
    assert await opened.database.read(lambda conn: conn.scalar(select(Import.undone_at))) == now


async def test_an_import_is_the_same_whoever_reads(
    opened: Opened, now: datetime, table: Table
) -> None:
    theirs = await imports.import_table(
        opened.database, table, actor="organizer:1", now=now, worth_a_process=0
    )
    again = await imports.import_table(opened.database, table, actor="organizer:1", now=now)

    assert (theirs.rows, theirs.refused, theirs.left_out) == (
        again.rows,
        again.refused,
        again.left_out,
    )
    assert (again.created, again.consents) == (0, 0)
    assert theirs.created == await opened.database.read(contacts)
