"""The way off the list, for the address a copy went to: GET only shows it, because scanners follow
links; POST acts, without cookie or sign-in, as RFC 8058 asks of one-click unsubscribing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy import Connection, select

from alerts.pages import NoSuchPage
from contacts.consent import refuse, standings
from contacts.models import Channel, Contact, Standing
from messages import unproven_stops
from messages.calling_off import cancel_pending
from messages.models import Delivery
from web.forms import read_form
from web.keys import CLOCK, DATABASE
from web.pages import LANGUAGE, render
from web.public.acting import delivery_of

ONE_CLICK = ("List-Unsubscribe", "One-Click")


@dataclass(frozen=True)
class Copy:
    """Where a copy went."""

    channel: str
    address: str
    language: str
    gone: bool  # nothing more is sent there, because they asked


async def show(request: web.Request) -> web.Response:
    """Offer the button, or say that it is done."""
    copy = await request.app[DATABASE].read(copy_of, delivery_of(request))
    request[LANGUAGE] = request.query.get("lang", "") or copy.language
    values = {"gone": copy.gone, "email": copy.channel == Channel.EMAIL, "here": request.path}
    return render(request, "public/leaving.html", values)


async def leave(request: web.Request) -> web.Response:
    """Take the address off every list at once. A mail program gets its 200, a person their page."""
    delivery_id = delivery_of(request)
    form = await read_form(request)
    one_click = form.get(ONE_CLICK[0]) == ONE_CLICK[1]
    source = "one_click" if one_click else "page"
    await request.app[DATABASE].write(opt_out, delivery_id, source=source, now=request.app[CLOCK]())
    if one_click:
        return web.Response(text="Unsubscribed.\n")
    raise web.HTTPSeeOther(request.path_qs)


def copy_of(conn: Connection, delivery_id: int) -> Copy:
    """Where a copy went; raises NoSuchPage for one that went nowhere."""
    columns = (Delivery.channel, Delivery.address, Contact.language)
    found = select(*columns).outerjoin(Contact, Contact.id == Delivery.contact_id)
    row = conn.execute(found.where(Delivery.id == delivery_id)).one_or_none()
    if row is None or row.address is None:
        raise NoSuchPage(NoSuchPage.__doc__)
    pair = (row.channel, row.address)
    gone = standings(conn, [pair]).refused.get(pair) is Standing.OPTED_OUT
    return Copy(row.channel, row.address, row.language or "", gone)


def opt_out(conn: Connection, delivery_id: int, *, source: str, now: datetime) -> None:
    """Record the refusal and cancel what still waits for the address, in one transaction.

    Said once more it adds nothing: nobody fills the ledger with a button. No limit stands before it, for
    whoever wants to leave can leave.
    """
    copy = copy_of(conn, delivery_id)
    unproven_stops.prove(conn, copy.channel, copy.address, by="supporter", now=now)
    if copy_of(conn, delivery_id).gone:  # now that nobody can take it back
        return
    refuse(
        conn,
        copy.channel,
        copy.address,
        standing=Standing.OPTED_OUT,
        source=source,
        evidence=f"{': '.join(ONE_CLICK)}" if source == "one_click" else "button on the page",
        actor="supporter",
        now=now,
    )
    cancel_pending(
        conn, channel=copy.channel, address=copy.address, reason=Standing.OPTED_OUT, now=now
    )
