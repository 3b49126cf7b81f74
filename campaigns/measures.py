"""What a campaign counts over years, and how far it has come: municipalities free of mining, co-sponsors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from campaigns.story_models import CampaignMeasure, CampaignReading
from database.upserts import insert_or

LARGEST = 10**12


class BadMeasure(ValueError):
    """What was typed of a measure cannot stand; the message says what to do."""


@dataclass(frozen=True)
class Reading:
    """How many there were on a day."""

    read_on: date
    value: int


@dataclass(frozen=True)
class Measure:
    """What is counted, what is hoped for, and how it went."""

    id: int
    campaign_id: int
    words: Mapping[str, str]  # its name by language
    target: int | None
    is_public: bool
    struck_at: datetime | None
    readings: Sequence[Reading]  # the earliest first

    @property
    def latest(self) -> Reading | None:
        """How many there are, as far as anybody has noted."""
        return self.readings[-1] if self.readings else None


def add_measure(
    conn: Connection,
    campaign_id: int,
    words: Mapping[str, str],
    *,
    target: int | None,
    is_public: bool,
    languages: Sequence[str],
) -> int:
    """Begin to count something; return its number. Raises BadMeasure."""
    named = {code: text for code, text in words.items() if text}
    if not named:
        raise BadMeasure("Say what is counted, in one language at least.")
    if is_public and not all(named.get(code) for code in languages):
        raise BadMeasure("What everybody may read is named in each language.")
    if target is not None and not 0 < target <= LARGEST:
        raise BadMeasure("What is hoped for is a number of at least 1, or left open.")
    row = insert(CampaignMeasure).values(
        campaign_id=campaign_id, words=named, target=target, is_public=is_public
    )
    return conn.execute(row.returning(CampaignMeasure.id)).scalar_one()


def read_off(
    conn: Connection, measure_id: int, read_on: date, value: int, *, by: str, now: datetime
) -> None:
    """Note how many there were on a day; a second word on the day corrects the first. Raises BadMeasure."""
    if not 0 <= value <= LARGEST:
        raise BadMeasure("How many there are is a number of at least 0.")
    if read_on > now.date():
        raise BadMeasure("That day is still to come; note how many there were on a day that was.")
    told = {"value": value, "noted_by": by, "noted_at": now}
    row = insert_or(conn, CampaignReading).values(measure_id=measure_id, read_on=read_on, **told)
    unique = ["measure_id", "read_on"]
    conn.execute(row.on_conflict_do_update(index_elements=unique, set_=told))


def strike(conn: Connection, measure_id: int, *, now: datetime | None) -> None:
    """Stop counting something, at ``now``; None takes that back. Its readings stay."""
    mine = update(CampaignMeasure).where(CampaignMeasure.id == measure_id)
    conn.execute(mine.values(struck_at=now))


def measures(conn: Connection, campaign_id: int, *, public_only: bool = False) -> list[Measure]:
    """What a campaign counts, as it was begun; ``public_only``: what anybody may read."""
    found = _PUBLIC if public_only else _OF_CAMPAIGN
    return _measures(conn, conn.execute(found, {"campaign": campaign_id}).all())


def find(conn: Connection, measure_id: int) -> Measure:
    """One measure; the caller knows that it exists."""
    return _measures(conn, conn.execute(_ONE, {"measure": measure_id}).all())[0]


_EVERY = select(
    CampaignMeasure.id,
    CampaignMeasure.campaign_id,
    CampaignMeasure.words,
    CampaignMeasure.target,
    CampaignMeasure.is_public,
    CampaignMeasure.struck_at,
).order_by(CampaignMeasure.id)
_ONE = _EVERY.where(CampaignMeasure.id == bindparam("measure"))
_OF_CAMPAIGN = _EVERY.where(CampaignMeasure.campaign_id == bindparam("campaign"))
_PUBLIC = _OF_CAMPAIGN.where(CampaignMeasure.is_public, CampaignMeasure.struck_at.is_(None))
_READINGS = (
    select(CampaignReading.measure_id, CampaignReading.read_on, CampaignReading.value)
    .where(CampaignReading.measure_id.in_(bindparam("measures", expanding=True)))
    .order_by(CampaignReading.read_on)
)


def _measures(conn: Connection, found: Sequence[Row[*tuple[Any, ...]]]) -> list[Measure]:
    readings = _readings(conn, [row.id for row in found])
    return [
        Measure(
            id=row.id,
            campaign_id=row.campaign_id,
            words=row.words,
            target=row.target,
            is_public=row.is_public,
            struck_at=row.struck_at,
            readings=readings.get(row.id, []),
        )
        for row in found
    ]


def _readings(conn: Connection, measure_ids: Sequence[int]) -> dict[int, list[Reading]]:
    found: dict[int, list[Reading]] = {}
    for measure_id, read_on, value in conn.execute(_READINGS, {"measures": list(measure_ids)}):
        found.setdefault(measure_id, []).append(Reading(read_on, value))
    return found
