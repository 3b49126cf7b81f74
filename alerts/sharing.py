"""An alert of the network's that committees join, each with its own list and under its own name.

The network writes it and sees totals. A project sees the words and how many of its people they would
reach, and says yes or no; one that joins red alerts unasked has said so beforehand. Each that joins sends
a part of its own: a message to its members, covered by what they agreed to hear from it. Somebody on
several lists gets one copy (see ``messages.eligibility``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from alerts.corrections import tells_otherwise
from alerts.follow_ups import asks_for_calls
from alerts.holding import hold_open
from alerts.models import Alert, Answer, Level, Proposal
from alerts.proposals import Offer, Proposed, note_parts, proposal
from alerts.several_lists import anybody_on_several, reached_on_several
from alerts.weighing import naming_by_now
from campaigns import collisions
from contacts.models import Membership, Project
from database import locking
from database.jobs import Jobs
from messages import audience as audiences
from messages import control, discretion
from messages.checking import MessageCheck, Part, check_message, texts_of
from messages.control import Draft, NotNow
from messages.eligibility import Terms, family_of
from messages.hours import read as read_hours
from messages.house import HouseRules
from messages.links import save_links
from messages.models import Message, MessageKind, MessageStatus, Reach

JOINED = (Answer.YES, Answer.STANDING)
# Blocking findings that stand in nobody else's way: not everybody has people to write to.
NOBODY = frozenset({"nobody", "nobody_reached"})
_ALERT: Select[Any] = (
    select(*Message.__table__.columns, Alert.id.label("alert_id"), Alert.level)
    .join(Alert, Alert.message_id == Message.id)
    .where(Alert.id == bindparam("alert"))
)


class CountChanged(Exception):
    """Your list is not the one that was confirmed; look at the number again and confirm it."""


class PartNotReady(Exception):
    """Something stands in the way of your part; this page says what. Ask the network to mend it."""


class WordsChanged(Exception):
    """The network has changed this alert since you read it. Read it again, then answer."""


@dataclass(frozen=True)
class Committee:
    """A project that an alert of the network's concerns, and where it stands."""

    project_id: int
    name: str
    members: int
    answer: Answer | None  # None: it has not been asked
    message_id: int | None  # its part, once that is launched

    @property
    def joins(self) -> bool:
        """Whether its people are reached."""
        return self.answer in JOINED


@dataclass(frozen=True)
class PartCheck:
    """What came of checking a committee's part."""

    committee: Committee
    check: MessageCheck
    reached: int  # people whom no committee before it reaches


def committees(conn: Connection, alert_id: int) -> list[Committee]:
    """The projects an alert of the network's is for that keep their lists to themselves.

    A correction is for those that told what it puts right, also if they share their lists since. One that joins red alerts unasked is told as joining. An alert of a project's own concerns nobody else, nor does one that only opens its page.
    """
    return _committees(conn, _alert(conn, alert_id))


def _committees(conn: Connection, alert: Row[Any]) -> list[Committee]:
    if alert.project_id is not None or alert.reach == Reach.PAGE:
        return []
    include = audiences.read(alert.audience).include
    told, named = include.outdated, include.projects
    whose = {
        "alert": alert.alert_id,
        "told": list(told.messages) if told else [],
        "named": list(named),
    }
    rows = conn.execute(_concerned(tell=bool(told), some=bool(named)), whose)
    return [_committee(row, alert) for row in rows]


@cache
def _concerned(*, tell: bool, some: bool) -> Select[*tuple[Any, ...]]:
    """Those that told what is put right; else those that keep their lists, all or ``some`` that are named."""
    asked = select(Proposal).where(Proposal.alert_id == bindparam("alert")).subquery()
    members = select(func.count()).where(Membership.project_id == Project.id).scalar_subquery()
    found = (
        select(Project.id, Project.name, Project.joins_red, members.label("members"), asked)
        .outerjoin(asked, asked.c.project_id == Project.id)
        .order_by(Project.name, Project.id)
    )
    if tell:
        # Only a committee that told it puts it right, to those whom it told.
        told = Message.part_of.in_(bindparam("told", expanding=True))
        return found.where(Project.id.in_(select(Message.project_id).where(told)))
    found = found.where(~Project.shares_list | asked.c.message_id.is_not(None))
    return found.where(Project.id.in_(bindparam("named", expanding=True))) if some else found


def checks(
    conn: Connection,
    alert_id: int,
    terms: Terms,
    *,
    house: HouseRules,
    now: datetime,
    reckon: bool = True,
) -> Iterator[PartCheck]:
    """What each committee's part would be, and how many people it reaches whom no earlier one does.

    ``terms`` are those of the network's own message.
    """
    alert = _alert(conn, alert_id)
    keeping = _committees(conn, alert)
    several = bool(keeping) and anybody_on_several(conn)
    own = audiences.read(alert.audience)
    had = reached_on_several(conn, own, terms) if several else frozenset()
    for each in keeping:
        part = _part(alert, each.project_id)
        found = check_message(conn, alert.id, house=house, now=now, reckon=reckon, part=part)
        theirs: frozenset[int] = frozenset()
        if several:
            theirs = reached_on_several(conn, part.audience, replace(terms, scopes=part.scopes))
        yield PartCheck(each, found, found.forecast.reached - len(theirs & had))
        if each.joins:
            had |= theirs


