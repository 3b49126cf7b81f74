"""How a phone number, an email address and a ZIP code are spelt once and for all.

Two spellings of one address must never be two addresses: an opt-out is kept per address, and a
capital letter or a pair of brackets would otherwise bring a person back who has said stop.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers.phonemetadata import PhoneMetadata

NORTH_AMERICA = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1])
LONGEST_LOCAL = 64  # characters, of two bytes at most: well below the 254 bytes of RFC 5321
LONGEST_DOMAIN = 100  # bytes; the library decides on longer ones


class BadPhone(ValueError):
    """A phone number that cannot be dialled as it is written."""


class BadEmail(ValueError):
    """An email address that cannot exist as it is written."""


class BadZip(ValueError):
    """Something that is not a five-digit ZIP code."""


def normalise_phone(text: str, region: str = "US") -> str:
    """Spell a phone number in E.164; numbers without a country are taken to be in ``region``.

    Raises BadPhone.
    """
    return plain_north_american(text, region) or _phone_by_library(text, region)


def persons_phone(text: str, region: str = "US") -> str:
    """Spell a phone number of a person's own. Raises BadPhone, also for one that charges its callers.

    Toll-free, premium-rate and shared-cost numbers belong to companies. Who puts a premium one on a list
    is paid for every text that we send there.
    """
    number = normalise_phone(text, region)
    if is_charged(number):
        raise BadPhone(
            f"{_shown(text)} is a toll-free, premium or shared-cost number; write the person's own"
        )
    return number


def is_charged(number: str) -> bool:
    """Whether a number (E.164) is toll-free, of a premium rate or of shared cost."""
    if number.startswith("+1"):
        return bool(_north_american(_CHARGED).fullmatch(number, len("+1")))
    return phonenumbers.number_type(phonenumbers.parse(number)) in (
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
    )


def is_toll_free(number: str) -> bool:
    """Whether a number (E.164) is a toll-free one of +1, which costs those who call it nothing."""
    return number.startswith("+1") and bool(
        _north_american(("toll_free",)).fullmatch(number, len("+1"))
    )


def is_premium(number: str) -> bool:
    """Whether a number (E.164) is of a premium rate: whoever has it earns by being called."""
    if number.startswith("+1"):
        return bool(_north_american(("premium_rate",)).fullmatch(number, len("+1")))
    kind = phonenumbers.number_type(phonenumbers.parse(number))
    return bool(kind == phonenumbers.PhoneNumberType.PREMIUM_RATE)


def normalise_email(text: str) -> str:
    """Spell an email address in one way: trimmed, case-folded, its domain in Unicode.

    Raises BadEmail.
    """
    return plain_email(text) or _email_by_library(text.strip())


def plain_north_american(text: str, region: str = "US") -> str | None:
    """The E.164 form of a plainly written +1 number, or None where the library must decide.

    The library takes some 26 µs a number, a large import a million numbers; this takes a twelfth of
    that and accepts exactly what the library's own patterns accept.
    """
    found = _PLAIN_PHONE.fullmatch(text)
    if not found:
        return None
    country, bracketed, bare, exchange, line = found.groups()
    if region != "US" and not (country or "").startswith("+"):
        return None
    national = f"{bracketed or bare}{exchange}{line}"
    return f"+1{national}" if _north_american().fullmatch(national) else None


def plain_email(text: str) -> str | None:
    """An address of plain characters as the library spells it, or None where it must decide.

    The library takes some 60 µs an address, most of them for a domain that many people share.
    """
    found = _PLAIN_EMAIL.fullmatch(text)
    if not found:
        return None
    local, domain = found.groups()
    known = _plain_domain(domain.lower())
    return f"{local.casefold()}@{known}" if known and len(local) <= LONGEST_LOCAL else None


def normalise_zip(text: str) -> str:
    """Keep the five digits of a ZIP or ZIP+4 as text; an empty text stays empty.

    Raises BadZip.
    """
    text = text.strip()
    if not text:
        return ""
    found = _ZIP.fullmatch(text)
    if not found:
        raise BadZip(f"{_shown(text)} is not a ZIP code; write five digits, such as 02139")
    return found[1]


def masked(address: str) -> str:
    """Show enough of an address to recognise it, too little to use it."""
    if "@" in address:
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    if address.startswith("+1") and len(address) == len("+16085550123"):
        return f"({address[2:5]}) •••-••{address[-2:]}"
    return f"{address[:4]}•••{address[-2:]}"


def veiled(address: str) -> str:
    """Show no more of an address than its owner needs to tell it from their others.

    An own domain names its owner, and a small one their employer.
    """
    if "@" not in address:
        return masked(address)
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain[:1]}•••.{domain.rpartition('.')[2]}"


# A phone as most people write one: an optional +1, an area code with or without brackets, and
# dots, dashes or spaces between.
_PLAIN_PHONE = re.compile(
    r"\s*(\+?1[ .-]?)?(?:\(([2-9][0-9]{2})\)|([2-9][0-9]{2}))[ .-]?([0-9]{3})[ .-]?([0-9]{4})\s*"
)
_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip",
    "pager", "uan", "voicemail",
)  # fmt: skip
_CHARGED = ("toll_free", "premium_rate", "shared_cost")
# An email address of the characters that RFC 5322 allows unquoted and Western letters with accents;
# not ß, which folds to two letters that an accent after it may then join.
_ATOM = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~À-ÖØ-Þà-öø-ÿ-]+"
_LABEL = r"[A-Za-z0-9-]+"
_PLAIN_EMAIL = re.compile(rf"\s*({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})+)\s*")
_ZIP = re.compile(r"([0-9]{5})(?:[- ]?[0-9]{4})?")


@cache
def _north_american(kinds: Sequence[str] = _KINDS) -> re.Pattern[str]:
    """Every valid number of these kinds in the +1 countries: the library's metadata patterns together."""
    patterns = set()
    for region in sorted(NORTH_AMERICA):
        metadata = PhoneMetadata.metadata_for_region(region)
        for kind in kinds:
            description = getattr(metadata, kind)
            if description and description.national_number_pattern:
                patterns.add(description.national_number_pattern)
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns)))


def _phone_by_library(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise BadPhone(f"{_shown(text)} is not a phone number; {_HOW_TO_WRITE_PHONES}") from error
    if number.extension:
        raise BadPhone(f"{_shown(text)} has an extension; write a number that rings directly")
    if not phonenumbers.is_valid_number(number):
        raise BadPhone(
            f"{_shown(text)} is not a number that any country hands out; {_HOW_TO_WRITE_PHONES}"
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_HOW_TO_WRITE_PHONES = "write ten digits, or a plus sign and the country code first"


@lru_cache(maxsize=8192)
def _plain_domain(domain: str) -> str | None:
    """A domain as the library spells it: a list has few domains and many people."""
    try:
        known: str = validate_email(f"a@{domain}", check_deliverability=False).domain.casefold()
    except EmailNotValidError:
        return None
    return known if max(len(domain), len(known.encode())) <= LONGEST_DOMAIN else None


def _email_by_library(text: str) -> str:
    try:
        known = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        reason = str(error).rstrip(".")
        raise BadEmail(f"{_shown(text)} is not an email address: {reason}") from error
    # Composed again, for folding may have put a letter beside an accent that joins it: ß́ and SŚ.
    return unicodedata.normalize("NFC", known.normalized.casefold())


def _shown(text: str) -> str:
    """The text as it stands, in quotation marks, cut where it is too long to read."""
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"  # noqa: PLR2004 - one line on a screen
