"""Write an alert, look at it, launch it, follow it, stop it; and schedule a campaign's email."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from actions.models import Outcome
from actions.responses import record
from actions.targets import SWITCHBOARD
from alerts.fact_models import Fact
from alerts.launching import message_of
from campaigns import occurrences
from campaigns.models import CampaignRun, RunStatus
from database.opening import Opened
from messages import counts, doubts
from messages.expanding import expand_chunk
from messages.models import Delivery, Message, MessageCount, MessageStatus, MessageText, Status
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_office,
    make_project,
)
from tests.web.organizing import Desk, console, desk, words

ALERT: dict[str, str] = {
    "level": "red",
    "work": "advocacy",
    "reach": "both",
    "ask_0_who": "congress",
    "goal": "200",
    "case_title_en": "The Suchitoto 14",
    "case_title_es": "Los 14 de Suchitoto",
    "case_summary_en": "Fourteen people were arrested at a march about water.",
    "case_summary_es": "Catorce personas fueron detenidas en una marcha por el agua.",
    "fact_0_on": "2007-07-02",
    "fact_0_sources": "press\nCRIPDES",
    "fact_0_en": "Police stopped the march.",
    "fact_0_es": "La policía detuvo la marcha.",
    "title_en": "Free the fourteen",
    "title_es": "Libertad para los catorce",
    "summary_en": "A call takes three minutes.",
    "summary_es": "Una llamada toma tres minutos.",
    "sms_en": '{{ first_name | "Friend" }}, 14 people are in prison. Call today: {{ link }}',
    "sms_es": '{{ first_name | "Hola" }}, 14 personas presas. Llame hoy: {{ link }}',
    "subject_en": "Call today",
    "subject_es": "Llame hoy",
    "body_en": "Please call: {{ link }}",
    "body_es": "Llame, por favor: {{ link }}",
    "opening_en": "I am {{ name }} from {{ city }}.",
    "opening_es": "Soy {{ name }} de {{ city }}.",
    "ask_en": "Please speak up.",
    "ask_es": "Por favor, alce la voz.",
}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    await opened.database.write(lambda conn: make_contact(conn, "María", language="es"))
    await opened.database.write(lambda conn: make_contact(conn, "Ben"))
    await opened.database.write(lambda conn: make_contact(conn, "Chloe", consent=None))
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def written(amina: Desk, **changed: Any) -> str:
    """A stored draft's address."""
    response = await amina.post("/console/alerts/new", {**ALERT, **changed})
    assert response.status == 303, words(await response.text())
    return response.headers["Location"]


async def launched(amina: Desk) -> str:
    address = await written(amina)
    response = await amina.post(f"{address}/launch", {"confirmed": "2"})
    assert response.status == 303, words(await response.text())
    return address


async def test_a_written_alert_shows_who_gets_it_and_what_they_see(amina: Desk) -> None:
    page = await amina.page(await written(amina))

    assert "2 people will be reached of 3 in this audience" in page
    assert "Text: No recorded consent 1" in page
    assert "What María sees" in page
    assert "María, 14 personas presas. Llame hoy: http://localhost/a/" in page
    assert "Launch to 2 people" in page


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("person=1", "What Ben sees"),
        ("as=en", "What Ben sees"),
        ("as=longest", "What Ben sees"),  # the English text is the longer one
        ("as=shortest", "What María sees"),
        ("as=gaps", "Nobody in this audience is like that"),
        ("person=99", "What María sees"),
        ("as=xx", "Nobody in this audience is like that"),
    ],
)
async def test_the_preview_is_of_real_people(amina: Desk, query: str, seen: str) -> None:
    assert seen in await amina.page(f"{await written(amina)}?{query}")


async def test_each_reason_opens_the_people_it_leaves_out(amina: Desk) -> None:
    address = await written(amina)

    page = await amina.page(f"{address}/left-out/sms/no_consent")

    assert "Text: No recorded consent 1 person Chloe Rivas" in page
    assert "Ben" not in page


