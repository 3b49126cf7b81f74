"""Receipts in any order and number lead to the same end, and only ever upwards."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from contacts.consent import suppression
from contacts.models import Address, Channel
from messages import counts, links
from messages.expanding import expand_chunk
from messages.models import Delivery, Event, MessageStatus, Status
from messages.outcomes import advanced
from messages.providers.provider import Receipt, Verdict
from messages.receipts import RECEIPT, RawEvent, apply_waiting, store
from tests.builders import make_contact, make_message
from tests.doubles import NoJobs

SECRET = "s" * 64


def launched(conn: Connection, now: datetime, *, status: Status = Status.SENDING) -> Any:
    """One text on the wire; returns its row."""
    make_contact(conn, "Amina")
    message = make_message(
        conn, status=MessageStatus.SENDING, launched_at=now, starts_at=now, reach="sms"
    )
    while expand_chunk(conn, NoJobs(), message, now=now):
        pass
    row = conn.execute(select(Delivery).where(Delivery.message_id == message)).one()
    before = counts.place(message, row.channel, row.status, row.reason, row.zone_set_id)
    conn.execute(
        update(Delivery)
        .where(Delivery.id == row.id)
        .values(status=int(status), attempt=1, owner="me")
    )
    deltas = counts.Deltas()
    counts.moved(deltas, before, counts.place(message, row.channel, status, "", None))
    counts.apply(conn, deltas)
    return conn.execute(select(Delivery).where(Delivery.id == row.id)).one()


def twilio(row: Any, status: str, *, attempt: int = 1, **more: str) -> RawEvent:
    """A status callback as the door stores it."""
    payload = {
        "d": str(row.id),
        "a": str(attempt),
        "k": links.receipt_token(SECRET, row.id, attempt),
        "MessageSid": "SM1",
        "MessageStatus": status,
        **more,
    }
    return RawEvent("twilio", f"SM1:{status}:{more}", RECEIPT, payload)


def state(conn: Connection, row: Any) -> tuple[int, str]:
    found = conn.execute(
        select(Delivery.status, Delivery.reason).where(Delivery.id == row.id)
    ).one()
    return found.status, found.reason


def suppressed(conn: Connection, channel: Channel) -> str:
    rule = suppression(channel, Address.address.expression, ["network"])
    return conn.execute(select(rule).where(Address.channel == channel)).scalar_one()


def play(conn: Connection, events: list[RawEvent], now: datetime) -> None:
    """Every event in a transaction of its own, as callbacks come."""
    for event in events:
        store(conn, [event], now=now)
        apply_waiting(conn, secret=SECRET, now=now)


@pytest.mark.parametrize("order", list(itertools.permutations(["queued", "sent", "delivered"])))
def test_any_order_of_callbacks_ends_delivered(
    conn: Connection, now: datetime, order: tuple[str, ...]
) -> None:
    row = launched(conn, now)

    play(conn, [twilio(row, status) for status in order], now)

    assert state(conn, row) == (Status.DELIVERED, "")
    assert counts.kept(conn, [row.message_id]) == counts.counted(conn, row.message_id)


def test_event_stored_forty_six_times_is_one_event(conn: Connection, now: datetime) -> None:
    row = launched(conn, now)

    new = [len(store(conn, [twilio(row, "sent")], now=now)) for _ in range(46)]

    assert new == [1] + [0] * 45
    assert apply_waiting(conn, secret=SECRET, now=now) == 1
    assert apply_waiting(conn, secret=SECRET, now=now) == 0


def test_callback_that_overtakes_the_answer_settles_an_unknown(
    conn: Connection, now: datetime
) -> None:
    row = launched(conn, now, status=Status.UNKNOWN)

    play(conn, [twilio(row, "sent")], now)

    assert state(conn, row) == (Status.SENT, "")


def test_callback_of_an_earlier_attempt_says_nothing_about_this_one(
    conn: Connection, now: datetime
) -> None:
    row = launched(conn, now)
    conn.execute(update(Delivery).where(Delivery.id == row.id).values(attempt=2))

    play(conn, [twilio(row, "delivered", attempt=1)], now)

    assert state(conn, row) == (Status.SENDING, "")


def test_callback_with_a_forged_token_moves_nothing(conn: Connection, now: datetime) -> None:
    row = launched(conn, now)
    forged = twilio(row, "delivered")
    payload = {**forged.payload, "k": "A" * 16}

    play(conn, [RawEvent("twilio", "forged", RECEIPT, payload)], now)

    assert state(conn, row) == (Status.SENDING, "")


def test_one_end_never_replaces_another(conn: Connection, now: datetime) -> None:
    row = launched(conn, now)

    play(conn, [twilio(row, "delivered"), twilio(row, "undelivered", ErrorCode="30008")], now)

    assert state(conn, row) == (Status.DELIVERED, "")


def test_dead_number_is_remembered_and_its_other_copies_are_called_off(
    conn: Connection, now: datetime
) -> None:
    row = launched(conn, now)
    other = make_message(
        conn, status=MessageStatus.SENDING, launched_at=now, starts_at=now, reach="sms"
    )
    while expand_chunk(conn, NoJobs(), other, now=now):
        pass

    play(conn, [twilio(row, "undelivered", ErrorCode="30005")], now)

    reason = suppressed(conn, Channel.SMS)
    assert state(conn, row) == (Status.UNDELIVERED, "30005")
    assert reason not in ("", None)
    waiting = conn.execute(select(Delivery.status).where(Delivery.message_id == other)).scalar()
    assert waiting == Status.SKIPPED
    assert counts.kept(conn, [other]) == counts.counted(conn, other)


def test_email_complaint_without_our_marks_still_suppresses_the_address(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Chloe", email="chloe@example.org")
    payload = {"event": "spamreport", "email": "chloe@example.org", "timestamp": 1}

    play(conn, [RawEvent("sendgrid", "e1", RECEIPT, payload)], now)

    reason = suppressed(conn, Channel.EMAIL)
    assert reason == "complained"


def test_soft_block_is_a_failure_but_suppresses_nobody(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Chloe", email="chloe@example.org")
    payload = {
        "event": "bounce",
        "type": "blocked",
        "email": "chloe@example.org",
        "timestamp": 1,
    }

    play(conn, [RawEvent("sendgrid", "e2", RECEIPT, payload)], now)

    reason = suppressed(conn, Channel.EMAIL)
    assert reason == ""


def test_every_event_is_kept_raw(conn: Connection, now: datetime) -> None:
    row = launched(conn, now)

    play(conn, [twilio(row, "sent", RawDlrDoneDate="2611192130")], now)

    payload = conn.scalar(select(Event.payload))
    assert payload is not None
    assert payload["RawDlrDoneDate"] == "2611192130"


@given(st.permutations(list(Verdict) * 2), st.sampled_from(list(Status)))
def test_status_never_goes_down(verdicts: list[Verdict], start: Status) -> None:
    current = start
    for verdict in verdicts:
        step = advanced(current, attempt=1, receipt=Receipt(1, 1, "", verdict))
        if step is not None:
            assert step.status > current
            assert current < Status.DELIVERED
            current = step.status
