"""Offices and seats as an action page names them, and whether somebody answers there now; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

import phonenumbers

from actions.addressing import official_named, official_short, state_name
from actions.models import Outcome
from actions.targets import Choice, Target

OPENS, CLOSES = time(9), time(17)  # when offices usually answer, in their own zone
FRIDAY = 4


@dataclass(frozen=True)
class Phone:
    """A number to tap and to read."""

    href: str
    shown: str


@dataclass(frozen=True)
class Office:
    """A target as the page names it."""

    target: Target
    name: str  # "Rep. Alma Rivera"; "" for the switchboard
    short: str  # "Rep. Rivera"
    state: str  # "Massachusetts"
    phone: Phone
    branches: tuple[tuple[str, Phone, str], ...]  # city, number, hours
    outcome: Outcome | None  # what the visitor has told about it


@dataclass(frozen=True)
class Seat:
    """A seat as the page names it."""

    code: str  # "MA-7"
    state: str
    district: int | None  # 0 = at large; None in the Senate
    name: str = ""  # who holds it


def office(target: Target, outcome: Outcome | None, language: str) -> Office:
    """A target in the words of a language."""
    return Office(
        target=target,
        name=official_named(target, language),
        short=official_short(target, language) if target.name else "",
        state=state_name(target.state, language),
        phone=phone(target.phone),
        branches=tuple((each.city, phone(each.phone), each.hours) for each in target.branches),
        outcome=outcome,
    )


def vacant_seat(target: Target, language: str) -> Seat:
    """A seat nobody holds."""
    return Seat(target.key, state_name(target.state, language), target.district)


def choice_of_seat(choice: Choice, language: str) -> Seat:
    """A seat that may be the visitor's."""
    return Seat(choice.code, state_name(choice.state, language), choice.district, choice.name)


def is_open(target: Target, now: datetime) -> bool:
    """Whether somebody likely answers: on a weekday, during an office's day in its own zone."""
    there = now.astimezone(ZoneInfo(target.time_zone))
    return there.weekday() <= FRIDAY and OPENS <= there.time() < CLOSES


def phone(number: str) -> Phone:
    """A number (E.164) as people of its country write it, or with its country if it is abroad."""
    parsed = phonenumbers.parse(number)
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    if parsed.country_code == 1:
        style = phonenumbers.PhoneNumberFormat.NATIONAL
    return Phone(f"tel:{number}", phonenumbers.format_number(parsed, style))
