"""When may somebody be reminded of a call? While the office answers and they are awake, in time; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from actions.office_hours import Schedule, closes_at, opens_at

AFTER_OPENING = timedelta(minutes=5)  # so that somebody is at the desk
SOONEST = timedelta(minutes=20)  # from now; sooner one may as well call
LATER = timedelta(hours=2)
FARTHEST = timedelta(days=7)
LAST_CALL = timedelta(minutes=15)  # before the office closes: time to read and ring
STEP = timedelta(minutes=5)
MOST = 3

Awake = Callable[[datetime], datetime | None]
"""The first instant from one on at which somebody may be written to; None if never soon."""


@dataclass(frozen=True)
class Slot:
    """A time to be reminded at, and until when the reminder still helps."""

    at: datetime
    until: datetime


def slots(
    schedule: Schedule, awake: Awake, now: datetime, *, ends: datetime | None = None
) -> list[Slot]:
    """The times to choose from: as soon as the office answers, some hours later, and on the next day.

    ``ends`` is when the action ends. None where no hour suits office and person.
    """
    found: list[Slot] = []
    at: datetime | None = now + SOONEST
    while at is not None and len(found) < MOST and at < now + FARTHEST:
        slot = next_slot(schedule, awake, at, ends=ends)
        if slot is None:
            return found
        found.append(slot)
        at = slot.at + LATER if len(found) == 1 else _after(schedule, slot)
    return found


def next_slot(
    schedule: Schedule, awake: Awake, at: datetime, *, ends: datetime | None = None
) -> Slot | None:
    """The first time from an instant on; None if there is none within a week and before the end."""
    last = at + FARTHEST
    tried = at
    while tried < last:
        opens, wakes = opens_at(schedule, tried), awake(tried)
        if opens is None or wakes is None:
            return None
        both = max(opens, wakes)
        if both > tried:  # it has just opened, for office or person
            both = _rounded(both + AFTER_OPENING)
        slot = _at(schedule, awake, _rounded(both), ends)
        if slot is not None:
            return slot
        if ends is not None and both >= ends:
            return None
        tried = max(both, tried + STEP)
    return None


def _at(schedule: Schedule, awake: Awake, at: datetime, ends: datetime | None) -> Slot | None:
    """That instant as a time to be reminded at, if office, person and action allow it."""
    closes = closes_at(schedule, at)
    if closes is None or awake(at) != at:
        return None
    until = min(closes, at + timedelta(hours=12), *([ends] if ends is not None else []))
    return Slot(at, until) if at + LAST_CALL <= until else None


def _after(schedule: Schedule, slot: Slot) -> datetime | None:
    """When to look for the next day's time."""
    closes = closes_at(schedule, slot.at)
    return None if closes is None else max(closes, slot.at + timedelta(hours=8))


def _rounded(at: datetime) -> datetime:
    """To the next five minutes of the clock."""
    whole = at.replace(second=0, microsecond=0)
    over = whole.minute % 5
    if over == 0 and whole == at:
        return at
    return whole + timedelta(minutes=5 - over)