async def test_a_member_is_shown_nobody_of_other_projects(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    await opened.database.write(lambda conn: make_contact(conn, "Walter", projects=[madison]))
    ben = await desk(amina.client, opened, now, name="Ben", projects=[madison])
    address = await written(ben, project=str(madison))

    seen = [await ben.page(f"{address}?person={n}") for n in range(4)]
    left_out = await ben.page(f"{address}/left-out/sms/no_consent")

    assert all("What Walter sees" in page for page in seen)
    assert "Chloe" not in left_out


async def test_the_form_of_a_draft_holds_what_was_written(amina: Desk) -> None:
    address = await written(amina, language="es", states="wi, me", joined_since="2026-01-01")

    page = await (await amina.get(f"{address}/edit")).text()

    for text in ("Free the fourteen", "Llame, por favor", "WI, ME", "2026-01-01", 'value="200"'):
        assert text in page
    assert re.search(r'name="language" value="es" checked', page)
    assert "14 personas presas" in page


async def test_saving_a_draft_again_tells_its_facts_once(amina: Desk, opened: Opened) -> None:
    address = await written(amina)
    case = {"case": "1"}
    page = await (await amina.get(f"{address}/edit")).text()
    case["case"] = re.search(r'<option value="(\d+)" selected>The Suchitoto 14', page)[1]  # type: ignore[index]

    await amina.post(f"{address}/edit", {**ALERT, **case, "title_en": "All fourteen"})

    assert "All fourteen" in await amina.page(address)
    facts = select(Fact.id)
    assert len(await opened.database.read(lambda conn: conn.scalars(facts).all())) == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"case_title_es": ""}, "The case needs a title in each language."),
        ({"fact_0_on": "yesterday"}, "Fact 1 needs the day on which it happened."),
        ({"goal": "many"}, "The goal is a number of calls"),
        ({"last_day": "soon"}, "The last day is a date"),
        ({"begins_on": "2026-12-01", "begins_time": "nine"}, "It begins on a date and at an hour"),
        ({"districts": "Madison"}, "is not a district; write WI-2"),
        ({"opening_en": "I am {{ nombre }}"}, "unknown field"),
    ],
)
async def test_what_cannot_be_stored_is_told_and_what_was_typed_stays(
    amina: Desk, changed: dict[str, str], sentence: str
) -> None:
    response = await amina.post("/console/alerts/new", {**ALERT, **changed})
    page = await response.text()

    assert response.status == 422
    assert sentence in words(page)
    assert "Free the fourteen" in page


async def test_a_broken_merge_field_stands_in_the_way(amina: Desk) -> None:
    response = await amina.post("/console/alerts/new", {**ALERT, "sms_en": "{{ firstname }} call"})
    page = words(await response.text())
    if response.status == 303:
        page = await amina.page(response.headers["Location"])

    assert "first_name" in page
    assert "Launch to" not in page


async def test_the_wrong_number_launches_nothing(amina: Desk) -> None:
    address = await written(amina)

    for typed in ("3", "", "three", "-1", "9" * 30):
        response = await amina.post(f"{address}/launch", {"confirmed": typed})
        assert response.status == 409

    assert "Check and launch" in await amina.page(address)


async def test_an_audience_that_changed_has_to_be_confirmed_again(
    amina: Desk, opened: Opened
) -> None:
    address = await written(amina)
    await opened.database.write(lambda conn: make_contact(conn, "Walter"))

    response = await amina.post(f"{address}/launch", {"confirmed": "2"})

    assert response.status == 409
    assert "it would now reach 3" in await response.text()


async def test_a_launch_can_be_undone(amina: Desk) -> None:
    address = await launched(amina)

    page = await amina.page(address)
    await amina.post(f"{address}/undo")

    assert "Nothing has left yet" in page
    assert "Stopped" in await amina.page(address)


async def test_pause_go_on_and_stop(amina: Desk) -> None:
    address = await launched(amina)

    await amina.post(f"{address}/pause")
    assert "Paused: nothing leaves until somebody goes on" in await amina.page(address)
    await amina.post(f"{address}/resume")
    assert "Stop for good" in await amina.page(address)
    await amina.post(f"{address}/stop")
    assert "Stopped: what had left has left" in await amina.page(address)


