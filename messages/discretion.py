"""Whom must words not name? The lists are kept where cases are; whoever sends planned words asks through the house.

A name that came on a list after an email was planned is as dangerous as one that stood there before, so it is asked
again at the moment of leaving, in that transaction.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Protocol

from sqlalchemy import Connection

from database import locking
from messages.cautions import Said
from messages.findings import Finding

TURN = "people at risk"
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`~\\]")


@dataclass(frozen=True)
class LetStand:
    """Why some words may name somebody all the same: who says so, and of which words."""

    person: int
    said: frozenset[str]  # folded
    why: str
    by: str  # as records name them


class Discretion(Protocol):
    """What tells whom a project's words name who must not be named."""

    def __call__(
        self,
        conn: Connection,
        project_id: int | None,
        said: Sequence[Said],
        let_stand: Collection[LetStand],
    ) -> Sequence[Finding]:
        """What stands in the way, one for each language; it repeats no name."""


def take_turns(conn: Connection) -> None:
    """Let nobody put a name on a list between our look at the lists and our commit, and the reverse."""
    locking.take_turns(conn, [TURN])


def said_in_email(language: str, subject: str, body: str) -> list[Said]:
    """An email's words: as written, with its links, blocks and what pictures show, and as they are read."""
    read = unescape(_MARKS.sub("", _LINK.sub(r"\1", body)))
    texts = {"subject": [subject], "body": [body] if read == body else [body, read]}
    return [Said(place, language, text) for place, each in texts.items() for text in each]


def kept(let_stand: LetStand) -> dict[str, Any]:
    """As a row keeps it."""
    said = sorted(let_stand.said)
    return {"person": let_stand.person, "said": said, "why": let_stand.why, "by": let_stand.by}


def read(stored: Mapping[str, Any]) -> LetStand:
    """The inverse of ``kept``."""
    return LetStand(stored["person"], frozenset(stored["said"]), stored["why"], stored["by"])
