"""Twilio's own list of messages: did a text go out whose answer we lost?

Asked by number only. ``DateSent`` is empty while a text is queued and knows days, not seconds, so
times are compared here. The newest come first, which Twilio shows but does not promise, and a
message may be missing for some seconds after it was accepted.
https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import ClientError
from yarl import URL

from messages.providers import wire
from messages.providers.lookup import (
    Candidate,
    CouldNotAsk,
    Finding,
    Listed,
    Sought,
    likeness,
)
from messages.providers.provider import Verdict
from messages.providers.twilio import HARMS, NAME, PASSING, STATUSES, TwilioAccount

AT_ONCE = 2  # the sending comes first: Twilio counts all requests of an account together
PAGE_SIZE = 100
MOST_PAGES = 20  # two thousand texts to one number since the try: something else is wrong
# A page whose newest message is that much older than the try ends the search.
LONG_BEFORE = timedelta(days=1)

Message = Mapping[str, Any]


class _Refused(Exception):
    """The list could not be read; says how long Twilio asked us to wait."""

    def __init__(self, retry_seconds: float | None = None) -> None:
        super().__init__(retry_seconds)
        self.retry_seconds = retry_seconds


class TwilioList:
    """Look-ups of texts. To be built inside a running event loop, and closed."""

    name = NAME

    def __init__(self, account: TwilioAccount) -> None:
        self._session = wire.open_session(connections=AT_ONCE)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._url = account.messages_url
        self._base = URL(account.api_base)
        self._headers = {"Authorization": account.authorization, "Accept": "application/json"}
        self._quiet_until = 0.0  # monotonic; Twilio asked us to slow down

    async def look_up(self, items: Sequence[Sought]) -> list[Finding]:
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(self._look_up_one(item)) for item in items]
        return [task.result() for task in asking]

    async def _look_up_one(self, item: Sought) -> Finding:
        async with self._turns:
            wait = self._quiet_until - time.monotonic()
            if wait > 0:
                return CouldNotAsk(wait)
            try:
                messages = [one async for one in self._sent_to(item.address, item.since)]
                return Listed(tuple(_candidates(item, messages)))
            except _Refused as refused:
                return CouldNotAsk(refused.retry_seconds)
            except (KeyError, TypeError, ValueError, AttributeError):
                return CouldNotAsk()

    async def _sent_to(self, address: str, since: datetime) -> AsyncIterator[Message]:
        """What the list holds for a number, as far back as ``since``; raises _Refused."""
        url: URL | None = self._url.with_query({"To": address, "PageSize": str(PAGE_SIZE)})
        for _ in range(MOST_PAGES):
            if url is None:
                return
            page = await self._page(url)
            for message in page["messages"]:
                yield message
            url = self._next(page, since)
        if url is not None:
            raise _Refused

    def _next(self, page: Mapping[str, Any], since: datetime) -> URL | None:
        """The next page, on the very host we know: our credentials go nowhere else."""
        following = page.get("next_page_uri")
        created = [_created_at(message) for message in page["messages"]]
        if not following or not created or max(created) < since - LONG_BEFORE:
            return None
        told = URL(str(following), encoded=True)
        return self._base.join(told.relative() if told.is_absolute() else told)

    async def _page(self, url: URL) -> Mapping[str, Any]:
        try:
            async with self._session.get(
                url, headers=self._headers, allow_redirects=False
            ) as response:
                body = await response.read()
        except (ClientError, TimeoutError, OSError):
            raise _Refused from None
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._slow_down(response.headers.get("Retry-After"))
        if response.status != HTTPStatus.OK:
            raise _Refused
        page = orjson.loads(body)
        if not isinstance(page, dict):
            raise _Refused
        return page

    def _slow_down(self, retry_after: str | None) -> _Refused:
        seconds = wire.wait_seconds(retry_after, otherwise=PASSING[20429])
        self._quiet_until = time.monotonic() + seconds
        return _Refused(seconds)

    async def close(self) -> None:
        await self._session.close()


def _candidates(item: Sought, messages: Sequence[Message]) -> list[Candidate]:
    found = []
    for message in messages:
        sender = message.get("messaging_service_sid") if item.sender.startswith("MG") else None
        like = likeness(item, str(message["body"]), str(sender or message.get("from") or ""))
        outbound = str(message.get("direction", "")).startswith("outbound")
        if like is not None and outbound and _created_at(message) >= item.since:
            found.append(_candidate(message, like))
    return found


def _candidate(message: Message, like: Any) -> Candidate:
    code = message.get("error_code")
    return Candidate(
        provider_id=str(message["sid"]),
        # A status that Twilio has invented since still proves that it took the text.
        verdict=STATUSES.get(str(message["status"]), Verdict.ACCEPTED),
        created_at=_created_at(message),
        likeness=like,
        code=str(code or ""),
        harm=HARMS.get(int(code)) if code else None,
    )


def _created_at(message: Message) -> datetime:
    return parsedate_to_datetime(str(message["date_created"]))
