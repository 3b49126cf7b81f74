"""When may somebody be rung? In the hours in which they may be texted, wherever they may be.

Whoever holds a supporter's link, forwarded or found, can ask for that supporter's phone to ring: so a tap
alone is not their word that they are awake.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from contacts.models import Contact
from messages import hours
from messages.call_limits import CannotConnect, VoiceRules
from messages.call_texts import own_phone
from representatives.models import ZoneSet

WASHINGTON = "America/New_York"


def require_hour(conn: Connection, contact_id: int, rules: VoiceRules, now: datetime) -> None:
    """Raise CannotConnect outside the hours in which somebody may be rung, and say when they begin."""
    zones = _zones(conn, contact_id)
    try:
        opens = hours.opens_at(zones, rules.hours, now) if rules.hours else now
    except (hours.NeverOpen, hours.UnknownZone):
        raise CannotConnect(
            "We cannot tell at which hour we may ring you; please call the offices yourself."
        ) from None
    if opens <= now:
        return
    clocks = {f"{opens.astimezone(ZoneInfo(name)):%H:%M}" for name in zones}
    if len(clocks) == 1:
        raise CannotConnect(
            f"We ring nobody at this hour. Come back after {clocks.pop()}, or call the offices yourself."
        )
    there = f"{opens.astimezone(ZoneInfo(WASHINGTON)):%H:%M}"
    raise CannotConnect(
        f"We ring nobody at this hour. Come back after {there} in Washington, or call the offices"
        " yourself."
    )


def is_wanted(
    conn: Connection, contact_id: int, phone: str, rules: VoiceRules, now: datetime
) -> bool:
    """Whether a call that was asked for may still ring: the number is theirs, and has not been stopped."""
    if own_phone(conn, contact_id) != phone:
        return False
    try:
        return rules.hours is None or hours.is_open(_zones(conn, contact_id), rules.hours, now)
    except hours.UnknownZone:
        return False


def _zones(conn: Connection, contact_id: int) -> tuple[str, ...]:
    """The zones in which somebody may be."""
    named = select(ZoneSet.zones).join(Contact, Contact.zone_set_id == ZoneSet.id)
    return tuple(conn.execute(named.where(Contact.id == contact_id)).scalar_one().split())
