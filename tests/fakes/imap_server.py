"""A small IMAP server: as much of RFC 9051 as a client needs that reads one folder by UID."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

_LITERAL = re.compile(rb"\{(\d+)\+?\}$")
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\([^)]*\))|(\S+)')


@dataclass
class Stored:
    """An email in the folder."""

    uid: int
    raw: bytes
    arrived: datetime
    flags: set[bytes] = field(default_factory=set)


@dataclass
class ImapServer:
    """One account with one folder; a test puts emails in, and may make it fail."""

    username: str = "us"
    password: str = "hunter2"
    validity: int = 7
    port: int = 0
    emails: list[Stored] = field(default_factory=list)
    hang_up_on: bytes = b""  # a command at which the connection is cut
    silent_on: bytes = b""  # a command at which it says nothing more; GREETING: from the first
    silent_at: tuple[int, ...] = ()  # UIDs, of which it hands over half and then nothing
    trickles: bool = False  # silence is a byte now and then, which is no answer either
    silenced: asyncio.Event = field(default_factory=asyncio.Event)
    tells_next: bool = True  # the UID that the next email gets, as servers have to
    sign_ins: int = 0
    fetched: list[int] = field(default_factory=list)

    def deliver(self, raw: bytes, *, arrived: datetime | None = None) -> Stored:
        self.emails.append(Stored(self._last + 1, raw, arrived or datetime.now(UTC)))
        return self.emails[-1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if self.silent_on == b"GREETING":
                await self._say_nothing(reader, writer)
                return
            writer.write(b"* OK ready\r\n")
            while words := await self._command(reader, writer):
                if len(words) < 2:
                    break
                if self.hang_up_on and self.hang_up_on in b" ".join(words[1:3]).upper():
                    break
                if self.silent_on and self.silent_on in b" ".join(words[1:3]).upper():
                    await self._say_nothing(reader, writer)
                    return
                answer = self._answer(words)
                if words[1:3] == [b"UID", b"FETCH"] and int(words[3]) in self.silent_at:
                    writer.write(answer[: len(answer) // 2])
                    await self._say_nothing(reader, writer)
                    return
                writer.write(answer)
                await writer.drain()
                if words[1].upper() == b"LOGOUT":
                    break
        writer.close()

    async def _say_nothing(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Until the client parts, or the test wants words again."""
        self.silenced.set()
        parted = asyncio.ensure_future(reader.read())
        while self.silent_on or self.silent_at:
            if (await asyncio.wait([parted], timeout=0.02))[0]:
                break
            if self.trickles:
                writer.write(b" ")
        parted.cancel()
        writer.close()

    async def _command(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> list[bytes]:
        line = (await reader.readline()).rstrip(b"\r\n")
        while found := _LITERAL.search(line):
            writer.write(b"+ go on\r\n")
            literal = await reader.readexactly(int(found[1]))
            rest = (await reader.readline()).rstrip(b"\r\n")
            line = line[: found.start()] + b'"' + literal + b'"' + rest
        return [b"".join(parts) for parts in _WORD.findall(line)]

    def _answer(self, words: list[bytes]) -> bytes:
        tag, command, told = words[0], words[1].upper(), words[2:]
        if command == b"UID":
            command, told = command + b" " + told[0].upper(), told[1:]
        lines, done = self._acted(command, told)
        return lines + tag + done + b"\r\n"

    def _acted(self, command: bytes, told: list[bytes]) -> tuple[bytes, bytes]:
        """What stands before the tagged line, and what the line says."""
        lines, done = b"", b" OK done"
        match command:
            case b"CAPABILITY":
                lines = b"* CAPABILITY IMAP4rev1\r\n"
            case b"LOGIN":
                done = self._sign_in(told)
            case b"SELECT" | b"EXAMINE":
                lines, done = self._select(told)
            case b"UID SEARCH":
                found = b" ".join(b"%d" % uid for uid in self._search(told))
                lines = b"* SEARCH " + found + b"\r\n"
            case b"UID FETCH":
                lines = self._fetch(told)
            case b"UID STORE":
                self._store(told)
            case b"LOGOUT":
                lines = b"* BYE\r\n"
            case _:
                done = b" BAD unknown"
        return lines, done

    def _sign_in(self, told: list[bytes]) -> bytes:
        if told != [self.username.encode(), self.password.encode()]:
            return b" NO [AUTHENTICATIONFAILED] no"
        self.sign_ins += 1
        return b" OK done"

    def _select(self, told: list[bytes]) -> tuple[bytes, bytes]:
        if told[0] != b"INBOX":
            return b"", b" NO no such folder"
        flags = b"* FLAGS (\\Seen \\Flagged)\r\n"
        named = (len(self.emails), self.validity)
        lines = b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n" % named + flags
        if self.tells_next:
            lines += b"* OK [UIDNEXT %d] ok\r\n" % (self._last + 1)
        return lines, b" OK [READ-WRITE] done"

    @property
    def _last(self) -> int:
        return max((each.uid for each in self.emails), default=0)

    def _search(self, told: list[bytes]) -> list[int]:
        uids = [each.uid for each in self.emails]
        if told[0].upper() == b"UID":
            first = int(told[1].partition(b":")[0])
            # "8:*" names the last one, though its UID is 7.
            return [uid for uid in uids if uid >= first] or uids[-1:]
        since = datetime.strptime(told[1].decode(), "%d-%b-%Y").replace(tzinfo=UTC)
        return [each.uid for each in self.emails if each.arrived >= since]

    def _fetch(self, told: list[bytes]) -> bytes:
        found = next((each for each in self.emails if each.uid == int(told[0])), None)
        if found is None:
            return b""
        self.fetched.append(found.uid)
        most = int(re.findall(rb"<0\.(\d+)>", b" ".join(told))[0])
        raw = found.raw[:most]
        return b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%b)\r\n" % (
            found.uid, found.uid, len(raw), raw,
        )  # fmt: skip

    def _store(self, told: list[bytes]) -> None:
        uids = {int(uid) for uid in told[0].split(b",")}
        for each in self.emails:
            if each.uid in uids:
                each.flags |= set(told[2].strip(b"()").split())


@asynccontextmanager
async def imap_server(server: ImapServer) -> AsyncIterator[ImapServer]:
    """Let it listen on loopback."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
