"""What did people do with emails? Read by copy, and counted by message, language, project and time.

What somebody does counts for the last email that led there and that they got before. Which copies were followed is kept
(``messages/followed.py``). The people of a line come from the database as one text of numbers, and are counted by project
here: to look up the projects of each, one after another, took longer than everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    true,
)

from actions.models import Outcome, Response
from actions.responses import REACHED
from contacts.belonging import NO_PROJECT, projects_of
from database.handing import SQLITE
from messages.audience import LEFT
from messages.followed import followed
from messages.models import Delivery, FollowedCopy, Message, MessageKind

DEEDS = ("clicked", "machines", "acted", "through", "calls")
GOT = "got"  # the copy, whatever they did
COPY = Delivery.__table__.alias("copy")
MESSAGES = "messages"
OF_MESSAGES: BindParameter[Any] = bindparam(MESSAGES, expanding=True)  # in statements built once


@dataclass(frozen=True, kw_only=True)
class Email:
    """A message that was launched, and the action that it led to."""

    message_id: int
    launched_at: datetime
    action_id: int | None


@dataclass(frozen=True)
class By:
    """By what people are counted."""

    projects: bool
    ends: Sequence[datetime]


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What people of one language did with a message in one span, by its name in DEEDS, or GOT."""

    message_id: int
    language: str
    span: int
    counts: Mapping[str, int]
    projects: Mapping[
        int, Mapping[str, int]
    ]  # the same by project, as far as that is told; {} unless asked


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """Copies, and what is counted of them: how many ``did`` what is called ``name``, which is told by project, and more."""

    source: Subquery
    name: str
    did: ColumnElement[bool]
    more: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asking:
    """A statement whose lines tell of the deed of that name, which is built once."""

    name: str
    statement: Select[Any]


@dataclass(frozen=True)
class _Line:
    """A line of what was counted, the people who did it, and the others."""

    name: str
    row: Mapping[str, Any]
    people: Sequence[int]  # without those who are nobody's any more
    others: Sequence[int]


def deeds(conn: Connection, emails: Collection[Email], asked: By) -> list[Deed]:
    """Who did something with these emails, by each that is asked."""
    told: dict[str, Any] = {MESSAGES: [each.message_id for each in emails], **_ends(asked)}
    by: dict[str, Any] = {"projects": asked.projects, "spans": len(asked.ends)}
    lines = _read(conn, _asking_clicks(**by), told)
    actions = {each.action_id for each in emails if each.action_id is not None}
    if actions:
        told |= {"actions": sorted(actions), "since": min(each.launched_at for each in emails)}
        lines += _read(conn, _asking_answers(conn.dialect.name, **by), told)
    return _told(conn, lines, asked)


def copies(conn: Connection, emails: Collection[Email], asked: By) -> list[Deed]:
    """Who got them at all, for which each copy is read."""
    told = {MESSAGES: [each.message_id for each in emails]}
    return _told(conn, _read(conn, _asking_copies(projects=asked.projects), told), asked)


@cache
def _asking_clicks(*, projects: bool, spans: int) -> list[_Asking]:
    return [_asking(each, projects=projects, spans=spans) for each in _clicks()]


@cache
def _asking_answers(dialect: str, *, projects: bool, spans: int) -> list[_Asking]:
    return [_asking(_answers(dialect), projects=projects, spans=spans)]


@cache
def _asking_copies(*, projects: bool) -> list[_Asking]:
    every = _gone_out().where(Delivery.message_id.in_(OF_MESSAGES)).subquery("copies")
    return [_asking(_Counted(source=every, name=GOT, did=true()), projects=projects, spans=0)]


def _ends(asked: By) -> dict[str, datetime]:
    return {f"end_{place}": end for place, end in enumerate(asked.ends)}


def _gone_out() -> Select[int, str, int | None]:
    columns = (Delivery.message_id, Delivery.language, Delivery.contact_id)
    return select(*columns).where(Delivery.status.in_(LEFT))


def _clicks() -> list[_Counted]:
    """Copies of which people followed a link, and of which machines alone did."""
    found = []
    for copies_of in followed(OF_MESSAGES):
        source = copies_of.subquery("followed")
        person = source.c.at.is_not(None)
        machines = {"machines": func.count().filter(~person)}
        found.append(_Counted(source=source, name="clicked", did=person, more=machines))
    return found


def _answers(dialect: str) -> _Counted:
    took = _took(dialect)
    more = {name: func.sum(took.c[name]) for name in ("through", "calls")}
    return _Counted(source=took, name="acted", did=true(), more=more)


def _took(dialect: str) -> Subquery:
    """Copies whose person took the action since; ``at``: first, ``calls`` that offices heard of them.

    An answer counts for the last email that led to it and that its person got before, whichever is asked about.
    """
    answers, copy = _looked_up() if dialect == SQLITE else _joined()
    clicked = exists().where(FollowedCopy.delivery_id == copy.c.id, FollowedCopy.at <= answers.c.at)
    theirs = (copy.c.message_id, copy.c.language, copy.c.contact_id)
    return (
        select(
            *theirs,
            func.min(answers.c.at).label("at"),
            func.count(case((answers.c.outcome.in_(REACHED), 1))).label("calls"),
            func.max(case((clicked, 1), else_=0)).label("through"),
        )
        .join_from(answers, copy, copy.c.id == answers.c.copy_id if dialect == SQLITE else true())
        .where((copy.c.message_id + 0).in_(OF_MESSAGES))
        .group_by(copy.c.id, *theirs)
        .subquery("took")
    )


