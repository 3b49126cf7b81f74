from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from database.embedded import Embedded
from database.jobs import EmbeddedJobs
from database.opening import Opened, opened, prepare
from database.shared_jobs import ProcrastinateJobs
from tests.databases import SQLiteFiles


class Stop(Exception):
    """Takes a transaction back."""


@pytest.fixture
async def many(postgres_url: str) -> AsyncIterator[Opened]:
    async with opened(prepare(postgres_url)) as database:
        yield database


def waiting(conn: Connection) -> list[tuple[str, int]]:
    rows = conn.execute(
        text("SELECT task_name, (args->>'key')::int FROM procrastinate_jobs ORDER BY id")
    )
    return [(name, key) for name, key in rows]


def enqueue(conn: Connection, database: Opened, *keys: int, fail: bool = False) -> None:
    for key in keys:
        database.jobs.enqueue(conn, "send", key)
    if fail:
        raise Stop


@pytest.mark.postgres
async def test_a_job_is_there_once_its_transaction_is_committed(many: Opened) -> None:
    await many.database.write(enqueue, many, 7)

    assert await many.database.read(waiting) == [("send", 7)]


@pytest.mark.postgres
async def test_a_job_goes_with_its_transaction_when_that_is_rolled_back(many: Opened) -> None:
    with pytest.raises(Stop):
        await many.database.write(enqueue, many, 7, fail=True)

    assert await many.database.read(waiting) == []


@pytest.mark.postgres
async def test_asking_twice_for_the_same_waits_once(many: Opened) -> None:
    await many.jobs.request("send", 7)
    await many.jobs.request("send", 7)
    await many.jobs.request("send", 8)

    assert await many.database.read(waiting) == [("send", 7), ("send", 8)]


class Diary:
    """Notes which jobs ran, and tells when there were enough."""

    def __init__(self, *, enough: int) -> None:
        self.ran: list[int] = []
        self._enough = enough
        self.done = asyncio.Event()

    async def handle(self, key: int) -> None:
        self.ran.append(key)
        if len(self.ran) >= self._enough:
            self.done.set()


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not so():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


async def work(jobs: ProcrastinateJobs | EmbeddedJobs, kind: str, diary: Diary) -> None:
    worker = asyncio.create_task(jobs.run({kind: diary.handle}, concurrency=1))
    async with asyncio.timeout(10):
        await diary.done.wait()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


@pytest.mark.postgres
async def test_a_worker_runs_what_is_due_the_urgent_first(many: Opened) -> None:
    assert isinstance(many.jobs, ProcrastinateJobs)
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    def ask(conn: Connection) -> None:
        many.jobs.enqueue(conn, "send", 1, priority=50)
        many.jobs.enqueue(conn, "send", 2, priority=0)
        many.jobs.enqueue(conn, "send", 3, priority=0, at=tomorrow)

    await many.database.write(ask)
    diary = Diary(enough=2)
    await work(many.jobs, "send", diary)

    assert diary.ran == [2, 1]
    assert await many.database.read(waiting) == [("send", 3)]


@pytest.mark.postgres
async def test_the_job_of_a_dead_worker_is_queued_again(many: Opened) -> None:
    assert isinstance(many.jobs, ProcrastinateJobs)
    await many.database.write(enqueue, many, 7)

    def die_with_it(conn: Connection) -> None:
        conn.execute(
            text(
                "WITH w AS (INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '1 hour') RETURNING id)"
                " UPDATE procrastinate_jobs SET status = 'doing', worker_id = w.id FROM w"
            )
        )

    await many.database.write(die_with_it)
    await many.jobs.tidy()
    diary = Diary(enough=1)
    await work(many.jobs, "send", diary)

    assert diary.ran == [7]


async def test_embedded_work_is_woken_by_the_commit_that_asked_for_it(
    sqlite_files: SQLiteFiles,
) -> None:
    async with opened(prepare(sqlite_files.make())) as database:
        assert isinstance(database.jobs, EmbeddedJobs)
        assert isinstance(database.database, Embedded)
        swept: asyncio.Queue[float] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def find_nothing(_slot: int) -> bool:
            swept.put_nowait(loop.time())
            return False

        worker = asyncio.create_task(database.jobs.run({"next": find_nothing}, concurrency=1))
        await swept.get()
        asked = loop.time()
        await database.database.write(enqueue, database, 7)
        async with asyncio.timeout(5):
            woken = await swept.get()
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)

        assert woken - asked < 0.9  # it did not wait for the tick of a second


async def test_embedded_work_ends_when_it_is_cancelled_in_the_moment_of_a_nudge() -> None:
    jobs = EmbeddedJobs()
    asked = asyncio.Event()

    async def find_nothing(_slot: int) -> bool:
        asked.set()
        return False

    worker = asyncio.create_task(jobs.run({"next": find_nothing}, concurrency=1))
    await asked.wait()
    await asyncio.sleep(0)
    await jobs.request("send", 7)
    worker.cancel()

    async with asyncio.timeout(5):
        await asyncio.wait([worker])
    assert worker.cancelled()


