"""A street address tells a district or nothing; whatever goes wrong, nobody is told a guess."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.geocoder import FakeGeocoder, geocoder, match
from web.geocoding import LARGEST, Geocoder, Located, Miss

ADDRESS = "77 Massachusetts Ave, 02139"
TURN = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)
BEFORE = TURN - timedelta(minutes=1)
MASSACHUSETTS, TEXAS, VERMONT, DC = "25", "48", "50", "11"


@pytest.fixture
async def fake() -> AsyncIterator[FakeGeocoder]:
    async with geocoder() as playing:
        yield playing


async def find(fake: FakeGeocoder, now: datetime = BEFORE) -> Located | Miss:
    return await Geocoder(fake.url, 0.5).find(ADDRESS, now=now)


async def test_address_tells_its_district(fake: FakeGeocoder) -> None:
    fake.matches = [match(MASSACHUSETTS, "07")]

    assert await find(fake) == Located("MA", 7, 119)
    [asked] = fake.asked
    assert asked["address"] == ADDRESS
    assert asked["format"] == "json"


@pytest.mark.parametrize(
    ("state", "code", "expected"),
    [(VERMONT, "00", Located("VT", 0, 119)), (DC, "98", Located("DC", 0, 119))],
)
async def test_at_large_and_delegates_are_number_0(
    fake: FakeGeocoder, state: str, code: str, expected: Located
) -> None:
    fake.matches = [match(state, code)]

    assert await find(fake) == expected


@pytest.mark.parametrize("congress", [120, 121, 122, 123])
async def test_names_are_matched_for_any_congress(fake: FakeGeocoder, congress: int) -> None:
    fake.matches = [match(VERMONT, "00", congress=congress)]

    assert await find(fake) == Located("VT", 0, congress)


async def test_lines_of_another_congress_count_only_where_they_are_the_same(
    fake: FakeGeocoder,
) -> None:
    fake.matches = [match(TEXAS, "37", congress=120)]
    assert await find(fake) is Miss.OTHER_LINES
    assert await find(fake, TURN) == Located("TX", 37, 120)

    fake.matches = [match(TEXAS, "37", congress=119)]
    assert await find(fake, TURN) is Miss.OTHER_LINES

    fake.matches = [match(MASSACHUSETTS, "07", congress=120)]
    assert await find(fake) == Located("MA", 7, 120)


async def test_of_two_congresses_the_one_that_sits_counts(fake: FakeGeocoder) -> None:
    coming = {"120th Congressional Districts": [{"STATE": TEXAS, "CD120": "10"}]}
    fake.matches = [match(TEXAS, "37", also=coming)]

    assert await find(fake) == Located("TX", 37, 119)
    assert await find(fake, TURN) == Located("TX", 10, 120)


async def test_no_match_tells_nothing(fake: FakeGeocoder) -> None:
    assert await find(fake) is Miss.NO_MATCH


async def test_two_matches_count_only_if_they_agree(fake: FakeGeocoder) -> None:
    fake.matches = [match(MASSACHUSETTS, "07"), match(MASSACHUSETTS, "07")]
    assert await find(fake) == Located("MA", 7, 119)

    fake.matches = [match(MASSACHUSETTS, "07"), match(MASSACHUSETTS, "05")]
    assert await find(fake) is Miss.SEVERAL


async def test_slow_answer_is_not_waited_for(fake: FakeGeocoder) -> None:
    fake.matches, fake.seconds = [match(MASSACHUSETTS, "07")], 3.0

    assert await find(fake) is Miss.UNAVAILABLE


@pytest.mark.parametrize("status", [500, 503, 404, 429])
async def test_failure_tells_nothing(fake: FakeGeocoder, status: int) -> None:
    fake.matches, fake.status = [match(MASSACHUSETTS, "07")], status

    assert await find(fake) is Miss.UNAVAILABLE


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>maintenance</html>",
        "[]",
        "null",
        '{"result": {}}',
        '{"result": {"addressMatches": [{}]}}',
        '{"result": {"addressMatches": [{"geographies": []}]}}',
        '{"result": {"addressMatches": {"a": 1}}}',
        json.dumps({"result": {"addressMatches": [{"geographies": {"119th Congressional Districts": [7]}}]}}),
        "9" * 5_000,
        "[" * 100_000,
        " " * (LARGEST + 10),
    ],
)  # fmt: skip
async def test_nonsense_tells_nothing(fake: FakeGeocoder, body: str) -> None:
    fake.body = body

    assert await find(fake) is Miss.UNAVAILABLE


@pytest.mark.parametrize(
    "geographies",
    [
        {},
        {"States": [{"STATE": "25"}]},
        {"119th Congressional Districts": [{"STATE": "25", "CD119": "ZZ"}]},
        {"119th Congressional Districts": [{"STATE": "03", "CD119": "07"}]},
        {"119th Congressional Districts": [{"STATE": "25", "CD119": "7"}]},
        {"Congressional Districts": [{"STATE": "25", "CD119": "07"}]},
    ],
)
async def test_answer_without_a_district_tells_nothing(
    fake: FakeGeocoder, geographies: dict[str, Any]
) -> None:
    fake.matches = [{"geographies": geographies}]

    assert await find(fake) is Miss.UNAVAILABLE


async def test_address_is_not_carried_on_to_somewhere_else(fake: FakeGeocoder) -> None:
    async with geocoder() as other:
        other.matches = [match(MASSACHUSETTS, "07")]
        fake.redirect = other.url

        assert await find(fake) is Miss.UNAVAILABLE
        assert other.asked == []


async def test_nobody_there_tells_nothing() -> None:
    async with geocoder() as gone:
        url = gone.url

    assert await Geocoder(url, 0.5).find(ADDRESS, now=BEFORE) is Miss.UNAVAILABLE
