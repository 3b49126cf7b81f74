"""Texts through Twilio: what each of its answers, and each way of losing one, comes to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from messages.providers import twilio, wire
from messages.providers.provider import (
    Accepted,
    Harm,
    Misconfigured,
    NotSent,
    Rejected,
    Unknown,
)
from messages.providers.twilio import (
    Twilio,
    TwilioAccount,
    form,
    read_answer,
    request_fields,
)
from tests.fakes import provider
from tests.fakes.faults import Fault
from tests.fakes.journal import body_hash
from tests.fakes.outgoing import ACCOUNT, PUBLIC_URL, SERVICE, make_email, make_text, soon


def make_account(
    api_base: str, *, password: str = "fake-auth-token", concurrency: int = 5
) -> TwilioAccount:
    return TwilioAccount(
        account_sid=ACCOUNT,
        username=ACCOUNT,
        password=password,
        public_url=PUBLIC_URL,
        api_base=api_base,
        concurrency=concurrency,
    )


@asynccontextmanager
async def opened(account: TwilioAccount) -> AsyncIterator[Twilio]:
    way_out = Twilio(account)
    try:
        yield way_out
    finally:
        await way_out.close()


@pytest.fixture
async def fake() -> AsyncIterator[provider.FakeProvider]:
    async with provider.running(provider.Options(callback_retries=0)) as running:
        yield running


async def test_each_text_is_accepted_once_in_order(fake: provider.FakeProvider) -> None:
    texts = [make_text(number, body=f"Call {number}") for number in range(40)]

    async with opened(make_account(fake.url)) as way_out:
        outcomes = await way_out.send(texts, deadline=soon())

    accepted = {entry["id"]: entry for entry in fake.journal.of("accepted", "twilio")}
    assert len(accepted) == 40
    for text, outcome in zip(texts, outcomes, strict=True):
        assert isinstance(outcome, Accepted)
        entry = accepted[outcome.provider_id]
        assert (entry["delivery_id"], entry["to"]) == (text.ticket.delivery_id, text.address)
        assert entry["body_hash"] == body_hash(text.body)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.TOO_MANY, NotSent("the provider asked us to slow down", 1.0)),
        (Fault.ERROR_500, Unknown("HTTP 500")),
        (Fault.ACCEPT_500, Unknown("HTTP 500")),
        (Fault.ACCEPT_BAD_JSON, Unknown("unreadable answer")),
        (Fault.ACCEPT_RESET, Unknown("the answer was lost (ServerDisconnectedError)")),
        (Fault.ACCEPT_HALF, Unknown("the answer was lost (ClientPayloadError)")),
        (Fault.BAD_ADDRESS, Rejected("21211", Harm.BOUNCED)),
        (Fault.OPTED_OUT, Rejected("21610", Harm.OPTED_OUT)),
    ],
)
async def test_an_answer_comes_to_what_the_provider_promised(
    fake: provider.FakeProvider, fault: Fault, expected: object
) -> None:
    fake.faults.script.append(fault)

    async with opened(make_account(fake.url)) as way_out:
        outcomes = await way_out.send([make_text()], deadline=soon())

    assert outcomes == [expected]
    assert len(fake.journal.of("accepted")) <= 1


@pytest.mark.parametrize("fault", [Fault.UNAUTHORISED, Fault.FORBIDDEN])
async def test_a_refused_account_is_told_to_a_person(
    fake: provider.FakeProvider, fault: Fault
) -> None:
    fake.faults.script.append(fault)

    async with opened(make_account(fake.url)) as way_out:
        (outcome,) = await way_out.send([make_text()], deadline=soon())

    assert isinstance(outcome, Misconfigured)
    assert "account SID and key" in outcome.sentence


async def test_a_wrong_password_is_misconfigured(fake: provider.FakeProvider) -> None:
    async with opened(make_account(fake.url, password="wrong")) as way_out:
        (outcome,) = await way_out.send([make_text()], deadline=soon())

    assert isinstance(outcome, Misconfigured)
    assert fake.journal.of("accepted") == []


async def test_a_hanging_answer_is_unknown_and_the_text_is_not_repeated(
    fake: provider.FakeProvider,
) -> None:
    account = replace(make_account(fake.url), timeout=0.2)
    fake.faults.script.append(Fault.ACCEPT_HANG)

    async with opened(account) as way_out:
        outcomes = await way_out.send([make_text()], deadline=soon())

    assert outcomes == [Unknown("the answer was lost (TimeoutError)")]
    assert len(fake.journal.of("accepted")) == 1


async def test_a_closed_port_is_provably_not_sent(unused_tcp_port: int) -> None:
    async with opened(make_account(f"http://127.0.0.1:{unused_tcp_port}")) as way_out:
        (outcome,) = await way_out.send([make_text()], deadline=soon())

    assert isinstance(outcome, NotSent)


async def test_a_name_that_does_not_resolve_is_provably_not_sent() -> None:
    async with opened(make_account("http://nowhere.invalid")) as way_out:
        (outcome,) = await way_out.send([make_text()], deadline=soon())

    assert isinstance(outcome, NotSent)


async def test_a_server_without_tls_is_provably_not_sent(fake: provider.FakeProvider) -> None:
    async with opened(make_account(fake.url.replace("http:", "https:"))) as way_out:
        (outcome,) = await way_out.send([make_text()], deadline=soon())

    assert isinstance(outcome, NotSent)


async def test_nothing_is_written_after_the_deadline(fake: provider.FakeProvider) -> None:
    async with opened(make_account(fake.url)) as way_out:
        outcomes = await way_out.send([make_text(1), make_text(2)], deadline=soon(-1))

    assert outcomes == [NotSent("the time for writing it had passed", 0)] * 2
    assert fake.journal.entries == []


async def test_no_more_requests_are_under_way_than_allowed() -> None:
    under_way, most = 0, 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        await request.read()
        under_way -= 1
        return web.json_response({"sid": "SM1"}, status=201)

    async with served(answer) as url, opened(make_account(url, concurrency=3)) as way_out:
        await way_out.send([make_text(number) for number in range(30)], deadline=soon())

    assert 1 <= most <= 3


@asynccontextmanager
async def served(answer: object) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(answer))  # type: ignore[arg-type] # any handler
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_an_email_is_not_for_twilio(fake: provider.FakeProvider) -> None:
    async with opened(make_account(fake.url)) as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, Misconfigured)


async def test_a_refusal_says_nothing_about_the_person(fake: provider.FakeProvider) -> None:
    faults = list(Fault)
    fake.faults.script.extend(faults)
    fake.faults.hang_seconds = 0
    texts = [make_text(number, body="a private word") for number in range(len(faults))]

    async with opened(make_account(fake.url)) as way_out:
        outcomes = await way_out.send(texts, deadline=soon())

    assert len(outcomes) == len(faults)
    assert "+1608" not in str(outcomes)
    assert "private" not in str(outcomes)
    assert "fake-auth-token" not in repr(make_account(fake.url))


def make_answer(status: int, body: bytes = b"", **headers: str) -> wire.Answer:
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return wire.Answer(status, named, body)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21201, Rejected("21201", Harm.BOUNCED)),
        (400, 21604, Rejected("21604", Harm.BOUNCED)),
        (400, 21612, Rejected("21612", Harm.NOT_TEXTABLE)),
        (400, 21614, Rejected("21614", Harm.NOT_TEXTABLE)),
        (400, 21635, Rejected("21635", Harm.NOT_TEXTABLE)),
        (400, 21408, Rejected("21408")),  # a country we may not text: this number only
        (400, 21617, Rejected("21617")),  # too long, for this person's name only
        (400, 99999, Rejected("99999")),
        (400, 21611, NotSent("the provider asked us to slow down", 60.0)),
        (400, 20429, NotSent("the provider asked us to slow down", 2.0)),
    ],
)
def test_a_code_decides_about_one_recipient(status: int, code: int, expected: object) -> None:
    answer = make_answer(status, b'{"code": %d, "message": "To +16085550100"}' % code)

    assert read_answer(answer) == expected


@pytest.mark.parametrize("code", sorted(twilio.MISCONFIGURED))
def test_a_code_about_us_stops_the_message_with_a_sentence(code: int) -> None:
    outcome = read_answer(make_answer(400, b'{"code": %d}' % code))

    assert isinstance(outcome, Misconfigured)
    assert outcome.code == str(code)
    assert f"(code {code})" in outcome.sentence


@pytest.mark.parametrize(
    "answer",
    [
        make_answer(404, b"<html>nginx</html>"),
        make_answer(301, b""),
        make_answer(400, b"[]"),
        make_answer(400, b'{"code": "21211"}'),
    ],
)
def test_an_answer_that_is_not_twilios_stops_the_message(answer: wire.Answer) -> None:
    outcome = read_answer(answer)

    assert isinstance(outcome, Misconfigured)
    assert "api_base" in outcome.sentence


@pytest.mark.parametrize(
    "answer",
    [
        make_answer(201, b""),
        make_answer(201, b"{}"),
        make_answer(201, b'{"sid": null}'),
        make_answer(201, b'{"sid": 7}'),
        make_answer(202, b'{"sid": "SM1"}'),
        make_answer(408, b""),
        make_answer(503, b'{"code": 20503}'),
        make_answer(500, b'{"code": 21211}'),
        make_answer(503, b'{"code": 20429}'),
    ],
)
def test_in_doubt_it_is_unknown(answer: wire.Answer) -> None:
    assert isinstance(read_answer(answer), Unknown)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.1), ("-3", 0.1), ("99999", 600), ("soon", 2.0), ("nan", 2.0), ("", 2.0)],
)
def test_retry_after_is_kept_within_reason(header: str, seconds: float) -> None:
    outcome = read_answer(make_answer(429, b"", retry_after=header))

    assert outcome == NotSent("the provider asked us to slow down", seconds)


def test_the_callback_carries_the_ticket_and_asks_for_retries() -> None:
    fields = request_fields(make_account("http://x"), make_text(7))

    callback = urlsplit(fields["StatusCallback"])
    assert parse_qs(callback.query) == {"d": ["7"], "a": ["1"], "k": ["token00000000007"]}
    assert callback.path == "/webhooks/twilio/status"
    assert parse_qs(callback.fragment)["rc"] == ["5"]


def test_a_service_and_a_number_are_different_fields() -> None:
    account = make_account("http://x")

    by_service = request_fields(account, make_text(sender=SERVICE))
    by_number = request_fields(account, make_text(sender="+15005550006"))

    assert by_service["MessagingServiceSid"] == SERVICE
    assert "From" not in by_service
    assert by_number["From"] == "+15005550006"


@pytest.mark.parametrize(
    ("valid", "written"), [(None, None), (90, "90"), (0, "1"), (90_000, "36000")]
)
def test_validity_is_within_what_twilio_takes(valid: int | None, written: str | None) -> None:
    fields = request_fields(make_account("http://x"), make_text(valid_seconds=valid))

    assert fields.get("ValidityPeriod") == written


async def test_a_text_with_half_a_character_does_not_stop_the_others(
    fake: provider.FakeProvider,
) -> None:
    async with opened(make_account(fake.url)) as way_out:
        outcomes = await way_out.send([make_text(body="\ud83d"), make_text(2)], deadline=soon())

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_form_reads_back_as_what_was_meant(body: str) -> None:
    account, item = make_account("http://x"), make_text(7, body=body, valid_seconds=60)

    read = parse_qsl(
        form(account, item).decode("ascii"), keep_blank_values=True, strict_parsing=True
    )

    assert dict(read) == request_fields(account, item)
