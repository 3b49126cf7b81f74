"""Who is at the console, and what may they see: sign-in, sessions and sign-out.

Failed sign-ins are rows, so limits survive a restart. An attempt counts before the password is
looked at: a hundred guesses sent at once are a hundred attempts.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from database.engine import Database
from database.tables import folded
from organizers import audit
from organizers.models import Organizer, OrganizerProject, Session, SignInAttempt
from organizers.passwords import hashed, matches

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
WINDOW = timedelta(minutes=15)
TRIES_HERE = 5  # for one account from one network address
TRIES_ACCOUNT = 30  # from anywhere: high, so that a stranger cannot easily lock an organizer out
TRIES_ADDRESS = 30  # for any account
TOUCH = timedelta(minutes=5)  # how exact ``seen_at`` needs to be


class WrongSignIn(Exception):
    """The email address or the password is not right. Check both and try again."""


class TooManyAttempts(Exception):
    """Too many attempts. Wait 15 minutes and try again."""


class NotSignedIn(Exception):
    """Your session has ended. Sign in again."""


class OrganizerExists(ValueError):
    """An organizer with this email address exists already."""


@dataclass(frozen=True)
class Viewer:
    """A signed-in organizer."""

    organizer_id: int
    name: str
    language: str
    network: bool  # serves the whole network
    projects: tuple[int, ...]
    csrf_token: str = ""

    @property
    def within(self) -> tuple[int, ...] | None:
        """The projects whose people and messages they see; None means all of them."""
        return None if self.network else self.projects

    @property
    def actor(self) -> str:
        """How records name them."""
        return f"organizer:{self.organizer_id}"


@dataclass(frozen=True)
class Candidate:
    """The account somebody wants to open, or nothing, which the caller must not tell."""

    organizer_id: int | None
    password_hash: str | None


def create_organizer(
    conn: Connection,
    *,
    name: str,
    email: str,
    password: str,
    now: datetime,
    language: str = "en",
    network: bool = False,
    projects: Sequence[int] = (),
) -> int:
    """Add an organizer; raise WeakPassword or OrganizerExists."""
    if conn.scalar(select(Organizer.id).where(Organizer.email == folded(email))):
        raise OrganizerExists(f"there is already an organizer with the address {email}")
    values = {
        "name": name,
        "email": folded(email),
        "password_hash": hashed(password),
        "language": language,
        "network": network,
        "created_at": now,
    }
    organizer_id = conn.scalars(insert(Organizer).values(values).returning(Organizer.id)).one()
    for project_id in projects:
        conn.execute(
            insert(OrganizerProject).values(organizer_id=organizer_id, project_id=project_id)
        )
    return organizer_id


async def sign_in(
    database: Database, *, email: str, password: str, address_hash: str, now: datetime
) -> str:
    """Check a password and begin a session; return the token for the browser's cookie.

    Raises WrongSignIn, in the same words and time whether the account exists or not, or
    TooManyAttempts. The slow hash runs beside the database's writer, not in it.
    """
    candidate = await database.write(attempt, email, address_hash, now)
    right = await asyncio.to_thread(matches, password, candidate.password_hash)
    if not right or candidate.organizer_id is None:
        raise WrongSignIn(WrongSignIn.__doc__)
    return await database.write(_welcome, candidate.organizer_id, email, address_hash, now)


def attempt(conn: Connection, email: str, address_hash: str, now: datetime) -> Candidate:
    """Count an attempt and look the account up; raise TooManyAttempts when there were too many."""
    limits = _limits(email, address_hash)
    recent = (
        select(SignInAttempt.subject, func.count().label("tries"))
        .where(SignInAttempt.subject.in_(limits), SignInAttempt.at > now - WINDOW)
        .group_by(SignInAttempt.subject)
    )
    if any(tries >= limits[subject] for subject, tries in conn.execute(recent)):
        raise TooManyAttempts(TooManyAttempts.__doc__)
    conn.execute(insert(SignInAttempt), [{"subject": subject, "at": now} for subject in limits])
    known = conn.execute(
        select(Organizer.id, Organizer.password_hash).where(Organizer.email == folded(email))
    ).one_or_none()
    return Candidate(*known) if known else Candidate(None, None)


def begin(conn: Connection, organizer_id: int, now: datetime) -> str:
    """Begin a session for an organizer whose identity is proven; return its token."""
    token = secrets.token_urlsafe(32)
    conn.execute(
        insert(Session).values(
            token_hash=_sha256(token),
            organizer_id=organizer_id,
            csrf_token=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
        )
    )
    return token


def viewer(conn: Connection, token: str, now: datetime) -> Viewer:
    """The organizer whose browser holds this token; raise NotSignedIn when it opens nothing."""
    row = conn.execute(
        select(Session.csrf_token, Organizer)
        .join(Organizer, Organizer.id == Session.organizer_id)
        .where(Session.token_hash == _sha256(token), *_alive(now))
    ).one_or_none()
    if row is None:
        raise NotSignedIn(NotSignedIn.__doc__)
    served = select(OrganizerProject.project_id).where(OrganizerProject.organizer_id == row.id)
    projects = tuple(conn.scalars(served.order_by(OrganizerProject.project_id)))
    return Viewer(row.id, row.name, row.language, row.network, projects, row.csrf_token)


def touch(conn: Connection, token: str, now: datetime) -> None:
    """Note that a session is in use."""
    conn.execute(
        update(Session)
        .where(Session.token_hash == _sha256(token), *_alive(now))
        .values(seen_at=now)
    )


def is_stale(conn: Connection, token: str, now: datetime) -> bool:
    """Whether a session's last use was noted so long ago that it should be noted again."""
    seen = conn.scalar(select(Session.seen_at).where(Session.token_hash == _sha256(token)))
    return seen is not None and seen < now - TOUCH


