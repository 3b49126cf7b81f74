"""What did people do with emails? Read by copy, and counted by message, language, project and time.

What somebody does counts for the last email that led there and that they got before. A click names its message, so that
all of a message are read from one index; its copies are looked up for them, not they for each of a million copies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Subquery,
    case,
    exists,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.orm import aliased

from actions.models import Outcome, Response
from actions.responses import REACHED
from contacts.models import Membership
from messages.audience import LEFT
from messages.clicks import by_people
from messages.models import Click, Delivery, Message, MessageKind

NO_PROJECT, SEVERAL = 0, -1  # where people of none, and of more than one, are counted
DEEDS = ("clicked", "machines", "acted", "through", "calls")
GOT = "got"  # the copy, whatever they did


@dataclass(frozen=True)
class By:
    """By what people are counted."""

    projects: bool
    ends: Sequence[datetime]


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What people of one language and project did with a message, by its name in DEEDS, or GOT."""

    message_id: int
    language: str
    project: int
    span: int
    counts: Mapping[str, int]


def deeds(conn: Connection, message_ids: Collection[int], asked: By) -> list[Deed]:
    """Who did something with these messages, by each that is asked."""
    return [
        *_told(conn, _followed(conn, message_ids), _clicks_in, asked),
        *_told(conn, _took(message_ids), _answers_in, asked),
    ]


def copies(conn: Connection, message_ids: Collection[int], asked: By) -> list[Deed]:
    """Who got them at all, for which each copy is read."""
    every = _gone_out().where(Delivery.message_id.in_(message_ids)).subquery("copies")
    return _told(conn, every, lambda _: {GOT: func.count()}, asked)


def _gone_out() -> Select[int, str, int | None]:
    columns = (Delivery.message_id, Delivery.language, Delivery.contact_id)
    return select(*columns).where(Delivery.status.in_(LEFT))


def _followed(conn: Connection, message_ids: Collection[int]) -> Subquery:
    """Copies of which a link was followed; ``at``: first by a person, NULL = by machines only."""
    first = func.min(case((by_people(), Click.at)))
    by_copy = (
        select(Click.delivery_id, first.label("at"))
        .where(Click.message_id.in_(message_ids))
        .group_by(Click.message_id, Click.delivery_id)
        .subquery("by_copy")
    )
    mine = Delivery.id == by_copy.c.delivery_id
    if conn.dialect.name == "sqlite":
        return _gone_out().add_columns(by_copy.c.at).join(by_copy, mine).subquery("followed")
    # PostgreSQL would rather read all copies that there are than look up one in fifty; behind an offset it cannot.
    copy = _gone_out().where(mine).offset(0).lateral("copy")
    return select(*copy.c, by_copy.c.at).join_from(by_copy, copy, true()).subquery("followed")


def _took(message_ids: Collection[int]) -> Subquery:
    """Copies whose person took the action since; ``at``: first, ``calls`` that offices heard of them.

    An answer counts for the last email that led to it and that its person got before, whichever is asked about.
    """
    asked = Message.id.in_(message_ids)
    actions = select(Message.action_id).where(asked)
    since = select(func.min(Message.launched_at)).where(asked).scalar_subquery()
    columns = (Response.at, Response.outcome, _last_before().label("copy_id"))
    told = (Response.outcome != Outcome.SKIPPED, Response.contact_id.is_not(None))
    answers = (
        select(*columns)
        .where(Response.action_id.in_(actions), Response.at >= since, *told)
        .offset(0)  # so that it is looked up once for each, not wherever it is named
        .subquery("answers")
    )
    clicked = exists().where(
        Click.message_id == Delivery.message_id,  # as its index begins, which has all that is asked
        Click.delivery_id == Delivery.id,
        by_people(),
        Click.at <= answers.c.at,
    )
    return (
        _gone_out()
        .add_columns(
            func.min(answers.c.at).label("at"),
            func.count(case((answers.c.outcome.in_(REACHED), 1))).label("calls"),
            func.max(case((clicked, 1), else_=0)).label("through"),
        )
        .select_from(answers)
        .join(Delivery, Delivery.id == answers.c.copy_id)
        .where((Delivery.message_id + 0).in_(message_ids))
        .group_by(Delivery.id)
        .subquery("took")
    )


def _last_before() -> ScalarSelect[int]:
    """The copy of the last email that led to an answer's page, of those that its person got before.

    The latest first, by the index of an action's messages, and the person's copy of each, until they have one: a
    sum has no index, so that no database begins with all copies that the person ever got.
    """
    email, copy = aliased(Message), aliased(Delivery)
    return (
        select(copy.id)
        .select_from(email)
        .join(copy, copy.message_id == email.id + 0)
        .where(
            copy.contact_id == Response.contact_id,
            copy.status.in_(LEFT),
            email.action_id == Response.action_id,
            email.kind == MessageKind.CAMPAIGN,
            email.launched_at <= Response.at,
        )
        .order_by(email.launched_at.desc(), email.id.desc())
        .limit(1)
        .correlate(Response)
        .scalar_subquery()
    )


def _clicks_in(followed: Subquery) -> dict[str, ColumnElement[Any]]:
    people = func.count(followed.c.at)
    return {"clicked": people, "machines": func.count() - people}


def _answers_in(took: Subquery) -> dict[str, ColumnElement[Any]]:
    columns = {name: func.sum(took.c[name]) for name in ("through", "calls")}
    return {"acted": func.count(), **columns}


def _told(
    conn: Connection,
    source: Subquery,
    counted: Callable[[Subquery], Mapping[str, ColumnElement[Any]]],
    asked: By,
) -> list[Deed]:
    """What is counted of people of a source, by message, language, project and span."""
    member = Membership.contact_id == source.c.contact_id
    one = case((func.count() > 1, SEVERAL), else_=func.coalesce(func.min(Membership.project_id), 0))
    whose = select(one).where(member).correlate(source).scalar_subquery()
    each = (
        select(
            *source.c,
            (whose if asked.projects else literal(NO_PROJECT)).label("whose"),
            _span(source, asked.ends).label("span"),
        )
        .offset(0)
        .subquery("each_person")
    )
    keys = (each.c.message_id, each.c.language, each.c.whose, each.c.span)
    numbers = counted(each)
    rows = select(*keys, *numbers.values()).group_by(*keys)
    return [
        Deed(
            message_id=message_id,
            language=language,
            project=project,
            span=span,
            # PostgreSQL sums to a Decimal.
            counts={name: int(n) for name, n in zip(numbers, found, strict=True)},
        )
        for message_id, language, project, span, *found in conn.execute(rows)
    ]


def _span(source: Subquery, ends: Sequence[datetime]) -> ColumnElement[int]:
    if not ends or "at" not in source.c:
        return literal(0)
    return case(*((source.c.at < end, place) for place, end in enumerate(ends)), else_=len(ends))
