"""How long do we wait for a caller, and for how many at once?

Half a request costs its sender nothing and us a connection for as long as we wait for the rest: that is how
one laptop takes a server out of service ("slowloris", CWE-400). aiohttp waits for ever for the rest of a
request; so a doorkeeper stands between it and the socket, counts who is inside and looks at them once
a second. Whoever sends a file over a poor connection is not in its way: the rest of a request need not come
soon, only steadily.

Our own proxies are let in without a count of their own, for behind them everybody has one address, and may
keep idle connections for as long as they like; the proxy has a patience of its own (docs/install.md).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, ip_address, ip_network
from logging import ERROR, INFO
from socket import socket
from typing import Any, cast

import structlog
from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler

from web.security import HEADERS

log = structlog.get_logger("web")
NOT_AN_ADDRESS = ""
UNREADABLE = "We could not read that request.\n"
SHARED_BITS = 64  # of an IPv6 address: the network that one household or one attacker has to itself


@dataclass(frozen=True, slots=True)
class Patience:
    """What a caller is granted. Times are in seconds."""

    connections: int = 800  # at once, in all: below the 1,024 files that Linux lets a process open
    per_address: int = 100  # at once, from one network address
    head: float = 15  # until the first line and the headers are there
    stretch: float = 30  # in which a body must bring at least ``least`` bytes, and then again
    least: int = 30_000  # bytes: a kilobyte a second, less than the poorest phone connection
    idle: float = 75  # between two requests
    unread: float = 60  # in which a caller must read something of what we wrote
    look: float = 1  # how often we look


class Polite(RequestHandler):
    """aiohttp's protocol, but for what it answers, and logs, of a request that nobody can read.

    That would tell its version, and neither carry our headers nor keep what was sent to itself.
    """

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that cannot be read, or whose page failed beyond telling."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has been begun; there is no room for another")
        ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        log.log(
            ERROR if ours else INFO, "unreadable", status=status, exc_info=exc if ours else None
        )
        response = web.Response(status=status, text=UNREADABLE, headers=HEADERS)
        response.force_close()
        return response


class Doorkeeper:
    """Lets callers in to a web server and shows out those who keep it waiting."""

    def __init__(
        self, server: web.Server, patience: Patience, *, trusted: Sequence[str] = ()
    ) -> None:
        """``trusted`` are the networks of our own proxies."""
        self.patience = patience
        self.inside: dict[Any, Caller] = {}  # by the protocol that aiohttp knows them by
        self.by_address: Counter[str] = Counter()
        self._server = server
        self._trusted = [ip_network(each) for each in trusted]
        self._make_request, self._handle = server.request_factory, server.request_handler
        server.request_factory = self._begun
        server.request_handler = self._handled

    def __call__(self) -> Caller:
        """Make the protocol of a new connection."""
        loop = asyncio.get_running_loop()
        # No log of its own: its lines would carry the tokens of people's links.
        return Caller(self, Polite(self._server, loop=loop, access_log=None))  # type: ignore[arg-type]

    def account(self, host: str) -> tuple[str, bool]:
        """Whom a connection is counted for ("" = nobody), and whether it comes from our own proxy."""
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return NOT_AN_ADDRESS, False
        if any(address in network for network in self._trusted):
            return NOT_AN_ADDRESS, True
        if isinstance(address, IPv4Address):
            return str(address), False
        return str(ip_network((address, SHARED_BITS), strict=False)), False

    def full(self, account: str) -> bool:
        """Whether nobody more, or nobody more of them, can be let in."""
        if len(self.inside) >= self.patience.connections:
            return True
        return bool(account) and self.by_address[account] >= self.patience.per_address

    def let_in(self, inner: Any, caller: Caller, account: str) -> None:
        """Note who is inside."""
        self.inside[inner] = caller
        if account:
            self.by_address[account] += 1

    def let_out(self, inner: Any, account: str) -> bool:
        """Note that somebody has left; False if they never were inside."""
        if self.inside.pop(inner, None) is None:
            return False
        if account:
            self.by_address[account] -= 1
            if not self.by_address[account]:
                del self.by_address[account]
        return True

    async def watch(self) -> None:
        """Look at everybody again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.patience.look)
            for caller in [each for each in self.inside.values() if each.overdue(loop.time())]:
                caller.show_out()

    def _begun(self, message: Any, payload: StreamReader, protocol: Any, *more: Any) -> Any:
        """The head of a request is there; what may be lacking is its body."""
        if caller := self.inside.get(protocol):
            caller.expect(payload)
        return self._make_request(message, payload, protocol, *more)

    async def _handled(self, request: Any) -> web.StreamResponse:
        """Callers whose request we work at keep nobody waiting, however long it takes."""
        caller = self.inside.get(request.protocol)
        if caller is None:
            return await self._handle(request)
        with caller.served():
            return await self._handle(request)


