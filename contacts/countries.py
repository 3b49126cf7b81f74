"""In which countries may numbers be texted? An allow-list, for money and for people's safety.

Texts to islands that share +1 with us cost many times what one to Boston costs, and some go to numbers
that pay their owner (https://www.twilio.com/docs/glossary/what-is-sms-pumping-fraud). A text to
El Salvador can put somebody at risk: who is texted by whom can be read there.

+1 belongs to some twenty-five countries, told apart by the area code. Elsewhere the calling code is all
that is looked at: who allows Britain allows Jersey, which shares +44 with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from contacts.addresses import NORTH_AMERICA

# The United States with its territories, and Canada.
AT_HOME = ("US", "CA", "PR", "VI", "GU", "AS", "MP")
AT_RISK = "SV"  # never by default: see above
PLUS_ONE = "+1"
AREA_CODES = range(200, 1000)
SOME_LINE = "2345678"  # makes a number of any area code

_NOBODYS = ("toll_free", "premium_rate", "shared_cost", "personal_number")
_CANADAS = ("fixed_line", "voip")  # 600 is Canada's and of no town


class UnknownCountry(ValueError):
    """A list of countries that names something else."""


def spelt(countries: Iterable[str]) -> str:
    """A list as a message keeps it: "US CA"."""
    return " ".join(countries)


def parse(codes: Iterable[str]) -> tuple[str, ...]:
    """Two-letter codes in capitals, each once. Raises UnknownCountry."""
    found = tuple(dict.fromkeys(code.strip().upper() for code in codes))
    unknown = [code for code in found if code not in phonenumbers.SUPPORTED_REGIONS]
    if unknown or not found:
        named = ", ".join(repr(code) for code in unknown) or "an empty list"
        raise UnknownCountry(f"{named} is not a country's two-letter code; write US, CA or PR")
    return found


@cache
def calling_codes(countries: Sequence[str]) -> tuple[str, ...]:
    """The calling codes of these countries, "+44" and the like, but for +1."""
    codes = {phonenumbers.country_code_for_region(each) for each in countries}
    return tuple(f"+{code}" for code in sorted(codes - {1}))


@cache
def withheld_area_codes(countries: Sequence[str]) -> tuple[str, ...]:
    """The area codes of +1 that are of no country in the list: islands, and numbers of no place."""
    return tuple(area for area, owner in area_codes().items() if owner not in countries)


@cache
def area_codes() -> Mapping[str, str]:
    """Whose each area code of +1 is, as a country's code; "" of one that is of no place, such as 800."""
    return MappingProxyType({str(area): _owner(str(area)) for area in AREA_CODES})


def textable(phone: str, countries: Sequence[str]) -> bool:
    """Whether a number (E.164) may be texted in bulk: the rule that ``consent.suppression`` has as SQL."""
    if phone.startswith(PLUS_ONE):
        return phone[2:5] not in withheld_area_codes(countries)
    return phone.startswith(calling_codes(countries))


def _owner(area: str) -> str:
    if any(_is(kind, region, area) for kind in _NOBODYS for region in ("US", "CA")):
        return ""
    for region in sorted(NORTH_AMERICA):
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata and metadata.leading_digits and re.fullmatch(metadata.leading_digits, area):
            return region
    return "CA" if any(_is(kind, "CA", area) for kind in _CANADAS) else "US"


def _is(kind: str, region: str, area: str) -> bool:
    """Whether numbers of an area code are of a kind, by the library's own patterns."""
    described = getattr(PhoneMetadata.metadata_for_region(region), kind)
    pattern = described and described.national_number_pattern
    return bool(pattern and re.fullmatch(pattern, area + SOME_LINE))
