"""A report for partners: what an alert, or all alerts of a case, set in motion; without anybody's name.

Small numbers are hidden by the rule of the public page of numbers, cell by cell of each table: what adds up to
a total hides enough beside itself that nobody can subtract their way to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, func, select

from actions.models import Outcome, Response
from actions.office_hours import WASHINGTON
from actions.office_models import Stance, StanceLine
from actions.responses import REACHED, TRIED
from actions.targets import Target, targets_by_key
from alerts.closing import Closing, closing_of, titles_of
from alerts.follow_ups import stands_alone
from alerts.models import Alert, AlertText, FollowUp
from alerts.numbers import FEW, tellable
from alerts.pages import page_by_slug
from contacts.models import Channel
from messages import budgets, counts
from messages.connecting import CallTotals, call_totals
from messages.eligibility import family_of
from messages.models import Message, Status
from messages.progress import Equation, progress
from organizers.roles import Within, owned
from representatives.models import Seat

SHOWN = (Outcome.SPOKE, Outcome.VOICEMAIL, Outcome.WROTE, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER)
LONGEST = 120  # days in the picture
Hidden = int | None  # None = some, who are not told


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something that happened on a day."""

    day: date
    kind: str  # fact | launch | stance | end; the kind of a follow-up
    words: Mapping[str, str]  # by language; of a stance, none
    people: int = 0  # of a launch: who were confirmed
    office: str = ""  # of a stance: the office's key
    stance: str = ""


@dataclass(frozen=True, kw_only=True)
class OfficeLine:
    """What came of the calls to an office, in people."""

    target: Target | None  # None = told by text, office not named
    counts: Mapping[Outcome, Hidden]
    stance: str


@dataclass(frozen=True)
class DayLine:
    """What was told on one day."""

    day: date
    told: Hidden


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything the page shows."""

    titles: Mapping[str, str]
    alerts: int
    closing: Closing | None
    moments: Sequence[Moment]
    confirmed: int
    equation: Equation
    people: Hidden  # who tried to reach an office
    reached: Hidden  # who did
    outcomes: Mapping[Outcome, Hidden]
    offices: Sequence[OfficeLine]
    states: Mapping[str, Hidden]  # people who reached an office, where there are any
    days: Sequence[DayLine]
    stances: Mapping[str, int]  # offices by what they say now
    calls: CallTotals
    text_segments: int
    segments_exact: bool  # False: at most so many


@dataclass(frozen=True)
class _Told:
    """An alert that is reported on."""

    id: int
    message_id: int
    action_id: int
    slug: str


def alert_report(conn: Connection, alert_id: int, *, now: datetime) -> Report:
    """Report on one alert and what followed it; the caller knows that it was launched."""
    rows = conn.execute(_alerts().where(Alert.id == alert_id)).all()
    texts = select(AlertText.language, AlertText.title).where(AlertText.alert_id == alert_id)
    case_id = conn.scalars(select(Alert.case_id).where(Alert.id == alert_id)).one()
    return _report(conn, rows, dict(conn.execute(texts).all()), closing_of(conn, case_id), now)


def case_report(conn: Connection, case_id: int, within: Within, *, now: datetime) -> Report:
    """Report on all alerts of a case that these projects have sent, together."""
    mine = _alerts().where(Alert.case_id == case_id, owned(Message.project_id, within))
    rows = conn.execute(mine.order_by(Message.launched_at, Alert.id)).all()
    return _report(conn, rows, titles_of(conn, case_id), closing_of(conn, case_id), now)


def shown(number: int) -> Hidden:
    """A number of people as a report may tell it."""
    return None if 0 < number < FEW else number


def _alerts() -> Select[*tuple[Any, ...]]:
    """Launched alerts with a page of their own."""
    columns = (Alert.id, Alert.message_id, Alert.action_id, Alert.slug)
    launched = (Message.launched_at.is_not(None), stands_alone())
    return select(*columns).join(Message, Message.id == Alert.message_id).where(*launched)


def _report(
    conn: Connection,
    rows: Sequence[Row[*tuple[Any, ...]]],
    titles: Mapping[str, str],
    closing: Closing | None,
    now: datetime,
) -> Report:
    alerts = [_Told(*row) for row in rows]
    actions = [each.action_id for each in alerts]
    messages = _messages(conn, alerts)
    told = _responses(conn, actions)
    stood = [] if not actions else _stances(conn, actions)
    latest = {line.target: str(line.stance) for line in stood}
    segments, exact = _segments(conn, messages)
    reached = _people(conn, actions, REACHED)
    return Report(
        titles=titles,
        alerts=len(alerts),
        closing=closing,
        moments=_moments(conn, alerts, stood, closing, now),
        confirmed=_confirmed(conn, messages),
        equation=sum((progress(conn, each, now=now).equation for each in messages), Equation()),
        people=_tried(_people(conn, actions, TRIED), reached),
        reached=shown(reached),
        outcomes=_outcomes(told),
        offices=_offices(conn, told, latest, now),
        states=_states(conn, actions, reached),
        days=_days(conn, actions),
        stances=dict(Counter(latest.values())),
        calls=_calls(conn, actions),
        text_segments=segments,
        segments_exact=exact,
    )


def _messages(conn: Connection, alerts: Sequence[_Told]) -> list[int]:
    """The messages of alerts, of what followed them, and of all committees' parts."""
    following = (
        select(Alert.message_id)
        .join(FollowUp, FollowUp.alert_id == Alert.id)
        .join(Message, Message.id == Alert.message_id)
        .where(FollowUp.of_id.in_([each.id for each in alerts]), Message.launched_at.is_not(None))
    )
    roots = [*(each.message_id for each in alerts), *conn.scalars(following)]
    return sorted({each for root in roots for each in family_of(conn, root)})


