"""Which offices has an alert reached, by whom, and what do they say? A line for each office it asks for.

People are counted, not clicks: each constituent once an office. An alert of a project counts that project's
people, one of the network everybody: as totals, which name nobody. What an office's line needs is added up from
those of its state and district (``alerts/constituents.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from actions.addressing import STATES
from actions.asks import OneAsk, read_asks
from actions.models import Outcome, Response, TargetRule
from actions.office_models import Stance
from actions.responses import REACHED, TRIED, WRONG_NUMBERS
from actions.staffers import KnownAide, staffer_of, staffers_of
from actions.stances import WON, Standing, stances
from actions.targets import CUSTOM, Role, Target, targets_by_key
from alerts.constituents import Counted, Place, Whose, members, people_by_place
from alerts.preflight import find_alert
from messages.eligibility import family_of
from messages.models import Message
from representatives.models import Seat

SENATE = "senate"
HOUSE_RULES = {TargetRule.REPRESENTATIVE, TargetRule.CONGRESS}
SENATE_RULES = {TargetRule.SENATORS, TargetRule.CONGRESS}


class NoSuchOffice(LookupError):
    """This alert has nothing to do with that office."""


@dataclass(frozen=True, kw_only=True)
class Calls:
    """What came of the calls to an office, in people."""

    attempted: int = 0
    reached: int = 0  # spoke, or left a message
    spoke: int = 0
    wrong: int = 0
    last_at: datetime | None = None


NO_CALLS = Calls()


@dataclass(frozen=True, kw_only=True)
class Line:
    """An office, and how far the alert has come with it."""

    target: Target
    people: Counted
    calls: Calls
    standing: Standing | None  # None = it has said nothing that we know of
    aide: KnownAide | None

    @property
    def stance(self) -> Stance:
        """What it says."""
        return self.standing.stance if self.standing else Stance.UNKNOWN

    @property
    def doubtful(self) -> bool:
        """Whether several people found its number wrong."""
        return self.calls.wrong >= WRONG_NUMBERS


@dataclass(frozen=True, kw_only=True)
class Totals:
    """An alert's calls as one sentence tells them."""

    people: int  # who reached an office
    offices: int
    states: int
    committed: int
    asked: int
    constituents: int
    available: int


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """All offices of an alert, by state and seat, and the sums."""

    lines: tuple[Line, ...]
    totals: Totals


def coverage(
    conn: Connection,
    alert_id: int,
    *,
    as_project: int | None = None,
    able: bool = False,
    now: datetime,
) -> Coverage:
    """How far an alert has come with each of its offices.

    ``as_project`` counts a committee's own people in an alert that it joined; ``able`` also counts who
    may still be asked. Raises NoSuchAlert.
    """
    whose = _whose(conn, alert_id, as_project)
    places = people_by_place(conn, whose, able=able)
    calls = _calls(conn, whose)
    said = stances(conn, whose.action_id)
    keys = _offices(conn, read_asks(conn, whose.action_id), places, now)
    targets = targets_by_key(conn, {*keys, *calls, *said} - {""}, now=now)
    by_state, everybody = _by_state(places), sum(places.values(), Counted())
    named = [each.key for each in targets]
    aides = staffers_of(conn, named, project_id=whose.project_id, now=now)
    lines = [
        Line(
            target=each,
            people=_constituency(each, places, by_state, everybody),
            calls=calls.get(each.key, NO_CALLS),
            standing=said.get(each.key),
            aide=aides.get(each.key),
        )
        for each in targets
    ]
    lines.sort(key=_order)
    return Coverage(lines=tuple(lines), totals=_totals(conn, whose, lines, everybody))


def report_counts(conn: Connection, alert_id: int) -> tuple[int, int, int, int]:
    """People who reached an office, offices, states, and offices that promise or have done it."""
    whose = _whose(conn, alert_id, None)
    said = stances(conn, whose.action_id).values()
    return (*_reached(conn, whose), sum(each.stance in WON for each in said))


def _whose(conn: Connection, alert_id: int, as_project: int | None) -> Whose:
    alert = find_alert(conn, alert_id)
    owner = conn.scalar(select(Message.project_id).where(Message.id == alert.message_id))
    family = family_of(conn, alert.message_id)
    project_id = as_project or owner
    return Whose(alert.action_id, family, project_id, project_id == owner)


def _calls(conn: Connection, whose: Whose) -> dict[str, Calls]:
    """People by office and outcome: a person has one response an office, so rows are people."""
    groups = (Response.target, Response.outcome)
    rows = select(*groups, func.count(), func.max(Response.at)).where(_told(whose))
    found: dict[str, list[Row[str, str, int, datetime]]] = {}
    for row in conn.execute(rows.where(Response.outcome.in_(TRIED)).group_by(*groups)):
        found.setdefault(row[0], []).append(row)
    return {target: _summed(of_target) for target, of_target in found.items()}


