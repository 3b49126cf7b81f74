"""What people ask for on their own page: only what is urgent, or nothing for a while.

A pause ends by itself, on a day; so nothing has to run for it, and nobody can be forgotten in one.
Off a list is another matter, and the ledger's: see ``contacts.consent``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, Date, case, func, literal, select
from sqlalchemy.orm import aliased

from contacts.models import Preference
from database.upserts import insert_or

PAUSED = "paused"  # asked for a while without messages
URGENT_ONLY = "urgent_only"  # wants urgent actions, and this is none
A_MONTH = timedelta(days=30)
_OWN = aliased(Preference)  # made once: to make it takes longer than to ask for one


@dataclass(frozen=True)
class Preferences:
    """One contact's wishes."""

    urgent_only: bool = False
    paused_until: date | None = None  # the first day they hear from us again

    def paused(self, today: date) -> bool:
        """Whether nothing is sent today."""
        return self.paused_until is not None and self.paused_until > today


def preferences_of(conn: Connection, contact_id: int) -> Preferences:
    """What a contact has asked for; nothing said is all messages."""
    found = select(Preference.urgent_only, Preference.paused_until)
    row = conn.execute(found.where(Preference.contact_id == contact_id)).one_or_none()
    return Preferences(*row) if row else Preferences()


def prefer(conn: Connection, contact_id: int, wishes: Preferences) -> None:
    """Keep what a contact asks for; holds for every copy that has not been claimed yet."""
    values = {"urgent_only": wishes.urgent_only, "paused_until": wishes.paused_until}
    conn.execute(
        insert_or(conn, Preference)
        .values(contact_id=contact_id, **values)
        .on_conflict_do_update(index_elements=["contact_id"], set_=values)
    )


def held_back(contact_id: ColumnElement[int], *, today: date, urgent: bool) -> ColumnElement[str]:
    """SQL for why a contact wants no copy of a message today; '' when they do, or said nothing."""
    own = _OWN
    why: list[tuple[ColumnElement[bool], str]] = [(own.paused_until > literal(today, Date), PAUSED)]
    if not urgent:
        why.append((own.urgent_only.expression, URGENT_ONLY))
    found = select(case(*why, else_="")).where(own.contact_id == contact_id)
    return func.coalesce(found.correlate_except(own).scalar_subquery(), "")
