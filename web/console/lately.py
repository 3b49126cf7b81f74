"""What came of the latest alerts, for an overview on a quiet day."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from actions.responses import Tally, tallies
from messages.progress import copies_taken
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


def lately(conn: Connection, within: Within, *, language: str) -> list[PastAlert]:
    """The latest alerts of these projects that are over, and what came of them."""
    ended = overviews.alerts(conn, within, language=language, statuses=overviews.ENDED, limit=SHOWN)
    copies = copies_taken(conn, [line.message_id for line in ended])
    answers = tallies(conn, [line.action_id for line in ended])
    return [
        PastAlert(line, copies[line.message_id], answers.get(line.action_id, Tally()).calls)
        for line in ended
    ]
