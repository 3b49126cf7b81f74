"""A report for partners: what an alert, or all alerts of a case, set in motion; without anybody's name.

People are told in steps of five (``alerts/rounding.py``), and of a case as the sums of what its alerts' reports tell.
How many copies left is told as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select

from actions.models import Outcome, Response
from actions.office_hours import WASHINGTON
from actions.office_models import Stance, StanceLine
from actions.responses import REACHED, TRIED
from actions.targets import Target, targets_by_key
from alerts.at_risk import Lists, owner_of
from alerts.closing import Closing, closing_of, titles_of
from alerts.follow_ups import anew, stands_alone
from alerts.models import Alert, AlertText, FollowUp
from alerts.numbers import FEW
from alerts.pages import page_of_action
from alerts.rounding import AtLeast, Told, at_least, summed
from alerts.text_costs import sum_of, texts_taken
from alerts.told_calls import SHOWN, Counted, add_calls, tell_calls
from messages.calling_off import taken_back
from messages.connecting import call_totals
from messages.eligibility import families_of, family_of
from messages.models import Message
from messages.progress import Equation, progress_of
from organizers.roles import Within, owned
from representatives.models import Seat

LONGEST = 120  # days in the picture


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Something that happened on a day."""

    day: date
    kind: str  # fact | launch | stance | end; the kind of a follow-up
    words: Mapping[str, str]  # by language; of a stance, none
    people: int | None = None  # of a launch that nothing followed: who were confirmed
    office: str = ""  # of a stance: the office's key
    stance: str = ""


@dataclass(frozen=True, kw_only=True)
class OfficeLine:
    """What came of the calls to an office, in people."""

    target: Target | None  # None = told by text, office not named
    counts: Mapping[Outcome, Told]
    stance: str


