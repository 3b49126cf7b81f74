"""Find out what became of copies whose answer was lost, and write down what is known.

A receipt settles a copy at any time and comes first; here the provider's own list is asked, outside
any transaction, and only a copy that is still unknown, at the very same attempt, is moved. Each
process does so at its ticks; a doubt that one of them holds is nobody else's for five minutes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, or_, select, update

from contacts.models import Channel
from database.clock import Clock, database_now
from database.engine import Database
from database.jobs import Jobs
from messages import composing, doubts, links, receipts, unknowns
from messages.composing import Kept
from messages.control import NotNow
from messages.doubts import Closed, Due
from messages.identity import Identity
from messages.lookups import NOBODY, SKEW, Case, Decision, Found, Others, decide
from messages.models import Delivery, Doubt, Message, MessageStatus, Status
from messages.providers.lookup import CouldNotAsk, Finding, Lookup, Sought
from messages.providers.provider import Receipt, Text
from messages.recording import Claim, Person
from messages.templates import BadTemplate

log = structlog.get_logger("messages")

SLICE = 50  # doubts asked about between two transactions
POLICY = "policy:email"  # who approved, in the records
# A message that was over for longer had nothing on the wire any more.
AFTER_THE_END = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to."""

    due: Due
    asked: str
    decision: Decision


