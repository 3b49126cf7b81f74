"""The record: who did what. Admins see that of their projects, those of the office all of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy import Row

from contacts.spreadsheets import Sheet
from organizers import audit
from organizers.access import names
from organizers.audit import Entry
from organizers.roles import NETWORKS, May, Within
from web.console.viewing import VIEWER, now, number, page, read, write

SHOWN = 100  # entries on one page
EXPORTED = 100_000
KINDS = (
    "stance",
    "attempt",
    "report",
    "staffer",
    "target",
    "alert",
    "case",
    "fact",
    "hold",
    "campaign",
    "moment",
    "measure",
    "contact",
    "delivery",
    "email",
    "series",
    "step",
    "import",
    "launch",
    "lock",
    "organizer",
    "project",
    "proposal",
    "reply",
    "session",
    "stop",
)
PAGES = {
    "alert": "alerts",
    "case": "cases",
    "campaign": "campaigns",
    "contact": "contacts",
    "import": "imports",
    "series": "series",
}
HEADINGS = ("number", "at", "who", "act", "project", "object", "before", "after", "hash")


async def show(request: web.Request) -> web.Response:
    """The newest entries, or those before one; of one kind of object, or of one person."""
    within, before = _within(request), number(request.query, "before")
    kind, actor = request.query.get("kind", ""), request.query.get("who", "")[:80]
    found = await read(
        request,
        audit.entries,
        within,
        act=f"{kind}." if kind in KINDS else "",
        actor=actor,
        before_id=before,
        limit=SHOWN + 1,
    )
    values = {
        "entries": found[:SHOWN],
        "older": found[SHOWN - 1].id if len(found) > SHOWN else None,
        "names": await _names(request, found),
        "head": await read(request, audit.head_of) if within is None else None,
        "kinds": KINDS,
        "kind": kind,
        "who": actor,
        "pages": PAGES,
        "newest": before is None,
    }
    return await page(request, "record.html", values)


def _within(request: web.Request) -> Within:
    """Whose record: that of the projects one is an admin of; the office's people see all of it."""
    mine = request[VIEWER].may_in(May.ADMIN)
    return None if NETWORKS in mine else mine


async def _names(request: web.Request, entries: Sequence[Entry]) -> Mapping[str, str]:
    """Names of organizers; to an organizer of some projects only of those in the entries they see."""
    known = await read(request, names)
    if _within(request) is None:
        return known
    here = {entry.actor for entry in entries}
    return {actor: name for actor, name in known.items() if actor in here}


async def export(request: web.Request) -> web.Response:
    """The record as CSV, oldest first; that it was taken out goes on it."""
    viewer = request[VIEWER]
    found = await read(request, audit.kept, _within(request), limit=EXPORTED)
    await write(
        request,
        audit.note,
        "record.export",
        actor=viewer.actor,
        about=viewer.actor,
        after={"entries": len(found)},
        now=now(request),
    )
    headers = {"Content-Disposition": 'attachment; filename="record.csv"'}
    # The mark lets spreadsheet programs see that this is UTF-8.
    body = _csv(reversed(found)).encode("utf-8-sig")
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _csv(entries: Iterable[Row[*tuple[Any, ...]]]) -> str:
    target = io.StringIO(newline="")
    sheet = Sheet(target)
    sheet.add(HEADINGS)
    for number_, at, actor, act, project, *told in entries:
        when, whose = at.isoformat(timespec="seconds"), "" if project is None else project
        sheet.add((number_, when, actor, act, whose, *told))
    return target.getvalue()
