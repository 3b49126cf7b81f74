"""The ideal: an aiohttp loop that only posts: no database, no rendering, no bookkeeping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from urllib.parse import urlencode

import orjson
from aiohttp import ClientSession, TCPConnector

CONNECTIONS = 50
TEXT = urlencode(
    {
        "To": "+16085550101",
        "From": "+16085550100",
        "Body": "Amina, 14 people were arrested in Suchitoto. Call now: https://call.example.org/a/x",
        "StatusCallback": "https://call.example.org/webhooks/twilio/status?d=1&a=1&k=0123456789abcdef",
    }
).encode()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


async def texts(stub: str, count: int) -> float:
    """Seconds for so many texts."""
    url = f"{stub}/2010-04-01/Accounts/AC/Messages.json"
    return await _post_all(url, (TEXT for _ in range(count)), FORM)


async def emails(stub: str, count: int, together: int) -> float:
    """Seconds for so many emails, so many people to a request."""
    starts = range(0, count, together)
    bodies = (_body(range(start, min(start + together, count))) for start in starts)
    return await _post_all(f"{stub}/v3/mail/send", bodies, JSON)


def _body(people: range) -> bytes:
    return orjson.dumps(
        {
            "from": {"email": "alerts@example.org"},
            "subject": "14 arrested in Suchitoto",
            "content": [{"type": "text/html", "value": "<p>Please call today.</p>" * 20}],
            "personalizations": [_person(number) for number in people],
        }
    )


def _person(number: int) -> dict[str, object]:
    link = f"https://call.example.org/a/{number:010}"
    return {
        "to": [{"email": f"amina{number}@example.org"}],
        "substitutions": {"-name-": "Amina", "-link-": link},
        "headers": {"List-Unsubscribe": f"<{link}>"},
        "custom_args": {"d": str(number), "a": "1", "k": "0123456789abcdef"},
    }


async def _post_all(url: str, bodies: Iterable[bytes], headers: dict[str, str]) -> float:
    left = iter(bodies)
    async with ClientSession(connector=TCPConnector(limit=CONNECTIONS)) as session:

        async def post_on() -> None:
            for body in left:
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(post_on())
        return time.perf_counter() - started