def _confirmed(conn: Connection, messages: Sequence[int]) -> int:
    confirmed = select(func.coalesce(func.sum(Message.confirmed), 0))
    return int(conn.execute(confirmed.where(Message.id.in_(messages))).scalar_one())


def _responses(conn: Connection, actions: Sequence[int]) -> dict[str, Counter[Outcome]]:
    """How often each office was told of with which outcome."""
    groups = (Response.target, Response.outcome)
    rows = select(*groups, func.count()).where(
        Response.action_id.in_(actions), Response.outcome.in_(SHOWN)
    )
    found: dict[str, Counter[Outcome]] = {}
    for target, outcome, count in conn.execute(rows.group_by(*groups)):
        found.setdefault(target, Counter())[Outcome(outcome)] = count
    return found


def _people(conn: Connection, actions: Sequence[int], outcomes: Sequence[Outcome]) -> int:
    people = select(func.count(Response.who.distinct()))
    mine = (Response.action_id.in_(actions), Response.outcome.in_(outcomes))
    return conn.execute(people.where(*mine)).scalar_one()


def _tried(people: int, reached: int) -> Hidden:
    """Who tried; not where that less who reached an office would be a small number."""
    return None if shown(people) is None or shown(people - reached) is None else people


def _outcomes(told: Mapping[str, Counter[Outcome]]) -> dict[Outcome, Hidden]:
    totals = sum(told.values(), Counter[Outcome]())
    hidden = _told(totals)
    return {each: hidden.get(each, 0) for each in SHOWN}


def _offices(
    conn: Connection,
    told: Mapping[str, Counter[Outcome]],
    latest: Mapping[str, str],
    now: datetime,
) -> list[OfficeLine]:
    """Each office's cells; a column hides as much as its total asks for."""
    totals = _outcomes(told)
    columns = {
        outcome: _column({target: each[outcome] for target, each in told.items()}, totals[outcome])
        for outcome in SHOWN
    }
    keys = {*told, *latest} - {""}
    named: list[Target | None] = list(targets_by_key(conn, keys, now=now)) if keys else []
    named += [None] if "" in told else []
    lines = []
    for target in named:
        key = target.key if target else ""
        cells = {outcome: columns[outcome].get(key, 0) for outcome in SHOWN}
        lines.append(OfficeLine(target=target, counts=cells, stance=latest.get(key, "")))
    return sorted(lines, key=_place)


def _column(counts: Mapping[str, int], total: Hidden) -> dict[str, Hidden]:
    """One outcome by office; where its total is hidden, nothing may add up to it."""
    if total is None:
        return {target: None if count else 0 for target, count in counts.items()}
    return _told(counts)


def _place(line: OfficeLine) -> tuple[bool, str, bool, int, str]:
    target = line.target
    if target is None:
        return True, "", True, 0, ""
    return (
        not target.state,
        target.state,
        target.district is None,
        target.district or 0,
        target.key,
    )


def _told(counts: Mapping[Any, int]) -> dict[Any, Hidden]:
    """What may be told of numbers beside their sum."""
    safe = tellable(sum(counts.values()), {str(key): count for key, count in counts.items()})
    return {key: safe[str(key)] for key in counts}


