"""On which dates does an email come again? Rules as RFC 5545 writes them, over times on the wall.

A rule is never reckoned in UTC: "every Tuesday at nine" is nine o'clock also in the week after the
clocks change. What instant a wall time is, only ``messages/wallclock.py`` says.

``dateutil`` knows the calendar. Around it stand bounds: a rule gives at most one occurrence a day, at the
email's own time, and is looked at for ten years from the day that is asked about, so that one which never
yields ("30 February") is told, and not looked for until the year 9999.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice

from dateutil.rrule import rrule, rrulestr

from messages.wallclock import MINUTES

LOOK_AHEAD = timedelta(days=3660)
MOST_TIMES = 1000
MOST_APART = 120  # of its unit: ten years of months
LONGEST = 400
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = frozenset(
    {
        *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY"),
        *("BYMONTH", "BYSETPOS", "BYYEARDAY", "BYWEEKNO"),
    }
)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
CYCLE = 400  # years after which the calendar is the same
NTH = re.compile(r"(-1|[1-4])(MO|TU|WE|TH|FR|SA|SU)")
SHORT_MONTH = 28  # every month has so many days


class BadRule(ValueError):
    """A rule that cannot be understood, or that is out of bounds; the sentence says which and what to do."""


class Repeat(StrEnum):
    """The plain choices."""

    ONCE = "once"
    WEEKLY = "weekly"  # on some weekdays
    WEEKDAY = "weekday"  # on the first Tuesday of the month
    DAY = "day"  # on the 15th of the month
    RULE = "rule"  # as RFC 5545 writes it


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a form offers, as it is chosen."""

    repeat: Repeat = Repeat.ONCE
    every: int = 1  # weeks or months
    days: tuple[str, ...] = ()  # "TU", of WEEKLY
    nth: int = 1  # of WEEKDAY: 1 to 4, -1 = the last
    day: str = "MO"  # of WEEKDAY
    until: date | None = None
    times: int | None = None
    rule: str = ""


def rule_of(choice: Choice, first: date) -> str:
    """The rule that is chosen; ``first`` is the day it begins on. Raises BadRule."""
    if choice.repeat is Repeat.ONCE:
        return ""
    if choice.repeat is Repeat.RULE:
        return normal(choice.rule)
    parts = {
        Repeat.WEEKLY: [
            "FREQ=WEEKLY",
            "BYDAY=" + ",".join(choice.days or (DAYS[first.weekday()],)),
        ],
        Repeat.WEEKDAY: ["FREQ=MONTHLY", f"BYDAY={choice.nth:+d}{choice.day}".replace("+", "")],
        Repeat.DAY: ["FREQ=MONTHLY", *_day_of_month(first.day)],
    }[choice.repeat]
    if choice.every != 1:
        parts.insert(1, f"INTERVAL={choice.every}")
    if choice.until is not None:
        parts.append(f"UNTIL={choice.until:%Y%m%d}T235959")
    elif choice.times is not None:
        parts.append(f"COUNT={choice.times}")
    return normal(";".join(parts))


def choice_of(rule: str) -> Choice:
    """The plain choice that a stored rule came of; RULE where there is none."""
    if not rule:
        return Choice()
    said = dict(part.split("=", 1) for part in rule.split(";"))
    plain = Choice(
        every=int(said.get("INTERVAL", "1")),
        until=_end(said),
        times=int(said["COUNT"]) if "COUNT" in said else None,
    )
    on, day = said.get("BYDAY", ""), int(said.get("BYMONTHDAY", "1").split(",")[-1])
    candidates = [replace(plain, repeat=Repeat.WEEKLY, days=tuple(on.split(",")))]
    if NTH.fullmatch(on):
        nth = int(on[:-2])
        candidates.append(replace(plain, repeat=Repeat.WEEKDAY, nth=nth, day=on[-2:]))
    candidates.append(replace(plain, repeat=Repeat.DAY))
    first = date(2000, 1, min(max(day, 1), 31))
    written = (each for each in candidates if _spells(each, first, rule))
    return next(written, Choice(repeat=Repeat.RULE, rule=rule))


def normal(rule: str) -> str:
    """A rule as we store it. Raises BadRule."""
    said = _parts(rule)
    if said.get("FREQ") not in FREQUENCIES:
        raise BadRule(
            "an email comes again daily, weekly, monthly or yearly; begin with FREQ=WEEKLY"
        )
    if _number(said, "INTERVAL", MOST_APART) < 1:
        raise BadRule("INTERVAL is 1 or more")
    if "COUNT" in said and "UNTIL" in said:
        raise BadRule("say either until when or how many times, not both")
    if "COUNT" in said and _number(said, "COUNT", MOST_TIMES) < 1:
        raise BadRule("COUNT is 1 or more")
    if re.fullmatch(r"[0-9]{8}", said.get("UNTIL", "")):
        said["UNTIL"] += "T235959"
    _end(said)
    text = ";".join(f"{name}={value}" for name, value in said.items())
    _parse(text, datetime(2000, 1, 1, 9, 0))  # noqa: DTZ001 - on the wall
    return text