@dataclass(frozen=True)
class DayLine:
    """What was told on one day."""

    day: date
    told: Told


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything the page shows."""

    titles: Mapping[str, str]
    alerts: int
    closing: Closing | None
    moments: Sequence[Moment]
    confirmed: int
    equation: Equation
    people: Told  # who tried to reach an office
    reached: Told  # who did
    outcomes: Mapping[Outcome, Told]
    offices: Sequence[OfficeLine]
    states: Mapping[str, Told]  # people who reached an office, where there are any
    days: Sequence[DayLine]
    stances: Mapping[str, int]  # offices by what they say now
    minutes: Told  # connected by us
    text_segments: int
    segments_exact: bool  # False: at most so many


@dataclass(frozen=True)
class _Reported:
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
    titles = dict(conn.execute(texts).all())
    return _unnamed(conn, case_id, _report(conn, rows, titles, closing_of(conn, case_id), now))


def case_report(conn: Connection, case_id: int, within: Within, *, now: datetime) -> Report:
    """Report on all alerts of a case that these projects have sent, together; not on what nobody could get yet."""
    begun = ~taken_back() & (Message.starts_at.is_(None) | (Message.starts_at <= now))
    mine = _alerts().where(Alert.case_id == case_id, owned(Message.project_id, within), begun)
    rows = conn.execute(mine.order_by(Message.launched_at, Alert.id)).all()
    told = _report(conn, rows, titles_of(conn, case_id), closing_of(conn, case_id), now)
    return _unnamed(conn, case_id, told)


def _unnamed(conn: Connection, case_id: int, report: Report) -> Report:
    """A report without words that name somebody too much, by the lists as they are now; facts go whole."""
    told = partial(Lists(conn).told, case_id=case_id, owner=owner_of(conn, case_id))
    closing = report.closing and replace(report.closing, words=told(report.closing.words))
    moments = [replace(each, words=told(each.words)) for each in report.moments]
    return replace(
        report,
        titles=told(report.titles),
        closing=closing,
        moments=[each for each in moments if each.words or each.kind not in ("fact", "end")],
    )


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
    alerts = [_Reported(*row) for row in rows]
    actions = [each.action_id for each in alerts]
    messages = messages_of(conn, {each.id: each.message_id for each in alerts})
    told = add_calls([tell_calls(_counted(conn, each)) for each in actions])
    stood = [] if not actions else _stances(conn, actions)
    latest = {line.target: str(line.stance) for line in stood}
    segments, exact = _segments(conn, messages)
    return Report(
        titles=titles,
        alerts=len(alerts),
        closing=closing,
        moments=_moments(conn, alerts, stood, closing, now),
        confirmed=_confirmed(conn, messages),
        equation=sum((each.equation for each in progress_of(conn, messages, now=now)), Equation()),
        people=told.people,
        reached=told.reached,
        outcomes=told.outcomes,
        offices=_offices(conn, told.offices, latest, now),
        states=dict(sorted(told.states.items())),
        days=_curve(told.days),
        stances=dict(Counter(latest.values())),
        minutes=_minutes(conn, actions),
        text_segments=segments,
        segments_exact=exact,
    )


def messages_of(conn: Connection, alerts: Mapping[int, int]) -> list[int]:
    """The messages of alerts, of what followed them, and of all committees' parts; given each alert's own."""
    if not alerts:
        return []
    following = (
        select(Alert.message_id)
        .join(FollowUp, FollowUp.alert_id == Alert.id)
        .join(Message, Message.id == Alert.message_id)
        .where(_follows(list(alerts)), Message.launched_at.is_not(None))
    )
    roots = [*alerts.values(), *conn.scalars(following)]
    return sorted(family for root in families_of(conn, roots).values() for family in root)


def _follows(alert_ids: Sequence[int]) -> ColumnElement[bool]:
    """That what follows an alert follows one of these, or what went to whoever they left over."""
    sent = anew()
    again = select(sent.c.alert_id).where(sent.c.of_id.in_(alert_ids))
    return FollowUp.of_id.in_(alert_ids) | FollowUp.of_id.in_(again)


def _confirmed(conn: Connection, messages: Sequence[int]) -> int:
    confirmed = select(func.coalesce(func.sum(Message.confirmed), 0))
    return int(conn.execute(confirmed.where(Message.id.in_(messages))).scalar_one())


def _curve(days: Mapping[date, Told]) -> list[DayLine]:
    """The last days of which something is told, and those between them; at most LONGEST."""
    if not days:
        return []
    end = max(days)
    start = max(min(days), end - timedelta(days=LONGEST - 1))
    every = (start + timedelta(days=each) for each in range((end - start).days + 1))
    return [DayLine(each, days.get(each, AtLeast(0))) for each in every]


def _counted(conn: Connection, action_id: int) -> Counted:
    """Everything that is counted of an action."""
    actions = [action_id]
    reached, offices = _people(conn, actions, REACHED), _responses(conn, actions)
    seats = select(Seat.id, Seat.state).where(Seat.id.in_(offices))
    return Counted(
        people=_people(conn, actions, TRIED),
        reached=reached,
        offices=offices,
        states=_states(conn, actions, reached),
        days=_days(conn, actions, _span(conn, actions)),
        seats=dict(conn.execute(seats).all()),
    )


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


def _offices(
    conn: Connection,
    cells: Mapping[str, Mapping[Outcome, Told]],
    latest: Mapping[str, str],
    now: datetime,
) -> list[OfficeLine]:
    """Each office's cells and what it says."""
    keys = {*cells, *latest} - {""}
    named: list[Target | None] = list(targets_by_key(conn, keys, now=now)) if keys else []
    named += [None] if "" in cells else []
    nothing = dict.fromkeys(SHOWN, AtLeast(0))
    lines = []
    for target in named:
        key = target.key if target else ""
        counted = cells.get(key, nothing)
        lines.append(OfficeLine(target=target, counts=counted, stance=latest.get(key, "")))
    return sorted(lines, key=_place)


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


def _states(conn: Connection, actions: Sequence[int], reached: int) -> dict[str, int]:
    """People who reached an office of a state, each state once; "" = who reached only others."""
    mine = (Response.action_id.in_(actions), Response.outcome.in_(REACHED))
    seated = Seat, Seat.id == Response.target
    count = func.count(Response.who.distinct())
    people = select(Seat.state, count).select_from(Response).join(*seated).where(*mine)
    counts = dict(conn.execute(people.group_by(Seat.state)).all())
    anywhere = select(count).select_from(Response).join(*seated).where(*mine)
    return {**counts, "": reached - conn.execute(anywhere).scalar_one()}


