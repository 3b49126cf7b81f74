"""One alarm for many, on the loop of the service and on Python's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import uvloop

from messages.alarm import Alarm

SOON, LATER = timedelta(milliseconds=2), timedelta(seconds=30)
WITHIN = 10


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = request.param
    return found


def rung_after(run: Callable[[Any], Any], course: Callable[[Alarm], Awaitable[None]]) -> int:
    rung: list[None] = []

    async def play() -> None:
        async with asyncio.timeout(WITHIN):
            await course(Alarm(lambda: rung.append(None)))

    run(play())
    return len(rung)


async def quiet() -> None:
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("waits", [(SOON, LATER), (LATER, SOON), (SOON, SOON, SOON)])
def test_it_rings_once_for_the_earliest(
    run: Callable[[Any], Any], waits: tuple[timedelta, ...]
) -> None:
    async def course(alarm: Alarm) -> None:
        for wait in waits:
            alarm.ring_in(wait)
        await quiet()

    assert rung_after(run, course) == 1


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(microseconds=100), SOON])
def test_it_rings_as_often_as_it_was_asked_in_turn(
    run: Callable[[Any], Any], wait: timedelta
) -> None:
    async def course(alarm: Alarm) -> None:
        for _ in range(3):
            alarm.ring_in(wait)
            await quiet()

    assert rung_after(run, course) == 3


def test_whoever_asks_in_the_moment_it_rings_is_woken_too(run: Callable[[Any], Any]) -> None:
    rung: list[None] = []

    async def course() -> None:
        async with asyncio.timeout(WITHIN):
            done = asyncio.Event()

            def ring() -> None:
                rung.append(None)
                if len(rung) == 50:
                    done.set()
                else:
                    alarm.ring_in(timedelta(microseconds=700))

            alarm = Alarm(ring)
            alarm.ring_in(SOON)
            await done.wait()

    run(course())

    assert len(rung) == 50
