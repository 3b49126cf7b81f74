"""The page behind the letter on an opt-out that somebody else may have asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from contacts.models import Standing
from messages.links import person_token, proof_token
from messages.providers.provider import Inbound, Letter
from messages.replies import receive
from tests.builders import make_contact
from tests.web.public.test_joining import Door, door
from tests.web.serving import LINKS_SECRET

__all__ = ["door"]

AMINA = "amina@example.org"
BACK, KEPT = {"act": "back"}, {"act": "kept"}


async def forged(door: Door, language: str = "en") -> str:
    """An email in Amina's name takes her off; the page of the letter she gets."""
    mail = Inbound("email", AMINA, "stop", "1", letter=Letter(origin="8.8.4.4"))

    def write(conn: Connection) -> None:
        make_contact(conn, "Amina", phone=None, email=AMINA, language=language)
        rules = {"network": "Us", "public_url": "https://us.example", "default_language": "en"}
        receive(conn, door.opened.jobs, mail, **rules, now=door.now)

    await door.opened.database.write(write)
    number, words = (await door.questions(AMINA))[-1]
    assert "https://us.example/undo/" in words
    return f"/undo/{proof_token(LINKS_SECRET, number)}"


async def test_looking_changes_nothing_and_the_button_brings_back(door: Door) -> None:
    path = await forged(door)

    page = await door.page(path)
    assert "Did you ask us to stop?" in page
    assert AMINA not in page
    assert await door.standing(AMINA) == Standing.OPTED_OUT

    answer = await door.post(path, BACK)
    assert answer.status == 303
    assert "You are back" in await door.page(answer.headers["Location"])
    assert await door.standing(AMINA) == Standing.GRANTED
    assert "Nothing waits here" in await door.page(path)


async def test_whoever_says_it_was_them_stays_off(door: Door) -> None:
    path = await forged(door, "es")
    assert "¿Pidió que no le escribiéramos más?" in await door.page(path)

    await door.post(path, KEPT)
    await door.post(path, BACK)

    assert await door.standing(AMINA) == Standing.OPTED_OUT


@pytest.mark.parametrize("way", ["their link", "their page"])
async def test_whoever_leaves_by_our_own_link_meanwhile_stays_off(door: Door, way: str) -> None:
    path = await forged(door)
    token = person_token(LINKS_SECRET, (await door.questions(AMINA))[-1][0])
    if way == "their link":
        await door.post(f"/u/{token}", {"List-Unsubscribe": "One-Click"})
    else:
        await door.post(f"/me/{token}", {"act": "stop"})

    answer = await door.post(path, BACK)

    page = await door.page(answer.headers["Location"])
    assert "You are still off the list" in page
    assert "taken off in another way" in page
    assert "You are back" not in page
    assert await door.standing(AMINA) == Standing.OPTED_OUT


async def test_after_a_week_the_link_is_over(door: Door) -> None:
    path = await forged(door)
    door.now += timedelta(days=9)

    assert "This link has expired" in await door.page(path, 410)
    assert (await door.post(path, BACK)).status == 410
    assert await door.standing(AMINA) == Standing.OPTED_OUT


async def test_another_letters_proof_and_another_buttons_word_do_nothing(door: Door) -> None:
    path = await forged(door)

    await door.page("/undo/1" + "x" * 22, 404)
    await door.page(f"/confirm/{path.rpartition('/')[2]}", 404)
    await door.page(f"/mine/{path.rpartition('/')[2]}", 404)
    assert (await door.post(path, {"act": "else"})).status == 400
    assert (await door.post(path, BACK, **{"Sec-Fetch-Site": "cross-site"})).status == 403
    assert await door.standing(AMINA) == Standing.OPTED_OUT
