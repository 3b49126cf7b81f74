"""Two people before a planned email leaves: one writes it, another reads exactly that and approves it.

An approval is of a hash of texts, audience, rule, time and look, so whatever changes one of them voids it. An email that
comes again is approved once; an occurrence with words of its own is approved for itself. Firing asks, in its own
transaction and under the lock of the email's row, which every change takes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, delete, exists, insert, select, update

from campaigns import occurrences
from campaigns.approval_models import EmailApproval, EmailApprovalAsk, EmailSentBack
from campaigns.calendar import find_email
from campaigns.models import Campaign, CampaignEmail, ScheduleStatus
from contacts.models import Project
from database.upserts import insert_or
from messages.control import NotNow
from messages.house import HouseRules
from messages.looks import worn
from organizers.approvers import (
    Ballot,
    How,
    Returned,
    SentBack,
    Vote,
    able,
    coming,
    note_of,
    reads_of,
    still_given,
    those_asked,
)
from organizers.models import Organizer
from organizers.roles import NETWORKS, owned

NOTES = 5  # the latest that are told
PLAN = (
    *("audience", "rule", "local_time", "zone", "own_zone", "project_id", "email_sender"),
    "action_id",
)


def digest(email: Row[Any], run: Row[Any] | None = None) -> str:
    """The hash that stands for an email, or for an occurrence with words of its own."""
    said = {name: getattr(email, name) for name in PLAN}
    said |= {"texts": email.texts, "email": email.id}
    if email.experiment:
        said |= {"experiment": email.experiment}
    if email.let_stand:
        said |= {"names": email.let_stand}
    if email.look:
        said |= {"look": email.look}
    if run is not None and run.texts:
        said |= {"texts": run.texts, "occurrence": run.local_time}
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def approved(conn: Connection, email: Row[Any], run: Row[Any], *, house: HouseRules) -> bool:
    """Whether as many people as the house asks for stand behind an occurrence as it is."""
    if house.approvals <= 1:
        return True
    found = ballot(conn, email, run, house=house)
    return found.enough(writers_of(email, run), people=house.approvals)


def ballot(
    conn: Connection,
    email: Row[Any],
    run: Row[Any] | None,
    *,
    house: HouseRules,
    now: datetime | None = None,
) -> Ballot:
    """How far an email, or an occurrence with words of its own, is from being approved."""
    as_it_is = digest(email, run)
    project = email.project_id or NETWORKS
    possible = able(conn, project, writers_of(email, run))
    mine = select(EmailApproval).where(EmailApproval.email_id == email.id)
    rows = conn.execute(mine.order_by(EmailApproval.id)).all()
    votes = (Vote(row.digest, row.organizer_id, row.language, How(row.how), row.at) for row in rows)
    given = still_given(votes, as_it_is, possible)
    return Ballot(
        digest=as_it_is,
        needed=max(house.approvals - 1, 0),
        languages=house.languages,
        given=given,
        voided=not given and bool(rows) and run is None,
        possible=possible,
        back=as_it_is in _sent_back(conn, [as_it_is]),
        awaited=coming(conn, project, now) if now is not None else (),
    )


def standing(
    conn: Connection, email: Row[Any], run: Row[Any] | None, *, house: HouseRules, now: datetime
) -> Ballot:
    """The same, with who was asked and what was sent back."""
    found = ballot(conn, email, run, house=house, now=now)
    about = email.id, known_as(run)
    return replace(
        found,
        asked=those_asked(_asks(conn, *about), found.digest, found.possible),
        returned=_returned(conn, *about, found.digest),
    )


def known_as(run: Row[Any] | None) -> str:
    """The date of words of its own; "" for those of the email."""
    return run.local_time if run is not None else ""


def asked_of(
    conn: Connection, projects: Collection[int], organizer_id: int, *, house: HouseRules
) -> list[Row[Any]]:
    """The planned emails of these projects that wait for an organizer's approval of their words."""
    if house.approvals <= 1 or not projects:
        return []
    columns: Sequence[Any] = (
        *CampaignEmail.__table__.columns,
        Campaign.project_id,
        Project.email_sender,
        worn(Campaign.project_id.expression).label("look"),
    )
    rows = (
        select(*columns)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .outerjoin(Project, Project.id == Campaign.project_id)
        .where(CampaignEmail.status == ScheduleStatus.SCHEDULED)
        .where(owned(Campaign.project_id, tuple(projects)))
        .order_by(CampaignEmail.next_run_at)
    )
    me = f"organizer:{organizer_id}"
    foreign = [each for each in conn.execute(rows).all() if me not in writers_of(each, None)]
    stands = {each.id: digest(each) for each in foreign}
    given, back = _given(conn, stands), _sent_back(conn, stands.values())
    reads = reads_of(conn, organizer_id) if foreign else ()
    return [
        each
        for each in foreign
        if stands[each.id] not in back
        and any(
            len(given.get((each.id, code), ())) < house.approvals - 1
            and organizer_id not in given.get((each.id, code), ())
            for code in house.languages
            if code in reads
        )
    ]


