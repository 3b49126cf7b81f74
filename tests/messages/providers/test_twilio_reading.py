"""Twilio's webhooks: signatures against the SDK, statuses and texts by tables of payloads."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from messages.providers.provider import Harm, Inbound, Receipt, Verdict
from messages.providers.twilio import (
    UnreadableText,
    event_key,
    read_inbound,
    read_status,
    verify,
)

URL = "https://alerts.example.org/webhooks/twilio/status?d=12&a=1&k=t%2Bx"
FORM = MultiDict({"MessageSid": "SM1", "MessageStatus": "sent", "ToZip": "", "Body": " ñ x "})


def make_signature(url: str = URL, params: Mapping[str, str] = FORM, token: str = "token") -> str:
    signature: str = RequestValidator(token).compute_signature(url, params)
    return signature


def test_the_sdks_signature_is_accepted() -> None:
    assert verify(URL, FORM, make_signature(), ["token"])


def test_two_tokens_are_accepted_while_one_is_replaced() -> None:
    assert verify(URL, FORM, make_signature(token="old"), ["new", "old"])
    assert verify(URL, FORM, make_signature(token="new"), ["new", "old"])


@pytest.mark.parametrize(
    ("url", "form", "signature", "tokens"),
    [
        (URL, FORM, make_signature(token="stolen"), ["token"]),
        (URL, FORM, make_signature(), []),
        (URL, FORM, make_signature(token=""), [""]),
        (URL, FORM, "", ["token"]),
        (URL, FORM, "ñandú", ["token"]),
        (URL + "&x=1", FORM, make_signature(), ["token"]),
        (URL.replace("https", "http"), FORM, make_signature(), ["token"]),
        (URL, MultiDict({**FORM, "New": "field"}), make_signature(), ["token"]),
        (URL, MultiDict({**FORM, "MessageStatus": "failed"}), make_signature(), ["token"]),
        (URL, MultiDict(), make_signature(), ["token"]),
        ("https://[broken", FORM, make_signature(), ["token"]),
        ("https://host:notaport/", FORM, make_signature(), ["token"]),
    ],
)
def test_anything_else_is_refused_without_an_exception(
    url: str, form: Mapping[str, str], signature: str, tokens: list[str]
) -> None:
    assert not verify(url, form, signature, tokens)


def test_a_missing_header_is_refused() -> None:
    assert not verify(URL, FORM, None, ["token"])  # type: ignore[arg-type] # what a careless caller gives


def test_repeated_fields_are_signed_as_the_sdk_signs_them() -> None:
    form = MultiDict([("MediaUrl", "b"), ("MediaUrl", "a")])

    assert verify(URL, form, make_signature(params=form), ["token"])


WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
HOSTS = st.sampled_from(
    ["a.example.org", "A.example.org", "127.0.0.1", "[::1]", "u:p@a.org", "a_b.org", "é.org", ""]
)
PORTS = st.sampled_from(["", ":443", ":80", ":8443", ":0", ":65535", ":065", ":99999", ":"])
RESTS = st.one_of(
    st.sampled_from(
        ["", "/", "/a?", "/a?b=%2Bc&b=", "/a;", "/a;b?c", "/a#", "/a?b#c", "//a", "/é", "/ a", "?a"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12).map("/".__add__),
    WORDS.map("/".__add__),
)
FORMS = st.lists(st.tuples(st.sampled_from(["Body", "To", "ToZip", "ñ", "B"]), WORDS), max_size=6)


@given(st.sampled_from(["https", "http", "HTTPS"]), HOSTS, PORTS, RESTS, FORMS, PORTS)
def test_whatever_the_sdk_accepts_we_accept_and_nothing_else(
    scheme: str, host: str, port: str, rest: str, pairs: list[tuple[str, str]], signed_port: str
) -> None:
    url, form = f"{scheme}://{host}{port}{rest}", MultiDict(pairs)
    signature = make_signature(f"{scheme}://{host}{signed_port}{rest}", form)

    try:
        theirs = RequestValidator("token").validate(url, form, signature)
    except ValueError:
        theirs = False  # no address at all, for which the SDK has no answer

    assert verify(url, form, signature, ["token"]) == theirs
    assert not verify(url, form, signature, ["another"])


@given(FORMS, FORMS)
def test_a_form_that_differs_is_accepted_only_where_the_sdk_does(
    signed: list[tuple[str, str]], given_form: list[tuple[str, str]]
) -> None:
    signature = make_signature(URL, MultiDict(signed))

    theirs = RequestValidator("token").validate(URL, MultiDict(given_form), signature)

    assert verify(URL, MultiDict(given_form), signature, ["token"]) == theirs


@pytest.mark.parametrize(
    ("status", "code", "verdict", "harm"),
    [
        ("accepted", "", Verdict.ACCEPTED, None),
        ("queued", "", Verdict.QUEUED, None),
        ("sending", "", Verdict.QUEUED, None),
        ("sent", "", Verdict.SENT, None),
        ("delivered", "", Verdict.DELIVERED, None),
        ("read", "", Verdict.DELIVERED, None),
        ("canceled", "", Verdict.FAILED, None),
        ("failed", "30001", Verdict.FAILED, None),
        ("undelivered", "30003", Verdict.UNDELIVERED, None),  # switched off: not the number's fault
        ("undelivered", "30004", Verdict.UNDELIVERED, Harm.BLOCKED),
        ("undelivered", "30005", Verdict.UNDELIVERED, Harm.BOUNCED),
        ("undelivered", "30006", Verdict.UNDELIVERED, Harm.NOT_TEXTABLE),
        ("undelivered", "30007", Verdict.UNDELIVERED, None),  # filtered for its content
        ("undelivered", "30008", Verdict.UNDELIVERED, None),
        ("failed", "21610", Verdict.FAILED, Harm.OPTED_OUT),
        ("undelivered", "12345", Verdict.UNDELIVERED, None),
        ("something new", "", Verdict.NOTHING, None),
    ],
)
def test_a_status_is_read(status: str, code: str, verdict: Verdict, harm: Harm | None) -> None:
    payload = {
        "MessageSid": "SM9",
        "MessageStatus": status,
        "To": "+16085550101",
        "d": "12",
        "a": "2",
        "k": "secret",
        **({"ErrorCode": code} if code else {}),
    }

    assert read_status(payload) == Receipt(
        delivery_id=12,
        attempt=2,
        token="secret",
        verdict=verdict,
        code=code,
        harm=harm,
        provider_id="SM9",
    )


@pytest.mark.parametrize("mark", ["", "-1", "1.5", "٣", "9" * 30, "1 OR 1=1"])
def test_a_mark_that_is_no_number_names_no_delivery(mark: str) -> None:
    assert read_status({"MessageStatus": "sent", "d": mark, "a": "1"}).delivery_id is None


def test_copies_of_a_callback_share_a_key() -> None:
    sent = {"MessageSid": "SM9", "MessageStatus": "sent", "d": "12"}

    assert event_key(sent) == event_key({**sent, "RawDlrDoneDate": "2611231200"})
    assert event_key(sent) != event_key({**sent, "MessageStatus": "delivered"})
    assert event_key(sent) != event_key({**sent, "MessageSid": "SM8"})
    assert event_key({"d": "1", "a": "1"}) != event_key({"d": "2", "a": "1"})


def make_payload(**changes: str) -> dict[str, str]:
    return {
        "MessageSid": "SM5",
        "From": "+16085550101",
        "To": "+15005550006",
        "Body": "1",
        "FromZip": "",
        "NumMedia": "0",
        **changes,
    }


def test_a_text_is_read() -> None:
    assert read_inbound(make_payload()) == Inbound(
        channel="sms",
        address="+16085550101",
        body="1",
        key="SM5",
        recipient="+15005550006",
    )


@pytest.mark.parametrize(
    ("changes", "handled"),
    [
        ({"Body": "STOP", "OptOutType": "STOP", "MessagingServiceSid": "MG1"}, "STOP"),
        ({"Body": "Deje de", "OptOutType": "stop", "MessagingServiceSid": "MG1"}, "STOP"),
        ({"Body": "YES", "OptOutType": "START"}, "START"),
        ({"Body": " stop "}, "STOP"),
        ({"Body": "Unstop"}, "START"),
        ({"Body": "info"}, "HELP"),
        ({"Body": "YES"}, ""),
        ({"Body": "STOP please"}, ""),
        ({"Body": "ALTO"}, ""),
        ({"Body": "STOP", "To": "55333"}, ""),  # a short code: ours to answer
    ],
)
def test_what_twilio_answered_itself_is_known(changes: dict[str, str], handled: str) -> None:
    assert read_inbound(make_payload(**changes)).handled == handled


def test_a_picture_without_words_has_an_empty_body() -> None:
    payload = make_payload(NumMedia="1")
    del payload["Body"]

    assert read_inbound(payload).body == ""


def test_a_whatsapp_number_is_a_number() -> None:
    assert read_inbound(make_payload(From="whatsapp:+16085550101")).address == "+16085550101"


@pytest.mark.parametrize("sender", ["", "55333", "whatsapp:US.1234", "ACME", "+0", "anonymous"])
def test_a_sender_that_is_no_phone_number_is_named_as_such(sender: str) -> None:
    with pytest.raises(UnreadableText, match="did not come from a phone number"):
        read_inbound(make_payload(From=sender))
