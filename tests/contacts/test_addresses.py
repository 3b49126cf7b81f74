"""An address has one spelling, and the fast way to it is the library's own."""

from __future__ import annotations

import unicodedata

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


WRITTEN = (
    "({a}) {b}-{c}", "{a}{b}{c}", "{a}-{b}-{c}", "{a}.{b}.{c}", "{a} {b} {c}", "+1{a}{b}{c}",
    "1-{a}-{b}-{c}", "+1 ({a}) {b}-{c}", " {a}{b}{c} ", "1 ({a}) {b} {c}", "+1.{a}.{b}.{c}",
    "{a}-{b}{c}", "({a}){b}{c}", "\u00a0{a}-{b}-{c}\t", "001 {a} {b} {c}", "{a}/{b}-{c}", "{a}  {b}-{c}",
    "{a}-{b}-{c} x12", "{a}{b}{c} ext 3", "tel:+1-{a}-{b}-{c}", "({a} {b}-{c}", "{a}–{b}–{c}",
)  # fmt: skip
EXCHANGES = ("200", "211", "231", "345", "555", "678", "789", "911", "976", "999", "100", "055")


def test_every_area_code_says_what_the_library_says() -> None:
    """A thousand area codes by twelve exchanges, each spelt in a way whose turn it is."""
    wrong = []
    for number in range(1000 * len(EXCHANGES)):
        area, exchange = divmod(number, len(EXCHANGES))
        spelling = WRITTEN[number % len(WRITTEN)]
        line = f"{number * 7919 % 10_000:04}"
        text = spelling.format(a=f"{area:03}", b=EXCHANGES[exchange], c=line)
        if ours(text) != by_library(text):
            wrong.append(text)

    assert wrong == []


@pytest.mark.parametrize("region", ["US", "CA", "PR", "SV", "ES"])
@pytest.mark.parametrize("spelling", WRITTEN)
def test_every_spelling_says_what_the_library_says(spelling: str, region: str) -> None:
    for a, b, c in (("608", "555", "0123"), ("787", "222", "2222"), ("809", "999", "0000")):
        text = spelling.format(a=a, b=b, c=c)
        assert ours(text, region) == by_library(text, region)


@pytest.mark.parametrize("region", ["US", "SV", "ES"])
@pytest.mark.parametrize(
    "text",
    [
        "+503 2222-3333", "+503 7777 1234", "2222-3333", "7123 4567", "00503 2222 3333",
        "011 503 2222 3333", "+34 612 345 678", "612 345 678", "912345678", "+52 55 1234 5678",
        "n/a", "none", "call me", "same", "-", "0", "555-0101", "000-000-0000", "1234567890",
        "608-555-010", "608-555-01011", "+1 608", "+99 1", "1-800-FLOWERS", "608 555 0101 / 0102",
        "６０８５５５０１０１", "٦٠٨٥٥٥٠١٠١", "608-555-0101;ext=7", "+16085550101,,9#", "", "+", "1" * 40,
    ],
)  # fmt: skip
def test_numbers_from_elsewhere_and_garbage_come_to_what_the_library_says(
    text: str, region: str
) -> None:
    assert ours(text, region) == by_library(text, region)


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


LOCALS = st.text("abcXYZ019._+-'!#/=?~ñßÉøµ¼ĳ×\u0301(\"", min_size=1, max_size=70)
DOMAINS = st.sampled_from(
    ["example.org", "Example.ORG", "mail.example.co.uk", "localhost", "x.test", "-bad.org", "a..b"]
)


@given(LOCALS, DOMAINS)
def test_an_email_is_what_the_library_says_folded(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    try:
        known = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        with pytest.raises(BadEmail, match="is not an email address"):
            normalise_email(text)
        return
    expected = unicodedata.normalize("NFC", known.casefold())

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
