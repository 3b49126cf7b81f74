"""What does this text cost as an SMS, and which character makes it so?

A text within the GSM 7-bit alphabet (3GPP TS 23.038) takes 160 characters in one segment; a single
character outside, such as í or a curly quote, turns the whole text to UCS-2 with 70. A carrier bills
segments, so we count them per rendered person, as a merged "María" costs what "Ben" does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Literal

from messages.graphemes import graphemes

LONGEST = 1600
"""Characters a provider takes in one message; Twilio refuses more with error 21617."""

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")  # two septets each: an escape and a code
_GSM = _BASIC | _EXTENSION

_PLAIN_GSM = re.compile(f"[{re.escape(''.join(sorted(_BASIC)))}]*")  # one septet each

_SINGLE = {"GSM-7": 160, "UCS-2": 70}
_PART = {"GSM-7": 153, "UCS-2": 67}  # six bytes of each part say how the parts belong together

# Latin letters and common punctuation: one unit each, and none joins its neighbour.
_STAND_ALONE = re.compile("[\0-\u02ff\u2010-\u2027\u2030-\u205e\u20ac]*")

_PLAIN = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "´": "'", "`": "'", "ʼ": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"', "‹": "'", "›": "'",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "•": "-", "·": "-",
    "…": "...", "°": "o", "⁄": "/", "\t": " ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """What a text takes to send."""

    encoding: Encoding
    characters: int  # as a reader of Unicode counts
    units: int  # septets of GSM-7, or 16-bit units of UCS-2
    segments: int
    costly: tuple[str, ...]  # the characters that made it UCS-2, each once, in order


def measure(text: str) -> Measure:
    """Measure a text as it will be sent, composed (NFC): a loose accent would cost as an emoji does."""
    if _PLAIN_GSM.fullmatch(text):  # most texts, and a fifth of the work
        return Measure("GSM-7", len(text), len(text), _loose_segments(len(text), "GSM-7"), ())
    text = unicodedata.normalize("NFC", text)
    outside = frozenset(text) - _GSM
    encoding: Encoding = "UCS-2" if outside else "GSM-7"
    units = _ucs2_units(text) if outside else _septets(text)
    costly = tuple(dict.fromkeys(c for c in text if c in outside)) if outside else ()
    return Measure(encoding, len(text), units, _segments(text, encoding, units), costly)


def segments(text: str) -> int:
    """How many segments a text takes, and nothing else about it."""
    if _PLAIN_GSM.fullmatch(text):
        return _loose_segments(len(text), "GSM-7")
    return measure(text).segments


def plain_twin(text: str) -> str:
    """Write the same text within GSM-7: í becomes i, curly quotes straight; é, ñ, ü, ¿ and ¡ stay.

    An emoji is left out. A letter that has no plain twin, as in Cyrillic, becomes a question mark:
    show the twin to its writer before using it.
    """
    composed = unicodedata.normalize("NFC", text)
    plain = "".join(c if c in _GSM else _plain_character(c) for c in composed)
    return re.sub(r"(?<=\S) {2,}(?=\S)", " ", plain).strip(" ") if plain != composed else plain


def cost(segments: int, *, price: Decimal) -> Decimal:
    """Return the price of so many segments, rounded up to the cent."""
    return (segments * price).quantize(Decimal("0.01"), ROUND_UP)


def _septets(text: str) -> int:
    return len(text) + sum(text.count(c) for c in _EXTENSION)


def _ucs2_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _segments(text: str, encoding: Encoding, units: int) -> int:
    if units <= _SINGLE[encoding]:
        return _loose_segments(units, encoding)
    sizes: Iterator[int]
    if encoding == "GSM-7":
        loose, sizes = units == len(text), (2 if c in _EXTENSION else 1 for c in text)
    else:
        loose, sizes = _STAND_ALONE.fullmatch(text) is not None, _ucs2_sizes(text)
    return _loose_segments(units, encoding) if loose else _parts(sizes, _PART[encoding])


def _loose_segments(units: int, encoding: Encoding) -> int:
    """The segments of a text that may be cut anywhere."""
    return min(units, 1) if units <= _SINGLE[encoding] else -(-units // _PART[encoding])


def _parts(sizes: Iterable[int], room: int) -> int:
    """Count the parts that hold these pieces in order, none of them split."""
    parts, free = 0, 0
    for size in sizes:
        if size > free:
            parts, free = parts + 1, room
        free -= size
    return parts


def _ucs2_sizes(text: str) -> Iterator[int]:
    """Yield the sizes of what stays together: what a reader sees as one, unless it fills a part."""
    for cluster in graphemes(text):
        size = _ucs2_units(cluster)
        if size <= _PART["UCS-2"]:
            yield size
        else:
            yield from (_ucs2_units(character) for character in cluster)


def _plain_character(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    parts = (_PLAIN.get(c, c) for c in unicodedata.normalize("NFKD", character))
    bare = "".join(c for c in parts if c in _GSM)
    if bare:
        return bare
    if unicodedata.category(character)[0] == "Z":
        return " "
    return "?" if unicodedata.category(character)[0] in "LN" else ""
