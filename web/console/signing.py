"""Sign in by a password, a second step or a passkey; sign out; choose the console's language."""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from organizers import access, passkeys
from organizers.access import WrongSignIn, choose_language, sign_in
from organizers.attempts import TooManyAttempts
from organizers.passkeys import BadPasskey
from organizers.sessions import ABSOLUTE, HALF, NotSignedIn, sign_out
from web.console.viewing import TOKEN, VIEWER, now, write
from web.keys import DATABASE, SITE
from web.pages import render
from web.security import address_hash, local_path

HOME = "/console/"
SIGN_IN = "/console/sign-in"
WRONG_CODE = "This code is not right, or has been used. Wait for the next one and type it."
SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Mac OS", "Linux")
BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari"))


def cookie_name(request: web.Request) -> str:
    """The session cookie's name; the prefix makes browsers refuse it from other hosts or by http."""
    return "__Host-llamado" if request.config_dict[SITE].secure else "llamado"


def browser_of(request: web.Request) -> str:
    """A browser as its owner knows it, such as "Firefox, Linux"; no more is kept of it."""
    told = request.headers.get("User-Agent", "")
    family = next((name for mark, name in BROWSERS if mark in told), "")
    system = next((name for name in SYSTEMS if name.replace(" ", "") in told.replace(" ", "")), "")
    return ", ".join(part for part in (family, system) if part)


async def show(request: web.Request) -> web.Response:
    """The sign-in page."""
    return _page(request, following=request.query.get("next", ""))


async def enter(request: web.Request) -> web.Response:
    """Sign in, then go where the organizer was going, or on to the second step."""
    form = await request.post()
    email, password, following = (str(form.get(name, "")) for name in ("email", "password", "next"))
    try:
        opened = await sign_in(
            request.config_dict[DATABASE],
            email=email,
            password=password,
            address_hash=address_hash(request),
            now=now(request),
            browser=browser_of(request),
        )
    except WrongSignIn as error:
        return _page(request, following=following, email=email, problem=str(error), status=401)
    except TooManyAttempts as error:
        return _page(request, following=following, email=email, problem=str(error), status=429)
    if opened.half:
        return _second_page(request, following=following, token=opened.token)
    return with_cookie(request, opened.token, local_path(following, HOME))


async def second(request: web.Request) -> web.Response:
    """The second step of a sign-in: a code."""
    form = await request.post()
    token, following = request.cookies.get(cookie_name(request), ""), str(form.get("next", ""))
    code = str(form.get("code", ""))
    try:
        fresh = await write(
            request,
            access.take_second_step,
            token,
            code,
            now=now(request),
            browser=browser_of(request),
        )
    except NotSignedIn:
        raise web.HTTPSeeOther(SIGN_IN) from None
    except TooManyAttempts as error:
        return _second_page(request, following=following, problem=str(error), status=429)
    if fresh is None:
        return _second_page(request, following=following, problem=WRONG_CODE, status=401)
    return with_cookie(request, fresh, local_path(following, HOME))


async def passkey_question(request: web.Request) -> web.Response:
    """What a browser needs to sign in by a passkey, for its script."""
    house, here = passkey_house(request), address_hash(request)
    try:
        asked = await write(request, access.ask_for_passkey, house, here, now(request))
    except TooManyAttempts as error:
        return web.json_response({"problem": str(error)}, status=429)
    return web.json_response(text=asked)


async def by_passkey(request: web.Request) -> web.Response:
    """Sign in by a passkey: it is both steps at once."""
    form = await request.post()
    following, answer = str(form.get("next", "")), str(form.get("credential", ""))
    try:
        token = await write(
            request,
            access.enter_by_passkey,
            answer,
            house=passkey_house(request),
            now=now(request),
            browser=browser_of(request),
        )
    except BadPasskey as error:
        return _page(request, following=following, problem=str(error), status=401)
    return with_cookie(request, token, local_path(following, HOME))


async def leave(request: web.Request) -> NoReturn:
    """Sign out."""
    await write(request, sign_out, request[TOKEN], now(request))
    gone = web.HTTPSeeOther(SIGN_IN)
    gone.del_cookie(cookie_name(request), path="/", secure=request.config_dict[SITE].secure)
    raise gone


async def speak(request: web.Request) -> NoReturn:
    """Show the console in the language the organizer chose."""
    form = await request.post()
    language = str(form.get("language", ""))
    if language in request.config_dict[SITE].languages:
        await write(request, choose_language, request[VIEWER].organizer_id, language)
    raise web.HTTPSeeOther(local_path(str(form.get("next", "")), HOME))


def passkey_house(request: web.Request) -> passkeys.House:
    """Whom passkeys are for here."""
    site = request.config_dict[SITE]
    return passkeys.House.at(site.public_url, site.network_name)


def with_cookie(
    request: web.Request, token: str, target: str, *, status: int = 303
) -> web.Response:
    """Go elsewhere with a session's token in the browser's cookie."""
    response = web.Response(status=status, headers={"Location": target})
    give_cookie(request, response, token)
    return response


def give_cookie(
    request: web.Request, response: web.Response, token: str, *, half: bool = False
) -> None:
    """Put a session's token into the browser's cookie."""
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=int((HALF if half else ABSOLUTE).total_seconds()),
        path="/",
        secure=request.config_dict[SITE].secure,
        httponly=True,
        samesite="Lax",
    )


def _page(
    request: web.Request, *, following: str, email: str = "", problem: str = "", status: int = 200
) -> web.Response:
    values = {"following": following, "email": email, "problem": problem}
    return render(request, "console/sign_in.html", values, status=status)


def _second_page(
    request: web.Request, *, following: str, token: str = "", problem: str = "", status: int = 200
) -> web.Response:
    values = {"following": following, "problem": problem}
    response = render(request, "console/second_step.html", values, status=status)
    if token:
        give_cookie(request, response, token, half=True)
    return response
