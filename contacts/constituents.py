"""How many of our people each seat in Congress stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, func, select

from contacts.models import Contact


def constituents(conn: Connection, seat_ids: Iterable[str]) -> Mapping[str, int]:
    """The people of each seat: of a House seat those in the district, of a senator's those in the state.

    Those whose district is open count for their senators alone.
    """
    wanted = sorted(set(seat_ids))
    states = sorted({_parts(each)[1] for each in wanted})
    rows = conn.execute(
        select(Contact.state, Contact.district, func.count())
        .where(Contact.state.in_(states))
        .group_by(Contact.state, Contact.district)
    ).all()
    return {
        seat_id: sum(count for state, district, count in rows if _is_of(seat_id, state, district))
        for seat_id in wanted
    }


def _is_of(seat_id: str, state: str, district: int | None) -> bool:
    chamber, own, number = _parts(seat_id)
    return own == state and (chamber == "senate" or str(district) == number)


def _parts(seat_id: str) -> tuple[str, str, str]:
    """Of ``us:house:CA:14``: the chamber, the state, the number."""
    _, chamber, state, number = seat_id.split(":")
    return chamber, state, number
