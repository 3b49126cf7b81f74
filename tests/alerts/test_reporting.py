"""A report tells what was set in motion, people in steps of five, and has nobody's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from actions.models import Outcome
from actions.office_models import Source, Stance
from actions.responses import record
from actions.stances import note_stance
from alerts.campaign_reports import campaign_report
from alerts.campaigning import put_in
from alerts.closing import CaseOutcome, Closing, close
from alerts.models import Alert, FollowUp, FollowUpKind
from alerts.reporting import LONGEST, alert_report, case_report
from alerts.rounding import AtLeast, lowest
from campaigns.calendar import create_campaign
from database.jobs import EmbeddedJobs
from messages import counts
from messages.models import Message, MessageCount, MessageStatus, Status
from messages.sender_models import Spending
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_call,
    make_contact,
    make_delivery,
    make_project,
)

HOUSE, SENATE = "us:house:WI:2", "us:senate:WI:1"


@dataclass
class Sent:
    """An alert, a reminder of it, and a second alert on the same case."""

    conn: Connection
    now: datetime
    first: Alerted
    second: Alerted

    def told(
        self, count: int, outcome: Outcome, target: str = HOUSE, *, days: int = 0, who: str = "v"
    ) -> None:
        for each in range(count):
            record(
                self.conn,
                self.first.action_id,
                visitor=f"{who}{target}{outcome}{days}{each}",
                target=target,
                outcome=outcome,
                channel="web",
                now=self.now - timedelta(days=days),
            )


@pytest.fixture
def sent(conn: Connection, now: datetime) -> Sent:
    load_invented_officials(conn)
    launched: dict[str, Any] = {
        "launched_at": now - timedelta(days=3),
        "status": MessageStatus.FINISHED,
    }
    first = make_alert(conn, confirmed=10, expected=12, **launched)
    second = make_alert(conn, confirmed=5, **launched)
    nudge = make_alert(conn, confirmed=6, **launched)
    for each in (second, nudge):
        conn.execute(update(Alert).where(Alert.id == each.alert_id).values(case_id=first.case_id))
    follows = {"alert_id": nudge.alert_id, "of_id": first.alert_id, "kind": FollowUpKind.NUDGE}
    conn.execute(insert(FollowUp).values(follows))
    for status, reason, count in (
        (Status.DELIVERED, "", 9),
        (Status.SKIPPED, "no_consent", 2),
        (Status.UNKNOWN, "timeout", 1),
    ):
        row = {"channel": "sms", "status": status, "reason": reason, "zone_set_id": 0}
        conn.execute(insert(MessageCount).values(message_id=first.message_id, count=count, **row))
    return Sent(conn, now, first, second)


def test_it_sums_up_an_alert_and_what_followed_it(sent: Sent) -> None:
    sent.told(7, Outcome.SPOKE)

    report = alert_report(sent.conn, sent.first.alert_id, now=sent.now)

    assert (report.alerts, report.confirmed) == (1, 16)
    assert report.equation.gone_out == 9
    assert report.equation.balanced
    assert report.outcomes[Outcome.SPOKE] == AtLeast(5)
    assert report.people == report.reached == AtLeast(5)
    assert [each.kind for each in report.moments if each.kind != "fact"] == ["launch", "nudge"]


def test_a_case_does_not_tell_of_an_alert_that_was_taken_back_or_has_not_begun(sent: Sent) -> None:
    off = {"status": MessageStatus.STOPPED, "finished_at": sent.now - timedelta(days=2)}
    later = {"status": MessageStatus.SENDING}
    second = update(Message).where(Message.id == sent.second.message_id)
    launches = []
    for hours in (off, later):
        starts = sent.now + (timedelta(days=1) if hours is later else -timedelta(days=1))
        sent.conn.execute(second.values(starts_at=starts, **hours))

        report = case_report(sent.conn, sent.first.case_id, None, now=sent.now)

        launches.append((report.alerts, [each.kind for each in report.moments][-2:]))
    assert launches == [(1, ["launch", "nudge"])] * 2


def test_a_campaigns_report_tells_as_many_copies_as_the_alerts_own(sent: Sent) -> None:
    campaign = create_campaign(
        sent.conn, name="Water", goal="", project_id=None, created_by="Amina", now=sent.now
    )
    put_in(sent.conn, sent.first.alert_id, campaign)
    nudge = select(Alert.message_id).where(Alert.id.in_(select(FollowUp.alert_id)))
    row = {"channel": "sms", "status": Status.SENT, "reason": "", "zone_set_id": 0, "count": 3}
    message_id = sent.conn.scalars(nudge).one()
    sent.conn.execute(insert(MessageCount).values(message_id=message_id, **row))

    own = alert_report(sent.conn, sent.first.alert_id, now=sent.now)
    [line] = campaign_report(
        sent.conn, campaign, None, projects=False, whole=False, now=sent.now
    ).alerts

    assert line.copies == own.equation.gone_out == 12


def test_people_are_told_in_steps_everywhere(sent: Sent) -> None:
    sent.told(9, Outcome.SPOKE)
    sent.told(6, Outcome.NO_ANSWER, SENATE)
    sent.told(2, Outcome.VOICEMAIL)

    report = alert_report(sent.conn, sent.first.alert_id, now=sent.now)

    assert report.reached == AtLeast(10)
    assert {each: told for each, told in report.outcomes.items() if lowest(told)} == {
        Outcome.SPOKE: AtLeast(5),
        Outcome.NO_ANSWER: AtLeast(5),
    }
    cells = {each.target.key: each.counts for each in report.offices if each.target}
    assert cells[HOUSE][Outcome.VOICEMAIL] == AtLeast(0)
    assert cells[HOUSE][Outcome.SPOKE] == AtLeast(5)
    assert cells[SENATE][Outcome.NO_ANSWER] == AtLeast(5)


def test_beside_the_account_no_launch_is_told_that_something_followed(sent: Sent) -> None:
    case = case_report(sent.conn, sent.first.case_id, None, now=sent.now)
    alone = alert_report(sent.conn, sent.second.alert_id, now=sent.now)

    assert case.confirmed == 21
    people = [each.people for each in case.moments if each.kind in ("launch", "nudge")]
    assert people == [None, None, None]
    assert [each.people for each in alone.moments if each.kind == "launch"] == [5]


def test_a_case_tells_the_sum_of_what_its_alerts_tell(sent: Sent) -> None:
    sent.told(2, Outcome.VOICEMAIL)
    sent.told(6, Outcome.SPOKE)
    for each in range(9):
        told: dict[str, Any] = {"outcome": Outcome.VOICEMAIL, "channel": "web", "now": sent.now}
        second = sent.second.action_id
        record(sent.conn, second, visitor=f"second{each}", target=HOUSE, **told)

    case = case_report(sent.conn, sent.first.case_id, None, now=sent.now)
    other = alert_report(sent.conn, sent.second.alert_id, now=sent.now)

    # Eleven left a message; two of them for an alert that tells of nobody who did.
    assert other.outcomes[Outcome.VOICEMAIL] == AtLeast(5)
    assert case.outcomes[Outcome.VOICEMAIL] == AtLeast(5)
    assert [each.counts[Outcome.VOICEMAIL] for each in case.offices] == [AtLeast(5)]
    assert (case.reached, case.people) == (AtLeast(10), AtLeast(10))


def test_who_tried_less_who_was_heard_tells_of_nobody(sent: Sent) -> None:
    sent.told(9, Outcome.SPOKE)
    sent.told(2, Outcome.NO_ANSWER, who="others")

    report = alert_report(sent.conn, sent.first.alert_id, now=sent.now)

    assert (report.people, report.reached) == (AtLeast(10), AtLeast(5))
    assert [each.told for each in report.days] == [AtLeast(10)]
    assert report.states == {"WI": AtLeast(5)}


def test_who_reached_only_offices_without_a_state_is_part_of_the_sum(sent: Sent) -> None:
    sent.told(9, Outcome.SPOKE)
    sent.told(2, Outcome.SPOKE, "")

    report = alert_report(sent.conn, sent.first.alert_id, now=sent.now)

    assert report.reached == AtLeast(10)
    assert report.states == {"WI": AtLeast(5)}


def test_days_are_those_of_washington_and_only_the_last_ones_are_drawn(sent: Sent) -> None:
    midnight = datetime(2026, 11, 19, 5, 0, tzinfo=UTC)  # in Washington
    for hours, count in ((-0.01, 5), (0, 7), (-24 * 130, 6)):
        for each in range(count):
            told: dict[str, Any] = {"outcome": Outcome.SPOKE, "channel": "web", "target": HOUSE}
            at = midnight + timedelta(hours=hours)
            record(sent.conn, sent.first.action_id, visitor=f"{hours}{each}", now=at, **told)

    days = alert_report(sent.conn, sent.first.alert_id, now=sent.now).days

    assert len(days) == LONGEST
    assert (days[-2].day, days[-2].told) == (date(2026, 11, 18), AtLeast(5))
    assert (days[-1].day, days[-1].told) == (date(2026, 11, 19), AtLeast(5))
    assert sum(lowest(each.told) for each in days) == 10


def test_days_follow_one_another_from_the_first_that_is_told_to_the_last(sent: Sent) -> None:
    sent.told(8, Outcome.SPOKE, days=3)
    sent.told(2, Outcome.SPOKE, days=0)
    sent.told(6, Outcome.SPOKE, days=1)

    days = alert_report(sent.conn, sent.first.alert_id, now=sent.now).days

    assert [each.told for each in days] == [AtLeast(5), AtLeast(0), AtLeast(5)]
    assert days[0].day == (sent.now - timedelta(days=3)).date()


def test_people_are_told_by_state(sent: Sent) -> None:
    sent.told(6, Outcome.SPOKE)
    sent.told(7, Outcome.SPOKE, "us:senate:MA:2")
    sent.told(1, Outcome.SPOKE, "us:house:ME:2")

    states = alert_report(sent.conn, sent.first.alert_id, now=sent.now).states

    assert states == {"MA": AtLeast(5), "WI": AtLeast(5)}


def test_what_offices_said_is_told_over_time_without_the_notes(sent: Sent) -> None:
    said = {"source": Source.ORGANIZER, "actor": "organizer:1", "note": "Ana Pérez told us"}
    for days, stance in ((2, Stance.CONSIDERING), (1, Stance.COMMITTED)):
        note_stance(
            sent.conn,
            sent.first.action_id,
            HOUSE,
            stance,
            now=sent.now - timedelta(days=days),
            **said,  # type: ignore[arg-type]
        )

    report = alert_report(sent.conn, sent.first.alert_id, now=sent.now)

    told = [each.stance for each in report.moments if each.kind == "stance"]
    assert told == ["considering", "committed"]
    assert report.stances == {"committed": 1}
    assert "Ana" not in repr(report)


def test_withheld_facts_are_not_in_it(sent: Sent) -> None:
    report = alert_report(sent.conn, sent.first.alert_id, now=sent.now)

    facts = [each.words["en"] for each in report.moments if each.kind == "fact"]
    assert facts == ["Police arrested fourteen people."]


def test_a_case_is_all_its_alerts_together_and_its_end(sent: Sent) -> None:
    sent.told(7, Outcome.SPOKE)
    closing = Closing(
        outcome=CaseOutcome.WON,
        ended_on=date(2026, 11, 18),
        words={"en": "Home.", "es": "En casa."},
    )
    jobs = EmbeddedJobs()
    close(sent.conn, jobs, sent.first.case_id, closing, languages=("en",), by="x", now=sent.now)

    report = case_report(sent.conn, sent.first.case_id, None, now=sent.now)

    assert (report.alerts, report.confirmed) == (2, 21)
    assert report.closing is not None
    assert report.moments[-1].kind == "end" or report.moments[-1].day >= date(2026, 11, 18)


def test_a_project_reports_on_its_own_alerts_of_a_case(sent: Sent) -> None:
    bangor = make_project(sent.conn, "Bangor – Carasque")
    message = update(Message).where(Message.id == sent.second.message_id)
    sent.conn.execute(message.values(project_id=bangor))

    report = case_report(sent.conn, sent.first.case_id, [bangor], now=sent.now)

    assert (report.alerts, report.confirmed) == (1, 5)


def test_calls_that_we_connected_and_texts_are_told_by_what_they_took(sent: Sent) -> None:
    for each in (12, 3, 3, 3, 3):
        make_call(sent.conn, sent.first.action_id, None, minutes=each, began_at=sent.now)

    report = alert_report(sent.conn, sent.first.alert_id, now=sent.now)

    assert report.minutes == AtLeast(20)
    # Nine that arrived and one that may have, of one segment each at the most.
    assert (report.text_segments, report.segments_exact) == (10, False)
    assert Decimal(report.text_segments) == 10


def test_what_was_paid_for_copies_whose_outcome_is_not_known_is_the_most(sent: Sent) -> None:
    paid = update(Message).where(Message.id == sent.first.message_id).values(budget_cents=500)
    sent.conn.execute(paid)
    account = f"message:{sent.first.message_id}"
    sent.conn.execute(insert(Spending).values(account=account, segments=12))

    report = alert_report(sent.conn, sent.first.alert_id, now=sent.now)

    assert (report.text_segments, report.segments_exact) == (12, False)


def test_how_long_a_single_call_took_is_not_told(sent: Sent) -> None:
    make_call(sent.conn, sent.first.action_id, None, minutes=12, began_at=sent.now)

    assert alert_report(sent.conn, sent.first.alert_id, now=sent.now).minutes == AtLeast(0)


def test_an_alert_of_which_nothing_is_known_has_an_empty_report(
    conn: Connection, now: datetime
) -> None:
    alert = make_alert(conn)
    make_delivery(conn, alert.message_id, make_contact(conn), status=Status.PENDING)
    counts.apply(conn, counts.Deltas(counts.counted(conn, alert.message_id)))

    report = alert_report(conn, alert.alert_id, now=now)

    assert (report.days, report.states, list(report.offices)) == ([], {}, [])
    assert (report.people, report.reached) == (AtLeast(0), AtLeast(0))
