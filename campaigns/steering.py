"""Pause, resume and stop what an occurrence of a planned email is sending: all ways of writing, and the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from campaigns.calendar import find_email
from campaigns.models import CampaignRun
from campaigns.occurrences import NotOneOfItsDates
from database.jobs import Jobs
from messages import control
from messages.control import NotNow
from messages.eligibility import family_of
from messages.models import Message, MessageStatus


class Steer(StrEnum):
    """What a button of an email that is being sent does."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


SENSE: Mapping[Steer, Collection[MessageStatus]] = {
    Steer.PAUSE: (MessageStatus.SENDING,),
    Steer.RESUME: (MessageStatus.PAUSED,),
    Steer.STOP: (MessageStatus.SENDING, MessageStatus.PAUSED),
}
IN_THE_AIR = SENSE[Steer.STOP]


def steer(
    conn: Connection, jobs: Jobs, email_id: int, local_time: str, act: Steer, *, now: datetime
) -> None:
    """Do it to every message of an occurrence for which it makes sense.

    Raises NotOneOfItsDates, NotNow where it makes sense for none, and Locked.
    """
    find_email(conn, email_id)
    found = messages_for(conn, email_id, local_time, act)
    if not found:
        raise NotNow("nothing of it is on its way as you saw it; look at it again")
    for message_id in found:
        _do(conn, jobs, message_id, act, now)


def messages_for(conn: Connection, email_id: int, local_time: str, act: Steer) -> list[int]:
    """The messages of an occurrence for which an act makes sense. Raises NotOneOfItsDates."""
    mine = (CampaignRun.email_id == email_id, CampaignRun.local_time == local_time)
    root = conn.scalar(select(CampaignRun.message_id).where(*mine))
    if root is None:
        raise NotOneOfItsDates(NotOneOfItsDates.__doc__)
    status = select(Message.id, Message.status).where(Message.id.in_(family_of(conn, root)))
    rows = conn.execute(status.order_by(Message.id)).all()
    return [row.id for row in rows if row.status in SENSE[act]]


def in_the_air(conn: Connection, message_ids: Collection[int]) -> dict[int, MessageStatus]:
    """Of occurrences' messages those of which something is on its way: paused, if anything of it is."""
    root = Message.part_of
    rows = select(Message.id, root, Message.status).where(
        Message.id.in_(message_ids) | root.in_(message_ids), Message.status.in_(IN_THE_AIR)
    )
    found: dict[int, MessageStatus] = {}
    for row in conn.execute(rows):
        first = row.part_of or row.id
        paused = found.get(first) is MessageStatus.PAUSED
        found[first] = MessageStatus.PAUSED if paused else MessageStatus(row.status)
    return found


def _do(conn: Connection, jobs: Jobs, message_id: int, act: Steer, now: datetime) -> None:
    if act is Steer.PAUSE:
        control.pause(conn, message_id)
    elif act is Steer.RESUME:
        control.resume(conn, jobs, message_id, now=now)
    else:
        control.stop(conn, message_id, now=now)
