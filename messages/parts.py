"""Into which part of an audience does somebody fall? Drawn by lot, fixed for each salt, alike on both databases.

Whoever joins later falls where they would have fallen before; and people who share a mailbox fall together, for
the lot is that of the first of them. The lot is arithmetic that every database can do: a linear map over a prime, and
two squarings, with numbers that come of the salt. Linear maps alone would not do: people who were entered one
after the other would get lots that tell of each other. Each product fits in 64 bits.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from sqlalchemy import BigInteger, ColumnElement, and_, func, literal, select
from sqlalchemy.orm import aliased

from contacts.models import Address, Channel, Contact

WHOLE = 1000  # an audience has so many parts: per mille
PRIME = 2_147_483_647
SQUARINGS = 2
SALT_BITS = 48

Parts = Sequence[int]  # (salt, from, to): whose lot is at least ``from`` and less than ``to``


def new_salt() -> int:
    """A salt that nobody can foresee."""
    return secrets.randbits(SALT_BITS)


def lot(salt: int, contact_id: int) -> int:
    """The lot, 0 to 999, of somebody who shares their mailbox with nobody before them."""
    factor, *added = _numbers(salt)
    value = (contact_id * factor + added[0]) % PRIME
    for more in added[1:]:
        value = (value * value + more) % PRIME
    return value % WHOLE


def drawn(salt: int, person: type[Contact] = Contact) -> ColumnElement[int]:
    """The same as SQL, of the first who has this person's mailbox."""
    mine, theirs = aliased(Address), aliased(Address)
    same = and_(
        theirs.channel == mine.channel, theirs.address == mine.address, theirs.rank == mine.rank
    )
    factor, *added = map(_big, _numbers(salt))
    value: ColumnElement[int] = func.coalesce(func.min(theirs.contact_id), person.id)
    value = (value * factor + added[0]) % _big(PRIME)
    for more in added[1:]:
        value = (value * value + more) % _big(PRIME)
    # Reckoned inside, where the first is looked for once, however often it is named.
    return (
        select(value % _big(WHOLE))
        .select_from(mine)
        .join(theirs, same)
        .where(mine.contact_id == person.id, mine.channel == Channel.EMAIL, mine.rank == 0)
        .correlate(person)
        .scalar_subquery()
    )


def within(parts: Parts, person: type[Contact] = Contact) -> ColumnElement[bool]:
    """That a person's lot is in a part."""
    salt, start, stop = parts
    return drawn(salt, person).between(start, stop - 1)


@lru_cache(maxsize=256)
def _numbers(salt: int) -> tuple[int, ...]:
    """The factor, and what is added after it and after each squaring."""
    size = 8 * (2 + SQUARINGS)
    digest = blake2b(salt.to_bytes(8, "big"), digest_size=size, person=b"parts").digest()
    factor, *added = (int.from_bytes(digest[at : at + 8], "big") for at in range(0, size, 8))
    return (1 + factor % (PRIME - 1), *(each % PRIME for each in added))


def _big(value: int) -> ColumnElement[int]:
    return literal(value, BigInteger)
