"""Somebody is asked to approve an email of a series, reminded in time, and sends it back with a note, as with planned emails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from campaigns import answering, approval_asks, ballots, enrolling, series, step_approving, stepping
from campaigns.approval_asks import EARLY, LONGEST, Goes
from campaigns.ballots import About
from campaigns.series import StepDraft
from messages.control import NotNow
from organizers.approvers import BadAsk, SentBack
from tests.builders import make_organizer, make_project
from tests.campaigns.test_firing import HOUSE
from tests.campaigns.test_series import DAY, HOUR, START, join, make_series, steps, sweep, texts
from tests.doubles import NoJobs

TWO = replace(HOUSE, approvals=2)
SECOND = timedelta(seconds=1)


class Committee:
    """A series of one step after a week, and Ben, who may send there."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.project = make_project(conn, "Madison")
        self.ben = make_organizer(conn, "Ben", projects=[self.project], reads="en es")
        self.series = make_series(conn, self.project, days=(7,))
        [self.step] = steps(conn, self.series)
        self.about = About(step_id=self.step)
        join(conn, self.project, "Rosa", START)
        enrolling.enrol(conn, self.series, now=START + HOUR)

    def ask(self, now: Any = START) -> int:
        asked = approval_asks.ask(self.conn, self.about, [self.ben], by="organizer:900", now=now)
        return asked[0]

    def standing(self) -> Any:
        subject = answering.find(self.conn, self.about).subject
        return ballots.standing(self.conn, subject, house=TWO, now=START)

    def approve(self, now: Any = START, **said: Any) -> list[str]:
        told = {"seen": self.standing().digest, "languages": ["en", "es"], **said}
        return answering.approve(self.conn, self.about, self.ben, house=TWO, now=now, **told)

    def send_back(self, now: Any = START) -> int:
        told: dict[str, Any] = {"seen": self.standing().digest, "note": "Shorter, please."}
        return answering.send_back(self.conn, self.about, self.ben, house=TWO, now=now, **told)

    def waits(self) -> int:
        asked = step_approving.asked_of(self.conn, [self.project], self.ben, house=TWO)
        return len(asked)


@pytest.fixture
def here(conn: Connection) -> Committee:
    return Committee(conn)


def test_a_letter_says_whose_series_and_when_it_first_comes_to_somebody(here: Committee) -> None:
    ask_id = here.ask()

    [letter] = approval_asks.letters_due(here.conn, START)
    nine = START + 7 * DAY - 3 * HOUR  # where Rosa lives
    early = approval_asks.any_due(here.conn, nine - EARLY - SECOND)
    [again] = approval_asks.letters_due(here.conn, nine - EARLY)

    assert (letter.ask_id, letter.name, letter.series) == (ask_id, "Ben", "Welcome")
    assert letter.goes == Goes("2026-11-09T09:00", nine)
    assert (letter.reminds, early, again.reminds) == (False, False, True)
    assert letter.subject.subjects["en"] == "Step 7"
    assert approval_asks.asked_by(here.conn, "organizer:900") == [here.about]
    assert list(approval_asks.asked_of(here.conn, here.ben)) == [here.about]


def test_of_a_step_that_comes_to_nobody_yet_no_date_is_told_and_its_link_lasts(
    conn: Connection,
) -> None:
    project = make_project(conn, "Madison")
    ben = make_organizer(conn, "Ben", projects=[project], reads="en es")
    [step] = steps(conn, make_series(conn, project, days=(7,), started=False))
    [ask_id] = approval_asks.ask(conn, About(step_id=step), [ben], by="x", now=START)

    [letter] = approval_asks.letters_due(conn, START)
    token = approval_asks.issue(conn, ask_id, now=START)

    told = [
        step_approving.asked_of(conn, [project], ben, asked=asked, house=TWO)
        for asked in ([], [step])
    ]

    assert [len(each) for each in told] == [0, 1], "only who was asked is told of a draft"
    assert (letter.goes, approval_asks.any_due(conn, START + 13 * DAY)) == (None, False)
    assert approval_asks.look(conn, token, START + LONGEST - SECOND).step_id == step
    with pytest.raises(BadAsk):
        approval_asks.look(conn, token, START + LONGEST)


def test_nobody_is_written_to_about_what_changed_or_was_taken_out(here: Committee) -> None:
    here.ask()
    anew = StepDraft(days=7, hour="09:00", texts=texts("Anew"))
    series.change_step(here.conn, here.step, anew, by="organizer:901")
    changed = approval_asks.letters_due(here.conn, START)
    here.ask()
    token = approval_asks.issue(here.conn, here.ask(), now=START)
    series.retire_step(here.conn, here.step, now=START)

    assert changed == approval_asks.letters_due(here.conn, START) == []
    with pytest.raises(BadAsk):
        approval_asks.look(here.conn, token, START)
    with pytest.raises(NotNow):
        here.ask()


def test_what_is_sent_back_voids_its_approvals_and_is_held_until_asked_about_again(
    here: Committee,
) -> None:
    here.approve()
    token = approval_asks.issue(here.conn, here.ask(), now=START)

    here.send_back(now=START + SECOND)

    [back] = approval_asks.back_due(here.conn)
    assert (back.series_id, back.series, back.by) == (here.series, "Welcome", "Ben")
    assert back.subject.writers == {"organizer:900"}
    assert [each.note for each in here.standing().returned] == ["Shorter, please."]
    assert (here.standing().missing, here.waits()) == (["en", "es"], 0)
    with pytest.raises(BadAsk):
        approval_asks.look(here.conn, token, START + SECOND)
    with pytest.raises(SentBack):
        here.approve(now=START + SECOND)
    due = START + 7 * DAY
    assert sweep(here.conn, NoJobs(), here.series, due, approvals=2) == {"held": 1}

    here.ask(now=START + 2 * SECOND)

    assert here.waits() == 1
    assert here.approve(now=START + 3 * SECOND) == ["en", "es"]
    settled = stepping.settle(here.conn, NoJobs(), here.series, house=TWO, now=due)
    assert settled.by_status == {"held": 1}, "three hours late by then: a person is asked"


def test_an_approval_by_the_link_counts_and_spends_it(here: Committee) -> None:
    token = approval_asks.issue(here.conn, here.ask(), now=START)
    assert approval_asks.look(here.conn, token, START).organizer_id == here.ben

    here.approve(how="link")

    assert [each.how for each in here.standing().given] == ["link", "link"]
    assert [each.answered for each in here.standing().asked] == [True]
    with pytest.raises(BadAsk):
        approval_asks.look(here.conn, token, START)
    nine = START + 7 * DAY - 3 * HOUR
    assert sweep(here.conn, NoJobs(), here.series, nine, approvals=2) == {"fired": 1}
