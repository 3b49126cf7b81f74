"""Which colours an email wears: words can be read in each of them, whatever accent a project chose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.email_colors import BadColor, contrast, is_moved, palette, read_color

COLORS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(COLORS)
def test_words_can_be_read_in_the_colours_of_any_accent(accent: str) -> None:
    colors = palette(accent)

    assert contrast(colors.link, colors.sheet) >= 4.5
    assert contrast(colors.link, colors.box) >= 4.5
    assert contrast(colors.link_dark, colors.sheet_dark) >= 4.5
    assert contrast(colors.link_dark, colors.box_dark) >= 4.5
    assert contrast(colors.on_button, colors.button) >= 4.5
    assert contrast(colors.on_button_dark, colors.button_dark) >= 4.5
    assert contrast(colors.button_dark, colors.sheet_dark) >= 3


def test_the_layouts_own_colours_can_be_read() -> None:
    colors = palette("#27357e")

    for words, behind in (
        (colors.ink, colors.sheet),
        (colors.ink, colors.box),
        (colors.soft, colors.sheet),
        (colors.ink_dark, colors.sheet_dark),
        (colors.ink_dark, colors.box_dark),
        (colors.soft_dark, colors.sheet_dark),
    ):
        assert contrast(words, behind) >= 4.5


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("typed", "read"), [(" #27357E ", "#27357e"), ("27357e", "#27357e"), ("#fa0", "#ffaa00")]
)
def test_a_colour_is_read_as_people_write_it(typed: str, read: str) -> None:
    assert read_color(typed) == read


@pytest.mark.parametrize("typed", ["", "blue", "#12345", "#12345g"])
def test_anything_else_is_no_colour(typed: str) -> None:
    with pytest.raises(BadColor, match="six digits"):
        read_color(typed)


def test_a_faint_accent_is_moved_for_words_and_kept_for_the_button() -> None:
    assert is_moved("#f2b632")
    assert not is_moved("#27357e")
    assert palette("#f2b632").button == "#f2b632"
