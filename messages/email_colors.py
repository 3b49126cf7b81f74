"""Which colours can an email of a project wear? Its own accent, moved where nobody could read it.

Contrast is WCAG 2's. Mail programs turn pages dark in their own ways, so nothing relies on a picture or on a
background that is the only thing to tell two words apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ACCENT = "#27357e"  # of the network, and of projects that chose none
READABLE = 4.5  # the contrast of words to what is behind them, WCAG 2.2 AA
WHITE, BLACK = "#ffffff", "#000000"  # on any colour one of them can be read
SHEET_DARK = "#1c1f2b"
BOX, BOX_DARK = "#f4f1e8", "#272b3a"
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_STEP = 0.04  # how far a colour is moved at a time towards black or white


class BadColor(ValueError):
    """A color is six digits such as #27357e: choose it in the field, or copy it from your style guide."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of an email, by light and by dark."""

    accent: str
    link: str
    link_dark: str
    button: str
    on_button: str
    button_dark: str
    on_button_dark: str
    page: str = "#f4f2ec"
    page_dark: str = "#12141c"
    sheet: str = WHITE
    sheet_dark: str = SHEET_DARK
    ink: str = "#1d2130"
    ink_dark: str = "#eceef6"
    soft: str = "#555b6e"
    soft_dark: str = "#b9becf"
    box: str = BOX
    box_dark: str = BOX_DARK
    line: str = "#e2dccd"
    line_dark: str = "#474d63"


def read_color(typed: str) -> str:
    """A colour as people write it, as ``#rrggbb``. Raises BadColor."""
    match = _HEX.fullmatch(typed.strip())
    if match is None:
        raise BadColor(BadColor.__doc__)
    digits = match[1].lower()
    return "#" + (digits if len(digits) > 3 else "".join(each * 2 for each in digits))  # noqa: PLR2004 - #rgb


def palette(accent: str) -> Palette:
    """The colours that go with an accent; each that bears words can be read."""
    button_dark = _moved(accent, WHITE, (SHEET_DARK,), 3.0)  # as a shape; its words are asked below
    return Palette(
        accent=accent,
        link=_moved(accent, "#000000", (WHITE, BOX), READABLE),
        link_dark=_moved(accent, WHITE, (SHEET_DARK, BOX_DARK), READABLE),
        button=accent,
        on_button=_on(accent),
        button_dark=button_dark,
        on_button_dark=_on(button_dark),
    )


def is_moved(accent: str) -> bool:
    """Whether words in this colour would be too faint on white, so that links get a darker one."""
    return palette(accent).link != accent


def contrast(one: str, other: str) -> float:
    """How far two colours are apart, from 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _on(color: str) -> str:
    return max((WHITE, BLACK), key=lambda words: contrast(words, color))


def _moved(color: str, towards: str, behind: tuple[str, ...], least: float) -> str:
    share = 0.0
    moved = color
    while min(contrast(moved, each) for each in behind) < least:
        share += _STEP
        moved = _mixed(color, towards, share)
    return moved


def _mixed(color: str, other: str, share: float) -> str:
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * min(share, 1)):02x}" for a, b in pairs)


def _channels(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def _luminance(color: str) -> float:
    linear = [_linear(each / 255) for each in _channels(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _linear(channel: float) -> float:
    dark = 0.04045
    return channel / 12.92 if channel <= dark else ((channel + 0.055) / 1.055) ** 2.4
