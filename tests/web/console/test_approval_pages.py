"""Ask, read, approve, send back: signed in, by the link in a letter, by text; and launch alone, loudly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from alerts.fact_models import FactVersion
from alerts.models import Alert
from contacts.models import Standing
from database.jobs import EmbeddedJobs
from database.opening import Opened
from messages.audience import Audience, Filter, Outdated, write
from messages.models import Delivery, Message, MessageStatus, MessageText, Reply, Status
from organizers import phones
from organizers.members import set_grant
from organizers.models import Organizer, Session
from organizers.roles import Grant, Role
from tests.builders import make_office, make_project, make_standing
from tests.web.console.approving import DIGEST, LINK, PHONE, Committee, committee
from tests.web.organizing import desk, words
from tests.web.serving import make_site
from web.console.letters import any_waiting, write_letters

WHY = "They are being moved to another prison tonight."


@pytest.fixture
async def there(opened: Opened, now: datetime) -> AsyncIterator[Committee]:
    async with committee(opened, now) as found:
        yield found


async def test_an_alert_is_asked_for_read_approved_and_launched(there: Committee) -> None:
    alert_id = await there.draft()
    page = await there.amina.page(f"/console/alerts/{alert_id}")
    assert "It waits for approval: English, Spanish" in page
    assert "Launch to" not in page
    assert await there.launch(alert_id) == 409

    assert await there.ask(alert_id, there.berta) == 303
    assert "Waits for your approval: Free the fourteen Amina" in await there.berta.page("/console/")
    exact = await there.berta.page(f"/console/alerts/{alert_id}/approval")
    for said in (
        "Guadalupe, 14 people are in prison. Call today: http://localhost/a/",
        "Guadalupe, 14 personas presas. Llame hoy",
        "Please call:",
        "Police stopped the march.",
        "La policía detuvo la marcha.",
        "Por favor, alce la voz.",
        "1 person will be reached",
        "Written by Amina",
        "Approve both languages",
    ):
        assert said in exact
    assert "María" not in exact
    assert await there.approve(alert_id, there.berta) == 303

    assert "Launch to 1 person" in await there.amina.page(f"/console/alerts/{alert_id}")
    assert await there.launch(alert_id) == 303
    assert not await there.is_draft(alert_id)
    [entry] = await there.record("alert.approve")
    assert entry.actor == f"organizer:{there.berta.organizer_id}"
    assert entry.after == {"approved": "en (console), es (console)"}


async def test_a_change_after_the_approval_stands_in_the_way(there: Committee) -> None:
    alert_id = await there.draft()
    await there.approve(alert_id, there.berta)

    await there.change(alert_id)
    assert await there.launch(alert_id) == 409

    page = await there.amina.page(f"/console/alerts/{alert_id}")
    assert "It was approved, and has been changed since. Ask again." in page
    assert await there.is_draft(alert_id)


async def test_who_wrote_it_and_who_may_not_send_cannot_approve(there: Committee) -> None:
    alert_id = await there.draft()

    assert await there.approve(alert_id, there.amina) == 409
    assert await there.approve(alert_id, there.dora) == 403
    assert await there.ask(alert_id, there.dora) == 422
    assert await there.ask(alert_id) == 422
    assert await there.approved() == []
    assert "nothing here for you to approve" in await there.amina.page(
        f"/console/alerts/{alert_id}/approval"
    )


async def test_who_reads_spanish_approves_spanish_alone(there: Committee) -> None:
    alert_id = await there.draft()

    page = await there.carla.page(f"/console/alerts/{alert_id}/approval")
    assert "Aprobar: Español" in page
    assert "Aprobar: Inglés" not in page
    assert await there.approve(alert_id, there.carla, "en es") == 409
    assert await there.approve(alert_id, there.carla, "es") == 303

    assert await there.approved() == [(there.carla.organizer_id, "es", "console")]
    assert await there.launch(alert_id) == 409


async def test_what_one_has_not_seen_is_not_approved(there: Committee) -> None:
    alert_id = await there.draft()
    form = {"seen": "0" * 64, "language": "en es"}

    stale = await there.berta.post(f"/console/alerts/{alert_id}/approve", form)
    without = await there.berta.post(f"/console/alerts/{alert_id}/approve", {"language": "en es"})

    assert (stale.status, without.status) == (409, 409)
    assert "has changed since you opened it" in await stale.text()
    assert await there.approved() == []


async def test_a_letter_and_a_text_are_written_and_open_the_page(there: Committee) -> None:
    alert_id = await there.draft()
    token = await there.link(alert_id, there.berta)
    said = await there.letters()

    code = await there.code(alert_id, there.berta)
    letter = words(said[await there.email(there.berta)][0])
    assert f"/console/approve/{token}" in letter
    assert f"answer that with YES {code}." in letter
    [text] = said[PHONE]
    assert text.startswith("Sister Cities: Amina asks you to approve an alert: ")
    assert f"/console/approve/{token}" in text
    assert code not in text
    status, page = await there.open(token)
    assert status == 200
    assert "Guadalupe, 14 people are in prison." in page
    assert "María" not in page
    assert await there.approved() == []  # scanners follow links


async def test_no_text_goes_to_a_phone_that_has_said_stop(there: Committee) -> None:
    await there.opened.database.write(
        lambda conn: make_standing(conn, "sms", PHONE, Standing.OPTED_OUT)
    )
    await there.link(await there.draft(), there.berta)

    assert PHONE not in await there.letters()


async def test_a_link_approves_by_a_button_and_once(there: Committee) -> None:
    alert_id = await there.draft()
    token = await there.link(alert_id, there.berta)

    status, page = await there.answer(token, {"language": "en"})
    assert (status, "Approve: Spanish" in page, "Approve: English" in page) == (200, True, False)
    status, page = await there.answer(token, {"language": "es"})
    assert (status, "It is approved." in page) == (200, True)
    again, _ = await there.answer(token, {"language": "en es"})
    opened, page = await there.open(token)

    assert (again, opened) == (404, 404)
    assert "has been used" in page
    assert await there.approved() == [
        (there.berta.organizer_id, "en", "link"),
        (there.berta.organizer_id, "es", "link"),
    ]
    entries = await there.record("alert.approve")
    assert [each.after for each in entries] == [
        {"how": "link", "languages": "es"},
        {"how": "link", "languages": "en"},
    ]
    assert {each.project_id for each in entries} == {there.project}
    assert await there.launch(alert_id) == 303


async def test_a_link_speaks_its_owners_language_and_asks_for_no_more(there: Committee) -> None:
    alert_id = await there.draft()
    token = await there.link(alert_id, there.carla)

    _, page = await there.open(token)
    assert "¿Aprueba exactamente esto?" in page
    status, page = await there.answer(token, {"language": "en es"})

    assert (status, "Un idioma solo lo aprueba quien lo lee" in page) == (409, True)
    assert await there.approved() == []


async def test_a_link_to_what_has_changed_approves_nothing(there: Committee) -> None:
    alert_id = await there.draft()
    token = await there.link(alert_id, there.berta)
    await there.change(alert_id)

    status, page = await there.answer(token, {"language": "en es"})
    opened, _ = await there.open(token)

    assert (status, opened) == (409, 409)
    assert "has changed since you opened it" in page
    assert "14 people" not in page
    assert await there.approved() == []


@pytest.mark.parametrize("gone", ["late", "disabled", "less", "launched", "unknown", "cross"])
async def test_a_link_that_is_over_opens_nothing(there: Committee, gone: str) -> None:
    alert_id = await there.draft()
    token = await there.link(alert_id, there.berta)
    expected = 404
    if gone == "late":
        there.now[0] += timedelta(hours=24)
    elif gone == "disabled":
        mine = update(Organizer).where(Organizer.id == there.berta.organizer_id)
        off = mine.values(disabled_at=there.now[0])
        await there.opened.database.write(lambda conn: conn.execute(off))
    elif gone == "less":
        less = Grant(Role.VIEWER)
        await there.opened.database.write(
            lambda conn: set_grant(conn, there.berta.organizer_id, there.project, less)
        )
    elif gone == "launched":
        assert await there.launch(alert_id, why=WHY) == 303
    elif gone == "unknown":
        token = "x" * 43

    if gone == "cross":
        headers = {"Sec-Fetch-Site": "cross-site"}
        path = f"/console/approve/{token}"
        answered = await there.client.post(path, data={"language": "en es"}, headers=headers)
        status, expected = answered.status, 403
    else:
        shown, page = await there.open(token)
        status, _ = await there.answer(token, {"language": "en es"})
        assert (shown, "14 people" in page) == (404, False)

    assert status == expected
    assert await there.approved() == []


async def test_a_link_is_no_session(there: Committee) -> None:
    token = await there.link(await there.draft(), there.berta)
    await there.opened.database.write(lambda conn: conn.execute(delete(Session)))

    answered = await there.client.get(f"/console/approve/{token}")
    inside = await there.client.get("/console/approvals", allow_redirects=False)

    assert answered.status == 200
    assert "Set-Cookie" not in answered.headers
    assert inside.status == 303
    assert "no-store" in answered.headers["Cache-Control"]


async def test_sent_back_with_a_note_that_its_author_reads(there: Committee) -> None:
    alert_id = await there.draft()
    token = await there.link(alert_id, there.berta)

    empty, page = await there.answer(token, {"note": "  "})
    assert (empty, "Write what should be different" in page) == (409, True)
    status, page = await there.answer(token, {"note": "It is thirteen, <b>not</b> fourteen."})
    assert (status, "It is sent back" in page) == (200, True)
    spent, _ = await there.answer(token, {"language": "en es"})

    assert spent == 404
    shown = await (await there.amina.get(f"/console/alerts/{alert_id}")).text()
    assert "It is thirteen, &lt;b&gt;not&lt;/b&gt; fourteen." in shown
    assert "Sent back" in await there.amina.page("/console/approvals")
    [entry] = await there.record("alert.send_back")
    assert "thirteen" not in str(entry)


async def test_sent_back_from_the_console(there: Committee) -> None:
    alert_id = await there.draft()
    page = await (await there.berta.get(f"/console/alerts/{alert_id}/approval")).text()
    form = {"seen": DIGEST.findall(page)[0], "note": ""}
    without = await there.berta.post(f"/console/alerts/{alert_id}/send-back", form)
    sent = await there.berta.post(
        f"/console/alerts/{alert_id}/send-back", {**form, "note": "Too long."}
    )

    assert (without.status, sent.status) == (409, 303)
    assert "Berta sent it back: Too long." in await there.amina.page(f"/console/alerts/{alert_id}")


@pytest.mark.parametrize("yes", ["YES {}", "si {}"])
async def test_yes_by_text_from_ones_own_phone_approves(there: Committee, yes: str) -> None:
    alert_id = await there.draft()
    await there.link(alert_id, there.berta)
    code = await there.code(alert_id, there.berta)

    assert await there.says(yes.format(code.lower())) == 200

    assert await there.approved() == [
        (there.berta.organizer_id, "en", "reply"),
        (there.berta.organizer_id, "es", "reply"),
    ]
    said = await there.letters()
    assert said[PHONE][-1] == "Sister Cities: Thank you. “Free the fourteen” is approved (en, es)."
    assert await there.scalar(select(func.count()).select_from(Reply)) == 0
    assert await there.launch(alert_id) == 303


async def test_a_text_that_comes_twice_counts_once(there: Committee) -> None:
    alert_id = await there.draft()
    await there.link(alert_id, there.berta)
    code = await there.code(alert_id, there.berta)

    for _ in range(2):
        assert await there.says(f"YES {code}") == 200
    assert await there.says(f"YES {code}", key="SM10") == 200

    assert len(await there.approved()) == 2
    said = (await there.letters())[PHONE]
    assert "not open for this phone" in said[-1]


async def test_a_text_of_a_stranger_or_of_something_else_goes_to_the_inbox(
    there: Committee,
) -> None:
    alert_id = await there.draft()
    await there.link(alert_id, there.berta)
    code = await there.code(alert_id, there.berta)

    await there.says(f"YES {code}", phone="+16085550199")
    await there.says("Yes, I can come on Sunday", key="SM10")

    assert await there.approved() == []
    bodies = await there.opened.database.read(lambda conn: set(conn.scalars(select(Reply.body))))
    assert bodies == {f"YES {code}", "Yes, I can come on Sunday"}


async def test_a_text_about_what_has_changed_says_so(there: Committee) -> None:
    alert_id = await there.draft()
    await there.link(alert_id, there.berta)
    code = await there.code(alert_id, there.berta)
    await there.change(alert_id)

    await there.says(f"YES {code}")

    assert await there.approved() == []
    assert "has changed since you were asked" in (await there.letters())[PHONE][-1]


async def test_a_red_alert_leaves_alone_and_loudly(there: Committee, now: datetime) -> None:
    office = await desk(there.client, there.opened, now, name="Olga")
    alert_id = await there.draft()
    assert await there.launch(alert_id, why="now") == 409
    assert await there.is_draft(alert_id)

    assert await there.launch(alert_id, why=WHY) == 303

    assert not await there.is_draft(alert_id)
    [entry] = await there.record("alert.launch_alone")
    assert entry.actor == f"organizer:{there.amina.organizer_id}"
    assert "prison" not in str(entry)
    letters = await there.letters()
    assert set(letters) == {await there.email(office)}  # Amina is the project's only admin
    assert WHY.rstrip(".") in letters[await there.email(office)][0]
    for viewer in (there.amina, there.berta, there.carla, office):
        home = await viewer.page("/console/")
        assert "without a second person" in home or "sin una segunda persona" in home
    assert "Nobody else has looked at it" in await there.berta.page(f"/console/alerts/{alert_id}")


async def test_without_another_admin_the_letter_goes_to_whoever_else_is_there(
    there: Committee,
) -> None:
    alert_id = await there.draft()
    page = await there.amina.page(f"/console/alerts/{alert_id}")
    await there.launch(alert_id, why=WHY)

    told = {await there.email(each) for each in (there.berta, there.carla, there.dora)}
    assert "A letter with your reason goes at once to Berta, Carla, Dora." in page
    assert told <= set(await there.letters())
    live = await there.amina.page(f"/console/alerts/{alert_id}")
    assert "3 letters about it have been written." in live


@pytest.mark.parametrize("mailbox", ["", "network@example.org"])
async def test_where_nobody_else_is_the_networks_mailbox_is_told_or_the_page_says_so(
    opened: Opened, now: datetime, mailbox: str
) -> None:
    site = {"real_email": bool(mailbox), "email_sender": mailbox, "postal_address": "Main St 1"}
    async with committee(opened, now, **site) as there:
        alert_id = await there.draft()
        others = update(Organizer).where(Organizer.id != there.amina.organizer_id)
        gone = others.values(disabled_at=now)
        await opened.database.write(lambda conn: conn.execute(gone))
        before = await there.amina.page(f"/console/alerts/{alert_id}")
        await there.launch(alert_id, why=WHY)
        letters = await there.letters(**site)
        after = await there.amina.page(f"/console/alerts/{alert_id}")

    assert set(letters) == ({mailbox} if mailbox else set())
    assert ("Nobody gets a letter about it" in before) is not bool(mailbox)
    assert (f"goes at once to {mailbox}." in before) is bool(mailbox)
    assert ("No letter about it went to anybody" in after) is not bool(mailbox)


async def test_somebody_else_looks_at_it_and_the_banner_goes(there: Committee) -> None:
    alert_id = await there.draft()
    await there.launch(alert_id, why=WHY)
    path = f"/console/launches/{alert_id}/review"

    own = await there.amina.post(path, {"view": "I was right."})
    mute = await there.berta.post(path, {"view": " "})
    drafter = await there.dora.post(path, {"view": "Fine."})
    seen = await there.berta.post(path, {"view": "Right, given the hour."})
    again = await there.carla.post(path, {"view": "Also."})

    assert [each.status for each in (own, mute, drafter, seen, again)] == [422, 422, 403, 303, 409]
    assert "without a second person" not in await there.amina.page("/console/")
    live = await there.amina.page(f"/console/alerts/{alert_id}")
    assert "Looked at" in live
    assert "Right, given the hour." in live
    [entry] = await there.record("launch.review")
    assert entry.after == {"reviewed": True}
    assert "hour" not in str(entry)


async def test_the_office_looks_at_what_it_cannot_open(there: Committee, now: datetime) -> None:
    office = await desk(there.client, there.opened, now, name="Olga")
    alert_id = await there.draft()
    await there.launch(alert_id, why=WHY)

    assert WHY in await office.page("/console/approvals")
    assert (await office.get(f"/console/alerts/{alert_id}")).status == 404
    path = f"/console/launches/{alert_id}/review"
    assert (await office.post(path, {"view": "I rang her."})).status == 303


async def test_whoever_looks_at_it_may_stop_it(there: Committee) -> None:
    alert_id = await there.draft()
    await there.launch(alert_id, why=WHY)

    await there.berta.post(f"/console/alerts/{alert_id}/stop")

    status = select(Message.status).where(Message.launched_at.is_not(None))
    assert await there.scalar(status) == MessageStatus.STOPPED


@pytest.mark.parametrize("level", ["amber", "green"])
async def test_what_is_not_red_waits_for_a_second_person(there: Committee, level: str) -> None:
    alert_id = await there.draft(level=level)

    assert "Launch alone" not in await there.amina.page(f"/console/alerts/{alert_id}")
    assert await there.launch(alert_id, why=WHY) == 409
    assert await there.is_draft(alert_id)
    assert await there.alone() is None


async def test_launching_alone_asks_again_who_one_is(there: Committee) -> None:
    alert_id = await there.draft()
    old = update(Session).values(sure_until=there.now[0] - timedelta(minutes=1))
    await there.opened.database.write(lambda conn: conn.execute(old))

    assert await there.launch(alert_id, why=WHY) == 403
    assert await there.launch(alert_id, by=there.dora, why=WHY) == 403
    assert await there.is_draft(alert_id)


async def test_where_nobody_else_could_approve_the_page_says_so(there: Committee) -> None:
    others = Organizer.id.in_([there.berta.organizer_id, there.carla.organizer_id])
    off = update(Organizer).where(others).values(disabled_at=there.now[0])
    await there.opened.database.write(lambda conn: conn.execute(off))

    page = await there.amina.page(f"/console/alerts/{await there.draft()}")

    assert "Nobody else here could approve: English, Spanish." in page
    assert "If it cannot wait, launch it alone below." in page
    assert "Launch alone" in page


async def test_the_queue_shows_what_waits_for_me_and_what_i_asked_for(there: Committee) -> None:
    alert_id = await there.draft()
    await there.ask(alert_id, there.berta, there.carla)

    mine = await there.berta.page("/console/approvals")
    hers = await there.amina.page("/console/approvals")

    assert "Waits for you Free the fourteen Amina" in mine
    assert "Approvals 1 waiting" in mine
    assert "Free the fourteen Berta, Carla Waits for: English, Spanish" in hers
    await there.approve(alert_id, there.berta)
    assert "Nothing waits for your approval" in await there.berta.page("/console/approvals")
    assert "Approved: launch it" in await there.amina.page("/console/approvals")


async def test_another_projects_alert_is_neither_seen_nor_judged(
    there: Committee, now: datetime
) -> None:
    bangor = await there.opened.database.write(lambda conn: make_project(conn, "Bangor"))
    ben = await desk(there.client, there.opened, now, name="Ben", projects=[bangor])
    alert_id = await there.draft()
    await there.ask(alert_id, there.berta)
    await there.launch(alert_id, why=WHY)

    for path in ("approval", "approve", "send-back", "launch-alone"):
        assert (await ben.post(f"/console/alerts/{alert_id}/{path}")).status == 404
    assert (await ben.get(f"/console/alerts/{alert_id}/approval")).status == 404
    assert (await ben.post(f"/console/launches/{alert_id}/review", {"view": "x"})).status == 404
    assert "Free the fourteen" not in await ben.page("/console/approvals")
    assert "Free the fourteen" not in await ben.page("/console/")


async def test_one_says_which_languages_one_reads(there: Committee) -> None:
    none = await there.carla.post("/console/account/reading", [("reads", "fr")])
    both = await there.carla.post("/console/account/reading", [("reads", "en"), ("reads", "es")])

    assert (none.status, both.status) == (422, 303)
    assert await there.approve(await there.draft(), there.carla) == 303
    [entry] = await there.record("organizer.reading")
    assert entry.after == {"reads": "en es"}


@pytest.mark.parametrize(
    ("typed", "status", "kept"),
    [
        ("(608) 231-4455", 303, "+16082314455"),
        ("", 303, ""),
        ("12", 422, PHONE),
        ("+503 2231 4455", 422, PHONE),
        ("+1 900 555 0123", 422, PHONE),
    ],
)
async def test_ones_own_phone_is_noted(
    there: Committee, typed: str, status: int, kept: str
) -> None:
    answered = await there.berta.post("/console/account/phone", {"phone": typed})

    assert answered.status == status
    mine = select(Organizer.phone).where(Organizer.id == there.berta.organizer_id)
    assert await there.scalar(mine) == kept
    assert "608" not in str(await there.record("organizer.phone"))


async def test_a_phone_counts_once_its_code_has_come_back(there: Committee) -> None:
    other = "+16082314455"
    await there.berta.post("/console/account/phone", {"phone": other})
    alert_id = await there.draft()
    await there.ask(alert_id, there.berta)
    [text] = (await there.letters())[other]
    [code] = re.findall(r"[0-9]{6}", text)
    await there.says(f"YES {await there.code(alert_id, there.berta)}", phone=other)
    unproved = await there.berta.page("/console/account")
    wrong = await there.berta.post("/console/account/phone/confirm", {"code": "12"})

    confirmed = await there.berta.post("/console/account/phone/confirm", {"code": code})

    assert text.startswith("Sister Cities: ")  # and no other: nothing about the alert
    assert await there.approved() == []
    assert "Not confirmed" in unproved
    assert wrong.status == 422
    assert "not the code of the latest text" in await wrong.text()
    assert confirmed.headers["Location"].endswith("notice=confirmed")
    await there.says(f"YES {await there.code(alert_id, there.berta)}", phone=other, key="SM10")
    assert {each[2] for each in await there.approved()} == {"reply"}
    assert await there.record("organizer.phone_confirmed")


CODES = select(MessageText.sms).where(MessageText.sms.contains("is the code for your account"))


@pytest.mark.parametrize("how", ["used", "followed", "over"])
async def test_a_code_is_not_to_be_read_once_it_has_come_to_its_end(
    there: Committee, how: str
) -> None:
    other = "+16082314455"
    await there.berta.post("/console/account/phone", {"phone": other})
    [code] = re.findall(r"[0-9]{6}", str(await there.scalar(CODES)))
    database, later = there.opened.database, there.now[0] + phones.LASTS

    if how == "used":
        await there.berta.post("/console/account/phone/confirm", {"code": code})
    elif how == "followed":
        await there.berta.post("/console/account/phone/code", {})
    else:
        assert not await database.read(any_waiting, there.now[0])
        assert await database.read(any_waiting, later)
        await database.write(write_letters, EmbeddedJobs(), make_site(), later)

    kept = await database.read(lambda conn: list(conn.scalars(CODES)))
    assert not [each for each in kept if code in each]
    assert [each for each in kept if "******" in each]
    waits = select(func.count(Delivery.id)).where(
        Delivery.address == other, Delivery.status == Status.PENDING
    )
    assert await there.scalar(waits) == (1 if how == "followed" else 0)


async def test_an_answer_from_a_phone_that_is_not_confirmed_is_told_what_to_do(
    there: Committee,
) -> None:
    alert_id = await there.draft()
    await there.ask(alert_id, there.berta)
    unproved = update(Organizer).values(phone_confirmed=False)
    await there.opened.database.write(lambda conn: conn.execute(unproved))

    for n, code in enumerate((await there.code(alert_id, there.berta), "2ZZZ")):
        await there.says(f"YES {code}", key=f"SM2{n}")

    [told] = [each for each in (await there.letters())[PHONE] if "confirmed phone" in each]
    assert "nothing was approved" in told  # and the same whether there is such a code or not
    assert "14" not in told
    assert await there.approved() == []


async def test_a_phone_noted_before_is_proved_by_a_button(there: Committee) -> None:
    before = update(Organizer).values(phone_confirmed=False)
    await there.opened.database.write(lambda conn: conn.execute(before))

    answers = [await there.berta.post("/console/account/phone/code", {}) for _ in range(4)]

    assert [each.status for each in answers] == [303, 303, 303, 422]
    assert "Wait 15 minutes" in await answers[-1].text()
    assert len((await there.letters())[PHONE]) == 3


async def test_no_code_goes_to_a_phone_that_has_said_stop(there: Committee) -> None:
    await there.opened.database.write(
        lambda conn: make_standing(conn, "sms", "+16082314455", Standing.OPTED_OUT)
    )

    answered = await there.berta.post("/console/account/phone", {"phone": "608 231 4455"})

    assert answered.status == 422
    assert "said STOP to us" in await answered.text()


async def test_a_number_that_is_none_stays_as_it_was_typed(there: Committee) -> None:
    answered = await there.berta.post("/console/account/phone", {"phone": "12 and more"})

    assert 'value="12 and more"' in await answered.text()


async def test_a_phone_is_noted_by_who_has_just_shown_who_they_are(there: Committee) -> None:
    old = update(Session).values(sure_until=there.now[0] - timedelta(minutes=1))
    await there.opened.database.write(lambda conn: conn.execute(old))

    answered = await there.berta.post("/console/account/phone", {"phone": ""})

    assert answered.status == 403
    mine = select(Organizer.phone).where(Organizer.id == there.berta.organizer_id)
    assert await there.scalar(mine) == PHONE


async def test_off_shows_nothing_of_it_on_a_draft(opened: Opened, now: datetime) -> None:
    async with committee(opened, now, approvals=1) as there:
        alert_id = await there.draft()

        page = await there.amina.page(f"/console/alerts/{alert_id}")
        assert "approval" not in page.replace("Approvals", "")
        assert await there.launch(alert_id) == 303


async def test_a_letter_holds_one_link_and_no_other(there: Committee) -> None:
    alert_id = await there.draft()
    await there.ask(alert_id, there.berta, there.carla)
    said = await there.letters()

    links = [LINK.findall("".join(each)) for each in said.values()]
    berta, carla = await there.email(there.berta), await there.email(there.carla)
    assert set(said) == {berta, carla, PHONE}
    assert list(map(len, links)) == [1, 1, 1]
    assert "YES" not in said[carla][0]  # she has no phone to answer from
    assert words(said[carla][0]).startswith("Hola, Carla: Amina le pide aprobar")


async def test_the_record_tells_all_of_it_in_words(there: Committee) -> None:
    first, second = await there.draft(), await there.draft()
    token = await there.link(first, there.berta)
    await there.answer(token, {"language": "en es"})
    await there.approve(second, there.berta)
    await there.launch(first)
    await there.change(second)
    await there.launch(second, why=WHY)
    await there.berta.post(f"/console/launches/{second}/review", {"view": "Right."})
    await there.amina.post("/console/account/reading", [("reads", "en"), ("reads", "es")])
    await there.amina.post("/console/account/phone", {"phone": ""})

    page = await there.amina.page("/console/record")

    for said in (
        "Asked for approval of: alert",
        "Approved: alert",
        "approved: en (console), es (console)",
        "by which way: link",
        "Launched without a second person: alert",
        "Looked at what left without a second person: launch",
    ):
        assert said in page


async def test_whoever_approves_reads_exactly_who_gets_it(there: Committee) -> None:
    """A correction, the rest and the end of a case go to few, not to everybody."""
    first, second = await there.draft(), await there.draft(title_en="Second", title_es="Segunda")
    columns = select(Alert.message_id, Alert.action_id).where(Alert.id == first)
    message, action = await there.opened.database.read(
        lambda conn: tuple(conn.execute(columns).one())
    )
    outdated = Outdated(rungs=((((message, "sms", ""),), ()),), perhaps=True)
    include = Filter(
        got_any=(message,),
        acted_any=(action,),
        not_got_any=(message,),
        not_acted_any=(action,),
        stopped=(message,),
        outdated=outdated,
    )
    own = select(Alert.message_id).where(Alert.id == second).scalar_subquery()
    kept = {"audience": write(Audience(include=include)), "action_id": action}
    changed = update(Message).where(Message.id == own).values(**kept)
    await there.opened.database.write(lambda conn: conn.execute(changed))

    english = await there.berta.page(f"/console/alerts/{second}/approval")
    spanish = await there.carla.page(f"/console/alerts/{second}/approval")

    for said in (
        "Only people who have answered one of these: Free the fourteen",
        "Only people who got one of these: Free the fourteen",
        "Only people who have answered none of these: Free the fourteen",
        "Only people who got none of these: Free the fourteen",
        "whose copy of the alert that this one follows was stopped",
        "told what is not so any more, and have not been told better (also those whose copy may",
        "It leads to the page of the alert that it follows.",
    ):
        assert said in english
    assert "Everybody" not in english
    assert "Solo quienes recibieron una de estas: Libertad para los catorce" in spanish
    page = english.partition("It leads to the page")[2]
    assert "Free the fourteen A call takes three minutes." in page


async def test_whoever_approves_sees_what_waits_and_what_stands_in_for_the_unknown(
    there: Committee,
) -> None:
    asked = {"ask_1_who": "office:embassy"}
    await there.opened.database.write(
        lambda conn: make_office(
            conn, "embassy", fax="+12025550188", address="1400 16th St NW", project_id=there.project
        )
    )
    alert_id = await there.draft(**asked)
    mine = select(Alert.message_id).where(Alert.id == alert_id).scalar_subquery()
    named = update(Message).where(Message.id == mine)
    waits = update(FactVersion).values(embargo_until=there.now[0] + timedelta(days=2))
    await there.opened.database.write(
        lambda conn: (
            conn.execute(named.values(merge_defaults={"en": {"city": "your town"}})),
            conn.execute(waits),
        )
    )

    page = await there.berta.page(f"/console/alerts/{alert_id}/approval")

    assert "English: city → your town" in page
    assert "Fax" in page
    assert "1400 16th St NW" in page
    assert "Police stopped the march. (press; CRIPDES) from Nov" in page