class Reconciler:
    """One process's side of it."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        lookups: Mapping[Channel, Lookup],
        identity: Identity,
        *,
        resend_after: timedelta | None = None,
        clock: Clock = database_now,
    ) -> None:
        """``resend_after``: send an email that nobody heard of for so long once more; None = never."""
        self._database = database
        self._jobs = jobs
        self._lookups = lookups
        self._identity = identity
        self._resend_after = resend_after
        self._clock = clock
        self._kept = Kept()
        self._searched: dict[tuple[int, str], int] = {}  # in vain, for so many

    async def tick(self) -> None:
        """Note what was forgotten, close what was settled, and ask about whatever is due."""
        await self._note_missing()
        if await self._database.read(doubts.any_settled):
            await self._database.write(self._forget_settled)
        while await self._database.read(self._anything_due):
            looks = await self._look(await self._database.write(self._take))
            if not looks or any(look.decision.found is Found.COULD_NOT_ASK for look in looks):
                return

    async def look(self, delivery_id: int) -> Decision | None:
        """Ask about one copy now; None if it is not unknown, or is being asked about already."""
        looks = await self._look(await self._database.write(self._take, delivery_id))
        return looks[0].decision if looks else None

    async def close(self) -> None:
        """Let go of connections."""
        for lookup in set(self._lookups.values()):
            await lookup.close()

    async def _look(self, due: Sequence[Due]) -> list[Look]:
        if not due:
            return []
        sought = await self._database.read(self._sought, due)
        findings = await self._ask(due, sought)
        # Read after the answers: what is known by then of our other copies counts.
        others = await self._database.read(self._others, due)
        now = await self._database.read(self._clock)
        looks = [self._judge(one, findings, others, now) for one in due]
        await self._database.write(self._learn, looks)
        for look in looks:
            if look.decision.resend:
                await self._resend(look.due)
        return looks

    async def _ask(
        self, due: Sequence[Due], sought: Mapping[int, Sought]
    ) -> dict[int, tuple[str, Finding]]:
        """Ask each channel's provider about its copies; no transaction is open meanwhile."""
        by_channel: dict[Channel, list[Due]] = defaultdict(list)
        for one in due:
            by_channel[Channel(one.channel)].append(one)
        found: dict[int, tuple[str, Finding]] = {}
        for channel, ours in by_channel.items():
            lookup = self._lookups[channel]
            answers = await self._look_up(lookup, [sought[one.id] for one in ours])
            found |= {
                one.id: (lookup.name, answer) for one, answer in zip(ours, answers, strict=True)
            }
        return found

    async def _look_up(self, lookup: Lookup, items: Sequence[Sought]) -> Sequence[Finding]:
        try:
            return await lookup.look_up(items)
        except Exception:
            # It promises not to raise; if it does, nothing follows from it.
            log.exception("look-up failed", provider=lookup.name)
            return [CouldNotAsk()] * len(items)

    def _judge(
        self,
        due: Due,
        findings: Mapping[int, tuple[str, Finding]],
        others: Mapping[int, Others],
        now: datetime,
    ) -> Look:
        asked, finding = findings[due.id]
        case = Case(due.claimed_at, due.noted_at, due.looks, due.approved_sends, due.may_be_sent)
        # A text is never sent again by itself; no setting can change that.
        policy = self._resend_after if due.channel == Channel.EMAIL else None
        decision = decide(case, finding, others.get(due.id, NOBODY), resend_after=policy, now=now)
        return Look(due, asked, decision)

    async def _resend(self, due: Due) -> None:
        try:
            await self._database.write(self._approve, due)
        except NotNow:
            log.info("no resend by policy", delivery=due.delivery_id)

    async def _note_missing(self) -> None:
        """Search for what the kept counts miss; where that was in vain, wait until they change."""
        for where, count in (await self._database.read(doubts.missing)).items():
            if self._searched.get(where) == count:
                continue
            if await self._search(*where):
                self._searched.pop(where, None)
            else:
                self._searched[where] = count

    async def _search(self, message_id: int, channel: str) -> int:
        """Walk a message's batches, slice by slice; return how many copies were found."""
        noted = 0
        after: int | None = 0
        while after is not None:
            found, after = await self._database.read(doubts.search, message_id, channel, after)
            if found:
                await self._database.write(self._note_found, found)
            noted += len(found)
        return noted

    # Units of work

    def _take(self, conn: Connection, delivery_id: int | None = None) -> list[Due]:
        now = self._clock(conn)
        return doubts.take(conn, now=now, limit=SLICE, delivery_id=delivery_id)

    def _anything_due(self, conn: Connection) -> bool:
        return doubts.anything_due(conn, now=self._clock(conn))

    def _forget_settled(self, conn: Connection) -> int:
        return doubts.forget_settled(conn, now=self._clock(conn))

    def _note_found(self, conn: Connection, delivery_ids: Sequence[int]) -> None:
        doubts.note_found(conn, delivery_ids, now=self._clock(conn))

    def _approve(self, conn: Connection, due: Due) -> None:
        unknowns.approve_another_send(
            conn, self._jobs, due.delivery_id, by=POLICY, attempt=due.attempt, now=self._clock(conn)
        )

    def _others(self, conn: Connection, due: Sequence[Due]) -> dict[int, Others]:
        return others_of(conn, due)

    def _learn(self, conn: Connection, looks: Sequence[Look]) -> None:
        learn(conn, looks, secret=self._identity.secret, now=self._clock(conn))

    def _sought(self, conn: Connection, due: Sequence[Due]) -> dict[int, Sought]:
        """Each try as its provider would know it: texts are composed as they were."""
        now = self._clock(conn)
        texts = self._texts(conn, [one for one in due if one.channel == Channel.SMS], now)
        return {
            one.id: Sought(
                delivery_id=one.delivery_id,
                attempt=one.attempt,
                address=one.address,
                sender=texts[one.id].sender if one.id in texts else "",
                body=texts[one.id].body if one.id in texts else "",
                mark=links.person_token(self._identity.secret, one.delivery_id),
                since=one.claimed_at - SKEW,
            )
            for one in due
        }

    def _texts(self, conn: Connection, due: Sequence[Due], now: datetime) -> dict[int, Text]:
        found: dict[int, Text] = {}
        by_message: dict[int, list[Due]] = defaultdict(list)
        for one in due:
            by_message[one.message_id].append(one)
        for message_id, ours in by_message.items():
            try:
                found |= self._texts_of(conn, message_id, ours, now)
            except BadTemplate:
                # Their own links may still prove them; and the other messages go on.
                log.exception("unknown texts not composed", message=message_id)
        return found

    def _texts_of(
        self, conn: Connection, message_id: int, due: Sequence[Due], now: datetime
    ) -> dict[int, Text]:
        message = self._kept.get(conn, message_id, self._identity)
        known = composing.people(conn, {one.contact_id or 0 for one in due})
        claims = [
            Claim(
                one.delivery_id,
                one.attempt,
                one.contact_id,
                one.address,
                one.language,
                known.get(one.contact_id or 0, Person()),
            )
            for one in due
        ]
        then = min(one.claimed_at for one in due)  # as they were composed
        told = composing.look_up(conn, claims, message, now=then)
        ready = composing.compose(claims, Channel.SMS, message, told, self._identity, now)
        return {
            one.id: copy.item
            for one, copy in zip(due, ready, strict=True)
            if isinstance(copy.item, Text)
        }


