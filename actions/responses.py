"""What came of it? One response per person and office, corrected by the next, and their totals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from actions.models import Outcome, Response
from actions.office_models import OfficeReport
from database.upserts import insert_or

REACHED = (Outcome.SPOKE, Outcome.VOICEMAIL)  # the office heard a constituent
TRIED = (*REACHED, Outcome.WROTE, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER)
WRONG_NUMBERS = 2  # so many people finding a number wrong make it doubtful
NOTE_LENGTH = 500
_DOUBTFUL = (
    select(Response.action_id, Response.target)
    .where(
        Response.action_id.in_(bindparam("actions", expanding=True)),
        Response.outcome == Outcome.WRONG_NUMBER,
        Response.target != "",
    )
    .group_by(Response.action_id, Response.target)
    .having(func.count() >= WRONG_NUMBERS)
)


@dataclass(frozen=True)
class Totals:
    """Where an action stands. People count once, however many offices they call."""

    people: int  # who tried to call
    calls: int  # that an office heard: spoken with, or a message left
    by_outcome: Mapping[Outcome, int]
    by_target: Mapping[str, Mapping[Outcome, int]]  # "" = told by text, office not named

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
) -> int:
    """Store what came of a person's call to an office; a second word on it corrects the first.

    Returns the response's number.

    The person is a contact, or a visitor of the public page by the random name their page gave
    them. ``target`` is a seat, ``custom:<key>``, or empty when the person did not say.
    """
    told = {"outcome": outcome, "channel": channel, "note": note[:NOTE_LENGTH], "at": now}
    who = f"contact:{contact_id}" if contact_id is not None else f"visitor:{visitor}"
    row = insert_or(conn, Response).values(
        action_id=action_id, contact_id=contact_id, who=who, target=target, **told
    )
    # Whoever was heard on the telephone and writes as well was heard; nothing of that is lost.
    kept = Response.outcome.not_in(REACHED) if outcome is Outcome.WROTE else None
    unique = ["action_id", "who", "target"]
    row = row.on_conflict_do_update(index_elements=unique, set_=told, where=kept)
    stored = conn.execute(row.returning(Response.id)).scalar()
    return int(stored) if stored is not None else _kept(conn, action_id, who, target)


def take_back(
    conn: Connection, action_id: int, outcome: Outcome, *, contact_id: int | None, visitor: str
) -> None:
    """Forget what a person told with one outcome: it does not hold any more."""
    who = f"contact:{contact_id}" if contact_id is not None else f"visitor:{visitor}"
    theirs = (Response.action_id == action_id, Response.who == who)
    conn.execute(delete(Response).where(*theirs, Response.outcome == outcome))


def give(conn: Connection, keep: int, gone: int) -> None:
    """Let one contact have what another has told, being the same person; of two words on an office the later.

    What was heard in a call stays with it.
    """
    columns: list[Any] = [Response.id, Response.action_id, Response.target, Response.outcome]
    ours = select(*columns).where(Response.contact_id.in_([keep, gone]))
    last: dict[tuple[int, str], Row[Any]] = {}
    for later in conn.execute(ours.order_by(Response.at)).all():
        earlier = last.get((later.action_id, later.target))
        holds = later
        if earlier is not None and later.outcome == Outcome.WROTE and earlier.outcome in REACHED:
            holds = earlier  # as ``record`` has it
        if earlier is not None:
            _replace(conn, later if holds is earlier else earlier, holds)
        last[later.action_id, later.target] = holds
    own = {"contact_id": keep, "who": f"contact:{keep}"}
    conn.execute(update(Response).where(Response.contact_id == gone).values(**own))


def _replace(conn: Connection, gone: Row[Any], holds: Row[Any]) -> None:
    told = aliased(OfficeReport)
    known = select(told.kind).where(told.response_id == holds.id)
    theirs = (OfficeReport.response_id == gone.id, OfficeReport.kind.not_in(known))
    conn.execute(update(OfficeReport).where(*theirs).values(response_id=holds.id))
    conn.execute(delete(Response).where(Response.id == gone.id))


def doubtful(conn: Connection, action_id: int) -> frozenset[str]:
    """Offices whose number so many people found to be wrong that callers are told."""
    return doubtful_by_action(conn, [action_id]).get(action_id, frozenset())


def doubtful_by_action(conn: Connection, action_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """The same of many actions, asked for at once; those that have none are left out."""
    if not action_ids:
        return {}
    found: dict[int, frozenset[str]] = {}
    for action_id, target in conn.execute(_DOUBTFUL, {"actions": list(action_ids)}):
        found[action_id] = found.get(action_id, frozenset()) | {target}
    return found


def _kept(conn: Connection, action_id: int, who: str, target: str) -> int:
    theirs = (Response.action_id == action_id, Response.who == who, Response.target == target)
    return int(conn.execute(select(Response.id).where(*theirs)).scalar_one())


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
    )


@dataclass(frozen=True)
class Tally:
    """Where an action stands, as a public page tells it."""

    people: int = 0  # who tried
    calls: int = 0  # that an office heard
    letters: int = 0


def tally(conn: Connection, action_id: int) -> Tally:
    """Count people, calls that were heard, and letters."""
    return tallies(conn, [action_id]).get(action_id, Tally())


def tallies(conn: Connection, action_ids: Collection[int]) -> dict[int, Tally]:
    """The same of many actions; those that nobody has answered are left out."""
    rows = conn.execute(_tallied(), {"actions": list(action_ids)})
    return {
        action_id: Tally(people, int(calls), int(letters))
        for action_id, people, calls, letters in rows
    }


@cache
def _tallied() -> Select[*tuple[Any, ...]]:
    """Person by person, in the order of the unique key: one pass, which a page can afford at each look."""
    named, heard, wrote = Response.target != "", _is(*REACHED), _is(Outcome.WROTE)
    per_person = (
        select(
            Response.action_id,
            func.count().filter(_is(*TRIED)).label("tried"),
            func.count().filter(named).label("named"),
            func.count().filter(named & heard).label("heard"),
            func.count().filter(~named & heard).label("heard_somewhere"),
            func.count().filter(wrote).label("wrote"),
        )
        .where(Response.action_id.in_(bindparam("actions", expanding=True)))
        .group_by(Response.action_id, Response.who)
        .subquery()
    )
    each = per_person.c
    # An answer by text names no office; see ``_counted``.
    somewhere = case((each.named == 0, each.heard_somewhere), else_=0)
    return select(
        each.action_id,
        func.count().filter(each.tried > 0),
        func.coalesce(func.sum(each.heard + somewhere), 0),
        func.coalesce(func.sum(each.wrote), 0),
    ).group_by(each.action_id)


def _is(*outcomes: Outcome) -> ColumnElement[bool]:
    return Response.outcome.in_(outcomes)


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