def _given(conn: Connection, stands: Mapping[int, str]) -> dict[tuple[int, str], set[int]]:
    """Who approved each of these emails as it is, by email and language; ``stands`` are their digests."""
    rows = select(EmailApproval).where(EmailApproval.digest.in_(list(stands.values())))
    found: dict[tuple[int, str], set[int]] = {}
    for row in conn.execute(rows).all() if stands else ():
        if stands.get(row.email_id) == row.digest:
            found.setdefault((row.email_id, row.language), set()).add(row.organizer_id)
    return found


def _sent_back(conn: Connection, digests: Collection[str]) -> set[str]:
    """Those of these that somebody sent back, and about which nobody was asked since: their authors' turn."""
    anew = exists().where(
        EmailApprovalAsk.email_id == EmailSentBack.email_id,
        EmailApprovalAsk.digest == EmailSentBack.digest,
        EmailApprovalAsk.asked_at > EmailSentBack.at,
    )
    rows = select(EmailSentBack.digest).where(EmailSentBack.digest.in_(list(digests)), ~anew)
    return set(conn.scalars(rows)) if digests else set()


def approve(
    conn: Connection,
    email_id: int,
    local_time: str,
    organizer_id: int,
    *,
    seen: str,
    languages: Collection[str],
    how: How = How.CONSOLE,
    house: HouseRules,
    now: datetime,
) -> list[str]:
    """Approve some languages of an email as somebody has seen it; of an occurrence, where one is named.

    Returns the new ones; twice is once. Raises Changed, MayNotApprove, SentBack, NotRead.
    """
    email = find_email(conn, email_id)
    run = occurrences.of(conn, email_id, local_time) if local_time else None
    found = ballot(conn, email, run, house=house)
    found.require_seen(organizer_id, seen)
    if found.back:
        raise SentBack(SentBack.__doc__)
    new = found.fresh(organizer_id, languages)
    values = {"email_id": email_id, "digest": seen, "organizer_id": organizer_id}
    for language in new:
        row = insert_or(conn, EmailApproval).values(**values, language=language, how=how, at=now)
        conn.execute(row.on_conflict_do_nothing())
    if {*found.open_to(organizer_id)} <= set(new):
        mine = EmailApprovalAsk.organizer_id == organizer_id
        _spend(conn, email_id, local_time, now, mine)
    return new


def send_back(
    conn: Connection,
    email_id: int,
    local_time: str,
    organizer_id: int,
    *,
    seen: str,
    note: str,
    house: HouseRules,
    now: datetime,
) -> int:
    """Say what should be different; its authors are told. Nobody's approval of it as it is counts any more, nor
    does any link: what was asked is over. Returns the note's number.

    Raises NoNote, Changed, MayNotApprove, and NotNow for what was called off.
    """
    said = note_of(note)
    email = find_email(conn, email_id)
    run = occurrences.of(conn, email_id, local_time) if local_time else None
    ballot(conn, email, run, house=house).require_seen(organizer_id, seen)
    if email.status == ScheduleStatus.CANCELLED:
        raise NotNow("this email was called off already")
    mine = (EmailApproval.email_id == email_id, EmailApproval.digest == seen)
    conn.execute(delete(EmailApproval).where(*mine))
    row = insert(EmailSentBack).values(
        email_id=email_id,
        local_time=local_time,
        digest=seen,
        organizer_id=organizer_id,
        note=said,
        at=now,
        letter_due=True,
    )
    _spend(conn, email_id, local_time, now)
    return conn.execute(row.returning(EmailSentBack.id)).scalar_one()


def writers_of(email: Row[Any], run: Row[Any] | None) -> frozenset[str]:
    """Who wrote what would leave, and who says why it may name somebody."""
    own = run.writers if run is not None and run.texts else []
    stand_for = {each["by"] for each in email.let_stand}
    return frozenset(own or email.writers or [email.created_by]) | stand_for


def _spend(
    conn: Connection, email_id: int, local_time: str, now: datetime, *whose: ColumnElement[bool]
) -> None:
    """What was asked is answered: links are good for nothing any more, and nobody is reminded."""
    mine = (EmailApprovalAsk.email_id == email_id, EmailApprovalAsk.local_time == local_time)
    still = update(EmailApprovalAsk).where(*mine, *whose, EmailApprovalAsk.answered_at.is_(None))
    conn.execute(still.values(answered_at=now, letter_due=False, remind_at=None))


def _asks(conn: Connection, email_id: int, local_time: str) -> Sequence[Row[Any]]:
    mine = (EmailApprovalAsk.email_id == email_id, EmailApprovalAsk.local_time == local_time)
    return conn.execute(select(EmailApprovalAsk).where(*mine).order_by(EmailApprovalAsk.id)).all()


def _returned(conn: Connection, email_id: int, local_time: str, as_it_is: str) -> list[Returned]:
    mine = (EmailSentBack.email_id == email_id, EmailSentBack.local_time == local_time)
    rows = (
        select(EmailSentBack, Organizer.name)
        .join(Organizer, Organizer.id == EmailSentBack.organizer_id)
        .where(*mine)
        .order_by(EmailSentBack.id.desc())
        .limit(NOTES)
    )
    return [
        Returned(row.name, row.note, row.at, row.digest == as_it_is) for row in conn.execute(rows)
    ]
