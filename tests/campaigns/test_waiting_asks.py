"""What waits for somebody's approval is listed as long as it may leave; links and reminders follow its dates."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from campaigns import approval_asks, approving, changing, occurrences
from campaigns.approval_asks import EARLY, MOST
from campaigns.ballots import About
from campaigns.models import CampaignEmail, ScheduleStatus
from messages.control import NotNow
from organizers.approvers import BadAsk
from organizers.roles import NETWORKS
from tests.builders import make_contact, make_organizer
from tests.campaigns.test_approval_asks import ask
from tests.campaigns.test_approving import OWN, TWO, approve, fire
from tests.campaigns.test_firing import NINE, make_email_draft, schedule

FIRST, SECOND = "2026-12-01T09:00", "2026-12-08T09:00"
WEEKLY = "FREQ=WEEKLY;COUNT=2"
HOUR = timedelta(hours=1)


@pytest.fixture
def ben(conn: Connection) -> int:
    return make_organizer(conn, "Ben", network=True, reads="en es")


def listed(conn: Connection, who: int, drafts: dict[int, str] | None = None) -> list[About]:
    found = approving.asked_of(conn, [NETWORKS], who, drafts=drafts or {}, house=TWO)
    return [each.subject.about for each in found]


def test_a_draft_waits_for_whom_it_was_asked_of_until_it_changes(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now, on=False)
    assert listed(conn, ben) == []
    ask(conn, email_id, ben, now=now)
    asked = approval_asks.asked_of(conn, ben)
    drafts = {email_id: asked[About(email_id)].digest}

    assert listed(conn, ben, drafts) == [About(email_id)]
    changing.change(conn, email_id, make_email_draft(texts=OWN, on=False), by="x", now=now)
    assert listed(conn, ben, drafts) == []


def test_words_of_one_date_wait_for_themselves_until_they_are_approved(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now, rule=WEEKLY)
    occurrences.change_words(conn, email_id, SECOND, OWN, by="organizer:0")

    assert listed(conn, ben) == [About(email_id), About(email_id, SECOND)]
    approve(conn, email_id, ben, now, at=SECOND)
    assert listed(conn, ben) == [About(email_id)]


def test_what_is_over_waits_only_as_long_as_something_of_it_is_held(
    conn: Connection, now: datetime, ben: int
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)
    ask(conn, email_id, ben, now=now)
    fire(conn, email_id, NINE)
    status = conn.scalars(select(CampaignEmail.status)).one()

    assert status == ScheduleStatus.OVER
    assert listed(conn, ben) == [About(email_id)]
    assert approval_asks.asked_by(conn, "organizer:0") == [About(email_id)]
    occurrences.leave_out(conn, email_id, FIRST, by="x", now=NINE)
    assert listed(conn, ben) == []
    with pytest.raises(NotNow, match="nothing to approve"):
        ask(conn, email_id, ben, now=NINE)


def test_the_links_of_the_letter_and_of_its_reminder_are_both_good_until_it_is_answered(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now)
    [ask_id] = ask(conn, email_id, ben, now=now)
    links = [approval_asks.issue(conn, ask_id, now=now) for _ in range(2)]
    ask(conn, email_id, ben, now=now + HOUR)  # once more, about the very same

    for each in links:
        assert approval_asks.look(conn, each, now + HOUR).organizer_id == ben
    changing.change(conn, email_id, make_email_draft(texts=OWN), by="x", now=now)
    ask(conn, email_id, ben, now=now + HOUR)
    for each in links:
        with pytest.raises(BadAsk):
            approval_asks.look(conn, each, now + HOUR)


def test_nobody_is_asked_all_day(conn: Connection, now: datetime, ben: int) -> None:
    eva = make_organizer(conn, "Eva", network=True, reads="en es")
    one, other = schedule(conn, now), schedule(conn, now)
    for _ in range(MOST - 1):
        ask(conn, one, ben, now=now)
    ask(conn, other, ben, now=now)

    with pytest.raises(NotNow, match=f"Ben was asked {MOST} times within a day"):
        ask(conn, other, ben, eva, now=now)
    ask(conn, other, eva, now=now)
    ask(conn, other, ben, now=now + timedelta(days=1, seconds=1))


def test_who_is_asked_a_few_times_a_day_is_asked_every_day(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now)

    for nth in range(MOST + 1):
        ask(conn, email_id, ben, now=now + nth * 8 * HOUR)


def test_what_is_listed_is_told_with_the_first_date_that_is_ahead_if_there_is_one(
    conn: Connection, now: datetime, ben: int
) -> None:
    make_contact(conn)
    moved, held = schedule(conn, now), schedule(conn, now)
    changing.move(conn, moved, FIRST, SECOND, by="x", now=now)
    fire(conn, moved, NINE)  # it has no other date, and is over but for that one
    before = first_dates(conn, ben)
    fire(conn, held, NINE)

    assert before == {moved: SECOND, held: FIRST}
    assert first_dates(conn, ben) == {moved: SECOND, held: ""}


def first_dates(conn: Connection, who: int) -> dict[int, str]:
    found = approving.asked_of(conn, [NETWORKS], who, house=TWO)
    return {each.email.id: each.local_time for each in found}


def test_a_date_that_moves_takes_link_and_reminder_along(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now)
    [ask_id] = ask(conn, email_id, ben, now=now)
    token = approval_asks.issue(conn, ask_id, now=now)
    approval_asks.letters_due(conn, now)
    later = NINE + timedelta(days=1)

    changing.move(conn, email_id, FIRST, "2026-12-02T09:00", by="x", now=now)

    assert not approval_asks.any_due(conn, NINE - EARLY)
    assert approval_asks.any_due(conn, later - EARLY)
    assert approval_asks.look(conn, token, NINE + HOUR).email_id == email_id
    changing.put_back(conn, email_id, FIRST, by="x", now=now)
    assert approval_asks.any_due(conn, NINE - EARLY)
    with pytest.raises(BadAsk):
        approval_asks.look(conn, token, NINE)
