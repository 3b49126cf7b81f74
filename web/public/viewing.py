"""What an action page is for right now, decided from what was read; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from actions.models import Outcome
from actions.targets import Note
from alerts.models import Level
from web.public.offices import Office, Seat, choice_of_seat, is_open, office, vacant_seat
from web.public.telling import Progress, Script, Story, progress, script, story
from web.public.visits import Visit, Where


class State(StrEnum):
    """What the page is for."""

    CALL = "call"
    ASK_ZIP = "ask_zip"
    PICK = "pick"  # one of the districts of a split ZIP
    NOBODY = "nobody"  # nobody in Congress stands for this place
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
    current: Office | None
    last: Office | None  # the one just told about
    script: Script | None
    open_now: bool

    @property
    def number(self) -> int:
        """Which call of theirs this is."""
        return self.offices.index(self.current) + 1 if self.current else 0


def view(
    seen: Visit, where: Where, *, chosen: str, after: str, language: str, now: datetime
) -> View:
    """Decide what to show of a visit.

    ``chosen`` is an office picked by hand, ``after`` the one just told about.
    """
    targets = seen.targets
    offices = tuple(office(each, seen.told.get(each.key), language) for each in targets.with_phone)
    last = next((each for each in offices if each.target.key == after and each.outcome), None)
    current = _current(offices, chosen, last)
    return View(
        state=_state(seen, where, current, last, now),
        note=targets.note,
        level=seen.page.level,
        story=story(seen.page, language),
        progress=progress(seen, language, now),
        offices=offices,
        vacant=tuple(vacant_seat(each, language) for each in targets.settled if each.vacant),
        choices=tuple(choice_of_seat(each, language) for each in targets.choices),
        current=current,
        last=last,
        script=script(seen, current.target, language) if current else None,
        open_now=is_open(current.target, now) if current else False,
    )


def _current(offices: tuple[Office, ...], chosen: str, last: Office | None) -> Office | None:
    """The office to call now: the one chosen, else the next nobody has told about."""
    for each in offices:
        if each.target.key == chosen:
            return each
    if last and last.outcome is Outcome.SKIPPED:
        return None
    waiting = (None, Outcome.SKIPPED)
    return next((each for each in offices if each.outcome in waiting), None)


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
