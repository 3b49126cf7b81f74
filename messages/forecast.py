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
from messages.prospects import Group, survey
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

    def __add__(self, other: Split) -> Split:
        """Both together."""
        return Split(self.now + other.now, self.held + other.held, self.left_out + other.left_out)


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
    return forecast_of(conn, survey(conn, audience, terms), terms, hours=hours, now=now)


def forecast_of(
    conn: Connection, groups: Sequence[Group], terms: Terms, *, hours: Hours | None, now: datetime
) -> Forecast:
    """The same from a survey that has been made already."""
    zones = Zones()
    found: list[Fate] = []
    for channel in terms.channels:
        found += _fates(conn, zones, groups, channel, hours, now)
    splits = [(group, _split(conn, zones, group, hours, now)) for group in groups]
    languages: Counter[str] = Counter()
    for group in groups:
        if group.reached:
            languages[group.language] += group.count
    return Forecast(
        people=sum(group.count for group in groups),
        reached=languages.total(),
        fates=found,
        languages=dict(sorted(languages.items())),
        texts=_texts(groups),
        waiting=_waiting(conn, zones, groups, hours, now),
        by_language=_summed((group.language, split) for group, split in splits),
        by_lists=_summed((group.lists, split) for group, split in splits),
    )


def _texts(groups: Sequence[Group]) -> dict[str, int]:
    texts: Counter[str] = Counter()
    for group in groups:
        if group.reasons.get(Channel.SMS) == "":
            texts[group.language] += group.count
    return dict(sorted(texts.items()))


def _fates(
    conn: Connection,
    zones: Zones,
    groups: Sequence[Group],
    channel: Channel,
    hours: Hours | None,
    now: datetime,
) -> list[Fate]:
    totals: Counter[tuple[str, str, datetime | None]] = Counter()
    for group in groups:
        reason = group.reasons[channel]
        fate = _fate(conn, zones, reason, group.zone_set_id, channel, hours, now)
        totals[fate] += group.count
    return [
        Fate(channel, fate, reason, opens_at, count)
        for (fate, reason, opens_at), count in sorted(totals.items(), key=_in_order)
    ]


def _fate(
    conn: Connection,
    zones: Zones,
    reason: str,
    zone_set_id: int,
    channel: Channel,
    hours: Hours | None,
    now: datetime,
) -> tuple[str, str, datetime | None]:
    if reason:
        return SKIPPED, reason, None
    if hours is None or channel is not Channel.SMS:
        return NOW, "", None
    opens_at = zones.opening(conn, zone_set_id, hours, now)
    return (NOW, "", None) if opens_at <= now else (HELD, "", opens_at)


def _split(
    conn: Connection, zones: Zones, group: Group, hours: Hours | None, now: datetime
) -> Split:
    """What becomes of people whose fate is the same: the best of their channels."""
    fates = {
        _fate(conn, zones, reason, group.zone_set_id, channel, hours, now)[0]
        for channel, reason in group.reasons.items()
    }
    if NOW in fates:
        return Split(now=group.count)
    return Split(held=group.count) if HELD in fates else Split(left_out=group.count)


def _summed(parts: Iterable[tuple[K, Split]]) -> dict[K, Split]:
    found: dict[K, Split] = {}
    for key, split in parts:
        found[key] = found.get(key, Split()) + split
    return dict(sorted(found.items()))


def _waiting(
    conn: Connection, zones: Zones, groups: Sequence[Group], hours: Hours | None, now: datetime
) -> list[Waiting]:
    if hours is None:
        return []
    states: dict[int, Counter[str]] = {}
    for group in groups:
        if group.reasons.get(Channel.SMS) == "":
            states.setdefault(group.zone_set_id, Counter())[group.state] += group.count
    found = [
        Waiting(
            zones.opening(conn, zone_set_id, hours, now),
            zone_set_id,
            zones.names(zone_set_id),
            by_state,
            by_state.total(),
        )
        for zone_set_id, by_state in states.items()
    ]
    held = [each for each in found if each.opens_at > now]
    return sorted(held, key=lambda each: (each.opens_at, -each.count))


def _in_order(item: tuple[tuple[str, str, datetime | None], int]) -> tuple[int, str, int]:
    (fate, _, opens_at), count = item
    return (NOW, HELD, SKIPPED).index(fate), str(opens_at or ""), -count
