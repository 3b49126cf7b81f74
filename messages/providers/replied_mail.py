"""What a person wrote in a reply by email: without what they quoted, and not if a machine wrote it."""

from __future__ import annotations

import re
from email.message import Message
from hashlib import sha256
from html.parser import HTMLParser

import nh3

_LONGEST = 20_000
# Where the quoted message begins: Gmail, Outlook, Apple Mail and phones, in English and Spanish.
_QUOTE = re.compile(
    r"""^(?:
        >                                       # any quoted line
      | On\b[\s\S]{4,200}?\bwrote:                    # On Mon, Nov 23, 2026, Ana wrote:
      | El\b[\s\S]{4,200}?\bescribi(?:ó|o):           # El lun, 23 nov 2026, Ana escribió:
      | -{2,}\s*(?:Original\ Message|Mensaje\ original|Forwarded\ message)
      | _{10,}
      | (?:From|De):\s.+@
      | (?:Sent|Get|Enviado)\b.{0,40}\b(?:iPhone|iPad|Android|Outlook|Samsung)
      | --\s?$                                  # a signature
    )""",
    re.MULTILINE | re.VERBOSE | re.IGNORECASE,
)

_MACHINES = (
    *("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Mail-Autoreply"),
    *("X-Failed-Recipients", "X-MS-Exchange-Inbox-Rules-Loop", "List-Id"),
)
# Subjects that mail programs write for whoever is away; a person's "Re: …" begins otherwise.
_AWAY = re.compile(
    r"""^\s*\[?(?:
        (?:re:\s*)? auto(?:matic|mated)?[\ -]*(?:reply|response|answer)\b
      | (?:re:\s*)? out\ of\ (?:the\ )?office\b | ooo\b | away\ from\ (?:my\ |the\ )?(?:office|desk|email)\b
      | (?:i\ am|i'm)\ (?:currently\ )?(?:away|out\ of)\b | on\ vacation\b | vacation\ (?:reply|response|notice)\b
      | (?:re:\s*)? (?:respuesta|contestaci[oó]n)\ autom[aá]tica\b | auto-?respuesta\b | autom[aá]tico:
      | (?:re:\s*)? fuera\ de\ (?:la\ |mi\ )?oficina\b | ausente\b | estoy\ (?:ausente|de\ vacaciones|fuera)\b
      | (?:aviso\ de\ )?ausencia\b | de\ vacaciones\b
      | (?:undeliver(?:able|ed)|delivery\ (?:status\ notification|failure|has\ failed)|mail\ delivery)\b
      | (?:no\ se\ (?:ha\ podido|pudo)\ entregar|error\ de\ entrega|notificaci[oó]n\ de\ estado\ de\ entrega)
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def is_automatic(headers: Message, subject: str) -> bool:
    """Whether a machine wrote it: out of office, a bounce, a mailing list (RFC 3834)."""
    submitted = _value(headers, "Auto-Submitted").split(";")[0].strip()
    return (
        submitted not in ("", "no")
        or _value(headers, "Precedence") in ("bulk", "junk", "list", "auto_reply")
        or any(headers.get(name) for name in _MACHINES)
        or _value(headers, "Return-Path") == "<>"
        or _AWAY.search(subject) is not None
    )


def _value(headers: Message, name: str) -> str:
    return str(headers.get(name, "")).strip().lower()


def own_words(text: str) -> str:
    """A reply without the message it quotes and without the signature under it."""
    text = text.replace("\r\n", "\n")[:_LONGEST]
    quote = _QUOTE.search(text)
    return (text[: quote.start()] if quote else text).strip()


_BREAKS = {"p", "div", "br", "li", "tr", "blockquote"}
_HIDDEN = {"style", "script", "title"}


class _Words(HTMLParser):
    """Collects what a person would read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words.append("\n> " if tag == "blockquote" else "\n")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def text_of_html(html: str) -> str:
    """The words of an HTML mail that came without a text part; a quotation starts with ``>``.

    It is cleaned first, in a time that grows with its length alone; Python's parser takes hours for what
    somebody left open on purpose.
    """
    clean = nh3.clean(
        html[: 10 * _LONGEST], tags=_BREAKS, clean_content_tags=_HIDDEN, attributes={}
    )
    reader = _Words()
    reader.feed(clean)
    reader.close()
    return "".join(reader.words)


def digest(*parts: str) -> str:
    """A key of what was said, the same whenever it is said again."""
    return sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:40]
