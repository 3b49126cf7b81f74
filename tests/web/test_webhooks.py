from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import FormData
from sendgrid.helpers.eventwebhook import EventWebhook
from sqlalchemy import Connection, func, select, text
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from contacts.models import AddressStanding, Standing
from database.opening import Opened
from messages.mail_addresses import Mark, token
from messages.mail_sources import sources
from messages.models import Delivery, Event, MessageStatus, Reply, Status
from tests.builders import make_contact, make_delivery, make_message
from tests.fakes.courier import event_public_key, sign_events
from tests.fakes.mails import BREAKING, a_report
from tests.web.serving import LINKS_SECRET, PUBLIC_URL, Client, serving

TOKEN, OLD_TOKEN = "t" * 32, "o" * 32
SENDGRID_SEED = "5e" * 32
INBOUND_SECRET = "a-long-secret-path"
PHONE = "+16082345678"
STATUS_PATH = "/webhooks/twilio/status?d=1&a=1&k=abc%2Bd"
DELIVERED = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": PHONE, "ToZip": ""}
TEXT = {"MessageSid": "SM9", "From": PHONE, "To": "+16085550100", "Body": "STOP", "FromZip": ""}


@dataclass
class Hooks:
    """The providers' door."""

    client: Client
    opened: Opened
    now: datetime

    async def twilio(
        self, path: str, form: Mapping[str, str], *, token: str = TOKEN, signed_for: str = ""
    ) -> tuple[int, str]:
        """Post a form as Twilio does, signed by its own library."""
        url = PUBLIC_URL + (signed_for or path)
        signature = RequestValidator(token).compute_signature(url, dict(form))
        body = urlencode(form).encode()
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        return await self.post(path, body, headers)

    async def sendgrid(self, body: bytes, *, seed: str = SENDGRID_SEED) -> tuple[int, str]:
        """Post events as SendGrid does, signed over the raw bytes."""
        timestamp = str(int(self.now.timestamp()))
        headers = {
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            "X-Twilio-Email-Event-Webhook-Signature": sign_events(seed, timestamp, body),
            "Content-Type": "application/json",
        }
        return await self.post("/webhooks/sendgrid/events", body, headers)

    async def mail(self, secret: str = INBOUND_SECRET, **fields: str) -> int:
        """Post a parsed email, with an attachment."""
        form = FormData(default_to_multipart=True)
        for name, value in fields.items():
            form.add_field(name, value)
        form.add_field("attachment1", BytesIO(b"\xff" * 3_000_000), filename="photo.jpg")
        path = f"/webhooks/sendgrid/inbound/{secret}"
        async with self.client.post(path, data=form) as answer:
            return answer.status

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        async with self.client.post(path, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def events(self) -> list[tuple[Any, ...]]:
        def rows(conn: Connection) -> list[tuple[Any, ...]]:
            columns = select(Event.provider, Event.kind, Event.payload, Event.applied_at)
            return [tuple(row) for row in conn.execute(columns.order_by(Event.id))]

        return await self.opened.database.read(rows)

    async def count(self, model: Any) -> int:
        statement = select(func.count()).select_from(model)
        return await self.opened.database.read(lambda conn: conn.execute(statement).scalar_one())

    async def scalar(self, statement: Any) -> Any:
        return await self.opened.database.read(lambda conn: conn.scalar(statement))


@pytest.fixture
async def hooks(opened: Opened, now: datetime) -> AsyncIterator[Hooks]:
    keys = {
        "twilio_tokens": (TOKEN, OLD_TOKEN),
        "sendgrid_public_keys": (event_public_key(SENDGRID_SEED),),
        "inbound_secret": INBOUND_SECRET,
    }
    async with serving(opened, now, **keys) as client:
        yield Hooks(client, opened, now)


def make_waiting_text(conn: Connection) -> int:
    message_id = make_message(conn, status=MessageStatus.SENDING)
    return make_delivery(conn, message_id, make_contact(conn, phone=PHONE))


def make_events(count: int) -> bytes:
    events = [
        {"email": f"p{n}@example.org", "event": "delivered", "timestamp": 1, "sg_event_id": f"e{n}"}
        for n in range(count)
    ]
    return json.dumps(events).encode() + b"\r\n"


async def test_signed_status_is_stored_with_its_marks_and_answered_204(hooks: Hooks) -> None:
    status, _ = await hooks.twilio(STATUS_PATH, DELIVERED)

    assert status == 204
    [(provider, kind, payload, applied_at)] = await hooks.events()
    assert (provider, kind, applied_at) == ("twilio", "receipt", hooks.now)
    assert payload == {**DELIVERED, "d": "1", "a": "1", "k": "abc+d"}


@pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN])
async def test_either_token_counts_while_one_is_replaced(hooks: Hooks, token: str) -> None:
    status, _ = await hooks.twilio(STATUS_PATH, DELIVERED, token=token)

    assert status == 204


