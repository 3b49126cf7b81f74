"""Whose word counts as a second person's, and how far is something from having enough of them?

The same for whatever leaves only when somebody besides its author stands behind it: whoever may send in
its project, wrote none of it, and reads the language they approve.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from organizers import links
from organizers.models import Organizer, OrganizerProject
from organizers.phones import confirmed_phone
from organizers.roles import ALLOWS, NETWORKS, May

LONGEST_NOTE = 2_000
SENDING = [role for role, allows in ALLOWS.items() if May.SEND in allows]


class Changed(Exception):
    """This has changed since you opened it. Read it again, then decide."""


class MayNotApprove(Exception):
    """Somebody who may send for this project, and wrote nothing of this, approves it; that is not you."""


class How(StrEnum):
    """By which way an approval came."""

    CONSOLE = "console"
    LINK = "link"  # that was emailed to them
    REPLY = "reply"  # by text, from their own phone


class BadAsk(Exception):
    """This link has been used, or is too old. Sign in to see what waits for you, or ask for a new one."""


class NobodyChosen(Exception):
    """Choose who is to approve this."""


class NoNote(Exception):
    """Write what should be different, so that its author can change it."""


class NotRead(Exception):
    """Only somebody who reads a language approves it. Say in your account which you read."""


class SentBack(Exception):
    """This was sent back with a note. It can be approved once it is changed, or once somebody asks again for approval of it as it is."""


@dataclass(frozen=True)
class Approver:
    """An organizer who may approve something."""

    id: int
    name: str
    reads: Sequence[str]  # of our languages
    phone: str  # E.164, confirmed; "" = none


@dataclass(frozen=True)
class Awaited:
    """Somebody who was invited to send for the project, and has not come yet."""

    name: str
    language: str  # that they were invited in


@dataclass(frozen=True)
class Vote:
    """An approval as it was given."""

    digest: str  # of what was approved
    organizer_id: int
    language: str
    how: How
    at: datetime


@dataclass(frozen=True)
class Given:
    """An approval of something as it stands."""

    organizer_id: int
    name: str
    language: str
    how: How
    at: datetime


@dataclass(frozen=True)
class Asked:
    """Somebody who was asked."""

    organizer_id: int
    name: str
    asked_at: datetime
    current: bool  # what they were asked about is what stands now
    answered: bool


@dataclass(frozen=True)
class Returned:
    """A note with which something was sent back."""

    name: str
    note: str
    at: datetime
    current: bool  # nothing has changed since


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """How far something is from being approved."""

    digest: str  # stands for it as it is
    needed: int  # people besides its author, in each language
    languages: Sequence[str]  # all of them
    given: Sequence[Given]
    voided: bool  # it was approved before it changed
    possible: Sequence[Approver]  # who may approve it
    awaited: Sequence[Awaited]  # who may once they have come
    back: bool = False  # it was sent back as it is, and nobody was asked about it since
    asked: Sequence[Asked] = ()
    returned: Sequence[Returned] = ()  # the latest first

    @property
    def missing(self) -> list[str]:
        """The languages that too few people have approved."""
        return [each for each in self.languages if self._people(each) < self.needed]

    @property
    def nobody_for(self) -> list[str]:
        """Those that too few people could approve, whoever came; those invited are told apart."""
        readers = {each: self._readers(each) for each in self.languages}
        return [each for each, count in readers.items() if count < self.needed]

    def open_to(self, organizer_id: int) -> list[str]:
        """The languages that an organizer may approve and has not; none of what was sent back."""
        if self.back:
            return []
        mine = {each.language for each in self.given if each.organizer_id == organizer_id}
        read = next((each.reads for each in self.possible if each.id == organizer_id), ())
        return [each for each in self.languages if each in read and each not in mine]

    def require_seen(self, organizer_id: int, seen: str) -> None:
        """Let only who may approve it decide on it, and only as it is. Raises MayNotApprove, Changed."""
        if organizer_id not in {each.id for each in self.possible}:
            raise MayNotApprove(MayNotApprove.__doc__)
        if seen != self.digest:
            raise Changed(Changed.__doc__)

    def fresh(self, organizer_id: int, languages: Collection[str]) -> list[str]:
        """Those of these languages that an organizer approves anew. Raises NotRead for one they do not read."""
        reads = next((each.reads for each in self.possible if each.id == organizer_id), ())
        if not languages or not set(languages) <= {*reads} & {*self.languages}:
            raise NotRead(NotRead.__doc__)
        return [each for each in self.open_to(organizer_id) if each in languages]

    def enough(self, writers: Collection[str], *, people: int) -> bool:
        """Whether every language is approved, and so many people in all stand behind it."""
        behind = {f"organizer:{each.organizer_id}" for each in self.given} | set(writers)
        return not self.missing and len(behind) >= people

    def _people(self, language: str) -> int:
        return len({each.organizer_id for each in self.given if each.language == language})

    def _readers(self, language: str) -> int:
        coming = sum(each.language == language for each in self.awaited)
        return sum(language in each.reads for each in self.possible) + coming


def require_chosen(possible: Sequence[Approver], chosen: Collection[int]) -> None:
    """Let only who may approve it be asked. Raises NobodyChosen, MayNotApprove."""
    if not chosen:
        raise NobodyChosen(NobodyChosen.__doc__)
    if not set(chosen) <= {each.id for each in possible}:
        raise MayNotApprove(MayNotApprove.__doc__)


def note_of(typed: str) -> str:
    """The note with which something is sent back. Raises NoNote."""
    said = typed.strip()[:LONGEST_NOTE]
    if not said:
        raise NoNote(NoNote.__doc__)
    return said


def those_asked(rows: Iterable[Row[Any]], digest: str, possible: Sequence[Approver]) -> list[Asked]:
    """Who of those who may approve it now was asked; rows have organizer_id, asked_at, digest, answered_at."""
    names = {each.id: each.name for each in possible}
    return [
        Asked(
            organizer_id=row.organizer_id,
            name=names[row.organizer_id],
            asked_at=row.asked_at,
            current=row.digest == digest,
            answered=row.answered_at is not None,
        )
        for row in rows
        if row.organizer_id in names
    ]


def still_given(
    approvals: Iterable[Vote], digest: str, possible: Sequence[Approver]
) -> list[Given]:
    """The approvals that count: of it as it is, by who may approve it now, in a language they read."""
    able = {each.id: each for each in possible}
    return [
        Given(each.organizer_id, able[each.organizer_id].name, each.language, each.how, each.at)
        for each in approvals
        if each.digest == digest
        and each.organizer_id in able
        and each.language in able[each.organizer_id].reads
    ]


def able(
    conn: Connection, project: int, writers: Collection[str], *, only: int | None = None
) -> list[Approver]:
    """Who may approve something of a project's (NETWORKS: the network's) now, by name."""
    rows = conn.execute(_able(one=only is not None), {"project": project, "only": only})
    return [
        Approver(row.id, row.name, tuple((row.reads or row.language).split()), row.phone)
        for row in rows
        if f"organizer:{row.id}" not in writers
    ]


@cache
def _able(*, one: bool) -> Select[*tuple[Any, ...]]:
    columns = (Organizer.id, Organizer.name, Organizer.language, Organizer.reads)
    project = bindparam("project", type_=OrganizerProject.project_id.type)
    found = select(*columns, confirmed_phone()).where(sends_in(func.nullif(project, NETWORKS)))
    if one:
        found = found.where(Organizer.id == bindparam("only"))
    return found.order_by(Organizer.name, Organizer.id)


def sends_in(project: ColumnElement[Any]) -> ColumnElement[bool]:
    """SQL for whether an organizer may send in a project; NULL is the network's."""
    granted = exists().where(
        OrganizerProject.organizer_id == Organizer.id,
        OrganizerProject.project_id == project,
        OrganizerProject.role.in_(SENDING),
    )
    office = and_(project.is_(None), Organizer.network)
    return and_(Organizer.disabled_at.is_(None), or_(office, granted))


def reads_of(conn: Connection, organizer_id: int) -> tuple[str, ...]:
    """The languages that an organizer reads."""
    row = conn.execute(
        select(Organizer.reads, Organizer.language).where(Organizer.id == organizer_id)
    ).one()
    return tuple((row.reads or row.language).split())


def coming(conn: Connection, project: int, now: datetime) -> list[Awaited]:
    """Who will be able to once they have come by their invitation."""
    guests = links.guests(conn, [project], now)
    return [Awaited(each.name, each.language) for each in guests if May.SEND in each.grant.allows]
