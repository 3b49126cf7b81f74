"""Whether an address belongs to somebody who asked to be erased: known again by a keyed hash, not kept.

The key is a secret of this installation. Without it the hashes tell nothing; whoever holds the whole
database holds the key as well, and can try numbers against them one by one. A consent can therefore not
come back by a list, a form or a program (``contacts.consent`` asks here), and the address itself is not
stored again; only its owner's own yes, from that address, opens it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, exists, select

from contacts.ledger import Pair, by_channel
from contacts.models import NETWORK, SuppressedHash
from database.bulk import among
from database.models import Secret
from database.opening import secret
from database.upserts import insert_or

SECRET = "suppression"  # noqa: S105 - its name


class AskedToBeErased(ValueError):
    """This address belongs to somebody who asked to be erased. Only they can sign up again, by writing to us."""


def recognised(conn: Connection, pairs: Iterable[Pair]) -> dict[Pair, datetime]:
    """Of these addresses, spelt as we spell them, those whose owners were erased, and when."""
    if not conn.scalar(select(exists(select(SuppressedHash.hash)))):
        return {}
    key = conn.scalar(select(Secret.value).where(Secret.name == SECRET)) or ""
    found: dict[Pair, datetime] = {}
    for channel, addresses in by_channel(set(pairs)):
        hashes = {_hash(key, channel, address): address for address in addresses}
        rows = conn.execute(
            select(SuppressedHash.hash, SuppressedHash.since).where(
                SuppressedHash.channel == channel, among(conn, SuppressedHash.hash, hashes)
            )
        )
        found.update({(channel, hashes[row.hash]): row.since for row in rows})
    return found


def require_none_erased(conn: Connection, pairs: Iterable[Pair]) -> None:
    """Raise AskedToBeErased if one of these addresses is recognised."""
    if recognised(conn, pairs):
        raise AskedToBeErased(AskedToBeErased.__doc__)


def remember(conn: Connection, pairs: Iterable[Pair], now: datetime) -> None:
    """Keep the hashes of addresses that are erased in the same transaction."""
    key = secret(conn, SECRET)
    rows = [
        {"channel": channel, "hash": _hash(key, channel, address), "scope": NETWORK, "since": now}
        for channel, address in sorted(set(pairs))
    ]
    if rows:
        conn.execute(insert_or(conn, SuppressedHash).on_conflict_do_nothing(), rows)


def forget(conn: Connection, pair: Pair) -> None:
    """The owner of an address has said yes again, from it: it is like any other from now on."""
    if not recognised(conn, [pair]):
        return
    channel, address = pair
    own = _hash(secret(conn, SECRET), channel, address)
    conn.execute(delete(SuppressedHash).filter_by(channel=channel, hash=own))


def _hash(key: str, channel: str, address: str) -> str:
    return hmac.new(key.encode(), f"{channel} {address}".encode(), hashlib.sha256).hexdigest()
