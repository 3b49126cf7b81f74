"""A form's email and phone become one person's when both owners say so, and never by a stranger's word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select, update

from contacts.models import Contact, SignUp, Standing
from contacts.people import ContactRow, contact, contacts_at
from database.opening import Opened
from messages.models import Delivery, Message, MessageStatus
from messages.uniting import unite_all
from tests.builders import make_contact, make_delivery, make_message, make_standing
from tests.web.public.test_joining import AMINA, PHONE, Door, opened_door

TEXTED = {"given_name": "Amina", "phone": PHONE, "agree_sms": "yes", "zip": "53703"}
FORM = {**TEXTED, "email": AMINA, "agree_email": "yes"}
MALLORY = "mallory@example.net"


@pytest.fixture
async def door(opened: Opened, now: datetime) -> AsyncIterator[Door]:
    async with opened_door(opened, now) as made:
        yield made


async def press(door: Door, one: str, address: str = AMINA) -> str:
    """Press a button behind the newest link to an address; return what the page said before."""
    path = f"/confirm/{await door.proof(address)}?lang=en"
    page = await door.page(path)
    assert (await door.post(path, {"one": one} if one else {})).status == 303
    return page


def all_has_left(conn: Connection) -> None:
    conn.execute(update(Message).values(status=MessageStatus.FINISHED, finished_at=None))


async def united(door: Door) -> int:
    await door.write(all_has_left)
    return await unite_all(door.opened.database, clock=lambda: door.now)


async def people(door: Door) -> list[ContactRow]:
    ids = await door.read(lambda conn: list(conn.scalars(select(Contact.id).order_by(Contact.id))))
    return [await door.read(contact, each) for each in ids]


async def owners(door: Door, channel: str, address: str) -> list[int]:
    return list(await door.read(contacts_at, channel, address))


@pytest.mark.parametrize("text_first", [True, False])
async def test_a_form_with_both_addresses_is_one_person_when_both_have_said_so(
    door: Door, text_first: bool
) -> None:
    await door.join(FORM)
    assert "this number and an email" in (await door.questions(PHONE))[0][1]

    if text_first:
        await door.text("yes")
        await press(door, "yes", PHONE)
        page = await press(door, "yes")
    else:
        page = await press(door, "yes")
        await door.text("yes")
        await press(door, "yes", PHONE)

    assert "(608) •••-••42" in page
    assert PHONE[-7:] not in page
    assert await united(door) == 1
    [amina] = await people(door)
    assert (amina.person.phone, amina.person.email) == (PHONE, AMINA)
    assert amina.projects == (door.project_id,)
    assert (await door.standing(PHONE), await door.standing(AMINA)) == ("granted", "granted")
    left = select(func.count()).where((SignUp.pair.is_not(None)) | (SignUp.beside != ""))
    assert await door.scalar(left) == 0
    assert await united(door) == 0


@pytest.mark.parametrize("one", ["no", "", "maybe"])
async def test_whoever_does_not_say_so_stays_two(door: Door, one: str) -> None:
    await door.join(FORM)
    await door.text("yes")
    await press(door, one)

    assert await united(door) == 0
    assert len(await people(door)) == 2


async def test_one_owners_word_alone_joins_nobody(door: Door) -> None:
    await door.join(FORM)
    await press(door, "yes")

    assert await united(door) == 0
    await door.text("STOP")
    assert await united(door) == 0
    assert await owners(door, "sms", PHONE) == []


async def test_a_stranger_attaches_neither_phone_nor_email_to_anybodys_record(door: Door) -> None:
    """Mallory types Amina's email beside her own phone, then Amina's phone beside her own email."""
    amina = await door.write(lambda conn: make_contact(conn, "Amina", phone=PHONE, email=AMINA))
    hers, mallorys = PHONE, "+16085550143"
    await door.join({**FORM, "phone": mallorys})
    await door.text("yes", phone=mallorys)
    page = await press(door, "no")
    await door.join({**FORM, "phone": hers, "email": MALLORY})
    await press(door, "yes", MALLORY)
    await door.text("yes", phone=hers)  # to the form; whose the email is, she does not say

    assert "(608) •••-••43" in page
    assert await united(door) == 0
    assert await owners(door, "sms", hers) == [amina]
    assert await owners(door, "email", AMINA) == [amina]


async def test_a_newcomers_yes_to_our_alerts_is_none_to_an_email_they_have_not_seen(
    door: Door,
) -> None:
    """Mallory types her own email beside the number of somebody whom nobody here knows."""
    await door.join({**FORM, "email": MALLORY})
    await press(door, "yes", MALLORY)
    await door.text("yes")

    assert await united(door) == 0
    assert "/confirm/{{ proof }}" in (await door.questions(PHONE))[-1][1]
    assert "m•••@e•••.net" in await press(door, "no", PHONE)
    assert await united(door) == 0
    assert len(await people(door)) == 2


async def test_whose_number_is_on_file_is_asked_with_the_email_before_them(door: Door) -> None:
    await door.write(lambda conn: make_contact(conn, "Amina", phone=PHONE, email=None))
    await door.join(FORM)
    await press(door, "yes")
    await door.text("yes")
    assert await united(door) == 0
    assert "/confirm/{{ proof }}" in (await door.questions(PHONE))[-1][1]

    page = await press(door, "yes", PHONE)

    assert "a•••@e•••.org" in page
    assert AMINA not in page
    assert await united(door) == 1
    [amina] = await people(door)
    assert (amina.phones, amina.emails) == ((PHONE,), (AMINA,))


async def test_their_no_about_the_email_is_the_end_of_it(door: Door) -> None:
    await door.write(lambda conn: make_contact(conn, "Amina", phone=PHONE, email=None))
    await door.join({**FORM, "email": MALLORY})
    await door.text("yes")
    await press(door, "no", PHONE)
    page = await press(door, "yes", MALLORY)

    assert "Is that yours, too?" not in page
    assert await united(door) == 0


async def test_who_typed_an_address_first_is_not_taken_for_its_owner(door: Door) -> None:
    """Amina fills in the form after Mallory; her yes answers the text that Mallory's form caused."""
    await door.join({**FORM, "email": MALLORY})
    await door.join(FORM)
    await door.text("yes")
    await press(door, "yes", MALLORY)
    await press(door, "yes")

    assert await united(door) == 0
    assert len(await people(door)) == 3


