"""Is this phone an organizer's own? A code goes to it by text, and comes back by the page.

Until then the phone is one that somebody typed: nothing about approvals goes to it, and nothing that comes from it
approves. A code is good for ten minutes and five tries; only a keyed hash of it is kept here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, Label, case, delete, insert, select, update

from organizers import attempts
from organizers.attempts import TooManyAttempts
from organizers.models import Organizer, PhoneCode

LASTS = timedelta(minutes=10)
TRIES = 5
TEXTS = 3  # in a quarter of an hour, to one phone and for one organizer
TEXTS_A_DAY = 6


class NoPhone(Exception):
    """There is no phone to confirm. Note its number first."""


class EnoughToday(Exception):
    """As many codes have been sent as a day allows. Look for the latest text, or try again tomorrow."""


class NoPhoneCode(Exception):
    """That code is too old, or was tried too often. Have a new one sent."""


def confirmed_phone() -> Label[str]:
    """An organizer's phone as a column, "" while nobody has proved that it is theirs."""
    return case((Organizer.phone_confirmed, Organizer.phone), else_="").label("phone")


def set_phone(conn: Connection, organizer_id: int, phone: str) -> bool:
    """Note somebody's own number (E.164), "" for none; whether it is to be confirmed.

    The same number again stays confirmed.
    """
    mine = Organizer.id == organizer_id
    other = update(Organizer).where(mine, Organizer.phone != phone)
    if conn.execute(other.values(phone=phone, phone_confirmed=False)).rowcount:
        _forget(conn, organizer_id)
    confirmed = conn.scalar(select(Organizer.phone_confirmed).where(mine))
    return bool(phone) and not confirmed


def new_code(conn: Connection, organizer_id: int, *, key: str, now: datetime) -> tuple[str, str]:
    """A phone that is to be confirmed, and the code for it; one that went before is good no more.

    Raises NoPhone, and TooManyAttempts or EnoughToday where as many texts have gone already.
    """
    phone = _unconfirmed(conn, organizer_id)
    subjects = (f"phone code for {organizer_id}", f"phone code to {phone}")
    attempts.count(conn, dict.fromkeys(subjects, TEXTS), now)
    today = {f"{each} in a day": TEXTS_A_DAY for each in subjects}
    try:
        attempts.count(conn, today, now, within=attempts.A_DAY)
    except TooManyAttempts as error:
        raise EnoughToday(EnoughToday.__doc__) from error
    code = f"{secrets.randbelow(10**6):06}"
    _forget(conn, organizer_id)
    row = insert(PhoneCode).values(
        organizer_id=organizer_id,
        code_hash=_hashed(key, organizer_id, phone, code),
        expires_at=now + LASTS,
        tries=0,
    )
    conn.execute(row)
    return phone, code


def confirm(conn: Connection, organizer_id: int, typed: str, *, key: str, now: datetime) -> bool:
    """Take a code for a phone; whether it is right. A wrong one counts: the caller commits.

    Raises NoPhone, and NoPhoneCode where none is open any more.
    """
    phone = _unconfirmed(conn, organizer_id)
    # Counted before it is looked at: a hundred guesses sent at once are a hundred tries.
    tried = (
        update(PhoneCode)
        .where(
            PhoneCode.organizer_id == organizer_id,
            PhoneCode.expires_at > now,
            PhoneCode.tries < TRIES,
        )
        .values(tries=PhoneCode.tries + 1)
        .returning(PhoneCode.code_hash)
    )
    kept = conn.execute(tried).scalar_one_or_none()
    if kept is None:
        raise NoPhoneCode(NoPhoneCode.__doc__)
    digits = "".join(each for each in typed if not each.isspace())
    if not hmac.compare_digest(kept, _hashed(key, organizer_id, phone, digits)):
        return False
    mine = update(Organizer).where(Organizer.id == organizer_id, Organizer.phone == phone)
    conn.execute(mine.values(phone_confirmed=True))
    _forget(conn, organizer_id)
    return True


def any_over(conn: Connection, now: datetime) -> bool:
    """Whether the time of a code is over."""
    over = select(PhoneCode.organizer_id).where(PhoneCode.expires_at <= now).limit(1)
    return conn.scalar(over) is not None


def end_codes(conn: Connection, now: datetime) -> list[int]:
    """End the codes whose time is over; return whose they were."""
    over = delete(PhoneCode).where(PhoneCode.expires_at <= now)
    return sorted(conn.scalars(over.returning(PhoneCode.organizer_id)))


def _unconfirmed(conn: Connection, organizer_id: int) -> str:
    """The phone that waits for its code; its row is ours until the transaction ends. Raises NoPhone."""
    mine = (Organizer.id == organizer_id, Organizer.phone_confirmed.is_(False))
    found = conn.scalar(select(Organizer.phone).where(*mine).with_for_update())
    if not found:
        raise NoPhone(NoPhone.__doc__)
    return str(found)


def _forget(conn: Connection, organizer_id: int) -> None:
    conn.execute(delete(PhoneCode).where(PhoneCode.organizer_id == organizer_id))


def _hashed(key: str, organizer_id: int, phone: str, code: str) -> str:
    said = f"phone code {organizer_id} {phone} {code}"
    return hmac.new(key.encode(), said.encode(), hashlib.sha256).hexdigest()
