"""What the page says of a reminder: the times to choose from, by the caller's own clock; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time

from actions.reminding import Awake, Slot, slots
from actions.targets import Target
from contacts.models import Channel
from messages import hours
from messages.hours import Hours
from web.public.opening import one_clock
from web.public.visits import Visit
from web.translations import REGIONS


@dataclass(frozen=True)
class Choice:
    """A time as the form offers it."""

    value: str
    words: str


@dataclass(frozen=True)
class Reminding:
    """What the page says of a reminder of the call to one office."""

    choices: tuple[Choice, ...]
    set_for: str  # "" = none is set
    done: bool  # it has left
    by_text: bool


def offered(seen: Visit, office: Target, window: Hours | None, now: datetime) -> list[Slot]:
    """The times at which both the office and the person may be reached."""
    if office.schedule is None:
        return []
    by_text = seen.person is not None and seen.person.channel == Channel.SMS
    awake = _awake(seen.at.zones, window if by_text else None)
    return slots(office.schedule, awake, now, ends=seen.page.ends_at())


def reminding(
    seen: Visit, office: Target, window: Hours | None, language: str, now: datetime
) -> Reminding | None:
    """What to show of it; None where there is nothing to offer and nothing set."""
    if seen.reminders is None or seen.person is None or seen.page.ended_at(now):
        return None
    set_for = seen.reminders.get(office.key)
    found = [] if set_for and set_for[1] else offered(seen, office, window, now)
    if not found and set_for is None:
        return None
    locale = Locale.parse(REGIONS.get(language, language))
    clock = one_clock(seen.at.zones, now)
    there = office.schedule.zone if office.schedule else "America/New_York"
    zone = clock if isinstance(clock, ZoneInfo) else ZoneInfo(there)

    def told(at: datetime) -> str:
        return _told(at.astimezone(zone), now.astimezone(zone), locale)

    return Reminding(
        choices=tuple(Choice(spelt(each), told(each.at)) for each in found),
        set_for=told(set_for[0]) if set_for else "",
        done=bool(set_for and set_for[1]),
        by_text=seen.person.channel == Channel.SMS,
    )


def _awake(zones: frozenset[str], window: Hours | None) -> Awake:
    """When somebody in one of these zones may get a text; an email may come at any hour."""

    def awake(at: datetime) -> datetime | None:
        if window is None:
            return at
        try:
            return hours.opens_at(sorted(zones), window, at)
        except (hours.NeverOpen, hours.UnknownZone):
            return None

    return awake


def spelt(slot: Slot) -> str:
    return f"{slot.at:%Y%m%dT%H%MZ}"


def _told(local: datetime, today: datetime, locale: Locale) -> str:
    time = format_time(local.replace(tzinfo=None), "short", locale=locale)
    if local.date() == today.date():
        return str(time)
    return f"{format_date(local.date(), 'EEEE', locale=locale)} {time}"
