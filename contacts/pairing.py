"""Whether the email and the phone of one form are one person's: each owner has to say so of the other.

Anybody can type somebody else's address beside their own, and whoever is joined to another's record reads in
it. So a form's two addresses are two contacts until both owners have said that they are one. An owner is asked
about the other address masked, whether it is on file or not, and whether it has answered or not: they learn
no more of it than the form told.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.orm import aliased

from contacts.addresses import veiled
from contacts.models import Channel, SignUp
from contacts.people import contacts_at

ASKED_FOR = timedelta(days=7)  # since the form was sent; after that they stay two


@dataclass(frozen=True)
class Agreed:
    """Two contacts whose owners have both said that they are one person."""

    pair: str
    by_phone: int  # whose the phone of the form is
    by_email: int  # whose its email is


def new_pair(addresses: Mapping[str, str]) -> str | None:
    """What the addresses of one form will have in common; None for a single one."""
    return secrets.token_hex(16) if len(addresses) > 1 else None


def beside(addresses: Mapping[str, str], channel: str) -> str:
    """The other address of a form, masked."""
    return next((veiled(each) for other, each in addresses.items() if other != channel), "")


def doubt(conn: Connection, rows: Sequence[Row[Any]], addresses: Mapping[str, str]) -> None:
    """Take a form's two addresses for two people's where another form has one of them, and not the other.

    The owner's yes would be to either: whoever typed their address first must not be taken for them.
    """
    for row in rows:
        if row.pair and not _same_pair(conn, row, addresses):
            settle(conn, row.pair)


def say_one(conn: Connection, rows: Sequence[Row[Any]]) -> None:
    """Note that the owner of these sign-ups' address says the address beside it is theirs as well.

    Of an address that several people here share, nobody can tell whose word it is: there they stay two.
    """
    for row in rows:
        if row.address and len(contacts_at(conn, row.channel, row.address)) > 1:
            say_two(conn, [row])
        paired = (SignUp.id == row.id, SignUp.pair.is_not(None))
        conn.execute(update(SignUp).where(*paired).values(one_person=True))


def say_two(conn: Connection, rows: Sequence[Row[Any]]) -> None:
    """Note that they say it is not."""
    for row in rows:
        if row.pair:
            settle(conn, row.pair)


def still_open(
    conn: Connection, contact_id: int | None, channel: str, project_id: int | None, *, now: datetime
) -> list[Row[Any]]:
    """The confirmed sign-up of a contact's address of which they have not yet said whose the other is."""
    mine = (SignUp.contact_id == contact_id, SignUp.channel == channel)
    found = select(SignUp.__table__).where(*mine, SignUp.project_id == project_id)
    waits = (SignUp.confirmed_at.is_not(None), SignUp.pair.is_not(None), ~SignUp.one_person)
    return list(conn.execute(found.where(*waits, SignUp.created_at > now - ASKED_FOR)))


def agreed(conn: Connection) -> list[Agreed]:
    """Those who are to become one contact, in the order in which they signed up."""
    text, email = aliased(SignUp), aliased(SignUp)
    both = (text.one_person, email.one_person, text.contact_id.is_not(None))
    columns: list[Any] = [text.pair, text.contact_id, email.contact_id]
    found = (
        select(*columns)
        .join(email, email.pair == text.pair)
        .where(text.channel == Channel.SMS, email.channel == Channel.EMAIL, *both)
        .where(text.confirmed_at.is_not(None), email.confirmed_at.is_not(None))
        .where(email.contact_id.is_not(None))
        .order_by(text.id)
    )
    return [Agreed(*row) for row in conn.execute(found)]


def settle(conn: Connection, pair: str | None) -> None:
    """Ask no more about a form: its two are one, or will never be."""
    conn.execute(update(SignUp).where(SignUp.pair == pair).values(**_SETTLED))


def forget(conn: Connection, *, now: datetime) -> None:
    """Let go of what was asked for a week and not said by both."""
    old = (SignUp.pair.is_not(None), SignUp.created_at <= now - ASKED_FOR)
    waits = SignUp.pair.not_in([each.pair for each in agreed(conn)])
    conn.execute(update(SignUp).where(*old, waits).values(**_SETTLED))


def _same_pair(conn: Connection, row: Row[Any], addresses: Mapping[str, str]) -> bool:
    other = select(SignUp.channel, SignUp.address).where(SignUp.pair == row.pair)
    found = conn.execute(other.where(SignUp.id != row.id)).one_or_none()
    return found is not None and addresses.get(found.channel) == found.address


_SETTLED = {"pair": None, "beside": "", "one_person": False}
