"""Correct where a supporter lives, once they have said that a member is not theirs."""

from __future__ import annotations

from aiohttp import web

from contacts.addresses import BadZip
from web.keys import CLOCK, DATABASE
from web.public.acting import address_of, delivery_of, form_of, kept
from web.public.limits import sources
from web.public.visits import Visitor, remember_home


async def correct(request: web.Request) -> web.Response:
    """Keep the ZIP of a supporter's home; one that is none is asked for again in its place."""
    visitor = Visitor(delivery_id=delivery_of(request))
    typed = (await form_of(request)).get("zip", "").strip()
    query = {name: kept(request)[name] for name in ("lang",) if name in kept(request)}
    try:
        await request.app[DATABASE].write(
            remember_home,
            visitor,
            typed,
            sources=sources(request, visitor.delivery_id),
            now=request.app[CLOCK](),
        )
    except BadZip:
        query["zip"] = typed
    raise web.HTTPSeeOther(address_of(f"/a/{request.match_info['token']}", query))
