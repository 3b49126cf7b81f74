"""What the network proposes to committees, as those who are asked read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from alerts.asked import asked
from alerts.follow_ups import only_tells
from alerts.models import Alert, AlertText, Answer, Case, Level, Proposal
from alerts.titles import titles_by_alert
from contacts.models import Project
from messages.checking import texts_of
from messages.models import Message, MessageStatus
from organizers import audit
from organizers.roles import Within, as_key, owned

CAN_BE_JOINED = (MessageStatus.DRAFT, MessageStatus.SENDING, MessageStatus.FINISHED)


class NoSuchProposal(LookupError):
    """There is no such proposal."""


@dataclass(frozen=True)
class Proposed:
    """An alert that the network proposes, as the project that was asked sees it."""

    id: int
    alert_id: int
    project_id: int
    project: str
    answer: Answer
    asked_at: datetime
    root_id: int  # the network's message
    message_id: int | None  # the project's part
    level: Level
    titles: dict[str, str]
    launched: bool


@dataclass(frozen=True)
class Offer(Proposed):
    """The same with what stands for the words as they are now: a yes is to these and to no others."""

    words: str


def proposals(conn: Connection, within: Within, *, limit: int = 50) -> list[Proposed]:
    """What the network proposes to these projects: what waits for an answer first, then the newest."""
    chosen = _proposals().where(owned(Proposal.project_id, within))
    ordered = chosen.order_by((Proposal.answer != Answer.OPEN), Proposal.id.desc()).limit(limit)
    return _listed(conn, conn.execute(ordered).all())


def open_proposals(conn: Connection, within: Within) -> list[Proposed]:
    """What waits for the answer of one of these projects, and can still be joined."""
    return _listed(conn, conn.execute(_waiting(as_key(within))).all())


@lru_cache
def _waiting(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    waiting = (Proposal.answer == Answer.OPEN, Message.status.in_(CAN_BE_JOINED), _is_wanted())
    chosen = _proposals().where(owned(Proposal.project_id, within), *waiting)
    return chosen.order_by(Proposal.id.desc()).limit(10)


def proposal(conn: Connection, proposal_id: int) -> Offer:
    """One of them. Raises NoSuchProposal."""
    row = conn.execute(_proposals().where(Proposal.id == proposal_id)).one_or_none()
    if row is None:
        raise NoSuchProposal(NoSuchProposal.__doc__)
    return _offer(conn, row)


def any_letters_due(conn: Connection) -> bool:
    """Whether somebody is to be told that they are asked."""
    return conn.execute(select(Proposal.id).where(Proposal.letter_due).limit(1)).first() is not None


def letters_due(conn: Connection) -> list[Offer]:
    """The proposals whose senders are to be told; from now on they count as told."""
    told = update(Proposal).where(Proposal.letter_due).values(letter_due=False)
    due = conn.scalars(told.returning(Proposal.id)).all()
    told_of = Proposal.answer.in_((Answer.OPEN, Answer.STANDING))
    live = (told_of, Message.status.in_(CAN_BE_JOINED), _is_wanted())
    rows = conn.execute(_proposals().where(Proposal.id.in_(due), *live).order_by(Proposal.id)).all()
    return [_offer(conn, row) for row in rows]


def note_parts(
    conn: Connection, message_ids: Iterable[int], act: str, *, actor: str, now: datetime
) -> None:
    """Put what was done to all of an alert on the record of each committee whose part it was done to."""
    mine = select(Proposal).where(Proposal.message_id.in_(list(message_ids)))
    for row in conn.execute(mine.order_by(Proposal.id)).all():
        audit.note(
            conn,
            f"proposal.{act}",
            actor=actor,
            about=f"proposal:{row.id}",
            project_id=row.project_id,
            now=now,
        )


def _is_wanted() -> ColumnElement[bool]:
    """That calls are wanted on its case, or that it asks for none."""
    return or_(Case.closed_at.is_(None), only_tells())


@cache
def _proposals() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Proposal.id,
            Proposal.alert_id,
            Proposal.project_id,
            Proposal.answer,
            Proposal.asked_at,
            Proposal.message_id,
            Project.name,
            Alert.level,
            Alert.message_id.label("root_id"),
            func.coalesce(Message.action_id, Alert.action_id).label("action_id"),
            Message.status,
        )
        .join(Alert, Alert.id == Proposal.alert_id)
        .join(Case, Case.id == Alert.case_id)
        .join(Message, Message.id == Alert.message_id)
        .join(Project, Project.id == Proposal.project_id)
    )


def _listed(conn: Connection, rows: Sequence[Row[Any]]) -> list[Proposed]:
    titles = titles_by_alert(conn, [row.alert_id for row in rows])
    return [Proposed(**_told(row, titles)) for row in rows]


def _offer(conn: Connection, row: Row[Any]) -> Offer:
    titles = titles_by_alert(conn, [row.alert_id])
    return Offer(**_told(row, titles), words=_digest(conn, row))


def _told(row: Row[Any], titles: Mapping[int, dict[str, str]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "alert_id": row.alert_id,
        "project_id": row.project_id,
        "project": row.name,
        "answer": Answer(row.answer),
        "asked_at": row.asked_at,
        "root_id": row.root_id,
        "message_id": row.message_id,
        "level": Level(row.level),
        "titles": titles.get(row.alert_id, {}),
        "launched": row.status != MessageStatus.DRAFT,
    }


def _digest(conn: Connection, row: Row[Any]) -> str:
    agreed = (
        Message.reach,
        Message.audience,
        Message.merge_defaults,
        Message.expires_at,
        Message.action_id,  # written anew whenever the alert is
    )
    terms = tuple(conn.execute(select(*agreed).where(Message.id == row.root_id)).one())
    texts = sorted((code, *astuple(words)) for code, words in texts_of(conn, row.root_id).items())
    public = select(AlertText).where(AlertText.alert_id == row.alert_id)
    pages = [tuple(each) for each in conn.execute(public.order_by(AlertText.language))]
    spoken = orjson.dumps(asked(conn, row.action_id), option=orjson.OPT_SORT_KEYS)
    return sha256(repr((row.level, terms, texts, pages, spoken)).encode()).hexdigest()[:16]
