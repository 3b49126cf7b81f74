from __future__ import annotations

import asyncio
import threading
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError

from database import postgres
from database.engine import DatabaseClosed
from database.models import Secret
from database.opening import opened, prepare
from database.postgres import MOMENTS, Postgres

pytestmark = pytest.mark.postgres


def keep(conn: Connection, *kept: str) -> None:
    conn.execute(insert(Secret), [{"name": name, "value": ""} for name in kept])


def values(conn: Connection) -> dict[str, str]:
    rows = conn.execute(select(Secret))
    return {row.name: row.value for row in rows}


def note(conn: Connection, name: str, word: str) -> None:
    conn.execute(update(Secret).where(Secret.name == name).values(value=Secret.value + word))


async def test_a_deadlock_is_tried_again_and_both_units_take_effect_once(postgres_url: str) -> None:
    database = Postgres(postgres_url)
    await database.write(keep, "a", "b")
    first_tries = {"ab", "ba"}

    def cross(conn: Connection, order: str) -> None:
        note(conn, order[0], order)
        if order in first_tries:
            first_tries.discard(order)
            meet(conn)
        note(conn, order[1], order)

    def meet(conn: Connection) -> None:
        """Wait in the database, for the loop must go on, until the other holds its first row."""
        while first_tries:
            conn.exec_driver_sql("SELECT pg_sleep(0.01)")

    await asyncio.gather(database.write(cross, "ab"), database.write(cross, "ba"))

    seen = await database.read(values)
    assert {name: sorted([word[:2], word[2:]]) for name, word in seen.items()} == {
        "a": ["ab", "ba"],
        "b": ["ab", "ba"],
    }
    await database.close()


async def test_a_failing_unit_is_rolled_back_whole_and_not_tried_again(postgres_url: str) -> None:
    database = Postgres(postgres_url)
    tries: list[int] = []

    def fail(conn: Connection) -> None:
        tries.append(1)
        keep(conn, "half")
        keep(conn, "half")

    with pytest.raises(IntegrityError):
        await database.write(fail)

    assert tries == [1]
    assert await database.read(values) == {}
    await database.close()


async def test_a_reader_cannot_write(postgres_url: str) -> None:
    database = Postgres(postgres_url)

    with pytest.raises(InternalError, match="read-only transaction"):
        await database.read(keep, "a")

    await database.close()


async def test_a_reader_sees_one_snapshot(postgres_url: str) -> None:
    database = Postgres(postgres_url)
    await database.write(keep, "a")
    seen, written = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def look_twice(conn: Connection) -> tuple[int, int]:
        first = len(values(conn))
        loop.call_soon_threadsafe(seen.set)
        while not written.is_set():
            conn.exec_driver_sql("SELECT pg_sleep(0.01)")
        return first, len(values(conn))

    reading = asyncio.create_task(database.read(look_twice))
    await seen.wait()
    await database.write(keep, "b")
    written.set()

    assert await reading == (1, 1)
    await database.close()


async def test_a_connection_the_server_ended_is_replaced_by_itself(postgres_url: str) -> None:
    database = Postgres(postgres_url, connections=1)
    await database.write(keep, "a")

    def end_own_connection(conn: Connection) -> None:
        conn.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DBAPIError):
        await database.write(end_own_connection)

    assert await database.read(values) == {"a": ""}
    await database.close()


async def test_whoever_is_cancelled_ends_the_statement_under_way(postgres_url: str) -> None:
    database = Postgres(postgres_url)
    await database.write(keep, "a")
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    def take_long(conn: Connection) -> None:
        note(conn, "a", "half")
        loop.call_soon_threadsafe(begun.set)
        conn.exec_driver_sql("SELECT pg_sleep(600)")

    writing = asyncio.create_task(database.write(take_long))
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert await database.read(values) == {"a": ""}
    await database.close()


async def test_what_was_called_off_between_two_statements_is_not_committed(
    postgres_url: str,
) -> None:
    database = Postgres(postgres_url)
    await database.write(keep, "a")
    begun, loop = asyncio.Event(), asyncio.get_running_loop()
    go_on = threading.Event()

    def reckon(conn: Connection) -> None:
        note(conn, "a", "half")
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(30)

    writing = asyncio.create_task(database.write(reckon))
    await begun.wait()
    writing.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert await database.read(values) == {"a": ""}
    await database.close()


