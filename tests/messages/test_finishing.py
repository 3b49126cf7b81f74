"""How fast, until when, and whose morning: reckoned from what was seen, never from a guess."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert

from messages.finishing import FOLLOWED, Finish, Held, Looks, Rate, finish, gone, held_by_morning
from messages.models import MessageCount, Status
from messages.progress import Equation
from tests.builders import make_message, make_zone_set

MINUTE = timedelta(minutes=1)
WINDOW = {"opens": "10:00", "closes": "20:00", "sunday_opens": "12:00"}


def test_two_looks_tell_the_rate_of_now(now: datetime) -> None:
    looks = Looks()
    start = now - timedelta(hours=1)

    looks.rate(1, 1000, starts_at=start, now=now)
    told = looks.rate(1, 1100, starts_at=start, now=now + timedelta(seconds=30))

    assert told == Rate(200.0, lately=True)


def test_one_look_tells_the_average_since_the_start(now: datetime) -> None:
    told = Looks().rate(1, 600, starts_at=now - 2 * MINUTE, now=now)

    assert told == Rate(300.0, lately=False)


def test_before_the_first_has_left_nothing_is_told(now: datetime) -> None:
    assert Looks().rate(1, 0, starts_at=now + MINUTE, now=now) is None
    assert Looks().rate(1, 0, starts_at=now - MINUTE, now=now) is None


def test_looks_of_long_ago_do_not_count(now: datetime) -> None:
    looks = Looks()
    looks.rate(1, 0, starts_at=None, now=now - timedelta(hours=1))
    looks.rate(1, 900, starts_at=None, now=now - timedelta(minutes=1))

    told = looks.rate(1, 1000, starts_at=None, now=now)

    assert told == Rate(100.0, lately=True)


def test_a_copy_that_was_called_back_makes_no_rate_below_nothing(now: datetime) -> None:
    looks = Looks()
    looks.rate(1, 10, starts_at=None, now=now)

    assert looks.rate(1, 9, starts_at=None, now=now + MINUTE) == Rate(0.0, lately=True)


def test_only_so_many_messages_are_remembered(now: datetime) -> None:
    looks = Looks()
    for message_id in range(FOLLOWED + 1):
        looks.rate(message_id, 0, starts_at=None, now=now)

    assert looks.rate(0, 100, starts_at=None, now=now + MINUTE) is None
    assert looks.rate(FOLLOWED, 100, starts_at=None, now=now + MINUTE) is not None


def test_it_is_done_when_what_waits_has_left(now: datetime) -> None:
    told = finish(
        waiting=300,
        openings={},
        rate=Rate(100.0, lately=True),
        starts_at=None,
        expires_at=None,
        now=now,
    )

    assert told == Finish(now + 3 * MINUTE, 300, 0)


def test_it_is_done_after_the_last_morning(now: datetime) -> None:
    morning, later = now + timedelta(hours=8), now + timedelta(hours=10)

    told = finish(
        waiting=100,
        openings={later: 50, morning: 100 * 60 * 3},
        rate=Rate(100.0, lately=True),
        starts_at=None,
        expires_at=None,
        now=now,
    )

    # The first morning's take three hours, so the second's wait an hour for their turn.
    assert told == Finish(morning + timedelta(hours=3) + MINUTE / 2, 100, 18050)


def test_nothing_leaves_after_its_time_has_run_out(now: datetime) -> None:
    morning = now + timedelta(hours=8)
    rate, openings = Rate(100.0, lately=True), {morning: 500, morning + timedelta(hours=2): 50}

    def told(expires_at: datetime) -> Finish | None:
        return finish(
            waiting=300,
            openings=openings,
            rate=rate,
            starts_at=None,
            expires_at=expires_at,
            now=now,
        )

    assert told(morning + 2 * MINUTE) == Finish(morning + 2 * MINUTE, 300, 550, late=350)
    assert told(now + MINUTE) == Finish(now + MINUTE, 300, 550, late=750)
    assert told(now + timedelta(days=2)) == Finish(
        morning + timedelta(hours=2) + MINUTE / 2, 300, 550
    )


def test_nothing_is_promised_that_stands_still(now: datetime) -> None:
    still = Rate(0.0, lately=True)

    assert (
        finish(waiting=5, openings={}, rate=still, starts_at=None, expires_at=None, now=now) is None
    )
    assert (
        finish(waiting=5, openings={}, rate=None, starts_at=None, expires_at=None, now=now) is None
    )
    moving = Rate(9.0, lately=True)
    assert (
        finish(waiting=0, openings={}, rate=moving, starts_at=None, expires_at=None, now=now)
        is None
    )


def test_gone_is_whatever_had_its_turn() -> None:
    equation = Equation(delivered=1, sent=2, failed={"30003": 3}, unknown=4, sending=5, held=9)

    assert gone(equation) == 15


def test_who_is_held_is_told_with_their_zones(conn: Connection, now: datetime) -> None:
    night = now.replace(hour=7)  # in the night, from Hawaii to Maine
    pacific = make_zone_set(conn, ["America/Los_Angeles"])
    both = make_zone_set(conn, ["America/Chicago", "America/Denver"])
    message_id = make_message(conn, hours=WINDOW)
    for zone, count in ((pacific, 214), (both, 3)):
        row = {"channel": "sms", "status": Status.PENDING, "reason": "", "zone_set_id": zone}
        conn.execute(insert(MessageCount).values(message_id=message_id, count=count, **row))

    found = held_by_morning(conn, [message_id], now=night)

    assert [(each.zones, each.count) for each in found] == [
        (("America/Chicago", "America/Denver"), 3),
        (("America/Los_Angeles",), 214),
    ]
    assert found[1] == Held(night.replace(hour=18, minute=0), ("America/Los_Angeles",), 214)


def test_of_a_message_without_hours_nobody_is_held(conn: Connection, now: datetime) -> None:
    zone = make_zone_set(conn, ["America/Los_Angeles"])
    message_id = make_message(conn)
    row = {"channel": "sms", "status": Status.PENDING, "reason": "", "zone_set_id": zone}
    conn.execute(insert(MessageCount).values(message_id=message_id, count=1, **row))

    assert held_by_morning(conn, [message_id], now=now) == []
