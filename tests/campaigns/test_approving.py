"""A planned email leaves when a second person stands behind exactly these words, in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from campaigns import answering, approving, calendar, changing, firing, occurrences
from campaigns.ballots import About
from campaigns.models import Reason, RunStatus
from messages.control import Words
from messages.looks import save_look
from organizers.approvers import Changed, MayNotApprove, NotRead
from organizers.roles import NETWORKS
from tests.builders import make_contact, make_organizer, make_project
from tests.campaigns.test_firing import HOUSE, NINE, make_email_draft, run_of, schedule
from tests.doubles import NoJobs

TWO = replace(HOUSE, approvals=2)
OWN = {"en": Words(subject="Today", body="Read."), "es": Words(subject="Hoy", body="Lea.")}
WEEK = timedelta(days=7)


def approve(conn: Connection, email_id: int, who: int, now: datetime, **changed: Any) -> list[str]:
    at = changed.pop("at", "")
    email = calendar.look_at(conn, email_id)
    run = occurrences.of(conn, email_id, at) if at else None
    said = {"seen": approving.digest(email, run), "languages": ["en", "es"], **changed}
    return answering.approve(conn, About(email_id, at), who, house=TWO, now=now, **said)


def fire(conn: Connection, email_id: int, at: datetime) -> list[tuple[RunStatus, Reason]]:
    found = firing.fire(conn, NoJobs(), email_id, house=TWO, now=at)
    return [(each.status, each.reason) for each in found]


def test_what_too_few_stand_behind_is_held_and_goes_once_they_do(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)
    ben = make_organizer(conn, "Ben", network=True, reads="en")
    eva = make_organizer(conn, "Eva", network=True, reads="es")
    approve(conn, email_id, ben, now, languages=["en"])

    assert fire(conn, email_id, NINE) == [(RunStatus.HELD, Reason.NOT_APPROVED)]
    sent: dict[str, Any] = {"house": TWO, "by": "Ben", "now": NINE}
    first = firing.send_held(conn, NoJobs(), email_id, "2026-12-01T09:00", **sent)
    approve(conn, email_id, eva, now, languages=["es"])
    then = firing.send_held(conn, NoJobs(), email_id, "2026-12-01T09:00", **sent)

    assert (first.status, then.status) == (RunStatus.HELD, RunStatus.FIRED)


def test_its_author_and_whoever_reads_no_language_of_it_approve_nothing(
    conn: Connection, now: datetime
) -> None:
    ben = make_organizer(conn, "Ben", network=True, reads="en")
    email_id = schedule(conn, now)
    other = make_email_draft(texts=OWN)
    changing.change(conn, email_id, other, by=f"organizer:{ben}", now=now)
    eva = make_organizer(conn, "Eva", network=True, reads="es")

    with pytest.raises(MayNotApprove):
        approve(conn, email_id, ben, now)
    with pytest.raises(NotRead):
        approve(conn, email_id, eva, now, languages=["en"])
    with pytest.raises(Changed):
        approve(conn, email_id, eva, now, seen="0" * 64)


@pytest.mark.parametrize(
    "changed",
    [
        {"texts": OWN},
        {"rule": "FREQ=DAILY"},
        {"local_time": "2026-12-02T09:00"},
        {"own_zone": True},
    ],
)
def test_whatever_is_changed_voids_what_was_approved(
    conn: Connection, now: datetime, changed: dict[str, Any]
) -> None:
    email_id = schedule(conn, now)
    ben = make_organizer(conn, "Ben", network=True, reads="en es")
    approve(conn, email_id, ben, now)

    changing.change(conn, email_id, make_email_draft(**changed), by="Amina", now=now)

    email = calendar.look_at(conn, email_id)
    found = approving.standing(conn, email, None, house=TWO, now=now)
    assert (found.voided, found.missing) == (True, ["en", "es"])


def test_another_look_of_its_emails_voids_what_was_approved(
    conn: Connection, now: datetime
) -> None:
    email_id = schedule(conn, now)
    other = make_project(conn, "Bangor")
    ben = make_organizer(conn, "Ben", network=True, reads="en es")
    approve(conn, email_id, ben, now)

    save_look(conn, other, accent="#112233", logo="", archive=False)
    before = approving.standing(conn, calendar.look_at(conn, email_id), None, house=TWO, now=now)
    save_look(conn, None, accent="#112233", logo="", archive=False)
    after = approving.standing(conn, calendar.look_at(conn, email_id), None, house=TWO, now=now)

    assert (before.missing, after.missing) == ([], ["en", "es"])
    assert [each.email.id for each in approving.asked_of(conn, [NETWORKS], ben, house=TWO)] == [
        email_id
    ]
    approve(conn, email_id, ben, now)
    assert approving.asked_of(conn, [NETWORKS], ben, house=TWO) == []


def test_one_that_comes_again_is_approved_once_and_words_of_one_date_for_themselves(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now, rule="FREQ=WEEKLY;BYDAY=TU")
    ben = make_organizer(conn, "Ben", network=True, reads="en es")
    approve(conn, email_id, ben, now)
    third = "2026-12-15T09:00"
    occurrences.change_words(conn, email_id, "2026-12-08T09:00", OWN, by="Amina")
    occurrences.change_words(conn, email_id, third, OWN, by="Amina")
    approve(conn, email_id, ben, now, at=third)

    assert fire(conn, email_id, NINE) == [(RunStatus.FIRED, Reason.NONE)]
    assert fire(conn, email_id, NINE + WEEK) == [(RunStatus.HELD, Reason.NOT_APPROVED)]
    assert fire(conn, email_id, NINE + 2 * WEEK) == [(RunStatus.FIRED, Reason.NONE)]


def test_where_one_person_is_enough_nobody_is_asked(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)

    firing.fire(conn, NoJobs(), email_id, house=HOUSE, now=NINE)

    assert run_of(conn, email_id) == (RunStatus.FIRED, Reason.NONE)
