"""What became of the calls of an action, as pages and reports tell it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, update

from messages.call_models import CallLeg, LegStatus
from messages.call_offices import CONVERSATION
from messages.connecting import CallTotals, call_totals
from tests.builders import make_alert, make_call
from tests.web.console.test_inbox_plans import asked


def call(conn: Connection, action_id: int, **leg: Any) -> None:
    call_id = make_call(conn, action_id, None)
    if leg:
        conn.execute(update(CallLeg).where(CallLeg.call_id == call_id).values(**leg))


def test_calls_and_conversations_are_counted_in_two_statements(conn: Connection) -> None:
    action_id, other = make_alert(conn).action_id, make_alert(conn).action_id
    call(conn, action_id, seconds=CONVERSATION)
    call(conn, action_id, seconds=CONVERSATION - 1)
    call(conn, action_id, bridged=False)
    call(conn, action_id, status=LegStatus.CALLING)
    make_call(conn, action_id, None, began_at=None, minutes=0)
    call(conn, other)

    with asked(conn) as heard:
        found = call_totals(conn, action_id)

    assert found == CallTotals(asked=5, connected=4, offices=4, talked=3, minutes=16)
    assert len(heard) == 2


def test_an_action_that_nobody_called_about_has_no_calls(conn: Connection) -> None:
    assert call_totals(conn, make_alert(conn).action_id) == CallTotals(0, 0, 0, 0, 0)
