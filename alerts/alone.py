"""Launch a red alert without a second person: allowed, loud, and looked at afterwards by somebody else.

The reason is kept beside the alert and never on the record, which holds no words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from alerts.approval_models import AloneLaunch
from alerts.models import Alert, Level
from alerts.titles import titles_by_alert
from messages.control import NotNow
from messages.models import Message, Reach
from organizers.roles import NETWORKS, Within, as_key, owned

LEAST = 10  # characters of a reason
LONGEST = 2_000


class NotRed(Exception):
    """Only a red alert may leave without a second person: lives or liberty at stake. Ask for an approval."""


class NoReason(Exception):
    """Write why this cannot wait for a second person; a few words that others will read."""


class NoView(Exception):
    """Write what you think of it, in a few words; they stay with the alert."""


class OwnLaunch(Exception):
    """You launched this yourself. Somebody else has to look at it."""


@dataclass(frozen=True)
class Alone:
    """A launch without a second person, as its letter and its banner tell of it."""

    alert_id: int
    project_id: int  # NETWORKS: the network's
    titles: dict[str, str]
    launched_by: str
    why: str
    launched_at: datetime
    reviewed_by: str
    reviewed_at: datetime | None
    view: str

    @property
    def is_open(self) -> bool:
        """Whether nobody else has looked at it yet."""
        return self.reviewed_at is None


@dataclass(frozen=True)
class BreakGlass:
    """That one person is enough this once, and why. The operator of the machine is bound to no level."""

    why: str
    operator: bool = False


def note(
    conn: Connection, alert_id: int, glass: BreakGlass, level: str, *, by: str, now: datetime
) -> None:
    """Write down that an alert leaves so. Raises NotRed and NoReason."""
    if level != Level.RED and not glass.operator:
        raise NotRed(NotRed.__doc__)
    why = glass.why.strip()[:LONGEST]
    if len(why) < LEAST:
        raise NoReason(NoReason.__doc__)
    row = {"alert_id": alert_id, "launched_by": by, "why": why, "launched_at": now}
    conn.execute(insert(AloneLaunch).values(**row, letter_due=True))


def review(conn: Connection, alert_id: int, view: str, *, by: str, now: datetime) -> None:
    """Note what somebody else thinks of it. Raises NoView, OwnLaunch, and NotNow the second time."""
    said = view.strip()[:LONGEST]
    if not said:
        raise NoView(NoView.__doc__)
    mine = select(AloneLaunch).where(AloneLaunch.alert_id == alert_id)
    found = conn.execute(mine.with_for_update()).one()
    if found.launched_by == by:
        raise OwnLaunch(OwnLaunch.__doc__)
    if found.reviewed_at is not None:
        raise NotNow("somebody has looked at this launch already")
    noted = {"reviewed_by": by, "reviewed_at": now, "view": said}
    conn.execute(update(AloneLaunch).where(AloneLaunch.alert_id == alert_id).values(noted))


def alone(conn: Connection, alert_id: int) -> Alone | None:
    """How an alert left without a second person; None for one that did not."""
    row = conn.execute(_rows().where(AloneLaunch.alert_id == alert_id)).one_or_none()
    return None if row is None else _alone(conn, [row])[0]


def letters_about(conn: Connection, alert_id: int) -> int | None:
    """How many letters about it went to anybody; None while they are still to be written."""
    due = select(AloneLaunch.letter_due).where(AloneLaunch.alert_id == alert_id)
    if conn.scalar(due):
        return None
    own = Message.key.startswith(f"answer:alone:{alert_id}:", autoescape=True)
    emails = select(func.count(Message.id)).where(own, Message.reach == Reach.EMAIL)
    return conn.scalar(emails) or 0


def unreviewed(conn: Connection, within: Within) -> list[Alone]:
    """What left so and nobody else has looked at, the latest first; the office sees all of it."""
    everywhere = within is None or NETWORKS in within
    rows = conn.execute(_unreviewed(None if everywhere else as_key(within)))
    return _alone(conn, rows.all())


@lru_cache
def _unreviewed(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    open_ones = _rows().where(AloneLaunch.reviewed_at.is_(None), owned(Message.project_id, within))
    return open_ones.order_by(AloneLaunch.launched_at.desc(), AloneLaunch.alert_id)


def any_due(conn: Connection) -> bool:
    """Whether anybody is to be told of one."""
    due = select(AloneLaunch.alert_id).where(AloneLaunch.letter_due).limit(1)
    return conn.execute(due).first() is not None


def letters_due(conn: Connection) -> list[Alone]:
    """Those of which everybody is to be told; from now on they count as told."""
    told = update(AloneLaunch).where(AloneLaunch.letter_due).values(letter_due=False)
    due = list(conn.scalars(told.returning(AloneLaunch.alert_id)))
    rows = conn.execute(_rows().where(AloneLaunch.alert_id.in_(due)).order_by(AloneLaunch.alert_id))
    return _alone(conn, rows.all())


@cache
def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(*AloneLaunch.__table__.columns, Message.project_id)
        .join(Alert, Alert.id == AloneLaunch.alert_id)
        .join(Message, Message.id == Alert.message_id)
    )


def _alone(conn: Connection, rows: Sequence[Row[Any]]) -> list[Alone]:
    titles = titles_by_alert(conn, [row.alert_id for row in rows])
    return [
        Alone(
            alert_id=row.alert_id,
            project_id=row.project_id or NETWORKS,
            titles=titles.get(row.alert_id, {}),
            launched_by=row.launched_by,
            why=row.why,
            launched_at=row.launched_at,
            reviewed_by=row.reviewed_by,
            reviewed_at=row.reviewed_at,
            view=row.view,
        )
        for row in rows
    ]
