from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, make_url, select
from sqlalchemy.exc import IntegrityError, OperationalError

from database.embedded import Embedded, SenderLock, SenderRunning, open_engine
from database.engine import DatabaseClosed, DatabaseUnusable
from database.models import Secret
from tests.databases import SQLiteFiles


@pytest.fixture
def url(sqlite_files: SQLiteFiles) -> str:
    return sqlite_files.make()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Embedded]:
    embedded = Embedded(url)
    yield embedded
    await embedded.close()


def keep(conn: Connection, name: str) -> str:
    conn.execute(insert(Secret).values(name=name, value="kept"))
    return name


def names(conn: Connection) -> list[str]:
    return list(conn.scalars(select(Secret.name).order_by(Secret.name)))


def is_open(conn: Connection, name: str) -> int | str | None:
    setting: int | str | None = conn.exec_driver_sql(f"PRAGMA {name}").scalar()
    return setting


def hold(_conn: Connection, started: threading.Event, go_on: threading.Event) -> None:
    """Keep the writer busy, so that what is asked meanwhile waits together."""
    started.set()
    go_on.wait(5)


async def test_what_was_written_is_read(database: Embedded) -> None:
    assert await database.write(keep, "links") == "links"

    assert await database.read(names) == ["links"]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL: a commit survives a power cut
        ("foreign_keys", 1),
        ("temp_store", 1),
    ],
)
async def test_writer_and_readers_open_the_file_safely(
    database: Embedded, pragma: str, value: int | str
) -> None:
    assert await database.write(is_open, pragma) == value
    assert await database.read(is_open, pragma) == value


async def test_a_reader_cannot_write(database: Embedded) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        await database.read(keep, "links")

    assert await database.read(names) == []


async def test_units_that_wait_together_share_one_commit(database: Embedded) -> None:
    commits: list[int] = []
    started, go_on = threading.Event(), threading.Event()
    heard = asyncio.Event()

    def hear() -> None:
        commits.append(1)
        heard.set()

    database.listen(hear)

    def keep_and_wake(conn: Connection, name: str) -> None:
        keep(conn, name)
        conn.info["wake"] = True

    first = asyncio.create_task(database.write(hold, started, go_on))
    await asyncio.to_thread(started.wait)
    rest = [asyncio.create_task(database.write(keep_and_wake, f"n{n:02}")) for n in range(40)]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, *rest)

    assert len(await database.read(names)) == 40
    async with asyncio.timeout(10):  # who listens is told when it is the loop's turn
        await heard.wait()
    assert commits == [1]


async def test_a_failing_unit_leaves_its_neighbours_alone(database: Embedded) -> None:
    started, go_on = threading.Event(), threading.Event()

    first = asyncio.create_task(database.write(hold, started, go_on))
    await asyncio.to_thread(started.wait)
    group = [asyncio.create_task(database.write(keep, name)) for name in ("a", "b", "a", "c")]
    await asyncio.sleep(0)
    go_on.set()
    results = await asyncio.gather(first, *group, return_exceptions=True)

    assert isinstance(results[3], IntegrityError)
    assert [results[1], results[2], results[4]] == ["a", "b", "c"]
    assert await database.read(names) == ["a", "b", "c"]


