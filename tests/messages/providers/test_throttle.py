from __future__ import annotations

import asyncio

from messages.providers.throttle import Throttle


async def test_many_refusals_of_one_round_halve_once() -> None:
    throttle = Throttle(20)

    async with throttle as first, throttle as second:
        throttle.too_many(first)
        throttle.too_many(second)

    assert throttle.allowed == 10


async def test_refusals_of_later_rounds_halve_down_to_one() -> None:
    throttle = Throttle(20)

    for _ in range(10):
        async with throttle as turn:
            throttle.too_many(turn)

    assert throttle.allowed == 1
    async with throttle:
        pass


async def test_what_is_allowed_is_what_gets_in() -> None:
    throttle = Throttle(4)
    async with throttle as turn:
        throttle.too_many(turn)
    inside = 0
    release = asyncio.Event()

    async def work() -> None:
        nonlocal inside
        async with throttle:
            inside += 1
            await release.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(work())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen = inside
        release.set()

    assert seen <= 3  # one permit was out when four became two; it is withheld as it comes back
    assert inside == 6


async def test_it_grows_back_by_one_per_round_of_good_answers() -> None:
    throttle = Throttle(4)
    async with throttle as turn:
        throttle.too_many(turn)

    for _ in range(2):
        throttle.went_well()
    after_one_round = throttle.allowed
    for _ in range(100):
        throttle.went_well()

    assert after_one_round == 3
    assert throttle.allowed == 4
