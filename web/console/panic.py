"""Lock everything, from a browser; and what every page of the console says while it is locked."""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from aiohttp import web

from campaigns.panic import lock_everything
from database.locking import in_force
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import Handler
from web.pages import render


@web.middleware
async def while_locked(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nobody into the console while everything is locked: every page says so instead."""
    if await read(request, in_force) is None:
        return await handler(request)
    return render(request, "console/locked.html", status=HTTPStatus.LOCKED)


async def show(request: web.Request) -> web.Response:
    """The button, and what it does."""
    return await page(request, "lock.html")


async def lock(request: web.Request) -> NoReturn:
    """Lock; whoever did it is signed out as well, and the sign-in page says why."""
    form, viewer = await request.post(), request[VIEWER]
    reason = str(form.get("reason", ""))
    await write(request, lock_everything, by=viewer.actor, reason=reason, now=now(request))
    raise web.HTTPSeeOther("/console/sign-in")
