"""What strangers type for somebody else: an answer settles what it was asked, and nothing beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from contacts.models import Address, AddressStanding, Contact, Membership, Project, SignUp, Standing
from contacts.people import contacts_at
from contacts.sign_ups import BadSignUpForm, save_form
from database.opening import Opened
from messages.links import person_token
from messages.models import Delivery, MessageStatus, Reply
from tests.builders import make_contact, make_delivery, make_message, make_project, make_standing
from tests.web.public.test_joining import AMINA, BOTH, PHONE, Door, a_member, count, opened_door
from tests.web.serving import LINKS_SECRET

TEXT = {"phone": PHONE, "agree_sms": "yes"}
MALLORY = "mallory@example.net"


@pytest.fixture
async def door(opened: Opened, now: datetime) -> AsyncIterator[Door]:
    async with opened_door(opened, now) as made:
        yield made


async def other_form(door: Door, name: str = "Boston – Suchitoto") -> int:
    def make(conn: Connection) -> int:
        project = make_project(conn, name)
        save_form(conn, project, is_open=True, slug="boston", keyword="suchi", sites="", welcome={})
        return project

    return int(await door.write(make))


async def mallorys(door: Door) -> tuple[int, str]:
    """Somebody else's own page, behind their own link."""

    def make(conn: Connection) -> tuple[int, int]:
        mallory = make_contact(conn, "Mallory", email=MALLORY, phone=None)
        message = make_message(conn, status=MessageStatus.SENDING, expanded_at=door.now)
        return mallory, make_delivery(conn, message, mallory, channel="email")

    mallory, copy = await door.write(make)
    await door.post(f"/me/{person_token(LINKS_SECRET, copy)}", {"act": "link"})
    return mallory, f"/mine/{await door.proof(MALLORY)}"


async def owners(door: Door, address: str, channel: str = "sms") -> list[int]:
    return list(await door.read(contacts_at, channel, address))


async def unread(door: Door) -> int:
    found = select(func.count()).select_from(Reply).where(Reply.handled_at.is_(None))
    return int(await door.scalar(found))


async def projects_joined(door: Door) -> list[int]:
    return list(await door.read(lambda conn: conn.scalars(select(Membership.project_id)).all()))


async def test_a_yes_that_could_mean_two_things_means_neither_and_is_read(door: Door) -> None:
    mallory, mine = await mallorys(door)
    await door.post(mine, {"act": "address", "phone": PHONE, "agree_sms": "yes"})
    door.now += timedelta(minutes=1)

    await door.text("ARCATAO")
    await door.text("YES")

    assert mallory not in await owners(door, PHONE)
    assert await count(door, Membership) == 0
    assert await unread(door) == 1


async def test_start_after_a_strangers_question_puts_nobody_on_their_contact(door: Door) -> None:
    mallory, mine = await mallorys(door)
    await door.post(mine, {"act": "address", "phone": PHONE, "agree_sms": "yes"})

    await door.text("START")

    assert await owners(door, PHONE) == []
    assert await door.standing(PHONE) == "granted"
    assert mallory


async def test_a_yes_to_one_project_joins_no_other(door: Door) -> None:
    await other_form(door)
    await door.join(TEXT)
    await door.join({**TEXT, "given_name": "Mallory"}, "/join/boston?lang=en")

    await door.text("YES")

    assert await projects_joined(door) == [door.project_id]
    scopes = select(AddressStanding.scope).where(AddressStanding.address == PHONE)
    found = await door.read(lambda conn: set(conn.scalars(scopes)))
    assert found == {"network", f"project:{door.project_id}"}
    await door.text("yes")
    assert await projects_joined(door) == [door.project_id]


async def test_a_yes_answers_the_question_that_was_asked_last(door: Door) -> None:
    boston = await other_form(door)
    await door.join({**TEXT, "given_name": "Mallory"}, "/join/boston?lang=en")
    door.now += timedelta(minutes=1)
    await door.text("ARCATAO")
    await door.text("YES")

    assert await projects_joined(door) == [door.project_id]
    assert await door.scalar(select(Contact.given_name)) == ""
    assert boston


