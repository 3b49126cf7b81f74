"""Where an answer ends: at a project, at a doubt, at the night, at a lock, and at what others did meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Row, insert, select, update

from actions.models import Outcome, Response
from actions.responses import record
from campaigns.panic import lock_everything, unlock
from contacts.models import Standing, project_scope
from database.locking import Locked
from database.opening import Opened
from messages import caring
from messages.answering import AlreadyAnswered, AnsweredMeanwhile, BadAnswer, MayNotAnswer, go_on
from messages.caring import LeftAlready
from messages.control import NotNow
from messages.inbox_models import Care
from messages.models import Delivery, Message, MessageKind, MessageStatus
from messages.prompt_models import Suggestion
from tests.builders import (
    make_alert,
    make_message,
    make_organizer,
    make_project,
    make_standing,
)
from tests.doubles import NoJobs
from tests.messages.test_answering import (
    HOUSE,
    NIGHT,
    PHONE,
    answer,
    by,
    handled,
    make_chloe,
    make_reply,
    wanted,
)
from tests.messages.test_sending import Bench


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


def answers(conn: Connection) -> list[Row[Any]]:
    mine = select(Message).where(Message.kind == MessageKind.ANSWER).order_by(Message.id)
    return list(conn.execute(mine))


@pytest.mark.parametrize("known", [True, False])
def test_who_left_a_project_is_not_answered_from_it(
    conn: Connection, now: datetime, known: bool
) -> None:
    project = make_project(conn)
    alert = make_message(conn, project_id=project)
    reply = make_reply(conn, now, make_chloe(conn) if known else None, message_id=alert)
    make_standing(conn, "sms", PHONE, Standing.OPTED_OUT, scope=project_scope(project))

    with pytest.raises(MayNotAnswer) as refused:
        answer(conn, reply, wanted(conn, reply), now)

    assert refused.value.reason == Standing.OPTED_OUT


async def test_an_opt_out_of_the_project_after_the_answer_was_written_wins(bench: Bench) -> None:
    def begin(conn: Connection) -> None:
        project = make_project(conn)
        alert = make_message(conn, project_id=project)
        reply = make_reply(conn, bench.now, make_chloe(conn), message_id=alert)
        answer(conn, reply, wanted(conn, reply), bench.now)
        make_standing(conn, "sms", PHONE, Standing.OPTED_OUT, scope=project_scope(project))

    await bench.write(begin)
    bench.now += timedelta(seconds=11)
    await bench.work()

    assert bench.texts.given == []


def test_an_answer_by_the_other_channel_files_nothing_that_may_mean_stop(
    conn: Connection, now: datetime
) -> None:
    chloe = make_chloe(conn)
    first, reply = make_reply(conn, now, chloe), make_reply(conn, now, chloe, body="stop this war")
    asked = wanted(conn, reply, channel="email")
    make_standing(conn, "sms", PHONE, Standing.REVIEW)

    answer(conn, reply, asked, now)

    assert (handled(conn, first), handled(conn, reply)) == (False, False)


def test_what_may_mean_stop_is_not_put_away(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    make_standing(conn, "sms", PHONE, Standing.REVIEW)

    with pytest.raises(NotNow, match="may have said stop"):
        caring.handle(conn, reply, by="organizer:1", now=now)
    with pytest.raises(NotNow, match="may have said stop"):
        caring.snooze(conn, reply, now + timedelta(hours=1), by="organizer:1", now=now)
    with pytest.raises(NotNow, match="may have said stop"):
        caring.note_call(conn, reply, by="organizer:1", now=now)
    caring.snooze(conn, reply, None, by="organizer:1", now=now)

    assert not handled(conn, reply)


def test_what_they_wrote_to_another_project_is_not_filed(conn: Connection, now: datetime) -> None:
    chloe = make_chloe(conn)
    madison, bangor = (
        make_message(conn, project_id=make_project(conn, name)) for name in ("Madison", "Bangor")
    )
    reply, before, foreign, nobodys = (
        make_reply(conn, now, chloe, message_id=each) for each in (madison, madison, bangor, None)
    )

    answer(conn, reply, wanted(conn, reply), now)

    assert [handled(conn, each) for each in (reply, before, foreign, nobodys)] == [
        True,
        True,
        False,
        False,
    ]


def test_going_on_releases_no_answer_of_another_project(conn: Connection, now: datetime) -> None:
    chloe = make_chloe(conn)
    replies = [
        make_reply(
            conn, now, chloe, message_id=make_message(conn, project_id=make_project(conn, name))
        )
        for name in ("Madison", "Bangor")
    ]
    for key, reply in zip(("k1", "k2"), replies, strict=True):
        answer(conn, reply, wanted(conn, reply, key=key), now)
    conn.execute(
        update(Message)
        .where(Message.kind == MessageKind.ANSWER)
        .values(status=MessageStatus.PAUSED)
    )

    go_on(conn, NoJobs(), replies[0], HOUSE, now=now)

    assert [each.status for each in answers(conn)] == [MessageStatus.SENDING, MessageStatus.PAUSED]


def test_what_answers_no_message_of_ours_is_answered_for_a_project_of_the_writer(
    conn: Connection, now: datetime
) -> None:
    first, second = (make_project(conn, name) for name in ("Madison", "Bangor"))
    reply = make_reply(conn, now, make_chloe(conn, projects=[first, second]))
    theirs = replace(wanted(conn, reply), within=(second,))
    answer(conn, reply, theirs, now)
    nobodys = replace(wanted(conn, reply, key="k2"), within=(0,))
    answer(conn, reply, nobodys, now)

    assert [each.project_id for each in answers(conn)] == [second, None]


async def test_a_text_of_the_night_that_an_outage_kept_wakes_nobody(bench: Bench) -> None:
    bench.now = NIGHT

    def begin(conn: Connection) -> None:
        reply = make_reply(conn, NIGHT - timedelta(minutes=5), make_chloe(conn))
        answer(conn, reply, wanted(conn, reply), NIGHT)

    await bench.write(begin)
    bench.now = NIGHT + timedelta(minutes=62)
    await bench.work()

    assert bench.texts.given == []


async def test_a_live_text_by_day_that_is_late_waits_for_the_morning(bench: Bench) -> None:
    evening = NIGHT.replace(hour=1)  # eight in the evening in New York, five in Los Angeles
    bench.now = evening

    def begin(conn: Connection) -> None:
        reply = make_reply(conn, evening - timedelta(minutes=5), make_chloe(conn))
        answer(conn, reply, wanted(conn, reply), evening)

    await bench.write(begin)
    bench.now = NIGHT
    await bench.work()
    early = len(bench.texts.given)
    bench.now = NIGHT.replace(hour=17)
    await bench.work()

    assert (early, len(bench.texts.given)) == (0, 1)


@pytest.mark.parametrize(("later", "sent"), [(10, 1), (120, 0)])
async def test_what_goes_on_after_a_lock_leaves_at_night_only_while_they_are_awake(
    bench: Bench, later: int, sent: int
) -> None:
    bench.now = NIGHT

    def begin(conn: Connection) -> int:
        reply = make_reply(conn, NIGHT - timedelta(minutes=5), make_chloe(conn))
        answer(conn, reply, wanted(conn, reply), NIGHT)
        lock_everything(conn, by="organizer:1", reason="", now=NIGHT)
        return reply

    reply = await bench.write(begin)
    bench.now += timedelta(minutes=later)
    await bench.write(unlock, by="command line", now=bench.now)
    await bench.write(go_on, bench.jobs, reply, HOUSE, now=bench.now)
    await bench.work()
    at_night = len(bench.texts.given)
    bench.now = NIGHT.replace(hour=17)
    await bench.work()

    assert (at_night, len(bench.texts.given)) == (sent, 1)


def test_nothing_is_answered_while_everything_is_locked(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    asked = wanted(conn, reply)
    lock_everything(conn, by="organizer:1", reason="", now=now)

    with pytest.raises(Locked):
        answer(conn, reply, asked, now)


def test_undoing_an_answer_leaves_what_others_did_since(conn: Connection, now: datetime) -> None:
    chloe, ben = make_chloe(conn), f"organizer:{make_organizer(conn, 'Ben')}"
    reply, put_back, left = (make_reply(conn, now, chloe) for _ in range(3))
    asked = wanted(conn, reply)
    answer(conn, reply, asked, now)
    caring.reopen(conn, put_back, by=ben, now=now)
    caring.handle(conn, put_back, by=ben, now=now + timedelta(seconds=5))

    caring.undo(conn, reply, by=by(asked), now=now)

    assert [handled(conn, each) for each in (reply, put_back, left)] == [False, True, False]


def test_what_was_done_before_an_answer_filed_a_reply_is_not_undone(
    conn: Connection, now: datetime
) -> None:
    chloe, ben = make_chloe(conn), f"organizer:{make_organizer(conn, 'Ben')}"
    reply, other = make_reply(conn, now, chloe), make_reply(conn, now, chloe)
    caring.snooze(conn, other, now + timedelta(hours=1), by=ben, now=now)
    answer(conn, reply, wanted(conn, reply), now)

    with pytest.raises(caring.NothingToUndo):
        caring.undo(conn, other, by=ben, now=now)

    assert handled(conn, other)
    cared = select(Care.snoozed_until).where(Care.reply_id == other)
    assert conn.scalar(cared) is None


@pytest.mark.parametrize("before", [True, False])
def test_undoing_a_noted_call_leaves_what_they_told_since(
    conn: Connection, now: datetime, before: bool
) -> None:
    alert, chloe = make_alert(conn), make_chloe(conn)

    def tells(note: str, at: datetime) -> None:
        record(
            conn,
            alert.action_id,
            contact_id=chloe,
            outcome=Outcome.SPOKE,
            channel="web",
            note=note,
            now=at,
        )

    if before:
        tells("first", now - timedelta(hours=1))
    reply = make_reply(conn, now, chloe, message_id=alert.message_id)
    row = {"reply_id": reply, "action_id": alert.action_id, "target": ""}
    conn.execute(insert(Suggestion).values(**row, outcome=Outcome.SPOKE))
    caring.note_call(conn, reply, by="organizer:1", now=now)
    tells("an aide listened", now + timedelta(seconds=5))

    caring.undo(conn, reply, by="organizer:1", now=now + timedelta(seconds=9))

    assert list(conn.scalars(select(Response.note))) == ["an aide listened"]
    assert not handled(conn, reply)


def test_a_form_that_comes_again_with_something_else_is_not_taken_for_sent(
    conn: Connection, now: datetime
) -> None:
    chloe = make_chloe(conn)
    reply, other = make_reply(conn, now, chloe), make_reply(conn, now, chloe)
    asked = wanted(conn, reply)
    answer(conn, reply, asked, now)
    ben = make_organizer(conn, "Ben")

    for again, where in (
        (replace(asked, words="Other words"), reply),
        (replace(asked, channel="email"), reply),
        (replace(asked, by=ben), reply),
        (asked, other),
    ):
        with pytest.raises(AnsweredMeanwhile):
            answer(conn, where, again, now)
    with pytest.raises(AlreadyAnswered):
        answer(conn, reply, asked, now)
    caring.undo(conn, reply, by=by(asked), now=now)
    with pytest.raises(AnsweredMeanwhile):
        answer(conn, reply, asked, now)


def test_a_form_without_its_key_is_refused(conn: Connection, now: datetime) -> None:
    reply = make_reply(conn, now, make_chloe(conn))

    with pytest.raises(BadAnswer, match="came back incomplete"):
        answer(conn, reply, wanted(conn, reply, key=""), now)


def test_an_answer_whose_first_try_may_have_arrived_is_not_called_back(
    conn: Connection, now: datetime
) -> None:
    reply = make_reply(conn, now, make_chloe(conn))
    asked = wanted(conn, reply)
    answer(conn, reply, asked, now)
    conn.execute(update(Delivery).values(approved_sends=2))

    with pytest.raises(LeftAlready):
        caring.undo(conn, reply, by=by(asked), now=now)


def test_who_waits_for_another_to_finish_says_nothing_new(conn: Connection, now: datetime) -> None:
    amina, ben = (make_organizer(conn, name) for name in ("Amina", "Ben"))
    reply = make_reply(conn, now, make_chloe(conn))
    caring.begin_answer(conn, reply, amina, now=now)

    said = [
        caring.is_unsaid(conn, reply, ben, now=now + timedelta(minutes=each)) for each in (2, 4)
    ]

    assert said == [False, True]
