"""What is ahead, and what was: an email's occurrences between two instants, from its rule and the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from campaigns import recurring
from campaigns.models import Campaign, CampaignEmail, CampaignRun, Reason, RunStatus, ScheduleStatus
from messages.own_hour import OwnHour, first_of, sets_of
from messages.wallclock import Oddity, moment
from organizers.roles import Within, as_key, owned

MOST = 400  # occurrences of one email in an answer


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """One date of an email, and where it stands; ahead and untouched it is PLANNED."""

    email_id: int
    campaign_id: int
    project_id: int | None
    local_time: str  # what it is known by
    shown: str  # the wall time it goes at
    zone: str
    own_zone: bool
    at: datetime
    status: RunStatus
    reason: Reason = Reason.NONE
    details: Sequence[Any] = ()
    oddity: Oddity = Oddity.NONE
    moved: bool = False
    texts: dict[str, Any]
    own_words: bool = False
    message_id: int | None = None
    written: bool = False  # in the ledger
    answered_by: str = ""


def of_emails(
    conn: Connection,
    within: Within,
    *,
    start: datetime,
    stop: datetime,
    email_id: int | None = None,
    most: int = MOST,
) -> list[Occurrence]:
    """The occurrences of these projects' emails from ``start`` on and before ``stop``, in order.

    Of each email at most ``most`` that are not in the ledger yet.
    """
    ledger, known = _ledger(conn, within, start, stop, email_id), _known(conn, email_id)
    emails = _emails(as_key(within), of_one=email_id is not None)
    rows = conn.execute(emails, {"email": email_id}).all()
    sets = sets_of(conn).values() if any(each.own_zone for each in rows) else ()
    found = []
    for email in rows:
        found += [_written(email, run) for run in ledger.get(email.id, ())]
        found += _computed(email, known.get(email.id, ()), sets, start, stop, most)
    return sorted(found, key=lambda each: (each.at, each.email_id, each.local_time))


@lru_cache
def _emails(within: tuple[int, ...] | None, *, of_one: bool) -> Select[*tuple[Any, ...]]:
    columns: Sequence[Any] = (*CampaignEmail.__table__.columns, Campaign.project_id)
    emails = (
        select(*columns)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .where(owned(Campaign.project_id, within))
    )
    return emails.where(CampaignEmail.id == bindparam("email")) if of_one else emails


def preview(
    rule: str, local_time: str, zone: str, count: int
) -> list[tuple[datetime, str, Oddity]]:
    """The first dates of a rule: the instant, the wall time, what is odd. Raises BadTime and BadRule."""
    first = moment(local_time, zone).local
    recurring.first_of(rule, first)
    found = []
    for local in recurring.times(rule, first):
        each = moment(local, zone)
        found.append((each.instant, each.local, each.oddity))
        if len(found) == count:
            break
    return found


def _ledger(
    conn: Connection, within: Within, start: datetime, stop: datetime, email_id: int | None
) -> dict[int, list[Row[Any]]]:
    runs = _runs(as_key(within), of_one=email_id is not None)
    found: dict[int, list[Row[Any]]] = {}
    for run in conn.execute(runs, {"start": start, "stop": stop, "email": email_id}).all():
        found.setdefault(run.email_id, []).append(run)
    return found


@lru_cache
def _runs(within: tuple[int, ...] | None, *, of_one: bool) -> Select[*tuple[Any, ...]]:
    start: Any = bindparam("start")
    stop: Any = bindparam("stop")
    inside = (CampaignRun.planned_at >= start) & (CampaignRun.planned_at < stop)
    of_old = (
        CampaignRun.planned_at.is_(None)
        & (CampaignRun.fired_at >= start)
        & (CampaignRun.fired_at < stop)
    )
    runs = (
        select(*CampaignRun.__table__.columns)
        .join(CampaignEmail, CampaignEmail.id == CampaignRun.email_id)
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .where(or_(inside, of_old), owned(Campaign.project_id, within))
    )
    return runs.where(CampaignRun.email_id == bindparam("email")) if of_one else runs


def _known(conn: Connection, email_id: int | None) -> dict[int, set[str]]:
    """What of the emails' future stands in the ledger already."""
    ahead = _ahead(of_one=email_id is not None)
    found: dict[int, set[str]] = {}
    for row in conn.execute(ahead, {"email": email_id}):
        found.setdefault(row.email_id, set()).add(row.local_time)
    return found


@cache
def _ahead(*, of_one: bool) -> Select[int, str]:
    ahead = (
        select(CampaignRun.email_id, CampaignRun.local_time)
        .join(CampaignEmail, CampaignEmail.id == CampaignRun.email_id)
        .where(CampaignRun.local_time >= CampaignEmail.next_local)
    )
    return ahead.where(CampaignRun.email_id == bindparam("email")) if of_one else ahead


def _computed(
    email: Row[Any],
    known: Collection[str],
    sets: Collection[tuple[str, ...]],
    start: datetime,
    stop: datetime,
    most: int,
) -> Iterator[Occurrence]:
    if email.status != ScheduleStatus.SCHEDULED or email.next_local is None:
        return
    count = 0
    for local in recurring.times(email.rule, email.local_time):
        if local < email.next_local or local in known:
            continue
        here = moment(local, email.zone)
        at = first_of(OwnHour(local, email.zone, 0), sets) if email.own_zone else here.instant
        if at >= stop or count == most:
            return
        if at >= start:
            count += 1
            yield _occurrence(email, local, at, RunStatus.PLANNED, oddity=here.oddity)


def _written(email: Row[Any], run: Row[Any]) -> Occurrence:
    shown = run.moved_to or run.local_time
    return _occurrence(
        email,
        run.local_time,
        run.planned_at or run.fired_at,
        RunStatus(run.status),
        shown=shown,
        reason=Reason(run.reason),
        details=run.details,
        oddity=moment(shown, email.zone).oddity,
        moved=run.moved_to is not None,
        texts=run.texts or email.texts,
        own_words=bool(run.texts),
        message_id=run.message_id,
        written=True,
        answered_by=run.answered_by,
    )


def _occurrence(
    email: Row[Any], local: str, at: datetime, status: RunStatus, **more: Any
) -> Occurrence:
    known = {"shown": local, "texts": email.texts, **more}
    return Occurrence(
        email_id=email.id,
        campaign_id=email.campaign_id,
        project_id=email.project_id,
        local_time=local,
        zone=email.zone,
        own_zone=email.own_zone,
        at=at,
        status=status,
        **known,
    )
