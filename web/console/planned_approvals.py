"""Two people behind a planned email: ask, read it by the link of a letter, approve it, send it back with a note."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy import Connection, Row

from campaigns import approval_asks, approving, occurrences
from campaigns.calendar import look_at
from messages.control import NotNow
from organizers import audit
from organizers.approvers import (
    BadAsk,
    Ballot,
    Changed,
    How,
    MayNotApprove,
    NobodyChosen,
    NoNote,
    NotRead,
    SentBack,
)
from web.console import emails
from web.console.email_pages import Reading, read_email
from web.console.planned import subject
from web.console.viewing import VIEWER, now, read, write
from web.keys import SITE
from web.pages import LANGUAGE, language_of, render

WRONG = (BadAsk, Changed, MayNotApprove, NobodyChosen, NoNote, NotNow, NotRead, SentBack)
NUMBER = re.compile(r"[0-9]{1,15}")


async def ask(request: web.Request) -> web.Response:
    """Ask the chosen organizers; a letter, and a text, go out within seconds."""
    email_id, form = _email(request), await request.post()
    chosen = [int(str(each)) for each in form.getall("approver", []) if NUMBER.fullmatch(str(each))]
    about, by = (email_id, str(form.get("at", ""))), request[VIEWER].actor
    try:
        await write(request, approval_asks.ask, *about, chosen, by=by, now=now(request))
    except WRONG as error:
        return await emails.show_with(request, str(error))
    raise web.HTTPSeeOther(f"/console/emails/{email_id}?notice=asked")


async def approve(request: web.Request) -> web.Response:
    """Stand behind its words, in the languages one reads."""
    email_id = _email(request)
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    try:
        await write(
            request,
            approving.approve,
            email_id,
            str(form.get("at", "")),
            request[VIEWER].organizer_id,
            seen=str(form.get("seen", "")),
            languages=[str(each) for each in form.getall("language", [])],
            house=request.config_dict[SITE].house,
            now=now(request),
        )
    except WRONG as error:
        return await emails.show_with(request, str(error))
    raise web.HTTPSeeOther(f"/console/emails/{email_id}?notice=approved")


async def send_back(request: web.Request) -> web.Response:
    """Send it back with what should be different."""
    email_id, form = _email(request), await request.post()
    note = str(form.get("note", ""))
    try:
        await write(
            request,
            approving.send_back,
            email_id,
            str(form.get("at", "")),
            request[VIEWER].organizer_id,
            seen=str(form.get("seen", "")),
            note=note,
            house=request.config_dict[SITE].house,
            now=now(request),
        )
    except WRONG as error:
        return await emails.show_with(request, str(error), note=note)
    raise web.HTTPSeeOther(f"/console/emails/{email_id}?notice=sent_back")


async def by_link(request: web.Request) -> web.Response:
    """What a link in somebody's letter shows. It approves nothing by being opened: scanners open links."""
    return await _link_page(request)


async def answer_link(request: web.Request) -> web.Response:
    """Approve, or send back, as the one to whom the link was sent."""
    form = await request.post()
    note, languages = str(form.get("note", "")), tuple(str(form.get("language", "")).split())
    try:
        done = await write(request, _answer_link, request, note=note, languages=languages)
    except BadAsk as error:
        return _link_gone(request, str(error))
    except WRONG as error:
        return await _link_page(request, problem=str(error), note=note)
    if done.left:
        return await _link_page(request, approved=done.languages)
    values = {"seen": None, "problem": "", "done": done.languages or ["back"]}
    return render(request, "console/approve_email.html", values)


@dataclass(frozen=True)
class _Done:
    """What a link's answer came to; without languages it was sent back."""

    languages: Collection[str]
    left: Collection[str]  # that may be approved yet


def _answer_link(
    conn: Connection, request: web.Request, *, note: str, languages: Collection[str]
) -> _Done:
    house, at = request.config_dict[SITE].house, now(request)
    asked = approval_asks.look(conn, request.match_info["token"], at)
    request[LANGUAGE] = asked.language
    whose = (conn, asked.email_id, asked.local_time, asked.organizer_id)
    about: dict[str, Any] = {"seen": asked.digest, "house": house, "now": at}
    if not languages:
        approving.send_back(*whose, note=note, **about)
        _note(conn, asked, "email.send_back", {"how": How.LINK}, request)
        return _Done([], [])
    new = approving.approve(*whose, languages=languages, how=How.LINK, **about)
    told = {"how": How.LINK, "languages": " ".join(sorted(new))}
    _note(conn, asked, "email.approve", told, request)
    left = _ballot(conn, asked, request).open_to(asked.organizer_id)
    return _Done(sorted(new), left)


def _ballot(conn: Connection, asked: Row[Any], request: web.Request) -> Ballot:
    email, at = look_at(conn, asked.email_id), asked.local_time
    run = occurrences.of(conn, asked.email_id, at) if at else None
    return approving.ballot(conn, email, run, house=request.config_dict[SITE].house)


def _note(
    conn: Connection, asked: Row[Any], act: str, after: dict[str, Any], request: web.Request
) -> None:
    """Put on the record what came from outside the console."""
    audit.note(
        conn,
        act,
        actor=f"organizer:{asked.organizer_id}",
        about=f"email:{asked.email_id}",
        project_id=asked.project_id,
        after=after,
        now=now(request),
    )


async def _link_page(
    request: web.Request, *, problem: str = "", note: str = "", approved: Collection[str] = ()
) -> web.Response:
    try:
        asked, seen = await read(request, _look, request)
    except BadAsk as error:
        return _link_gone(request, str(error))
    request[LANGUAGE] = asked.language
    changed = "" if seen.ballot.digest == asked.digest else str(Changed.__doc__)
    values = {
        "seen": None if changed else seen,
        "asked": asked,
        "open_to": seen.ballot.open_to(asked.organizer_id),
        "title": subject(seen.texts, language_of(request)),
        "approved": approved,
        "note": note,
        "token": request.match_info["token"],
        "problem": changed or problem,
        "done": [],
    }
    status = HTTPStatus.CONFLICT if changed or problem else HTTPStatus.OK
    return render(request, "console/approve_email.html", values, status=status)


def _look(conn: Connection, request: web.Request) -> tuple[Row[Any], Reading]:
    house, at = request.config_dict[SITE].house, now(request)
    asked = approval_asks.look(conn, request.match_info["token"], at)
    return asked, read_email(conn, asked.email_id, asked.local_time, house=house, now=at)


def _link_gone(request: web.Request, sentence: str) -> web.Response:
    values: dict[str, object] = {"seen": None, "problem": sentence, "done": []}
    return render(request, "console/approve_email.html", values, status=HTTPStatus.NOT_FOUND)


def _email(request: web.Request) -> int:
    return int(request.match_info["email_id"])
