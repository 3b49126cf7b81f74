"""Asking Twilio's list about texts whose answer was lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from messages.providers import twilio_list
from messages.providers.lookup import (
    Candidate,
    CouldNotAsk,
    Finding,
    Likeness,
    Listed,
    NothingToAsk,
    OutboxLookup,
    Sought,
    Unlisted,
)
from messages.providers.provider import Harm, Verdict
from messages.providers.twilio import Twilio, TwilioAccount
from messages.providers.twilio_list import TwilioList
from tests.fakes import provider
from tests.fakes.faults import Fault
from tests.fakes.outgoing import ACCOUNT, PUBLIC_URL, SERVICE, make_sought, make_text, soon

TEXT = make_text(1)


def make_account(api_base: str, *, password: str = "fake-auth-token") -> TwilioAccount:
    return TwilioAccount(ACCOUNT, ACCOUNT, password, PUBLIC_URL, api_base=api_base, timeout=0.3)


def a_second_ago() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)  # Twilio's times are whole seconds


async def asked(account: TwilioAccount, *items: Sought) -> list[Finding]:
    there = TwilioList(account)
    try:
        return await there.look_up(items)
    finally:
        await there.close()


async def sent(fake: provider.FakeProvider, *faults: Fault) -> None:
    """Texts to one person, each with its fault."""
    fake.faults.script.extend(faults)
    way_out = Twilio(make_account(fake.url))
    try:
        for _ in faults:
            await way_out.send([TEXT], deadline=soon())
    finally:
        await way_out.close()


def listed(finding: Finding) -> tuple[Candidate, ...]:
    assert isinstance(finding, Listed)
    return finding.candidates


@pytest.fixture
async def fake() -> AsyncIterator[provider.FakeProvider]:
    options = provider.Options(callback_retries=0, hang_seconds=1.0)
    async with provider.running(options) as running:
        yield running


@pytest.mark.parametrize(
    "fault",
    [
        Fault.ACCEPT_500,
        Fault.ACCEPT_HANG,
        Fault.ACCEPT_RESET,
        Fault.ACCEPT_HALF,
        Fault.ACCEPT_BAD_JSON,
    ],
)
async def test_what_was_accepted_before_the_answer_was_lost_is_found(
    fake: provider.FakeProvider, fault: Fault
) -> None:
    since = a_second_ago()
    await sent(fake, fault)

    (finding,) = await asked(make_account(fake.url), make_sought(TEXT, since=since))

    (found,) = listed(finding)
    assert found.provider_id == fake.journal.of("accepted")[0]["id"]
    assert (found.likeness, found.verdict) == (Likeness.SAME, Verdict.ACCEPTED)


async def test_what_was_not_accepted_is_not_found(fake: provider.FakeProvider) -> None:
    since = a_second_ago()
    await sent(fake, Fault.ERROR_500)

    assert listed((await asked(make_account(fake.url), make_sought(TEXT, since=since)))[0]) == ()


async def test_what_the_list_does_not_show_yet_is_not_found(fake: provider.FakeProvider) -> None:
    since = a_second_ago()
    await sent(fake, Fault.ACCEPT_500)
    fake.twilio.listing_delay = 3600

    before = await asked(make_account(fake.url), make_sought(TEXT, since=since))
    fake.twilio.listing_delay = 0
    after = await asked(make_account(fake.url), make_sought(TEXT, since=since))

    assert (len(listed(before[0])), len(listed(after[0]))) == (0, 1)


async def test_only_this_persons_text_from_this_sender_since_the_try_counts(
    fake: provider.FakeProvider,
) -> None:
    since = a_second_ago()
    await sent(fake, Fault.ACCEPT_500)
    sought = make_sought(TEXT, since=since)

    findings = await asked(
        make_account(fake.url),
        replace(sought, address="+16085559999"),
        replace(sought, body="another text"),
        replace(sought, sender="+15005550006"),
        replace(sought, since=since + timedelta(minutes=1)),
        replace(sought, body="reworded since", sender="+15005550006", mark="/a/x1"),
    )

    assert [len(listed(finding)) for finding in findings] == [0, 0, 0, 0, 1]
    assert listed(findings[-1])[0].likeness is Likeness.OWN


@dataclass
class Pages:
    """A list in pages, as Twilio serves it, with whatever is to be wrong about it."""

    pages: list[list[dict[str, Any]]]
    status: int = 200
    retry_after: str = ""
    absolute: str = ""  # a host that the links name
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.asked.append(str(request.rel_url))
        if self.status != 200:
            return web.Response(status=self.status, headers={"Retry-After": self.retry_after})
        number = int(request.query.get("Page", "0"))
        following = f"{self.absolute}{request.path}?To=%2B16085550001&Page={number + 1}"
        last = number + 1 == len(self.pages)
        return web.json_response(
            {"messages": self.pages[number], "next_page_uri": None if last else following}
        )


def message(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "sid": f"SM{number}",
        "body": TEXT.body,
        "from": None,
        "messaging_service_sid": SERVICE,
        "direction": "outbound-api",
        "status": "delivered",
        "error_code": None,
        "date_created": format_datetime(datetime.now(UTC)),
        **changes,
    }


@asynccontextmanager
async def served(pages: Pages) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(pages.answer))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def asked_of(pages: Pages, *items: Sought) -> list[Finding]:
    async with served(pages) as url:
        return await asked(make_account(url), *items)


async def test_every_page_is_read_and_credentials_stay_on_our_host() -> None:
    pages = Pages([[message(1, body="hello")], [message(2)]], absolute="https://evil.example")

    (finding,) = await asked_of(pages, make_sought(TEXT, since=a_second_ago()))

    assert [one.provider_id for one in listed(finding)] == ["SM2"]
    assert len(pages.asked) == 2
    assert "DateSent" not in pages.asked[0]


async def test_the_search_ends_where_everything_is_long_before_the_try() -> None:
    long_ago = format_datetime(datetime.now(UTC) - timedelta(days=3))
    pages = Pages([[message(1, date_created=long_ago)], [message(2)]])

    await asked_of(pages, make_sought(TEXT, since=a_second_ago()))

    assert len(pages.asked) == 1


async def test_a_list_without_an_end_proves_nothing() -> None:
    pages = Pages([[message(1, body="hello")]] * (twilio_list.MOST_PAGES + 5))

    assert await asked_of(pages, make_sought(TEXT, since=a_second_ago())) == [CouldNotAsk()]
    assert len(pages.asked) == twilio_list.MOST_PAGES


async def test_told_to_slow_down_we_ask_nothing_more_for_so_long() -> None:
    pages = Pages([], status=429, retry_after="120")
    sought = make_sought(TEXT, since=a_second_ago())

    findings = await asked_of(pages, *[sought] * 5)

    assert len(pages.asked) <= twilio_list.AT_ONCE
    assert all(
        isinstance(finding, CouldNotAsk) and (finding.retry_seconds or 0) > 100
        for finding in findings
    )


@pytest.mark.parametrize("status", [302, 401, 404, 500, 503])
async def test_a_list_that_cannot_be_read_proves_nothing(status: int) -> None:
    pages = Pages([], status=status)

    assert await asked_of(pages, make_sought(TEXT, since=a_second_ago())) == [CouldNotAsk()]


@pytest.mark.parametrize(
    "wrong", [{"date_created": "soon"}, {"date_created": None}, {"error_code": "many"}]
)
async def test_a_message_that_cannot_be_read_proves_nothing(wrong: dict[str, Any]) -> None:
    finding = await asked_of(Pages([[message(**wrong)]]), make_sought(TEXT, since=a_second_ago()))

    assert finding == [CouldNotAsk()]


async def test_a_provider_that_is_not_there_proves_nothing(unused_tcp_port: int) -> None:
    account = make_account(f"http://127.0.0.1:{unused_tcp_port}")

    assert await asked(account, make_sought(TEXT, since=a_second_ago())) == [CouldNotAsk()]


async def test_a_failed_text_brings_its_code_and_a_redacted_one_its_doubt() -> None:
    pages = Pages(
        [
            [
                message(1, status="failed", error_code=30006),
                message(2, body=""),
                message(3, direction="inbound"),
                message(4, status="invented"),
            ]
        ]
    )

    (finding,) = await asked_of(pages, make_sought(TEXT, since=a_second_ago()))

    failed, redacted, invented = listed(finding)
    assert (failed.verdict, failed.code, failed.harm) == (
        Verdict.FAILED,
        "30006",
        Harm.NOT_TEXTABLE,
    )
    assert redacted.likeness is Likeness.UNREADABLE
    assert invented.verdict is Verdict.ACCEPTED


async def test_sendgrid_waits_for_events_and_a_relay_for_nothing() -> None:
    sought = make_sought(TEXT, since=a_second_ago())
    day = timedelta(hours=24)

    assert await Unlisted("sendgrid", events_for=day).look_up([sought]) == [NothingToAsk(day)]
    assert await Unlisted("smtp").look_up([sought]) == [NothingToAsk(timedelta(0))]


async def test_the_outbox_finds_what_it_kept_since_the_try() -> None:
    since = datetime.now(UTC)

    async def recall(_items: object) -> list[list[datetime]]:
        return [[since - timedelta(hours=1), since], []]

    sought = make_sought(TEXT, since=since)
    kept, lost = await OutboxLookup(recall).look_up([sought, sought])

    assert [one.provider_id for one in listed(kept)] == ["OB1.1"]
    assert listed(lost) == ()


async def test_an_outbox_that_cannot_be_read_proves_nothing() -> None:
    async def recall(_items: object) -> list[list[datetime]]:
        raise OSError

    assert await OutboxLookup(recall).look_up([make_sought(TEXT, since=a_second_ago())]) == [
        CouldNotAsk()
    ]
