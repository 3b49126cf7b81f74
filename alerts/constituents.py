"""How many people live in each state and district, who of them was sent an alert, and who may still be asked?

A few statements over all of them, whoever they are: what is told of them are numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select, true

from contacts.changes import Kept
from contacts.consent import suppression
from contacts.models import Address, Channel, Contact, Membership
from messages import counts
from messages.models import Delivery, Message, Reach

CHANNELS = {
    Reach.SMS: (Channel.SMS.value,),
    Reach.EMAIL: (Channel.EMAIL.value,),
}  # else both
Place = tuple[str, int | None]  # a state, and a district if it is known
MOST_KEPT = 64  # alerts, of some hundred places each

_KEPT = Kept(MOST_KEPT)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """People of one place, or of several together."""

    constituents: int = 0
    asked: int = 0  # a copy of the alert went out to them
    available: int = 0  # none did, and they may be written to; 0 unless that was asked for

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            constituents=self.constituents + other.constituents,
            asked=self.asked + other.asked,
            available=self.available + other.available,
        )


@dataclass(frozen=True)
class Whose:
    """Whose people are counted: an alert, and the project that looks, None for everybody."""

    action_id: int
    family: tuple[int, ...]  # its messages
    project_id: int | None
    own: bool  # the alert is the project's own, and so are all its calls


@dataclass(frozen=True)
class Rules:
    """By which an alert may write to somebody."""

    scopes: tuple[str, ...]
    reach: Reach
    countries: tuple[str, ...]


def members(whose: Whose, contact_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """That a contact is counted."""
    if whose.project_id is None:
        return true()
    mine = select(Membership.contact_id).where(Membership.project_id == whose.project_id)
    return contact_id.in_(mine)


def people_by_place(conn: Connection, whose: Whose, *, able: bool) -> Mapping[Place, Counted]:
    """How many people there are in each place, have been asked, and, if wanted, may still be.

    Kept for as long as nothing about people changes, and no copy goes out.
    """
    rules = _rules(conn, whose) if able else None
    question = (whose, rules, counts.stamp_of(conn, whose.family))
    return _KEPT.answer(conn, question, lambda: _people_by_place(conn, whose, rules))


def _people_by_place(
    conn: Connection, whose: Whose, rules: Rules | None
) -> Mapping[Place, Counted]:
    theirs, got = members(whose, Contact.id.expression), _got_one(conn, whose)
    asked = _by_place(conn, theirs, got)
    # The dearest question, asked only of those who are left: two look-ups an address.
    left = {} if rules is None else _by_place(conn, theirs, ~got, _may_be_asked(rules))
    return {
        place: Counted(constituents=people, asked=asked.get(place, 0), available=left.get(place, 0))
        for place, people in _by_place(conn, theirs).items()
    }


def _by_place(conn: Connection, *conditions: ColumnElement[bool]) -> dict[Place, int]:
    """How many people there are of whom all of this is so."""
    place = (Contact.state, Contact.district)
    rows = select(*place, func.count()).where(*conditions).group_by(*place)
    return {(state, district): people for state, district, people in conn.execute(rows).all()}


def _got_one(conn: Connection, whose: Whose) -> ColumnElement[bool]:
    """That a copy went out to a person.

    An alert's own people are most of those it wrote to: on SQLite its copies are read, and nobody else's. Of
    another committee's alert each of a project's people is looked up: the others may be a thousand times as many.
    PostgreSQL sees for itself which is less.
    """
    if whose.own and conn.dialect.name == "sqlite":
        return Contact.id.in_(_in_a_row(whose))
    return exists().where(Delivery.contact_id == Contact.id, *_gone_out(whose))


def _in_a_row(whose: Whose) -> Select[int | None]:
    """Who got a copy, read as the copies of a message were written: from its first to its last.

    By the index of a message's addresses SQLite would look for each copy somewhere else.
    """
    rows = (func.min(Delivery.id).label("first"), func.max(Delivery.id).label("last"))
    mine = Delivery.message_id.in_(whose.family)
    messages = select(Delivery.message_id, *rows).where(mine).group_by(Delivery.message_id)
    ends = messages.subquery("ends")
    return (
        select(Delivery.contact_id)
        .select_from(ends)
        .join(Delivery, Delivery.id.between(ends.c.first, ends.c.last))
        .where(Delivery.message_id + 0 == ends.c.message_id, Delivery.status.in_(counts.OUT))
        .where(Delivery.contact_id.is_not(None))  # else nobody would be known to have none
    )


def _gone_out(whose: Whose) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.message_id.in_(whose.family), Delivery.status.in_(counts.OUT))


def _rules(conn: Connection, whose: Whose) -> Rules:
    columns = select(Message.scopes, Message.reach, Message.countries)
    message = conn.execute(columns.where(Message.id == whose.family[0])).one()
    return Rules(tuple(message.scopes), Reach(message.reach), tuple(message.countries.split()))


def _may_be_asked(rules: Rules) -> ColumnElement[bool]:
    """That the alert's own rules let one of its channels write to a person."""
    refusal = suppression(
        Address.channel.expression, Address.address.expression, rules.scopes, rules.countries
    )
    both = tuple(each.value for each in Channel)
    return exists().where(
        Address.contact_id == Contact.id,
        Address.rank == 0,
        Address.channel.in_(CHANNELS.get(rules.reach, both)),
        refusal == "",
    )
