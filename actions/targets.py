"""Whom does this person call? From an action's rule and a place to offices with a telephone.

A ZIP is not enough for one person in six, and naming the wrong member is worse than asking. So an
open district yields choices to put to the person, and somebody who does not know theirs still has
senators and the Capitol's switchboard: never a dead end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update

from actions.models import Action, ActionTarget, CustomTarget, TargetRule
from contacts.models import Contact
from representatives.districts import ASSOCIATED, MILITARY, UNKNOWN, District, Place
from representatives.lookup import (
    Official,
    house_officials,
    officials,
    officials_in,
    place,
)

SWITCHBOARD_PHONE = "+12022243121"  # U.S. Capitol; connects callers by name or by ZIP
SWITCHBOARD = "switchboard"
CUSTOM = "custom:"  # before the key of an office outside Congress
WASHINGTON = "America/New_York"
PICKED = "picked"  # how a district is known: the person said so
ORGANIZER = "organizer"  # an organizer said so, which always wins


class NotACandidate(ValueError):
    """That district does not lie in this person's ZIP; choose one of those shown."""


class Role(StrEnum):
    """What a target is, which decides how it is addressed."""

    REPRESENTATIVE = "representative"
    DELEGATE = "delegate"  # of DC or a territory: a voice without a floor vote
    SENATOR = "senator"
    SWITCHBOARD = "switchboard"
    CUSTOM = "custom"


class Note(StrEnum):
    """Why the targets are not simply this person's own; each has its own next step."""

    NONE = ""
    SPLIT = "split"  # the ZIP lies in several districts: one of the choices is theirs
    UNSURE = "unsure"  # they do not know which
    MILITARY = "military"  # the home of record counts, not the ZIP
    ASSOCIATED = "associated"  # a freely associated state: nobody in Congress
    UNKNOWN = "unknown"  # no ZIP, or one we do not know
    VACANT = "vacant"  # the seat is empty; senators instead
    NO_SENATORS = "no_senators"  # DC and the territories have none; their delegate instead


NOTES = {MILITARY: Note.MILITARY, ASSOCIATED: Note.ASSOCIATED, UNKNOWN: Note.UNKNOWN}


@dataclass(frozen=True)
class Branch:
    """A member's office in the district."""

    city: str
    phone: str  # E.164
    hours: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """An office to call."""

    key: str  # a seat, "custom:<key>" or "switchboard"; what responses are kept under
    role: Role
    name: str  # "" for a vacant seat
    family_name: str = ""
    title: str = ""  # of a custom target
    institution: str = ""
    state: str = ""
    district: int | None = None
    phone: str = ""  # E.164; "" = nobody to call
    in_washington: bool = False  # a member's own Washington line, not one that stands in for it
    hours: str = ""
    time_zone: str = WASHINGTON
    branches: tuple[Branch, ...] = ()
    vacant: bool = False


@dataclass(frozen=True)
class Choice:
    """A district that may be this person's."""

    state: str
    district: int
    name: str  # who sits for it; "" = vacant

    @property
    def code(self) -> str:
        """As forms write it: ``MA-7``."""
        return f"{self.state}-{self.district}"


@dataclass(frozen=True)
class Targets:
    """Whom to call, in order; and what to ask the person first."""

    settled: tuple[Target, ...]
    choices: tuple[Choice, ...] = ()
    note: Note = Note.NONE

    @property
    def with_phone(self) -> tuple[Target, ...]:
        """Those with a telephone to ring."""
        return tuple(target for target in self.settled if target.phone)


def targets_for(conn: Connection, action_id: int, where: Place, *, unsure: bool = False) -> Targets:
    """Whom somebody at a place calls for an action; see ``place_of_contact`` for a contact's.

    ``unsure`` means that the person was asked for their district or ZIP and does not know.
    """
    asked = select(Action.target_rule).where(Action.id == action_id)
    rule = TargetRule(conn.execute(asked).scalar_one())
    named = _custom(conn, action_id)
    if rule is TargetRule.CUSTOM:
        return Targets(named)
    congress = _congress(conn, rule, where, unsure=unsure)
    return replace(congress, settled=(*congress.settled, *named))


def targets_by_key(conn: Connection, keys: Collection[str]) -> list[Target]:
    """The offices that responses were kept under, in the order of their keys.

    One that is no longer known, and the switchboard, come with nothing but their key.
    """
    named = [key.removeprefix(CUSTOM) for key in keys if key.startswith(CUSTOM)]
    rows = conn.execute(select(CustomTarget).where(CustomTarget.key.in_(named))) if named else ()
    known = [
        *(_target(each) for each in officials_in(conn, keys)),
        *(_custom_target(row) for row in rows),
    ]
    nameless = {key: Target(key=key, role=Role.SWITCHBOARD, name="") for key in sorted(keys)}
    return list((nameless | {target.key: target for target in known}).values())


