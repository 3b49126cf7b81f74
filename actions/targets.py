"""Whom does this person call? From an action's rule and a place to offices with a telephone.

A ZIP is not enough for one person in six, and naming the wrong member is worse than asking. So an
open district yields choices to put to the person, and somebody who does not know theirs still has
senators and the Capitol's switchboard: never a dead end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby

from sqlalchemy import Connection, select

from actions.asks import Ask, OneAsk
from actions.custom_targets import Line, NamedOffice, kept_office, today_of
from actions.models import AskMode, CustomTarget, TargetRule
from actions.office_hours import CONGRESS, Schedule
from actions.scripts import ScriptWords
from actions.ways import NOWHERE, Ways, ways_of_member, ways_of_office
from representatives.districts import (
    ASSOCIATED,
    BOX,
    LAPSED,
    MANY,
    MILITARY,
    SPLIT,
    UNKNOWN,
    District,
    Place,
)
from representatives.lookup import (
    Official,
    house_officials,
    officials,
    officials_in,
)

SWITCHBOARD_PHONE = "+12022243121"  # U.S. Capitol; connects callers by name or by ZIP
SWITCHBOARD = "switchboard"
CUSTOM = "custom:"  # before the key of an office outside Congress


class Role(StrEnum):
    """What a target is, which decides how it is addressed."""

    REPRESENTATIVE = "representative"
    DELEGATE = "delegate"  # of DC or a territory: a voice without a floor vote
    SENATOR = "senator"
    SWITCHBOARD = "switchboard"
    CUSTOM = "custom"


OF_CONGRESS = (Role.REPRESENTATIVE, Role.DELEGATE, Role.SENATOR)


class Note(StrEnum):
    """Why the targets are not simply this person's own; each has its own next step."""

    NONE = ""
    SPLIT = "split"  # the ZIP lies in several districts: one of the choices is theirs
    BOX = "box"  # a post-office box: mail is read there, one votes elsewhere
    MANY = "many"  # more districts than one can ask about
    LAPSED = "lapsed"  # the state has new districts, which the data does not have
    UNSURE = "unsure"  # they do not know which
    MILITARY = "military"  # the home of record counts, not the ZIP
    ASSOCIATED = "associated"  # a freely associated state: nobody in Congress
    UNKNOWN = "unknown"  # no ZIP, or one we do not know
    VACANT = "vacant"  # the seat is empty; senators instead
    NO_SENATORS = "no_senators"  # DC and the territories have none; their delegate instead


NOTES = {
    SPLIT: Note.SPLIT,
    BOX: Note.BOX,
    MANY: Note.MANY,
    MILITARY: Note.MILITARY,
    ASSOCIATED: Note.ASSOCIATED,
    UNKNOWN: Note.UNKNOWN,
    LAPSED: Note.LAPSED,
}


@dataclass(frozen=True)
class Branch:
    """A member's office in the district."""

    city: str
    phone: str  # E.164
    hours: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """An office to call or to write to."""

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
    lines: tuple[Line, ...] = ()  # of a custom target: all its numbers, the first being ``phone``
    note: str = ""  # of a custom target, for callers
    schedule: Schedule | None = CONGRESS  # when it answers; None = not known
    branches: tuple[Branch, ...] = ()
    vacant: bool = False
    vacant_since: date | None = None  # None also where nobody knows
    lapsed: bool = False  # nobody has checked its number lately, so it is not told
    scripts: Mapping[str, ScriptWords] = field(default_factory=dict)  # {} = the action's own
    unnamed: bool = False  # somebody was elected, whose name the data does not have yet
    ways: Ways = NOWHERE  # nothing where no letter is asked for
    committees: tuple[str, ...] = ()  # codes, of a member

    @property
    def reachable(self) -> bool:
        """Whether there is something that a person can do."""
        return bool(self.phone) or self.ways.any


@dataclass(frozen=True)
class Choice:
    """A district that may be this person's."""

    state: str
    district: int
    name: str  # who sits for it; "" = vacant, or not known yet
    unnamed: bool = False

    @property
    def code(self) -> str:
        """As forms write it: ``MA-7``."""
        return f"{self.state}-{self.district}"


