"""Two people before anything leaves: ask, read, approve, send back; and look at what left alone."""

from __future__ import annotations

import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from alerts import alone, approval_asks, approving
from alerts.approval_asks import note_approval
from messages.control import NotNow
from organizers import audit
from organizers.approvers import Changed, How, MayNotApprove, NobodyChosen, NoNote, NotRead
from web.console import approval_lists
from web.console.alert_forms import BadForm
from web.console.approval_reading import reading
from web.console.link_answers import Done, Links, Looked
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import SITE
from web.pages import LANGUAGE

HOME = "/console/approvals"
WRONG = (Changed, MayNotApprove, NotRead, NoNote, NotNow)
DIGEST = re.compile(r"[0-9a-f]{64}")


async def index(request: web.Request) -> web.Response:
    """What waits for me first, then what I asked for."""
    viewer, house = request[VIEWER], request.config_dict[SITE].house
    found = await read(request, approval_lists.queue, viewer, house=house, now=now(request))
    return await page(request, "approvals.html", {"queue": found})


async def show(request: web.Request) -> web.Response:
    """Exactly what is to be approved."""
    return await _show(request)


async def ask(request: web.Request) -> web.Response:
    """Ask the chosen organizers; a letter, and a text, go out within seconds."""
    alert_id, form = int(request.match_info["alert_id"]), await request.post()
    chosen = [int(str(each)) for each in form.getall("approver", []) if _is_number(str(each))]
    try:
        by = request[VIEWER].actor
        await write(request, approval_asks.ask, alert_id, chosen, by=by, now=now(request))
    except (NobodyChosen, MayNotApprove) as error:
        raise BadForm([str(error)]) from error
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}?notice=asked")


async def approve(request: web.Request) -> web.Response:
    """Approve one language or several, signed in."""
    alert_id, form = int(request.match_info["alert_id"]), await request.post()
    try:
        await write(
            request,
            approving.approve,
            alert_id,
            request[VIEWER].organizer_id,
            seen=_seen(str(form.get("seen", ""))),
            languages=_languages(str(form.get("language", ""))),
            how=How.CONSOLE,
            house=request.config_dict[SITE].house,
            now=now(request),
        )
    except WRONG as error:
        return await _show(request, problem=str(error))
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}?notice=approved")


async def send_back(request: web.Request) -> web.Response:
    """Send it back with what should be different."""
    alert_id, form = int(request.match_info["alert_id"]), await request.post()
    note = str(form.get("note", ""))
    try:
        await write(
            request,
            approving.send_back,
            alert_id,
            request[VIEWER].organizer_id,
            seen=_seen(str(form.get("seen", ""))),
            note=note,
            house=request.config_dict[SITE].house,
            now=now(request),
        )
    except WRONG as error:
        return await _show(request, problem=str(error), note=note)
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}?notice=sent_back")


async def look_at(request: web.Request) -> web.Response:
    """Note what one thinks of an alert that left without a second person."""
    alert_id = int(request.match_info["launch_id"])
    view, by = str((await request.post()).get("view", "")), request[VIEWER].actor
    try:
        await write(request, alone.review, alert_id, view, by=by, now=now(request))
    except (alone.NoView, alone.OwnLaunch) as error:
        raise BadForm([str(error)]) from error
    raise web.HTTPSeeOther(HOME)


def _look(conn: Connection, request: web.Request) -> Looked:
    house, at = request.config_dict[SITE].house, now(request)
    asked = approval_asks.look(conn, request.match_info["token"], at)
    seen = reading(conn, asked.alert_id, house=house, now=at)
    return Looked(asked, seen, seen.standing)


def _answer(
    conn: Connection, request: web.Request, *, note: str, languages: Collection[str]
) -> Done:
    house, at = request.config_dict[SITE].house, now(request)
    asked = approval_asks.look(conn, request.match_info["token"], at)
    request[LANGUAGE] = asked.language
    whose = (conn, asked.alert_id, asked.organizer_id)
    about: dict[str, Any] = {"seen": asked.digest, "house": house, "now": at}
    if not languages:
        approving.send_back(*whose, note=note, **about)
        _note_back(request, *whose)
        return Done()
    new = approving.approve(*whose, languages=languages, how=How.LINK, **about)
    note_approval(*whose, new, How.LINK, at)
    found = approving.standing(conn, asked.alert_id, house=house, now=at)
    return Done(new, found.open_to(asked.organizer_id))


LINKS = Links("console/approve.html", _look, _answer)


def _note_back(request: web.Request, conn: Connection, alert_id: int, organizer_id: int) -> None:
    audit.note(
        conn,
        "alert.send_back",
        actor=f"organizer:{organizer_id}",
        about=f"alert:{alert_id}",
        project_id=approval_asks.project_id_of(conn, alert_id),
        after={"how": How.LINK},
        now=now(request),
    )


async def _show(request: web.Request, *, problem: str = "", note: str = "") -> web.Response:
    alert_id, house = int(request.match_info["alert_id"]), request.config_dict[SITE].house
    seen = await read(request, reading, alert_id, house=house, now=now(request))
    values = {
        "seen": seen,
        "open_to": seen.standing.open_to(request[VIEWER].organizer_id),
        "note": note,
        "problem": problem,
    }
    status = HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    return await page(request, "approval.html", values, status=status)


def _languages(typed: str) -> tuple[str, ...]:
    return tuple(typed.split())


def _seen(typed: str) -> str:
    return typed if DIGEST.fullmatch(typed) else ""


def _is_number(typed: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,15}", typed))
