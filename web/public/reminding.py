"""Remind me: a supporter's own wish to be written to once, when the office answers and they are awake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection

from actions.flooding import Most, count_answer
from alerts.asking import names_of
from messages import prompting
from messages.hours import Hours
from messages.prompt_models import PromptKind
from messages.prompting import Wish
from web.keys import CLOCK, DATABASE, SITE
from web.public.acting import address_of, delivery_of, form_of, kept, where_of
from web.public.limits import sources
from web.public.reminders import offered, spelt
from web.public.visits import BadAnswer, Visitor, visit

TAKE_BACK = "none"


async def remind(request: web.Request) -> NoReturn:
    """Keep, move or take back the reminder of one call."""
    visitor = Visitor(delivery_id=delivery_of(request), where=where_of(request))
    form = await form_of(request)
    await request.app[DATABASE].write(
        keep,
        visitor,
        form.get("target", ""),
        form.get("at", ""),
        hours=request.app[SITE].house.hours,
        counted=sources(request, visitor.delivery_id),
        now=request.app[CLOCK](),
    )
    query = {**kept(request), "target": form.get("target", "")}
    raise web.HTTPSeeOther(f"{address_of(request.path.removesuffix('/remind'), query)}#remind")


def keep(
    conn: Connection,
    visitor: Visitor,
    target: str,
    at: str,
    *,
    hours: Hours | None,
    counted: Mapping[str, Most],
    now: datetime,
) -> None:
    """Write the wish down. Raises TooOften, NoSuchPage, AlreadyReminded, and BadAnswer for a time not offered."""
    count_answer(conn, counted, now=now)
    seen = visit(conn, visitor, now=now)
    office = next((each for each in seen.targets.with_phone if each.key == target), None)
    if office is None or seen.reminders is None or seen.page.ended_at(now):
        raise BadAnswer(BadAnswer.__doc__)
    person, action_id = seen.person, seen.page.ask.action_id
    if person is None or person.contact_id is None:
        raise BadAnswer(BadAnswer.__doc__)
    if at == TAKE_BACK:
        prompting.take_back(conn, action_id, person.contact_id, target, now)
        return
    slot = next((each for each in offered(seen, office, hours, now) if spelt(each) == at), None)
    if slot is None:
        raise BadAnswer(BadAnswer.__doc__)
    prompting.ask_for(
        conn,
        Wish(
            kind=PromptKind.REMIND,
            action_id=action_id,
            contact_id=person.contact_id,
            source_id=prompting.message_of(conn, person.delivery_id),
            channel=person.channel,
            target=target,
            named=names_of(office),
            due_at=slot.at,
            until=slot.until,
        ),
    )
