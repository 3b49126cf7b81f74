"""Three machines' clocks ring for one email: it fires once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, select

import settings
from campaigns.models import CampaignRun, RunStatus
from database.opening import opened, prepare
from messages.models import Message
from service import Role, running
from tests.builders import make_contact
from tests.campaigns.test_firing import schedule

ZONE = "America/Chicago"


def a_minute_ago(conn: Connection) -> int:
    """An email that was due a minute ago, as it was written down an hour before."""
    make_contact(conn)
    due = datetime.now(UTC) - timedelta(minutes=1)
    local = due.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")
    return schedule(conn, due - timedelta(hours=1), local_time=local, zone=ZONE)


def fired(conn: Connection) -> tuple[int, int, list[str]]:
    runs = conn.scalar(select(func.count()).select_from(CampaignRun)) or 0
    messages = conn.scalar(select(func.count()).select_from(Message)) or 0
    return runs, messages, list(conn.scalars(select(CampaignRun.status)))


@pytest.mark.postgres
async def test_an_email_due_on_three_machines_fires_once(postgres_url: str, tmp_path: Path) -> None:
    async with opened(prepare(postgres_url)) as here:
        await here.database.write(a_minute_ago)
    environment = {
        "LLAMADO_DATABASE__URL": postgres_url,
        "LLAMADO_SENDING__APPROVALS": "1",
        "LLAMADO_NETWORK__POSTAL_ADDRESS": "1 Example Street, Madison WI 53703",
    }
    async with AsyncExitStack() as stack:
        services = [
            await stack.enter_async_context(
                running(
                    settings.load(
                        {**environment, "LLAMADO_SENDING__STATE_FOLDER": str(tmp_path / name)},
                        folder=tmp_path,
                    ),
                    Role.SENDER,
                )
            )
            for name in ("one", "two", "three")
        ]
        async with asyncio.timeout(60):
            while RunStatus.FIRED not in (await services[0].database.read(fired))[2]:  # noqa: ASYNC110 - rows tell nobody
                await asyncio.sleep(0.05)
        found = await services[0].database.read(fired)

    assert found == (1, 1, [RunStatus.FIRED])
