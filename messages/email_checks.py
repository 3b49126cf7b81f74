"""What stands in the way of an email besides its words: pictures that are gone, its size, a page that it has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from messages.composing import Compositions
from messages.control import Words
from messages.email_page import CLIPPED, LARGE
from messages.findings import Finding, finding
from messages.pictures import missing, shown_in
from messages.providers.provider import Pieces
from messages.templates import FIELDS

KILOBYTE = 1024


@dataclass(frozen=True)
class Found:
    """What was found: in the way, or deserving a thought."""

    blocking: Sequence[Finding]
    warnings: Sequence[Finding]


def email_findings(
    conn: Connection,
    compiled: Compositions | None,
    texts: Mapping[str, Words],
    message: Row[Any],
) -> Found:
    """Check the emails of a message; of texts that cannot be compiled only their pictures."""
    gone = pictures_gone(conn, texts, message.project_id)
    if compiled is None:
        return Found([*gone], [])
    lost = pages_missing(compiled, message.action_id)
    return Found(
        [*gone, *lost, *too_large(compiled, clipped=True)],
        [*too_large(compiled, clipped=False)],
    )


def pictures_gone(
    conn: Connection, texts: Mapping[str, Words], project_id: int | None
) -> Iterator[Finding]:
    """The pictures that an email shows and its project may not, or can no longer."""
    for language, words in texts.items():
        for address in sorted(missing(conn, shown_in([words.body]), project_id)):
            yield finding("picture_gone", language=language, address=address)


def pages_missing(compiled: Compositions, action_id: int | None) -> Iterator[Finding]:
    """The emails that lead to an action page although their message asks for no action."""
    for language, email in compiled.emails.items():
        if action_id is None and "link" in email.fields:
            yield finding("leads_nowhere", language=language)


def too_large(compiled: Compositions, *, clipped: bool) -> Iterator[Finding]:
    """The emails that Gmail cuts off, or, if not ``clipped``, those that are near it."""
    for language, version in compiled.email_versions.items():
        size = size_of(version.words.html)
        code = "email_clipped" if size >= CLIPPED else "email_large"
        if size >= LARGE and clipped == (size >= CLIPPED):
            yield finding(code, language=language, kilobytes=-(-size // KILOBYTE))


def size_of(page: Pieces) -> int:
    """How many bytes a page takes with the longest values."""
    fixed = sum(len(each.encode()) for each in page[0::2])
    return fixed + sum(FIELDS.get(name, FIELDS["link"]) for name in page[1::2])
