"""Send what is due: take a batch, claim a window, hand it to the provider, write down what came of
it together with the next claim.

No transaction is open while a provider answers. Everything here may be killed at any instant: what
was claimed and not recorded becomes *unknown*, never a second text.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import Connection

from contacts.models import Channel
from database.clock import Clock, Watched, database_now
from database.engine import Database
from database.jobs import Handler, Jobs
from messages import batches, claims, composing, control, expanding, finding, runs
from messages.alarm import Alarm
from messages.allowances import Limits
from messages.budgets import FREE, Tariff
from messages.claims import Window
from messages.composing import Compositions, Kept, LookedUp, Ready
from messages.identity import Identity
from messages.providers.provider import NotSent, Outcome, Provider, Unknown
from messages.recording import Done
from messages.remembering import Memory, Remembered
from messages.volumes import COLD, WarmUp
from messages.zones import Zones

log = structlog.get_logger()

BREATH = 100  # copies composed in one go: about a millisecond


@dataclass(frozen=True, slots=True)
class Policy:
    """How this process sends."""

    batches: int = 4  # worked on at once
    window: int = 100  # copies claimed at once: what a kill may leave unknown
    lease: timedelta = timedelta(seconds=60)
    answer_time: timedelta = timedelta(seconds=25)  # kept free before a lease ends
    slice: timedelta = timedelta(seconds=2)  # then a batch makes room for more urgent ones
    pace: Mapping[Channel, float] = field(default_factory=dict)  # tokens per second, 0 = no limit
    tariff: Tariff = FREE
    warm_up: WarmUp = COLD  # of a sender's domain that nobody has heard of
    unclean_starts: int = 3  # within ten minutes; then everything is paused. 0 = never


class Sender:
    """One process's sending side."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        providers: Mapping[Channel, Provider],
        identity: Identity,
        policy: Policy,
        *,
        clock: Clock = database_now,
        memory: Memory | None = None,
    ) -> None:
        self._database = database
        self._memory = memory
        self._jobs = jobs
        self._providers = providers
        self._identity = identity
        self._policy = policy
        self._clock = Watched(clock)
        self._zones = Zones()
        self._kept = Kept()
        self._draining = False
        self._expanding: set[int] = set()
        self._set_aside: set[int] = set()  # messages whose expansion failed, until housekeeping
        self._turns = finding.Turns()
        self._alarm = Alarm(jobs.wake)  # for when the pace allows the next copy
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.owner = f"{socket.gethostname()[:16]}:{os.getpid()}:{secrets.token_hex(4)}"

    async def start(self, *, also_hold: runs.AlsoHold | None = None) -> list[str]:
        """Note that this sender lives; clear up after one that died. Return warnings for people.

        A database that is older than what this machine has sent is held; ``also_hold`` then holds
        what other rooms would send by themselves.
        """
        remembered, warnings = await self._remember()
        begun = await self._database.write(
            runs.begin,
            self._jobs,
            owner=self.owner,
            alone=self._database.embedded,
            unclean_starts=self._policy.unclean_starts,
            clock=self._clock,
            remembered=remembered,
            also_hold=also_hold,
        )
        self._note_seen(begun.at)
        return [*warnings, *begun.warnings]

    async def _remember(self) -> tuple[Remembered, list[str]]:
        if self._memory is None:
            return Remembered(), []
        try:
            return await asyncio.to_thread(self._memory.open, self.owner), []
        except OSError as error:
            where = f"{error.filename} cannot be written ({error.strerror})"
            return Remembered(), [f"{where}: a backup that is put back will not be recognised."]

    def _note_seen(self, at: datetime) -> None:
        if self._memory is not None:
            self._memory.seen(at)

    def _note_claims(self, window: Window) -> None:
        """Before anything of it leaves: a database that does not know it is an old copy."""
        if self._memory is not None:
            self._memory.claimed(window.claims[-1].delivery_id, window.claims[-1].attempt)

    async def run(self) -> None:
        """Send until cancelled or drained."""
        await self._jobs.run(self.handlers(), concurrency=self._policy.batches)

    async def drain(self, within: float = 20.0) -> None:
        """Claim nothing more, wait for what is on the wire, and note a clean end.

        After ``within`` seconds it stops waiting; what has no answer then becomes unknown.
        """
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._idle.wait()
        try:
            ended = await self._database.write(runs.end, owner=self.owner, clock=self._clock)
            self._note_seen(ended)
        except Exception:
            log.exception("the end could not be noted")  # the next start takes it for a crash
        if self._memory is not None:
            self._memory.close()

    async def housekeeping(self) -> None:
        """Expire, take back what dead senders held, and ask again for work whose job was lost."""
        self._set_aside.clear()
        self._note_seen(await self._database.write(self._keep_house))
        await self._jobs.tidy()
        if (await self._database.read(self._most_urgent)).work is not None:
            await self._jobs.request("look", 0)

    async def recover(self) -> None:
        """Take back what senders held whose lease is over: often, for somebody waits for it."""
        if await self._database.read(lambda conn: runs.anything_lost(conn, now=self._clock(conn))):
            await self._database.write(self._release_dead)

    def handlers(self) -> dict[str, Handler]:
        """What this process does with each kind of job: whatever it names, look what is urgent."""
        return {"expand": self.look, "send_batch": self.look, "look": self.look, "next": self.next}

    async def look(self, _key: int) -> None:
        """Work off what is due, the most urgent first, until nothing is left that may leave now."""
        await self._hold_while_draining()
        while await self.next(0):
            continue

    async def next(self, _slot: int) -> bool:
        """Do the most urgent piece of work there is; whether there was any.

        What fails is told to the log and left for later: one message's fault, or a disk that is full
        for a minute, must not end the process that everybody else's messages leave from.
        """
        if self._draining:
            return False
        try:
            return await self._work_off()
        except Exception:
            log.exception("a piece of work failed")
            return False

    async def _work_off(self) -> bool:
        found = await self._database.read(self._most_urgent)
        if found.work is None:
            if found.wait is not None:
                self._alarm.ring_in(found.wait)
            return False
        # Found again in the transaction that takes it, so that two slots never take the same.
        taken = await self._database.write(self._take_most_urgent)
        if taken is None:
            return True
        await self._jobs.request("look", 0)  # there may be work for others too
        if taken.kind == "expand":
            await self._expand_all(taken.key)
        else:
            await self._send_slice(taken.key)
        return True

    async def _hold_while_draining(self) -> None:
        """Keep a job that came too late until we are cancelled.

        Done with at once, it would make room for the next: in the seconds it takes to end, this
        process would use up every job there is, and the other senders would have nothing to do.
        """
        if self._draining:
            await asyncio.Event().wait()

    async def _expand_all(self, message_id: int) -> None:
        """Chunk by chunk, so that nobody waits long for the database."""
        if message_id in self._expanding:
            return
        self._expanding.add(message_id)
        try:
            while not self._draining:
                if not await self._database.write(self._expand_chunk, message_id):
                    return
        except Exception:
            self._set_aside.add(message_id)
            raise
        finally:
            self._expanding.discard(message_id)

    async def _send_slice(self, batch_id: int) -> None:
        """Window after window, for one slice of time or until nothing can leave."""
        ends = time.monotonic() + self._policy.slice.total_seconds()
        done: list[Done] = []
        with self._busy():
            while True:
                go_on = time.monotonic() < ends and not self._draining
                claimed_at = time.monotonic()
                window = await self._step_surely(batch_id, done, claim=go_on)
                if not window.claims:
                    if window.paced:
                        self._alarm.ring_in(timedelta(seconds=window.paced))
                    return
                self._note_claims(window)
                done = await self._send(window, claimed_at)

    async def _step_surely(self, batch_id: int, done: Sequence[Done], *, claim: bool) -> Window:
        """Record and claim. While that fails, try again to record, and claim nothing.

        Outcomes are fenced by owner and attempt, so that recording late or twice does no harm.
        """
        pause = 0.5
        while True:
            try:
                return await self._database.write(self._step, batch_id, done, claim=claim)
            except Exception:
                log.exception("outcomes not recorded", batch=batch_id, copies=len(done))
                claim = False
                await asyncio.sleep(pause)
                pause = min(pause * 2, 30.0)

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        """Let ``drain`` know that something may be on the wire."""
        self._working += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()

    def _keep_house(self, conn: Connection) -> datetime:
        now = self._clock(conn)
        if back := self._clock.set_back(now):
            log.warning("the clock was set back", seconds=back.total_seconds())
            runs.clock_set_back(conn, self._jobs, now=now)
        control.expire_due(conn, now=now)
        runs.release_dead(conn, self._jobs, now=now)
        return runs.seen(conn, owner=self.owner, clock=self._clock)

    def _release_dead(self, conn: Connection) -> None:
        runs.release_dead(conn, self._jobs, now=self._clock(conn))

    def _most_urgent(self, conn: Connection, *, taking: bool = False) -> finding.Found:
        return finding.most_urgent(
            conn,
            now=self._clock(conn),
            turns=self._turns,
            rates=self._policy.pace,
            expanding=self._expanding | self._set_aside,
            taking=taking,
        )

    def _take_most_urgent(self, conn: Connection) -> finding.Work | None:
        found = self._most_urgent(conn, taking=True)
        if found.work is None or found.candidate is None:
            return None
        if found.work.kind == "send_batch" and not self._take(conn, found.work.key):
            return None
        self._turns.took(found.candidate)
        return found.work

    def _expand_chunk(self, conn: Connection, message_id: int) -> bool:
        return expanding.expand_chunk(conn, self._jobs, message_id, now=self._clock(conn))

    def _take(self, conn: Connection, batch_id: int) -> bool:
        now, lease = self._clock(conn), self._policy.lease
        return batches.take_batch(conn, batch_id, owner=self.owner, lease=lease, now=now)

    def _step(
        self, conn: Connection, batch_id: int, done: Sequence[Done], *, claim: bool
    ) -> Window:
        window = claims.record_and_claim(
            conn,
            batch_id,
            owner=self.owner,
            done=done,
            limits=self._limits,
            zones=self._zones,
            now=self._clock(conn),
            claim=claim,
        )
        if not window.claims and window.next_at is not None and not window.paced:
            self._jobs.enqueue(
                conn, "send_batch", batch_id, priority=window.priority, at=window.next_at
            )
        return window

    def _limits(self, channel: Channel) -> Limits:
        policy, provider = self._policy, self._providers[channel]
        copies = provider.window if provider.bulk else min(policy.window, provider.window)
        rate = policy.pace.get(channel, 0.0)
        return Limits(copies, rate, policy.lease, policy.tariff, policy.warm_up)

    async def _send(self, window: Window, claimed_at: float) -> list[Done]:
        """Compose and send a window. Whatever goes wrong, every claim comes back as something."""
        try:
            ready = await self._compose(window)
        except Exception:
            log.exception("window not composed", message=window.message_id)
            unsent = NotSent("not composed", retry_seconds=60)
            return [Done(claim, unsent) for claim in window.claims]
        items = [copy for copy in ready if copy.item is not None]
        refused = [composing.refused(copy) for copy in ready if copy.item is None]
        outcomes = await self._provide(window.channel, items, claimed_at)
        answered = zip(items, outcomes, strict=True)
        return refused + [copy.done(outcome) for copy, outcome in answered]

    async def _compose(self, window: Window) -> list[Ready]:
        """Each copy of a window, with a breath now and then for whoever else uses this process."""
        message, looked_up = await self._known(window)
        copies = composing.compose(
            window.claims, window.channel, message, looked_up, self._identity, window.now
        )
        ready: list[Ready] = []
        while some := list(islice(copies, BREATH)):
            ready += some
            await asyncio.sleep(0)
        return ready

    async def _known(self, window: Window) -> tuple[Compositions, Mapping[int, LookedUp]]:
        """The message and what it says of these people; mostly both are known without asking."""
        message = self._kept.find(window.message_id)
        if message is None or message.looks_up:
            return await self._database.read(self._look_up, window)
        return message, {}

    def _look_up(
        self, conn: Connection, window: Window
    ) -> tuple[Compositions, Mapping[int, LookedUp]]:
        message = self._kept.get(conn, window.message_id, self._identity)
        return message, composing.look_up(conn, window.claims, message, now=self._clock(conn))

    async def _provide(
        self, channel: Channel, items: Sequence[Ready], claimed_at: float
    ) -> Sequence[Outcome]:
        if not items:
            return []
        spare = (self._policy.lease - self._policy.answer_time).total_seconds()
        provider = self._providers[channel]
        try:
            return await provider.send(
                [copy.item for copy in items if copy.item is not None],
                deadline=claimed_at + spare,
            )
        except Exception:
            # A provider promises not to raise; if it does, some requests may have left.
            log.exception("provider failed", provider=provider.name)
            return [Unknown("provider_error")] * len(items)