def _states(conn: Connection, actions: Sequence[int], reached: int) -> dict[str, Hidden]:
    people = select(Seat.state, func.count(Response.who.distinct()))
    people = people.join(Seat, Seat.id == Response.target).group_by(Seat.state)
    mine = (Response.action_id.in_(actions), Response.outcome.in_(REACHED))
    counts = dict(conn.execute(people.where(*mine)).all())
    told = tellable(reached, counts)
    return {state: told[state] for state in sorted(counts)}


def _days(conn: Connection, actions: Sequence[int]) -> list[DayLine]:
    """How much was told each day in Washington, from the first to the last; at most LONGEST days."""
    times = select(Response.at).where(Response.action_id.in_(actions), Response.outcome.in_(SHOWN))
    zone = ZoneInfo(WASHINGTON)
    counts = Counter(at.astimezone(zone).date() for at in conn.scalars(times))
    if not counts:
        return []
    first, last = min(counts), max(counts)
    first = max(first, last - timedelta(days=LONGEST - 1))
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    hidden = _told(counts)
    return [DayLine(day, hidden.get(day, 0)) for day in days]


def _stances(conn: Connection, actions: Sequence[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    """What offices said, the oldest first; without notes, which are words."""
    columns = (StanceLine.target, StanceLine.stance, StanceLine.at)
    lines = select(*columns).where(
        StanceLine.action_id.in_(actions), StanceLine.stance != Stance.UNKNOWN
    )
    return conn.execute(lines.order_by(StanceLine.at, StanceLine.id)).all()


def _calls(conn: Connection, actions: Sequence[int]) -> CallTotals:
    every = [call_totals(conn, each) for each in actions]
    return CallTotals(
        asked=sum(each.asked for each in every),
        connected=sum(each.connected for each in every),
        offices=sum(each.offices for each in every),
        talked=sum(each.talked for each in every),
        minutes=sum(each.minutes for each in every),
    )


def _segments(conn: Connection, messages: Sequence[int]) -> tuple[int, bool]:
    """What the texts took: as it was paid, where there is a budget, else the most they can have taken."""
    total, exact = 0, True
    columns = (Message.id, Message.part_of, Message.budget_cents, Message.segments)
    for row in conn.execute(select(*columns).where(Message.id.in_(messages))).all():
        if row.budget_cents:
            total += 0 if row.part_of else budgets.spent(conn, row.id)
            continue
        left = _texts_left(conn, row.id)
        total, exact = total + left * row.segments, exact and not left
    return total, exact


def _texts_left(conn: Connection, message_id: int) -> int:
    return sum(
        count
        for place, count in counts.kept(conn, [message_id]).items()
        if place.channel == Channel.SMS and Status.UNKNOWN <= place.status <= Status.UNDELIVERED
    )


def _moments(
    conn: Connection,
    alerts: Sequence[_Told],
    stood: Sequence[Row[*tuple[Any, ...]]],
    closing: Closing | None,
    now: datetime,
) -> list[Moment]:
    """What happened, day by day: released facts, launches, what offices said, the end."""
    zone = ZoneInfo(WASHINGTON)
    facts = page_by_slug(conn, alerts[-1].slug, now=now).facts if alerts else ()
    found = [
        Moment(day=each.happened_on, kind="fact", words=each.words)
        for each in facts
        if not each.withdrawn
    ]
    found += _launches(conn, alerts, zone)
    found += [
        Moment(
            day=line.at.astimezone(zone).date(),
            kind="stance",
            words={},
            office=line.target,
            stance=line.stance,
        )
        for line in stood
    ]
    if closing is not None:
        found.append(Moment(day=closing.ended_on, kind="end", words=closing.words))
    return sorted(found, key=lambda each: each.day)


def _launches(conn: Connection, alerts: Sequence[_Told], zone: ZoneInfo) -> list[Moment]:
    ids = [each.id for each in alerts]
    rows = (
        select(Alert.id, Alert.message_id, FollowUp.kind, Message.launched_at)
        .join(Message, Message.id == Alert.message_id)
        .outerjoin(FollowUp, FollowUp.alert_id == Alert.id)
        .where(Alert.id.in_(ids) | FollowUp.of_id.in_(ids), Message.launched_at.is_not(None))
    )
    found = []
    for row in conn.execute(rows.order_by(Message.launched_at, Alert.id)).all():
        titles = select(AlertText.language, AlertText.title).where(AlertText.alert_id == row.id)
        found.append(
            Moment(
                day=row.launched_at.astimezone(zone).date(),
                kind=row.kind or "launch",
                words=dict(conn.execute(titles).all()),
                people=_confirmed(conn, family_of(conn, row.message_id)),
            )
        )
    return found
