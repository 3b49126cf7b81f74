"""What is kept of followed copies is what their clicks and deliveries say, whatever came of them since."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, bindparam, create_engine, select, update

from contacts.models import Channel
from contacts.pairing import Agreed
from database.engine import driver_url
from messages import followed, links
from messages.audience import LEFT
from messages.clicks import Asked, record_click
from messages.eligibility import SHARED
from messages.erasing import erase
from messages.models import Click, Delivery, FollowedCopy, MessageKind, MessageStatus, Status
from messages.receipts import RECEIPT, RawEvent, apply_waiting, store
from messages.uniting import unite
from tests.builders import LONG_AGO, make_contact, make_delivery, make_message
from tests.messages.test_stop_races import beside

SECRET = "s" * 64
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LATER = timedelta(minutes=3)

Told = tuple[Any, ...]  # message, language, contact, when


def make_copy(conn: Connection, contact: int | None = None, **values: Any) -> int:
    """An email that its provider took long ago, if nothing else is said."""
    written: dict[str, Any] = {"status": MessageStatus.FINISHED, "expanded_at": LONG_AGO}
    message = make_message(conn, kind=MessageKind.CAMPAIGN, **written)
    told = {"status": Status.SENT, "language": "es", "channel": Channel.EMAIL, **values}
    return make_delivery(conn, message, contact or make_contact(conn), **told)


def visit(conn: Connection, copy: int, at: datetime, agent: str = FIREFOX) -> None:
    record_click(conn, copy, asked=Asked("GET", agent), now=at)


def come_back(conn: Connection, copy: int, now: datetime) -> None:
    """Its provider tells that it could not be delivered."""
    payload = {"d": str(copy), "a": "1", "k": links.receipt_token(SECRET, copy, 1)}
    told = {"MessageSid": f"SM{copy}", "MessageStatus": "undelivered", "ErrorCode": "30003"}
    store(conn, [RawEvent("twilio", f"SM{copy}", RECEIPT, {**payload, **told})], now=now)
    apply_waiting(conn, secret=SECRET, now=now)


def read(conn: Connection) -> list[Told]:
    """The followed copies of all messages, as a report reads them."""
    messages = {"messages": conn.scalars(select(Delivery.message_id)).all()}
    asked = followed.followed(bindparam("messages", expanding=True))
    found = [row for each in asked for row in conn.execute(each, messages).all()]
    return sorted(map(tuple, found), key=str)


def said(conn: Connection) -> list[Told]:
    """The same of each click and delivery, one after another."""
    found = []
    for copy in conn.execute(select(Delivery).where(Delivery.status.in_(LEFT))):
        clicks = conn.execute(
            select(Click.at, Click.sign).where(Click.delivery_id == copy.id)
        ).all()
        people = [at for at, sign in clicks if not sign]
        if clicks:
            first = min(people, default=None)
            found.append((copy.message_id, copy.language, copy.contact_id, first))
    return sorted(map(tuple, found), key=str)


def unsettled(conn: Connection) -> list[int]:
    return list(conn.scalars(select(FollowedCopy.delivery_id).where(FollowedCopy.unsettled)))


def test_the_first_visit_of_a_person_counts_beside_those_of_machines(
    conn: Connection, now: datetime
) -> None:
    copy = make_copy(conn)

    visit(conn, copy, now, agent="curl/8")
    assert [at for *_, at in read(conn)] == [None]
    for minutes in (5, 2, 9):
        visit(conn, copy, now + timedelta(minutes=minutes))

    assert [at for *_, at in read(conn)] == [now + timedelta(minutes=2)]
    assert read(conn) == said(conn)
    assert unsettled(conn) == []


def test_what_is_followed_before_its_provider_answers_counts_once_it_does(
    conn: Connection, now: datetime
) -> None:
    copy = make_copy(conn, status=Status.SENDING, language="")

    visit(conn, copy, now)
    before = read(conn)
    mine = update(Delivery).where(Delivery.id == copy)
    conn.execute(mine.values(status=int(Status.ACCEPTED), language="en"))

    assert before == []
    assert [language for _, language, *_ in read(conn)] == ["en"]
    assert unsettled(conn) == [copy]


def test_what_comes_back_counts_no_longer(conn: Connection, now: datetime) -> None:
    copy, other = make_copy(conn), make_copy(conn)
    for each in (copy, other):
        visit(conn, each, now)

    come_back(conn, copy, now)

    assert len(read(conn)) == 1
    assert read(conn) == said(conn)
    assert unsettled(conn) == [copy]


def test_of_two_who_are_one_each_copy_is_the_ones(conn: Connection, now: datetime) -> None:
    amina = make_contact(conn, "Amina", phone=None, email="amina@example.org")
    again = make_contact(conn, "Amina", phone="+16085550199", email=None)
    mine, theirs = make_copy(conn, amina), make_copy(conn, again, address="other@example.org")
    for each in (mine, theirs):
        visit(conn, each, now)

    unite(conn, Agreed("pair", by_phone=again, by_email=amina), now=now)

    assert [contact for _, _, contact, _ in read(conn)] == [amina, amina]
    assert set(conn.scalars(select(FollowedCopy.contact_id))) == {amina}


def test_nothing_is_kept_of_whoever_is_erased(conn: Connection, now: datetime) -> None:
    chloe = make_contact(conn, "Chloe")
    for each in (make_copy(conn, chloe), make_copy(conn)):
        visit(conn, each, now)

    erase(conn, chloe, now=now)

    assert len(read(conn)) == 1
    assert chloe not in set(conn.scalars(select(FollowedCopy.contact_id)))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_in_whichever_order_it_is_what_the_rows_say(
    conn: Connection, now: datetime, seed: int
) -> None:
    chance = random.Random(seed)
    people = [make_contact(conn, f"Person {number}") for number in range(4)]
    states = (Status.SENT, Status.SENT, Status.ACCEPTED, Status.SENDING, Status.UNKNOWN)
    copies = [make_copy(conn, each, status=chance.choice(states)) for each in people * 3]

    for _ in range(50):
        happen(conn, chance, chance.choice(copies), now + timedelta(seconds=chance.randrange(600)))
        assert read(conn) == said(conn)
    answer(conn, *copies)
    erase(conn, people[0], now=now)

    assert read(conn) == said(conn)


def happen(conn: Connection, chance: random.Random, copy: int, at: datetime) -> None:
    """Something that comes to a copy."""
    match chance.choice(("person", "person", "machine", "back", "answer")):
        case "person":
            visit(conn, copy, at)
        case "machine":
            visit(conn, copy, at, agent="curl/8")
        case "back":
            come_back(conn, copy, at)
        case "answer":
            answer(conn, copy)


def answer(conn: Connection, *copies: int) -> None:
    """Their provider says that it took what is still on the wire."""
    open_ = Delivery.status.in_((Status.SENDING, Status.UNKNOWN))
    mine = update(Delivery).where(Delivery.id.in_(copies), open_)
    conn.execute(mine.values(status=int(Status.SENT)))


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    made = create_engine(driver_url(postgres_url))
    yield made
    made.dispose()


def test_a_copy_that_comes_back_while_it_is_followed_does_not_count(
    engine: Engine, now: datetime
) -> None:
    with engine.begin() as conn:
        copy = make_copy(conn)

    with engine.connect() as first:
        come_back(first, copy, now)
        beside(engine, first, lambda second: visit(second, copy, now))

    with engine.connect() as conn:
        assert (read(conn), unsettled(conn)) == ([], [copy])


def test_two_visits_of_a_copy_at_once_are_both_seen(engine: Engine, now: datetime) -> None:
    with engine.begin() as conn:
        copy = make_copy(conn)

    with engine.connect() as first:
        visit(first, copy, now)
        beside(engine, first, lambda second: visit(second, copy, now + LATER))

    with engine.connect() as conn:
        assert [at for *_, at in read(conn)] == [now]


def test_a_receipt_before_the_answer_leaves_the_language_to_be_asked(
    conn: Connection, now: datetime
) -> None:
    copy = make_copy(conn, language="", lease_until=now + LATER)  # a receipt has moved it already
    visit(conn, copy, now)
    conn.execute(
        update(Delivery).where(Delivery.id == copy).values(language="es", lease_until=None)
    )

    assert read(conn) == said(conn)
    assert [each[1] for each in read(conn)] == ["es"]


def test_a_copy_that_is_handed_on_names_nobody_who_was_erased(
    conn: Connection, now: datetime
) -> None:
    phone = "+16082990077"
    ada, ben = make_contact(conn, "Ada", phone=phone), make_contact(conn, "Ben", phone=phone)
    live: dict[str, Any] = {"launched_at": now, "starts_at": now, "expanded_at": now}
    message = make_message(conn, status=MessageStatus.SENDING, **live)
    copy = make_delivery(conn, message, ada, address=phone, status=Status.UNKNOWN)
    make_delivery(conn, message, ben, address=None, status=Status.SKIPPED, reason=SHARED)
    visit(conn, copy, now)
    conn.execute(update(Delivery).where(Delivery.id == copy).values(status=Status.PENDING))

    erase(conn, ada, now=now)

    assert ada not in conn.scalars(select(FollowedCopy.contact_id)).all()
    assert read(conn) == said(conn)
