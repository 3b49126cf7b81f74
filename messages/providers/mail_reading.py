"""What stands in an email that came in? Read from its bytes, which are anybody's: bounded in every way.

Nothing of an attachment is opened or kept, so what is packed in one does no harm. A message is cut where it
becomes longer, or deeper, than people write; what is left of it is read, never refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses
from hashlib import sha256

from messages.providers.headers import one_line
from messages.providers.mail_reports import MACHINE_READ, Report, read_report
from messages.providers.mail_vouching import origin_of, vouched_by_server
from messages.providers.provider import Inbound, Letter
from messages.providers.replied_mail import is_automatic, own_words, text_of_html

MOST_BYTES = 10 * 1024**2
MOST_LINES = 200_000
MOST_NESTED = 30  # parts that may hold others; each costs every line after it a look
MOST_PARTS = 100
LONGEST_HEADER = 10_000
LONGEST_TEXT = 100_000
MOST_ATTACHMENTS = 20
MOST_NAMES = 50  # addresses, and Message-IDs, that are looked at

# Where a mail server notes to whom it delivers, the surest first; then what the sender wrote.
_ADDRESSED = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
_NESTING = re.compile(rb"boundary\s*=|content-type:\s*message/", re.IGNORECASE)
_LONG_HEADER = re.compile(
    rb"^content-(?:type|disposition)[ \t]*:(?:[^\r\n]++|\r?\n[ \t]++)*+",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_TYPE = 2_000
_LONGEST_ADDRESS = 254  # RFC 5321, as corrected
_MB = 1_000_000
# Python knows codecs that no mail is written in: slow ones, and ones that run what they read.
_NO_CHARSET = ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined")
_SLOW_CHARSET = re.compile(
    rb"charset[ \t]*=[ \t]*\"?(?:" + b"|".join(each.encode() for each in _NO_CHARSET) + rb")\b",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")


_NO_SENDER = "This email names no sender, so nobody can be found for it."


class UnreadableMail(ValueError):
    """Nobody can read this email, or find whose it is; the message says why."""


@dataclass(frozen=True, slots=True)
class Mail:
    """An email that came in, as far as anybody reads it."""

    key: str  # the same for every copy of it
    sender: str  # lower case; "" for what a mail server reports
    recipients: Sequence[str]
    subject: str
    message_id: str  # with its angle brackets
    thread: Sequence[str]  # the Message-IDs it answers, the oldest first
    text: str  # without what it quotes and its signature
    attachments: Sequence[str] = ()  # their names and sizes
    automatic: bool = False  # a machine wrote it
    report: Report | None = None  # of what became of an email of ours
    vouched: bool = False  # a server that we believe says that it is from its sender
    origin: str = ""  # the network address it came from, where that is known

    def inbound(
        self, *, about: int | None, leaves: bool = False, passed_on: bool = False
    ) -> Inbound:
        """The same as what a person sent us, about a copy that was proven."""
        return Inbound(
            channel="email",
            address=self.sender,
            body=self.text or self.subject,  # "unsubscribe", and nothing below it
            key=self.key,
            recipient=next(iter(self.recipients), ""),
            letter=Letter(
                message_id=self.message_id,
                thread=self.thread,
                subject=self.subject,
                attachments=self.attachments,
                about=about,
                passed_on=passed_on,
                leaves=leaves,
                vouched=self.vouched,
                origin=self.origin,
            ),
        )


def read_mail(raw: bytes, *, authserv_id: str = "") -> Mail:
    """Read an email; ``authserv_id`` is under which name our own mail server vouches for senders.

    Raises UnreadableMail for one that neither names a sender nor reports anything, and for one that is
    built in a way that breaks its reading: whatever it is, it holds up no other.
    """
    with told_unreadable():
        message = parsed(raw)
        mail = mail_of(message, raw)
        vouched = vouched_by_server(message, authserv_id, mail.sender)
        return replace(mail, vouched=vouched, origin=origin_of(message))


def parsed(raw: bytes) -> Message:
    """The structure of an email; to be used within ``told_unreadable``."""
    return BytesParser(policy=compat32).parsebytes(_bounded(raw))


@contextmanager
def told_unreadable() -> Iterator[None]:
    """Tell of anything that goes wrong in reading an email as UnreadableMail.

    The library that takes emails apart raises what it likes on what nobody would write.
    """
    try:
        yield
    except UnreadableMail:
        raise
    except Exception as error:
        raise UnreadableMail("This email is built in a way that nobody can read.") from error


def mail_of(
    message: Message, raw: bytes, *, recipients: Iterable[str] = (), sender: str | None = None
) -> Mail:
    """The same of a message whose structure is known; to be used within ``told_unreadable``.

    ``recipients`` and ``sender`` are what its envelope told, where that is known.
    """
    parts = list(_parts(message))
    plain, html, attachments = _contents(parts)
    written = plain or text_of_html(html)
    report = read_report(message, parts, written, empty_path=sender == "")
    address = _sender(message)
    if not address and report is None:
        raise UnreadableMail(_NO_SENDER)
    subject = header(message, "Subject")
    message_id = next(iter(_message_ids(message, "Message-ID")), "")
    told = [subject, written, message_id]
    return Mail(
        key=_key(*told, address) if message_id else _digest(raw),
        sender=address,
        recipients=_recipients(message, recipients),
        subject=one_line(subject)[:500],
        message_id=message_id,
        thread=_thread(message),
        text=own_words(written),
        attachments=attachments,
        automatic=sender == "" or is_automatic(message, subject),
        report=report,
    )


def header(message: Message, name: str) -> str:
    """A header in letters; broken encodings come out as they can be read."""
    value = str(message.get(name, ""))[:LONGEST_HEADER]
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "utf-8")
        for piece, charset in pieces
    )


def decoded(raw: bytes, charset: str) -> str:
    """Bytes in the character set they say they are in; nothing of them is ever refused."""
    try:
        name = codecs.lookup(charset).name.replace("_", "-")
        if name not in _NO_CHARSET:
            return raw.decode(name, errors="replace").replace("\0", "")
    except (LookupError, ValueError):
        pass
    return raw.decode("utf-8", errors="replace").replace("\0", "")


def _bounded(raw: bytes) -> bytes:
    """A message that takes no longer to parse than its length suggests."""
    raw = raw[:MOST_BYTES]
    if raw.count(b"\n") > MOST_LINES:
        raw = b"\n".join(raw.split(b"\n", MOST_LINES)[:MOST_LINES])
    nested = [found.start() for found in _NESTING.finditer(raw)]
    if len(nested) > MOST_NESTED:
        raw = raw[: nested[MOST_NESTED]]
    raw = _LONG_HEADER.sub(lambda found: found[0][:_LONGEST_TYPE], raw)
    raw = _SLOW_CHARSET.sub(b"charset=utf-8", raw)
    # Reports that the library would take for whole messages, one for each empty line in them.
    return MACHINE_READ.sub(rb"content-type: text/x-\1", raw)


def _parts(message: Message) -> Iterator[Message]:
    """The parts of a message from the first; emails that are attached to it are one part each."""
    waiting = [message]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting[:0] = [each for each in part.get_payload() if isinstance(each, Message)]


def _contents(parts: Sequence[Message]) -> tuple[str, str, list[str]]:
    """The first text, the first HTML, and what is attached."""
    found: dict[str, str] = {}
    attached: list[str] = []
    for part in parts:
        kind = part.get_content_type()
        if part.get_content_maintype() == "multipart":
            continue
        named = part.get_filename() if "name" in str(part.get("Content-Disposition", "")) else None
        if named is None and part.get_content_disposition() != "attachment":
            if kind in ("text/plain", "text/html"):
                found.setdefault(kind, text_of(part))
                continue
            if kind.startswith("text/x-"):
                continue
        attached.append(_attachment(part, str(named or kind)))
    return found.get("text/plain", ""), found.get("text/html", ""), attached[:MOST_ATTACHMENTS]


def text_of(part: Message) -> str:
    """The letters of a part."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset("utf-8") or "utf-8"
    return decoded(payload[:LONGEST_TEXT], charset)


