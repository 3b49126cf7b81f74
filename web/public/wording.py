"""What a supporter is told about their place: why nobody is named, what to do next, whom they call.

One place for these sentences, for the action page and for ``llamado representatives lookup``; pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actions.addressing import official_named, official_short, state_name
from actions.targets import Note, Role, Target, Targets
from web.translations import translators

BOX_OF_ONE = (
    "ZIP code %(zip)s is for post-office boxes or a single building: where mail is read is not always"
    " where one votes. Is this the district you live in?"
)
BOX = (
    "ZIP code %(zip)s is for post-office boxes or a single building: where mail is read is not always"
    " where one votes. Choose the district you live in."
)
SPLIT = "ZIP code %(zip)s lies in more than one district. Who represents you?"
MANY = (
    "ZIP code %(zip)s touches too many districts to name one. Call your senators; the Capitol’s"
    " operators find your representative. Or enter the ZIP code of the home you vote from."
)
MANY_STATES = (
    "ZIP code %(zip)s touches too many districts to name one. Choose the state you vote in, or enter"
    " the ZIP code of the home you vote from."
)
MILITARY = (
    "This is a military address. Your home of record counts: enter the ZIP code of the place where"
    " you vote, or choose its state."
)
ASSOCIATED = (
    "Nobody in Congress stands for this ZIP code. If you vote in one of the States, enter the ZIP code"
    " of your home there; or pass this page on to somebody in the States."
)
UNKNOWN_IN_STATE = (
    "We do not know ZIP code %(zip)s; its first digits say that it is in %(state)s. Call your"
    " senators; the Capitol’s operators find your representative."
)
UNKNOWN = "We do not know this ZIP code. Check it, or enter one nearby."
NO_ZIP_IN_STATE = (
    "Without a ZIP code we cannot tell your district. Call your senators; the Capitol’s operators"
    " find your representative."
)
NO_ZIP = "Your ZIP code tells who represents you. We do not store it."
LAPSED = (
    "The districts of %(state)s have new lines, which we do not have yet, so we name nobody rather"
    " than the wrong person. Call your senators; the Capitol’s operators find your representative."
)
LAPSED_STATES = (
    "ZIP code %(zip)s lies where districts have new lines, which we do not have yet, so we name nobody"
    " rather than the wrong person. Choose the state you vote in."
)
UNSURE = "You need not know your district: the Capitol’s operators find your representative."
UNSURE_STATES = (
    "Your ZIP code lies in more than one state, so we name no senators. The Capitol’s operators find"
    " them and your representative, or choose the state you vote in."
)
NO_SENATORS = "Where you live there are no senators, so call your delegate in the House."
VACANT = "Your seat in the House is vacant: nobody holds it now. Your senators stand for you too."

SWITCHBOARD = "US Capitol switchboard"
SWITCHBOARD_SHORT = "the switchboard"
UNNAMED: Mapping[Role, str] = {
    Role.REPRESENTATIVE: "Your representative (newly elected; we do not have the name yet)",
    Role.DELEGATE: "Your delegate (newly elected; we do not have the name yet)",
    Role.SENATOR: "Your senator (newly elected; we do not have the name yet)",
}
UNNAMED_SHORT: Mapping[Role, str] = {
    Role.REPRESENTATIVE: "your representative",
    Role.DELEGATE: "your delegate",
    Role.SENATOR: "your senator",
}
MISSED: Mapping[str, str] = {
    "no_match": "The Census Bureau does not know this address. Check it, or go on without it.",
    "several": "This address may lie in more than one district. Add the town, or go on without it.",
    "elsewhere": "This address does not lie where your ZIP code does. Check both.",
    "other_lines": "The Census Bureau does not tell today’s districts there. Go on without the address.",
    "unavailable": "The Census Bureau did not answer. Try again later, or go on without the address.",
}
UNNAMED_CHOICE = "Newly elected; we do not have the name yet"
VACANT_SEAT = "Vacant seat"
NOT_SURE = "I am not sure"
AT_LARGE = "%(state)s, at large"
DISTRICT = "%(state)s, district %(number)s"


@dataclass(frozen=True)
class PlaceWords:
    """What a supporter sees of their place."""

    told: str  # why it is not simply their own members, and what to do; "" = it is
    choices: tuple[str, ...]  # districts to choose from, and that one does not know
    states: tuple[str, ...]  # states to choose from
    offices: tuple[str, ...]  # whom they call, in order


def place_words(zip_code: str, targets: Targets, language: str) -> PlaceWords:
    """Everything a supporter sees of their place, in their language."""
    choices = tuple(
        f"{choice_name(each.name, language, unnamed=each.unnamed)}: "
        f"{seat_name(each.state, each.district, language)}"
        for each in targets.choices
    )
    return PlaceWords(
        told=told(zip_code, targets, language),
        choices=(*choices, say(NOT_SURE, language)) if choices else (),
        states=tuple(state_name(each, language) for each in targets.states),
        offices=tuple(_office(each, language) for each in targets.settled),
    )


def told(zip_code: str, targets: Targets, language: str) -> str:
    """Why a place is not simply settled, with its own next step; "" where it is."""
    states = (each.state for each in targets.settled if each.state)
    values = {"zip": zip_code, "state": state_name(next(states, ""), language)}
    sentence = _sentence(zip_code, targets)
    return say(sentence, language) % values if sentence else ""


def missed(why: str, language: str) -> str:
    """Why an address told no district; "" where none was entered."""
    return say(MISSED[why], language) if why in MISSED else ""


def say(text: str, language: str) -> str:
    """A text of this module in a language."""
    return translators((language,))[language](text)


def named(target: Target, language: str) -> str:
    """An office's whole name; for somebody newly elected, that we do not know it."""
    if target.role is Role.SWITCHBOARD:
        return say(SWITCHBOARD, language)
    if target.unnamed:
        return say(UNNAMED[target.role], language)
    return official_named(target, language)


