"""A scheduled email goes out once, whatever the clocks do; a late one is held and asked about."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from campaigns import calendar, changing, firing, occurrences
from campaigns.calendar import AlreadyPast, EmailDraft, NoSuchEmail
from campaigns.models import CampaignEmail, CampaignRun, Reason, RunStatus, ScheduleStatus
from database.opening import Opened
from messages.audience import EVERYBODY, Audience, Filter
from messages.control import NotNow, Words
from messages.house import HouseRules
from messages.identity import Identity
from messages.models import Link, Message, MessageKind, MessageStatus
from messages.wallclock import BadTime, Oddity
from tests.builders import LONG_AGO, make_contact, make_project
from tests.doubles import NoJobs

HOUSE = HouseRules(
    identity=Identity(
        network="Sister Cities",
        postal_address="1 Example Street, Madison WI 53703",
        public_url="https://llamado.example.org",
        secret="0123456789abcdef" * 4,
        email_sender="news@example.org",
    )
)
NINE = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)  # 9:00 in Madison


@pytest.fixture
def jobs() -> NoJobs:
    return NoJobs()


def make_email_draft(**changes: Any) -> EmailDraft:
    """An email in both languages for nine o'clock in Madison."""
    draft = EmailDraft(
        texts={
            "en": Words(subject="Water", body="Read https://example.org/water, {{ project }}"),
            "es": Words(subject="Agua", body="Lea https://example.org/agua, {{ project }}"),
        },
        audience=EVERYBODY,
        local_time="2026-12-01T09:00",
        zone="America/Chicago",
    )
    return replace(draft, **changes)


def schedule(conn: Connection, now: datetime, **changes: Any) -> int:
    campaign_id = calendar.create_campaign(
        conn, name="Water", goal="No mining", project_id=None, created_by="Amina", now=now
    )
    draft = make_email_draft(**changes)
    email_id, _ = calendar.schedule(conn, campaign_id, draft, created_by="Amina", now=now)
    return email_id


def fire(conn: Connection, jobs: NoJobs, email_id: int, now: datetime) -> firing.Fired | None:
    """What became of the one occurrence that is due, if one is."""
    found = firing.fire(conn, jobs, email_id, house=HOUSE, now=now)
    assert len(found) <= 1
    return found[0] if found else None


def send_held(conn: Connection, jobs: NoJobs, email_id: int, now: datetime) -> firing.Fired:
    at = "2026-12-01T09:00"
    return firing.send_held(conn, jobs, email_id, at, house=HOUSE, by="Ben", now=now)


def run_of(conn: Connection, email_id: int) -> tuple[str, str]:
    mine = select(CampaignRun.status, CampaignRun.reason).where(CampaignRun.email_id == email_id)
    row = conn.execute(mine).one()
    return row.status, row.reason


def status_of(conn: Connection, email_id: int) -> str | None:
    return conn.scalar(select(CampaignEmail.status).where(CampaignEmail.id == email_id))


def test_an_email_is_due_at_its_hour_and_not_before(conn: Connection, now: datetime) -> None:
    email_id = schedule(conn, now)

    assert calendar.upcoming(conn) == {email_id: NINE}
    assert calendar.due(conn, now=NINE - timedelta(seconds=1)) == []
    assert calendar.due(conn, now=NINE) == [email_id]


def test_a_due_email_is_launched_as_a_campaign_message(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)

    fired = fire(conn, jobs, email_id, NINE)

    assert fired is not None
    message = conn.execute(select(Message).where(Message.id == fired.message_id)).one()
    assert (message.kind, message.status, message.email_sender, message.confirmed) == (
        MessageKind.CAMPAIGN,
        MessageStatus.SENDING,
        "news@example.org",
        1,
    )
    assert jobs.asked == [("expand", message.id)]
    assert conn.scalar(select(func.count()).select_from(Link)) == 2
    assert run_of(conn, email_id) == (RunStatus.FIRED, Reason.NONE)
    assert status_of(conn, email_id) == ScheduleStatus.OVER
    assert calendar.upcoming(conn) == {}


def test_however_often_the_clock_rings_it_goes_out_once(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)

    rings = [fire(conn, jobs, email_id, NINE + timedelta(seconds=n)) for n in range(3)]

    assert [ring is not None for ring in rings] == [True, False, False]
    assert conn.scalar(select(func.count()).select_from(Message)) == 1


async def test_two_clocks_at_once_send_it_once(opened: Opened, now: datetime, jobs: NoJobs) -> None:
    def prepare(conn: Connection) -> int:
        make_contact(conn)
        return schedule(conn, now)

    email_id = await opened.database.write(prepare)

    async with asyncio.TaskGroup() as clocks:
        for _ in range(4):
            clocks.create_task(opened.database.write(fire, jobs, email_id, NINE))

    def count(conn: Connection) -> int | None:
        return conn.scalar(select(func.count()).select_from(CampaignRun))

    assert await opened.database.read(count) == 1
    assert len(jobs.asked) == 1


