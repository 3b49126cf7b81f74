"""Does an alert reach people while the offices they are to call answer?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from actions.asks import asking_congress
from actions.custom_targets import offices_by_action
from actions.models import TargetRule
from actions.office_hours import CONGRESS, Schedule, is_open, opens_at
from alerts.stored import StoredAlert
from messages.findings import Finding, finding
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


def begins_findings(alert: StoredAlert) -> Iterator[Finding]:
    """Whether a draft would begin when nothing is asked any more: its calls end before, though it does not."""
    if not alert.asks_for_calls:
        return
    begins_at, expires_at = alert.draft.begins_at, alert.draft.expires.at
    if begins_at is None or (expires_at is not None and expires_at <= begins_at):
        return  # the message's own end is told of with it
    ends_at = alert.leads_to.ends_at
    if ends_at is not None and ends_at <= begins_at:
        yield finding("begins_after_end")


def closed_findings(conn: Connection, alert: StoredAlert, now: datetime) -> Iterator[Finding]:
    """Whether the offices are closed when a draft's first copies arrive, and from when on they answer."""
    if not alert.asks_for_calls:
        return
    schedule = schedule_of(conn, alert.leads_to.action_id)
    first = max(now, alert.draft.begins_at or now)
    if schedule is None or is_open(schedule, first):
        return
    opens = opens_at(schedule, first)
    if opens is not None:
        yield finding("offices_closed", opens=_spelt(opens, schedule.zone))


def recess_findings(conn: Connection, alert: StoredAlert, now: datetime) -> Iterator[Finding]:
    """Whether a chamber that a draft asks people to call does not sit when it arrives or in the week after."""
    if not alert.asks_for_calls:
        return
    first, action = max(now, alert.draft.begins_at or now), alert.leads_to
    ends = [at for at in (alert.draft.expires.at, action.ends_at) if at is not None]
    last = max(first, min([first + WEEK, *ends]))
    asked = {each for ask in action.asks for each in _CHAMBERS.get(ask.rule, ())}
    days = (at.astimezone(ZoneInfo(CONGRESS.zone)).date() for at in (first, last))
    for each in recesses(conn, *days):
        if each.chamber in asked:
            yield finding(f"recess_{each.chamber}", first=f"{each.first}", last=f"{each.last}")


def _spelt(at: datetime, zone: str) -> str:
    """A day and an hour that are read the same in every language, where the office is."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone.rpartition('/')[2].replace('_', ' ')})"
