"""One person's email as it goes over the wire: text and HTML, and the headers that bulk mail must have.

The library's own builder takes three milliseconds for an email, more than everything else that happens to it. So
the bytes are put together here, each rule with its source; tests read them back with the library.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple

from messages.providers.headers import mailbox, one_line, thread_headers, unsubscribe_headers
from messages.providers.provider import Email, fill

_LONGEST_LINE = 900  # RFC 5322, 2.1.1 allows 998
_USUAL_LINE = 78
# As nearly all are written; what looks otherwise is looked at by the library.
_USUAL_ADDRESS = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[\w-]+(?:\.[\w-]+)+", re.ASCII
)


class Written(NamedTuple):
    """A message ready to be handed over."""

    message_id: str
    content: bytes


def write(email: Email) -> Written:
    """The whole message of one person. Raises ValueError, IndexError or MessageError for an address that
    breaks the rules of mail.
    """
    named = message_id(email)
    headers = {
        "From": _from(email.sender),
        "To": _to(one_line(email.address)),
        "Subject": _encoded("Subject", one_line(fill(email.words.subject, email.values))),
        "Date": format_datetime(datetime.now(UTC)),
        "Message-ID": named,
        "Content-Language": one_line(email.language),
        **thread_headers(email.route),
    }
    if email.route.reply_to:
        headers["Reply-To"] = one_line(email.route.reply_to)
    if email.unsubscribe_url:
        headers |= unsubscribe_headers(email.unsubscribe_url, email.route.leave)
    lines = [_line(name, value) for name, value in headers.items()]
    lines.append("MIME-Version: 1.0\r\n")
    return Written(named, "".join(lines).encode("ascii") + _body(email))


def message_id(email: Email) -> str:
    """The same for every attempt at one delivery, so that mail programs show two copies as one."""
    domain = mailbox(email.sender)[1].rpartition("@")[2] or "localhost"
    return f"<{email.route.message_id}@{domain}>"


def _body(email: Email) -> bytes:
    """Text and HTML as alternatives (RFC 2046, 5.1.4), or text alone: an empty page would be shown as such."""
    text = _part("plain", fill(email.words.text, email.values))
    if not any(email.words.html):
        return text
    html = _part("html", fill(email.words.html, email.values, escape=True))
    # Quoted-printable never has an equals sign before an underscore (RFC 2045, 6.7).
    mark = b"=_" + email.route.message_id.encode()
    return b"".join(
        (
            b'Content-Type: multipart/alternative; boundary="' + mark + b'"\r\n\r\n',
            b"--" + mark + b"\r\n" + text + b"\r\n--" + mark + b"\r\n" + html,
            b"\r\n--" + mark + b"--\r\n",
        )
    )


def _part(kind: str, words: str) -> bytes:
    lines = "\n".join(words.splitlines()) + "\n"
    coded = b2a_qp(lines.encode(errors="replace"), istext=True).replace(b"\n", b"\r\n")
    return (
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode() + coded


def _line(name: str, value: str) -> str:
    """A header, folded where it may be: after a comma, and between Message-IDs (RFC 5322, 2.2.3)."""
    line = f"{name}: {value}\r\n"
    if len(line) > _USUAL_LINE and "\r\n" not in value:
        line = line.replace(", ", ",\r\n ").replace("> <", ">\r\n <")
    return line


@lru_cache(maxsize=256)
def _encoded(name: str, value: str) -> str:
    """A text as a header can hold it (RFC 2047); many people's are the same."""
    if value.isascii() and value.isprintable() and len(value) < _LONGEST_LINE:
        return value
    clean = value.encode(errors="replace").decode()
    return Header(clean, "utf-8", header_name=name).encode(linesep="\r\n")


@lru_cache(maxsize=64)
def _from(sender: str) -> str:
    name, address = mailbox(sender)
    spec = Address(addr_spec=address).addr_spec
    if not name:
        return spec
    if name.isascii():
        return str(Address(display_name=name, addr_spec=spec))
    return f"{_encoded('From', name)} <{spec}>"


def _to(address: str) -> str:
    """An address that can stand in a header; relays without SMTPUTF8 are the rule, so it is ASCII."""
    if _USUAL_ADDRESS.fullmatch(address):
        return address
    return Address(addr_spec=address.encode("ascii").decode()).addr_spec