async def test_a_keyword_from_the_phone_outweighs_what_a_form_told_of_it(door: Door) -> None:
    await door.join({**TEXT, "given_name": "Mallory", "zip": "02139"})
    door.now += timedelta(minutes=1)
    await door.text("ARCATAO")
    await door.text("YES")

    assert await projects_joined(door) == [door.project_id]
    assert await door.scalar(select(Contact.given_name)) == ""


async def test_a_button_settles_what_its_own_email_asked(door: Door) -> None:
    boston = await other_form(door)
    _, mine = await mallorys(door)
    await door.join(BOTH)
    await door.post(mine, {"act": "address", "email": AMINA})
    await door.join({**BOTH, "given_name": "Mallory"}, "/join/boston?lang=en")

    page = await door.page(f"/confirm/{await door.proof()}?lang=en")
    await door.post(f"/confirm/{await door.proof()}", {})

    assert "Madison" in page
    assert "Boston" not in page
    assert "from now on" not in page
    assert await projects_joined(door) == [door.project_id]
    assert boston not in await projects_joined(door)
    assert await door.scalar(select(Contact.given_name).where(Contact.given_name == "Amina"))
    [owner] = await owners(door, AMINA, "email")
    assert await owners(door, MALLORY, "email") != [owner]


async def test_a_second_form_changes_nothing_of_what_the_first_told(door: Door) -> None:
    await door.join(BOTH)
    await door.join({**BOTH, "given_name": "Mallory", "zip": "02139", "language": "es"})

    await door.post(f"/confirm/{await door.proof()}", {})

    row = await door.read(lambda conn: conn.execute(select(Contact.__table__)).one())
    assert (row.given_name, row.zip, row.language) == ("Amina", "53703", "en")


async def test_nothing_is_kept_where_no_question_left(door: Door) -> None:
    await door.write(make_standing, "sms", PHONE, Standing.OPTED_OUT)
    await door.join(TEXT)

    assert await count(door, SignUp) == 0


async def test_stop_is_the_no_to_what_was_asked(door: Door) -> None:
    await door.join(TEXT)
    await door.text("STOP")
    await door.text("START")

    assert await count(door, Membership) == 0


async def test_the_text_names_the_project(door: Door) -> None:
    await door.join(TEXT)
    await door.text("ARCATAO", phone="+16085550143")

    for phone in (PHONE, "+16085550143"):
        assert "Madison - Arcatao" in (await door.questions(phone))[0][1]


async def test_a_link_to_what_we_hold_does_not_go_to_a_phone_that_said_stop(door: Door) -> None:
    def make(conn: Connection) -> int:
        contact = make_contact(conn, "Amina", email=None, phone=PHONE)
        message = make_message(conn, status=MessageStatus.SENDING, expanded_at=door.now)
        return make_delivery(conn, message, contact, channel="sms")

    path = f"/me/{person_token(LINKS_SECRET, await door.write(make))}"
    await door.post(path, {"act": "stop"})
    answer = await door.post(path, {"act": "link"})

    assert await door.questions(PHONE) == []
    page = await door.page(answer.headers["Location"] + "&lang=en")
    assert "Write to us" in page
    assert "We sent a link" not in page


async def test_one_link_a_day_whatever_language_is_chosen(door: Door) -> None:
    path = await a_member(door)
    for language in ("en", "es", "en"):
        await door.post(path, {"act": "choose", "language": language})
        await door.post(path, {"act": "link"})

    assert len(await door.questions(AMINA)) == 1


@pytest.mark.parametrize("standing", [Standing.OPTED_OUT, Standing.REVIEW, Standing.BLOCKED])
async def test_a_keyword_from_whom_we_may_not_text_waits_for_a_person(
    door: Door, standing: Standing
) -> None:
    await door.write(make_standing, "sms", PHONE, standing)

    await door.text("ARCATAO")

    assert await door.questions(PHONE) == []
    assert await unread(door) == 1
    await door.text("START")
    assert await projects_joined(door) == [door.project_id]


