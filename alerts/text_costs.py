"""What have the texts of messages taken? In segments, which is what carriers bill."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from contacts.models import Channel
from messages import budgets, counts
from messages.models import Message, Status


class Taken(NamedTuple):
    """Segments, and whether they are known; else it were at most so many."""

    segments: int
    exact: bool


def sum_of(taken: Iterable[Taken]) -> Taken:
    """All of them together."""
    every = list(taken)
    return Taken(sum(each.segments for each in every), all(each.exact for each in every))


def texts_taken(conn: Connection, messages: Sequence[int]) -> dict[int, Taken]:
    """What the texts of each message took: as it was paid, where there is a budget, else the most they can have taken.

    A copy is paid for at the most it can take until its outcome is known. A committee's part is paid for
    with the whole, where that has a budget.
    """
    columns = (Message.id, Message.part_of, Message.budget_cents, Message.segments)
    rows = conn.execute(select(*columns).where(Message.id.in_(messages))).all()
    stand = _texts(conn, messages)
    found = {}
    for row in rows:
        here = stand.get(row.id, {})
        if row.budget_cents:
            paid = 0 if row.part_of else budgets.spent(conn, row.id)
            found[row.id] = Taken(paid, not _between(here, Status.SENDING, Status.UNKNOWN))
        else:
            left = _between(here, Status.UNKNOWN, Status.UNDELIVERED)
            found[row.id] = Taken(left * row.segments, not left)
    return found


def _texts(conn: Connection, messages: Sequence[int]) -> Mapping[int, Mapping[int, int]]:
    """How many texts stand where, by message."""
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for place, count in counts.kept(conn, messages).items():
        if place.channel == Channel.SMS:
            found[place.message_id][place.status] += count
    return found


def _between(stand: Mapping[int, int], first: Status, last: Status) -> int:
    return sum(count for status, count in stand.items() if first <= status <= last)
