"""Whether an office answers now, or when it does, by the clock of whoever calls; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_name

from actions.office_hours import Schedule, closes_at, opens_at

WEEK = timedelta(days=6)  # a weekday's name is not mistaken for the next one within that


@dataclass(frozen=True, kw_only=True)
class Opening:
    """An office's hours as the page tells them."""

    is_open: bool
    day: str = ""  # on which it opens: "Monday", or a date
    time: str = ""  # at which it closes, if it is open, or opens; "" = not soon
    yours: str = ""  # the same by the visitor's clock, where that shows another time
    zone: str = ""  # whose clock it is, where the visitor's is not known


def opening(schedule: Schedule, zones: Collection[str], now: datetime, locale: Locale) -> Opening:
    """Tell an office's hours to somebody who may be in any of these zones."""
    closes = closes_at(schedule, now)
    if closes is not None:
        return _open(schedule, zones, closes, now, locale)
    opens = opens_at(schedule, now)
    if opens is None:
        return Opening(is_open=False)
    there, here = ZoneInfo(schedule.zone), one_clock(zones, opens)
    told = Opening(
        is_open=False,
        day=_day(opens.astimezone(there), now.astimezone(there), locale),
        time=_time(opens, there, locale),
        zone="" if here else _zone_name(schedule.zone, locale),
    )
    if here is None or _wall(opens, here) == _wall(opens, there):
        return told
    return replace(told, yours=_yours(opens, here, there, now, locale))


def one_clock(zones: Collection[str], at: datetime) -> tzinfo | None:
    """A zone that shows the visitor's time at an instant, if all they may be in show the same."""
    try:
        clocks = [ZoneInfo(each) for each in sorted(zones)]
    except (ZoneInfoNotFoundError, ValueError):
        return None
    same = len({_wall(at, each) for each in clocks}) == 1
    return clocks[0] if same else None


def _open(
    schedule: Schedule, zones: Collection[str], closes: datetime, now: datetime, locale: Locale
) -> Opening:
    if closes - now > WEEK:  # it never closes
        return Opening(is_open=True)
    here = one_clock(zones, closes)
    return Opening(
        is_open=True,
        time=_time(closes, here or ZoneInfo(schedule.zone), locale),
        zone="" if here else _zone_name(schedule.zone, locale),
    )


def _yours(opens: datetime, here: tzinfo, there: tzinfo, now: datetime, locale: Locale) -> str:
    """The time by the visitor's clock, with the day where that is another."""
    time = _time(opens, here, locale)
    if _wall(opens, here).date() == _wall(opens, there).date():
        return time
    return f"{_day(opens.astimezone(here), now.astimezone(here), locale)} {time}"


def _wall(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _day(local: datetime, today: datetime, locale: Locale) -> str:
    if local.date() - today.date() > WEEK:
        return format_skeleton("MMMMd", local.replace(tzinfo=None), locale=locale)
    return format_date(local.date(), "EEEE", locale=locale)


def _time(at: datetime, zone: tzinfo, locale: Locale) -> str:
    return format_time(_wall(at, zone), "short", locale=locale)


def _zone_name(zone: str, locale: Locale) -> str:
    return get_timezone_name(ZoneInfo(zone), "long", zone_variant="generic", locale=locale)
