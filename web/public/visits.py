"""What a visit to an action page needs of the database: read it, or tell it how a call went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from actions.models import Outcome
from actions.responses import people_and_calls, record, told_so_far
from actions.targets import (
    NotACandidate,
    Targets,
    pick_district,
    place_of_choice,
    place_of_contact,
    targets_for,
)
from alerts.pages import AlertPage, Person, page_by_slug, page_for_delivery
from contacts.addresses import BadZip, normalise_zip
from representatives.districts import Place
from representatives.lookup import place

UNSURE = "unsure"


class BadAnswer(ValueError):
    """That answer does not fit this page any more; go back, reload it and choose again."""


@dataclass(frozen=True)
class Where:
    """What the address of the page says about the visitor's place; nothing of it is stored."""

    zip: str = ""  # as typed
    district: str = ""  # "MA-7", or "unsure"
    asked: bool = False  # wants to enter a ZIP, perhaps another one

    @property
    def unsure(self) -> bool:
        """Whether they were asked and do not know."""
        return self.district == UNSURE

    @property
    def choice(self) -> tuple[str, int] | None:
        """The district picked, if what stands there can be one."""
        state, _, number = self.district.partition("-")
        return (state, int(number)) if number.isascii() and number.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One look at an action page."""

    page: AlertPage
    person: Person | None  # None: anyone, by the public address
    zip: str  # in use for this visit; "" = not known
    bad_zip: str  # why the one typed cannot be used
    targets: Targets
    told: Mapping[str, Outcome]  # by target
    people: int  # who tried to call, so far
    calls: int  # that an office heard


@dataclass(frozen=True)
class Visitor:
    """Who looks: a copy's person, or somebody known only by a random name in their browser."""

    delivery_id: int | None = None
    slug: str = ""
    name: str = ""  # the random one; "" = first visit
    where: Where = field(default_factory=Where)


def visit(conn: Connection, visitor: Visitor) -> Visit:
    """Read everything a page shows; raises NoSuchPage."""
    page, person = _page(conn, visitor)
    zip_code, bad_zip = _zip(visitor.where, person)
    at = _place(conn, visitor.where, person, zip_code)
    action_id = page.ask.action_id
    contact_id, name = _who(visitor, person)
    people, calls = people_and_calls(conn, action_id)
    return Visit(
        page=page,
        person=person,
        zip=zip_code,
        bad_zip=bad_zip,
        targets=targets_for(conn, action_id, at, unsure=visitor.where.unsure),
        told=told_so_far(conn, action_id, contact_id=contact_id, visitor=name),
        people=people,
        calls=calls,
    )


def tell(
    conn: Connection, visitor: Visitor, target: str, outcome: str, *, note: str = "", now: datetime
) -> None:
    """Record how a call went. After the action has ended nothing is recorded any more.

    Raises NoSuchPage, and BadAnswer for an office or an outcome the page did not offer.
    """
    seen = visit(conn, visitor)
    if outcome not in set(Outcome) or target not in {each.key for each in seen.targets.with_phone}:
        raise BadAnswer(BadAnswer.__doc__)
    if seen.page.ended_at(now):
        return
    contact_id, name = _who(visitor, seen.person)
    record(
        conn,
        seen.page.ask.action_id,
        contact_id=contact_id,
        visitor=name,
        target=target,
        outcome=Outcome(outcome),
        channel="web",
        note=_line(note),
        now=now,
    )


def remember_district(conn: Connection, visitor: Visitor, district: str) -> None:
    """Keep a person's own word on which district of their ZIP is theirs.

    Raises NoSuchPage, NotACandidate, and BadAnswer for what is no district.
    """
    _, person = _page(conn, visitor)
    choice = Where(district=district).choice
    if choice is None or person is None or person.contact_id is None:
        raise BadAnswer(BadAnswer.__doc__)
    pick_district(conn, person.contact_id, *choice)


def _line(text: str) -> str:
    """One line of what somebody typed, without characters that nobody can see."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())


def _page(conn: Connection, visitor: Visitor) -> tuple[AlertPage, Person | None]:
    if visitor.delivery_id is None:
        return page_by_slug(conn, visitor.slug), None
    return page_for_delivery(conn, visitor.delivery_id)


def _zip(where: Where, person: Person | None) -> tuple[str, str]:
    """The ZIP in use, and what is wrong with the one typed."""
    try:
        typed = normalise_zip(where.zip)
    except BadZip as error:
        return "", str(error)
    return typed or (person.zip if person and not where.asked else ""), ""


def _place(conn: Connection, where: Where, person: Person | None, zip_code: str) -> Place:
    """Where the visitor is: a contact as we know them, unless another ZIP was typed."""
    elsewhere = bool(where.zip) or where.asked
    if person is not None and person.contact_id is not None and not elsewhere:
        return place_of_contact(conn, person.contact_id)
    if where.choice is None:
        return place(conn, zip_code)
    try:
        return place_of_choice(conn, zip_code, *where.choice)
    except NotACandidate:
        return place(conn, zip_code)


def _who(visitor: Visitor, person: Person | None) -> tuple[int | None, str]:
    """Whose response it is; a contact deleted since then goes on as their copy."""
    if person is None:
        return None, visitor.name
    return person.contact_id, f"copy:{person.delivery_id}"
