"""What is a time zone called? By its city and by its clock, as the language says it: "El Salvador (Central Standard Time)"."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import get_timezone_location, get_timezone_name

HALF_A_YEAR = timedelta(days=183)


def zone_name(zone: str, locale: Locale | str, *, year: int) -> str:
    """A zone by its city, and by its clock where that has a name. Unknown zones are called as they are."""
    try:
        place = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return zone
    city = get_timezone_location(place, locale=locale, return_city=True).rpartition("/")[2]
    clock = clock_name(zone, locale, year=year)
    return f"{city} ({clock})" if clock else city


@lru_cache(maxsize=1024)
def clock_name(zone: str, locale: Locale | str, *, year: int) -> str:
    """What people call a zone's clock, such as "Eastern Time"; "" where it has no name.

    A place that does not change its clocks has standard time all year, and says so: half of the year its
    hour is another than that of its neighbours.
    """
    place = ZoneInfo(zone)
    january = datetime(year, 1, 1, tzinfo=place)
    changes = january.utcoffset() != (january + HALF_A_YEAR).utcoffset()
    name = get_timezone_name(
        place, width="long", zone_variant="generic" if changes else "standard", locale=locale
    )
    # Without a name of its own Babel makes one of the place, in Spanish a wrong one.
    return "" if name == get_timezone_location(place, locale=locale) else name
