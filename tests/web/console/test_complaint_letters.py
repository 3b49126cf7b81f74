"""Organizers hear once of a red alert that too many mark as spam, in their language, with no complainer's address."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from alerts.models import Answer, Proposal
from database.jobs import EmbeddedJobs
from database.opening import Opened
from messages import complaints, counts
from messages.models import Delivery, Message, MessageKind, MessageStatus, MessageText, Status
from organizers.roles import Role
from tests.builders import make_alert, make_message, make_organizer, make_project
from tests.messages.test_troubles import emailed, happen
from tests.web.organizing import LOOPBACK, console, desk
from tests.web.serving import make_site
from web.console.letters import any_waiting, write_letters

EMAIL: dict[str, Any] = {"reach": "email", "email_sender": "Madison <alerts@example.org>"}
_complainers = count()


def red(conn: Connection, project: int | None = None, **values: Any) -> tuple[int, int]:
    """A red alert that a thousand people got by email; with its message."""
    made = make_alert(conn, urgent=True, project_id=project, **EMAIL, **values)
    delivered(conn, made.message_id)
    return made.alert_id, made.message_id


def delivered(conn: Connection, message: int) -> None:
    deltas = counts.Deltas()
    deltas[counts.place(message, "email", Status.DELIVERED, "", None)] += 1_000
    counts.apply(conn, deltas)


def complain(conn: Connection, message: int, people: int, now: datetime) -> None:
    for _ in range(people):
        address = f"complainer{next(_complainers)}@example.net"
        happen(conn, emailed(conn, None, now, message=message, address=address), "spamreport", now)


def letters(conn: Connection, now: datetime) -> list[tuple[str, str, str]]:
    """Those that are due, written as the clock does; address, subject and words of all so far."""
    if any_waiting(conn, now):
        write_letters(conn, EmbeddedJobs(), make_site(), now)
    return found(conn)


def found(conn: Connection) -> list[tuple[str, str, str]]:
    rows = (
        select(Delivery.address, MessageText.subject, MessageText.body)
        .join(Message, Message.id == Delivery.message_id)
        .join(MessageText, MessageText.message_id == Message.id)
        .where(Message.kind == MessageKind.REPLY)
        .order_by(Delivery.id)
    )
    return [(row.address, row.subject, row.body) for row in conn.execute(rows)]


@pytest.fixture
def office(conn: Connection) -> str:
    """The network's admin, who reads Spanish."""
    address = "oficina@example.org"
    make_organizer(conn, email=address, network=True, language="es", name="Olga")
    return address


def test_one_letter_tells_of_a_red_alert_whatever_comes_on_top(
    conn: Connection, now: datetime, office: str
) -> None:
    alert, message = red(conn)
    complain(conn, message, 2, now)
    assert letters(conn, now) == []

    complain(conn, message, 1, now)
    [(address, subject, words)] = letters(conn, now)

    assert address == office
    assert (
        subject
        == "Demasiadas personas marcan una alerta roja como correo no deseado: Libertad para los catorce"
    )
    assert "de 1,000 personas" in words
    assert "3 la marcaron como correo no deseado (0.3" in words
    assert f"/console/alerts/{alert} " in words
    assert words.endswith("/console/deliverability")
    assert "complainer" not in words + subject

    complain(conn, message, 5, now)
    complaints.let_go_on(conn, "example.org", by="organizer:1", now=now)
    complain(conn, message, 5, now)
    assert not any_waiting(conn, now)
    assert len(letters(conn, now)) == 1
    assert conn.scalar(select(Message.status).where(Message.id == message)) == MessageStatus.SENDING


def test_each_red_alert_has_its_letter_and_no_other_message_has_one(
    conn: Connection, now: datetime, office: str
) -> None:
    first, of_first = red(conn)
    second, of_second = red(conn)
    orange = make_alert(conn, urgent=False, **EMAIL)
    planned = make_message(
        conn, kind=MessageKind.CAMPAIGN, status=MessageStatus.SENDING, launched_at=now, **EMAIL
    )
    for message in (orange.message_id, planned):
        delivered(conn, message)
        complain(conn, message, 4, now)
    assert letters(conn, now) == []

    for message in (of_first, of_second):
        complain(conn, message, 3, now)
        letters(conn, now)

    told = letters(conn, now)
    assert [address for address, _, _ in told] == [office, office]
    for alert, (_, _, words) in zip((first, second), told, strict=True):
        assert f"/console/alerts/{alert} " in words


