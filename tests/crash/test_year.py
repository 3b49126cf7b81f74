"""A year that a committee has planned: every occurrence happens once, or is held or overtaken with a reason.

A service is killed and restarted at random while the clocks change twice. Each run prints its seed;
``pytest tests/crash/test_year.py --crash-seed SEED`` repeats its choices.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from campaigns import calendar
from campaigns.models import Missed
from database.opening import opened
from messages.audience import EVERYBODY
from messages.control import Words
from representatives.timezones import US_ZONES
from tests.builders import make_contact
from tests.crash import year

BEGIN = datetime(2026, 12, 14, tzinfo=UTC)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given: int | None = request.config.getoption("--crash-seed")
    seed = secrets.randbelow(1_000_000) if given is None else given
    print(f"repeat with: --crash-seed {seed}")  # noqa: T201 - shown when the test fails
    return seed


def plan(conn: Connection, now: datetime) -> None:
    """The committee's people, and its year."""
    for person, zones in year.PEOPLE.items():
        address = f"{person}@example.org"
        make_contact(conn, person, phone=None, email=address, zones=zones or US_ZONES)
    campaign = calendar.create_campaign(
        conn, name="Water", goal="No mining", project_id=None, created_by="test", now=now
    )
    texts = {each: Words(subject="Water", body="Water is life.") for each in ("en", "es")}
    for each in year.YEAR:
        draft = calendar.EmailDraft(
            texts=texts,
            audience=EVERYBODY,
            local_time=each.first,
            zone=each.zone,
            rule=each.rule,
            own_zone=each.own_zone,
            missed=Missed.EACH if each.each else Missed.NEWEST,
        )
        calendar.schedule(conn, campaign, draft, created_by=each.name, now=now)


async def lived(
    url: str, folder: Path, *, start: datetime, end: datetime, kills: int, seed: int
) -> year.Life:
    async with opened(url) as here:
        await here.database.write(plan, start)
    return year.live(url, folder, start=start, end=end, kills=kills, seed=seed)


async def test_the_days_around_a_change_of_clocks_pass_with_the_service_killed(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    start, end = datetime(2027, 3, 12, tzinfo=UTC), datetime(2027, 3, 17, tzinfo=UTC)

    life = await lived(database_url, tmp_path, start=start, end=end, kills=1, seed=seed)

    assert life.broken == []
    assert life.kills == 1
    assert sum(life.counted.values()) >= 7


@pytest.mark.long
async def test_a_year_passes_with_the_service_killed(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    end = BEGIN + timedelta(days=366)

    life = await lived(database_url, tmp_path, start=BEGIN, end=end, kills=60, seed=seed)

    print(life.counted)  # noqa: T201 - part of the report
    assert life.broken == []
    assert life.kills > 15
    assert sum(life.counted.values()) > 120
