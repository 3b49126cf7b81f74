"""SendGrid's own lists of addresses that it keeps our mail from: read page by page, and asked to forget one.

https://www.twilio.com/docs/sendgrid/api-reference/bounces-api and its neighbours; the global unsubscribes
are forgotten at https://www.twilio.com/docs/sendgrid/api-reference/suppressions-global-suppressions.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import ClientError
from yarl import URL

from messages.providers import wire
from messages.providers.mail_codes import code_of, is_enhanced
from messages.providers.provider import Harm
from messages.providers.sendgrid import SendGridAccount, reset_seconds

PAGE = 500  # entries, the most that SendGrid gives at once
MOST_PAGES = 2_000  # a million entries
PATIENT = 3  # times that we wait where it asks us to slow down
LONGEST_WAIT = 60.0

# What each list says of its addresses. A block is about one email, and SendGrid sends the next one.
LISTS: Mapping[str, Harm | None] = {
    "bounces": Harm.BOUNCED,
    "invalid_emails": Harm.BOUNCED,
    "spam_reports": Harm.COMPLAINED,
    "unsubscribes": Harm.OPTED_OUT,
    "blocks": None,
}

_REFUSED = "SendGrid does not let us read its lists (HTTP {status}): give the API key access to suppressions."
_BUSY = "SendGrid asked us to come back later; its lists are read again within the hour."
_DOWN = "SendGrid did not answer ({what}); its lists are read again within the hour."
_STRANGE = "SendGrid's answer could not be read; its lists are read again within the hour."


class CouldNotList(Exception):
    """A list could not be read, or an entry not be taken from it; says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An address on a list."""

    address: str
    since: datetime
    code: str  # "5.1.1", where the list knows one


class SendGridLists:
    """The lists of an account. To be built inside a running event loop, and closed."""

    def __init__(self, account: SendGridAccount) -> None:
        self._session = wire.open_session(connections=1)
        self._base = URL(account.api_base)
        self._headers = {
            "Authorization": f"Bearer {account.api_key}",
            "Accept": "application/json",
        }

    async def pages(self, name: str, *, since: datetime | None) -> AsyncIterator[list[Entry]]:
        """A list's entries, all or those added since, in pages. Raises CouldNotList."""
        for page in range(MOST_PAGES):
            query = {"limit": str(PAGE), "offset": str(page * PAGE)}
            if since is not None:
                query["start_time"] = str(int(since.timestamp()))
            url = self._base.joinpath("v3", "suppression", name).with_query(query)
            entries = _entries(await self._get(url))
            yield entries
            if len(entries) < PAGE:
                return

    async def _get(self, url: URL) -> bytes:
        for _ in range(PATIENT):
            answer = await self._ask("GET", url)
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            await asyncio.sleep(min(LONGEST_WAIT, reset_seconds(answer.headers)))
        if answer.status != HTTPStatus.OK:
            raise _why(answer.status)
        return answer.body

    async def forget(self, name: str, address: str) -> None:
        """Have an address taken from a list; one that is not on it is fine. Raises CouldNotList."""
        place = (
            ("asm", "suppressions", "global") if name == "unsubscribes" else ("suppression", name)
        )
        answer = await self._ask("DELETE", self._base.joinpath("v3", *place, address))
        if answer.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise _why(answer.status)

    async def _ask(self, method: str, url: URL) -> wire.Answer:
        try:
            async with self._session.request(
                method, url, headers=self._headers, allow_redirects=False
            ) as response:
                return wire.Answer(response.status, response.headers, await response.read())
        except (ClientError, TimeoutError, OSError) as error:
            raise CouldNotList(_DOWN.format(what=type(error).__name__)) from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._session.close()


def _why(status: int) -> CouldNotList:
    if status in wire.FORBIDDEN:
        return CouldNotList(_REFUSED.format(status=status))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return CouldNotList(_BUSY)
    return CouldNotList(_DOWN.format(what=f"HTTP {status}"))


def _entries(body: bytes) -> list[Entry]:
    try:
        rows = orjson.loads(body)
        return [_entry(row) for row in _listed(rows)]
    except (ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        raise CouldNotList(_STRANGE) from error


def _listed(rows: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(rows, list):
        raise TypeError("SendGrid's lists are arrays.")
    return rows


def _entry(row: Mapping[str, Any]) -> Entry:
    # Reasons quote the receiving server, addresses and all: only its numbers are kept.
    status = str(row.get("status", ""))
    code = status if is_enhanced(status) else code_of(str(row.get("reason", "")))
    since = datetime.fromtimestamp(int(row["created"]), UTC)
    return Entry(str(row["email"]).strip().lower(), since, code)
