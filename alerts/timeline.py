"""What is known about a case, and what was known before: its facts with all their versions, to be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, Select, SQLColumnExpression, bindparam, select

from alerts.fact_models import ClearedBy, Fact, FactKind, FactText, FactVersion, Release
from database.once import once


class NoSuchFact(LookupError):
    """There is no such fact."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """What was known of a fact from one moment on."""

    id: int
    fact_id: int
    number: int
    kind: FactKind
    happened_on: date
    words: Mapping[str, str]  # by language
    sources: Sequence[str]
    override_by: str  # who decided that fewer than two sources are enough
    override_why: str
    release: Release
    embargo_until: datetime | None
    cleared_by: ClearedBy | None
    withdrawn: bool
    note: str  # why it was changed or withdrawn
    noted_by: str
    noted_at: datetime

    def is_released(self, now: datetime) -> bool:
        """Whether everybody may know of it, be it that it is so or that it turned out false."""
        return self.release is Release.PUBLIC and not self.is_embargoed(now)

    def is_embargoed(self, now: datetime) -> bool:
        """Whether it has to wait."""
        return self.embargo_until is not None and self.embargo_until > now

    def may_be_told(self, now: datetime) -> bool:
        """Whether it may be said in public as what is so."""
        return self.is_released(now) and not self.withdrawn

    def tells_as(self, other: Version) -> bool:
        """Whether both say the same of what happened."""
        mine, theirs = (
            (each.happened_on, dict(each.words), each.withdrawn) for each in (self, other)
        )
        return mine == theirs


@dataclass(frozen=True)
class KnownFact:
    """A fact with everything that was ever known of it."""

    id: int
    case_id: int
    key: str
    versions: tuple[Version, ...]  # the latest first; never empty

    @property
    def current(self) -> Version:
        """What is known now."""
        return self.versions[0]

    @property
    def was_withheld(self) -> bool:
        """Whether it is, or ever was, kept from everybody but those who work on it."""
        return any(each.release is Release.WITHHELD for each in self.versions)

    def published(self, now: datetime) -> list[Version]:
        """The versions that everybody could read since the fact was last kept from anybody, the latest first.

        What was withheld once is not said again because the fact was cleared in other words.
        """
        ends = [now, *(each.noted_at for each in self.versions[:-1])]
        pairs = zip(self.versions, ends, strict=True)
        return [each for each, _ in takewhile(lambda pair: pair[0].is_released(pair[1]), pairs)]


@once
def facts_of(conn: Connection, case_id: int) -> Sequence[KnownFact]:
    """The facts of a case, what happened last first."""
    found = _read(conn, Fact.case_id, [case_id])
    return sorted(found, key=lambda each: (each.current.happened_on, each.id), reverse=True)


def find_fact(conn: Connection, fact_id: int) -> KnownFact:
    """One fact. Raises NoSuchFact."""
    found = _read(conn, Fact.id, [fact_id])
    if not found:
        raise NoSuchFact(NoSuchFact.__doc__)
    return found[0]


def find_facts(conn: Connection, fact_ids: Collection[int]) -> dict[int, KnownFact]:
    """Many facts, asked for at once."""
    found = _read(conn, Fact.id, fact_ids) if fact_ids else []
    return {each.id: each for each in found}


def not_public(facts: Iterable[KnownFact], now: datetime) -> list[tuple[str, Version]]:
    """Every version that may not be told now, with the reason: also what an older one said."""
    told = [(_closed_by(fact.current, each, now), each) for fact in facts for each in fact.versions]
    return [(why, each) for why, each in told if why]


def _closed_by(current: Version, version: Version, now: datetime) -> str:
    """Why a version of a fact may not be told now; what is withheld weighs more than what is not so."""
    reasons = [closed_because(each, now) for each in (current, version)]
    return next((each for each in reasons if each not in ("", "withdrawn")), max(reasons))


def closed_because(version: Version, now: datetime) -> str:
    """Why a version may not be told now; "" = it may."""
    if version.release is Release.WITHHELD:
        return "withheld"
    if version.release is Release.COMMITTEE:
        return "committee_only"
    if version.is_embargoed(now):
        return "embargoed"
    return "withdrawn" if version.withdrawn else ""


def _read(
    conn: Connection, column: SQLColumnExpression[int], ids: Collection[int]
) -> list[KnownFact]:
    """The facts of which a column holds one of these numbers."""
    texts, rows = _reading(column)
    words: dict[int, dict[str, str]] = {}
    for version_id, language, text in conn.execute(texts, {"ids": list(ids)}):
        words.setdefault(version_id, {})[language] = text
    found: dict[int, list[Any]] = {}
    for row in conn.execute(rows, {"ids": list(ids)}):
        found.setdefault(row.fact_id, []).append(row)
    return [
        KnownFact(
            fact_id,
            versions[0].case_id,
            versions[0].key,
            tuple(_version(each, words.get(each.id, {})) for each in versions),
        )
        for fact_id, versions in found.items()
    ]


@cache
def _reading(
    column: SQLColumnExpression[int],
) -> tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]:
    """The words of their versions, and the versions."""
    chosen = column.in_(bindparam("ids", expanding=True))
    texts = (
        select(FactText.version_id, FactText.language, FactText.words)
        .join(FactVersion, FactVersion.id == FactText.version_id)
        .join(Fact, Fact.id == FactVersion.fact_id)
        .where(chosen)
        .order_by(FactText.language)
    )
    rows = (
        select(*FactVersion.__table__.columns, Fact.case_id, Fact.key)
        .join(Fact, Fact.id == FactVersion.fact_id)
        .where(chosen)
        .order_by(FactVersion.fact_id, FactVersion.number.desc())
    )
    return texts, rows


def _version(row: Row[Any], words: Mapping[str, str]) -> Version:
    return Version(
        id=row.id,
        fact_id=row.fact_id,
        number=row.number,
        kind=FactKind(row.kind),
        happened_on=row.happened_on,
        words=words,
        sources=tuple(row.sources),
        override_by=row.override_by,
        override_why=row.override_why,
        release=Release(row.release),
        embargo_until=row.embargo_until,
        cleared_by=ClearedBy(row.cleared_by) if row.cleared_by else None,
        withdrawn=row.withdrawn,
        note=row.note,
        noted_by=row.noted_by,
        noted_at=row.noted_at,
    )
