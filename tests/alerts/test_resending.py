"""After a mistake: a second draft to exactly those whose copy was stopped, another to those who got it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update

from actions.models import Outcome
from actions.responses import record
from alerts.follow_ups import follow_ups, followed_by
from alerts.following_up import draft_follow_up
from alerts.models import Alert, AlertText, FollowUpKind, Level
from alerts.pages import page_for_delivery
from alerts.preflight import check
from alerts.resending import (
    remaining,
    stop_and_write_anew,
    write_to_the_reached,
    write_to_the_rest,
)
from alerts.stored import stored_draft
from contacts.models import Address, Channel, Contact
from database.jobs import EmbeddedJobs
from messages import counts
from messages.audience import Audience, Filter, contact_ids
from messages.control import NotNow
from messages.house import HouseRules
from messages.identity import Identity
from messages.models import Delivery, Message, MessageStatus, Status
from tests.alerts.launched import launch_whole
from tests.builders import (
    a_phone,
    an_email,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_message,
    make_project,
    make_tag,
)
from tests.messages.test_audience_plans import plan

IDENTITY = Identity("Red", "PO Box 1", "https://llamado.example.org", "5e" * 32)
RULES = HouseRules(identity=IDENTITY, weekly_cap=None, languages=("en", "es"))
LIVE = (MessageStatus.SENDING, MessageStatus.PAUSED)


@dataclass
class Half:
    """An alert of Madison's of which some copies have left and some have not."""

    conn: Connection
    now: datetime
    jobs: EmbeddedJobs
    alert_id: int
    message_id: int
    people: dict[str, int]

    def stop(self) -> int:
        return stop_and_write_anew(
            self.conn, self.jobs, self.alert_id, house=RULES, by="Amina", now=self.now
        )

    def audience(self, alert_id: int) -> set[str]:
        ids = set(self.conn.scalars(contact_ids(stored_draft(self.conn, alert_id).audience)).all())
        return {name for name, contact_id in self.people.items() if contact_id in ids}

    def blocking(self, alert_id: int) -> set[str]:
        found = check(self.conn, alert_id, house=RULES, now=self.now).blocking
        return {each.code for each in found}

    def launched(self, alert_id: int) -> set[str]:
        """Launch it and write its copies; who gets one."""
        message_id = launch_whole(self.conn, self.jobs, alert_id, house=RULES, now=self.now)
        rows = select(Delivery.contact_id).where(
            Delivery.message_id == message_id, Delivery.status == Status.PENDING
        )
        ids = set(self.conn.scalars(rows))
        return {name for name, contact_id in self.people.items() if contact_id in ids}


STANDS = {
    "delivered": Status.DELIVERED,
    "sent": Status.SENT,
    "on the wire": Status.SENDING,
    "unknown": Status.UNKNOWN,
    "came back": Status.UNDELIVERED,
    "refused": Status.FAILED,
    "left out": Status.SKIPPED,
    "waiting": Status.PENDING,
    "waiting too": Status.PENDING,
}


@pytest.fixture
def half(conn: Connection, now: datetime) -> Half:
    load_invented_officials(conn)
    madison = make_project(conn)
    alert = make_alert(conn, project_id=madison, expanded_at=now, starts_at=now)
    people = {}
    for name, stands in STANDS.items():
        people[name] = make_contact(conn, name, email=None, projects=[madison])
        make_delivery(conn, alert.message_id, people[name], status=stands)
    people["never in it"] = make_contact(conn, "Nora", projects=[madison])
    counts.apply(conn, counts.Deltas(counts.counted(conn, alert.message_id)))
    return Half(conn, now, EmbeddedJobs(), alert.alert_id, alert.message_id, people)


def test_stopping_it_leaves_over_exactly_those_who_waited(half: Half) -> None:
    written = half.stop()

    assert half.audience(written) == {"waiting", "waiting too"}
    assert remaining(half.conn, half.alert_id, None) == 2
    assert half.launched(written) == {"waiting", "waiting too"}


