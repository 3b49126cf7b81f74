"""Whoever keeps us waiting is shown out; whoever is only slow is not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from aiohttp import ClientSession, web

from web.patience import Doorkeeper, Patience, receiving

# A tenth of a second stands for what is seconds in service.
HASTY = Patience(head=0.3, stretch=0.3, least=3_000, idle=0.3, unread=0.3, look=0.02)
PATIENT = replace(HASTY, head=30, stretch=30, idle=30, unread=30)
HEAD = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
WITHIN = 20  # seconds in which anything must have happened, however busy the machine


@dataclass
class House:
    """A server with a doorkeeper."""

    port: int
    keeper: Doorkeeper
    got: list[int]
    streaming: asyncio.Event

    async def call(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def empty(self) -> None:
        await until(lambda: not self.keeper.inside)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110 - the doorkeeper tells nobody who leaves
            await asyncio.sleep(0.01)


@asynccontextmanager
async def house(patience: Patience, *, trusted: tuple[str, ...] = ()) -> AsyncIterator[House]:
    got: list[int] = []
    streaming = asyncio.Event()

    async def upload(request: web.Request) -> web.Response:
        got.append(len(await request.read()))
        return web.Response(text="thanks")

    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"data: 1\n\n")
        await streaming.wait()
        await answer.write(b"data: 2\n\n")
        return answer

    async def flood(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65536)

    app = web.Application(client_max_size=10**8)
    app.router.add_post("/upload", upload)
    app.router.add_get("/stream", stream)
    app.router.add_get("/flood", flood)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    door = socket.create_server(("127.0.0.1", 0))
    try:
        async with receiving(runner, door, patience, trusted=trusted) as keeper:
            yield House(door.getsockname()[1], keeper, got, streaming)
    finally:
        await runner.cleanup()


async def shown_out(reader: asyncio.StreamReader) -> bytes:
    """What came until the connection was closed."""
    async with asyncio.timeout(WITHIN):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def drip(writer: asyncio.StreamWriter, data: bytes, every: float) -> None:
    """Send byte by byte, until nobody listens any more."""
    try:
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(every)
    except ConnectionError:
        return


async def says_nothing(_writer: asyncio.StreamWriter) -> None:
    """Connect, and that is all."""


async def dribbles_headers(writer: asyncio.StreamWriter) -> None:
    await drip(writer, b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 500, 0.01)


async def halts_in_the_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % 100_000 + b"x" * 50_000)


async def dribbles_the_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % 100_000)
    await drip(writer, b"x" * 500, 0.01)


@pytest.mark.parametrize(
    "misbehave", [says_nothing, dribbles_headers, halts_in_the_body, dribbles_the_body]
)
async def test_who_keeps_us_waiting_is_shown_out(
    misbehave: Callable[[asyncio.StreamWriter], Awaitable[None]],
) -> None:
    async with house(HASTY) as here:
        reader, writer = await here.call()
        await asyncio.gather(misbehave(writer), shown_out(reader))
        await here.empty()

        assert here.got == []
        assert not here.keeper.by_address
        writer.close()


async def test_three_hundred_half_requests_do_not_stay() -> None:
    async with house(replace(HASTY, per_address=400)) as here:
        calls = [await here.call() for _ in range(300)]
        for _, writer in calls:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")

        await here.empty()

        for _, writer in calls:
            writer.close()


async def test_an_upload_that_comes_slowly_but_steadily_arrives() -> None:
    async with house(HASTY) as here:
        reader, writer = await here.call()
        writer.write(HEAD % 60_000)
        for _ in range(60):
            writer.write(b"x" * 1_000)  # three times as much as the least, for many stretches
            await asyncio.sleep(0.02)
        answer = await reader.readuntil(b"thanks")

        assert b"200 OK" in answer
        assert here.got == [60_000]
        writer.close()


async def test_a_caller_we_do_not_read_from_is_not_to_blame() -> None:
    async with house(PATIENT) as here:
        _, writer = await here.call()
        writer.write(HEAD % 1_000 + b"x" * 10)
        await until(lambda: bool(here.keeper.inside))
        (caller,) = here.keeper.inside.values()
        await asyncio.sleep(0.1)
        late = asyncio.get_running_loop().time() + 1_000

        transport = caller._transport  # noqa: SLF001 - to stop reading as a full buffer would
        assert transport is not None
        transport.pause_reading()

        assert not caller.overdue(late)
        transport.resume_reading()
        assert caller.overdue(late + 1_000)
        writer.close()


async def test_a_stream_stays_open_for_as_long_as_we_work_at_it() -> None:
    async with house(HASTY) as here:
        reader, writer = await here.call()
        writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"data: 1")
        await asyncio.sleep(5 * HASTY.idle)

        here.streaming.set()

        async with asyncio.timeout(WITHIN):
            assert await reader.readuntil(b"data: 2")
        writer.close()


async def test_one_who_reads_nothing_of_what_we_write_is_shown_out() -> None:
    async with house(HASTY) as here:
        _, writer = await here.call()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")

        await here.empty()

        writer.close()


async def test_between_two_requests_a_stranger_may_not_stay_for_long_and_a_proxy_may() -> None:
    async with house(HASTY) as here:
        reader, writer = await here.call()
        writer.write(HEAD % 1 + b"x")
        assert b"thanks" in await shown_out(reader)
        writer.close()

    async with house(HASTY, trusted=("127.0.0.0/8",)) as here:
        reader, writer = await here.call()
        writer.write(HEAD % 1 + b"x")
        await reader.readuntil(b"thanks")
        await asyncio.sleep(5 * HASTY.idle)
        writer.write(HEAD % 1 + b"x")
        async with asyncio.timeout(WITHIN):
            assert await reader.readuntil(b"thanks")
        writer.close()


async def test_one_address_has_a_share_of_the_connections_and_no_more() -> None:
    async with house(replace(PATIENT, per_address=5)) as here:
        calls = [await here.call() for _ in range(12)]
        async with asyncio.timeout(WITHIN):
            ended = await asyncio.gather(*(shown_out(reader) for reader, _ in calls[5:]))

        assert ended == [b""] * 7
        assert here.keeper.by_address == {"127.0.0.1": 5}

        calls[0][1].close()
        await until(lambda: here.keeper.by_address["127.0.0.1"] < 5)
        async with ClientSession() as client:
            url = f"http://127.0.0.1:{here.port}/upload"
            async with client.post(url, data=b"abc") as answer:
                assert answer.status == 200
        for _, writer in calls:
            writer.close()


async def test_proxies_of_ours_share_no_count_but_the_whole_has_an_end() -> None:
    patience = replace(PATIENT, per_address=2, connections=6)
    async with house(patience, trusted=("127.0.0.1/32",)) as here:
        calls = [await here.call() for _ in range(9)]
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(*(shown_out(reader) for reader, _ in calls[6:]))

        assert len(here.keeper.inside) == 6
        for _, writer in calls:
            writer.close()


async def test_many_small_requests_on_one_connection_are_all_answered() -> None:
    async with house(HASTY) as here, ClientSession() as client:
        url = f"http://127.0.0.1:{here.port}/upload"
        for number in range(200):
            async with client.post(url, data=b"x" * number) as answer:
                assert answer.status == 200

    assert here.got == list(range(200))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /upload HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /upload HTTP/1.1\r\nHost: x\r\n" + b"X-A: 1\r\n" * 300 + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_heads_that_are_too_large_are_refused(head: bytes) -> None:
    async with house(PATIENT) as here:
        reader, writer = await here.call()
        writer.write(head)

        answer = await shown_out(reader)
        assert b" 400 " in answer.partition(b"\r\n")[0]
        assert b"Content-Security-Policy" in answer
        assert b"aaaa" not in answer
        assert b"aiohttp" not in answer
        writer.close()


def test_ipv6_callers_are_counted_by_their_network() -> None:
    keeper = Doorkeeper.__new__(Doorkeeper)
    keeper._trusted = []  # noqa: SLF001 - no server is needed to count
    one, other = keeper.account("2001:db8:1:2::7"), keeper.account("2001:db8:1:2:ffff::9")

    assert one == other == ("2001:db8:1:2::/64", False)
    assert keeper.account("fe80::1%eth0")[0] == "fe80::/64"
    assert keeper.account("") == ("", False)
