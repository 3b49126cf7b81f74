"""Emails through SendGrid: one request for many people, and what comes of each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from messages.providers import wire
from messages.providers.provider import (
    Accepted,
    EmailWords,
    Harm,
    Misconfigured,
    NotSent,
    Outcome,
    Rejected,
    Unknown,
)
from messages.providers.sendgrid import SendGrid, SendGridAccount, read_answer
from messages.providers.sendgrid_requests import batches, request_body
from tests.fakes import provider
from tests.fakes.faults import Fault
from tests.fakes.outgoing import PUBLIC_URL, make_email, make_text, soon

SPANISH = EmailWords(
    subject=("Llame hoy, ", "first_name", ""),
    text=("Estimada ", "first_name", ""),
    html=("<p>Estimada ", "first_name", "</p>"),
)


@asynccontextmanager
async def opened(
    url: str, *, api_key: str = "SG.fake", patience: float = 5
) -> AsyncIterator[SendGrid]:
    way_out = SendGrid(SendGridAccount(api_key=api_key, api_base=url, timeout=patience))
    try:
        yield way_out
    finally:
        await way_out.close()


@pytest.fixture
async def fake() -> AsyncIterator[provider.FakeProvider]:
    async with provider.running(provider.Options(callback_retries=0)) as running:
        yield running


async def test_five_hundred_people_share_one_request(fake: provider.FakeProvider) -> None:
    emails = [make_email(number) for number in range(500)]

    async with opened(fake.url) as way_out:
        outcomes = await way_out.send(emails, deadline=soon())

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(set(outcomes)) == 1  # one X-Message-Id
    assert [mail["custom_args"]["d"] for mail in fake.sendgrid.mails] == [
        str(n) for n in range(500)
    ]


async def test_each_person_gets_their_own_values_links_and_way_out(
    fake: provider.FakeProvider,
) -> None:
    ana = make_email(1, values={"first_name": "Ana & <Co>", "link": f"{PUBLIC_URL}/a/x1?a=1&b=2"})
    ben = make_email(2, values={"first_name": "Ben", "link": f"{PUBLIC_URL}/a/x2"})

    async with opened(fake.url) as way_out:
        await way_out.send([ana, ben], deadline=soon())

    first, second = fake.sendgrid.mails
    assert first["subject"] == "Call today, Ana & <Co>"
    assert first["text"] == f"Dear Ana & <Co>,\nplease call: {PUBLIC_URL}/a/x1?a=1&b=2\n"
    assert first["html"] == (
        f'<p>Dear Ana &amp; &lt;Co&gt;,</p><p><a href="{PUBLIC_URL}/a/x1?a=1&amp;b=2">Call</a></p>'
    )
    assert second["text"].startswith("Dear Ben,")
    assert second["headers"] == {
        "List-Unsubscribe": f"<{PUBLIC_URL}/u/x2>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert second["custom_args"] == {"d": "2", "a": "1", "k": "token00000000002"}
    assert second["from"] == {"email": "alerts@alerts.example.org", "name": "Sister Cities"}
    assert second["tracking_settings"]["subscription_tracking"] == {"enable": False}


async def test_languages_and_senders_do_not_share_a_request(fake: provider.FakeProvider) -> None:
    emails = [
        make_email(1),
        make_email(2, words=SPANISH),
        make_email(3, sender="other@alerts.example.org"),
        make_email(4),
    ]

    async with opened(fake.url) as way_out:
        outcomes = await way_out.send(emails, deadline=soon())

    ids = [outcome.provider_id for outcome in outcomes if isinstance(outcome, Accepted)]
    assert ids[0] == ids[3]
    assert len(set(ids)) == 3


async def test_one_address_twice_goes_out_in_two_requests(fake: provider.FakeProvider) -> None:
    emails = [make_email(1, address="ana@example.org"), make_email(2, address="ANA@example.org")]

    async with opened(fake.url) as way_out:
        outcomes = await way_out.send(emails, deadline=soon())

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(fake.journal.of("accepted")) == 2


@pytest.mark.parametrize("fault", [Fault.BAD_ADDRESS, Fault.BAD_NAMELESS])
async def test_one_bad_recipient_is_isolated_and_the_rest_get_theirs(
    fake: provider.FakeProvider, fault: Fault
) -> None:
    emails = [make_email(number) for number in range(50)]
    fake.faults.by_address = {emails[7].address: fault, emails[31].address: fault}

    async with opened(fake.url) as way_out:
        outcomes = await way_out.send(emails, deadline=soon())

    refused = {index: one for index, one in enumerate(outcomes) if isinstance(one, Rejected)}
    harm = Harm.BOUNCED if fault is Fault.BAD_ADDRESS else None
    assert refused == {7: Rejected("400", harm), 31: Rejected("400", harm)}
    accepted = [entry["delivery_id"] for entry in fake.journal.of("accepted")]
    assert sorted(accepted) == [number for number in range(50) if number not in (7, 31)]


async def test_a_request_too_large_is_halved(fake: provider.FakeProvider) -> None:
    fake.faults.script.append(Fault.TOO_LARGE)

    async with opened(fake.url) as way_out:
        outcomes = await way_out.send([make_email(1), make_email(2)], deadline=soon())

    ids = {outcome.provider_id for outcome in outcomes if isinstance(outcome, Accepted)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.ERROR_500, Unknown("HTTP 500")),
        (Fault.ACCEPT_500, Unknown("HTTP 500")),
        (Fault.ACCEPT_RESET, Unknown("the answer was lost (ServerDisconnectedError)")),
        (Fault.ACCEPT_HANG, Unknown("the answer was lost (TimeoutError)")),
    ],
)
async def test_a_lost_answer_leaves_the_whole_request_unknown(
    fake: provider.FakeProvider, fault: Fault, expected: Outcome
) -> None:
    fake.faults.script.append(fault)

    async with opened(fake.url, patience=0.3) as way_out:
        outcomes = await way_out.send([make_email(1), make_email(2)], deadline=soon())

    assert outcomes == [expected] * 2
    assert len(fake.journal.of("accepted")) in (0, 2)


async def test_too_many_requests_are_not_sent(fake: provider.FakeProvider) -> None:
    fake.faults.retry_after = 30
    fake.faults.script.append(Fault.TOO_MANY)

    async with opened(fake.url) as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, NotSent)
    assert 27 <= outcome.retry_seconds <= 31


@pytest.mark.parametrize("fault", [Fault.UNAUTHORISED, Fault.FORBIDDEN])
async def test_a_refused_account_is_told_to_a_person(
    fake: provider.FakeProvider, fault: Fault
) -> None:
    fake.faults.script.append(fault)

    async with opened(fake.url) as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, Misconfigured)
    assert "API key" in outcome.sentence


async def test_nothing_is_written_after_the_deadline(fake: provider.FakeProvider) -> None:
    async with opened(fake.url) as way_out:
        outcomes = await way_out.send([make_email(1)], deadline=soon(-1))

    assert outcomes == [NotSent("the time for writing it had passed", 0)]
    assert fake.journal.entries == []


async def test_a_closed_port_is_provably_not_sent(unused_tcp_port: int) -> None:
    async with opened(f"http://127.0.0.1:{unused_tcp_port}") as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, NotSent)


async def test_a_text_is_not_for_sendgrid_and_the_email_beside_it_goes(
    fake: provider.FakeProvider,
) -> None:
    async with opened(fake.url) as way_out:
        outcomes = await way_out.send([make_text(), make_email()], deadline=soon())

    assert isinstance(outcomes[0], Misconfigured)
    assert isinstance(outcomes[1], Accepted)


async def test_line_ends_in_values_start_no_header(fake: provider.FakeProvider) -> None:
    evil = "Ana\r\nBcc: everybody@example.org"
    email = make_email(
        values={"first_name": evil, "link": "x"},
        sender=f"{evil} <alerts@alerts.example.org>",
        unsubscribe_url=f"{PUBLIC_URL}/u/x\r\nX: y",
    )

    async with opened(fake.url) as way_out:
        await way_out.send([email], deadline=soon())

    (mail,) = fake.sendgrid.mails
    in_headers = [mail["subject"], *mail["from"].values(), *mail["headers"].values()]
    assert not any("\r" in text or "\n" in text for text in in_headers)


def test_tags_cannot_be_guessed_and_values_stay_values() -> None:
    first = orjson.loads(request_body([make_email()]))
    second = orjson.loads(request_body([make_email()]))
    spy = make_email(values={"first_name": "-x.0t-", "link": "l"})

    tags = set(first["personalizations"][0]["substitutions"])
    assert len(tags) == 5  # a name in subject, text and HTML; a link in text and HTML
    assert tags.isdisjoint(second["personalizations"][0]["substitutions"])
    spied = orjson.loads(request_body([spy]))
    assert "-x.0t-" in spied["personalizations"][0]["substitutions"].values()


def test_values_beyond_sendgrids_limit_are_refused_alone() -> None:
    outcomes: dict[int, Outcome] = {}
    long = make_email(1, values={"first_name": "á" * 2000, "link": ""})

    groups = batches([long, make_email(2)], outcomes, together=500)

    assert outcomes == {0: Rejected("values_too_long")}
    assert [[index for index, _ in group] for group in groups] == [[1]]


def test_a_thousand_people_make_two_requests_of_five_hundred() -> None:
    groups = batches([make_email(number) for number in range(1000)], {}, together=500)

    assert [len(group) for group in groups] == [500, 500]


def make_answer(status: int, **headers: str) -> wire.Answer:
    return wire.Answer(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, b""
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (make_answer(202, X_Message_Id="m1"), Accepted("m1")),
        (make_answer(202), Accepted("")),
        (make_answer(200), Accepted("")),
        (make_answer(204), Unknown("HTTP 204")),
        (make_answer(408), Unknown("HTTP 408")),
        (make_answer(503), Unknown("HTTP 503")),
        (make_answer(429), NotSent("the provider asked us to slow down", 5)),
        (
            make_answer(429, Retry_After="9"),
            NotSent("the provider asked us to slow down", 9),
        ),
        (
            make_answer(429, X_RateLimit_Reset="1795435200", Date="Mon, 23 Nov 2026 11:59:15 GMT"),
            NotSent("the provider asked us to slow down", 45),
        ),
        (
            make_answer(429, X_RateLimit_Reset="x", Date="y"),
            NotSent("the provider asked us to slow down", 5),
        ),
    ],
)
def test_an_answer_is_read(answer: wire.Answer, expected: Outcome) -> None:
    assert read_answer(answer) == expected


@pytest.mark.parametrize("status", [301, 404, 405, 410])
def test_an_answer_that_is_not_sendgrids_stops_the_message(status: int) -> None:
    outcome = read_answer(make_answer(status))

    assert isinstance(outcome, Misconfigured)
    assert "api_base" in outcome.sentence


def test_words_without_fields_need_no_tags() -> None:
    plain = EmailWords(subject=("S",), text=("T",), html=("<p>H</p>",))

    body = orjson.loads(request_body([make_email(words=plain)]))

    assert body["subject"] == "S"
    assert body["personalizations"][0]["substitutions"] == {}


def test_the_key_is_in_no_repr() -> None:
    assert "SG." not in repr(SendGridAccount(api_key="SG.secret"))