def test_whom_the_alert_leaves_out_by_now_is_not_counted_as_left_over(half: Half) -> None:
    half.stop()
    asked = {"exclude": {"tags": ["moved"]}}
    half.conn.execute(update(Message).where(Message.id == half.message_id).values(audience=asked))
    make_tag(half.conn, "moved", half.people["waiting"])

    assert remaining(half.conn, half.alert_id, None) == 1


def test_the_draft_has_the_alerts_own_words_and_leads_to_its_page(half: Half) -> None:
    written = half.stop()
    draft, own = stored_draft(half.conn, written), stored_draft(half.conn, half.alert_id)

    assert draft.texts == own.texts
    assert draft.words == own.words
    assert draft.level is Level.RED
    followed = followed_by(half.conn, written)
    assert followed is not None
    assert (followed.alert_id, followed.kind) == (half.alert_id, FollowUpKind.REST)
    half.launched(written)
    copy = half.conn.scalars(
        select(Delivery.id)
        .join(Alert, Alert.message_id == Delivery.message_id)
        .where(Alert.id == written)
    ).first()
    assert copy is not None
    assert page_for_delivery(half.conn, copy, now=half.now)[0].alert_id == half.alert_id


def test_what_comes_back_unsent_after_the_stop_joins_those_left_over(half: Half) -> None:
    written = half.stop()
    half.conn.execute(
        update(Delivery)
        .where(Delivery.contact_id == half.people["on the wire"])
        .values(status=int(Status.STOPPED), reason="stopped")
    )

    assert half.audience(written) == {"waiting", "waiting too", "on the wire"}


def test_a_change_of_who_is_left_between_check_and_launch_is_noticed(half: Half) -> None:
    written = half.stop()
    people = check(half.conn, written, house=RULES, now=half.now).people
    half.conn.execute(
        update(Delivery)
        .where(Delivery.contact_id == half.people["waiting"])
        .values(status=int(Status.DELIVERED))
    )

    assert people == 2
    assert check(half.conn, written, house=RULES, now=half.now).people == 1


def test_whoever_got_it_is_written_to_and_nobody_who_may_have(half: Half) -> None:
    half.stop()
    written = write_to_the_reached(half.conn, half.alert_id, house=RULES, by="Amina", now=half.now)

    assert half.audience(written) == {"delivered", "sent"}
    assert "we stopped" in stored_draft(half.conn, written).texts["en"].sms
    assert stored_draft(half.conn, written).level is Level.AMBER
    assert half.launched(written) == {"delivered", "sent"}


def test_nobody_is_in_both(half: Half) -> None:
    rest = half.stop()
    reached = write_to_the_reached(half.conn, half.alert_id, house=RULES, by="x", now=half.now)

    assert not half.audience(rest) & half.audience(reached)


def test_of_an_alert_that_goes_on_the_words_tell_of_a_change(half: Half) -> None:
    written = write_to_the_reached(half.conn, half.alert_id, house=RULES, by="x", now=half.now)

    assert "has changed" in stored_draft(half.conn, written).texts["en"].sms
    assert "cambió" in stored_draft(half.conn, written).texts["es"].sms


def test_it_is_drafted_once_and_stops_nothing_that_is_over(half: Half) -> None:
    first = half.stop()

    assert half.stop() == first
    assert set(follow_ups(half.conn, half.alert_id)) == {FollowUpKind.REST}


def test_nothing_is_left_over_of_an_alert_that_nobody_stopped(half: Half) -> None:
    half.conn.execute(
        update(Message).where(Message.id == half.message_id).values(status=MessageStatus.FINISHED)
    )

    with pytest.raises(NotNow, match="was not stopped"):
        write_to_the_rest(half.conn, half.alert_id, house=RULES, by="x", now=half.now)


def test_of_a_draft_and_of_what_follows_another_there_is_no_rest(half: Half) -> None:
    rest = half.stop()
    draft = make_alert(half.conn, status=MessageStatus.DRAFT, launched_at=None)

    for alert_id in (rest, draft.alert_id):
        with pytest.raises(NotNow):
            write_to_the_rest(half.conn, alert_id, house=RULES, by="x", now=half.now)


