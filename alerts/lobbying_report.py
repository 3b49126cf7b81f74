"""What was spent on which kind of work in a year? By kind and project, for whoever writes the tax return.

Texts count in the year of their launch, connected calls and noted hours in that of their day; a year is
Washington's. What committees send as their part of an alert of the network's counts as the network's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import aliased

from actions.office_hours import WASHINGTON
from alerts.follow_ups import stands_alone
from alerts.kinds_of_work import counts_as
from alerts.models import Alert, AlertText, Work
from alerts.text_costs import Taken, sum_of, texts_taken
from alerts.work_models import StaffHours
from contacts.models import Project
from messages.call_models import Call
from messages.models import Message
from organizers.roles import NETWORKS, Within, owned

NOTHING = Taken(0, True)
ORDER = (Work.GRASSROOTS, Work.DIRECT, Work.ADVOCACY, Work.EDUCATION, None)


@dataclass(frozen=True)
class Spent:
    """What one alert, or several, took within a year."""

    launched: int = 0  # alerts with a page of their own
    texts: Taken = NOTHING
    minutes_connected: int = 0
    minutes_worked: int = 0

    def __add__(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(
            self.launched + other.launched,
            sum_of([self.texts, other.texts]),
            self.minutes_connected + other.minutes_connected,
            self.minutes_worked + other.minutes_worked,
        )


@dataclass(frozen=True)
class AlertLine:
    """An alert that something was spent on."""

    alert_id: int
    titles: Mapping[str, str]  # by language
    work: Work | None  # None = nobody has said
    project_id: int  # NETWORKS for the network's own
    launched_at: datetime
    spent: Spent


@dataclass(frozen=True)
class SumLine:
    """What a project spent on a kind of work."""

    work: Work | None
    project: str  # "" = the network's own
    spent: Spent


@dataclass(frozen=True)
class Yearly:
    """The report of a year."""

    year: int
    sums: Sequence[SumLine]
    alerts: Sequence[AlertLine]  # in the order of their launches
    by_work: Mapping[Work | None, Spent]


def yearly(conn: Connection, year: int, within: Within) -> Yearly:
    """Report on the launched alerts of these projects."""
    spent = _spent(conn, year, within)
    alerts = _lines(conn, spent)
    names: dict[int, str] = dict(conn.execute(select(Project.id, Project.name)).all())
    groups: dict[tuple[Work | None, int], Spent] = defaultdict(Spent)
    by_work: dict[Work | None, Spent] = defaultdict(Spent)
    for each in alerts:
        groups[each.work, each.project_id] += each.spent
        by_work[each.work] += each.spent
    sums = [SumLine(work, names.get(project, ""), one) for (work, project), one in groups.items()]
    return Yearly(
        year,
        sorted(sums, key=lambda each: (ORDER.index(each.work), each.project)),
        alerts,
        {work: by_work[work] for work in ORDER if work in by_work},
    )


def _spent(conn: Connection, year: int, within: Within) -> Mapping[int, Spent]:
    """By the alert as which it counts."""
    start, stop = (datetime(each, 1, 1, tzinfo=ZoneInfo(WASHINGTON)) for each in (year, year + 1))
    found: dict[int, Spent] = defaultdict(Spent)
    for first, taken in _texts(conn, start, stop, within):
        found[first] += Spent(texts=taken)
    mine = (stands_alone(), owned(Message.project_id, within))
    launched = select(Alert.id).join(Message, Message.id == Alert.message_id)
    began = (Message.launched_at >= start, Message.launched_at < stop)
    for first in conn.scalars(launched.where(*mine, *began)):
        found[first] += Spent(launched=1)
    calls = (
        select(Alert.id, func.sum(Call.minutes))
        .join(Message, Message.id == Alert.message_id)
        .join(Call, Call.action_id == Alert.action_id)
        .where(*mine, Call.began_at >= start, Call.began_at < stop)
    )
    for first, minutes in conn.execute(calls.group_by(Alert.id)):
        found[first] += Spent(minutes_connected=int(minutes or 0))
    for first, minutes in _hours(conn, year, within):
        found[first] += Spent(minutes_worked=minutes)
    return {first: one for first, one in found.items() if one != Spent()}


def _texts(
    conn: Connection, start: datetime, stop: datetime, within: Within
) -> list[tuple[int, Taken]]:
    """What texts took, those of reminders and corrections too, and of every committee's part."""
    part = aliased(Message)
    rows = conn.execute(
        select(part.id, counts_as().label("counts_as"))
        .select_from(Alert)
        .join(Message, Message.id == Alert.message_id)
        .join(part, (part.id == Message.id) | (part.part_of == Message.id))
        .where(owned(Message.project_id, within))
        .where(Message.launched_at >= start, Message.launched_at < stop)
    ).all()
    taken = texts_taken(conn, [row.id for row in rows])
    return [(row.counts_as, taken[row.id]) for row in rows]


def _hours(conn: Connection, year: int, within: Within) -> list[tuple[int, int]]:
    """Hours that stand, in minutes."""
    later = aliased(StaffHours)
    rows = (
        select(counts_as().label("counts_as"), StaffHours.minutes)
        .select_from(StaffHours)
        .join(Alert, Alert.id == StaffHours.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .outerjoin(later, later.replaces_id == StaffHours.id)
        .where(later.id.is_(None), owned(Message.project_id, within))
        .where(StaffHours.worked_on.between(date(year, 1, 1), date(year, 12, 31)))
    )
    return [(row.counts_as, row.minutes) for row in conn.execute(rows)]


def _lines(conn: Connection, spent: Mapping[int, Spent]) -> list[AlertLine]:
    titles: dict[int, dict[str, str]] = defaultdict(dict)
    texts = select(AlertText.alert_id, AlertText.language, AlertText.title)
    for alert_id, language, title in conn.execute(texts.where(AlertText.alert_id.in_(spent))):
        titles[alert_id][language] = title
    rows = (
        select(Alert.id, Alert.work, Message.project_id, Message.launched_at)
        .join(Message, Message.id == Alert.message_id)
        .where(Alert.id.in_(spent), Message.launched_at.is_not(None))
        .order_by(Message.launched_at, Alert.id)
    )
    return [
        AlertLine(
            row.id,
            titles[row.id],
            Work(row.work) if row.work else None,
            row.project_id or NETWORKS,
            row.launched_at,
            spent[row.id],
        )
        for row in conn.execute(rows).all()
    ]