def _attachment(part: Message, name: str) -> str:
    payload = part.get_payload(decode=True)
    size = len(payload) if isinstance(payload, bytes) else 0
    shown = one_line(re.sub(r"[^\w .()+-]+", " ", name))[:80] or "file"
    return f"{shown} ({_size(size)})" if size else shown


def _size(size: int) -> str:
    return f"{size / _MB:.1f} MB" if size >= _MB / 10 else f"{max(1, size // 1000)} kB"


def _sender(message: Message) -> str:
    found = getaddresses([header(message, "From")])
    address = found[0][1].strip().lower() if found else ""
    whole = "@" in address and address.isprintable() and len(address) <= _LONGEST_ADDRESS
    return address if whole else ""


def _recipients(message: Message, told: Iterable[str]) -> list[str]:
    """Every address it was sent to, the surest first."""
    written = [
        str(value)[:LONGEST_HEADER] for name in _ADDRESSED for value in message.get_all(name, [])
    ]
    found = [*told, *(address for _, address in getaddresses(written[:MOST_NAMES]))]
    return list(dict.fromkeys(each.strip("<> ").lower() for each in found if "@" in each))[
        :MOST_NAMES
    ]


def _thread(message: Message) -> list[str]:
    names = [*_message_ids(message, "References"), *_message_ids(message, "In-Reply-To")]
    return list(dict.fromkeys(names))[-MOST_NAMES:]


def _message_ids(message: Message, name: str) -> list[str]:
    return _MESSAGE_ID.findall(str(message.get(name, ""))[:LONGEST_HEADER])


def _key(*parts: str) -> str:
    return _digest("\n".join(parts).encode(errors="replace"))


def _digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()[:40]