async def test_a_button_pressed_too_late_is_answered_with_a_sentence(amina: Desk) -> None:
    address = await launched(amina)

    response = await amina.post(f"{address}/resume")

    assert response.status == 409
    assert "Only a paused message can be resumed" in await response.text()


async def test_errors_speak_the_organizers_language_too(amina: Desk) -> None:
    address = await launched(amina)
    await amina.post("/console/language", {"language": "es"})

    response = await amina.post(f"{address}/resume")

    assert "Solo se puede continuar un mensaje en pausa" in await response.text()


async def test_a_launched_alert_can_no_longer_be_changed(amina: Desk) -> None:
    address = await launched(amina)

    response = await amina.post(f"{address}/edit", {**ALERT, "case": ""})

    assert response.status == 422
    assert "can no longer be changed" in await response.text()


async def test_it_is_not_launched_twice(amina: Desk) -> None:
    address = await launched(amina)

    response = await amina.post(f"{address}/launch", {"confirmed": "2"})

    assert response.status == 409


async def test_the_live_page_is_kept_current_by_events(amina: Desk) -> None:
    address = await launched(amina)
    await amina.post(f"{address}/stop")

    response = await amina.get(f"{address}/events")
    stream = await response.text()

    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert "event: progress" in stream
    assert "Stopped: what had left has left" in stream
    assert "event: finished" in stream
    assert "Content-Security-Policy" in response.headers


async def test_plain_characters_are_one_tap_away(amina: Desk, opened: Opened) -> None:
    text = "Salvador’s police hold 14 people “for terrorism” because they marched. {{ link }}"
    address = await written(amina, sms_en=text)
    assert "Use plain ones" in await amina.page(address)

    await amina.post(f"{address}/plain")

    stored = select(MessageText.sms).where(MessageText.language == "en")
    sms = await opened.database.read(lambda conn: conn.scalar(stored))
    assert sms is not None
    assert sms.startswith('Salvador\'s police hold 14 people "for terrorism"')
    assert "Use plain ones" not in await amina.page(address)


async def test_the_words_are_measured_while_they_are_written(amina: Desk) -> None:
    response = await amina.post("/console/alerts/measure", {"sms_en": "Salvador’s " * 9})
    page = words(await response.text())

    assert "The character ’ makes it" in page


async def test_the_overview_names_what_is_going_on(amina: Desk) -> None:
    await launched(amina)
    await written(amina, title_en="Another draft", case_title_en="Other", case_title_es="Otro")

    page = await amina.page("/console/")

    assert "Free the fourteen" in page
    assert "Another draft" in page


async def test_why_sending_paused_itself_is_told(amina: Desk, opened: Opened) -> None:
    address = await launched(amina)
    alert_id = int(address.rsplit("/", 1)[1])
    message_id = await opened.database.read(message_of, alert_id)
    because = {"status": MessageStatus.PAUSED, "paused_because": "Twilio refuses our number"}
    await opened.database.write(
        lambda conn: conn.execute(update(Message).where(Message.id == message_id).values(because))
    )

    assert "Twilio refuses our number." in await amina.page(address)


