"""What does somebody say of their call in their own words? Only ever a suggestion, for a person to take."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from actions.models import Outcome
from database.tables import folded

_NOT_YET = re.compile(
    r"\b(?:havent|have not|didnt call|did not call|couldnt|could not|cant|cannot|will (?:call|try)|ill (?:call|try)"
    r"|going to call|not yet|no pude|no puedo|no he|todavia no|aun no|voy a llamar|llamare|no llame)\b"
)
_TOLD = (
    (
        Outcome.WRONG_NUMBER,
        (
            r"\bwrong (?:number|office)\b|\bnumero equivocado\b|\b(?:not in|out of) service\b|\bdisconnected\b"
            r"|\bno (?:era|es) (?:la|esa|su) oficina\b|\bfuera de servicio\b"
        ),
    ),
    (
        Outcome.VOICEMAIL,
        (
            r"\b(?:left|leaving) (?:\w+ ){0,3}(?:message|msg|voicemail|vm)\b|\bdej[eo] (?:\w+ ){0,2}(?:mensaje|recado)\b"
            r"|\bdejamos (?:\w+ ){0,2}(?:mensaje|recado)\b|\bgrabe (?:\w+ )?mensaje\b"
        ),
    ),
    (
        Outcome.NO_ANSWER,
        (
            r"\b(?:no answer|no reply|nobody|no one|noone)\b|\b(?:didnt|did not|doesnt|does not|dont) (?:answer|pick up)\b"
            r"|\bbusy\b|\b(?:mailbox|voicemail|buzon) (?:is |was |esta |estaba )?(?:full|lleno)\b"
            r"|\bno (?:me )?(?:contest|respond|atend|atiend)\w+\b|\bnadie\b|\bocupad[oa]\b"
        ),
    ),
    (
        Outcome.VOICEMAIL,
        (r"\b(?:voicemail|voice mail|answering machine|contestadora|buzon)\b"),
    ),
    (
        Outcome.SPOKE,
        (
            r"\b(?:spoke|talked|spoken|chatted)(?: \w+)? (?:with|to)\b|\bgot (?:through|a person|someone|somebody)\b"
            r"|\b(?:they|someone|somebody|he|she|staffer|aide|intern) (?:answered|picked up)\b"
            r"|\bhabl(?:e|amos|aron) (?:con|conmigo)\b|\bme (?:atendi|contest|respondi)\w+\b"
        ),
    ),
)
_PATTERNS = tuple((outcome, re.compile(pattern)) for outcome, pattern in _TOLD)
_CODE_LAST = re.compile(r"(\D{2,60}?)[\s:,=-]+([1-4])[\s.!]*")


def plain(text: str) -> str:
    """Only words, without case and accents: "No contestó." is "no contesto"."""
    return " ".join(re.sub(r"[\W_]+", " ", re.sub(r"['’‘`´]", "", folded(text))).split())


def outcome_told(text: str) -> Outcome | None:
    """What somebody seems to say came of their call; None where it says nothing of one that was made."""
    said = plain(text)
    if _NOT_YET.search(said):
        return None
    return next((outcome for outcome, pattern in _PATTERNS if pattern.search(said)), None)


def offices_named(text: str, names: Mapping[str, Collection[str]]) -> list[str]:
    """Which offices a text names: the keys of those of whose names one stands in it as whole words."""
    said = f" {plain(text)} "
    return [
        key for key, known in names.items() if any(f" {plain(each)} " in said for each in known)
    ]


def office_then_code(text: str) -> tuple[str, str] | None:
    """A name and the code after it, as in "Markey 2"; None for what is written otherwise."""
    found = _CODE_LAST.fullmatch(text.strip())
    return (found[1], found[2]) if found else None
