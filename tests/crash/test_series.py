"""People join for weeks while the service that writes their series to them is killed at random.

What must hold is asked of the provider's log and the bare tables: nobody got a step twice or before its hour, and
of everybody who joined it is told what became of each step.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from campaigns import series
from campaigns.series import SeriesDraft, StepDraft
from database.opening import opened
from messages.control import Words
from messages.series_models import Trigger
from tests.builders import make_contact, make_membership, make_project
from tests.crash import checker, year

BEGIN = datetime(2027, 3, 1, 18, 0, tzinfo=UTC)  # the clocks change on the 14th
DAYS = (1, 7, 14)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ENDS = BEGIN + 40 * DAY
OUTAGES = (timedelta(0), timedelta(minutes=20), 3 * HOUR, 2 * DAY)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given: int | None = request.config.getoption("--crash-seed")
    seed = secrets.randbelow(1_000_000) if given is None else given
    print(f"repeat with: --crash-seed {seed}")  # noqa: T201 - shown when the test fails
    return seed


def begin(conn: Connection, now: datetime) -> int:
    """A project whose series runs."""
    project = make_project(conn)
    draft = SeriesDraft(name="Welcome", trigger=Trigger.JOINED, zone="America/Chicago")
    made = series.create(conn, draft, project_id=project, by="test", now=now)
    words = {each: Words(subject="Welcome", body="Hello.") for each in ("en", "es")}
    for days in DAYS:
        step = StepDraft(days=days, hour="09:00", texts=words)
        series.add_step(conn, made, step, by="test", now=now)
    series.start(conn, made, now=now)
    return project


def join(conn: Connection, project: int, name: str, zone: str, at: datetime) -> None:
    person = make_contact(conn, name, phone=None, email=f"{name}@example.org", zones=(zone,))
    make_membership(conn, project, person, joined_at=at)


def verdict(url: str, log: Path, people: int) -> list[str]:
    """What is not as it must be."""
    sent = [json.loads(each) for each in log.read_text().splitlines()]
    rows = checker.query(
        url,
        "SELECT s.days, e.contact_id, e.begins_on, c.status, c.delivery_id, c.planned_at"
        " FROM series_enrolments e CROSS JOIN series_steps s"
        " LEFT JOIN series_copies c ON c.enrolment_id = e.id AND c.step_id = s.id",
    )[0]
    steps = {row[4]: (row[0], row[1]) for row in rows if row[4] is not None}
    times = Counter(steps.get(each[0]) for each in sent)
    wrong = [f"{each} was sent {n} times" for each, n in times.items() if n > 1]
    hours = {row[4]: year._aware(row[5]) for row in rows}  # noqa: SLF001 - how that test reads times
    wrong += [f"{each[0]} was early" for each in sent if datetime.fromisoformat(each[2]) < (hours[each[0]] or ENDS)]  # fmt: skip
    told = Counter(row[3] for row in rows)
    if told[None] or len(rows) != people * len(DAYS):
        wrong.append(f"of {people} people it is told: {told}")
    if set(told) - {"fired", "held", None}:
        wrong.append(f"what nobody asked for: {told}")
    return wrong


async def lived(url: str, folder: Path, *, people: int, kills: int, seed: int) -> int:
    """People join, and the service is killed; return how often."""
    chance, killed, down_until = random.Random(seed), 0, BEGIN
    async with opened(url) as here:
        project = await here.database.write(begin, BEGIN)
        moments = sorted(BEGIN + chance.random() * 20 * DAY for _ in range(people))
        looks = sorted([BEGIN + n * HOUR / 2 for n in range(40 * 48)])
        fatal = set(chance.sample(looks[: 36 * 48], kills))
        with year.serving(url, folder) as service:
            for at in looks:
                while moments and moments[0] <= at:
                    zone = chance.choice(["America/Chicago", "Pacific/Honolulu", "Pacific/Guam"])
                    name = f"person{len(moments)}"
                    await here.database.write(join, project, name, zone, moments.pop(0))
                busy = at in fatal or chance.random() < 0.08 or at.hour in (14, 15, 19, 23)
                if at < down_until or not busy:
                    continue
                if at not in fatal:
                    service.look(at)
                    continue
                service.ask(at)
                await asyncio.sleep(chance.random() * 0.3)
                service.kill()
                killed, down_until = killed + 1, at + chance.choice(OUTAGES)
            service.look(ENDS + 30 * HOUR)
    return killed


@pytest.mark.long
async def test_nobody_gets_a_step_twice_and_nobody_is_skipped(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    killed = await lived(database_url, tmp_path, people=40, kills=40, seed=seed)

    assert killed > 10
    assert verdict(database_url, tmp_path / "log", 40) == []
