"""SMTP: emails out through any mail relay, over connections that stay open.

A connection per message is 80 times slower than reusing one. What is known at once is what the relay
answered; what became of a message later comes back as mail (``mail_reports.py``). The three steps of a
message (from, to, data) are done one by one, because only a connection lost in the last one leaves us in
doubt.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from enum import StrEnum
from typing import NamedTuple

import aiosmtplib

from messages.providers import mail_codes
from messages.providers.headers import mailbox
from messages.providers.provider import (
    Accepted,
    Email,
    Harm,
    Misconfigured,
    NotSent,
    Outcome,
    Outgoing,
    Rejected,
    Unknown,
)
from messages.providers.smtp_mail import Written, write

NAME = "smtp"

UNREACHABLE_SECONDS = 30
TEMPORARY_SECONDS = 300  # greylisting asks for some minutes

# Enhanced status codes (RFC 3463) that say the mailbox itself does not exist. A plain 550 may also
# mean that the relay dislikes us.
_NO_SUCH_MAILBOX = re.compile(r"\b5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")
_PERMANENT = 500

_GOODBYE_SECONDS = 2
_UNREACHED = "The mail server cannot be reached"

_SENDER = "Our sender address cannot be used for email: check from_email in the settings."
_RELAY = (
    "The mail server refuses to work for us: check host, port and security in the smtp settings."
)
_UNSUPPORTED = "The mail server does not offer what the smtp settings ask for: check security, username and password."
_SETTINGS: Mapping[type[Exception], str] = {
    aiosmtplib.SMTPAuthenticationError: "The mail server does not accept our username and password: check the smtp settings.",
    aiosmtplib.SMTPSenderRefused: "The mail server does not let us send from our sender address: check from_email and the smtp settings.",
}


class _Reports(NamedTuple):
    """What we ask of a relay that knows of delivery status notifications (RFC 3461)."""

    sender: Sequence[str] = ()
    recipient: Sequence[str] = ()


_NO_REPORTS = _Reports()


class Security(StrEnum):
    """How the connection is protected."""

    TLS = "tls"  # from the first byte, usually port 465
    STARTTLS = "starttls"  # usually port 587
    NONE = "none"  # only for a relay on this machine


@dataclass(frozen=True, slots=True)
class Relay:
    """The mail server that sends for us."""

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 4
    timeout: float = 30.0


async def try_relay(relay: Relay) -> str:
    """Sign in and out again; return what stands in the way, in a sentence, or ""."""
    try:
        client = await _signed_in(relay)
    except (aiosmtplib.SMTPException, OSError) as error:
        outcome = read_failure(error)
        if isinstance(outcome, Misconfigured):
            return outcome.sentence
        return f"{_UNREACHED} ({type(error).__name__}): check host, port and security in the smtp settings."
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_GOODBYE_SECONDS)
    client.close()
    return ""


async def _signed_in(relay: Relay) -> aiosmtplib.SMTP:
    """A connection that is ready for a message. Raises SMTPException or OSError."""
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.security is Security.TLS,
        start_tls=relay.security is Security.STARTTLS,
        username=relay.username or None,
        password=relay.password or None,
        timeout=relay.timeout,
    )
    try:
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            with suppress(aiosmtplib.SMTPHeloError):  # an old server; HELO will do
                await client.ehlo()
    except BaseException:
        client.close()
        raise
    return client


class SMTP:
    """Emails out. To be built inside a running event loop, and closed."""

    name = NAME
    window = 100
    bulk = False

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._permits = asyncio.Semaphore(relay.connections)
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        waiting = deque(enumerate(items))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._relay.connections, len(items))):
                group.create_task(self._send_from(waiting, outcomes, deadline))
        return [outcomes[index] for index in range(len(items))]

    async def _send_from(
        self, waiting: deque[tuple[int, Outgoing]], outcomes: dict[int, Outcome], deadline: float
    ) -> None:
        while waiting:
            index, item = waiting.popleft()
            outcomes[index] = await self._send_one(item, deadline)

    async def _send_one(self, item: Outgoing, deadline: float) -> Outcome:
        if not isinstance(item, Email):
            return Misconfigured("channel", "SMTP sends emails only: give texts a provider.")
        sender = mailbox(item.sender)[1]
        if "@" not in sender or not sender.isascii():
            return Misconfigured("sender", _SENDER)
        try:
            message = write(item)
        except (ValueError, IndexError, MessageError):
            # The address breaks the rules of mail; the library refuses to write it down.
            return Rejected("bad_address")
        async with self._permits:
            return await self._hand_over(item, message, deadline)

    async def _hand_over(self, item: Email, message: Written, deadline: float) -> Outcome:
        try:
            async with self._envelope(item, deadline) as client:
                return await _data(client, message)
        except (aiosmtplib.SMTPException, OSError) as exc:
            return read_failure(exc)

    @asynccontextmanager
    async def _envelope(self, item: Email, deadline: float) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection that has taken sender and recipient and waits for the message.

        It goes back among the idle ones unless something was wrong with it.
        """
        client = await self._addressed(item, deadline)
        try:
            yield client
        except BaseException:
            client.close()
            raise
        if client.is_connected:
            self._idle.append(client)

    async def _addressed(self, item: Email, deadline: float) -> aiosmtplib.SMTP:
        while self._idle:
            client = self._idle.pop()
            try:
                return await self._address(client, item, deadline)
            except aiosmtplib.SMTPServerDisconnected:
                continue  # relays hang up on idle connections; nothing was handed over yet
            except aiosmtplib.SMTPSenderRefused as exc:
                if (
                    exc.code != aiosmtplib.SMTPStatus.domain_unavailable
                ):  # 421, the same said politely
                    raise
        return await self._address(await self._connected(deadline), item, deadline)

    async def _address(
        self, client: aiosmtplib.SMTP, item: Email, deadline: float
    ) -> aiosmtplib.SMTP:
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                asked = _reports_asked(item) if client.supports_extension("dsn") else _NO_REPORTS
                sender = item.route.return_path or mailbox(item.sender)[1]
                await client.mail(sender, options=asked.sender)
                await client.rcpt(item.address, options=asked.recipient)
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPSenderRefused):
            await self._reset(client)
            raise
        except BaseException:
            client.close()
            raise
        return client

    async def _reset(self, client: aiosmtplib.SMTP) -> None:
        """Make a connection forget the message it refused, so that it can be used again."""
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
        else:
            self._idle.append(client)

    async def _connected(self, deadline: float) -> aiosmtplib.SMTP:
        async with asyncio.timeout(deadline - time.monotonic()):
            return await _signed_in(self._relay)

    async def close(self) -> None:
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit(timeout=_GOODBYE_SECONDS)
            except (aiosmtplib.SMTPException, OSError):
                client.close()