@dataclass(frozen=True)
class Targets:
    """Whom to call, in order; and what to ask the person first."""

    settled: tuple[Target, ...]
    choices: tuple[Choice, ...] = ()
    states: tuple[str, ...] = ()  # to choose from, where not even the state is known
    note: Note = Note.NONE
    needs_place: bool = False  # nobody can be named before we know where the person lives

    @property
    def with_phone(self) -> tuple[Target, ...]:
        """Those with a telephone to ring."""
        return tuple(target for target in self.settled if target.phone)

    @property
    def reachable(self) -> tuple[Target, ...]:
        """Those with a telephone to ring, or an address to write to if that is asked."""
        return tuple(target for target in self.settled if target.reachable)

    @property
    def leads_on(self) -> bool:
        """Whether there is somebody to turn to, or a question to put to the person first."""
        return bool(self.reachable or self.choices or self.needs_place)


def targets_for(
    conn: Connection, ask: Ask, where: Place, *, now: datetime, unsure: bool = False
) -> Targets:
    """Whom somebody at a place calls for an action; see ``place_of_contact`` for a contact's.

    ``unsure`` means that the person was asked for their district or ZIP and does not know. Whatever
    is asked, and whatever of it has lapsed, there is a number to ring, or a question to answer first.
    """
    valid = [each for each in ask.asks if not each.is_over(now)]
    found: list[Targets] = []
    for mode, group in groupby(valid, key=lambda each: each.mode):
        led = (_of_ask(conn, each, ask.scripts, where, unsure=unsure, now=now) for each in group)
        found += _first(led) if mode is AskMode.FIRST else map(_in_mode[mode], led)
    joined = _joined(found)
    if joined.leads_on:
        return joined
    return _joined([joined, _without_district(conn, where, joined.note, now)])


def targets_by_key(conn: Connection, keys: Collection[str], *, now: datetime) -> list[Target]:
    """The offices that responses were kept under, in the order of their keys.

    One that is no longer known, and the switchboard, come with nothing but their key.
    """
    named = [key.removeprefix(CUSTOM) for key in keys if key.startswith(CUSTOM)]
    rows = conn.execute(select(CustomTarget).where(CustomTarget.key.in_(named))) if named else ()
    known = [
        *(_target(each) for each in officials_in(conn, keys, now=now)),
        *(_custom_target(kept_office(row).office) for row in rows),
    ]
    nameless = {key: Target(key=key, role=Role.SWITCHBOARD, name="") for key in sorted(keys)}
    return list((nameless | {target.key: target for target in known}).values())


def _of_ask(
    conn: Connection,
    ask: OneAsk,
    own: Mapping[str, ScriptWords],
    where: Place,
    *,
    unsure: bool,
    now: datetime,
) -> Targets:
    """Where one ask leads, each target with the ask's script; ``own`` are the action's."""
    if ask.rule is TargetRule.CUSTOM:
        found = _custom(conn, ask.office, today_of(now))
    elif ask.rule is TargetRule.COMMITTEE:
        found = _committee(conn, ask.committees, where, unsure=unsure, now=now)
    else:
        found = of_congress(conn, ask.rule, where, unsure=unsure, now=now)
    found = replace(found, settled=tuple(replace(t, scripts=ask.scripts) for t in found.settled))
    return _as_asked(found, (ask.scripts or own).values())


def _as_asked(found: Targets, scripts: Collection[ScriptWords]) -> Targets:
    """Without the addresses where no letter is asked for, and without the numbers where no call is.

    The switchboard stays while there is nobody else: its operators know every address.
    """
    calls = not scripts or any(each.calls for each in scripts)
    if not any(each.writes for each in scripts):
        return replace(found, settled=tuple(replace(t, ways=NOWHERE) for t in found.settled))
    if calls:
        return found
    silent = [replace(t, phone="", lines=(), branches=()) for t in found.settled]
    written = tuple(t for t in silent if t.role is not Role.SWITCHBOARD)
    return replace(found, settled=written) if any(t.ways.any for t in written) else found


def _first(found: Iterable[Targets]) -> list[Targets]:
    """The first that leads on, after those before it that have something to say: a vacant seat."""
    seen: list[Targets] = []
    for each in found:
        seen.append(each)
        if each.leads_on:
            break
    return seen


def _as_it_is(found: Targets) -> Targets:
    return found


def _only_if(found: Targets) -> Targets:
    """What leads to nobody is passed over, but for an office whose number has lapsed."""
    lapsed = tuple(each for each in found.settled if each.lapsed)
    return found if found.leads_on else Targets(lapsed)


_in_mode = {AskMode.ALWAYS: _as_it_is, AskMode.ONLY_IF: _only_if}


def _joined(found: Sequence[Targets]) -> Targets:
    """Several answers as one: each office once, and the first of the questions."""
    settled: dict[str, Target] = {}
    for each in found:
        for target in each.settled:
            settled.setdefault(target.key, target)
    return Targets(
        tuple(settled.values()),
        states=next((each.states for each in found if each.states), ()),
        choices=next((each.choices for each in found if each.choices), ()),
        note=next((each.note for each in found if each.note), Note.NONE),
        needs_place=any(each.needs_place for each in found),
    )


