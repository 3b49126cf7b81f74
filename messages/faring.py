"""How do our copies fare lately? What left, what did not arrive, who complained and who said stop.

Read from the kept counts and from the few lines of the ledger that are refusals: as quickly after a million
copies as after ten. A share of few copies would tell more than is known, so there is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.orm import aliased

from contacts.models import (
    NETWORK,
    Address,
    Channel,
    Consent,
    Membership,
    Standing,
    project_scope,
)
from messages import counts
from messages.models import Message, MessageKind, Status
from organizers.roles import NETWORKS

PERIOD = timedelta(days=30)
FEW = 100  # copies; of fewer no share is told
LEFT = (Status.ACCEPTED, Status.QUEUED, Status.SENT, Status.DELIVERED)
LOST = (Status.UNDELIVERED, Status.FAILED)
REFUSALS = (Standing.OPTED_OUT.value, Standing.COMPLAINED.value)
# The alerts and emails that were launched ``since`` then, and whose they are.
LAUNCHED = select(Message.id, Message.project_id).where(
    Message.launched_at > bindparam("since"),
    Message.kind.in_((MessageKind.ALERT, MessageKind.CAMPAIGN)),
)


class Verdict(StrEnum):
    """What a share means for whoever sends."""

    FEW = "few"  # too few copies to tell
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Bounds:
    """From which share on something is worth a warning, and from which it is bad."""

    warn: float
    bad: float


# Gmail and Yahoo ask for complaints below 0.1 % and act at 0.3 %. The other two are our own: what does not
# arrive and who leaves is what providers and carriers judge a sender by, each in their own way.
COMPLAINTS, LOSSES, LEAVINGS = Bounds(0.001, 0.003), Bounds(0.02, 0.05), Bounds(0.01, 0.03)


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int
    bounds: Bounds

    @property
    def verdict(self) -> Verdict:
        """What it means."""
        if self.of < FEW:
            return Verdict.FEW
        if self.count >= self.bounds.bad * self.of:
            return Verdict.BAD
        return Verdict.WARN if self.count >= self.bounds.warn * self.of else Verdict.GOOD

    @property
    def percent(self) -> float:
        """As a percentage; for what is not FEW."""
        return round(100 * self.count / self.of, 2)


@dataclass(frozen=True, kw_only=True)
class Fared:
    """What became of somebody's copies, in numbers."""

    texts: int = 0  # that left, whether or not they arrived
    emails: int = 0
    lost_texts: int = 0  # did not arrive
    lost_emails: int = 0
    complaints: int = 0  # mailboxes in which our mail was marked as spam
    left: int = 0  # addresses that said stop

    def __add__(self, other: Fared) -> Fared:
        """Both together."""
        return Fared(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            }
        )

    @property
    def copies(self) -> int:
        """All that left."""
        return self.texts + self.emails

    @property
    def shares(self) -> dict[str, Share]:
        """The shares by what they are of."""
        return {
            "lost_texts": Share(self.lost_texts, self.texts, LOSSES),
            "lost_emails": Share(self.lost_emails, self.emails, LOSSES),
            "complaints": Share(self.complaints, self.emails, COMPLAINTS),
            "left": Share(self.left, self.copies, LEAVINGS),
        }


@dataclass(frozen=True)
class Lately:
    """What left in the thirty days before a moment, by the kept counts."""

    since: datetime
    whose: Mapping[int, int | None]  # message -> project
    kept: Mapping[counts.Place, int]


def lately(conn: Connection, *, now: datetime) -> Lately:
    """Read it, for as many accounts as are to be made of it."""
    since = now - PERIOD
    whose = dict(conn.execute(LAUNCHED, {"since": since}).all())
    return Lately(since, whose, counts.kept(conn, whose))


def faring(
    conn: Connection, recent: Lately, projects: Sequence[int] | None = None
) -> dict[int, Fared]:
    """How the copies of each of these projects fared; ``NETWORKS`` is the network's own.

    A refusal of one project's messages counts for that project; one of all messages for every project of
    the person, and for the network where they are in none.
    """
    found: defaultdict[int, Fared] = defaultdict(Fared)
    for place, count in recent.kept.items():
        found[recent.whose[place.message_id] or NETWORKS] += _copies(place, count)
    for project, standing, count in conn.execute(refusals(), {"since": recent.since}):
        complained = standing == Standing.COMPLAINED
        found[project or NETWORKS] += Fared(
            complaints=count if complained else 0, left=0 if complained else count
        )
    return {each: found[each] for each in found if projects is None or each in projects}


def whole(conn: Connection, recent: Lately) -> Fared:
    """How the copies of everybody together fared: each address that left counts once, whoever wrote to it."""
    found = sum((_copies(place, count) for place, count in recent.kept.items()), Fared())
    for standing, count in conn.execute(_all_refusals(), {"since": recent.since}):
        complained = standing == Standing.COMPLAINED
        found += Fared(complaints=count) if complained else Fared(left=count)
    return found


@cache
def _all_refusals() -> Select[str, int]:
    """Addresses that complained or said stop since then, whoever wrote to them."""
    address = Consent.channel + ":" + Consent.address
    refused = select(Consent.standing, func.count(address.distinct())).where(*_refused())
    return refused.group_by(Consent.standing)


@cache
def refusals() -> Select[*tuple[Any, ...]]:
    """Addresses that complained or said stop ``since`` then, by project; not those of an imported list.

    By the partial index of refusals: an import writes a hundred thousand consents in a minute.
    """
    everywhere = Consent.scope == NETWORK
    person = and_(Address.channel == Consent.channel, Address.address == Consent.address)
    theirs = and_(Membership.contact_id == Address.contact_id, everywhere)
    address = Consent.channel + ":" + Consent.address
    one = cast(func.substr(Consent.scope, len(project_scope(0))), Integer)
    whose = case((everywhere, Membership.project_id), else_=one).label("whose")
    return (
        select(whose, Consent.standing, func.count(address.distinct()))
        .select_from(Consent)
        .outerjoin(Address, and_(person, everywhere))
        .outerjoin(Membership, theirs)
        .where(*_refused())
        .group_by("whose", Consent.standing)
    )


def shared_with(conn: Connection, project: int, writers: Collection[int]) -> bool:
    """Whether one of these others may have written to somebody of a project."""
    mine, theirs = aliased(Membership), aliased(Membership)
    common = (
        select(mine.contact_id)
        .join(theirs, theirs.contact_id == mine.contact_id)
        .where(mine.project_id == project, theirs.project_id != project)
        .where(theirs.project_id.in_(writers))
    )
    return conn.scalar(select(common.exists())) or False


def _refused() -> tuple[ColumnElement[bool], ...]:
    return (
        Consent.at > bindparam("since"),
        # In the words of the partial index, which SQLite does not use for parameters.
        Consent.standing.in_(bindparam("refusals", REFUSALS, expanding=True, literal_execute=True)),
        Consent.source != "import",
    )


def _copies(place: counts.Place, count: int) -> Fared:
    if place.status not in (*LEFT, *LOST):
        return Fared()
    lost = count if place.status in LOST else 0
    if place.channel == Channel.SMS:
        return Fared(texts=count, lost_texts=lost)
    return Fared(emails=count, lost_emails=lost)
