"""What follows from a reply, in the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from actions.models import Action, ActionAsk, AskMode, Outcome, Response, TargetRule
from contacts.models import AddressStanding, Channel, Consent, Standing
from database.jobs import EmbeddedJobs
from messages.models import (
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    MessageText,
    Reply,
    ReplyVerdict,
    Status,
)
from messages.providers.provider import Inbound
from messages.replies import receive
from tests.builders import (
    LONG_AGO,
    a_phone,
    make_address,
    make_contact,
    make_delivery,
    make_message,
    make_office,
    make_standing,
)
from tests.builders import make_action as make_call

PHONE = "+16085550142"
EMAIL = "amina@example.org"
OFFICES = ("+12025550101", "+12025550102")


def reply(conn: Connection, body: str, *, now: datetime, **values: Any) -> ReplyVerdict:
    inbound = Inbound(**{"channel": "sms", "address": PHONE, "body": body, "key": "SM1"} | values)
    return receive(
        conn,
        EmbeddedJobs(),
        inbound,
        public_url="https://us.example",
        network="Red",
        default_language="en",
        now=now,
    )


def make_action(conn: Connection, offices: tuple[str, ...] = OFFICES) -> int:
    """A call to named offices, in order."""
    row = insert(Action).values(goal=None, deadline=None)
    action_id = conn.execute(row.returning(Action.id)).scalar_one()
    asked = {"rule": TargetRule.CUSTOM, "mode": AskMode.ALWAYS, "committees": "", "scripts": {}}
    for rank, phone in enumerate(offices):
        target_id = make_office(conn, f"office-{action_id}-{rank}", phone=phone)
        ask = {"action_id": action_id, "target_id": target_id, "rank": rank}
        conn.execute(insert(ActionAsk).values(**ask, **asked))
    return action_id


def make_sent(conn: Connection, contact_id: int, **values: Any) -> int:
    """A message that reached this contact's phone."""
    sent: dict[str, Any] = {"status": MessageStatus.SENDING, "launched_at": LONG_AGO}
    message_id = make_message(conn, **(sent | values))
    make_delivery(conn, message_id, contact_id, status=Status.DELIVERED)
    return message_id


def standing(conn: Connection, channel: str = "sms", address: str = PHONE) -> str | None:
    return conn.scalar(
        select(AddressStanding.standing).where(
            AddressStanding.channel == channel,
            AddressStanding.address == address,
            AddressStanding.scope == "network",
        )
    )


def answers(conn: Connection, address: str = PHONE) -> list[str]:
    """The answers queued to this address, in order."""
    return list(
        conn.scalars(
            select(MessageText.sms + MessageText.body)
            .join(Message, Message.id == MessageText.message_id)
            .join(Delivery, Delivery.message_id == Message.id)
            .where(Message.kind.in_([MessageKind.REPLY, MessageKind.CONFIRMATION]))
            .where(Delivery.address == address)
            .order_by(Delivery.id)
        )
    )


def inbox(conn: Connection) -> list[tuple[str, bool]]:
    """The replies kept: what each was taken for, and whether it waits for a person."""
    rows = conn.execute(select(Reply.verdict, Reply.handled_at).order_by(Reply.id))
    return [(verdict, handled_at is None) for verdict, handled_at in rows]


def responses(conn: Connection) -> list[tuple[str, str, str, str]]:
    """Who told us what of which office, as text."""
    columns = (Response.who, Response.target, Response.outcome, Response.channel)
    rows = conn.execute(select(*columns).order_by(Response.id))
    return [(who, target, outcome, channel) for who, target, outcome, channel in rows]


def test_stop_ends_consent_calls_off_what_waits_and_is_confirmed_once(
    conn: Connection, now: datetime
) -> None:
    chloe = make_contact(conn, "Chloe", phone=PHONE)
    live = make_message(conn, status=MessageStatus.SENDING)
    waiting = make_delivery(conn, live, chloe)

    verdict = reply(conn, "Stop.", now=now)

    row = conn.execute(select(Delivery).where(Delivery.id == waiting)).one()
    assert verdict is ReplyVerdict.OPT_OUT
    assert standing(conn) == "opted_out"
    assert (row.status, row.reason) == (Status.SKIPPED, "opted_out")
    assert answers(conn) == [
        "Red: You are opted out and will get no more messages. Reply START to come back."
    ]
    assert inbox(conn) == [("opt_out", False)]


