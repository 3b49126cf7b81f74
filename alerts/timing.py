"""Does an alert reach people while the offices they are to call answer?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from actions.asks import read_asks
from actions.custom_targets import offices_of_action
from actions.models import TargetRule
from actions.office_hours import CONGRESS, Schedule, is_open, opens_at
from alerts.follow_ups import asks_for_calls
from alerts.models import Alert
from messages.findings import Finding, finding
from messages.models import Message


def schedule_of(conn: Connection, action_id: int) -> Schedule | None:
    """The hours of Congress where it is asked for, else of the first office that has any; None: not known."""
    if any(each.rule is not TargetRule.CUSTOM for each in read_asks(conn, action_id)):
        return CONGRESS
    known = (each.office.schedule for each in offices_of_action(conn, action_id))
    return next((each for each in known if each is not None), None)


def closed_findings(conn: Connection, alert_id: int, now: datetime) -> Iterator[Finding]:
    """Whether the offices are closed when a draft's first copies arrive, and from when on they answer."""
    if not asks_for_calls(conn, alert_id):
        return
    leads_to = func.coalesce(Message.action_id, Alert.action_id)
    own = select(leads_to, Message.begins_at).join(Alert, Alert.message_id == Message.id)
    action_id, begins_at = conn.execute(own.where(Alert.id == alert_id)).one()
    schedule, first = schedule_of(conn, action_id), max(now, begins_at or now)
    if schedule is None or is_open(schedule, first):
        return
    opens = opens_at(schedule, first)
    if opens is not None:
        yield finding("offices_closed", opens=_spelt(opens, schedule.zone))


def _spelt(at: datetime, zone: str) -> str:
    """A day and an hour that are read the same in every language, where the office is."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone.rpartition('/')[2].replace('_', ' ')})"
