"""What does this reply mean? Exact words after normalising; sentences only ever go to a person.

Matching stop words inside sentences has opted people out who wrote "Stop the detentions! I called
Pocan"; exact lists without normalising have missed "stop!", "Stop please" and all Spanish. So: a
message that *is* a stop word, with nothing but courtesy around it, opts out; one that may ask for it
is held for a person; slogans and the same verbs about something else are neither.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from actions.models import Outcome
from database.tables import folded
from messages.models import ReplyVerdict
from messages.vocabulary import (
    COUNTED,
    COURTESY,
    FILLERS,
    HELP,
    MAY_MEAN_STOP,
    NUMBERS,
    REACTION,
    START,
    STOP,
    WRONG_NUMBER,
    YES,
)

_LONGEST = 2_000  # a stop word later than that is found by the person who reads the inbox
CODES = {
    "1": Outcome.SPOKE,
    "2": Outcome.VOICEMAIL,
    "3": Outcome.NO_ANSWER,
    "4": Outcome.WRONG_NUMBER,
}
_CODE = re.compile(
    r"[\W_]*(?:(?:option|opcion|code|codigo|answer|respuesta|press)\s+)?([1-4])(?![\w/%])(.*)",
    re.DOTALL,
)
# "No, 2", "perdón: 3", "I meant 1".
_CORRECTS = re.compile(
    r"[\W_]*(?:(?:no|nope|sorry|oops|ups|wait|actually|correction|i meant?|it was|was|perdon|disculpe|disculpa"
    r"|correccion|quise decir|quiero decir|digo|mejor dicho|era|fue)[\W_]+)+"
)
_GOES_ON_AS_NUMBER = re.compile(r"[\W_]*\d")
_AROUND_STOP = frozenset(STOP) | COURTESY | FILLERS
_LONGER_STOP_WORDS = [phrase for phrase in STOP if len(phrase) > len("end")]
_CLAUSE_END = re.compile(r"[.!?;:,…\n]+")


@dataclass(frozen=True, slots=True)
class Understood:
    """What we understood a reply to be."""

    verdict: ReplyVerdict
    outcome: Outcome | None = None  # with the verdict OUTCOME
    language: str = ""  # of the word that decided; "" where it belongs to no language
    rest: str = ""  # what stands beside an outcome's code
    corrects: bool = False  # takes back what was told before: "no, 2"


def understand(body: str, *, opted_out: bool = False) -> Understood:
    """Decide what a reply means; ``opted_out`` tells that its sender has left the list."""
    text = unicodedata.normalize("NFKC", body).strip()[:_LONGEST]
    if REACTION.fullmatch(text):
        return Understood(ReplyVerdict.OTHER)
    return _whole(_words(text), opted_out=opted_out) or _sentence(text)


def bare(body: str) -> str:
    """What a text comes to without case, accents, signs and courtesy: "¡Sí, por favor!" is "si"."""
    text = unicodedata.normalize("NFKC", body).strip()[:_LONGEST]
    return " ".join(word for word in _words(text) if word not in COURTESY)


def spoken(body: str) -> str:
    """A text's words alone, folded: "Who's this?" is "whos this"."""
    return " ".join(_words(unicodedata.normalize("NFKC", body).strip()[:_LONGEST]))


def _whole(words: list[str], *, opted_out: bool) -> Understood | None:
    """Understand a message that is nothing but a word we know."""
    for verdict, vocabulary in (
        (ReplyVerdict.OPT_OUT, STOP),
        (ReplyVerdict.OPT_IN, {**START, **YES} if opted_out else START),
        (ReplyVerdict.HELP, HELP),
    ):
        phrases = _phrases([word for word in words if word not in COURTESY], vocabulary)
        if phrases:
            return Understood(verdict, language=vocabulary[phrases[0]])
    return None


def _sentence(text: str) -> Understood:
    code, rest = _code(text)
    corrects = not code
    if corrects:
        code, rest = _correction(folded(text))
    if _may_mean_stop(rest if code else text):
        return Understood(ReplyVerdict.MAYBE_OPT_OUT)
    if code:
        return Understood(ReplyVerdict.OUTCOME, CODES[code], rest=rest.strip(), corrects=corrects)
    if WRONG_NUMBER.search(" ".join(_words(text))):
        return Understood(ReplyVerdict.MAYBE_OPT_OUT)
    return Understood(ReplyVerdict.OTHER)


def _words(text: str) -> list[str]:
    """Fold case and accents and leave only words: "¡ALTO!! 🙏" is "alto", "Don't" is "dont"."""
    bare = re.sub(r"['’‘`´]", "", folded(text))
    return re.sub(r"[\W_]+", " ", bare).split()


def _phrases(words: list[str], known: Collection[str]) -> list[str]:
    """Cut the words into known phrases, the longest taken first; empty if that does not work out."""
    phrases = []
    while words:
        size = next((n for n in (4, 3, 2, 1) if " ".join(words[:n]) in known), 0)
        if not size:
            return []
        phrases.append(" ".join(words[:size]))
        words = words[size:]
    return phrases


def _code(text: str) -> tuple[str, str]:
    """Return an outcome's digit and what is written after it; ("", "") where there is none."""
    words = [word for word in _words(text) if word not in COURTESY]
    if len(words) == 1 and words[0] in NUMBERS:
        return NUMBERS[words[0]], ""
    match = _CODE.fullmatch(folded(_without_marks(text)))
    if match is None or _GOES_ON_AS_NUMBER.match(match[2]):
        return "", ""
    counted = match[2].startswith(" ") and _words(match[2])[:1]
    return ("", "") if counted and counted[0] in COUNTED else (match[1], match[2])


def _correction(text: str) -> tuple[str, str]:
    """The same for a code that takes back another: "no, 2". But "no 1 answered" is none."""
    before = _CORRECTS.match(text)
    if before is None:
        return "", ""
    code, rest = _code(text[before.end() :])
    clear = not _words(rest) or re.search(r"[^\w\s]", before[0])
    return (code, rest) if clear else ("", "")


def _without_marks(text: str) -> str:
    """Make the keycap 2️⃣ a plain 2."""
    return "".join(c for c in text if unicodedata.category(c) not in {"Mn", "Me"})


def _may_mean_stop(text: str) -> bool:
    words = _words(text)
    if MAY_MEAN_STOP.search(" ".join(words)):
        return True
    if any(phrase in STOP for phrase in _phrases(words, _AROUND_STOP)):
        return True
    return _is_misspelt_stop(words) or any(map(_whole_stop, _CLAUSE_END.split(text)))


def _is_misspelt_stop(words: list[str]) -> bool:
    """Tell whether the message is one word that is nearly a stop word: "Stopp", "Unsuscribe"."""
    return len(words) == 1 and bool(get_close_matches(words[0], _LONGER_STOP_WORDS, cutoff=0.85))


def _whole_stop(clause: str) -> bool:
    """Tell whether a part between punctuation is a stop word: "I called. STOP"."""
    return bool(_phrases([word for word in _words(clause) if word not in COURTESY], STOP))
