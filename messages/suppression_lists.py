"""SendGrid's own lists held against ours, every night: nobody is written to whom it keeps our mail from.

A webhook may have been lost, or somebody have pressed a button at SendGrid. Whom it has and we do not is
refused here too, with its list as evidence. Who said yes to us again after that is told of instead: only
SendGrid can let mail through to them, and an organizer may have it asked to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import Connection, delete, func, select, update

from contacts import consent
from contacts.ledger import LIFTED, by_channel
from contacts.models import NETWORK, Address, Channel, Consent, Standing
from database.bulk import among
from database.clock import Clock
from database.engine import Database
from database.upserts import insert_or
from messages.calling_off import cancel_pending
from messages.providers.provider import Harm
from messages.providers.sendgrid_lists import LISTS, CouldNotList, Entry
from messages.reach_models import ListDifference, ListPull

log = structlog.get_logger("messages")

SOURCE = "provider_list"
NIGHT = timedelta(hours=8)  # after midnight UTC: nobody in the United States is at work
RETRY = timedelta(hours=1)
WHOLE = timedelta(days=7)  # then a list is read from its beginning again
OVERLAP = timedelta(hours=2)  # entries that were added while we read


class Lists(Protocol):
    """A provider's lists."""

    def pages(self, name: str, *, since: datetime | None) -> AsyncIterator[list[Entry]]:
        """A list's entries, all or those added since, in pages. Raises CouldNotList."""

    async def forget(self, name: str, address: str) -> None:
        """Have an address taken from a list. Raises CouldNotList."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A pull that is ours to do."""

    name: str
    since: datetime | None  # None = the whole list
    at: datetime


class Puller:
    """Reads the lists when their night has come, and has entries forgotten as people ask."""

    def __init__(self, database: Database, lists: Lists, clock: Clock) -> None:
        self._database = database
        self._lists = lists
        self._clock = clock

    async def tick(self) -> None:
        """Do what is due."""
        for name in LISTS:
            begun = await self._database.write(self._begin, name)
            if begun is not None:
                await self._pull(begun)
        for row in await self._database.read(_to_clear):
            await self._clear(row.name, row.address)

    async def _pull(self, begun: Begun) -> None:
        seen, added, back = 0, 0, set[str]()
        try:
            async for page in self._lists.pages(begun.name, since=begun.since):
                taken = await self._database.write(self._take, begun.name, page)
                seen, added = seen + len(page), added + taken.added
                back |= taken.back
        except CouldNotList as error:
            await self._database.write(fail, begun.name, str(error))
            log.warning("list not read", list=begun.name, sentence=str(error))
            return
        await self._database.write(end, begun, seen, added, back)
        log.info("list read", list=begun.name, seen=seen, added=added, differences=len(back))

    async def _clear(self, name: str, address: str) -> None:
        try:
            await self._lists.forget(name, address)
        except CouldNotList as error:
            await self._database.write(_clearing_failed, name, address, str(error))
        else:
            await self._database.write(_cleared, name, address)
            log.info("list entry forgotten", list=name)

    def _begin(self, conn: Connection, name: str) -> Begun | None:
        return begin(conn, name, now=self._clock(conn))

    def _take(self, conn: Connection, name: str, page: Sequence[Entry]) -> Taken:
        return take(conn, name, page, now=self._clock(conn))


def is_due(pulled_at: datetime | None, tried_at: datetime | None, *, now: datetime) -> bool:
    """Whether a list's night has come since it was read, and we have not tried within the hour."""
    if tried_at is not None and now - tried_at < RETRY:
        return False
    return pulled_at is None or (now - NIGHT).date() > (pulled_at - NIGHT).date()


def begin(conn: Connection, name: str, *, now: datetime) -> Begun | None:
    """Take a list on, unless it is not due or somebody else has just done so."""
    mine = select(ListPull).where(ListPull.name == name).with_for_update()
    row = conn.execute(mine).one_or_none()
    if row is None:
        blank = {"name": name, "tried_at": now, "seen": 0, "added": 0, "failed": ""}
        new = insert_or(conn, ListPull).values(blank).on_conflict_do_nothing()
        return Begun(name, None, now) if conn.execute(new).rowcount else None
    if not is_due(row.pulled_at, row.tried_at, now=now):
        return None
    conn.execute(update(ListPull).where(ListPull.name == name).values(tried_at=now))
    whole = row.full_at is None or row.pulled_at is None or now - row.full_at >= WHOLE
    return Begun(name, None if whole else row.pulled_at - OVERLAP, now)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a page."""

    added: int
    back: frozenset[str]  # who said yes to us again since


def take(conn: Connection, name: str, page: Sequence[Entry], *, now: datetime) -> Taken:
    """Refuse whom a page names and we do not; note who said yes again since. Of strangers nothing is kept."""
    harm = LISTS[name]
    if harm is None or not page:
        return Taken(0, frozenset())
    entries = {one.address: one for one in page}
    known = _ours(conn, list(entries))
    refused = consent.standings(conn, [(Channel.EMAIL, each) for each in known]).refused
    open_ = {each for each in known if (Channel.EMAIL, each) not in refused}
    again = _said_yes(conn, sorted(open_))
    back = {each for each in open_ if each in again and again[each] > entries[each].since}
    for address in sorted(open_ - back):
        _refuse(conn, name, entries[address], harm, now)
    for address in sorted(back):
        row = {"name": name, "channel": Channel.EMAIL, "address": address, "found_at": now}
        new = insert_or(conn, ListDifference).values(row | {"clearing_by": "", "failed": ""})
        conn.execute(new.on_conflict_do_nothing())
    return Taken(len(open_ - back), frozenset(back))


def _ours(conn: Connection, addresses: list[str]) -> set[str]:
    """Those of these addresses that are somebody's here."""
    found: set[str] = set()
    for channel, some in by_channel((Channel.EMAIL, each) for each in addresses):
        mine = select(Address.address).where(Address.channel == channel)
        found |= set(conn.scalars(mine.where(among(conn, Address.address, some))))
    return found


