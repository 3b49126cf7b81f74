"""Decide which way of writing the others get, once, at the time that was set: by the rule, or a person is asked.

As with occurrences, the row is the truth and a clock only looks at it: whoever decides holds the row, and queues
the message to the others in the same transaction. The wait counts from when the last copy of what is compared has
left, so that none had less time than another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, delete, select

from campaigns import (
    approving,
    collisions,
    counting,
    experiments,
    firing,
    leading,
    naming,
    occurrences,
    odds,
    variants,
)
from campaigns.approval_models import EmailApproval
from campaigns.calendar import find_email
from campaigns.experiment_models import State, Why
from campaigns.odds import Judgement
from campaigns.variants import Plan, Unclear
from database import locking
from database.jobs import Jobs
from messages import audience as audiences
from messages.audience import Audience
from messages.checking import check_message
from messages.control import NotNow, Words
from messages.findings import Finding, finding
from messages.house import HouseRules
from messages.models import Message, MessageStatus
from messages.own_hour import OwnHour

OVER = (MessageStatus.FINISHED, MessageStatus.STOPPED, MessageStatus.EXPIRED)
LOOK_AGAIN = timedelta(minutes=10)  # while copies of what is compared are on their way
OWN_HOUR_LATE = 24 * 60  # minutes: it goes as soon as the hour has come, and to everybody


@dataclass(frozen=True)
class Decided:
    """What came of looking at an experiment."""

    state: State
    why: Why = Why.NONE
    message_id: int | None = None  # to the others
    held_because: tuple[Finding, ...] = ()


def decide(
    conn: Connection, jobs: Jobs, email_id: int, *, house: HouseRules, now: datetime
) -> list[Decided]:
    """Decide whatever of an email's experiments is due, once, however many clocks ask."""
    email = find_email(conn, email_id)
    due = experiments.waiting(conn, email_id, now=now)
    return [_settle(conn, jobs, email, each, house, now) for each in due]


def choose(
    conn: Connection,
    jobs: Jobs,
    email_id: int,
    local_time: str,
    place: int,
    *,
    house: HouseRules,
    by: str,
    now: datetime,
) -> Decided:
    """Send the others this way of writing: a person's decision, before the time or when asked.

    Raises NotNow, NoSuchExperiment, and Locked. What cannot be sent as it is stays held.
    """
    locking.require_unlocked(conn)
    email = firing.require_live(find_email(conn, email_id))
    experiment = _open(conn, email_id, local_time)
    if not 0 <= place < len(experiment.texts):
        raise NotNow("choose one of the ways of writing that were tried")
    found = counting.figures_of(conn, experiments.messages_of(conn, experiment.id))
    return _send_rest(conn, jobs, email, experiment, place, Why.PERSON, found, house, now, by=by)


def end(conn: Connection, email_id: int, local_time: str, *, by: str, now: datetime) -> None:
    """Let the others get nothing. Raises NotNow, NoSuchExperiment."""
    find_email(conn, email_id)
    experiment = _open(conn, email_id, local_time)
    answered = {"decided_by": by, "decided_at": now}
    experiments.settle(conn, experiment.id, State.ENDED, Why.LEFT_OUT, **answered)


def _open(conn: Connection, email_id: int, local_time: str) -> Row[Any]:
    experiment = experiments.find(conn, experiments.of_occurrence(conn, email_id, local_time))
    if experiment.state not in experiments.OPEN:
        raise NotNow("this has been decided already; look at it again")
    return experiment


def _settle(
    conn: Connection,
    jobs: Jobs,
    email: Row[Any],
    experiment_id: int,
    house: HouseRules,
    now: datetime,
) -> Decided:
    experiment = experiments.find(conn, experiment_id)
    if experiment.due_at is None or experiment.due_at > now:  # another clock was here
        return Decided(State(experiment.state), Why(experiment.why))
    if email.status not in firing.LIVE:
        experiments.settle(conn, experiment_id, State.ENDED, Why.CALLED_OFF, decided_at=now)
        return Decided(State.ENDED, Why.CALLED_OFF)
    if not variants.some_wait(_plan(experiment)):
        return _conclude(conn, email, experiment, now)
    if locking.is_locked(conn):
        return _hold(conn, experiment_id, Why.LOCKED)
    waits = _not_yet(conn, email, experiment, now)
    if waits is not None:
        return waits
    return _by_rule(conn, jobs, email, experiment, house, now)


