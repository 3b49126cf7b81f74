"""Emails through a mail relay: against a real SMTP server on loopback that can be made to refuse."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd import smtp as server_side
from aiosmtpd.smtp import AuthResult, Envelope, Session

from messages.providers.provider import (
    Accepted,
    EmailWords,
    Harm,
    Misconfigured,
    NotSent,
    Rejected,
    Route,
    Unknown,
)
from messages.providers.smtp import SMTP, Relay, Security
from messages.providers.smtp_mail import message_id
from tests.fakes.outgoing import PUBLIC_URL, make_email, make_text, soon


@dataclass
class PlayedRelay:
    """What aiosmtpd asks at each step of a message, with the answers a test chose."""

    on_mail: str = "250 OK"
    on_rcpt: str = "250 OK"
    on_data: str = "250 OK"
    hang_up_on_data: bool = False
    once_on_mail: str = ""
    offers: Sequence[str] = ()  # extensions beyond those of aiosmtpd
    delivered: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)  # options of from and to
    connections: int = 0
    port: int = 0
    servers: list[server_side.SMTP] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        server: server_side.SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return [responses[0], *(f"250-{each}" for each in self.offers), *responses[1:]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self,
        server: server_side.SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self.once_on_mail:
            answer, self.once_on_mail = self.once_on_mail, ""
            return answer
        if self.on_mail.startswith("250"):
            envelope.mail_from = address
            self.senders.append(address)
        return self.on_mail

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: server_side.SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self.on_rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.on_rcpt

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: server_side.SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.hang_up_on_data:
            _cut(server)
        if self.on_data.startswith("250"):
            content: Any = envelope.content
            message = email.message_from_bytes(content, policy=default)
            assert isinstance(message, EmailMessage)
            self.delivered.append(message)
        return self.on_data

    def hang_up(self) -> None:
        """Close all connections, as relays do with idle ones."""
        for server in self.servers:
            _cut(server)


def _cut(server: server_side.SMTP) -> None:
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()


class _Reporting(server_side.SMTP):
    """A server that knows of delivery reports, which aiosmtpd does not."""

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        self.event_handler.asked.append(list(params))
        return {}


@asynccontextmanager
async def playing(relay: PlayedRelay, **options: Any) -> AsyncIterator[PlayedRelay]:
    def connected() -> server_side.SMTP:
        relay.connections += 1
        kind = _Reporting if relay.offers else server_side.SMTP
        server = kind(relay, loop=asyncio.get_running_loop(), **options)
        relay.servers.append(server)
        return server

    listening = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    relay.port = listening.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        listening.close()
        relay.hang_up()
        await asyncio.sleep(0)


@asynccontextmanager
async def opened(port: int, **changes: Any) -> AsyncIterator[SMTP]:
    values = {"host": "127.0.0.1", "port": port, "security": Security.NONE, **changes}
    way_out = SMTP(Relay(**values))
    try:
        yield way_out
    finally:
        await way_out.close()


async def test_an_email_arrives_whole() -> None:
    item = make_email(7, values={"first_name": "Ana <&> Ñ", "link": f"{PUBLIC_URL}/a/x?a=1&b=2"})

    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        (outcome,) = await way_out.send([item], deadline=soon())

    (message,) = relay.delivered
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert message["From"] == "Sister Cities <alerts@alerts.example.org>"
    assert message["To"] == "person7@example.org"
    assert message["Subject"] == "Call today, Ana <&> Ñ"
    assert plain.get_content().splitlines() == [
        "Dear Ana <&> Ñ,",
        f"please call: {PUBLIC_URL}/a/x?a=1&b=2",
    ]
    assert "<p>Dear Ana &lt;&amp;&gt; Ñ,</p>" in html.get_content()
    assert message["List-Unsubscribe"] == f"<{PUBLIC_URL}/u/x7>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Date"].datetime.tzinfo is not None
    assert outcome == Accepted(message["Message-ID"])


async def test_a_hundred_emails_share_a_few_connections() -> None:
    items = [make_email(number) for number in range(100)]

    async with playing(PlayedRelay()) as relay, opened(relay.port, connections=3) as way_out:
        outcomes = await way_out.send(items[:50], deadline=soon())
        outcomes += await way_out.send(items[50:], deadline=soon())

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(relay.delivered) == 100
    assert relay.connections <= 3


async def test_the_message_id_is_the_same_at_every_attempt() -> None:
    first, again = make_email(7), make_email(7)

    assert message_id(first) == message_id(again)
    assert message_id(first) != message_id(make_email(8))
    assert message_id(first).endswith("@alerts.example.org>")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"on_rcpt": "550 5.1.1 No such user"}, Rejected("smtp_550", Harm.BOUNCED)),
        ({"on_rcpt": "550 5.7.1 We dislike you"}, Rejected("smtp_550")),
        ({"on_rcpt": "551 5.1.10 Null MX"}, Rejected("smtp_551", Harm.BOUNCED)),
        (
            {"on_rcpt": "450 4.2.0 Greylisted"},
            NotSent("the mail server asked to come back later (450)", 300, deferral="450 4.2.0"),
        ),
        (
            {"on_mail": "451 4.3.0 Busy"},
            NotSent("the mail server asked to come back later (451)", 300),
        ),
        ({"on_data": "554 5.7.1 Spam"}, Rejected("smtp_554")),
        (
            {"on_data": "452 4.3.1 Disk full"},
            NotSent("the mail server asked to come back later (452)", 300),
        ),
    ],
)
async def test_a_refusal_comes_to_what_the_relay_said(
    answers: dict[str, Any], expected: object
) -> None:
    async with playing(PlayedRelay(**answers)) as relay, opened(relay.port) as way_out:
        outcomes = await way_out.send([make_email()], deadline=soon())

    assert outcomes == [expected]


async def test_a_refused_recipient_does_not_cost_the_connection() -> None:
    relay = PlayedRelay(on_rcpt="550 5.1.1 No such user")

    async with playing(relay), opened(relay.port, connections=1) as way_out:
        await way_out.send([make_email(1), make_email(2)], deadline=soon())
        relay.on_rcpt = "250 OK"
        outcomes = await way_out.send([make_email(3)], deadline=soon())

    assert isinstance(outcomes[0], Accepted)
    assert relay.connections == 1


async def test_a_refused_sender_is_told_to_a_person() -> None:
    relay = PlayedRelay(on_mail="550 5.7.1 Not your domain")

    async with playing(relay), opened(relay.port) as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, Misconfigured)
    assert "sender address" in outcome.sentence


@pytest.mark.parametrize("sender", ["", "Sister Cities", "ciudades@ñandú.example"])
async def test_a_sender_that_is_no_address_is_told_to_a_person(sender: str) -> None:
    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        (outcome,) = await way_out.send([make_email(sender=sender)], deadline=soon())

    assert isinstance(outcome, Misconfigured)
    assert relay.delivered == []


async def test_a_wrong_password_is_told_to_a_person() -> None:
    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    relay = PlayedRelay()
    options = {"authenticator": refuse, "auth_require_tls": False}
    async with (
        playing(relay, **options),
        opened(relay.port, username="us", password="wrong") as way_out,
    ):
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, Misconfigured)
    assert "username and password" in outcome.sentence


async def test_a_relay_without_the_security_asked_for_is_told_to_a_person() -> None:
    relay = PlayedRelay()

    async with playing(relay), opened(relay.port, security=Security.STARTTLS) as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, Misconfigured)
    assert relay.delivered == []


async def test_a_connection_lost_while_handing_over_is_unknown() -> None:
    relay = PlayedRelay(hang_up_on_data=True)

    async with playing(relay), opened(relay.port) as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, Unknown)


async def test_a_connection_lost_while_idle_is_opened_again() -> None:
    relay = PlayedRelay()

    async with playing(relay), opened(relay.port, connections=1) as way_out:
        await way_out.send([make_email(1)], deadline=soon())
        relay.hang_up()
        outcomes = await way_out.send([make_email(2)], deadline=soon())

    assert isinstance(outcomes[0], Accepted)
    assert relay.connections == 2


async def test_a_closed_port_is_provably_not_sent(unused_tcp_port: int) -> None:
    async with opened(unused_tcp_port) as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, NotSent)


async def test_nothing_is_handed_over_after_the_deadline() -> None:
    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        outcomes = await way_out.send([make_email(1), make_email(2)], deadline=soon(-1))

    assert all(isinstance(outcome, NotSent) for outcome in outcomes)
    assert relay.delivered == []


@pytest.mark.parametrize("address", ["ñandú@example.org", "", "no at sign", "a@b@c"])
async def test_an_address_that_cannot_be_written_is_refused_alone(address: str) -> None:
    items = [make_email(1, address=address), make_email(2)]

    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        outcomes = await way_out.send(items, deadline=soon())

    assert isinstance(outcomes[0], Rejected)
    assert isinstance(outcomes[1], Accepted)


async def test_line_ends_in_values_start_no_header() -> None:
    evil = "Ana\r\nBcc: everybody@example.org"
    item = make_email(
        values={"first_name": evil, "link": "x"},
        sender=f"{evil} <alerts@alerts.example.org>",
        unsubscribe_url=f"{PUBLIC_URL}/u/x\r\nBcc: y@example.org",
        language="en\r\nBcc: z@example.org",
    )

    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        await way_out.send([item], deadline=soon())

    assert all(message["Bcc"] is None for message in relay.delivered)
    assert len(relay.delivered) == 1


async def test_a_text_is_not_for_smtp() -> None:
    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        (outcome,) = await way_out.send([make_text()], deadline=soon())

    assert isinstance(outcome, Misconfigured)


ROUTE = Route(
    message_id="m7token",
    return_path="bounces+b7token@example.org",
    reply_to="mail+r7token@in.example.org",
    leave="mailto:mail+u7token@in.example.org?subject=unsubscribe",
)


async def test_mail_about_a_copy_comes_back_to_an_address_of_its_own() -> None:
    item = make_email(7, route=ROUTE)

    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        (outcome,) = await way_out.send([item], deadline=soon())

    (message,) = relay.delivered
    assert relay.senders == ["bounces+b7token@example.org"]
    assert message["From"] == "Sister Cities <alerts@alerts.example.org>"
    assert message["Reply-To"] == "mail+r7token@in.example.org"
    assert message["Message-ID"] == "<m7token@alerts.example.org>"
    assert outcome == Accepted("<m7token@alerts.example.org>")
    unfolded = message["List-Unsubscribe"].replace("\n", "")
    assert unfolded == (
        f"<{PUBLIC_URL}/u/x7>, <mailto:mail+u7token@in.example.org?subject=unsubscribe>"
    )
    assert message["Auto-Submitted"] is None
    assert message["In-Reply-To"] is None


async def test_an_answer_stands_under_what_it_answers() -> None:
    earlier = " ".join(f"<{number}.{'x' * 40}@mail.example.com>" for number in range(20))
    route = ROUTE._replace(in_reply_to="<19@mail.example.com>", references=earlier)

    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        await way_out.send([make_email(route=route)], deadline=soon())

    (message,) = relay.delivered
    assert message["In-Reply-To"] == "<19@mail.example.com>"
    assert str(message["References"]).split() == earlier.split()


async def test_what_nobody_wrote_says_so_to_other_machines() -> None:
    words = EmailWords(("About us",), ("We send alerts.\n",), ("",))
    item = make_email(words=words, route=ROUTE._replace(automatic=True))

    async with playing(PlayedRelay()) as relay, opened(relay.port) as way_out:
        await way_out.send([item], deadline=soon())

    (message,) = relay.delivered
    assert message["Auto-Submitted"] == "auto-replied"
    assert message.get_content_type() == "text/plain"  # and no empty page beside it


async def test_a_relay_that_reports_is_asked_for_our_mark_and_little_more() -> None:
    relay = PlayedRelay(offers=("DSN",))

    async with playing(relay), opened(relay.port) as way_out:
        item = make_email(7, route=ROUTE, address="ana+n=x@example.org")
        (outcome,) = await way_out.send([item], deadline=soon())

    assert isinstance(outcome, Accepted)
    assert relay.asked == [
        ["RET=HDRS", "ENVID=M7TOKEN"],
        ["NOTIFY=FAILURE,DELAY", "ORCPT=RFC822;ANA+2BN+3DX@EXAMPLE.ORG"],
    ]


async def test_a_relay_that_ends_idle_connections_politely_is_dialled_again() -> None:
    relay = PlayedRelay()

    async with playing(relay), opened(relay.port, connections=1) as way_out:
        await way_out.send([make_email(1)], deadline=soon())
        relay.once_on_mail = "421 4.4.2 Idle for too long"
        outcomes = await way_out.send([make_email(2)], deadline=soon())

    assert isinstance(outcomes[0], Accepted)
    assert relay.connections == 2


async def test_a_relay_that_has_enough_in_the_midst_of_a_message_gets_it_again_later() -> None:
    relay = PlayedRelay(on_data="421 4.7.0 Too many messages over this connection")

    async with playing(relay), opened(relay.port) as way_out:
        (outcome,) = await way_out.send([make_email()], deadline=soon())

    assert isinstance(outcome, NotSent)


def test_the_password_is_in_no_repr() -> None:
    assert "hunter2" not in repr(Relay(host="x", password="hunter2"))
