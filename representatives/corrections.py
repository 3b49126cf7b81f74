"""Organizers' corrections: a phone that has changed, a seat that is vacant, before the published data says so.

Each has a reason and an end. It gives way as soon as the data says the same; where the data comes to say
something else, both are told to whoever updates, and the correction stays until it expires.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, insert, select, update

from database.bulk import among_given, texts_given
from representatives.models import Correction, Member, Seat, Tenure

LONGEST = timedelta(days=366)  # by then the data has it, or nobody has looked for a year


class Field(StrEnum):
    """What a correction is about."""

    PHONE = "phone"  # of the office in Washington
    VACANT = "vacant"


class End(StrEnum):
    """Why a correction is in force no more."""

    CAUGHT_UP = "caught_up"  # the data says the same now
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


class BadCorrection(ValueError):
    """A correction that cannot be made; the message says why."""


@dataclass(frozen=True)
class InForce:
    """A correction that counts."""

    id: int
    seat_id: str
    field: Field
    value: str
    was: str
    reason: str
    set_by: str
    set_at: datetime
    expires_on: date


def correct(
    conn: Connection,
    seat_id: str,
    field: Field,
    value: str,
    *,
    reason: str,
    expires_on: date,
    by: str,
    now: datetime,
) -> int:
    """Say against the data that a seat has this phone (E.164), or is vacant; return the correction's number.

    An earlier one about the same is replaced. Raises BadCorrection.
    """
    if not reason.strip():
        raise BadCorrection("Write why: where did you learn it?")
    if not now.date() < expires_on <= now.date() + LONGEST:
        raise BadCorrection(
            "Choose a day within a year on which this ends, tomorrow at the earliest."
        )
    was = _said(conn, seat_id, field)
    if was == value:
        raise BadCorrection("The data says so already.")
    _end(conn, End.REPLACED, now, Correction.seat_id == seat_id, Correction.field == field)
    row = {
        "seat_id": seat_id,
        "field": field,
        "value": value,
        "was": was,
        "reason": " ".join(reason.split()),
        "set_by": by,
        "set_at": now,
        "expires_on": expires_on,
        "ended_because": "",
    }
    return conn.execute(insert(Correction).values(row).returning(Correction.id)).scalar_one()


def withdraw(conn: Connection, correction_id: int, *, now: datetime) -> None:
    """Take one back; harmless when it has ended."""
    _end(conn, End.WITHDRAWN, now, Correction.id == correction_id)


def expire(conn: Connection, *, now: datetime) -> int:
    """End those whose day has come; return how many."""
    return _end(conn, End.EXPIRED, now, Correction.expires_on <= now.date())


def in_force(conn: Connection, seat_ids: Iterable[str] | None = None) -> list[InForce]:
    """Those that count, by seat; None = of all seats."""
    if seat_ids is None:
        rows = conn.execute(_IN_FORCE)
    else:
        rows = conn.execute(_of_seats(conn.dialect.name), texts_given(set(seat_ids)))
    return [
        InForce(
            row.id,
            row.seat_id,
            Field(row.field),
            row.value,
            row.was,
            row.reason,
            row.set_by,
            row.set_at,
            row.expires_on,
        )
        for row in rows
    ]


_IN_FORCE = (
    select(Correction)
    .where(Correction.ended_at.is_(None))
    .order_by(Correction.seat_id, Correction.id)
)


@cache
def _of_seats(dialect: str) -> Select[*tuple[Any, ...]]:
    return _IN_FORCE.where(among_given(dialect, Correction.seat_id.expression))


def by_seat(conn: Connection, seat_ids: Sequence[str]) -> Mapping[str, Mapping[Field, InForce]]:
    """Those that count of some seats, by seat and what they are about."""
    found: dict[str, dict[Field, InForce]] = {}
    for each in in_force(conn, seat_ids) if seat_ids else ():
        found.setdefault(each.seat_id, {})[each.field] = each
    return found


def give_way(conn: Connection, *, now: datetime) -> tuple[list[InForce], list[InForce]]:
    """After an update: end those the data agrees with now; return them, and those it contradicts anew."""
    caught_up, contradicted = [], []
    for each in in_force(conn):
        said = _said(conn, each.seat_id, each.field)
        if said == each.value:
            caught_up.append(each)
        elif said != each.was:
            contradicted.append(each)
    _end(conn, End.CAUGHT_UP, now, Correction.id.in_([each.id for each in caught_up]))
    return caught_up, contradicted


def _said(conn: Connection, seat_id: str, field: Field) -> str:
    """What the data says: the phone in Washington, or who sits there. Raises BadCorrection."""
    if conn.scalar(select(Seat.id).where(Seat.id == seat_id)) is None:
        raise BadCorrection(f"There is no seat {seat_id}.")
    sitting = (
        select(Member.bioguide, Member.phone)
        .join(Tenure, Tenure.bioguide == Member.bioguide)
        .where(Tenure.seat_id == seat_id, Tenure.ended_on.is_(None))
    )
    row = conn.execute(sitting).first()
    if field is Field.VACANT:
        return "" if row is None else row.bioguide
    return "" if row is None else row.phone or ""


def _end(conn: Connection, because: End, now: datetime, *which: ColumnElement[bool]) -> int:
    ended = update(Correction).where(Correction.ended_at.is_(None), *which)
    return conn.execute(ended.values(ended_at=now, ended_because=because)).rowcount
