"""A page that asks for several calls: whom it shows, when they answer, with which words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from actions.asks import OneAsk, simple_asks
from actions.custom_targets import Line
from actions.models import AskMode, TargetRule
from actions.scripts import ScriptWords
from database.opening import Opened
from representatives.models import Member
from tests.builders import (
    SCRIPTS,
    load_invented_officials,
    make_action,
    make_alert,
    make_office,
)
from tests.web.organizing import words
from tests.web.public.test_acting import HOUSE, PUBLIC_URL, Door
from tests.web.serving import serving

OWN_WORDS = {
    "en": ScriptWords(opening="Good morning, Embassy.", ask="Please free the fourteen."),
    "es": ScriptWords(opening="Buenos días.", ask="Liberen a los catorce, por favor."),
}
EMBASSY = OneAsk(rule=TargetRule.CUSTOM, office="embassy", scripts=OWN_WORDS)
OFFICE: dict[str, Any] = {
    "phones": [Line("+12025550199", "switchboard"), Line("+50322222222", "night line")],
    "hours": "mon-fri 09:00-17:00",
    "note": "Ask for the duty officer.",
}


@pytest.fixture
async def make_door(opened: Opened, now: datetime) -> AsyncIterator[Any]:
    """A page that asks for these calls."""
    async with serving(opened, now, public_url=PUBLIC_URL) as client:

        async def door(*asks: OneAsk, **office: Any) -> Door:
            def fill(conn: Connection) -> Any:
                load_invented_officials(conn)
                make_office(conn, "embassy", **{**OFFICE, **office})
                return make_alert(conn, make_action(conn, asks=asks))

            return Door(client, opened, await opened.database.write(fill))

        yield door


async def test_an_office_is_shown_with_its_own_script_and_all_its_numbers(make_door: Any) -> None:
    door = await make_door(EMBASSY, OneAsk(rule=TargetRule.SENATORS))

    page = await door.get(await door.make_page())

    assert "Call 1 of 3" in page
    assert "Good morning, Embassy." in page
    assert SCRIPTS["en"].opening[:10] not in page
    assert "switchboard" in page
    assert 'href="tel:+50322222222"' in page
    assert "Ask for the duty officer." in page
    next_page = await door.get(f"{await door.make_page('Ben')}?target=us:senate:WI:1")
    assert "to speak up for the fourteen" in words(next_page)


async def test_an_expired_number_is_on_no_page_and_there_is_another_to_ring(
    make_door: Any,
) -> None:
    door = await make_door(EMBASSY, verified_on=date(2026, 5, 1))

    page = await door.get(await door.make_page())
    spanish = await door.get(f"{await door.make_page('Lucía')}?lang=es")

    assert "555-0199" not in page
    assert "+50322222222" not in page
    assert "Nobody has checked the number of The Embassy lately" in page
    assert 'href="tel:+12022243121"' in page
    assert "Nadie ha verificado últimamente el número de The Embassy" in spanish


async def test_an_answer_about_an_expired_number_is_refused(make_door: Any) -> None:
    door = await make_door(EMBASSY, verified_on=date(2026, 5, 1))

    status, _ = await door.post(
        await door.make_page(), target="custom:embassy", outcome="spoke", note=""
    )

    assert status == 400


async def test_a_committee_decides_who_is_called(make_door: Any, opened: Opened) -> None:
    chain = [
        OneAsk(rule=TargetRule.COMMITTEE, committees=["HSFA07"], mode=AskMode.FIRST),
        OneAsk(rule=TargetRule.CUSTOM, office="embassy", mode=AskMode.FIRST),
    ]
    door = await make_door(*chain)
    sits = update(Member).where(Member.family_name == "Encina").values(committees="HSFA HSFA07")

    without = await door.get(await door.make_page())
    await opened.database.write(lambda conn: conn.execute(sits))
    with_one = await door.get(await door.make_page("Ben"))

    assert "The Embassy" in without
    assert f'name="target" value="{HOUSE}"' in with_one
    assert "The Embassy" not in with_one


async def test_after_its_last_ask_the_page_is_over(make_door: Any, now: datetime) -> None:
    over = OneAsk(rule=TargetRule.SENATORS, expires_at=now - timedelta(hours=1))
    door = await make_door(over)

    assert "This action is over" in await door.get(await door.make_page())


async def test_whoever_has_made_the_calls_that_need_no_place_is_asked_for_theirs(
    make_door: Any,
) -> None:
    door = await make_door(*simple_asks(TargetRule.CUSTOM, ["embassy"]), *ONE_MORE)
    page = f"/p/{door.alert.slug}"

    first = await door.get(page)
    _, where = await door.post(page, target="custom:embassy", outcome="spoke", note="")
    after = await door.get(where)

    assert "The Embassy" in first
    assert "ZIP code of your home" in after


ONE_MORE = [OneAsk(rule=TargetRule.REPRESENTATIVE)]


async def test_hours_are_told_by_the_callers_clock(make_door: Any) -> None:
    """It is 16:30 in Washington and 15:30 in Madison."""
    door = await make_door(*ONE_MORE)

    own = words(await door.get(await door.make_page(zip="53703")))
    spanish = words(await door.get(f"{await door.make_page('Lucía', zip='53703')}?lang=es"))

    assert "Open now, until 4:00 PM (your time)." in own
    assert "Abierto ahora, hasta las 4:00 p.m. (su hora)." in spanish


async def test_a_closed_office_says_when_it_opens_in_both_clocks(make_door: Any) -> None:
    door = await make_door(EMBASSY, hours="mon 09:00-17:00")

    own = words(await door.get(await door.make_page(zip="53703")))
    nowhere = words(await door.get(f"/p/{door.alert.slug}"))

    assert "Opens Monday 9:00 AM (8:00 AM your time)." in own
    assert "Opens Monday 9:00 AM (Eastern Time)." in nowhere


async def test_an_office_whose_hours_nobody_knows_says_nothing_of_them(make_door: Any) -> None:
    door = await make_door(EMBASSY, hours="")

    page = await door.get(await door.make_page())

    assert "Open now" not in page
    assert "Opens" not in page


async def test_a_shared_page_asks_for_the_zip_before_a_call_to_members_and_not_before_another(
    make_door: Any, opened: Opened
) -> None:
    door = await make_door(OneAsk(rule=TargetRule.CONGRESS), EMBASSY)
    members_first = words(await door.get(f"/p/{door.alert.slug}"))
    chosen = words(await door.get(f"/p/{door.alert.slug}?target=custom:embassy"))
    lives = words(await door.get(f"/p/{door.alert.slug}?zip=53703"))
    other = await opened.database.write(
        lambda conn: make_alert(
            conn, make_action(conn, asks=(EMBASSY, OneAsk(rule=TargetRule.CONGRESS)))
        )
    )
    embassy_first = words(await door.get(f"/p/{other.slug}"))

    assert "Your ZIP code tells who represents you" in members_first
    assert "555-0199" not in members_first
    assert "Good morning, Embassy." in chosen
    assert "Call 1 of 4" in lives
    assert "Good morning, Embassy." in embassy_first
    assert "Call your senators" not in members_first + embassy_first
