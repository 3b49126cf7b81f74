"""What an organizer says of themselves: which of our languages they read, and their own phone (``own_phone``).

Both decide what counts as their approval of an alert, so each change is on the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection, select

from organizers import audit
from organizers.members import set_reading
from organizers.models import Organizer
from web.console.alert_forms import BadForm
from web.console.viewing import VIEWER, now, write
from web.keys import SITE

HOME = "/console/account"
READS_NOTHING = "Choose at least one language that you read."


@dataclass(frozen=True)
class Own:
    """What they have said."""

    reads: tuple[str, ...]
    phone: str
    phone_confirmed: bool


def own(conn: Connection, organizer_id: int) -> Own:
    """What an organizer has said of themselves."""
    columns = (Organizer.reads, Organizer.language, Organizer.phone, Organizer.phone_confirmed)
    row = conn.execute(select(*columns).where(Organizer.id == organizer_id)).one()
    return Own(tuple((row.reads or row.language).split()), row.phone, row.phone_confirmed)


async def reading(request: web.Request) -> NoReturn:
    """Note which of our languages they read."""
    typed = {str(each) for each in (await request.post()).getall("reads", [])}
    chosen = [each for each in request.config_dict[SITE].languages if each in typed]
    if not chosen:
        raise BadForm([READS_NOTHING])
    await write(request, _read, request, chosen)
    raise web.HTTPSeeOther(f"{HOME}?notice=reading")


def _read(conn: Connection, request: web.Request, chosen: list[str]) -> None:
    set_reading(conn, request[VIEWER].organizer_id, chosen)
    _note(conn, request, "organizer.reading", reads=" ".join(chosen))


def _note(conn: Connection, request: web.Request, act: str, **after: object) -> None:
    me = request[VIEWER].actor
    audit.note(conn, act, actor=me, about=me, after=after, now=now(request))
