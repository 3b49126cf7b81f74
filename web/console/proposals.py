"""Alerts that the network proposes: what a committee sees of them, and its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection, select

from actions.asks import Ask, read_action
from actions.responses import Totals
from alerts import proposals, sharing
from alerts.launching import status as status_of_alert
from alerts.models import Level
from alerts.proposals import Offer
from alerts.sharing import CountChanged, PartNotReady, WordsChanged
from alerts.steering import Act, steer_part
from messages.checking import MessageCheck, texts_of
from messages.control import Words
from messages.house import HouseRules
from messages.models import Message, Reach
from messages.progress import Progress, progress
from web.console.alerts import NO_NUMBER
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import JOBS, SITE

HOME = "/console/proposals"


@dataclass(frozen=True)
class SharedAlert:
    """A proposed alert with what its committee is to know before it answers, or what became of its part."""

    proposal: Offer
    texts: Mapping[str, Words]
    reach: Reach
    expires_at: datetime | None
    ask: Ask
    check: MessageCheck | None  # before it has joined
    progress: Progress | None  # afterwards
    totals: Totals  # of all committees together

    @property
    def level(self) -> Level:
        """How urgent it is."""
        return self.proposal.level


async def index(request: web.Request) -> web.Response:
    """What the network has proposed: what waits for an answer first."""
    found = await read(request, proposals.proposals, request[VIEWER].within)
    return await page(request, "proposals.html", {"proposals": found})


async def show(request: web.Request) -> web.Response:
    """One of them."""
    return await _show(request)


async def ask(request: web.Request) -> NoReturn:
    """Ask the committees that have not been asked; their senders get a letter."""
    alert_id = int(request.match_info["alert_id"])
    await write(request, sharing.propose, alert_id, now(request))
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")


async def join(request: web.Request) -> web.Response:
    """Say yes, to the number of people that was typed."""
    form = await request.post()
    typed = re.sub(r"[\s,.]", "", str(form.get("confirmed", "")))
    if not re.fullmatch(r"[0-9]{1,9}", typed):
        return await _show(request, problem=NO_NUMBER)
    proposal_id = int(request.match_info["proposal_id"])
    try:
        await write(
            request,
            sharing.join,
            request.config_dict[JOBS],
            proposal_id,
            confirmed=int(typed),
            words=str(form.get("words", "")),
            house=request.config_dict[SITE].house,
            by=request[VIEWER].actor,
            now=now(request),
        )
    except (CountChanged, PartNotReady, WordsChanged) as error:
        return await _show(request, problem=str(error))
    raise web.HTTPSeeOther(f"{HOME}/{proposal_id}")


async def decline(request: web.Request) -> NoReturn:
    """Say no."""
    proposal_id, by = int(request.match_info["proposal_id"]), request[VIEWER].actor
    await write(request, sharing.decline, proposal_id, by=by, now=now(request))
    raise web.HTTPSeeOther(f"{HOME}/{proposal_id}")


async def steer(request: web.Request) -> NoReturn:
    """Undo, pause, resume or stop the committee's own part."""
    proposal_id, act = int(request.match_info["proposal_id"]), Act(request.match_info["act"])
    found = await read(request, proposals.proposal, proposal_id)
    if found.message_id is not None:
        jobs, at = request.config_dict[JOBS], now(request)
        await write(request, steer_part, jobs, found.message_id, act, now=at)
    raise web.HTTPSeeOther(f"{HOME}/{proposal_id}")


def _read(conn: Connection, proposal_id: int, house: HouseRules, at: datetime) -> SharedAlert:
    found = proposals.proposal(conn, proposal_id)
    part, joined = found.message_id, found.message_id is not None
    columns = (Message.reach, Message.expires_at, Message.action_id)
    root = conn.execute(select(*columns).where(Message.id == found.root_id)).one()
    return SharedAlert(
        proposal=found,
        texts=texts_of(conn, found.root_id),
        reach=Reach(root.reach),
        expires_at=root.expires_at,
        ask=read_action(conn, root.action_id),
        check=None if joined else sharing.check_part(conn, found, house=house, now=at),
        progress=None if part is None else progress(conn, part, now=at),
        totals=status_of_alert(conn, found.alert_id, now=at).totals,
    )


async def _show(request: web.Request, *, problem: str = "") -> web.Response:
    proposal_id, house = int(request.match_info["proposal_id"]), request.config_dict[SITE].house
    seen = await read(request, _read, proposal_id, house, now(request))
    code = HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    return await page(request, "proposal.html", {"seen": seen, "problem": problem}, status=code)
