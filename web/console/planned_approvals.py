"""Two people behind a planned email, or an email of a series: ask, read it by the link of a letter, approve it, send it back."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy import Connection, Row

from campaigns import answering, approval_asks
from campaigns import series as writing
from campaigns.approval_asks import about_of
from campaigns.ballots import About, ballot
from messages.control import NotNow
from organizers import audit
from organizers.approvers import (
    BadAsk,
    Changed,
    How,
    MayNotApprove,
    NobodyChosen,
    NoNote,
    NotRead,
    SentBack,
)
from web.console import emails, series
from web.console.link_answers import Done, Links, Looked
from web.console.planned import subject
from web.console.planned_reading import read_subject
from web.console.viewing import VIEWER, now, read, write
from web.keys import SITE
from web.pages import LANGUAGE

WRONG = (BadAsk, Changed, MayNotApprove, NobodyChosen, NoNote, NotNow, NotRead, SentBack)
NUMBER = re.compile(r"[0-9]{1,15}")


async def ask(request: web.Request) -> web.Response:
    """Ask the chosen organizers; a letter, and a text, go out within seconds."""
    form = await _posted(request)
    chosen = [int(str(each)) for each in form.getall("approver", []) if NUMBER.fullmatch(str(each))]
    about, by = _about(request, form), request[VIEWER].actor
    try:
        await write(request, approval_asks.ask, about, chosen, by=by, now=now(request))
    except WRONG as error:
        return await _show_with(request, about, str(error))
    raise await _back(request, about, "asked")


async def approve(request: web.Request) -> web.Response:
    """Stand behind its words, in the languages one reads."""
    form = await _posted(request)
    about = _about(request, form)
    try:
        await write(
            request,
            answering.approve,
            about,
            request[VIEWER].organizer_id,
            seen=str(form.get("seen", "")),
            languages=[str(each) for each in form.getall("language", [])],
            house=request.config_dict[SITE].house,
            now=now(request),
        )
    except WRONG as error:
        return await _show_with(request, about, str(error))
    raise await _back(request, about, "approved")


async def send_back(request: web.Request) -> web.Response:
    """Send it back with what should be different."""
    form = await _posted(request)
    about, note = _about(request, form), str(form.get("note", ""))
    try:
        await write(
            request,
            answering.send_back,
            about,
            request[VIEWER].organizer_id,
            seen=str(form.get("seen", "")),
            note=note,
            house=request.config_dict[SITE].house,
            now=now(request),
        )
    except WRONG as error:
        return await _show_with(request, about, str(error), note=note)
    raise await _back(request, about, "sent_back")


# What is recorded is known by the handler, so an email of a series has its own.
async def ask_about_step(request: web.Request) -> web.Response:
    """Ask the chosen organizers about an email of a series."""
    return await ask(request)


async def approve_step(request: web.Request) -> web.Response:
    """Stand behind its words."""
    return await approve(request)


async def send_step_back(request: web.Request) -> web.Response:
    """Send it back with what should be different."""
    return await send_back(request)


def _answer(
    conn: Connection, request: web.Request, *, note: str, languages: Collection[str]
) -> Done:
    house, at = request.config_dict[SITE].house, now(request)
    asked = approval_asks.look(conn, request.match_info["token"], at)
    request[LANGUAGE] = asked.language
    about = about_of(asked)
    whose = (conn, about, asked.organizer_id)
    said: dict[str, Any] = {"seen": asked.digest, "house": house, "now": at}
    if not languages:
        answering.send_back(*whose, note=note, **said)
        _note(conn, asked, "send_back", {"how": How.LINK}, request)
        return Done()
    new = answering.approve(*whose, languages=languages, how=How.LINK, **said)
    told = {"how": How.LINK, "languages": " ".join(sorted(new))}
    _note(conn, asked, "approve", told, request)
    stands = ballot(conn, answering.find(conn, about).subject, house=house)
    return Done(new, stands.open_to(asked.organizer_id))


def _note(
    conn: Connection, asked: Row[Any], act: str, after: dict[str, Any], request: web.Request
) -> None:
    """Put on the record what came from outside the console."""
    kind, number = ("email", asked.email_id) if asked.email_id else ("step", asked.step_id)
    audit.note(
        conn,
        f"{kind}.{act}",
        actor=f"organizer:{asked.organizer_id}",
        about=f"{kind}:{number}",
        project_id=asked.project_id,
        after=after,
        now=now(request),
    )


def _look(conn: Connection, request: web.Request) -> Looked:
    house, at = request.config_dict[SITE].house, now(request)
    asked = approval_asks.look(conn, request.match_info["token"], at)
    seen = read_subject(conn, about_of(asked), house=house, now=at)
    return Looked(asked, seen, seen.ballot, {"title": subject(seen.texts, asked.language)})


LINKS = Links("console/approve_email.html", _look, _answer)


async def _show_with(
    request: web.Request, about: About, problem: str, *, note: str = ""
) -> web.Response:
    """Its page, with what is wrong, and with a note that could not be kept."""
    if about.step_id is None:
        return await emails.show_with(request, problem, note=note)
    series_id = await read(request, writing.of_step, about.step_id)
    return await series.shown(request, series_id, problem=problem, note=note)


async def _back(request: web.Request, about: About, notice: str) -> web.HTTPSeeOther:
    if about.step_id is None:
        return web.HTTPSeeOther(f"/console/emails/{about.email_id}?notice={notice}")
    series_id = await read(request, writing.of_step, about.step_id)
    return web.HTTPSeeOther(f"/console/series/{series_id}?notice={notice}")


def _about(request: web.Request, form: MultiMapping[str]) -> About:
    """What the address names, and the date of it that a form names."""
    if "step_id" in request.match_info:
        return About(step_id=int(request.match_info["step_id"]))
    return About(int(request.match_info["email_id"]), str(form.get("at", "")))


async def _posted(request: web.Request) -> MultiMapping[str]:
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    return form