def check_part(
    conn: Connection, proposal: Proposed, *, house: HouseRules, now: datetime
) -> MessageCheck:
    """What a project's part of an alert would be: its own people, all of them."""
    part = _part(_alert(conn, proposal.alert_id), proposal.project_id)
    return check_message(conn, proposal.root_id, house=house, now=now, part=part)


def propose(conn: Connection, alert_id: int, now: datetime) -> list[int]:
    """Ask every committee that has not been asked; return the new proposals' ids."""
    control.locked(conn, _alert(conn, alert_id).id)  # two who ask at once ask once
    unasked = [each.project_id for each in committees(conn, alert_id) if each.answer is None]
    return _propose(conn, alert_id, unasked, Answer.OPEN, now)


def _propose(
    conn: Connection, alert_id: int, project_ids: Iterable[int], answer: Answer, now: datetime
) -> list[int]:
    rows = [
        {
            "alert_id": alert_id,
            "project_id": project_id,
            "answer": answer,
            "asked_at": now,
            "answered_by": "",
            "answered_at": None if answer is Answer.OPEN else now,
            "letter_due": True,
        }
        for project_id in project_ids
    ]
    if not rows:
        return []
    return list(conn.scalars(insert(Proposal).returning(Proposal.id), rows))


def forget_answers(conn: Connection, alert_id: int) -> None:
    """The words have changed: who answered to the old ones is asked anew, with a letter.

    Who has not answered reads the new ones; whom the alert is not for any more is asked nothing.
    """
    mine = (Proposal.alert_id == alert_id, Proposal.message_id.is_(None))
    meant = [each.project_id for each in committees(conn, alert_id)]
    conn.execute(delete(Proposal).where(*mine, Proposal.project_id.not_in(meant)))
    open_again = {"answer": Answer.OPEN, "answered_by": "", "answered_at": None, "letter_due": True}
    conn.execute(update(Proposal).where(*mine, Proposal.answer != Answer.OPEN).values(open_again))


def decline(conn: Connection, proposal_id: int, *, by: str, now: datetime) -> None:
    """Say no. Raises NotNow once the part is on its way: then it can be stopped."""
    found = _held(conn, proposal_id)
    if found.message_id is not None:
        raise NotNow("your part is on its way; stop it instead")
    _answer(conn, proposal_id, Answer.NO, by, now)


def join(
    conn: Connection,
    jobs: Jobs,
    proposal_id: int,
    *,
    confirmed: int,
    words: str,
    house: HouseRules,
    by: str,
    now: datetime,
) -> None:
    """Say yes to these words for so many people. Where the alert is out already, the part leaves now.

    Raises WordsChanged, PartNotReady, CountChanged when the list is not the confirmed one any more,
    NotNow, and Locked.
    """
    locking.require_unlocked(conn)
    discretion.take_turns(conn)  # nobody comes on a list of people at risk meanwhile, unseen
    closed_at = hold_open(conn, proposal(conn, proposal_id).alert_id)
    found = _held(conn, proposal_id)
    if closed_at is not None and asks_for_calls(conn, found.alert_id):
        raise NotNow("its case is closed; nobody can join this alert any more")
    if found.message_id is not None:
        raise NotNow("your committee has joined already")
    if found.project_id not in {each.project_id for each in committees(conn, found.alert_id)}:
        raise NotNow("this alert is not for your committee any more")
    if words != found.words:
        raise WordsChanged(WordsChanged.__doc__)
    check = check_part(conn, found, house=house, now=now)
    if any(each.code not in NOBODY for each in check.blocking):
        raise PartNotReady(PartNotReady.__doc__)
    reached = check.forecast.reached
    if reached != confirmed:
        raise CountChanged(
            f"{confirmed} people were confirmed, but it would now reach {reached}; look at the"
            " number again and confirm it"
        )
    root = _alert(conn, found.alert_id)
    if root.launched_at is not None:
        _require_open(root, now)
        _require_tellable(conn, found.alert_id, now)
    _answer(conn, proposal_id, Answer.YES, by, now)
    if root.launched_at is not None:
        project_id = found.project_id
        _launch(conn, jobs, root, project_id, confirmed=confirmed, by=by, house=house, now=now)


def _held(conn: Connection, proposal_id: int) -> Offer:
    """A proposal, kept with its alert from everybody who would answer, change or launch it now."""
    control.locked(conn, proposal(conn, proposal_id).root_id)
    return proposal(conn, proposal_id)


def launch_parts(
    conn: Connection,
    jobs: Jobs,
    alert_id: int,
    confirmed: Mapping[int, int],
    *,
    house: HouseRules,
    by: str,
    now: datetime,
) -> None:
    """With the network's own part, launch those of the committees that join; ask the others.

    ``confirmed`` is the number of people by project.
    """
    root = _alert(conn, alert_id)
    propose(conn, alert_id, now)
    joining = [each for each in committees(conn, alert_id) if each.joins]
    _note_standing(conn, alert_id, joining, now)
    for each in joining:
        people = confirmed[each.project_id]
        _launch(conn, jobs, root, each.project_id, confirmed=people, by=by, house=house, now=now)
    note_parts(conn, family_of(conn, root.id, but=root.id), "launch", actor=by, now=now)