async def test_whoever_is_cancelled_hears_so_though_the_server_cannot_be_told(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is cut in the end; and whoever comes next gets another."""
    monkeypatch.setattr(postgres, "HUNG_SECONDS", 0.5)
    database = Postgres(postgres_url)
    await database.write(keep, "a")
    begun, loop = asyncio.Event(), asyncio.get_running_loop()
    lines: list[int] = []

    def take_long(conn: Connection) -> None:
        driver: Any = conn.connection.driver_connection
        lines.append(driver.info.backend_pid)
        monkeypatch.setattr(driver, "cancel_safe", unheard)
        note(conn, "a", "half")
        loop.call_soon_threadsafe(begun.set)
        conn.exec_driver_sql("SELECT pg_sleep(600)")

    def unheard(**_how: Any) -> None:
        raise psycopg.errors.CancellationTimeout("nobody answers")

    writing = asyncio.create_task(database.write(take_long))
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert await database.read(values) == {"a": ""}
    assert await database.read(line_of) not in lines
    await database.close()


async def test_after_the_end_nothing_is_begun(postgres_url: str) -> None:
    database = Postgres(postgres_url)
    await database.close()

    with pytest.raises(DatabaseClosed, match="stopping"):
        await database.read(values)


def line_of(conn: Connection) -> int:
    """The server's process at the other end."""
    driver: Any = conn.connection.driver_connection
    return int(driver.info.backend_pid)


async def test_what_was_cancelled_before_its_turn_is_not_done(postgres_url: str) -> None:
    database = Postgres(postgres_url, connections=1)
    await database.write(keep, "a")
    everybody = asyncio.TaskGroup()

    def wait(conn: Connection) -> None:
        conn.exec_driver_sql("SELECT pg_sleep(0.2)")

    async with everybody:
        for _ in range(1 + MOMENTS):
            everybody.create_task(database.read(wait))
        await asyncio.sleep(0)
        late = everybody.create_task(database.write(note, "a", "late"))
        await asyncio.sleep(0)
        late.cancel()

    assert late.cancelled()
    assert await database.read(values) == {"a": ""}
    await database.close()


async def test_it_commits_durably(postgres_url: str) -> None:
    """The claim is the intent: its commit must survive a power cut before a text leaves."""
    async with opened(prepare(postgres_url)) as database:

        def setting(conn: Connection) -> str | None:
            word: str | None = conn.exec_driver_sql("SHOW synchronous_commit").scalar()
            return word

        assert await database.database.write(setting) == "on"


async def test_statements_are_not_compiled_to_machine_code(postgres_url: str) -> None:
    """A page asks most of them once a second at most; to compile them takes longer than their answer."""
    async with opened(prepare(postgres_url)) as database:

        def setting(conn: Connection) -> str | None:
            word: str | None = conn.exec_driver_sql("SHOW jit").scalar()
            return word

        assert await database.database.read(setting) == "off"


def prepared(conn: Connection) -> list[str]:
    """The statements that the server keeps parsed for this connection."""
    return list(conn.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars())


async def test_what_is_read_again_and_again_is_kept_parsed(postgres_url: str) -> None:
    database = Postgres(postgres_url)
    for _ in range(10):
        await database.read(values)

    known = await database.read(prepared)

    assert [each for each in known if "FROM secrets" in each]
    await database.close()


async def test_a_page_of_many_statements_is_kept_whole(postgres_url: str) -> None:
    database = Postgres(postgres_url)

    def much(conn: Connection) -> None:
        for each in range(150):
            conn.exec_driver_sql(f"SELECT {each} FROM secrets WHERE name = %s", ("a",))

    for _ in range(10):
        await database.read(much)

    known = await database.read(prepared)

    assert len([each for each in known if "FROM secrets" in each]) == 150
    await database.close()


async def test_readers_that_come_one_by_one_share_a_connection(postgres_url: str) -> None:
    database = Postgres(postgres_url)

    def mine(conn: Connection) -> int:
        return int(conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(database.read(mine))

    await together()

    assert len({await database.read(mine) for _ in range(5)}) == 1
    await database.close()


async def test_a_statement_is_planned_for_what_it_asks(postgres_url: str) -> None:
    database = Postgres(postgres_url)

    def one(conn: Connection) -> str | None:
        return conn.scalar(select(Secret.value).where(Secret.name == "a"))

    def plans(conn: Connection) -> tuple[int, int]:
        made = "SELECT max(custom_plans), max(generic_plans) FROM pg_prepared_statements"
        own, for_any = conn.exec_driver_sql(made).one()
        return int(own), int(for_any)

    for _ in range(20):
        await database.read(one)

    own, for_any = await database.read(plans)
    assert own > 10
    assert for_any == 0
    await database.close()