def others_of(conn: Connection, due: Sequence[Due]) -> dict[int, Others]:
    """For each doubt, what we know of our other copies to the same address at the same time."""
    if not due:
        return {}
    rows = _copies_beside(conn, due)
    found = {}
    for one in due:
        same = (one.address, one.channel)
        beside = [
            row for row in rows if (row.address, row.channel) == same and row.id != one.delivery_id
        ]
        # An id of its own can only be an earlier try's: this one has none yet.
        ids = [one.provider_id, *(row.provider_id for row in beside)]
        found[one.id] = Others(
            known=frozenset(each for each in ids if each),
            rivals=sum(_waits_for_proof(row) for row in beside),
        )
    return found


def _waits_for_proof(row: Any) -> bool:
    return not row.provider_id and row.status in (Status.SENDING, Status.UNKNOWN)


def _copies_beside(conn: Connection, due: Sequence[Due]) -> Sequence[Any]:
    """Copies to these addresses, of messages that were being sent then: by the unique key."""
    earliest = min(one.claimed_at for one in due) - AFTER_THE_END
    lately = select(Message.id).where(
        Message.status != MessageStatus.DRAFT,
        or_(Message.finished_at.is_(None), Message.finished_at >= earliest),
    )
    return conn.execute(
        select(
            Delivery.id,
            Delivery.channel,
            Delivery.address,
            Delivery.status,
            Delivery.provider_id,
        ).where(
            Delivery.message_id.in_(list(conn.scalars(lately))),
            Delivery.channel.in_({one.channel for one in due}),
            Delivery.address.in_({one.address for one in due}),
        )
    ).all()


def learn(conn: Connection, looks: Sequence[Look], *, secret: str, now: datetime) -> None:
    """Move what is proven, and keep what was learned of everything.

    Fenced: what a receipt, a late answer or a person has settled meanwhile is left alone.
    """
    still = _still_unknown(conn, [look.due for look in looks])
    proven = [look for look in looks if look.decision.proof and look.due.id in still]
    told = [(Channel(look.due.channel), _as_receipt(look, secret)) for look in proven]
    receipts.apply(conn, told, secret=secret, now=now)
    for look in looks:
        _keep(conn, look, now)
    for look in proven:
        _close_proven(conn, look, now)


def _still_unknown(conn: Connection, due: Sequence[Due]) -> set[int]:
    """The doubts whose copies are unknown at the same attempt; their rows stay locked."""
    rows = conn.execute(
        select(Delivery.id, Delivery.attempt, Delivery.status)
        .where(Delivery.id.in_([one.delivery_id for one in due]))
        .order_by(Delivery.id)
        .with_for_update()
    ).all()
    unknown = {(row.id, row.attempt) for row in rows if row.status == Status.UNKNOWN}
    return {one.id for one in due if (one.delivery_id, one.attempt) in unknown}


def _as_receipt(look: Look, secret: str) -> Receipt:
    """What the list proves, in the words of a callback: there is one way to apply either."""
    due, proof = look.due, look.decision.proof
    assert proof is not None  # noqa: S101 - the caller chose those that have one
    return Receipt(
        delivery_id=due.delivery_id,
        attempt=due.attempt,
        token=links.receipt_token(secret, due.delivery_id, due.attempt),
        verdict=proof.verdict,
        code=proof.code,
        harm=proof.harm,
        provider_id=proof.provider_id,
    )


def _keep(conn: Connection, look: Look, now: datetime) -> None:
    decision = look.decision
    answered = decision.found is not Found.COULD_NOT_ASK
    conn.execute(
        update(Doubt)
        .where(Doubt.id == look.due.id, Doubt.closed_at.is_(None))
        .values(
            looks=Doubt.looks + (1 if answered else 0),
            looked_at=now,
            next_look_at=decision.next_look_at,
            held_until=None,
            asked=look.asked,
            found=decision.found,
            candidates=decision.candidates,
            provider_status=decision.proof.verdict if decision.proof else "",
        )
    )


def _close_proven(conn: Connection, look: Look, now: datetime) -> None:
    due = look.due
    doubts.close(conn, due.delivery_id, due.attempt, how=Closed.PROVIDER, by=look.asked, now=now)
    log.info("unknown settled by the provider's list", delivery=due.delivery_id, by=look.asked)
