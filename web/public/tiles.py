"""A map of tiles: where each state stands, and how dark its tile is; pure.

A square a state says what a map of areas hides: that people in Rhode Island count as much as in Montana.
Where a square stands follows the country, as newspapers draw it; the territories are a row of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actions.addressing import state_name

ROWS = (
    "AK __ __ __ __ __ __ __ __ __ ME",
    "__ __ __ __ __ __ __ __ __ VT NH",
    "WA ID MT ND MN WI MI __ NY MA RI",
    "OR NV WY SD IA IL IN OH PA NJ CT",
    "CA UT CO NE MO KY WV VA MD DE __",
    "__ AZ NM KS AR TN NC SC DC __ __",
    "__ __ __ OK LA MS AL GA __ __ __",
    "HI __ __ TX __ __ __ __ FL __ __",
    "AS GU MP __ __ __ __ __ __ PR VI",
)
SIDE, GAP = 30, 3  # of a tile, in units of the picture
WIDTH = 11 * (SIDE + GAP) - GAP
HEIGHT = len(ROWS) * (SIDE + GAP) - GAP
SHADES = 4  # besides none and hidden


@dataclass(frozen=True)
class Tile:
    """A state on the map."""

    code: str
    name: str
    x: int
    y: int
    count: int | None  # None = some, who are not told
    shade: str  # none | few | s1 … s4, the darkest for the most


def tiles(counts: Mapping[str, int | None], language: str) -> list[Tile]:
    """Every state's tile, in the order of the map."""
    most = max((count for count in counts.values() if count), default=0)
    return [
        Tile(
            code=code,
            name=state_name(code, language),
            x=column * (SIDE + GAP),
            y=row * (SIDE + GAP),
            count=counts.get(code, 0),
            shade=_shade(counts.get(code, 0), most),
        )
        for row, line in enumerate(ROWS)
        for column, code in enumerate(line.split())
        if code != "__"
    ]


def _shade(count: int | None, most: int) -> str:
    if count is None:
        return "few"
    return f"s{-(-SHADES * count // most)}" if count else "none"
