"""A page asks the database as often for many alerts as for one: each list is read at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from alerts import approval_asks
from alerts.fact_models import FactKind
from alerts.models import Answer, Proposal
from contacts.models import Channel
from database.opening import Opened
from messages.models import MessageStatus, Status
from tests.builders import (
    make_alert,
    make_contact,
    make_delivery,
    make_fact,
    make_organizer,
    make_project,
)
from tests.messages.test_answering import HOUSE, make_reply
from tests.web.console.test_inbox_plans import asked
from tests.web.console.test_progress_statements import statements
from tests.web.organizing import Desk, console, desk
from web.console.conversations import conversation

MOST = 63  # statements of an overview on which something of everything is shown
# Of the pages on which a draft is read whole, those of whoever asks included: what it is made of is read once.
MOST_OF_A_DRAFT = {"": 60, "/approval": 62}


def busy(conn: Connection, project: int, organizer_id: int, now: datetime, times: int) -> None:
    """So many alerts of each kind that an overview tells of."""
    office = make_organizer(conn, network=True)
    for _ in range(times):
        mine: dict[str, Any] = {"project_id": project, "expires_at": now + timedelta(days=1)}
        make_alert(conn, **mine, launched_at=now, budget_cents=5_000)
        make_alert(conn, **mine, launched_at=now, status=MessageStatus.FINISHED)
        draft = make_alert(conn, **mine, launched_at=None, status=MessageStatus.DRAFT)
        approval_asks.ask(conn, draft.alert_id, [organizer_id], by=f"organizer:{office}", now=now)
        offer = make_alert(conn, launched_at=None, status=MessageStatus.DRAFT)
        row = {"alert_id": offer.alert_id, "project_id": project, "answer": Answer.OPEN}
        conn.execute(insert(Proposal).values(**row, asked_at=now, answered_by=""))
        soon: dict[str, Any] = {
            "kind": FactKind.HEARING,
            "happened_on": now.date() + timedelta(days=1),
        }
        make_fact(conn, draft.case_id, en="The first hearing.", **soon)


async def statements_of(amina: Desk) -> int:
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
        one = await statements_of(amina)
        await opened.database.write(busy, madison, amina.organizer_id, now, 3)
        many = await statements_of(amina)

    assert many == one
    assert one <= MOST


def talked(conn: Connection, ben: int, times: int) -> None:
    """So many alerts more of which he got copies by text and by email."""
    for _ in range(times):
        alert = make_alert(conn)
        for channel in Channel:
            make_delivery(conn, alert.message_id, ben, channel=channel, status=Status.DELIVERED)


def test_a_conversation_asks_as_often_for_many_copies_as_for_few(
    conn: Connection, now: datetime
) -> None:
    ben = make_contact(conn, "Ben")
    reply = make_reply(conn, now, ben)
    counted = []
    for more in (1, 4):
        talked(conn, ben, more)
        with asked(conn) as heard:
            found = conversation(conn, reply, (0,), HOUSE, language="en", now=now)
        assert found is not None
        counted.append((len(heard), len([each for each in found.turns if each.kind == "sent"])))

    (few, copies), (many, more_copies) = counted
    assert (copies, more_copies) == (2, 10)
    assert many == few


@pytest.mark.parametrize("page", MOST_OF_A_DRAFT)
async def test_a_draft_is_read_once_whatever_is_asked_of_it(
    opened: Opened, now: datetime, page: str
) -> None:
    madison = await opened.database.write(make_project)
    await opened.database.write(lambda conn: make_contact(conn, projects=[madison]))
    drafted: dict[str, Any] = {"status": MessageStatus.DRAFT, "launched_at": None}
    draft = await opened.database.write(
        lambda conn: make_alert(conn, project_id=madison, **drafted)
    )
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[madison])
        for _ in range(3):  # colleagues are read at once, too
            await opened.database.write(lambda conn: make_organizer(conn, projects=[madison]))
        with statements() as heard:
            await amina.page(f"/console/alerts/{draft.alert_id}{page}")

    asked_for = [each for each in heard if each.startswith(("SELECT", "WITH"))]
    assert len(asked_for) <= MOST_OF_A_DRAFT[page]
    for once in ("FROM scripts", "FROM fact_texts", "FROM alert_written"):
        assert sum(once in each for each in asked_for) == 1, once
