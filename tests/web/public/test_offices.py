from __future__ import annotations

from datetime import datetime

import pytest

from actions.targets import Role, Target
from web.public.offices import is_open, phone


def make_target(time_zone: str = "America/New_York") -> Target:
    return Target(key="seat", role=Role.SENATOR, name="Ana Sol", time_zone=time_zone)


@pytest.mark.parametrize(
    ("instant", "opened"),
    [
        ("2026-11-19T14:00+00:00", True),  # Thursday, 9:00 in Washington
        ("2026-11-19T13:59+00:00", False),
        ("2026-11-19T21:59+00:00", True),
        ("2026-11-19T22:00+00:00", False),
        ("2026-11-21T17:00+00:00", False),  # Saturday
        ("2026-07-16T13:00+00:00", True),  # 9:00 in summer
    ],
)
def test_office_is_open_on_weekdays_in_its_own_daytime(instant: str, *, opened: bool) -> None:
    assert is_open(make_target(), datetime.fromisoformat(instant)) is opened


def test_office_elsewhere_has_its_own_clock() -> None:
    nine_in_el_salvador = datetime.fromisoformat("2026-07-16T15:00+00:00")

    assert is_open(make_target("America/El_Salvador"), nine_in_el_salvador)


def test_number_is_written_as_its_country_writes_it() -> None:
    assert phone("+12022243121").shown == "(202) 224-3121"
    assert phone("+50325012999").shown == "+503 2501 2999"
    assert phone("+50325012999").href == "tel:+50325012999"
