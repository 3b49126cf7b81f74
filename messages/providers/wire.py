"""What became of one HTTP request: answered, provably never written, or lost on the way.

The two failures must never be mixed up: what was not written may be tried again, what was lost may
have been sent. In doubt it is lost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from messages.providers.provider import NotSent, Unknown

TOTAL_SECONDS = 15
CONNECT_SECONDS = 5
UNREACHABLE_SECONDS = 30  # how long to leave a provider alone that we cannot connect to
FORBIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
LONGEST_WAIT = 600  # whatever a provider asks for, we look again after this


class Answer(NamedTuple):
    """What the provider said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def open_session(*, connections: int) -> ClientSession:
    """The one session of a provider; needs a running event loop, and is to be closed."""
    return ClientSession(
        # Providers hang up on idle connections; a POST written at that very moment would be lost
        # and its message unknown, so we let go of them first.
        connector=TCPConnector(limit=connections, keepalive_timeout=10),
        timeout=ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS),
        cookie_jar=DummyCookieJar(),
    )


async def post(
    session: ClientSession,
    url: URL,
    *,
    body: bytes,
    headers: Mapping[str, str],
    deadline: float,
    patience: float = TOTAL_SECONDS,
) -> Answer | NotSent | Unknown:
    """Write one POST, once, before the monotonic ``deadline`` or not at all."""
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        return NotSent("the time for writing it had passed", 0)
    # aiohttp writes as soon as it has a connection, so a limit on getting one is the deadline.
    limits = _limits(patience, min(CONNECT_SECONDS, remaining))
    try:
        async with session.post(
            url, data=body, headers=headers, timeout=limits, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())
    except (ClientConnectorError, ConnectionTimeoutError):
        return NotSent("the provider could not be reached", UNREACHABLE_SECONDS)
    except (ClientError, TimeoutError, OSError) as exc:
        return Unknown(f"the answer was lost ({type(exc).__name__})")


@lru_cache(maxsize=8)
def _limits(total: float, connect: float) -> ClientTimeout:
    return ClientTimeout(total=total, connect=connect)


def proves_nothing(status: int) -> bool:
    """Whether an answer leaves open if the request was acted on: server errors, and a success that
    is not the one the provider promises (those are to be looked for first).
    """
    return (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or status < HTTPStatus.MULTIPLE_CHOICES
        or status == HTTPStatus.REQUEST_TIMEOUT
    )


def wait_seconds(text: str | None, *, otherwise: float) -> float:
    """Read a ``Retry-After`` given in seconds."""
    try:
        seconds = float(text or "")
    except ValueError:
        return otherwise
    return otherwise if math.isnan(seconds) else min(max(seconds, 0.1), LONGEST_WAIT)
