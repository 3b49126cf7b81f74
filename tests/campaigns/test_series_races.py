"""Two contacts become one in the instant in which a step goes to one of them: on two connections of PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, func, select, text, update

from campaigns import enrolling
from campaigns.models import RunStatus
from contacts.pairing import Agreed
from messages.control import NotNow
from messages.models import Delivery, Message, MessageStatus, Status
from messages.series_models import Enrolment, StepCopy
from messages.uniting import unite
from tests.builders import make_project
from tests.campaigns.test_series import DAY, MINUTE, NINE, START, join, make_series, sweep
from tests.doubles import NoJobs

pytestmark = pytest.mark.postgres
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    made = create_engine(postgres_url)
    yield made
    made.dispose()


class Two:
    """Rosa is in a series twice: as the older contact she has yet to get its step, as the other she had it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.begin() as conn:
            self.project = make_project(conn)
            self.series = make_series(conn, self.project, days=(1,))
            self.older = join(conn, self.project, "Rosa", START + 2 * DAY)
            self.other = join(conn, self.project, "Rosa", START + DAY)
            sweep(conn, NoJobs(), self.series, NINE)
            conn.execute(update(Delivery).values(status=int(Status.DELIVERED)))
            conn.execute(update(Message).values(status=MessageStatus.FINISHED))
            enrolling.enrol(conn, self.series, now=NINE + DAY - MINUTE)

    def unite(self, conn: Connection) -> None:
        unite(conn, Agreed("pair", self.older, self.other), now=NINE + DAY)

    def look(self, conn: Connection) -> None:
        sweep(conn, NoJobs(), self.series, NINE + DAY)

    def meanwhile(
        self, first: Callable[[Connection], Any], second: Callable[[Connection], Any]
    ) -> list[Exception]:
        """Do the second while the first has not committed, once it waits for it; return what went wrong with it."""
        wrong = list[Exception]()

        def run_second() -> None:
            try:
                with self.engine.begin() as conn:
                    second(conn)
            except Exception as error:  # noqa: BLE001 - the test looks at it
                wrong.append(error)

        other = threading.Thread(target=run_second)
        with self.engine.connect() as watching, self.engine.begin() as conn:
            first(conn)
            other.start()
            while other.is_alive() and not watching.scalar(text(WAITS)):
                watching.rollback()
        other.join()
        return wrong

    def copies(self) -> int:
        """How many copies of the step there are."""
        with self.engine.connect() as conn:
            return conn.scalar(select(func.count()).select_from(Delivery)) or 0

    def rows(self) -> list[tuple[int | None, str]]:
        """Whose rows of the step there are, and what became of each."""
        columns = (Enrolment.contact_id, StepCopy.status)
        found = select(*columns).join(StepCopy, StepCopy.enrolment_id == Enrolment.id)
        with self.engine.connect() as conn:
            return [(row[0], row[1]) for row in conn.execute(found.order_by(Enrolment.id))]


def test_a_step_that_comes_while_two_are_united_goes_to_the_one_once(engine: Engine) -> None:
    rosa = Two(engine)

    wrong = rosa.meanwhile(rosa.unite, rosa.look)

    assert (wrong, rosa.copies()) == ([], 1)
    assert rosa.rows() == [(rosa.older, RunStatus.FIRED)]


def test_two_who_agree_while_a_step_goes_to_one_of_them_stay_two_for_now(engine: Engine) -> None:
    rosa = Two(engine)

    wrong = rosa.meanwhile(rosa.look, rosa.unite)

    assert [type(each) for each in wrong] == [NotNow]
    assert sorted(rosa.rows()) == [(rosa.older, RunStatus.FIRED), (rosa.other, RunStatus.FIRED)]


def test_who_comes_into_a_series_while_they_are_united_is_looked_at_anew(engine: Engine) -> None:
    rosa = Two(engine)
    with engine.begin() as conn:
        again = make_series(conn, rosa.project, days=(1,))

    def enrol(conn: Connection) -> None:
        assert enrolling.enrol(conn, again, now=NINE + DAY) == 2

    assert [type(each) for each in rosa.meanwhile(enrol, rosa.unite)] == [NotNow]
