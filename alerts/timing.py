"""Does an alert reach people while the offices they are to call answer?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from actions.asks import asking_congress, read_action
from actions.custom_targets import offices_by_action
from actions.models import TargetRule
from actions.office_hours import CONGRESS, Schedule, is_open, opens_at
from alerts.follow_ups import asks_for_calls
from alerts.models import Alert
from messages.findings import Finding, finding
from messages.models import Message
from representatives.recesses import Chamber, recesses

WEEK = timedelta(days=6)
_CHAMBERS: Mapping[TargetRule, Collection[Chamber]] = {
    TargetRule.REPRESENTATIVE: (Chamber.HOUSE,),
    TargetRule.SENATORS: (Chamber.SENATE,),
    TargetRule.CONGRESS: tuple(Chamber),
    TargetRule.COMMITTEE: tuple(Chamber),
}


def schedule_of(conn: Connection, action_id: int) -> Schedule | None:
    """The hours of Congress where it is asked for, else of the first office that has any; None: not known."""
    return schedules_of(conn, [action_id]).get(action_id)


def schedules_of(conn: Connection, action_ids: Collection[int]) -> dict[int, Schedule]:
    """The same of many actions; those whose hours are not known are left out."""
    members = asking_congress(conn, action_ids)
    others = offices_by_action(conn, [each for each in action_ids if each not in members])
    found = dict.fromkeys(members, CONGRESS)
    for action_id, offices in others.items():
        known = (each.office.schedule for each in offices if each.office.schedule is not None)
        if (first := next(known, None)) is not None:
            found[action_id] = first
    return found


def begins_findings(conn: Connection, alert_id: int) -> Iterator[Finding]:
    """Whether a draft would begin when nothing is asked any more: its calls end before, though it does not."""
    if not asks_for_calls(conn, alert_id):
        return
    action_id, begins_at, expires_at = _terms(conn, alert_id)
    if begins_at is None or (expires_at is not None and expires_at <= begins_at):
        return  # the message's own end is told of with it
    ends_at = read_action(conn, action_id).ends_at
    if ends_at is not None and ends_at <= begins_at:
        yield finding("begins_after_end")


def closed_findings(conn: Connection, alert_id: int, now: datetime) -> Iterator[Finding]:
    """Whether the offices are closed when a draft's first copies arrive, and from when on they answer."""
    if not asks_for_calls(conn, alert_id):
        return
    action_id, begins_at, _ = _terms(conn, alert_id)
    schedule, first = schedule_of(conn, action_id), max(now, begins_at or now)
    if schedule is None or is_open(schedule, first):
        return
    opens = opens_at(schedule, first)
    if opens is not None:
        yield finding("offices_closed", opens=_spelt(opens, schedule.zone))


def recess_findings(conn: Connection, alert_id: int, now: datetime) -> Iterator[Finding]:
    """Whether a chamber that a draft asks people to call does not sit when it arrives or in the week after."""
    if not asks_for_calls(conn, alert_id):
        return
    action_id, begins_at, expires_at = _terms(conn, alert_id)
    first = max(now, begins_at or now)
    action = read_action(conn, action_id)
    ends = [at for at in (expires_at, action.ends_at) if at is not None]
    last = max(first, min([first + WEEK, *ends]))
    asked = {each for ask in action.asks for each in _CHAMBERS.get(ask.rule, ())}
    days = (at.astimezone(ZoneInfo(CONGRESS.zone)).date() for at in (first, last))
    for each in recesses(conn, *days):
        if each.chamber in asked:
            yield finding(f"recess_{each.chamber}", first=f"{each.first}", last=f"{each.last}")


def _terms(conn: Connection, alert_id: int) -> tuple[int, datetime | None, datetime | None]:
    """The action that an alert's copies lead to, when it begins, and when it ends."""
    leads_to = func.coalesce(Message.action_id, Alert.action_id)
    own = select(leads_to, Message.begins_at, Message.expires_at)
    row = conn.execute(own.join(Alert, Alert.message_id == Message.id).where(Alert.id == alert_id))
    action_id, begins_at, expires_at = row.one()
    return action_id, begins_at, expires_at


def _spelt(at: datetime, zone: str) -> str:
    """A day and an hour that are read the same in every language, where the office is."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone.rpartition('/')[2].replace('_', ' ')})"
