"""In which district does a street address lie? Asked of the Census Bureau's geocoder; off unless set.

It sees a home address, so it is asked from here and not by a browser, only with what a form has
brought by POST. Nothing of it is logged or kept: what comes back is a district, or why there is none.
Layers and fields carry the number of a Congress ("119th Congressional Districts", "CD119") and are
recognised by their pattern: https://geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

from representatives.maps import congress_at, holds
from representatives.relations import AT_LARGE, FIPS

LAYER = re.compile(r"([0-9]{1,3})(?:st|nd|rd|th) Congressional Districts?")
LARGEST = 1_000_000  # bytes of an answer; a real one has some twenty thousand
ASKED = {
    "benchmark": "Public_AR_Current",
    "vintage": "Current_Current",
    "layers": "all",
    "format": "json",
}


class Miss(StrEnum):
    """Why an address tells no district; all candidates then stay."""

    NO_MATCH = "no_match"  # the geocoder does not know the address
    SEVERAL = "several"  # it may lie in more than one district
    OTHER_LINES = "other_lines"  # only lines were told that do not count today
    UNAVAILABLE = "unavailable"  # no answer in time, or none that can be read


@dataclass(frozen=True, order=True)
class Located:
    """A district on the lines of a Congress."""

    state: str
    number: int  # 0 = at large or delegate
    congress: int


class Unreadable(ValueError):
    """The geocoder's answer is not of the form that its manual describes."""


@dataclass(frozen=True)
class Geocoder:
    """Where the geocoder is, and how long we wait for it."""

    url: str
    timeout_seconds: float

    async def find(self, address: str, *, now: datetime) -> Located | Miss:
        """The district of an address; never raises for what goes wrong on the way."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                answer = await self._ask(address)
            return judge(matches(answer), now)
        except (ClientError, OSError, TimeoutError, ValueError):
            return Miss.UNAVAILABLE  # unlogged: these exceptions quote the address

    async def _ask(self, address: str) -> Any:
        """The parsed answer. A redirect is not followed: the address would go to somebody else."""
        timeout = ClientTimeout(total=self.timeout_seconds)
        async with (
            ClientSession(timeout=timeout) as session,
            session.get(
                self.url, params={"address": address, **ASKED}, allow_redirects=False
            ) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise Unreadable
            body = await answer.content.read(LARGEST + 1)
            while len(body) <= LARGEST and (more := await answer.content.read(LARGEST)):
                body += more
        if len(body) > LARGEST:
            raise Unreadable
        return orjson.loads(body)


def matches(answer: Any) -> list[frozenset[Located]]:
    """For each address that matched, the districts it lies in, by Congress. Raises Unreadable."""
    try:
        found = answer["result"]["addressMatches"]
        return [frozenset(_districts(match["geographies"])) for match in found]
    except (AttributeError, KeyError, TypeError) as error:
        raise Unreadable from error


def judge(found: list[frozenset[Located]], now: datetime) -> Located | Miss:
    """The one district that all matches lie in, on lines that count at this moment."""
    if not found:
        return Miss.NO_MATCH
    if not all(found):
        return Miss.UNAVAILABLE
    standing = [_standing(each, now) for each in found]
    if None in standing:
        return Miss.OTHER_LINES
    different = {(each.state, each.number) for each in standing if each is not None}
    return standing[0] or Miss.OTHER_LINES if len(different) == 1 else Miss.SEVERAL


def _standing(found: frozenset[Located], now: datetime) -> Located | None:
    """The district on the lines of the Congress that sits, or on others that are the same there."""
    hold = [each for each in found if holds(each.state, each.number, each.congress, now)]
    sits = congress_at(now)
    return min(hold, key=lambda each: abs(each.congress - sits), default=None)


def _districts(layers: Mapping[str, Any]) -> Iterator[Located]:
    for name, records in layers.items():
        if layer := LAYER.fullmatch(name.strip()):
            for record in records:
                if located := _district(record, int(layer[1])):
                    yield located


def _district(record: Mapping[str, Any], congress: int) -> Located | None:
    """A record's district; water and what is in no district ("ZZ") is none."""
    state, code = FIPS.get(str(record["STATE"])), str(record[f"CD{congress}"])
    if state is None or not re.fullmatch(r"[0-9]{2}", code):
        return None
    return Located(state, 0 if code in AT_LARGE else int(code), congress)