def _said_yes(conn: Connection, addresses: list[str]) -> dict[str, datetime]:
    """When each of these last said yes themselves: what a list reports of somebody is no such word."""
    found: dict[str, datetime] = {}
    for channel, some in by_channel((Channel.EMAIL, each) for each in addresses):
        lines = (
            select(Consent.address, func.max(Consent.at, type_=Consent.at.type))
            .where(Consent.channel == channel, among(conn, Consent.address, some))
            .where(Consent.standing == Standing.GRANTED.value)
            .where(Consent.source.not_in(["import", LIFTED]))
        )
        found |= dict(conn.execute(lines.group_by(Consent.address)).all())
    return found


def _refuse(conn: Connection, name: str, entry: Entry, harm: Harm, now: datetime) -> None:
    evidence = f"{name}, since {entry.since:%Y-%m-%d} {entry.code}".strip()
    standing = Standing(harm.value)
    consent.refuse(
        conn,
        Channel.EMAIL,
        entry.address,
        standing=standing,
        scope=NETWORK,
        source=SOURCE,
        evidence=evidence,
        actor="provider",
        now=now,
    )
    cancel_pending(conn, channel=Channel.EMAIL, address=entry.address, reason=standing, now=now)


def end(conn: Connection, begun: Begun, seen: int, added: int, back: set[str]) -> None:
    """A list was read to its end; after all of it, differences that are no more are gone."""
    values = {"pulled_at": begun.at, "seen": seen, "added": added, "failed": ""}
    if begun.since is None:
        values["full_at"] = begun.at
        rows = select(ListDifference.address).where(ListDifference.name == begun.name)
        for address in set(conn.scalars(rows)) - back:
            _cleared(conn, begun.name, address)
    conn.execute(update(ListPull).where(ListPull.name == begun.name).values(values))


def fail(conn: Connection, name: str, sentence: str) -> None:
    """Keep why a list could not be read."""
    conn.execute(update(ListPull).where(ListPull.name == name).values(failed=sentence))


def ask_to_clear(conn: Connection, name: str, address: str, *, by: str) -> bool:
    """Have the provider forget somebody who said yes again; whether that is so of this address."""
    mine = (ListDifference.name == name, ListDifference.address == address)
    asked = update(ListDifference).where(*mine).values(clearing_by=by, failed="")
    return bool(conn.execute(asked).rowcount)


def ask_to_clear_all(conn: Connection, address: str, *, by: str) -> None:
    """The same of every list that keeps our mail from an address."""
    mine = select(ListDifference.name).where(ListDifference.address == address)
    for name in list(conn.scalars(mine)):
        ask_to_clear(conn, name, address, by=by)


def _to_clear(conn: Connection) -> list[ListDifference]:
    asked = (ListDifference.clearing_by != "", ListDifference.failed == "")
    return list(conn.execute(select(ListDifference).where(*asked)).all())  # type: ignore[arg-type]


def _cleared(conn: Connection, name: str, address: str) -> None:
    mine = (ListDifference.name == name, ListDifference.address == address)
    conn.execute(delete(ListDifference).where(*mine))


def _clearing_failed(conn: Connection, name: str, address: str, sentence: str) -> None:
    mine = (ListDifference.name == name, ListDifference.address == address)
    conn.execute(update(ListDifference).where(*mine).values(failed=sentence))


def pulls(conn: Connection) -> Mapping[str, ListPull]:
    """How the last try with each list went."""
    return {row.name: row for row in conn.execute(select(ListPull))}  # type: ignore[misc]


def differences(conn: Connection) -> Sequence[ListDifference]:
    """Who said yes again and is still on a list there."""
    ordered = select(ListDifference).order_by(ListDifference.found_at, ListDifference.address)
    return conn.execute(ordered).all()  # type: ignore[return-value]