async def test_embedded_work_goes_on_without_a_pause_while_there_is_some() -> None:
    jobs = EmbeddedJobs()
    left, ended = [3, 2, 1], asyncio.Event()

    async def work_off(_slot: int) -> bool:
        if not left:
            ended.set()
            return False
        left.pop()
        return True

    worker = asyncio.create_task(jobs.run({"next": work_off}, concurrency=2))
    async with asyncio.timeout(0.9):
        await ended.wait()

    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


def nudge(conn: Connection, database: Opened, at: datetime | None = None) -> None:
    for kind, key in (("expand", 1), ("send_batch", 5), ("send_batch", 6)):
        database.jobs.enqueue(conn, kind, key, at=at)


@pytest.mark.postgres
async def test_one_nudge_is_enough_for_a_transaction_and_each_has_its_own(many: Opened) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    await many.database.write(nudge, many)
    await many.database.write(nudge, many)
    await many.database.write(nudge, many, tomorrow)

    assert await many.database.read(waiting) == [("expand", 1)] * 3


@pytest.mark.postgres
async def test_a_nudge_that_a_savepoint_took_back_is_asked_again(many: Opened) -> None:
    def ask(conn: Connection) -> None:
        savepoint = conn.begin_nested()
        nudge(conn, many)
        savepoint.rollback()
        nudge(conn, many)

    await many.database.write(ask)

    assert await many.database.read(waiting) == [("expand", 1)]


@pytest.mark.postgres
async def test_dead_workers_jobs_are_swept_by_many_at_once_and_never_stay_behind(
    many: Opened, postgres_url: str
) -> None:
    def die_with_all(conn: Connection) -> None:
        conn.execute(
            text(
                "WITH w AS (INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '1 hour') RETURNING id)"
                " UPDATE procrastinate_jobs SET status = 'doing', worker_id = w.id FROM w"
            )
        )

    def unfinished(conn: Connection) -> list[str]:
        rows = conn.execute(text("SELECT status::text FROM procrastinate_jobs ORDER BY id"))
        return [status for (status,) in rows]

    await many.jobs.request("look", 0)
    await many.database.write(enqueue, many, 7)
    await many.database.write(die_with_all)
    await many.jobs.request("look", 0)  # the same request waits already
    async with opened(prepare(postgres_url)) as other:
        await asyncio.gather(*(here.jobs.tidy() for here in (many, other, many)))

    assert await many.database.read(unfinished) == ["todo", "todo"]


@pytest.mark.postgres
async def test_a_slot_of_its_own_looks_though_every_job_was_lost(many: Opened) -> None:
    assert isinstance(many.jobs, ProcrastinateJobs)
    looked: asyncio.Queue[int] = asyncio.Queue()

    async def find_nothing(slot: int) -> bool:
        looked.put_nowait(slot)
        return False

    worker = asyncio.create_task(many.jobs.run({"next": find_nothing}, concurrency=2))
    async with asyncio.timeout(20):
        await looked.get()
        many.jobs.wake()
        await looked.get()
        await looked.get()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


def end_all_other_sessions(conn: Connection) -> None:
    """As a server that is restarted does."""
    conn.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )


def forget_the_workers(conn: Connection) -> None:
    """As another process does with those whose heart has not beaten for half a minute."""
    conn.execute(text("DELETE FROM procrastinate_workers"))


@pytest.mark.postgres
@pytest.mark.parametrize("harm", [end_all_other_sessions, forget_the_workers])
async def test_a_worker_that_fails_is_begun_anew(
    many: Opened, harm: Callable[[Connection], None]
) -> None:
    assert isinstance(many.jobs, ProcrastinateJobs)
    diary = Diary(enough=2)
    worker = asyncio.create_task(many.jobs.run({"send": diary.handle}, concurrency=2))
    await many.database.write(enqueue, many, 1)
    await until(lambda: diary.ran == [1])

    await many.database.write(harm)
    await many.database.write(enqueue, many, 2)
    async with asyncio.timeout(20):
        await diary.done.wait()

    assert not worker.done()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker


@pytest.mark.postgres
async def test_a_worker_whose_server_goes_away_as_it_ends_has_ended(
    many: Opened, postgres_url: str
) -> None:
    assert isinstance(many.jobs, ProcrastinateJobs)
    held = asyncio.Event()

    async def hold(_key: int) -> None:
        held.set()
        await asyncio.Event().wait()

    worker = asyncio.create_task(many.jobs.run({"send": hold}, concurrency=2))
    await many.database.write(enqueue, many, 1)
    async with asyncio.timeout(10):
        await held.wait()

    worker.cancel()
    async with opened(prepare(postgres_url)) as other:
        for _ in range(20):
            await other.database.write(end_all_other_sessions)
            await asyncio.sleep(0.1)
    with pytest.raises(asyncio.CancelledError):
        await worker