async def test_an_unknown_copy_is_sent_again_only_because_a_person_says_so(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    address = await launched(amina)
    message_id = await opened.database.read(message_of, int(address.rsplit("/", 1)[1]))

    def lose_an_answer(conn: Connection) -> int:
        while expand_chunk(conn, opened.jobs, message_id, now=now):
            pass
        lost = select(func.min(Delivery.id)).where(Delivery.status == Status.PENDING)
        delivery_id: int = conn.execute(lost).scalar_one()
        unknown = {"status": int(Status.UNKNOWN), "attempt": 1, "reason": "timeout"}
        conn.execute(update(Delivery).where(Delivery.id == delivery_id).values(unknown))
        row = conn.execute(select(Delivery).where(Delivery.id == delivery_id)).one()
        place = (message_id, row.channel)
        deltas = counts.Deltas()
        counts.moved(
            deltas,
            counts.place(*place, Status.PENDING, "", row.zone_set_id),
            counts.place(*place, Status.UNKNOWN, "timeout", None),
        )
        counts.apply(conn, deltas)
        doubts.note_found(conn, [delivery_id], now=now)
        return delivery_id

    delivery_id = await opened.database.write(lose_an_answer)
    before = await amina.page(address)
    response = await amina.post(f"{address}/again", {"delivery": str(delivery_id)})
    twice = await amina.post(f"{address}/again", {"delivery": str(delivery_id)})

    def state(conn: Connection) -> tuple[int, int]:
        row = conn.execute(select(Delivery).where(Delivery.id == delivery_id)).one()
        return row.status, row.approved_sends

    assert "they may get it twice" in before
    assert response.status == 303
    assert await opened.database.read(state) == (Status.PENDING, 2)
    assert "no longer unknown" in await twice.text()


EMAIL = {
    "day": "2026-12-01",
    "hour": "09:00",
    "zone": "America/Chicago",
    "subject_en": "Water",
    "body_en": "Read this.",
    "subject_es": "Agua",
    "body_es": "Lea esto.",
}


async def campaign(amina: Desk) -> str:
    response = await amina.post("/console/campaigns", {"name": "No to mining", "goal": "a law"})
    return response.headers["Location"]


async def test_a_campaigns_email_is_scheduled_and_called_off(amina: Desk) -> None:
    address = await campaign(amina)
    await amina.post(address, EMAIL)
    page = await (await amina.get(address)).text()
    assert re.search(r"Tue, Dec 1, 2026, 9:00.AM Chicago \(Central Time\)", words(page))

    email = re.search(r"/console/emails/\d+", page)
    assert email is not None
    await amina.post(f"{email[0]}/cancel")

    assert "Called off" in await amina.page(address)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"day": "2020-01-01"}, "is over already"),
        ({"zone": "Mars/Olympus"}, "is not a time zone we know"),
        ({"body_es": " "}, "needs a subject and a text in each language"),
        ({"hour": "late"}, "is not a date and time"),
    ],
)
async def test_an_email_that_cannot_be_scheduled_is_told(
    amina: Desk, changed: dict[str, str], sentence: str
) -> None:
    response = await amina.post(await campaign(amina), {**EMAIL, **changed})

    assert response.status == 422
    assert sentence in await response.text()


@pytest.mark.parametrize(
    ("answer", "status"), [("send", RunStatus.FIRED), ("skip", RunStatus.SKIPPED)]
)
async def test_a_held_email_is_asked_about(
    amina: Desk, opened: Opened, answer: str, status: RunStatus
) -> None:
    address = await campaign(amina)
    await amina.post(address, EMAIL)
    at = datetime(2026, 12, 1, 16, tzinfo=UTC)
    await opened.database.write(occurrences.hold_overdue, at)
    page = await (await amina.get("/console/campaigns")).text()
    assert re.search("was due Tue, Dec 1, 2026, 9:00.AM and has not left", words(page))

    asked = re.search(rf"/console/emails/\d+/{answer}", page)
    assert asked is not None
    await amina.post(asked[0], {"at": "2026-12-01T09:00"})

    stands = select(CampaignRun.status)
    assert await opened.database.read(lambda conn: conn.scalar(stands)) == status


async def test_tomorrow_is_a_day_that_can_be_chosen(amina: Desk, now: datetime) -> None:
    day = (now + timedelta(days=1)).date().isoformat()

    assert (await amina.post(await campaign(amina), {**EMAIL, "day": day})).status == 303


async def followed(amina: Desk, fill: Callable[[Connection, Alerted], None], **message: Any) -> str:
    """The page of a launched alert after something has come of it."""

    def make(conn: Connection) -> int:
        alert = make_alert(conn, **message)
        load_invented_officials(conn)
        fill(conn, alert)
        return alert.alert_id

    return await amina.page(f"/console/alerts/{await amina.opened.database.write(make)}")


