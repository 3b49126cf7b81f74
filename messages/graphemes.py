"""What a reader sees as one character: a letter with its marks, a flag, a family of emoji.

The common cases of Unicode's extended grapheme clusters (UAX 29), enough for text messages: marks,
joined emoji, skin tones, flags, keycaps. Rarer scripts' conjuncts count as several.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"


def graphemes(text: str) -> list[str]:
    """Cut a text where a reader would."""
    clusters: list[str] = []
    for character in text:
        if clusters and _continues(clusters[-1], character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _continues(cluster: str, character: str) -> bool:
    if character.isascii() or cluster in {"\r", "\n"}:
        return False
    return (
        character == _JOINER
        or unicodedata.category(character) in {"Mn", "Mc", "Me"}
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # the tags in the flags of Wales or Texas
        or (cluster[-1] == _JOINER and unicodedata.category(character) == "So")
        or (len(cluster) == 1 and _is_regional(cluster) and _is_regional(character))
    )


def _is_regional(character: str) -> bool:
    """Two regional indicators in a row make one flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"
