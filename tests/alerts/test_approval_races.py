"""Several at once: two approvals are one, and what changes between approval and launch does not leave."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from alerts import approving, launching
from alerts.alone import BreakGlass
from alerts.approval_models import AloneLaunch, Approval
from alerts.approving import NotApproved
from alerts.fingerprint import digest
from alerts.preflight import check
from alerts.stored import stored_draft
from database.opening import Opened
from messages.control import NotNow
from messages.models import Message, MessageStatus
from organizers.approvers import Changed, How
from tests.alerts.approving_desk import TWO, make_committee
from tests.doubles import NoJobs


class Table:
    """A committee's numbers, and what each does in a transaction of their own."""

    def __init__(self, opened: Opened, now: datetime) -> None:
        self.opened, self.now = opened, now
        self.alert_id = self.amina = self.berta = 0
        self.seen = ""

    async def prepare(self) -> Table:
        def unit(conn: Connection) -> None:
            made = make_committee(conn, self.now)
            self.alert_id, self.amina, self.berta = made.alert_id, made.amina, made.berta
            self.seen = digest(conn, made.alert_id)

        await self.opened.database.write(unit)
        return self

    async def approve(self) -> list[str]:
        return await self.opened.database.write(
            approving.approve,
            self.alert_id,
            self.berta,
            seen=self.seen,
            languages=("en", "es"),
            how=How.CONSOLE,
            house=TWO,
            now=self.now,
        )

    async def rewrite(self, budget: int) -> None:
        def unit(conn: Connection) -> None:
            draft = replace(stored_draft(conn, self.alert_id), budget_cents=budget)
            by = f"organizer:{self.amina}"
            launching.rewrite(conn, self.alert_id, draft, house=TWO, by=by, now=self.now)

        await self.opened.database.write(unit)

    async def launch(self, glass: BreakGlass | None = None) -> None:
        def unit(conn: Connection) -> None:
            people = check(conn, self.alert_id, house=TWO, now=self.now).people
            said: dict[str, Any] = {"confirmed": people, "by": f"organizer:{self.amina}"}
            launching.launch(
                conn, NoJobs(), self.alert_id, house=TWO, now=self.now, glass=glass, **said
            )

        await self.opened.database.write(unit)

    async def scalar(self, statement: Any) -> Any:
        return await self.opened.database.read(lambda conn: conn.scalar(statement))


@pytest.fixture
async def table(opened: Opened, now: datetime) -> Table:
    return await Table(opened, now).prepare()


async def test_the_same_approval_many_times_at_once_is_one(table: Table) -> None:
    said = await asyncio.gather(*(table.approve() for _ in range(6)))

    assert sorted(map(len, said)) == [0, 0, 0, 0, 0, 2]
    assert await table.scalar(select(func.count()).select_from(Approval)) == 2


async def test_whichever_comes_first_nothing_unapproved_leaves(table: Table) -> None:
    """An approval, a change and a launch at once: it leaves only as it was approved."""
    for round_ in range(8):
        await asyncio.gather(
            table.approve(),
            table.rewrite(1_000 + round_ % 2),
            table.launch(),
            return_exceptions=True,
        )
        status, left = await table.opened.database.read(
            lambda conn: (
                conn.scalar(select(Message.status)),
                digest(conn, table.alert_id),
            )
        )
        if status != MessageStatus.DRAFT:
            approved = select(func.count()).where(Approval.digest == left)
            assert await table.scalar(approved) == 2
            return
        table.seen = left
    await table.rewrite(5_000)  # what was approved in some round may stand again: this was in none
    with pytest.raises(NotApproved):
        await table.launch()


async def test_a_change_between_approval_and_launch_refuses(table: Table) -> None:
    await table.approve()
    await table.rewrite(700)

    with pytest.raises(NotApproved):
        await table.launch()
    with pytest.raises(Changed):
        await table.approve()

    assert await table.scalar(select(Message.status)) == MessageStatus.DRAFT


async def test_two_who_launch_alone_at_once_launch_once(table: Table) -> None:
    glass = BreakGlass("They are being moved tonight.")

    done = await asyncio.gather(*(table.launch(glass) for _ in range(4)), return_exceptions=True)

    assert sum(each is None for each in done) == 1
    assert all(isinstance(each, NotNow) for each in done if each is not None)
    assert await table.scalar(select(func.count()).select_from(AloneLaunch)) == 1
