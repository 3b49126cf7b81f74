"""Both changes of the clock in six zones and El Salvador, a leap day, New Year."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from database.opening import Opened
from tests.faults.nights import LAUNCHES, NAMES, ZONES, first_allowed_minute, night


@pytest.mark.parametrize("name", NAMES)
async def test_everybody_is_texted_once_in_the_first_minute_their_own_day_allows(
    opened: Opened, name: str
) -> None:
    day = NAMES[name] + timedelta(days=1)

    for at in LAUNCHES:
        assert await night(opened.database, datetime.combine(day, at, UTC)) == []


@pytest.mark.parametrize(
    ("zone", "launched", "first"),
    [
        pytest.param(
            ZONES[0], "2026-03-08T02:30", "2026-03-08T16:00", id="a Sunday, in summer time"
        ),
        pytest.param(
            ZONES[0], "2026-11-01T02:30", "2026-11-01T17:00", id="a Sunday, in winter time"
        ),
        pytest.param(ZONES[3], "2026-03-08T02:30", "2026-03-08T02:30", id="Arizona's evening"),
        pytest.param(ZONES[1], "2028-02-29T04:00", "2028-02-29T16:00", id="a leap day"),
        pytest.param(ZONES[1], "2027-01-01T04:00", "2027-01-01T16:00", id="New Year"),
    ],
)
def test_the_wall_clock_is_walked_through_rightly(zone: str, launched: str, first: str) -> None:
    at = datetime.fromisoformat(launched).replace(tzinfo=UTC)

    assert first_allowed_minute(zone, at) == datetime.fromisoformat(first).replace(tzinfo=UTC)


def test_launches_fall_on_either_side_of_midnight() -> None:
    assert time(2, 30) in LAUNCHES
    assert max(LAUNCHES) > time(23)
