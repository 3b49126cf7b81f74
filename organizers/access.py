"""Sign in: a password, then the second step of those who have one.

Nothing tells a stranger whether an account exists: the same words, the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from database.engine import Database
from database.once import once
from database.tables import folded
from organizers import attempts, audit, factors, passkeys, sessions
from organizers.models import Organizer, OrganizerProject
from organizers.passwords import hashed, matches
from organizers.roles import NETWORKS, Grant
from organizers.sessions import Proof

TRIES_HERE = 5  # for one account from one network address
TRIES_ACCOUNT = 30  # from anywhere: high, so that a stranger cannot easily lock an organizer out
TRIES_ADDRESS = 30  # for any account
TRIES_CODE = 5  # of a second step: a million codes, and each good for a minute
_NAMES = select(Organizer.id, Organizer.name)


class WrongSignIn(Exception):
    """The email address or the password is not right. Check both and try again."""


class OrganizerExists(ValueError):
    """An organizer with this email address exists already."""


@dataclass(frozen=True)
class SignedIn:
    """A session's token; ``half`` when a second step is still to come."""

    token: str
    half: bool = False


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
    grants: Mapping[int, Grant] | None = None,
) -> int:
    """Add an organizer with a role in each of some projects (``NETWORKS``: in the network's office).

    Raises WeakPassword or OrganizerExists.
    """
    return add_organizer(
        conn,
        name=name,
        email=email,
        password_hash=hashed(password),
        language=language,
        grants=grants or {},
        now=now,
    )


def add_organizer(
    conn: Connection,
    *,
    name: str,
    email: str,
    password_hash: str,
    language: str,
    grants: Mapping[int, Grant],
    now: datetime,
) -> int:
    """Do the same for a password that is hashed already: hashing is slow, a transaction must not be."""
    if conn.scalar(select(Organizer.id).where(Organizer.email == folded(email))):
        raise OrganizerExists(f"there is already an organizer with the address {email}")
    office = grants.get(NETWORKS)
    values = {
        "name": name,
        "email": folded(email),
        "password_hash": password_hash,
        "language": language,
        "network": office is not None,
        "exports": office is not None and office.exports,
        "totp_secret": "",
        "totp_step": 0,
        "created_at": now,
    }
    organizer_id = conn.scalars(insert(Organizer).values(values).returning(Organizer.id)).one()
    for project_id, grant in grants.items():
        if project_id != NETWORKS:
            row = {"organizer_id": organizer_id, "project_id": project_id}
            held = {"role": grant.role, "exports": grant.exports}
            conn.execute(insert(OrganizerProject).values(**row, **held))
    return organizer_id


async def sign_in(
    database: Database,
    *,
    email: str,
    password: str,
    address_hash: str,
    now: datetime,
    browser: str = "",
) -> SignedIn:
    """Check a password and begin a session; the token is for the browser's cookie.

    Raises WrongSignIn, in the same words and time whether the account exists or not, or
    TooManyAttempts. The slow hash runs beside the database's writer, not in it.
    """
    candidate = await database.write(attempt, email, address_hash, now)
    right = await asyncio.to_thread(matches, password, candidate.password_hash)
    if not right or candidate.organizer_id is None:
        raise WrongSignIn(WrongSignIn.__doc__)
    return await database.write(_welcome, candidate.organizer_id, email, address_hash, now, browser)


def attempt(conn: Connection, email: str, address_hash: str, now: datetime) -> Candidate:
    """Count an attempt and look the account up; raise TooManyAttempts when there were too many."""
    limits = {
        _here(email, address_hash): TRIES_HERE,
        f"account {folded(email)}": TRIES_ACCOUNT,
        f"address {address_hash}": TRIES_ADDRESS,
    }
    attempts.count(conn, limits, now)
    known = conn.execute(
        select(Organizer.id, Organizer.password_hash).where(
            Organizer.email == folded(email), Organizer.disabled_at.is_(None)
        )
    ).one_or_none()
    return Candidate(*known) if known else Candidate(None, None)