def _note_standing(
    conn: Connection, alert_id: int, joining: Sequence[Committee], now: datetime
) -> None:
    """Write down which committees join unasked, whether or not they were asked as well."""
    standing = [each.project_id for each in joining if each.answer is Answer.STANDING]
    mine = (Proposal.alert_id == alert_id, Proposal.project_id.in_(standing))
    said = {"answer": Answer.STANDING, "answered_at": now, "letter_due": True}
    asked = update(Proposal).where(*mine).values(said).returning(Proposal.project_id)
    _propose(conn, alert_id, sorted({*standing} - {*conn.scalars(asked)}), Answer.STANDING, now)


def _launch(
    conn: Connection,
    jobs: Jobs,
    root: Row[Any],
    project_id: int,
    *,
    confirmed: int,
    by: str,
    house: HouseRules,
    now: datetime,
) -> None:
    project = conn.execute(select(Project).where(Project.id == project_id)).one()
    texts = texts_of(conn, root.id)
    draft = Draft(
        kind=MessageKind.ALERT,
        texts=texts,
        audience=_part(root, project_id).audience,
        reach=Reach(root.reach),
        project_id=project_id,
        action_id=root.action_id,
        default_language=root.default_language,
        hours=read_hours(root.hours),
        weekly_cap=root.weekly_cap,
        countries=root.countries.split(),
        budget_cents=root.budget_cents,
        merge_defaults=root.merge_defaults,
        segments=root.segments,
        begins_at=root.begins_at,
        expires_at=root.expires_at,
        sms_sender=project.sms_sender or house.identity.sms_sender,
        email_sender=project.email_sender or house.identity.email_sender,
        created_by=by,
        part_of=root.id,
        urgent=root.urgent,
    )
    message_id = control.create(conn, draft, now=now)
    written = [text for words in texts.values() for text in (words.sms, words.body)]
    save_links(conn, message_id, written, public_url=house.identity.public_url)
    mine = (Proposal.alert_id == root.alert_id, Proposal.project_id == project_id)
    conn.execute(update(Proposal).where(*mine).values(message_id=message_id))
    control.queue(
        conn,
        jobs,
        message_id,
        confirmed=confirmed,
        launched_by=by,
        undo_seconds=house.undo_seconds,
        now=now,
    )
    give_way(conn, message_id, Level(root.level), house=house, now=now)


def give_way(
    conn: Connection, message_id: int, level: Level, *, house: HouseRules, now: datetime
) -> None:
    """Have planned mail to the same people wait where the alert is red: they hear of one thing at a time."""
    reach = conn.scalar(select(Message.reach).where(Message.id == message_id))
    if level is Level.RED and reach != Reach.PAGE:
        collisions.postpone(conn, message_id, hours=house.planned_waits_hours, now=now)


def _require_open(root: Row[Any], now: datetime) -> None:
    if root.status == MessageStatus.PAUSED:
        raise NotNow("the network has paused this alert; join once it goes on")
    ended = root.status in (MessageStatus.STOPPED, MessageStatus.EXPIRED)
    if ended or (root.expires_at is not None and root.expires_at <= now):
        raise NotNow("this alert is over; nobody can join it any more")


def _require_tellable(conn: Connection, alert_id: int, now: datetime) -> None:
    """Let nobody join an alert whose words hold no more, or name somebody by now."""
    if tells_otherwise(conn, alert_id, now=now):
        raise NotNow("what this alert tells has changed since; ask the network for a new one")
    if naming_by_now(conn, alert_id):
        raise NotNow(
            "this alert names somebody who must not be named; ask the network for a new one"
        )


def _part(root: Row[Any], project_id: int) -> Part:
    """A project's members whom the alert is for, and the consents that cover them."""
    stored = replace(audiences.read(root.audience), among=None)
    mine = audiences.of_project(stored, project_id)
    return Part(mine, tuple(audiences.consent_scopes(mine)))


def _committee(row: Row[Any], alert: Row[Any]) -> Committee:
    answer = None if row.answer is None else Answer(row.answer)
    unasked = answer in (None, Answer.OPEN)
    if unasked and row.joins_red and alert.level == Level.RED:
        answer = Answer.STANDING
    return Committee(row.id, row.name, row.members, answer, row.message_id)


def _answer(conn: Connection, proposal_id: int, answer: Answer, by: str, now: datetime) -> None:
    said = {"answer": answer, "answered_by": by, "answered_at": now}
    conn.execute(update(Proposal).where(Proposal.id == proposal_id).values(said))


def _alert(conn: Connection, alert_id: int) -> Row[Any]:
    """The network's message of an alert, with the alert's number and level."""
    return conn.execute(_ALERT, {"alert": alert_id}).one()
