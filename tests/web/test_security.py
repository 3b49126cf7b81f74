"""What every response carries, and which addresses we believe."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from database.opening import Opened
from tests.web.organizing import console, desk
from tests.web.serving import make_site, serving
from web.app import make_app
from web.keys import SITE
from web.security import CSP, local_path, network_address


class Transport:
    """A connection that comes from somewhere."""

    def __init__(self, peer: str) -> None:
        self.peer = peer

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self.peer, 1) if name == "peername" else default


def from_(peer: str, forwarded: str = "", *, trusted: tuple[str, ...] = ()) -> str:
    app = web.Application()
    app[SITE] = make_site(trusted_proxies=trusted)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    transport: Any = Transport(peer)
    return network_address(
        make_mocked_request("GET", "/", headers=headers, app=app, transport=transport)
    )


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/healthz",
        "/nowhere",
        "/console/",
        "/console/sign-in",
        "/static/console.css",
        "/static/nothing.css",
        "/a/nobody",
        "/webhooks/nowhere",
    ],
)
async def test_every_response_carries_our_headers(opened: Opened, now: datetime, path: str) -> None:
    async with serving(opened, now) as client:
        response = await client.get(path, allow_redirects=False)

    assert response.headers["Content-Security-Policy"] == CSP
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Cache-Control" in response.headers
    assert "aiohttp" not in response.headers["Server"].lower()


async def test_plain_http_on_this_machine_promises_no_https(opened: Opened, now: datetime) -> None:
    async with console(opened, now) as client:
        response = await client.get("/console/sign-in")

    assert "Strict-Transport-Security" not in response.headers


async def test_personal_pages_are_never_kept(opened: Opened, now: datetime) -> None:
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)

        assert (await amina.get("/console/")).headers["Cache-Control"] == "no-store"


async def test_static_files_asked_for_by_their_hash_are_kept(opened: Opened, now: datetime) -> None:
    async with serving(opened, now) as client:
        kept = await client.get("/static/console.css?v=abc")
        asked_again = await client.get("/static/console.css")
        lost = await client.get("/static/nothing.css?v=abc")

    assert "immutable" in kept.headers["Cache-Control"]
    assert asked_again.headers["Cache-Control"] == "no-cache"
    assert lost.headers["Cache-Control"] == "no-store"


async def test_a_mistake_of_ours_shows_no_trace(opened: Opened, now: datetime) -> None:
    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("+16085550123 in SELECT secrets")

    app = make_app(opened.database, opened.jobs, make_site(), clock=lambda: now)
    app.router.add_get("/broken", broken)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/broken")
        text = await response.text()

    assert response.status == 500
    assert "Something went wrong on our side." in text
    assert "SELECT" not in text
    assert "608" not in text.split("<code>")[0]
    assert response.headers["Content-Security-Policy"] == CSP


async def test_a_body_too_large_is_refused(opened: Opened, now: datetime) -> None:
    async with serving(opened, now) as client:
        response = await client.post(
            "/console/sign-in",
            data=io.BytesIO(b"email=" + b"x" * 2_000_000),
            headers={
                "Sec-Fetch-Site": "same-origin",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )

    assert response.status == 413


async def test_healthz_says_no_more_than_ok(opened: Opened, now: datetime) -> None:
    async with serving(opened, now) as client:
        response = await client.get("/healthz")

        assert (response.status, await response.text()) == (200, "ok\n")


@pytest.mark.parametrize("path", ["/static/../keys.py", "/static/%2e%2e/keys.py", "/static/"])
async def test_static_serves_nothing_outside_its_folder(
    opened: Opened, now: datetime, path: str
) -> None:
    async with serving(opened, now) as client:
        response = await client.get(path)

    assert response.status in (403, 404)


@pytest.mark.parametrize("path", ["/console/", "/console/contacts?q=a%20b&from=50"])
def test_a_path_of_ours_may_be_gone_to(path: str) -> None:
    assert local_path(path, "/home") == path


@pytest.mark.parametrize(
    "target", ["", "x", "//evil", "/\\evil", "https://evil", "/a\nb", "/\u202e", "/a\tb"]
)
def test_anything_else_is_not_gone_to(target: str) -> None:
    assert local_path(target, "/home") == "/home"


def test_a_forwarded_address_counts_only_from_our_own_proxy() -> None:
    assert from_("203.0.113.9", "198.51.100.1") == "203.0.113.9"
    assert from_("10.0.0.2", "198.51.100.1", trusted=("10.0.0.0/8",)) == "198.51.100.1"


def test_what_a_client_claims_before_our_proxy_is_not_believed() -> None:
    claimed = "1.2.3.4, 198.51.100.1, 10.0.0.3"

    assert from_("10.0.0.2", claimed, trusted=("10.0.0.0/8",)) == "198.51.100.1"


def test_a_broken_forwarded_address_falls_back_to_the_proxy() -> None:
    assert from_("10.0.0.2", "not-an-address", trusted=("10.0.0.0/8",)) == "10.0.0.2"