def test_the_words_said_are_kept_as_evidence(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Chloe", phone=PHONE)

    reply(conn, "Basta, por favor\0", now=now)

    said = conn.execute(
        select(Consent).where(Consent.address == PHONE).order_by(Consent.id.desc()).limit(1)
    ).one()
    assert (said.standing, said.scope) == ("opted_out", "network")
    assert (said.evidence, said.actor, said.source) == ("Basta, por favor", "supporter", "sms")
    assert said.at == now


def test_a_second_stop_is_not_confirmed_again(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Chloe", phone=PHONE)

    reply(conn, "STOP", now=now)
    reply(conn, "STOP!!", now=now + timedelta(days=3))

    assert standing(conn) == "opted_out"
    assert len(answers(conn)) == 1


def test_a_stop_the_carrier_confirmed_is_not_confirmed_by_us(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Chloe", phone=PHONE)

    reply(conn, "STOP", now=now, handled="STOP")

    assert standing(conn) == "opted_out"
    assert answers(conn) == []


def test_a_stop_word_only_the_provider_knows_still_counts(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Chloe", phone=PHONE)

    assert reply(conn, "ADIOS", now=now, handled="STOP") is ReplyVerdict.OPT_OUT
    assert standing(conn) == "opted_out"


def test_stop_from_a_number_nobody_knows_counts_too(conn: Connection, now: datetime) -> None:
    assert reply(conn, "ALTO", now=now) is ReplyVerdict.OPT_OUT

    assert standing(conn) == "opted_out"
    assert answers(conn) == [
        "Red: Listo, ya no le enviaremos mensajes. Para volver, responda INICIAR."
    ]


@pytest.mark.parametrize(
    ("language", "body", "beginning"),
    [
        ("es", "STOP", "Red: Listo"),  # the word is every language's: their own language counts
        ("en", "alto", "Red: Listo"),  # they chose Spanish just now
        ("en", "stop", "Red: You are"),
    ],
)
def test_the_confirmation_speaks_the_persons_language(
    conn: Connection, now: datetime, language: str, body: str, beginning: str
) -> None:
    make_contact(conn, "Chloe", phone=PHONE, language=language)

    reply(conn, body, now=now)

    assert answers(conn)[0].startswith(beginning)


def test_a_sentence_that_may_mean_stop_holds_the_number_for_a_person(
    conn: Connection, now: datetime
) -> None:
    ben = make_contact(conn, "Ben", phone=PHONE)
    live = make_message(conn, status=MessageStatus.SENDING)
    waiting = make_delivery(conn, live, ben)

    verdict = reply(conn, "ya no me manden mensajes", now=now)

    assert verdict is ReplyVerdict.MAYBE_OPT_OUT
    assert standing(conn) == "review"
    assert conn.scalar(select(Delivery.status).where(Delivery.id == waiting)) == Status.PENDING
    assert answers(conn) == []
    assert inbox(conn) == [("maybe_opt_out", True)]


def test_a_doubtful_sentence_does_not_soften_an_opt_out(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Chloe", phone=PHONE, consent=Standing.OPTED_OUT)

    reply(conn, "I said stop texting me", now=now)

    assert standing(conn) == "opted_out"


@pytest.mark.parametrize("body", ["START", "sí"])
def test_start_brings_back_who_had_left_and_is_confirmed(
    conn: Connection, now: datetime, body: str
) -> None:
    make_contact(conn, "Chloe", phone=PHONE, consent=Standing.OPTED_OUT, language="es")

    verdict = reply(conn, body, now=now)

    assert verdict is ReplyVerdict.OPT_IN
    assert standing(conn) == "granted"
    assert answers(conn) == ["Red: Le enviaremos nuestras alertas. Responda ALTO para salir."]
    assert inbox(conn) == [("opt_in", False)]


def test_start_by_email_waits_for_a_person_since_senders_can_be_forged(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Chloe", email=EMAIL, consent=Standing.OPTED_OUT)

    reply(conn, "START", now=now, channel="email", address=EMAIL)

    assert standing(conn, "email", EMAIL) == "opted_out"
    assert inbox(conn) == [("opt_in", True)]


def test_start_from_somebody_who_never_left_is_not_answered(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Ben", phone=PHONE)

    assert reply(conn, "start", now=now) is ReplyVerdict.OPT_IN
    assert answers(conn) == []


def test_a_yes_of_somebody_who_never_left_is_an_answer_to_read(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Ben", phone=PHONE)

    assert reply(conn, "YES", now=now, handled="START") is ReplyVerdict.OTHER
    assert inbox(conn) == [("other", True)]


def test_no_other_reply_brings_anybody_back(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Chloe", phone=PHONE, consent=Standing.OPTED_OUT)

    for body in ("1", "help", "Thank you for all you do", "start the engine", "no"):
        reply(conn, body, now=now)

    assert standing(conn) == "opted_out"


def test_help_is_answered_once_a_day(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Ben", phone=PHONE)

    for hours in (0, 1, 25):
        reply(conn, "HELP", now=now + timedelta(hours=hours))

    assert len(answers(conn)) == 2
    assert answers(conn)[0].startswith("Red: We send alerts")
    assert all(not waits for _, waits in inbox(conn))


def test_a_code_is_recorded_to_the_latest_message_that_asked_for_a_call(
    conn: Connection, now: datetime
) -> None:
    amina = make_contact(conn, "Amina", phone=PHONE)
    earlier, latest = make_action(conn), make_action(conn)
    make_sent(conn, amina, action_id=earlier)
    make_sent(conn, amina, action_id=latest, launched_at=now - timedelta(hours=2))
    make_sent(conn, amina, action_id=None, launched_at=now - timedelta(hours=1))

    verdict = reply(conn, "1", now=now)

    assert verdict is ReplyVerdict.OUTCOME
    assert responses(conn) == [
        (f"contact:{amina}", f"custom:office-{latest}-0", Outcome.SPOKE, "sms")
    ]
    assert inbox(conn) == [("outcome", False)]


def test_each_code_is_for_the_next_office_and_the_last_one_is_corrected(
    conn: Connection, now: datetime
) -> None:
    amina = make_contact(conn, "Amina", phone=PHONE)
    make_sent(conn, amina, action_id=make_action(conn))

    for body in ("1 spoke with Jenny", "2", "1"):
        reply(conn, body, now=now)

    told = [(target[-1], outcome) for _, target, outcome, _ in responses(conn)]
    notes = list(conn.scalars(select(Response.note).order_by(Response.id)))
    assert told == [("0", Outcome.SPOKE), ("1", Outcome.SPOKE)]
    assert notes == ["1 spoke with Jenny", ""]


def test_a_code_for_an_action_without_known_offices_names_none(
    conn: Connection, now: datetime
) -> None:
    nowhere: dict[str, Any] = {"zip": "", "state": "", "district": None}
    amina = make_contact(conn, "Amina", phone=PHONE, **nowhere)
    make_sent(conn, amina, action_id=make_call(conn))

    reply(conn, "3", now=now)

    assert [row[1:3] for row in responses(conn)] == [("", Outcome.NO_ANSWER)]


@pytest.mark.parametrize("known", [True, False])
def test_a_code_about_nothing_we_asked_waits_in_the_inbox(
    conn: Connection, now: datetime, known: bool
) -> None:
    if known:
        make_contact(conn, "Amina", phone=PHONE)

    assert reply(conn, "2", now=now) is ReplyVerdict.OUTCOME
    assert inbox(conn) == [("outcome", True)]
    assert responses(conn) == []


def test_a_copy_that_never_left_does_not_ask_for_a_call(conn: Connection, now: datetime) -> None:
    amina = make_contact(conn, "Amina", phone=PHONE)
    message_id = make_message(conn, action_id=make_action(conn), status=MessageStatus.SENDING)
    make_delivery(conn, message_id, amina, status=Status.PENDING)

    reply(conn, "1", now=now)

    assert responses(conn) == []


def test_on_a_shared_phone_the_one_we_wrote_to_is_meant(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Amina", phone=PHONE)
    ben = make_contact(conn, "Ben", phone=a_phone())
    make_address(conn, ben, Channel.SMS, PHONE, rank=1)
    message_id = make_message(conn, status=MessageStatus.SENDING)
    make_delivery(conn, message_id, ben, address=PHONE, status=Status.SENT)

    reply(conn, "Who is my representative?", now=now)

    row = conn.execute(select(Reply)).one()
    assert (row.contact_id, row.message_id) == (ben, message_id)


def test_anything_else_waits_in_the_inbox_with_whom_and_what_it_answers(
    conn: Connection, now: datetime
) -> None:
    amina = make_contact(conn, "Amina", phone=PHONE)
    message_id = make_sent(conn, amina)

    verdict = reply(conn, "Stop the detentions! I called Pocan", now=now)

    row = conn.execute(select(Reply)).one()
    assert verdict is ReplyVerdict.OTHER
    assert (row.contact_id, row.message_id, row.handled_at) == (amina, message_id, None)
    assert row.body == "Stop the detentions! I called Pocan"
    assert standing(conn) == "granted"


def test_a_stranger_is_heard_too(conn: Connection, now: datetime) -> None:
    assert reply(conn, "Who are you?", now=now) is ReplyVerdict.OTHER

    row = conn.execute(select(Reply)).one()
    assert (row.contact_id, row.address) == (None, PHONE)


@pytest.mark.parametrize("body", ["Unsubscribe", "Baja, por favor"])
def test_an_email_that_says_stop_ends_email_and_leaves_texts_alone(
    conn: Connection, now: datetime, body: str
) -> None:
    make_contact(conn, "Chloe", phone=PHONE, email=EMAIL)

    verdict = reply(conn, body, now=now, channel="email", address=EMAIL)

    assert verdict is ReplyVerdict.OPT_OUT
    assert standing(conn, "email", EMAIL) == "opted_out"
    assert standing(conn) == "granted"
    assert len(answers(conn, EMAIL)) == 1


def test_an_answer_by_email_has_a_subject(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Chloe", email=EMAIL, language="es")

    reply(conn, "ayuda", now=now, channel="email", address=EMAIL)

    assert conn.scalar(select(MessageText.subject)) == "Acerca de estos mensajes"


def test_a_number_thought_untextable_that_says_start_is_written_to_again(
    conn: Connection, now: datetime
) -> None:
    make_standing(conn, "sms", PHONE, Standing.NOT_TEXTABLE)

    reply(conn, "Iniciar", now=now)

    assert standing(conn) == "granted"
    assert len(answers(conn)) == 1
