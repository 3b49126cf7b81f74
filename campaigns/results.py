"""What came of emails once they had left: who followed a link, who acted, who wrote back, who left; of many at once.

Each figure is of people, one copy being one person's, and each person, answer and refusal counts for one email
only: what somebody does counts for the last email that led there, and a refusal for the last thing they got. So
the figures of several emails may be added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
)
from sqlalchemy.orm import aliased

from campaigns import deeds
from campaigns.deeds import DEEDS, GOT, MESSAGES, OF_MESSAGES, By, Deed, Email
from contacts.models import Channel, Consent, Standing
from messages import complaints, counts
from messages.audience import LEFT
from messages.faring import REFUSALS
from messages.models import (
    Delivery,
    Message,
    MessageKind,
    Reply,
    ReplyVerdict,
)

K = TypeVar("K", str, int)
FEW_ENOUGH = 10_000  # copies that a page reads one by one
AFTER = timedelta(days=7)  # in which a refusal is told beside what came before it


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of an email, or of several together."""

    left: int = 0  # copies that left, and did not come back
    clicked: int = 0  # of which a person followed a link
    machines: int = 0  # of which only machines followed one
    acted: int = 0  # whose person took the action since
    through: int = 0  # of these, after a person had followed a link of the copy
    calls: int = 0  # that offices heard of them since
    refused: int = 0  # addresses that said stop within a week
    complaints: int = 0  # mailboxes in which it was marked as spam
    replies: int = 0  # answers but for those that only say stop

    def __add__(self, other: Result) -> Result:
        """Both together."""
        names = (each.name for each in fields(self))
        return Result(**{each: getattr(self, each) + getattr(other, each) for each in names})


@dataclass(frozen=True, kw_only=True)
class Part:
    """The people of an email who have something in common, and what they did."""

    left: int = 0  # 0 for all, where there are too many to read each
    clicked: int = 0
    acted: int = 0

    def __add__(self, other: Part) -> Part:
        """Both together."""
        return Part(
            left=self.left + other.left,
            clicked=self.clicked + other.clicked,
            acted=self.acted + other.acted,
        )


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The same people twice: by the language they were written to in, and by their project."""

    languages: Mapping[str, Part]  # "" = it is not known any more
    projects: Mapping[int, Part]  # or NO_PROJECT, or SEVERAL; {} unless that was asked


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What came of several messages, and of whom, by message."""

    results: Mapping[int, Result]
    parts: Mapping[int, Parts]
    spans: Sequence[Part]  # of all of them together, by when people first did it
    # Those of which nobody can tell any more who got them: what people did with them is gone as well.
    forgotten: Collection[int]


def results_of(conn: Connection, message_ids: Collection[int]) -> Mapping[int, Result]:
    """What came of each of these messages that was launched."""
    return read(conn, message_ids).results


def read(
    conn: Connection,
    message_ids: Collection[int],
    *,
    projects: bool = False,
    ends: Sequence[datetime] = (),
) -> Reading:
    """The same, and who they were: by language, and by project if that is asked.

    ``ends``: of the spans by which it is told when people first did something; the last span has none.
    """
    emails = _launched(conn, message_ids)
    if not emails:
        return Reading(results={}, parts={}, spans=_spans([], len(ends) + 1), forgotten=())
    launched = {each.message_id: each.launched_at for each in emails}
    ids = list(launched)
    left, refused, replies = _left(conn, ids), _refused(conn, launched), _replies(conn, ids)
    complained = complaints.complaints_of(conn, ids)
    by = By(projects, ends)
    done_by = deeds.deeds(conn, emails, by)
    if sum(left.values()) <= FEW_ENOUGH:
        done_by += deeds.copies(conn, emails, by)
    done: dict[int, Counter[str]] = {each: Counter() for each in ids}
    for deed in done_by:
        done[deed.message_id].update(deed.counts)
    found = {
        each: Result(
            left=left[each],
            **{name: done[each][name] for name in DEEDS},
            refused=refused[each],
            complaints=complained[each],
            replies=replies[each],
        )
        for each in ids
    }
    return Reading(
        results=found,
        parts=_parts(ids, done_by, projects=projects),
        spans=_spans(done_by, len(ends) + 1),
        forgotten=_forgotten(conn, left),
    )


def _forgotten(conn: Connection, left: Mapping[int, int]) -> set[int]:
    told = {MESSAGES: [each for each in left if left[each]]}
    return set(conn.scalars(_asking_forgotten(), told))


@cache
def _asking_forgotten() -> Select[int]:
    known = exists().where(
        Delivery.message_id == Message.id,
        Delivery.channel == Channel.EMAIL,
        Delivery.address.is_not(None),
    )
    return select(Message.id).where(Message.id.in_(OF_MESSAGES), ~known)


