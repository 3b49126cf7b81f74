"""An organizer's answer: to whom, when, once, and called back; and who looks after a reply."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, insert, select

from campaigns.panic import lock_everything, unlock
from contacts import consent
from contacts.models import Channel, Standing, project_scope
from database.opening import Opened
from messages import caring, counts
from messages.answering import (
    AlreadyAnswered,
    AnsweredMeanwhile,
    BadAnswer,
    MayNotAnswer,
    Wanted,
    called_back,
    filled,
    go_on,
    seen_so_far,
    write_answer,
)
from messages.caring import Act, LeftAlready, NothingToUndo, Until, wakes_at
from messages.control import NotNow
from messages.conversing import TOO_LATE, ways
from messages.house import HouseRules
from messages.identity import Identity
from messages.inbox_models import Care, WrittenAnswer
from messages.models import Delivery, Message, MessageKind, Reply, ReplyVerdict, Status
from messages.providers.provider import Email, Inbound
from messages.replies import receive
from tests.builders import make_contact, make_message, make_organizer, make_project, make_standing
from tests.doubles import NoJobs
from tests.messages.test_sending import Bench

PHONE, EMAIL = "+16082001111", "chloe.answers@example.org"
HOUSE = HouseRules(
    identity=Identity(
        network="Sister Cities",
        postal_address="1 Main St",
        public_url="https://llamado.example.org",
        secret="a secret",
        sms_sender="+16085550100",
        email_sender="Llamado <alerts@example.org>",
    )
)
NIGHT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)  # two in the morning in Chicago


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


def make_reply(conn: Connection, at: datetime, contact: int | None = None, **values: Any) -> int:
    row = {
        "channel": "sms",
        "address": PHONE,
        "contact_id": contact,
        "body": "Who is this?",
        "verdict": ReplyVerdict.OTHER,
        "received_at": at,
        "handled_by": "",
    } | values
    return int(conn.execute(insert(Reply).values(row).returning(Reply.id)).scalar_one())


def make_chloe(conn: Connection, **values: Any) -> int:
    return make_contact(conn, "Chloe", **{"phone": PHONE, "email": EMAIL, **values})


def wanted(
    conn: Connection,
    reply_id: int,
    words: str = "We are Sister Cities.",
    *,
    by: int = 0,
    key: str = "k1",
    channel: str = "sms",
) -> Wanted:
    seen = seen_so_far(conn, reply_id)
    return Wanted(words=words, channel=channel, key=key, seen=seen, by=by or make_organizer(conn))


def answer(conn: Connection, reply_id: int, asked: Wanted, now: datetime) -> int:
    return write_answer(conn, NoJobs(), reply_id, asked, HOUSE, now=now)


def by(asked: Wanted) -> str:
    return f"organizer:{asked.by}"


def handled(conn: Connection, reply_id: int) -> bool:
    return conn.scalar(select(Reply.handled_at).where(Reply.id == reply_id)) is not None


def test_an_answer_is_one_copy_of_a_message_of_its_own(conn: Connection, now: datetime) -> None:
    project = make_project(conn)
    alert = make_message(conn, project_id=project, sms_sender="+16085550177")
    reply = make_reply(conn, now, make_chloe(conn), message_id=alert)
    asked = wanted(conn, reply)

    answer(conn, reply, asked, now)

    message = conn.execute(select(Message).where(Message.kind == MessageKind.ANSWER)).one()
    copy = conn.execute(select(Delivery).where(Delivery.message_id == message.id)).one()
    assert (message.project_id, message.sms_sender) == (project, "+16085550177")
    assert (copy.address, copy.status, copy.channel) == (PHONE, Status.PENDING, "sms")
    assert counts.kept(conn, [message.id]) == counts.counted(conn, message.id)
    assert handled(conn, reply)


def test_everything_else_they_wrote_is_answered_with_it(conn: Connection, now: datetime) -> None:
    chloe = make_chloe(conn)
    first = make_reply(conn, now, chloe)
    second = make_reply(conn, now, chloe, body="Hello??")

    answer(conn, second, wanted(conn, second), now)

    assert handled(conn, first)


async def test_an_answer_leaves_after_its_undo_time_as_it_was_written(bench: Bench) -> None:
    def begin(conn: Connection) -> None:
        reply = make_reply(conn, bench.now, make_chloe(conn))
        asked = wanted(conn, reply, "¿Sí, {{ first_name }}? (Yes)")
        answer(conn, reply, asked, bench.now)

    await bench.write(begin)
    await bench.work()
    before = dict(bench.texts.bodies)
    bench.now += timedelta(seconds=11)
    await bench.work()

    assert before == {}
    assert bench.texts.bodies == {PHONE: "¿Sí, Chloe? (Yes)"}


async def test_an_email_is_answered_by_email(bench: Bench) -> None:
    def begin(conn: Connection) -> None:
        alert = make_message(conn)
        reply = make_reply(
            conn, bench.now, make_chloe(conn), channel="email", address=EMAIL, message_id=alert
        )
        answer(conn, reply, wanted(conn, reply, "Gladly.", channel="email"), bench.now)

    await bench.write(begin)
    bench.now += timedelta(seconds=11)
    await bench.work()

    [email] = bench.emails.given
    assert isinstance(email, Email)
    assert email.address == EMAIL
    assert email.words.subject == ("Re: 14 arrested in Suchitoto",)
    assert email.words.text == ("Gladly.",)


def test_who_said_stop_is_not_answered(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    make_standing(conn, "sms", PHONE, Standing.OPTED_OUT)

    with pytest.raises(MayNotAnswer) as refused:
        answer(conn, reply, wanted(conn, reply), now)

    assert refused.value.reason == Standing.OPTED_OUT
    assert conn.scalar(select(func.count()).select_from(WrittenAnswer)) == 0


def test_who_said_stop_by_text_may_be_answered_by_an_email_they_agreed_to(
    conn: Connection, now: datetime
) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    make_standing(conn, "sms", PHONE, Standing.OPTED_OUT)

    text, email = ways(conn, reply, HOUSE, now=now)
    answer(conn, reply, wanted(conn, reply, channel="email"), now)

    assert (text.refusal, email.refusal) == (Standing.OPTED_OUT, "")
    assert conn.scalar(select(Delivery.address)) == EMAIL


def test_the_other_channel_needs_a_consent(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn, consent=None))

    with pytest.raises(MayNotAnswer):
        answer(conn, reply, wanted(conn, reply, channel="email"), now)


def test_a_refusal_of_one_project_of_theirs_holds(conn: Connection, now: datetime) -> None:
    project = make_project(conn)
    reply = make_reply(conn, now, make_chloe(conn, projects=[project]))
    make_standing(conn, "sms", PHONE, Standing.OPTED_OUT, scope=project_scope(project))

    with pytest.raises(MayNotAnswer):
        answer(conn, reply, wanted(conn, reply), now)


def test_nobody_is_answered_while_it_is_open_whether_they_said_stop(
    conn: Connection, now: datetime
) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    make_standing(conn, "sms", PHONE, Standing.REVIEW)

    with pytest.raises(MayNotAnswer):
        answer(conn, reply, wanted(conn, reply), now)


def test_a_stranger_who_writes_is_answered_for_thirty_days(conn: Connection, now: datetime) -> None:
    lately = make_reply(conn, now - timedelta(days=29))
    long_ago = make_reply(conn, now - timedelta(days=31), address="+16082002222")

    [may], [may_not] = (ways(conn, each, HOUSE, now=now) for each in (lately, long_ago))

    assert (may.refusal, may_not.refusal) == ("", TOO_LATE)


async def test_a_stop_after_the_answer_was_written_wins(bench: Bench) -> None:
    """Also one that the answer's writer could not see: the claim asks again."""

    def begin(conn: Connection) -> None:
        reply = make_reply(conn, bench.now, make_chloe(conn))
        answer(conn, reply, wanted(conn, reply), bench.now)
        make_standing(conn, "sms", PHONE, Standing.OPTED_OUT)

    await bench.write(begin)
    bench.now += timedelta(seconds=11)
    await bench.work()

    def fate(conn: Connection) -> tuple[int, str]:
        row = conn.execute(select(Delivery.status, Delivery.reason)).one()
        return row.status, row.reason

    assert bench.texts.given == []
    assert await bench.database.read(fate) == (Status.SKIPPED, "opted_out")