def _reports_asked(item: Email) -> _Reports:
    """Headers alone of what comes back, under our mark, for the address as we wrote it."""
    envelope = [f"ENVID={item.route.message_id}"] if item.route.message_id else []
    recipient = re.sub(r"[+=\x00-\x20\x7f-\xff]", _as_xtext, item.address)
    return _Reports(["RET=HDRS", *envelope], ["NOTIFY=FAILURE,DELAY", f"ORCPT=rfc822;{recipient}"])


def _as_xtext(sign: re.Match[str]) -> str:
    return f"+{ord(sign[0]):02X}"


async def _data(client: aiosmtplib.SMTP, message: Written) -> Outcome:
    """Hand the message over; whatever is not an answer leaves us in doubt."""
    try:
        await client.data(message.content)
    except aiosmtplib.SMTPDataError as exc:
        return _refused(exc)
    except (aiosmtplib.SMTPException, OSError) as exc:
        client.close()
        return Unknown(f"the connection was lost while handing over ({type(exc).__name__})")
    return Accepted(message.message_id[:80])


def read_failure(exc: Exception) -> Outcome:
    """Tell what it means that a relay could not be brought to take sender and recipient."""
    if type(exc) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):
        # What aiosmtplib itself finds missing, such as STARTTLS, has no class of its own.
        return Misconfigured("smtp_unsupported", _UNSUPPORTED)
    if not isinstance(exc, aiosmtplib.SMTPResponseException):
        return NotSent("the mail server could not be reached", UNREACHABLE_SECONDS)
    if exc.code < _PERMANENT or isinstance(exc, aiosmtplib.SMTPRecipientRefused):
        return _refused(exc)
    sentence = next((text for kind, text in _SETTINGS.items() if isinstance(exc, kind)), _RELAY)
    return Misconfigured(f"smtp_{exc.code}", sentence)


def _refused(exc: aiosmtplib.SMTPResponseException) -> Outcome:
    if exc.code < _PERMANENT:
        said = f"the mail server asked to come back later ({exc.code})"
        # What it says of the recipient is about their mail server; anything else about our relay.
        theirs = isinstance(exc, aiosmtplib.SMTPRecipientRefused)
        deferral = mail_codes.code_of(f"{exc.code} {exc.message}") if theirs else ""
        return NotSent(said, TEMPORARY_SECONDS, deferral)
    # Only the numbers are kept: the words quote the address.
    gone = _NO_SUCH_MAILBOX.search(exc.message) is not None
    recipient = isinstance(exc, aiosmtplib.SMTPRecipientRefused)
    return Rejected(f"smtp_{exc.code}", Harm.BOUNCED if gone and recipient else None)
