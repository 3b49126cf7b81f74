from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from actions.models import Outcome
from actions.responses import Tally, record, tally, told_so_far, totals
from tests.builders import make_action, make_contact

HOUSE, SENATE = "us:house:WI:2", "us:senate:WI:1"


def say(
    conn: Connection, action_id: int, who: int | str, target: str, outcome: Outcome, now: datetime
) -> None:
    contact_id, visitor = (who, "") if isinstance(who, int) else (None, who)
    record(
        conn,
        action_id,
        contact_id=contact_id,
        visitor=visitor,
        target=target,
        outcome=outcome,
        channel="web",
        now=now,
    )


def test_second_word_on_an_office_corrects_the_first(conn: Connection, now: datetime) -> None:
    action_id, amina = make_action(conn), make_contact(conn)

    say(conn, action_id, amina, HOUSE, Outcome.NO_ANSWER, now)
    say(conn, action_id, amina, HOUSE, Outcome.SPOKE, now)

    assert told_so_far(conn, action_id, contact_id=amina) == {HOUSE: Outcome.SPOKE}
    assert totals(conn, action_id).calls == 1


def test_person_counts_once_however_many_offices_they_call(conn: Connection, now: datetime) -> None:
    action_id, amina = make_action(conn), make_contact(conn)

    say(conn, action_id, amina, HOUSE, Outcome.SPOKE, now)
    say(conn, action_id, amina, SENATE, Outcome.VOICEMAIL, now)
    say(conn, action_id, "0b", HOUSE, Outcome.NO_ANSWER, now)

    told = totals(conn, action_id)
    assert (told.people, told.calls) == (2, 2)
    assert told.by_outcome[Outcome.NO_ANSWER] == 1
    assert told.by_target[HOUSE] == {Outcome.SPOKE: 1, Outcome.NO_ANSWER: 1}


def test_whoever_cannot_call_is_not_counted_among_callers(conn: Connection, now: datetime) -> None:
    action_id = make_action(conn)

    say(conn, action_id, make_contact(conn), HOUSE, Outcome.SKIPPED, now)

    told = totals(conn, action_id)
    assert (told.people, told.calls, told.by_outcome[Outcome.SKIPPED]) == (0, 0, 1)


def test_answer_by_text_that_names_no_office_counts_only_alone(
    conn: Connection, now: datetime
) -> None:
    action_id, amina, ben = make_action(conn), make_contact(conn), make_contact(conn, "Ben")

    say(conn, action_id, amina, "", Outcome.SPOKE, now)
    say(conn, action_id, amina, HOUSE, Outcome.SPOKE, now)
    say(conn, action_id, ben, "", Outcome.SPOKE, now)

    told = totals(conn, action_id)
    assert (told.people, told.calls) == (2, 2)
    assert tally(conn, action_id) == Tally(people=2, calls=2, letters=0)
    assert told.by_target[""] == {Outcome.SPOKE: 1}


def test_number_that_several_found_wrong_is_doubtful(conn: Connection, now: datetime) -> None:
    action_id = make_action(conn)
    say(conn, action_id, "0a", HOUSE, Outcome.WRONG_NUMBER, now)
    say(conn, action_id, "0a", SENATE, Outcome.WRONG_NUMBER, now)

    say(conn, action_id, "0b", HOUSE, Outcome.WRONG_NUMBER, now)

    assert totals(conn, action_id).doubtful_targets == [HOUSE]


def test_actions_do_not_share_responses(conn: Connection, now: datetime) -> None:
    first, second = make_action(conn), make_action(conn)

    say(conn, first, "0a", HOUSE, Outcome.SPOKE, now)

    assert totals(conn, second).people == 0
