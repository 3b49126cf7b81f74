"""Collects mail from a Maildir or an IMAP folder, one process at a time, and hands it to the mailroom.

An email is done at its source only after the commit that took it in. What happens in between is repeated,
and a copy of what is known does nothing. What cannot be read, or taken in, is set aside with a sentence for the
operator: it is neither lost nor tried for ever. While the database is away, everything waits where it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from threading import Thread

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from database.engine import Database, DatabaseUnusable, P, T
from messages import mail_sources
from messages.mail_models import MailSource
from messages.mailroom import Desk, Kind, take_in
from messages.providers.mail_reading import Mail, UnreadableMail, read_mail
from messages.providers.mailboxes import Found, Mailbox, NoMailbox, Position

log = structlog.get_logger("mail")

TOGETHER = 50  # emails a transaction: on SQLite, who sends waits for it
LONGEST = 240.0  # seconds that a mailbox is waited for: less than the lease
SILENT = (
    "The mailbox has not answered for {seconds:.0f} seconds; it is asked again. Is its server well?"
)
NOT_HANDED_OVER = "The mail server hangs as it hands it over, and only then; look at it there."
AWAY = (OperationalError, InterfaceError, InternalError, NoConnection, DatabaseUnusable)

Read = list[tuple[Found, Mail]]


class Collector:
    """Looks into one mailbox again and again."""

    def __init__(
        self,
        database: Database,
        mailbox: Mailbox,
        desk: Desk,
        owner: str,
        clock: Callable[[], datetime],
        *,
        longest: float = LONGEST,
    ) -> None:
        self._database = database
        self._mailbox = mailbox
        self._desk = desk
        self._owner = owner
        self._clock = clock
        self._longest = longest

    async def tick(self) -> None:
        """Take in everything that waits, if it is this process's turn."""
        await self.collect()

    async def collect(self) -> Counter[Kind]:
        """The same; return how many emails were what."""
        name, counted = self._mailbox.name, Counter[Kind]()
        turn = await self._database.write(mail_sources.begin, name, self._owner, now=self._clock())
        if turn is None:
            return counted
        trouble = ""
        try:
            counted = await self._collect(turn)
        except (NoMailbox, OSError) as error:
            trouble = str(error) if isinstance(error, NoMailbox) else _strange(error)
            log.warning("mail not collected", source=name, why=trouble)
        except Exception as error:
            trouble = _unexpected(error)
            raise
        finally:
            await self._end(name, trouble)
        if counted:
            log.info("mail", source=name, **{kind.value: many for kind, many in counted.items()})
        return counted

    async def _end(self, name: str, trouble: str) -> None:
        """Give the turn back first: where the process ends meanwhile, another need not wait for the lease."""
        try:
            await self._database.write(
                mail_sources.end, name, self._owner, trouble=trouble, now=self._clock()
            )
        finally:
            with suppress(NoMailbox, OSError):  # all that came is taken in
                await self._ask(self._mailbox.close)

    async def _ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the mailbox, and let go of it when it is silent, or nobody waits any more."""
        try:
            async with asyncio.timeout(self._longest):
                return await apart(partial(question, *args, **kwargs))
        except TimeoutError as error:
            self._mailbox.let_go()
            raise NoMailbox(SILENT.format(seconds=self._longest)) from error
        except asyncio.CancelledError:
            self._mailbox.let_go()
            raise

    async def _collect(self, turn: Row[MailSource]) -> Counter[Kind]:
        counted = Counter[Kind]()
        position = Position(turn.validity, turn.read_to)
        while True:
            found, after = await self._ask(self._mailbox.look, position, TOGETHER)
            kinds, taken = await self._hand_over(found)
            counted += kinds
            position = after
            still_ours = await self._database.write(
                mail_sources.reached,
                self._mailbox.name,
                self._owner,
                validity=after.validity,
                read_to=after.read_to,
                now=self._clock(),
            )
            await self._ask(self._mailbox.done, taken)
            if not found or not still_ours:
                return counted

    async def _hand_over(self, found: Sequence[Found]) -> tuple[Counter[Kind], list[str]]:
        """Take in some emails together; where one of them stands in the way of all, one by one. Also returns which."""
        read, unreadable = await asyncio.to_thread(_read, found, self._desk.authserv_id)
        for each, sentence in unreadable:
            await self._set_aside(each, sentence)
        try:
            return await self._take_in(read), [each.name for each, _ in read]
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - each is tried alone below, where it is told
            log.warning("mail not taken in together", emails=len(read), error=type(error).__name__)
        counted, taken = Counter[Kind](), []
        for one in read:
            kinds = await self._take_in_alone(one)
            counted += Counter({Kind.UNREADABLE: 1}) if kinds is None else kinds
            taken += [] if kinds is None else [one[0].name]
        return counted, taken

    async def _take_in(self, read: Read) -> Counter[Kind]:
        mails = [mail for _, mail in read]
        return await self._database.write(take_in, mails, self._desk, now=self._clock())

    async def _take_in_alone(self, one: tuple[Found, Mail]) -> Counter[Kind] | None:
        """What it was; None where it had to be set aside."""
        try:
            return await self._take_in([one])
        except AWAY:
            raise
        except Exception as error:
            log.exception("mail not taken in", error=type(error).__name__)
            await self._set_aside(one[0], not_taken_in(error))
            return None

    async def _set_aside(self, found: Found, sentence: str) -> None:
        """Put it aside first: a crash in between leaves it there, uncounted, rather than in the way."""
        await self._ask(self._mailbox.put_aside, [found.name])
        await self._database.write(
            mail_sources.note_set_aside, self._mailbox.name, sentence, now=self._clock()
        )


async def apart(question: Callable[[], T]) -> T:
    """Ask a mailbox in a thread of its own. Whoever ends the process waits for those of ``to_thread``, but not for this one."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[T] = loop.create_future()

    def tell(settle: Callable[[], None]) -> None:
        if not answered.done():
            settle()

    def ask() -> None:
        try:
            settle = partial(answered.set_result, question())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            settle = partial(answered.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed, and nobody listens
            loop.call_soon_threadsafe(tell, settle)

    Thread(target=ask, name="mailbox", daemon=True).start()
    return await answered


def _read(found: Sequence[Found], authserv_id: str) -> tuple[Read, list[tuple[Found, str]]]:
    read: Read = []
    unreadable = []
    for each in found:
        if each.raw is None:
            unreadable.append((each, NOT_HANDED_OVER))
            continue
        try:
            read.append((each, read_mail(each.raw, authserv_id=authserv_id)))
        except UnreadableMail as error:
            unreadable.append((each, str(error)))
    return read, unreadable


def not_taken_in(error: Exception) -> str:
    """Why an email was set aside that could be read, in a sentence."""
    return f"It could not be taken in ({type(error).__name__})."


def _unexpected(error: Exception) -> str:
    return (
        f"Mail could not be collected ({type(error).__name__}); it waits where it is, and is tried again."
        " Look at the log of this process."
    )


def _strange(error: OSError) -> str:
    return f"The mailbox cannot be used ({type(error).__name__}); look at the log of this process."
