"""Starting texts of a network's own: kept from an alert that did well, changed, and retired.

They are offered beside those that are shipped, to all of its committees. What an alert cites of its case becomes a
[bracket], for the next case has facts of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, Text, cast, insert, select, update

from actions.models import TargetRule
from actions.scripts import ScriptWords
from alerts.citing import CITED, with_pieces
from alerts.follow_ups import followed_by
from alerts.models import Level
from alerts.start_models import OwnStart
from alerts.starting_texts import CASE, CASE_WORDS, KINDS, PARTS, SLOT, StartingText, Words
from alerts.stored import stored_draft
from messages.control import Words as Said
from messages.templates import LONGEST_TEXT

# A new case is to be named by whoever begins with it.
OF_CASE = {"en": "[case | who it is about]", "es": "[case | por quienes]"}
KEY = "own-"  # begins the key of one, before its number
LONGEST_NAME = 80
NOT_KNOWN = {"en": "[event | what is known]", "es": "[event | lo que se sabe]"}
PAIRED, UNPAIRED = re.compile(r"\[[^\[\]]*\]"), re.compile(r"[\[\]]")
_UNTOLD = Said("", "", "")


class BadStart(ValueError):
    """A starting text that cannot be kept; the message says why."""


def keep(conn: Connection, alert_id: int, *, by: str, now: datetime) -> int:
    """Keep an alert's words as a starting text; return its number. Raises BadStart."""
    if followed_by(conn, alert_id) is not None:
        raise BadStart("This follows another alert; keep that one.")
    draft = with_pieces(stored_draft(conn, alert_id), _without_facts)
    ask = next(iter(draft.call.asks), None)
    words = {
        language: {
            "name": (headline.title or "–")[:LONGEST_NAME],
            "about": "",
            **dict.fromkeys(CASE_WORDS, OF_CASE.get(language, OF_CASE["en"])),
            **asdict(draft.texts.get(language, _UNTOLD)),
            "title": headline.title,
            "summary": headline.summary,
            **asdict(draft.call.scripts.get(language, ScriptWords())),
        }
        for language, headline in draft.words.items()
    }
    row = {
        "level": draft.level,
        "whom": ask.rule if ask else TargetRule.CONGRESS,
        "words": words,
        "kept_by": by,
        "changed_at": now,
    }
    return conn.execute(insert(OwnStart).values(row).returning(OwnStart.id)).scalar_one()


def change(
    conn: Connection,
    start_id: int,
    level: Level,
    whom: TargetRule,
    words: Mapping[str, Mapping[str, str]],
    *,
    now: datetime,
) -> None:
    """Change what a starting text says.

    Raises BadStart for one without a name in each language, and for brackets that nobody could fill in.
    """
    if not all(each.get("name", "").strip() for each in words.values()):
        raise BadStart("Give it a short name in each language, by which others choose it.")
    if any(len(each["name"]) > LONGEST_NAME for each in words.values()):
        raise BadStart("A name has 80 characters at most.")
    if any(len(text) > LONGEST_TEXT for each in words.values() for text in each.values()):
        raise BadStart("A text has 20,000 characters at most.")
    _require_brackets(text for each in words.values() for text in each.values())
    mine = update(OwnStart).where(OwnStart.id == start_id)
    conn.execute(mine.values(level=level, whom=whom, words=words, changed_at=now))


def retire(conn: Connection, start_id: int, *, retired: bool, now: datetime) -> None:
    """Offer a starting text no more, or again."""
    mine = update(OwnStart).where(OwnStart.id == start_id)
    conn.execute(mine.values(retired_at=now if retired else None))


def own_starts(conn: Connection, *, retired: bool = False) -> list[StartingText]:
    """The network's own that are offered, or those that are not any more, the latest first."""
    off = OwnStart.retired_at.is_not(None) if retired else OwnStart.retired_at.is_(None)
    rows = select(OwnStart).where(off).order_by(OwnStart.id.desc())
    return [
        StartingText(f"{KEY}{row.id}", row.id, Level(row.level), TargetRule(row.whom), words)
        for row in conn.execute(rows)
        if (words := {language: _words(said) for language, said in row.words.items()})
    ]


def find_start(conn: Connection, start_id: int) -> StartingText:
    """One of the network's own, offered or not."""
    every = [*own_starts(conn), *own_starts(conn, retired=True)]
    return next(each for each in every if each.rank == start_id)


def shows_picture(conn: Connection, address: str) -> bool:
    """Whether one of them, offered or not, shows the picture with this address."""
    shows = cast(OwnStart.words, Text).contains(address, autoescape=True)
    return conn.scalar(select(OwnStart.id).where(shows).limit(1)) is not None


def _require_brackets(texts: Iterable[str]) -> None:
    """Each bracket is closed before another begins, and what stands before a bar in it is known."""
    for text in texts:
        if UNPAIRED.search(PAIRED.sub("", text)):
            raise BadStart("A [bracket] is opened and not closed, or closed and not opened.")
        if any(kind and kind not in (CASE, *KINDS) for kind, _hint in SLOT.findall(text)):
            raise BadStart(
                "Before the bar in a [bracket] may stand: case, event, charge, hearing or facts."
            )


def _words(said: Mapping[str, str]) -> Words:
    parts = {name: said.get(name, "") for name in (*CASE_WORDS, *PARTS)}
    return Words(name=said["name"], about=said.get("about", ""), parts=parts)


def _without_facts(place: tuple[str, str], text: str) -> str:
    return CITED.sub(NOT_KNOWN.get(place[1], NOT_KNOWN["en"]), text)