async def test_status_that_comes_twice_is_stored_once(hooks: Hooks) -> None:
    for _ in range(3):
        assert (await hooks.twilio(STATUS_PATH, DELIVERED))[0] == 204

    assert await hooks.count(Event) == 1


@pytest.mark.parametrize(
    "forgery",
    [
        {"token": "x" * 32},
        {"signed_for": "/webhooks/twilio/status?d=2&a=1&k=abc%2Bd"},
        {"signed_for": "/webhooks/twilio/inbound"},
    ],
)
async def test_forged_status_is_refused_and_leaves_nothing(
    hooks: Hooks, forgery: dict[str, str]
) -> None:
    status, sentence = await hooks.twilio(STATUS_PATH, DELIVERED, **forgery)

    assert status == 403
    assert "network.public_url" in sentence
    assert await hooks.count(Event) == 0


async def test_status_with_a_field_added_on_the_way_is_refused(hooks: Hooks) -> None:
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + STATUS_PATH, DELIVERED)
    body = urlencode({**DELIVERED, "ErrorCode": "21610"}).encode()
    headers = {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }

    assert (await hooks.post(STATUS_PATH, body, headers))[0] == 403
    assert await hooks.count(Event) == 0


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/webhooks/twilio/status", "multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("/webhooks/twilio/status", "multipart/form-data", b""),
        ("/webhooks/twilio/status", "application/json", b"{}"),
        ("/webhooks/twilio/inbound", "text/plain", b"\xff"),
        ("/webhooks/twilio/inbound", "application/x-www-form-urlencoded; charset=none", b"a=b"),
        ("/webhooks/twilio/inbound", "application/x-www-form-urlencoded", b"Body=%ff&\xff"),
        ("/webhooks/sendgrid/events", "application/json", b"\xff"),
        (f"/webhooks/sendgrid/inbound/{INBOUND_SECRET}", "text/plain", b"hello"),
        (f"/webhooks/sendgrid/inbound/{INBOUND_SECRET}", "multipart/form-data", b"hello"),
        (
            f"/webhooks/sendgrid/inbound/{INBOUND_SECRET}",
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\nno end",
        ),
    ],
)
async def test_rubbish_is_refused_and_leaves_nothing(
    hooks: Hooks, path: str, content_type: str, body: bytes
) -> None:
    status, sentence = await hooks.post(path, body, {"Content-Type": content_type})

    assert status in (400, 403)
    assert sentence.strip()
    assert await hooks.count(Event) == 0


async def test_stop_holds_by_the_time_twilio_has_its_answer(hooks: Hooks) -> None:
    delivery_id = await hooks.opened.database.write(make_waiting_text)

    status, body = await hooks.twilio("/webhooks/twilio/inbound", TEXT)

    assert (status, "<Response/>" in body) == (200, True)
    standing = select(AddressStanding.standing).where(AddressStanding.address == PHONE)
    assert await hooks.scalar(standing) == Standing.OPTED_OUT
    waiting = select(Delivery.status).where(Delivery.id == delivery_id)
    assert await hooks.scalar(waiting) == Status.SKIPPED
    [(_, kind, _, applied_at)] = await hooks.events()
    assert kind == "inbound"
    assert applied_at is not None


async def test_text_that_comes_twice_is_acted_on_once(hooks: Hooks) -> None:
    await hooks.opened.database.write(make_waiting_text)
    hello = {**TEXT, "Body": "¿Quién es?\0 Gracias"}

    for _ in range(2):
        assert (await hooks.twilio("/webhooks/twilio/inbound", hello))[0] == 200

    assert await hooks.count(Reply) == 1


async def test_text_from_no_number_is_told_to_be_unreadable(hooks: Hooks) -> None:
    status, sentence = await hooks.twilio("/webhooks/twilio/inbound", {**TEXT, "From": "BANK"})

    assert status == 400
    assert "did not come from a phone number" in sentence
    assert await hooks.count(Event) == 0


async def test_each_event_of_an_array_is_stored_once(hooks: Hooks) -> None:
    body = make_events(3)

    statuses = [(await hooks.sendgrid(body))[0] for _ in range(2)]

    assert statuses == [204, 204]
    assert {row[2]["sg_event_id"] for row in await hooks.events()} == {"e0", "e1", "e2"}
    assert await hooks.count(Event) == 3