def _span(conn: Connection, actions: Sequence[int]) -> list[date]:
    """The days in Washington from the first to the last on which something was told; at most LONGEST."""
    told = (Response.action_id.in_(actions), Response.outcome.in_(SHOWN))
    first, last = (
        conn.scalar(select(Response.at).where(*told).order_by(order).limit(1))
        for order in (Response.at, Response.at.desc())
    )
    if first is None or last is None:
        return []
    zone = ZoneInfo(WASHINGTON)
    end = last.astimezone(zone).date()
    start = max(first.astimezone(zone).date(), end - timedelta(days=LONGEST - 1))
    return [start + timedelta(days=each) for each in range((end - start).days + 1)]


def _days(conn: Connection, actions: Sequence[int], span: Sequence[date]) -> dict[date, int]:
    """How much was told on each of these days, counted by the database; before them, on the day before."""
    if not span:
        return {}
    zone = ZoneInfo(WASHINGTON)
    days = [span[0] - timedelta(days=1), *span]
    ends = (datetime.combine(each + timedelta(days=1), time(), zone) for each in days)
    until = case(*((Response.at < end, at) for at, end in enumerate(ends)), else_=len(days) - 1)
    told = (Response.action_id.in_(actions), Response.outcome.in_(SHOWN))
    counted = select(until.label("nth_day"), func.count()).where(*told).group_by("nth_day")
    counts: dict[int, int] = dict(conn.execute(counted).all())
    return {day: counts.get(at, 0) for at, day in enumerate(days)}


def _stances(conn: Connection, actions: Sequence[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    """What offices said, the oldest first; without notes, which are words."""
    columns = (StanceLine.target, StanceLine.stance, StanceLine.at)
    lines = select(*columns).where(
        StanceLine.action_id.in_(actions), StanceLine.stance != Stance.UNKNOWN
    )
    return conn.execute(lines.order_by(StanceLine.at, StanceLine.id)).all()


def _minutes(conn: Connection, actions: Sequence[int]) -> Told:
    """Minutes of calls that we connected; of an alert that had few calls, none is told."""
    every = [call_totals(conn, each) for each in actions]
    return summed([at_least(each.minutes if each.connected >= FEW else 0) for each in every])


def _segments(conn: Connection, messages: Sequence[int]) -> tuple[int, bool]:
    """What all texts took together."""
    return sum_of(texts_taken(conn, messages).values())


def _moments(
    conn: Connection,
    alerts: Sequence[_Reported],
    stood: Sequence[Row[*tuple[Any, ...]]],
    closing: Closing | None,
    now: datetime,
) -> list[Moment]:
    """What happened, day by day: released facts, launches, what offices said, the end."""
    zone = ZoneInfo(WASHINGTON)
    facts = page_of_action(conn, alerts[-1].action_id, now=now).facts if alerts else ()
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


def _launches(conn: Connection, alerts: Sequence[_Reported], zone: ZoneInfo) -> list[Moment]:
    ids = [each.id for each in alerts]
    rows = (
        select(Alert.id, Alert.message_id, FollowUp.kind, Message.launched_at)
        .join(Message, Message.id == Alert.message_id)
        .outerjoin(FollowUp, FollowUp.alert_id == Alert.id)
        .where(Alert.id.in_(ids) | _follows(ids), Message.launched_at.is_not(None))
    )
    launched = conn.execute(rows.order_by(Message.launched_at, Alert.id)).all()
    # Thanks go to as many as have acted: beside the account of all copies, no launch may be told.
    alone = all(row.kind is None for row in launched)
    found = []
    for row in launched:
        titles = select(AlertText.language, AlertText.title).where(AlertText.alert_id == row.id)
        found.append(
            Moment(
                day=row.launched_at.astimezone(zone).date(),
                kind=row.kind or "launch",
                words=dict(conn.execute(titles).all()),
                people=_confirmed(conn, family_of(conn, row.message_id)) if alone else None,
            )
        )
    return found
