"""A calendar program reads titles and times of what its organizer may see, until the address is ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import Connection, select, update

from alerts import calendar_feed
from campaigns import calendar, feeds, occurrences
from campaigns.feed_models import CalendarFeed
from organizers.models import Organizer
from tests.builders import make_organizer, make_project
from tests.campaigns.test_firing import make_email_draft

FIRST = datetime(
    2027, 3, 7, 14, 0, tzinfo=UTC
)  # nine o'clock in New York, before the clocks change


def plan(conn: Connection, now: datetime, project_id: int | None, subject: str) -> int:
    campaign_id = calendar.create_campaign(
        conn, name="Water", goal="", project_id=project_id, created_by="Amina", now=now
    )
    draft = make_email_draft(
        local_time="2027-03-07T09:00", zone="America/New_York", rule="FREQ=WEEKLY;BYDAY=SU;COUNT=3"
    )
    words = {
        code: type(each)(subject=subject, body=each.body) for code, each in draft.texts.items()
    }
    draft = make_email_draft(
        texts=words, local_time=draft.local_time, zone=draft.zone, rule=draft.rule
    )
    return calendar.schedule(conn, campaign_id, draft, created_by="Amina", now=now)[0]


def read(conn: Connection, token: str, now: datetime) -> list[tuple[str, datetime, str, str]]:
    body = calendar_feed.calendar(
        conn, token, site="llamado.example.org", name="Sister Cities", now=now
    )
    book: Any = Calendar.from_ical(body)
    return [
        (str(each["UID"]), each["DTSTART"].dt, str(each["SUMMARY"]), str(each["STATUS"]))
        for each in book.walk("VEVENT")
        if str(each["UID"]).startswith("email-")
    ]


def test_a_program_reads_what_its_organizer_may_see(conn: Connection, now: datetime) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    amina = make_organizer(conn, projects=[madison])
    mine = plan(conn, now, madison, "News; of the river, and more")
    plan(conn, now, bangor, "Secret of Bangor")
    occurrences.leave_out(conn, mine, "2027-03-14T09:00", by="x", now=now)
    token = feeds.make(conn, amina, now=now)

    found = read(conn, token, now)

    assert found == [
        (f"email-{mine}-2027-03-07T09:00@llamado.example.org", FIRST, "News; of the river, and more", "CONFIRMED"),
        (f"email-{mine}-2027-03-14T09:00@llamado.example.org", FIRST + timedelta(days=7, hours=-1), "Left out: News; of the river, and more", "CANCELLED"),
        (f"email-{mine}-2027-03-21T09:00@llamado.example.org", FIRST + timedelta(days=14, hours=-1), "News; of the river, and more", "CONFIRMED"),
    ]  # fmt: skip
    assert found == read(conn, token, now + timedelta(hours=1))


def test_no_text_is_in_it(conn: Connection, now: datetime) -> None:
    madison = make_project(conn)
    plan(conn, now, madison, "News")
    token = feeds.make(conn, make_organizer(conn, projects=[madison]), now=now)

    body = calendar_feed.calendar(conn, token, site="x.example", name="x", now=now)

    assert b"water" not in body.lower().replace(b"x.example", b"")


def test_an_address_ends_with_a_new_one_and_with_its_organizer(
    conn: Connection, now: datetime
) -> None:
    amina = make_organizer(conn)
    old = feeds.make(conn, amina, now=now)
    new = feeds.make(conn, amina, now=now)

    assert read(conn, new, now) == []
    assert new not in conn.scalars(select(CalendarFeed.token_hash)).one()
    with pytest.raises(feeds.NoSuchFeed):
        read(conn, old, now)
    conn.execute(update(Organizer).values(disabled_at=now))
    with pytest.raises(feeds.NoSuchFeed):
        read(conn, new, now)
    feeds.end(conn, amina)
    assert feeds.made_at(conn, amina) is None
