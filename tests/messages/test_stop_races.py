"""Their own "stop" comes while somebody else's is being undone: it counts, whoever commits first.

Two connections to a real PostgreSQL; SQLite has one writer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from contacts.consent import refuse, standings
from contacts.models import Standing
from database.engine import driver_url
from messages import unproven_stops
from tests.builders import make_contact, make_delivery, make_message
from web.public.leaving import opt_out

ANA = "ana@example.org"
PAIR = ("email", ANA)


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    made = create_engine(driver_url(postgres_url))
    yield made
    made.dispose()


def say_stop(conn: Connection, source: str, now: datetime) -> int:
    said = {"source": source, "evidence": "stop", "actor": "supporter"}
    line = refuse(conn, *PAIR, standing=Standing.OPTED_OUT, now=now, **said)
    assert line is not None
    return line


def forge(conn: Connection, now: datetime) -> int:
    """A stop that nobody vouches for, of somebody who has a copy of ours; return the copy."""
    message = make_message(conn)
    copy = make_delivery(conn, message, make_contact(conn, email=ANA), channel="email", address=ANA)
    unproven_stops.note(conn, say_stop(conn, "email", now), origin="8.8.4.4", now=now)
    return copy


def undo(conn: Connection, now: datetime) -> None:
    unproven_stops.undo(conn, *PAIR, by="supporter", now=now)


def beside(engine: Engine, first: Connection, then: Callable[[Connection], object]) -> None:
    """Do something on a second connection until it waits for the first, then let the first commit."""

    def run() -> None:
        with engine.begin() as second:
            then(second)

    thread = threading.Thread(target=run)
    thread.start()
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with engine.connect() as third:
        while thread.is_alive() and not third.scalar(waiting):
            third.rollback()
    first.commit()
    thread.join()


def stands(engine: Engine) -> Standing | None:
    with engine.connect() as conn:
        return standings(conn, [PAIR]).refused.get(PAIR)


def test_their_own_stop_counts_while_a_forged_one_is_undone(engine: Engine, now: datetime) -> None:
    with engine.begin() as conn:
        forge(conn, now)

    with engine.connect() as first:
        say_stop(first, "page", now)
        beside(engine, first, lambda second: undo(second, now))

    assert stands(engine) is Standing.OPTED_OUT


@pytest.mark.parametrize("by", ["leaving", "proving"])
def test_who_leaves_while_it_is_undone_is_off_unless_it_was_undone_before(
    engine: Engine, now: datetime, by: str
) -> None:
    with engine.begin() as conn:
        copy = forge(conn, now)

    with engine.connect() as first:
        if by == "leaving":
            undo(first, now)
            beside(engine, first, lambda second: opt_out(second, copy, source="page", now=now))
        else:
            unproven_stops.prove(first, *PAIR, by="supporter", now=now)
            beside(engine, first, lambda second: undo(second, now))

    assert stands(engine) is Standing.OPTED_OUT


def test_only_the_line_that_nobody_vouches_for_is_undone(conn: Connection, now: datetime) -> None:
    make_contact(conn, email=ANA)
    forged = say_stop(conn, "email", now)
    say_stop(conn, "page", now)
    unproven_stops.note(conn, forged, origin="", now=now)

    undo(conn, now)

    assert standings(conn, [PAIR]).refused == {PAIR: Standing.OPTED_OUT}