def _conclude(conn: Connection, email: Row[Any], experiment: Row[Any], now: datetime) -> Decided:
    """Write down how it came out where everybody took part: nothing leaves, so there is nothing to ask anybody."""
    plan, tried = _plan(experiment), experiments.messages_of(conn, experiment.id)
    columns = select(Message.status, Message.finished_at)
    rows = conn.execute(columns.where(Message.id.in_(tried))).all()
    ended = [row.finished_at for row in rows if row.finished_at] or [experiment.begun_at]
    ready = max(ended) + timedelta(minutes=plan.wait_minutes)
    if any(row.status not in OVER for row in rows):
        ready = max(ready, now + LOOK_AGAIN)
    if ready > now:
        due_at = variants.by_day(ready, email.zone)
        experiments.settle(conn, experiment.id, State.WAITING, Why.NONE, due_at=due_at)
        return Decided(State.WAITING)
    found = counting.figures_of(conn, tried)
    judged = odds.judge(counting.strata(found, plan.measure))
    why, kept = Why.CLEAR if judged.clear else Why.LEADING, counting.stored(found)
    more = {"figures": kept, "chosen": judged.leader, "decided_at": now}
    experiments.settle(conn, experiment.id, State.DECIDED, why, **more)
    return Decided(State.DECIDED, why)


def _not_yet(
    conn: Connection, email: Row[Any], experiment: Row[Any], now: datetime
) -> Decided | None:
    """Wait until everybody has had as long as was set, and for urgent alerts; for long: a person is asked.

    So it is when nobody looked in time; but nothing is late while those who got it still have theirs.
    """
    plan = _plan(experiment)
    columns = select(Message.status, Message.finished_at)
    tried = experiments.messages_of(conn, experiment.id)
    rows = conn.execute(columns.where(Message.id.in_(tried))).all()
    statuses = {row.status for row in rows}
    if statuses & {MessageStatus.STOPPED, MessageStatus.EXPIRED}:
        return _hold(conn, experiment.id, Why.STOPPED)
    if statuses != {MessageStatus.FINISHED}:
        return _wait(conn, email, experiment, Why.UNFINISHED, now + LOOK_AGAIN)
    last = max(row.finished_at for row in rows)
    ready = variants.by_day(last + timedelta(minutes=plan.wait_minutes), email.zone)
    if ready > now:
        return _wait(conn, email, experiment, Why.NONE, ready)
    if now - max(ready, experiment.due_at) > timedelta(minutes=email.late_minutes):
        return _hold(conn, experiment.id, Why.LATE)
    alert = collisions.in_the_way(conn, email, now=now)
    return _wait(conn, email, experiment, Why.ALERT, alert.until) if alert else None


def _by_rule(
    conn: Connection,
    jobs: Jobs,
    email: Row[Any],
    experiment: Row[Any],
    house: HouseRules,
    now: datetime,
) -> Decided:
    plan = _plan(experiment)
    found = counting.figures_of(conn, experiments.messages_of(conn, experiment.id))
    judged = odds.judge(counting.strata(found, plan.measure))
    place, why = _rule(judged, plan.unclear)
    if place is None:
        return _hold(conn, experiment.id, why, figures=counting.stored(found))
    return _send_rest(conn, jobs, email, experiment, place, why, found, house, now)


def _rule(judged: Judgement, unclear: Unclear) -> tuple[int | None, Why]:
    """Which way of writing the others get, and why; None: a person is asked."""
    if judged.clear:
        return judged.leader, Why.CLEAR
    if unclear is Unclear.ASK:
        return None, Why.ASK
    if unclear is Unclear.LEADER:
        return judged.leader, Why.LEADING
    return 0, Why.FIRST


