"""Whatever a webhook carries is read, or named unreadable: it never breaks the reader."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.providers import sendgrid_events, twilio
from messages.providers.inbound_parse import read_inbound_parse
from messages.providers.mail_reading import UnreadableMail
from messages.providers.provider import Inbound, Receipt

words = st.text(max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
event_names = st.sampled_from(
    ["email", "event", "timestamp", "type", "status", "reason", "d", "a", "k", "url", "attempt"]
)
form_names = st.sampled_from(
    ["MessageSid", "MessageStatus", "ErrorCode", "From", "To", "Body", "OptOutType", "d", "a", "k"]
)
mail_names = st.sampled_from(["headers", "from", "to", "text", "html", "envelope", "charsets"])


@settings(deadline=None)
@given(st.dictionaries(event_names | words, values, max_size=8))
def test_any_event_is_read(payload: dict[str, Any]) -> None:
    assert isinstance(sendgrid_events.read_event(payload), Receipt)
    assert len(sendgrid_events.event_key(payload)) <= 160


@settings(deadline=None)
@given(st.dictionaries(form_names | words, words, max_size=8))
def test_any_form_is_read(payload: dict[str, str]) -> None:
    assert isinstance(twilio.read_status(payload), Receipt)
    assert len(twilio.event_key(payload)) <= 160
    with suppress(twilio.UnreadableText):
        assert isinstance(twilio.read_inbound(payload), Inbound)


@settings(deadline=None)
@given(
    st.dictionaries(mail_names, st.binary(max_size=60) | words | values.map(json.dumps), max_size=7)
)
def test_any_mail_is_read(fields: dict[str, bytes | str]) -> None:
    with suppress(UnreadableMail):
        assert len(read_inbound_parse(fields).key) <= 160


@settings(deadline=None)
@given(words, words, words, words)
def test_any_signature_is_judged(url: str, name: str, value: str, signature: str) -> None:
    assert not twilio.verify(url, {name: value}, signature, ["token"])
