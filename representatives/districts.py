"""What a ZIP tells about the district, and why it sometimes cannot.

One ZIP in six lies in several districts. Where a ZIP cannot tell, the answer says so and why, and
offers the candidates: nobody is ever told the wrong member's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CANDIDATES = 4  # more than that is no question a person can answer; it is "unknown"

SETTLED = "zip_single"
SPLIT = "split"  # the ZIP lies in several districts: ask
MILITARY = "military"  # the voter's home of record counts, not the post office
ASSOCIATED = "associated"  # Micronesia, Marshall Islands, Palau: nobody in Congress
UNKNOWN = "unknown"  # no ZIP, one we do not know, or one with too many candidates

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
    ``district`` is None where open; ``candidates`` are then the districts to choose from, if any.
    """

    state: str
    district: int | None
    how: str
    zones: frozenset[str]
    candidates: tuple[District, ...] = ()


def decide(
    zip_code: str,
    kind: str,
    candidates: tuple[District, ...],
    state_of_prefix: str,
    zones: frozenset[str],
) -> Place:
    """Say what a ZIP tells about the district, from what is on file about it."""
    if kind == "m" or _MILITARY.match(zip_code):
        return Place("", None, MILITARY, zones)
    if kind == "f" or _ASSOCIATED.match(zip_code):
        return Place("", None, ASSOCIATED, zones)
    if len(candidates) == 1:
        return Place(candidates[0].state, candidates[0].number, SETTLED, zones)
    if candidates:
        return _open(candidates, zones)
    territory = next((code for rule, code in _TERRITORIES if rule.match(zip_code)), None)
    if territory:
        return Place(territory, 0, SETTLED, zones)
    return Place(state_of_prefix, None, UNKNOWN, zones)


def _open(candidates: tuple[District, ...], zones: frozenset[str]) -> Place:
    states = {candidate.state for candidate in candidates}
    state = candidates[0].state if len(states) == 1 else ""
    if len(candidates) > MOST_CANDIDATES:
        return Place(state, None, UNKNOWN, zones)
    return Place(state, None, SPLIT, zones, candidates)
