"""What keeps the others' email from leaving is told as it is: sent back, changed, or left without enough approvals."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, update

from campaigns import answering, approving, calendar, deciding
from campaigns.ballots import About
from messages.looks import save_look
from organizers.models import Organizer
from tests.alerts.test_planned_names import AT, tried
from tests.builders import make_organizer
from tests.campaigns.test_approving import OWN, TWO, approve
from tests.campaigns.test_firing import NINE
from tests.doubles import NoJobs


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("sent back", "sent_back_since"),
        ("changed", "changed_since"),
        ("without them", "unapproved_since"),
        ("never", "unapproved_since"),
    ],
)
def test_the_reason_is_the_right_one(conn: Connection, now: datetime, what: str, told: str) -> None:
    email_id = tried(conn, OWN)
    ben = make_organizer(conn, "Ben", network=True, reads="en es")
    if what != "never":
        approve(conn, email_id, ben, now)
    if what == "sent back":
        seen = approving.digest(calendar.look_at(conn, email_id))
        said = {"seen": seen, "note": "Not now.", "house": TWO, "now": now}
        answering.send_back(conn, About(email_id), ben, **said)  # type: ignore[arg-type]
    elif what == "changed":
        save_look(conn, None, accent="#112233", logo="", archive=False)
    elif what == "without them":
        conn.execute(update(Organizer).values(network=False))

    held = deciding.choose(conn, NoJobs(), email_id, AT, 0, house=TWO, by="Ben", now=NINE)

    [why] = held.held_because
    assert (why.code, held.message_id) == (told, None)
    assert why.words("es") != why.words("en")
