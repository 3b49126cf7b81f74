"""Whether an action page offers to connect its visitor, and how."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from alerts.calls import own_number
from alerts.pages import Person
from contacts.addresses import masked
from web.keys import CLOCK, DATABASE, SITE
from web.public.offices import Phone, phone

RINGING = "ringing"  # in the address of a page whose visitor is just being rung


@dataclass(frozen=True)
class Offer:
    """How somebody is connected without dialling each office."""

    own: str  # their number, masked, that we ring; "" = none
    not_now: str  # why it does not ring at this hour; "" = it does
    dial: Phone  # the network's number
    ringing: bool  # they have just asked for it


async def offer(request: web.Request, person: Person | None) -> Offer | None:
    """What this visitor is offered; None where calls are not put through."""
    rules = request.app[SITE].voice
    if rules is None:
        return None
    now = request.app[CLOCK]()
    own, not_now = await request.app[DATABASE].read(own_number, person, rules, now=now)
    return Offer(
        own=masked(own) if own else "",
        not_now=not_now,
        dial=phone(rules.number),
        ringing=RINGING in request.query,
    )