def test_to_a_page_that_is_over_nobody_is_led(half: Half) -> None:
    written = half.stop()
    nudge = draft_follow_up(
        half.conn, half.alert_id, FollowUpKind.NUDGE, house=RULES, by="x", now=half.now
    )
    before = half.blocking(written) | half.blocking(nudge)
    ended = half.now - timedelta(minutes=1)
    half.conn.execute(update(Message).where(Message.id == half.message_id).values(expires_at=ended))

    assert "page_over" not in before
    assert "page_over" in half.blocking(written) & half.blocking(nudge)


def test_once_its_page_is_over_it_is_not_written_again(half: Half) -> None:
    ended = half.now - timedelta(minutes=1)
    half.conn.execute(update(Message).where(Message.id == half.message_id).values(expires_at=ended))

    with pytest.raises(NotNow, match="this action is over"):
        half.stop()


def test_the_second_time_it_expires_with_the_page(half: Half) -> None:
    written = half.stop()
    ends = half.now + timedelta(days=1)
    half.conn.execute(update(Message).where(Message.id == half.message_id).values(expires_at=ends))

    half.launched(written)

    expiry = select(Message.expires_at).join(Alert, Alert.message_id == Message.id)
    assert half.conn.scalars(expiry.where(Alert.id == written)).one() == ends


def test_until_all_copies_are_written_nobody_knows_who_is_left(half: Half) -> None:
    written = half.stop()
    before = half.blocking(written)
    half.conn.execute(update(Message).where(Message.id == half.message_id).values(expanded_at=None))

    assert "rest_unknown" not in before
    assert "rest_unknown" in half.blocking(written)


def test_a_reminder_still_asks_who_has_not_acted(half: Half) -> None:
    nudge = draft_follow_up(
        half.conn, half.alert_id, FollowUpKind.NUDGE, house=RULES, by="x", now=half.now
    )

    assert half.audience(nudge) == {"delivered", "sent"}


def resent(half: Half) -> int:
    """Launch it again for those left over; one of them has it, and the alert."""
    written = half.stop()
    half.launched(written)
    message_id = half.conn.scalars(select(Alert.message_id).where(Alert.id == written)).one()
    mine = (Delivery.message_id == message_id, Delivery.contact_id == half.people["waiting"])
    half.conn.execute(update(Delivery).where(*mine).values(status=int(Status.DELIVERED)))
    return written


@pytest.mark.parametrize("told", [FollowUpKind.NUDGE, FollowUpKind.THANKS])
def test_whoever_got_it_the_second_time_is_reminded_and_thanked_with_the_others(
    half: Half, told: FollowUpKind
) -> None:
    resent(half)
    if told is FollowUpKind.THANKS:
        for name in ("delivered", "sent", "waiting", "never in it"):
            record(
                half.conn,
                half.conn.scalars(select(Alert.action_id).where(Alert.id == half.alert_id)).one(),
                contact_id=half.people[name],
                target="us:house:WI:2",
                outcome=Outcome.SPOKE,
                channel="web",
                now=half.now,
            )

    written = draft_follow_up(half.conn, half.alert_id, told, house=RULES, by="x", now=half.now)

    assert half.audience(written) == {"delivered", "sent", "waiting"}


def test_once_it_went_out_again_nobody_is_told_to_wait(half: Half) -> None:
    resent(half)

    written = write_to_the_reached(half.conn, half.alert_id, house=RULES, by="x", now=half.now)

    assert half.audience(written) == {"delivered", "sent", "waiting"}
    assert "has changed" in stored_draft(half.conn, written).texts["en"].sms


# Any state of copies, of two parts of one alert, with phones that several people share.

PEOPLE, PHONES = 4, 3


@dataclass(frozen=True)
class Copy:
    """One copy of one person in one of the two messages."""

    person: int
    part: int
    channel: Channel
    status: Status
    sends: int


