"""What is over goes, slice by slice; what the promise needs stays, and every account still balances."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from contacts import consent
from contacts.models import AddressStanding, Consent, Standing
from database.opening import Opened
from messages.call_models import Call
from messages.doubts import BLANK
from messages.inbox_models import Care
from messages.mail_models import ReplyMail
from messages.models import (
    Delivery,
    Doubt,
    Event,
    Message,
    MessageStatus,
    MessageText,
    Reply,
    Status,
)
from messages.receipts import RECEIPT, RawEvent, store
from messages.retention import Keep, clear, foreseen
from organizers import audit
from organizers.models import SignInAttempt
from tests.builders import make_action, make_call, make_contact, make_standing
from tests.messages.test_answering import answer, make_chloe, make_reply, wanted
from tests.messages.test_sending import Bench
from tests.messages.test_threads import make_mail

LATER = timedelta(days=401)
EVER = Keep(None, None, None, None, None, None, None)


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


async def run(bench: Bench, keep: Keep = Keep()) -> dict[str, int]:  # noqa: B008 - a frozen value
    return await clear(bench.database, keep, now=bench.now)


async def number(bench: Bench, statement: Any) -> int:
    return int(await bench.database.read(lambda conn: conn.scalar(statement)) or 0)


async def test_copies_of_an_old_alert_only_count(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben", "Chloe")
    await bench.contacts("Dario", phone=None)
    message = await bench.launch()
    await bench.work()
    before = await bench.progress(message)
    bench.now += LATER

    assert await bench.database.read(foreseen, Keep(), now=bench.now) == {
        "reply_bodies": 0, "written_answers": 0, "delivery_detail": 8, "provider_events": 0, "sign_ins": 0, "aides": 0,
        "consent": 0, "calls": 0, "sign_ups": 0,
    }  # fmt: skip
    done = await run(bench)

    after = await bench.progress(message)
    known = select(func.count()).where(
        (Delivery.contact_id.is_not(None)) | Delivery.address.is_not(None)
    )
    assert done["delivery_detail"] == 8
    assert await number(bench, known) == 0
    assert after.equation == before.equation
    assert await bench.counts_agree(message)
    assert (await run(bench))["delivery_detail"] == 0


async def test_many_rows_go_in_slices(bench: Bench) -> None:
    await bench.contacts(*["Amina"] * 5, email=None)
    await bench.launch()
    await bench.work()
    bench.now += LATER

    done = await clear(bench.database, Keep(), now=bench.now, rows=2)

    assert done["delivery_detail"] == 10


async def test_what_is_not_over_stays(bench: Bench) -> None:
    """An alert that is paused for years, an unknown that waits for a person, an answer nobody read."""
    await bench.contacts("Amina", email=None)
    live = await bench.launch()
    lost = await bench.launch()
    await bench.work()

    def prepare(conn: Connection) -> None:
        paused = update(Message).where(Message.id == live)
        conn.execute(paused.values(status=MessageStatus.PAUSED, finished_at=None))
        unknown = (Delivery.message_id == lost, Delivery.channel == "sms")
        row = conn.execute(
            update(Delivery)
            .where(*unknown)
            .values(status=int(Status.UNKNOWN))
            .returning(Delivery.id, Delivery.attempt)
        ).one()
        times = {"claimed_at": bench.now, "noted_at": bench.now}
        doubt = {**BLANK, **times, "delivery_id": row.id, "attempt": row.attempt}
        conn.execute(insert(Doubt).values(doubt))
        store(conn, [RawEvent("twilio", "SM1:sent", RECEIPT, {})], now=bench.now)
        said = {"channel": "sms", "address": "+16082001234", "body": "¿Qué hago?"}
        more = {"verdict": "other", "received_at": bench.now, "handled_by": ""}
        conn.execute(insert(Reply).values(**said, **more))

    await bench.write(prepare)
    bench.now += LATER
    done = await run(bench)

    with_address = select(func.count()).where(Delivery.address.is_not(None))
    assert await number(bench, with_address) == 2
    assert await number(bench, select(func.count(Event.id))) == 1
    assert await number(bench, select(func.count()).where(Reply.body != "")) == 1
    assert done["provider_events"] == done["reply_bodies"] == 0


async def test_answers_events_and_failed_sign_ins_go_after_their_time(bench: Bench) -> None:
    def prepare(conn: Connection) -> None:
        [event] = store(conn, [RawEvent("twilio", "SM1:sent", RECEIPT, {})], now=bench.now)
        conn.execute(update(Event).where(Event.id == event).values(applied_at=bench.now))
        said = {"channel": "sms", "address": "+16082001234", "body": "Hecho"}
        more = {"verdict": "other", "received_at": bench.now, "handled_by": "automatic"}
        conn.execute(insert(Reply).values(**said, **more, handled_at=bench.now))
        conn.execute(insert(SignInAttempt).values(subject="x", at=bench.now))

    await bench.write(prepare)
    bench.now += timedelta(days=181)

    nothing = await run(bench, EVER)
    done = await run(bench)

    assert nothing == {}
    assert (done["reply_bodies"], done["provider_events"], done["sign_ins"]) == (1, 1, 1)
    assert await number(bench, select(func.count(Reply.id))) == 1
    [entry] = await bench.database.read(lambda conn: audit.entries(conn, None))
    assert (entry.act, entry.actor) == ("retention.run", "retention")
    assert entry.after == {"reply_bodies": 1, "provider_events": 1, "sign_ins": 1}


async def test_the_subject_of_an_answer_goes_with_its_words(bench: Bench) -> None:
    def prepare(conn: Connection) -> None:
        for handled in (bench.now, None):
            reply = make_mail(conn, bench.now)
            mine = update(Reply).where(Reply.id == reply)
            conn.execute(mine.values(handled_at=handled))
        earlier = make_mail(conn, bench.now)  # whose body went before subjects did
        mine = update(Reply).where(Reply.id == earlier)
        conn.execute(mine.values(handled_at=bench.now, body=""))

    await bench.write(prepare)
    bench.now += timedelta(days=181)
    done = await run(bench)

    assert done["reply_bodies"] == 2
    assert await number(bench, select(func.count()).select_from(ReplyMail)) == 1
    left = select(func.count()).join(ReplyMail).where(Reply.handled_at.is_(None))
    assert await number(bench, left.select_from(Reply)) == 1
    assert (await run(bench))["reply_bodies"] == 0


async def test_consent_goes_years_after_the_address_left_and_a_refusal_never(bench: Bench) -> None:
    def prepare(conn: Connection) -> None:
        make_contact(conn, "Amina", email=None)  # on the list
        make_standing(conn, "sms", "+16082001111")
        make_standing(conn, "sms", "+16082002222")
        words = {"source": "sms", "actor": "supporter", "evidence": "STOP"}
        consent.refuse(
            conn, "sms", "+16082002222", standing=Standing.OPTED_OUT, now=bench.now, **words
        )

    await bench.write(prepare)
    bench.now += timedelta(days=5 * 365 + 1)
    done = await run(bench)

    def left(conn: Connection) -> set[str]:
        return {
            *conn.scalars(select(Consent.address)),
            *conn.scalars(select(AddressStanding.address)),
        }

    addresses = await bench.database.read(left)
    assert done["consent"] == 1
    assert "+16082001111" not in addresses
    assert "+16082002222" in addresses
    assert len(addresses) == 2


async def test_whose_a_call_was_is_forgotten_after_its_time(bench: Bench) -> None:
    [amina] = await bench.contacts("Amina")

    def called(conn: Connection) -> None:
        action = make_action(conn)
        make_call(conn, action, amina, asked_at=bench.now)
        make_call(conn, action, amina, asked_at=bench.now - LATER)

    await bench.write(called)
    done = await run(bench)

    assert done["calls"] == 1
    assert await number(bench, select(func.count(Call.id))) == 2
    assert await number(bench, select(func.count(Call.contact_id))) == 1


async def test_what_an_organizer_answered_goes_with_what_it_answers(bench: Bench) -> None:
    def prepare(conn: Connection) -> None:
        reply = make_reply(conn, bench.now, make_chloe(conn))
        answer(conn, reply, wanted(conn, reply, "Come on Friday"), bench.now)

    await bench.write(prepare)
    bench.now += timedelta(seconds=11)
    await bench.work()
    bench.now += timedelta(days=181)

    done = await run(bench)

    words = select(func.count()).select_from(MessageText)
    assert (done["written_answers"], done["reply_bodies"]) == (1, 1)
    assert await number(bench, words) == 0
    assert await number(bench, select(func.count()).where(Care.acted != "")) == 0
    assert (await run(bench))["written_answers"] == 0
