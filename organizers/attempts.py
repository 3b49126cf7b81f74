"""How often may somebody try? Counted per account and per network address, in rows that outlive a restart.

An attempt counts before anything is looked at: a hundred guesses sent at once are a hundred attempts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from database import locking
from organizers.models import SignInAttempt

WINDOW = timedelta(minutes=15)
A_DAY = timedelta(days=1)  # the longest that anything counts


class TooManyAttempts(Exception):
    """Too many attempts. Wait 15 minutes and try again."""


def count(
    conn: Connection, limits: Mapping[str, int], now: datetime, *, within: timedelta = WINDOW
) -> None:
    """Count one attempt on every subject; raise TooManyAttempts where there were as many already.

    Subjects are words about an account or address; only their SHA-256 is stored. ``within`` is a day at most.
    """
    hashed = {_sha256(subject): limit for subject, limit in limits.items()}
    locking.take_turns(conn, hashed)  # each is to see those before it
    recent = (
        select(SignInAttempt.subject, func.count().label("tries"))
        .where(SignInAttempt.subject.in_(hashed), SignInAttempt.at > now - within)
        .group_by(SignInAttempt.subject)
    )
    if any(tries >= hashed[subject] for subject, tries in conn.execute(recent)):
        raise TooManyAttempts(TooManyAttempts.__doc__)
    conn.execute(insert(SignInAttempt), [{"subject": subject, "at": now} for subject in hashed])


def forget(conn: Connection, subject: str, now: datetime) -> None:
    """Forget what was tried on a subject, because it went well; and whatever is too old to count."""
    mine = SignInAttempt.subject == _sha256(subject)
    conn.execute(delete(SignInAttempt).where(mine | (SignInAttempt.at <= now - A_DAY)))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
