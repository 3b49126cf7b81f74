"""A mail server on loopback, in a process of its own: it takes emails, and some come back to a Maildir.

    python -m tests.fakes.relay FOLDER        writes its port to FOLDER/port

What becomes of an email follows from its address alone, so that whoever looks afterwards knows what to expect.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import count
from pathlib import Path
from zlib import crc32

import uvloop
from aiosmtpd import smtp
from aiosmtpd.smtp import Envelope, Session

from tests.fakes.mails import a_complaint, a_reply, a_report

RAW = "raw.example"  # a domain where everything arrives


class Fate(StrEnum):
    """What becomes of an email."""

    ARRIVES = "arrives"
    REFUSED = "refused"  # at once: there is no such mailbox
    GONE = "gone"  # the same, told later
    FULL = "full"
    LATE = "late"
    SPAM = "spam"  # its person complains
    AWAY = "away"  # a machine answers
    FORGED = "forged"  # it arrives, and a stranger says it did not


# Of three thousand addresses so many, in this order; the rest arrive.
SHARES = {
    Fate.REFUSED: 30,
    Fate.GONE: 60,
    Fate.FULL: 30,
    Fate.LATE: 30,
    Fate.SPAM: 2,
    Fate.AWAY: 30,
    Fate.FORGED: 30,
}


def fate_of(address: str) -> Fate:
    """What becomes of emails to this address."""
    if address.endswith(RAW):
        return Fate.ARRIVES
    place = crc32(address.encode()) % 3_000
    for fate, share in SHARES.items():
        if place < share:
            return fate
        place -= share
    return Fate.ARRIVES


class Postmaster:
    """Takes emails, and delivers what comes of them to a Maildir."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        for each in ("new", "cur", "tmp"):
            (folder / "Maildir" / each).mkdir(parents=True, exist_ok=True)
        (folder / "Later").mkdir(exist_ok=True)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: smtp.SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if fate_of(address) is Fate.REFUSED:
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: smtp.SMTP, session: Session, envelope: Envelope
    ) -> str:
        back, address = str(envelope.mail_from), envelope.rcpt_tos[0]
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        fate = fate_of(address)
        answer = self._answer(fate, back, address, raw)
        if answer:
            self._deliver(answer, "Later" if fate is Fate.SPAM else "Maildir/new")
        return "250 OK"

    def _answer(self, fate: Fate, back: str, address: str, raw: bytes) -> bytes | None:
        number = next(self._numbers)
        told = {"to": back, "recipient": address, "number": number}
        head = raw.partition(b"\r\n\r\n")[0].decode(errors="replace").replace("\r\n", "\n")
        answer: bytes | None = None
        match fate:
            case Fate.GONE:
                answer = a_report(**told, headers=head)  # type: ignore[arg-type]
            case Fate.FULL:
                full = {"status": "5.2.2", "answer": "552 5.2.2 Mailbox full"}
                answer = a_report(**told, **full)  # type: ignore[arg-type]
            case Fate.LATE:
                late = {"action": "delayed", "status": "4.4.1", "answer": "timed out"}
                answer = a_report(**told, **late)  # type: ignore[arg-type]
            case Fate.SPAM:
                stored = f"Return-Path: <{back}>\n{head}"  # as the mailbox has it
                answer = a_complaint(to=_home(back), headers=stored, number=number)
            case Fate.AWAY:
                said = {"Subject": "Automatic reply: Call", "Message_ID": f"<{number}@away>"}
                answer = a_reply("I am away. STOP", sender=address, to=back, **said)
            case Fate.FORGED:
                guessed = _home(back, f"+b1{'0' * 16}")
                answer = a_report(to=guessed, recipient=address, number=number)
        return answer

    def _deliver(self, raw: bytes, place: str) -> None:
        name = f"{time.time():.6f}.P{next(self._numbers)}.mx"
        written = self._folder / "Maildir" / "tmp" / name
        written.write_bytes(raw)
        written.rename(self._folder / place / name)


def deliver_late(folder: Path) -> None:
    """Deliver the complaints: people take hours to read an email, and to dislike it."""
    for each in (folder / "Later").iterdir():
        each.rename(folder / "Maildir" / "new" / each.name)


def _home(back: str, tag: str = "") -> str:
    """The mailbox that a return path is in, with another tag or none."""
    return f"{back.partition('+')[0]}{tag}@{back.partition('@')[2]}"


@contextmanager
def relaying(folder: Path) -> Iterator[int]:
    """Let a mail server run; its port. What comes back lies in ``folder/Maildir``."""
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / "port"
    process = subprocess.Popen([sys.executable, "-m", "tests.fakes.relay", str(folder)])
    try:
        while not (told.exists() and told.read_text()):
            if process.poll() is not None:
                raise RuntimeError("the mail server did not start")
            time.sleep(0.02)
        yield int(told.read_text())
    finally:
        process.terminate()
        process.wait()


async def serve(folder: Path) -> None:
    """Take emails until somebody ends this process."""
    handler, loop = Postmaster(folder), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: smtp.SMTP(handler, loop=loop, hostname="mx.example.com"), "127.0.0.1", 0
    )
    (folder / "port").write_text(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
