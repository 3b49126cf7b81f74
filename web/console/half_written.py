"""Words that are still being written, as far as they can be read by now."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from messages import rendering
from messages.control import Words
from messages.identity import Identity, letterhead
from messages.looks import PLAIN_LOOK
from messages.models import MessageKind
from messages.templates import BadTemplate

BRACES = re.compile(r"[{}]+")


@dataclass(frozen=True, kw_only=True)
class Unsaved:
    """A message that is still being written, as ``composing.compiled`` reads one."""

    default_language: str
    audience: Mapping[str, Any]
    id: int = 0
    kind: MessageKind = MessageKind.ALERT
    merge_defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sms_sender: str = ""
    email_sender: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class TypedText:
    """Its words in one language, as ``composing.compiled`` reads them."""

    language: str
    sms: str
    subject: str
    body: str


def readable(language: str, words: Words, identity: Identity) -> TypedText:
    """What of half-written words can be shown by now: broken fields without their braces, an email once it is one."""
    head = letterhead(identity, PLAIN_LOOK)

    def is_text(sms: str) -> bool:
        return _compiles(rendering.compile_sms, sms, language=language, network=identity.network)

    def is_email(body: str) -> bool:
        return _compiles(
            rendering.email_words, words.subject, body, language=language, letterhead=head
        )

    return TypedText(
        language, _first(words.sms, is_text), words.subject, _first(words.body, is_email)
    )


def _first(text: str, is_readable: Callable[[str], bool]) -> str:
    """The text, or what is left of it without braces, whichever can be read; else nothing."""
    return next((each for each in (text, BRACES.sub("…", text)) if is_readable(each)), "")


def _compiles(compiler: Callable[..., object], *texts: str, **told: object) -> bool:
    try:
        compiler(*texts, **told)
    except BadTemplate:
        return False
    return True