class Caller(asyncio.Protocol):
    """One connection: what we wait for, and since when. All else is aiohttp's protocol within."""

    def __init__(self, door: Doorkeeper, inner: Any) -> None:
        self._door, self._inner, self._patience = door, inner, door.patience
        self._transport: asyncio.Transport | None = None
        self._account = NOT_AN_ADDRESS
        self._trusted = False
        self._clock = asyncio.get_running_loop().time
        self._since: float | None = self._clock()  # None: they owe us nothing
        self._body: StreamReader | None = None  # None: the head of a request
        self._received = 0  # bytes of the body in this stretch
        self._serving = 0  # requests that we work at
        self._last = self._since  # something came, or was done
        self._unread, self._unread_since = 0, self._since

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let them in, or show them out if there is no room."""
        self._transport = cast(asyncio.Transport, transport)
        self._account, self._trusted = self._door.account(_host_of(self._transport))
        if self._door.full(self._account):
            self._transport.abort()
            return
        self._door.let_in(self._inner, self, self._account)
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """They have left."""
        if self._door.let_out(self._inner, self._account):
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came: of the body we wait for, or the beginning of a request."""
        now = self._last = self._clock()
        self._forget_what_is_there()
        if self._since is None:
            self._since = now
        self._received += len(data)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """They send no more."""
        answer: bool | None = self._inner.eof_received()
        return answer

    def pause_writing(self) -> None:
        """They read more slowly than we write."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """They have caught up."""
        self._inner.resume_writing()

    def expect(self, body: StreamReader) -> None:
        """A request's head is there, and its body may still be on its way."""
        self._body, self._since, self._received = body, self._clock(), 0
        self._forget_what_is_there()

    @contextmanager
    def served(self) -> Iterator[None]:
        """While we work at their request."""
        self._serving += 1
        try:
            yield
        finally:
            self._serving -= 1
            self._last = self._clock()

    def overdue(self, now: float) -> bool:
        """Whether they have kept us waiting for too long. To be asked again and again."""
        self._forget_what_is_there()
        if self._does_not_read(now):
            return True
        if self._since is None:
            idle = not (self._serving or self._unread or self._trusted)
            return idle and now - self._last > self._patience.idle
        if self._body is None:
            return now - self._since > self._patience.head
        return self._is_slow(now)

    def show_out(self) -> None:
        """Close the connection at once: whoever owes us a request gets no answer."""
        if self._transport is not None:
            self._transport.abort()

    def _forget_what_is_there(self) -> None:
        if self._body is not None and self._body.is_eof():
            self._body, self._since = None, None

    def _is_slow(self, now: float) -> bool:
        """Whether a body came in too thinly; where we are the ones who do not read, nobody is to blame."""
        waited = now - (self._since or now)
        if self._transport is not None and not self._transport.is_reading():
            self._since, self._received = now, 0
        elif waited >= self._patience.stretch:
            if self._received < self._patience.least:
                return True
            self._since, self._received = now, 0
        return False

    def _does_not_read(self, now: float) -> bool:
        """Whether what we wrote waits, and nothing of it was read for a while."""
        unread = 0 if self._transport is None else self._transport.get_write_buffer_size()
        if not unread or unread != self._unread:
            self._unread, self._unread_since = unread, now
        return now - self._unread_since > self._patience.unread


def _host_of(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else NOT_AN_ADDRESS


@asynccontextmanager
async def receiving(
    runner: web.AppRunner, door: socket, patience: Patience, *, trusted: Sequence[str] = ()
) -> AsyncIterator[Doorkeeper]:
    """Let callers in at a bound socket, to a runner that has been set up, while the context is open."""
    if runner.server is None:
        raise RuntimeError(runner.setup.__doc__)
    keeper = Doorkeeper(runner.server, patience, trusted=trusted)
    server = await asyncio.get_running_loop().create_server(keeper, sock=door, backlog=128)
    watching = asyncio.create_task(keeper.watch())
    try:
        yield keeper
    finally:
        server.close()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
