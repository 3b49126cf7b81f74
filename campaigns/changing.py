"""Change a whole plan: its words, its rule, its hour; call it off, and take it up again; and its single dates.

Who was asked to approve it is reminded, and their link ends, by the first date that waits afterwards.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from campaigns import approval_asks, approving, experiments, occurrences
from campaigns.calendar import (
    AlreadyPast,
    EmailDraft,
    Hour,
    change_email,
    find_email,
    next_of,
    plan,
)
from campaigns.models import ScheduleStatus
from messages.control import NotNow
from messages.wallclock import Moment, moment


def change(conn: Connection, email_id: int, draft: EmailDraft, *, by: str, now: datetime) -> Moment:
    """Replace a plan and its words from now on; what has left stays as it is.

    Raises BadTime, BadRule and AlreadyPast, and StillTried where what is being tried would change.
    """
    email = find_email(conn, email_id)
    occurrences.enter(conn, email, now=now)  # what is due was planned by the old rule
    first, planned = plan(conn, draft, now)
    if draft.on and planned["experiment"] != email.experiment:
        experiments.require_decided(conn, email_id)
    before = approving.digest(email)
    change_email(conn, email_id, **planned)
    if (
        approving.digest(find_email(conn, email_id)) != before
    ):  # who saves what was there wrote nothing
        change_email(conn, email_id, writers=sorted({*email.writers, by}))
    if draft.on:
        occurrences.conform(conn, email_id, now=now)
        occurrences.keep_day(conn, email_id, first, by=by, now=now)
    else:
        occurrences.call_off(conn, email_id, by=by, now=now)
    return first


def move(
    conn: Connection, email_id: int, local_time: str, to: str, *, by: str, now: datetime
) -> Moment:
    """Have one occurrence go at another time. Raises what ``occurrences.move`` does."""
    at = occurrences.move(conn, email_id, local_time, to, by=by, now=now)
    approval_asks.retime(conn, email_id, now=now)
    return at


def leave_out(conn: Connection, email_id: int, local_time: str, *, by: str, now: datetime) -> None:
    """Let one occurrence go. Raises what ``occurrences.leave_out`` does."""
    occurrences.leave_out(conn, email_id, local_time, by=by, now=now)
    approval_asks.retime(conn, email_id, now=now)


def put_back(conn: Connection, email_id: int, local_time: str, *, by: str, now: datetime) -> None:
    """Undo either. Raises what ``occurrences.put_back`` does."""
    occurrences.put_back(conn, email_id, local_time, by=by, now=now)
    approval_asks.retime(conn, email_id, now=now)


def cancel(conn: Connection, email_id: int, *, by: str, now: datetime) -> None:
    """Call an email off: no more of it leaves. Raises NotNow when all of it is over."""
    email = find_email(conn, email_id)
    called_off = occurrences.call_off(conn, email_id, by=by, now=now)
    if email.status == ScheduleStatus.CANCELLED:
        raise NotNow("this email was called off already")
    if email.status == ScheduleStatus.OVER and not called_off:
        raise NotNow("this email can no longer be called off; all of it is over")
    change_email(conn, email_id, status=ScheduleStatus.CANCELLED, next_run_at=None, next_local=None)


def take_up(conn: Connection, email_id: int, *, now: datetime) -> Moment:
    """Schedule an email that is a draft or was called off, from its next date on.

    Raises NotNow, and AlreadyPast when no date is left.
    """
    email = find_email(conn, email_id)
    if email.status not in (ScheduleStatus.CANCELLED, ScheduleStatus.DRAFT):
        raise NotNow("this email is scheduled already")
    again = occurrences.take_up(conn, email_id, now=now)
    hour = Hour(email.local_time, email.zone, email.rule, email.own_zone)
    try:
        first, instant = next_of(conn, hour, now)
    except AlreadyPast:
        if not again:
            raise
        change_email(conn, email_id, status=ScheduleStatus.OVER)  # but for what was moved
        first = moment(again[0], email.zone)
    else:
        ahead = {"next_local": first.local, "next_run_at": instant}
        change_email(conn, email_id, status=ScheduleStatus.SCHEDULED, **ahead)
    approval_asks.retime(conn, email_id, now=now)
    return first
