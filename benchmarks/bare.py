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
EMAIL = orjson.dumps(
    {
        "from": {"email": "alerts@example.org"},
        "subject": "14 arrested in Suchitoto",
        "content": [{"type": "text/html", "value": "<p>Please call today.</p>" * 20}],
        "personalizations": [
            {
                "to": [{"email": "amina@example.org"}],
                "custom_args": {"d": "1", "a": "1", "k": "0123456789abcdef"},
            }
        ],
    }
)


async def texts(stub: str, count: int) -> float:
    """Texts a second, the body ready."""
    url = f"{stub}/2010-04-01/Accounts/AC/Messages.json"
    return count / await _post_all(url, (TEXT for _ in range(count)), FORM)


async def emails(stub: str, count: int) -> float:
    """Emails a second, one to a request, the body ready."""
    return count / await _post_all(f"{stub}/v3/mail/send", (EMAIL for _ in range(count)), JSON)


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
