"""Who stands behind a line of the page of a draft: a hundred at a time, and only whom one may see."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy import ColumnElement, Connection, Subquery, Text, case, func, literal, select, true

from alerts.launching import message_of
from contacts import scope
from contacts.changes import Kept
from contacts.models import Channel, Contact, Membership
from messages import audience as audiences
from messages import hours
from messages.audience import Audience
from messages.eligibility import Terms, terms_of
from messages.models import Message, Reach
from messages.prospects import prospects, reached
from messages.surveys import kept
from messages.zones import Waits, Zones
from organizers.roles import Within
from web.console.viewing import VIEWER, now, number, page, read

SHOWN = 100  # people on a page
MOST_PAGES = 10_000
MOST_KEPT = 16  # lines whose people are kept: of 50,000 people 400 KB each

_KEPT = Kept(MOST_KEPT)


@dataclass(frozen=True)
class Line:
    """A line of the page, as its address names it."""

    kind: str  # texts, held, emails, several or left-out
    zones: tuple[int, ...] = ()  # of held ones
    channel: str = ""  # of those left out, as is
    reason: str = ""


@dataclass(frozen=True)
class Crowd:
    """The people of a line."""

    people: Sequence[tuple[int, str]]  # of this page: number and name
    page: int
    seen: int  # whom the viewer may see, on all pages
    total: int

    @property
    def pages(self) -> int:
        """How many pages those are."""
        return max(1, -(-self.seen // SHOWN))

    @property
    def others(self) -> int:
        """People of other committees' lists, of whom only the number is told."""
        return self.total - self.seen


@dataclass(frozen=True)
class Everybody:
    """All people of a line."""

    ids: Sequence[int]  # first those whom the viewer may see, by name
    seen: int  # how many those are


async def show(request: web.Request) -> web.Response:
    """Whom a line of the page counts."""
    kind = request.match_info["line"]
    zones = request.query.get("zones", "")
    known = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,200}", zones)
    return await _page(request, Line(kind, tuple(map(int, zones.split("."))) if known else ()))


async def left_out(request: web.Request) -> web.Response:
    """Who gets no copy of a draft on a channel, for one reason."""
    named = request.match_info
    return await _page(request, Line("left-out", (), named["channel"], named["reason"]))


async def _page(request: web.Request, line: Line) -> web.Response:
    alert_id = int(request.match_info["alert_id"])
    crowd = await read(
        request,
        crowd_of,
        alert_id,
        line,
        page=max(1, min(number(request.query, "page") or 1, MOST_PAGES)),
        within=request[VIEWER].within,
        now=now(request),
    )
    values = {"alert_id": alert_id, "line": line, "crowd": crowd}
    return await page(request, "fate_people.html", values)


def crowd_of(
    conn: Connection, alert_id: int, line: Line, *, page: int, within: Within, now: datetime
) -> Crowd:
    """The people of a line by name, those of other committees as a number. Raises NoSuchAlert.

    A page that nobody is on any more is the first.
    """
    message_id = message_of(conn, alert_id)
    columns = (Message.audience, Message.hours, Message.begins_at)
    message = conn.execute(select(*columns).where(Message.id == message_id)).one()
    terms = _needed(line, terms_of(conn, message_id, now=now))
    at = max(now, message.begins_at or now)
    open_now = Zones().open_at(conn, Waits(hours.read(message.hours)), at)
    everybody = _everybody(conn, audiences.read(message.audience), terms, line, open_now, within)
    crowd = Crowd((), 1, everybody.seen, len(everybody.ids))
    page = page if page <= crowd.pages else 1
    shown = everybody.ids[(page - 1) * SHOWN : min(page * SHOWN, everybody.seen)]
    return replace(crowd, people=_by_name(conn, shown), page=page)


def _everybody(
    conn: Connection,
    audience: Audience,
    terms: Terms,
    line: Line,
    open_now: Sequence[int] | None,
    within: Within,
) -> Everybody:
    """Everybody of a line in their order, from memory where it may be: it takes as long as to survey them all."""

    def ask() -> Everybody:
        rows = prospects(
            audience, terms, keep=[Contact.given_name, Contact.family_name, Contact.zone_set_id]
        )
        mine = case((scope.people(within, rows.c.contact_id, whole=True), 1), else_=0)
        of_line = _condition(conn, line, rows, terms, open_now, within)
        order = (mine.desc(), rows.c.given_name, rows.c.family_name, rows.c.contact_id)
        found = conn.execute(select(rows.c.contact_id, mine).where(of_line).order_by(*order)).all()
        return Everybody(array("q", [each[0] for each in found]), sum(each[1] for each in found))

    # None is not the same as none: any hour will do, and everybody may be shown.
    by = (None if each is None else tuple(each) for each in (open_now, within))
    return kept(conn, _KEPT, audience, terms, (line, *by), ask)


def _by_name(conn: Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    """People's names, in the order of their numbers given."""
    name = func.trim(Contact.given_name + " " + Contact.family_name)
    found = select(Contact.id, name).where(Contact.id.in_(ids))
    names: dict[int, str] = dict(conn.execute(found).all())
    return [(each, names[each]) for each in ids]


def _needed(line: Line, terms: Terms) -> Terms:
    """Only the channel that a line tells of, where it does not go by the other one."""
    if terms.reach is not Reach.BOTH or line.kind == "several":
        return terms
    emails = Channel.EMAIL in (line.kind.removesuffix("s"), line.channel)
    return replace(terms, reach=Reach.EMAIL if emails else Reach.SMS)


def _condition(
    conn: Connection,
    line: Line,
    rows: Subquery,
    terms: Terms,
    open_now: Sequence[int] | None,
    within: Within,
) -> ColumnElement[bool]:
    """SQL for whom a line counts."""
    if line.kind == "left-out":
        return _column(rows, line.channel) == line.reason
    if line.kind == "emails":
        return _column(rows, Channel.EMAIL) == ""
    if line.kind == "several":
        return _on_several(conn, rows, terms, within)
    texted = _column(rows, Channel.SMS) == ""
    if open_now is None:
        return texted if line.kind == "texts" else ~true()
    if line.kind == "texts":
        return texted & rows.c.zone_set_id.in_(open_now)
    held = texted & rows.c.zone_set_id.not_in(open_now)
    return held & rows.c.zone_set_id.in_(line.zones) if line.zones else held


def _column(rows: Subquery, channel: str) -> ColumnElement[Any]:
    """Why somebody gets no copy on a channel; NULL for one that the message does not use."""
    return rows.c[channel] if channel in rows.c else literal(None, Text)


def _on_several(
    conn: Connection, rows: Subquery, terms: Terms, within: Within
) -> ColumnElement[bool]:
    """Who is reached and on several of the lists that the viewer sees."""
    visible = scope.visible_projects(conn, within)
    lists = select(func.count()).where(
        Membership.contact_id == rows.c.contact_id, Membership.project_id.in_(visible)
    )
    return reached(rows, terms) & (lists.scalar_subquery() > 1)
