"""The action page: what is asked of whom, what to say, and how it went. It needs no script."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web
from babel import Locale

from messages.clicks import record_click
from messages.links import read_person_token
from web.forms import read_form
from web.keys import CLOCK, DATABASE, SITE
from web.pages import LANGUAGE, language_of, render
from web.public.limits import Limiter
from web.public.viewing import view
from web.public.visits import Visit, Visitor, Where, remember_district, tell, visit
from web.security import network_address

LIMITER: web.AppKey[Limiter] = web.AppKey("limiter", Limiter)
COOKIE = "visitor"  # a random name, so that a second answer corrects the first
COOKIE_SECONDS = 30 * 24 * 3600
VISITOR_NAME = re.compile(r"[0-9a-f]{32}")
KEPT = ("lang", "zip", "district")  # of the page's address, from one call to the next


async def show_personal(request: web.Request) -> web.Response:
    """A supporter's own page, by the link in their message."""
    delivery_id = delivery_of(request)
    app, now = request.app, request.app[CLOCK]()
    seen = await app[DATABASE].read(visit, Visitor(delivery_id=delivery_id, where=_where(request)))
    if request.method == "GET" and not request.query:
        await app[DATABASE].write(record_click, delivery_id, now=now)
    return _page(request, seen)


async def answer_personal(request: web.Request) -> web.Response:
    """Record how a supporter's call went and lead on to the next."""
    visitor = Visitor(delivery_id=delivery_of(request), where=_where(request))
    form = await _form(request)
    await _tell(request, visitor, form)
    return _onward(request, form)


async def answer_district(request: web.Request) -> web.Response:
    """Remember which district of a split ZIP a supporter says is theirs."""
    visitor = Visitor(delivery_id=delivery_of(request))
    form = await _form(request)
    await request.app[DATABASE].write(remember_district, visitor, form.get("district", ""))
    raise web.HTTPSeeOther(_address(f"/a/{request.match_info['token']}", _kept(request)))


async def show_shared(request: web.Request) -> web.Response:
    """The page anyone may pass on. A ZIP typed there stays in its address and is not stored."""
    seen = await request.app[DATABASE].read(visit, _visitor(request))
    return _page(request, seen)


async def answer_shared(request: web.Request) -> web.Response:
    """Record a visitor's call under a random name kept in their browser."""
    request.app[LIMITER].pass_or_refuse(network_address(request), request.app[CLOCK]())
    visitor = _visitor(request)
    form = await _form(request)
    await _tell(request, visitor, form)
    response = _onward(request, form)
    response.set_cookie(
        COOKIE,
        visitor.name,
        max_age=COOKIE_SECONDS,
        path=request.path,
        secure=request.app[SITE].secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def delivery_of(request: web.Request) -> int:
    """The copy a token in the path stands for; raises BadToken."""
    key = request.app[SITE].links_secret
    return read_person_token(key, request.match_info["token"])


async def _tell(request: web.Request, visitor: Visitor, form: Mapping[str, str]) -> None:
    await request.app[DATABASE].write(
        tell,
        visitor,
        form.get("target", ""),
        form.get("outcome", ""),
        note=form.get("note", ""),
        now=request.app[CLOCK](),
    )


def _page(request: web.Request, seen: Visit) -> web.Response:
    wanted = request.query.get("lang", "") or (seen.person.language if seen.person else "")
    request[LANGUAGE] = wanted
    language = language_of(request)
    where = _where(request)
    shown = view(
        seen,
        where,
        chosen=request.query.get("target", ""),
        after=request.query.get("after", ""),
        language=language,
        now=request.app[CLOCK](),
    )
    values = {
        "view": shown,
        "where": where,
        "seen": seen,
        "here": request.path,
        "query": urlencode(_kept(request)),
        "more": _leading(_kept(request)),  # the same, to be followed by one more name
        "lead": _leading({"lang": request.query["lang"]} if request.query.get("lang") else {}),
        "languages": _languages(request, language),
        "share_url": f"{request.app[SITE].public_url}/p/{seen.page.slug}",
        "token": request.match_info.get("token", ""),
    }
    return render(request, "public/action.html", values)


def _leading(query: Mapping[str, str]) -> str:
    return f"{urlencode(query)}&" if query else ""


def _languages(request: web.Request, language: str) -> list[tuple[str, str, str]]:
    """The other languages: code, own name, and this page's address in it."""
    others = [each for each in request.app[SITE].languages if each != language]
    return [
        (
            each,
            Locale.parse(each).get_display_name() or each,
            _address("", {**request.query, "lang": each}),
        )
        for each in others
    ]


def _where(request: web.Request) -> Where:
    typed = request.query.get("zip")
    return Where(
        zip=(typed or "").strip(),
        district=request.query.get("district", ""),
        asked=typed is not None and not typed.strip(),
    )


def _visitor(request: web.Request) -> Visitor:
    name = request.cookies.get(COOKIE, "")
    known = VISITOR_NAME.fullmatch(name) is not None
    return Visitor(
        slug=request.match_info["slug"],
        name=name if known else secrets.token_hex(16),
        where=_where(request),
    )


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a form; a file among them is not for us."""
    return {
        name: value for name, value in (await read_form(request)).items() if isinstance(value, str)
    }


def _kept(request: web.Request) -> dict[str, str]:
    return {name: request.query[name] for name in KEPT if request.query.get(name)}


def _onward(request: web.Request, form: Mapping[str, str]) -> web.Response:
    """Back to the page, which thanks and shows the next call."""
    query = {**_kept(request), "after": form.get("target", "")}
    return web.Response(status=303, headers={"Location": _address(request.path, query)})


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
