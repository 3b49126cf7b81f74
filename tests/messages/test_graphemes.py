"""Where a reader would cut a text."""

from __future__ import annotations

import pytest

from messages.graphemes import graphemes

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("año", ["a", "ñ", "o"]),
        (FAMILY + "!", [FAMILY, "!"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("🇸🇻🇺🇸🇺", ["🇸🇻", "🇺🇸", "🇺"]),
        ("2️⃣3", ["2️⃣", "3"]),
        ("x\u0336y", ["x\u0336", "y"]),
        ("\n\u0301", ["\n", "\u0301"]),
    ],
)
def test_a_text_is_cut_where_a_reader_would(text: str, clusters: list[str]) -> None:
    assert graphemes(text) == clusters
