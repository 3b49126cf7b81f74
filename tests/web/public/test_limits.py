from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from web.public.limits import ANSWERS, REMEMBERED, Limiter, TooOften


def make_busy_limiter(now: datetime) -> Limiter:
    limiter = Limiter()
    for _ in range(ANSWERS):
        limiter.pass_or_refuse("192.0.2.1", now)
    return limiter


def test_one_network_is_refused_after_its_share(now: datetime) -> None:
    limiter = make_busy_limiter(now)

    with pytest.raises(TooOften, match="try again later"):
        limiter.pass_or_refuse("192.0.2.1", now)
    limiter.pass_or_refuse("192.0.2.2", now)


def test_the_next_hour_begins_anew(now: datetime) -> None:
    limiter = make_busy_limiter(now)

    limiter.pass_or_refuse("192.0.2.1", now + timedelta(hours=1))


def test_memory_is_bounded_and_forgets_whom_it_heard_of_longest_ago(now: datetime) -> None:
    limiter = make_busy_limiter(now)

    for number in range(REMEMBERED):
        limiter.pass_or_refuse(f"other {number}", now)

    limiter.pass_or_refuse("192.0.2.1", now)
