"""What Twilio is told to say is always a document it takes, and what it tells is read with distrust."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.call_words import SENTENCES, said
from messages.providers.twilio import TwilioAccount
from messages.providers.twilio_voice import (
    Dial,
    Gather,
    HangUp,
    Ring,
    Say,
    Verb,
    document,
    kept,
    read_kept,
    read_voice,
    request_fields,
)
from tests.fakes.outgoing import ACCOUNT, PUBLIC_URL

ACTION = f"{PUBLIC_URL}/webhooks/twilio/voice/token/1#rc=5"
FORM = {"CallSid": "CA1", "From": "+16085550100", "To": "+16082345678", "Direction": "inbound"}


@given(st.lists(st.text(max_size=3_000), max_size=12), st.sampled_from(["en", "es", "xx"]))
def test_whatever_is_said_the_document_is_well_formed_and_short(
    texts: list[str], language: str
) -> None:
    says = [Say(text, language) for text in texts]

    text = document(
        [*says, Gather(says), Dial("+12025550130", 25, 600)], action=ACTION, caller="+16082345678"
    )

    assert len(text) <= 4_000
    root = ET.fromstring(text)
    assert [verb.tag for verb in root] == ["Say"] * len(says) + ["Gather", "Dial"]


def test_an_office_is_shown_the_callers_number_and_the_star_leaves_it() -> None:
    text = document([Dial("+12025550130", 25, 600)], action=ACTION, caller="+16082345678")

    (dial,) = ET.fromstring(text)
    assert dial.attrib == {
        "action": ACTION,
        "method": "POST",
        "timeout": "25",
        "timeLimit": "600",
        "hangupOnStar": "true",
        "callerId": "+16082345678",
        "answerOnBridge": "true",
    }
    assert [number.text for number in dial] == ["+12025550130"]


def test_verbs_are_read_as_they_were_kept() -> None:
    verbs: list[Verb] = [
        Say("Hola.", "es"),
        Gather((Say("Hello.", "en"),), 5, 8),
        Dial("+12025550130", 25, 600),
        HangUp(),
    ]

    read = read_kept(kept(verbs))

    assert document(read, action=ACTION, caller="") == document(verbs, action=ACTION, caller="")


def test_a_call_carries_its_name_and_nobodys_data() -> None:
    account = TwilioAccount(ACCOUNT, ACCOUNT, "secret", PUBLIC_URL)

    fields = request_fields(account, Ring("some-token", "+16082345678", "+16085550100", 25))

    assert fields["To"] == "+16082345678"
    assert "6082345678" not in fields["Url"] + fields["StatusCallback"]
    assert urlsplit(fields["Url"]).path == "/webhooks/twilio/voice/some-token/0"
    assert parse_qs(urlsplit(fields["Url"]).fragment)["rc"] == ["5"]


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({}, "caller", "+16085550100"),
        ({"Direction": "outbound-api"}, "caller", "+16082345678"),
        ({"From": "anonymous"}, "caller", ""),
        ({"From": "+266696687x"}, "caller", ""),
        ({"Digits": "53703"}, "digits", "53703"),
        ({"Digits": "1; DROP"}, "digits", ""),
        ({"Digits": "9" * 17}, "digits", ""),
        ({"DialCallDuration": "-3"}, "dial_seconds", 0),
        ({"DialCallDuration": "42"}, "dial_seconds", 42),
        ({"DialBridged": "true"}, "bridged", True),
        ({"DialBridged": "yes"}, "bridged", False),
        ({"CallDuration": "9" * 40}, "seconds", 0),
        ({"CallSid": "C" * 900}, "call_sid", "C" * 40),
    ],
)
def test_odd_values_count_as_not_said(changes: dict[str, str], name: str, value: object) -> None:
    assert getattr(read_voice({**FORM, **changes}), name) == value


def test_both_languages_say_the_same_with_the_same_values() -> None:
    assert SENTENCES["en"].keys() == SENTENCES["es"].keys()
    for name in SENTENCES["en"]:
        values = dict.fromkeys(
            (
                "network",
                "title",
                "count",
                "ask",
                "office",
                "name",
                "key",
                "number",
                "state",
                "words",
                "url",
            ),
            "7",
        )
        english, spanish = (said(name, each, **values).text for each in ("en", "es"))
        if name != "hello_new":  # one greeting, half in each
            assert english.count("7") == spanish.count("7"), name
