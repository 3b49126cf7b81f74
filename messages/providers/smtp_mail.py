"""One person's email as it goes over the wire: text and HTML, and the headers that bulk mail must have."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import NamedTuple

from messages.providers.headers import mailbox, one_line, thread_headers, unsubscribe_headers
from messages.providers.provider import Email, fill


class Written(NamedTuple):
    """A message ready to be handed over."""

    message_id: str
    content: bytes


def write(email: Email) -> Written:
    """The whole message of one person. Raises ValueError, IndexError or MessageError for an address that
    breaks the rules of mail.
    """
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = _address_header(email.sender)
    # Relays without SMTPUTF8 are the rule: a name outside ASCII before the @ cannot be delivered.
    message["To"] = Address(addr_spec=one_line(email.address).encode("ascii").decode())
    message["Subject"] = one_line(fill(email.words.subject, email.values))
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id(email)
    message["Content-Language"] = one_line(email.language)
    for name, value in _headers(email).items():
        message[name] = value
    message.set_content(fill(email.words.text, email.values))
    html = fill(email.words.html, email.values, escape=True)
    if html:
        message.add_alternative(html, subtype="html")
    return Written(str(message["Message-ID"]), message.as_bytes())


def message_id(email: Email) -> str:
    """The same for every attempt at one delivery, so that mail programs show two copies as one."""
    domain = mailbox(email.sender)[1].rpartition("@")[2] or "localhost"
    return f"<{email.route.message_id}@{domain}>"


def _headers(email: Email) -> dict[str, str]:
    """What its route and the wish to leave make of headers."""
    headers = thread_headers(email.route)
    if email.route.reply_to:
        headers["Reply-To"] = one_line(email.route.reply_to)
    if email.unsubscribe_url:
        headers |= unsubscribe_headers(email.unsubscribe_url, email.route.leave)
    return headers


def _address_header(sender: str) -> Address:
    name, address = mailbox(sender)
    return Address(display_name=name, addr_spec=address)
