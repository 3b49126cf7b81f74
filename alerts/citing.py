"""Texts that cite facts: ``{{ fact.charged }}`` is what is known of it, ``{{ fact.charged.on }}`` its day.

What an author wrote is kept apart from what it says: messages, pages and scripts hold the facts' own words and
know nothing of facts. What may not be told stands nowhere: a gap in brackets is in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches

from sqlalchemy import Connection, bindparam, delete, insert, select

from actions.scripts import ScriptWords
from alerts.citation_models import Citation, Written
from alerts.drafts import AlertDraft, Headline
from alerts.fact_models import Fact
from alerts.models import Case
from alerts.timeline import KnownFact, Version, facts_of
from messages.control import Words
from messages.templates import BadTemplate

CITED = re.compile(r"\{\{\s*fact\.(\w+)(\.on)?\s*\}\}")
CITATION = r"\{\{\s*fact\.\w+(?:\.on)?\s*\}\}"  # the same as a part of other patterns
SENT = ("sms", "subject", "body")  # places that leave the house for good
SCRIPT = "script."  # begins the places of an action's own script
ASK = "ask."  # and of the script of one of its asks, which follows its rank
GONE = "[…]"  # instead of what may not be told; not its key, which may be a name
MONTHS: Mapping[str, str] = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}

_WRITTEN = (
    select(Written.place, Written.language, Written.words)
    .where(Written.alert_id == bindparam("alert"))
    .order_by(Written.place, Written.language, Written.words)
)

Place = tuple[str, str]  # where in an alert, and in which language


class BadCitation(BadTemplate):
    """A text that cites a fact which the case does not have."""


@dataclass(frozen=True)
class Resolved:
    """An alert with the facts' words in it, and what was written and cited."""

    draft: AlertDraft
    written: Mapping[Place, str]  # only the pieces that cite something
    cited: frozenset[tuple[Place, int]]  # with the version's id
    longest: Mapping[str, Words]  # the message with the longest words each fact has in any language


def resolve(conn: Connection, case_id: int, draft: AlertDraft, *, now: datetime) -> Resolved:
    """Put the facts' current words where an alert cites them; they stay so until it is saved.

    Raises BadCitation for a fact that the case does not have, with the one that may be meant.
    """
    written: dict[Place, str] = {}
    cited: set[tuple[Place, int]] = set()
    if not any(CITED.search(text) for _, text in pieces(draft)):
        return Resolved(draft, written, frozenset(), draft.texts)
    facts = held_facts(conn, case_id)

    def told(place: Place, text: str) -> str:
        if not CITED.search(text):
            return text
        written[place] = text
        cited.update((place, each.current.id) for each in _named(facts, text))
        return fill(facts, text, place[1], now=now)

    resolved = with_pieces(draft, told)
    spelt = with_pieces(draft, lambda _place, text: _longest(facts, text, now))
    return Resolved(resolved, written, frozenset(cited), spelt.texts)


def held_facts(conn: Connection, case_id: int) -> dict[str, KnownFact]:
    """A case's facts by key, kept from being changed until the transaction ends."""
    held = select(Fact.id).where(Fact.case_id == case_id).order_by(Fact.id)
    conn.execute(held.with_for_update(read=True)).all()
    return {each.key: each for each in facts_of(conn, case_id)}


def hold_cited(conn: Connection, draft: AlertDraft) -> None:
    """Keep the facts that an alert is to cite; whoever changes one takes it before any message, as we do."""
    if any(CITED.search(text) for _, text in pieces(draft)):
        case_id = conn.scalar(select(Case.id).where(Case.slug == draft.case.slug))
        if case_id is not None:
            held_facts(conn, case_id)


def fill(facts: Mapping[str, KnownFact], text: str, language: str, *, now: datetime) -> str:
    """A text with the facts' words in it. Raises BadCitation."""
    list(_named(facts, text))
    return CITED.sub(lambda found: _said(facts[found[1]], found[2], language, now), text)


