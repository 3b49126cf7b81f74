"""How a sender begins: after a clean end, after crashes, and on a database that was put back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, select, update

from database.opening import Opened
from messages.models import Batch, Delivery, MessageStatus
from messages.providers.provider import Outcome, Outgoing
from messages.remembering import Memory
from messages.runs import BROKEN, RESTORED, SET_BACK, alive
from messages.sender_models import SenderRun
from messages.sending import Sender
from tests.doubles import ProviderInMemory
from tests.messages.test_sending import Bench


class Killed(BaseException):
    """What SIGKILL is to a process, this is to a coroutine."""


class Machine(Bench):
    """A machine whose senders remember in one folder; a killed one leaves its file unlocked."""

    def __init__(self, opened: Opened, now: datetime, folder: Path) -> None:
        super().__init__(opened, now)
        self._place = folder / "llamado"
        self.memories: list[Memory] = []

    def sender(self) -> Sender:
        made = super().sender()
        made._memory = Memory(self._place, installation="one")  # noqa: SLF001 - as the service gives it
        self.memories.append(made._memory)  # noqa: SLF001 - the one the service gives
        return made

    async def start_and_die(self) -> list[str]:
        warnings = await self.sender().start()
        self.memories[-1].close()  # as the kernel does it
        return warnings


@pytest.fixture
def machine(opened: Opened, now: datetime, tmp_path: Path) -> Machine:
    return Machine(opened, now, tmp_path)


async def test_a_machine_that_crashes_in_a_tight_loop_is_stopped_on_both_databases(
    machine: Machine,
) -> None:
    await machine.contacts("Amina")
    message = await machine.launch(undo_seconds=600)

    told = []
    for _ in range(4):
        told.append(await machine.start_and_die())
        machine.now += timedelta(seconds=1)

    found = await machine.progress(message)
    assert told[:3] == [[], [], []]
    assert BROKEN in told[3]
    assert (found.status, found.paused_because) == (MessageStatus.PAUSED, BROKEN)


async def test_a_rolling_deploy_of_three_machines_trips_nothing(
    opened: Opened, now: datetime, tmp_path: Path
) -> None:
    machines = [Machine(opened, now, tmp_path / name) for name in ("one", "two", "three")]
    warnings = []
    running = [machine.sender() for machine in machines]
    for sender in running:
        warnings += await sender.start()

    for _ in range(2):  # twice within ten minutes
        for index, machine in enumerate(machines):
            await running[index].drain()
            machine.now += timedelta(seconds=20)
            running[index] = machine.sender()
            warnings += await running[index].start()

    assert warnings == []


async def test_a_restart_on_the_same_machine_need_not_wait_for_the_lease(machine: Machine) -> None:
    await machine.contacts("Amina", "Ben")

    def die(_item: Outgoing) -> Outcome:
        raise Killed

    machine.texts = ProviderInMemory(die)
    message = await machine.launch(reach="sms")
    first = machine.sender()
    await first.start()
    with pytest.raises(Killed):
        await machine.work(first)
    machine.memories[-1].close()
    machine.texts = ProviderInMemory()
    machine.now += timedelta(seconds=1)

    warnings = await machine.sender().start()

    assert len(warnings) == 1
    assert warnings[0].startswith("2 copies were on the wire")
    assert (await machine.progress(message)).equation.unknown == 2


async def test_a_dead_sender_is_not_counted_among_the_living(machine: Machine) -> None:
    await machine.start_and_die()
    await machine.sender().start()

    assert await machine.database.read(alive, now=machine.now) == 1


def forget_claims(conn: Connection) -> None:
    """As a backup from before the last window would have it."""
    conn.execute(update(Delivery).values(status=0, attempt=0, owner=None))
    conn.execute(update(Batch).values(owner=None, lease_until=None, open=True))


def forget_people(conn: Connection) -> None:
    """As a backup from before the expansion would have it."""
    conn.execute(delete(Batch))
    conn.execute(delete(Delivery))


def forget_the_last_minutes(conn: Connection) -> None:
    earlier = select(SenderRun.started_at).scalar_subquery()
    conn.execute(update(SenderRun).values(seen_at=earlier, stopped_at=None))


@pytest.mark.parametrize("forget", [forget_claims, forget_people, forget_the_last_minutes])
async def test_a_database_older_than_what_was_sent_is_held_until_a_person_resumes(
    machine: Machine, forget: Callable[[Connection], None]
) -> None:
    await machine.contacts("Amina", "Ben")
    sent = await machine.launch(reach="sms")
    first = machine.sender()
    await first.start()
    await machine.work(first)
    machine.now += timedelta(minutes=1)
    if forget is forget_the_last_minutes:
        await first.drain()
    machine.memories[-1].close()
    waiting = await machine.launch(reach="sms", undo_seconds=60)
    await machine.write(forget)
    machine.texts = ProviderInMemory()
    held: list[datetime] = []

    survivor = machine.sender()
    warnings = await survivor.start(also_hold=lambda _conn, now: held.append(now))
    machine.now += timedelta(minutes=5)
    await survivor.housekeeping()
    await machine.work(survivor)

    found = await machine.progress(waiting)
    assert RESTORED in warnings
    assert held
    assert (found.status, found.paused_because) == (MessageStatus.PAUSED, RESTORED)
    assert machine.texts.given == []
    assert sent < waiting


async def test_a_restart_on_the_same_database_is_not_held(machine: Machine) -> None:
    await machine.contacts("Amina", "Ben")
    await machine.launch(reach="sms")
    first = machine.sender()
    await first.start()
    await machine.work(first)
    await first.housekeeping()
    machine.memories[-1].close()
    machine.now += timedelta(seconds=1)

    warnings = await machine.sender().start()

    assert warnings == []


async def test_a_message_whose_people_were_erased_is_no_old_copy(machine: Machine) -> None:
    await machine.contacts("Amina")
    await machine.launch(reach="sms")
    first = machine.sender()
    await first.start()
    await machine.work(first)
    await machine.launch(reach="sms")
    await machine.work(first)
    machine.memories[-1].close()

    def erase_the_first(conn: Connection) -> None:
        conn.execute(delete(Delivery).where(Delivery.id == 1))

    await machine.write(erase_the_first)

    assert RESTORED not in await machine.sender().start()


async def test_a_clock_that_was_set_back_holds_too(machine: Machine) -> None:
    await machine.contacts("Amina")
    message = await machine.launch(undo_seconds=600)
    await machine.start_and_die()
    machine.now -= timedelta(hours=1)

    warnings = await machine.sender().start()

    assert warnings == [SET_BACK]
    assert (await machine.progress(message)).paused_because == SET_BACK


async def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(
    opened: Opened, now: datetime, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    machine = Machine(opened, now, tmp_path / "file")

    [warning] = await machine.sender().start()

    assert warning.endswith("a backup that is put back will not be recognised.")
