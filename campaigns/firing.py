"""Settle an occurrence of a scheduled email whose time has come: it goes, once, or is held, and a person asked.

The ledger is the truth and the clock only looks at it, so that a clock that stalls, doubles or dies
does no harm: what is due has one row, and whoever settles it holds that row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete

from campaigns import approving, collisions, experiments, leading, naming, occurrences, variants
from campaigns.calendar import find_email
from campaigns.experiments import Begun
from campaigns.models import Reason, RunStatus, ScheduleStatus
from campaigns.variants import Plan
from database import locking
from database.jobs import Jobs
from messages import audience as audiences
from messages import control, links, parts
from messages.audience import Audience
from messages.checking import MessageCheck, check_message
from messages.control import Draft, NotNow, Words
from messages.findings import Finding
from messages.house import HouseRules
from messages.models import Message, MessageKind, Reach
from messages.own_hour import OwnHour
from organizers.roles import NETWORKS

LIVE = (ScheduleStatus.SCHEDULED, ScheduleStatus.OVER)
NOBODY = {"nobody", "nobody_reached"}  # findings


@dataclass(frozen=True)
class Fired:
    """What came of an occurrence."""

    status: RunStatus
    message_id: int | None = None
    reason: Reason = Reason.NONE
    held_because: tuple[Finding, ...] = ()  # what stood in the way, of BLOCKED


def fire(
    conn: Connection, jobs: Jobs, email_id: int, *, house: HouseRules, now: datetime
) -> list[Fired]:
    """Settle whatever of an email is due, once, however many clocks ask.

    One that is later than its committee allows, that something stands in the way of, that too few people stand
    behind, or whose hour comes while everything is locked, is held; one that an urgent alert went before waits.
    """
    email = find_email(conn, email_id)
    occurrences.enter(conn, email, now=now)
    due = occurrences.waiting(conn, email_id, now=now)
    return [_settle(conn, jobs, email, run_id, house, now) for run_id in due]


def send_held(
    conn: Connection,
    jobs: Jobs,
    email_id: int,
    local_time: str,
    *,
    house: HouseRules,
    by: str,
    now: datetime,
) -> Fired:
    """Send a held occurrence after all: the answer "send it now".

    Raises NotNow unless it is held and its email scheduled, NotOneOfItsDates, and Locked. What cannot be sent as it is stays held.
    """
    locking.require_unlocked(conn)
    email = require_live(find_email(conn, email_id))
    run = occurrences.held(conn, email_id, local_time)
    if not approving.approved(conn, email, run, house=house):
        return _hold(conn, run.id, Reason.NOT_APPROVED)
    return _send(conn, jobs, email, run, house, now, by=by)


def require_live(email: Row[Any]) -> Row[Any]:
    """The email, if it is scheduled. Raises NotNow for a draft, and for what was called off."""
    if email.status not in LIVE:
        raise NotNow("this email is a draft, or was called off; schedule it first")
    return email


def _settle(
    conn: Connection, jobs: Jobs, email: Row[Any], run_id: int, house: HouseRules, now: datetime
) -> Fired:
    run = occurrences.find(conn, run_id)
    if email.status not in LIVE:
        occurrences.settle(conn, run.id, RunStatus.SKIPPED, Reason.CALLED_OFF)
        return Fired(RunStatus.SKIPPED, None, Reason.CALLED_OFF)
    if now - run.due_at > timedelta(minutes=email.late_minutes):
        return _hold(conn, run.id, Reason.LATE)
    if locking.is_locked(conn):
        return _hold(conn, run.id, Reason.LOCKED)
    if not approving.approved(conn, email, run, house=house):
        return _hold(conn, run.id, Reason.NOT_APPROVED)
    alert = collisions.in_the_way(conn, email, now=now)
    if alert is not None:
        return _postpone(conn, email, run, alert)
    return _send(conn, jobs, email, run, house, now)


def _hold(conn: Connection, run_id: int, reason: Reason, found: Sequence[Finding] = ()) -> Fired:
    occurrences.settle(conn, run_id, RunStatus.HELD, reason, details=kept(found))
    return Fired(RunStatus.HELD, None, reason, tuple(found))


def _postpone(
    conn: Connection, email: Row[Any], run: Row[Any], alert: collisions.InTheWay
) -> Fired:
    """Let an urgent alert have its time; but one that has waited for long is asked about."""
    details: list[Any] = [alert.message_id]
    if alert.until - run.planned_at > timedelta(hours=email.wait_hours):
        occurrences.settle(conn, run.id, RunStatus.HELD, Reason.WAITED, details=details)
        return Fired(RunStatus.HELD, None, Reason.WAITED)
    occurrences.settle(
        conn, run.id, RunStatus.POSTPONED, Reason.ALERT, due_at=alert.until, details=details
    )
    return Fired(RunStatus.POSTPONED, None, Reason.ALERT)


def _send(
    conn: Connection,
    jobs: Jobs,
    email: Row[Any],
    run: Row[Any],
    house: HouseRules,
    now: datetime,
    *,
    by: str = "",
) -> Fired:
    plan = None if run.texts else variants.read(email.experiment)
    if named := naming.findings(conn, email, _texts(email, run, plan), house=house):
        return _hold(conn, run.id, Reason.NAMED, named)
    begun, blocking = _launch(conn, jobs, email, run, plan, house, now, by)
    too_few = plan is not None and is_for_nobody(blocking)
    if too_few:
        begun, blocking = _launch(conn, jobs, email, run, None, house, now, by)
    if blocking:
        return _hold(conn, run.id, Reason.BLOCKED, blocking)
    message_id = begun.message_ids[0]
    late = now - (run.planned_at or now)
    answered = {"answered_by": by, "answered_at": now} if by else {}
    occurrences.settle(
        conn,
        run.id,
        RunStatus.FIRED,
        Reason.TOO_FEW if too_few else Reason.NONE,
        message_id=message_id,
        fired_at=now,
        late_seconds=max(0, int(late.total_seconds())),
        **answered,
    )
    experiments.begin(conn, run.id, begun, zone=email.zone, now=now)
    return Fired(RunStatus.FIRED, message_id)


def _launch(
    conn: Connection,
    jobs: Jobs,
    email: Row[Any],
    run: Row[Any],
    plan: Plan | None,
    house: HouseRules,
    now: datetime,
    by: str,
) -> tuple[Begun, Sequence[Finding]]:
    """Queue each way of writing to its part of the audience, or all to all; or nothing, and why not."""
    begun = _draft(conn, email, run, plan, house, now)
    checks = {
        each: check_message(conn, each, house=house, now=now, reckon=False)
        for each in begun.message_ids
    }
    blocking = [found for check in checks.values() for found in check.blocking]
    for texts in begun.texts:
        blocking += leading.findings(conn, email.action_id, texts.values(), now=now)
    if blocking:
        conn.execute(delete(Message).where(Message.id.in_(begun.message_ids)))
        return begun, [each for at, each in enumerate(blocking) if each not in blocking[:at]]
    for message_id, check in checks.items():
        queue(conn, jobs, email, message_id, check, by=by, now=now)
    return begun, ()


def _draft(
    conn: Connection,
    email: Row[Any],
    run: Row[Any],
    plan: Plan | None,
    house: HouseRules,
    now: datetime,
) -> Begun:
    texts = _texts(email, run, plan)
    salt, whole, hour = parts.new_salt(), audience_of(email), _own_hour(email, run, now)
    audiences_of = (
        [whole]
        if plan is None
        else [experiments.of_part(whole, salt, each) for each in variants.shares(plan)]
    )
    made: list[int] = []
    for words, audience in zip(texts, audiences_of, strict=True):
        root = made[0] if made else None
        made.append(
            create_message(
                conn, email, words, audience, house=house, own_hour=hour, part_of=root, now=now
            )
        )
    return Begun(plan=plan, salt=salt, audience=whole, texts=texts, message_ids=made)


def _texts(email: Row[Any], run: Row[Any], plan: Plan | None) -> list[dict[str, Words]]:
    """Each way of writing that leaves, by language."""
    own = {code: Words(**words) for code, words in (run.texts or email.texts).items()}
    return [own] if plan is None else variants.variants(plan, own)


def create_message(
    conn: Connection,
    email: Row[Any],
    texts: Mapping[str, Words],
    audience: Audience,
    *,
    house: HouseRules,
    own_hour: OwnHour | None,
    part_of: int | None = None,
    now: datetime,
) -> int:
    """Draft a message of an email; return its id. Parts of one occurrence write to no address twice."""
    draft = Draft(
        kind=MessageKind.CAMPAIGN,
        texts=texts,
        audience=audience,
        reach=Reach.EMAIL,
        project_id=email.project_id,
        action_id=email.action_id,
        default_language=house.default_language,
        weekly_cap=house.weekly_cap,
        countries=house.countries,
        email_sender=email.email_sender or house.identity.email_sender,
        created_by=email.created_by,
        own_hour=own_hour,
        part_of=part_of,
    )
    message_id = control.create(conn, draft, now=now)
    bodies = [words.body for words in texts.values()]
    links.save_links(conn, message_id, bodies, public_url=house.identity.public_url)
    return message_id


def queue(
    conn: Connection,
    jobs: Jobs,
    email: Row[Any],
    message_id: int,
    checked: MessageCheck,
    *,
    by: str,
    now: datetime,
) -> None:
    """Launch a message of an email; ``by``: who said so, "" = its plan."""
    control.queue(
        conn,
        jobs,
        message_id,
        confirmed=checked.forecast.reached,
        launched_by=by or email.created_by,
        undo_seconds=0,
        now=now,
    )


def is_for_nobody(found: Sequence[Finding]) -> bool:
    """Whether nothing stands in a message's way but that it has no people."""
    return bool(found) and {each.code for each in found} <= NOBODY


def audience_of(email: Row[Any]) -> Audience:
    """A committee writes to its own people, and so does the network."""
    stored = audiences.read(email.audience)
    if email.project_id is not None:
        return audiences.of_project(stored, email.project_id)
    return replace(stored, among=(NETWORKS,))


def _own_hour(email: Row[Any], run: Row[Any], now: datetime) -> OwnHour | None:
    """The hour each copy waits for. How late one may be counts from when the first was due, or is sent."""
    if not email.own_zone:
        return None
    late = now - (run.planned_at or now)
    allowed = email.late_minutes + max(0, int(late.total_seconds() // 60))
    return OwnHour(run.moved_to or run.local_time, email.zone, allowed)


def kept(found: Sequence[Finding]) -> list[Any]:
    """What stood in the way, as a row keeps it."""
    return [[each.code, _plain(each.values)] for each in found]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a finding says, as it can be kept: its sentence is made of it in any language."""
    return {name: _kept(value) for name, value in values.items()}


def _kept(value: Any) -> Any:
    if isinstance(value, (list, tuple, frozenset, set)):
        return [_kept(each) for each in value]
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)
