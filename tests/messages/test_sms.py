"""Encoding, segments and twins of SMS, checked against a second opinion on the alphabet."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.graphemes import graphemes
from messages.sms import cost, measure, plain_twin

ORACLE = gsm0338.Codec()
FAMILY = "👨‍👩‍👧‍👦"  # eleven 16-bit units


def septets(text: str) -> int | None:
    """What the independent codec makes of a text; None where it is not in the alphabet."""
    try:
        return len(ORACLE.encode(text)[0])
    except UnicodeEncodeError:
        return None


def fill_parts(sizes: list[int], single: int, room: int) -> int:
    """A plain second way of counting parts."""
    if sum(sizes) <= single:
        return 1 if sizes else 0
    parts = [0]
    for size in sizes:
        if parts[-1] + size > room:
            parts.append(0)
        parts[-1] += size
    return len(parts)


def test_the_alphabet_is_that_of_the_standard() -> None:
    for code in range(0x3000):
        character = chr(code)
        if character == "\x1b" or unicodedata.normalize("NFC", character) != character:
            continue
        expected = septets(character)
        measured = measure(character)
        assert (measured.encoding == "GSM-7") == (expected is not None), hex(code)
        if expected is not None:
            assert measured.units == expected, hex(code)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the pair does not fit the first part's last septet
        ("í" * 70, 1),
        ("í" * 71, 2),
        ("í" * 134, 2),
        ("í" * 135, 3),
        ("í" * 66 + "😀" + "í" * 66, 3),  # nor the surrogate pair
        ("í" * 60 + FAMILY + "í" * 60, 3),  # nor the family
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments_are_as_carriers_count_them(text: str, segments: int) -> None:
    assert measure(text).segments == segments


def test_the_characters_that_cost_are_named_once_in_order() -> None:
    measured = measure("“María” llamó — María: ¿cuándo?")

    assert measured.encoding == "UCS-2"
    assert measured.costly == ("“", "í", "”", "ó", "—", "á")


def test_spanish_within_the_alphabet_costs_nothing_more() -> None:
    measured = measure("¡Señor, señora! ¿Qué pingüino? É à ü Ñ Ü ñ")

    assert measured.encoding == "GSM-7"
    assert measured.costly == ()


def test_a_loose_accent_is_composed_before_measuring() -> None:
    assert measure("e\u0301") == measure("é")
    assert measure("n\u0303").encoding == "GSM-7"


@given(st.text(alphabet="aZ ñé€[|~\n", max_size=500))
def test_gsm_segments_agree_with_the_independent_alphabet(text: str) -> None:
    measured = measure(text)

    assert measured.units == septets(text)
    assert measured.segments == fill_parts([septets(c) or 0 for c in text], 160, 153)


@given(st.lists(st.sampled_from(["í", "a", "😀", FAMILY, "👍🏽", "🇸🇻", "2️⃣", "é"]), max_size=120))
def test_ucs2_keeps_together_what_a_reader_sees_as_one(characters: list[str]) -> None:
    text = "".join(characters)
    sizes = [len(cluster.encode("utf-16-le")) // 2 for cluster in graphemes(text)]
    measured = measure(text)

    if measured.encoding == "UCS-2":
        assert measured.segments == fill_parts(sizes, 70, 67)


@given(st.text(max_size=300))
def test_measuring_any_text_gives_enough_room(text: str) -> None:
    measured = measure(text)
    room = 153 if measured.encoding == "GSM-7" else 67

    assert measured.segments * room >= measured.units or measured.segments == 1
    assert bool(measured.costly) == (measured.encoding == "UCS-2")


def test_a_mark_that_fills_a_part_by_itself_is_split() -> None:
    assert measure("a" + "\u0336" * 200).segments == 3


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("María llamó: ¿cuándo? ¡Así!", "Maria llamo: ¿cuando? ¡Asi!"),
        ("Él, señor Núñez, pingüino à la É", "Él, señor Nuñez, pingüino à la É"),
        ("“Sí” — dijo…", '"Si" - dijo...'),
        ("a\u00a0b\u2009c", "a b c"),
        ("½ Ç ç ª º °", "1/2 Ç c a o o"),
        ("Llame ya 📞 por favor", "Llame ya por favor"),
        ("🛑 Llame ya", "Llame ya"),
        ("São João", "Sao Joao"),
        ("Иван", "????"),
        ("1,600 € [x]", "1,600 € [x]"),
        ("a  b", "a  b"),
    ],
)
def test_the_plain_twin_keeps_what_the_alphabet_has(text: str, twin: str) -> None:
    assert plain_twin(text) == twin


@given(st.text(max_size=300))
def test_the_plain_twin_is_always_cheap_and_its_own_twin(text: str) -> None:
    twin = plain_twin(text)

    assert measure(twin).encoding == "GSM-7"
    assert plain_twin(twin) == twin


def test_cost_is_rounded_up_to_the_cent() -> None:
    assert cost(3, price=Decimal("0.0083")) == Decimal("0.03")
    assert cost(0, price=Decimal("0.0083")) == Decimal("0.00")
