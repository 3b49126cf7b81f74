"""Text without its case and accents, as it is compared and searched on both databases."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def folded(text: str) -> str:
    """Fold case and accents: equal results mean "the same to a person who types in a hurry"."""
    if text.isascii():  # nothing to decompose: most names, every address
        return " ".join(text.lower().split())
    return _folded(text)


@lru_cache(maxsize=8192)  # the same names come again and again
def _folded(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())