def save_citations(conn: Connection, alert_id: int, resolved: Resolved) -> None:
    """Keep what was written, and which versions it tells."""
    for model in (Written, Citation):
        conn.execute(delete(model).where(model.alert_id == alert_id))
    written = [
        {"alert_id": alert_id, "place": place, "language": language, "words": text}
        for (place, language), text in resolved.written.items()
    ]
    cited = [
        {"alert_id": alert_id, "version_id": version_id, "place": place, "language": language}
        for (place, language), version_id in sorted(resolved.cited)
    ]
    if written:
        conn.execute(insert(Written), written)
    if cited:
        conn.execute(insert(Citation), cited)


def written_of(conn: Connection, alert_id: int) -> dict[Place, str]:
    """The pieces of an alert that cite something, as they were written."""
    found = conn.execute(_WRITTEN, {"alert": alert_id})
    return {(place, language): words for place, language, words in found}


def as_written(draft: AlertDraft, written: Mapping[Place, str]) -> AlertDraft:
    """A stored draft with its citations instead of what they say."""
    return with_pieces(draft, written.get) if written else draft


def cited_keys(text: str) -> list[str]:
    """The facts that a text cites, by their keys."""
    return [key for key, _ in CITED.findall(text)]


def without_citations(text: str) -> str:
    """A text in which only the other fields are left to be checked."""
    return CITED.sub("…", text)


def pieces(draft: AlertDraft) -> list[tuple[Place, str]]:
    """Every text of an alert that may cite something."""
    found: list[tuple[Place, str]] = []

    def note(place: Place, text: str) -> str:
        found.append((place, text))
        return text

    with_pieces(draft, note)
    return found


def with_pieces(draft: AlertDraft, change: Callable[[Place, str], str]) -> AlertDraft:
    """An alert with each of its texts changed."""

    def scripts(start: str, held: Mapping[str, ScriptWords]) -> dict[str, ScriptWords]:
        return {
            language: ScriptWords(
                **{
                    part: change((start + part, language), text)
                    for part, text in asdict(words).items()
                }
            )
            for language, words in held.items()
        }

    asks = [
        replace(ask, scripts=scripts(f"{ASK}{rank}.", ask.scripts))
        for rank, ask in enumerate(draft.call.asks)
    ]
    return replace(
        draft,
        words={
            language: Headline(
                change(("title", language), each.title), change(("summary", language), each.summary)
            )
            for language, each in draft.words.items()
        },
        texts={
            language: Words(*(change((part, language), getattr(words, part)) for part in SENT))
            for language, words in draft.texts.items()
        },
        call=replace(draft.call, asks=asks, scripts=scripts(SCRIPT, draft.call.scripts)),
    )


def _named(facts: Mapping[str, KnownFact], text: str) -> Iterable[KnownFact]:
    for key in cited_keys(text):
        if key not in facts:
            raise _unknown(key, get_close_matches(key.lower(), facts, 1))
        yield facts[key]


def _unknown(key: str, near: Sequence[str]) -> BadCitation:
    if near:
        return BadCitation(f"the case has no fact {key}; did you mean {{{{ fact.{near[0]} }}}}?")
    return BadCitation(f"the case has no fact {key}; note it on the case's page first")


def _said(fact: KnownFact, day: str, language: str, now: datetime) -> str:
    current = fact.current
    if not current.may_be_told(now):
        return GONE
    return spelt_day(current.happened_on, language) if day else _in_language(current, language)


def _in_language(version: Version, language: str) -> str:
    return version.words.get(language) or next(iter(version.words.values()), "")


def _longest(facts: Mapping[str, KnownFact], text: str, now: datetime) -> str:
    def longest(found: re.Match[str]) -> str:
        fact = facts[found[1]]
        said = (_said(fact, found[2], each, now) for each in (*fact.current.words, *MONTHS))
        return max(said, key=len)

    return CITED.sub(longest, text)


def spelt_day(day: date, language: str) -> str:
    """A day as people read it aloud."""
    month = MONTHS.get(language, MONTHS["en"]).split()[day.month - 1]
    return (
        f"{day.day} de {month} de {day.year}"
        if language == "es"
        else f"{month} {day.day}, {day.year}"
    )
