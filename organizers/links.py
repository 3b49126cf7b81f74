"""Links that open the door once: invitations, and the way to a new password.

Their tokens are 256 random bits, of which we keep the SHA-256. An invitation says in its row what its
guest will be: nothing in the link, or in the form behind it, can ask for more.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from database.tables import folded
from organizers import attempts, sessions
from organizers.access import OrganizerExists, add_organizer
from organizers.models import DoorLink, Organizer
from organizers.roles import NETWORKS, Grant, Role, Within, as_key, owned

INVITATION_HOURS = 24
RESET_HOURS = 1
RESETS_ACCOUNT = 3  # letters to one address in a quarter of an hour
RESETS_ADDRESS = 10


class Purpose(StrEnum):
    """What a link is for."""

    INVITATION = "invitation"
    RESET = "reset"


LASTS = {
    Purpose.INVITATION: timedelta(hours=INVITATION_HOURS),
    Purpose.RESET: timedelta(hours=RESET_HOURS),
}


class BadLink(Exception):
    """This link has been used, or is too old. Ask for a new one."""


@dataclass(frozen=True)
class Guest:
    """Somebody who was invited and has not come yet."""

    id: int
    name: str
    email: str
    project: int  # NETWORKS: the office
    grant: Grant
    expires_at: datetime
    language: str = ""


@dataclass(frozen=True)
class Letter:
    """A link to a new password that is to be sent to its organizer."""

    link_id: int
    email: str
    name: str
    language: str


def invite(
    conn: Connection,
    *,
    name: str,
    email: str,
    language: str,
    project: int,
    grant: Grant,
    by: str,
    now: datetime,
) -> tuple[int, str]:
    """Invite somebody to a role in a project; return the invitation's number and its link's token, shown only now.

    An earlier invitation of the same address to the same project is void. Raises OrganizerExists.
    """
    if conn.scalar(select(Organizer.id).where(Organizer.email == folded(email))):
        raise OrganizerExists("There is an organizer with this address already: give them a role.")
    conn.execute(
        delete(DoorLink).where(
            DoorLink.purpose == Purpose.INVITATION,
            DoorLink.email == folded(email),
            DoorLink.project_id.is_not_distinct_from(project or None),
            DoorLink.used_at.is_(None),
        )
    )
    values = {
        "name": name,
        "email": folded(email),
        "language": language,
        "project_id": project or None,
        "role": grant.role,
        "exports": grant.exports,
        "created_by": by,
    }
    link_id = _insert(conn, Purpose.INVITATION, now, **values)
    return link_id, issue(conn, link_id)


def guests(conn: Connection, within: Within, now: datetime) -> list[Guest]:
    """Those who were invited to these projects and may still come, the latest first."""
    rows = conn.execute(_guests(as_key(within)), {"now": now})
    return [
        Guest(
            id=row.id,
            name=row.name,
            email=row.email,
            project=row.project_id or NETWORKS,
            grant=_grant(row),
            expires_at=row.expires_at,
            language=row.language,
        )
        for row in rows
    ]


@lru_cache
def _guests(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    open_ones = (
        DoorLink.purpose == Purpose.INVITATION,
        DoorLink.used_at.is_(None),
        DoorLink.expires_at > bindparam("now"),
        owned(DoorLink.project_id, within),
    )
    return select(DoorLink).where(*open_ones).order_by(DoorLink.id.desc())


def revoke(conn: Connection, link_id: int) -> None:
    """Take an invitation back; harmless when it was used."""
    conn.execute(delete(DoorLink).where(DoorLink.id == link_id, DoorLink.used_at.is_(None)))


def look(
    conn: Connection, token: str, purpose: Purpose, now: datetime, *, using: bool = False
) -> Row[Any]:
    """The link that a token opens; kept from everybody else by who is ``using`` it. Raises BadLink."""
    good = select(DoorLink).where(
        DoorLink.token_hash == _sha256(token),
        DoorLink.purpose == purpose,
        DoorLink.used_at.is_(None),
        DoorLink.expires_at > now,
    )
    found = conn.execute(good.with_for_update() if using else good).one_or_none()
    if found is None:
        raise BadLink(BadLink.__doc__)
    return found


def accept(conn: Connection, token: str, *, name: str, password_hash: str, now: datetime) -> int:
    """Become an organizer by an invitation; return the new number. Raises BadLink, OrganizerExists."""
    link = look(conn, token, Purpose.INVITATION, now, using=True)
    organizer_id = add_organizer(
        conn,
        name=" ".join(name.split()) or link.name,
        email=link.email,
        password_hash=password_hash,
        language=link.language,
        grants={link.project_id or NETWORKS: _grant(link)},
        now=now,
    )
    _use(conn, link.id, now)
    return organizer_id


def ask_reset(conn: Connection, email: str, address_hash: str, now: datetime) -> None:
    """Note that somebody wants a new password. What is written is the same whether they exist.

    The letter is written later, by whoever calls ``letters``. Raises TooManyAttempts.
    """
    limits = {
        f"reset {folded(email)}": RESETS_ACCOUNT,
        f"reset from {address_hash}": RESETS_ADDRESS,
    }
    attempts.count(conn, limits, now)
    known = conn.scalar(
        select(Organizer.id).where(
            Organizer.email == folded(email), Organizer.disabled_at.is_(None)
        )
    )
    _insert(conn, Purpose.RESET, now, organizer_id=known, created_by="sign-in page")


def make_reset(conn: Connection, organizer_id: int, *, by: str, now: datetime) -> str:
    """A link to a new password, to hand to its organizer in person; return its token."""
    values = {"organizer_id": organizer_id, "created_by": by}
    return issue(conn, _insert(conn, Purpose.RESET, now, **values))


def any_waiting(conn: Connection) -> bool:
    """Whether a letter is to be written."""
    waiting = (DoorLink.purpose == Purpose.RESET, DoorLink.token_hash.is_(None))
    return conn.execute(select(DoorLink.id).where(*waiting).limit(1)).first() is not None


def letters(conn: Connection, now: datetime) -> list[Letter]:
    """Links to new passwords that were asked for and not written yet. Forgets what is over."""
    conn.execute(delete(DoorLink).where(DoorLink.expires_at <= now))
    waiting = (DoorLink.purpose == Purpose.RESET, DoorLink.token_hash.is_(None))
    conn.execute(delete(DoorLink).where(*waiting, DoorLink.organizer_id.is_(None)))
    rows = conn.execute(
        select(DoorLink.id, Organizer.email, Organizer.name, Organizer.language)
        .join(Organizer, Organizer.id == DoorLink.organizer_id)
        .where(*waiting)
        .order_by(DoorLink.id)
        .with_for_update(of=DoorLink)
    )
    return [Letter(*row) for row in rows]


def issue(conn: Connection, link_id: int) -> str:
    """Give a link its token; only now can it be told."""
    token = secrets.token_urlsafe(32)
    conn.execute(update(DoorLink).where(DoorLink.id == link_id).values(token_hash=_sha256(token)))
    return token


def reset(conn: Connection, token: str, password_hash: str, now: datetime) -> int:
    """Set a new password by a link; end every session; return whose it was. Raises BadLink."""
    link = look(conn, token, Purpose.RESET, now, using=True)
    change_password(conn, link.organizer_id, password_hash)
    sessions.end(conn, link.organizer_id)
    return int(link.organizer_id)


def change_password(conn: Connection, organizer_id: int, password_hash: str) -> None:
    """Write a new password down; links that were on their way to set one are void."""
    mine = Organizer.id == organizer_id
    conn.execute(update(Organizer).where(mine).values(password_hash=password_hash))
    conn.execute(delete(DoorLink).where(DoorLink.organizer_id == organizer_id))


def void_all(conn: Connection) -> int:
    """Make every link void that has not been used; return how many there were."""
    unused = delete(DoorLink).where(DoorLink.used_at.is_(None)).returning(DoorLink.id)
    return len(conn.scalars(unused).all())


def _insert(conn: Connection, purpose: Purpose, now: datetime, **values: Any) -> int:
    row = {
        "purpose": purpose,
        "email": "",
        "name": "",
        "language": "",
        "role": "",
        "exports": False,
        "created_at": now,
        "expires_at": now + LASTS[purpose],
        **values,
    }
    return int(conn.execute(insert(DoorLink).values(row).returning(DoorLink.id)).scalar_one())


def _use(conn: Connection, link_id: int, now: datetime) -> None:
    conn.execute(update(DoorLink).where(DoorLink.id == link_id).values(used_at=now))


def _grant(link: Row[Any]) -> Grant:
    return Grant(Role(link.role), link.exports)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