@pytest.mark.parametrize("phone", ["+18335550142", "+19995550142", "+50370123456", "12345"])
async def test_a_number_that_is_nobodys_own_joins_nothing_and_loses_no_text(
    door: Door, phone: str
) -> None:
    for word in ("ARCATAO", "YES", "START"):
        await door.text(word, phone=phone)

    assert await count(door, SignUp) == 0
    assert await count(door, Contact) == 0
    assert await door.standing(phone) == "granted"
    assert await door.scalar(select(func.count()).select_from(Reply)) == 3


async def test_what_todays_rules_refuse_is_not_confirmed_and_breaks_nothing(door: Door) -> None:
    await door.join(TEXT)
    await door.write(lambda conn: conn.execute(update(SignUp).values(zip="bad", address=PHONE)))

    await door.text("YES")

    assert await count(door, Contact) == 0
    assert await door.standing(PHONE) is None
    assert await unread(door) == 1


async def test_an_email_that_said_stop_is_asked_once_in_thirty_days(door: Door) -> None:
    await door.write(make_standing, "email", AMINA, Standing.OPTED_OUT)
    asked: list[int] = []
    for day in range(33):
        await door.join(BOTH)
        if len(await door.questions(AMINA)) > len(asked):
            asked.append(day)
        door.now += timedelta(days=1)
        if day % 8 == 7:  # retention clears what nobody confirmed
            await door.write(lambda conn: conn.execute(delete(SignUp)))

    assert len(asked) == 2
    assert asked[1] >= 30


async def test_who_comes_back_with_a_second_email_keeps_the_first(door: Door) -> None:
    path = await a_member(door)

    def second(conn: Connection) -> None:
        contact_id = conn.scalar(select(Contact.id))
        values = {"contact_id": contact_id, "channel": "email", "rank": 1}
        conn.execute(insert(Address).values(address="second@example.org", **values))

    await door.write(second)
    await door.post(path, {"act": "stop-email"})
    await door.post(path, {"act": "again", "about": "2"})
    await door.post(f"/confirm/{await door.proof('second@example.org')}", {})

    assert await door.standing("second@example.org") == "granted"
    assert len(await owners(door, AMINA, "email")) == 1
    assert len(await owners(door, "second@example.org", "email")) == 1


async def test_a_form_does_not_change_the_language_of_whom_we_know(door: Door) -> None:
    await door.write(lambda conn: make_contact(conn, "Amina", email=AMINA, language="es"))
    await door.join({**BOTH, "language": "en"})
    await door.post(f"/confirm/{await door.proof()}", {})

    assert await door.scalar(select(Contact.language)) == "es"


async def test_a_form_takes_neither_name_of_another_project(door: Door) -> None:
    def make(conn: Connection) -> int:
        known = make_project(conn, "Boston – Suchitoto")
        conn.execute(update(Project).where(Project.id == known).values(slug="suchitoto"))
        return known

    await door.write(make)
    values = {"is_open": True, "sites": "", "welcome": {}}
    for words in ({"slug": "suchitoto", "keyword": ""}, {"slug": "x", "keyword": "suchitoto"}):
        with pytest.raises(BadSignUpForm, match="already"):
            await door.write(save_form, door.project_id, **words, **values)


async def test_a_passed_on_link_hides_the_domain_too(door: Door) -> None:
    def make(conn: Connection) -> int:
        contact_id = make_contact(conn, "Amina", email="a@riveralaw.example.com", phone=None)
        message_id = make_message(conn, status=MessageStatus.SENDING, expanded_at=door.now)
        return make_delivery(conn, message_id, contact_id, channel="email")

    page = await door.page(f"/me/{person_token(LINKS_SECRET, await door.write(make))}?lang=en")

    assert "riveralaw" not in page
    assert "a•••@r•••.com" in page


async def test_copies_of_questions_are_of_nobody(door: Door) -> None:
    """A question is on no contact's account before its answer."""
    _, mine = await mallorys(door)
    await door.post(mine, {"act": "address", "phone": PHONE, "agree_sms": "yes"})

    assert await door.scalar(select(Delivery.contact_id).where(Delivery.address == PHONE)) is None
