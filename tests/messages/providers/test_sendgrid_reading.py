"""SendGrid's webhooks: signatures with the SDK as judge, events and parsed mails by tables."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sendgrid.helpers.eventwebhook import EventWebhook

from messages.providers.provider import Harm, Receipt, Trouble, Verdict
from messages.providers.sendgrid import UnreadableMail, read_inbound_parse, verify
from messages.providers.sendgrid_events import event_key, read_event
from tests.fakes.courier import event_public_key, sign_events

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AT = str(int(NOW.timestamp()))
BODY = json.dumps([{"email": "ana@example.org", "event": "delivered"}]).encode() + b"\r\n"
KEY = event_public_key("5eed")
SIGNATURE = sign_events("5eed", AT, BODY)


def judged_by_sdk(key: str, timestamp: str, body: bytes, signature: str) -> bool:
    good: bool = EventWebhook(key).verify_signature(body.decode(), signature, timestamp)
    return good


@pytest.mark.parametrize(
    ("key", "timestamp", "body", "signature"),
    [
        (KEY, AT, BODY, SIGNATURE),
        (event_public_key("0bad"), AT, BODY, SIGNATURE),
        (KEY, AT, BODY.rstrip(), SIGNATURE),  # the line end is part of what was signed
        (KEY, AT, BODY.replace(b"ana", b"eva"), SIGNATURE),
        (KEY, str(int(AT) + 1), BODY, SIGNATURE),
        (KEY, AT, BODY, sign_events("5eed", AT, b"[]")),
    ],
    ids=["good", "other key", "other line end", "other person", "other time", "other body"],
)
def test_we_agree_with_the_sdk(key: str, timestamp: str, body: bytes, signature: str) -> None:
    ours = verify([key], timestamp, body, signature, now=NOW)

    assert ours == judged_by_sdk(key, timestamp, body, signature)


def test_any_of_our_webhooks_keys_may_have_signed() -> None:
    assert verify([event_public_key("0bad"), KEY], AT, BODY, SIGNATURE, now=NOW)
    assert not verify([], AT, BODY, SIGNATURE, now=NOW)


@pytest.mark.parametrize(
    ("hours", "good"), [(24, True), (25, True), (26, False), (-24, True), (-26, False)]
)
def test_a_signature_older_than_sendgrid_repeats_is_refused(hours: int, *, good: bool) -> None:
    assert verify([KEY], AT, BODY, SIGNATURE, now=NOW + timedelta(hours=hours)) == good


RSA_KEY = base64.b64encode(
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


@pytest.mark.parametrize(
    ("key", "timestamp", "signature"),
    [
        (KEY, AT, ""),
        (KEY, AT, "not base64!"),  # the SDK raises here
        (KEY, AT, "ñ"),
        (KEY, AT, base64.b64encode(b"not DER").decode()),
        (KEY, "", SIGNATURE),
        (KEY, "soon", SIGNATURE),
        (KEY, "9" * 40, SIGNATURE),
        (KEY, "-" + "9" * 15, SIGNATURE),
        ("", AT, SIGNATURE),
        ("garbage", AT, SIGNATURE),
        (RSA_KEY, AT, SIGNATURE),
    ],
    ids=range(11),  # signatures and keys are new in every process, and make no names
)
def test_nonsense_is_refused_without_an_exception(key: str, timestamp: str, signature: str) -> None:
    assert not verify([key], timestamp, BODY, signature, now=NOW)


def test_a_real_key_pair_works_end_to_end() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    body = b"\xff\xfe not UTF-8"
    signature = private.sign(AT.encode() + body, ec.ECDSA(hashes.SHA256()))

    assert verify(
        [base64.b64encode(public).decode()],
        AT,
        body,
        base64.b64encode(signature).decode(),
        now=NOW,
    )


def make_event(event: str, **changes: Any) -> dict[str, Any]:
    return {
        "email": "Ana@Example.org",
        "timestamp": int(AT),
        "event": event,
        "sg_event_id": "e1",
        "sg_message_id": "m1.recvd-0",
        "d": "12",
        "a": "1",
        "k": "secret",
        **changes,
    }


@pytest.mark.parametrize(
    ("payload", "verdict", "code", "harm"),
    [
        (make_event("processed"), Verdict.ACCEPTED, "processed", None),
        (make_event("delivered"), Verdict.DELIVERED, "delivered", None),
        (make_event("deferred", attempt="3"), Verdict.ACCEPTED, "deferred", None),
        (make_event("open"), Verdict.ACCEPTED, "open", None),
        (make_event("click", url="https://x"), Verdict.ACCEPTED, "click", None),
        (
            make_event("bounce", type="bounce", status="5.1.1"),
            Verdict.UNDELIVERED,
            "5.1.1",
            Harm.BOUNCED,
        ),
        (
            make_event("bounce", type="bounce", status="", reason="550 <ana@example.org> unknown"),
            Verdict.UNDELIVERED,
            "bounce",
            Harm.BOUNCED,
        ),
        (
            make_event("bounce", type="blocked", status="5.7.1"),
            Verdict.UNDELIVERED,
            "blocked",
            None,
        ),
        (
            make_event("dropped", reason="Unsubscribed Address"),
            Verdict.FAILED,
            "dropped_unsubscribed",
            Harm.OPTED_OUT,
        ),
        (
            make_event("dropped", reason="Bounced Address"),
            Verdict.FAILED,
            "dropped_bounced",
            Harm.BOUNCED,
        ),
        (
            make_event("dropped", reason="Spam Reporting Address"),
            Verdict.FAILED,
            "dropped_complained",
            Harm.COMPLAINED,
        ),
        (make_event("dropped", reason="Invalid"), Verdict.FAILED, "dropped_invalid", Harm.BOUNCED),
        (
            make_event("dropped", reason="Spam Content"),
            Verdict.FAILED,
            "dropped_spam_content",
            None,
        ),
        (make_event("dropped", reason="something new"), Verdict.FAILED, "dropped", None),
        (make_event("spamreport"), Verdict.ACCEPTED, "spamreport", Harm.COMPLAINED),
        (make_event("unsubscribe"), Verdict.ACCEPTED, "unsubscribe", Harm.OPTED_OUT),
        (make_event("group_unsubscribe"), Verdict.ACCEPTED, "group_unsubscribe", Harm.OPTED_OUT),
        (make_event("group_resubscribe"), Verdict.NOTHING, "group_resubscribe", None),
        (make_event("account_status_change"), Verdict.NOTHING, "account_status_change", None),
        (make_event("something new"), Verdict.NOTHING, "something new", None),
    ],
)
def test_an_event_is_read(
    payload: dict[str, Any], verdict: Verdict, code: str, harm: Harm | None
) -> None:
    assert replace(read_event(payload), trouble=None) == Receipt(
        delivery_id=12,
        attempt=1,
        token="secret",
        verdict=verdict,
        code=code,
        harm=harm,
        provider_id="m1.recvd-0",
        address="ana@example.org",
        at=NOW,
    )


@pytest.mark.parametrize(
    ("payload", "trouble", "harm"),
    [
        (
            make_event("bounce", type="bounce", status="5.1.1"),
            Trouble.HARD,
            Harm.BOUNCED,
        ),
        (make_event("bounce", type="bounce"), Trouble.HARD, Harm.BOUNCED),
        (
            make_event("bounce", type="bounce", bounce_classification="Invalid Address"),
            Trouble.HARD,
            Harm.BOUNCED,
        ),
        (
            make_event("bounce", type="bounce", status="5.1.1", bounce_classification="Reputation"),
            Trouble.HARD,
            Harm.BOUNCED,
        ),
        (make_event("bounce", type="blocked", status="5.1.1"), Trouble.SOFT, None),
        (make_event("bounce", type="bounce", status="5.2.2"), Trouble.SOFT, None),
        (make_event("bounce", type="bounce", status="4.4.1"), Trouble.SOFT, None),
        (
            make_event(
                "bounce", type="bounce", bounce_classification="Frequency or Volume Too High"
            ),
            Trouble.SOFT,
            None,
        ),
        (
            make_event("bounce", type="bounce", status="5.7.1", bounce_classification="Content"),
            Trouble.SOFT,
            None,
        ),
        (make_event("spamreport"), Trouble.COMPLAINT, Harm.COMPLAINED),
        # It never left, so this email's sender is not to be judged by it.
        (make_event("dropped", reason="Spam Reporting Address"), None, Harm.COMPLAINED),
        (make_event("dropped", reason="Bounced Address"), None, Harm.BOUNCED),
        (make_event("delivered"), None, None),
    ],
)
def test_only_a_mailbox_that_is_gone_is_refused_at_once(
    payload: dict[str, Any], trouble: Trouble | None, harm: Harm | None
) -> None:
    receipt = read_event(payload)

    assert (receipt.trouble, receipt.harm) == (trouble, harm)


def test_a_deferral_keeps_the_servers_code_and_not_its_words() -> None:
    words = "421 4.7.28 [192.0.2.1] unusual rate of mail to <ana@example.org>"

    assert read_event(make_event("deferred", response=words)).deferral == "421 4.7.28"
    assert read_event(make_event("deferred", response="try later")).deferral == ""
    assert read_event(make_event("delivered", response="250 OK")).deferral == ""


def test_a_complaint_without_our_marks_still_names_the_address() -> None:
    receipt = read_event({"event": "spamreport", "email": "ana@example.org"})

    assert (receipt.delivery_id, receipt.address) == (None, "ana@example.org")
    assert receipt.harm is Harm.COMPLAINED


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"event": None, "timestamp": None, "d": None},
        {"event": ["bounce"], "timestamp": "9" * 18, "d": {"x": 1}, "email": 7},
        make_event("bounce", status=5.1, type=None, timestamp="1795435200.5"),
    ],
)
def test_an_odd_event_is_read_without_an_exception(payload: dict[str, Any]) -> None:
    assert read_event(payload).at is None
    assert event_key(payload)


def test_copies_of_an_event_share_a_key_even_under_a_new_id() -> None:
    event = make_event("delivered")

    assert event_key(event) == event_key({**event, "sg_event_id": "e2", "response": "250"})
    assert event_key(event) != event_key({**event, "d": "13"})
    assert event_key(event) != event_key({**event, "event": "open"})
    assert event_key(make_event("click", url="a")) != event_key(make_event("click", url="b"))
    assert "ana" not in event_key(event)


def test_events_without_our_marks_are_told_apart_by_their_id() -> None:
    first = {"event": "bounce", "email": "ana@example.org", "timestamp": 1, "sg_event_id": "e1"}

    assert event_key(first) != event_key({**first, "sg_event_id": "e2"})


def make_mail(**changes: bytes | str) -> dict[str, bytes | str]:
    return {
        "headers": b"Message-ID: <abc@mail.example.org>\nSubject: Re: Call\n",
        "from": "Ana Ruiz <ana@example.org>",
        "to": "reply+x1@alerts.example.org",
        "subject": "Re: Call",
        "text": b"1\n",
        "envelope": '{"to":["reply+x1@alerts.example.org"],"from":"Ana@Example.org"}',
        "charsets": '{"text":"utf-8","subject":"UTF-8"}',
        **changes,
    }


def test_a_mail_is_read() -> None:
    inbound = read_inbound_parse(make_mail())

    assert inbound is not None
    assert (inbound.channel, inbound.address, inbound.body) == ("email", "ana@example.org", "1")
    assert inbound.recipient == "reply+x1@alerts.example.org"
    assert inbound.key == "<abc@mail.example.org>"
    assert inbound.handled == ""


@pytest.mark.parametrize(
    ("charset", "text"),
    [("iso-8859-1", "Llamé, señora"), ("windows-1252", "Llamé “hoy”"), ("utf-16", "ñ")],
)
def test_each_field_has_a_character_set_of_its_own(charset: str, text: str) -> None:
    mail = make_mail(text=text.encode(charset), charsets=json.dumps({"text": charset}))

    inbound = read_inbound_parse(mail)

    assert inbound is not None
    assert inbound.body == text


@pytest.mark.parametrize(
    "charsets", ["", "nonsense", "[]", '{"text":"no-such-set"}', '{"text":"a\\u0000b"}']
)
def test_bytes_nobody_can_read_are_kept_as_far_as_possible(charsets: str) -> None:
    inbound = read_inbound_parse(make_mail(text=b"stop \xff", charsets=charsets))

    assert inbound is not None
    assert inbound.body == "stop \ufffd"


@pytest.mark.parametrize(
    "quoted",
    [
        "\n\nOn Mon, Nov 23, 2026 at 9:00 AM Sister Cities <a@b.org> wrote:\n> Call",
        "\n\nOn Mon, Nov 23, 2026 at 9:00 AM Sister Cities\n<a@b.org> wrote:\n> Call",
        "\n\nEl lun, 23 nov 2026 a las 9:00, Ciudades (<a@b.org>) escribió:\n> Llame",
        "\r\n\r\n-----Original Message-----\r\nFrom: x",
        "\n\n________________________________\nFrom: Sister <a@b.org>",
        "\n> Call",
        "\n\nSent from my iPhone",
        "\n\nEnviado desde mi iPhone",
        "\n-- \nAna Ruiz\nMadison",
    ],
)
def test_only_a_persons_own_words_count(quoted: str) -> None:
    inbound = read_inbound_parse(make_mail(text="STOP" + quoted))

    assert inbound is not None
    assert inbound.body == "STOP"


def test_a_mail_of_html_alone_is_read_as_a_person_would() -> None:
    html = "<style>p{}</style><p>ALTO</p><br><blockquote>Llame &amp; diga</blockquote>"

    inbound = read_inbound_parse(make_mail(text="", html=html))

    assert inbound is not None
    assert inbound.body == "ALTO"


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": "Auto-Submitted: auto-replied\n"},
        {"headers": "auto-submitted: AUTO-GENERATED; x\n"},
        {"headers": "Precedence: bulk\n"},
        {"headers": "X-Autoreply: yes\n"},
        {"envelope": '{"to":["a@b.org"],"from":""}'},
    ],
)
def test_a_machine_does_not_reply(changes: dict[str, bytes | str]) -> None:
    assert read_inbound_parse(make_mail(**changes)) is None


def test_a_mail_that_says_it_is_no_auto_reply_is_read() -> None:
    assert read_inbound_parse(make_mail(headers="Auto-Submitted: no\n")) is not None


def test_a_mail_that_says_it_all_in_its_subject_is_read() -> None:
    inbound = read_inbound_parse(make_mail(subject="Unsubscribe", text="", html=""))

    assert inbound is not None
    assert inbound.body == "Unsubscribe"


def test_without_an_envelope_the_header_names_the_sender() -> None:
    inbound = read_inbound_parse(make_mail(envelope="", headers=""))

    assert inbound is not None
    assert inbound.address == "ana@example.org"
    assert len(inbound.key) == 40


def test_a_mail_from_nobody_is_named_as_such() -> None:
    with pytest.raises(UnreadableMail, match="names no sender"):
        read_inbound_parse({"text": "1"})
