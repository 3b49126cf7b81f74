"""Write down what came of a window, fenced by owner and attempt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Text,
    Update,
    bindparam,
    func,
    select,
    update,
)

from contacts import consent
from contacts.models import Contact, Standing
from database import handing
from database.handing import Handed
from messages import counts, doubts
from messages.batches import hold, of_message
from messages.models import Delivery, MessageStatus, Status
from messages.outcomes import Next, settled
from messages.providers.provider import Accepted, Harm, Misconfigured, Outcome, Rejected
from messages.rewriting import rewrite
from representatives.maps import CONGRESS

PERSON = (
    Contact.language,
    Contact.given_name,
    Contact.family_name,
    Contact.city,
    Contact.zip,
    Contact.state,
    Contact.district,
    Contact.district_congress,
)
"""The columns of a ``Person``, in its order."""


ACCEPTED = Handed(
    "accepted",
    {
        "id": BigInteger(),
        "attempt": Integer(),
        "provider_id": Text(),
        "language": Text(),
        "segments": Integer(),
    },
)

MOST_ALIKE = 4  # groups of copies with the same answer that are worth a statement each
MOST_ATTEMPTS = 50  # provably unsent tries of one copy before we give up and say so


_Alike = tuple[int, str, str, int]
"""Attempt, the provider's number, language and segments: what accepted copies may have in common."""


class Person(NamedTuple):
    """What the contact's own row says about one person, as far as merge fields and language go."""

    language: str = ""
    first_name: str = ""
    last_name: str = ""
    city: str = ""
    zip: str = ""
    state: str = ""
    district: int | None = None
    district_congress: int = CONGRESS


class Claim(NamedTuple):
    """A delivery that is ours to send, once."""

    delivery_id: int
    attempt: int
    contact_id: int | None
    address: str
    language: str  # it was rendered in before; "" = the person's
    person: Person = Person()


class Done(NamedTuple):
    """What came of one claim."""

    claim: Claim
    outcome: Outcome
    segments: int = 0
    language: str = ""


def record(
    conn: Connection,
    batch: Row[Any],
    done: Sequence[Done],
    *,
    owner: str,
    message_status: str,
    deltas: counts.Deltas,
    now: datetime,
) -> str:
    """Write down what came of a window, fenced by owner and attempt; ``deltas`` notes the moves.

    Returns the status its message has then: a provider that refuses our account pauses it.
    """
    if not done:
        return message_status
    others = _all_but_accepted(conn, batch, done, owner, deltas, now)
    if not others:
        return message_status
    _record_one_by_one(conn, batch, others, owner, message_status, deltas, now)
    _learn(conn, batch.channel, others, now)
    return _paused_if_misconfigured(conn, batch.message_id, message_status, others)


def _all_but_accepted(
    conn: Connection,
    batch: Row[Any],
    done: Sequence[Done],
    owner: str,
    deltas: counts.Deltas,
    now: datetime,
) -> Sequence[Done]:
    """Record together what was accepted and is still on the wire; return what is left.

    A receipt may have overtaken its answer, or the copy been given up: then everything is looked at
    one by one, where what is recorded here no longer has a lease.
    """
    alike: dict[_Alike, list[int]] = defaultdict(list)
    for claim, outcome, segments, language in done:
        if isinstance(outcome, Accepted):
            key = (claim.attempt, outcome.provider_id, language, segments)
            alike[key].append(claim.delivery_id)
    if not alike:
        return done
    ids = [delivery_id for together in alike.values() for delivery_id in together]
    fence = {"owned_by": owner, "now": now, "low": min(ids), "high": max(ids)}
    by_group = conn.dialect.name == handing.SQLITE and len(alike) <= MOST_ALIKE
    moved = (_accept_alike if by_group else _accept_each)(conn, alike, fence)
    counts.many_moved(
        deltas,
        counts.place(batch.message_id, batch.channel, Status.SENDING, "", None),
        counts.place(batch.message_id, batch.channel, Status.ACCEPTED, "", None),
        moved,
    )
    if moved < len(ids):
        return done
    return [item for item in done if not isinstance(item.outcome, Accepted)]


def _accept_each(
    conn: Connection, alike: Mapping[_Alike, Sequence[int]], fence: Mapping[str, Any]
) -> int:
    """In one statement: texts, each of which has a number of its own, and whatever PostgreSQL keeps."""
    rows = [(delivery_id, *said) for said, together in alike.items() for delivery_id in together]
    return conn.execute(
        _accepting_each(conn.dialect.name), {**fence, **ACCEPTED.values(rows)}
    ).rowcount


def _accept_alike(
    conn: Connection, alike: Mapping[_Alike, Sequence[int]], fence: Mapping[str, Any]
) -> int:
    """Emails: a request has one number, and all in it one language. SQLite takes a third of the time then.

    On PostgreSQL, where the rows would first have to be locked in their order, it saves nothing.
    """
    dialect, moved = conn.dialect.name, 0
    for (attempt, provider_id, language, segments), together in alike.items():
        said = {"tried": attempt, "number": provider_id, "spoken": language, "parts": segments}
        values = {**fence, **said, **handing.ids(dialect, together)}
        moved += conn.execute(_accepting_alike(dialect), values).rowcount
    return moved


def _on_the_wire() -> tuple[ColumnElement[bool], ...]:
    """What is this sender's and has no outcome, in a range."""
    return (
        Delivery.id >= bindparam("low", type_=BigInteger),
        Delivery.id <= bindparam("high", type_=BigInteger),
        Delivery.owner == bindparam("owned_by"),
        Delivery.status == Status.SENDING,
    )


