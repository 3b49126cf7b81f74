"""Who is on two lists gets the alert from the second when the first's copy does not leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from alerts import launching
from alerts.at_risk import RiskDraft
from alerts.halting import BECAUSE, add_person, hold_back
from alerts.models import Alert, CaseText
from alerts.steering import Act, steer, steer_part
from alerts.weighing import let_stand
from contacts.models import Channel
from messages import counts
from messages.batches import finish_if_done
from messages.calling_off import cancel
from messages.eligibility import ELSEWHERE
from messages.handing_over import families, hand_over
from messages.models import Batch, Delivery, Message, MessageStatus, Status
from tests.alerts.test_sharing import committee, copies, expand_all, launch, part_of, write
from tests.builders import make_contact, make_membership
from tests.doubles import NoJobs


@dataclass(frozen=True)
class Two:
    """An alert that two committees have joined, everybody being on both lists."""

    alert_id: int
    first: int  # the part that has their copies
    second: int
    root: int


@pytest.fixture
def two(conn: Connection, now: datetime) -> Two:
    projects = [committee(conn, name, joins_red=True) for name in ("Bangor", "Boston")]
    for _ in range(3):
        make_contact(conn, projects=projects)
    alert_id = write(conn, now)
    launch(conn, NoJobs(), alert_id, now)
    expand_all(conn, now)
    first, second = (part_of(conn, each) for each in projects)
    root = conn.scalar(select(Message.part_of).where(Message.id == first)) or 0
    return Two(alert_id, first, second, root)


def waiting(conn: Connection, message_id: int) -> Sequence[int]:
    mine = (Delivery.message_id == message_id, Delivery.status == Status.PENDING)
    return conn.scalars(select(Delivery.id).where(*mine)).all()


def hand(conn: Connection, two: Two, now: datetime) -> int:
    assert families(conn, now=now) == [two.root]
    return hand_over(conn, NoJobs(), two.root, hold_back=hold_back, now=now)


@pytest.mark.parametrize("act", [Act.STOP, Act.UNDO])
def test_what_one_committee_calls_off_the_other_sends(
    conn: Connection, now: datetime, two: Two, act: Act
) -> None:
    steer_part(conn, NoJobs(), two.first, act, now=now)

    assert hand(conn, two, now) == 6
    assert len(waiting(conn, two.second)) == 6
    assert set(copies(conn).values()) == set(copies(conn, Channel.EMAIL).values()) == {1}
    whole = launching.status(conn, two.alert_id, now=now).progress
    assert whole.equation.balanced
    assert ELSEWHERE not in whole.equation.skipped
    assert hand(conn, two, now) == 0


def test_whom_a_claim_leaves_out_the_other_committee_writes_to(
    conn: Connection, now: datetime, two: Two
) -> None:
    """Somebody says stop to the first committee alone, after the launch."""
    left_out = waiting(conn, two.first)[0]
    cancel(conn, [Delivery.id == left_out], Status.SKIPPED, "opted_out", now)

    assert hand(conn, two, now) == 1
    address = select(Delivery.address).where(Delivery.id == left_out).scalar_subquery()
    [copy] = waiting(conn, two.second)
    assert conn.scalar(select(Delivery.address == address).where(Delivery.id == copy))


def test_nobody_gets_back_what_is_on_its_way(conn: Connection, now: datetime, two: Two) -> None:
    sent = waiting(conn, two.first)
    conn.execute(
        update(Delivery).where(Delivery.id.in_(sent[:2])).values(status=int(Status.UNKNOWN))
    )
    steer_part(conn, NoJobs(), two.first, Act.STOP, now=now + timedelta(minutes=5))

    assert hand(conn, two, now) == 4


def test_a_finished_part_takes_up_again_and_its_copies_lie_in_a_batch(
    conn: Connection, now: datetime, two: Two
) -> None:
    finish_if_done(conn, two.second, now=now)
    assert status_of(conn, two.second) == MessageStatus.FINISHED
    steer_part(conn, NoJobs(), two.first, Act.STOP, now=now)

    hand(conn, two, now)

    assert status_of(conn, two.second) == MessageStatus.SENDING
    for copy in waiting(conn, two.second):
        mine = (Batch.message_id == two.second, Batch.lo_id <= copy, Batch.hi_id > copy)
        assert len(conn.scalars(select(Batch.open).where(*mine)).all()) == 1


def test_of_three_committees_one_takes_over(conn: Connection, now: datetime, two: Two) -> None:
    mine = select(Delivery.contact_id).where(Delivery.message_id == two.first)
    third = committee(conn, "Cleveland", joins_red=True)
    people = {found for found in conn.scalars(mine) if found is not None}
    for each in people:
        make_membership(conn, third, each)
    alert_id = write(conn, now)
    launch(conn, NoJobs(), alert_id, now)
    expand_all(conn, now)
    parts = conn.scalars(
        select(Message.id).where(Message.part_of.is_not(None)).order_by(Message.id.desc()).limit(3)
    ).all()
    steer_part(conn, NoJobs(), parts[-1], Act.STOP, now=now)
    root = conn.scalar(select(Message.part_of).where(Message.id == parts[0])) or 0

    assert hand_over(conn, NoJobs(), root, hold_back=hold_back, now=now) == 6
    assert sorted(len(waiting(conn, each)) for each in parts) == [0, 0, 6]


@pytest.mark.parametrize("end", ["stopped", "expired"])
def test_what_is_over_for_all_is_over(conn: Connection, now: datetime, two: Two, end: str) -> None:
    if end == "stopped":
        steer(conn, NoJobs(), two.alert_id, Act.STOP, by="Amina", now=now)
    else:
        steer_part(conn, NoJobs(), two.first, Act.STOP, now=now)
        conn.execute(update(Message).values(expires_at=now))

    assert hand_over(conn, NoJobs(), two.root, hold_back=hold_back, now=now) == 0


def test_what_the_network_has_paused_waits(conn: Connection, now: datetime, two: Two) -> None:
    steer_part(conn, NoJobs(), two.first, Act.STOP, now=now)
    conn.execute(update(Message).where(Message.id == two.root).values(status=MessageStatus.PAUSED))
    assert hand(conn, two, now) == 0

    steer(conn, NoJobs(), two.alert_id, Act.RESUME, by="Amina", now=now)
    assert hand(conn, two, now) == 6


def test_no_part_takes_up_again_that_names_somebody_by_now(
    conn: Connection, now: datetime, two: Two
) -> None:
    """The part that is stopped was the only one on its way when the name came on the list."""
    for each in (two.root, two.second):
        finish_if_done(conn, each, now=now)
    case_id = conn.scalars(select(Alert.case_id).where(Alert.id == two.alert_id)).one()
    mine = update(CaseText).where(CaseText.case_id == case_id)
    conn.execute(mine.values(title="Free María Henríquez"))
    draft = RiskDraft(given_names="María", family_names="Henríquez")
    person_id = add_person(conn, case_id, draft, by="Ben", now=now)
    steer_part(conn, NoJobs(), two.first, Act.STOP, now=now)

    assert [hand(conn, two, now) for _ in range(2)] == [0, 0]
    assert status_of(conn, two.root) == MessageStatus.PAUSED
    assert waiting(conn, two.second) == []
    because = select(Message.paused_because).where(Message.id == two.root)
    assert conn.scalar(because) == BECAUSE

    let_stand(conn, two.alert_id, person_id, why="They ask us to.", by="organizer:7", now=now)
    steer(conn, NoJobs(), two.alert_id, Act.RESUME, by="Amina", now=now)
    assert hand(conn, two, now) == 6


def test_the_kept_counts_are_right_afterwards(conn: Connection, now: datetime, two: Two) -> None:
    steer_part(conn, NoJobs(), two.first, Act.STOP, now=now)
    hand(conn, two, now)

    for each in (two.root, two.first, two.second):
        kept = {place: count for place, count in counts.kept(conn, [each]).items() if count}
        assert kept == counts.counted(conn, each)


def status_of(conn: Connection, message_id: int) -> str:
    return conn.execute(select(Message.status).where(Message.id == message_id)).scalar_one()
