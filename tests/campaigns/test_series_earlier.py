"""How many would a series take in to whom it happened earlier? Asked once for all the times one may choose."""

from __future__ import annotations

from sqlalchemy import Connection

from campaigns import enrolling, series
from messages.series_models import Trigger
from tests.builders import make_action, make_message, make_project
from tests.campaigns.test_series import DAY, HOUR, START, join, make_response, make_series
from tests.web.console.test_inbox_plans import asked

TIMES = (90, 7, 30)  # in any order


def earlier(conn: Connection, made: int) -> dict[int, int]:
    return enrolling.count_earlier(conn, series.look_at(conn, made), days=TIMES, now=START)


def test_who_joined_lately_is_also_among_those_of_a_longer_time(conn: Connection) -> None:
    project = make_project(conn)
    for days in (3, 7, 20, 40, 100):
        join(conn, project, f"Of {days} days", START - days * DAY)
    made = make_series(conn, project, started=False)

    assert earlier(conn, made) == {90: 4, 7: 2, 30: 3}


def test_who_acted_twice_is_counted_once_from_their_latest_time(conn: Connection) -> None:
    project, once, again = make_project(conn), make_action(conn), make_action(conn)
    for action in (once, again):
        make_message(conn, project_id=project, action_id=action)
    rosa = join(conn, project, "Rosa", START - 300 * DAY)
    make_response(conn, once, rosa, "reached", START - 50 * DAY)
    make_response(conn, again, rosa, "reached", START - 10 * DAY)
    made = make_series(conn, project, trigger=Trigger.ACTED, started=False)

    assert earlier(conn, made) == {90: 1, 7: 0, 30: 1}


def test_as_many_are_taken_in_as_were_counted(conn: Connection) -> None:
    project = make_project(conn)
    for days in (3, 20, 40):
        join(conn, project, f"Of {days} days", START - days * DAY + HOUR)
    told = earlier(conn, make_series(conn, project))

    for days in TIMES:
        made = make_series(conn, project)
        assert enrolling.enrol_earlier(conn, made, days=days, now=START) == told[days]


def test_it_takes_one_statement_however_many_times_there_are(conn: Connection) -> None:
    made = make_series(conn, make_project(conn), started=False)
    row = series.look_at(conn, made)

    with asked(conn) as heard:
        enrolling.count_earlier(conn, row, days=TIMES, now=START)

    assert len(heard) == 1
