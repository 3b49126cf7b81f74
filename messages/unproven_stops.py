"""Opt-outs by emails that nobody vouches for: they hold at once, and their owners can undo them for a week.

Anybody can write an email in anybody's name. To ignore a "stop" would be worse than to believe a forged one, so it
counts. But its owner is told, in one email with a button; and whoever runs the network, where many come within
an hour: a committee must not be silenced by a list of addresses and a loop. What is proven later, by a token of
ours or by the owner's own button, cannot be undone by anybody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, delete, insert, select, update
from sqlalchemy.orm import aliased

from contacts import consent
from contacts.ledger import UNDONE, hold
from contacts.models import Consent
from messages.reach_models import UnprovenStop

MANY = 10  # within HOUR: more than happens by itself
HOUR = timedelta(hours=1)
UNDO = timedelta(days=7)
FORGOTTEN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wave:
    """Opt-outs that came from one network address while many came."""

    id: int  # of the last of them
    origin: str  # "" = nobody noted where it came from
    count: int
    first: datetime
    last: datetime


class _Stop(NamedTuple):
    id: int
    consent_id: int
    origin: str
    at: datetime
    settled_at: datetime | None
    again: bool  # after another of the same address was undone, of which its owner gets no second letter


def note(conn: Connection, consent_id: int, *, origin: str, now: datetime) -> None:
    """Note that an opt-out, a line of the ledger, is not proven."""
    row = {"consent_id": consent_id, "origin": origin, "at": now, "settled_by": ""}
    conn.execute(insert(UnprovenStop).values(row))


def waits(conn: Connection, channel: str, address: str, *, now: datetime) -> bool:
    """Whether an opt-out of this address may still be undone."""
    return bool(_open_of(conn, channel, address, now))


def prove(conn: Connection, channel: str, address: str, *, by: str, now: datetime) -> None:
    """It was their own word: nobody undoes it any more, nor is about to; what stands is held until we commit."""
    hold(conn, channel, address)
    _settle(conn, [each.id for each in _open_of(conn, channel, address, now)], by, now)


def undo(conn: Connection, channel: str, address: str, *, by: str, now: datetime) -> bool:
    """It was not their word: what held before holds again. False where they are still off, or nothing was to be undone."""
    hold(conn, channel, address)
    return _undo(conn, _open_of(conn, channel, address, now), by, now)


def _undo(conn: Connection, rows: Sequence[_Stop], by: str, now: datetime) -> bool:
    if not rows:
        return False
    evidence = "not the owner's word: the email that asked for it was from somebody else"
    lines = [each.consent_id for each in rows]
    _settle(conn, [each.id for each in rows], by, now)
    return consent.take_back(conn, lines, source=UNDONE, evidence=evidence, actor=by, now=now)


def waves(conn: Connection, *, now: datetime) -> list[Wave]:
    """Where many opt-outs of an hour came from that nobody has decided about; the most first.

    So is one after an undone one, however few they are: its owner may have had the letter of the week.
    """
    by_origin: dict[str, list[_Stop]] = defaultdict(list)
    for each in _crowded(conn, now):
        by_origin[each.origin].append(each)
    found = [
        Wave(those[-1].id, origin, len(those), those[0].at, max(each.at for each in those))
        for origin, those in by_origin.items()
    ]
    return sorted(found, key=lambda wave: (-wave.count, wave.origin))


def undo_wave(conn: Connection, stop_id: int, *, by: str, now: datetime) -> int:
    """Undo those of a wave up to the one it was shown with; return how many people are back.

    What came while somebody looked stays for the next look.
    """
    told = _crowded(conn, now)
    origin = next((each.origin for each in told if each.id == stop_id), None)
    shown = {each.consent_id for each in told if each.origin == origin and each.id <= stop_id}
    pairs = select(Consent.channel, Consent.address).where(Consent.id.in_(shown)).distinct()
    back = 0
    for channel, address in sorted(conn.execute(pairs).all()):
        hold(conn, channel, address)
        still = _open_of(conn, channel, address, now)  # what its owner has not answered meanwhile
        back += _undo(conn, [each for each in still if each.consent_id in shown], by, now)
    return back


def forget(conn: Connection, *, now: datetime) -> int:
    """Forget where old ones came from; the opt-outs themselves stay."""
    old = delete(UnprovenStop).where(UnprovenStop.at < now - FORGOTTEN)
    return conn.execute(old).rowcount


@cache
def _kept() -> Select[int, int, str, datetime, datetime | None, bool]:
    """Those since ``since``, in the order in which they came."""
    mine, undone = aliased(Consent), aliased(Consent)
    again = (
        select(undone.id)
        .join(mine, and_(mine.channel == undone.channel, mine.address == undone.address))
        .where(mine.id == UnprovenStop.consent_id, undone.id < mine.id)
        .where(undone.source == UNDONE, undone.at > bindparam("since"))
        .correlate(UnprovenStop)
    )
    columns = (UnprovenStop.id, UnprovenStop.consent_id, UnprovenStop.origin, UnprovenStop.at)
    kept = select(*columns, UnprovenStop.settled_at, again.exists())
    return kept.where(UnprovenStop.at > bindparam("since")).order_by(UnprovenStop.id)


def _open_of(conn: Connection, channel: str, address: str, now: datetime) -> list[_Stop]:
    mine = _kept().join(Consent, Consent.id == UnprovenStop.consent_id)
    theirs = mine.where(Consent.channel == channel, Consent.address == address)
    still = theirs.where(UnprovenStop.settled_at.is_(None))
    return [_Stop(*row) for row in conn.execute(still, {"since": now - UNDO})]


def _crowded(conn: Connection, now: datetime) -> list[_Stop]:
    """Those nobody has decided about that came again, or within an hour in which many did, whatever became of them."""
    rows = [_Stop(*row) for row in conn.execute(_kept(), {"since": now - UNDO})]
    in_time = sorted(rows, key=lambda each: each.at)
    told = {each.id for each in rows if each.again}
    first = 0
    for last, each in enumerate(in_time):
        while each.at - in_time[first].at > HOUR:
            first += 1
        if last - first + 1 >= MANY:
            told |= {one.id for one in in_time[first : last + 1]}
    return [each for each in rows if each.id in told and each.settled_at is None]


def _settle(conn: Connection, ids: Collection[int], by: str, now: datetime) -> None:
    if ids:
        mine = update(UnprovenStop).where(UnprovenStop.id.in_(list(ids)))
        conn.execute(mine.values(settled_at=now, settled_by=by))
