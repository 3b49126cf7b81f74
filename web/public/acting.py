"""The action page: what is asked of whom, what to say, and how it went. It needs no script."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web
from babel import Locale

from actions.models import Outcome
from actions.reports import Heard, heard
from alerts.trial_copies import action_of_test
from messages.clicks import Asked, record_click
from messages.links import read_person_token
from web.forms import read_form
from web.keys import CLOCK, DATABASE, SITE
from web.pages import LANGUAGE, language_of, render
from web.public.limits import sources
from web.public.offering import Offer, offer
from web.public.viewing import view
from web.public.visits import Visit, Visitor, Where, line, remember_district, tell, visit
from web.security import refuse_foreign

COOKIE = "visitor"  # a random name, so that a second answer corrects the first
COOKIE_SECONDS = 30 * 24 * 3600
VISITOR_NAME = re.compile(r"[0-9a-f]{32}")
KEPT = ("lang", "zip", "district")  # of the page's address, from one call to the next


async def show_personal(request: web.Request) -> web.Response:
    """A supporter's own page, by the link in their message."""
    delivery_id = delivery_of(request)
    app, now = request.app, request.app[CLOCK]()
    tested = await app[DATABASE].read(action_of_test, delivery_id)
    if tested is not None:
        looking = Visitor(tested=tested, where=where_of(request))
        return _page(request, await app[DATABASE].read(visit, looking, now=now), None, test=True)
    visitor = Visitor(delivery_id=delivery_id, where=where_of(request))
    seen = await app[DATABASE].read(visit, visitor, now=now)
    if request.method == "GET" and not request.query:
        asked = Asked(request.method, request.headers.get("User-Agent", ""))
        await app[DATABASE].write(record_click, delivery_id, asked=asked, now=now)
    return _page(request, seen, await offer(request, seen.person))


async def answer_personal(request: web.Request) -> web.Response:
    """Record how a supporter's call went and lead on to the next."""
    visitor = Visitor(delivery_id=delivery_of(request), where=where_of(request))
    form = await form_of(request)
    await _tell(request, visitor, form)
    return _onward(request, form)


async def answer_district(request: web.Request) -> web.Response:
    """Remember which district of a split ZIP a supporter says is theirs."""
    visitor = Visitor(delivery_id=delivery_of(request))
    form = await form_of(request)
    await request.app[DATABASE].write(
        remember_district,
        visitor,
        form.get("district", ""),
        sources=sources(request, visitor.delivery_id),
        now=request.app[CLOCK](),
    )
    raise web.HTTPSeeOther(address_of(f"/a/{request.match_info['token']}", kept(request)))


async def show_shared(request: web.Request) -> web.Response:
    """The page anyone may pass on. A ZIP typed there stays in its address and is not stored."""
    seen = await request.app[DATABASE].read(visit, visitor_of(request), now=request.app[CLOCK]())
    return _page(request, seen, await offer(request, None))


async def answer_shared(request: web.Request) -> web.Response:
    """Record a visitor's call under a random name kept in their browser."""
    visitor = visitor_of(request)
    form = await form_of(request)
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
        sources=sources(request, visitor.delivery_id),
        note=form.get("note", ""),
        heard=_heard(form),
        now=request.app[CLOCK](),
    )


def _heard(form: Mapping[str, str]) -> Heard:
    """What the form says of the office: a stance, and whom they spoke with."""
    name, role, phone, email = (
        line(form.get(f"staffer_{each}", "")) for each in ("name", "role", "phone", "email")
    )
    return heard(form.get("stance", ""), name=name, role=role, phone=phone, email=email)


def _page(
    request: web.Request, seen: Visit, connect: Offer | None, *, test: bool = False
) -> web.Response:
    wanted = request.query.get("lang", "") or (seen.person.language if seen.person else "")
    request[LANGUAGE] = wanted
    language = language_of(request)
    where = where_of(request)
    shown = view(
        seen,
        where,
        chosen=request.query.get("target", ""),
        after=request.query.get("after", ""),
        shared=f"{request.app[SITE].public_url}/p/{seen.page.slug}",
        language=language,
        hours=request.app[SITE].house.hours,
        now=request.app[CLOCK](),
    )
    values = {
        "view": shown,
        "where": where,
        "seen": seen,
        "connect": connect,
        "here": request.path,
        "query": urlencode(kept(request)),
        "more": _leading(kept(request)),  # the same, to be followed by one more name
        # Where one is, without what was picked before.
        "placed": _leading(
            {name: value for name, value in kept(request).items() if name != "district"}
        ),
        "lead": _leading({"lang": request.query["lang"]} if request.query.get("lang") else {}),
        "looks_up": request.app[SITE].geocoder is not None,
        "languages": languages_of(request, language),
        "token": "" if test else request.match_info.get("token", ""),
        "test": test,
    }
    return render(request, "public/action.html", values)


def _leading(query: Mapping[str, str]) -> str:
    return f"{urlencode(query)}&" if query else ""


def languages_of(request: web.Request, language: str) -> list[tuple[str, str, str]]:
    """The other languages: code, own name, and this page's address in it."""
    others = [each for each in request.app[SITE].languages if each != language]
    return [
        (
            each,
            Locale.parse(each).get_display_name() or each,
            address_of("", {**request.query, "lang": each}),
        )
        for each in others
    ]


def where_of(request: web.Request) -> Where:
    """What the address of the page says about the visitor's place."""
    typed = request.query.get("zip")
    return Where(
        zip=(typed or "").strip(),
        district=request.query.get("district", ""),
        asked=typed is not None and not typed.strip(),
        missed=request.query.get("address", ""),
    )


def visitor_of(request: web.Request) -> Visitor:
    """Who looks at a page that anyone may pass on."""
    name = request.cookies.get(COOKIE, "")
    known = VISITOR_NAME.fullmatch(name) is not None
    return Visitor(
        slug=request.match_info["slug"],
        name=name if known else secrets.token_hex(16),
        where=where_of(request),
    )


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form of ours; a file among them is not for us. Raises CrossSite."""
    refuse_foreign(request)
    return {
        name: value for name, value in (await read_form(request)).items() if isinstance(value, str)
    }


def kept(request: web.Request) -> dict[str, str]:
    """What goes on from one page's address to the next."""
    return {name: request.query[name] for name in KEPT if request.query.get(name)}


def _onward(request: web.Request, form: Mapping[str, str]) -> web.Response:
    """Back to the page, which thanks and shows the next call."""
    query = kept(request)
    if form.get("outcome") == Outcome.NOT_MINE:
        query = _asking_anew(query)
    query = {**query, "after": form.get("target", "")}
    return web.Response(status=303, headers={"Location": address_of(request.path, query)})


def _asking_anew(query: dict[str, str]) -> dict[str, str]:
    """The page that asks for the place again: for the district picked, else for the ZIP typed.

    Whose own page it is, is asked by what was just recorded.
    """
    if query.pop("district", "") or "zip" not in query:
        return query
    return {**query, "zip": ""}


def address_of(path: str, query: Mapping[str, str]) -> str:
    """A page's address with its query."""
    return f"{path}?{urlencode(query)}" if query else path
