"""What a committee sees of an alert that the network proposes, and who is told that it is asked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from alerts import launching, sharing
from alerts.launching import rewrite
from alerts.models import Proposal
from alerts.proposals import proposal
from contacts.models import Project
from database.jobs import EmbeddedJobs
from database.opening import Opened
from messages.models import Message, MessageKind, MessageText, Reach
from tests.alerts.drafting import HOUSE, make_draft
from tests.builders import make_contact, make_project
from tests.web.organizing import Desk, console, desk
from tests.web.serving import Client, make_site
from web.console.letters import any_waiting, write_letters


@pytest.fixture
async def client(opened: Opened, now: datetime) -> AsyncIterator[Client]:
    async with console(opened, now) as client:
        yield client


@dataclass(frozen=True)
class Asked:
    """Berta's committee, of two people, and an alert of the network's."""

    berta: Desk
    project: int
    alert_id: int
    proposal_id: int


@pytest.fixture
async def asked(client: Client, opened: Opened, now: datetime) -> Asked:
    def prepare(conn: Connection) -> tuple[int, int, int]:
        project = make_project(conn, "Bangor", shares_list=False)
        make_contact(conn)
        for _ in range(2):
            make_contact(conn, projects=[project])
        alert_id = launching.create(conn, make_draft(), house=HOUSE, created_by="x", now=now)
        [proposal_id] = sharing.propose(conn, alert_id, now)
        return project, alert_id, proposal_id

    project, alert_id, proposal_id = await opened.database.write(prepare)
    berta = await desk(client, opened, now, projects=[project], email="berta@example.org")
    return Asked(berta, project, alert_id, proposal_id)


async def write_all(opened: Opened, now: datetime) -> list[str]:
    """The letters that are due, written; the words of all letters so far."""

    def unit(conn: Connection) -> list[str]:
        write_letters(conn, EmbeddedJobs(), make_site(), now)
        letters = select(MessageText.body).join(Message, Message.id == MessageText.message_id)
        return list(conn.scalars(letters.where(Message.kind == MessageKind.REPLY)))

    return await opened.database.write(unit)


async def test_whoever_may_send_for_a_committee_gets_a_letter_once(
    asked: Asked, opened: Opened, now: datetime
) -> None:
    [letter] = await write_all(opened, now)

    assert f"/console/proposals/{asked.proposal_id}" in letter
    assert "Call for the Suchitoto 14" in letter
    assert not await opened.database.read(any_waiting, now)
    assert len(await write_all(opened, now)) == 1


async def test_the_launch_asks_those_whom_nobody_had_asked(
    asked: Asked, client: Client, opened: Opened, now: datetime
) -> None:
    def launch(conn: Connection) -> int:
        project = make_project(conn, "Boston", shares_list=False)
        make_contact(conn, projects=[project])
        launching.launch(
            conn, EmbeddedJobs(), asked.alert_id, house=HOUSE, confirmed=1, by="x", now=now
        )
        return project

    boston = await opened.database.write(launch)
    await desk(client, opened, now, projects=[boston], email="cora@example.org")

    letters = await write_all(opened, now)

    assert len(letters) == 2
    assert sum("Boston" in letter for letter in letters) == 1


async def test_a_committee_that_joins_red_alerts_unasked_sees_its_part_and_is_told(
    asked: Asked, client: Client, opened: Opened, now: datetime
) -> None:
    def launch(conn: Connection) -> int:
        project = make_project(conn, "Boston", shares_list=False, joins_red=True)
        make_contact(conn, projects=[project])
        launching.launch(
            conn, EmbeddedJobs(), asked.alert_id, house=HOUSE, confirmed=2, by="x", now=now
        )
        return project

    boston = await opened.database.write(launch)
    cora = await desk(client, opened, now, projects=[boston], email="cora@example.org")

    letters = await write_all(opened, now)

    [letter] = [each for each in letters if "Boston" in each]
    [path] = re.findall(r"/console/proposals/\d+", letter)
    assert "its part leaves now" in letter
    assert "Stop for good" in await cora.page(path)


async def test_whose_yes_was_to_other_words_is_told_and_who_had_not_answered_is_not_again(
    asked: Asked, opened: Opened, now: datetime
) -> None:
    await write_all(opened, now)

    await opened.database.write(change, asked, now, "Call today")
    assert len(await write_all(opened, now)) == 1

    await asked.berta.post(
        f"/console/proposals/{asked.proposal_id}/join",
        {"confirmed": "2", "words": await words_of(opened, asked)},
    )
    await opened.database.write(change, asked, now, "Call now")
    assert len(await write_all(opened, now)) == 2


def change(conn: Connection, asked: Asked, now: datetime, title: str) -> None:
    draft = make_draft()
    words = {**draft.words, "en": replace(draft.words["en"], title=title)}
    rewrite(conn, asked.alert_id, replace(draft, words=words), house=HOUSE, by="x", now=now)


async def words_of(opened: Opened, asked: Asked) -> str:
    return (await opened.database.read(proposal, asked.proposal_id)).words


async def test_whom_a_changed_alert_is_not_for_any_more_is_asked_nothing(
    asked: Asked, opened: Opened, now: datetime
) -> None:
    def narrow(conn: Connection) -> None:
        make_project(conn, "Boston")
        slug = conn.scalar(select(Project.slug).where(Project.name == "Boston")) or ""
        draft = replace(make_draft(), project=slug)
        rewrite(conn, asked.alert_id, draft, house=HOUSE, by="x", now=now)

    await opened.database.write(narrow)

    assert not await opened.database.read(lambda conn: conn.scalars(select(Proposal.id)).all())
    assert await write_all(opened, now) == []


async def test_the_page_says_by_what_way_and_what_would_be_said(
    asked: Asked, opened: Opened
) -> None:
    await opened.database.write(
        lambda conn: conn.execute(update(Message).values(reach=Reach.SMS)) and None
    )

    shown = await asked.berta.page(f"/console/proposals/{asked.proposal_id}")

    assert "Texts only" in shown
    assert "Will {{ official }} speak up?" in shown
    assert "¿Alzará la voz {{ official }} ?" in shown  # a field is marked, so a word of its own


async def test_what_stands_in_the_way_is_no_yes(
    asked: Asked, opened: Opened, now: datetime
) -> None:
    """The alert expires before its first copy could leave."""
    late = now - timedelta(minutes=1)
    await opened.database.write(
        lambda conn: conn.execute(update(Message).values(expires_at=late)) and None
    )

    answer = await asked.berta.post(
        f"/console/proposals/{asked.proposal_id}/join",
        {"confirmed": "2", "words": await words_of(opened, asked)},
    )

    assert answer.status == 409
    assert "stands in the way of your part" in await answer.text()
