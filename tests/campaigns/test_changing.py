"""A plan that is changed keeps what was decided about its days, and no day is lost or comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from campaigns import calendar, changing, firing, occurrences, steering
from campaigns.models import CampaignEmail, CampaignRun, Reason, RunStatus, ScheduleStatus
from campaigns.steering import Steer
from messages.control import NotNow, Words
from messages.models import Message, MessageStatus
from tests.builders import make_contact
from tests.campaigns.test_firing import HOUSE, make_email_draft
from tests.doubles import NoJobs

WEEKLY = {"rule": "FREQ=WEEKLY;BYDAY=TU", "local_time": "2026-12-01T09:00"}
BEFORE = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FIRST = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)  # 9:00 in Chicago
WEEK = timedelta(days=7)
OWN = {code: Words(subject="Other", body="Other words.") for code in ("en", "es")}


def scheduled(conn: Connection, **changes: Any) -> int:
    make_contact(conn)
    campaign_id = calendar.create_campaign(
        conn, name="Water", goal="", project_id=None, created_by="Amina", now=BEFORE
    )
    draft = make_email_draft(**{**WEEKLY, **changes})
    return calendar.schedule(conn, campaign_id, draft, created_by="Amina", now=BEFORE)[0]


def change(conn: Connection, email_id: int, *, now: datetime = BEFORE, **changes: Any) -> None:
    draft = make_email_draft(**{**WEEKLY, **changes})
    changing.change(conn, email_id, draft, by="Ben", now=now)


def fire(conn: Connection, email_id: int, now: datetime) -> list[RunStatus]:
    found = firing.fire(conn, NoJobs(), email_id, house=HOUSE, now=now)
    return [each.status for each in found]


def ledger(conn: Connection, email_id: int) -> dict[str, tuple[str, str]]:
    columns = (CampaignRun.local_time, CampaignRun.status, CampaignRun.reason)
    rows = conn.execute(select(*columns).where(CampaignRun.email_id == email_id))
    return {local: (status, reason) for local, status, reason in rows}


def test_a_day_that_was_left_out_stays_so_at_another_hour(conn: Connection) -> None:
    email_id = scheduled(conn)
    occurrences.leave_out(conn, email_id, "2026-12-08T09:00", by="Amina", now=BEFORE)

    change(conn, email_id, local_time="2026-12-01T10:00")

    assert fire(conn, email_id, FIRST + timedelta(hours=1)) == [RunStatus.FIRED]
    assert fire(conn, email_id, FIRST + WEEK + timedelta(hours=1)) == []
    assert ledger(conn, email_id)["2026-12-08T10:00"] == (RunStatus.SKIPPED, Reason.LEFT_OUT)


def test_words_of_a_day_and_its_move_outlive_another_hour(conn: Connection) -> None:
    email_id = scheduled(conn)
    occurrences.change_words(conn, email_id, "2026-12-08T09:00", OWN, by="Amina")
    occurrences.move(conn, email_id, "2026-12-08T09:00", "2026-12-09T12:00", by="Amina", now=BEFORE)

    change(conn, email_id, local_time="2026-12-01T10:00")

    row = conn.execute(select(CampaignRun)).one()
    assert (row.local_time, row.moved_to, row.status) == (
        "2026-12-08T10:00",
        "2026-12-09T12:00",
        RunStatus.PLANNED,
    )
    assert row.texts["en"]["subject"] == "Other"
    assert row.due_at == datetime(2026, 12, 9, 18, 0, tzinfo=UTC)


def test_a_day_comes_back_with_the_rule(conn: Connection) -> None:
    email_id = scheduled(conn)
    occurrences.change_words(conn, email_id, "2026-12-08T09:00", OWN, by="Amina")
    change(conn, email_id, rule="FREQ=WEEKLY;BYDAY=WE", local_time="2026-12-02T09:00")
    assert ledger(conn, email_id)["2026-12-08T09:00"] == (RunStatus.SKIPPED, Reason.CHANGED)

    change(conn, email_id)

    assert fire(conn, email_id, FIRST + WEEK)[-1] is RunStatus.FIRED
    assert ledger(conn, email_id)["2026-12-08T09:00"][0] == RunStatus.FIRED


@pytest.mark.parametrize("call_off", ["draft", "cancel"])
def test_what_was_made_a_draft_or_called_off_goes_once_it_is_scheduled(
    conn: Connection, call_off: str
) -> None:
    email_id = scheduled(conn, rule="")
    occurrences.change_words(conn, email_id, "2026-12-01T09:00", OWN, by="Amina")
    if call_off == "draft":
        change(conn, email_id, rule="", on=False)
    else:
        changing.cancel(conn, email_id, by="Ben", now=BEFORE)
    with pytest.raises(NotNow, match="schedule it first"):
        firing.send_held(
            conn, NoJobs(), email_id, "2026-12-01T09:00", house=HOUSE, by="Ben", now=BEFORE
        )

    change(conn, email_id, rule="")

    assert fire(conn, email_id, FIRST) == [RunStatus.FIRED]


def test_no_email_goes_twice_on_a_day(conn: Connection) -> None:
    email_id = scheduled(conn)
    assert fire(conn, email_id, FIRST) == [RunStatus.FIRED]
    soon = FIRST + timedelta(minutes=30)

    change(conn, email_id, now=soon, local_time="2026-12-01T18:00")

    evening = FIRST + timedelta(hours=9)
    assert fire(conn, email_id, evening) == []
    assert ledger(conn, email_id)["2026-12-01T18:00"] == (RunStatus.SKIPPED, Reason.CHANGED)
    assert fire(conn, email_id, evening + WEEK) == [RunStatus.FIRED]


def test_a_moved_email_that_was_called_off_is_taken_up(conn: Connection) -> None:
    email_id = scheduled(conn, rule="")
    occurrences.move(conn, email_id, "2026-12-01T09:00", "2026-12-05T09:00", by="Amina", now=BEFORE)
    changing.cancel(conn, email_id, by="Ben", now=BEFORE)

    at = changing.take_up(conn, email_id, now=FIRST + timedelta(days=1))

    assert at.local == "2026-12-05T09:00"
    assert fire(conn, email_id, FIRST + timedelta(days=4)) == [RunStatus.FIRED]


def test_who_saves_what_was_there_has_written_nothing(conn: Connection) -> None:
    email_id = scheduled(conn)
    writers = select(CampaignEmail.writers).where(CampaignEmail.id == email_id)

    change(conn, email_id, late_minutes=240)
    assert conn.scalars(writers).one() == ["Amina"]
    change(conn, email_id, texts=OWN)

    assert conn.scalars(writers).one() == ["Amina", "Ben"]


def test_what_is_on_its_way_is_paused_goes_on_and_stops(conn: Connection) -> None:
    email_id, at = scheduled(conn), "2026-12-01T09:00"
    fire(conn, email_id, FIRST)
    message_id = conn.scalars(select(Message.id)).one()

    def steer(act: Steer) -> MessageStatus | None:
        steering.steer(conn, NoJobs(), email_id, at, act, now=FIRST)
        return steering.in_the_air(conn, [message_id]).get(message_id)

    assert steer(Steer.PAUSE) is MessageStatus.PAUSED
    assert steer(Steer.RESUME) is MessageStatus.SENDING
    assert steer(Steer.STOP) is None
    for act in Steer:
        with pytest.raises(NotNow, match="nothing of it is on its way"):
            steer(act)
    with pytest.raises(occurrences.NotOneOfItsDates):
        steering.steer(conn, NoJobs(), email_id, "2026-12-08T09:00", Steer.STOP, now=FIRST)


def test_dates_that_stand_in_the_ledger_do_not_end_a_plan(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    email_id = scheduled(conn, rule="FREQ=DAILY")
    occurrences.leave_out(conn, email_id, "2026-12-02T09:00", by="Amina", now=BEFORE)
    monkeypatch.setattr(occurrences, "AT_ONCE", 3)

    fire(conn, email_id, FIRST + timedelta(days=30))

    email = conn.execute(select(CampaignEmail)).one()
    assert email.status == ScheduleStatus.SCHEDULED
    assert email.next_local == "2026-12-04T09:00"
