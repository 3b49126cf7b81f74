"""Connect me: a supporter asks, on their own page, to be rung and led from office to office."""

from __future__ import annotations

from functools import partial
from typing import NoReturn

from aiohttp import web

from alerts.calls import ask
from messages.call_limits import CannotConnect
from web.keys import CLOCK, DATABASE, SITE
from web.pages import LANGUAGE
from web.public.acting import address_of, delivery_of, form_of, kept
from web.public.limits import hidden, source_network
from web.public.offering import RINGING


async def connect(request: web.Request) -> NoReturn:
    """Note that this person wants to be rung. Raises CannotConnect, CrossSite and NoSuchPage."""
    app, delivery_id = request.app, delivery_of(request)
    rules, form = app[SITE].voice, await form_of(request)
    language = request[LANGUAGE] = form.get(
        "language", ""
    )  # of the page, for what is told now, too
    if rules is None:
        raise CannotConnect("We connect no calls here; please call the offices yourself.")
    await app[DATABASE].write(
        ask,
        delivery_id,
        language=language if language in rules.languages else rules.default_language,
        address=hidden(request, f"calls {source_network(request)}"),
        hide=partial(hidden, request),
        rules=rules,
        now=app[CLOCK](),
    )
    query = {**kept(request), RINGING: "1"}
    raise web.HTTPSeeOther(address_of(f"/a/{request.match_info['token']}", query))