def place_of_contact(conn: Connection, contact_id: int) -> Place:
    """Where a contact is represented: as settled on their row, else what their ZIP leaves open."""
    columns = (Contact.zip, Contact.state, Contact.district, Contact.district_how)
    row = conn.execute(select(*columns).where(Contact.id == contact_id)).one()
    by_zip = place(conn, row.zip)
    if row.district is None:
        return replace(by_zip, state=by_zip.state or row.state)
    return replace(by_zip, state=row.state, district=row.district, how=row.district_how)


def place_of_choice(conn: Connection, zip_code: str, state: str, district: int) -> Place:
    """Where somebody is who picked a district their ZIP allows; raises NotACandidate for others."""
    by_zip = place(conn, zip_code)
    if District(state, district) not in by_zip.candidates:
        raise NotACandidate(NotACandidate.__doc__)
    return replace(by_zip, state=state, district=district, how=PICKED)


def pick_district(conn: Connection, contact_id: int, state: str, district: int) -> None:
    """Remember which of the districts in their ZIP a contact says is theirs.

    An organizer's correction stays as it is. Raises NotACandidate for any other district.
    """
    zip_code = conn.execute(select(Contact.zip).where(Contact.id == contact_id)).scalar_one()
    place_of_choice(conn, zip_code, state, district)
    picked = update(Contact).where(Contact.id == contact_id, Contact.district_how != ORGANIZER)
    conn.execute(picked.values(state=state, district=district, district_how=PICKED))


def _congress(conn: Connection, rule: TargetRule, where: Place, *, unsure: bool) -> Targets:
    """Members of Congress by rule, or what must be asked before one can be named."""
    enough = bool(where.state) and (where.district is not None or rule is TargetRule.SENATORS)
    if enough:
        return _of_place(officials(conn, where.state, where.district), rule)
    if unsure:
        return _without_district(conn, where, Note.UNSURE)
    if where.candidates:
        return Targets((), _choices(conn, where.candidates), Note.SPLIT)
    note = NOTES.get(where.how, Note.UNKNOWN)
    return _without_district(conn, where, note) if where.state else Targets((), note=note)


def _of_place(members: Sequence[Official], rule: TargetRule) -> Targets:
    house = tuple(_target(each) for each in members if each.role != Role.SENATOR)
    senators = tuple(_target(each) for each in members if each.role == Role.SENATOR)
    if rule is TargetRule.SENATORS:
        return Targets(senators) if senators else Targets(house, note=Note.NO_SENATORS)
    if any(target.vacant for target in house):
        return Targets((*house, *senators), note=Note.VACANT)
    return Targets(house if rule is TargetRule.REPRESENTATIVE else (*house, *senators))


def _without_district(conn: Connection, where: Place, note: Note) -> Targets:
    """The switchboard, which finds a member by ZIP, then the senators where the state is known."""
    members = officials(conn, where.state, None) if where.state else []
    switchboard = Target(
        key=SWITCHBOARD, role=Role.SWITCHBOARD, name="", state=where.state, phone=SWITCHBOARD_PHONE
    )
    return Targets((switchboard, *(_target(each) for each in members)), note=note)


def _choices(conn: Connection, candidates: Sequence[District]) -> tuple[Choice, ...]:
    seats = house_officials(conn, [(each.state, each.number) for each in candidates])
    return tuple(
        Choice(each.state, each.number, seats[each.state, each.number].name)
        for each in candidates
        if (each.state, each.number) in seats
    )


def _target(member: Official) -> Target:
    """A member as an office to call; without a Washington number, the first district office's."""
    branches = tuple(
        Branch(each.city, each.phone, each.hours) for each in member.offices if each.phone
    )
    phones = [member.phone, *(branch.phone for branch in branches), SWITCHBOARD_PHONE]
    return Target(
        key=member.seat_id,
        role=Role(member.role),
        name=member.name,
        family_name=member.family_name,
        state=member.state,
        district=member.district,
        phone="" if member.vacant else next(phone for phone in phones if phone),
        in_washington=bool(member.phone) and not member.vacant,
        branches=() if member.vacant else branches,
        vacant=member.vacant,
    )


def _custom(conn: Connection, action_id: int) -> tuple[Target, ...]:
    """The offices named on an action whose number somebody has verified."""
    named = select(CustomTarget).join(ActionTarget, ActionTarget.target_id == CustomTarget.id)
    named = named.where(
        ActionTarget.action_id == action_id, CustomTarget.verified_on.is_not(None)
    ).order_by(ActionTarget.rank)
    return tuple(_custom_target(row) for row in conn.execute(named))


def _custom_target(row: Row[Any]) -> Target:
    return Target(
        key=f"{CUSTOM}{row.key}",
        role=Role.CUSTOM,
        name=row.name,
        title=row.title,
        institution=row.institution,
        phone=row.phone,
        hours=row.hours,
        time_zone=row.time_zone,
    )