def of_congress(
    conn: Connection, rule: TargetRule, where: Place, *, unsure: bool = False, now: datetime
) -> Targets:
    """Members of Congress by rule, or what must be asked before one can be named."""
    enough = bool(where.state) and (where.district is not None or rule is TargetRule.SENATORS)
    if enough:
        return _of_place(officials(conn, where.state, where.district, now=now), rule)
    note = NOTES.get(where.how, Note.UNKNOWN)
    states = () if where.state else where.states
    if not unsure and where.candidates:
        return Targets((), _choices(conn, where.candidates, now), states, note)
    if not unsure and not where.state:
        return _nowhere(where, note)
    return _without_district(conn, where, Note.UNSURE if unsure else note, now)


def _nowhere(where: Place, note: Note) -> Targets:
    """Nobody can be named: the person may say where they live."""
    states = () if where.state else where.states
    return Targets((), states=states, note=note, needs_place=True)


def members_at(conn: Connection, where: Place, *, now: datetime) -> tuple[Target, ...]:
    """The members of a place in calling order; its senators alone where the district is open."""
    found = officials(conn, where.state, where.district, now=now) if where.state else []
    return tuple(_target(each) for each in found)


def _committee(
    conn: Connection, committees: Sequence[str], where: Place, *, unsure: bool, now: datetime
) -> Targets:
    """Those of the person's own members who sit on one of the committees."""
    of_house = any(not code.startswith("S") for code in committees)
    is_open = not where.state or (of_house and where.district is None)
    if is_open and not unsure:
        note = NOTES.get(where.how, Note.UNKNOWN)
        if where.candidates:
            return Targets((), _choices(conn, where.candidates, now), note=note)
        if not where.state:
            return _nowhere(where, note)
    members = officials(conn, where.state, where.district, now=now) if where.state else []
    sitting = [each for each in members if set(each.committees) & set(committees)]
    return Targets(tuple(_target(each) for each in sitting if not each.vacant))


def _of_place(members: Sequence[Official], rule: TargetRule) -> Targets:
    house = tuple(_target(each) for each in members if each.role != Role.SENATOR)
    senators = tuple(_target(each) for each in members if each.role == Role.SENATOR)
    if rule is TargetRule.SENATORS:
        return Targets(senators) if senators else Targets(house, note=Note.NO_SENATORS)
    if any(target.vacant for target in house):
        return Targets((*house, *senators), note=Note.VACANT)
    return Targets(house if rule is TargetRule.REPRESENTATIVE else (*house, *senators))


def _without_district(conn: Connection, where: Place, note: Note, now: datetime) -> Targets:
    """The switchboard, which finds a member by ZIP, then the senators where the state is known."""
    switchboard = Target(
        key=SWITCHBOARD, role=Role.SWITCHBOARD, name="", state=where.state, phone=SWITCHBOARD_PHONE
    )
    settled = (switchboard, *members_at(conn, replace(where, district=None), now=now))
    return Targets(settled, states=() if where.state else where.states, note=note)


def _choices(conn: Connection, candidates: Sequence[District], now: datetime) -> tuple[Choice, ...]:
    seats = house_officials(conn, [(each.state, each.number) for each in candidates], now=now)
    found = (seats.get((each.state, each.number)) for each in candidates)
    return tuple(
        Choice(seat.state, seat.district or 0, seat.name, seat.unnamed) for seat in found if seat
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
        vacant_since=member.vacant_since,
        unnamed=member.unnamed,
        ways=ways_of_member(member),
        committees=member.committees,
    )


def _custom(conn: Connection, key: str, today: date) -> Targets:
    """An office outside Congress; without its number where nobody has checked that lately."""
    row = conn.execute(select(CustomTarget).where(CustomTarget.key == key)).one()
    office = kept_office(row).office
    target = _custom_target(office)
    if office.standing(today).is_good:
        return Targets((target,))
    return Targets((replace(target, phone="", lines=(), note="", ways=NOWHERE, lapsed=True),))


def _custom_target(office: NamedOffice) -> Target:
    return Target(
        key=f"{CUSTOM}{office.key}",
        role=Role.CUSTOM,
        name=office.name,
        title=office.title,
        institution=office.institution,
        phone=next((each.number for each in office.phones), ""),
        lines=tuple(office.phones),
        note=office.note,
        schedule=office.schedule,
        ways=ways_of_office(office),
    )
