"""What an action page is for right now, decided from what was read; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from babel import Locale

from actions.addressing import STATES, official_named, state_name
from actions.models import Outcome, TargetRule
from actions.targets import Choice, Note, Targets
from alerts.models import Level
from messages.hours import Hours
from web.public.offices import Office, Seat, choice_of_seat, office, vacant_seat
from web.public.opening import Opening, opening
from web.public.passing_on import Share, share
from web.public.reminders import Reminding, reminding
from web.public.telling import Ended, Progress, Script, Story, ended, progress, script, story
from web.public.visits import Visit, Where
from web.public.wording import missed, told
from web.public.writing import Writing, writing
from web.translations import REGIONS


class State(StrEnum):
    """What the page is for."""

    CALL = "call"
    ASK_ZIP = "ask_zip"
    PICK = "pick"  # one of the districts of a split ZIP
    PAUSED = "paused"  # cannot call today
    DONE = "done"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class View:
    """Everything the template shows."""

    state: State
    note: Note
    level: Level
    story: Story
    progress: Progress
    offices: tuple[Office, ...]  # in calling order
    vacant: tuple[Seat, ...]
    choices: tuple[Seat, ...]  # districts that may be the visitor's
    states: tuple[tuple[str, str], ...]  # code and name, where the state is to be chosen
    told: str  # why nobody is simply named, and what to do; "" = their members are
    missed: str  # why the address just entered told no district
    current: Office | None
    last: Office | None  # the one just told about
    script: Script | None
    opening: Opening | None  # of the current office; None = nobody knows its hours
    remind: Reminding | None  # of the current office's call
    writing: Writing | None  # how the current office is written to; None = that is not asked
    doubtful: bool  # several people found the current office's number to be wrong
    moved: bool  # somebody who was named is not theirs, so the place we know may be wrong
    ended: Ended | None  # what is told once it is over
    share: Share
    lapsed: tuple[str, ...]  # offices whose number nobody has checked lately

    @property
    def number(self) -> int:
        """Which call of theirs this is."""
        return self.offices.index(self.current) + 1 if self.current else 0

    @property
    def writes_only(self) -> bool:
        """Whether people write to all of these offices and call none."""
        return bool(self.offices) and not any(each.phone.href for each in self.offices)

    @property
    def open_now(self) -> bool:
        """Whether somebody likely answers there now."""
        return self.opening is not None and self.opening.is_open


def view(
    seen: Visit,
    where: Where,
    *,
    chosen: str,
    after: str,
    shared: str,
    language: str,
    hours: Hours | None,
    now: datetime,
) -> View:
    """Decide what to show of a visit.

    ``chosen`` is an office picked by hand, ``after`` the one just told about, ``shared`` the address of
    the page that anyone may see; ``hours`` are those in which texts may arrive.
    """
    targets = seen.targets
    offices = tuple(office(each, seen.told.get(each.key), language) for each in targets.reachable)
    last = next((each for each in offices if each.target.key == after and each.outcome), None)
    current = _current(offices, chosen or ("" if after else seen.about), last)
    if _names_somebody_else(seen, where) and chosen not in seen.disowned:
        current = None
    told_story = story(seen.page, language, seen.person.written_at if seen.person else None)
    return View(
        state=_state(seen, where, current, last, chosen, now),
        note=targets.note,
        level=seen.page.level,
        story=told_story,
        progress=progress(seen, language, now),
        offices=offices,
        vacant=tuple(vacant_seat(each, language) for each in targets.settled if each.vacant),
        choices=tuple(choice_of_seat(each, language) for each in _left_open(seen)),
        states=tuple((each, state_name(each, language)) for each in _states(targets)),
        told=told(seen.zip, targets, language),
        missed=missed(where.missed, language),
        current=current,
        last=last,
        script=script(seen, current.target, language) if current else None,
        opening=_opening(seen, current, language, now),
        remind=reminding(seen, current.target, hours, language, now) if current else None,
        writing=writing(seen, current.target, language) if current else None,
        doubtful=current is not None and current.target.key in seen.doubtful,
        moved=bool(seen.disowned),
        ended=ended(seen.ending, language),
        share=share(shared, told_story.title.text, language),
        lapsed=tuple(official_named(each, language) for each in targets.settled if each.lapsed),
    )


def _names_somebody_else(seen: Visit, where: Where) -> bool:
    """Whether the place we know leads to a member whom the visitor has said is not theirs."""
    elsewhere = where.zip or where.district
    return not elsewhere and any(each.key in seen.disowned for each in seen.targets.settled)


def _left_open(seen: Visit) -> tuple[Choice, ...]:
    """The districts to choose from, but for those they have said are not theirs."""
    others = [each for each in seen.targets.choices if _seat_of(each) not in seen.disowned]
    return tuple(others) or seen.targets.choices


def _seat_of(choice: Choice) -> str:
    return f"us:house:{choice.state}:{choice.district}"


def _opening(seen: Visit, current: Office | None, language: str, now: datetime) -> Opening | None:
    if current is None or current.target.schedule is None:
        return None
    locale = Locale.parse(REGIONS.get(language, language))
    return opening(current.target.schedule, seen.at.zones, now, locale)


def _states(targets: Targets) -> tuple[str, ...]:
    """The states to choose from: those of the ZIP, or all of them for military mail."""
    return tuple(STATES) if targets.note is Note.MILITARY else targets.states


def _current(offices: tuple[Office, ...], chosen: str, last: Office | None) -> Office | None:
    """The office to call now: the one chosen, else the next nobody has told about."""
    for each in offices:
        if each.target.key == chosen:
            return each
    if last and last.outcome is Outcome.SKIPPED:
        return None
    waiting = (None, Outcome.SKIPPED, Outcome.NOT_MINE)
    return next((each for each in offices if each.outcome in waiting), None)


def _state(
    seen: Visit,
    where: Where,
    current: Office | None,
    last: Office | None,
    chosen: str,
    now: datetime,
) -> State:
    if seen.page.ended_at(now):
        return State.OVER
    if seen.targets.choices:
        return State.PICK
    if where.asked or seen.bad_zip or _place_comes_first(seen, chosen):
        return State.ASK_ZIP
    return State.CALL if current else _state_without_call(seen, last)


def _place_comes_first(seen: Visit, chosen: str) -> bool:
    """Whether we ask where they live before the first call, which is to members whom nobody can name yet."""
    begun = chosen or seen.about or seen.told or seen.targets.note is Note.ASSOCIATED
    first = next((each.rule for each in seen.page.ask.asks), TargetRule.CUSTOM)
    return seen.targets.needs_place and first is not TargetRule.CUSTOM and not begun


def _state_without_call(seen: Visit, last: Office | None) -> State:
    """There is nobody to call now: for today, any more, or as far as we know."""
    if last and last.outcome is Outcome.SKIPPED:
        return State.PAUSED
    if seen.targets.reachable and not seen.disowned and not seen.targets.needs_place:
        return State.DONE
    return State.ASK_ZIP
