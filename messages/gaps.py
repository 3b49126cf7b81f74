"""Which merge fields would stay empty, and for how many people? Read from a survey of the audience."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contacts.models import Channel
from messages.composing import Compositions, Lines, member_names
from messages.eligibility import Terms
from messages.prospects import EMPTY, Group
from messages.rendering import CompiledEmail
from messages.templates import Compiled

REPRESENTATIVE = "rep_name"  # depends on a person's state and district


@dataclass(frozen=True)
class Gap:
    """A merge field that some of those who would get a text or email have no value for."""

    channel: Channel
    language: str  # of the text
    field: str
    people: int  # without a value
    of: int  # who would get it


def wanted(message: Compositions, terms: Terms) -> set[str]:
    """The fields without a default that a message uses: whose gaps a survey has to count."""
    texts = (text for channel in terms.channels for text in _texts(message, channel).items())
    return {name for language, text in texts for name in _without_default(message, language, text)}


def find_gaps(
    conn: Connection, message: Compositions, groups: Sequence[Group], terms: Terms, *, now: datetime
) -> list[Gap]:
    """For every field without a default, the people it would be empty for.

    ``groups`` are a survey with the fields ``wanted``.
    """
    named = REPRESENTATIVE in wanted(message, terms)
    nameless = _unrepresented(conn, groups, now) if named else set()
    found: list[Gap] = []
    for channel in terms.channels:
        for language, text in _texts(message, channel).items():
            readers = list(_readers(message, channel, language, groups))
            of = sum(group.count for group in readers)
            for name in _without_default(message, language, text):
                missing = sum(_missing(group, name, nameless) for group in readers)
                found += [Gap(channel, language, name, missing, of)] if missing else []
    return found


def _texts(message: Compositions, channel: Channel) -> Mapping[str, Compiled | CompiledEmail]:
    return message.sms if channel is Channel.SMS else message.emails


def _without_default(
    message: Compositions, language: str, compiled: Compiled | CompiledEmail
) -> list[str]:
    given = (compiled.defaults, message.merge_defaults.get(language, {}))
    held = {name for source in given for name in source if source[name]}
    return sorted((compiled.fields & {*EMPTY, REPRESENTATIVE}) - held)


def _readers(
    message: Compositions, channel: Channel, language: str, groups: Sequence[Group]
) -> Iterator[Group]:
    """Who gets the text in this language: its own readers, and for the default everybody left."""
    texts, default = _texts(message, channel), message.default_language
    fallback = default if default in texts else next(iter(texts))
    for group in groups:
        reads = group.language if group.language in texts else fallback
        if reads == language and group.reasons[channel] == "":
            yield group


def _missing(group: Group, name: str, nameless: set[Lines]) -> int:
    if name == REPRESENTATIVE:
        return group.count if group.place in nameless else 0
    return group.empty[name]


def _unrepresented(conn: Connection, groups: Sequence[Group], now: datetime) -> set[Lines]:
    """Places of people whose district is open, or whose seat has nobody in it whom we know."""
    places = {group.place for group in groups}
    return places - set(member_names(conn, places, now=now))
