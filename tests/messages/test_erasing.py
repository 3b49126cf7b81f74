"""Erasing a person leaves a keyed hash and numbers: nothing else, in no row and in no byte of the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, MetaData, delete, insert, make_url, select, text, update

from actions import responses
from actions.models import Outcome
from actions.office_models import Stance
from actions.reports import Heard, suggest
from actions.staffers import Aide
from contacts import consent
from contacts.erased import AskedToBeErased
from contacts.imports import preview, run
from contacts.models import (
    Address,
    AddressStanding,
    Channel,
    Contact,
    Import,
    ImportChange,
    Standing,
    SuppressedHash,
)
from contacts.people import NoSuchContact, Person, create_contact, update_contact
from contacts.preferences import Preferences, prefer
from contacts.scanning import ImportOptions, scan
from contacts.sign_ups import Wish, remember
from database.engine import is_sqlite
from database.opening import Opened, scrubbed
from database.tables import Base
from messages import erasing, keeping, troubles
from messages.answering import write_answer
from messages.call_models import Call, CallStep
from messages.clicks import record_click
from messages.control import NotNow
from messages.doubts import BLANK
from messages.holdings import held_on
from messages.models import Delivery, Doubt, Event, MessageStatus, Reply, Status
from messages.prompt_models import Prompt, PromptKind
from messages.providers.outbox import Kept
from messages.providers.provider import Ticket, Trouble
from messages.reach_models import ListDifference
from messages.receipts import INBOUND, RECEIPT, RawEvent, store
from messages.unknowns import approve_another_send
from tests.builders import (
    address_of,
    make_action,
    make_call,
    make_contact,
    make_enrolment,
    make_membership,
    make_project,
    make_standing,
    make_tag,
)
from tests.doubles import NoJobs
from tests.messages.test_answering import HOUSE, wanted
from tests.messages.test_sending import Bench

PHONE, EMAIL = "+16084443322", "guadalupe.quezada@example.org"
OLD_EMAIL = "lupita.antes@example.net"
TRACES = ("guadalupe", "quezada", "6084443322", "lupita", "vine a la vigilia", "cuarenta llamadas")


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


def everywhere(conn: Connection, bench: Bench, message_id: int, contact_id: int) -> None:
    """Put traces of a person wherever the product may put them."""
    said: Any = {"evidence": "Guadalupe: vine a la vigilia", "source": "sms", "actor": "supporter"}
    for channel, address in (("sms", PHONE), ("email", EMAIL)):
        consent.grant(conn, channel, address, now=bench.now, **said)
    delivery_id = conn.scalar(
        select(Delivery.id).where(Delivery.contact_id == contact_id, Delivery.channel == "sms")
    )
    conn.execute(update(Delivery).where(Delivery.id == delivery_id).values(provider_id="SM1"))
    ticket = Ticket(delivery_id or 0, 1, "token")
    shown = Kept(ticket, "sms", "+16085550100", PHONE, "", "Guadalupe, call now", "", {"To": PHONE})
    keeping.keep(conn, [shown], now=bench.now)
    body = "Soy Guadalupe Quezada, hice cuarenta llamadas"
    raw = [
        RawEvent("twilio", "SM1:sent", RECEIPT, {"To": PHONE, "MessageSid": "SM1"}),
        RawEvent("twilio", "SM2", INBOUND, {"From": PHONE, "Body": body}),
        RawEvent("sendgrid", "<a@b>", INBOUND, {"from": f"G Quezada <{EMAIL.upper()}>"}),
    ]
    events = store(conn, raw, now=bench.now)
    conn.execute(update(Event).where(Event.id.in_(events)).values(applied_at=bench.now))
    reply = {"channel": "sms", "address": PHONE, "contact_id": contact_id, "body": body}
    more = {"verdict": "other", "received_at": bench.now, "handled_by": ""}
    conn.execute(insert(Reply).values(**reply, **more, message_id=message_id))
    action = make_action(conn)
    told = responses.record(
        conn, action, contact_id=contact_id, target="us:house:WI:2", outcome=Outcome.SPOKE,
        channel="web", note="Guadalupe hizo cuarenta llamadas", now=bench.now,
    )  # fmt: skip
    heard = Heard(stance=Stance.WILL_LOOK, aide=Aide(name="Ana, a Guadalupe Quezada"))
    suggest(conn, told, heard, now=bench.now)
    make_call(conn, action, contact_id, phone=PHONE, zip="53703")
    make_standing(conn, "email", OLD_EMAIL, Standing.BOUNCED)
    noted = troubles.Noted(delivery_id or 0, message_id, EMAIL, Trouble.SOFT, "4.2.2")
    troubles.note(conn, [noted], now=bench.now)
    kept = {"name": "bounces", "channel": "email", "address": EMAIL, "found_at": bench.now}
    conn.execute(insert(ListDifference).values(**kept, clearing_by="", failed=""))
    imported = conn.scalar(
        insert(Import)
        .values(
            filename="list.csv", sha256="0", consent="at the fair", counts={}, actor="test",
            created_at=bench.now,
        )
        .returning(Import.id)
    )  # fmt: skip
    conn.execute(
        insert(ImportChange).values(
            import_id=imported,
            contact_id=contact_id,
            before={"emails": [OLD_EMAIL], "given_name": "Lupita"},
            after={"emails": [EMAIL], "given_name": "Guadalupe"},
        )
    )


async def known(bench: Bench) -> tuple[int, int]:
    """Guadalupe, who got an alert, and everything that came of it."""
    [contact_id] = await bench.contacts(
        "Guadalupe", family_name="Quezada", phone=PHONE, email=EMAIL
    )
    await bench.contacts("Ben")
    message = await bench.launch()
    await bench.work()
    await bench.write(everywhere, bench, message, contact_id)
    return contact_id, message


async def erase(bench: Bench, contact_id: int) -> erasing.Erasure:
    found: erasing.Erasure = await bench.write(erasing.erase, contact_id, now=bench.now)
    return found


async def traces(opened: Opened) -> list[str]:
    """Where anything of her still stands: in the bytes of the file and its log, or in any row."""
    if is_sqlite(opened.url):
        path = Path(make_url(opened.url).database or "")
        raw = [each.read_bytes().lower() for each in path.parent.glob(f"{path.name}*")]
        return [word for word in TRACES if any(word.encode() in content for content in raw)]
    rows = "\n".join(await opened.database.read(lambda conn: list(dumped(conn)))).lower()
    return [word for word in TRACES if word in rows]


def dumped(conn: Connection) -> Iterator[str]:
    """Every row of every table there is, as text, ours or not."""
    found = MetaData()
    found.reflect(conn)
    for name in found.tables:
        yield from (str(row[0]) for row in conn.execute(text(f'SELECT t::text FROM "{name}" t')))


async def test_neither_a_row_nor_a_byte_of_the_file_tells_of_an_erased_person(
    bench: Bench, opened: Opened
) -> None:
    contact_id, message = await known(bench)
    assert await traces(opened) == list(TRACES)

    done = await erase(bench, contact_id)
    clean = await scrubbed(bench.database)

    assert clean
    assert await traces(opened) == []
    assert done == erasing.Erasure(addresses=3, shared=0, copies=2, called_off=0)
    found = await bench.progress(message)
    assert found.equation.balanced
    assert found.equation.sent == 4
    assert await bench.counts_agree(message)


async def test_only_hashes_are_left(bench: Bench) -> None:
    contact_id, _ = await known(bench)

    await erase(bench, contact_id)

    left = await bench.database.read(lambda conn: conn.execute(select(SuppressedHash)).all())
    assert sorted(row.channel for row in left) == ["email", "email", "sms"]
    assert all(len(row.hash) == 64 and row.since == bench.now for row in left)
    with pytest.raises(NoSuchContact):
        await erase(bench, contact_id)


async def test_calls_of_an_erased_person_only_count(bench: Bench) -> None:
    contact_id, _ = await known(bench)

    await erase(bench, contact_id)

    def left(conn: Connection) -> list[Any]:
        columns = (Call.contact_id, Call.phone, Call.zip, Call.minutes)
        return [tuple(row) for row in conn.execute(select(*columns))]

    assert await bench.database.read(left) == [(None, None, "", 4)]
    assert await bench.database.read(lambda conn: conn.execute(select(CallStep.step)).all()) == []


async def test_waiting_copy_of_an_erased_person_is_called_off_and_counted(bench: Bench) -> None:
    [contact_id] = await bench.contacts("Guadalupe", phone=PHONE, email=EMAIL)
    await bench.contacts("Ben")
    message = await bench.launch(undo_seconds=60)
    await bench.work()

    done = await erase(bench, contact_id)
    bench.now += timedelta(seconds=60)
    await bench.work()

    found = await bench.progress(message)
    assert done.called_off == 2
    assert PHONE not in bench.texts.addresses
    assert found.status == MessageStatus.FINISHED
    assert found.equation.balanced
    assert await bench.counts_agree(message)


async def test_nobody_is_erased_while_their_copy_is_on_the_wire(bench: Bench) -> None:
    [contact_id] = await bench.contacts("Guadalupe", phone=PHONE, email=None)
    await bench.launch()
    refused: list[NotNow] = []

    async def erase_now(_items: Any) -> None:
        with pytest.raises(NotNow) as told:
            await erase(bench, contact_id)
        refused.append(told.value)

    bench.texts.before_answering = erase_now
    await bench.work()

    assert [str(each) for each in refused] == [erasing.ON_THE_WIRE]


async def test_nobody_is_erased_while_an_alert_is_written_out(bench: Bench) -> None:
    [contact_id] = await bench.contacts("Guadalupe")
    await bench.launch()

    with pytest.raises(NotNow, match="written out"):
        await erase(bench, contact_id)


async def test_receipt_that_waits_is_taken_in_first(bench: Bench) -> None:
    [contact_id] = await bench.contacts("Guadalupe", phone=PHONE)
    event = RawEvent("twilio", "SM9:sent", RECEIPT, {"To": PHONE})
    await bench.write(store, [event], now=bench.now)

    with pytest.raises(NotNow, match="receipts"):
        await erase(bench, contact_id)


async def test_housemate_keeps_the_shared_phone_and_gets_the_copy_that_waited_for_it(
    bench: Bench,
) -> None:
    contact_id, housemate = await bench.contacts("Guadalupe", "Ben", phone=PHONE, email=None)
    message = await bench.launch(undo_seconds=60)
    await bench.work()

    done = await erase(bench, contact_id)
    bench.now += timedelta(seconds=60)
    await bench.work()

    assert (done.shared, done.addresses, done.called_off) == (1, 0, 0)
    assert bench.texts.addresses == [PHONE]
    assert "Ben" in bench.texts.bodies[PHONE]
    assert await bench.counts_agree(message)
    assert (await bench.progress(message)).equation.balanced

    def of_housemate(conn: Connection) -> tuple[str | None, Any]:
        held = select(AddressStanding.standing).where(AddressStanding.address == PHONE)
        return address_of(conn, housemate, Channel.SMS), conn.scalar(held)

    assert await bench.database.read(of_housemate) == (PHONE, Standing.GRANTED)


async def test_unknown_copy_of_an_erased_person_cannot_be_sent_again(bench: Bench) -> None:
    contact_id, _ = await known(bench)

    def lose(conn: Connection) -> int:
        mine = (Delivery.contact_id == contact_id, Delivery.channel == "sms")
        found = update(Delivery).where(*mine).values(status=int(Status.UNKNOWN))
        return conn.execute(found.returning(Delivery.id)).scalar_one()

    delivery = await bench.write(lose)
    await erase(bench, contact_id)

    with pytest.raises(NotNow, match="nobody knows any more"):
        await bench.write(
            approve_another_send, bench.jobs, delivery, by="organizer:1", now=bench.now
        )


def erased_person(conn: Connection, now: datetime) -> None:
    erasing.erase(conn, make_contact(conn, "Guadalupe", phone=PHONE, email=EMAIL), now=now)


def test_erased_address_is_refused_in_whatever_spelling(conn: Connection, now: datetime) -> None:
    erased_person(conn, now)
    ben = make_contact(conn, "Ben")

    with pytest.raises(AskedToBeErased):
        create_contact(conn, Person(given_name="G", phone="(608) 444-3322"), now=now)
    with pytest.raises(AskedToBeErased):
        update_contact(conn, ben, Person(email="Guadalupe.Quezada@Example.org"), now=now)


def test_import_leaves_out_rows_of_erased_people_and_says_so(
    conn: Connection, now: datetime
) -> None:
    erased_person(conn, now)
    lines = ["name,phone,email", "G,608-444-3322,new@example.org", "Ben,608-200-1234,b@example.org"]
    scanned = scan("\n".join(lines).encode(), options=ImportOptions(consent="at the fair"))

    foreseen = preview(conn, scanned)
    report = run(conn, scanned, actor="test", now=now)

    for each in (foreseen, report):
        assert (each.erased_rows, each.created, each.consents) == (1, 1, 2)
        [row] = each.erased
        assert (row.row, row.field) == (2, "phone")
        assert row.sentence == "asked to be erased on 2026-11-19"
    assert conn.scalars(select(Address.address).where(Address.address == PHONE)).all() == []
    assert conn.scalar(select(Contact.id).where(Contact.given_name == "G")) is None


def test_no_report_of_somebody_else_gives_an_erased_address_a_consent(
    conn: Connection, now: datetime
) -> None:
    erased_person(conn, now)
    told: Any = {
        "source": "organizer",
        "evidence": "at the fair",
        "actor": "organizer:1",
        "now": now,
    }

    opened = consent.grant_unless_refused(conn, [("sms", PHONE), ("sms", "+16082001234")], **told)
    consent.refuse(conn, "sms", PHONE, standing=Standing.OPTED_OUT, **told)

    assert opened == 1
    held = conn.scalars(select(AddressStanding.address)).all()
    assert held == ["+16082001234"]


def test_person_who_writes_to_us_again_is_with_us_again(conn: Connection, now: datetime) -> None:
    erased_person(conn, now)

    said: Any = {"source": "sms", "evidence": "START", "actor": "supporter", "now": now}
    consent.grant(conn, "sms", PHONE, **said)

    assert create_contact(conn, Person(given_name="G", phone=PHONE), now=now)


def test_hash_is_keyed_and_the_same_in_no_other_installation(
    conn: Connection, now: datetime
) -> None:
    erased_person(conn, now)
    before = set(conn.scalars(select(SuppressedHash.hash)))

    conn.execute(delete(SuppressedHash))
    conn.execute(text("DELETE FROM secrets WHERE name = 'suppression'"))
    erased_person(conn, now)

    assert before.isdisjoint(conn.scalars(select(SuppressedHash.hash)))


# Which tables may tell of a person, and what becomes of it; a new one fails the test.
SEEN_TO = {
    "addresses": "goes with the contact",
    "memberships": "goes with the contact",
    "contact_tags": "goes with the contact",
    "import_changes": "goes with the contact; others' by address",
    "deliveries": "stays without contact, address, provider's number",
    "clicks": "deleted by delivery",
    "followed_copies": "deleted by delivery",
    "outbox": "deleted by delivery",
    "mail_troubles": "deleted by address",
    "list_differences": "deleted by address",
    "doubts": "closed: attempts and times of a copy that is nobody's",
    "replies": "deleted by contact and address",
    "sign_ups": "go with the contact; others' by address",
    "preferences": "go with the contact",
    "prompts": "go with the contact",
    "series_enrolments": "stay as somebody's",
    "series_copies": "the same: what became of a step",
    "responses": "stays, as somebody's",
    "office_reports": "deleted with what they told, unless confirmed",
    "staffers": "aides of offices, not whom we write to",
    "calls": "stay as nobody's, without number; what was said in them is deleted",
    "consents": "deleted by address",
    "address_standings": "deleted by address",
    "events": "texts and emails deleted, receipts emptied, by address",
    "custom_targets": "offices, not people's",
    "members": "members of Congress",
    "offices": "their offices",
    "pictures": "what emails show; its address is that of the file",
    "organizers": "who work here, not whom we write to",
    "door_links": "the same, invited",
    "staff_hours": "of people who work on an alert, for the yearly report",
}


def test_every_column_that_may_tell_of_a_person_is_seen_to() -> None:
    telling = {
        "contact_id",
        "delivery_id",
        "address",
        "phone",
        "who",
        "email",
        "payload",
        "evidence",
    }
    found = {
        table.name
        for table in Base.metadata.tables.values()
        if any(
            column.name in telling
            or any(
                key.column.table.name in ("contacts", "deliveries") for key in column.foreign_keys
            )
            for column in table.columns
        )
    }

    assert found == set(SEEN_TO)


# Where each table's part stands in what a person gets on asking; or why it does not.
TOLD_IN = {
    "addresses": "addresses",
    "memberships": "projects",
    "contact_tags": "tags",
    "import_changes": "changed_by_imports",
    "deliveries": "messages",
    "clicks": "clicks",
    "followed_copies": "clicks",
    "outbox": "shown_copies",
    "doubts": "lost_answers",
    "mail_troubles": "email_troubles",
    "list_differences": "kept_back_by_the_provider",
    "replies": "replies",
    "responses": "calls",
    "office_reports": "heard_at_offices",
    "calls": "connected_calls",
    "consents": "consent",
    "sign_ups": "sign_ups",
    "preferences": "preferences",
    "prompts": "reminders",
    "series_enrolments": "series",
    "series_copies": "series",
    "address_standings": "may_be_written_to",
    "events": "provider_events",
}
OTHERS = {
    "custom_targets",
    "door_links",
    "members",
    "offices",
    "organizers",
    "pictures",
    "staff_hours",
    "staffers",
}


async def test_everything_held_on_a_person_is_told(bench: Bench) -> None:
    contact_id, message = await known(bench)

    def leave_more(conn: Connection) -> None:
        mine = (Delivery.contact_id == contact_id, Delivery.channel == "sms")
        delivery = conn.execute(select(Delivery.id, Delivery.attempt).where(*mine)).one()
        record_click(conn, delivery.id, now=bench.now)
        times = {"claimed_at": bench.now, "noted_at": bench.now}
        lost = {**BLANK, **times, "delivery_id": delivery.id, "attempt": delivery.attempt}
        conn.execute(insert(Doubt).values(lost))
        make_membership(conn, make_project(conn, "Madison – Arcatao"), contact_id)
        make_tag(conn, "delegation 2026", contact_id)
        prefer(conn, contact_id, Preferences(urgent_only=True))
        wish = Wish(Person(phone=PHONE), None, {}, "preferences")
        remember(conn, wish, "sms", contact_id=contact_id, asked=True, now=bench.now)
        reminder = {
            "kind": PromptKind.REMIND,
            "action_id": make_action(conn),
            "contact_id": contact_id,
            "source_id": message,
            "channel": "sms",
            "target": "us:house:WI:2",
            "named": {},
            "due_at": bench.now,
            "until": bench.now,
            "dropped": "",
        }
        conn.execute(insert(Prompt).values(reminder))
        make_enrolment(conn, contact_id, at=bench.now)

    await bench.write(leave_more)
    held = await bench.database.read(held_on, contact_id)

    assert {table for table in SEEN_TO if table not in OTHERS} == set(TOLD_IN)
    assert [name for name in TOLD_IN.values() if not held[name]] == []
    told = orjson.dumps(held, option=orjson.OPT_NON_STR_KEYS).decode().lower()
    assert [word for word in TRACES if word not in told] == []
    assert "14 arrested in suchitoto" in told
    assert "ben" not in told.replace("been", "")
    assert message


async def test_what_was_answered_to_them_is_told_and_goes_with_them(
    bench: Bench, opened: Opened
) -> None:
    contact_id, _message = await known(bench)

    def write_back(conn: Connection) -> None:
        reply = conn.execute(select(Reply.id)).scalar_one()
        said = wanted(conn, reply, "Guadalupe Quezada, gracias por sus cuarenta llamadas")
        write_answer(conn, NoJobs(), reply, said, HOUSE, now=bench.now)

    await bench.write(write_back)
    held = await bench.database.read(held_on, contact_id)
    done = await erase(bench, contact_id)
    await scrubbed(bench.database)

    told = [each["text"] for each in held["messages"]]
    assert "Guadalupe Quezada, gracias por sus cuarenta llamadas" in told
    assert done.called_off == 1
    assert await traces(opened) == []


async def test_nothing_of_a_housemate_is_told(bench: Bench) -> None:
    """Who shares a phone is not told what the other said from it, nor what they got."""
    amina, _ben = await bench.contacts("Guadalupe", "Benigno", phone=PHONE, email=None)

    def speak(conn: Connection) -> None:
        words = {"source": "sms", "actor": "supporter", "now": bench.now}
        consent.grant(conn, "sms", PHONE, evidence="Benigno dice que sí", **words)  # type: ignore[arg-type]
        row = {"channel": "sms", "address": PHONE, "body": "Benigno otra vez", "verdict": "other"}
        more = {"contact_id": amina, "received_at": bench.now, "handled_by": ""}
        conn.execute(insert(Reply).values(**row, **more))
        raw = RawEvent("twilio", "SM7", INBOUND, {"From": PHONE, "Body": "Benigno otra vez"})
        store(conn, [raw], now=bench.now)

    await bench.write(speak)
    held = await bench.database.read(held_on, amina)

    assert "Benigno" not in str(held)
    assert held["addresses"] == [{"channel": "sms", "address": PHONE, "rank": 0, "shared": True}]
    assert held["may_be_written_to"][0]["standing"] == Standing.GRANTED
