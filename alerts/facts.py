"""Note what is known about a case, change it, take it back, and clear what was withheld.

Whatever is noted stays: a change is a new version, and so is a withdrawal or a clearance. Nothing is public
that fewer than two sources tell, unless somebody decides so by name and says why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from alerts.at_risk import names_forbidden
from alerts.drafts import FactDraft
from alerts.fact_models import ClearedBy, Fact, FactKind, FactText, FactVersion, Release
from alerts.timeline import KnownFact, NoSuchFact, Version, find_fact
from database.tables import folded

SOURCES = 2  # that tell of it independently make a fact fit to be published
KEY = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_KEY = 40
KEY_WORDS = 4  # of a fact that was given no key
SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "of",
        "on",
        "the",
        "to",
        "was",
        "were",
        "with",
    ]
)


class BadFact(ValueError):
    """A fact that cannot be noted like that; the message says why and what to do."""


def add_fact(conn: Connection, case_id: int, draft: FactDraft, *, by: str, now: datetime) -> int:
    """Note a new fact of a case; return its id. Raises BadFact."""
    _check(draft, now)
    if release_of(draft) is Release.PUBLIC:
        _require_unnamed(conn, case_id, draft.words)
    key = _key(conn, case_id, draft)
    row = insert(Fact).values(case_id=case_id, created_at=now, key=key)
    fact_id: int = conn.execute(row.returning(Fact.id)).scalar_one()
    _write(conn, fact_id, 1, draft, by=by, now=now)
    return fact_id


def change_fact(
    conn: Connection, fact_id: int, draft: FactDraft, *, note: str, by: str, now: datetime
) -> int:
    """Note what is known of a fact now, and why that is another than before; return the version's id.

    What is withheld, kept to committees or under embargo stays so: only ``clear_fact`` releases it. Raises NoSuchFact and BadFact.
    """
    fact = hold_fact(conn, fact_id)
    _check_change(fact.current, draft, note, now)
    _check(draft, now, before=fact.current)
    if release_of(draft) is Release.PUBLIC:
        _require_unnamed(conn, fact.case_id, draft.words)
    return _write(conn, fact_id, fact.current.number + 1, draft, note=note.strip(), by=by, now=now)


def withdraw_fact(conn: Connection, fact_id: int, *, why: str, by: str, now: datetime) -> int:
    """Take a fact back, because it turned out false. Raises NoSuchFact and BadFact."""
    fact = hold_fact(conn, fact_id)
    if fact.current.withdrawn:
        raise BadFact("this fact has been withdrawn already")
    if not why.strip():
        raise BadFact("say in a sentence why it is withdrawn, so that others can follow it")
    return _repeat(conn, fact.current, by, now, withdrawn=True, note=why.strip())


def clear_fact(
    conn: Connection,
    fact_id: int,
    *,
    cleared_by: ClearedBy,
    override: str = "",
    by: str,
    now: datetime,
) -> int:
    """Release to everybody what was withheld, kept to committees or under embargo.

    What has not been public yet waits for the end of its embargo all the same; clearing it once more ends that.
    Raises NoSuchFact, and BadFact while fewer than two sources tell it and nobody says why that is enough.
    """
    fact = hold_fact(conn, fact_id)
    current = fact.current
    if current.withdrawn:
        raise BadFact("this fact has been withdrawn; change it first if it is true after all")
    if current.is_released(now):
        raise BadFact("this fact is public already")
    decided = override.strip() or current.override_why
    _check_sources(current.sources, decided)
    _require_unnamed(conn, fact.case_id, current.words)
    named = by if override.strip() else current.override_by
    return _repeat(
        conn,
        current,
        by,
        now,
        release=Release.PUBLIC,
        embargo_until=None if current.release is Release.PUBLIC else current.embargo_until,
        cleared_by=cleared_by,
        override_by=named if len(current.sources) < SOURCES else "",
        override_why=decided if len(current.sources) < SOURCES else "",
        note="",
    )


def hold_fact(conn: Connection, fact_id: int) -> KnownFact:
    """A fact, kept from whoever else would change or cite it until the transaction ends. Raises NoSuchFact."""
    held = select(Fact.id).where(Fact.id == fact_id).with_for_update()
    if conn.scalar(held) is None:
        raise NoSuchFact(NoSuchFact.__doc__)
    return find_fact(conn, fact_id)


def release_of(draft: FactDraft) -> Release:
    """Who may read it: where nobody said so, everybody, but of a person nobody yet."""
    if draft.release is not None:
        return draft.release
    return Release.WITHHELD if draft.kind is FactKind.PERSON else Release.PUBLIC


def _check(draft: FactDraft, now: datetime, before: Version | None = None) -> None:
    """Raise BadFact for what can be noted neither as new nor as a change."""
    if not draft.words or not all(words.strip() for words in draft.words.values()):
        raise BadFact("a fact needs its words in each language")
    if any("{{" in words or "}}" in words for words in draft.words.values()):
        raise BadFact("a fact has no merge fields; write its words without double braces")
    hearing = draft.kind is FactKind.HEARING
    moved = before is None or before.happened_on != draft.happened_on
    if hearing and moved and draft.happened_on < now.date():
        raise BadFact(
            "a hearing lies ahead; note one that is over as an event, with what came of it"
        )
    if draft.embargo_until is not None and draft.embargo_until <= now:
        raise BadFact("the embargo is over already; leave it out, or choose a later time")
    if release_of(draft) is Release.PUBLIC:
        _check_sources(draft.sources, draft.override)


def _require_unnamed(conn: Connection, case_id: int, words: Mapping[str, str]) -> None:
    """Of what everybody may read: pages and scripts that are out already say it at once."""
    if names_forbidden(conn, case_id, words):
        raise BadFact(
            "it names somebody who is not to be named; say it without the name, or keep it from the"
            " public"
        )


def _check_sources(sources: Sequence[str], override: str) -> None:
    if len({folded(each) for each in sources}) < SOURCES and not override.strip():
        raise BadFact(
            "a public fact needs two sources; add the second, say why one is enough, or keep it to"
            " the committees until there is one"
        )


def _check_change(current: Version, draft: FactDraft, note: str, now: datetime) -> None:
    release = release_of(draft)
    if not note.strip():
        raise BadFact(
            "say in a sentence what changed and how you know, so that others can follow it"
        )
    if current.release is Release.WITHHELD and release is not Release.WITHHELD:
        raise BadFact("this fact is withheld; it has to be cleared before others may read it")
    if current.release is Release.COMMITTEE and release is Release.PUBLIC:
        raise BadFact(
            "this fact is kept to committees; it has to be cleared before all may read it"
        )
    ends = draft.embargo_until
    if current.is_embargoed(now) and release is not Release.WITHHELD:
        if ends is None or (current.embargo_until and ends < current.embargo_until):
            raise BadFact("this fact is under embargo; it has to be cleared to be told earlier")
    elif ends is not None and current.is_released(now):
        raise BadFact(
            "this fact is public already, and an embargo cannot take that back; withhold it"
        )
    if _same(current, draft, release):
        raise BadFact("nothing about this fact is other than before")


def _same(current: Version, draft: FactDraft, release: Release) -> bool:
    """Whether a draft says again what is known."""
    mine = (current.kind, current.happened_on, dict(current.words), list(current.sources))
    theirs = (draft.kind, draft.happened_on, dict(draft.words), list(draft.sources))
    closed = (current.release, current.embargo_until, current.withdrawn)
    return mine == theirs and closed == (release, draft.embargo_until, False)


def _write(
    conn: Connection,
    fact_id: int,
    number: int,
    draft: FactDraft,
    *,
    note: str = "",
    by: str,
    now: datetime,
) -> int:
    few = len({folded(each) for each in draft.sources}) < SOURCES
    values = {
        "kind": draft.kind,
        "happened_on": draft.happened_on,
        "sources": list(draft.sources),
        "override_by": by if few and draft.override.strip() else "",
        "override_why": draft.override.strip() if few else "",
        "release": release_of(draft),
        "embargo_until": draft.embargo_until,
        "cleared_by": "",
        "withdrawn": False,
        "note": note,
    }
    return _insert(conn, fact_id, number, values, draft.words, by, now)


def _repeat(conn: Connection, current: Version, by: str, now: datetime, **changed: Any) -> int:
    """A new version that says what the current one does, but for what changed."""
    values = {
        "kind": current.kind,
        "happened_on": current.happened_on,
        "sources": list(current.sources),
        "override_by": current.override_by,
        "override_why": current.override_why,
        "release": current.release,
        "embargo_until": current.embargo_until,
        "cleared_by": current.cleared_by or "",
        "withdrawn": current.withdrawn,
        **changed,
    }
    return _insert(conn, current.fact_id, current.number + 1, values, current.words, by, now)


def _insert(
    conn: Connection,
    fact_id: int,
    number: int,
    values: Mapping[str, Any],
    words: Mapping[str, str],
    by: str,
    now: datetime,
) -> int:
    row = insert(FactVersion).values(
        fact_id=fact_id, number=number, noted_by=by, noted_at=now, **values
    )
    version_id: int = conn.execute(row.returning(FactVersion.id)).scalar_one()
    told = [
        {"version_id": version_id, "language": language, "words": text.strip()}
        for language, text in words.items()
    ]
    conn.execute(insert(FactText), told)
    return version_id


def _key(conn: Connection, case_id: int, draft: FactDraft) -> str:
    """The key that was typed, or one that no fact of the case has, made of the words if they are public."""
    taken = set(conn.scalars(select(Fact.key).where(Fact.case_id == case_id)))
    if draft.key:
        if not KEY.fullmatch(draft.key) or len(draft.key) > LONGEST_KEY:
            raise BadFact(
                f"{draft.key} is no key; write small letters, digits and underscores, beginning"
                " with a letter, at most 40"
            )
        if draft.key in taken:
            raise BadFact(
                f"the case has a fact {draft.key} already; change that, or choose another key"
            )
        return draft.key
    # A name would stand wherever its key does: on the record, and in why a message pauses.
    open_words = release_of(draft) is Release.PUBLIC
    plain = key_of(draft.words) if open_words else "fact"
    base = "person" if draft.kind is FactKind.PERSON else plain
    numbered = (base if number == 1 else f"{base}_{number}" for number in range(1, len(taken) + 2))
    return next(each for each in numbered if each not in taken)


def key_of(words: Mapping[str, str]) -> str:
    """A short name made of a fact's English words, or of those it has."""
    text = words.get("en") or next(iter(words.values()), "")
    plain = [each for each in re.findall(r"[a-z0-9]+", folded(text)) if each not in SMALL_WORDS]
    key = "_".join(plain[:KEY_WORDS])[: LONGEST_KEY - 6].strip("_")
    return key if key[:1].isalpha() else f"fact_{key}".strip("_")
