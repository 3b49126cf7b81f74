"""SMTP: emails out through any mail relay, over connections that stay open.

A connection per message is 80 times slower than reusing one. There are no receipts: what is known is
what the relay answered. The three steps of a message (from, to, data) are done one by one, because
only a connection lost in the last one leaves us in doubt.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from enum import StrEnum
from hashlib import sha256

import aiosmtplib

from messages.providers.headers import mailbox, one_line, unsubscribe_headers
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
    fill,
)

NAME = "smtp"

UNREACHABLE_SECONDS = 30
TEMPORARY_SECONDS = 300  # greylisting asks for some minutes

# Enhanced status codes (RFC 3463) that say the mailbox itself does not exist. A plain 550 may also
# mean that the relay dislikes us.
_NO_SUCH_MAILBOX = re.compile(r"\b5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")
_PERMANENT = 500

_SENDER = "Our sender address cannot be used for email: check from_email in the settings."
_RELAY = (
    "The mail server refuses to work for us: check host, port and security in the smtp settings."
)
_UNSUPPORTED = "The mail server does not offer what the smtp settings ask for: check security, username and password."
_SETTINGS: Mapping[type[Exception], str] = {
    aiosmtplib.SMTPAuthenticationError: "The mail server does not accept our username and password: check the smtp settings.",
    aiosmtplib.SMTPSenderRefused: "The mail server does not let us send from our sender address: check from_email and the smtp settings.",
}


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
            message = compose(item)
        except (ValueError, IndexError, MessageError):
            # The address breaks the rules of mail; the library refuses to write it down.
            return Rejected("bad_address")
        async with self._permits:
            return await self._hand_over(item, message, deadline)

    async def _hand_over(self, item: Email, message: EmailMessage, deadline: float) -> Outcome:
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
                await client.mail(mailbox(item.sender)[1])
                await client.rcpt(item.address)
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
        relay = self._relay
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
            async with asyncio.timeout(deadline - time.monotonic()):
                await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    async def close(self) -> None:
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit(timeout=2)
            except (aiosmtplib.SMTPException, OSError):
                client.close()


async def _data(client: aiosmtplib.SMTP, message: EmailMessage) -> Outcome:
    """Hand the message over; whatever is not an answer leaves us in doubt."""
    try:
        await client.data(message.as_bytes())
    except aiosmtplib.SMTPDataError as exc:
        return _refused(exc)
    except (aiosmtplib.SMTPException, OSError) as exc:
        client.close()
        return Unknown(f"the connection was lost while handing over ({type(exc).__name__})")
    return Accepted(str(message["Message-ID"])[:80])


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
        return NotSent(f"the mail server asked to come back later ({exc.code})", TEMPORARY_SECONDS)
    # Only the numbers are kept: the words quote the address.
    gone = _NO_SUCH_MAILBOX.search(exc.message) is not None
    recipient = isinstance(exc, aiosmtplib.SMTPRecipientRefused)
    return Rejected(f"smtp_{exc.code}", Harm.BOUNCED if gone and recipient else None)


def compose(email: Email) -> EmailMessage:
    """The whole message of one person: text and HTML, and the headers bulk mail must have."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = _address_header(email.sender)
    # Relays without SMTPUTF8 are the rule: a name outside ASCII before the @ cannot be delivered.
    message["To"] = Address(addr_spec=one_line(email.address).encode("ascii").decode())
    message["Subject"] = one_line(fill(email.words.subject, email.values))
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id(email)
    message["Content-Language"] = one_line(email.language)
    if email.unsubscribe_url:
        for name, value in unsubscribe_headers(email.unsubscribe_url).items():
            message[name] = value
    message.set_content(fill(email.words.text, email.values))
    message.add_alternative(fill(email.words.html, email.values, escape=True), subtype="html")
    return message


def message_id(email: Email) -> str:
    """The same for every attempt at one delivery, so that mail programs show two copies as one."""
    # A delivery's number alone would come again after a restart from scratch, hence its token too.
    mark = sha256(email.unsubscribe_url.encode()).hexdigest()[:16]
    domain = mailbox(email.sender)[1].rpartition("@")[2] or "localhost"
    return f"<{email.ticket.delivery_id}.{mark}@{domain}>"


def _address_header(sender: str) -> Address:
    name, address = mailbox(sender)
    return Address(display_name=name, addr_spec=address)