_LAUNCHED = (
    select(Message.id, Message.launched_at, Message.action_id)
    .where(Message.id.in_(OF_MESSAGES))
    .order_by(Message.id)
)


def _launched(conn: Connection, message_ids: Collection[int]) -> list[Email]:
    found = conn.execute(_LAUNCHED, {MESSAGES: list(message_ids)})
    return [
        Email(message_id=message_id, launched_at=at, action_id=action_id)
        for message_id, at, action_id in found
        if at is not None
    ]


def _left(conn: Connection, message_ids: Collection[int]) -> Counter[int]:
    found: Counter[int] = Counter()
    for place, count in counts.kept(conn, message_ids).items():
        found[place.message_id] += count if place.status in LEFT else 0
    return found


def _spans(done_by: Collection[Deed], number: int) -> list[Part]:
    found = [Part()] * number
    for deed in done_by:
        found[deed.span] += _part(deed.counts, "clicked", "acted")
    return found


def _part(counted: Mapping[str, int], *names: str) -> Part:
    told = {"left" if name == GOT else name: counted.get(name, 0) for name in names}
    return Part(**told)


def _parts(
    message_ids: Collection[int], done_by: Collection[Deed], *, projects: bool
) -> dict[int, Parts]:
    languages: dict[int, dict[str, Part]] = {each: {} for each in message_ids}
    owners: dict[int, dict[int, Part]] = {each: {} for each in message_ids}
    for deed in done_by:
        by_language, by_project = languages[deed.message_id], owners[deed.message_id]
        part = _part(deed.counts, GOT, "clicked", "acted")
        by_language[deed.language] = by_language.get(deed.language, Part()) + part
        for project, counted in deed.projects.items():
            part = _part(counted, GOT, "clicked", "acted")
            by_project[project] = by_project.get(project, Part()) + part
    return {
        each: Parts(
            languages=dict(sorted(languages[each].items())),
            projects=dict(sorted(owners[each].items())) if projects else {},
        )
        for each in message_ids
    }


def _refused(conn: Connection, launched: Mapping[int, datetime]) -> Counter[int]:
    """Addresses that said stop within a week, and had got nothing of ours in between."""
    told: dict[str, Any] = {MESSAGES: list(launched)}
    for nth, (message_id, at) in enumerate(launched.items()):
        told |= {f"message_{nth}": message_id, f"until_{nth}": at + AFTER}
    return Counter(dict(conn.execute(_asking_refusals(len(launched)), told).all()))


@cache
def _asking_refusals(emails: int) -> Select[int, int]:
    later, copy = aliased(Message), aliased(Delivery)
    since_then = exists().where(
        copy.contact_id == Delivery.contact_id,
        copy.channel == Delivery.channel,
        copy.status.in_(LEFT),
        copy.message_id == later.id + 0,  # begin with the messages of that week, which are few
        later.kind.in_((MessageKind.ALERT, MessageKind.CAMPAIGN)),
        later.launched_at > Message.launched_at,
        later.launched_at <= Consent.at,
    )
    # Asked of the few refusals of that week, each of which one copy answers.
    last = exists().where(
        Delivery.message_id == Message.id,
        Delivery.channel == Consent.channel,
        Delivery.address == Consent.address,
        Delivery.status.in_(LEFT),
        ~since_then.correlate(Message, Delivery, Consent),
    )
    # In the words of the partial index, which SQLite does not use for parameters.
    refusals: BindParameter[str] = bindparam(
        "refusals", REFUSALS, expanding=True, literal_execute=True
    )
    address = Consent.channel + ":" + Consent.address
    return (
        select(Message.id, func.count(address.distinct()))
        .join(Consent, and_(Consent.at >= Message.launched_at, Consent.at < _until(emails)))
        .where(
            Message.id.in_(OF_MESSAGES),
            Consent.standing.in_(refusals),
            Consent.standing == Standing.OPTED_OUT,
            Consent.source != "import",
            last.correlate(Message, Consent),
        )
        .group_by(Message.id)
    )


def _until(emails: int) -> ColumnElement[datetime]:
    """Until when a refusal is told beside a message, of so many."""
    ends = (
        (
            bindparam(f"message_{nth}", type_=Message.id.type),
            bindparam(f"until_{nth}", type_=Consent.at.type),
        )
        for nth in range(emails)
    )
    return case(*((Message.id == message_id, until) for message_id, until in ends))


_REPLIES = (
    select(Reply.message_id, func.count())
    .where(Reply.message_id.in_(OF_MESSAGES), Reply.verdict != ReplyVerdict.OPT_OUT)
    .group_by(Reply.message_id)
)


def _replies(conn: Connection, message_ids: Collection[int]) -> Counter[int]:
    counted = conn.execute(_REPLIES, {MESSAGES: list(message_ids)})
    return Counter({each: count for each, count in counted if each is not None})
