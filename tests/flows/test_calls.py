"""A supporter is led from office to office by telephone, whatever Twilio repeats and whoever dies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from actions.custom_targets import Line
from actions.models import CustomTarget, Outcome, Response
from actions.scripts import ScriptWords
from contacts.models import Address, Contact, Standing
from database.opening import Opened
from messages.call_limits import VoiceRules, reserve, spent_minutes
from messages.call_models import Call, CallStatus, CallStep, LegStatus
from messages.erasing import erase
from messages.holdings import held_on
from messages.models import Delivery, Message, MessageText
from messages.providers.provider import Unknown
from messages.ringing import claim, note
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_action,
    make_alert,
    make_office,
    make_standing,
)
from tests.fakes.voice_server import Office, Phone
from tests.flows.lines import NUMBER, RULES, VOICE_URL, Exchange, exchange

AMINA, BEN = "+16082345678", "+16082340001"
HOUSE, SENIOR, JUNIOR = "us:house:WI:2", "us:senate:WI:1", "us:senate:WI:3"
ENCINA, GUAVA, HICKORY = "+12025550130", "+12025550132", "+12025550133"
ALL_THREE = [(ENCINA, AMINA), (GUAVA, AMINA), (HICKORY, AMINA)]
EVENING = timedelta(hours=3)  # in Washington it is 19:30 then, and nobody's night yet
NIGHT = timedelta(hours=8)


def called_alert(conn: Connection) -> Alerted:
    load_invented_officials(conn)
    return make_alert(conn)


def found_wrong(conn: Connection, action_id: int, target: str, at: datetime) -> None:
    for name in ("ben", "chloe"):
        row = {"action_id": action_id, "who": f"visitor:{name}", "target": target}
        told = {"outcome": "wrong_number", "channel": "web", "note": "", "at": at}
        conn.execute(insert(Response).values(**row, **told))


@pytest.fixture
async def line(opened: Opened, now: datetime) -> AsyncIterator[Exchange]:
    async with exchange(opened, now) as made:
        yield made
        assert made.twilio.errors == []


@pytest.fixture
async def alert(line: Exchange) -> Alerted:
    made: Alerted = await line.write(called_alert)
    return made


async def test_a_tap_leads_to_three_offices_which_see_the_supporters_number(
    line: Exchange, alert: Alerted
) -> None:
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, ["1", "1", "2", "3"]))

    assert played.dialled == ALL_THREE
    assert set(played.limits) == {(25, 600)}
    assert played.voices == {("en-US", "Polly.Joanna-Neural"), ("es-MX", "Polly.Mia-Neural")}
    assert "Free the fourteen" in played.words
    assert "the office of Representative Emil Encina" in played.words
    assert "2 offices are left" in played.words
    assert "One office is left" in played.words
    assert "Thank you. They are counted" in played.words
    assert await line.responses() == [
        (HOUSE, Outcome.SPOKE, "voice"),
        (SENIOR, Outcome.VOICEMAIL, "voice"),
        (JUNIOR, Outcome.NO_ANSWER, "voice"),
    ]


async def test_spanish_is_spoken_to_whoever_speaks_it(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA, language="es", given_name="Lucía")

    played = await line.connect(page, Phone(AMINA, ["1", "", "", ""]), "es")

    assert played.dialled == ALL_THREE
    assert "Libertad para los catorce" in played.words
    assert "la oficina de congresista Emil Encina" in played.words
    assert "Quedan 2 oficinas" in played.words
    assert "Quedan contadas" in played.words
    assert "Thank you" not in played.words
    assert [outcome for _, outcome, _ in await line.responses()] == [Outcome.SPOKE] * 3


async def test_the_other_language_is_one_key_away(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, ["2"]))

    assert "Le comunicamos con 3 oficinas" in played.words
    assert "We connect you" not in played.words


async def test_nobody_presses_a_key_and_no_office_is_called(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, []))

    assert played.dialled == []
    assert "We heard no key" in played.words
    assert "fourteen" not in played.words  # a machine may keep what it hears
    assert await line.responses() == []
    assert (await line.call()).began_at is None


async def test_nobody_picks_up(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)

    await line.connect(page, Phone(AMINA, picks_up=False))

    call = await line.call()
    assert (call.status, call.minutes, call.phone) == (CallStatus.MISSED, 0, None)


async def test_the_star_skips_an_office(line: Exchange, alert: Alerted) -> None:
    line.twilio.offices = {
        ENCINA: Office(seconds=3),
        GUAVA: Office(status="canceled"),
        HICKORY: Office(seconds=40),
    }
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, ["1", ""]))

    assert played.dialled == ALL_THREE
    assert played.words.count("How did it go?") == 1
    assert [outcome for _, outcome, _ in await line.responses()] == [
        Outcome.SKIPPED,
        Outcome.SKIPPED,
        Outcome.SPOKE,
    ]


@pytest.mark.parametrize(
    ("office", "outcome"),
    [
        (Office(status="busy"), Outcome.NO_ANSWER),
        (Office(status="no-answer"), Outcome.NO_ANSWER),
        (Office(status="failed"), Outcome.NO_ANSWER),
        (Office(seconds=19), Outcome.SKIPPED),
        (Office(seconds=20), Outcome.SPOKE),
        (Office(seconds=300, bridged=False), Outcome.SKIPPED),
    ],
)
async def test_what_the_telephone_tells_is_believed_until_the_caller_says_otherwise(
    line: Exchange, alert: Alerted, office: Office, outcome: Outcome
) -> None:
    line.twilio.offices = {ENCINA: office}
    page = await line.make_page(alert, AMINA)

    await line.connect(page, Phone(AMINA, ["1"], hangs_up_after=3))

    assert (await line.responses())[0] == (HOUSE, outcome, "voice")


async def test_an_answer_by_telephone_is_corrected_on_the_page(
    line: Exchange, alert: Alerted
) -> None:
    page = await line.make_page(alert, AMINA)
    await line.connect(page, Phone(AMINA, ["1"]))

    form = {"target": HOUSE, "outcome": "wrong_number"}
    async with line.client.post(page, data=form, allow_redirects=False) as answer:
        assert answer.status == 303

    assert (HOUSE, Outcome.WRONG_NUMBER, "web") in await line.responses()


async def test_offices_reached_before_are_not_called_again(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)
    form = {"target": HOUSE, "outcome": "spoke"}
    async with line.client.post(page, data=form, allow_redirects=False):
        pass

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert [number for number, _ in played.dialled] == [GUAVA, HICKORY]


@pytest.mark.parametrize("reported", [True, False])
async def test_a_supporter_hangs_up_in_the_middle(
    line: Exchange, alert: Alerted, *, reported: bool
) -> None:
    page = await line.make_page(alert, AMINA)
    phone = Phone(AMINA, ["1"], hangs_up_after=2, reports_dial=reported)

    played = await line.connect(page, phone)

    assert played.dialled == ALL_THREE[:1]
    call = await line.call()
    assert (call.status, call.phone, call.zip) == (CallStatus.ENDED, None, "")
    assert [outcome for _, outcome, _ in await line.responses()] == [Outcome.SPOKE] * reported
    assert [status for _, status, _ in await line.legs()][1:] == [LegStatus.WAITING] * 2


async def test_the_end_may_overtake_what_came_of_an_office(line: Exchange, alert: Alerted) -> None:
    line.twilio.early_end = True
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, ["1"], hangs_up_after=2))

    assert played.dialled == ALL_THREE[:1]
    assert (await line.call()).status == CallStatus.ENDED
    assert await line.responses() == [(HOUSE, Outcome.SPOKE, "voice")]


async def test_repeated_and_late_requests_get_the_same_answer_and_count_once(
    line: Exchange, alert: Alerted
) -> None:
    line.twilio.doubled = line.twilio.stale = True
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, ["1", "1", "1", "1"]))

    assert played.dialled == ALL_THREE
    assert len(await line.responses()) == 3
    steps = await line.rows(CallStep.step)
    assert [step for (step,) in steps] == list(range(len(played.documents)))


async def test_another_process_goes_on_after_every_step(line: Exchange, alert: Alerted) -> None:
    line.twilio.before_step = line.restart
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, ["1", "1", "1", "1"]))

    assert played.dialled == ALL_THREE
    assert len(await line.responses()) == 3


async def test_a_known_caller_dials_in(line: Exchange, alert: Alerted) -> None:
    await line.make_page(alert, AMINA)

    played = await line.dial(Phone(AMINA, ["1", "1"]))

    assert played.dialled == ALL_THREE
    assert "ZIP" not in played.words
    responses = await line.rows(Response.target, Response.contact_id)
    assert all(contact_id is not None for _, contact_id in responses)


@pytest.mark.parametrize(
    "attested", ["", "TN-Validation-Passed-B", "TN-Validation-Failed-A", "No-TN-Validation"]
)
async def test_whose_number_nobody_vouches_for_is_a_stranger(
    line: Exchange, alert: Alerted, attested: str
) -> None:
    await line.make_page(alert, AMINA, language="es")
    copies = await line.rows(Delivery.id)

    played = await line.dial(Phone(AMINA, ["1", "02139", "1"], attested=attested))

    assert "For English, press 1" in played.words
    assert "key in the five digits" in played.words
    assert "Encina" not in played.words
    assert "texted" not in played.words
    responses = await line.rows(Response.who, Response.contact_id)
    assert responses
    assert all(contact_id is None for _, contact_id in responses)
    assert await line.rows(Delivery.id) == copies


async def test_whose_number_nobody_vouches_for_does_not_learn_what_it_was_asked(
    line: Exchange, alert: Alerted
) -> None:
    await line.make_page(alert, AMINA)
    line.later(hours=1)
    later = await line.write(make_alert)

    known, unknown = [
        (await line.dial(Phone(AMINA, [], attested=each)), (await line.call()).action_id)[1]
        for each in ("TN-Validation-Passed-A", "")
    ]

    assert (known, unknown) == (alert.action_id, later.action_id)


@pytest.mark.usefixtures("alert")
async def test_a_number_has_one_call_at_a_time(line: Exchange) -> None:
    form = {"From": AMINA, "To": NUMBER, "Direction": "inbound", "CallStatus": "ringing"}

    first = await signed(line, "", {**form, "CallSid": "CA1"})
    second = await signed(line, "", {**form, "CallSid": "CA2"})
    again = await signed(line, "", {**form, "CallSid": "CA1"})
    neighbour = await signed(line, "", {**form, "CallSid": "CA3", "From": BEN})
    over = {"CallStatus": "completed", "CallDuration": "9"}
    await signed(line, "/status", {**form, "CallSid": "CA1", **over})
    third = await signed(line, "", {**form, "CallSid": "CA4"})

    assert "<Gather" in first[1]
    assert "Another call from this number" in second[1]
    assert again == first
    assert "<Gather" in neighbour[1]
    assert "<Gather" in third[1]


@pytest.mark.usefixtures("alert")
async def test_a_call_whose_end_was_never_told_does_not_bar_its_number_for_long(
    line: Exchange,
) -> None:
    form = {"From": AMINA, "To": NUMBER, "Direction": "inbound", "CallStatus": "ringing"}
    await signed(line, "", {**form, "CallSid": "CA1"})
    line.later(hours=2)

    assert "<Gather" in (await signed(line, "", {**form, "CallSid": "CA2"}))[1]


async def test_who_is_on_the_line_is_not_rung(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)
    form = {"From": AMINA, "To": NUMBER, "Direction": "inbound", "CallStatus": "ringing"}
    await signed(line, "", {**form, "CallSid": "CA1"})

    status, told = await line.tap(page)

    assert status == 409
    assert "on a call with us already" in told


@pytest.mark.usefixtures("alert")
async def test_an_unknown_caller_chooses_a_language_and_keys_in_a_zip(line: Exchange) -> None:
    played = await line.dial(Phone(AMINA, ["2", "53703", "1"]))

    assert played.dialled == ALL_THREE
    assert "marque las cinco cifras" in played.words
    (who, contact_id) = (await line.rows(Response.who, Response.contact_id))[0]
    assert who.startswith("visitor:call:")
    assert contact_id is None
    assert await line.rows(Delivery.address, Delivery.channel) == []  # nobody agreed to a text
    assert (await line.call()).zip == ""


@pytest.mark.usefixtures("alert")
async def test_a_zip_in_two_districts_is_asked_about(line: Exchange) -> None:
    played = await line.dial(Phone(AMINA, ["1", "02139", "2"]))

    assert "For Nora Nogal (invented), press" in played.words
    assert "For Marta Maple (invented), press" in played.words
    first = re.search(r"For (\w+) \w+ \(invented\), press 2", played.words)
    assert first is not None
    number = {"Marta": "+12025550112", "Nora": "+12025550113"}[first[1]]
    assert played.dialled[0][0] == number


@pytest.mark.parametrize("keys", [["1", "02139", "9"], ["1", "00000", "00000"], ["1", "", ""]])
@pytest.mark.usefixtures("alert")
async def test_who_does_not_know_their_place_gets_the_operators(
    line: Exchange, keys: list[str]
) -> None:
    played = await line.dial(Phone(AMINA, keys))

    assert played.dialled[0][0] == "+12022243121"
    assert "Capitol's operators" in played.words


async def test_the_script_goes_by_text_once_to_who_agreed(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)
    copies = len(await line.rows(Delivery.id))

    for _ in range(2):
        played = await line.connect(page, Phone(AMINA, ["1"]))

    assert "We have texted you what to say" in played.words
    assert len(await line.rows(Delivery.id)) == copies + 1
    (text,) = [
        sms
        for sms, kind in await line.rows(MessageText.sms, MessageText.language)
        if "What to say" in sms
    ]
    assert "[your name]" in text
    assert f"/p/{alert.slug}" in text


async def test_a_caller_who_left_the_list_gets_no_text_and_is_not_rung(
    line: Exchange, alert: Alerted
) -> None:
    page = await line.make_page(alert, AMINA)
    await line.write(make_standing, "sms", AMINA, Standing.OPTED_OUT)

    status, told = await line.tap(page)
    played = await line.dial(Phone(AMINA, ["1"]))

    assert status == 409
    assert "no phone number of yours" in told
    assert played.dialled == ALL_THREE
    assert "texted" not in played.words


async def test_a_vacant_seat_is_told_and_passed_over(line: Exchange, alert: Alerted) -> None:
    austin: dict[str, Any] = {"zip": "78702", "city": "Austin", "state": "TX", "district": 35}
    page = await line.make_page(alert, AMINA, **austin)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert "One of your seats in Congress is vacant" in played.words
    assert [number for number, _ in played.dialled] == ["+12025550128", "+12025550129"]


async def test_a_number_that_several_found_wrong_is_not_called(
    line: Exchange, alert: Alerted
) -> None:
    page = await line.make_page(alert, AMINA)
    await line.write(found_wrong, alert.action_id, HOUSE, line.now)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert ENCINA not in dict(played.dialled)
    assert len(played.dialled) == 3
    assert "Several people found a wrong number" in played.words


async def test_a_closed_office_is_offered_a_message(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)
    line.now += EVENING

    played = await line.connect(page, Phone(AMINA, ["1", "1", "", "2", ""]))

    assert [number for number, _ in played.dialled] == [ENCINA]
    assert "is closed now" in played.words
    assert await line.responses() == [
        (HOUSE, Outcome.VOICEMAIL, "voice"),
        (SENIOR, Outcome.SKIPPED, "voice"),
    ]
    assert [status for _, status, _ in await line.legs()] == ["done", "skipped", "skipped"]


async def test_an_action_that_is_over_calls_nobody(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)

    def end(conn: Connection) -> None:
        conn.execute(update(Message).values(expires_at=line.now))

    await line.tap(page)
    await line.write(end)
    line.twilio.phones[AMINA] = Phone(AMINA, ["1"])
    await line.ring()

    assert line.twilio.calls[-1].dialled == []
    assert "This action is over" in line.twilio.calls[-1].words
    assert (await line.tap(page))[0] == 409
    assert "nothing to call for" in (await line.dial(Phone("+16082340000", ["1"]))).words


async def test_an_office_outside_congress_is_called(line: Exchange) -> None:
    def embassy(conn: Connection) -> Alerted:
        load_invented_officials(conn)
        make_office(conn, phone="+12025550199")
        return make_alert(conn, make_action(conn, offices=["embassy"]))

    page = await line.make_page(await line.write(embassy), AMINA)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert [number for number, _ in played.dialled][-1] == "+12025550199"
    assert "The Embassy" in played.words
    assert ("custom:embassy", Outcome.SPOKE, "voice") in await line.responses()


def with_office(*numbers: str) -> Callable[[Connection], Alerted]:
    def write(conn: Connection) -> Alerted:
        load_invented_officials(conn)
        lines = [Line(each) for each in numbers]
        make_office(conn, phones=lines)
        return make_alert(conn, make_action(conn, offices=["embassy"]))

    return write


@pytest.mark.parametrize("number", ["+50322310000", "+18765550100", "+442079460958"])
async def test_an_office_abroad_is_named_and_passed_over(line: Exchange, number: str) -> None:
    page = await line.make_page(await line.write(with_office(number)), AMINA)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert played.dialled == ALL_THREE
    assert "We cannot connect you with The Embassy from here" in played.words
    assert "wrong number" not in played.words
    async with line.client.get(page) as answer:
        assert f"tel:{number}" in await answer.text()


async def test_an_office_of_a_premium_rate_kept_from_before_is_not_called(line: Exchange) -> None:
    def charge(conn: Connection) -> None:
        lines = [{"number": "+19005550100", "label": ""}]
        conn.execute(update(CustomTarget).values(phones=lines))

    page = await line.make_page(await line.write(with_office("+12025550199")), AMINA)
    await line.write(charge)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert played.dialled == ALL_THREE
    assert "We cannot connect you with The Embassy from here" in played.words


async def test_another_line_of_an_office_abroad_is_called(line: Exchange) -> None:
    made = await line.write(with_office("+50322310000", "+12025550199"))

    played = await line.connect(await line.make_page(made, AMINA), Phone(AMINA, ["1"]))

    assert [number for number, _ in played.dialled][-1] == "+12025550199"
    assert "cannot connect you" not in played.words


async def test_a_wrong_number_is_not_replaced_by_one_abroad(line: Exchange) -> None:
    made = await line.write(with_office("+12025550199", "+50322310000"))
    page = await line.make_page(made, AMINA)
    await line.write(found_wrong, made.action_id, "custom:embassy", line.now)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert played.dialled == ALL_THREE
    assert "wrong number for The Embassy, so we pass it over" in played.words


async def test_an_office_that_pays_for_its_callers_is_called(line: Exchange) -> None:
    page = await line.make_page(await line.write(with_office("+18005550199")), AMINA)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert [number for number, _ in played.dialled][-1] == "+18005550199"


async def test_texting_a_country_is_not_calling_it(opened: Opened, now: datetime) -> None:
    async with exchange(opened, now, countries=("US", "JM", "SV")) as line:
        page = await line.make_page(await line.write(with_office("+18765550100")), AMINA)

        played = await line.connect(page, Phone(AMINA, ["1"]))

        assert played.dialled == ALL_THREE
        assert "cannot connect calls" in (await line.dial(Phone("+18765550101", ["1"]))).words


# When, and whether still


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "We ring nobody at this hour. Come back after 10:00"),
        ("es", "A esta hora no llamamos a nadie. Vuelva después de las 10:00"),
    ],
)
async def test_nobody_is_rung_at_night(
    line: Exchange, alert: Alerted, language: str, sentence: str
) -> None:
    page = await line.make_page(alert, AMINA)
    line.now += NIGHT  # 23:30 in Madison

    async with line.client.get(f"{page}?lang={language}") as answer:
        shown = await answer.text()
    status, told = await line.tap(page, language)
    await line.ring()

    assert sentence in shown
    assert f"{page}/connect" not in shown  # no button that would refuse
    assert status == 409
    assert sentence in told
    assert line.twilio.asked == []
    assert await line.rows(Call.id) == []


async def test_who_cannot_be_placed_is_rung_when_it_is_day_everywhere(
    line: Exchange, alert: Alerted
) -> None:
    page = await line.make_page(alert, AMINA, zones=["America/New_York", "Pacific/Honolulu"])
    line.now += EVENING + timedelta(hours=1)  # 20:30 in the East

    status, told = await line.tap(page)

    assert status == 409
    assert "Come back after 15:00 in Washington" in told


async def test_without_quiet_hours_people_are_rung_at_night(opened: Opened, now: datetime) -> None:
    async with exchange(opened, now, hours=None) as line:
        page = await line.make_page(await line.write(called_alert), AMINA)
        line.now += NIGHT

        assert (await line.tap(page))[0] == 303


async def test_a_stop_calls_off_a_call_that_waits_and_nobody_elses(
    line: Exchange, alert: Alerted
) -> None:
    await line.tap(await line.make_page(alert, AMINA))
    await line.tap(await line.make_page(alert, BEN))
    await line.write(make_standing, "sms", AMINA, Standing.OPTED_OUT)

    await line.ring()

    assert [form["To"] for form in line.twilio.asked] == [BEN]
    calls = await line.rows(Call.status, Call.why, Call.phone, Call.minutes)
    assert calls[0] == (CallStatus.EXPIRED, "called off", None, 0)


async def test_a_number_given_up_is_not_rung(line: Exchange, alert: Alerted) -> None:
    def give_up(conn: Connection) -> None:
        mine = (Address.channel == "sms", Address.address == AMINA)
        conn.execute(update(Address).where(*mine).values(address=BEN))

    await line.tap(await line.make_page(alert, AMINA))
    await line.write(give_up)

    await line.ring()

    assert line.twilio.asked == []
    assert (await line.call()).status == CallStatus.EXPIRED


async def test_a_call_whose_person_is_gone_keeps_nobody_waiting(
    line: Exchange, alert: Alerted
) -> None:
    def forget(conn: Connection) -> None:
        mine = Call.phone == AMINA
        conn.execute(update(Call).where(mine).values(phone=None, contact_id=None))

    await line.tap(await line.make_page(alert, AMINA))
    await line.tap(await line.make_page(alert, BEN))
    await line.write(forget)

    await line.ring()

    assert [form["To"] for form in line.twilio.asked] == [BEN]


# Money and limits


async def test_a_days_money_ends_calls_with_a_sentence(opened: Opened, now: datetime) -> None:
    async with exchange(opened, now, daily_cents=32, cents_per_minute=1) as line:
        page = await line.make_page(await line.write(called_alert), AMINA)
        line.twilio.offices = {ENCINA: Office(seconds=599)}

        played = await line.connect(page, Phone(AMINA, ["1", "1"]))
        ben = await line.tap(await line.make_page(await line.write(make_alert), "+16082340001"))
        chloe = await line.dial(Phone("+16082340002", ["1"]))

        assert len(played.dialled) == 1
        assert "no more calls today" in played.words
        assert await opened.database.read(spent_minutes, now=line.now) <= 32
        assert ben[0] in (303, 409)
        assert len(chloe.dialled) == 0
        assert line.twilio.errors == []


async def test_what_is_not_used_of_the_days_money_is_given_back(
    line: Exchange, alert: Alerted
) -> None:
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    minutes = -(-played.seconds // 60) + 3
    assert (await line.call()).minutes == minutes
    assert await line.opened.database.read(spent_minutes, now=line.now) == minutes


def test_a_days_minutes_never_go_beyond(conn: Connection, now: datetime) -> None:
    rules = VoiceRules(**{**RULES, "daily_cents": 10, "cents_per_minute": 1})

    took = [reserve(conn, 4, rules, day=now) for _ in range(3)]

    assert took == [True, True, False]
    assert spent_minutes(conn, now=now) == 8


async def test_what_yesterday_paid_for_is_given_back_to_yesterday(
    opened: Opened, now: datetime
) -> None:
    midnight = now.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    async with exchange(opened, midnight - timedelta(minutes=1), hours=None) as line:
        page = await line.make_page(await line.write(called_alert), AMINA)
        await line.tap(page)
        item = await line.write(claim, rules=line.rules, now=line.now)
        form = {"CallSid": "CA1", "From": NUMBER, "To": AMINA, "Direction": "outbound-api"}
        await signed(line, f"/{item.token}/0", form)
        closed = await signed(line, f"/{item.token}/1", {**form, "Digits": "1"})
        line.later(minutes=2)
        dialled = await signed(line, f"/{item.token}/2", {**form, "Digits": "1"})
        over = {"CallStatus": "completed", "CallDuration": "10"}
        await signed(line, f"/{item.token}/status", {**form, **over})

        read = opened.database.read
        minutes = (await line.call()).minutes
        assert "is closed now" in closed[1]
        assert "<Dial" in dialled[1]
        assert minutes == 2
        assert await read(spent_minutes, now=line.now) == 0
        assert await read(spent_minutes, now=line.now - timedelta(minutes=5)) == minutes


async def test_a_call_nobody_rang_by_midnight_gives_back_to_the_day_it_was_asked_on(
    opened: Opened, now: datetime
) -> None:
    midnight = now.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    async with exchange(opened, midnight - timedelta(minutes=1), hours=None) as line:
        await line.tap(await line.make_page(await line.write(called_alert), AMINA))
        line.later(minutes=3)
        await line.ring()

        read = opened.database.read
        assert (await line.call()).status == CallStatus.EXPIRED
        assert await read(spent_minutes, now=line.now) == 0
        assert await read(spent_minutes, now=line.now - timedelta(minutes=5)) == 0


@pytest.mark.usefixtures("alert")
async def test_copies_of_one_webhook_at_once_pay_and_count_once(line: Exchange) -> None:
    form = {"From": AMINA, "To": NUMBER, "Direction": "inbound", "CallStatus": "ringing"}

    copies = [signed(line, "", {**form, "CallSid": "CA1"}) for _ in range(4)]
    answers = await asyncio.gather(*copies)

    assert len(set(answers)) == 1
    assert "<Gather" in answers[0][1]
    assert len(await line.rows(Call.id)) == 1
    assert await line.opened.database.read(spent_minutes, now=line.now) == 2


async def test_one_person_is_rung_three_times_a_day(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)
    for _ in range(3):
        await line.connect(page, Phone(AMINA, []))

    status, told = await line.tap(page)

    assert status == 409
    assert "as often as we do in one day" in told
    assert f'href="{page}"' in told


async def test_why_nobody_is_rung_is_told_in_the_language_of_the_page(
    line: Exchange, alert: Alerted
) -> None:
    page = await line.make_page(alert, AMINA, language="es")
    await line.tap(page, "es")

    _, told = await line.tap(page, "es")

    assert "Ya le estamos llamando" in told


async def test_two_taps_ring_once(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)

    said = [await line.tap(page), await line.tap(page)]
    await line.ring()

    assert [status for status, _ in said] == [303, 409]
    assert "ringing you already" in said[1][1]
    assert len(line.twilio.asked) == 1


@pytest.mark.usefixtures("alert")
async def test_a_number_is_put_through_so_often_a_day(line: Exchange) -> None:
    played = [await line.dial(Phone(AMINA, [])) for _ in range(5)]

    assert ["connect no more today" in each.words for each in played] == [False] * 4 + [True]
    line.later(days=1)
    assert "connect no more" not in (await line.dial(Phone(AMINA, []))).words


async def test_neighbouring_numbers_are_counted_together(opened: Opened, now: datetime) -> None:
    async with exchange(opened, now, per_prefix=3) as line:
        await line.write(called_alert)

        played = [await line.dial(Phone(f"+1608234000{n}", [])) for n in range(4)]

        assert ["connect no more today" in each.words for each in played] == [False] * 3 + [True]


async def test_one_network_address_does_not_ring_many(opened: Opened, now: datetime) -> None:
    async with exchange(opened, now, per_address=2) as line:
        alert = await line.write(called_alert)
        pages = [await line.make_page(alert, f"+1608{2000000 + n * 10000}") for n in range(3)]

        said = [await line.tap(page) for page in pages]

        assert [status for status, _ in said] == [303, 303, 409]
        assert "So many calls" in said[2][1]


@pytest.mark.parametrize(
    ("phone", "sentence"),
    [
        ("anonymous", "Your number is hidden"),
        ("+50370001234", "cannot connect calls from your number"),
        ("+18765550100", "cannot connect calls from your number"),
    ],
)
@pytest.mark.usefixtures("alert")
async def test_hidden_and_foreign_numbers_are_told_why(
    line: Exchange, phone: str, sentence: str
) -> None:
    played = await line.dial(Phone(phone, ["1"]))

    assert sentence in played.words
    assert await line.rows(Call.id) == []


async def test_nobody_abroad_is_rung(line: Exchange, alert: Alerted) -> None:
    status, told = await line.tap(await line.make_page(alert, "+50370001234"))

    assert status == 409
    assert "United States and Canada" in told


async def test_calls_ring_one_a_second(line: Exchange, alert: Alerted) -> None:
    for n in range(3):
        await line.tap(await line.make_page(alert, f"+1608{2000000 + n * 10000}"))

    asked = []
    for _ in range(3):
        await line.ring()
        await line.ring()
        asked.append(len(line.twilio.asked))
        line.later(seconds=1)

    assert asked == [1, 2, 3]


# What is lost, forged or swapped


async def test_a_lost_answer_rings_nobody_twice(line: Exchange, alert: Alerted) -> None:
    line.twilio.loses_answer = True
    page = await line.make_page(alert, AMINA)

    played = await line.connect(page, Phone(AMINA, ["1"]))
    for _ in range(5):
        line.later(minutes=1)
        await line.ring()

    assert len(line.twilio.asked) == 1
    assert played.dialled == ALL_THREE  # it rang, and its own requests say so
    assert (await line.call()).status == CallStatus.ENDED


async def test_what_a_dead_process_was_about_to_ring_is_unknown(
    line: Exchange, alert: Alerted
) -> None:
    await line.tap(await line.make_page(alert, AMINA))
    item = await line.write(claim, rules=line.rules, now=line.now)
    assert item is not None

    for _ in range(3):
        line.later(minutes=1)
        await line.ring()

    assert (await line.call()).status == CallStatus.UNKNOWN
    assert line.twilio.asked == []
    line.later(hours=6)
    await line.ring()
    assert (await line.call()).phone is None


async def test_a_late_word_does_not_take_back_that_it_rang(line: Exchange, alert: Alerted) -> None:
    await line.tap(await line.make_page(alert, AMINA))
    line.twilio.phones[AMINA] = Phone(AMINA, ["1"], hangs_up_after=1)
    await line.ring()
    token = (await line.call()).token

    await line.write(note, token, Unknown("lost"), rules=line.rules, now=line.now)

    assert (await line.call()).status == CallStatus.ENDED


async def test_a_refused_call_is_told_and_not_repeated(line: Exchange, alert: Alerted) -> None:
    line.twilio.refuses = (400, 21211)
    await line.tap(await line.make_page(alert, AMINA))

    await line.ring()
    line.later(minutes=1)
    await line.ring()

    call = await line.call()
    assert (call.status, call.why, call.phone, call.minutes) == ("refused", "21211", None, 0)
    assert len(line.twilio.asked) == 1
    assert await line.opened.database.read(spent_minutes, now=line.now) == 0


async def test_slow_down_is_not_refused_but_nobody_is_rung_late(
    line: Exchange, alert: Alerted
) -> None:
    line.twilio.refuses = (429, 20429)
    await line.tap(await line.make_page(alert, AMINA))

    for _ in range(8):
        await line.ring()
        line.later(seconds=15)

    assert (await line.call()).status == CallStatus.EXPIRED
    assert len(line.twilio.asked) > 1


async def signed(line: Exchange, path: str, form: dict[str, str]) -> tuple[int, str]:
    answer = await line.twilio.courier.post_twilio(f"{VOICE_URL}{path}", form)
    return answer.status, answer.text


@pytest.mark.usefixtures("alert")
async def test_a_wrong_signature_is_refused_on_every_path(line: Exchange) -> None:
    form = {"CallSid": "CA1", "From": AMINA, "To": NUMBER, "Direction": "inbound"}
    for path in ("", "/status", f"/{'x' * 28}/0", f"/{'x' * 28}/status"):
        for headers in ({}, {"X-Twilio-Signature": "bm8="}):
            url = f"/webhooks/twilio/voice{path}"
            async with line.client.post(url, data=form, headers=headers) as answer:
                assert answer.status == 403, path

    assert await line.rows(Call.id) == []


@pytest.mark.usefixtures("alert")
async def test_an_unknown_call_is_ended_politely(line: Exchange) -> None:
    form = {"CallSid": "CA1", "From": AMINA, "To": NUMBER, "Direction": "inbound"}

    status, text = await signed(line, f"/{'x' * 28}/3", form)

    assert status == 200
    assert "do not know this call" in text
    assert "No conocemos esta llamada" in text
    assert "<Hangup" in text


async def test_no_call_can_be_led_by_another_one(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)
    await line.tap(page)
    item = await line.write(claim, rules=line.rules, now=line.now)
    own = {"CallSid": "CA1", "From": NUMBER, "To": AMINA, "Direction": "outbound-api"}
    other = {**own, "CallSid": "CA2", "To": "+16082340009", "Digits": "1"}

    await signed(line, f"/{item.token}/0", own)
    stolen = await signed(line, f"/{item.token}/1", other)
    ahead = await signed(line, f"/{item.token}/7", {**own, "Digits": "1"})
    ended = await signed(line, f"/{item.token}/status", {**other, "CallStatus": "completed"})
    mine = await signed(line, f"/{item.token}/1", {**own, "Digits": "1"})

    assert "do not know this call" in stolen[1]
    assert "do not know this call" in ahead[1]
    assert ended[0] == 204
    assert "<Dial" in mine[1]
    assert f'callerId="{AMINA}"' in mine[1]


async def test_what_authors_write_is_escaped_and_cut(line: Exchange) -> None:
    ask = "<Dial>+19005550100</Dial> \x01\x0b & “free” " + "é " * 3_000

    def wild(conn: Connection) -> Alerted:
        load_invented_officials(conn)
        scripts = {"en": ScriptWords(opening="I am here.", ask=ask)}
        return make_alert(conn, make_action(conn, scripts=scripts))

    page = await line.make_page(await line.write(wild), AMINA)

    played = await line.connect(page, Phone(AMINA, ["1"]))

    assert played.dialled == ALL_THREE
    assert max(map(len, played.documents)) <= 4_000


# The page, privacy, the log


async def test_the_page_offers_it_where_it_is_set_up(line: Exchange, alert: Alerted) -> None:
    page = await line.make_page(alert, AMINA)

    async with line.client.get(page) as answer:
        own = await answer.text()
    async with line.client.get(f"/p/{alert.slug}?zip=53703") as answer:
        shared = await answer.text()

    assert f'action="{page}/connect"' in own
    assert AMINA not in own
    assert "/connect" not in shared
    assert "(608) 555-0100" in shared


async def test_calls_are_told_and_forgotten_with_their_person(
    line: Exchange, alert: Alerted
) -> None:
    page = await line.make_page(alert, AMINA)
    await line.connect(page, Phone(AMINA, ["1"]))

    def contact(conn: Connection) -> int:
        return conn.execute(select(Contact.id)).scalar_one()

    def finish(conn: Connection) -> None:
        conn.execute(update(Message).values(expanded_at=line.now))

    contact_id = await line.opened.database.read(contact)
    await line.write(finish)
    told = await line.opened.database.read(held_on, contact_id)
    await line.write(erase, contact_id, now=line.now)

    assert [each["target"] for each in told["connected_calls"]] == [HOUSE, SENIOR, JUNIOR]
    call = await line.call()
    assert (call.contact_id, call.phone) == (None, None)
    assert await line.rows(CallStep.step) == []
    assert len(await line.legs()) == 3


async def test_no_number_stands_in_the_log(
    line: Exchange, alert: Alerted, capsys: Any, caplog: Any
) -> None:
    page = await line.make_page(alert, AMINA)
    await line.connect(page, Phone(AMINA, ["1"]))
    await line.dial(Phone("anonymous", ["1"]))

    written = "".join(capsys.readouterr()) + caplog.text
    assert AMINA.removeprefix("+1") not in written