def test_it_goes_to_the_networks_admins_and_to_those_who_may_send_in_the_project(
    conn: Connection, now: datetime, office: str
) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    may_send = {Role.ADMIN, Role.SENDER}
    for role in Role:
        make_organizer(conn, role, projects=[madison], role=role, email=f"{role}@example.org")
    make_organizer(conn, "Bo", projects=[bangor], email="bo@example.org")
    make_organizer(conn, "Gone", projects=[madison], email="gone@example.org", disabled_at=now)
    _, message = red(conn, madison)

    complain(conn, message, 3, now)

    told = letters(conn, now)
    assert sorted(address for address, _, _ in told) == sorted(
        [office, *(f"{role}@example.org" for role in may_send)]
    )
    for address, _, words in told:
        assert "Madison" in words
        assert ("/console/alerts/" in words) == (address != office)


def test_a_committee_hears_of_its_part_and_is_led_to_its_own_page(
    conn: Connection, now: datetime, office: str
) -> None:
    bangor, madison = make_project(conn, "Bangor"), make_project(conn, "Madison")
    make_organizer(conn, "Bo", projects=[bangor], email="bo@example.org")
    make_organizer(conn, "Mo", projects=[madison], email="mo@example.org")
    alert, whole = red(conn)
    part = make_message(
        conn,
        status=MessageStatus.SENDING,
        launched_at=now,
        urgent=True,
        project_id=bangor,
        part_of=whole,
        **EMAIL,
    )
    delivered(conn, part)
    row = {"alert_id": alert, "project_id": bangor, "message_id": part, "asked_at": now}
    joined = insert(Proposal).values(**row, answer=Answer.YES, answered_by="organizer:1")
    proposal = conn.execute(joined.returning(Proposal.id)).scalar_one()

    complain(conn, part, 3, now)

    told = {address: words for address, _, words in letters(conn, now)}
    assert told.keys() == {office, "bo@example.org"}
    assert f"/console/alerts/{alert} " in told[office]
    assert f"/console/proposals/{proposal} " in told["bo@example.org"]
    assert (
        "of 1,000 people of Bangor who got a red alert by email, 3 marked it as spam (0.3%)"
        in (told["bo@example.org"])
    )


def test_each_committee_hears_of_its_own_part_and_the_office_once(
    conn: Connection, now: datetime, office: str
) -> None:
    _, whole = red(conn)
    for name in ("Bangor", "Madison"):
        project = make_project(conn, name)
        make_organizer(conn, name, projects=[project], email=f"{name.lower()}@example.org")
        of_part: dict[str, Any] = {"urgent": True, "project_id": project, "part_of": whole}
        part = make_message(conn, status=MessageStatus.SENDING, launched_at=now, **of_part, **EMAIL)
        delivered(conn, part)
        complain(conn, part, 3, now)
        letters(conn, now)
    complain(conn, whole, 3, now)

    told = {address: words for address, _, words in letters(conn, now)}

    assert len(letters(conn, now)) == len(told) == 3
    assert "of Bangor who" in told["bangor@example.org"]
    assert "of Madison who" in told["madison@example.org"]
    assert "Bangor" not in told["madison@example.org"]
    assert "de Bangor" in told[office]


class Killed(Exception):
    """The process ends before its commit."""


async def test_it_is_written_once_whatever_ends_before_the_commit_and_whoever_else_writes(
    opened: Opened, now: datetime
) -> None:
    def prepare(conn: Connection) -> None:
        make_organizer(conn, email="office@example.org", network=True)
        complain(conn, red(conn)[1], 3, now)

    def write_and_die(conn: Connection) -> None:
        assert write_letters(conn, EmbeddedJobs(), make_site(), now) == 1
        raise Killed

    await opened.database.write(prepare)
    with pytest.raises(Killed):
        await opened.database.write(write_and_die)
    assert await opened.database.read(found) == []
    assert await opened.database.read(any_waiting, now)

    async with asyncio.TaskGroup() as both:
        for _ in range(2):
            both.create_task(opened.database.write(write_letters, EmbeddedJobs(), make_site(), now))

    assert len(await opened.database.read(found)) == 1
    assert not await opened.database.read(any_waiting, now)


async def test_every_page_that_a_letter_names_opens_for_whoever_gets_it(
    opened: Opened, now: datetime
) -> None:
    async with console(opened, now, public_url=LOOPBACK) as client:
        project = await opened.database.write(make_project, "Madison")
        office = await desk(client, opened, now, email="office@example.org")
        sender = await desk(
            client, opened, now, email="sender@example.org", projects=[project], role=Role.SENDER
        )

        def complained(conn: Connection) -> dict[str, str]:
            for owner in (None, project):
                complain(conn, red(conn, owner)[1], 3, now)
            told: dict[str, str] = {}
            for address, _, words in letters(conn, now):
                told[address] = f"{told.get(address, '')} {words}"
            return told

        told = await opened.database.write(complained)
        pages = {
            each: re.findall(r"/console/[a-z]+(?:/[0-9]+)?", told[each]) for each in sorted(told)
        }
        for reader, address in ((office, "office@example.org"), (sender, "sender@example.org")):
            for page in pages[address]:
                assert await reader.page(page)

    assert [len(each) for each in pages.values()] == [3, 2]
