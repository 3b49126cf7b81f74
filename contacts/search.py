"""Find contacts by what an organizer remembers of them: a name, a city, the end of a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true

from contacts import scope
from contacts.models import Address, Channel, Contact, Membership
from database.tables import folded
from organizers.roles import Within

MOST_WORDS = 8  # each word is a condition; nobody types more to find a person


@dataclass(frozen=True)
class Found:
    """A line in a list of contacts."""

    id: int
    given_name: str
    family_name: str
    language: str
    city: str
    state: str
    zip: str
    phone: str | None
    email: str | None


def search(
    conn: Connection,
    text: str,
    *,
    within: Within,
    project: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Found]:
    """Contacts that match every word, the newest first; all of them for an empty text.

    Only those whom organizers of the projects ``within`` may see, and of one ``project`` if given.
    """
    chosen = (
        select(
            Contact.id,
            Contact.given_name,
            Contact.family_name,
            Contact.language,
            Contact.city,
            Contact.state,
            Contact.zip,
            _first(Channel.SMS).label("phone"),
            _first(Channel.EMAIL).label("email"),
        )
        .where(_matching(text), _visible(within, project))
        .order_by(Contact.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [Found(**row) for row in conn.execute(chosen).mappings()]


def count(conn: Connection, text: str, *, within: Within, project: int | None = None) -> int:
    """How many contacts ``search`` would find in all."""
    chosen: Select[Any] = select(func.count()).select_from(Contact)
    return conn.scalar(chosen.where(_matching(text), _visible(within, project, whole=True))) or 0


def _matching(text: str) -> ColumnElement[bool]:
    words = [_digits(word) or word for word in folded(text).split()][:MOST_WORDS]
    return and_(
        true(),
        *(Contact.search_text.contains(word, autoescape=True) for word in words),
    )


def _digits(word: str) -> str:
    """The bare digits of a piece of a phone number, however it is punctuated; else ""."""
    return re.sub(r"[^0-9]", "", word) if re.fullmatch(r"[+(]?[0-9().-]{3,}", word) else ""


def _visible(within: Within, project: int | None, *, whole: bool = False) -> ColumnElement[bool]:
    seen = scope.people(within, whole=whole)
    if project is None:
        return seen
    members = select(Membership.contact_id).where(Membership.project_id == project)
    return and_(seen, Contact.id.in_(members))


def _first(channel: Channel) -> Any:
    return (
        select(Address.address)
        .where(
            Address.contact_id == Contact.id,
            Address.channel == channel.value,
            Address.rank == 0,
        )
        .correlate(Contact)
        .scalar_subquery()
    )
