"""An alert says what kind of work it is before it leaves; hours stand beside it; a year is summed up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from alerts import launching
from alerts.fingerprint import digest
from alerts.guessing_work import Because
from alerts.kinds_of_work import counts_as, work_findings, work_of
from alerts.launching import NotReady, launch
from alerts.lobbying import BadHours, Worked, guess_stored, hours_of, note_hours, say_work
from alerts.lobbying_report import Spent, yearly
from alerts.models import Alert, FollowUp, FollowUpKind, Work
from alerts.preflight import check
from alerts.steering import set_budget
from alerts.text_costs import Taken, texts_taken
from database.jobs import EmbeddedJobs
from messages import counts
from messages.control import NotNow
from messages.models import MessageCount, MessageStatus, Status
from messages.sender_models import Spending
from organizers.roles import NETWORKS
from tests.alerts.drafting import HOUSE, make_draft
from tests.builders import (
    Alerted,
    make_alert,
    make_call,
    make_contact,
    make_delivery,
    make_project,
)
from tests.doubles import NoJobs

DAY = date(2026, 5, 4)


def test_a_draft_is_not_launched_before_somebody_said_what_work_it_is(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Amina")
    draft = make_draft(work=None)
    alert_id = launching.create(conn, draft, house=HOUSE, created_by="Amina", now=now)
    how: dict[str, Any] = {"house": HOUSE, "confirmed": 1, "by": "Amina", "now": now}

    with pytest.raises(NotReady) as refused:
        launch(conn, EmbeddedJobs(), alert_id, **how)
    before = digest(conn, alert_id)
    say_work(conn, alert_id, Work.ADVOCACY, by="Ben")

    assert [each.code for each in refused.value.reasons] == ["work_not_said"]
    assert digest(conn, alert_id) != before, "it is part of what is approved"
    assert check(conn, alert_id, house=HOUSE, now=now).ready


def test_what_follows_an_alert_counts_as_that_one(conn: Connection) -> None:
    first = make_alert(conn)
    nudge = follows(conn, first)
    say_work(conn, first.alert_id, Work.GRASSROOTS, by="Amina")

    with pytest.raises(NotNow):
        say_work(conn, nudge.alert_id, Work.EDUCATION, by="Amina")

    assert work_of(conn, nudge.alert_id) is Work.GRASSROOTS


def test_what_follows_something_that_follows_counts_as_the_first(conn: Connection) -> None:
    first = make_alert(conn)
    rest = follows(conn, first)
    rest_of_rest = follows(conn, rest)
    reached = follows(conn, rest_of_rest)
    counted = select(Alert.id, counts_as()).order_by(Alert.id)

    found = dict(conn.execute(counted).all())

    ids = [each.alert_id for each in (first, rest, rest_of_rest, reached)]
    assert found == dict.fromkeys(ids, first.alert_id)
    assert work_of(conn, reached.alert_id) == work_of(conn, first.alert_id)
    assert list(work_findings(conn, reached.alert_id)) == []


def test_a_budget_that_came_after_the_launch_counts_what_was_sent_before(
    conn: Connection, now: datetime
) -> None:
    """By hand: 3 + 2 segments that left, one copy on the wire at 4 at most, one unknown at 4; one waits."""
    alert = make_alert(conn, segments=4, launched_at=now, status=MessageStatus.SENDING)
    for status, segments in (
        (Status.DELIVERED, 3),
        (Status.UNDELIVERED, 2),
        (Status.SENDING, 0),
        (Status.UNKNOWN, 0),
        (Status.PENDING, 0),
        (Status.FAILED, 0),
    ):
        make_delivery(conn, alert.message_id, make_contact(conn), status=status, segments=segments)
    counts.apply(conn, counts.Deltas(counts.counted(conn, alert.message_id)))
    before = texts_taken(conn, [alert.message_id])[alert.message_id]

    set_budget(conn, NoJobs(), alert.alert_id, 5_000, now=now)
    set_budget(conn, NoJobs(), alert.alert_id, 9_000, now=now)  # and a second time adds nothing

    assert not before.exact
    assert texts_taken(conn, [alert.message_id])[alert.message_id].segments == 3 + 2 + 4 + 4


def test_a_stored_draft_is_judged_by_what_people_say_not_by_the_case(
    conn: Connection, now: datetime
) -> None:
    how: dict[str, Any] = {"house": HOUSE, "created_by": "Amina", "now": now}
    alert_id = launching.create(conn, make_draft(), **how)

    found = guess_stored(conn, alert_id)

    assert found is not None
    assert found.because is Because.NO_LEGISLATION


def test_hours_are_corrected_by_a_line_that_takes_their_place(
    conn: Connection, now: datetime
) -> None:
    alert, other = make_alert(conn), make_alert(conn)
    by: dict[str, Any] = {"by": "organizer:1", "now": now}
    first = note_hours(conn, alert.alert_id, Worked("Rosa", DAY, 90), **by)

    better = Worked("Rosa", DAY, 60)
    note_hours(conn, alert.alert_id, better, replaces=first, **by)

    lines = hours_of(conn, alert.alert_id)
    assert [(each.worked.minutes, each.replaced) for each in lines] == [(60, False), (90, True)]
    for alert_id in (alert.alert_id, other.alert_id):  # once only, and none of another alert's
        with pytest.raises(BadHours):
            note_hours(conn, alert_id, better, replaces=first, **by)


@pytest.mark.parametrize(
    "worked",
    [
        Worked(" ", DAY, 60),
        Worked("x" * 81, DAY, 60),
        Worked("Rosa", DAY, 0),
        Worked("Rosa", DAY, 24 * 60 + 1),
        Worked("Rosa", date(2100, 1, 1), 60),
    ],
)
def test_hours_that_cannot_be_are_refused(conn: Connection, now: datetime, worked: Worked) -> None:
    alert = make_alert(conn)

    with pytest.raises(BadHours):
        note_hours(conn, alert.alert_id, worked, by="x", now=now)


def test_a_year_is_summed_up_by_kind_and_project(conn: Connection, now: datetime) -> None:
    """By hand: Bangor took 100 + 7 segments at 2 each, 40 of them for a reminder; Madison paid for 30."""
    bangor, madison = make_project(conn, "Bangor"), make_project(conn, "Madison")
    launched = datetime(2026, 1, 1, 5, 0, tzinfo=UTC)  # the year's first instant in Washington
    first = sent(conn, Work.GRASSROOTS, 107, segments=2, project_id=bangor, launched_at=launched)
    nudge = follows(conn, first, segments=1, project_id=bangor, launched_at=launched)
    texts(conn, nudge, 40)
    paid = sent(conn, Work.ADVOCACY, 9, project_id=madison, budget_cents=500, launched_at=launched)
    conn.execute(insert(Spending).values(account=f"message:{paid.message_id}", segments=30))
    before = launched - timedelta(seconds=1)
    old = sent(conn, Work.GRASSROOTS, 1_000, project_id=bangor, launched_at=before)
    sent(conn, Work.ADVOCACY, 5, status=MessageStatus.DRAFT, launched_at=None)
    part = sent(conn, Work.EDUCATION, 3, launched_at=launched)
    make_call(conn, first.action_id, None, began_at=launched, minutes=12)
    make_call(conn, first.action_id, None, began_at=before, minutes=50)
    by: dict[str, Any] = {"by": "x", "now": now}
    wrong = note_hours(conn, first.alert_id, Worked("Rosa", DAY, 600), **by)
    note_hours(conn, first.alert_id, Worked("Rosa", DAY, 90), replaces=wrong, **by)
    note_hours(conn, nudge.alert_id, Worked("Rosa", DAY, 30), **by)
    note_hours(conn, old.alert_id, Worked("Rosa", date(2026, 1, 2), 15), **by)

    report = yearly(conn, 2026, None)

    known = [(each.work, each.project, each.spent) for each in report.sums]
    assert known == [
        (Work.GRASSROOTS, "Bangor", Spent(1, Taken(107 * 2 + 40, False), 12, 135)),
        (Work.ADVOCACY, "Madison", Spent(1, Taken(30, True), 0, 0)),
        (Work.EDUCATION, "", Spent(1, Taken(3, False), 0, 0)),
    ]
    assert [each.alert_id for each in yearly(conn, 2026, [madison]).alerts] == [paid.alert_id]
    assert [each.alert_id for each in yearly(conn, 2026, [NETWORKS]).alerts] == [part.alert_id]
    assert yearly(conn, 2025, [bangor]).sums[0].spent.texts == Taken(1_000, False)
    assert yearly(conn, 2024, None).sums == []


def sent(conn: Connection, /, work: Work, copies: int, **message: Any) -> Alerted:
    """An alert whose texts were delivered."""
    alert = make_alert(conn, **message)
    conn.execute(update(Alert).where(Alert.id == alert.alert_id).values(work=work))
    texts(conn, alert, copies)
    return alert


def texts(conn: Connection, alert: Alerted, copies: int) -> None:
    row = {"channel": "sms", "status": Status.DELIVERED, "reason": "", "zone_set_id": 0}
    conn.execute(insert(MessageCount).values(message_id=alert.message_id, count=copies, **row))


def follows(conn: Connection, first: Alerted, **message: Any) -> Alerted:
    nudge = make_alert(conn, **message)
    conn.execute(update(Alert).where(Alert.id == nudge.alert_id).values(work=""))
    row = {"alert_id": nudge.alert_id, "of_id": first.alert_id, "kind": FollowUpKind.NUDGE}
    conn.execute(insert(FollowUp).values(row))
    return nudge
