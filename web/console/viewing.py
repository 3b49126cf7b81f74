"""Who is looking at a console page, and rendering one for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ParamSpec, TypeVar

from aiohttp import web
from sqlalchemy import Connection

from database.engine import Unit
from messages.house import HouseRules
from organizers.sessions import Viewer
from web.console import approval_lists
from web.console.acts import ACTING, perform
from web.console.inboxes import waiting_count
from web.keys import CLOCK, DATABASE, SITE
from web.pages import render

P = ParamSpec("P")
T = TypeVar("T")
VIEWER: web.RequestKey[Viewer] = web.RequestKey("viewer", Viewer)
TOKEN: web.RequestKey[str] = web.RequestKey("token", str)


async def page(
    request: web.Request,
    template: str,
    values: Mapping[str, object] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    """Answer a signed-in organizer with a page of the console."""
    viewer, house = request[VIEWER], request.config_dict[SITE].house
    shell = {
        **await read(request, _shell, viewer, house, now(request)),
        "viewer": viewer,
        "path": request.path,
        "notice": request.query.get("notice", ""),
    }
    return render(request, f"console/{template}", {**shell, **(values or {})}, status=status)


def _shell(conn: Connection, viewer: Viewer, house: HouseRules, at: datetime) -> dict[str, int]:
    """What the menu counts on every page."""
    return {
        "waiting": waiting_count(conn, viewer.within, now=at),
        "to_approve": approval_lists.count(conn, viewer, house=house),
    }


async def read(request: web.Request, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a reading unit of work."""
    return await request.config_dict[DATABASE].read(unit, *args, **kwargs)


async def write(request: web.Request, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a writing unit of work; what the request's route does to an object goes on the record."""
    database = request.config_dict[DATABASE]
    acting = request.get(ACTING)
    if acting is None:
        return await database.write(unit, *args, **kwargs)
    return await database.write(perform, acting, lambda conn: unit(conn, *args, **kwargs))


def now(request: web.Request) -> datetime:
    """The time, aware."""
    return request.config_dict[CLOCK]()


def number(values: Mapping[str, object], name: str) -> int | None:
    """A number in a form or query; None when it is missing or nothing a database could hold."""
    value = str(values.get(name, ""))
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None
