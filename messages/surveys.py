"""What would become of everybody in an audience, in numbers that no moment changes.

A survey is made once for as long as nothing about people changes (``contacts.changes``): to go through fifty
thousand people takes half a second, and the page of a draft tells of all of them at each look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection

from contacts.changes import Kept
from contacts.models import Channel
from messages.audience import Audience
from messages.eligibility import Terms
from messages.prospects import Group, Lines, survey

T = TypeVar("T")

MOST = 64  # surveys kept, of some hundred numbers each

# Lines of an audience that ask about copies and answers, not only about people.
OF_WHAT_CAME_BEFORE = (
    *("acted", "acted_any", "not_acted", "not_acted_any", "got", "got_any", "not_got_any"),
    *("stopped", "outdated"),
)

_KEPT = Kept(MOST)


class Best(StrEnum):
    """What is the earliest that somebody gets."""

    AT_ONCE = "at_once"  # a copy that waits for no hour
    BY_DAY = "by_day"  # a text, in hours in which texts may arrive
    NOTHING = "nothing"


class Earliest(NamedTuple):
    """What somebody gets first, and the zones whose hours it waits for: 0 where it waits for none."""

    best: Best
    zone_set_id: int


@dataclass
class Survey:
    """People by what would become of them."""

    people: int = 0
    reached: Counter[str] = field(default_factory=Counter)  # with a copy at all, by language
    texts: Counter[str] = field(default_factory=Counter)  # that go out, by language
    # Why no copy on a channel ("" = a copy), by zones.
    reasons: Counter[tuple[Channel, str, int]] = field(default_factory=Counter)
    languages: Counter[tuple[str, Earliest]] = field(default_factory=Counter)
    lists: Counter[tuple[tuple[int, ...], Earliest]] = field(default_factory=Counter)
    texted: Counter[tuple[int, str]] = field(default_factory=Counter)  # by zones and state
    # Of those who get a copy on a channel, by their language:
    readers: Counter[tuple[Channel, str]] = field(default_factory=Counter)
    empty: Counter[tuple[Channel, str, str]] = field(default_factory=Counter)  # without a field
    places: Counter[tuple[Channel, str, Lines]] = field(default_factory=Counter)

    def add(self, group: Group) -> None:
        """Count people whose fate is the same."""
        earliest = _earliest(group)
        self.people += group.count
        self.languages[group.language, earliest] += group.count
        self.lists[group.lists, earliest] += group.count
        for channel, reason in group.reasons.items():
            self.reasons[channel, reason, group.zone_set_id] += group.count
            if reason == "":
                self._add_copy(channel, group)
        if group.reached:
            self.reached[group.language] += group.count

    def _add_copy(self, channel: Channel, group: Group) -> None:
        reader = (channel, group.language)
        self.readers[reader] += group.count
        self.places[*reader, group.place] += group.count
        for name, missing in group.empty.items():
            self.empty[*reader, name] += missing
        if channel is Channel.SMS:
            self.texts[group.language] += group.count
            self.texted[group.zone_set_id, group.state] += group.count


def summed(groups: Iterable[Group]) -> Survey:
    """All of them together."""
    found = Survey()
    for group in groups:
        found.add(group)
    return found


def surveyed(
    conn: Connection,
    audience: Audience,
    terms: Terms,
    *,
    fields: Sequence[str] = (),
    by_place: bool = False,
    by_list: bool = False,
) -> Survey:
    """Survey an audience, by the arguments of ``prospects.survey``; from memory where it may be (``kept``)."""

    def ask() -> Survey:
        groups = survey(conn, audience, terms, fields=fields, by_place=by_place, by_list=by_list)
        return summed(groups)

    return kept(conn, _KEPT, audience, terms, (*fields, by_place, by_list), ask)


def kept(
    conn: Connection,
    memory: Kept,
    audience: Audience,
    terms: Terms,
    details: Hashable,
    ask: Callable[[], T],
) -> T:
    """What ``ask`` answers of an audience, from memory where it may be: nobody may change what is returned.

    Whom copies have reached, and who has answered, changes by the second while an alert is on its way: of an
    audience that goes by that it is asked each time. ``details`` hold all else that the answer goes by.
    """
    if not rests_on_people(audience, terms):
        return ask()
    # Whose message asks makes no difference: prospects are everybody, whatever it has sent so far.
    question = (audience, replace(terms, message_id=None, family=()), details)
    return memory.answer(conn, question, ask)


def rests_on_people(audience: Audience, terms: Terms) -> bool:
    """Whether what becomes of an audience follows from what is known of people alone."""
    if terms.weekly_cap is not None and terms.recent:
        return False
    both = (audience.include, audience.exclude)
    asked = [getattr(lines, name) for lines in both for name in OF_WHAT_CAME_BEFORE]
    return all(each in (None, ()) for each in asked)


def _earliest(group: Group) -> Earliest:
    got = [channel for channel, reason in group.reasons.items() if reason == ""]
    if got == [Channel.SMS]:
        return Earliest(Best.BY_DAY, group.zone_set_id)
    return Earliest(Best.AT_ONCE if got else Best.NOTHING, 0)
