"""Signed-in browsers: what each may see and do, how it proved who it is, and how it ends.

A session's token is 256 random bits in the browser's cookie; we keep its SHA-256. It changes whenever
what it may do grows: at sign-in, at the second step, when somebody shows again who they are.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from organizers import audit
from organizers.models import Organizer, OrganizerProject, Passkey, Session
from organizers.roles import NETWORKS, Grant, Grants, May, Role, allowed, is_guarded

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
HALF = timedelta(minutes=10)  # for the second step of a sign-in
SURE = timedelta(minutes=30)  # in which nobody is asked again who they are
TOUCH = timedelta(minutes=5)  # how exact ``seen_at`` needs to be
_SERVED = select(OrganizerProject).where(OrganizerProject.organizer_id == bindparam("organizer"))


class NotSignedIn(Exception):
    """Your session has ended. Sign in again."""


class Proof(StrEnum):
    """How a session's owner showed who they are."""

    HALF = "half"  # by their password, and the second step is still to come: opens nothing
    PASSWORD = "password"  # of somebody without a second step  # noqa: S105 - a kind of proof
    CODE = "code"  # from an app
    RECOVERY = "recovery"  # a code that was written down
    PASSKEY = "passkey"


STRONG = frozenset({Proof.CODE, Proof.RECOVERY, Proof.PASSKEY})


@dataclass(frozen=True)
class Viewer:
    """A signed-in organizer."""

    organizer_id: int
    name: str
    language: str
    grants: Grants
    session_id: int = 0
    csrf_token: str = ""
    proof: Proof = Proof.PASSWORD
    has_second_step: bool = False
    sure_until: datetime | None = None
    seen_at: datetime | None = None  # when use of this session was noted last

    @property
    def within(self) -> tuple[int, ...]:
        """The projects they see, with ``NETWORKS`` for the network's own."""
        return allowed(self.grants, May.SEE)

    @property
    def network(self) -> bool:
        """Whether they are of the network's office."""
        return NETWORKS in self.grants

    @property
    def strong(self) -> bool:
        """Whether this session was opened by more than a password."""
        return self.proof in STRONG

    @property
    def guarded(self) -> bool:
        """Whether some of what they may do asks for more than a password."""
        return is_guarded(self.grants)

    @property
    def actor(self) -> str:
        """How records name them."""
        return f"organizer:{self.organizer_id}"

    def may(self, what: May, project: int | None = None) -> bool:
        """Whether they may do that in a project; None is the network's own."""
        grant = self.grants.get(project or NETWORKS)
        return grant is not None and what in grant.allows

    def may_in(self, what: May) -> tuple[int, ...]:
        """The projects in which they may do that."""
        return allowed(self.grants, what)

    def is_sure(self, now: datetime) -> bool:
        """Whether they showed who they are so lately that they need not again."""
        return self.sure_until is not None and now < self.sure_until

    def is_stale(self, now: datetime) -> bool:
        """Whether the session's last use was noted so long ago that it should be noted again."""
        return self.seen_at is not None and self.seen_at < now - TOUCH


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it in their list."""

    id: int
    browser: str
    proof: Proof
    created_at: datetime
    seen_at: datetime


def begin(
    conn: Connection,
    organizer_id: int,
    now: datetime,
    *,
    proof: Proof = Proof.PASSWORD,
    browser: str = "",
) -> str:
    """Begin a session for an organizer whose identity is proven; return its token."""
    token = secrets.token_urlsafe(32)
    conn.execute(
        insert(Session).values(
            token_hash=_sha256(token),
            organizer_id=organizer_id,
            csrf_token=secrets.token_urlsafe(32),
            proof=proof,
            browser=browser[:80],
            created_at=now,
            seen_at=now,
            sure_until=now if proof is Proof.HALF else now + SURE,
        )
    )
    return token


def viewer(conn: Connection, token: str, now: datetime) -> Viewer:
    """The organizer whose browser holds this token; raise NotSignedIn when it opens nothing."""
    row = _session(conn, token, now)
    return Viewer(
        organizer_id=row.organizer_id,
        name=row.name,
        language=row.language,
        grants=_grants(conn, row.organizer_id, network=row.network, exports=row.exports),
        session_id=row.id,
        csrf_token=row.csrf_token,
        proof=Proof(row.proof),
        has_second_step=row.has_second_step,
        sure_until=row.sure_until,
        seen_at=row.seen_at,
    )


def half_signed_in(conn: Connection, token: str, now: datetime) -> int:
    """The organizer whose password was right a moment ago; raise NotSignedIn otherwise."""
    return int(_session(conn, token, now, half=True).organizer_id)


def grants_of(conn: Connection, organizer_id: int) -> dict[int, Grant]:
    """What an organizer is, by project."""
    office = select(Organizer.network, Organizer.exports).where(Organizer.id == organizer_id)
    network, exports = conn.execute(office).one()
    return _grants(conn, organizer_id, network=network, exports=exports)


def _grants(
    conn: Connection, organizer_id: int, *, network: bool, exports: bool
) -> dict[int, Grant]:
    rows = conn.execute(_SERVED, {"organizer": organizer_id}).all()
    grants = {row.project_id: Grant(Role(row.role), row.exports) for row in rows}
    return {**grants, **({NETWORKS: Grant(Role.ADMIN, exports)} if network else {})}


def all_grants(conn: Connection) -> dict[int, dict[int, Grant]]:
    """What every organizer is, by project; asked for at once."""
    found: dict[int, dict[int, Grant]] = {}
    for row in conn.execute(select(OrganizerProject)):
        found.setdefault(row.organizer_id, {})[row.project_id] = Grant(Role(row.role), row.exports)
    office = select(Organizer.id, Organizer.exports).where(Organizer.network)
    for organizer_id, exports in conn.execute(office):
        found.setdefault(organizer_id, {})[NETWORKS] = Grant(Role.ADMIN, exports)
    return found


def has_second_step() -> ColumnElement[bool]:
    """Whether an organizer has an app's codes or a passkey, as SQL."""
    return or_(Organizer.totp_secret != "", exists().where(Passkey.organizer_id == Organizer.id))


