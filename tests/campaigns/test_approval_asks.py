"""Somebody is asked to approve a planned email, reminded in time, and sends it back with a note that its author reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from campaigns import answering, approval_asks, approving, calendar, changing, firing, occurrences
from campaigns.approval_asks import APART, EARLY, Goes, remind_at
from campaigns.approval_models import EmailApproval
from campaigns.ballots import About
from campaigns.models import Reason, RunStatus
from messages.control import NotNow
from organizers.approvers import (
    BadAsk,
    Changed,
    How,
    MayNotApprove,
    NobodyChosen,
    NoNote,
    SentBack,
)
from organizers.models import Organizer
from organizers.roles import NETWORKS
from tests.builders import make_contact, make_organizer
from tests.campaigns.test_approving import OWN, TWO, approve, fire
from tests.campaigns.test_firing import NINE, make_email_draft, schedule
from tests.doubles import NoJobs

SECOND = timedelta(seconds=1)


@pytest.fixture
def ben(conn: Connection) -> int:
    return make_organizer(conn, "Ben", network=True, reads="en es")


def ask(conn: Connection, email_id: int, *who: int, now: datetime, at: str = "") -> list[int]:
    return approval_asks.ask(conn, About(email_id, at), who, by="organizer:0", now=now)


def send_back(conn: Connection, email_id: int, who: int, now: datetime, **said: Any) -> None:
    seen = approving.digest(calendar.look_at(conn, email_id))
    about = {"seen": seen, "note": "Change the date in paragraph 2.", **said}
    answering.send_back(conn, About(email_id), who, house=TWO, now=now, **about)


def standing(conn: Connection, email_id: int, now: datetime) -> Any:
    return approving.standing(conn, calendar.look_at(conn, email_id), None, house=TWO, now=now)


def test_a_letter_is_due_once_with_the_first_date_by_which_it_is_wanted(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now, rule="FREQ=WEEKLY;COUNT=3")
    occurrences.leave_out(conn, email_id, "2026-12-01T09:00", by="x", now=now)
    [ask_id] = ask(conn, email_id, ben, now=now)

    [letter] = approval_asks.letters_due(conn, now)

    assert (letter.ask_id, letter.name, letter.reminds) == (ask_id, "Ben", False)
    assert letter.goes == Goes("2026-12-08T09:00", NINE + timedelta(days=7))
    assert letter.subject.subjects == {"en": "Water", "es": "Agua"}
    assert not approval_asks.any_due(conn, now)
    assert approval_asks.letters_due(conn, now) == []


def test_who_has_not_answered_is_reminded_once_a_day_before(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now)
    ask(conn, email_id, ben, now=now)
    approval_asks.letters_due(conn, now)

    early = approval_asks.any_due(conn, NINE - EARLY - SECOND)
    due = approval_asks.any_due(conn, NINE - EARLY)
    [letter] = approval_asks.letters_due(conn, NINE - EARLY)

    assert (early, due, letter.reminds) == (False, True, True)
    assert approval_asks.letters_due(conn, NINE - SECOND) == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (NINE - timedelta(days=9), NINE - EARLY),
        (NINE - timedelta(hours=30), NINE - timedelta(hours=18)),
        (NINE - APART, None),
        (NINE - timedelta(hours=1), None),
    ],
)
def test_a_reminder_never_follows_on_the_heels_of_its_letter(
    asked: datetime, expected: datetime | None
) -> None:
    assert remind_at(asked, NINE) == expected
    assert remind_at(asked, None) is None


def test_nobody_is_written_to_about_what_changed_or_was_answered_or_called_off(
    conn: Connection, now: datetime, ben: int
) -> None:
    changed, answered, off = (schedule(conn, now) for _ in range(3))
    for each in (changed, answered, off):
        ask(conn, each, ben, now=now)
    changing.change(conn, changed, make_email_draft(texts=OWN), by="x", now=now)
    approve(conn, answered, ben, now)
    changing.cancel(conn, off, by="x", now=now)

    assert approval_asks.letters_due(conn, now) == []
    assert approval_asks.letters_due(conn, NINE - EARLY) == []


def test_only_who_may_approve_it_is_asked(conn: Connection, now: datetime, ben: int) -> None:
    email_id = schedule(conn, now)
    author = make_organizer(conn, "Eva", network=True, reads="en es")
    changing.change(conn, email_id, make_email_draft(texts=OWN), by=f"organizer:{author}", now=now)

    with pytest.raises(NobodyChosen):
        ask(conn, email_id, now=now)
    with pytest.raises(MayNotApprove):
        ask(conn, email_id, ben, author, now=now)
    changing.cancel(conn, email_id, by="x", now=now)
    with pytest.raises(NotNow):
        ask(conn, email_id, ben, now=now)


def test_a_link_lasts_until_the_date_and_ends_with_the_answer(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now)
    [ask_id] = ask(conn, email_id, ben, now=now)
    token = approval_asks.issue(conn, ask_id, now=now)

    found = approval_asks.look(conn, token, NINE - SECOND)

    assert (found.email_id, found.organizer_id) == (email_id, ben)
    for wrong, at in ((token, NINE), ("x" * 43, now)):
        with pytest.raises(BadAsk):
            approval_asks.look(conn, wrong, at)
    approve(conn, email_id, ben, now, languages=["en"])
    approval_asks.look(conn, token, now)
    approve(conn, email_id, ben, now, languages=["es"], how=How.LINK)
    with pytest.raises(BadAsk):
        approval_asks.look(conn, token, now)
    assert set(conn.scalars(select(EmailApproval.how))) == {"console", "link"}


def test_a_link_is_of_no_use_to_who_may_not_send_any_more(
    conn: Connection, now: datetime, ben: int
) -> None:
    [ask_id] = ask(conn, schedule(conn, now), ben, now=now)
    token = approval_asks.issue(conn, ask_id, now=now)
    conn.execute(update(Organizer).where(Organizer.id == ben).values(network=False))

    with pytest.raises(BadAsk):
        approval_asks.look(conn, token, now)


def test_what_is_sent_back_voids_every_approval_and_every_link_and_is_held(
    conn: Connection, now: datetime, ben: int
) -> None:
    make_contact(conn)
    eva = make_organizer(conn, "Eva", network=True, reads="en es")
    email_id = schedule(conn, now)
    approve(conn, email_id, ben, now)
    [ask_id] = ask(conn, email_id, eva, now=now)
    token = approval_asks.issue(conn, ask_id, now=now)

    send_back(conn, email_id, eva, now)

    found = standing(conn, email_id, now)
    assert [(each.name, each.note, each.current) for each in found.returned] == [
        ("Eva", "Change the date in paragraph 2.", True)
    ]
    assert found.missing == ["en", "es"]
    assert [each.answered for each in found.asked] == [True]
    with pytest.raises(BadAsk):
        approval_asks.look(conn, token, now)
    assert approving.asked_of(conn, [NETWORKS], ben, house=TWO) == []
    assert fire(conn, email_id, NINE) == [(RunStatus.HELD, Reason.NOT_APPROVED)]


def test_once_it_is_changed_it_waits_for_approval_again_and_may_go(
    conn: Connection, now: datetime, ben: int
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)
    send_back(conn, email_id, ben, now)

    changing.change(conn, email_id, make_email_draft(texts=OWN), by="organizer:0", now=now)

    assert [each.current for each in standing(conn, email_id, now).returned] == [False]
    assert [row.email.id for row in approving.asked_of(conn, [NETWORKS], ben, house=TWO)] == [
        email_id
    ]
    approve(conn, email_id, ben, now)
    assert fire(conn, email_id, NINE) == [(RunStatus.FIRED, Reason.NONE)]


def test_what_came_back_is_approved_unchanged_only_once_somebody_asks_again(
    conn: Connection, now: datetime, ben: int
) -> None:
    make_contact(conn)
    email_id = schedule(conn, now)
    ask(conn, email_id, ben, now=now)
    send_back(conn, email_id, ben, now + SECOND)

    with pytest.raises(SentBack):
        approve(conn, email_id, ben, now + SECOND)
    assert standing(conn, email_id, now).open_to(ben) == []
    ask(conn, email_id, ben, now=now + 2 * SECOND)
    waits = approving.asked_of(conn, [NETWORKS], ben, house=TWO)

    assert [row.email.id for row in waits] == [email_id]
    assert approve(conn, email_id, ben, now + 3 * SECOND) == ["en", "es"]
    assert fire(conn, email_id, NINE) == [(RunStatus.FIRED, Reason.NONE)]


def test_its_authors_are_told_once(conn: Connection, now: datetime, ben: int) -> None:
    email_id = schedule(conn, now)
    send_back(conn, email_id, ben, now)

    [back] = approval_asks.back_due(conn)

    assert (back.by, back.note, back.subject.writers) == (
        "Ben",
        "Change the date in paragraph 2.",
        frozenset({"Amina"}),
    )
    assert approval_asks.back_due(conn) == []
    assert not approval_asks.any_due(conn, now)


def test_sending_back_needs_a_note_and_the_email_as_it_is(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now)

    for said, error in (({"note": " "}, NoNote), ({"seen": "0" * 64}, Changed)):
        with pytest.raises(error):
            send_back(conn, email_id, ben, now, **said)
    changing.cancel(conn, email_id, by="x", now=now)
    with pytest.raises(NotNow):
        send_back(conn, email_id, ben, now)

    assert standing(conn, email_id, now).returned == []


def test_words_of_one_date_are_asked_about_and_sent_back_for_themselves(
    conn: Connection, now: datetime, ben: int
) -> None:
    first, second = "2026-12-01T09:00", "2026-12-08T09:00"
    email_id = schedule(conn, now, rule="FREQ=WEEKLY;COUNT=3")
    occurrences.change_words(conn, email_id, second, OWN, by="organizer:0")
    with pytest.raises(occurrences.NotOneOfItsDates):
        ask(conn, email_id, ben, now=now, at=first)
    ask(conn, email_id, ben, now=now, at=second)

    [letter] = approval_asks.letters_due(conn, now)
    run = occurrences.of(conn, email_id, second)
    email = calendar.look_at(conn, email_id)
    seen = approving.digest(email, run)
    about: dict[str, Any] = {"seen": seen, "note": "No.", "house": TWO, "now": now}
    answering.send_back(conn, About(email_id, second), ben, **about)

    assert letter.goes == Goes(second, NINE + timedelta(days=7))
    assert letter.subject.subjects["en"] == "Today"
    assert standing(conn, email_id, now).returned == []
    own = approving.standing(conn, email, run, house=TWO, now=now)
    assert [each.note for each in own.returned] == ["No."]
    assert approval_asks.asked_by(conn, "organizer:0") == [About(email_id, second)]


def test_a_draft_is_asked_about_with_the_date_that_it_would_go(
    conn: Connection, now: datetime, ben: int
) -> None:
    email_id = schedule(conn, now, on=False)
    ask(conn, email_id, ben, now=now)

    assert approval_asks.letters_due(conn, now)[0].goes == Goes("2026-12-01T09:00", NINE)
    assert firing.fire(conn, NoJobs(), email_id, house=TWO, now=NINE) == []
