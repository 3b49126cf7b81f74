"""What did an office say? A stance on one action, kept line by line; the latest holds.

A caller's word is a suggestion until an organizer confirms it (``actions/reports.py``). That an office
has done what was asked is only ever said by an organizer who saw it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from actions.office_models import Source, Stance, StanceLine

NOTE_LENGTH = 500
WON = (Stance.COMMITTED, Stance.DONE)
DECIDED = (*WON, Stance.DECLINED)


class BadStance(ValueError):
    """A stance that cannot be written down; the message says why."""


@dataclass(frozen=True)
class Standing:
    """Where an office stands, since when, from whom."""

    stance: Stance
    source: Source
    verified: bool
    note: str
    actor: str
    at: datetime


def note_stance(
    conn: Connection,
    action_id: int,
    target: str,
    stance: Stance,
    *,
    source: Source,
    verified: bool = False,
    note: str = "",
    actor: str,
    now: datetime,
) -> int:
    """Add a line; return its number. Raises BadStance for a deed that only a caller tells of."""
    if stance is Stance.DONE and source is Source.CALLER:
        raise BadStance(
            "that an office has done it is for an organizer to say, who saw the signature or the list"
        )
    line = insert(StanceLine).values(
        action_id=action_id,
        target=target,
        stance=stance,
        source=source,
        verified=verified,
        note=" ".join(note.split())[:NOTE_LENGTH],
        actor=actor,
        at=now,
    )
    return int(conn.execute(line.returning(StanceLine.id)).scalar_one())


def stances(conn: Connection, action_id: int) -> Mapping[str, Standing]:
    """Where each office stands of which anything is known, by target."""
    latest = select(func.max(StanceLine.id)).where(StanceLine.action_id == action_id)
    rows = conn.execute(
        select(StanceLine).where(StanceLine.id.in_(latest.group_by(StanceLine.target)))
    )
    return {row.target: _standing(row) for row in rows}


def history(conn: Connection, action_id: int, target: str) -> list[Standing]:
    """All that an office said to an action, the latest first."""
    lines = select(StanceLine).where(StanceLine.action_id == action_id, StanceLine.target == target)
    return [_standing(row) for row in conn.execute(lines.order_by(StanceLine.id.desc()))]


def _standing(row: Row[*tuple[Any, ...]]) -> Standing:
    return Standing(
        Stance(row.stance), Source(row.source), row.verified, row.note, row.actor, row.at
    )