def take_second_step(
    conn: Connection, token: str, code: str, *, now: datetime, browser: str = ""
) -> str | None:
    """Finish a sign-in by a code; return the new session's token, None for a wrong code.

    Raises NotSignedIn when the first step was too long ago, and TooManyAttempts.
    """
    organizer_id = sessions.half_signed_in(conn, token, now)
    proof = prove_by_code(conn, organizer_id, code, now)
    if proof is None:
        return None
    sessions.drop(conn, token)
    return enter(conn, organizer_id, now, proof=proof, browser=browser)


def enter_by_passkey(
    conn: Connection,
    answer: str,
    *,
    house: passkeys.House,
    now: datetime,
    browser: str = "",
) -> str:
    """Sign in by a passkey; return the session's token. Raises BadPasskey."""
    organizer_id = passkeys.prove(conn, answer, house=house, now=now)
    return enter(conn, organizer_id, now, proof=Proof.PASSKEY, browser=browser)


def ask_for_passkey(
    conn: Connection, house: passkeys.House, address_hash: str, now: datetime
) -> str:
    """A question for whoever has a passkey. Counted, for each is a row. Raises TooManyAttempts."""
    attempts.count(conn, {f"address {address_hash}": TRIES_ADDRESS}, now)
    return passkeys.question(conn, house, now)


def prove_by_code(conn: Connection, organizer_id: int, code: str, now: datetime) -> Proof | None:
    """Take a code from an app, or one that was written down. Raises TooManyAttempts."""
    subject = f"code {organizer_id}"
    attempts.count(conn, {subject: TRIES_CODE}, now)
    proof = factors.prove(conn, organizer_id, code, now)
    if proof is not None:
        attempts.forget(conn, subject, now)
    return proof


def count_confirmation(conn: Connection, organizer_id: int, now: datetime) -> str:
    """Count that somebody types their password again; return its hash. Raises TooManyAttempts."""
    attempts.count(conn, {f"confirm {organizer_id}": TRIES_CODE}, now)
    found = select(Organizer.password_hash).where(Organizer.id == organizer_id)
    return conn.scalars(found).one()


def enter(conn: Connection, organizer_id: int, now: datetime, *, proof: Proof, browser: str) -> str:
    """Begin a session that is whole, put it on the record, and return its token."""
    sessions.forget_old(conn, now)
    me = f"organizer:{organizer_id}"
    audit.note(conn, "session.begin", actor=me, about=me, after={"proof": proof}, now=now)
    return sessions.begin(conn, organizer_id, now, proof=proof, browser=browser)


@once
def names(conn: Connection) -> Mapping[str, str]:
    """Everybody's name, by how records name them."""
    return {f"organizer:{row.id}": row.name for row in conn.execute(_NAMES)}


def email_of(conn: Connection, organizer_id: int) -> str:
    """The address an organizer signs in with."""
    return conn.scalars(select(Organizer.email).where(Organizer.id == organizer_id)).one()


def choose_language(conn: Connection, organizer_id: int, language: str) -> None:
    """Show the console in another language from now on."""
    conn.execute(update(Organizer).where(Organizer.id == organizer_id).values(language=language))


def _welcome(
    conn: Connection,
    organizer_id: int,
    email: str,
    address_hash: str,
    now: datetime,
    browser: str,
) -> SignedIn:
    """Forget this browser's failed attempts, and let in whoever needs no second step."""
    attempts.forget(conn, _here(email, address_hash), now)
    if factors.has_any(conn, organizer_id):
        return SignedIn(sessions.begin(conn, organizer_id, now, proof=Proof.HALF), half=True)
    return SignedIn(enter(conn, organizer_id, now, proof=Proof.PASSWORD, browser=browser))


def _here(email: str, address_hash: str) -> str:
    return f"account {folded(email)} from {address_hash}"
