"""What an action page tells: its words in the visitor's language, how far along the action is, and
what to say on the telephone; pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from babel import Locale
from babel.dates import format_date, format_timedelta

from actions.addressing import official, official_short, state_name
from actions.scripts import Addressee, Caller, Spoken, asks_for_staffer, spoken
from actions.targets import Target
from alerts.endings import AtTheEnd
from alerts.pages import AlertPage, DatedFact, Words
from web.pages import eastern
from web.public.visits import Visit

FEW = 5  # a smaller number of callers could point at somebody, and discourages besides
T = TypeVar("T")


@dataclass(frozen=True)
class Text:
    """A text and the language it is in, for there may be none in the page's own."""

    text: str
    language: str


@dataclass(frozen=True)
class DatedText:
    """A fact as the page shows it."""

    when: str
    iso: str
    text: str
    source: str
    language: str
    new: bool  # the visitor's copy could not tell it yet
    changed: bool  # since their copy was written
    changed_on: str  # when it became another than before; "" = it never did
    before: str  # what was told until then
    withdrawn: bool  # it turned out false


@dataclass(frozen=True)
class Story:
    """What happened and what is asked."""

    title: Text
    summary: Text
    why: Text
    facts: tuple[DatedText, ...]


@dataclass(frozen=True)
class Progress:
    """How far along the action is."""

    people: int  # 0 = too few to say
    calls: int
    letters: int
    goal: int
    ends: str  # "in 2 days"
    ends_on: str  # "November 26, 2026"
    ended_on: str

    @property
    def heard(self) -> int:
        """How often offices heard from people, by telephone or by letter."""
        return self.calls + self.letters


@dataclass(frozen=True)
class Ended:
    """How it ended, and for what else calls are wanted."""

    outcome: str  # an alerts.closing.CaseOutcome; "" = nobody has said
    words: Text
    day: str  # on which the case ended
    others: tuple[tuple[str, Text], ...]  # other alerts on the same case: address and title


@dataclass(frozen=True)
class Script:
    """What to say, and the same in English for offices that answer so."""

    said: Spoken
    language: str
    english: Spoken | None
    staffer: str = ""  # whom to ask for, where the script does not say it
    asks: bool = True  # whether the script says itself whom to ask for


def story(page: AlertPage, language: str, since: datetime | None = None) -> Story:
    """An alert in the words of a language; ``since`` is when its reader was last written to."""
    words, chosen = _in_language(page.words, language, Words("", ""))
    case, of_case = _in_language(page.case_words, language, Words("", ""))
    return Story(
        title=Text(words.title, chosen),
        summary=Text(words.summary, chosen),
        why=Text(case.summary, of_case),
        facts=tuple(_fact(fact, since, language) for fact in page.facts),
    )


def progress(seen: Visit, language: str, now: datetime) -> Progress:
    """Counts, once there are enough to show, and when the action ends or ended."""
    ended, ends = seen.page.ended_at(now), seen.page.ends_at()
    known = seen.tally.people >= FEW
    return Progress(
        people=seen.tally.people if known else 0,
        calls=seen.tally.calls if known else 0,
        letters=seen.tally.letters if known else 0,
        goal=seen.page.ask.goal or 0,
        ends=_until(ends, now, language) if ends and not ended else "",
        ends_on=_day(ends, language),
        ended_on=_day(ended, language),
    )


def ended(ending: AtTheEnd | None, language: str) -> Ended | None:
    """What a page tells once it is over."""
    if ending is None:
        return None
    closing = ending.closing
    words, chosen = _in_language(closing.words if closing else {}, language, "")
    locale = Locale.parse(language)
    return Ended(
        outcome=closing.outcome if closing else "",
        words=Text(words, chosen),
        day=format_date(closing.ended_on, "long", locale=locale) if closing else "",
        others=tuple(
            (f"/p/{each.slug}", Text(*_in_language(each.titles, language, "")))
            for each in ending.others
        ),
    )


def script(seen: Visit, target: Target, language: str) -> Script | None:
    """What this visitor says to an office, or None where nobody wrote a script."""
    written = target.scripts or seen.page.ask.scripts
    scripts = {each: words for each, words in written.items() if words.calls}
    if not scripts:
        return None
    chosen = language if language in scripts else min(scripts)
    said = {
        each: spoken(words, caller(seen, each), addressee(seen, target, each), each)
        for each, words in scripts.items()
    }
    return Script(
        said[chosen],
        chosen,
        said.get("en") if chosen != "en" else None,
        staffer=addressee(seen, target, language).staffer,
        asks=asks_for_staffer(scripts[chosen]),
    )


def addressee(seen: Visit, target: Target, language: str) -> Addressee:
    """How a script names the office, and whom it asks for there."""
    known = seen.aides.get(target.key)
    return Addressee(
        official=official(target, language),
        official_short=official_short(target, language),
        staffer=known.name if known else "",
    )


def caller(seen: Visit, language: str) -> Caller:
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


def _in_language(words: Mapping[str, T], language: str, none: T) -> tuple[T, str]:
    """Words in the page's language, else in any there is, and which language that is."""
    if not words:
        return none, language
    chosen = language if language in words else min(words)
    return words[chosen], chosen


def _fact(fact: DatedFact, since: datetime | None, language: str) -> DatedText:
    text, chosen = _in_language(fact.words, language, "")
    when = format_date(fact.happened_on, "long", locale=Locale.parse(language))
    new = since is not None and fact.added_at > since
    changed_on = _day(fact.changed_at, language)
    return DatedText(
        when=when,
        iso=fact.happened_on.isoformat(),
        text=text,
        source=fact.source,
        language=chosen,
        new=new,
        changed=not new and bool(since and fact.changed_at and fact.changed_at > since),
        changed_on=changed_on,
        before=fact.before.get(chosen, ""),
        withdrawn=fact.withdrawn,
    )


def _until(at: datetime, now: datetime, language: str) -> str:
    locale = Locale.parse(language)
    return format_timedelta(at - now, add_direction=True, threshold=1.2, locale=locale)


def _day(at: datetime | None, language: str) -> str:
    """The day in Washington on which something ends."""
    if at is None:
        return ""
    return format_date(at.astimezone(eastern()).date(), "long", locale=Locale.parse(language))
