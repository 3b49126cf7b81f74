"""Who writes to us answers what left last, however early that was written."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from messages.correspondents import correspondent
from messages.models import Status
from tests.builders import a_phone, make_alert, make_contact, make_delivery


@pytest.mark.parametrize("begins_late", [True, False])
def test_what_began_to_leave_last_is_what_is_answered(
    conn: Connection, now: datetime, *, begins_late: bool
) -> None:
    """Launched on the first day, to begin on the fifth; another one left on the second."""
    phone = a_phone()
    person = make_contact(conn, phone=phone)
    days = [now + timedelta(days=each) for each in range(6)]
    begins = days[4] if begins_late else None
    first = make_alert(conn, created_at=days[0], launched_at=days[0], starts_at=begins)
    second = make_alert(conn, created_at=days[1], launched_at=days[1], starts_at=days[1])
    for each in (first, second):
        make_delivery(conn, each.message_id, person, address=phone, status=Status.DELIVERED)

    found = correspondent(conn, "sms", phone)

    last = first if begins_late else second
    assert (found.message_id, found.asking_id) == (last.message_id, last.message_id)
    assert found.action_id == last.action_id
    assert found.asked_at == (days[4] if begins_late else days[1])
