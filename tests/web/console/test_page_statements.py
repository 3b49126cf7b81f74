"""A page asks the database as often for many alerts as for one: each list is read at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from alerts import approval_asks
from alerts.fact_models import FactKind
from alerts.models import Answer, Proposal
from database.opening import Opened
from messages.models import MessageStatus
from tests.builders import make_alert, make_contact, make_fact, make_organizer, make_project
from tests.web.console.test_progress_statements import statements
from tests.web.organizing import Desk, console, desk

MOST = 60  # statements of an overview on which something of everything is shown


def busy(conn: Connection, project: int, organizer_id: int, now: datetime, times: int) -> None:
    """So many alerts of each kind that an overview tells of."""
    office = make_organizer(conn, network=True)
    for _ in range(times):
        mine: dict[str, Any] = {"project_id": project, "expires_at": now + timedelta(days=1)}
        make_alert(conn, **mine, launched_at=now, budget_cents=5_000)
        make_alert(conn, **mine, launched_at=now, status=MessageStatus.FINISHED)
        draft = make_alert(conn, **mine, launched_at=None, status=MessageStatus.DRAFT)
        approval_asks.ask(conn, draft.alert_id, [organizer_id], by=f"organizer:{office}", now=now)
        asked = make_alert(conn, launched_at=None, status=MessageStatus.DRAFT)
        row = {"alert_id": asked.alert_id, "project_id": project, "answer": Answer.OPEN}
        conn.execute(insert(Proposal).values(**row, asked_at=now, answered_by=""))
        soon: dict[str, Any] = {
            "kind": FactKind.HEARING,
            "happened_on": now.date() + timedelta(days=1),
        }
        make_fact(conn, draft.case_id, en="The first hearing.", **soon)


async def asked(amina: Desk) -> int:
    """How many statements her overview takes, once nothing is left to be noted or counted."""
    await amina.page("/console/")
    with statements() as heard:
        page = await amina.page("/console/")
    assert "Free the fourteen" in page
    return len([each for each in heard if each.startswith(("SELECT", "WITH"))])


async def test_the_overview_asks_as_often_for_many_as_for_one(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    await opened.database.write(lambda conn: make_contact(conn, projects=[madison]))
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[madison])
        await opened.database.write(busy, madison, amina.organizer_id, now, 1)
        one = await asked(amina)
        await opened.database.write(busy, madison, amina.organizer_id, now, 3)
        many = await asked(amina)

    assert many == one
    assert one <= MOST
