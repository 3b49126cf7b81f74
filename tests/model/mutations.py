"""Faults put into the product on purpose, each of which the machine must find.

They are made at the edges of the units of work, by what a fault would do to the rows, so that they
stay the same faults when the inside of a unit is written anew.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, delete, insert, select, update

from contacts.models import AddressStanding, Standing
from messages import (
    batches,
    calling_off,
    claims,
    counts,
    eligibility,
    expanding,
    outcomes,
    pacing,
    runs,
    zones,
)
from messages.models import Batch, Delivery, Message, MessageStatus, Status
from tests.model.world import Life

Mutation = Callable[[], AbstractContextManager[None]]


def everywhere(original: Callable[..., Any], spoiled: Callable[..., Any]) -> Any:
    """Put a function in the place of another wherever the product knows it by name."""
    stack = contextlib.ExitStack()
    name = original.__name__
    for module in list(sys.modules.values()):
        known = getattr(module, "__name__", "").startswith("messages.")
        if known and vars(module).get(name) is original:
            stack.enter_context(patch.object(module, name, wraps(original)(spoiled)))
    return stack


def take_back_unknowns(conn: Connection, *conditions: Any) -> None:
    """Put unknown copies back in the queue, as somebody would who thinks that they were not sent."""
    lost = (Delivery.status == Status.UNKNOWN, *conditions)
    deltas = counts.Deltas()
    for row in conn.execute(select(Delivery).where(*lost)).all():
        counts.moved(
            deltas,
            counts.place(row.message_id, row.channel, row.status, row.reason, row.zone_set_id),
            counts.place(row.message_id, row.channel, Status.PENDING, "", row.zone_set_id),
        )
    conn.execute(update(Delivery).where(*lost).values(status=int(Status.PENDING), reason=""))
    counts.apply(conn, deltas)


def what_a_dead_sender_held_is_sent_again() -> Any:
    reap = batches.reap

    def spoiled(conn: Connection, batch_id: int, **values: Any) -> int:
        lost = reap(conn, batch_id, **values)
        take_back_unknowns(conn, Delivery.reason == batches.SENDER_DIED)
        return lost

    return everywhere(reap, spoiled)


def unknown_copies_are_sent_again_on_a_start() -> Any:
    begin = runs.begin

    def spoiled(conn: Connection, *args: Any, **values: Any) -> Any:
        warnings = begin(conn, *args, **values)
        take_back_unknowns(conn)
        conn.execute(update(Batch).values(open=True))
        return warnings

    return everywhere(begin, spoiled)


def late_outcomes_are_not_fenced() -> Any:
    record_and_claim = claims.record_and_claim

    def spoiled(conn: Connection, batch_id: int, **values: Any) -> Any:
        for item in values["done"]:
            claim, owner = item.claim, values["owner"]
            row = update(Delivery).where(Delivery.id == claim.delivery_id)
            conn.execute(row.values(owner=owner, attempt=claim.attempt))
        return record_and_claim(conn, batch_id, **values)

    return everywhere(record_and_claim, spoiled)


def consent_is_not_asked_again_in_the_claim() -> Any:
    record_and_claim = claims.record_and_claim

    def spoiled(conn: Connection, batch_id: int, **values: Any) -> Any:
        held = [dict(row._mapping) for row in conn.execute(select(AddressStanding.__table__))]  # noqa: SLF001 - its public face
        conn.execute(update(AddressStanding).values(standing=Standing.GRANTED.value))
        window = record_and_claim(conn, batch_id, **values)
        conn.execute(delete(AddressStanding))
        if held:
            conn.execute(insert(AddressStanding), held)
        return window

    # Otherwise whoever waits is skipped at once, and the claim need not ask.
    stack = contextlib.ExitStack()
    stack.enter_context(everywhere(record_and_claim, spoiled))
    stack.enter_context(everywhere(calling_off.cancel_pending, lambda _conn, **_values: 0))
    return stack


def receipts_move_copies_down() -> Any:
    def spoiled(current: Status, *, attempt: int, receipt: Any) -> Any:
        target = outcomes.RANK.get(receipt.verdict)
        if target is None or receipt.attempt != attempt or target == current:
            return None
        return outcomes.Next(target, provider_id=receipt.provider_id)

    return everywhere(outcomes.advanced, spoiled)


def undo_ignores_what_has_left() -> Any:
    return patch.object(counts, "gone_out", lambda _conn, _message: False)


def unknown_copies_are_not_counted() -> Any:
    apply = counts.apply

    def spoiled(conn: Connection, deltas: Any) -> None:
        kept = {key: n for key, n in deltas.items() if key.status != Status.UNKNOWN}
        apply(conn, counts.Deltas(kept))

    return patch.object(counts, "apply", spoiled)


def copies_go_out_without_a_new_stamp() -> Any:
    return patch.object(counts, "new_stamp", lambda: 7)


def requests_leave_before_their_claim_is_committed() -> Any:
    async def write(self: Life, unit: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer before the commit, which comes with the next write, as a careless group would."""

        def later(conn: Connection) -> Any:
            for waiting in self.__dict__.pop("uncommitted", []):
                waiting(conn)
            return conn.begin_nested(), unit(conn, *args, **kwargs)

        def run() -> Any:
            def inside(conn: Connection) -> Any:
                savepoint, result = later(conn)
                if getattr(result, "claims", None):
                    savepoint.rollback()
                    self.__dict__["uncommitted"] = [lambda conn: unit(conn, *args, **kwargs)]
                return result

            return self.world.store.write(inside)

        return await self._park("write", run)

    return patch.object(Life, "write", write)


