"""Whose a number of +1 is, and what a list of countries lets through."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contacts.addresses import BadPhone, persons_phone, plain_north_american
from contacts.countries import (
    AT_HOME,
    UnknownCountry,
    area_codes,
    calling_codes,
    parse,
    textable,
    withheld_area_codes,
)


@example(area="600", line=2_038_633)  # Canada's, of no town
@given(st.sampled_from(sorted(area_codes())), st.integers(2_000_000, 9_999_999))
def test_an_area_code_is_whose_the_library_says(area: str, line: int) -> None:
    phone = plain_north_american(f"{area}{line}")
    if phone is None or not area_codes()[area]:
        return

    number = phonenumbers.parse(phone)

    assert phonenumbers.region_code_for_number(number) == area_codes()[area]


def test_the_united_states_and_canada_are_not_taken_for_islands() -> None:
    withheld = withheld_area_codes(AT_HOME)

    assert {"242", "809", "876", "900", "800"} <= set(withheld)
    assert not {"212", "608", "416", "787", "340", "671"} & set(withheld)
    assert len(withheld) < 60


def test_el_salvador_is_only_texted_where_it_is_named() -> None:
    assert not textable("+50370001234", AT_HOME)
    assert textable("+50370001234", (*AT_HOME, "SV"))
    assert calling_codes(("US", "SV")) == ("+503",)


def test_a_list_is_read_in_any_case_and_each_country_once() -> None:
    assert parse(["us", " CA ", "US"]) == ("US", "CA")


@pytest.mark.parametrize("codes", [[], ["USA"], ["US", "+503"], [""]])
def test_what_is_no_list_of_countries_is_refused(codes: list[str]) -> None:
    with pytest.raises(UnknownCountry, match="two-letter code"):
        parse(codes)


@pytest.mark.parametrize(
    "text", ["800-555-0199", "+1 900 555 0199", "(888) 555-0199", "+44 909 8790000", "+44 800 1111"]
)
def test_a_number_that_charges_is_nobodys_own(text: str) -> None:
    with pytest.raises(BadPhone, match="toll-free, premium or shared-cost"):
        persons_phone(text)


@pytest.mark.parametrize("text", ["(608) 555-0123", "+503 7000-1234", "+44 7911 123456"])
def test_a_persons_own_number_is_taken(text: str) -> None:
    assert persons_phone(text).startswith("+")
