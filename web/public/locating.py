"""Find a visitor's district by their street address, which goes to the geocoder and nowhere else."""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from actions.flooding import count_answer
from actions.whereabouts import NotACandidate, is_plausible, place_by_address
from representatives.districts import LAPSED, SPLIT
from web.geocoding import Located, Miss
from web.keys import CLOCK, DATABASE, SITE
from web.public.acting import address_of, delivery_of, form_of, kept, visitor_of, where_of
from web.public.limits import sources
from web.public.visits import BY_ADDRESS, BadAnswer, Visit, Visitor, is_own, visit

LONGEST = 200  # characters of an address
ELSEWHERE = "elsewhere"  # the address lies in another state than the ZIP


async def locate_personal(request: web.Request) -> NoReturn:
    """Remember the district of a supporter's address, not the address."""
    visitor = Visitor(delivery_id=delivery_of(request), where=where_of(request))
    seen, found = await _ask(request, visitor)
    contact_id = seen.person.contact_id if seen.person else None
    if isinstance(found, Located) and contact_id is not None and is_own(visitor.where):
        try:
            await request.app[DATABASE].write(
                place_by_address, contact_id, found.state, found.number, now=request.app[CLOCK]()
            )
        except NotACandidate:
            _back(request, ELSEWHERE)
        query = {name: value for name, value in kept(request).items() if name != "district"}
        raise web.HTTPSeeOther(address_of(_page(request), query))
    _back(request, found)


async def locate_shared(request: web.Request) -> NoReturn:
    """Show a visitor the members for their address; only the district stands in the page's address."""
    _, found = await _ask(request, visitor_of(request))
    _back(request, found)


async def _ask(request: web.Request, visitor: Visitor) -> tuple[Visit, Located | str]:
    """The district of the address in a form, or why there is none.

    Raises BadAnswer where addresses are not looked up, TooOften, CrossSite and NoSuchPage. No
    transaction is open while the geocoder thinks.
    """
    app, now = request.app, request.app[CLOCK]()
    geocoder, form = app[SITE].geocoder, await form_of(request)
    typed = " ".join(form.get("address", "").split())
    if geocoder is None or len(typed) > LONGEST:
        raise BadAnswer(BadAnswer.__doc__)
    counted = sources(request, visitor.delivery_id)
    await app[DATABASE].write(count_answer, counted, now=now)
    seen = await app[DATABASE].read(visit, visitor, now=now)
    found = await geocoder.find(_line(typed, seen), now=now) if typed else Miss.NO_MATCH
    if isinstance(found, Located) and not is_plausible(seen.at, found.state):
        return seen, ELSEWHERE
    return seen, found


def _line(typed: str, seen: Visit) -> str:
    """The address in one line; the ZIP of a home completes it."""
    lived_in = seen.at.how in (SPLIT, LAPSED) and seen.zip not in typed
    return f"{typed}, {seen.zip}" if lived_in else typed


def _back(request: web.Request, found: Located | str) -> NoReturn:
    """To the page again, with the district that was found or why there is none."""
    if isinstance(found, Located):
        query = {**kept(request), "district": f"{BY_ADDRESS}{found.state}-{found.number}"}
    else:
        query = {**kept(request), "address": str(found)}
    raise web.HTTPSeeOther(address_of(_page(request), query))


def _page(request: web.Request) -> str:
    return request.path.removesuffix("/address")
