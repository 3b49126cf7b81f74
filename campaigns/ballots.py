"""Two people behind whatever leaves by itself: who approved it, who was asked, who sent it back.

The same for a planned email, the words of one of its dates, and an email of a series. An approval is of a hash of all
that would leave, so whatever changes it voids the approval; what is hashed is in ``approving.py`` and
``step_approving.py``, and how somebody answers in ``answering.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from campaigns.approval_models import EmailApproval, EmailApprovalAsk, EmailSentBack
from messages.house import HouseRules
from organizers.approvers import (
    Ballot,
    How,
    Returned,
    Vote,
    able,
    coming,
    reads_of,
    still_given,
    those_asked,
)
from organizers.models import Organizer
from organizers.roles import NETWORKS

NOTES = 5  # the latest that are told


@dataclass(frozen=True)
class About:
    """What is approved: a planned email, the words of one of its dates, or an email of a series."""

    email_id: int | None = None
    local_time: str = ""  # of words of its own
    step_id: int | None = None

    @property
    def key(self) -> dict[str, Any]:
        """The columns by which what is kept of it is found."""
        if self.step_id is not None:
            return {"step_id": self.step_id, "local_time": ""}
        return {"email_id": self.email_id, "local_time": self.local_time}

    @property
    def place(self) -> dict[str, Any]:
        """The same without the date: approvals know it by their hash."""
        return {name: value for name, value in self.key.items() if name != "local_time"}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """It as it stands."""

    about: About
    digest: str
    writers: frozenset[str]  # as records name them
    project_id: int | None
    texts: Mapping[str, Any]
    zone: str
    off: bool = False  # called off, or taken out: nothing of it leaves any more

    @property
    def subjects(self) -> dict[str, str]:
        """What its emails are called, by language."""
        return {language: words["subject"] for language, words in self.texts.items()}


def ballot(
    conn: Connection, subject: Subject, *, house: HouseRules, now: datetime | None = None
) -> Ballot:
    """How far it is from being approved."""
    project = subject.project_id or NETWORKS
    possible = able(conn, project, subject.writers)
    mine = select(EmailApproval).filter_by(**subject.about.place)
    rows = conn.execute(mine.order_by(EmailApproval.id)).all()
    votes = (Vote(row.digest, row.organizer_id, row.language, How(row.how), row.at) for row in rows)
    given = still_given(votes, subject.digest, possible)
    return Ballot(
        digest=subject.digest,
        needed=max(house.approvals - 1, 0),
        languages=house.languages,
        given=given,
        voided=not given and bool(rows) and not subject.about.local_time,
        possible=possible,
        back=subject.digest in _sent_back(conn, [subject.digest]),
        awaited=coming(conn, project, now) if now is not None else (),
    )


def approved(conn: Connection, subject: Subject, *, house: HouseRules) -> bool:
    """Whether as many people as the house asks for stand behind it as it is."""
    if house.approvals <= 1:
        return True
    return ballot(conn, subject, house=house).enough(subject.writers, people=house.approvals)


def standing(conn: Connection, subject: Subject, *, house: HouseRules, now: datetime) -> Ballot:
    """How far it is, with who was asked and what was sent back."""
    found = ballot(conn, subject, house=house, now=now)
    return replace(
        found,
        asked=those_asked(_asks(conn, subject.about), found.digest, found.possible),
        returned=_returned(conn, subject),
    )


def waiting_for(
    conn: Connection, subjects: Sequence[Subject], organizer_id: int, *, house: HouseRules
) -> list[Subject]:
    """Those of these that wait for an organizer's approval, who may send in their projects."""
    me = f"organizer:{organizer_id}"
    foreign = [each for each in subjects if me not in each.writers]
    digests = [each.digest for each in foreign]
    given, back = _given(conn, digests), _sent_back(conn, digests)
    reads = reads_of(conn, organizer_id) if foreign else ()
    return [
        each
        for each in foreign
        if each.digest not in back
        and any(
            len(given.get((each.digest, code), ())) < house.approvals - 1
            and organizer_id not in given.get((each.digest, code), ())
            for code in house.languages
            if code in reads
        )
    ]


def _given(conn: Connection, digests: Collection[str]) -> dict[tuple[str, str], set[int]]:
    """Who approved each of these as it is, by hash and language."""
    found: dict[tuple[str, str], set[int]] = {}
    if digests:
        rows = select(EmailApproval).where(EmailApproval.digest.in_(list(digests)))
        for row in conn.execute(rows).all():
            found.setdefault((row.digest, row.language), set()).add(row.organizer_id)
    return found


def _sent_back(conn: Connection, digests: Collection[str]) -> set[str]:
    """Those of these that somebody sent back, and about which nobody was asked since: their authors' turn.

    No two things have the same hash, for what it is of is in it.
    """
    anew = exists().where(
        EmailApprovalAsk.digest == EmailSentBack.digest,
        EmailApprovalAsk.asked_at > EmailSentBack.at,
    )
    rows = select(EmailSentBack.digest).where(EmailSentBack.digest.in_(list(digests)), ~anew)
    return set(conn.scalars(rows)) if digests else set()


def _asks(conn: Connection, about: About) -> Sequence[Row[Any]]:
    mine = select(EmailApprovalAsk).filter_by(**about.key)
    return conn.execute(mine.order_by(EmailApprovalAsk.id)).all()


def _returned(conn: Connection, subject: Subject) -> list[Returned]:
    rows = (
        select(EmailSentBack, Organizer.name)
        .filter_by(**subject.about.key)
        .join(Organizer, Organizer.id == EmailSentBack.organizer_id)
        .order_by(EmailSentBack.id.desc())
        .limit(NOTES)
    )
    return [
        Returned(row.name, row.note, row.at, row.digest == subject.digest)
        for row in conn.execute(rows)
    ]