async def test_sendgrids_own_library_accepts_what_we_accept(hooks: Hooks) -> None:
    body, timestamp = make_events(1), str(int(hooks.now.timestamp()))
    signature = sign_events(SENDGRID_SEED, timestamp, body)
    library = EventWebhook(event_public_key(SENDGRID_SEED))

    assert library.verify_signature(body.decode(), signature, timestamp)
    assert (await hooks.sendgrid(body))[0] == 204


async def test_events_signed_by_somebody_else_are_refused(hooks: Hooks) -> None:
    status, _ = await hooks.sendgrid(make_events(1), seed="77" * 32)

    assert status == 403
    assert await hooks.count(Event) == 0


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"[{]", b"null", b""])
async def test_signed_body_that_is_no_array_of_events_is_refused(hooks: Hooks, body: bytes) -> None:
    status, sentence = await hooks.sendgrid(body)

    assert status == 400
    assert sentence.startswith("This is not")
    assert await hooks.count(Event) == 0


async def test_nul_in_an_event_does_not_block_the_array(hooks: Hooks) -> None:
    body = json.dumps([{"email": "a@example.org", "event": "bounce", "reason": ["a\0b"]}]).encode()

    assert (await hooks.sendgrid(body))[0] == 204
    assert (await hooks.events())[0][2]["reason"] == ["ab"]


async def test_reply_by_email_reaches_the_inbox_without_its_attachment(hooks: Hooks) -> None:
    envelope = json.dumps({"from": "Amina@Example.org", "to": ["reply@llamado.example.org"]})
    headers = "From: Amina <amina@example.org>\nMessage-ID: <1@example.org>"

    status = await hooks.mail(envelope=envelope, headers=headers, text="I spoke with Dana")

    assert status == 204
    assert await hooks.scalar(select(Reply.body)) == "I spoke with Dana"
    [(_, _, payload, _)] = await hooks.events()
    assert set(payload) == {"kind", "delivery", "from", "address", "subject", "text"}


async def test_automatic_answer_is_let_go(hooks: Hooks) -> None:
    envelope = json.dumps({"from": "amina@example.org", "to": ["reply@llamado.example.org"]})

    status = await hooks.mail(
        envelope=envelope, headers="Auto-Submitted: auto-replied", text="Away"
    )

    assert status == 204
    assert await hooks.count(Reply) == 0


async def test_email_without_the_secret_path_is_refused(hooks: Hooks) -> None:
    assert await hooks.mail("guess", text="STOP") == 403
    assert await hooks.count(Event) == 0


async def test_database_that_does_not_store_never_looks_like_success(hooks: Hooks) -> None:
    async def rename(before: str, after: str) -> None:
        change = text(f"ALTER TABLE {before} RENAME TO {after}")
        await hooks.opened.database.write(lambda conn: conn.execute(change))

    await rename("events", "away")
    answers = [
        await hooks.twilio(STATUS_PATH, DELIVERED),
        await hooks.twilio("/webhooks/twilio/inbound", TEXT),
        await hooks.sendgrid(make_events(1)),
    ]
    await rename("away", "events")  # the database serves other tests after this one

    for status, sentence in answers:
        assert status == 503
        assert "send it again" in sentence


async def test_forty_six_copies_at_once_are_stored_once(hooks: Hooks) -> None:
    answers = await asyncio.gather(*(hooks.twilio(STATUS_PATH, DELIVERED) for _ in range(46)))

    assert [status for status, _ in answers] == [204] * 46
    assert await hooks.count(Event) == 1


async def test_a_group_that_is_not_stored_is_told_so_to_all_and_may_all_be_repeated(
    hooks: Hooks,
) -> None:
    async def rename(before: str, after: str) -> None:
        change = text(f"ALTER TABLE {before} RENAME TO {after}")
        await hooks.opened.database.write(lambda conn: conn.execute(change))

    def posts() -> list[Any]:
        forms = [{**DELIVERED, "MessageSid": f"SM{number}"} for number in range(12)]
        return [hooks.twilio(STATUS_PATH, form) for form in forms] + [
            hooks.sendgrid(make_events(3))
        ]

    await rename("events", "away")
    failed = await asyncio.gather(*posts())
    await rename("away", "events")
    repeated = await asyncio.gather(*posts())

    assert {status for status, _ in failed} == {503}
    assert {status for status, _ in repeated} == {204}
    assert await hooks.count(Event) == 12 + 3


async def test_a_forged_or_broken_post_does_not_spoil_its_neighbours(hooks: Hooks) -> None:
    answers = await asyncio.gather(
        hooks.twilio(STATUS_PATH, DELIVERED),
        hooks.twilio(STATUS_PATH, {**DELIVERED, "MessageSid": "SM2"}, token="x" * 32),
        hooks.sendgrid(b"[{]"),
        hooks.sendgrid(make_events(1)),
        hooks.twilio(STATUS_PATH, {"MessageStatus": "é\0" * 200, "MessageSid": "M" * 500}),
    )

    assert [status for status, _ in answers] == [204, 403, 400, 204, 204]
    assert await hooks.count(Event) == 3


