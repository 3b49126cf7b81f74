"""What an alert may begin with: texts for the kinds of moment this field knows, in each language side by side.

They are data, ``starting/*.toml``. What stands there in [brackets] is not known yet: ``[event | What happened.]``
becomes a citation of a fact of the case that tells it, or stays ``[What happened.]`` for the author to fill in
(see ``blanks.py``). A slot of the same words is the same thing wherever it stands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from pathlib import Path

from actions.models import TargetRule
from actions.scripts import ScriptWords
from alerts.fact_models import FactKind
from alerts.models import Level
from alerts.timeline import KnownFact
from messages.sms import measure

FOLDER = Path(__file__).parent / "starting"
CASE_WORDS = ("case_title", "case_summary")  # of a case that is yet to be
PARTS = (
    *("sms", "subject", "body", "title", "summary"),
    *(each.name for each in fields(ScriptWords)),
)
SLOT = re.compile(r"\[(?:(\w+) \| )?([^\[\]|]+)\](?!\()")
TELLING = frozenset({FactKind.EVENT, FactKind.NUMBER, FactKind.CHARGE, FactKind.OTHER})
KINDS: Mapping[str, frozenset[FactKind]] = {
    "event": TELLING,
    "charge": frozenset({FactKind.CHARGE}),
    "hearing": frozenset({FactKind.HEARING}),
    "facts": TELLING,
}
CASE = "case"  # a slot for the title of the case
LISTED = 4  # facts that an email lists
SHORT = 70  # characters of a fact that still fits into a text message
ARTICLES = frozenset(["the", "a", "an", "el", "la", "los", "las", "un", "una"])


@dataclass(frozen=True)
class Words:
    """A starting text in one language."""

    name: str  # the kind of moment
    about: str  # what it asks of people
    parts: Mapping[str, str]  # of PARTS and CASE_WORDS, with slots


@dataclass(frozen=True)
class StartingText:
    """What an alert may begin with."""

    key: str
    rank: int  # in which order they are offered
    level: Level
    whom: TargetRule  # CUSTOM: one office, which its author chooses
    words: Mapping[str, Words]  # by language


@dataclass(frozen=True)
class Known:
    """What is known when an alert is begun: the title of its case by language, and its facts, the latest first."""

    titles: Mapping[str, str] = field(default_factory=dict)
    facts: Sequence[KnownFact] = ()


NOTHING = Known()


@cache
def starting_texts() -> tuple[StartingText, ...]:
    """All that are shipped, in the order in which they are offered."""
    read = (_read(path) for path in FOLDER.glob("*.toml"))
    return tuple(sorted(read, key=lambda each: each.rank))


def begun(text: StartingText, language: str, known: Known, *, now: datetime) -> dict[str, str]:
    """The words of a new alert in one language, by part; those of a new case only where there is none yet."""
    parts = {
        name: _filled(name, words, language, known, now)
        for name, words in text.words[language].parts.items()
    }
    return {name: words for name, words in parts.items() if not (known.titles and _of_case(name))}


def _read(path: Path) -> StartingText:
    held = tomllib.loads(path.read_text("utf-8"))
    words = {
        language: Words(
            name=said["name"],
            about=said["about"],
            parts={name: said[name].strip() for name in (*CASE_WORDS, *PARTS)},
        )
        for language, said in held.items()
        if isinstance(said, dict)
    }
    whom = TargetRule(held["whom"])
    return StartingText(path.stem, held["rank"], Level(held["level"]), whom, words)


def _of_case(name: str) -> bool:
    return name in CASE_WORDS


def _filled(name: str, text: str, language: str, known: Known, now: datetime) -> str:
    fits = _fits_a_text if name == "sms" else _fits

    def told(slot: re.Match[str]) -> str:
        kind, hint = slot.groups()
        return _said(kind or "", language, known, fits, now) or f"[{hint}]"

    return SLOT.sub(told, text)


def _said(
    kind: str, language: str, known: Known, fits: Callable[[KnownFact], bool], now: datetime
) -> str:
    """What is known for a slot; "" = nothing."""
    if kind == CASE:
        return _within_a_sentence(known.titles.get(language, ""))
    found = [each for each in _tellable(kind, known.facts, now) if fits(each)]
    if not found:
        return ""
    if kind == "facts":
        chosen = reversed(found[:LISTED])
        return "\n".join(
            f"- {{{{ fact.{each.key}.on }}}}: {{{{ fact.{each.key} }}}}" for each in chosen
        )
    return f"{{{{ fact.{found[0].key} }}}}"


def _tellable(kind: str, facts: Iterable[KnownFact], now: datetime) -> list[KnownFact]:
    """The facts of a kind that may be told now; of hearings those that lie ahead."""
    kinds = KINDS.get(kind, frozenset())
    return [
        each
        for each in facts
        if each.current.kind in kinds
        and each.current.may_be_told(now)
        and (kind != "hearing" or each.current.happened_on >= now.date())
    ]


def _fits(_fact: KnownFact) -> bool:
    return True


def _fits_a_text(fact: KnownFact) -> bool:
    """Whether a fact is short and plain enough for a text message, in each of its languages."""
    said = fact.current.words.values()
    return all(len(each) <= SHORT and measure(each).encoding == "GSM-7" for each in said)


def _within_a_sentence(title: str) -> str:
    """“The Suchitoto 14” as it reads after “for”."""
    first = title.split(" ", 1)[0]
    return title[:1].lower() + title[1:] if first.lower() in ARTICLES else title
