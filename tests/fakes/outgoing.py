"""Messages ready to leave, for tests of providers."""

from __future__ import annotations

import time
from datetime import datetime

from messages.providers.lookup import Sought
from messages.providers.provider import Email, EmailWords, Route, Text, Ticket

SERVICE = "MG" + "0" * 32
ACCOUNT = "AC" + "a" * 32
PUBLIC_URL = "https://alerts.example.org"

APPEAL = EmailWords(
    subject=("Call today, ", "first_name", ""),
    text=("Dear ", "first_name", ",\nplease call: ", "link", "\n"),
    html=("<p>Dear ", "first_name", ',</p><p><a href="', "link", '">Call</a></p>'),
)


def soon(seconds: float = 10) -> float:
    """A deadline."""
    return time.monotonic() + seconds


def make_ticket(number: int = 1, *, attempt: int = 1) -> Ticket:
    return Ticket(number, attempt, f"token{number:011d}")


def make_text(
    number: int = 1, *, body: str = "Call today: https://alerts.example.org/a/x1", **changes: object
) -> Text:
    values: dict[str, object] = {
        "ticket": make_ticket(number),
        "sender": SERVICE,
        "address": f"+1608555{number:04d}",
        "body": body,
        **changes,
    }
    return Text(**values)  # type: ignore[arg-type] # a test may give any field


def make_sought(text: Text, *, since: datetime, mark: str = "") -> Sought:
    """A text that has left, as a look-up asks about it."""
    return Sought(
        delivery_id=text.ticket.delivery_id,
        attempt=text.ticket.attempt,
        address=text.address,
        sender=text.sender,
        body=text.body,
        mark=mark,
        since=since,
    )


def make_email(number: int = 1, **changes: object) -> Email:
    values: dict[str, object] = {
        "ticket": make_ticket(number),
        "sender": "Sister Cities <alerts@alerts.example.org>",
        "address": f"person{number}@example.org",
        "words": APPEAL,
        "values": {"first_name": "Ana", "link": f"{PUBLIC_URL}/a/x{number}?a=1&b=2"},
        "unsubscribe_url": f"{PUBLIC_URL}/u/x{number}",
        "route": Route(message_id=f"m{number}"),
        **changes,
    }
    return Email(**values)  # type: ignore[arg-type] # a test may give any field
