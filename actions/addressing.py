"""How is an official addressed, and what is a state called? Words per language; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actions.targets import Role, Target


@dataclass(frozen=True)
class Form:
    """A form of address, before the family name."""

    full: str
    short: str


# Spanish forms are the ones that fit a woman and a man alike, for our data does not say which.
FORMS: Mapping[str, Mapping[Role, Form]] = {
    "en": {
        Role.REPRESENTATIVE: Form("Representative", "Rep."),
        Role.DELEGATE: Form("Delegate", "Del."),
        Role.SENATOR: Form("Senator", "Sen."),
    },
    "es": {
        Role.REPRESENTATIVE: Form("Congresista", "Congresista"),
        Role.DELEGATE: Form("Congresista", "Congresista"),
        Role.SENATOR: Form("Senador/a", "Sen."),
    },
}
NOBODY: Mapping[str, str] = {"en": "my representative", "es": "mi representante"}
NO_SENATOR: Mapping[str, str] = {"en": "my senator", "es": "mi senador o senadora"}

STATES: Mapping[str, str] = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
    "DC": "the District of Columbia",
    "PR": "Puerto Rico",
    "VI": "the US Virgin Islands",
    "GU": "Guam",
    "MP": "the Northern Mariana Islands",
    "AS": "American Samoa",
}
SPANISH_STATES: Mapping[str, str] = {
    "HI": "Hawái",
    "LA": "Luisiana",
    "MI": "Míchigan",
    "MS": "Misisipi",
    "MO": "Misuri",
    "NH": "Nuevo Hampshire",
    "NJ": "Nueva Jersey",
    "NM": "Nuevo México",
    "NY": "Nueva York",
    "NC": "Carolina del Norte",
    "ND": "Dakota del Norte",
    "OR": "Oregón",
    "PA": "Pensilvania",
    "SC": "Carolina del Sur",
    "SD": "Dakota del Sur",
    "TX": "Texas",
    "WV": "Virginia Occidental",
    "DC": "el Distrito de Columbia",
    "VI": "las Islas Vírgenes de EE. UU.",
    "MP": "las Islas Marianas del Norte",
    "AS": "Samoa Americana",
}


def state_name(code: str, language: str) -> str:
    """A state's name in a language; the code itself, or nothing, where there is none."""
    english = STATES.get(code, code)
    return SPANISH_STATES.get(code, english) if language == "es" else english


def official(target: Target, language: str) -> str:
    """As a caller says it: "Representative Rivera"; an office outside Congress by its name."""
    form = _form(target, language)
    return f"{form.full} {_family_name(target)}" if form else _nameless(target, language)


def official_short(target: Target, language: str) -> str:
    """As it is written: "Rep. Rivera"."""
    form = _form(target, language)
    return f"{form.short} {_family_name(target)}" if form else _nameless(target, language)


def official_named(target: Target, language: str) -> str:
    """With the whole name: "Rep. Alma Rivera"; nothing where nobody is named."""
    form = _form(target, language)
    return f"{form.short} {target.name}" if form else target.name


def _form(target: Target, language: str) -> Form | None:
    return FORMS.get(language, FORMS["en"]).get(target.role) if target.name else None


def _family_name(target: Target) -> str:
    return target.family_name or target.name


def _nameless(target: Target, language: str) -> str:
    words = NO_SENATOR if target.role is Role.SENATOR else NOBODY
    return target.name or words.get(language, words["en"])