def renew(
    conn: Connection, token: str, now: datetime, *, proof: Proof | None = None, sure: bool = True
) -> str:
    """Give a session a new token, which the old one no longer is; return it.

    ``proof`` is what was shown just now; ``sure``: nothing more is asked for half an hour.
    """
    fresh = secrets.token_urlsafe(32)
    values: dict[str, object] = {"token_hash": _sha256(fresh), "seen_at": now}
    if proof is not None:
        values["proof"] = proof
    if sure:
        values["sure_until"] = now + SURE
    conn.execute(update(Session).where(Session.token_hash == _sha256(token)).values(values))
    return fresh


def touch(conn: Connection, token: str, now: datetime) -> None:
    """Note that a session is in use."""
    mine = (Session.token_hash == _sha256(token), *_alive())
    conn.execute(update(Session).where(*mine).values(seen_at=now), _since(now))


def sign_out(conn: Connection, token: str, now: datetime) -> None:
    """End a session; harmless when it has ended already."""
    for organizer_id in drop(conn, token):
        me = f"organizer:{organizer_id}"
        audit.note(conn, "session.end", actor=me, about=me, now=now)


def drop(conn: Connection, token: str) -> Sequence[int]:
    """Remove a session, half or whole; return whose it was, in a list of one or none."""
    ended = delete(Session).where(Session.token_hash == _sha256(token))
    return conn.scalars(ended.returning(Session.organizer_id)).all()


def open_sessions(conn: Connection, organizer_id: int, now: datetime) -> list[OpenSession]:
    """An organizer's signed-in browsers, the one used last first."""
    mine = (Session.organizer_id == organizer_id, Session.proof != Proof.HALF, *_alive())
    latest = select(Session).where(*mine).order_by(Session.seen_at.desc(), Session.id)
    rows = conn.execute(latest, _since(now))
    return [
        OpenSession(row.id, row.browser, Proof(row.proof), row.created_at, row.seen_at)
        for row in rows
    ]


def end(
    conn: Connection, organizer_id: int, *, only: int | None = None, but: int | None = None
) -> int:
    """End an organizer's sessions, or only one, or all but one; return how many there were."""
    mine = [Session.organizer_id == organizer_id]
    if only is not None:
        mine.append(Session.id == only)
    if but is not None:
        mine.append(Session.id != but)
    return len(conn.scalars(delete(Session).where(*mine).returning(Session.id)).all())


def end_all(conn: Connection) -> int:
    """Sign everybody out, at once and everywhere; return how many sessions that ended."""
    return conn.execute(delete(Session)).rowcount


def forget_old(conn: Connection, now: datetime) -> None:
    """Remove the rows of sessions that are over."""
    conn.execute(delete(Session).where(Session.created_at < now - ABSOLUTE))


def _session(conn: Connection, token: str, now: datetime, *, half: bool = False) -> Row[Any]:
    mine = {"token": _sha256(token), "asked_since": now - HALF, **_since(now)}
    found = conn.execute(_sessions(half=half), mine).one_or_none()
    if found is None:
        raise NotSignedIn(NotSignedIn.__doc__)
    return found


@cache
def _sessions(*, half: bool) -> Select[*tuple[Any, ...]]:
    """A session with its organizer; kept, for every page asks for one."""
    fresh = (Session.proof == Proof.HALF, Session.created_at > bindparam("asked_since"))
    kind = fresh if half else (Session.proof != Proof.HALF,)
    return (
        select(
            *Session.__table__.columns,
            Organizer.name,
            Organizer.language,
            Organizer.network,
            Organizer.exports,
            has_second_step().label("has_second_step"),
        )
        .join(Organizer, Organizer.id == Session.organizer_id)
        .where(Organizer.disabled_at.is_(None), Session.token_hash == bindparam("token"))
        .where(*_alive(), *kind)
    )


def _alive() -> tuple[ColumnElement[bool], ...]:
    """That a session is not over; ``_since`` has the times."""
    return (
        Session.seen_at > bindparam("used_since"),
        Session.created_at > bindparam("begun_since"),
    )


def _since(now: datetime) -> dict[str, datetime]:
    return {"used_since": now - IDLE, "begun_since": now - ABSOLUTE}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
