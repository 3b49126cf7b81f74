"""The numbers of an alert that anybody may read, if its organizers say so: totals, and people by state.

A small number could point at somebody. It is hidden, and so are others where the total would let a reader
subtract their way to it. What is hidden is told alike, for whatever reason it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from actions.addressing import STATES
from actions.models import Response
from actions.responses import REACHED
from alerts.coverage import report_counts
from alerts.models import Alert
from alerts.pages import NoSuchPage, page_by_slug
from representatives.models import Seat

FEW = 5  # fewer people are not told as a number


@dataclass(frozen=True)
class Numbers:
    """What the page of numbers shows. ``states`` has every state; None = some, who are not told."""

    people: int  # who reached an office; 0 = too few to say
    offices: int
    states_reached: int
    committed: int
    states: Mapping[str, int | None]


def public_numbers(conn: Connection, slug: str, *, now: datetime) -> Numbers:
    """An alert's numbers. Raises NoSuchPage where nobody has said that they may be shown."""
    page = page_by_slug(conn, slug, now=now)
    if not page.shows_numbers:
        raise NoSuchPage(NoSuchPage.__doc__)
    people, offices, states, committed = report_counts(conn, page.alert_id)
    counts = _by_state(conn, page.ask.action_id)
    elsewhere = people - _in_states(conn, page.ask.action_id)
    told = tellable(people, {**counts, "": elsewhere})
    del told[""]
    if people < FEW:
        return Numbers(0, 0, 0, committed, told)
    return Numbers(people, offices, states, committed, told)


def tellable(
    people: int, counts: Mapping[str, int], *, hidden: Collection[str] = ()
) -> dict[str, int | None]:
    """What may be told of people by state beside their total: a number, or None for some.

    Who is of no state is to be among the ``counts``, under a name of its own: they are part of the total.
    Those already ``hidden`` stay so. While fewer than FEW are hidden in all, or a single state, the smallest number that shows is
    hidden too: else the total less what shows would tell. Nobody at all is told as 0.
    """
    hidden = {
        state for state, count in counts.items() if 0 < count < FEW or (count and state in hidden)
    }
    if people < FEW:
        hidden = {state for state, count in counts.items() if count}
    shown = sorted(
        (count, state) for state, count in counts.items() if count and state not in hidden
    )
    while hidden and shown and (len(hidden) == 1 or sum(counts[each] for each in hidden) < FEW):
        hidden.add(shown.pop(0)[1])
    return {
        state: None if state in hidden else counts.get(state, 0) for state in {**STATES, **counts}
    }


def _by_state(conn: Connection, action_id: int) -> dict[str, int]:
    """People who reached an office of a state; each once, however many of its offices they called."""
    people = select(Seat.state, func.count(Response.who.distinct()))
    people = people.join(Seat, Seat.id == Response.target)
    people = people.where(Response.action_id == action_id, Response.outcome.in_(REACHED))
    return dict(conn.execute(people.group_by(Seat.state)).all())


def _in_states(conn: Connection, action_id: int) -> int:
    """People who reached an office of any state; who is left reached only others, or did not say which."""
    people = select(func.count(Response.who.distinct())).join(Seat, Seat.id == Response.target)
    mine = (Response.action_id == action_id, Response.outcome.in_(REACHED))
    return conn.execute(people.where(*mine)).scalar_one()


def show_numbers(conn: Connection, alert_id: int, *, shown: bool) -> None:
    """Let anybody read an alert's numbers, or no longer."""
    conn.execute(update(Alert).where(Alert.id == alert_id).values(shows_numbers=shown))