async def test_the_same_form_sent_twice_is_the_same_form(door: Door) -> None:
    await door.join(FORM)
    await door.join(FORM)
    await door.text("yes")
    await press(door, "yes", PHONE)
    await press(door, "yes")

    assert await united(door) == 1


async def test_a_phone_that_a_household_shares_is_nobodys_alone(door: Door) -> None:
    for name in ("Ben", "Chloe"):
        await door.write(lambda conn, name=name: make_contact(conn, name, phone=PHONE, email=None))
    await door.join(FORM)
    await door.text("yes")
    assert "/confirm/" not in (await door.questions(PHONE))[-1][1]
    await press(door, "yes")

    assert await united(door) == 0
    assert len(await people(door)) == 3


@pytest.mark.parametrize("known", ["nobody", "on file", "opted out"])
async def test_an_owner_is_told_nothing_of_the_other_address(door: Door, known: str) -> None:
    """The page, and what follows, is the same whether the number is on file, and may be asked, or not."""
    if known != "nobody":
        await door.write(lambda conn: make_contact(conn, "Ben", phone=PHONE, email=None))
    if known == "opted out":
        await door.write(
            make_standing, "sms", PHONE, Standing.OPTED_OUT, scope=f"project:{door.project_id}"
        )
    sent = await door.join({**FORM, "email": MALLORY})
    page = await press(door, "yes", MALLORY)
    after = await door.page(f"/confirm/{await door.proof(MALLORY)}?lang=en&done=1")

    assert sent.headers["Location"].endswith("sent=1")
    assert "The same form gave (608) •••-••42. Is that yours, too?" in page
    assert "You are on the list" in after
    assert "608" not in after


async def test_what_was_not_said_by_both_within_a_week_is_let_go(door: Door) -> None:
    await door.join(FORM)
    await press(door, "yes")
    door.now += timedelta(days=7)

    assert await united(door) == 0
    assert await door.scalar(select(func.count()).where(SignUp.beside != "")) == 0


async def test_nobody_is_joined_in_the_middle_of_an_alert(door: Door) -> None:
    await door.join(FORM)
    await door.text("yes")
    await press(door, "yes", PHONE)
    await press(door, "yes")
    await door.write(all_has_left)

    def alert(conn: Connection) -> None:
        message = make_message(conn, status=MessageStatus.SENDING, expanded_at=door.now)
        for channel in ("sms", "email"):
            for each in conn.scalars(select(Contact.id)):
                make_delivery(conn, message, each, channel=channel)

    await door.write(alert)
    assert await unite_all(door.opened.database, clock=lambda: door.now) == 0
    assert len(await people(door)) == 2
    before = await door.scalar(select(func.count()).select_from(Delivery))

    assert await united(door) == 1
    assert await door.scalar(select(func.count()).select_from(Delivery)) == before