async def test_a_stop_in_the_midst_of_receipts_holds_when_it_is_answered(hooks: Hooks) -> None:
    delivery_id = await hooks.opened.database.write(make_waiting_text)

    async def stop() -> Any:
        await hooks.twilio("/webhooks/twilio/inbound", TEXT)
        return await hooks.scalar(select(Delivery.status).where(Delivery.id == delivery_id))

    forms = [{**DELIVERED, "MessageSid": f"SM{number}"} for number in range(40)]
    status, *answers = await asyncio.gather(
        stop(), *(hooks.twilio(STATUS_PATH, form) for form in forms)
    )

    assert status == Status.SKIPPED
    assert {answer for answer, _ in answers} == {204}


async def test_receipts_are_logged_by_the_group_and_what_is_refused_one_by_one(
    hooks: Hooks,
) -> None:
    with capture_logs() as lines:
        await hooks.twilio(STATUS_PATH, DELIVERED)
        await hooks.twilio(STATUS_PATH, DELIVERED, token="x" * 32)

    told = [(line["event"], line.get("status")) for line in lines if line["log_level"] != "debug"]
    assert told == [("receipts", None), ("webhook refused", 403), ("request", 403)]


async def test_hooks_of_a_provider_without_keys_are_closed(opened: Opened, now: datetime) -> None:
    async with serving(opened, now) as client:
        hooks = Hooks(client, opened, now)

        assert (await hooks.twilio(STATUS_PATH, DELIVERED))[0] == 403
        assert (await hooks.sendgrid(make_events(1)))[0] == 403
        assert await hooks.mail("", text="hi") in (403, 404)


async def test_a_whole_email_that_came_back_moves_its_copy(hooks: Hooks) -> None:
    def launch(conn: Connection) -> int:
        contact_id = make_contact(conn, email="ana@example.org")
        message_id = make_message(conn, status=MessageStatus.SENDING, reach="email")
        return make_delivery(conn, message_id, contact_id, channel="email", status=Status.ACCEPTED)

    copy_id = await hooks.opened.database.write(launch)
    bounce = token(LINKS_SECRET, Mark.BOUNCE, copy_id)
    to = f"mail+{bounce}@in.example.org"
    envelope = json.dumps({"from": "", "to": [to]})

    for _ in range(2):
        raw = a_report(to="mail@in.example.org").decode()
        assert await hooks.mail(envelope=envelope, email=raw) == 204

    assert await hooks.scalar(select(Delivery.status)) == Status.UNDELIVERED
    bounced = AddressStanding.standing == Standing.BOUNCED.value
    assert await hooks.scalar(select(AddressStanding.address).where(bounced)) == "ana@example.org"
    assert await hooks.count(Event) == 1
    assert await hooks.count(Reply) == 0


async def test_an_email_nobody_can_read_is_kept_for_a_person(hooks: Hooks) -> None:
    for _ in range(2):
        assert await hooks.mail(text="from nobody", envelope="{}") == 204

    [(provider, kind, payload, _)] = await hooks.events()
    assert (provider, kind, payload["text"]) == ("mail", "set_aside", "from nobody")
    [row] = await hooks.opened.database.read(sources)
    assert (row.name, row.set_aside, row.set_aside_because) == ("sendgrid", 1, payload["why"])


async def test_an_email_that_breaks_its_reading_is_not_repeated_for_ever(hooks: Hooks) -> None:
    for raw in BREAKING.values():
        assert await hooks.mail(envelope="{}", email=raw.decode("latin-1")) == 204

    assert await hooks.count(Reply) == 0
    [row] = await hooks.opened.database.read(sources)
    assert row.set_aside == len(BREAKING)


async def test_an_email_that_cannot_be_taken_in_is_not_repeated_for_ever(hooks: Hooks) -> None:
    write = hooks.opened.database.write
    await write(lambda conn: conn.execute(text("CREATE UNIQUE INDEX once ON replies (body)")))
    try:
        told = {"text": "Which office?", "from": "ana@example.org", "envelope": "{}"}
        for number in range(2):
            headers = f"Message-ID: <{number}@mx>"
            assert await hooks.mail(**told, headers=headers) == 204
    finally:
        await write(lambda conn: conn.execute(text("DROP INDEX once")))

    assert await hooks.count(Reply) == 1
    [row] = await hooks.opened.database.read(sources)
    assert (row.set_aside, row.set_aside_because) == (
        1,
        "It could not be taken in (IntegrityError).",
    )
