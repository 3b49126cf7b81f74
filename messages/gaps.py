"""Which merge fields would stay empty, and for how many people? Read from a survey of the audience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contacts.models import Channel
from messages.composing import Compositions, member_names
from messages.eligibility import Terms
from messages.prospects import EMPTY, Lines
from messages.rendering import CompiledEmail
from messages.surveys import Survey
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
    conn: Connection, message: Compositions, survey: Survey, terms: Terms, *, now: datetime
) -> list[Gap]:
    """For every field without a default, the people it would be empty for.

    ``survey`` is one with the fields ``wanted``.
    """
    named = REPRESENTATIVE in wanted(message, terms)
    nameless = _unrepresented(conn, survey, now) if named else set()
    found: list[Gap] = []
    for channel in terms.channels:
        for language, text in _texts(message, channel).items():
            spoken = _readers(message, channel, language, survey)
            of = sum(survey.readers[channel, each] for each in spoken)
            for name in _without_default(message, language, text):
                missing = sum(_missing(survey, channel, each, name, nameless) for each in spoken)
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


def _readers(message: Compositions, channel: Channel, language: str, survey: Survey) -> list[str]:
    """Whose text is that in this language: its own readers', and the default everybody's that is left."""
    texts, default = _texts(message, channel), message.default_language
    fallback = default if default in texts else next(iter(texts))
    spoken = {each for on, each in survey.readers if on is channel}
    return [each for each in spoken if (each if each in texts else fallback) == language]


def _missing(survey: Survey, channel: Channel, spoken: str, name: str, nameless: set[Lines]) -> int:
    if name == REPRESENTATIVE:
        return sum(survey.places[channel, spoken, place] for place in nameless)
    return survey.empty[channel, spoken, name]


def _unrepresented(conn: Connection, survey: Survey, now: datetime) -> set[Lines]:
    """Places of people whose district is open, or whose seat has nobody in it whom we know."""
    places = {place for _, _, place in survey.places}
    return places - set(member_names(conn, places, now=now))