def sign_out(conn: Connection, token: str, now: datetime) -> None:
    """End a session; harmless when it has ended already."""
    ended = delete(Session).where(Session.token_hash == _sha256(token))
    for organizer_id in conn.scalars(ended.returning(Session.organizer_id)).all():
        me = f"organizer:{organizer_id}"
        audit.note(conn, "session.end", actor=me, about=me, now=now)


def names(conn: Connection) -> dict[str, str]:
    """Everybody's name, by how records name them."""
    found = conn.execute(select(Organizer.id, Organizer.name))
    return {f"organizer:{row.id}": row.name for row in found}


def choose_language(conn: Connection, organizer_id: int, language: str) -> None:
    """Show the console in another language from now on."""
    conn.execute(update(Organizer).where(Organizer.id == organizer_id).values(language=language))


def _welcome(
    conn: Connection, organizer_id: int, email: str, address_hash: str, now: datetime
) -> str:
    """Forget this browser's failed attempts and whatever is too old, and begin a session."""
    here = _here(email, address_hash)
    conn.execute(delete(SignInAttempt).where(SignInAttempt.subject == here))
    conn.execute(delete(SignInAttempt).where(SignInAttempt.at < now - WINDOW))
    conn.execute(delete(Session).where(Session.created_at < now - ABSOLUTE))
    me = f"organizer:{organizer_id}"
    audit.note(conn, "session.begin", actor=me, about=me, now=now)
    return begin(conn, organizer_id, now)


def _limits(email: str, address_hash: str) -> dict[str, int]:
    account = _sha256(f"account {folded(email)}")
    address = _sha256(f"address {address_hash}")
    return {
        _here(email, address_hash): TRIES_HERE,
        account: TRIES_ACCOUNT,
        address: TRIES_ADDRESS,
    }


def _here(email: str, address_hash: str) -> str:
    return _sha256(f"account {folded(email)} from {address_hash}")


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Session.seen_at > now - IDLE, Session.created_at > now - ABSOLUTE)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
