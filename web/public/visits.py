"""What a visit to an action page needs of the database: read it, or tell it how a call went."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from actions.addressing import STATES
from actions.flooding import Most, count_answer
from actions.models import Outcome
from actions.reports import Heard, suggest
from actions.responses import Tally, doubtful, record, take_back, tally, told_so_far
from actions.staffers import KnownAide, staffers_of
from actions.targets import OF_CONGRESS, Targets, targets_for
from actions.whereabouts import (
    NotACandidate,
    correct_home,
    is_plausible,
    pick_district,
    place_of_address,
    place_of_choice,
    place_of_contact,
    reopen_district,
)
from alerts.endings import AtTheEnd, at_the_end
from alerts.pages import AlertPage, Person, page_by_slug, page_for_delivery, page_of_action
from alerts.weighing import require_discreet
from contacts.addresses import BadZip, normalise_zip
from messages.prompting import may_be_written_to, reminders_of, target_of
from representatives.districts import Place
from representatives.lookup import place

UNSURE = "unsure"
NOTHING = Heard()
NUMBER = re.compile(r"[0-9]{1,3}")  # of a district, or what may be taken for one
BY_ADDRESS = "address-"  # before a district that a street address was found in


class BadAnswer(ValueError):
    """That answer does not fit this page any more; go back, reload it and choose again."""


@dataclass(frozen=True)
class Where:
    """What the address of the page says about the visitor's place; nothing of it is stored."""

    zip: str = ""  # as typed
    district: str = ""  # "MA-7", "address-MA-7", "unsure", or "unsure-KY" with one's state
    asked: bool = False  # wants to enter a ZIP, perhaps another one
    missed: str = ""  # why the address just entered told no district

    @property
    def unsure(self) -> bool:
        """Whether they were asked and do not know."""
        return self.district.partition("-")[0] == UNSURE

    @property
    def state(self) -> str:
        """The state of somebody who knows no more; "" = not told."""
        return self.district.partition("-")[2] if self.unsure else ""

    @property
    def choice(self) -> tuple[str, int] | None:
        """The district picked, if what stands there can be one."""
        state, _, number = self.district.removeprefix(BY_ADDRESS).partition("-")
        return (state, int(number)) if NUMBER.fullmatch(number) else None


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One look at an action page."""

    page: AlertPage
    person: Person | None  # None: anyone, by the public address
    zip: str  # in use for this visit; "" = not known
    bad_zip: str  # why the one typed cannot be used
    at: Place  # where they are, as far as it is known
    targets: Targets
    told: Mapping[str, Outcome]  # by target
    tally: Tally
    doubtful: frozenset[str] = frozenset()  # targets whose number several people found wrong
    aides: Mapping[str, KnownAide] = field(default_factory=dict)  # whom to ask for, by target
    about: str = ""  # the office that the copy which led here is about
    # By office: when somebody is reminded, and whether they have been; None = they cannot be.
    reminders: Mapping[str, tuple[datetime, bool]] | None = None
    ending: AtTheEnd | None = None  # what is told once it is over; None = calls are wanted

    @property
    def disowned(self) -> frozenset[str]:
        """Targets that the visitor says are not theirs."""
        return frozenset(key for key, told in self.told.items() if told is Outcome.NOT_MINE)


@dataclass(frozen=True)
class Visitor:
    """Who looks: a copy's person, or somebody known only by a random name in their browser."""

    delivery_id: int | None = None
    slug: str = ""
    name: str = ""  # the random one; "" = first visit
    tested: int | None = None  # the action of a draft, of whose words somebody opens a test
    where: Where = field(default_factory=Where)


def visit(conn: Connection, visitor: Visitor, *, now: datetime) -> Visit:
    """Read everything a page shows; raises NoSuchPage, and Withheld while it names somebody who must not be named."""
    seen = _seen(conn, visitor, now=now)
    if visitor.tested is None:
        require_discreet(conn, seen.page)
    return seen


def _seen(conn: Connection, visitor: Visitor, *, now: datetime) -> Visit:
    """The same for whoever tells what they did: that counts, also where the page is not shown any more."""
    page, person = _page(conn, visitor, now)
    zip_code, bad_zip = _zip(visitor.where, person)
    at = _place(conn, visitor.where, person, zip_code, now)
    action_id = page.ask.action_id
    contact_id, name = _who(visitor, person)
    targets = targets_for(conn, page.ask, at, now=now, unsure=visitor.where.unsure)
    return Visit(
        page=page,
        person=person,
        zip=zip_code,
        bad_zip=bad_zip,
        at=at,
        targets=targets,
        told=told_so_far(conn, action_id, contact_id=contact_id, visitor=name),
        tally=tally(conn, action_id),
        doubtful=doubtful(conn, action_id),
        aides=staffers_of(
            conn,
            [each.key for each in targets.with_phone],
            project_id=page.project_id,
            now=now,
        ),
        about=target_of(conn, person.delivery_id) if person else "",
        reminders=_reminders(conn, visitor, person, action_id),
        ending=at_the_end(conn, page.alert_id, now=now) if page.ended_at(now) else None,
    )


def _reminders(
    conn: Connection, visitor: Visitor, person: Person | None, action_id: int
) -> Mapping[str, tuple[datetime, bool]] | None:
    """Those of somebody who may be written to where we wrote to them, and looks at their own calls."""
    if person is None or person.contact_id is None or not is_own(visitor.where):
        return None
    if not may_be_written_to(conn, person.delivery_id):
        return None
    return reminders_of(conn, action_id, person.contact_id)