def test_a_clock_that_rings_early_does_nothing(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    email_id = schedule(conn, now)

    assert fire(conn, jobs, email_id, NINE - timedelta(seconds=1)) is None
    assert status_of(conn, email_id) == ScheduleStatus.SCHEDULED


def test_one_that_is_a_little_late_goes_out_and_says_how_late(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)

    fire(conn, jobs, email_id, NINE + timedelta(minutes=60))

    assert conn.scalar(select(CampaignRun.late_seconds)) == 3600


def test_one_that_is_later_than_its_committee_allows_is_held(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now, late_minutes=15)

    fired = fire(conn, jobs, email_id, NINE + timedelta(minutes=16))

    assert fired == firing.Fired(RunStatus.HELD, None, Reason.LATE)
    assert calendar.due(conn, now=NINE + timedelta(days=1)) == []
    assert conn.scalar(select(func.count()).select_from(Message)) == 0


def test_a_held_email_may_be_sent_after_all(conn: Connection, now: datetime, jobs: NoJobs) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)
    late = NINE + timedelta(hours=5)
    fire(conn, jobs, email_id, late)

    fired = send_held(conn, jobs, email_id, late)

    assert fired.status is RunStatus.FIRED
    assert conn.scalar(select(CampaignRun.late_seconds)) == 5 * 3600
    assert conn.scalar(select(CampaignRun.answered_by)) == "Ben"
    with pytest.raises(NotNow, match="only what is held waits for an answer"):
        send_held(conn, jobs, email_id, late)


def test_a_held_email_may_be_let_go_or_moved(conn: Connection, now: datetime, jobs: NoJobs) -> None:
    skipped, moved = schedule(conn, now), schedule(conn, now)
    late = NINE + timedelta(hours=5)
    for email_id in (skipped, moved):
        fire(conn, jobs, email_id, late)

    at = "2026-12-01T09:00"
    occurrences.leave_out(conn, skipped, at, by="Ben", now=late)
    occurrences.move(conn, moved, at, "2026-12-02T09:00", by="Ben", now=late)

    assert run_of(conn, skipped) == (RunStatus.SKIPPED, Reason.LEFT_OUT)
    assert calendar.upcoming(conn) == {moved: NINE + timedelta(days=1)}


def test_one_that_something_stands_in_the_way_of_is_held_and_says_why(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn, city="")
    texts = {language: Words(subject="s", body="{{ city }}") for language in ("en", "es")}
    email_id = schedule(conn, now, texts=texts)

    fired = fire(conn, jobs, email_id, NINE)

    assert fired is not None
    assert (fired.status, fired.reason) == (RunStatus.HELD, Reason.BLOCKED)
    assert [each.code for each in fired.held_because] == ["gap_nobody"]
    assert conn.scalar(select(func.count()).select_from(Message)) == 0
    assert conn.scalars(select(CampaignRun.details)).one()[0][0] == "gap_nobody"


def test_a_project_sends_by_its_own_sender_to_its_own_people(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    madison = make_project(conn, email_sender="madison@example.org")
    make_contact(conn, "Amina", projects=[madison])
    make_contact(conn, "Ben")
    campaign_id = calendar.create_campaign(
        conn, name="Water", goal="", project_id=madison, created_by="Amina", now=now
    )
    draft = make_email_draft(audience=Audience(include=Filter(projects=(madison,))))
    email_id, _ = calendar.schedule(conn, campaign_id, draft, created_by="Amina", now=now)

    fire(conn, jobs, email_id, NINE)

    message = conn.execute(select(Message)).one()
    assert (message.project_id, message.email_sender, message.confirmed) == (
        madison,
        "madison@example.org",
        1,
    )


def test_a_time_that_is_over_or_odd_is_told(conn: Connection, now: datetime) -> None:
    campaign_id = calendar.create_campaign(
        conn, name="Water", goal="", project_id=None, created_by="Amina", now=now
    )

    def try_at(local: str, zone: str = "America/Chicago") -> Oddity:
        draft = make_email_draft(local_time=local, zone=zone)
        return calendar.schedule(conn, campaign_id, draft, created_by="Amina", now=now)[1].oddity

    with pytest.raises(AlreadyPast, match="is over already"):
        try_at("2026-11-19T15:30")
    with pytest.raises(BadTime):
        try_at("2026-12-01T09:00", "Mars/Olympus")
    assert try_at("2027-03-14T02:30") is Oddity.SKIPPED


def test_an_email_can_be_called_off_until_it_is_fired(
    conn: Connection, now: datetime, jobs: NoJobs
) -> None:
    make_contact(conn)
    cancelled, fired = schedule(conn, now), schedule(conn, now)

    changing.cancel(conn, cancelled, by="Ben", now=now)
    fire(conn, jobs, fired, NINE)

    assert fire(conn, jobs, cancelled, NINE) is None
    with pytest.raises(NotNow, match="all of it is over"):
        changing.cancel(conn, fired, by="Ben", now=now)
    with pytest.raises(NotNow, match="called off already"):
        changing.cancel(conn, cancelled, by="Ben", now=now)


def test_an_email_that_is_not_there_is_told(conn: Connection) -> None:
    with pytest.raises(NoSuchEmail, match="no scheduled email 77"):
        changing.cancel(conn, 77, by="Ben", now=LONG_AGO)
