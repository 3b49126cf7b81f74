"""Real senders on real tables, in a world where every step, answer, crash and clock is ours to give.

The code under test is the code that runs: each ``Life`` is a ``Sender`` of its own, as one process
has. Whatever it writes, and whatever it hands to the provider, waits at a gate; so it can be killed,
or fall asleep past its lease, between any two of its durable steps, and other senders go on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from contacts.consent import grant_unless_refused, settle_review
from contacts.models import Channel
from database.engine import P, T, Unit
from messages import control, expanding
from messages.control import NotNow
from messages.hours import Hours, write
from messages.identity import Identity
from messages.links import receipt_token
from messages.progress import progress
from messages.providers import sendgrid, sendgrid_events, twilio
from messages.providers.provider import (
    Accepted,
    Harm,
    Inbound,
    Misconfigured,
    NotSent,
    Outcome,
    Outgoing,
    Rejected,
    Unknown,
)
from messages.receipts import RECEIPT, RawEvent, apply_waiting, store
from messages.replies import receive
from messages.runs import BROKEN
from messages.sending import Policy, Sender
from messages.unknowns import approve_another_send
from tests.builders import make_contact, make_message
from tests.crash.checker import SENDING, UNKNOWN
from tests.doubles import NoJobs
from tests.model.reference import Broken, Launched, Person, Reference
from tests.model.store import Store
from tests.model.turns import Parked, TurnLoop, VirtualTime

IDENTITY = Identity(
    network="Sister Cities",
    postal_address="1 Main St, Madison WI",
    public_url="https://call.example.org",
    secret="s" * 64,
)
WINDOW = 2
SLOTS = 2  # pieces of work a sender is at at once
UNCLEAN = 3
TEN_MINUTES = timedelta(minutes=10)
MOST_LIVES = 3
LEASE_AND_A_SECOND = 61
LONGEST_WAY = 6  # steps from one gate to the next of its kind
LONGEST_RUN = 60  # steps of one sender in a row
ROUNDS = 60  # looks at the clock until everything must have ended
DAY = Hours(time(10), time(20), time(12))
FATES = (
    "taken",
    "taken",
    "taken",
    "taken, not told",
    "lost",
    "refused",
    "bounced",
    "busy",
    "misconfigured",
    "raises",
)


class InjectedFault(Exception):
    """The disk is full, the line is cut: what the database says when we want it to."""


class Life:
    """One process that sends: a real ``Sender``, its database and its provider, and its death."""

    embedded: bool
    name = "model"
    window = 500
    bulk = False

    def __init__(self, world: World) -> None:
        self.embedded = world.alone
        self.world = world
        self.parked: list[Parked] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.dead = False
        self.started_at = world.time.wall
        pace = {Channel.SMS: world.reference.pace}
        self.sender = Sender(
            self,
            NoJobs(),
            {Channel.SMS: self, Channel.EMAIL: self},
            IDENTITY,
            Policy(window=WINDOW, pace=pace, unclean_starts=UNCLEAN),
            clock=lambda _conn: world.time.wall,
        )

    # The database, as the sender sees it

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self._park(
            "write", partial(self.world.store.write, unit, *args, **kwargs)
        )
        return result

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.dead:
            await asyncio.Event().wait()
        return self.world.store.read(unit, *args, **kwargs)

    # The provider, as the sender sees it

    async def send(self, items: Sequence[Outgoing], *, deadline: float) -> list[Outcome]:
        fates: tuple[str, ...] = await self._park("request", tuple, items)
        if self.world.time.monotonic >= deadline:
            return [NotSent("the lease is nearly over", 0)] * len(items)
        outcomes = [self.world.provide(item, fate) for item, fate in zip(items, fates, strict=True)]
        await self._park("answer", lambda: None)
        if "raises" in fates:
            self.world.faults += 1
            raise InjectedFault
        return outcomes

    async def close(self) -> None:
        return

    # What the world does with it

    @property
    def waiting(self) -> list[Parked]:
        """What it wants to do, oldest first."""
        self.parked = [parked for parked in self.parked if parked.waits]
        return self.parked

    @property
    def busy(self) -> int:
        """How many pieces of work it is at."""
        self.tasks = [task for task in self.tasks if not task.done()]
        return len(self.tasks)

    def begin(self, work: Any) -> asyncio.Task[Any]:
        """Let it start a piece of work, up to the first gate."""
        task = self.world.loop.start(work)
        task.add_done_callback(self.world.note_failure)
        self.tasks.append(task)
        return task

    def go_on(self, which: int = 0, fates: Sequence[str] = ("taken",)) -> None:
        """Open the gate for one thing that waits."""
        waiting = self.waiting
        parked = waiting.pop(which % len(waiting))
        if parked.what == "request":
            parked.act = partial(_repeated, fates, len(parked.about))
        parked.go_on()
        self.world.loop.settle()

    def fail(self, which: int, *, committed: bool) -> None:
        """Let a write fail: before its commit, or with the news of its commit lost."""
        writes = [parked for parked in self.waiting if parked.what == "write"]
        parked = writes[which % len(writes)]
        self.parked.remove(parked)
        self.world.faults += 1
        if committed:
            parked.act()
        parked.future.set_exception(OperationalError("COMMIT", {}, InjectedFault()))
        self.world.loop.settle()

    def die(self) -> None:
        """kill -9: nothing of it does anything any more."""
        self.dead = True
        self.parked.clear()
        for task in self.tasks:
            task.cancel()
        self.world.loop.settle()

    async def _park(self, what: str, act: Callable[[], Any], about: Any = None) -> Any:
        future: asyncio.Future[Any] = self.world.loop.create_future()
        if not self.dead:
            self.parked.append(Parked(what, act, future, about))
        return await future


def _repeated(fates: Sequence[str], number: int) -> tuple[str, ...]:
    return tuple(fates[index % len(fates)] for index in range(number))


@dataclass(frozen=True)
class Home:
    """Who lives at one door."""

    zones: tuple[str, ...] = ("America/Chicago",)
    language: str = "en"
    shares_phone: bool = False  # with the person before
    phone: bool = True
    email: bool = True
    consents: bool = True


class World:
    """Everything there is, and every way in which it can change."""

    def __init__(self, store_: Store, now: datetime, *, alone: bool, pace: float) -> None:
        self.store = store_
        self.time = VirtualTime(now)
        self.reference = Reference(self.time, pace)
        self.loop = TurnLoop(self.time)
        self.alone = alone
        self.lives: list[Life] = []
        self.starts: list[Life] = []
        self.ended_well: set[Life] = set()
        self.faults = 0
        self._receipts = 0
        self._replies = 0
        self._phones: list[str] = []
        self._unapplied: list[tuple[str, str, str]] = []
        self._logs = capture_logs()
        self._told = self._logs.__enter__()
        store_.empty()
        store_.watch = self._look

    def close(self) -> None:
        """Forget everything."""
        self.loop.end()
        self._logs.__exit__(None, None, None)

    def _look(self) -> None:
        self.reference.look(self.store.see())

    def complain(self) -> None:
        """Say what is wrong; what a sender could not do must be a fault that we made."""
        self.reference.complain()
        errors = [entry["event"] for entry in self._told if entry["log_level"] == "error"]
        if len(errors) > self.faults:
            raise Broken(f"a sender met what it did not expect: {errors[-1]}")

    def note_failure(self, task: asyncio.Task[Any]) -> None:
        """A job that fails is tried again by its queue; but only our own faults make one fail."""
        if not task.cancelled() and (error := task.exception()) and not _is_ours(error):
            self.reference.wrong.append(f"a job failed: {error!r}")

    # People

    def add_person(self, home: Home) -> None:
        """Somebody new, in everybody's audience."""
        number = len(self.reference.people) + 1
        own = f"+1608200{number:04d}"
        shared = self._phones[-1] if home.shares_phone and self._phones else own
        phone = shared if home.phone else None
        email = f"person{number}@example.org" if home.email else None
        person: int = self.store.write(
            as_unit(make_contact),
            f"Amina{number}",
            phone=phone,
            email=email,
            consent=None,
            zones=home.zones,
            language=home.language,
        )
        found = {Channel.SMS.value: phone, Channel.EMAIL.value: email}
        addresses = {channel: address for channel, address in found.items() if address}
        self.reference.people[person] = Person(person, addresses, home.zones)
        for where in addresses.items():
            self._consent(where, given=home.consents)
        self._phones += [phone] if phone else []

    def _consent(self, where: tuple[str, str], *, given: bool) -> None:
        if given and not (self.reference.no[where] - {"no_consent"}):
            self.store.write(_grant, where, now=self.time.wall)
            self.reference.allow(where)
        elif not given and where not in self.reference.ever and where[1] not in self._phones:
            self.reference.refuse(where, "no_consent")

    def reply(self, which: int, words: str, *, channel: str = "sms") -> None:
        """Somebody writes to us: STOP, ALTO, START, a sentence."""
        people = [one for one in self.reference.people.values() if channel in one.addresses]
        if not people:
            return
        where = channel, people[which % len(people)].addresses[channel]
        if words in {"STOP", "ALTO"}:
            self.reference.refuse(where, "opted_out")
        elif words == "START" and channel == "sms":
            self.reference.allow(where)
        elif words == "please stop texting me":
            self.reference.refuse(where, "review")
        self._replies += 1
        self.store.write(
            receive,
            NoJobs(),
            Inbound(channel=Channel(channel), address=where[1], body=words, key=f"{self._replies}"),
            network="Sister Cities",
            public_url="https://us.example",
            default_language="en",
            now=self.time.wall,
        )

    def read_reply(self, *, opted_out: bool) -> None:
        """A person reads what may have meant stop."""
        for where, reasons in list(self.reference.no.items()):
            if "review" not in reasons:
                continue
            if opted_out:
                self.reference.refuse(where, "opted_out")
            self.reference.allow(where, "review")
            self.store.write(
                settle_review, *where, opted_out=opted_out, actor="Amina", now=self.time.wall
            )

    # Messages

    def launch(
        self,
        *,
        undo: int = 0,
        hours: Hours | None = None,
        expires: int | None = None,
        cap: int | None = None,
        reach: str = "both",
    ) -> None:
        """An organizer launches a message to everybody."""
        now = self.time.wall
        expires_at = None if expires is None else now + timedelta(minutes=expires)
        values: dict[str, Any] = {
            "hours": write(hours),
            "expires_at": expires_at,
            "weekly_cap": cap,
            "reach": reach,
        }
        number: int = self.store.write(as_unit(make_message), **values)
        self.reference.launched[number] = Launched(
            id=number,
            at=now,
            starts_at=now + timedelta(seconds=undo),
            undo=timedelta(seconds=undo),
            people=frozenset(self.reference.people),
            expires_at=expires_at,
            day=(hours.opens, hours.closes, hours.sunday_opens) if hours else None,
            cap=cap,
        )
        self.store.write(
            control.queue,
            NoJobs(),
            number,
            confirmed=len(self.reference.people),
            launched_by="organizer:1",
            undo_seconds=undo,
            now=now,
        )

    def set_clock(self, seconds: int) -> None:
        """Somebody sets the wall clock; what was launched at a time to come is launched anew."""
        self.time.set_by(seconds)
        for message in self.reference.launched.values():
            if self.time.wall < message.at:
                message.relaunched = True
                message.starts_at = min(message.starts_at, self.time.wall + message.undo)

    def expand(self, which: int, chunk: int) -> None:
        """Some sender writes the next few people's copies."""
        message = self._message(which)
        self.store.write(
            expanding.expand_chunk, NoJobs(), message.id, now=self.time.wall, chunk=chunk
        )

    def pause(self, which: int) -> None:
        """An organizer pauses a message, if it can be."""
        message = self._message(which)
        if self._try(message, {"sending"}, control.pause, message.id):
            message.paused = True

    def resume(self, which: int) -> None:
        """An organizer resumes a message, if it is paused."""
        message = self._message(which)
        was, message.paused = message.paused, False
        done = self._try(
            message, {"paused"}, control.resume, NoJobs(), message.id, now=self.time.wall
        )
        message.paused = was and not done

    def stop(self, which: int) -> None:
        """An organizer stops a message, if it lives."""
        message = self._message(which)
        live = {"sending", "paused"}
        if self._try(message, live, control.stop, message.id, now=self.time.wall):
            message.ended, message.paused = "stopped", False

    def undo(self, which: int, *, pressed: int = 0) -> None:
        """An organizer takes a launch back, having pressed so many seconds ago: all, or nothing."""
        message = self._message(which)
        now = self.time.wall - timedelta(seconds=pressed)
        # When it is launched anew depends on when a sender notices that the clock was set back.
        early = now < message.starts_at or message.relaunched
        live = {"sending", "paused"} if early else set()
        may_fail = self.reference.claimed(message.id) or message.relaunched
        if self._try(message, live, control.undo, message.id, now=now, may_fail=may_fail):
            message.ended, message.paused = "undone", False
            if self.reference.accepted(message.id):
                raise Broken(f"message {message.id} was undone though copies have left")

    def look_at_page(self, which: int) -> None:
        """An organizer looks at a message's progress."""
        found = self.store.read(progress, self._message(which).id, now=self.time.wall)
        if not found.equation.balanced:
            raise Broken(f"the account of message {found.message_id} does not balance")

    def approve(self, which: int) -> None:
        """A person lets an unknown copy be sent again."""
        copies = self.reference.seen.ledger.copies.values()
        unknown = [copy for copy in copies if copy.status == UNKNOWN]
        copy = unknown[which % len(unknown)]
        status = self.reference.seen.messages[copy.message_id].status
        message = self.reference.launched.get(copy.message_id)
        if message and message.paused:
            return
        try:
            self.store.write(
                approve_another_send, NoJobs(), copy.id, by="organizer:1", now=self.time.wall
            )
        except NotNow:
            if status in {"sending", "paused", "finished"}:
                raise

    def _message(self, which: int) -> Launched:
        launched = list(self.reference.launched.values())
        return launched[which % len(launched)]

    def _try(
        self,
        message: Launched,
        when: Iterable[str],
        unit: Callable[..., Any],
        *args: Any,
        may_fail: bool = False,
        **values: Any,
    ) -> bool:
        """Press a button; it must work exactly when the message is in one of these states."""
        status = self.reference.seen.messages[message.id].status
        try:
            self.store.write(unit, *args, **values)
        except NotNow as no:
            if status in when and not may_fail:
                raise Broken(f"message {message.id} is {status}, yet: {no}") from no
            return False
        if status not in when:
            raise Broken(f"message {message.id} was {status}, yet {unit.__name__} did something")
        return True

    # The provider

    def provide(self, item: Outgoing, fate: str) -> Outcome:
        """A request has reached the provider: what it does, and what it says."""
        ticket = item.ticket
        self.reference.arrived(ticket.delivery_id, ticket.attempt, item.address, self.store.see())
        kind, outcome = _FATES[fate]
        if kind == "refused":  # what is learned of an address holds, whatever becomes of the copy
            channel = self.reference.seen.ledger.copies[ticket.delivery_id].channel
            self.reference.ever.add((channel, item.address))
        sid = f"SM{len(self.reference.journal)}"
        self.reference.journal.append(
            {
                "kind": kind,
                "delivery_id": ticket.delivery_id,
                "attempt": ticket.attempt,
                "to": item.address,
                "sid": sid,
                "token": ticket.token,
            }
        )
        return Accepted(sid) if outcome is None else outcome

    def receipt(self, which: int, verdict: str, code: str = "", *, times: int = 1) -> None:
        """The provider tells what became of a copy: early, late, twice, of an older attempt."""
        accepted = [entry for entry in self.reference.journal if entry["kind"] == "accepted"]
        entry = accepted[which % len(accepted)]
        channel = self.reference.seen.ledger.copies[entry["delivery_id"]].channel
        marks = {"d": str(entry["delivery_id"]), "a": str(entry["attempt"]), "k": entry["token"]}
        self._receipts += 1
        events = [_event(channel, entry, marks, verdict, code, n) for n in range(times)]
        if verdict in {"failed", "undelivered"}:
            self.reference.journal.append({**entry, "kind": "receipt"})
        if code and channel == "sms":
            self._unapplied.append((channel, entry["to"], code))
            self.reference.ever.add((channel, entry["to"]))
        self.store.write(store, events, now=self.time.wall)

    def forge(self, which: int) -> None:
        """Somebody sends a receipt with marks we never issued: it must not move anything."""
        copies = list(self.reference.seen.ledger.copies.values())
        copy = copies[which % len(copies)]
        token = receipt_token("another installation's secret", copy.id, copy.attempt)
        marks = {"d": str(copy.id), "a": str(copy.attempt), "k": token}
        entry = {"sid": f"FORGED{self._receipts}", "to": copy.address or "+16082009999"}
        self._receipts += 1
        event = _event(copy.channel, entry, marks, "delivered", "", self._receipts)
        self.store.write(store, [event], now=self.time.wall)
        self.apply()

    def apply(self) -> None:
        """Apply the receipts that wait."""
        for channel, address, code in self._unapplied:
            self.reference.refuse((channel, address), code)
        self._unapplied.clear()
        while self.store.write(apply_waiting, secret=IDENTITY.secret, now=self.time.wall):
            pass

    # Senders

    def start(self) -> Life:
        """A process starts to send."""
        life = Life(self)
        crashed = self._crashed()
        self.starts.append(life)
        self.lives.append(life)
        task = life.begin(life.sender.start())
        life.go_on()
        broken = BROKEN in task.result()
        if self.alone and broken != (crashed >= UNCLEAN):
            raise Broken(f"after {crashed} crashes the breaker said {broken}")
        return life

    def _crashed(self) -> int:
        since = self.time.wall - TEN_MINUTES
        unclean = [life for life in self.starts if life not in self.ended_well]
        return sum(life.started_at > since for life in unclean)

    def work(self, life: Life) -> None:
        """It looks for the most urgent piece of work."""
        life.begin(life.sender.next(len(life.tasks)))

    def job(self, life: Life, which: int) -> None:
        """It is told to look at a batch, perhaps late, twice, or for nothing."""
        batches = self.store.batches()
        if batches:
            life.begin(life.sender.look(batches[which % len(batches)][0]))

    def keep_house(self, life: Life) -> None:
        """It expires what is due and takes back what dead senders held."""
        life.begin(life.sender.housekeeping())

    def run(self, life: Life, fates: Sequence[str] = ("taken",)) -> None:
        """It works undisturbed until there is nothing to do."""
        for _ in range(LONGEST_RUN):
            if life.waiting:
                life.go_on(0, fates)
                self.complain()
            elif life.busy or not self._finds_work(life):
                return

    def go_as_far_as(self, life: Life, gate: str, fates: Sequence[str]) -> None:
        """It works until the next thing that it wants to do is to write, to send, or to hear."""
        for step in range(LONGEST_WAY):
            if not life.waiting:
                self.work(life)
            elif step and life.waiting[0].what == gate:
                return
            else:
                life.go_on(0, fates)

    def others_take_over(self, life: Life, fates: Sequence[str]) -> None:
        """All leases run out; then another sender does what there is to do."""
        self.time.pass_by(LEASE_AND_A_SECOND)
        self.loop.settle()
        if self.alone:
            self.crash(life)
        others = [other for other in self.lives if other is not life and not other.waiting]
        heir = others[0] if others else self.start()
        self.keep_house(heir)
        self.run(heir, fates)
        if len(self.lives) > MOST_LIVES:
            self.crash(heir)

    def _finds_work(self, life: Life) -> bool:
        task = life.begin(life.sender.next(0))
        return not task.done() or bool(task.result())

    def drain(self, life: Life) -> None:
        """SIGTERM: it lets what is on the wire come home, and ends."""
        task = life.begin(life.sender.drain())
        for _ in range(LONGEST_RUN):
            if task.done():
                break
            if not life.waiting:
                self.time.pass_by(20)
                self.loop.settle()
            else:
                life.go_on()
        self.ended_well.add(life)
        self.crash(life)

    def crash(self, life: Life) -> None:
        """kill -9."""
        life.die()
        self.lives.remove(life)

    # The end

    def end(self) -> None:
        """Everybody answers, leases run out, senders run until idle: nobody may be left."""
        self.apply()
        self.read_reply(opted_out=False)
        for life in list(self.lives):
            self.run(life)
        if not self.lives:
            self.time.pass_by(TEN_MINUTES.total_seconds())
            self.start()
        for number in range(len(self.reference.launched)):
            self.resume(number)
        self._resume_answers()
        life = self.lives[0]
        for _ in range(ROUNDS):
            self.keep_house(life)
            self.run(life)
            if self._nothing_open():
                break
            self._next_alarm()
        self.complain()
        self.reference.at_the_end(self.store.see())
        self.complain()
        for number in range(len(self.reference.launched)):
            self.look_at_page(number)

    def _resume_answers(self) -> None:
        for number in list(self.reference.seen.messages):
            # The first that is resumed takes the others with it.
            if self.reference.seen.messages[number].status == "paused":
                self.store.write(control.resume, NoJobs(), number, now=self.time.wall)

    def _nothing_open(self) -> bool:
        sending = any(copy.status == SENDING for copy in self.reference.seen.ledger.copies.values())
        due = any(open_ for _, open_, _ in self.store.batches())
        live = {"sending", "paused"}
        return not (
            sending or due or any(m.status in live for m in self.reference.seen.messages.values())
        )

    def _next_alarm(self) -> None:
        times = [next_at for _, open_, next_at in self.store.batches() if open_]
        wait = min((at - self.time.wall).total_seconds() for at in times) if times else 0
        self.time.pass_by(max(wait, 61.0))


