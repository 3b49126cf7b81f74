"""Whether our email is welcome: the page, and the few things a person decides about it."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection, select

from contacts.models import Address, Channel
from messages import complaints, sender_checks, suppression_lists, troubles, unproven_stops
from messages.reach_models import SenderHold
from messages.record_words import words
from web.console.reach_view import reach
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import SITE
from web.pages import language_of

PAGE = "/console/deliverability"


async def show(request: web.Request) -> web.Response:
    """Each sender's records, volume and complaints; what is held; the provider's own lists."""
    site, language = request.config_dict[SITE], language_of(request)
    seen = await read(
        request,
        reach,
        request[VIEWER],
        sender=site.email_sender,
        rule=site.warm_up,
        lists=site.email_by == "sendgrid",
        now=now(request),
    )
    values = {
        "seen": seen,
        "said": lambda finding: words(finding, language),
        "back": request.query.get("back", ""),
    }
    return await page(request, "deliverability.html", values)


async def look(request: web.Request) -> NoReturn:
    """Have the records of all senders looked up at the clock's next turn."""
    await write(request, sender_checks.look_again)
    raise web.HTTPSeeOther(PAGE)


async def go_on(request: web.Request) -> NoReturn:
    """Let a sender's planned mail leave again."""
    hold_id, viewer = int(request.match_info["hold_id"]), request[VIEWER]
    await write(request, end_hold, hold_id, by=viewer.actor, now=now(request))
    raise web.HTTPSeeOther(PAGE)


def end_hold(conn: Connection, hold_id: int, *, by: str, now: datetime) -> None:
    """End a hold, and with it the others of its domain."""
    domain = conn.scalars(select(SenderHold.domain).where(SenderHold.id == hold_id)).one()
    complaints.let_go_on(conn, domain, by=by, now=now)


async def undo_stops(request: web.Request) -> NoReturn:
    """Bring those back whom emails that nobody vouches for took off, from one place."""
    stop_id, viewer = int(request.match_info["stop_id"]), request[VIEWER]
    back = await write(
        request, unproven_stops.undo_wave, stop_id, by=viewer.actor, now=now(request)
    )
    raise web.HTTPSeeOther(f"{PAGE}?back={back}")


async def let_through(request: web.Request) -> NoReturn:
    """Let email to a person through again, here and at the provider, as far as it may be."""
    contact_id, viewer = int(request.match_info["contact_id"]), request[VIEWER]
    await write(request, let_mail_through, contact_id, by=viewer.actor, now=now(request))
    raise web.HTTPSeeOther(f"/console/contacts/{contact_id}")


def let_mail_through(conn: Connection, contact_id: int, *, by: str, now: datetime) -> None:
    """End refusals that only follow from emails that came back, and have the provider forget who said yes."""
    mine = select(Address.address).where(
        Address.contact_id == contact_id, Address.channel == Channel.EMAIL
    )
    for address in list(conn.scalars(mine)):
        if troubles.is_soft(conn, address):
            troubles.lift_soft(conn, address, actor=by, now=now)
        suppression_lists.ask_to_clear_all(conn, address, by=by)
