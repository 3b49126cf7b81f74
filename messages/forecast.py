"""Everybody's fate before the launch: who gets a copy now, who later, who none, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from contacts.models import Channel
from messages.audience import Audience
from messages.eligibility import Terms
from messages.hours import Hours
from messages.surveys import Best, Earliest, Survey, surveyed
from messages.zones import Zones

K = TypeVar("K", bound=Any)

NOW = "now"
HELD = "held"
SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of some copies on one channel."""

    channel: Channel
    fate: str  # NOW, HELD or SKIPPED
    reason: str  # of skipped ones
    opens_at: datetime | None  # of held ones
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Texts held until it is day in every zone their people may live in."""

    opens_at: datetime
    zone_set_id: int
    zones: tuple[str, ...]
    states: Mapping[str, int]  # people by US state, "" = not known
    count: int


@dataclass(frozen=True, slots=True)
class Split:
    """Some people of an audience: each gets a copy now, or only in their own morning, or none."""

    now: int = 0
    held: int = 0
    left_out: int = 0

    @property
    def people(self) -> int:
        """All of them."""
        return self.now + self.held + self.left_out

    @property
    def reached(self) -> int:
        """Those who get a copy at all."""
        return self.now + self.held


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would happen if the message were launched now."""

    people: int  # in the audience
    reached: int  # people who get at least one copy, now or in their own morning
    fates: Sequence[Fate]
    languages: Mapping[str, int]  # people reached, by language
    texts: Mapping[str, int] = field(default_factory=dict)  # that will go out, by language
    waiting: Sequence[Waiting] = ()  # the earliest morning first
    by_language: Mapping[str, Split] = field(default_factory=dict)
    # By the projects that people belong to, all of them; only from a survey by list.
    by_lists: Mapping[tuple[int, ...], Split] = field(default_factory=dict)

    def total(self, channel: Channel, *fates: str) -> int:
        """Copies on a channel with one of these fates."""
        return sum(f.count for f in self.fates if f.channel == channel and f.fate in fates)

    @property
    def copies(self) -> int:
        """Copies that will go out."""
        return sum(fate.count for fate in self.fates if fate.fate != SKIPPED)


def foresee(
    conn: Connection, audience: Audience, terms: Terms, *, hours: Hours | None, now: datetime
) -> Forecast:
    """Count everybody's fate."""
    return forecast_of(conn, surveyed(conn, audience, terms), hours=hours, now=now)


def forecast_of(
    conn: Connection, survey: Survey, *, hours: Hours | None, now: datetime
) -> Forecast:
    """The same from a survey that has been made already."""
    openings = _Openings(conn, Zones(), hours, now)
    return Forecast(
        people=survey.people,
        reached=survey.reached.total(),
        fates=_fates(survey, openings),
        languages=dict(sorted(survey.reached.items())),
        texts=dict(sorted(survey.texts.items())),
        waiting=_waiting(survey, openings),
        by_language=_splits(survey.languages, openings),
        by_lists=_splits(survey.lists, openings),
    )


@dataclass
class _Openings:
    """When a text may arrive, by zones; each is asked for once."""

    conn: Connection
    zones: Zones
    hours: Hours | None
    now: datetime
    _known: dict[int, datetime] = field(default_factory=dict)

    def later(self, zone_set_id: int) -> datetime | None:
        """The hour that a text to these zones waits for; None if it may go now."""
        if self.hours is None:
            return None
        if zone_set_id not in self._known:
            opens_at = self.zones.opening(self.conn, zone_set_id, self.hours, self.now)
            self._known[zone_set_id] = opens_at
        found = self._known[zone_set_id]
        return found if found > self.now else None


def _fates(survey: Survey, openings: _Openings) -> list[Fate]:
    """Channel by channel: copies now, then those held, then why there are none."""
    totals: dict[Channel, Counter[tuple[str, str, datetime | None]]] = {}
    for (channel, reason, zone_set_id), count in survey.reasons.items():
        fate = _fate(channel, reason, zone_set_id, openings)
        totals.setdefault(channel, Counter())[fate] += count
    return [
        Fate(channel, fate, reason, opens_at, count)
        for channel in sorted(totals, key=tuple(Channel).index)
        for (fate, reason, opens_at), count in sorted(totals[channel].items(), key=_in_order)
    ]


def _fate(
    channel: Channel, reason: str, zone_set_id: int, openings: _Openings
) -> tuple[str, str, datetime | None]:
    if reason:
        return SKIPPED, reason, None
    opens_at = openings.later(zone_set_id) if channel is Channel.SMS else None
    return (HELD if opens_at else NOW), "", opens_at


def summed(parts: Iterable[tuple[K, Split]]) -> dict[K, Split]:
    """The parts of each together."""
    found: dict[K, list[int]] = {}
    for key, part in parts:
        sums = found.setdefault(key, [0, 0, 0])
        sums[0] += part.now
        sums[1] += part.held
        sums[2] += part.left_out
    return {key: Split(*sums) for key, sums in found.items()}


def _splits(counts: Mapping[tuple[K, Earliest], int], openings: _Openings) -> dict[K, Split]:
    parts = ((key, _split(earliest, count, openings)) for (key, earliest), count in counts.items())
    return dict(sorted(summed(parts).items()))


def _split(earliest: Earliest, count: int, openings: _Openings) -> Split:
    if earliest.best is Best.NOTHING:
        return Split(left_out=count)
    waits = earliest.best is Best.BY_DAY and openings.later(earliest.zone_set_id)
    return Split(held=count) if waits else Split(now=count)


def _waiting(survey: Survey, openings: _Openings) -> list[Waiting]:
    states: dict[int, Counter[str]] = {}
    for (zone_set_id, state), count in survey.texted.items():
        states.setdefault(zone_set_id, Counter())[state] += count
    found = [
        Waiting(opens_at, each, openings.zones.names(each), by_state, by_state.total())
        for each, by_state in states.items()
        if (opens_at := openings.later(each)) is not None
    ]
    return sorted(found, key=lambda each: (each.opens_at, -each.count))


def _in_order(item: tuple[tuple[str, str, datetime | None], int]) -> tuple[int, str, int]:
    (fate, _, opens_at), count = item
    return (NOW, HELD, SKIPPED).index(fate), str(opens_at or ""), -count
