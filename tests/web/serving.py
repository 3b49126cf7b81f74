"""The whole web application over a real database, spoken to through a loopback socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from database.opening import Opened
from web.app import make_app
from web.keys import Site

PUBLIC_URL = "https://llamado.example.org"
LINKS_SECRET = "5e" * 32

Client = TestClient[Any, Any]


def make_site(**values: Any) -> Site:
    """An installation's own facts, with defaults that mean "nothing special"."""
    known = {
        "public_url": PUBLIC_URL,
        "network_name": "Sister Cities",
        "postal_address": "PO Box 1, Madison WI 53701",
        "links_secret": LINKS_SECRET,
    }
    return Site(**{**known, **values})


@asynccontextmanager
async def serving(
    opened: Opened, now: datetime | Callable[[], datetime], **site: Any
) -> AsyncIterator[Client]:
    """A client of the application; its cookies are kept, its redirects not followed."""
    clock = now if callable(now) else lambda: now
    app = make_app(opened.database, opened.jobs, make_site(**site), clock=clock)
    async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
        yield client
