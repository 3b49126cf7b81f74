"""What a person wrote in a reply by email: without what they quoted, and not if a machine wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import Message
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import orjson

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


def decoded_fields(fields: Mapping[str, bytes | str]) -> dict[str, str]:
    """Each field in the character set the form says it is in; nothing of it is ever refused."""
    raw = fields.get("charsets", b"")
    charsets = json_object(raw if isinstance(raw, str) else raw.decode(errors="replace"))
    return {
        name: value if isinstance(value, str) else _decoded(value, str(charsets.get(name, "utf-8")))
        for name, value in fields.items()
    }


def _decoded(value: bytes, charset: str) -> str:
    try:
        return value.decode(charset, errors="replace")
    except (LookupError, ValueError):
        return value.decode("utf-8", errors="replace")


def json_object(text: str) -> dict[str, Any]:
    """The JSON object in a form field; anything else counts as empty."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def is_automatic(headers: Message) -> bool:
    """Whether a machine wrote it: out of office, a bounce, a mailing list (RFC 3834)."""
    submitted = headers.get("Auto-Submitted", "no").strip().lower()
    if submitted.split(";")[0].strip() not in ("", "no"):
        return True
    precedence = headers.get("Precedence", "").strip().lower()
    return (
        precedence in ("bulk", "junk", "list", "auto_reply")
        or bool(headers.get("X-Autoreply"))
        or bool(headers.get("X-Autorespond"))
        or bool(headers.get("X-Failed-Recipients"))
        or headers.get("Return-Path", "").strip() == "<>"
    )


def own_words(text: str) -> str:
    """A reply without the message it quotes and without the signature under it."""
    text = text.replace("\r\n", "\n")[:_LONGEST]
    quote = _QUOTE.search(text)
    return (text[: quote.start()] if quote else text).strip()


class _Words(HTMLParser):
    """Collects what a person would read."""

    _BREAKS = frozenset({"p", "div", "br", "li", "tr", "blockquote"})
    _HIDDEN = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self._HIDDEN
        if tag in self._BREAKS:
            self.words.append("\n> " if tag == "blockquote" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def text_of_html(html: str) -> str:
    """The words of an HTML mail that came without a text part; a quotation starts with ``>``."""
    reader = _Words()
    reader.feed(html[: 10 * _LONGEST])
    reader.close()
    return "".join(reader.words)


def digest(*parts: str) -> str:
    """A key of what was said, the same whenever it is said again."""
    return sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:40]
