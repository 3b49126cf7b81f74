"""Passkeys (WebAuthn): a device of the organizer's signs a random question of ours.

It is bound to our address, so that a copied page gains nothing; and the device asks for a finger, a
face or a PIN, so that a passkey is both steps of a sign-in at once.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, insert, select, update
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from organizers import factors
from organizers.models import Challenge, Organizer, Passkey

GOOD_FOR = timedelta(minutes=5)
MOST = 20  # of one person
SURELY = UserVerificationRequirement.REQUIRED
# What the library lets out for bytes that are no answer of a browser's.
UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError, RecursionError)


class BadPasskey(ValueError):
    """This passkey was not accepted. Try again, or sign in with your password."""


@dataclass(frozen=True)
class House:
    """Whom passkeys are for: our host, our origin, our name."""

    host: str
    origin: str
    name: str

    @classmethod
    def at(cls, public_url: str, name: str) -> House:
        """The house behind a public address."""
        parts = urlsplit(public_url)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}", name)


@dataclass(frozen=True)
class HeldKey:
    """A passkey as its owner sees it in their list."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


def question_for_new(conn: Connection, organizer_id: int, house: House, now: datetime) -> str:
    """What a browser needs to make a passkey, as JSON for its ``navigator.credentials``."""
    who = conn.execute(
        select(Organizer.name, Organizer.email).where(Organizer.id == organizer_id)
    ).one()
    known = conn.scalars(
        select(Passkey.credential_id).where(Passkey.organizer_id == organizer_id)
    ).all()
    options = generate_registration_options(
        rp_id=house.host,
        rp_name=house.name,
        user_id=f"organizer:{organizer_id}".encode(),
        user_name=who.email,
        user_display_name=who.name,
        challenge=_ask(conn, organizer_id, now),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=SURELY
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known
        ],
    )
    return options_to_json(options)


def question(conn: Connection, house: House, now: datetime) -> str:
    """What a browser needs to sign in by a passkey, whoever's it will be."""
    challenge = _ask(conn, None, now)
    options = generate_authentication_options(
        rp_id=house.host, challenge=challenge, user_verification=SURELY
    )
    return options_to_json(options)


def add(
    conn: Connection, organizer_id: int, answer: str, *, name: str, house: House, now: datetime
) -> int:
    """Keep a passkey that a browser has just made; return its number. Raises BadPasskey."""
    if len(held(conn, organizer_id)) >= MOST:
        raise BadPasskey(f"You have {MOST} passkeys already. Remove one first.")
    challenge = _asked(conn, answer, organizer_id, now)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=house.host,
            expected_origin=house.origin,
            require_user_verification=True,
        )
    except UNREADABLE as error:
        raise BadPasskey(BadPasskey.__doc__) from error
    values = {
        "organizer_id": organizer_id,
        "credential_id": bytes_to_base64url(made.credential_id),
        "public_key": bytes_to_base64url(made.credential_public_key),
        "sign_count": made.sign_count,
        "name": " ".join(name.split())[:80] or "Passkey",
        "created_at": now,
    }
    if _find(conn, bytes_to_base64url(made.credential_id)) is not None:
        raise BadPasskey("This passkey is known here already.")
    return int(conn.execute(insert(Passkey).values(values).returning(Passkey.id)).scalar_one())


def prove(conn: Connection, answer: str, *, house: House, now: datetime) -> int:
    """Whose passkey signed our question: an organizer's number. Raises BadPasskey."""
    challenge = _asked(conn, answer, None, now)
    known = _find(conn, _text(_parsed(answer), "id"))
    if known is None:
        raise BadPasskey(BadPasskey.__doc__)
    try:
        shown = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=house.host,
            expected_origin=house.origin,
            credential_public_key=base64url_to_bytes(known.public_key),
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except UNREADABLE as error:
        raise BadPasskey(BadPasskey.__doc__) from error
    used = {"sign_count": shown.new_sign_count, "used_at": now}
    conn.execute(update(Passkey).where(Passkey.id == known.id).values(used))
    return int(known.organizer_id)


def held(conn: Connection, organizer_id: int) -> Sequence[HeldKey]:
    """An organizer's passkeys, the oldest first."""
    columns = (Passkey.id, Passkey.name, Passkey.created_at, Passkey.used_at)
    mine = select(*columns).where(Passkey.organizer_id == organizer_id).order_by(Passkey.id)
    return [HeldKey(*row) for row in conn.execute(mine)]


def remove(conn: Connection, organizer_id: int, passkey_id: int) -> None:
    """Forget a passkey of theirs; another's stays as it is."""
    mine = (Passkey.id == passkey_id, Passkey.organizer_id == organizer_id)
    conn.execute(delete(Passkey).where(*mine))
    factors.forget_codes_of_nothing(conn, organizer_id)


def _ask(conn: Connection, organizer_id: int | None, now: datetime) -> bytes:
    """A new random question, good for one right answer."""
    challenge = secrets.token_bytes(32)
    conn.execute(delete(Challenge).where(Challenge.expires_at <= now))
    values = {"challenge_hash": _sha256(challenge), "organizer_id": organizer_id}
    conn.execute(insert(Challenge).values(**values, expires_at=now + GOOD_FOR))
    return challenge


def _asked(conn: Connection, answer: str, organizer_id: int | None, now: datetime) -> bytes:
    """The question that an answer names, if it was ours and is answered for the first time."""
    challenge = _named(answer)
    mine = (Challenge.challenge_hash == _sha256(challenge), Challenge.expires_at > now)
    taken = delete(Challenge).where(
        *mine, Challenge.organizer_id.is_not_distinct_from(organizer_id)
    )
    if not conn.scalars(taken.returning(Challenge.challenge_hash)).all():
        raise BadPasskey("This took too long. Try again.")
    return challenge


def _named(answer: str) -> bytes:
    response = _parsed(answer).get("response")
    try:
        told = json.loads(base64url_to_bytes(_text(response, "clientDataJSON")))
        return base64url_to_bytes(_text(told, "challenge"))
    except UNREADABLE as error:
        raise BadPasskey(BadPasskey.__doc__) from error


def _parsed(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except UNREADABLE as error:
        raise BadPasskey(BadPasskey.__doc__) from error
    if not isinstance(found, dict):
        raise BadPasskey(BadPasskey.__doc__)
    return found


def _text(held: object, name: str) -> str:
    found = held.get(name) if isinstance(held, dict) else None
    return found if isinstance(found, str) else ""


def _find(conn: Connection, credential_id: str) -> Any:
    enabled = (Passkey.credential_id == credential_id, Organizer.disabled_at.is_(None))
    columns = (Passkey.id, Passkey.organizer_id, Passkey.public_key, Passkey.sign_count)
    joined = select(*columns).join(Organizer, Organizer.id == Passkey.organizer_id)
    return conn.execute(joined.where(*enabled)).one_or_none()


def _sha256(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()
