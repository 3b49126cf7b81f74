"""What will stop being true when the next Congress begins, and what already has: in sentences.

From 1 December before a Congress begins there is a month to load its lines and members; after it has
begun, what is missing is told until newer data says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from sqlalchemy import Connection, func, select

from representatives.maps import REDRAWN, begins, congress_at, lines_at, sitting_day
from representatives.models import Dataset, Member, Tenure

NAMED = 5  # members named in a warning; of more, only the number is told


def warnings(conn: Connection, now: datetime) -> list[str]:
    """What an organizer should know of the data on lines and members; nothing while none is loaded."""
    loaded = set(conn.scalars(select(Dataset.congress).distinct()))
    if not loaded:
        return []
    return [*_coming(conn, loaded, now), *_old_lines(conn, now), *_past_term(conn, now)]


def nears(now: datetime) -> int | None:
    """The Congress that begins within five weeks: from 1 December before its first day on."""
    coming = congress_at(now) + 1
    return coming if now >= datetime(begins(coming).year - 1, 12, 1, tzinfo=UTC) else None


def _coming(conn: Connection, loaded: set[int], now: datetime) -> Iterator[str]:
    """What the next Congress brings, as long as it is not loaded."""
    coming = nears(now)
    if coming is None:
        return
    turn = begins(coming)
    day = f"{turn:%B} {turn.day}, {turn.year}"
    if coming not in loaded:
        states = ", ".join(sorted(REDRAWN.get(coming, ())))
        which = f"in {states}" if states else "wherever lines may have moved"
        yield (
            f"the {coming}th Congress begins on {day} at noon in Washington; without its lines nobody's"
            f" House member is named {which}; load its data before then, it waits for its day"
        )
    ending = _ending(conn, turn.date())
    if ending:
        yield (
            f"the terms of {ending:,} members end on {day}; until data with the new ones is loaded, their"
            " seats are shown without a name and with the Capitol's switchboard"
        )


def _old_lines(conn: Connection, now: datetime) -> Iterator[str]:
    lines, sits = lines_at(conn, now), congress_at(now)
    if lines == sits:
        return
    moved = (REDRAWN.get(each, frozenset()) for each in range(lines + 1, sits + 1))
    states = ", ".join(sorted(frozenset().union(*moved)))
    yield (
        f"the lines are those of the {lines}th Congress, and the {sits}th sits: nobody's House member is"
        f" named by ZIP in {states or 'states whose lines may have moved'}; load the new lines"
    )


def _past_term(conn: Connection, now: datetime) -> Iterator[str]:
    """Members who are not named any more, because their term is over and nobody newer is known."""
    day = sitting_day(now)
    over = Tenure.ended_on.is_(None) & (Tenure.ends_on <= day)
    left = select(Member.name).join(Tenure, Tenure.bioguide == Member.bioguide).where(over)
    names = conn.scalars(left.order_by(Member.family_name, Member.bioguide)).all()
    if not names:
        return
    who = ", ".join(names) if len(names) <= NAMED else f"{len(names):,} members"
    yield (
        f"past their term and not named any more: {who}; their seats come with the Capitol's"
        " switchboard until newer data is loaded"
    )


def _ending(conn: Connection, day: date) -> int:
    """How many members' terms end on a day."""
    still = Tenure.ended_on.is_(None) & (Tenure.ends_on == day)
    return conn.scalar(select(func.count()).select_from(Tenure).where(still)) or 0
