"""What does this person say on the telephone? Scripts, filled in per caller and office; pure.

Nobody should read a hole aloud. What we know is filled in; what only the caller knows becomes a
prompt ("your name") that the page shows as such; and a place of which half is known loses the other
half with its comma: ``{{ city }}, {{ zip }}`` of somebody without a town is just ``53703``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from enum import StrEnum

FIELDS = ("name", "city", "zip", "state", "official", "official_short")
ONE = r"""\{\{\s*%s\s*(?:\|\s*["“][^"“”{}]*["”]\s*)?\}\}"""
FIELD = re.compile(r"""\{\{\s*([^\s|{}"]+)\s*(?:\|\s*["“]([^"“”{}]*)["”]\s*)?\}\}""")
PART_OF_PLACE = ONE % "(?:city|zip|state)"
PLACE = re.compile(f"{PART_OF_PLACE}(?:,? {PART_OF_PLACE})+|{FIELD.pattern}")
PARAGRAPHS = re.compile(r"\n\s*\n")

PROMPTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "name": "your name",
        "city": "your town",
        "zip": "your ZIP code",
        "state": "your state",
        "official": "your representative",
        "official_short": "your representative",
    },
    "es": {
        "name": "su nombre",
        "city": "su ciudad",
        "zip": "su código postal",
        "state": "su estado",
        "official": "su representante",
        "official_short": "su representante",
    },
}


class BadScript(ValueError):
    """A script that cannot be filled in; the message names its part and field and what to do."""


@dataclass(frozen=True)
class ScriptWords:
    """A script in one language as its author wrote it, with merge fields."""

    opening: str  # who is calling
    ask: str  # the one thing we ask for
    reasons: str = ""
    if_yes: str = ""
    if_no: str = ""
    voicemail: str = ""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What we know of the person who calls; empty text is unknown."""

    name: str = ""
    city: str = ""
    zip: str = ""
    state: str = ""  # in full, in the script's language


class Kind(StrEnum):
    """Where a piece of a script comes from; the page shows each differently."""

    WORDS = "words"  # the author's
    FILLED = "filled"  # known about the caller or the office
    PROMPT = "prompt"  # only the caller knows it


@dataclass(frozen=True)
class Piece:
    """A stretch of a paragraph."""

    text: str
    kind: Kind = Kind.WORDS
    field: str = ""


Paragraph = tuple[Piece, ...]


@dataclass(frozen=True)
class Spoken:
    """A script as one person reads it to one office."""

    opening: tuple[Paragraph, ...]
    ask: tuple[Paragraph, ...]
    reasons: tuple[Paragraph, ...]
    if_yes: tuple[Paragraph, ...]
    if_no: tuple[Paragraph, ...]
    voicemail: tuple[Paragraph, ...]


def check_script(words: ScriptWords) -> None:
    """Raise BadScript unless every field is one we can fill and something is asked for."""
    for part in fields(words):
        _check_fields(part.name, getattr(words, part.name))
    for part_name in ("opening", "ask"):
        if not getattr(words, part_name).strip():
            raise BadScript(f"the script's {part_name} is empty; write what the caller says there")


def spoken(
    words: ScriptWords, caller: Caller, *, official: str, official_short: str, language: str
) -> Spoken:
    """Fill a script in for one caller and one office."""
    values = {
        "name": caller.name,
        "city": caller.city,
        "zip": caller.zip,
        "state": caller.state,
        "official": official,
        "official_short": official_short,
    }
    return Spoken(*(merge(getattr(words, part.name), values, language) for part in fields(words)))


def merge(text: str, values: Mapping[str, str], language: str) -> tuple[Paragraph, ...]:
    """Fill a text's fields in, paragraph by paragraph."""
    paragraphs = (each for each in PARAGRAPHS.split(text.strip()) if each.strip())
    return tuple(_paragraph(each, values, language) for each in paragraphs)


def plain(paragraphs: Sequence[Paragraph]) -> str:
    """The words as they are said, prompts in brackets."""
    return "\n\n".join("".join(_aloud(piece) for piece in each) for each in paragraphs)


def _aloud(piece: Piece) -> str:
    return f"[{piece.text}]" if piece.kind is Kind.PROMPT else piece.text


def _check_fields(part: str, text: str) -> None:
    for name, _default in FIELD.findall(text):
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, 1)
            hint = (
                f"did you mean {{{{ {near[0]} }}}}?" if near else f"known are {', '.join(FIELDS)}"
            )
            raise BadScript(f"the script's {part} has the unknown field {{{{ {name} }}}}; {hint}")
    rest = FIELD.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise BadScript(
            f"the script's {part} has a merge field that is not complete;"
            ' write it as {{ city }} or {{ city | "my town" }}'
        )


def _paragraph(text: str, values: Mapping[str, str], language: str) -> Paragraph:
    """Fill one paragraph; its line breaks are the author's editor's, not the caller's."""
    text = " ".join(text.split())
    prompts = PROMPTS.get(language, PROMPTS["en"])
    pieces: list[Piece] = []
    at = 0
    for found in PLACE.finditer(text):
        pieces += _words(text[at : found.start()])
        pieces += _filled(found.group(), values, prompts)
        at = found.end()
    return (*pieces, *_words(text[at:]))


def _words(text: str) -> list[Piece]:
    return [Piece(text)] if text else []


def _filled(run: str, values: Mapping[str, str], prompts: Mapping[str, str]) -> list[Piece]:
    """One field, or the fields of one place: what is known of it, else a prompt for the first."""
    first = FIELD.findall(run)[0][0]
    known = ""
    end = 0
    for found in FIELD.finditer(run):
        name, default = found.groups()
        if value := values.get(name, "").strip() or (default or "").strip():
            known += (run[end : found.start()] if known else "") + value
        end = found.end()
    return [
        Piece(known, Kind.FILLED, first) if known else Piece(prompts[first], Kind.PROMPT, first)
    ]
