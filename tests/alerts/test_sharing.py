"""Alerts of the network's that committees join: each its own list, one copy for everybody, totals for the office."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, update

from alerts import launching, sharing
from alerts.at_risk import RiskDraft
from alerts.cases import close_case
from alerts.drafts import Headline
from alerts.halting import add_person
from alerts.launching import AudienceChanged
from alerts.models import Alert, Answer, Level, Proposal
from alerts.preflight import check
from alerts.proposals import Offer, letters_due, open_proposals, proposal
from alerts.sharing import CountChanged, WordsChanged
from alerts.steering import Act, set_budget, steer, steer_part
from contacts.models import Channel, Project, Standing, project_scope
from database.jobs import Jobs
from messages import budgets
from messages.calling_off import LIVE
from messages.control import PAUSED_BY_COMMITTEE, NotNow, pause_all
from messages.eligibility import ELSEWHERE, SHARED
from messages.expanding import expand_chunk
from messages.models import Delivery, Message, MessageStatus, Status
from messages.runs import RESTORED
from organizers import audit
from tests.alerts.drafting import HOUSE, make_draft
from tests.builders import (
    a_phone,
    make_address,
    make_contact,
    make_membership,
    make_project,
    make_standing,
)
from tests.databases import PostgresServer
from tests.doubles import NoJobs
from web.console import overviews


@pytest.fixture
def jobs() -> Jobs:
    return NoJobs()


def committee(conn: Connection, name: str, **values: Any) -> int:
    """A project that keeps its list to itself."""
    return make_project(conn, name, shares_list=False, **values)


def write(conn: Connection, now: datetime, level: Level = Level.RED, **changes: Any) -> int:
    draft = make_draft(level=level, **changes)
    return launching.create(conn, draft, house=HOUSE, created_by="Amina", now=now)


def launch(conn: Connection, jobs: Jobs, alert_id: int, now: datetime) -> None:
    people = check(conn, alert_id, house=HOUSE, now=now).people
    launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=people, by="Amina", now=now)


def expand_all(conn: Connection, now: datetime) -> None:
    for message_id in list(conn.scalars(select(Message.id).order_by(Message.id))):
        while expand_chunk(conn, NoJobs(), message_id, now=now):
            continue


def proposal_of(conn: Connection, project_id: int) -> int:
    mine = select(Proposal.id).where(Proposal.project_id == project_id)
    return conn.execute(mine).scalar_one()


def join(conn: Connection, jobs: Jobs, project_id: int, people: int, now: datetime) -> None:
    found = proposal(conn, proposal_of(conn, project_id))
    say_yes(conn, jobs, found, people, now)


def say_yes(conn: Connection, jobs: Jobs, read: Offer, people: int, now: datetime) -> None:
    sharing.join(
        conn,
        jobs,
        read.id,
        confirmed=people,
        words=read.words,
        house=HOUSE,
        by="Berta",
        now=now,
    )


def copies(conn: Connection, channel: Channel = Channel.SMS) -> Mapping[str, int]:
    """How many waiting copies each address has."""
    waiting = (Delivery.status == Status.PENDING, Delivery.channel == channel)
    return Counter(conn.scalars(select(Delivery.address).where(*waiting)))


def part_of(conn: Connection, project_id: int) -> int:
    mine = select(Message.id).where(Message.project_id == project_id)
    return conn.execute(mine).scalar_one()


def test_the_network_writes_to_its_own_people_and_to_lists_that_are_shared(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    nobodys = make_contact(conn)
    shared = make_contact(conn, projects=[make_project(conn)])
    kept = make_contact(conn, projects=[committee(conn, "Bangor")])
    alert_id = write(conn, now)

    launch(conn, jobs, alert_id, now)
    expand_all(conn, now)

    reached = set(conn.scalars(select(Delivery.contact_id)))
    assert reached == {nobodys, shared}
    assert kept not in reached


def test_a_committee_is_counted_only_once_it_joins(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor")
    make_contact(conn)
    for _ in range(3):
        make_contact(conn, projects=[bangor])
    alert_id = write(conn, now)
    sharing.propose(conn, alert_id, now)

    before = check(conn, alert_id, house=HOUSE, now=now)
    join(conn, jobs, bangor, 3, now)
    after = check(conn, alert_id, house=HOUSE, now=now)

    assert (before.people, before.parts[0].reached) == (1, 3)
    assert after.people == 4


def test_where_nobody_has_joined_the_check_says_so(conn: Connection, now: datetime) -> None:
    make_contact(conn, projects=[committee(conn, "Bangor")])

    found = check(conn, write(conn, now), house=HOUSE, now=now)

    assert [each.code for each in found.blocking] == ["nobody_joined"]


def test_what_a_committee_agreed_to_is_what_it_sends_under_its_own_name(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor", sms_sender="+12075550100", email_sender="b@example.org")
    make_contact(conn)
    make_contact(conn, projects=[bangor])
    alert_id = write(conn, now)
    sharing.propose(conn, alert_id, now)
    join(conn, jobs, bangor, 1, now)

    launch(conn, jobs, alert_id, now)

    root = launching.message_of(conn, alert_id)
    part = conn.execute(select(Message).where(Message.id == part_of(conn, bangor))).one()
    assert (part.sms_sender, part.email_sender) == ("+12075550100", "b@example.org")
    assert (part.part_of, part.confirmed, part.status) == (root, 1, MessageStatus.SENDING)
    assert project_scope(bangor) in part.scopes


def test_consent_given_to_the_committee_covers_its_part_only(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor", joins_red=True)
    phone = a_phone()
    theirs = make_contact(conn, projects=[bangor], phone=None, email=None)
    make_address(conn, theirs, Channel.SMS, phone)
    make_standing(conn, Channel.SMS, phone, scope=project_scope(bangor))
    make_contact(conn)
    alert_id = write(conn, now)

    launch(conn, jobs, alert_id, now)
    expand_all(conn, now)

    assert copies(conn)[phone] == 1


@pytest.mark.parametrize("level", [Level.AMBER, Level.GREEN])
def test_only_red_alerts_are_joined_unasked(conn: Connection, now: datetime, level: Level) -> None:
    bangor = committee(conn, "Bangor", joins_red=True)
    make_contact(conn)
    make_contact(conn, projects=[bangor])

    red, other = (
        check(conn, write(conn, now, each), house=HOUSE, now=now) for each in (Level.RED, level)
    )

    assert (red.people, other.people) == (2, 1)
    assert red.parts[0].committee.answer is Answer.STANDING


def test_somebody_on_several_lists_gets_one_copy(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor, boston = (committee(conn, name, joins_red=True) for name in ("Bangor", "Boston"))
    make_contact(conn, projects=[bangor, boston])
    alert_id = write(conn, now)

    assert check(conn, alert_id, house=HOUSE, now=now).people == 1
    launch(conn, jobs, alert_id, now)
    expand_all(conn, now)

    assert list(copies(conn).values()) == [1]
    assert list(copies(conn, Channel.EMAIL).values()) == [1]
    whole = launching.status(conn, alert_id, now=now).progress
    assert whole.equation.balanced
    assert whole.equation.skipped == {ELSEWHERE: 2}


def test_a_phone_shared_across_committees_rings_once(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    phone = a_phone()
    for name in ("Bangor", "Boston"):
        project = committee(conn, name, joins_red=True)
        contact = make_contact(conn, projects=[project], phone=None)
        make_address(conn, contact, Channel.SMS, phone)
    make_standing(conn, Channel.SMS, phone)

    launch(conn, jobs, write(conn, now), now)
    expand_all(conn, now)

    assert copies(conn) == {phone: 1}


def test_who_said_stop_to_one_committee_is_still_reached_by_the_other(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor, boston = (committee(conn, name, joins_red=True) for name in ("Bangor", "Boston"))
    phone = a_phone()
    contact = make_contact(conn, projects=[bangor, boston], phone=None, email=None)
    make_address(conn, contact, Channel.SMS, phone)
    make_standing(conn, Channel.SMS, phone, Standing.GRANTED, scope=project_scope(boston))

    launch(conn, jobs, write(conn, now), now)
    expand_all(conn, now)

    [message] = conn.scalars(select(Delivery.message_id).where(Delivery.status == Status.PENDING))
    assert message == part_of(conn, boston)


def test_joining_later_sends_then_and_not_to_who_has_it(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor, boston = committee(conn, "Bangor", joins_red=True), committee(conn, "Boston")
    both = make_contact(conn, projects=[bangor])
    make_membership(conn, boston, both)
    make_contact(conn, projects=[boston])
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    expand_all(conn, now)

    later = now + timedelta(hours=2)
    join(conn, jobs, boston, 2, later)
    expand_all(conn, later)

    assert sorted(copies(conn).values()) == [1, 1]
    starts = conn.scalar(select(Message.starts_at).where(Message.id == part_of(conn, boston)))
    assert starts == later + timedelta(seconds=60)


def launched_beside_bangor(conn: Connection, jobs: Jobs, now: datetime) -> tuple[int, int]:
    """A committee with one person, and the network's alert to another, on its way."""
    bangor = committee(conn, "Bangor")
    make_contact(conn, projects=[bangor])
    make_contact(conn)
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    return bangor, alert_id


