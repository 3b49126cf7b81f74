"""A second sending that is stopped as well: whom it leaves over, and who is told of a mistake in either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

from alerts.follow_ups import followed_by, sent_again
from alerts.following_up import draft_follow_up
from alerts.launching import rewrite
from alerts.models import Alert, FollowUpKind
from alerts.preflight import check
from alerts.reporting import alert_report
from alerts.resending import (
    remaining,
    stop_and_write_anew,
    write_to_the_reached,
    write_to_the_rest,
)
from alerts.steering import Act, steer
from alerts.stored import stored_draft
from contacts import consent
from contacts.models import Channel
from contacts.standing import Standing
from database.jobs import EmbeddedJobs
from messages import counts
from messages.audience import contact_ids
from messages.calling_off import cancel_pending
from messages.control import NotNow
from messages.models import Delivery, Message, MessageCount, Status
from tests.alerts.launched import launch_whole
from tests.alerts.test_resending import RULES
from tests.builders import (
    a_phone,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_project,
)

PHONES = 5
MAY_HAVE_LEFT = {
    Status.SENDING,
    Status.UNKNOWN,
    Status.ACCEPTED,
    Status.QUEUED,
    Status.SENT,
    Status.DELIVERED,
}


@dataclass
class Sent:
    """An alert of Madison's to a few phones, one of them a couple's, and what went out of it again."""

    conn: Connection
    now: datetime
    phones: list[str]
    alerts: list[int]
    jobs: EmbeddedJobs = field(default_factory=EmbeddedJobs)

    def message(self, alert_id: int) -> int:
        found = select(Alert.message_id).where(Alert.id == alert_id)
        return self.conn.execute(found).scalar_one()

    def become(self, alert_id: int, stands: Mapping[str, Status]) -> None:
        """Copies of one sending move; the counts with them."""
        message_id = self.message(alert_id)
        for phone, status in stands.items():
            mine = (Delivery.message_id == message_id, Delivery.address == phone)
            waits = Delivery.status.in_([Status.PENDING, Status.SENDING])
            moved = update(Delivery).where(*mine, waits).values(status=int(status), reason="")
            self.conn.execute(moved)
        self.conn.execute(delete(MessageCount).where(MessageCount.message_id == message_id))
        counts.apply(self.conn, counts.Deltas(counts.counted(self.conn, message_id)))

    def stop_and_write_anew(self) -> int:
        written = stop_and_write_anew(
            self.conn, self.jobs, self.alerts[-1], house=RULES, by="Amina", now=self.now
        )
        self.alerts.append(written)
        return written

    def launch(self, alert_id: int) -> set[str]:
        """Launch it and write its copies; the phones that get one."""
        message_id = launch_whole(self.conn, self.jobs, alert_id, house=RULES, now=self.now)
        waiting = (Delivery.message_id == message_id, Delivery.status == Status.PENDING)
        return set(self.conn.scalars(select(Delivery.address).where(*waiting)))

    def opt_out(self, phone: str) -> None:
        consent.refuse(
            self.conn,
            Channel.SMS,
            phone,
            standing=Standing.OPTED_OUT,
            source="test",
            evidence="",
            actor="test",
            now=self.now,
        )
        reason = Standing.OPTED_OUT
        cancel_pending(self.conn, channel="sms", address=phone, reason=reason, now=self.now)

    def tell(self, alert_id: int) -> int:
        """Draft a message to those who got it, from the page of one of its sendings."""
        return write_to_the_reached(self.conn, alert_id, house=RULES, by="Amina", now=self.now)

    def copies(self, phone: str) -> list[Status]:
        """How the copies to a phone stand, of all sendings."""
        messages = [self.message(each) for each in self.alerts]
        mine = (Delivery.message_id.in_(messages), Delivery.address == phone)
        return [Status(each) for each in self.conn.scalars(select(Delivery.status).where(*mine))]

    def audience(self, alert_id: int) -> set[str]:
        ids = contact_ids(stored_draft(self.conn, alert_id).audience)
        mine = select(Delivery.address).where(Delivery.contact_id.in_(ids))
        return {each for each in self.conn.scalars(mine) if each}


def make_sent(conn: Connection, now: datetime) -> Sent:
    madison = make_project(conn)
    alert = make_alert(conn, project_id=madison, expanded_at=now, starts_at=now)
    phones = [a_phone() for _ in range(PHONES)]
    for phone in phones:
        person = make_contact(conn, phone=phone, email=None, projects=[madison])
        make_delivery(conn, alert.message_id, person, address=phone)
    partner = make_contact(conn, phone=phones[0], email=None, projects=[madison])
    make_delivery(
        conn,
        alert.message_id,
        partner,
        address=None,
        status=Status.SKIPPED,
        reason="shared_address",
    )
    counts.apply(conn, counts.Deltas(counts.counted(conn, alert.message_id)))
    return Sent(conn, now, phones, [alert.alert_id])


@pytest.fixture
def sent(conn: Connection, now: datetime) -> Sent:
    """Two have the alert, three were called off; of these one has it by the second sending, one more is unknown."""
    load_invented_officials(conn)
    sent = make_sent(conn, now)
    one, two, three, four, _ = sent.phones
    sent.become(sent.alerts[0], {one: Status.DELIVERED, two: Status.SENT})
    second = sent.stop_and_write_anew()
    sent.launch(second)
    sent.become(second, {three: Status.DELIVERED, four: Status.UNKNOWN})
    return sent


def test_of_a_second_sending_that_is_stopped_those_are_left_who_got_neither(sent: Sent) -> None:
    first, second = sent.alerts
    third = sent.stop_and_write_anew()

    assert remaining(sent.conn, second, None) == 1
    assert sent.audience(third) == {sent.phones[4]}
    followed = followed_by(sent.conn, third)
    assert followed is not None
    assert (followed.alert_id, followed.kind) == (first, FollowUpKind.REST)
    leads_to = select(Message.action_id).where(Message.id.in_(map(sent.message, sent.alerts)))
    assert len(set(sent.conn.scalars(leads_to))) == 1
    assert sent.launch(third) == {sent.phones[4]}
    assert sent_again(sent.conn, first) == tuple(map(sent.message, sent.alerts))


def test_what_comes_back_from_the_first_sending_joins_the_third(sent: Sent) -> None:
    on_the_wire = (Delivery.address == sent.phones[0], Delivery.status == Status.DELIVERED)
    sent.conn.execute(update(Delivery).where(*on_the_wire).values(status=int(Status.STOPPED)))

    assert sent.audience(sent.stop_and_write_anew()) == {sent.phones[0], sent.phones[4]}


def test_until_it_is_stopped_the_second_leaves_nobody_over(sent: Sent) -> None:
    with pytest.raises(NotNow, match="was not stopped"):
        write_to_the_rest(sent.conn, sent.alerts[-1], house=RULES, by="x", now=sent.now)


def test_who_got_either_is_written_to_from_whichever_page(sent: Sent) -> None:
    sent.stop_and_write_anew()

    from_the_second = sent.tell(sent.alerts[1])
    from_the_first = sent.tell(sent.alerts[0])

    assert from_the_second == from_the_first
    assert sent.launch(from_the_first) == set(sent.phones[:3])
    assert "we stopped" in stored_draft(sent.conn, from_the_first).texts["en"].sms


def test_a_draft_to_those_who_got_it_is_for_all_who_have_got_it_by_now(sent: Sent) -> None:
    draft = sent.tell(sent.alerts[0])
    third = sent.stop_and_write_anew()
    sent.launch(third)
    sent.become(third, {sent.phones[4]: Status.DELIVERED})

    assert sent.tell(third) == draft
    assert sent.audience(draft) == {*sent.phones[:3], sent.phones[4]}


def test_a_draft_that_tells_of_a_stop_says_otherwise_once_it_went_out_again(sent: Sent) -> None:
    third = sent.stop_and_write_anew()
    draft = sent.tell(sent.alerts[0])
    stopped = stored_draft(sent.conn, draft).texts["en"].sms
    sent.launch(third)

    late = check(sent.conn, draft, house=RULES, now=sent.now)
    sent.tell(sent.alerts[0])

    found = check(sent.conn, draft, house=RULES, now=sent.now)
    texts = stored_draft(sent.conn, draft).texts
    assert "we stopped" in stopped
    assert "told_to_wait" in {each.code for each in late.blocking}
    assert "told_to_wait" not in {each.code for each in found.blocking}
    assert "has changed" in texts["en"].sms
    assert "cambió" in texts["es"].body


def test_words_that_somebody_wrote_are_kept_when_it_went_out_again(sent: Sent) -> None:
    third = sent.stop_and_write_anew()
    draft = sent.tell(sent.alerts[0])
    own = stored_draft(sent.conn, draft)
    english = replace(own.texts["en"], sms="We were wrong about the day. {{ link }}")
    mine = replace(own, texts={**own.texts, "en": english})
    rewrite(sent.conn, draft, mine, house=RULES, by="Amina", now=sent.now)
    sent.launch(third)

    sent.tell(sent.alerts[0])

    assert stored_draft(sent.conn, draft).texts == mine.texts
    found = check(sent.conn, draft, house=RULES, now=sent.now)
    assert "told_to_wait" in {each.code for each in found.blocking}  # the email says so still


def test_who_was_written_to_already_is_not_written_to_again(sent: Sent) -> None:
    told = sent.tell(sent.alerts[0])
    sent.become(told, dict.fromkeys(sent.launch(told), Status.DELIVERED))
    third = sent.stop_and_write_anew()
    sent.launch(third)
    sent.become(third, {sent.phones[4]: Status.DELIVERED})

    more = sent.tell(third)

    assert more != told
    assert sent.launch(more) == {sent.phones[4]}


def test_reminders_and_reports_know_the_third_sending(sent: Sent) -> None:
    third = sent.stop_and_write_anew()
    sent.launch(third)
    sent.become(third, {sent.phones[4]: Status.DELIVERED})
    steer(sent.conn, sent.jobs, third, Act.STOP, by="Amina", now=sent.now)

    nudge = draft_follow_up(
        sent.conn, sent.alerts[0], FollowUpKind.NUDGE, house=RULES, by="x", now=sent.now
    )

    assert sent.audience(nudge) == {*sent.phones[:3], sent.phones[4]}
    launches = alert_report(sent.conn, sent.alerts[0], now=sent.now).moments
    assert [each.kind for each in launches if each.kind in ("launch", "rest")] == [
        "launch",
        "rest",
        "rest",
    ]


OUTCOMES = st.sampled_from(
    [
        None,
        None,
        Status.DELIVERED,
        Status.SENT,
        Status.UNKNOWN,
        Status.SENDING,
        Status.UNDELIVERED,
        Status.FAILED,
    ]
)
ROUNDS = st.tuples(
    st.lists(OUTCOMES, min_size=PHONES, max_size=PHONES),
    st.sets(st.integers(0, PHONES - 1), max_size=1),  # who says stop while it is sent
    st.sets(st.integers(0, PHONES - 1), max_size=1),  # and before the next one
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.lists(ROUNDS, min_size=1, max_size=3))
def test_through_any_history_nobody_gets_it_twice_and_nobody_is_skipped(
    conn: Connection, now: datetime, rounds: list[tuple[list[Status | None], set[int], set[int]]]
) -> None:
    savepoint = conn.begin_nested()
    load_invented_officials(conn)
    sent = make_sent(conn, now)
    refused: set[str] = set()
    for outcomes, meanwhile, before in rounds:
        current = sent.alerts[-1]
        stands = dict(zip(sent.phones, outcomes, strict=True))
        sent.become(current, {each: held for each, held in stands.items() if held is not None})
        _refuse(sent, refused, meanwhile)
        written = sent.stop_and_write_anew()
        # What was on the wire has come back, and had not left: after the stop, before the launch or later.
        _come_back(sent, current)
        _refuse(sent, refused, before)
        expected = {each for each in sent.phones if _is_left_over(sent, each)} - refused
        if not expected:
            break
        assert sent.launch(written) == expected
    got = [[each in MAY_HAVE_LEFT for each in sent.copies(phone)] for phone in sent.phones]
    assert max(sum(each) for each in got) <= 1
    savepoint.rollback()


def _refuse(sent: Sent, refused: set[str], who: set[int]) -> None:
    for each in who:
        sent.opt_out(sent.phones[each])
        refused.add(sent.phones[each])


def _come_back(sent: Sent, alert_id: int) -> None:
    mine = (Delivery.message_id == sent.message(alert_id), Delivery.status == Status.SENDING)
    wire = sent.conn.scalars(select(Delivery.address).where(*mine)).all()
    sent.become(alert_id, {each: Status.STOPPED for each in wire if each})


def _is_left_over(sent: Sent, phone: str) -> bool:
    """The rule in plain words, of the rows of one phone."""
    copies = sent.copies(phone)
    return Status.STOPPED in copies and not MAY_HAVE_LEFT & set(copies)
