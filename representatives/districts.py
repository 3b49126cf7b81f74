"""What a ZIP tells about the district, and why it sometimes cannot.

One ZIP in six lies in several districts. Where a ZIP cannot tell, the answer says so and why, and
offers the candidates: nobody is ever told the wrong member's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from representatives.maps import CONGRESS

MOST_CANDIDATES = 4  # more than that is no question a person can answer

# How a district is known; it goes into ``contacts.district_how``.
SETTLED = "zip_single"  # the ZIP lies in one district
PICKED = "picked"  # the person chose among those their ZIP allows
ADDRESS = "address"  # the Census geocoder found it by a street address, which was not kept
ORGANIZER = "organizer"  # an organizer said so, which always wins
BY_HAND = (PICKED, ADDRESS, ORGANIZER)  # what a data set does not undo while its lines hold

# Why it is open; each has its own next step.
SPLIT = "split"  # the ZIP lies in several districts: ask
BOX = "box"  # post-office boxes: where mail is read is not where one votes: ask
MANY = "many"  # too many candidates to ask about
MILITARY = "military"  # the voter's home of record counts, not the post office
ASSOCIATED = "associated"  # Micronesia, Marshall Islands, Palau: nobody in Congress
UNKNOWN = "unknown"  # no ZIP, or one we do not know
LAPSED = "lapsed"  # the state has new lines, and we only have the old ones
OPEN = (SPLIT, BOX, MANY, MILITARY, ASSOCIATED, UNKNOWN, LAPSED)

BOXES = "p"  # the kind of a ZIP without an area: boxes, a single building

_MILITARY = re.compile(r"09|340|96[2-6]")
_ASSOCIATED = re.compile(r"9694[1-4]|96960|96970|96939|96940|96898")  # the last is Wake Island
_TERRITORIES = (
    (re.compile(r"00[679]"), "PR"),
    (re.compile(r"008"), "VI"),
    (re.compile(r"969[1-3]"), "GU"),
    (re.compile(r"9695"), "MP"),
    (re.compile(r"96799"), "AS"),
)


@dataclass(frozen=True)
class District:
    """A district of the House; number 0 is a state at large, or a delegate's."""

    state: str
    number: int


@dataclass(frozen=True)
class Place:
    """What follows from a ZIP: the district, or why it is open, and where the clock stands.

    ``state`` is "" where it is open too: for ZIPs across a state line and for military mail.
    ``district`` is None where open; ``candidates`` are then the districts to choose from, if any,
    and ``states`` those the ZIP lies in. ``congress`` is the one whose lines were followed.
    """

    state: str
    district: int | None
    how: str
    zones: frozenset[str]
    candidates: tuple[District, ...] = ()
    states: tuple[str, ...] = ()
    congress: int = CONGRESS


@dataclass(frozen=True)
class ZipLines:
    """What is on file about the lines across a ZIP."""

    kind: str  # z area, p boxes, m military, f associated; "" = not listed
    candidates: tuple[District, ...]
    state_of_prefix: str  # "" where it is of no use
    congress: int  # whose lines these are
    lapsed: bool = False  # they moved in a state that the ZIP touches


def decide(zip_code: str, lines: ZipLines, zones: frozenset[str]) -> Place:
    """Say what a ZIP tells about the district, from what is on file about it."""
    if lines.kind == "m" or _MILITARY.match(zip_code):
        return Place("", None, MILITARY, zones, congress=lines.congress)
    if lines.kind == "f" or _ASSOCIATED.match(zip_code):
        return Place("", None, ASSOCIATED, zones, congress=lines.congress)
    if lines.candidates:
        return _among(lines, zones)
    territory = next((code for rule, code in _TERRITORIES if rule.match(zip_code)), None)
    if territory:
        return Place(territory, 0, SETTLED, zones, congress=lines.congress)
    return Place(lines.state_of_prefix, None, UNKNOWN, zones, congress=lines.congress)


def _among(lines: ZipLines, zones: frozenset[str]) -> Place:
    """The one district there is, if it may be taken for granted, or what stands in the way."""
    candidates = lines.candidates
    states = tuple(sorted({each.state for each in candidates}))
    state = states[0] if len(states) == 1 else ""
    if lines.lapsed:
        return Place(state, None, LAPSED, zones, (), states, lines.congress)
    if len(candidates) > MOST_CANDIDATES:
        return Place(state, None, MANY, zones, (), states, lines.congress)
    if lines.kind == BOXES:
        return Place(state, None, BOX, zones, candidates, states, lines.congress)
    if len(candidates) > 1:
        return Place(state, None, SPLIT, zones, candidates, states, lines.congress)
    return Place(state, candidates[0].number, SETTLED, zones, (), states, lines.congress)
