"""The rows behind people's word: lines of the ledger, and the standings that follow from them.

``contacts.consent`` decides; this module only knows how a decision is written down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError

from contacts.models import AddressStanding, Consent, Standing
from database.bulk import LEAVE, insert_many
from database.upserts import insert_or

# From the mildest to the strictest; where several hold, the strictest is the reason we name.
STRICTNESS: tuple[Standing, ...] = (
    Standing.GRANTED,
    Standing.BLOCKED,
    Standing.NOT_TEXTABLE,
    Standing.BOUNCED,
    Standing.REVIEW,
    Standing.COMPLAINED,
    Standing.OPTED_OUT,
)
LIFTED = "lifted"  # the source of a line that ends what a rule of ours had refused
READ = "review"  # the source of a line that settles a doubt: a person has read what was written
UNDONE = "stop_undone"  # the source of a line that takes back an opt-out by somebody else
SLICE = 5000  # addresses per statement

Pair = tuple[str, str]  # channel and address
Key = tuple[str, str, str]  # channel, address and scope


@dataclass(frozen=True)
class Evidence:
    """Where a line of the ledger comes from: in which words, and who recorded it."""

    source: str
    evidence: str
    actor: str
    import_id: int | None = None
    wording: str = ""  # the hash of a ConsentWording, where one was agreed to


def outcome(ledger: Iterable[Standing]) -> Standing | None:
    """What a scope's ledger, oldest line first, comes to, doubts that await a person left aside."""
    held: Standing | None = None
    for said in ledger:
        if said is Standing.WITHDRAWN:
            held = None
        elif said is Standing.GRANTED:
            held = said
        elif said is not Standing.REVIEW:
            held = max(held or said, said, key=STRICTNESS.index)
    return held


def in_doubt(ledger: Iterable[tuple[Standing, str]]) -> bool:
    """Whether a scope's ledger, standings and their sources, ends with a doubt that awaits a person.

    A person's reading ends it, and their own yes; what only says again what held before does not.
    """
    doubted = False
    for said, source in ledger:
        if source == READ or (said is Standing.GRANTED and source not in (LIFTED, UNDONE)):
            doubted = False
        elif said is Standing.REVIEW:
            doubted = True
    return doubted


def milder_than(standing: Standing) -> Sequence[Standing]:
    """What this standing replaces."""
    return STRICTNESS[: STRICTNESS.index(standing)]


def put(
    conn: Connection,
    key: Key,
    standing: Standing,
    now: datetime,
    *,
    over: Sequence[Standing] | None = None,
) -> None:
    """Set a standing; with ``over``, only where none stands or one of those does."""
    conn.execute(
        insert_or(conn, AddressStanding)
        .values({**_names(key), "standing": standing.value, "since": now})
        .on_conflict_do_update(**_replacing(standing, now, over))
    )


def put_many(
    conn: Connection,
    keys: Sequence[Key],
    standing: Standing,
    now: datetime,
    *,
    over: Sequence[Standing],
) -> None:
    """Set one standing for many addresses, where none stands or one of those in ``over``."""
    milder = ", ".join(f"'{each.value}'" for each in over)
    insert_many(
        conn,
        AddressStanding.__table__,
        ["channel", "address", "scope"],
        keys,
        shared={"standing": standing.value, "since": now},
        on_conflict="ON CONFLICT (channel, address, scope) DO UPDATE"
        " SET standing = excluded.standing, since = excluded.since"
        f" WHERE address_standings.standing IN ({milder})",
    )


def _replacing(
    standing: Standing, now: datetime, over: Sequence[Standing] | None
) -> dict[str, Any]:
    """A conflict with what stands: it is replaced, with ``over`` only if it is one of those."""
    allowed = None if over is None else AddressStanding.standing.in_([each.value for each in over])
    return {
        "index_elements": ["channel", "address", "scope"],
        "set_": {"standing": standing.value, "since": now},
        "where": allowed,
    }


def hold(conn: Connection, channel: str, address: str) -> None:
    """Keep what stands for an address from whoever would change it, until we commit.

    Whoever adds to its ledger sets what follows in the same transaction: they have committed, and are read, or come
    after us.
    """
    mine = select(AddressStanding.scope).filter_by(channel=channel, address=address)
    conn.execute(mine.order_by(AddressStanding.scope).with_for_update()).all()


def drop(conn: Connection, key: Key, standing: Standing) -> None:
    conn.execute(
        delete(AddressStanding)
        .filter_by(**_names(key))
        .where(AddressStanding.standing == standing.value)
    )


def ledger(conn: Connection, key: Key) -> list[Standing]:
    lines = select(Consent.standing).filter_by(**_names(key)).order_by(Consent.id)
    return [Standing(line) for line in conn.scalars(lines)]


def by_channel(pairs: Iterable[Pair]) -> list[tuple[str, list[str]]]:
    """Addresses of each channel in their order, in slices of a size that a statement likes."""
    found: dict[str, list[str]] = defaultdict(list)
    for channel, address in pairs:
        found[channel].append(address)
    slices = []
    for channel, addresses in sorted(found.items()):
        addresses.sort()
        slices += [
            (channel, addresses[start : start + SLICE]) for start in range(0, len(addresses), SLICE)
        ]
    return slices


def note_many(
    conn: Connection,
    pairs: Sequence[Pair],
    scope: str,
    standing: Standing,
    said: Evidence,
    now: datetime,
) -> None:
    """Write a line of the ledger for each of many addresses, in this order."""
    shared = {"scope": scope, "standing": standing.value, "at": now, **vars(said)}
    insert_many(conn, Consent.__table__, ["channel", "address"], pairs, shared=shared)


def grant_many(conn: Connection, pairs: Sequence[Pair], scope: str, now: datetime) -> None:
    """Let a consent stand for each of many addresses, of which the caller has just seen none stand.

    Where one stands by now, it stays.
    """
    shared = {"scope": scope, "standing": Standing.GRANTED.value, "since": now}
    written = conn, AddressStanding.__table__, ["channel", "address"], pairs
    try:
        with conn.begin_nested():
            insert_many(
                *written, shared=shared
            )  # twice as fast on PostgreSQL as minding what is there
    except IntegrityError:
        insert_many(*written, shared=shared, on_conflict=LEAVE)


def in_order(pairs: Iterable[Pair]) -> list[Pair]:
    """In the order of the indexes, whose pages are then written one after the other."""
    slices = by_channel(pairs)
    return [(channel, address) for channel, addresses in slices for address in addresses]


def line(key: Key, standing: Standing, said: Evidence, now: datetime) -> dict[str, Any]:
    """One line of the ledger."""
    return {**_names(key), "standing": standing.value, "at": now, **vars(said)}


def _names(key: Key) -> dict[str, str]:
    channel, address, scope = key
    return {"channel": channel, "address": address, "scope": scope}
