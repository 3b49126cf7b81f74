"""What does this person say on the telephone? Scripts, filled in per caller and office; pure.

Nobody should read a hole aloud. What we know is filled in; what only the caller knows becomes a
prompt ("your name") that the page shows as such; and a place of which half is known loses the other
half with its comma: ``{{ city }}, {{ zip }}`` of somebody without a town is just ``53703``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from enum import StrEnum

FIELDS = ("name", "city", "zip", "state", "official", "official_short", "staffer")
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

# Whom to ask for where nobody there is known by name. It is said aloud, so it is no prompt.
STAFFER: Mapping[str, str] = {
    "en": "the staff member who handles foreign affairs",
    "es": "la persona encargada de asuntos exteriores",
}
NAMES_STAFFER = re.compile(r"\{\{\s*staffer\b")


class BadScript(ValueError):
    """A script that cannot be filled in; the message names its part and field and what to do."""


@dataclass(frozen=True)
class ScriptWords:
    """What to say and to write in one language, as its author wrote it, with merge fields.

    It has a call, a letter, or both. A letter is greeted and signed by the page.
    """

    opening: str = ""  # who is calling
    ask: str = ""  # the one thing we ask for
    reasons: str = ""
    if_yes: str = ""
    if_no: str = ""
    voicemail: str = ""
    if_away: str = ""  # the person in charge is not there
    letter_subject: str = ""
    letter: str = ""

    @property
    def calls(self) -> bool:
        """Whether it says anything on the telephone."""
        return any(getattr(self, part).strip() for part in SPOKEN)

    @property
    def writes(self) -> bool:
        """Whether it has a letter."""
        return bool(self.letter.strip() or self.letter_subject.strip())


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
    if_away: tuple[Paragraph, ...]


SPOKEN = tuple(each.name for each in fields(Spoken))


def check_script(words: ScriptWords) -> None:
    """Raise BadScript unless every field is one we can fill and something is asked for."""
    for part in fields(words):
        _check_fields(part.name, getattr(words, part.name))
    for part_name in ("opening", "ask"):
        if (words.calls or not words.writes) and not getattr(words, part_name).strip():
            raise BadScript(f"the script's {part_name} is empty; write what the caller says there")
    for part_name in ("letter_subject", "letter"):
        if words.writes and not getattr(words, part_name).strip():
            raise BadScript(
                "the letter needs a subject and a text; write both, or leave out the letter"
            )


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """The office as a script names it; empty text is unknown."""

    official: str = ""  # "Representative Rivera"
    official_short: str = ""  # "Rep. Rivera"
    staffer: str = ""  # whom to ask for there


def spoken(words: ScriptWords, caller: Caller, addressee: Addressee, language: str) -> Spoken:
    """Fill a script in for one caller and one office."""
    values = values_of(caller, addressee)
    return Spoken(*(merge(getattr(words, part), values, language) for part in SPOKEN))


def values_of(caller: Caller, addressee: Addressee) -> dict[str, str]:
    """What fills the fields of a script or a letter."""
    return {**asdict(caller), **asdict(addressee)}


def asks_for_staffer(words: ScriptWords) -> bool:
    """Whether the script says itself whom to ask for."""
    return any(NAMES_STAFFER.search(getattr(words, part)) for part in SPOKEN)


def merge(text: str, values: Mapping[str, str], language: str) -> tuple[Paragraph, ...]:
    """Fill a text's fields in, paragraph by paragraph."""
    paragraphs = (each for each in PARAGRAPHS.split(text.strip()) if each.strip())
    return tuple(paragraph(each, values, language) for each in paragraphs)


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


def paragraph(text: str, values: Mapping[str, str], language: str) -> Paragraph:
    """Fill one paragraph; its line breaks are the author's editor's, not the caller's."""
    text = " ".join(text.split())
    prompts = PROMPTS.get(language, PROMPTS["en"])
    somebody = STAFFER.get(language, STAFFER["en"])
    pieces: list[Piece] = []
    at = 0
    for found in PLACE.finditer(text):
        pieces += _words(text[at : found.start()])
        pieces += _filled(found.group(), values, prompts) or [Piece(somebody)]
        at = found.end()
    return (*pieces, *_words(text[at:]))


def _words(text: str) -> list[Piece]:
    return [Piece(text)] if text else []


def _filled(run: str, values: Mapping[str, str], prompts: Mapping[str, str]) -> list[Piece]:
    """One field, or the fields of one place: what is known of it, else a prompt for the first.

    Nothing for a field that nobody needs to be asked about.
    """
    first = FIELD.findall(run)[0][0]
    known = ""
    end = 0
    for found in FIELD.finditer(run):
        name, default = found.groups()
        if value := values.get(name, "").strip() or (default or "").strip():
            known += (run[end : found.start()] if known else "") + value
        end = found.end()
    if known:
        return [Piece(known, Kind.FILLED, first)]
    return [Piece(prompts[first], Kind.PROMPT, first)] if first in prompts else []
