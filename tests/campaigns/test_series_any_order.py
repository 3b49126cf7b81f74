"""Whatever happens to a series and its people, in any order: nobody gets a step twice, and of everybody it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, select, update

from campaigns import series, series_account, step_answers
from campaigns.models import RunStatus
from contacts import consent
from contacts.ledger import UNDONE
from contacts.models import Consent, Membership, Standing
from contacts.pairing import Agreed
from contacts.people import leave_project
from messages import counts
from messages.calling_off import cancel_pending
from messages.control import NotNow
from messages.erasing import erase
from messages.models import Delivery, Message, MessageStatus, Status
from messages.series_models import Enrolment, SeriesStatus, StepCopy, StepMail
from messages.uniting import unite
from tests.builders import address_of, make_project
from tests.campaigns.test_series import (
    DAY,
    HOUR,
    MINUTE,
    NINE,
    join,
    make_series,
    require_balance,
    sweep,
)
from tests.doubles import NoJobs

ZONES = (("America/Chicago",), ("Pacific/Honolulu",), ("Pacific/Guam",), ())
WAITS = (MINUTE, 50 * MINUTE, 3 * HOUR, DAY, 5 * DAY)
NO_COPY = (Status.SKIPPED, Status.STOPPED, Status.EXPIRED)


class World:
    """A series of two emails, its people, and whoever does something to them."""

    def __init__(self, conn: Connection) -> None:
        self.conn, self.jobs, self.now = conn, NoJobs(), NINE - DAY
        self.project = make_project(conn)
        self.made = make_series(conn, self.project, days=(0, 2))
        self.steps = [each.id for each in series.steps_of(conn, self.made)]
        self.people = list[int]()
        self.whose = dict[str, int]()  # mailbox -> person
        self.had = Counter[tuple[int, int]]()  # what two had got before they were united

    def join(self, number: int) -> None:
        person = join(
            self.conn, self.project, f"P{len(self.whose)}", self.now, zones=ZONES[number % 4]
        )
        self.people.append(person)
        self.whose[self._address(person)] = person

    def look(self, number: int) -> None:
        self.now += WAITS[number % len(WAITS)]
        sweep(self.conn, self.jobs, self.made, self.now)

    def send(self, number: int) -> None:
        """A sender claims what waits; sometimes it has the answer at once."""
        live = select(Message.id).where(Message.status == MessageStatus.SENDING)
        self._move(Status.PENDING, Status.SENDING, [Delivery.message_id.in_(live)])
        if number % 2:
            self.answered(number // 2)

    def answered(self, number: int) -> None:
        """A provider takes what was claimed, or the sender had to give it back."""
        if number % 2:
            self._move(Status.SENDING, Status.DELIVERED)
            return
        ended = Delivery.message_id.in_(
            select(Message.id).where(Message.status == MessageStatus.STOPPED)
        )
        self._move(Status.SENDING, Status.STOPPED, [ended], "stopped")
        self._move(Status.SENDING, Status.PENDING)

    def steer(self, number: int) -> None:
        with suppress(NotNow):
            if number % 4 == 0:
                series.pause(self.conn, self.made)
            elif number % 4 == 1:
                series.resume(self.conn, self.jobs, self.made, now=self.now)
            elif number % 4 == 2:
                series.stop(self.conn, self.made, now=self.now)
            else:
                series.take_up(self.conn, self.made, now=self.now)

    def say(self, number: int) -> None:
        """An answer for everybody who is held, or one that is undone."""
        if number % 3 == 0:
            with suppress(NotNow):
                step_answers.put_back(self.conn, self.steps[number % 2])
            return
        for line in series_account.account(self.conn, self.made).lines:
            for reason, group in line.held.items():
                told: dict[str, Any] = {"send": number % 3 == 1, "by": "x", "now": self.now}
                step_answers.answer(self.conn, line.step.id, reason, upto=group.upto, **told)

    def strike(self, number: int) -> None:
        with suppress(NotNow):
            if number % 4 < 2:
                series.retire_step(self.conn, self.steps[number % 2], now=self.now)
            else:
                series.restore_step(self.conn, self.steps[number % 2])

    def leave(self, number: int) -> None:
        """Somebody says stop, or leaves the list, or asks to be erased; or a stop was not theirs."""
        if not self.people:
            return
        person = self.people[number % len(self.people)]
        address = self._address(person)
        said: dict[str, Any] = {"evidence": "", "actor": "x", "now": self.now}
        if number % 4 == 0:
            consent.refuse(
                self.conn, "email", address, standing=Standing.OPTED_OUT, source="email", **said
            )
            cancel_pending(
                self.conn, channel="email", address=address, reason="opted_out", now=self.now
            )
        elif number % 4 == 1:
            lines = self.conn.scalars(
                select(Consent.id).filter_by(address=address, standing="opted_out")
            ).all()
            if lines:
                consent.take_back(self.conn, lines, source=UNDONE, **said)
        elif number % 4 == 2:
            leave_project(self.conn, person, self.project)
        else:
            with suppress(NotNow):
                erase(self.conn, person, now=self.now)
                self.people.remove(person)

    def unite(self, number: int) -> None:
        if len(self.people) < 2:
            return
        first, other = (
            self.people[number % len(self.people)],
            self.people[number // 2 % len(self.people)],
        )
        got = self.got()
        with suppress(NotNow):
            kept = unite(self.conn, Agreed("pair", first, other), now=self.now)
            if kept is None:
                return
            gone = max(first, other)
            self.people.remove(gone)
            self.whose = {each: kept if who == gone else who for each, who in self.whose.items()}
            for step in self.steps:
                self.had[step, kept] = got[step, kept] + got[step, gone]

    def end(self) -> None:
        """The series runs for months, whoever is asked answers, and everything leaves."""
        for act in (3, 1):
            self.steer(act)
        for _ in range(3):
            self.send(0)
            self.answered(1)
            self.look(4)
            self.say(1)
            self.look(0)

    def got(self) -> Counter[tuple[int, int]]:
        """How many copies of a step that left, or are about to, a person has."""
        rows = (
            select(StepMail.step_id, Delivery.address)
            .join(Delivery, Delivery.message_id == StepMail.message_id)
            .where(Delivery.status.not_in(NO_COPY), Delivery.address.in_(list(self.whose)))
        )
        return Counter((row.step_id, self.whose[row.address]) for row in self.conn.execute(rows))

    def require_promise(self) -> None:
        require_balance(self.conn, self.made)
        twice = {key: n for key, n in self.got().items() if n > max(1, self.had[key])}
        assert twice == {}

    def require_end(self) -> None:
        """Everybody on the list came into it, nobody waits, and nobody who is in it lost an email by a stop."""
        came = select(Enrolment.contact_id).where(Enrolment.contact_id.is_not(None))
        missed = select(Membership.contact_id).where(Membership.contact_id.not_in(came))
        assert self.conn.scalars(missed).all() == []
        account = series_account.account(self.conn, self.made)
        assert not [each for each in account.retired if each.held or each.put_off]
        assert [(each.waiting, each.held, each.put_off) for each in account.lines] == [
            (0, {}, {})
        ] * len(account.lines)
        lost = (
            select(StepCopy.id)
            .join(Delivery, Delivery.id == StepCopy.delivery_id)
            .join(Enrolment, Enrolment.id == StepCopy.enrolment_id)
            .where(StepCopy.status == RunStatus.FIRED, Delivery.status == int(Status.STOPPED))
            .where(Enrolment.left_at.is_(None))
        )
        assert self.conn.scalars(lost).all() == []
        assert series.look_at(self.conn, self.made).status == SeriesStatus.RUNNING

    def _address(self, person: int) -> str:
        return address_of(self.conn, person, "email") or ""

    def _move(
        self,
        before: Status,
        after: Status,
        where: Sequence[ColumnElement[bool]] = (),
        reason: str = "",
    ) -> None:
        columns = (Delivery.id, Delivery.message_id, Delivery.channel, Delivery.zone_set_id)
        moved = update(Delivery).where(Delivery.status == int(before), *where)
        rows = self.conn.execute(moved.values(status=int(after), reason=reason).returning(*columns))
        deltas = counts.Deltas()
        for row in rows.all():
            key, zone = (row.message_id, row.channel), row.zone_set_id
            counts.moved(
                deltas,
                counts.place(*key, before, "", zone),
                counts.place(*key, after, reason, zone),
            )
        counts.apply(self.conn, deltas)


ACTS = (
    "join",
    "look",
    "look",
    "send",
    "answered",
    "steer",
    "steer",
    "say",
    "strike",
    "leave",
    "unite",
)


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 11)), min_size=6, max_size=16))
@settings(
    max_examples=settings().max_examples // 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_nobody_gets_a_step_twice_and_everybody_is_accounted_for(
    conn: Connection, acts: list[tuple[str, int]]
) -> None:
    with conn.begin_nested() as example:
        world = World(conn)
        world.join(0)
        for act, number in acts:
            getattr(world, act)(number)
            world.require_promise()
        world.end()
        world.require_promise()
        world.require_end()
        example.rollback()