def tell(
    conn: Connection,
    visitor: Visitor,
    target: str,
    outcome: str,
    *,
    sources: Mapping[str, Most],
    note: str = "",
    heard: Heard = NOTHING,
    now: datetime,
) -> None:
    """Record how a call went, and keep for an organizer what was ``heard`` at the office.

    After the action has ended nothing is recorded any more.

    Raises TooOften for one of ``sources``, NoSuchPage, and BadAnswer for an office or an outcome the
    page did not offer.
    """
    count_answer(conn, sources, now=now)
    seen = _seen(conn, visitor, now=now)
    if not _offered(seen, target, outcome):
        raise BadAnswer(BadAnswer.__doc__)
    if seen.page.ended_at(now):
        return
    contact_id, name = _who(visitor, seen.person)
    response_id = record(
        conn,
        seen.page.ask.action_id,
        contact_id=contact_id,
        visitor=name,
        target=target,
        outcome=Outcome(outcome),
        channel="web",
        note=line(note),
        now=now,
    )
    suggest(conn, response_id, heard, now=now)
    if outcome == Outcome.NOT_MINE and contact_id is not None and is_own(visitor.where):
        reopen_district(conn, contact_id, now=now)


def remember_home(
    conn: Connection, visitor: Visitor, zip_code: str, *, sources: Mapping[str, Most], now: datetime
) -> None:
    """Correct a person's ZIP after they said that a member is not theirs, and only then.

    Nobody who was merely passed a person's link should move that person by looking around. Raises
    TooOften, NoSuchPage, and BadAnswer for somebody who said nothing of the kind or a ZIP that is none.
    """
    count_answer(conn, sources, now=now)
    seen = _seen(conn, visitor, now=now)
    if seen.person is None or seen.person.contact_id is None or not (seen.disowned and zip_code):
        raise BadAnswer(BadAnswer.__doc__)
    contact_id, action_id = seen.person.contact_id, seen.page.ask.action_id
    correct_home(conn, contact_id, zip_code, now=now)
    take_back(conn, action_id, Outcome.NOT_MINE, contact_id=contact_id, visitor="")


def _offered(seen: Visit, target: str, outcome: str) -> bool:
    """Whether the page offers such an answer for that office."""
    office = next((each for each in seen.targets.reachable if each.key == target), None)
    if office is None or outcome not in set(Outcome):
        return False
    if outcome == Outcome.NOT_MINE:
        return office.role in OF_CONGRESS
    if outcome == Outcome.WROTE:
        return office.ways.any
    return outcome == Outcome.SKIPPED or bool(office.phone)


def remember_district(
    conn: Connection,
    visitor: Visitor,
    district: str,
    *,
    sources: Mapping[str, Most],
    now: datetime,
) -> None:
    """Keep a person's own word on which district of their ZIP is theirs.

    Raises TooOften, NoSuchPage, NotACandidate, and BadAnswer for what is no district.
    """
    count_answer(conn, sources, now=now)
    _, person = _page(conn, visitor, now)
    choice = Where(district=district).choice
    if choice is None or person is None or person.contact_id is None:
        raise BadAnswer(BadAnswer.__doc__)
    pick_district(conn, person.contact_id, *choice, now=now)


def line(text: str) -> str:
    """One line of what somebody typed, without characters that nobody can see."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())


def _page(conn: Connection, visitor: Visitor, now: datetime) -> tuple[AlertPage, Person | None]:
    if visitor.tested is not None:
        return page_of_action(conn, visitor.tested, now=now), None
    if visitor.delivery_id is None:
        return page_by_slug(conn, visitor.slug, now=now), None
    return page_for_delivery(conn, visitor.delivery_id, now=now)


def _zip(where: Where, person: Person | None) -> tuple[str, str]:
    """The ZIP in use, and what is wrong with the one typed."""
    try:
        typed = normalise_zip(where.zip)
    except BadZip as error:
        return "", str(error)
    return typed or (person.zip if person and not where.asked else ""), ""


def _place(
    conn: Connection, where: Where, person: Person | None, zip_code: str, now: datetime
) -> Place:
    """Where the visitor is: a contact as we know them, unless another ZIP was typed."""
    if person is not None and person.contact_id is not None and is_own(where):
        at = place_of_contact(conn, person.contact_id, now=now)
    else:
        at = _chosen(conn, where, zip_code, now)
    if at.district is None and where.state in STATES and is_plausible(at, where.state):
        return replace(at, state=where.state, candidates=(), states=())
    return at


def is_own(where: Where) -> bool:
    """Whether a visitor speaks of their own place, not of another ZIP they typed."""
    return not where.zip and not where.asked


def _chosen(conn: Connection, where: Where, zip_code: str, now: datetime) -> Place:
    """The district picked, or found by an address, if it fits the ZIP; else what that leaves open."""
    if where.choice is None:
        return place(conn, zip_code, now=now)
    find = place_of_address if where.district.startswith(BY_ADDRESS) else place_of_choice
    try:
        return find(conn, zip_code, *where.choice, now=now)
    except NotACandidate:
        return place(conn, zip_code, now=now)


def _who(visitor: Visitor, person: Person | None) -> tuple[int | None, str]:
    """Whose response it is; a contact deleted since then goes on as their copy."""
    if person is None:
        return None, visitor.name
    return person.contact_id, f"copy:{person.delivery_id}"
