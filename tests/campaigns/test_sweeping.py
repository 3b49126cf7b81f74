"""One look at all planned mail settles whatever is due; what fails is told to the log, and holds up nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, update
from structlog.testing import capture_logs

from campaigns import stepping, sweeping
from campaigns.experiment_models import Experiment, State
from campaigns.models import CampaignEmail, CampaignRun, RunStatus
from campaigns.variants import Plan
from contacts.models import Contact
from database.opening import Opened
from messages.series_models import SeriesStep, StepCopy
from tests.builders import make_contact, make_membership, make_project
from tests.campaigns import test_series
from tests.campaigns.test_experiments import a_plan, schedule
from tests.campaigns.test_firing import HOUSE, NINE
from tests.messages.test_sending import Bench

DAY = timedelta(days=1)
BROKEN = {"others": "no plan at all"}


@pytest.fixture
def bench(opened: Opened) -> Bench:
    return Bench(opened, NINE)


async def sweep(bench: Bench, *, among: list[int] | None = None) -> list[str]:
    """Look once, let everything leave, and return what the log tells of failures."""
    with capture_logs() as told:
        await sweeping.sweep(
            bench.database, bench.jobs, house=HOUSE, clock=lambda: bench.now, among=among
        )
    await bench.work()
    return [each["event"] for each in told if each["log_level"] == "error"]


async def emails(bench: Bench, *plans: Plan | None, rule: str = "") -> list[int]:
    """Emails for nine o'clock, and people who get them."""

    def make(conn: Connection) -> list[int]:
        for _ in range(40):
            make_contact(conn, phone=None)
        return [schedule(conn, plan=each, rule=rule) for each in plans]

    found: list[int] = await bench.write(make)
    return found


async def break_plan(bench: Bench, email_id: int) -> None:
    broken = update(CampaignEmail).where(CampaignEmail.id == email_id).values(experiment=BROKEN)
    await bench.write(lambda conn: conn.execute(broken))


async def fired(bench: Bench) -> Counter[int]:
    """How many dates of which email left."""
    rows = select(CampaignRun.email_id).where(CampaignRun.status == RunStatus.FIRED)
    found: Counter[int] = Counter(await bench.database.read(lambda conn: list(conn.scalars(rows))))
    return found


async def test_an_email_that_fails_holds_up_no_other(bench: Bench) -> None:
    broken, whole = await emails(bench, a_plan(), None)
    await break_plan(bench, broken)

    for _ in range(2):  # and the second look does nothing twice
        assert await sweep(bench) == ["a planned email could not be settled"]

    assert await fired(bench) == {whole: 1}
    assert len(bench.emails.addresses) == len(set(bench.emails.addresses)) == 40


async def test_a_date_that_fails_keeps_nobody_from_the_decision_about_another(
    bench: Bench,
) -> None:
    [email] = await emails(bench, a_plan(wait_minutes=24 * 60), rule="FREQ=DAILY;COUNT=2")
    assert await sweep(bench) == []
    await break_plan(bench, email)
    bench.now += DAY

    assert await sweep(bench) == ["a planned email could not be settled"]

    states = await bench.database.read(lambda conn: list(conn.scalars(select(Experiment.state))))
    assert (states, await fired(bench)) == ([State.DECIDED], {email: 1})
    assert len(bench.emails.addresses) == len(set(bench.emails.addresses)) == 40


async def test_a_look_at_one_email_settles_that_alone(bench: Bench) -> None:
    first, second = await emails(bench, None, None)
    before = NINE - 3 * DAY

    def people(conn: Connection) -> int:
        project = make_project(conn)
        made = test_series.make_series(conn, project, days=(1,))
        person = make_contact(conn, "Ana", phone=None)
        make_membership(conn, project, person, joined_at=before)
        return made

    await bench.write(people)

    assert await sweep(bench, among=[second]) == []
    assert (await fired(bench), await copies(bench)) == ({second: 1}, 0)
    assert await sweep(bench) == []
    assert (await fired(bench), await copies(bench)) == ({first: 1, second: 1}, 1)


async def copies(bench: Bench) -> int:
    """Steps of series that were settled for somebody."""
    rows = select(StepCopy.step_id)
    return len(await bench.database.read(lambda conn: list(conn.scalars(rows))))


async def test_a_series_that_fails_holds_up_no_other_and_no_email(bench: Bench) -> None:
    """More people than one transaction takes are all settled in one look."""
    many = stepping.MOST + 1
    [email] = await emails(bench, None)

    def people(conn: Connection) -> None:
        project = make_project(conn)
        broken, _ = (test_series.make_series(conn, project, days=(1,)) for _ in range(2))
        steps = update(SeriesStep).where(SeriesStep.series_id == broken)
        conn.execute(steps.values(hour="noon?"))
        made = [make_contact(conn, phone=None) for _ in range(many - 40)]
        for person in [*conn.scalars(select(Contact.id).where(Contact.id.not_in(made))), *made]:
            make_membership(conn, project, person, joined_at=NINE - 2 * DAY)

    await bench.write(people)

    assert await sweep(bench) == ["a series could not be settled"]
    assert (await fired(bench), await copies(bench)) == ({email: 1}, many)
