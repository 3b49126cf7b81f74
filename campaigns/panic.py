"""Lock everything: a phone or a laptop was taken, or somebody is in who should not be.

One transaction signs everybody out, pauses whatever is being sent and closes the doors. From its commit
on no sender claims a copy, on whichever machine (``database/locking.py``). It lives in the leftmost room
whose work it stops.

No secret is changed. The one that signs links also signs the way off the list in every message that was
ever sent, and proves receipts to be ours; none of them opens the console. What does are sessions, and
those end. The providers' own keys are not in the database: change them at Twilio and SendGrid.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from database import locking
from database.locking import AlreadyLocked, NotLocked
from messages.control import pause_all
from messages.models import MessageKind
from organizers import links
from organizers.sessions import end_all

LOCKED = "Sending is paused because everything was locked. Look at it again, then resume."
# What a person asked for themselves has no button to resume it; it waits, and leaves once unlocked.
ANSWERS = (MessageKind.REPLY, MessageKind.CONFIRMATION)
LONGEST_REASON = 500


def lock_everything(conn: Connection, *, by: str, reason: str, now: datetime) -> int:
    """Sign everybody out, pause all sending, close the doors; return the lock's number.

    Raises AlreadyLocked.
    """
    locking.close_gate(conn)
    if locking.in_force(conn) is not None:
        raise AlreadyLocked(AlreadyLocked.__doc__)
    links.void_all(conn)
    return locking.begin(
        conn,
        by=by,
        reason=reason.strip()[:LONGEST_REASON],
        sessions=end_all(conn),
        messages=pause_all(conn, LOCKED, but=ANSWERS),
        now=now,
    )


def unlock(conn: Connection, *, by: str, now: datetime) -> int:
    """Open the doors again; each message stays paused until a person resumes it. Raises NotLocked.

    A session that began in the instant of the lock ends too. Returns the lock's number.
    """
    locking.close_gate(conn)
    lock = locking.in_force(conn)
    if lock is None:
        raise NotLocked(NotLocked.__doc__)
    end_all(conn)
    lock_id: int = lock.id
    locking.end(conn, lock_id, by=by, now=now)
    return lock_id