@lru_cache
def _accepting_each(dialect: str) -> Update:
    new = ACCEPTED.table(dialect)
    # Locked in the order of ids, as receipts lock them, before the join takes them in any order.
    wire = select(Delivery.id).where(*_on_the_wire()).order_by(Delivery.id)
    held = wire.with_for_update().cte("held")
    locked = [] if dialect == "sqlite" else [Delivery.id == held.c.id]
    return (
        update(Delivery)
        .where(Delivery.id == new.c.id, Delivery.attempt == new.c.attempt, *_on_the_wire(), *locked)
        .values(_accepted(new.c.provider_id, new.c.language, new.c.segments))
    )


@lru_cache
def _accepting_alike(dialect: str) -> Update:
    return (
        update(Delivery)
        .where(
            handing.among(dialect, Delivery.id.expression),
            Delivery.attempt == bindparam("tried", type_=Integer),
            *_on_the_wire(),
        )
        .values(
            _accepted(
                bindparam("number", type_=Text),
                bindparam("spoken", type_=Text),
                bindparam("parts", type_=Integer),
            )
        )
    )


def _accepted(
    provider_id: ColumnElement[str], language: ColumnElement[str], segments: ColumnElement[int]
) -> dict[str, Any]:
    return {
        "status": int(Status.ACCEPTED),
        "reason": "",
        "provider_id": func.nullif(provider_id, ""),
        "not_before": None,
        "language": language,
        "segments": segments,
        "owner": None,
        "lease_until": None,
        "changed_at": bindparam("now", type_=Delivery.changed_at.type),
    }


def _record_one_by_one(
    conn: Connection,
    batch: Row[Any],
    done: Sequence[Done],
    owner: str,
    message_status: str,
    deltas: counts.Deltas,
    now: datetime,
) -> None:
    rows = _held(conn, batch, done)
    changes: list[dict[str, Any]] = []
    for item in done:
        row = rows.get(item.claim.delivery_id)
        if row is None or row.attempt != item.claim.attempt or row.owner != owner:
            continue
        to = settled(
            Status(row.status),
            item.outcome,
            message_status=message_status,
            retry="too_many_tries" if row.attempt >= MOST_ATTEMPTS else "",
            tried_before=row.approved_sends > 1,
            now=now,
        )
        changes.append(_change(item, to, row, now))
        _count(deltas, batch.message_id, batch.channel, row, to)
    unknown = [change for change in changes if change["status"] == Status.UNKNOWN]
    again = [change["id"] for change in unknown if change["reason"] == doubts.NOT_SENT_AGAIN]
    if lost := {change["id"] for change in unknown}.difference(again):
        doubts.note(conn, now, Delivery.id.in_(sorted(lost)))
    rewrite(conn, changes)
    doubts.reopen(conn, again, now=now)


def _held(conn: Connection, batch: Row[Any], done: Sequence[Done]) -> dict[int, Any]:
    """The rows as they are now, locked in id order; not those that are recorded already.

    Asked for as a range: a list of five hundred ids costs more to bind than the rows to read.
    """
    ids = [item.claim.delivery_id for item in done]
    rows = conn.execute(
        select(
            Delivery.id,
            Delivery.status,
            Delivery.reason,
            Delivery.attempt,
            Delivery.owner,
            Delivery.zone_set_id,
            Delivery.provider_id,
            Delivery.approved_sends,
        )
        .where(
            Delivery.id >= min(ids),
            Delivery.id <= max(ids),
            of_message(batch.message_id),
            Delivery.channel == batch.channel,
            Delivery.lease_until.is_not(None),
        )
        .order_by(Delivery.id)
        .with_for_update()
    )
    return {row.id: row for row in rows}


def _change(item: Done, to: Next, row: Any, now: datetime) -> dict[str, Any]:
    keep = row.reason if to.status == row.status else to.reason
    return {
        "id": row.id,
        "status": int(to.status),
        "reason": keep,
        "provider_id": to.provider_id or row.provider_id,
        "not_before": to.not_before,
        "language": item.language,
        "segments": item.segments,
        # An unknown keeps its owner: if it was only asleep, its late answer still counts.
        "owner": row.owner if to.status == Status.UNKNOWN else None,
        "lease_until": None,
        "changed_at": now,
    }


def _count(deltas: counts.Deltas, message_id: int, channel: str, row: Any, to: Next) -> None:
    reason = row.reason if to.status == row.status else to.reason
    counts.moved(
        deltas,
        counts.place(message_id, channel, row.status, row.reason, row.zone_set_id),
        counts.place(message_id, channel, to.status, reason, row.zone_set_id),
    )


def _learn(conn: Connection, channel: str, done: Iterable[Done], now: datetime) -> None:
    """What a refusal says about an address goes where every later message asks."""
    for item in done:
        if isinstance(item.outcome, Rejected) and item.outcome.harm is not None:
            suppress(
                conn,
                channel,
                item.claim.address,
                item.outcome.harm,
                evidence=item.outcome.code,
                now=now,
            )


def suppress(
    conn: Connection, channel: str, address: str, harm: Harm, *, evidence: str, now: datetime
) -> None:
    """Record a provider's word on an address."""
    consent.refuse(
        conn,
        channel,
        address,
        standing=Standing(harm.value),
        source="provider",
        evidence=evidence,
        actor="provider",
        now=now,
    )


def _paused_if_misconfigured(
    conn: Connection, message_id: int, message_status: str, done: Iterable[Done]
) -> str:
    sentences = [item.outcome.sentence for item in done if isinstance(item.outcome, Misconfigured)]
    if not sentences or message_status != MessageStatus.SENDING:
        return message_status
    hold(conn, message_id, because=sentences[0])
    return MessageStatus.PAUSED
