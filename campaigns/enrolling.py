"""Who comes into a series, and who leaves it? Both follow from what stands in the database, and are only noted here.

Nobody is taken in by an event that might be lost: again and again it is asked who joined, signed up or acted since
the series was started and is not in it. A person is in a series once for good, by a unique row. What was looked at
is kept, and looked at again for a week, because a transaction may commit after a later one has been seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased

from actions.models import Outcome, Response
from campaigns import series as writing
from campaigns import step_copies
from campaigns.series import ON, audience_of
from campaigns.step_copies import going_on
from contacts.ledger import UNDONE
from contacts.models import (
    Address,
    AddressStanding,
    Channel,
    Consent,
    Contact,
    Membership,
    SignUp,
    Standing,
)
from database.upserts import insert_or
from messages import audience as audiences
from messages.calling_off import cancel
from messages.models import Delivery, Message, Status
from messages.own_hour import sets_of
from messages.series_models import Enrolment, Left, StepCopy, Trigger
from representatives.timezones import US_ZONES

AGAIN = timedelta(days=7)  # what was looked at so lately is looked at again
MOST = 500  # people a transaction
ONCE = (Trigger.JOINED,)  # what happens to nobody twice
Rows = Select[*tuple[Any, ...]]
REFUSALS = {Standing.OPTED_OUT: Left.OPTED_OUT, Standing.COMPLAINED: Left.COMPLAINED}


def enrol(conn: Connection, series_id: int, *, now: datetime, most: int = MOST) -> int:
    """Take in whom something has put into a series and who is not in it; return how many at this time.

    Fewer than ``most``: that were all of them, and it is noted until when was looked.
    """
    series = writing.find(conn, series_id)
    if series.status not in ON:
        return 0
    since = max(series.since, (series.looked_at or series.since) - AGAIN)
    found = _candidates(conn, series, since, most)
    _write(conn, series, found)
    if len(found) < most:
        writing.looked(conn, series_id, now)
    return len(found)


def enrol_earlier(conn: Connection, series_id: int, *, days: int, now: datetime) -> int:
    """Take in also those to whom it happened within some days before; for them the series begins now.

    Return how many.
    """
    series = writing.find(conn, series_id)
    found = _candidates(conn, series, now - timedelta(days=days), None)
    _write(conn, series, found, begins_at=now)
    return len(found)


def count_earlier(
    conn: Connection, series: Row[Any], *, days: Sequence[int], now: datetime
) -> dict[int, int]:
    """How many ``enrol_earlier`` would take in, by days: whom the longest of them takes in is looked for once."""
    begins = {each: now - timedelta(days=each) for each in days}
    put_in = _put_in(series, min(begins.values())).subquery()
    people = put_in
    if Trigger(series.trigger) not in ONCE:
        latest = select(func.max(put_in.c.at).label("at")).group_by(put_in.c.contact_id)
        people = latest.subquery()
    within = [func.count().filter(people.c.at >= at) for at in begins.values()]
    return dict(zip(begins, conn.execute(select(*within)).one(), strict=True))


def depart(conn: Connection, series: Row[Any], *, now: datetime) -> int:
    """Let those leave who said stop, are not on the list any more, or were forgotten; return how many."""
    why = _why_leaving(series).label("why")
    mine = (
        select(Enrolment.id, why)
        .outerjoin(Contact, Contact.id == Enrolment.contact_id)
        .where(Enrolment.series_id == series.id, *going_on(), why != "")
    )
    gone: dict[str, list[int]] = {}
    for enrolment_id, reason in conn.execute(mine):
        gone.setdefault(reason, []).append(enrolment_id)
    for reason, ids in gone.items():
        for first in range(0, len(ids), MOST):  # a statement takes only so many
            _leave(conn, ids[first : first + MOST], reason, now)
    return sum(map(len, gone.values()))


def come_back(conn: Connection, series: Row[Any], *, now: datetime) -> int:
    """Take in again who left by a stop that turned out to be somebody else's; return how many.

    What came due meanwhile is asked about.
    """
    theirs = aliased(Address)
    undone = exists().where(
        theirs.contact_id == Enrolment.contact_id,
        theirs.channel == Channel.EMAIL,
        theirs.rank == 0,
        Consent.channel == Channel.EMAIL,
        Consent.address == theirs.address,
        Consent.source == UNDONE,
        Consent.at >= Enrolment.left_at,
    )
    mine = (
        select(Enrolment.id)
        .outerjoin(Contact, Contact.id == Enrolment.contact_id)
        .where(Enrolment.series_id == series.id, Enrolment.left_because == Left.OPTED_OUT)
        .where(undone, _why_leaving(series) == "")
    )
    back = list(conn.scalars(mine.limit(MOST)))
    if back:
        again = update(Enrolment).where(Enrolment.id.in_(back))
        conn.execute(again.values(left_at=None, left_because=""))
        step_copies.ask_about(conn, series.id, back, Left.OPTED_OUT, now=now)
    return len(back)


def first_day(begins_at: datetime, zones: Sequence[str], otherwise: str) -> str:
    """The day on which somebody's days begin: where they live, the earliest if it may be one of several.

    ``otherwise`` is the zone of people who may live anywhere.
    """
    known = zones if zones and not US_ZONES.issubset(zones) else (otherwise,)
    return min(begins_at.astimezone(ZoneInfo(each)).date() for each in known).isoformat()


def _candidates(
    conn: Connection, series: Row[Any], since: datetime, most: int | None
) -> Sequence[Row[Any]]:
    people = _who(series, since).subquery()
    chosen = select(people).order_by(people.c.at, people.c.contact_id)
    return conn.execute(chosen.limit(most)).all()


def _who(series: Row[Any], since: datetime) -> Rows:
    """Whom something put into a series since, who is on its list and not in it: contact_id, zone_set_id, at."""
    put_in = _put_in(series, since).subquery()
    who = (put_in.c.contact_id, put_in.c.zone_set_id)
    return select(*who, func.min(put_in.c.at).label("at")).group_by(*who)


def _put_in(series: Row[Any], since: datetime) -> Rows:
    """The same for each time that it happened to somebody."""
    events = _EVENTS[Trigger(series.trigger)](series, since).subquery()
    known = exists().where(
        Enrolment.series_id == series.id, Enrolment.contact_id == events.c.contact_id
    )
    return (
        select(events.c.contact_id, Contact.zone_set_id, events.c.at)
        .join(Contact, Contact.id == events.c.contact_id)
        .where(audiences.belongs(audience_of(series)), ~known)
    )


def _joined(series: Row[Any], since: datetime) -> Rows:
    if series.project_id is None:
        came: Rows = select(Contact.id.label("contact_id"), Contact.created_at.label("at"))
        counts = _counts(series, Contact.import_id, Contact.created_at)
        return came.where(Contact.created_at >= since, counts)
    joined: Rows = select(Membership.contact_id, Membership.joined_at.label("at"))
    counts = _counts(series, Membership.import_id, Membership.joined_at)
    mine = Membership.project_id == series.project_id
    return joined.where(mine, Membership.joined_at >= since, counts)


def _counts(series: Row[Any], import_id: Any, at: Any) -> ColumnElement[bool]:
    """That somebody came by themselves, or by an import where those count, since they do."""
    if not series.imports:
        return import_id.is_(None)  # type: ignore[no-any-return]
    if series.imports_from is None:
        return true()
    return or_(import_id.is_(None), at >= series.imports_from)


def _signed_up(series: Row[Any], since: datetime) -> Rows:
    own = SignUp.project_id == series.project_id
    anybody = SignUp.project_id.is_not(None)
    confirmed: Rows = select(SignUp.contact_id, SignUp.confirmed_at.label("at"))
    return confirmed.where(
        SignUp.confirmed_at >= since,
        SignUp.contact_id.is_not(None),
        anybody if series.project_id is None else own,
    )


def _acted(series: Row[Any], since: datetime) -> Rows:
    own = Message.project_id == series.project_id
    networks = Message.project_id.is_(None)
    ours = select(Message.action_id).where(networks if series.project_id is None else own)
    told: Rows = select(Response.contact_id, Response.at)
    if series.only_action_id is not None:
        told = told.where(Response.action_id == series.only_action_id)
    return told.where(
        Response.at >= since,
        Response.contact_id.is_not(None),
        Response.outcome != Outcome.SKIPPED,
        Response.action_id.in_(ours),
    )


_EVENTS = {Trigger.JOINED: _joined, Trigger.SIGNED_UP: _signed_up, Trigger.ACTED: _acted}


def _write(
    conn: Connection,
    series: Row[Any],
    found: Sequence[Row[Any]],
    *,
    begins_at: datetime | None = None,
) -> None:
    if not found:
        return
    sets: Mapping[int, tuple[str, ...]] = sets_of(conn)
    rows = [
        {
            "series_id": series.id,
            "contact_id": each.contact_id,
            "happened_at": each.at,
            "begins_at": begins_at or each.at,
            "begins_on": first_day(begins_at or each.at, sets[each.zone_set_id], series.zone),
        }
        for each in found
    ]
    once = insert_or(conn, Enrolment)
    conn.execute(once.on_conflict_do_nothing(index_elements=["series_id", "contact_id"]), rows)


def _why_leaving(series: Row[Any]) -> Any:
    here = audiences.belongs(audience_of(series))
    scopes = audiences.consent_scopes(audience_of(series))
    refused = [
        (_stands(standing, scopes), literal(reason.value)) for standing, reason in REFUSALS.items()
    ]
    return case(
        (Enrolment.contact_id.is_(None), literal(Left.ERASED.value)),
        *refused,
        (~here, literal(Left.LEFT_PROJECT.value)),
        else_="",
    )


def _stands(standing: Standing, scopes: Sequence[str]) -> Any:
    held, theirs = aliased(AddressStanding), aliased(Address)
    return exists().where(
        theirs.contact_id == Enrolment.contact_id,
        theirs.channel == Channel.EMAIL,
        theirs.rank == 0,
        held.channel == Channel.EMAIL,
        held.address == theirs.address,
        held.scope.in_(scopes),
        held.standing == standing,
    )


def _leave(conn: Connection, ids: Sequence[int], reason: str, now: datetime) -> None:
    """They get nothing more, nor what waits for them; what was asked about them is answered by that."""
    gone = update(Enrolment).where(Enrolment.id.in_(ids))
    conn.execute(gone.values(left_at=now, left_because=reason))
    theirs = StepCopy.enrolment_id.in_(ids)
    step_copies.set_aside(conn, [theirs], reason, now=now)
    sent = select(StepCopy.delivery_id).where(theirs, StepCopy.delivery_id.is_not(None))
    copies = list(conn.scalars(sent))
    if copies:
        cancel(conn, [Delivery.id.in_(copies)], Status.SKIPPED, reason, now)
