"""What kind of work does an alert look like? A suggestion from whom it asks and for what; people decide. Pure.

To ask the public to speak to legislators about specific legislation, even if it is not introduced yet, is
grassroots lobbying (26 CFR 56.4911-2(b)(2)); to ask what needs no law is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from actions.models import TargetKind, TargetRule
from alerts.models import Work

# What is called by its number: H.R. 1234, S. 567, H.Res. 12, S.J.Res. 3.
NUMBERED = re.compile(
    r"(?<![\w.])(?:H\. ?R\.|HR|S\.|[HS]\. ?(?:J\. ?|Con\. ?)?Res\.) ?[0-9]{1,5}\b"
)
NAMED = re.compile(
    r"\b(?:bills?|resolutions?|legislation|amendments?|cosponsor(?:s|ed|ship)?|co-sponsor|"
    r"vot(?:e|es|ing)|proyectos? de ley|ley(?:es)?|resoluci(?:ón|on|ones)|legislación|"
    r"enmiendas?|vot(?:o|ar|en)|copatrocin\w+)\b",
    re.IGNORECASE,
)
LEGISLATURES = frozenset({TargetKind.CONGRESS, TargetKind.LEGISLATOR})


class Because(StrEnum):
    """Why it looks like that."""

    LEGISLATION = "legislation"  # the public is asked to speak to legislators about a law
    NO_LEGISLATION = "no_legislation"  # legislators are asked for something else
    NO_LEGISLATORS = "no_legislators"  # those who are asked make no laws
    NOTHING_ASKED = "nothing_asked"


@dataclass(frozen=True)
class Guess:
    """A kind of work that something looks like, and why."""

    work: Work
    because: Because
    word: str = ""  # of the legislation that it names


def guess(
    rules: Iterable[TargetRule], kinds: Iterable[TargetKind], texts: Iterable[str]
) -> Guess | None:
    """Judge by whom people ask (the offices outside Congress by their kind) and what is written.

    None while nothing is written.
    """
    written = [each for each in texts if each.strip()]
    if not written:
        return None
    asked, known = set(rules), set(kinds)
    if not asked:
        return Guess(Work.EDUCATION, Because.NOTHING_ASKED)
    if asked == {TargetRule.CUSTOM} and not known & LEGISLATURES:
        return Guess(Work.ADVOCACY, Because.NO_LEGISLATORS)
    word = _legislation(written)
    if word:
        return Guess(Work.GRASSROOTS, Because.LEGISLATION, word)
    return Guess(Work.ADVOCACY, Because.NO_LEGISLATION)


def _legislation(texts: Iterable[str]) -> str:
    """The first mention of a law that is to be made, by its number rather than by a word."""
    everything = "\n".join(texts)
    found = NUMBERED.search(everything) or NAMED.search(everything)
    return found[0] if found else ""