async def test_a_full_disk_fails_the_whole_group_and_keeps_nothing_of_it(
    database: Embedded,
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def fill_disk(conn: Connection) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        try:
            conn.execute(insert(Secret).values(name="big", value="x" * 1_000_000))
        finally:
            conn.exec_driver_sql("PRAGMA max_page_count=1000000")

    def lose_transaction(conn: Connection) -> None:
        """What SQLite does by itself after some errors of the disk."""
        conn.exec_driver_sql("ROLLBACK")
        fill_disk(conn)

    first = asyncio.create_task(database.write(hold, started, go_on))
    await asyncio.to_thread(started.wait)
    group = [
        asyncio.create_task(database.write(keep, "before")),
        asyncio.create_task(database.write(lose_transaction)),
        asyncio.create_task(database.write(keep, "after")),
    ]
    await asyncio.sleep(0)
    go_on.set()
    results = await asyncio.gather(first, *group, return_exceptions=True)

    assert all(isinstance(result, OperationalError) for result in results[1:])
    assert await database.read(names) == []
    assert await database.write(keep, "later") == "later"


async def test_a_cancelled_waiter_does_not_stop_the_writer(database: Embedded) -> None:
    started, go_on = threading.Event(), threading.Event()

    first = asyncio.create_task(database.write(hold, started, go_on))
    await asyncio.to_thread(started.wait)
    gone = asyncio.create_task(database.write(keep, "gone"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    go_on.set()
    await first

    assert await database.write(keep, "next") == "next"
    assert await database.read(names) == ["next"]


async def test_writing_after_closing_is_refused_rather_than_waited_for(url: str) -> None:
    database = Embedded(url)
    await database.close()

    with pytest.raises(DatabaseClosed):
        await database.write(keep, "late")


async def test_a_writing_transaction_takes_its_lock_at_once(url: str) -> None:
    """BEGIN IMMEDIATE: a deferred one that reads and then writes cannot wait for the lock."""
    engine = open_engine(url)

    other = sqlite3.connect(make_url(url).database or "", timeout=0)

    with engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")

    other.close()
    engine.dispose()


async def test_readers_see_the_last_commit_while_somebody_writes(database: Embedded) -> None:
    await database.write(keep, "before")
    started, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        keep(conn, "during")
        hold(conn, started, go_on)

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(started.wait)
    seen = await database.read(names)
    go_on.set()
    await writing

    assert seen == ["before"]
    assert await database.read(names) == ["before", "during"]


KEEP_LOCK = """
import sys, time
from database.embedded import SenderLock
lock = SenderLock(sys.argv[1])
lock.take()
print("taken", flush=True)
sys.stdin.read()
"""


def test_a_second_sender_on_the_same_file_is_refused(url: str) -> None:
    first, second = SenderLock(url), SenderLock(url)
    first.take()

    with pytest.raises(SenderRunning, match="already sending"):
        second.take()

    first.release()
    second.take()
    second.release()


def test_one_file_has_one_lock_by_whatever_path_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "llamado.db").touch()
    (tmp_path / "link.db").symlink_to(folder / "llamado.db")
    (tmp_path / "elsewhere").symlink_to(folder)
    monkeypatch.chdir(folder)
    first = SenderLock(f"sqlite:///{folder}/llamado.db")
    first.take()

    for path in ("llamado.db", f"{tmp_path}/link.db", f"{tmp_path}/elsewhere/llamado.db"):
        with pytest.raises(SenderRunning, match=r"already sending from llamado\.db; stop it first"):
            SenderLock(f"sqlite:///{path}").take()

    first.release()


def test_where_no_lock_can_be_written_a_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "llamado.db.sender.lock").mkdir()

    with pytest.raises(DatabaseUnusable, match="let Llamado write to that folder"):
        SenderLock(f"sqlite:///{tmp_path}/llamado.db").take()


@pytest.mark.crash
def test_a_killed_sender_leaves_no_lock_behind(url: str) -> None:
    lock = SenderLock(url)
    with _python(KEEP_LOCK, url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        with pytest.raises(SenderRunning):
            lock.take()

        process.kill()
        process.wait()

    lock.take()
    lock.release()


WRITE_FOR_EVER = """
import asyncio, sys
from sqlalchemy import insert
from database.embedded import Embedded
from database.models import Secret

def keep(conn, name):
    conn.execute(insert(Secret).values(name=name, value="kept"))

async def write(database, name):
    await database.write(keep, name)
    print(name, flush=True)

async def main():
    database = Embedded(sys.argv[1])
    for round in range(10_000):
        await asyncio.gather(*(write(database, f"{round}-{n}") for n in range(20)))

asyncio.run(main())
"""


@pytest.mark.crash
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(url: str) -> None:
    with _python(WRITE_FOR_EVER, url) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(200)]
        process.kill()
        acknowledged += process.stdout.read().split()

    engine = open_engine(url)
    with engine.begin() as conn:
        kept = set(names(conn))
        healthy = conn.exec_driver_sql("PRAGMA integrity_check").scalar()
        rows = conn.scalar(select(func.count()).select_from(Secret))
    engine.dispose()
    assert set(acknowledged[:-1]) <= kept
    assert rows is not None
    assert rows >= 200
    assert healthy == "ok"


def _python(script: str, *arguments: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
