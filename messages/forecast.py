"""Everybody's fate before the launch: who gets a copy now, who later, who none, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, select

from contacts.models import Channel
from messages.audience import Audience
from messages.eligibility import Terms
from messages.hours import Hours
from messages.prospects import Group, prospects, survey
from messages.zones import Zones

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
class Forecast:
    """What would happen if the message were launched now."""

    people: int  # in the audience
    reached: int  # people who get at least one copy, now or in their own morning
    fates: Sequence[Fate]
    languages: Mapping[str, int]  # people reached, by language

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
    languages: Counter[str] = Counter()
    for group in groups:
        if group.reached:
            languages[group.language] += group.count
    return Forecast(
        people=sum(group.count for group in groups),
        reached=languages.total(),
        fates=found,
        languages=dict(sorted(languages.items())),
    )


def skipped_ids(audience: Audience, channel: Channel, reason: str, terms: Terms) -> Select[int]:
    """SELECT of the contacts who get no copy on a channel for a reason."""
    rows = prospects(audience, terms)
    return select(rows.c.contact_id).where(rows.c[channel] == reason)


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


def _in_order(item: tuple[tuple[str, str, datetime | None], int]) -> tuple[int, str, int]:
    (fate, _, opens_at), count = item
    return (NOW, HELD, SKIPPED).index(fate), str(opens_at or ""), -count
