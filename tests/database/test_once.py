from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from database.once import once
from database.opening import Opened
from tests.builders import make_project

asked: list[str] = []


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    asked.clear()


@once
def slug_of(conn: Connection, project_id: int, *, shout: bool = False) -> str | None:
    asked.append(f"{project_id} {shout}")
    found = text("SELECT slug FROM projects WHERE id = :id")
    slug: str | None = conn.scalar(found, {"id": project_id})
    return slug.upper() if slug and shout else slug


def twice(conn: Connection) -> list[str | None]:
    return [slug_of(conn, 7), slug_of(conn, 7)]


def found_again(conn: Connection, change: Callable[[Connection], None]) -> list[str | None]:
    before = slug_of(conn, 7)
    change(conn)
    return [before, slug_of(conn, 7)]


def add(conn: Connection) -> None:
    make_project(conn, id=7, slug="bangor")


async def test_what_a_reading_unit_asks_twice_is_read_once(opened: Opened) -> None:
    await opened.database.write(add)

    assert await opened.database.read(twice) == ["bangor", "bangor"]
    assert asked == ["7 False"]


async def test_that_nothing_was_found_is_an_answer_too(opened: Opened) -> None:
    assert await opened.database.read(twice) == [None, None]
    assert asked == ["7 False"]


async def test_another_question_has_another_answer(opened: Opened) -> None:
    await opened.database.write(add)

    def both(conn: Connection) -> list[str | None]:
        return [slug_of(conn, 7), slug_of(conn, 8), slug_of(conn, 7, shout=True)]

    assert await opened.database.read(both) == ["bangor", None, "BANGOR"]


async def test_the_next_unit_reads_anew(opened: Opened) -> None:
    before = await opened.database.read(twice)
    await opened.database.write(add)

    assert (before, await opened.database.read(twice)) == ([None, None], ["bangor", "bangor"])


async def test_a_unit_that_writes_reads_each_time(opened: Opened) -> None:
    assert await opened.database.write(found_again, add) == [None, "bangor"]


async def test_a_question_that_failed_is_asked_again(opened: Opened) -> None:
    @once
    def failing(_conn: Connection) -> None:
        asked.append("failing")
        raise LookupError

    def unit(conn: Connection) -> None:
        for _ in range(2):
            with pytest.raises(LookupError):
                failing(conn)

    await opened.database.read(unit)

    assert len(asked) == 2
