"""Pages that follow an alert are few for each organizer, and never taken from another."""

from __future__ import annotations

import asyncio
from datetime import datetime

from database.opening import Opened
from messages.models import MessageStatus
from tests.builders import make_alert
from tests.web.organizing import Desk, console, desk, words
from web.console.streaming import STREAMS

WITHIN = 20  # seconds in which a closed page must have been noticed


async def follows(someone: Desk, path: str) -> bool:
    """Whether one more page may follow; it is closed at once."""
    answer = await someone.get(path)
    answer.close()
    return answer.status == 200


async def test_one_organizer_may_not_use_up_everybodys_streams(
    opened: Opened, now: datetime
) -> None:
    alert = await opened.database.write(
        lambda conn: make_alert(conn, status=MessageStatus.SENDING, starts_at=now, launched_at=now)
    )
    path = f"/console/alerts/{alert.alert_id}/events"
    async with console(opened, now) as client:
        amina, ben = await desk(client, opened, now), await desk(client, opened, now, name="Ben")
        pages = [await amina.get(path) for _ in range(STREAMS)]
        refused = await amina.get(path)

        assert [page.status for page in pages] == [200] * STREAMS
        assert refused.status == 429
        assert "Close some of them." in words(await refused.text())
        assert await follows(ben, path)

        pages[0].close()
        async with asyncio.timeout(WITHIN):
            while not await follows(amina, path):  # noqa: ASYNC110 - it asks the server again
                await asyncio.sleep(0.1)
        for page in pages:
            page.close()
