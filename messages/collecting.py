"""Collects mail from a Maildir or an IMAP folder, one process at a time, and hands it to the mailroom.

An email is done at its source only after the commit that took it in. What happens in between is repeated,
and a copy of what is known does nothing. What cannot be read, or taken in, is set aside with a sentence for the
operator: it is neither lost nor tried for ever. While the database is away, everything waits where it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from database.engine import Database, DatabaseUnusable
from messages import mail_sources
from messages.mail_models import MailSource
from messages.mailroom import Desk, Kind, take_in
from messages.providers.mail_reading import Mail, UnreadableMail, read_mail
from messages.providers.mailboxes import Found, Mailbox, NoMailbox, Position

log = structlog.get_logger("mail")

TOGETHER = 50  # emails a transaction: on SQLite, who sends waits for it
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
    ) -> None:
        self._database = database
        self._mailbox = mailbox
        self._desk = desk
        self._owner = owner
        self._clock = clock

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
            await asyncio.to_thread(self._mailbox.close)
            await self._database.write(
                mail_sources.end, name, self._owner, trouble=trouble, now=self._clock()
            )
        if counted:
            log.info("mail", source=name, **{kind.value: many for kind, many in counted.items()})
        return counted

    async def _collect(self, turn: Row[MailSource]) -> Counter[Kind]:
        counted = Counter[Kind]()
        position = Position(turn.validity, turn.read_to)
        while True:
            found, after = await asyncio.to_thread(self._mailbox.look, position, TOGETHER)
            counted += await self._hand_over(found)
            position = after
            still_ours = await self._database.write(
                mail_sources.reached,
                self._mailbox.name,
                self._owner,
                validity=after.validity,
                read_to=after.read_to,
                now=self._clock(),
            )
            if not found or not still_ours:
                return counted

    async def _hand_over(self, found: Sequence[Found]) -> Counter[Kind]:
        """Take in some emails together; where one of them stands in the way of all, one by one."""
        read, unreadable = await asyncio.to_thread(_read, found, self._desk.authserv_id)
        for each, sentence in unreadable:
            await self._set_aside(each, sentence)
        try:
            return await self._take_in(read)
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - each is tried alone below, where it is told
            log.warning("mail not taken in together", emails=len(read), error=type(error).__name__)
        counted = Counter[Kind]()
        for one in read:
            counted += await self._take_in_alone(one)
        return counted

    async def _take_in(self, read: Read) -> Counter[Kind]:
        mails = [mail for _, mail in read]
        counted = await self._database.write(take_in, mails, self._desk, now=self._clock())
        await asyncio.to_thread(self._mailbox.done, [found.name for found, _ in read])
        return counted

    async def _take_in_alone(self, one: tuple[Found, Mail]) -> Counter[Kind]:
        try:
            return await self._take_in([one])
        except AWAY:
            raise
        except Exception as error:
            log.exception("mail not taken in", error=type(error).__name__)
            await self._set_aside(one[0], not_taken_in(error))
            return Counter({Kind.UNREADABLE: 1})

    async def _set_aside(self, found: Found, sentence: str) -> None:
        """Put it aside first: a crash in between leaves it there, uncounted, rather than in the way."""
        await asyncio.to_thread(self._mailbox.put_aside, [found.name])
        await self._database.write(
            mail_sources.note_set_aside, self._mailbox.name, sentence, now=self._clock()
        )


def _read(found: Sequence[Found], authserv_id: str) -> tuple[Read, list[tuple[Found, str]]]:
    read: Read = []
    unreadable = []
    for each in found:
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
