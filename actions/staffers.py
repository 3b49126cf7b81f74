"""Whom does a caller ask for? The aide of an office, as an organizer has confirmed.

A name is asked for during half a year, for aides move on; an organizer may confirm it again, or take it
back at once. Direct lines are for organizers: on a public page stands the name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from actions.custom_targets import today_of
from actions.office_models import Source, Staffer
from contacts.addresses import BadEmail, BadPhone, normalise_email, normalise_phone
from database.bulk import among

VALID = timedelta(days=180)
LENGTH = 80  # of a name or a role
EMAIL_LENGTH = 200


class BadStaffer(ValueError):
    """An aide who cannot be kept; the message says what to correct."""


@dataclass(frozen=True, kw_only=True)
class Aide:
    """What is typed of an aide."""

    name: str
    role: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class KnownAide:
    """An aide as callers ask for them."""

    id: int
    target: str
    project_id: int | None
    name: str
    role: str
    phone: str  # E.164; "" = not known
    email: str
    source: Source
    learned_on: date
    verified_by: str
    expires_on: date


def staffer_of(
    conn: Connection, target: str, *, project_id: int | None, now: datetime
) -> KnownAide | None:
    """Whom to ask for at an office; None where nobody knows."""
    return staffers_of(conn, [target], project_id=project_id, now=now).get(target)


def staffers_of(
    conn: Connection, targets: Collection[str], *, project_id: int | None, now: datetime
) -> Mapping[str, KnownAide]:
    """Whom to ask for at each of these offices, where that is known.

    By the word of a project, whose alert it is, or of the network; None: the network's word only.
    """
    if not targets:
        return {}
    known = select(Staffer).where(
        among(conn, Staffer.target.expression, targets),
        or_(Staffer.project_id.is_(None), Staffer.project_id == project_id),
        Staffer.withdrawn_at.is_(None),
        Staffer.expires_on >= today_of(now),
    )
    # The last one confirmed stays.
    return {row.target: _known(row) for row in conn.execute(known.order_by(Staffer.id))}


def save_staffer(
    conn: Connection,
    target: str,
    aide: Aide,
    *,
    project_id: int | None,
    source: Source,
    learned_on: date | None = None,
    actor: str,
    now: datetime,
) -> int:
    """Keep an aide whom an organizer confirms; return their number. Raises BadStaffer."""
    today = today_of(now)
    row = insert(Staffer).values(
        target=target,
        project_id=project_id,
        **_checked(aide),
        source=source,
        learned_on=learned_on or today,
        verified_by=actor,
        verified_at=now,
        expires_on=today + VALID,
        withdrawn_by="",
    )
    return int(conn.execute(row.returning(Staffer.id)).scalar_one())


def withdraw(conn: Connection, staffer_id: int, *, actor: str, now: datetime) -> None:
    """Let nobody ask for an aide any more, nor for who was told of before them at that office.

    Their direct line and mailbox are forgotten. Whom another project, or the network, told of stays.
    """
    mine = select(Staffer.target, Staffer.project_id).where(Staffer.id == staffer_id)
    aide = conn.execute(mine).one_or_none()
    if aide is None:
        return
    conn.execute(
        update(Staffer)
        .where(
            Staffer.target == aide.target,
            Staffer.project_id.is_not_distinct_from(aide.project_id),
            Staffer.id <= staffer_id,
            Staffer.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now, withdrawn_by=actor, phone="", email="")
    )


def _checked(aide: Aide) -> dict[str, str]:
    name, role = " ".join(aide.name.split()), " ".join(aide.role.split())
    if not name:
        raise BadStaffer("the aide has no name; write whom callers should ask for")
    if len(name) > LENGTH or len(role) > LENGTH:
        raise BadStaffer("the aide's name or role is too long; write 80 characters at most")
    try:
        phone = normalise_phone(aide.phone) if aide.phone.strip() else ""
        email = normalise_email(aide.email) if aide.email.strip() else ""
    except (BadPhone, BadEmail):
        raise BadStaffer(
            "the aide's direct line or email cannot be read; correct it or leave it out"
        ) from None
    return {"name": name, "role": role, "phone": phone, "email": email}


def _known(row: Row[*tuple[Any, ...]]) -> KnownAide:
    return KnownAide(
        id=row.id,
        target=row.target,
        project_id=row.project_id,
        name=row.name,
        role=row.role,
        phone=row.phone,
        email=row.email,
        source=Source(row.source),
        learned_on=row.learned_on,
        verified_by=row.verified_by,
        expires_on=row.expires_on,
    )
