"""A person's page tells who represents them and why we think so; an organizer's word wins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import Connection

from contacts.people import contact
from database.opening import Opened
from organizers.roles import Role
from tests.builders import load_invented_officials, make_contact, make_project
from tests.web.organizing import Desk, console, desk


def make_chloe(conn: Connection) -> tuple[int, int]:
    """Chloe, whose ZIP code lies in two districts, and her project."""
    load_invented_officials(conn)
    madison = make_project(conn, "Madison – Arcatao")
    chloe = make_contact(
        conn,
        "Chloe",
        projects=[madison],
        zip="02139",
        state="MA",
        district=None,
        district_how="split",
    )
    return chloe, madison


@pytest.fixture
async def chloe(opened: Opened) -> tuple[int, int]:
    return await opened.database.write(make_chloe)


@pytest.fixture
async def amina(opened: Opened, now: datetime, chloe: tuple[int, int]) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now, projects=[chloe[1]])


async def known(opened: Opened, contact_id: int) -> tuple[str, int | None, str]:
    row = await opened.database.read(contact, contact_id)
    return row.state, row.district, row.district_how


async def test_an_open_district_says_why_and_names_the_senators_alone(
    amina: Desk, chloe: tuple[int, int]
) -> None:
    page = await amina.page(f"/console/contacts/{chloe[0]}")

    assert "District open the ZIP code lies in several districts; their page asks" in page
    assert "Represented by Sen." in page
    assert "Rep." not in page


async def test_an_organizers_word_is_kept_and_names_the_member(
    amina: Desk, opened: Opened, chloe: tuple[int, int]
) -> None:
    await amina.post(f"/console/contacts/{chloe[0]}/district", {"district": " ma-7 "})

    assert await known(opened, chloe[0]) == ("MA", 7, "organizer")
    page = await amina.page(f"/console/contacts/{chloe[0]}")
    assert "District MA-7 as an organizer said" in page
    assert "Represented by Rep." in page


async def test_nothing_written_lets_the_zip_code_tell_again(
    amina: Desk, opened: Opened, chloe: tuple[int, int]
) -> None:
    await amina.post(f"/console/contacts/{chloe[0]}/district", {"district": "MA-7"})
    await amina.post(f"/console/contacts/{chloe[0]}/district", {"district": ""})

    assert await known(opened, chloe[0]) == ("MA", None, "split")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("the seventh", "“the seventh” is not a district; write one such as WI-2 or AK-AL"),
        ("MA-99", "There is no district MA-99; write one such as WI-2"),
    ],
)
async def test_what_is_no_district_is_refused_and_changes_nothing(
    amina: Desk, opened: Opened, chloe: tuple[int, int], typed: str, says: str
) -> None:
    response = await amina.post(f"/console/contacts/{chloe[0]}/district", {"district": typed})
    page = await response.text()

    assert response.status == 422
    assert says in page
    assert f'value="{typed}"' in page
    assert await known(opened, chloe[0]) == ("MA", None, "split")


async def test_who_may_only_look_cannot_say_it(
    opened: Opened, now: datetime, chloe: tuple[int, int]
) -> None:
    async with console(opened, now) as client:
        ben = await desk(client, opened, now, name="Ben", role=Role.VIEWER, projects=[chloe[1]])

        assert "Another district" not in await ben.page(f"/console/contacts/{chloe[0]}")
        refused = await ben.post(f"/console/contacts/{chloe[0]}/district", {"district": "MA-7"})

    assert refused.status == 403
    assert await known(opened, chloe[0]) == ("MA", None, "split")