def test_a_conversation_that_goes_on_knows_no_quiet_hours(conn: Connection) -> None:
    reply = make_reply(conn, NIGHT - timedelta(minutes=59), make_chloe(conn))

    [way, _email] = ways(conn, reply, HOUSE, now=NIGHT)

    assert way.held_until is None


async def test_at_night_an_answer_waits_for_the_morning_where_they_live(bench: Bench) -> None:
    bench.now = NIGHT

    def begin(conn: Connection) -> datetime | None:
        reply = make_reply(conn, NIGHT - timedelta(minutes=61), make_chloe(conn))
        answer(conn, reply, wanted(conn, reply), NIGHT)
        return ways(conn, reply, HOUSE, now=NIGHT)[0].held_until

    until = await bench.write(begin)
    bench.now = until - timedelta(minutes=1)
    await bench.work()
    early = len(bench.texts.given)
    bench.now = until + timedelta(minutes=1)
    await bench.work()

    assert until == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # ten in Chicago
    assert (early, len(bench.texts.given)) == (0, 1)


async def test_two_presses_at_once_send_one_answer(opened: Opened, now: datetime) -> None:
    def begin(conn: Connection) -> tuple[int, Wanted]:
        reply = make_reply(conn, now, make_chloe(conn))
        return reply, wanted(conn, reply)

    reply, asked = await opened.database.write(begin)
    came = await asyncio.gather(
        *(opened.database.write(answer, reply, asked, now) for _ in range(2)),
        return_exceptions=True,
    )

    assert sorted(type(each).__name__ for each in came) == ["AlreadyAnswered", "int"]
    written = select(func.count()).select_from(Delivery)
    assert await opened.database.read(lambda conn: conn.scalar(written)) == 1