def short(target: Target, language: str) -> str:
    """An office's name as it stands in a sentence."""
    if target.role is Role.SWITCHBOARD:
        return say(SWITCHBOARD_SHORT, language)
    if target.unnamed:
        return say(UNNAMED_SHORT[target.role], language)
    return official_short(target, language) if target.name else ""


def choice_name(name: str, language: str, *, unnamed: bool) -> str:
    """Who sits for a district that one may choose."""
    return name or say(UNNAMED_CHOICE if unnamed else VACANT_SEAT, language)


def seat_name(state: str, district: int | None, language: str) -> str:
    """A seat by its place: "Massachusetts, district 7"."""
    values = {"state": state_name(state, language), "number": district}
    if district is None:
        return str(values["state"])
    return say(DISTRICT if district else AT_LARGE, language) % values


def _office(target: Target, language: str) -> str:
    name = say(VACANT_SEAT, language) if target.vacant else named(target, language)
    if target.role is Role.SWITCHBOARD or not target.state:
        return name
    return f"{name}: {seat_name(target.state, target.district, language)}"


def _sentence(zip_code: str, targets: Targets) -> str:
    """The English sentence for a note; placeholders stand for ZIP and state."""
    settled = bool(targets.settled) and not targets.needs_place
    if targets.note is Note.BOX:
        return BOX_OF_ONE if len(targets.choices) == 1 else BOX
    if targets.note is Note.UNKNOWN and not zip_code:
        return NO_ZIP_IN_STATE if settled else NO_ZIP
    if targets.note is Note.UNSURE:
        return UNSURE_STATES if targets.states else UNSURE
    with_offices, without = SENTENCES.get(targets.note, ("", ""))
    return with_offices if settled else without


# With offices to call, and where the place tells of none.
SENTENCES: Mapping[Note, tuple[str, str]] = {
    Note.SPLIT: (SPLIT, SPLIT),
    Note.MANY: (MANY, MANY_STATES),
    Note.MILITARY: (MILITARY, MILITARY),
    Note.ASSOCIATED: (ASSOCIATED, ASSOCIATED),
    Note.UNKNOWN: (UNKNOWN_IN_STATE, UNKNOWN),
    Note.LAPSED: (LAPSED, LAPSED_STATES),
    Note.NO_SENATORS: (NO_SENATORS, NO_SENATORS),
    Note.VACANT: (VACANT, VACANT),
}
