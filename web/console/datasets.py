"""Members and districts: how old the data is, what is open in it, and organizers' corrections."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection

from contacts.addresses import BadPhone, normalise_phone
from organizers.roles import May
from representatives import corrections
from representatives.corrections import BadCorrection, Field
from representatives.status import find, status
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import SITE

HOME = "/console/representatives"
USUAL = timedelta(days=60)  # within that the published data mostly has it
NO_DAY = "Choose the day on which the correction ends."


async def show(request: web.Request) -> web.Response:
    """What is loaded, and whoever was searched for."""
    return await _page(request, {"q": request.query.get("q", "")})


async def correct(request: web.Request) -> web.Response:
    """Say against the data that an office has another phone, or a seat is vacant."""
    require_project(request[VIEWER], None, May.ADMIN)
    typed = {name: str(value) for name, value in (await request.post()).items()}
    try:
        await write(request, _correct, request, typed)
    except (BadCorrection, BadPhone) as error:
        return await _page(request, typed, problem=str(error))
    raise web.HTTPSeeOther(f"{HOME}?notice=corrected")


async def withdraw(request: web.Request) -> NoReturn:
    """Take a correction back."""
    correction_id = int(request.match_info["correction_id"])
    await write(request, corrections.withdraw, correction_id, now=now(request))
    raise web.HTTPSeeOther(f"{HOME}?notice=withdrawn")


def _correct(conn: Connection, request: web.Request, typed: Mapping[str, str]) -> int:
    about = Field.VACANT if typed.get("field") == Field.VACANT else Field.PHONE
    site = request.config_dict[SITE]
    number = normalise_phone(typed.get("value", ""), site.region) if about is Field.PHONE else ""
    try:
        ends = date.fromisoformat(typed.get("expires_on", ""))
    except ValueError as error:
        raise BadCorrection(NO_DAY) from error
    return corrections.correct(
        conn,
        typed.get("seat", ""),
        about,
        number,
        reason=typed.get("reason", ""),
        expires_on=ends,
        by=request[VIEWER].actor,
        now=now(request),
    )


async def _page(
    request: web.Request, typed: Mapping[str, str], *, problem: str = ""
) -> web.Response:
    at = now(request)
    values = {
        "data": await read(request, status, at),
        "found": await read(request, find, typed.get("q", ""), at),
        "typed": typed,
        "usual": (at + USUAL).date(),
        "today": at,
        "problem": problem,
    }
    code = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "representatives.html", values, status=code)
