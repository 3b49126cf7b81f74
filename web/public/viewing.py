"""What an action page shows, decided from what was read; pure but for the words of its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_timedelta

from actions.addressing import official, official_named, official_short, state_name
from actions.models import Outcome
from actions.scripts import Caller, ScriptWords, Spoken, spoken
from actions.targets import Note, Target
from alerts.models import Level
from alerts.pages import Words
from web.public.visits import Visit, Where

FEW = 5  # a smaller number of callers could point at somebody, and discourages besides
WASHINGTON = ZoneInfo("America/New_York")
OPENS, CLOSES = time(9), time(17)  # when offices in Washington usually answer
FRIDAY = 4


class State(StrEnum):
    """What the page is for right now."""

    CALL = "call"
    ASK_ZIP = "ask_zip"
    PICK = "pick"  # one of the districts of a split ZIP
    NOBODY = "nobody"  # nobody in Congress stands for this place
    PAUSED = "paused"  # cannot call today
    DONE = "done"
    OVER = "over"


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


@dataclass(frozen=True)
class DatedWords:
    """A fact in one language."""

    when: str
    iso: str
    text: str
    source: str
    language: str


@dataclass(frozen=True, kw_only=True)
class View:
    """Everything the template shows."""

    state: State
    note: Note
    level: Level
    title: str
    summary: str
    words_language: str  # in which title and summary are, if not in the page's
    why: str  # the case's summary
    why_language: str
    facts: tuple[DatedWords, ...]
    offices: tuple[Office, ...]  # in calling order
    vacant: tuple[Seat, ...]
    choices: tuple[Seat, ...]  # districts that may be the visitor's
    current: Office | None
    number: int  # of the current call
    last: Office | None  # the one just told about
    script: Spoken | None
    script_language: str
    english: Spoken | None  # beside a script in another language
    open_now: bool
    people: int  # 0 = too few to say
    calls: int
    goal: int
    ends: str  # "in 2 days"
    ends_on: str  # "November 26"
    ended_on: str


def view(
    seen: Visit, where: Where, *, chosen: str, after: str, language: str, now: datetime
) -> View:
    """Decide what to show of a visit; ``chosen`` is an office picked by hand, ``after`` the one
    just told about.
    """
    locale = Locale.parse(language)
    offices = tuple(_office(each, seen, language) for each in seen.targets.with_phone)
    last = next((each for each in offices if each.target.key == after and each.outcome), None)
    current = _current(offices, chosen, last)
    state = _state(seen, where, current, last, now)
    words, words_language = _in_language(seen.page.words, language)
    case, why_language = _in_language(seen.page.case_words, language)
    script, script_language = _script(seen, current, language)
    known = seen.totals.people >= FEW
    ended, ends = seen.page.ended_at(now), seen.page.ends_at()
    return View(
        state=state,
        note=seen.targets.note,
        level=seen.page.level,
        title=words.title,
        summary=words.summary,
        words_language=words_language,
        why=case.summary,
        why_language=why_language,
        facts=_facts(seen, language, locale),
        offices=offices,
        vacant=tuple(
            Seat(each.key, state_name(each.state, language), each.district)
            for each in seen.targets.settled
            if each.vacant
        ),
        choices=tuple(
            Seat(each.code, state_name(each.state, language), each.district, each.name)
            for each in seen.targets.choices
        ),
        current=current,
        number=offices.index(current) + 1 if current else 0,
        last=last,
        script=script,
        script_language=script_language,
        english=_english(seen, current, script_language),
        open_now=is_open(current.target, now) if current else False,
        people=seen.totals.people if known else 0,
        calls=seen.totals.calls if known else 0,
        goal=seen.page.ask.goal or 0,
        ends=_until(ends - now, locale) if ends and not ended else "",
        ends_on=_day(ends, locale),
        ended_on=_day(ended, locale),
    )


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


def _current(offices: tuple[Office, ...], chosen: str, last: Office | None) -> Office | None:
    """The office to call now: the one chosen, else the next nobody has told about."""
    for office in offices:
        if office.target.key == chosen:
            return office
    if last and last.outcome is Outcome.SKIPPED:
        return None
    waiting = (None, Outcome.SKIPPED)
    return next((office for office in offices if office.outcome in waiting), None)


def _state(
    seen: Visit, where: Where, current: Office | None, last: Office | None, now: datetime
) -> State:
    if seen.page.ended_at(now):
        return State.OVER
    if seen.targets.choices:
        return State.PICK
    if where.asked or seen.bad_zip:
        return State.ASK_ZIP
    return State.CALL if current else _state_without_call(seen, last)


def _state_without_call(seen: Visit, last: Office | None) -> State:
    """There is nobody to call now: for today, any more, in Congress, or as far as we know."""
    if last and last.outcome is Outcome.SKIPPED:
        return State.PAUSED
    if seen.targets.with_phone:
        return State.DONE
    return State.NOBODY if seen.targets.note is Note.ASSOCIATED else State.ASK_ZIP


def _office(target: Target, seen: Visit, language: str) -> Office:
    return Office(
        target=target,
        name=official_named(target, language),
        short=official_short(target, language) if target.name else "",
        state=state_name(target.state, language),
        phone=phone(target.phone),
        branches=tuple((each.city, phone(each.phone), each.hours) for each in target.branches),
        outcome=seen.told.get(target.key),
    )


def _in_language(words: Mapping[str, Words], language: str) -> tuple[Words, str]:
    """Words in the page's language, else in any there is, and which language that is."""
    if not words:
        return Words("", ""), language
    chosen = language if language in words else next(iter(sorted(words)))
    return words[chosen], chosen


def _facts(seen: Visit, language: str, locale: Locale) -> tuple[DatedWords, ...]:
    facts = []
    for fact in seen.page.facts:
        chosen = language if language in fact.words else next(iter(sorted(fact.words)))
        when = format_date(fact.happened_on, "long", locale=locale)
        iso = fact.happened_on.isoformat()
        facts.append(DatedWords(when, iso, fact.words[chosen], fact.source, chosen))
    return tuple(facts)


def _script(seen: Visit, current: Office | None, language: str) -> tuple[Spoken | None, str]:
    scripts: Mapping[str, ScriptWords] = seen.page.ask.scripts
    if current is None or not scripts:
        return None, language
    chosen = language if language in scripts else next(iter(sorted(scripts)))
    target = current.target
    script = spoken(
        scripts[chosen],
        _caller(seen, chosen),
        official=official(target, chosen),
        official_short=official_short(target, chosen),
        language=chosen,
    )
    return script, chosen


def _english(seen: Visit, current: Office | None, beside: str) -> Spoken | None:
    """The English script too, for whoever reads another: most offices answer in English."""
    if beside == "en" or "en" not in seen.page.ask.scripts:
        return None
    return _script(seen, current, "en")[0]


def _caller(seen: Visit, language: str) -> Caller:
    """What we know of the caller. A town is only said with the ZIP it belongs to."""
    person = seen.person
    own = person is not None and person.zip == seen.zip
    states = (each.state for each in seen.targets.settled if each.state)
    return Caller(
        name=person.given_name if person else "",
        city=person.city if person and own else "",
        zip=seen.zip,
        state=state_name(next(states, ""), language),
    )


def _until(left: timedelta, locale: Locale) -> str:
    return format_timedelta(left, add_direction=True, threshold=1.2, locale=locale)


def _day(at: datetime | None, locale: Locale) -> str:
    """The day in Washington on which something ends."""
    if at is None:
        return ""
    return format_date(at.astimezone(WASHINGTON).date(), "long", locale=locale)
