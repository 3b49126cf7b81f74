"""Following an alert costs the same for ten copies and for a million: no delivery is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, event

from database.opening import Opened
from messages import counts
from messages.models import Status
from tests.builders import make_alert, make_contact, make_delivery
from tests.web.organizing import console, desk

TOUCHES = re.compile(r"\bdeliveries\b")
# Those whose answer was lost, by their key, and what somebody wrote by hand lately.
FEW = re.compile(r"\bFROM doubts JOIN deliveries\b|\bJOIN written_answers\b")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that any database is given meanwhile."""
    heard: list[str] = []

    def hear(_conn: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        heard.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    yield heard
    event.remove(Engine, "before_cursor_execute", hear)


def reading_deliveries(heard: list[str]) -> list[str]:
    """The statements that go through deliveries, and not only to a few that they name."""
    return [each for each in heard if TOUCHES.search(each) and not FEW.search(each)]


def launched(conn: Connection) -> int:
    """An alert of which one text was delivered and one waits, with its counts."""
    alert = make_alert(conn)
    for status in (Status.DELIVERED, Status.PENDING):
        make_delivery(conn, alert.message_id, make_contact(conn), status=status)
    counts.apply(conn, counts.Deltas(counts.counted(conn, alert.message_id)))
    return alert.alert_id


async def test_the_progress_page_reads_no_delivery(opened: Opened, now: datetime) -> None:
    alert_id = await opened.database.write(launched)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        with statements() as heard:
            page = await amina.page(f"/console/alerts/{alert_id}")

    assert "1 of 2 copies" in page or "Delivered 1" in page
    assert heard
    assert reading_deliveries(heard) == []


async def test_its_live_pieces_read_none_either(opened: Opened, now: datetime) -> None:
    alert_id = await opened.database.write(launched)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        with statements() as heard:
            stream = await amina.get(f"/console/alerts/{alert_id}/events")
            line = await stream.content.readline()
            stream.close()

    assert line
    assert reading_deliveries(heard) == []


async def test_the_overview_and_the_list_read_none(opened: Opened, now: datetime) -> None:
    await opened.database.write(launched)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        with statements() as heard:
            await amina.page("/console/")
            await amina.page("/console/alerts")

    assert reading_deliveries(heard) == []
