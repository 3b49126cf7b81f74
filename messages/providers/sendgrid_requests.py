"""What goes into one SendGrid request: who may share it, and how values find their places."""

from __future__ import annotations

import html
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from messages.providers.headers import mailbox, one_line, thread_headers, unsubscribe_headers
from messages.providers.provider import (
    Email,
    EmailWords,
    Misconfigured,
    Outcome,
    Outgoing,
    Pieces,
    Rejected,
)

MOST_PEOPLE = 1000
"""In a request, by SendGrid's rule. They all become unknown together if its answer is lost."""

_MOST_VALUE_BYTES = 10_000  # of one person's substitutions

Batch = Sequence[tuple[int, Email]]
"""The emails of one request, with their places in the caller's list."""


def batches(
    items: Sequence[Outgoing], outcomes: dict[int, Outcome], *, together: int
) -> list[Batch]:
    """Group what may share a request, so many ``together``; what cannot be sent gets its outcome.

    One request has one sender and one set of words, and names no address twice.
    """
    shared: dict[tuple[int, str, int], list[tuple[int, Email]]] = defaultdict(list)
    named: dict[tuple[int, str, int], set[str]] = defaultdict(set)
    for index, item in enumerate(items):
        if not isinstance(item, Email):
            outcomes[index] = Misconfigured(
                "channel", "SendGrid sends emails only: give texts a provider."
            )
            continue
        if _too_long(item):
            outcomes[index] = Rejected("values_too_long")
            continue
        address = item.address.casefold()
        key = (id(item.words), item.sender, 0)
        while address in named[key]:
            key = (*key[:2], key[2] + 1)
        named[key].add(address)
        shared[key].append((index, item))
    return [
        group[start : start + together]
        for group in shared.values()
        for start in range(0, len(group), together)
    ]


def _too_long(email: Email) -> bool:
    """Whether a person's substitutions may exceed what SendGrid takes of one person.

    Each value goes in up to three times (subject, text, HTML), escaped at the longest.
    """
    characters = sum(map(len, email.values.values()))
    if 3 * 6 * characters + 300 * len(email.values) <= _MOST_VALUE_BYTES:
        return False  # however long the escapes, and nobody's real values come near
    size = sum(
        3 * len(html.escape(value).encode(errors="replace")) + 100
        for value in email.values.values()
    )
    return size > _MOST_VALUE_BYTES


def request_body(emails: Sequence[Email]) -> bytes:
    """The JSON of one request, for people who share their words and sender."""
    return orjson.dumps(_request(emails))


def _request(emails: Sequence[Email]) -> dict[str, Any]:
    words, sender = emails[0].words, emails[0].sender
    tags = _Tags(words, secrets.token_hex(8))
    return {
        "from": _from(sender),
        **_reply_to(emails),
        "subject": tags.put(words.subject, "s"),
        "content": _content(words, tags),
        "personalizations": [_personalization(email, tags) for email in emails],
        # Consent and clicks are ours to keep: SendGrid must not rewrite links or add its own.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
        },
    }


def _content(words: EmailWords, tags: _Tags) -> list[dict[str, str]]:
    """Text before HTML, by SendGrid's rule, and nothing empty: an answer is text alone."""
    kinds = (("text/plain", words.text, "t"), ("text/html", words.html, "h"))
    return [
        {"type": kind, "value": tags.put(pieces, sign)}
        for kind, pieces, sign in kinds
        if any(pieces)
    ]


def _reply_to(emails: Sequence[Email]) -> dict[str, Any]:
    """Where answers go: SendGrid takes one address a request, so only who is alone in it has a token there."""
    address = emails[0].route.reply_to
    if not address:
        return {}
    if len(emails) > 1:
        name, _, domain = address.rpartition("@")
        address = f"{name.rpartition('+')[0] or name}@{domain}"
    return {"reply_to": {"email": address}}


class _Tags:
    """The tags that stand for merge fields in one request.

    SendGrid replaces tags wherever they occur, in people's values too, so nobody must be able to
    guess one; and puts values into text and HTML alike, so each has tags of its own.
    """

    def __init__(self, words: EmailWords, nonce: str) -> None:
        self._nonce = nonce
        self._used = [
            (kind, name)
            for kind, pieces in (("s", words.subject), ("t", words.text), ("h", words.html))
            for name in dict.fromkeys(pieces[1::2])
        ]
        self._numbers = {name: number for number, (_, name) in enumerate(self._used)}
        self._tags = [(self._tag(kind, name), kind, name) for kind, name in self._used]

    def put(self, pieces: Pieces, kind: str) -> str:
        return "".join(
            piece if index % 2 == 0 else self._tag(kind, piece)
            for index, piece in enumerate(pieces)
        )

    def values(self, values: Mapping[str, str]) -> dict[str, str]:
        return {
            # Most names and every token are the same in each kind.
            tag: value if (value := values[name]).isalnum() else _as(kind, value)
            for tag, kind, name in self._tags
        }

    def _tag(self, kind: str, name: str) -> str:
        return f"-{self._nonce}.{self._numbers[name]}{kind}-"


def _as(kind: str, value: str) -> str:
    clean = value.encode(errors="replace").decode()
    return html.escape(clean) if kind == "h" else one_line(clean) if kind == "s" else clean


def _personalization(email: Email, tags: _Tags) -> dict[str, Any]:
    ticket = email.ticket
    person: dict[str, Any] = {
        "to": [{"email": one_line(email.address)}],
        # Strings, by SendGrid's rule; they come back as top-level keys of every event.
        "custom_args": {
            "d": str(ticket.delivery_id),
            "a": str(ticket.attempt),
            "k": ticket.token,
        },
        "substitutions": tags.values(email.values),
    }
    headers = thread_headers(email.route)
    if email.unsubscribe_url:
        headers |= unsubscribe_headers(email.unsubscribe_url, email.route.leave)
    if headers:
        person["headers"] = headers
    return person


def _from(sender: str) -> dict[str, str]:
    name, address = mailbox(sender)
    return {"email": address, "name": name} if name else {"email": address}