copies = st.builds(
    Copy,
    person=st.integers(0, PEOPLE - 1),
    part=st.integers(0, 1),
    channel=st.sampled_from(list(Channel)),
    status=st.sampled_from(list(Status)),
    sends=st.sampled_from([1, 1, 2]),
)


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    phones=st.lists(st.integers(0, PHONES - 1), min_size=PEOPLE, max_size=PEOPLE),
    drawn=st.lists(copies, max_size=10),
    part_goes_on=st.booleans(),
)
def test_whoever_is_left_over_has_a_stopped_copy_and_none_that_may_have_left(
    conn: Connection, phones: list[int], drawn: list[Copy], part_goes_on: bool
) -> None:
    savepoint = conn.begin_nested()
    statuses = [
        MessageStatus.STOPPED,
        MessageStatus.SENDING if part_goes_on else MessageStatus.STOPPED,
    ]
    root = make_message(conn, status=statuses[0])
    part = make_message(conn, status=statuses[1], part_of=root)
    numbers = [a_phone() for _ in range(PHONES)]
    people = [
        make_contact(conn, f"Person {each}", phone=None, email=an_email()) for each in range(PEOPLE)
    ]
    for person, number in zip(people, phones, strict=True):
        row = {"contact_id": person, "channel": "sms", "address": numbers[number], "rank": 0}
        conn.execute(insert(Address).values(row))
    kept = _written(conn, [root, part], people, phones, numbers, drawn)

    found = set(conn.scalars(contact_ids(Audience(Filter(stopped=(root,))))))

    assert found == {
        people[each] for each in range(PEOPLE) if _is_left_over(each, kept, statuses, phones)
    }
    savepoint.rollback()


def _written(
    conn: Connection,
    messages: list[int],
    people: list[int],
    phones: list[int],
    numbers: list[str],
    drawn: list[Copy],
) -> list[Copy]:
    """Store the copies that a database lets be: one per person, message and channel, and per address."""
    taken: set[tuple[object, ...]] = set()
    kept = []
    for copy in drawn:
        sms = copy.channel is Channel.SMS
        place = phones[copy.person] if sms else f"mailbox {copy.person}"
        keys = {(copy.part, copy.channel, copy.person), (copy.part, copy.channel, "to", place)}
        if keys & taken:
            continue
        taken |= keys
        more = {"address": numbers[phones[copy.person]]} if sms else {}
        make_delivery(
            conn,
            messages[copy.part],
            people[copy.person],
            channel=copy.channel,
            status=copy.status,
            approved_sends=copy.sends,
            **more,
        )
        kept.append(copy)
    return kept


def _is_left_over(
    person: int, kept: list[Copy], statuses: list[MessageStatus], phones: list[int]
) -> bool:
    """The rule in plain words."""

    def may_have_left(copy: Copy) -> bool:
        if copy.status is Status.PENDING:
            return copy.sends > 1 or statuses[copy.part] in LIVE
        return copy.status not in (
            Status.FAILED,
            Status.SKIPPED,
            Status.STOPPED,
            Status.EXPIRED,
            Status.UNDELIVERED,
        )

    def was_called_off(copy: Copy) -> bool:
        pending = copy.status is Status.PENDING and copy.sends == 1
        return copy.status is Status.STOPPED or (
            pending and statuses[copy.part] is MessageStatus.STOPPED
        )

    def concerns(copy: Copy) -> bool:
        shared = copy.channel is Channel.SMS and phones[copy.person] == phones[person]
        return copy.person == person or shared

    mine = [each for each in kept if each.person == person]
    return any(map(was_called_off, mine)) and not any(
        may_have_left(each) for each in kept if concerns(each)
    )


def test_it_is_found_by_keys_and_not_by_going_through_all_copies(conn: Connection) -> None:
    make_contact(conn)
    found = plan(
        conn, select(Contact.id).where(Contact.id.in_(contact_ids(Audience(Filter(stopped=(1,))))))
    )

    for scanned in (
        "SCAN deliveries",
        "Seq Scan on deliveries",
        "SCAN addresses",
        "Seq Scan on addr",
    ):
        assert scanned not in found
    # A list of all to whom a copy left would be as long as the message.
    asked = contact_ids(Audience(Filter(stopped=(1,))))
    assert "NOT IN" not in str(asked.compile(conn))


def test_titles_go_along(half: Half) -> None:
    written = half.stop()
    titles = select(AlertText.title).where(AlertText.alert_id == written)

    assert "Free the fourteen" in set(half.conn.scalars(titles))
