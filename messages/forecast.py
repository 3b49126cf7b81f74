"""Everybody's fate before the launch: who gets a copy now, who later, who none, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, union

from contacts.models import Channel, Contact
from messages import audience as audiences
from messages.audience import Audience
from messages.eligibility import Terms, fates
from messages.hours import Hours
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
    people = Contact.id.in_(audiences.contact_ids(audience))
    found: list[Fate] = []
    for channel in terms.channels:
        found += _fates(conn, people, channel, terms, hours, now)
    languages = _languages(conn, people, terms)
    return Forecast(
        people=conn.execute(select(func.count()).select_from(Contact).where(people)).scalar_one(),
        reached=sum(languages.values()),
        fates=found,
        languages=languages,
    )


def reached_ids(people: ColumnElement[bool], terms: Terms) -> Any:
    """SELECT of the contacts who get at least one copy."""
    parts = []
    for channel in terms.channels:
        rows = fates(people, channel, terms).order_by(None).subquery()
        parts.append(select(rows.c.contact_id).where(rows.c.reason == ""))
    return union(*parts)


def skipped_ids(audience: Audience, channel: Channel, reason: str, terms: Terms) -> Any:
    """SELECT of the contacts who get no copy on a channel for a reason."""
    people = Contact.id.in_(audiences.contact_ids(audience))
    rows = fates(people, channel, terms).order_by(None).subquery()
    return select(rows.c.contact_id).where(rows.c.reason == reason)


def sample(conn: Connection, audience: Audience, terms: Terms, *, offset: int = 0) -> int | None:
    """A real person of those who would get a copy; None when nobody would."""
    people = Contact.id.in_(audiences.contact_ids(audience))
    chosen = reached_ids(people, terms).subquery()
    one = select(chosen.c.contact_id).order_by(chosen.c.contact_id).offset(offset).limit(1)
    found: int | None = conn.scalar(one)
    return found


def _fates(
    conn: Connection,
    people: ColumnElement[bool],
    channel: Channel,
    terms: Terms,
    hours: Hours | None,
    now: datetime,
) -> list[Fate]:
    rows = fates(people, channel, terms).order_by(None).subquery()
    grouped = conn.execute(
        select(rows.c.reason, rows.c.zone_set_id, func.count()).group_by(
            rows.c.reason, rows.c.zone_set_id
        )
    )
    zones = Zones()
    totals: Counter[tuple[str, str, datetime | None]] = Counter()
    for reason, zone_set_id, count in grouped:
        totals[_fate(conn, zones, reason, zone_set_id, channel, hours, now)] += count
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


def _languages(conn: Connection, people: ColumnElement[bool], terms: Terms) -> dict[str, int]:
    chosen = reached_ids(people, terms).subquery()
    rows = conn.execute(
        select(Contact.language, func.count())
        .where(Contact.id.in_(select(chosen.c.contact_id)))
        .group_by(Contact.language)
        .order_by(Contact.language)
    )
    return dict(rows.all())
