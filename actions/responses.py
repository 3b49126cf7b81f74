"""What came of it? One response per person and office, corrected by the next, and their totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from actions.models import Outcome, Response
from contacts.models import Membership
from database.upserts import insert_or

REACHED = (Outcome.SPOKE, Outcome.VOICEMAIL)  # the office heard a constituent
TRIED = (*REACHED, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER)
WRONG_NUMBERS = 2  # so many people finding a number wrong make it doubtful
NOTE_LENGTH = 500


@dataclass(frozen=True)
class Totals:
    """Where an action stands. People count once, however many offices they call."""

    people: int  # who tried to call
    calls: int  # that an office heard: spoken with, or a message left
    by_outcome: Mapping[Outcome, int]
    by_target: Mapping[str, Mapping[Outcome, int]]  # "" = told by text, office not named
    by_project: Mapping[int, int]  # people who tried, per project they belong to

    @property
    def doubtful_targets(self) -> list[str]:
        """Offices whose number several people found to be wrong."""
        return [
            target
            for target, outcomes in self.by_target.items()
            if target and outcomes.get(Outcome.WRONG_NUMBER, 0) >= WRONG_NUMBERS
        ]


def record(
    conn: Connection,
    action_id: int,
    *,
    contact_id: int | None = None,
    visitor: str = "",
    target: str = "",
    outcome: Outcome,
    channel: str,
    note: str = "",
    now: datetime,
) -> None:
    """Store what came of a person's call to an office; a second word on it corrects the first.

    The person is a contact, or a visitor of the public page by the random name their page gave
    them. ``target`` is a seat, ``custom:<key>``, or empty when the person did not say.
    """
    told = {"outcome": outcome, "channel": channel, "note": note[:NOTE_LENGTH], "at": now}
    who = f"contact:{contact_id}" if contact_id is not None else f"visitor:{visitor}"
    row = insert_or(conn, Response).values(
        action_id=action_id, contact_id=contact_id, who=who, target=target, **told
    )
    row = row.on_conflict_do_update(index_elements=["action_id", "who", "target"], set_=told)
    conn.execute(row)


def told_so_far(
    conn: Connection, action_id: int, *, contact_id: int | None = None, visitor: str = ""
) -> dict[str, Outcome]:
    """What one person has told us already: target to outcome."""
    who = f"contact:{contact_id}" if contact_id is not None else f"visitor:{visitor}"
    rows = select(Response.target, Response.outcome)
    rows = rows.where(Response.action_id == action_id, Response.who == who)
    return {target: Outcome(outcome) for target, outcome in conn.execute(rows)}


def totals(conn: Connection, action_id: int) -> Totals:
    """Count an action's responses."""
    by_target = _by_target(conn, action_id)
    by_outcome = {
        outcome: sum(outcomes.get(outcome, 0) for outcomes in by_target.values())
        for outcome in Outcome
    }
    return Totals(
        people=_people(conn, action_id),
        calls=sum(by_outcome[outcome] for outcome in REACHED),
        by_outcome=by_outcome,
        by_target=by_target,
        by_project=_by_project(conn, action_id),
    )


def people_and_calls(conn: Connection, action_id: int) -> tuple[int, int]:
    """How many people tried, and how many calls an office heard: what a public page tells."""
    heard = select(func.count()).where(_counted(action_id), Response.outcome.in_(REACHED))
    return _people(conn, action_id), conn.execute(heard).scalar_one()


def _counted(action_id: int) -> ColumnElement[bool]:
    """An answer by text names no office; it counts unless the same person named one elsewhere."""
    named = aliased(Response)
    other = exists().where(
        named.action_id == action_id, named.who == Response.who, named.target != ""
    )
    return and_(Response.action_id == action_id, or_(Response.target != "", ~other))


def _by_target(conn: Connection, action_id: int) -> dict[str, dict[Outcome, int]]:
    groups = (Response.target, Response.outcome)
    rows = select(*groups, func.count()).where(_counted(action_id)).group_by(*groups)
    counts: dict[str, dict[Outcome, int]] = {}
    for target, outcome, count in conn.execute(rows.order_by(*groups)):
        counts.setdefault(target, {})[Outcome(outcome)] = count
    return counts


def _tried(action_id: int) -> ColumnElement[bool]:
    return and_(Response.action_id == action_id, Response.outcome.in_(TRIED))


def _people(conn: Connection, action_id: int) -> int:
    distinct = select(func.count(Response.who.distinct())).where(_tried(action_id))
    return conn.execute(distinct).scalar_one()


def _by_project(conn: Connection, action_id: int) -> dict[int, int]:
    people = func.count(Response.who.distinct())
    rows = select(Membership.project_id, people)
    rows = rows.join(Response, Response.contact_id == Membership.contact_id)
    rows = rows.where(_tried(action_id)).group_by(Membership.project_id)
    return dict(conn.execute(rows).all())