async def test_calls_are_told_by_outcome_and_doubtful_offices_by_name(
    amina: Desk, now: datetime
) -> None:
    told = [
        *[("us:house:WI:2", Outcome.WRONG_NUMBER)] * 2,
        *[("us:senate:WI:1", Outcome.WRONG_NUMBER)] * 2,
        *[("custom:embassy", Outcome.WRONG_NUMBER)] * 2,
        *[(SWITCHBOARD, Outcome.WRONG_NUMBER)] * 2,
        *[("us:house:WI:2", Outcome.SPOKE)] * 3,
        ("us:house:WI:2", Outcome.SKIPPED),
    ]

    def fill(conn: Connection, alert: Alerted) -> None:
        make_office(conn, name="Consular desk", institution="Embassy")
        for number, (target, outcome) in enumerate(told):
            record(
                conn,
                alert.action_id,
                visitor=f"v{number}",
                target=target,
                outcome=outcome,
                channel="web",
                now=now,
            )

    page = await followed(amina, fill)

    assert "3 calls that an office heard; 11 people tried" in page
    assert "Spoke with somebody 3 Wrong number 8 Not today 1" in page
    assert (
        "Several people found a wrong number: Consular desk (Embassy), the switchboard,"
        " Rep. Encina (WI-2), Sen. Guava (WI)"
    ) in page


@pytest.mark.parametrize(
    ("channel", "code", "sentence"),
    [
        ("email", "5.1.1", "Failed: The mailbox does not exist 5.1.1"),
        ("email", "5.2.2", "Failed: The mailbox is full"),
        ("email", "5.7.26", "Failed: Refused by the receiving server"),
        ("email", "blocked", "Failed: Refused by the receiving server"),
        ("email", "smtp_550", "Failed: The mailbox does not exist or is full"),
        ("email", "4.2.1", "Failed: The receiving server put it off for too long"),
        ("email", "dropped", "Failed: The email provider did not send it"),
        ("email", "dropped_bounced", "Failed: The address does not exist"),
        ("sms", "30006", "Failed: A landline, or cannot get texts 30006"),
        ("sms", "99999", "Failed: The provider's code 99999"),
    ],
)
async def test_why_a_copy_failed_is_told_in_words(
    amina: Desk, channel: str, code: str, sentence: str
) -> None:
    row = {"channel": channel, "status": Status.FAILED, "reason": code, "zone_set_id": 0}

    def fill(conn: Connection, alert: Alerted) -> None:
        conn.execute(insert(MessageCount).values(message_id=alert.message_id, count=1, **row))

    page = await followed(amina, fill, expected=1)

    assert unescape(page).find(sentence) > 0


async def test_the_overview_tells_what_came_of_the_latest_alerts(amina: Desk) -> None:
    address = await launched(amina)
    await amina.post(f"{address}/stop")

    page = await amina.page("/console/")

    assert "Lately Free the fourteen Stopped" in page
    assert "0 copies went out · 0 calls" in page
    assert "The first three steps" not in page


async def test_an_empty_console_tells_the_first_three_steps(opened: Opened, now: datetime) -> None:
    async with console(opened, now) as client:
        staff = await desk(client, opened, now)

        before = await staff.page("/console/")
        await staff.post("/console/projects", {"name": "Bangor – Carasque"})
        after = await staff.page("/console/")

    assert "The first three steps 1 Add a sister-city project The committee" in before
    assert "1 Add a sister-city project done" in after


async def test_a_member_is_told_only_of_their_own_projects_past_alerts(
    opened: Opened, now: datetime
) -> None:
    bangor = await opened.database.write(lambda conn: make_project(conn, "Bangor – Carasque"))
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    await opened.database.write(
        lambda conn: make_alert(conn, status=MessageStatus.FINISHED, project_id=bangor)
    )
    async with console(opened, now) as client:
        ben = await desk(client, opened, now, name="Ben", projects=[bangor])
        amina = await desk(client, opened, now, projects=[madison])

        assert "Lately" in await ben.page("/console/")
        assert "Lately" not in await amina.page("/console/")


async def test_merge_fields_stand_out_in_a_draft_and_no_word_of_an_author_is_markup(
    amina: Desk,
) -> None:
    page = await (
        await amina.get(await written(amina, sms_en="<b>Call</b> {{ rep_name }}: {{ link }}"))
    ).text()

    assert "&lt;b&gt;Call&lt;/b&gt; <mark>{{\u00a0rep_name\u00a0}}</mark>: <mark>" in page