def test_joining_asks_for_the_number_and_can_be_done_once(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor, _ = launched_beside_bangor(conn, jobs, now)

    with pytest.raises(CountChanged):
        join(conn, jobs, bangor, 2, now)
    join(conn, jobs, bangor, 1, now)
    with pytest.raises(NotNow):
        join(conn, jobs, bangor, 1, now)


def test_nobody_joins_what_is_over(conn: Connection, now: datetime, jobs: Jobs) -> None:
    bangor, alert_id = launched_beside_bangor(conn, jobs, now)
    steer(conn, jobs, alert_id, Act.STOP, by="Amina", now=now + timedelta(minutes=5))

    with pytest.raises(NotNow, match="over"):
        join(conn, jobs, bangor, 1, now + timedelta(minutes=6))


def test_nobody_joins_what_names_somebody_by_now(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor, _ = launched_beside_bangor(conn, jobs, now)
    done = {"status": MessageStatus.FINISHED, "finished_at": now}
    conn.execute(update(Message).values(done))  # so that nothing of it pauses
    name = RiskDraft(given_names="", family_names="Suchitoto")  # which its page says
    add_person(conn, conn.scalars(select(Alert.case_id)).one(), name, by="Ben", now=now)

    with pytest.raises(NotNow, match="names somebody"):
        join(conn, jobs, bangor, 1, now + timedelta(minutes=5))


def test_a_yes_is_to_the_words_that_were_read(conn: Connection, now: datetime, jobs: Jobs) -> None:
    bangor = committee(conn, "Bangor")
    make_contact(conn, projects=[bangor])
    make_contact(conn)
    alert_id = write(conn, now)
    sharing.propose(conn, alert_id, now)
    join(conn, jobs, bangor, 1, now)

    launching.rewrite(conn, alert_id, make_draft(), house=HOUSE, by="Amina", now=now)

    assert proposal(conn, proposal_of(conn, bangor)).answer is Answer.OPEN
    assert check(conn, alert_id, house=HOUSE, now=now).people == 1


def test_a_yes_to_words_that_were_changed_meanwhile_is_none(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor")
    make_contact(conn, projects=[bangor])
    alert_id = write(conn, now)
    sharing.propose(conn, alert_id, now)
    read = proposal(conn, proposal_of(conn, bangor))
    other = make_draft(words={**make_draft().words, "en": Headline("Other", "Quite other.")})
    launching.rewrite(conn, alert_id, other, house=HOUSE, by="Amina", now=now)

    with pytest.raises(WordsChanged):
        say_yes(conn, jobs, read, 1, now)


def test_an_answer_between_confirmation_and_launch_asks_for_the_number_again(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor")
    make_contact(conn, projects=[bangor])
    make_contact(conn)
    alert_id = write(conn, now)
    sharing.propose(conn, alert_id, now)
    seen = check(conn, alert_id, house=HOUSE, now=now).people
    join(conn, jobs, bangor, 1, now)

    with pytest.raises(AudienceChanged):
        launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=seen, by="A", now=now)


def test_what_a_committee_paused_the_network_does_not_resume(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor, boston = (committee(conn, name, joins_red=True) for name in ("Bangor", "Boston"))
    for project in (bangor, boston):
        make_contact(conn, projects=[project])
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    mine, theirs = part_of(conn, bangor), part_of(conn, boston)

    steer_part(conn, jobs, mine, Act.PAUSE, now=now)
    steer(conn, jobs, alert_id, Act.PAUSE, by="Amina", now=now)
    with pytest.raises(NotNow, match="network has paused"):
        steer_part(conn, jobs, theirs, Act.RESUME, now=now)
    steer(conn, jobs, alert_id, Act.RESUME, by="Amina", now=now)

    statuses = dict(conn.execute(select(Message.id, Message.status)).all())
    assert statuses[mine] == MessageStatus.PAUSED
    assert statuses[theirs] == MessageStatus.SENDING
    steer_part(conn, jobs, mine, Act.RESUME, now=now)


def test_what_a_committee_has_paused_stays_so_when_a_restored_backup_is_sent_on(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor, boston = (committee(conn, name, joins_red=True) for name in ("Bangor", "Boston"))
    for project in (bangor, boston):
        make_contact(conn, projects=[project])
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    mine, theirs = part_of(conn, bangor), part_of(conn, boston)
    steer_part(conn, jobs, mine, Act.PAUSE, now=now)

    for _ in range(2):  # and another start before anybody looks
        pause_all(conn, RESTORED, among=LIVE)
    held = dict(conn.execute(select(Message.id, Message.paused_because)).all())
    steer(conn, jobs, alert_id, Act.RESUME, by="Amina", now=now)

    assert held[theirs] == RESTORED
    assert held[mine] == f"{RESTORED} {PAUSED_BY_COMMITTEE}"
    statuses = dict(conn.execute(select(Message.id, Message.status)).all())
    assert (statuses[mine], statuses[theirs]) == (MessageStatus.PAUSED, MessageStatus.SENDING)
    steer_part(conn, jobs, mine, Act.RESUME, now=now)


def test_stopping_the_alert_stops_every_part(conn: Connection, now: datetime, jobs: Jobs) -> None:
    bangor = committee(conn, "Bangor", joins_red=True)
    make_contact(conn, projects=[bangor])
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    expand_all(conn, now)

    called_off = steer(conn, jobs, alert_id, Act.STOP, by="Amina", now=now)

    assert called_off == 2
    assert copies(conn) == {}
    assert launching.status(conn, alert_id, now=now).progress.equation.balanced


def test_a_projects_own_alert_concerns_no_other(conn: Connection, now: datetime) -> None:
    bangor = committee(conn, "Bangor", slug="bangor", joins_red=True)
    committee(conn, "Boston", joins_red=True)
    make_contact(conn, projects=[bangor])

    alert_id = write(conn, now, project="bangor")

    assert check(conn, alert_id, house=HOUSE, now=now).parts == []


def test_two_parts_written_down_at_once_do_not_both_take_somebody(
    postgres: PostgresServer, now: datetime
) -> None:
    """Two senders of two machines expand two parts of one alert, with everybody on both lists."""
    url = postgres.make()
    engine = create_engine(url)
    with engine.begin() as conn:
        projects = [committee(conn, name, joins_red=True) for name in ("Bangor", "Boston")]
        for _ in range(40):
            make_contact(conn, projects=projects)
        launch(conn, NoJobs(), write(conn, now), now)
        parts = [part_of(conn, each) for each in projects]
    _at_once(engine, parts, now)
    with engine.begin() as conn:
        each = copies(conn)
    engine.dispose()
    assert len(each) == 40
    assert set(each.values()) == {1}


def test_two_who_join_for_one_committee_at_once_send_one_part(
    postgres: PostgresServer, now: datetime
) -> None:
    url = postgres.make()
    engine = create_engine(url)
    with engine.begin() as conn:
        bangor = committee(conn, "Bangor")
        make_contact(conn)
        make_contact(conn, projects=[bangor])
        launch(conn, NoJobs(), write(conn, now), now)
    together, refused = threading.Barrier(2), []

    def press() -> None:
        with engine.begin() as conn:
            together.wait()
            try:
                join(conn, NoJobs(), bangor, 1, now)
            except NotNow as error:
                refused.append(str(error))

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.begin() as conn:
        parts = conn.scalars(select(Message.id).where(Message.project_id == bangor)).all()
    engine.dispose()
    assert len(parts) == 1
    assert refused == ["your committee has joined already"]


def _at_once(engine: Engine, messages: list[int], now: datetime) -> None:
    together = threading.Barrier(len(messages))

    def expand(message_id: int) -> None:
        with engine.begin() as conn:
            together.wait()
            expand_chunk(conn, NoJobs(), message_id, now=now)

    threads = [threading.Thread(target=expand, args=[each]) for each in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_shared_address_within_a_list_is_still_told_as_such(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor", joins_red=True)
    phone = a_phone()
    for _ in range(2):
        contact = make_contact(conn, projects=[bangor], phone=None, email=None)
        make_address(conn, contact, Channel.SMS, phone)
    make_standing(conn, Channel.SMS, phone)

    launch(conn, jobs, write(conn, now), now)
    expand_all(conn, now)

    reasons = conn.scalars(select(Delivery.reason).where(Delivery.channel == Channel.SMS))
    assert sorted(reasons) == ["", SHARED]


@pytest.mark.parametrize("act", [Act.STOP, Act.UNDO, Act.PAUSE])
def test_nobody_joins_what_the_network_has_called_off_though_its_own_part_is_finished(
    conn: Connection, now: datetime, jobs: Jobs, act: Act
) -> None:
    bangor, boston = committee(conn, "Bangor", joins_red=True), committee(conn, "Boston")
    for project in (bangor, boston):
        make_contact(conn, projects=[project])
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    expand_all(conn, now)
    root = launching.message_of(conn, alert_id)
    finished = conn.scalar(select(Message.status).where(Message.id == root))

    steer(conn, jobs, alert_id, act, by="Amina", now=now)

    assert finished == MessageStatus.FINISHED
    with pytest.raises(NotNow):
        join(conn, jobs, boston, 1, now)
    if act is Act.PAUSE:
        steer(conn, jobs, alert_id, Act.RESUME, by="Amina", now=now)
        join(conn, jobs, boston, 1, now)


def test_what_a_committee_paused_stays_paused_while_the_network_has_paused_all(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor", joins_red=True)
    make_contact(conn, projects=[bangor])
    make_contact(conn)
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    mine = part_of(conn, bangor)
    steer_part(conn, jobs, mine, Act.PAUSE, now=now)
    steer(conn, jobs, alert_id, Act.PAUSE, by="Amina", now=now)

    with pytest.raises(NotNow, match="network has paused"):
        steer_part(conn, jobs, mine, Act.RESUME, now=now)


def test_a_proposal_ends_with_what_it_was_for(conn: Connection, now: datetime, jobs: Jobs) -> None:
    """The committee shares its list by now: the network's own part reaches its people."""
    bangor = committee(conn, "Bangor")
    make_contact(conn, projects=[bangor])
    sharing.propose(conn, write(conn, now), now)
    conn.execute(update(Project).where(Project.id == bangor).values(shares_list=True))

    with pytest.raises(NotNow, match="not for your committee"):
        join(conn, jobs, bangor, 1, now)


def test_each_committee_reads_in_its_own_record_what_the_network_did_to_its_part(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor", joins_red=True)
    boston = committee(conn, "Boston")
    for project in (bangor, boston):
        make_contact(conn, projects=[project])
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    steer(conn, jobs, alert_id, Act.STOP, by="Amina", now=now)

    told = [entry.act for entry in audit.entries(conn, [bangor])]
    assert told == ["proposal.stop", "proposal.launch"]
    assert audit.entries(conn, [boston]) == []


def test_more_money_does_not_end_a_pause_of_the_networks(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor", joins_red=True)
    make_contact(conn, projects=[bangor])
    make_contact(conn)
    alert_id = write(conn, now)
    conn.execute(update(Message).values(budget_cents=5))
    launch(conn, jobs, alert_id, now)
    part = part_of(conn, bangor)
    spent = {"status": MessageStatus.PAUSED, "paused_because": budgets.because(5)}
    conn.execute(update(Message).where(Message.id == part).values(spent))
    steer(conn, jobs, alert_id, Act.PAUSE, by="Amina", now=now)

    set_budget(conn, jobs, alert_id, 5_000, now=now)

    statuses = conn.scalars(select(Message.status)).all()
    assert statuses == [MessageStatus.PAUSED] * 2
    assert conn.scalars(select(Message.budget_cents)).all() == [5_000] * 2
    steer(conn, jobs, alert_id, Act.RESUME, by="Amina", now=now)
    assert set(conn.scalars(select(Message.status))) == {MessageStatus.SENDING}


def test_in_a_list_an_alert_is_sent_for_as_long_as_a_part_is(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    bangor = committee(conn, "Bangor", joins_red=True)
    for _ in range(2):
        make_contact(conn, projects=[bangor])
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    expand_all(conn, now)

    [line] = overviews.alerts(conn, [0], language="en", statuses=overviews.IN_PROGRESS)

    assert (line.id, line.status, line.confirmed) == (alert_id, MessageStatus.SENDING, 2)
    assert overviews.alerts(conn, [0], language="en", statuses=overviews.ENDED) == []


def test_nobody_joins_an_alert_whose_case_is_closed_and_nobody_is_asked_to(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    boston = committee(conn, "Boston")
    make_contact(conn)
    make_contact(conn, projects=[boston])
    alert_id = write(conn, now)
    launch(conn, jobs, alert_id, now)
    asked = [each.project_id for each in open_proposals(conn, [boston])]
    case_id = conn.scalars(select(Alert.case_id).where(Alert.id == alert_id)).one()
    expand_all(conn, now)
    root = launching.message_of(conn, alert_id)
    conn.execute(update(Message).where(Message.id == root).values(status=MessageStatus.FINISHED))
    close_case(conn, case_id, now=now)

    with pytest.raises(NotNow, match="its case is closed"):
        join(conn, jobs, boston, 1, now)
    assert asked == [boston]
    assert open_proposals(conn, [boston]) == []
    assert letters_due(conn) == []
