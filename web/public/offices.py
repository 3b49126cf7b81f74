"""Offices and seats as an action page names them; pure."""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale
from babel.dates import format_date

from actions.addressing import state_name
from actions.models import Outcome
from actions.targets import Choice, Target
from web.pages import shown_phone
from web.public.wording import choice_name, named, short


@dataclass(frozen=True)
class Phone:
    """A number to tap and to read."""

    href: str
    shown: str


@dataclass(frozen=True)
class Office:
    """A target as the page names it."""

    target: Target
    name: str  # "Rep. Alma Rivera"
    short: str  # "Rep. Rivera"
    state: str  # "Massachusetts"
    phone: Phone
    line: str  # what the number is, such as "switchboard"
    lines: tuple[tuple[str, Phone], ...]  # further ones of a named office
    branches: tuple[tuple[str, Phone, str], ...]  # city, number, hours
    outcome: Outcome | None  # what the visitor has told about it


@dataclass(frozen=True)
class Seat:
    """A seat as the page names it."""

    code: str  # "MA-7"
    state: str
    district: int | None  # 0 = at large; None in the Senate
    name: str = ""  # who holds it
    since: str = ""  # the day on which it became vacant, where the data knows


def office(target: Target, outcome: Outcome | None, language: str) -> Office:
    """A target in the words of a language."""
    return Office(
        target=target,
        name=named(target, language),
        short=short(target, language),
        state=state_name(target.state, language),
        phone=phone(target.phone),
        line=next((each.label for each in target.lines), ""),
        lines=tuple((each.label, phone(each.number)) for each in target.lines[1:]),
        branches=tuple((each.city, phone(each.phone), each.hours) for each in target.branches),
        outcome=outcome,
    )


def vacant_seat(target: Target, language: str) -> Seat:
    """A seat nobody holds."""
    since = target.vacant_since
    day = format_date(since, "long", locale=Locale.parse(language)) if since else ""
    return Seat(target.key, state_name(target.state, language), target.district, since=day)


def choice_of_seat(choice: Choice, language: str) -> Seat:
    """A seat that may be the visitor's."""
    name = choice_name(choice.name, language, unnamed=choice.unnamed)
    return Seat(choice.code, state_name(choice.state, language), choice.district, name)


def phone(number: str) -> Phone:
    """A number (E.164) to tap and to read; nothing for an office that is only written to."""
    return Phone(f"tel:{number}", shown_phone(number)) if number else Phone("", "")
