"""The second step: codes from an app (TOTP, RFC 6238), and codes to write down for a lost phone.

A code is good once (RFC 6238, section 5.2), in its half minute and the ones beside it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyotp
from sqlalchemy import Connection, delete, func, insert, select, update

from organizers.models import Organizer, Passkey, RecoveryCode
from organizers.sessions import Proof, has_second_step

STEP = 30  # seconds
BESIDE = (0, -1, 1)  # steps by which a phone's clock may differ
SECRET = re.compile(r"[A-Z2-7]{32}")  # 160 bits, as RFC 4226 recommends
CODES = 10
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
LENGTH = 12  # of a recovery code: 59 bits


class WrongCode(ValueError):
    """This code is not right, or has been used. Wait for the next one and type it."""


def new_secret() -> str:
    """A secret for an app to make codes from."""
    return pyotp.random_base32()


def address_for_app(secret: str, *, email: str, network: str) -> str:
    """What the QR code for an app says: the ``otpauth:`` address."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=network)


def add_app(conn: Connection, organizer_id: int, secret: str, code: str, now: datetime) -> None:
    """Ask for an app's codes from now on; the first one shows that it works. Raises WrongCode."""
    step = _matching(secret, code, now, after=0) if SECRET.fullmatch(secret) else None
    if step is None:
        raise WrongCode(WrongCode.__doc__)
    _change(conn, organizer_id, totp_secret=secret, totp_step=step)


def remove_app(conn: Connection, organizer_id: int) -> None:
    """Ask for no more codes of an app; without a passkey, the codes written down go too."""
    _change(conn, organizer_id, totp_secret="", totp_step=0)
    forget_codes_of_nothing(conn, organizer_id)


def forget_codes_of_nothing(conn: Connection, organizer_id: int) -> None:
    """Recovery codes stand for a second step; without one they go."""
    if not has_any(conn, organizer_id):
        conn.execute(delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer_id))


def clear(conn: Connection, organizer_id: int) -> None:
    """Take every second step away from somebody who has lost them all: they add new ones."""
    conn.execute(delete(Passkey).where(Passkey.organizer_id == organizer_id))
    remove_app(conn, organizer_id)


def has_app(conn: Connection, organizer_id: int) -> bool:
    """Whether an organizer's sign-in asks for an app's code."""
    held = select(Organizer.totp_secret != "").where(Organizer.id == organizer_id)
    return bool(conn.scalar(held))


def has_any(conn: Connection, organizer_id: int) -> bool:
    """Whether an organizer has a second step."""
    return bool(conn.scalar(select(has_second_step()).where(Organizer.id == organizer_id)))


def new_recovery_codes(conn: Connection, organizer_id: int) -> list[str]:
    """Make new codes to write down, in the place of all old ones; shown once and never again."""
    codes = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(CODES)]
    conn.execute(delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer_id))
    rows = [{"code_hash": _sha256(code), "organizer_id": organizer_id} for code in codes]
    conn.execute(insert(RecoveryCode), rows)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def recovery_codes_left(conn: Connection, organizer_id: int) -> int:
    """How many of the codes written down are still good."""
    unused = (RecoveryCode.organizer_id == organizer_id, RecoveryCode.used_at.is_(None))
    return conn.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def prove(conn: Connection, organizer_id: int, code: str, now: datetime) -> Proof | None:
    """Take a code: an app's, or one that was written down; None when it is neither."""
    plain = re.sub(r"[\s-]", "", code).lower()
    if re.fullmatch(r"[0-9]{6}", plain):
        return Proof.CODE if _take_code(conn, organizer_id, plain, now) else None
    return Proof.RECOVERY if _take_recovery(conn, organizer_id, plain, now) else None


def _take_code(conn: Connection, organizer_id: int, code: str, now: datetime) -> bool:
    held = select(Organizer.totp_secret, Organizer.totp_step).where(Organizer.id == organizer_id)
    secret, last = conn.execute(held.with_for_update()).one()
    step = _matching(secret, code, now, after=last) if secret else None
    if step is None:
        return False
    _change(conn, organizer_id, totp_step=step)
    return True


def _take_recovery(conn: Connection, organizer_id: int, code: str, now: datetime) -> bool:
    mine = (
        RecoveryCode.code_hash == _sha256(code),
        RecoveryCode.organizer_id == organizer_id,
        RecoveryCode.used_at.is_(None),
    )
    taken = update(RecoveryCode).where(*mine).values(used_at=now).returning(RecoveryCode.code_hash)
    return bool(conn.scalars(taken).all())


def _matching(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The step whose code this is, later than ``after``; None for none."""
    app, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    steps: Sequence[int] = [present + beside for beside in BESIDE if present + beside > after]
    matching = [
        step
        for step in steps
        if hmac.compare_digest(app.generate_otp(step).encode(), code.encode())
    ]
    return matching[0] if matching else None


def _change(conn: Connection, organizer_id: int, **values: Any) -> None:
    conn.execute(update(Organizer).where(Organizer.id == organizer_id).values(**values))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