def hours_are_ignored() -> Any:
    return patch.object(zones.Zones, "open_at", lambda *_args: None)


def weekly_cap_is_ignored() -> Any:
    return everywhere(eligibility.recent_messages, lambda _conn, **_values: [])


def pace_is_ignored() -> Any:
    def spoiled(_conn: Connection, _sender: str, **values: Any) -> pacing.Allowance:
        return pacing.Allowance(values["copies"], values["now"])

    return patch.object(pacing, "take", spoiled)


def somebody_is_passed_over_between_two_chunks() -> Any:
    expand_chunk = expanding.expand_chunk

    def spoiled(conn: Connection, *args: Any, **values: Any) -> bool:
        more = expand_chunk(conn, *args, **values)
        if more:
            conn.execute(
                update(Message)
                .where(Message.id == args[1])
                .values(expanded_to=Message.expanded_to + 1)
            )
        return more

    return everywhere(expand_chunk, spoiled)


def messages_finish_while_a_batch_is_open() -> Any:
    def spoiled(conn: Connection, message_id: int, *, now: Any) -> None:
        mine = (Message.id == message_id, Message.status == MessageStatus.SENDING)
        ended = {"status": MessageStatus.FINISHED, "finished_at": now}
        conn.execute(update(Message).where(*mine).values(ended))

    return everywhere(batches.finish_if_done, spoiled)


WORK = {"go_as_far_as", "run_sender"}
MUTATIONS: Mapping[str, tuple[Mutation, Collection[str]]] = {
    made.__name__: (made, moves)
    for made, moves in (
        (what_a_dead_sender_held_is_sent_again, {"go_as_far_as", "others_take_over"}),
        (unknown_copies_are_sent_again_on_a_start, {"run_sender", "start_sender"}),
        (consent_is_not_asked_again_in_the_claim, {*WORK, "reply", "one_step"}),
        (receipts_move_copies_down, {"run_sender", "receipts"}),
        (undo_ignores_what_has_left, {"go_as_far_as", "time_passes", "undo"}),
        (unknown_copies_are_not_counted, {"run_sender"}),
        (copies_go_out_without_a_new_stamp, {"run_sender", "launch"}),
        (requests_leave_before_their_claim_is_committed, {"go_as_far_as"}),
        (hours_are_ignored, {"run_sender", "launch", "time_passes"}),
        (weekly_cap_is_ignored, {"run_sender", "launch"}),
        (pace_is_ignored, {"run_sender"}),
        (somebody_is_passed_over_between_two_chunks, {"run_sender", "expand", "launch"}),
        (messages_finish_while_a_batch_is_open, {*WORK, "launch"}),
    )
}
"""Each fault, and the moves that bring it out: with all others beside them it takes ten times as long."""
