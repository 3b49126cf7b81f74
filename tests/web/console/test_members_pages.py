"""Letting others in: who may, where, and what the record tells of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from database.opening import Opened
from messages.models import Delivery, Message, MessageText
from organizers import audit, sessions
from organizers.models import Organizer
from organizers.roles import NETWORKS, Grant, Role
from tests.builders import make_organizer, make_project
from tests.web.organizing import Desk, console, desk
from tests.web.serving import Client


@pytest.fixture
async def client(opened: Opened, now: datetime) -> AsyncIterator[Client]:
    async with console(opened, now) as client:
        yield client


async def project(opened: Opened, name: str) -> int:
    return await opened.database.write(lambda conn: make_project(conn, name))


async def grants(opened: Opened, organizer_id: int) -> dict[int, Grant]:
    return await opened.database.read(sessions.grants_of, organizer_id)


async def somebody(opened: Opened, *projects: int, role: Role = Role.VIEWER) -> int:
    return await opened.database.write(
        lambda conn: make_organizer(conn, "Ben", projects=projects, role=role)
    )


async def test_an_admin_gives_roles_in_their_own_project_and_the_record_shows_them(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison = await project(opened, "Madison")
    ana, ben = await desk(client, opened, now, projects=[madison]), await somebody(opened, madison)
    form = {"project": str(madison), "role": "sender", "exports": "yes"}

    response = await ana.post(f"/console/members/{ben}/role", form)

    assert response.status == 303
    assert await grants(opened, ben) == {madison: Grant(Role.SENDER, exports=True)}
    [entry] = await opened.database.read(lambda conn: audit.entries(conn, [madison]))
    assert (entry.act, entry.project_id) == ("organizer.role", madison)
    assert entry.after == {f"role_{madison}": "sender +export"}


async def test_nobody_makes_themselves_more_elsewhere(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison, bangor = await project(opened, "Madison"), await project(opened, "Bangor")
    ana = await desk(client, opened, now, projects=[madison])
    me = f"/console/members/{ana.organizer_id}/role"

    said = [
        (await ana.post(me, {"project": where, "role": "admin"})).status
        for where in (str(bangor), "0", "999999", "", "the office")
    ]

    assert said == [404, 404, 404, 422, 422]
    assert set(await grants(opened, ana.organizer_id)) == {madison}


async def test_the_office_lets_in_everywhere_but_where_nothing_is(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison, ben = await project(opened, "Madison"), await somebody(opened)
    olga = await desk(client, opened, now)

    given = await olga.post(
        f"/console/members/{ben}/role", {"project": str(madison), "role": "admin"}
    )
    nowhere = await olga.post(
        f"/console/members/{ben}/role", {"project": "999999", "role": "admin"}
    )

    assert (given.status, nowhere.status) == (303, 404)
    assert await grants(opened, ben) == {madison: Grant(Role.ADMIN)}


async def test_an_account_that_can_do_more_is_not_opened_by_one_who_can_do_less(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison, bangor = await project(opened, "Madison"), await project(opened, "Bangor")
    ana = await desk(client, opened, now, projects=[madison])
    ben = await somebody(opened, madison, bangor)

    said = [
        (await ana.post(f"/console/members/{ben}/{act}")).status
        for act in ("link", "clear", "disable")
    ]

    assert said == [403, 403, 403]


async def test_whose_second_steps_are_taken_away_is_told_and_so_are_the_other_admins(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison, bangor = await project(opened, "Madison"), await project(opened, "Bangor")
    ana = await desk(client, opened, now, name="Ana", projects=[madison])
    await desk(client, opened, now, name="Eva", projects=[bangor])
    others = [await desk(client, opened, now, name="Rosa", projects=[madison])]
    others.append(await desk(client, opened, now, name="Olga"))
    ben = await opened.database.write(
        lambda conn: make_organizer(
            conn,
            "Ben",
            projects=[madison],
            role=Role.SENDER,
            phone="+16085550142",
            phone_confirmed=True,
        )
    )

    assert (await ana.post(f"/console/members/{ben}/clear")).status == 303

    def letters(conn: Connection) -> dict[str, str]:
        rows = (
            select(Delivery.address, MessageText.body, MessageText.sms)
            .join(Message, Message.id == Delivery.message_id)
            .join(MessageText, MessageText.message_id == Message.id)
        )
        return {row.address: row.body or row.sms for row in conn.execute(rows)}

    def emails(conn: Connection) -> dict[int, str]:
        return dict(conn.execute(select(Organizer.id, Organizer.email)).all())

    said, at = await opened.database.read(letters), await opened.database.read(emails)
    admins = {at[each.organizer_id] for each in others}
    assert set(said) == {at[ben], "+16085550142", *admins}
    assert "Ana has taken away the second steps of your account" in said[at[ben]]
    assert "your account's second steps" in said["+16085550142"]
    assert all("second steps of Ben" in said[each] for each in admins)


async def test_the_last_of_the_office_is_told_in_a_sentence(
    client: Client, opened: Opened, now: datetime
) -> None:
    olga = await desk(client, opened, now)

    response = await olga.post(
        f"/console/members/{olga.organizer_id}/role", {"project": "0", "role": ""}
    )

    assert response.status == 422
    assert "last organizer of the network" in await response.text()
    assert NETWORKS in await grants(opened, olga.organizer_id)


async def test_an_invitations_link_is_shown_once_and_taken_back(
    client: Client, opened: Opened, now: datetime
) -> None:
    madison = await project(opened, "Madison")
    ana: Desk = await desk(client, opened, now, projects=[madison])
    form = {"name": "Dana", "email": "dana@example.org", "project": str(madison), "role": "drafter"}

    page = await (await ana.post("/console/members", form)).text()
    again = await ana.page("/console/members")
    [guest] = re.findall(
        r"/members/guests/(\d+)/revoke", await (await ana.get("/console/members")).text()
    )
    await ana.post(f"/console/members/guests/{guest}/revoke")

    [path] = re.findall(r"/console/join/[\w-]{43}", page)
    assert "Dana" in again
    assert path not in again
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize(
    "form",
    [
        {"name": "Dana", "email": "not an address"},
        {"name": " ", "email": "dana@example.org"},
    ],
)
async def test_what_is_wrong_with_an_invitation_is_said_and_nothing_typed_is_lost(
    client: Client, opened: Opened, now: datetime, form: dict[str, str]
) -> None:
    olga = await desk(client, opened, now)

    response = await olga.post("/console/members", {**form, "project": "0", "role": "viewer"})

    assert response.status == 422
    assert form["email"] in await response.text()


async def test_nobody_locks_themselves_out(client: Client, opened: Opened, now: datetime) -> None:
    madison = await project(opened, "Madison")
    ana = await desk(client, opened, now, projects=[madison])

    response = await ana.post(f"/console/members/{ana.organizer_id}/disable")

    assert response.status == 409
    assert (await ana.get("/console/members")).status == 200