def _summed(rows: Sequence[Row[str, str, int, datetime]]) -> Calls:
    people = {row[1]: row[2] for row in rows}
    return Calls(
        attempted=sum(people.values()),
        reached=sum(people.get(each, 0) for each in REACHED),
        spoke=people.get(Outcome.SPOKE, 0),
        wrong=people.get(Outcome.WRONG_NUMBER, 0),
        last_at=max(row[3] for row in rows),
    )


def _told(whose: Whose) -> ColumnElement[bool]:
    """The responses that count: all of one's own alert, and one's people's of another."""
    mine = Response.action_id == whose.action_id
    if whose.own:
        return mine
    return mine & members(whose, Response.contact_id.expression)


def _offices(
    conn: Connection, asks: Sequence[OneAsk], places: Mapping[Place, Counted], now: datetime
) -> set[str]:
    """The offices that an alert asks for: of places in which there are people, or by name."""
    seats = conn.execute(select(Seat.id, Seat.chamber, Seat.state, Seat.district)).all()
    rules = {each.rule for each in asks}
    theirs = _of_places(seats, rules, places)
    committees = {code for each in asks for code in each.committees}
    if committees:
        # Also where we have nobody yet: that is worth knowing.
        members = targets_by_key(conn, [seat.id for seat in seats], now=now)
        theirs |= {each.key for each in members if committees & set(each.committees)}
    return theirs | {f"{CUSTOM}{each.office}" for each in asks if each.office}


def _of_places(
    seats: Sequence[Row[*tuple[Any, ...]]],
    rules: Collection[TargetRule],
    places: Mapping[Place, Counted],
) -> set[str]:
    """The seats of members that people with such rules call. Who has no senators calls the delegate."""
    states = {state for state, _district in places}
    senates = {seat.state for seat in seats if seat.chamber == SENATE}
    house, senate = bool(HOUSE_RULES & set(rules)), bool(SENATE_RULES & set(rules))
    return {
        seat.id
        for seat in seats
        if (senate and seat.chamber == SENATE and seat.state in states)
        or (
            seat.chamber != SENATE
            and (seat.state, seat.district) in places
            and (house or (senate and seat.state not in senates))
        )
    }


def _by_state(places: Mapping[Place, Counted]) -> dict[str, Counted]:
    found: dict[str, Counted] = {}
    for (state, _district), people in places.items():
        found[state] = found.get(state, Counted()) + people
    return found


def _constituency(
    target: Target,
    places: Mapping[Place, Counted],
    by_state: Mapping[str, Counted],
    everybody: Counted,
) -> Counted:
    """Whose office it is: a district's, a state's, or, outside Congress, everybody's."""
    if target.role is Role.SENATOR:
        return by_state.get(target.state, Counted())
    if target.role in (Role.REPRESENTATIVE, Role.DELEGATE):
        return places.get((target.state, target.district), Counted())
    return everybody


def _order(line: Line) -> tuple[bool, str, bool, int, str]:
    target = line.target
    return (
        target.state not in STATES,
        target.state,
        target.district is None,
        target.district or 0,
        target.key,
    )


def _totals(conn: Connection, whose: Whose, lines: Sequence[Line], everybody: Counted) -> Totals:
    people, offices, states = _reached(conn, whose)
    return Totals(
        people=people,
        offices=offices,
        states=states,
        committed=sum(each.stance in WON for each in lines),
        constituents=everybody.constituents,
        asked=everybody.asked,
        available=everybody.available,
    )


def _reached(conn: Connection, whose: Whose) -> tuple[int, int, int]:
    """People who reached an office, the offices, and their states."""
    counted = select(
        func.count(Response.who.distinct()),
        func.count(func.nullif(Response.target, "").distinct()),
        func.count(Seat.state.distinct()),
    ).outerjoin(Seat, Seat.id == Response.target)
    row = conn.execute(counted.where(_told(whose), Response.outcome.in_(REACHED))).one()
    return row[0], row[1], row[2]


def office_line(conn: Connection, alert_id: int, key: str, *, now: datetime) -> Line:
    """One office of an alert, without counting who lives there. Raises NoSuchAlert and NoSuchOffice."""
    whose = _whose(conn, alert_id, None)
    calls = _calls(conn, whose)
    said = stances(conn, whose.action_id)
    asks = read_asks(conn, whose.action_id)
    target = targets_by_key(conn, [key], now=now)[0]
    # Anybody's seat may be spoken of; an office of another project is nobody else's business.
    named = {f"{CUSTOM}{each.office}" for each in asks if each.office}
    if key not in {*calls, *said, *named} and (target.role is Role.CUSTOM or not target.state):
        raise NoSuchOffice(NoSuchOffice.__doc__)
    return Line(
        target=target,
        people=Counted(),
        calls=calls.get(key, NO_CALLS),
        standing=said.get(key),
        aide=staffer_of(conn, key, project_id=whose.project_id, now=now),
    )
