"""An organizer's browser, as far as HTTP goes: a session, a form token and where it came from."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import ClientResponse
from sqlalchemy import Connection

from database.opening import Opened
from organizers import sessions
from organizers.sessions import Proof
from tests.builders import make_organizer
from tests.web.serving import Client, serving

LOOPBACK = "http://localhost"  # not https, so that the cookie's plain name is used
OURS = {"Sec-Fetch-Site": "same-origin"}
Form = Mapping[str, Any] | Iterable[tuple[str, str]]


@dataclass
class Desk:
    """A signed-in organizer."""

    client: Client
    opened: Opened
    token: str
    csrf: str
    organizer_id: int

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"llamado={self.token}"}

    async def get(self, path: str) -> ClientResponse:
        return await self.client.get(path, headers=self.cookie, allow_redirects=False)

    async def post(self, path: str, form: Form = (), **headers: str) -> ClientResponse:
        pairs = list(form.items() if isinstance(form, Mapping) else form)
        return await self.client.post(
            path,
            data=[("csrf", self.csrf), *pairs],
            headers={**self.cookie, **OURS, **headers},
            allow_redirects=False,
        )

    async def page(self, path: str) -> str:
        """A page's words, without its tags."""
        response = await self.get(path)
        assert response.status == 200, (path, response.status)
        return words(await response.text())


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@asynccontextmanager
async def console(
    opened: Opened, now: datetime | Callable[[], datetime], **site: Any
) -> AsyncIterator[Client]:
    async with serving(opened, now, **{"public_url": LOOPBACK, **site}) as client:
        yield client


async def desk(client: Client, opened: Opened, now: datetime, **organizer: Any) -> Desk:
    """Sign an organizer in; by default somebody of the network's staff."""
    made = {"network": not organizer.get("projects"), **organizer}

    def sign_in(conn: Connection) -> tuple[int, str, str]:
        organizer_id = make_organizer(conn, **made)
        token = sessions.begin(conn, organizer_id, now, proof=Proof.CODE)
        return organizer_id, token, sessions.viewer(conn, token, now).csrf_token

    organizer_id, token, csrf = await opened.database.write(sign_in)
    return Desk(client, opened, token, csrf, organizer_id)
