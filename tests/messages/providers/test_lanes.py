"""Lanes to a provider: how many requests are under way, and whose turn it is."""

from __future__ import annotations

import asyncio

import pytest

from messages.providers.lanes import Lanes


class Counter:
    """Notes how many are under way at once."""

    def __init__(self) -> None:
        self.under_way = self.most = 0
        self.order: list[int] = []

    async def do(self, item: int) -> int:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.order.append(item)
        await asyncio.sleep(0)
        self.under_way -= 1
        return item * 2


async def test_every_item_is_done_once_and_answered_in_order() -> None:
    lanes, counter = Lanes(3), Counter()

    assert await lanes.run(range(10), counter.do) == [2 * item for item in range(10)]
    assert sorted(counter.order) == list(range(10))
    assert counter.most == 3
    assert await lanes.run([], counter.do) == []


async def test_several_callers_take_turns() -> None:
    lanes, counter = Lanes(1), Counter()

    async with asyncio.TaskGroup() as group:
        group.create_task(lanes.run([1, 2, 3, 4], counter.do))
        group.create_task(lanes.run([10], counter.do))

    assert counter.order.index(10) < 4  # it did not wait behind all four
    assert sorted(counter.order) == [1, 2, 3, 4, 10]


async def test_many_refusals_of_one_round_halve_once() -> None:
    lanes = Lanes(20)

    turn = lanes.turn
    lanes.too_many(turn)
    lanes.too_many(turn)

    assert lanes.allowed == 10


async def test_refusals_of_later_rounds_halve_down_to_one_which_still_sends() -> None:
    lanes, counter = Lanes(20), Counter()

    for _ in range(10):
        lanes.too_many(lanes.turn)

    assert lanes.allowed == 1
    assert await lanes.run([1, 2], counter.do) == [2, 4]
    assert counter.most == 1


async def test_lanes_that_are_too_many_end_when_their_request_is_answered() -> None:
    lanes, counter = Lanes(8), Counter()
    seen: list[int] = []

    async def do(item: int) -> None:
        if item == 8:
            lanes.too_many(lanes.turn)
        await counter.do(item)
        if item > 20:
            seen.append(counter.under_way)

    await lanes.run(range(60), do)

    assert sorted(counter.order) == list(range(60))
    assert max(seen) <= 4


async def test_it_grows_back_by_one_per_round_of_good_answers() -> None:
    lanes = Lanes(4)
    lanes.too_many(lanes.turn)

    for _ in range(2):
        lanes.went_well()
    after_one_round = lanes.allowed
    for _ in range(100):
        lanes.went_well()

    assert after_one_round == 3
    assert lanes.allowed == 4


async def test_a_failure_is_raised_where_its_items_were_given() -> None:
    lanes, counter = Lanes(2), Counter()

    async def fail(item: int) -> None:
        await asyncio.sleep(0)
        raise ValueError(item)

    with pytest.raises(ValueError, match="1"):
        await lanes.run([1, 2, 3], fail)

    assert await lanes.run([4], counter.do) == [8]


async def test_nothing_more_is_begun_for_a_caller_that_was_cancelled() -> None:
    lanes, counter = Lanes(1), Counter()
    release = asyncio.Event()

    async def wait(item: int) -> int:
        await release.wait()
        return await counter.do(item)

    caller = asyncio.create_task(lanes.run([1, 2, 3], wait))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    release.set()

    assert await lanes.run([9], counter.do) == [18]
    assert counter.order in ([1, 9], [9])


async def test_closing_cancels_what_is_under_way() -> None:
    lanes = Lanes(2)

    async def for_ever(_item: int) -> None:
        await asyncio.Event().wait()

    caller = asyncio.create_task(lanes.run([1, 2, 3], for_ever))
    await asyncio.sleep(0)
    await lanes.close()

    with pytest.raises(asyncio.CancelledError):
        await caller