async def test_of_two_organizers_at_once_the_second_is_told(opened: Opened, now: datetime) -> None:
    def begin(conn: Connection) -> tuple[int, Wanted, Wanted]:
        reply = make_reply(conn, now, make_chloe(conn))
        return reply, wanted(conn, reply, "One"), wanted(conn, reply, "Two", key="k2")

    reply, one, two = await opened.database.write(begin)
    came = await asyncio.gather(
        *(opened.database.write(answer, reply, each, now) for each in (one, two)),
        return_exceptions=True,
    )

    assert sorted(type(each).__name__ for each in came) == ["AnsweredMeanwhile", "int"]


def test_the_same_form_answers_once(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    asked = wanted(conn, reply)
    answer(conn, reply, asked, now)

    with pytest.raises(AlreadyAnswered):
        answer(conn, reply, asked, now)


def test_an_answer_to_words_that_are_not_the_last_any_more_is_refused(
    conn: Connection, now: datetime
) -> None:
    chloe = make_chloe(conn)
    reply = make_reply(conn, now, chloe)
    asked = wanted(conn, reply)
    make_reply(conn, now, chloe, body="Never mind!")

    with pytest.raises(AnsweredMeanwhile):
        answer(conn, reply, asked, now)


@pytest.mark.parametrize(
    ("words", "name", "said"),
    [
        ("", "Chloe", "nothing to send"),
        (" \n ", "Chloe", "nothing to send"),
        ("Call {{ rep_name }}", "Chloe", "one merge field only"),
        ("Hi {{ first_name }}", "", "do not know this person's first name"),
        ("x" * 1601, "Chloe", "characters"),
    ],
)
def test_an_answer_that_cannot_be_sent_says_why(words: str, name: str, said: str) -> None:
    with pytest.raises(BadAnswer, match=said):
        filled(words, name, longest=1600)


def test_a_name_is_filled_in_and_one_may_stand_for_it() -> None:
    assert filled("Hi {{ first_name }}!", "Chloe") == "Hi Chloe!"
    assert filled('Hi {{ first_name | "friend" }}!', "") == "Hi friend!"


def test_an_answer_may_be_called_back_with_its_words(conn: Connection, now: datetime) -> None:
    chloe = make_chloe(conn)
    reply, other = make_reply(conn, now, chloe), make_reply(conn, now, chloe)
    asked = wanted(conn, reply, "Too hasty")
    answer(conn, reply, asked, now)

    act = caring.undo(conn, reply, by=by(asked), now=now)

    assert act is Act.ANSWER
    assert called_back(conn, reply, asked.by) == "Too hasty"
    assert not handled(conn, reply)
    assert not handled(conn, other)
    assert conn.scalar(select(Delivery.status)) == Status.STOPPED


async def test_an_answer_that_has_left_cannot_be_called_back(bench: Bench) -> None:
    def begin(conn: Connection) -> tuple[int, Wanted]:
        reply = make_reply(conn, bench.now, make_chloe(conn))
        asked = wanted(conn, reply)
        answer(conn, reply, asked, bench.now)
        return reply, asked

    reply, asked = await bench.write(begin)
    bench.now += timedelta(seconds=11)
    await bench.work()

    with pytest.raises(LeftAlready):
        await bench.write(caring.undo, reply, by=by(asked), now=bench.now)


def test_after_a_called_back_answer_another_can_be_written(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    asked = wanted(conn, reply)
    answer(conn, reply, asked, now)
    caring.undo(conn, reply, by=by(asked), now=now)

    answer(conn, reply, wanted(conn, reply, "Better", by=asked.by, key="k2"), now)

    assert conn.scalar(select(func.count()).select_from(WrittenAnswer)) == 2


async def test_what_they_write_next_is_about_the_alert_not_our_answer(bench: Bench) -> None:
    """An answer is no alert: a code that follows it is still attributed as before."""
    await bench.contacts("Chloe", phone=PHONE, email=EMAIL)
    alert = await bench.launch()
    await bench.work()

    def begin(conn: Connection) -> int | None:
        receive(
            conn,
            NoJobs(),
            Inbound(Channel.SMS, PHONE, "Who is this?", "SM1"),
            public_url="https://us.example",
            network="Sister Cities",
            default_language="en",
            now=bench.now,
        )
        reply = conn.scalar(select(Reply.id)) or 0
        answer(conn, reply, wanted(conn, reply), bench.now)
        return conn.scalar(select(Reply.message_id).where(Reply.id == reply))

    assert await bench.write(begin) == alert


def test_acts_are_undone_by_whoever_did_them_last(conn: Connection, now: datetime) -> None:
    amina, ben = (f"organizer:{make_organizer(conn, name)}" for name in ("Amina", "Ben"))
    reply = make_reply(conn, now, make_chloe(conn))
    caring.handle(conn, reply, by=amina, now=now)
    with pytest.raises(NothingToUndo):
        caring.undo(conn, reply, by=ben, now=now)

    caring.undo(conn, reply, by=amina, now=now)

    assert not handled(conn, reply)
    with pytest.raises(NothingToUndo):
        caring.undo(conn, reply, by=amina, now=now)


def test_an_undone_assignment_and_snooze_are_as_before(conn: Connection, now: datetime) -> None:
    amina, ben = (make_organizer(conn, name) for name in ("Amina", "Ben"))
    actor, reply = f"organizer:{amina}", make_reply(conn, now, make_chloe(conn))
    caring.assign(conn, reply, amina, by=actor, now=now)
    caring.snooze(conn, reply, now + timedelta(hours=1), by=actor, now=now)
    caring.assign(conn, reply, ben, by=actor, now=now)

    caring.undo(conn, reply, by=actor, now=now)

    care = conn.execute(select(Care.assigned_to, Care.snoozed_until)).one()
    assert tuple(care) == (amina, now + timedelta(hours=1))


def test_a_second_organizer_cannot_take_over_who_filed_it(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    caring.handle(conn, reply, by="organizer:1", now=now)
    caring.handle(conn, reply, by="organizer:2", now=now)

    assert conn.scalar(select(Reply.handled_by)) == "organizer:1"


def test_who_is_answering_is_shown_until_they_are_silent(conn: Connection, now: datetime) -> None:
    amina, ben = (make_organizer(conn, name) for name in ("Amina", "Ben"))
    reply = make_reply(conn, now, make_chloe(conn))

    def at_it() -> tuple[Any, ...]:
        return tuple(conn.execute(select(Care.answering_by, Care.answering_since)).one())

    caring.begin_answer(conn, reply, amina, now=now)
    caring.begin_answer(conn, reply, amina, now=now + timedelta(minutes=2))
    caring.begin_answer(conn, reply, ben, now=now + timedelta(minutes=4))
    first = at_it()
    caring.begin_answer(conn, reply, ben, now=now + timedelta(minutes=6))

    assert first == (amina, now)
    assert at_it() == (ben, now + timedelta(minutes=6))


EASTERN = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("until", "local", "wakes"),
    [
        (Until.HOUR, "2026-11-19T16:30", "2026-11-19T17:30"),
        (Until.TONIGHT, "2026-11-19T16:30", "2026-11-19T18:00"),
        (Until.TONIGHT, "2026-11-19T18:00", None),
        (Until.TOMORROW, "2026-11-19T23:59", "2026-11-20T09:00"),
        (Until.TOMORROW, "2026-10-31T20:00", "2026-11-01T09:00"),  # the clocks go back
    ],
)
def test_when_a_reply_comes_back(until: Until, local: str, wakes: str | None) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=EASTERN).astimezone(UTC)

    found = wakes_at(until, now, EASTERN)

    expected = datetime.fromisoformat(wakes).replace(tzinfo=EASTERN) if wakes else None
    assert found == expected


def test_an_opt_out_after_the_answer_calls_it_off(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    answer(conn, reply, wanted(conn, reply), now)

    receive(
        conn,
        NoJobs(),
        Inbound(Channel.SMS, PHONE, "STOP", "SM2"),
        public_url="https://us.example",
        network="Sister Cities",
        default_language="en",
        now=now,
    )

    mine = select(Delivery.status).join(Message, Message.id == Delivery.message_id)
    assert conn.scalar(mine.where(Message.kind == MessageKind.ANSWER)) == Status.SKIPPED
    assert consent.standings(conn, [("sms", PHONE)]).refused


async def test_after_a_lock_an_answer_leaves_only_if_somebody_says_so(bench: Bench) -> None:
    def begin(conn: Connection) -> int:
        reply = make_reply(conn, bench.now, make_chloe(conn))
        answer(conn, reply, wanted(conn, reply), bench.now)
        lock_everything(conn, by="organizer:1", reason="", now=bench.now)
        return reply

    reply = await bench.write(begin)
    bench.now += timedelta(seconds=11)
    await bench.write(unlock, by="command line", now=bench.now)
    await bench.work()
    before = len(bench.texts.given)
    await bench.write(go_on, bench.jobs, reply, HOUSE, now=bench.now)
    await bench.work()

    assert (before, len(bench.texts.given)) == (0, 1)
    with pytest.raises(NotNow):
        await bench.write(go_on, bench.jobs, reply, HOUSE, now=bench.now)
