"""Whatever the rule, the zone and the outages: each occurrence is in the ledger once, and stands as it must.

What must be is reckoned with ``dateutil`` and nothing of the room that is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from campaigns import firing
from campaigns.models import CampaignRun, Missed
from tests.builders import make_contact
from tests.campaigns.test_firing import HOUSE, schedule
from tests.crash.year import instant
from tests.doubles import NoJobs

BEGIN = datetime(2027, 2, 20, 12, 0, tzinfo=UTC)
LATE = timedelta(minutes=60)


@dataclass(frozen=True)
class Case:
    """A plan, and the hours after its beginning at which the service looks."""

    rule: str
    hour: str
    zone: str
    looks: list[float]
    missed: Missed


CASES = st.builds(
    Case,
    rule=st.sampled_from(
        ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=DAILY;INTERVAL=3;COUNT=7", "FREQ=MONTHLY;BYDAY=2SU", ""]
    ),
    hour=st.sampled_from(["00:00", "01:30", "02:00", "02:30", "09:00", "23:59"]),
    zone=st.sampled_from(
        ["America/New_York", "America/Los_Angeles", "America/Phoenix", "America/El_Salvador", "America/Havana", "Pacific/Guam", "Australia/Lord_Howe"]
    ),
    looks=st.lists(st.floats(1, 24 * 35), min_size=1, max_size=12).map(sorted),
    missed=st.sampled_from(Missed),
)  # fmt: skip


@given(CASES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_each_occurrence_is_in_the_ledger_once_and_stands_as_it_must(
    conn: Connection, case: Case
) -> None:
    looks = [BEGIN + timedelta(hours=each) for each in case.looks]
    with conn.begin_nested() as example:
        stands = live(conn, case, looks)
        example.rollback()

    due = {each: instant(each, case.zone) for each in walls(case)}
    due = {each: at for each, at in due.items() if BEGIN < at <= looks[-1]}
    assert sorted(stands) == sorted(f"{each:%Y-%m-%dT%H:%M}" for each in due)
    newest = max(due, default=None)
    for wall, at in due.items():
        looked = next(each for each in looks if each >= at)
        companions = [each for each, other in due.items() if at < other <= looked]
        after = [each for each, other in due.items() if other > at]
        status = stands[f"{wall:%Y-%m-%dT%H:%M}"]
        if case.missed is Missed.NEWEST and companions:
            assert status == "skipped overtaken"
        elif looked - at <= LATE:
            assert status == "fired "
        elif case.missed is Missed.NEWEST and after:
            assert status == "skipped overtaken"
        else:
            assert status == "held late"
            assert wall == newest or case.missed is Missed.EACH


def live(conn: Connection, case: Case, looks: list[datetime]) -> dict[str, str]:
    """Plan it, look at these instants, twice each; what stands in the ledger."""
    make_contact(conn)
    first = {"local_time": f"2027-02-21T{case.hour}", "zone": case.zone, "rule": case.rule}
    email_id = schedule(conn, BEGIN - timedelta(days=3), missed=case.missed, **first)
    for at in looks:
        for _ in range(2):
            firing.fire(conn, NoJobs(), email_id, house=HOUSE, now=at)
    rows = conn.execute(select(CampaignRun).where(CampaignRun.email_id == email_id)).all()
    assert len({row.local_time for row in rows}) == len(rows)
    return {row.local_time: f"{row.status} {row.reason}" for row in rows}


def walls(case: Case) -> list[datetime]:
    first = datetime.fromisoformat(f"2027-02-21T{case.hour}")
    if not case.rule:
        return [first]
    return list(rrulestr(case.rule, dtstart=first).between(first, datetime(2027, 4, 15), inc=True))
