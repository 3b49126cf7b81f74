"""An address has one spelling, and the fast way to it is the library's own."""

from __future__ import annotations

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from contacts.addresses import (
    BadEmail,
    BadPhone,
    BadZip,
    masked,
    normalise_email,
    normalise_phone,
    normalise_zip,
)

DIGITS = "0123456789"
SPELLINGS = st.sampled_from(
    [
        "{a}{b}{c}",
        "({a}) {b}-{c}",
        "{a}-{b}-{c}",
        "+1{a}{b}{c}",
        "1 {a} {b} {c}",
        "+1 ({a}) {b}.{c}",
    ]
)


def by_library(text: str, region: str = "US") -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def ours(text: str, region: str = "US") -> str | None:
    try:
        return normalise_phone(text, region)
    except BadPhone:
        return None


@given(
    SPELLINGS,
    st.text(DIGITS, min_size=3, max_size=3),
    st.text(DIGITS, min_size=3, max_size=3),
    st.text(DIGITS, min_size=4, max_size=4),
    st.sampled_from(["US", "CA", "SV"]),
)
def test_the_fast_way_says_what_the_library_says(
    spelling: str, a: str, b: str, c: str, region: str
) -> None:
    text = spelling.format(a=a, b=b, c=c)

    assert ours(text, region) == by_library(text, region)


@given(st.text("0123456789 ()+-.x", max_size=20))
def test_scribbles_come_to_what_the_library_says(text: str) -> None:
    assert ours(text) == by_library(text)


@given(SPELLINGS, st.sampled_from(["6085550101", "2025550143", "7875550100", "9075550100"]))
def test_every_spelling_of_a_number_is_one_number(spelling: str, number: str) -> None:
    text = spelling.format(a=number[:3], b=number[3:6], c=number[6:])

    assert normalise_phone(text) == f"+1{number}"
    assert normalise_phone(normalise_phone(text)) == f"+1{number}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("555-0101", "no|not"),
        ("", "is not a phone number"),
        ("ask her sister", "is not a phone number"),
        ("608-555-0101 ext. 4", "has an extension"),
        ("123 456 7890", "hands out"),
        ("6" * 200, "is not a phone number"),
    ],
)
def test_a_bad_phone_is_told_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(BadPhone, match=told):
        normalise_phone(text)


def test_a_salvadoran_number_keeps_its_country() -> None:
    assert normalise_phone("+503 2222-3333") == "+50322223333"
    assert normalise_phone("2222 3333", "SV") == "+50322223333"


LOCALS = st.text("abcXYZ019._+-'", min_size=1, max_size=70)
DOMAINS = st.sampled_from(
    ["example.org", "Example.ORG", "mail.example.co.uk", "localhost", "x.test", "-bad.org", "a..b"]
)


@given(LOCALS, DOMAINS)
def test_an_email_is_what_the_library_says_folded(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    try:
        expected = validate_email(text, check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        with pytest.raises(BadEmail, match="is not an email address"):
            normalise_email(text)
        return

    assert normalise_email(text) == expected
    assert normalise_email(f" {text.upper()} ") == expected


def test_an_unpronounceable_domain_is_spelt_as_people_read_it() -> None:
    assert normalise_email("J@XN--MNCHEN-3YA.de") == "j@münchen.de"


@pytest.mark.parametrize(
    ("text", "zip_code"),
    [("", ""), (" 02139 ", "02139"), ("02139-4307", "02139"), ("02139 4307", "02139")],
)
def test_a_zip_keeps_its_leading_zero(text: str, zip_code: str) -> None:
    assert normalise_zip(text) == zip_code


@pytest.mark.parametrize("text", ["2139", "0213", "021390", "O2139", "02139-", "٠٢١٣٩"])
def test_a_bad_zip_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(BadZip, match="write five digits"):
        normalise_zip(text)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+16085550123", "(608) •••-••23"),
        ("+50322223333", "+503•••33"),
        ("amina@example.org", "a•••@example.org"),
    ],
)
def test_a_masked_address_can_be_recognised_but_not_used(address: str, shown: str) -> None:
    assert masked(address) == shown