def times(rule: str, first: str, *, after: str = "") -> Iterator[str]:
    """The wall times of a rule that begins at ``first``, those later than ``after``; once without a rule."""
    if not rule:
        yield from (each for each in (first,) if each > after)
        return
    begins, said = _wall(first), _parts(rule)
    last = max(begins, _wall(after or first)) + LOOK_AHEAD
    end = _end(said)
    if end is not None:
        last = min(last, datetime.combine(end, time.max))
    # dateutil would look for a next date until the year 9999. In 400 years the calendar is the same
    # again, weekdays too, so it is asked about a time from which that year is not far.
    shift = (date.max.year - LOOK_AHEAD.days // 365 - 1 - begins.year) // CYCLE * CYCLE
    found = _parse(rule, begins.replace(year=begins.year + shift))
    for each in islice(found, int(said["COUNT"]) if "COUNT" in said else None):
        wall = each.replace(year=each.year - shift)
        if wall > last:
            return
        local = wall.strftime(MINUTES)
        if local > after:
            yield local


def first_of(rule: str, first: str) -> str:
    """The first time of a rule. Raises BadRule for one that has none."""
    found = next(times(rule, first), None)
    if found is None:
        raise BadRule("this rule has no date within ten years; look at its days and its end again")
    return found


def happens(rule: str, first: str, local: str) -> bool:
    """Whether a wall time is one of a rule's."""
    return any(each == local for each in _until(times(rule, first), local))


def _until(found: Iterator[str], local: str) -> Iterator[str]:
    for each in found:
        if each > local:
            return
        yield each


def _parts(rule: str) -> dict[str, str]:
    text = rule.strip().upper().removeprefix("RRULE:")
    if not text or len(text) > LONGEST or "\n" in text:
        raise BadRule("write one rule on one line, such as FREQ=MONTHLY;BYDAY=1TU")
    pairs = [part.partition("=") for part in text.split(";") if part]
    for name, _, value in pairs:
        if name.strip() in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            raise BadRule(f"{name} is not for the rule: the time of day has its own field")
        if name.strip() not in PARTS or not value.strip():
            raise BadRule(f"{name}={value} is no part of a rule that we know")
    if len({name.strip() for name, _, _ in pairs}) != len(pairs):
        raise BadRule("a part stands in the rule twice")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _number(said: dict[str, str], name: str, most: int) -> int:
    text = said.get(name, "1")
    if not text.isdigit() or not text.isascii() or len(text) > len(str(most)) or int(text) > most:
        raise BadRule(f"{name} is a number up to {most}")
    return int(text)


def _parse(rule: str, begins: datetime) -> rrule:
    """The rule for dateutil, without its end: when it is over is told by us."""
    said = {name: value for name, value in _parts(rule).items() if name not in ("COUNT", "UNTIL")}
    text = ";".join(f"{name}={value}" for name, value in said.items())
    try:
        found = rrulestr(text, dtstart=begins)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise BadRule(f"this rule cannot be understood ({error})") from error
    if not isinstance(found, rrule):
        raise BadRule("write one rule on one line, such as FREQ=MONTHLY;BYDAY=1TU")
    return found


def _end(said: Mapping[str, str]) -> date | None:
    """The last day of a rule that has one."""
    if "UNTIL" not in said:
        return None
    try:
        return datetime.strptime(said["UNTIL"], "%Y%m%dT235959").date()  # noqa: DTZ007 - on the wall
    except ValueError as error:
        raise BadRule("write the last day as UNTIL=20271231, by the clock on the wall") from error


def _day_of_month(day: int) -> list[str]:
    """The day, or the last one of a month that is too short for it."""
    if day <= SHORT_MONTH:
        return [f"BYMONTHDAY={day}"]
    days = ",".join(str(each) for each in range(SHORT_MONTH, day + 1))
    return [f"BYMONTHDAY={days}", "BYSETPOS=-1"]


def _spells(choice: Choice, first: date, rule: str) -> bool:
    try:
        return rule_of(choice, first) == rule
    except (BadRule, ValueError):
        return False


def _wall(local: str) -> datetime:
    return datetime.strptime(local, MINUTES)  # noqa: DTZ007 - on the wall
