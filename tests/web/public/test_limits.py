"""What an answer is counted by tells nobody where it came from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from actions.flooding import ADDRESS, PAGE
from tests.web.serving import make_site
from web.keys import CLOCK, SITE
from web.public.limits import sources

NOON = datetime(2026, 11, 19, 12, tzinfo=UTC)


def source_of(address: str, *, now: datetime = NOON) -> str:
    """What an answer is counted by that our proxy handed on for an address."""
    app = web.Application()
    app[SITE] = make_site(trusted_proxies=("127.0.0.1/32",))
    app[CLOCK] = lambda: now
    request = make_mocked_request("POST", "/p/x", {"X-Forwarded-For": address}, app=app)
    request = request.clone(remote="127.0.0.1")
    (source,) = sources(request)
    return source


def test_an_address_is_counted_by_a_hash_that_changes_every_day() -> None:
    today, later = source_of("192.0.2.1"), source_of("192.0.2.1", now=NOON + timedelta(hours=5))

    assert today == later
    assert "192.0.2.1" not in today
    assert today != source_of("192.0.2.1", now=NOON + timedelta(days=1))
    assert today != source_of("192.0.2.2")


@pytest.mark.parametrize(("other", "same"), [("2001:db8::9", True), ("2001:db8:0:1::1", False)])
def test_one_network_of_ipv6_is_one_source(other: str, *, same: bool) -> None:
    assert (source_of("2001:db8::1") == source_of(other)) == same


def test_a_page_is_counted_beside_its_address() -> None:
    app = web.Application()
    app[SITE], app[CLOCK] = make_site(), lambda: NOON
    request = make_mocked_request("POST", "/a/x", app=app).clone(remote="192.0.2.1")

    found = sources(request, 12)

    assert sorted(found.values(), key=lambda most: most.an_hour) == [PAGE, ADDRESS]
