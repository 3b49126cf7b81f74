"""The console's door: nobody passes without a session, a form's token, and a right to the object.

The checks live here and not in the pages, so that a page cannot forget them.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from aiohttp import web
from sqlalchemy import Connection

from messages.finishing import Looks
from organizers.sessions import NotSignedIn, Viewer, touch, viewer
from web.console import routes
from web.console.acts import ACTING, Acting, act_of
from web.console.confirming import ask_again, ask_for_second_step
from web.console.guard import NotAllowed, require_visible
from web.console.health import COUNTS, Counts
from web.console.needs import Need, need_of
from web.console.paces import LOOKS
from web.console.panic import while_locked
from web.console.pictures import DRAWING
from web.console.signing import cookie_name
from web.console.streaming import OPEN
from web.console.viewing import TOKEN, VIEWER, now, read, write
from web.keys import SITE, Handler
from web.pages import LANGUAGE
from web.security import SAFE, CrossSite, refuse_cross_site, refuse_nul

UPLOAD_LIMIT = 32 * 1024 * 1024  # a file of contacts; the limit elsewhere is far smaller
SIGN_IN = "/console/sign-in"


def make_console() -> web.Application:
    """The console's application, for ``/console``."""
    app = web.Application(middlewares=[while_locked, pass_door])
    app[OPEN] = Counter()
    app[LOOKS] = Looks()
    app[COUNTS] = Counts()
    app[DRAWING] = asyncio.Lock()
    app.add_routes(routes.ROUTES)
    return app


@web.middleware
async def pass_door(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check origin, session, form token, object and right, in this order, before any page runs."""
    refuse_cross_site(request)
    refuse_nul(request.query.values())
    need = need_of(request)
    if not need.signed_in:
        refuse_nul((await request.post()).values())
        return await handler(request)
    token = request.cookies.get(cookie_name(request), "")
    named = dict(request.match_info)
    try:
        known = await read(request, _enter, token, named, need, now(request))
    except NotSignedIn:
        raise web.HTTPSeeOther(_sign_in_again(request)) from None
    request[VIEWER] = known
    request[TOKEN] = token
    request[LANGUAGE] = known.language
    if request.method not in SAFE:
        request = request.clone(client_max_size=UPLOAD_LIMIT)
        await _require_token(request, known)
    if known.is_stale(now(request)):
        await write(request, touch, token, now(request))
    if need.strong and not known.strong and request.config_dict[SITE].second_step:
        return await ask_for_second_step(request)
    if need.sure and not known.is_sure(now(request)):
        return await ask_again(request)
    act = act_of(request)
    if act is not None:
        request[ACTING] = Acting(act, known.actor, named, now(request))
    return await handler(request)


def _enter(
    conn: Connection, token: str, named: Mapping[str, str], need: Need, at: datetime
) -> Viewer:
    known = viewer(conn, token, at)
    require_visible(conn, known, named, need.may)
    if need.may is not None and not known.may_in(need.may):
        raise NotAllowed(NotAllowed.__doc__)
    return known


async def _require_token(request: web.Request, known: Viewer) -> None:
    """Raise CrossSite unless the form carries the session's own token."""
    form = await request.post()
    refuse_nul(form.values())
    sent = form.get("csrf", "")
    if not isinstance(sent, str) or not hmac.compare_digest(
        sent.encode(), known.csrf_token.encode()
    ):
        raise CrossSite(CrossSite.__doc__)


def _sign_in_again(request: web.Request) -> str:
    if request.method in SAFE and request.path != "/console/":
        return f"{SIGN_IN}?next={quote(request.path_qs, safe='')}"
    return SIGN_IN
