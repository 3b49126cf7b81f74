"""What came of the latest alerts, for an overview on a quiet day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from actions.responses import tally
from alerts.launching import progress_of
from alerts.preflight import find_alert
from organizers.roles import Within
from web.console import overviews
from web.console.overviews import AlertLine

SHOWN = 4


@dataclass(frozen=True)
class PastAlert:
    """An alert that is over."""

    line: AlertLine
    gone_out: int  # copies
    calls: int  # that an office heard


def lately(conn: Connection, within: Within, *, language: str, now: datetime) -> list[PastAlert]:
    """The latest alerts of these projects that are over, and what came of them."""
    ended = overviews.alerts(conn, within, language=language, statuses=overviews.ENDED, limit=SHOWN)
    return [_past(conn, line, now) for line in ended]


def _past(conn: Connection, line: AlertLine, now: datetime) -> PastAlert:
    alert = find_alert(conn, line.id)
    account = progress_of(conn, alert.message_id, now=now).equation
    return PastAlert(line, account.gone_out, tally(conn, alert.action_id).calls)
