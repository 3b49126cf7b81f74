"""A name server on loopback, by UDP and TCP: records as given, silence, failures, answers too long for UDP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class NameServer:
    """What it answers. Names are written without the dot at their end."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # (name, type) -> texts
    silent: set[str] = field(default_factory=set)  # names about which it says nothing
    failing: set[str] = field(default_factory=set)  # names at which it fails (SERVFAIL)
    too_long: set[str] = field(default_factory=set)  # names whose answers only fit into TCP
    asked: Counter[str] = field(default_factory=Counter)  # by "udp" and "tcp"
    port: int = 0

    @property
    def address(self) -> str:
        """As the settings write it."""
        return f"127.0.0.1#{self.port}"

    def put(self, name: str, kind: str, *texts: str) -> None:
        """Give a name records; a TXT is cut into pieces of 255 as it must be."""
        if kind == "TXT":
            texts = tuple(_quoted(text) for text in texts)
        self.records[name, kind] = list(texts)

    def answer(self, wire: bytes, by: str) -> bytes | None:
        """The answer to one question; None for silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked[by] += 1
        if name in self.silent:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        if name in self.failing:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif by == "udp" and name in self.too_long:
            reply.flags |= dns.flags.TC
        else:
            self._fill(reply, name, dns.rdatatype.to_text(question.rdtype))
        return reply.to_wire(max_size=65535)

    def _fill(self, reply: dns.message.Message, name: str, kind: str) -> None:
        """Follow aliases as a resolver does; a circle of them is answered as it stands."""
        seen = set()
        while (alias := self.records.get((name, "CNAME"))) and name not in seen:
            seen.add(name)
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *alias))
            name = alias[0].rstrip(".").lower()
        if texts := self.records.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *texts))
        elif not any(known == name for known, _ in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)


def _quoted(text: str) -> str:
    pieces = [text[start : start + 255] for start in range(0, len(text), 255)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, "udp")
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def naming() -> AsyncIterator[NameServer]:
    """Serve on a free port of loopback until the block is left."""
    server = NameServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        answer = server.answer(await reader.readexactly(length), "tcp")
        if answer is not None:
            writer.write(len(answer).to_bytes(2, "big") + answer)
            await writer.drain()
        writer.close()

    streams = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = streams.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    datagrams, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(server), local_addr=("127.0.0.1", server.port)
    )
    try:
        yield server
    finally:
        datagrams.close()
        streams.close()
        await streams.wait_closed()
