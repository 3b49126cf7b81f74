"""What bounces for good, or is marked as spam, is refused at once; what comes back for a while by a rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from contacts import consent
from contacts.consent import standings
from contacts.ledger import LIFTED
from contacts.models import Consent, Standing
from messages import complaints, counts, links, troubles
from messages.complaints import HELD, TOO_MANY, Rate
from messages.models import Delivery, Message, MessageStatus, Status
from messages.reach_models import MailTrouble
from messages.receipts import RECEIPT, RawEvent, apply_waiting, store
from messages.troubles import NotSoft, SoftRule
from tests.builders import make_contact, make_delivery, make_message, make_standing

SECRET = "s" * 64
EMAIL = "ana@example.org"
PAIR = ("email", EMAIL)
_keys = count()


def emailed(conn: Connection, contact: int | None, now: datetime, **values: Any) -> Any:
    """A copy that left by email; its row."""
    message = values.pop("message", None) or make_message(
        conn, status=MessageStatus.SENDING, launched_at=now, starts_at=now, reach="email"
    )
    address = values.pop("address", EMAIL)
    made = make_delivery(
        conn, message, contact, channel="email", address=address, status=Status.ACCEPTED
    )
    deltas = counts.Deltas()
    deltas[counts.place(message, "email", Status.ACCEPTED, "", None)] += 1
    counts.apply(conn, deltas)
    return conn.execute(select(Delivery).where(Delivery.id == made)).one()


def happen(conn: Connection, row: Any, event: str, now: datetime, **more: str) -> None:
    """SendGrid tells us something of a copy."""
    payload = {
        "event": event,
        "email": row.address,
        "d": str(row.id),
        "a": str(row.attempt),
        "k": links.receipt_token(SECRET, row.id, row.attempt),
        **more,
    }
    store(conn, [RawEvent("sendgrid", f"k{next(_keys)}", RECEIPT, payload)], now=now)
    apply_waiting(conn, secret=SECRET, now=now)


def blocked(conn: Connection, row: Any, now: datetime) -> None:
    happen(conn, row, "bounce", now, type="blocked", status="4.2.2")


def refused(conn: Connection) -> Standing | None:
    return standings(conn, [PAIR]).refused.get(PAIR)


def soft(conn: Connection, now: datetime, *days: int) -> None:
    """An email of its own came back on each of these days."""
    ana = make_contact(conn, "Ana", phone=None, email=EMAIL)
    for day in days:
        at = now + timedelta(days=day)
        blocked(conn, emailed(conn, ana, at), at)


@pytest.mark.parametrize(
    ("event", "more", "standing"),
    [
        ("bounce", {"type": "bounce", "status": "5.1.1"}, Standing.BOUNCED),
        ("spamreport", {}, Standing.COMPLAINED),
        ("dropped", {"reason": "Bounced Address"}, Standing.BOUNCED),
        ("bounce", {"type": "blocked", "status": "5.7.1"}, None),
        ("bounce", {"type": "bounce", "bounce_classification": "Reputation"}, None),
    ],
)
def test_what_is_final_is_refused_at_once(
    conn: Connection, now: datetime, event: str, more: dict[str, str], standing: Standing | None
) -> None:
    row = emailed(conn, make_contact(conn, "Ana", phone=None, email=EMAIL), now)

    happen(conn, row, event, now, **more)

    assert refused(conn) is standing


def test_a_trouble_told_twice_is_one(conn: Connection, now: datetime) -> None:
    row = emailed(conn, make_contact(conn, "Ana", phone=None, email=EMAIL), now)

    for _ in range(3):
        happen(conn, row, "spamreport", now)

    assert conn.scalar(select(func.count()).select_from(MailTrouble)) == 1
    assert complaints.rates(conn, [row.message_id])[row.message_id].complaints == 1


@pytest.mark.parametrize(
    ("days", "worn"),
    [
        ((0, 3, 7), True),
        ((0, 3, 6), False),  # a week it is not
        ((0, 9), False),  # two emails only
        ((0, 80, 160), False),  # the first is forgotten
    ],
)
def test_a_mailbox_from_which_emails_keep_coming_back_is_refused(
    conn: Connection, now: datetime, days: tuple[int, ...], *, worn: bool
) -> None:
    soft(conn, now, *days)
    later = now + timedelta(days=days[-1])

    assert troubles.refuse_worn_out(conn, SoftRule(), now=later) == int(worn)
    assert (refused(conn) is Standing.BOUNCED) == worn
    assert troubles.refuse_worn_out(conn, SoftRule(), now=later) == 0  # and only once


@pytest.mark.parametrize(
    "more",
    [
        {"type": "blocked", "status": "5.7.1", "bounce_classification": "Reputation"},
        {"type": "blocked", "status": "5.2.0", "bounce_classification": "Reputation"},
        {"type": "bounce", "status": "5.6.0", "bounce_classification": "Content"},
        {"type": "bounce", "status": "5.0.0"},
        {"type": "blocked", "status": "4.4.7", "bounce_classification": "Technical Failure"},
        {"type": "blocked"},
    ],
)
def test_what_a_provider_has_against_us_wears_out_no_mailbox(
    conn: Connection, now: datetime, more: dict[str, str]
) -> None:
    ana = make_contact(conn, "Ana", phone=None, email=EMAIL)
    for day in (-20, -15, -10, -5, 0):
        at = now + timedelta(days=day)
        happen(conn, emailed(conn, ana, at), "bounce", at, **more)

    assert len(troubles.evidence(conn, EMAIL)) == 5
    assert troubles.worn_out(conn, SoftRule(), now=now) == []


def test_an_email_that_arrived_forgives_what_came_back_before(
    conn: Connection, now: datetime
) -> None:
    soft(conn, now, -30, -20)
    ana = conn.scalar(select(Delivery.contact_id).limit(1))
    arrived = now - timedelta(days=15)
    happen(conn, emailed(conn, ana, arrived), "delivered", arrived)

    for day in (-10, -5):
        at = now + timedelta(days=day)
        blocked(conn, emailed(conn, ana, at), at)
    assert troubles.worn_out(conn, SoftRule(), now=now) == []

    blocked(conn, emailed(conn, ana, now), now)
    assert troubles.worn_out(conn, SoftRule(), now=now) == [(EMAIL, 3)]


def test_one_email_that_comes_back_thrice_counts_once(conn: Connection, now: datetime) -> None:
    row = emailed(conn, make_contact(conn, "Ana", phone=None, email=EMAIL), now)
    for day in (0, 4, 9):
        blocked(conn, row, now + timedelta(days=day))

    assert troubles.worn_out(conn, SoftRule(), now=now + timedelta(days=9)) == []


def test_what_waits_for_a_worn_out_mailbox_is_called_off(conn: Connection, now: datetime) -> None:
    soft(conn, now, -8, -4, 0)
    message = make_message(conn, status=MessageStatus.SENDING)
    waiting = make_delivery(conn, message, None, channel="email", address=EMAIL)

    troubles.refuse_worn_out(conn, SoftRule(), now=now)

    row = conn.execute(select(Delivery).where(Delivery.id == waiting)).one()
    assert (row.status, row.reason) == (Status.SKIPPED, "bounced")


def test_a_person_lifts_what_came_back_for_a_while(conn: Connection, now: datetime) -> None:
    soft(conn, now, -8, -4, 0)
    troubles.refuse_worn_out(conn, SoftRule(), now=now)
    assert troubles.is_soft(conn, EMAIL)

    troubles.lift_soft(conn, EMAIL, actor="organizer:1", now=now)

    assert refused(conn) is None
    assert troubles.worn_out(conn, SoftRule(), now=now) == []  # what came back before is forgiven
    last = conn.execute(select(Consent).order_by(Consent.id.desc()).limit(1)).one()
    assert (last.source, last.actor) == (LIFTED, "organizer:1")
    assert len(troubles.evidence(conn, EMAIL)) == 3


def test_lifting_gives_nobody_a_consent_they_never_gave(conn: Connection, now: datetime) -> None:
    soft(conn, now, -8, -4, 0)
    consent.refuse(
        conn, "email", "other@example.org", standing=Standing.BOUNCED,
        source=troubles.SOFT_SOURCE, evidence="", actor="llamado", now=now,
    )  # fmt: skip

    troubles.lift_soft(conn, "other@example.org", actor="organizer:1", now=now)

    found = standings(conn, [("email", "other@example.org")])
    assert found.by_pair == {}


@pytest.mark.parametrize("standing", [Standing.COMPLAINED, Standing.OPTED_OUT, Standing.BOUNCED])
def test_nothing_else_is_lifted(conn: Connection, now: datetime, standing: Standing) -> None:
    soft(conn, now, -8, -4, 0)
    troubles.refuse_worn_out(conn, SoftRule(), now=now)
    consent.refuse(
        conn, *PAIR, standing=standing, source="provider", evidence="", actor="provider", now=now
    )

    with pytest.raises(NotSoft):
        troubles.lift_soft(conn, EMAIL, actor="organizer:1", now=now)
    assert refused(conn) is standing


def test_a_mailbox_refused_for_another_reason_is_left_alone(
    conn: Connection, now: datetime
) -> None:
    soft(conn, now, -8, -4, 0)
    make_standing(conn, "email", EMAIL, Standing.OPTED_OUT)

    assert troubles.worn_out(conn, SoftRule(), now=now) == []


# Complaints


def delivered_to(conn: Connection, now: datetime, people: int, **values: Any) -> tuple[int, Any]:
    """A message that so many people have, and one of its copies for each who may complain."""
    message = make_message(
        conn,
        status=MessageStatus.SENDING,
        launched_at=now,
        starts_at=now,
        reach="email",
        **values,
    )
    deltas = counts.Deltas()
    deltas[counts.place(message, "email", Status.DELIVERED, "", None)] += people
    counts.apply(conn, deltas)
    return message, [
        emailed(conn, None, now, message=message, address=f"p{number}.{message}@example.net")
        for number in range(12)
    ]


def status(conn: Connection, message: int) -> tuple[str, str]:
    found = conn.execute(
        select(Message.status, Message.paused_because).where(Message.id == message)
    ).one()
    return found.status, found.paused_because


@pytest.mark.parametrize(
    ("people", "complained", "stopped"),
    [(1_000, 2, False), (1_000, 3, True), (1_001, 3, False), (90, 3, False), (2_000, 6, True)],
)
def test_a_message_that_too_many_mark_as_spam_pauses(
    conn: Connection, now: datetime, people: int, complained: int, *, stopped: bool
) -> None:
    message, copies = delivered_to(conn, now, people)

    for row in copies[:complained]:
        happen(conn, row, "spamreport", now)

    found, because = status(conn, message)
    assert (found == MessageStatus.PAUSED) == stopped
    if stopped:
        assert because == TOO_MANY.format(delivered=f"{people:,}", complaints=complained)
        [hold] = complaints.held(conn)
        assert (hold.domain, hold.message_id) == ("example.org", message)


def test_an_urgent_message_goes_on_and_holds_its_senders_planned_mail(
    conn: Connection, now: datetime
) -> None:
    message, copies = delivered_to(conn, now, 1_000, urgent=True)
    part, of_part = delivered_to(conn, now, 1_000, urgent=True, part_of=message)

    for row in of_part[:3]:
        happen(conn, row, "spamreport", now)

    assert status(conn, part) == (MessageStatus.SENDING, "")
    assert [each.message_id for each in complaints.held(conn)] == [part]
    told = complaints.urgent_ones(conn, [message])[message].warning
    assert told.startswith("Of 1,000 people who got it by email, 3 marked it as spam. It goes on")

    for row in copies[:3]:
        happen(conn, row, "spamreport", now)
    assert status(conn, message) == (MessageStatus.SENDING, "")
    complaints.let_go_on(conn, "example.org", by="organizer:1", now=now)
    assert complaints.urgent_ones(conn, [message]) == {}


@pytest.mark.parametrize("reported", [0, 1, 400])
def test_by_a_mail_server_complaints_are_a_share_of_what_it_took(
    conn: Connection, now: datetime, reported: int
) -> None:
    """A mail server reports hardly an arrival, so "delivered" of one copy says nothing of the others."""
    message = make_message(conn, status=MessageStatus.SENDING, launched_at=now, reach="email")
    deltas = counts.Deltas()
    deltas[counts.place(message, "email", Status.ACCEPTED, "", None)] += 990 - reported
    deltas[counts.place(message, "email", Status.DELIVERED, "", None)] += reported
    counts.apply(conn, deltas)
    copies = [
        emailed(conn, None, now, message=message, address=f"p{number}@example.net")
        for number in range(10)
    ]

    for row in copies[:3]:
        happen(conn, row, "spamreport", now)

    assert complaints.rates(conn, [message])[message].delivered == 1_000
    assert status(conn, message)[0] == MessageStatus.PAUSED


def test_a_share_below_warns_only() -> None:
    assert Rate(complaints=3, delivered=2_000).warns
    assert not Rate(complaints=3, delivered=2_000).stops
    assert not Rate(complaints=2, delivered=300).warns  # too few to tell
    assert not Rate(complaints=3, delivered=4_000).warns
    assert Rate(complaints=3, delivered=1_000).percent == 0.3


def test_who_resumes_is_asked_again_only_by_new_complaints(conn: Connection, now: datetime) -> None:
    message, copies = delivered_to(conn, now, 500)
    for row in copies[:3]:
        happen(conn, row, "spamreport", now)
    assert status(conn, message)[0] == MessageStatus.PAUSED
    conn.execute(update(Message).values(status=MessageStatus.SENDING, paused_because=""))

    happen(conn, copies[3], "spamreport", now)
    assert status(conn, message)[0] == MessageStatus.SENDING
    deltas = counts.Deltas()
    deltas[counts.place(message, "email", Status.DELIVERED, "", None)] += 500
    counts.apply(conn, deltas)
    for row in copies[4:7]:
        happen(conn, row, "spamreport", now)
    assert status(conn, message)[0] == MessageStatus.PAUSED


def test_rates_by_domain_add_up_what_its_messages_met(conn: Connection, now: datetime) -> None:
    for sender in ("A <a@madison.example.org>", "b@madison.example.org", "c@bangor.example.org"):
        _, copies = delivered_to(conn, now, 200, email_sender=sender)
        happen(conn, copies[0], "spamreport", now)
    delivered_to(conn, now - timedelta(days=31), 900, email_sender="a@madison.example.org")

    found = complaints.rates_by_domain(conn, now=now)

    assert found["madison.example.org"] == Rate(complaints=2, delivered=400)
    assert found["bangor.example.org"] == Rate(complaints=1, delivered=200)


def test_holds_end_by_a_persons_word(conn: Connection, now: datetime) -> None:
    _, copies = delivered_to(conn, now, 100)
    for row in copies[:3]:
        happen(conn, row, "spamreport", now)
    [hold] = complaints.held(conn, ["example.org"])
    assert hold.because == HELD.format(domain="example.org", complaints=3, delivered=100)

    assert complaints.let_go_on(conn, "example.org", by="organizer:1", now=now) == 1
    assert complaints.held(conn) == []
    assert complaints.let_go_on(conn, "example.org", by="organizer:1", now=now) == 0
