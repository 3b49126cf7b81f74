"""The page of an alert on its way: how fast, until when, whose morning, and what to do about what failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from database.opening import Opened
from messages.models import MessageCount, MessageStatus, Status
from tests.builders import Alerted, make_alert, make_zone_set
from tests.web.organizing import console, desk

WINDOW = {"opens": "10:00", "closes": "20:00", "sunday_opens": "12:00"}


def filled(conn: Connection, now: datetime, **message: Any) -> Alerted:
    values: dict[str, Any] = {"starts_at": now - timedelta(minutes=10), "hours": WINDOW, **message}
    alert = make_alert(conn, expected=1214, expanded_at=now, **values)
    pacific = make_zone_set(conn, ["America/Los_Angeles"])
    for status, reason, zone, count in (
        (Status.DELIVERED, "", 0, 600),
        (Status.PENDING, "", 0, 390),
        (Status.PENDING, "", pacific, 214),
        (Status.FAILED, "30006", 0, 7),
        (Status.UNDELIVERED, "30007", 0, 3),
    ):
        row = {"channel": "sms", "status": status, "reason": reason, "zone_set_id": zone}
        conn.execute(insert(MessageCount).values(message_id=alert.message_id, count=count, **row))
    return alert


@pytest.fixture
def morning(now: datetime) -> datetime:
    """Nine in the morning in the East, seven in California."""
    return now.replace(hour=14, minute=0)


async def test_rate_end_and_mornings_are_told(opened: Opened, morning: datetime) -> None:
    alert = await opened.database.write(lambda conn: filled(conn, morning))
    async with console(opened, morning) as client:
        amina = await desk(client, opened, morning)
        page = (await amina.page(f"/console/alerts/{alert.alert_id}")).replace("\u202f", " ")

    assert "About 60 copies a minute since the start." in page  # 610 in ten minutes, roughly
    assert "214 are held until morning where those people live:" in page
    assert "214 until 10:00 AM, Pacific Time" in page
    assert "Done by about" in page


async def test_a_second_look_tells_the_rate_of_now(opened: Opened, morning: datetime) -> None:
    alert = await opened.database.write(lambda conn: filled(conn, morning))
    times = iter([morning + timedelta(seconds=15 * each) for each in range(200)])
    async with console(opened, lambda: next(times)) as client:
        amina = await desk(client, opened, morning)
        await amina.page(f"/console/alerts/{alert.alert_id}")
        page = await amina.page(f"/console/alerts/{alert.alert_id}")

    assert "About 0 copies a minute now." in page
    assert "Done by about" not in page


async def test_who_would_not_get_it_in_time_is_told(opened: Opened, morning: datetime) -> None:
    soon = morning + timedelta(minutes=5)
    alert = await opened.database.write(lambda conn: filled(conn, morning, expires_at=soon))
    async with console(opened, morning) as client:
        amina = await desk(client, opened, morning)
        page = await amina.page(f"/console/alerts/{alert.alert_id}")

    assert "copies would not leave before the time runs out." in page


async def test_in_spanish_the_zone_has_its_spanish_name(opened: Opened, morning: datetime) -> None:
    alert = await opened.database.write(lambda conn: filled(conn, morning))
    async with console(opened, morning) as client:
        amina = await desk(client, opened, morning, language="es")
        page = (await amina.page(f"/console/alerts/{alert.alert_id}")).lower()

    assert "hora del pacífico" in page


async def test_paused_it_promises_no_end(opened: Opened, morning: datetime) -> None:
    alert = await opened.database.write(
        lambda conn: filled(conn, morning, status=MessageStatus.PAUSED)
    )
    async with console(opened, morning) as client:
        amina = await desk(client, opened, morning)
        page = await amina.page(f"/console/alerts/{alert.alert_id}")

    assert "Done by about" not in page
    assert "a minute" not in page


async def test_each_kind_of_failure_says_what_to_do(opened: Opened, morning: datetime) -> None:
    alert = await opened.database.write(lambda conn: filled(conn, morning))
    async with console(opened, morning) as client:
        amina = await desk(client, opened, morning)
        page = await amina.page(f"/console/alerts/{alert.alert_id}")

    told = page.partition("What failed, and what to do")[2]
    assert "7 30006 They cannot get texts; call them" in told
    assert "3 30007 The words were taken for spam" in told
