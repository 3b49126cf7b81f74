"""Sign in, sign out, choose the console's language."""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from organizers.access import (
    ABSOLUTE,
    TooManyAttempts,
    WrongSignIn,
    choose_language,
    sign_in,
    sign_out,
)
from web.console.viewing import TOKEN, VIEWER, now, write
from web.keys import DATABASE, SITE
from web.pages import render
from web.security import address_hash, local_path

HOME = "/console/"


def cookie_name(request: web.Request) -> str:
    """The session cookie's name; the prefix makes browsers refuse it from other hosts or by http."""
    return "__Host-llamado" if request.config_dict[SITE].secure else "llamado"


async def show(request: web.Request) -> web.Response:
    """The sign-in page."""
    return _page(request, following=request.query.get("next", ""))


async def enter(request: web.Request) -> web.Response:
    """Sign in, then go where the organizer was going."""
    form = await request.post()
    email, password, following = (str(form.get(name, "")) for name in ("email", "password", "next"))
    try:
        token = await sign_in(
            request.config_dict[DATABASE],
            email=email,
            password=password,
            address_hash=address_hash(request),
            now=now(request),
        )
    except WrongSignIn as error:
        return _page(request, following=following, email=email, problem=str(error), status=401)
    except TooManyAttempts as error:
        return _page(request, following=following, email=email, problem=str(error), status=429)
    return _with_cookie(request, token, local_path(following, HOME))


async def leave(request: web.Request) -> NoReturn:
    """Sign out."""
    await write(request, sign_out, request[TOKEN], now(request))
    gone = web.HTTPSeeOther("/console/sign-in")
    gone.del_cookie(cookie_name(request), path="/", secure=request.config_dict[SITE].secure)
    raise gone


async def speak(request: web.Request) -> NoReturn:
    """Show the console in the language the organizer chose."""
    form = await request.post()
    language = str(form.get("language", ""))
    if language in request.config_dict[SITE].languages:
        await write(request, choose_language, request[VIEWER].organizer_id, language)
    raise web.HTTPSeeOther(local_path(str(form.get("next", "")), HOME))


def _page(
    request: web.Request, *, following: str, email: str = "", problem: str = "", status: int = 200
) -> web.Response:
    values = {"following": following, "email": email, "problem": problem}
    return render(request, "console/sign_in.html", values, status=status)


def _with_cookie(request: web.Request, token: str, target: str) -> web.Response:
    response = web.Response(status=303, headers={"Location": target})
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=request.config_dict[SITE].secure,
        httponly=True,
        samesite="Lax",
    )
    return response
