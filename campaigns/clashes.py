"""Which other mail reaches the same people on the same day? Told when one is planned and in the month, never forbidden.

The network's mail goes to the lists of all committees that share theirs, so it counts against each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from campaigns.models import CampaignEmail, RunStatus
from campaigns.upcoming import Occurrence, of_emails
from contacts.models import Project
from messages import audience as audiences
from messages.calling_off import taken_back
from messages.models import Message, MessageKind, MessageText, Reach
from organizers.roles import NETWORKS

DAY = timedelta(hours=24)
MOST = 5
OFF = (RunStatus.SKIPPED,)
MAILED = (Reach.BOTH, Reach.TEXT_FIRST, Reach.EMAIL)


@dataclass(frozen=True)
class Clash:
    """Another email to the same people within a day."""

    email_id: int  # 0: it is an alert's
    at: datetime
    texts: dict[str, Any]
    same_project: bool  # else only the day is told: what others write is theirs


@dataclass(frozen=True, kw_only=True)
class _Mail:
    """Something that goes by email, and to whose lists."""

    at: datetime
    lists: frozenset[int]
    project_id: int | None
    email_id: int = 0
    message_id: int = 0
    texts: dict[str, Any]


def clashes(
    conn: Connection,
    project_id: int | None,
    at: Sequence[datetime],
    *,
    named: Collection[int] = (),
    but: int = 0,
    now: datetime,
) -> list[Clash]:
    """What else goes to the same people less than a day from one of these instants, the first five.

    Of mail of this project (None: the network's, to everybody or to the committees ``named``); ``but``
    is the email that it is itself.
    """
    ahead = [each for each in at if each > now]
    if not ahead:
        return []
    sharing = _sharing(conn)
    lists = _lists(project_id, named, sharing)
    return [
        Clash(each.email_id, each.at, each.texts, each.project_id == project_id)
        for each in _mail(conn, min(ahead) - DAY, max(ahead) + DAY, sharing)
        if (not but or each.email_id != but)
        and lists & each.lists
        and any(abs(each.at - one) < DAY for one in ahead)
    ][:MOST]


def doubled(conn: Connection, mine: Sequence[Occurrence], *, now: datetime) -> list[Occurrence]:
    """Which of these occurrences, all that a committee has in some days, are ahead and not the only mail in a day.

    Of two that are both among them the later is told.
    """
    mine = [each for each in mine if each.at > now]
    if not mine:
        return []
    first, last = min(each.at for each in mine), max(each.at for each in mine)
    others = _mail(conn, first - DAY, last + DAY, _sharing(conn))
    known = {(each.email_id, each.at): each.lists for each in others if each.email_id}
    own = {(each.email_id, each.at) for each in mine}
    return [
        each
        for each in mine
        if any(
            other.email_id != each.email_id
            and abs(other.at - each.at) < DAY
            and other.lists & known.get((each.email_id, each.at), frozenset())
            and ((other.email_id, other.at) not in own or _before(other, each))
            for other in others
        )
    ]


def _before(other: _Mail, each: Occurrence) -> bool:
    return (other.at, other.email_id) < (each.at, each.email_id)


def _mail(
    conn: Connection, start: datetime, stop: datetime, sharing: frozenset[int]
) -> list[_Mail]:
    """All mail to lists between two instants, in order: what is planned or went, and alerts."""
    found = [*_planned(conn, start, stop, sharing), *_alerts(conn, start, stop, sharing)]
    return sorted(found, key=lambda each: (each.at, each.email_id, each.message_id))


def _planned(
    conn: Connection, start: datetime, stop: datetime, sharing: frozenset[int]
) -> list[_Mail]:
    occurrences = of_emails(conn, None, start=start, stop=stop)
    rows = select(CampaignEmail.id, CampaignEmail.audience)
    here = {each.email_id for each in occurrences}
    named = {
        row.id: audiences.read(row.audience).include.projects
        for row in conn.execute(rows.where(CampaignEmail.id.in_(here)))
    }
    return [
        _Mail(
            at=each.at,
            lists=_lists(each.project_id, named[each.email_id], sharing),
            project_id=each.project_id,
            email_id=each.email_id,
            texts=each.texts,
        )
        for each in occurrences
        if each.status not in OFF
    ]


def _alerts(
    conn: Connection, start: datetime, stop: datetime, sharing: frozenset[int]
) -> list[_Mail]:
    """Alerts that were launched, by when their mail leaves; each committee's part is one of its own."""
    leaves = func.coalesce(Message.begins_at, Message.starts_at)
    columns = (Message.id, Message.project_id, Message.audience, leaves.label("at"))
    rows = conn.execute(
        select(*columns).where(
            Message.kind == MessageKind.ALERT,
            Message.launched_at.is_not(None),
            Message.reach.in_(MAILED),
            leaves >= start,
            leaves < stop,
            ~taken_back(),
        )
    ).all()
    subjects = _subjects(conn, [row.id for row in rows])
    return [
        _Mail(
            at=row.at,
            lists=_lists(row.project_id, audiences.read(row.audience).include.projects, sharing),
            project_id=row.project_id,
            message_id=row.id,
            texts=subjects.get(row.id, {}),
        )
        for row in rows
    ]


def _subjects(conn: Connection, messages: Collection[int]) -> dict[int, dict[str, Any]]:
    columns = (MessageText.message_id, MessageText.language, MessageText.subject)
    found: dict[int, dict[str, Any]] = {}
    for row in conn.execute(select(*columns).where(MessageText.message_id.in_(messages))):
        found.setdefault(row.message_id, {})[row.language] = {"subject": row.subject}
    return found


def _sharing(conn: Connection) -> frozenset[int]:
    """The committees whose lists the network's mail goes to."""
    return frozenset(conn.scalars(select(Project.id).where(Project.shares_list)))


def _lists(
    project_id: int | None, named: Collection[int], sharing: frozenset[int]
) -> frozenset[int]:
    """To whose lists mail goes: a committee's to its own, the network's to all that share theirs."""
    if project_id is not None:
        return frozenset((project_id,))
    return sharing & frozenset(named) if named else sharing | {NETWORKS}
