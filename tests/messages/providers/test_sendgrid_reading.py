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
from messages.providers.sendgrid import verify
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
            make_event(
                "bounce", type="bounce", status="", reason="550 <ana@example.org> no such user"
            ),
            Verdict.UNDELIVERED,
            "bounce",
            Harm.BOUNCED,
        ),
        (
            make_event("bounce", type="blocked", status="5.2.2"),
            Verdict.UNDELIVERED,
            "5.2.2",
            None,
        ),
        (
            make_event("bounce", type="bounce", status="5.2.1", bounce_classification="Reputation"),
            Verdict.UNDELIVERED,
            "blocked",
            None,
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
        (make_event("bounce", type="bounce"), Trouble.SOFT, None),
        (
            make_event("bounce", type="bounce", status="5.0.0", reason="550 spam"),
            Trouble.SOFT,
            None,
        ),
        (
            make_event("bounce", type="bounce", status="5.0.0", reason="550 User unknown"),
            Trouble.HARD,
            Harm.BOUNCED,
        ),
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
