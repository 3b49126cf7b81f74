"""How fast an alert leaves now, when it will be done, and whose morning is waited for, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web
from babel import Locale
from babel.dates import format_time, get_timezone_name

from messages.eligibility import family_of
from messages.finishing import Finish, Held, Looks, Rate, finish, gone, held_by_morning
from messages.models import MessageStatus
from web.console.lives import Live
from web.console.viewing import now, read
from web.pages import language_of
from web.translations import REGIONS

LOOKS: web.AppKey[Looks] = web.AppKey("looks", Looks)
SHOWN = 4  # mornings that are named
ROUGH = 20  # copies a minute above which single ones are not told


@dataclass(frozen=True)
class Morning:
    """Copies held until it is day where their people live."""

    count: int
    clock: str  # there, where that is one hour; "" where it is several
    places: str  # the zones by their names


@dataclass(frozen=True)
class Pace:
    """What the page tells of speed and end."""

    rate: Rate | None
    finish: Finish | None
    mornings: Sequence[Morning]
    later: int  # held copies of mornings that are not named

    @property
    def per_minute(self) -> int:
        """About how many copies leave in a minute."""
        exact = self.rate.per_minute if self.rate else 0.0
        return int(round(exact, -1) if exact > ROUGH else round(exact))


async def pace_of(request: web.Request, seen: Live) -> Pace:
    """The pace of a launched alert, of all its committees together."""
    progress, at = seen.progress, now(request)
    moving = progress.status == MessageStatus.SENDING and not seen.undo_seconds(at)
    equation = progress.equation
    looks = request.app[LOOKS]
    rate = looks.rate(progress.message_id, gone(equation), starts_at=progress.starts_at, now=at)
    held: list[Held] = []
    if equation.held:
        family = await read(request, family_of, progress.message_id)
        held = await read(request, held_by_morning, family, now=at)
    told = finish(
        waiting=equation.waiting + equation.sending,
        openings=progress.openings,
        rate=rate,
        starts_at=progress.starts_at,
        expires_at=progress.expires_at,
        now=at,
    )
    named = sorted(held, key=lambda each: -each.count)[:SHOWN]
    return Pace(
        rate=rate if moving and equation.waiting + equation.sending else None,
        finish=told if moving else None,
        mornings=[_morning(each, language_of(request)) for each in named],
        later=equation.held - sum(each.count for each in named),
    )


def _morning(held: Held, language: str) -> Morning:
    clock, places = clock_and_places(held.opens_at, held.zones, language)
    return Morning(held.count, clock, places)


def clock_and_places(at: datetime, names_of: Sequence[str], language: str) -> tuple[str, str]:
    """An instant by the clock of some zones, "" where they show several; and the zones by their names."""
    locale = Locale.parse(REGIONS.get(language, language))
    zones = [ZoneInfo(each) for each in names_of]
    names = dict.fromkeys(
        get_timezone_name(each, width="long", zone_variant="generic", locale=locale)
        for each in zones
    )
    clocks = {format_time(at.astimezone(each), "short", locale=locale) for each in zones}
    one = len(clocks) == 1 and len(names) == 1
    return clocks.pop() if one else "", " / ".join(names)