def _looked_up() -> tuple[Subquery, FromClause]:
    """Answers with the number of their copy, and the copies: SQLite joins nothing to each line."""
    last = _last_before(Response).with_only_columns(COPY.c.id).correlate(Response)
    answers = _answers_since().add_columns(last.scalar_subquery().label("copy_id"))
    return answers.offset(0).subquery("answers"), Delivery.__table__.alias("theirs")


def _joined() -> tuple[Subquery, FromClause]:
    """Answers, and the copy of each: PostgreSQL need not look for it a second time."""
    answers = _answers_since().offset(0).subquery("answers")
    return answers, _last_before(answers.c).lateral("theirs")


def _answers_since() -> Select[*tuple[Any, ...]]:
    """The answers that may count; behind an offset, so that their copies are looked up once for each."""
    actions: BindParameter[Any] = bindparam("actions", expanding=True)
    since = bindparam("since", type_=Response.at.type)
    columns = (Response.at, Response.outcome, Response.contact_id, Response.action_id)
    told = (Response.outcome != Outcome.SKIPPED, Response.contact_id.is_not(None))
    return select(*columns).where(Response.action_id.in_(actions), Response.at >= since, *told)


def _last_before(answer: Any) -> Select[Any]:
    """The copy of the last email that led to an answer's page, of those that its person got before.

    The latest first, by the index of an action's messages, and the person's copy of each, until they have one: a
    sum has no index, so that no database begins with all copies that the person ever got.
    """
    email, copy = Message.__table__.alias("email"), COPY
    return (
        select(copy.c.id, copy.c.message_id, copy.c.language, copy.c.contact_id)
        .select_from(email)
        .join(copy, copy.c.message_id == email.c.id + 0)
        .where(
            copy.c.contact_id == answer.contact_id,
            copy.c.status.in_(LEFT),
            email.c.action_id == answer.action_id,
            email.c.kind == MessageKind.CAMPAIGN,
            email.c.launched_at <= answer.at,
        )
        .order_by(email.c.launched_at.desc(), email.c.id.desc())
        .limit(1)
    )


def _asking(counted: _Counted, *, projects: bool, spans: int) -> _Asking:
    """How it is asked what is counted of these copies: in lines, each with those it is of as one text."""
    source, did = counted.source, counted.did
    span = _span(source, spans if "at" in source.c else 0)
    keys = [source.c.message_id, source.c.language]
    numbers = [func.count().filter(did).label(counted.name), func.count().label("every")]
    lines = select(
        *keys,
        span.label("span"),
        *numbers,
        *(number.label(name) for name, number in counted.more.items()),
        *([_listed(source, did, "people"), _listed(source, ~did, "others")] if projects else []),
    )
    return _Asking(counted.name, lines.group_by(*keys, *(["span"] if spans else [])))


def _listed(source: Subquery, which: ColumnElement[bool], name: str) -> ColumnElement[str]:
    listed = func.aggregate_strings(cast(source.c.contact_id, Text), ",")
    return listed.filter(which).label(name)


def _span(source: Subquery, spans: int) -> ColumnElement[int]:
    """In which span a copy falls, of those that end, or after them."""
    ends = [bindparam(f"end_{place}", type_=Response.at.type) for place in range(spans)]
    if not ends:
        return literal(0)
    return case(*((source.c.at < end, place) for place, end in enumerate(ends)), else_=spans)


def _read(conn: Connection, asked: Sequence[_Asking], told: Mapping[str, Any]) -> list[_Line]:
    return [
        _Line(each.name, dict(row), _ids(row.get("people")), _ids(row.get("others")))
        for each in asked
        for row in conn.execute(each.statement, told).mappings()
    ]


def _told(conn: Connection, lines: Sequence[_Line], asked: By) -> list[Deed]:
    everybody = list(chain.from_iterable((*each.people, *each.others) for each in lines))
    whose = projects_of(conn, everybody) if asked.projects else None
    return [
        Deed(
            message_id=each.row["message_id"],
            language=each.row["language"],
            span=each.row["span"],
            counts=_counts(each),
            projects={} if whose is None else _by_project(each, whose),
        )
        for each in lines
    ]


def _ids(listed: str | None) -> list[int]:
    found: list[int] = orjson.loads(f"[{listed or ''}]")
    return found


def _counts(line: _Line) -> dict[str, int]:
    # PostgreSQL sums to a Decimal.
    return {name: int(line.row[name]) for name in (*DEEDS, GOT) if name in line.row}


def _by_project(line: _Line, whose: Callable[[int], int]) -> dict[int, dict[str, int]]:
    """The same people by project; of a project whose people were counted as others only, nobody."""
    did = Counter(map(whose, line.people))
    if line.row["every"] > len(line.people) + len(line.others):
        did[NO_PROJECT] += line.row[line.name] - len(line.people)
    told = did.keys() | set(map(whose, line.others))
    return {each: {line.name: did[each]} for each in told}