def _send_rest(
    conn: Connection,
    jobs: Jobs,
    email: Row[Any],
    experiment: Row[Any],
    place: int,
    why: Why,
    figures: Sequence[counting.Figures],
    house: HouseRules,
    now: datetime,
    *,
    by: str = "",
) -> Decided:
    run = occurrences.find(conn, experiment.run_id)
    if not approving.approved(conn, email, run, house=house):
        why_not = [_unapproved(conn, email, house, now)]
        return _hold(conn, experiment.id, Why.BLOCKED, why_not, figures=counting.stored(figures))
    if named := naming.findings(conn, email, [_words(experiment, place)], house=house):
        return _hold(conn, experiment.id, Why.NAMED, named, figures=counting.stored(figures))
    message_id, blocking = _queue(conn, jobs, email, experiment, place, house, now, by)
    if blocking:
        return _hold(conn, experiment.id, Why.BLOCKED, blocking, figures=counting.stored(figures))
    experiments.settle(
        conn,
        experiment.id,
        State.DECIDED,
        why,
        figures=counting.stored(figures),
        chosen=place,
        message_id=message_id,
        decided_at=now,
        decided_by=by,
    )
    return Decided(State.DECIDED, why, message_id)


def _unapproved(conn: Connection, email: Row[Any], house: HouseRules, now: datetime) -> Finding:
    """Why too few stand behind what was approved when it began."""
    found = approving.standing(conn, email, None, house=house, now=now)
    if found.back:
        return finding("sent_back_since")
    mine = (EmailApproval.email_id == email.id, EmailApproval.digest == found.digest)
    same = conn.scalar(select(EmailApproval.id).where(*mine).limit(1)) is not None
    return finding("changed_since" if found.voided and not same else "unapproved_since")


def _queue(
    conn: Connection,
    jobs: Jobs,
    email: Row[Any],
    experiment: Row[Any],
    place: int,
    house: HouseRules,
    now: datetime,
    by: str,
) -> tuple[int | None, Sequence[Finding]]:
    """The message to the others, None where there are none; or what stands in its way."""
    if not variants.some_wait(_plan(experiment)):
        return None, ()
    tried = experiments.messages_of(conn, experiment.id)
    texts = _words(experiment, place)
    message_id = firing.create_message(
        conn,
        email,
        texts,
        _others(experiment, tried, variants.rest(_plan(experiment))),
        house=house,
        own_hour=_own_hour(email, now),
        part_of=tried[0],
        now=now,
    )
    found = check_message(conn, message_id, house=house, now=now, reckon=False)
    leads = leading.findings(conn, email.action_id, texts.values(), now=now)
    if blocking := [*found.blocking, *leads]:
        conn.execute(delete(Message).where(Message.id == message_id))
        return None, () if firing.is_for_nobody(blocking) else blocking
    firing.queue(conn, jobs, email, message_id, found, by=by, now=now)
    return message_id, ()


def _words(experiment: Row[Any], place: int) -> dict[str, Words]:
    return {code: Words(**words) for code, words in experiment.texts[place].items()}


def _others(experiment: Row[Any], tried: Sequence[int], part: tuple[int, int]) -> Audience:
    """Whoever's lot waits, and whom no copy has reached: a mailbox may have changed hands since."""
    found = experiments.of_part(audiences.read(experiment.audience), experiment.salt, part)
    without = (*found.include.not_got_any, *tried)
    return replace(found, include=replace(found.include, not_got_any=without))


def _own_hour(email: Row[Any], now: datetime) -> OwnHour | None:
    """The hour of the decision, where each of the others lives."""
    if not email.own_zone:
        return None
    local = now.astimezone(ZoneInfo(email.zone)).strftime("%Y-%m-%dT%H:%M")
    return OwnHour(local, email.zone, OWN_HOUR_LATE)


def _hold(
    conn: Connection, experiment_id: int, why: Why, found: Sequence[Finding] = (), **values: Any
) -> Decided:
    experiments.settle(conn, experiment_id, State.HELD, why, details=firing.kept(found), **values)
    return Decided(State.HELD, why, held_because=tuple(found))


def _wait(
    conn: Connection, email: Row[Any], experiment: Row[Any], why: Why, until: datetime
) -> Decided:
    """Look again then, by day; but what would wait for longer than its committee allows is asked about."""
    allowed = timedelta(hours=email.wait_hours, minutes=_plan(experiment).wait_minutes)
    if why is not Why.NONE and until > experiment.begun_at + allowed:
        return _hold(conn, experiment.id, why)
    due_at = variants.by_day(until, email.zone)
    experiments.settle(conn, experiment.id, State.WAITING, why, due_at=due_at)
    return Decided(State.WAITING, why)


def _plan(experiment: Row[Any]) -> Plan:
    return variants.read_plan(experiment.plan)
