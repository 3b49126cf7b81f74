"""What a stranger can make us say or do from outside: nothing about whom we answer, and nowhere to go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from aiohttp import hdrs
from sqlalchemy import Connection, select

from contacts.models import Contact
from database.opening import Opened
from messages.links import person_token
from tests.builders import make_contact, make_delivery, make_message
from tests.web.organizing import OURS, Desk, console, desk
from tests.web.serving import LINKS_SECRET, Client, serving
from web.security import local_path

ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "https:evil.example",
    "http:///evil.example",
    "/\tevil.example",
    "\t//evil.example",
    "/\n/evil.example",
    " //evil.example",
    "/%09/evil.example\x00",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/\u2028/evil.example",
    "/／evil.example",
]
FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Server": "evil.example",
    "X-Original-URL": "/console/",
    "X-Rewrite-URL": "/console/",
    "Forwarded": "host=evil.example;proto=http",
}


@pytest.fixture
async def public(opened: Opened, now: datetime) -> AsyncIterator[Client]:
    async with serving(opened, now) as client:
        yield client


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_an_address_elsewhere_is_no_path_of_ours(target: str) -> None:
    assert local_path(target, "/console/") == "/console/"


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_nobody_is_led_elsewhere_after_choosing_a_language(amina: Desk, target: str) -> None:
    answer = await amina.post("/console/language", {"language": "es", "next": target})

    assert answer.headers.get("Location", "/console/") == "/console/"


async def test_addresses_on_our_pages_are_ours_whatever_host_was_asked(
    public: Client, opened: Opened
) -> None:
    def copy(conn: Connection) -> int:
        return make_delivery(conn, make_message(conn), make_contact(conn, "Amina"))

    token = person_token(LINKS_SECRET, await opened.database.write(copy))
    for path in (f"/u/{token}", "/console/sign-in", "/", "/nowhere", "/console/alerts?x=1"):
        answer = await public.get(
            path, headers={**FORGED, "Host": "evil.example"}, allow_redirects=False
        )
        text = await answer.text()

        assert "evil.example" not in text + str(answer.headers)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "DEBUG", "TRACK"])
@pytest.mark.parametrize("path", ["/", "/console/", "/console/contacts", "/healthz", "/p/x"])
async def test_methods_that_no_page_has_are_refused(amina: Desk, method: str, path: str) -> None:
    answer = await amina.client.request(
        method, path, headers={**amina.cookie, **OURS}, allow_redirects=False
    )

    assert answer.status in (400, 403, 404, 405)
    assert amina.token not in await answer.text()


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_a_get_stays_a_get_whatever_a_header_says(
    amina: Desk, opened: Opened, header: str
) -> None:
    contact_id = await opened.database.write(lambda conn: make_contact(conn, "Amina"))

    answer = await amina.client.get(
        f"/console/contacts/{contact_id}/edit?_method=POST&given_name=Eve",
        headers={**amina.cookie, header: hdrs.METH_POST},
    )

    assert answer.status == 200
    name = select(Contact.given_name).where(Contact.id == contact_id)
    assert await opened.database.read(lambda conn: conn.scalar(name)) == "Amina"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://llamado.example.org"])
async def test_no_other_site_may_read_our_answers(amina: Desk, origin: str) -> None:
    asked = {**amina.cookie, "Origin": origin, "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = await amina.client.request(
            method, "/console/contacts", headers=asked, allow_redirects=False
        )

        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: a\r\n X-Folded: b\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_a_request_that_may_be_read_in_two_ways_gets_one_answer_and_no_more(
    public: Client, head: bytes
) -> None:
    reader, writer = await asyncio.open_connection(public.host, public.port)
    writer.write(head.replace(b"Host: a\r\n", b"Host: a\r\nConnection: close\r\n", 1))
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()

    assert answer.count(b"HTTP/1.") == 1
    assert b"evil.example" not in answer
