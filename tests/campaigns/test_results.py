"""Every figure of a report is what somebody would count who read all rows one after another, and parts add up."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from actions.models import Outcome, Response
from actions.responses import REACHED
from campaigns import deeds, results
from campaigns.counting import figures_of
from campaigns.results import Part, Result
from contacts.belonging import NO_PROJECT, SEVERAL
from contacts.models import Address, Channel, Consent, Standing
from messages import counts, followed
from messages.audience import LEFT
from messages.models import (
    Batch,
    Click,
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    Reply,
    ReplyVerdict,
    Status,
)
from messages.providers.provider import Trouble
from messages.reach_models import MailTrouble
from messages.scanners import Sign
from tests.builders import (
    make_action,
    make_contact,
    make_delivery,
    make_message,
    make_project,
)
from tests.web.console.test_inbox_plans import explained

HOUR = timedelta(hours=1)
FATES = (Status.DELIVERED, Status.ACCEPTED, Status.UNDELIVERED, Status.SKIPPED, Status.UNKNOWN)


@dataclass
class Copy:
    """A copy, and what its person did."""

    id: int
    message: int
    contact: int
    status: Status
    language: str
    clicks: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass
class World:
    """Emails of one action, in the order in which they left, and everything that came of them."""

    launched: dict[int, datetime]
    copies: list[Copy]
    projects: dict[int, list[int]]  # of each person
    answers: list[tuple[int, Outcome, datetime]]
    refusals: list[tuple[int, datetime]]
    troubles: list[tuple[int, str]]
    replies: list[tuple[int, str]]

    def left(self, message: int) -> list[Copy]:
        return [c for c in self.copies if c.message == message and c.status in LEFT]

    def last(self, contact: int, at: datetime) -> int:
        """The copy of the last email that somebody got by then; 0 = none."""
        got = [
            (self.launched[c.message], c.id)
            for c in self.copies
            if c.contact == contact and c.status in LEFT and self.launched[c.message] <= at
        ]
        return max(got)[1] if got else 0

    def answers_to(self, copy: Copy) -> list[tuple[Outcome, datetime]]:
        return [
            (outcome, at)
            for contact, outcome, at in self.answers
            if contact == copy.contact
            and outcome is not Outcome.SKIPPED
            and self.last(contact, at) == copy.id
        ]

    def result(self, message: int) -> Result:
        left = self.left(message)
        people = {c.id: [at for at, sign in c.clicks if not sign] for c in left}
        acted = {c.id: self.answers_to(c) for c in left if self.answers_to(c)}
        return Result(
            left=len(left),
            clicked=sum(bool(each) for each in people.values()),
            machines=sum(bool(c.clicks) and not people[c.id] for c in left),
            acted=len(acted),
            through=sum(
                any(click <= at for click in people[each] for _, at in told)
                for each, told in acted.items()
            ),
            calls=sum(outcome in REACHED for told in acted.values() for outcome, _ in told),
            refused=len(
                {
                    contact
                    for contact, at in self.refusals
                    if self.last(contact, at) in people
                    and at < self.launched[message] + results.AFTER
                }
            ),
            complaints=sum(
                kind == Trouble.COMPLAINT.value for each, kind in self.troubles if each == message
            ),
            replies=sum(
                verdict != ReplyVerdict.OPT_OUT for each, verdict in self.replies if each == message
            ),
        )

    def whose(self, contact: int) -> int:
        of = self.projects[contact]
        return of[0] if len(of) == 1 else (SEVERAL if of else NO_PROJECT)

    def part(self, copies: Sequence[Copy]) -> Part:
        return Part(
            left=len(copies),
            clicked=sum(any(not sign for _, sign in c.clicks) for c in copies),
            acted=sum(bool(self.answers_to(c)) for c in copies),
        )


def make_world(conn: Connection, now: datetime, seed: int) -> World:
    chance = random.Random(seed)
    madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
    people, projects = [], {}
    for _ in range(14):
        of = [each for each in (madison, bangor) if chance.random() < 0.5]
        people.append(make_contact(conn, projects=of))
        projects[people[-1]] = sorted(of)
    action = make_action(conn)
    launched, copies = {}, []
    for number in range(3):
        at = now - timedelta(days=12) + number * timedelta(days=chance.choice((1, 4, 9)))
        message = make_message(
            conn,
            kind=MessageKind.CAMPAIGN,
            status=MessageStatus.FINISHED,
            action_id=action,
            launched_at=at + number * HOUR,
        )
        launched[message] = at + number * HOUR
        copies += _copies(conn, chance, message, people)
    world = World(dict(sorted(launched.items())), copies, projects, [], [], [], [])
    _deeds(conn, chance, world, people, action)
    return world


def _copies(
    conn: Connection, chance: random.Random, message: int, people: Sequence[int]
) -> list[Copy]:
    found = []
    for contact in people:
        status, language = chance.choice(FATES), chance.choice(("en", "es", ""))
        told: dict[str, Any] = {"status": status, "language": language, "channel": Channel.EMAIL}
        copy = make_delivery(conn, message, contact, **told)
        found.append(Copy(copy, message, contact, status, language))
    ids = [each.id for each in found]
    middle = chance.choice(ids)
    for lo, hi in ((min(ids), middle), (middle, max(ids) + 1)):
        row = {"message_id": message, "channel": Channel.EMAIL, "lo_id": lo, "hi_id": hi}
        when = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
        conn.execute(insert(Batch).values(**row, priority=50, open=False, next_at=when))
    kept = counts.counted(conn, message)
    counts.apply(conn, counts.Deltas(kept))
    conn.execute(update(Message).where(Message.id == message).values(expected=sum(kept.values())))
    return found


def _deeds(
    conn: Connection, chance: random.Random, world: World, people: Sequence[int], action: int
) -> None:
    begun = min(world.launched.values())
    moments = [begun + timedelta(hours=hour) for hour in range(-5, 24 * 20, 7)]
    for copy in world.copies:
        for _ in range(chance.choice((0, 0, 1, 2))):
            at, sign = chance.choice(moments), chance.choice(("", "", Sign.EARLY.value))
            copy.clicks.append((at, sign))
            conn.execute(insert(Click).values(delivery_id=copy.id, at=at, sign=sign))
    followed.note(conn, [copy.id for copy in world.copies])
    for contact in people:
        for target in ("us:senate:WI:1", "us:senate:WI:3")[: chance.choice((0, 1, 2))]:
            outcome, at = chance.choice(list(Outcome)), chance.choice(moments)
            row = {"action_id": action, "contact_id": contact, "who": f"contact:{contact}"}
            told = {"target": target, "outcome": outcome, "channel": "web", "note": "", "at": at}
            conn.execute(insert(Response).values(**row, **told))
            world.answers.append((contact, outcome, at))
        if chance.random() < 0.4:
            at = chance.choice(moments)
            _refuse(conn, contact, at)
            world.refusals.append((contact, at))
    for message in world.launched:
        for copy in chance.sample(world.left(message), min(2, len(world.left(message)))):
            kind = chance.choice((Trouble.COMPLAINT.value, Trouble.SOFT.value))
            world.troubles.append((message, kind))
            row = {"delivery_id": copy.id, "message_id": message, "channel": Channel.EMAIL}
            more = {"address": "x@example.org", "kind": kind, "code": "", "at": begun}
            conn.execute(insert(MailTrouble).values(**row, **more))
        for verdict in chance.sample(list(ReplyVerdict), 3):
            world.replies.append((message, verdict))
            row = {"channel": Channel.EMAIL, "address": "x@example.org", "message_id": message}
            more = {"body": "x", "verdict": verdict, "received_at": begun, "handled_by": ""}
            conn.execute(insert(Reply).values(**row, **more))


def _refuse(conn: Connection, contact: int, at: datetime) -> None:
    mine = (Address.contact_id == contact, Address.channel == Channel.EMAIL)
    address = conn.execute(select(Address.address).where(*mine)).scalar_one()
    said = {"channel": Channel.EMAIL, "address": address, "standing": Standing.OPTED_OUT}
    for scope in ("network", "project:1"):  # one wish may be two lines of the ledger
        more = {"scope": scope, "source": "one_click", "evidence": "", "actor": "supporter"}
        conn.execute(insert(Consent).values(**said, **more, at=at))


@pytest.mark.parametrize("seed", range(8))
def test_what_is_told_is_what_the_rows_say(conn: Connection, now: datetime, seed: int) -> None:
    world = make_world(conn, now, seed)

    found = results.read(conn, list(world.launched), projects=True)

    assert found.results == {each: world.result(each) for each in world.launched}
    for message, parts in found.parts.items():
        left = world.left(message)
        languages = {c.language for c in left}
        assert parts.languages == {
            code: world.part([c for c in left if c.language == code]) for code in languages
        }
        owners = {world.whose(c.contact) for c in left}
        assert parts.projects == {
            each: world.part([c for c in left if world.whose(c.contact) == each]) for each in owners
        }


@pytest.mark.parametrize("seed", range(4))
def test_the_parts_of_an_email_and_of_a_campaign_add_up_to_the_whole(
    conn: Connection, now: datetime, seed: int
) -> None:
    world = make_world(conn, now, seed)
    begun = min(world.launched.values())
    ends = [begun + hour * 9 * HOUR for hour in range(1, 12)]

    together = results.read(conn, list(world.launched), projects=True, ends=ends)
    alone = [results.read(conn, [each], projects=True, ends=ends) for each in world.launched]

    whole = sum(together.results.values(), Result())
    assert sum((sum(each.results.values(), Result()) for each in alone), Result()) == whole
    total = Part(left=whole.left, clicked=whole.clicked, acted=whole.acted)
    for table in ("languages", "projects"):
        lines = [getattr(each, table) for each in together.parts.values()]
        assert sum((part for each in lines for part in each.values()), Part()) == total
    assert sum(together.spans, Part()) == replace(total, left=0)
    assert len(together.spans) == len(ends) + 1


def test_an_experiment_counts_the_same(conn: Connection, now: datetime) -> None:
    world = make_world(conn, now, 3)

    found = figures_of(conn, list(world.launched))

    told = [world.result(each) for each in world.launched]
    assert [(each.left, each.clicked, each.machines, each.acted) for each in found] == [
        (each.left, each.clicked, each.machines, each.acted) for each in told
    ]


def test_of_many_copies_only_those_are_read_whose_people_did_something(
    conn: Connection, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(conn, now, 1)
    monkeypatch.setattr(results, "FEW_ENOUGH", 3)

    found = results.read(conn, list(world.launched))

    every = [part for parts in found.parts.values() for part in parts.languages.values()]
    assert sum(part.left for part in every) == 0
    assert sum(part.clicked for part in every) == sum(
        each.clicked for each in found.results.values()
    )


def test_who_got_an_old_email_is_forgotten_and_said_to_be(conn: Connection, now: datetime) -> None:
    world = make_world(conn, now, 2)
    old, *others = world.launched
    gone = update(Delivery).where(Delivery.message_id == old)
    conn.execute(gone.values(address=None, contact_id=None))

    assert results.read(conn, [old, *others]).forgotten == {old}


def test_no_figure_reads_every_copy_nor_every_word_of_the_ledger(
    conn: Connection, now: datetime
) -> None:
    world = make_world(conn, now, 1)
    ids, launched = list(world.launched), world.launched

    def ask() -> None:
        emails = results._launched(conn, ids)  # noqa: SLF001 - as they are read
        deeds.deeds(conn, emails, deeds.By(True, ()))
        results._refused(conn, launched)  # noqa: SLF001 - its plan is looked at

    plan = explained(conn, ask)

    assert "SCAN consents" not in plan
    assert "Seq Scan on" not in re.sub(r"Seq Scan on (answers|people_changes)", "", plan)
    if conn.dialect.name == "sqlite":  # PostgreSQL goes by how many there are
        assert "ix_messages_action_id_launched_at" in plan
        assert "ix_consents_refusals" in plan
        assert "SEARCH followed_copies USING COVERING INDEX ix_followed_copies_message_id" in plan
        assert "ix_followed_copies_unsettled" in plan
        assert "clicks" not in plan
        assert "sqlite_autoindex_deliveries_2 (message_id=?)" not in plan
        assert "sqlite_autoindex_deliveries_1 (contact_id=?)" not in plan  # all that somebody got
        assert "ix_messages_launched_at (launched_at>? AND launched_at<?)" in plan