def as_unit(builder: Callable[..., int]) -> Callable[..., int]:
    """A builder of rows, as a unit of work: its connection has a name."""
    return builder


def _is_ours(error: BaseException) -> bool:
    return isinstance(getattr(error, "orig", error), InjectedFault)


def _grant(conn: Any, where: tuple[str, str], *, now: datetime) -> None:
    grant_unless_refused(conn, [where], source="test", evidence="signed up", actor="test", now=now)


def _event(
    channel: str, entry: Any, marks: dict[str, str], verdict: str, code: str, number: int
) -> RawEvent:
    if channel == "sms":
        form = {**marks, "MessageSid": entry["sid"], "MessageStatus": verdict, "ErrorCode": code}
        return RawEvent(twilio.NAME, twilio.event_key(form), RECEIPT, form)
    names = {"queued": "processed", "sent": "processed", "failed": "dropped"}
    name = names.get(verdict, "bounce" if verdict == "undelivered" else verdict)
    fields = {"event": name, "type": "blocked", "email": entry["to"], "sg_message_id": entry["sid"]}
    payload = {**marks, **fields, "timestamp": str(number)}
    return RawEvent(sendgrid.NAME, sendgrid_events.event_key(payload), RECEIPT, payload)


_FATES: dict[str, tuple[str, Outcome | None]] = {
    "taken": ("accepted", None),
    "taken, not told": ("accepted", Unknown("timeout")),
    "raises": ("accepted", Unknown("never told")),
    "lost": ("lost", Unknown("reset")),
    "refused": ("refused", Rejected("21610", Harm.OPTED_OUT)),
    "bounced": ("refused", Rejected("21211", Harm.BOUNCED)),
    "busy": ("busy", NotSent("429", 2)),
    "misconfigured": ("busy", Misconfigured("20003", "Check the token.")),
}
