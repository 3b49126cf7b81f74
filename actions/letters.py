"""What does this person write to this office? A letter greeted, filled in and signed; pure.

It is written in a language that the office reads, and nobody should send a hole: what we do not know of
the writer stands in brackets, for them to fill in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from actions.addressing import official
from actions.scripts import (
    PARAGRAPHS,
    Addressee,
    Caller,
    Paragraph,
    Piece,
    ScriptWords,
    merge,
    paragraph,
    plain,
    values_of,
)
from actions.targets import OF_CONGRESS, Target

# A longer one is cut off by some mail programs, or not opened at all; the page has the whole to copy.
LONGEST_LINK = 8000
GREETINGS: Mapping[str, str] = {"en": "Dear %s,", "es": "Estimado/a %s:"}
TO_NOBODY: Mapping[str, str] = {"en": "To whom it may concern,", "es": "A quien corresponda:"}
CLOSINGS: Mapping[str, str] = {"en": "Sincerely,", "es": "Atentamente,"}
SIGNATURE = ("{{ name }}", "{{ city }}, {{ state }} {{ zip }}")


@dataclass(frozen=True)
class Letter:
    """A letter as one person sends it to one office."""

    subject: str
    paragraphs: tuple[Paragraph, ...]  # greeting first, signature last, a line each
    language: str

    @property
    def text(self) -> str:
        """The whole as plain words."""
        return plain(self.paragraphs)


def letter_language(target: Target, written: Mapping[str, ScriptWords], wanted: str) -> str:
    """The language to write to an office in; ``wanted`` is the writer's. "" = there is no letter."""
    there = [each for each in sorted(written) if written[each].writes]
    read = [each for each in target.ways.languages if each in there]
    if wanted in there and (wanted in read or not read):
        return wanted
    return next(iter(read or there), "")


def letter(
    words: ScriptWords, caller: Caller, target: Target, to: Addressee, language: str
) -> Letter:
    """Fill a letter in for one writer and one office."""
    values = values_of(caller, to)
    signed = (CLOSINGS.get(language, CLOSINGS["en"]), *SIGNATURE)
    body = (each for each in PARAGRAPHS.split(words.letter.strip()) if each.strip())
    return Letter(
        subject=plain(merge(words.letter_subject, values, language)),
        paragraphs=(
            (Piece(_greeting(target, language)),),
            *(paragraph(each, values, language) for each in body),
            *(paragraph(each, values, language) for each in signed),
        ),
        language=language,
    )


def mailto(email: str, written: Letter) -> str:
    """A link that opens the letter in the writer's own mail program."""
    text = written.text.replace("\n", "\r\n")
    link = f"mailto:{quote(email, safe='@')}?subject={quote(written.subject)}&body={quote(text)}"
    return link if len(link) <= LONGEST_LINK else link.partition("&body=")[0]


def _greeting(target: Target, language: str) -> str:
    if target.ways.salutation:
        return target.ways.salutation
    if target.role in OF_CONGRESS and target.name:
        return GREETINGS.get(language, GREETINGS["en"]) % official(target, language)
    return TO_NOBODY.get(language, TO_NOBODY["en"])
