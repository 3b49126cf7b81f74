"""The page of choices behind the link in every message: what one gets, from whom, and an end of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection

from contacts.models import Channel
from contacts.people import Person
from contacts.sign_ups import Wish
from database.jobs import Jobs
from messages import own_page
from messages.joining import Asking, ask, send_private_link
from messages.own_page import OwnPage
from messages.wording import Purpose
from web.keys import CLOCK, DATABASE, JOBS, SITE
from web.pages import LANGUAGE, language_of, render
from web.public.acting import address_of, delivery_of, form_of, languages_of
from web.public.limits import asking
from web.public.visits import BadAnswer

PROJECT = re.compile(r"[0-9]{1,15}")
STOPS = {
    "stop": (Channel.SMS.value, Channel.EMAIL.value),
    "stop-sms": (Channel.SMS.value,),
    "stop-email": (Channel.EMAIL.value,),
}


async def show(request: web.Request) -> web.Response:
    """What somebody gets from us, and what they can change about it."""
    own = await request.app[DATABASE].read(own_page.own_page, delivery_of(request))
    request[LANGUAGE] = request.query.get("lang", "") or own.person.person.language
    values = {
        "own": own,
        "here": request.path,
        "today": request.app[CLOCK]().date(),
        "done": request.query.get("done", ""),
        "problem": "",
        "languages": languages_of(request, language_of(request)),
    }
    return render(request, "public/preferences.html", values, status=HTTPStatus.OK)


async def change(request: web.Request) -> NoReturn:
    """Do what a button says. Nothing stands before less; more asks the address first."""
    delivery_id, form = delivery_of(request), await form_of(request)
    app = request.app
    done = await app[DATABASE].write(
        _change,
        app[JOBS],
        delivery_id,
        form,
        languages=app[SITE].languages,
        asking=asking(request),
        now=app[CLOCK](),
    )
    kept = {"lang": request.query["lang"]} if request.query.get("lang") else {}
    raise web.HTTPSeeOther(address_of(request.path, {**kept, "done": done}))


def _change(
    conn: Connection,
    jobs: Jobs,
    delivery_id: int,
    form: Mapping[str, str],
    *,
    languages: tuple[str, ...],
    asking: Asking,
    now: datetime,
) -> str:
    """One change; what to tell of it. Raises BadAnswer for what no button of ours says."""
    own = own_page.own_page(conn, delivery_id)
    match form.get("act", ""):
        case "pause":
            own_page.pause(conn, own, today=now.date())
        case "resume":
            own_page.resume(conn, own)
        case "choose" if form.get("language") in languages:
            urgent = form.get("frequency") == "urgent"
            own_page.choose(conn, own, language=form["language"], urgent_only=urgent)
        case "leave" if PROJECT.fullmatch(form.get("about", "")):
            own_page.leave(conn, own, int(form["about"]), now=now)
        case act if act in STOPS:
            own_page.stop(conn, own, STOPS[act], now=now)
        case "again":
            _come_back(conn, jobs, own, form.get("about", ""), asking, now)
            return "asked"
        case "link":
            return "sent" if _send_link(conn, jobs, own, asking, now) else "refused"
        case _:
            raise BadAnswer(BadAnswer.__doc__)
    return "saved"


def _come_back(
    conn: Connection, jobs: Jobs, own: OwnPage, which: str, asking: Asking, now: datetime
) -> None:
    """Ask an email address of theirs, which gets nothing now, whether it wants our messages again."""
    emails = {
        str(index): each.address
        for index, each in enumerate(own.reaches)
        if each.channel == Channel.EMAIL
    }
    if which not in emails:
        raise BadAnswer(BadAnswer.__doc__)
    person = Person(language=own.person.person.language, email=emails[which])
    wish = Wish(person, None, {}, own_page.SOURCE)
    ask(
        conn,
        jobs,
        wish,
        asking=asking,
        purpose=Purpose.NEW_ADDRESS,
        contact_id=own.person.id,
        now=now,
    )


def _send_link(conn: Connection, jobs: Jobs, own: OwnPage, asking: Asking, now: datetime) -> bool:
    channel, address = own.proving
    return send_private_link(
        conn,
        jobs,
        contact_id=own.person.id,
        channel=channel,
        address=address,
        language=own.person.person.language,
        asking=asking,
        now=now,
    )
