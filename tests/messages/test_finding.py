"""Whose turn is it? One rule on both databases: urgency first, then a turn for each."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from contacts.models import Channel
from database.opening import Opened
from messages import control
from messages.finding import WAITING, Candidate, Turns, fairest, most_urgent
from messages.models import Batch, MessageKind
from messages.runs import RESTORED, SET_BACK
from messages.sending import Policy
from tests.builders import make_message, make_project
from tests.messages.test_promise import expand_in_batches
from tests.messages.test_sending import Bench


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


def candidates() -> st.SearchStrategy[list[Candidate]]:
    one = st.builds(
        Candidate,
        message_id=st.integers(1, 6),
        priority=st.sampled_from([0, 20, 40]),
        project_id=st.sampled_from([None, 1, 2]),
        channel=st.sampled_from(list(Channel)),
    )
    return st.lists(one, min_size=1, max_size=8, unique_by=lambda c: (c.message_id, c.channel))


@given(candidates())
def test_nobody_waits_longer_than_everybody_elses_turn(many: list[Candidate]) -> None:
    turns, served = Turns(), []
    now = datetime(2026, 11, 19)
    urgent = min(each.priority for each in many)
    first = [each for each in many if each.priority == urgent]
    projects = {each.project_id for each in first}

    for _ in range(len(projects) * 4):
        found = fairest(many, turns, {}, now).candidate
        assert found is not None
        turns.took(found)
        served.append(found)

    assert {each.priority for each in served} == {urgent}
    shares = Counter(each.project_id for each in served)
    assert set(shares.values()) == {4}  # every project as often as every other
    for project in projects:
        mine = Counter(each for each in served if each.project_id == project)
        theirs = [mine[each] for each in first if each.project_id == project]
        assert max(theirs) - min(theirs) <= 1  # and so the messages inside it


@given(candidates(), st.integers(0, 8))
def test_a_sender_that_waits_for_its_pace_makes_way_for_others_only(
    many: list[Candidate], which: int
) -> None:
    now, later = datetime(2026, 11, 19), datetime(2026, 11, 19, 1)
    paced = [
        Candidate(each.message_id, each.priority, each.project_id, each.channel, f"{each.channel}:")
        for each in many
    ]
    slow = paced[which % len(paced)]

    found = fairest(paced, Turns(), {slow: later}, now)

    order = sorted(paced, key=Turns().order)
    before = order[: order.index(slow)]
    others = [each for each in order if each.sender != slow.sender]
    expected = next(iter([*before, *others]), None)
    assert found.candidate == expected
    assert found.wait == (None if expected else timedelta(hours=1))


async def test_a_small_committees_texts_are_not_stuck_behind_a_large_one(bench: Bench) -> None:
    def projects(conn: Connection) -> tuple[int, int]:
        return make_project(conn, "Madison"), make_project(conn, "Bangor")

    madison, bangor = await bench.write(projects)
    await bench.contacts(*(f"Amina{number}" for number in range(30)))
    large = await bench.launch(reach="sms", project_id=madison)
    small = await bench.launch(reach="sms", project_id=bangor)
    for message in (large, small):
        await expand_in_batches(bench, message, people=3)

    sender = bench.sender()
    for _ in range(6):
        await sender.next(0)

    progress = [(await bench.progress(message)).equation.sent for message in (large, small)]
    assert progress == [9, 9]


async def test_an_alert_beats_a_campaign_and_an_answer_beats_both(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben")
    for kind in (MessageKind.CAMPAIGN, MessageKind.ALERT, MessageKind.REPLY):
        message = await bench.launch(reach="sms", kind=kind, priority=control.PRIORITY[kind])
        await expand_in_batches(bench, message, people=10)
    sender, order = bench.sender(), []

    for _ in range(3):
        before = len(bench.texts.given)
        await sender.next(0)
        order.append({item.ticket.delivery_id for item in bench.texts.given[before:]})

    alone = [max(each) for each in order]
    assert alone == sorted(alone, reverse=True)  # the last launched was the most urgent


async def test_a_long_text_is_not_starved_by_short_ones_of_the_same_number(bench: Bench) -> None:
    await bench.contacts(*(f"Amina{number}" for number in range(12)))
    bench.policy = Policy(pace={Channel.SMS: 3.0})
    long = await bench.launch(reach="sms", segments=3)
    short = await bench.launch(reach="sms", segments=1)
    for message in (long, short):
        await expand_in_batches(bench, message, people=2)
    sender = bench.sender()

    for _ in range(12):
        await bench.work(sender)
        bench.now += timedelta(seconds=0.5)

    shares = [(await bench.progress(message)).equation.sent for message in (long, short)]
    assert min(shares) >= 2


async def test_what_waits_for_the_pace_costs_no_transaction(bench: Bench) -> None:
    await bench.contacts("Amina", "Ben")
    bench.policy = Policy(pace={Channel.SMS: 1.0})
    message = await bench.launch(reach="sms")
    await expand_in_batches(bench, message, people=1)
    await bench.work()

    def empty(conn: Connection) -> tuple[timedelta | None, bool]:
        found = most_urgent(conn, now=bench.now, turns=Turns(), rates=bench.policy.pace)
        return found.wait, found.work is None

    assert await bench.database.read(empty) == (timedelta(seconds=1), True)
    assert (await bench.progress(message)).equation.sent == 1


@pytest.mark.parametrize(
    "because", [RESTORED, SET_BACK, f"{RESTORED} {control.PAUSED_BY_COMMITTEE}"]
)
async def test_while_a_restored_database_is_held_not_even_answers_leave(
    bench: Bench, because: str
) -> None:
    await bench.contacts("Amina")
    held = await bench.launch(reach="sms", undo_seconds=60)
    await bench.work()
    await bench.write(control.pause, held, because=because)
    await bench.launch(reach="sms", kind=MessageKind.REPLY, priority=0)

    await bench.work()
    before = list(bench.texts.given)
    await bench.write(control.resume, bench.jobs, held, now=bench.now)
    await bench.work()

    assert before == []
    assert len(bench.texts.given) == 1


def test_the_choice_reads_an_index_of_open_batches_and_no_table_of_them(
    conn: Connection, now: datetime
) -> None:
    fill(conn, now, messages=20, batches=100)
    asked = {"now": now, "restored": RESTORED, "set_back": SET_BACK}
    query = WAITING.bindparams(**asked).compile(conn, compile_kwargs={"literal_binds": True})

    if conn.dialect.name == "sqlite":
        rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")
        plan = "\n".join(str(row[-1]) for row in rows)
    else:
        conn.execute(text("ANALYZE batches"))
        plan = "\n".join(row[0] for row in conn.exec_driver_sql(f"EXPLAIN {query}"))

    assert "ix_batches_due" in plan
    assert not re.search(r"SCAN batches|Seq Scan on batches", plan)


def fill(conn: Connection, now: datetime, *, messages: int, batches: int) -> None:
    """Messages being sent, each with so many open batches."""
    for _ in range(messages):
        message = make_message(conn, status="sending", expanded_at=now, starts_at=now)
        rows = [
            {
                "message_id": message,
                "channel": "sms",
                "lo_id": number,
                "hi_id": number + 1,
                "priority": 20,
                "open": True,
                "next_at": now,
            }
            for number in range(batches)
        ]
        conn.execute(insert(Batch), rows)
