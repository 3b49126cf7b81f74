"""Several ways of writing an email: each on its part of the people, one decision, and nobody gets two."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from campaigns import (
    calendar,
    changing,
    collisions,
    deciding,
    experiments,
    firing,
    occurrences,
    variants,
)
from campaigns.approving import digest
from campaigns.deciding import Decided
from campaigns.experiment_models import Experiment, State, Why
from campaigns.models import CampaignRun, Reason, RunStatus
from campaigns.variants import BadExperiment, Measure, Plan, Unclear
from contacts.consent import refuse
from contacts.models import Address, Channel, Contact, Standing
from database import locking
from database.opening import Opened
from messages import audience as audiences
from messages import followed
from messages.control import NotNow, Words, stop
from messages.models import Click, Delivery, Message, MessageStatus, MessageText, Status
from tests.builders import make_contact, make_message
from tests.campaigns.test_firing import HOUSE, NINE, make_email_draft
from tests.messages.test_sending import Bench

AT = "2026-12-01T09:00"
FOUR_HOURS = timedelta(hours=4)


def other(subject: str, *, body: str = "") -> dict[str, Words]:
    return {code: Words(subject=f"{subject} {code}", body=body) for code in ("en", "es")}


def a_plan(**changes: Any) -> Plan:
    return replace(Plan(others=[other("Rivers")], share=500), **changes)


class Trial:
    """An email, its people, and whatever happens to them, with a clock that tests set."""

    def __init__(self, opened: Opened) -> None:
        self.bench = Bench(opened, NINE)
        self.bench.policy = replace(self.bench.policy, window=500)
        self.email_id = 0

    async def begin(self, people: int = 60, **plan: Any) -> None:
        def prepare(conn: Connection) -> int:
            for _ in range(people):
                make_contact(conn, phone=None)
            return schedule(conn, plan=a_plan(**plan))

        self.email_id = await self.bench.write(prepare)
        await self.fire()

    async def fire(self) -> None:
        await self.bench.write(
            firing.fire, self.bench.jobs, self.email_id, house=HOUSE, now=self.bench.now
        )
        await self.bench.work()

    async def decide(self, after: timedelta = FOUR_HOURS) -> list[Decided]:
        self.bench.now += after
        found: list[Decided] = await self.bench.write(
            deciding.decide, self.bench.jobs, self.email_id, house=HOUSE, now=self.bench.now
        )
        await self.bench.work()
        return found

    async def choose(self, place: int) -> Decided:
        found: Decided = await self.bench.write(
            deciding.choose,
            self.bench.jobs,
            self.email_id,
            AT,
            place,
            house=HOUSE,
            by="Ben",
            now=self.bench.now,
        )
        await self.bench.work()
        return found

    async def messages(self) -> list[int]:
        def read(conn: Connection) -> list[int]:
            return list(conn.scalars(select(Message.id).order_by(Message.id)))

        return list(await self.bench.database.read(read))

    async def subjects(self) -> dict[str, str]:
        """What everybody got, by address; nobody may have got two."""
        addresses = [each.address for each in self.bench.emails.given]
        assert len(set(addresses)) == len(addresses)

        def read(conn: Connection) -> dict[str, str]:
            rows = (
                select(Delivery.address, MessageText.subject)
                .join(MessageText, MessageText.message_id == Delivery.message_id)
                .where(MessageText.language == "en", Delivery.status == Status.ACCEPTED)
            )
            return {str(address): subject for address, subject in conn.execute(rows)}

        return dict(await self.bench.database.read(read))

    async def click(self, subject: str, count: int) -> None:
        """So many of those who got this subject follow a link."""

        def follow(conn: Connection) -> None:
            rows = (
                select(Delivery.id.label("delivery_id"))
                .join(MessageText, MessageText.message_id == Delivery.message_id)
                .where(MessageText.subject == subject, Delivery.status == Status.ACCEPTED)
            )
            found = conn.execute(rows.order_by(Delivery.id).limit(count)).mappings().all()
            assert len(found) == count
            conn.execute(insert(Click), [{**each, "at": self.bench.now} for each in found])
            followed.note(conn, [each["delivery_id"] for each in found])

        await self.bench.write(follow)

    async def row(self) -> Any:
        def read(conn: Connection) -> Any:
            return conn.execute(select(Experiment)).one()

        return await self.bench.database.read(read)


def schedule(conn: Connection, *, plan: Plan | None, **changes: Any) -> int:
    campaign = calendar.create_campaign(
        conn, name="Water", goal="No mining", project_id=None, created_by="Amina", now=_before()
    )
    draft = make_email_draft(experiment=plan, **changes)
    email_id, _ = calendar.schedule(conn, campaign, draft, created_by="Amina", now=_before())
    return email_id


def _before() -> datetime:
    return NINE - timedelta(days=3)


@pytest.fixture
def trial(opened: Opened) -> Trial:
    return Trial(opened)


async def test_some_get_each_subject_and_the_others_the_one_ahead(trial: Trial) -> None:
    await trial.begin(people=60)
    tried = Counter((await trial.subjects()).values())
    await trial.click("Rivers en", 2)

    [decided] = await trial.decide()

    assert set(tried) == {"Water", "Rivers en"}
    assert tried.total() < 60
    assert (decided.state, decided.why) == (State.DECIDED, Why.LEADING)
    got = Counter((await trial.subjects()).values())
    assert got == {"Water": tried["Water"], "Rivers en": 60 - tried["Water"]}


async def test_a_clear_winner_is_sent_whatever_was_to_happen_otherwise(trial: Trial) -> None:
    await trial.begin(people=320, share=900, unclear=Unclear.FIRST)
    await trial.click("Rivers en", 60)

    [decided] = await trial.decide()

    assert (decided.why, (await trial.row()).chosen) == (Why.CLEAR, 1)
    assert sum(each["clicked"] for each in (await trial.row()).figures) == 60


@pytest.mark.parametrize(
    ("unclear", "state", "why"),
    [
        (Unclear.LEADER, State.DECIDED, Why.LEADING),
        (Unclear.FIRST, State.DECIDED, Why.FIRST),
        (Unclear.ASK, State.HELD, Why.ASK),
    ],
)
async def test_what_is_not_clear_goes_by_the_rule_chosen_beforehand(
    trial: Trial, unclear: Unclear, state: State, why: Why
) -> None:
    await trial.begin(unclear=unclear)
    await trial.click("Rivers en", 1)

    [decided] = await trial.decide()

    assert (decided.state, decided.why) == (state, why)
    assert (await trial.row()).chosen == (
        None if state == State.HELD else int(unclear is Unclear.LEADER)
    )


async def test_nobody_decides_before_the_time_and_only_once(trial: Trial) -> None:
    await trial.begin()

    assert await trial.decide(after=FOUR_HOURS - timedelta(seconds=1)) == []
    assert len(await trial.decide(after=timedelta(seconds=1))) == 1
    assert await trial.decide(after=timedelta(hours=1)) == []
    assert len(await trial.messages()) == 3


def by_machines(conn: Connection) -> None:
    """All clicks turn out to be machines'."""
    conn.execute(update(Click).values(sign="burst"))
    followed.note(conn, conn.scalars(select(Click.delivery_id)).all())


async def test_clicks_of_machines_decide_nothing(trial: Trial) -> None:
    await trial.begin()
    await trial.click("Rivers en", 3)
    await trial.bench.write(by_machines)
    await trial.click("Water", 1)

    await trial.decide()

    row = await trial.row()
    assert row.chosen == 0
    assert [(each["clicked"], each["machines"]) for each in row.figures] == [(1, 0), (0, 3)]


async def test_a_clock_that_comes_late_asks_a_person(trial: Trial) -> None:
    await trial.begin()

    [late] = await trial.decide(after=FOUR_HOURS + timedelta(minutes=61))
    chosen = await trial.choose(1)

    assert (late.state, late.why) == (State.HELD, Why.LATE)
    assert (chosen.state, chosen.why) == (State.DECIDED, Why.PERSON)
    assert (await trial.row()).decided_by == "Ben"
    assert len(await trial.subjects()) == 60


async def test_while_all_is_locked_nothing_is_decided(trial: Trial) -> None:
    await trial.begin()
    await trial.bench.write(
        locking.begin, by="Amina", reason="", sessions=0, messages=0, now=trial.bench.now
    )

    [decided] = await trial.decide()

    assert (decided.state, decided.why) == (State.HELD, Why.LOCKED)
    with pytest.raises(locking.Locked):
        await trial.choose(0)


async def test_a_person_may_decide_earlier_and_once(trial: Trial) -> None:
    await trial.begin()

    decided = await trial.choose(0)

    assert decided.why == Why.PERSON
    assert await trial.decide() == []
    with pytest.raises(NotNow):
        await trial.choose(1)
    with pytest.raises(NotNow):
        await trial.choose(7)
    assert len(await trial.subjects()) == 60


async def test_a_person_may_let_the_others_get_nothing(trial: Trial) -> None:
    await trial.begin()
    before = await trial.subjects()

    await trial.bench.write(deciding.end, trial.email_id, AT, by="Ben", now=trial.bench.now)

    assert await trial.decide() == []
    assert await trial.subjects() == before
    assert ((await trial.row()).state, (await trial.row()).why) == (State.ENDED, Why.LEFT_OUT)


async def test_whoever_says_stop_meanwhile_gets_nothing(trial: Trial) -> None:
    await trial.begin()
    got = await trial.subjects()

    def refuse_some(conn: Connection) -> str:
        address: str = conn.scalars(
            select(Address.address).where(Address.address.not_in(got)).limit(1)
        ).one()
        refuse(
            conn,
            Channel.EMAIL,
            address,
            standing=Standing.OPTED_OUT,
            source="reply",
            evidence="",
            actor="",
            now=trial.bench.now,
        )
        return address

    refused = await trial.bench.write(refuse_some)
    await trial.decide()

    assert refused not in await trial.subjects()
    assert len(await trial.subjects()) == 59


async def test_an_urgent_alert_goes_before_the_rest(trial: Trial) -> None:
    await trial.begin()

    def alert(conn: Connection) -> None:
        message_id = make_message(conn, status=MessageStatus.FINISHED)
        collisions.postpone(conn, message_id, hours=2, now=trial.bench.now + FOUR_HOURS)

    await trial.bench.write(alert)
    [decided] = await trial.decide()
    [after] = await trial.decide(after=timedelta(hours=2))

    assert (decided.state, decided.why) == (State.WAITING, Why.ALERT)
    assert after.state == State.DECIDED


async def test_a_way_of_writing_that_was_stopped_is_asked_about(trial: Trial) -> None:
    await trial.begin()
    first, *_ = await trial.messages()
    await trial.bench.write(
        lambda conn: conn.execute(
            update(Message).where(Message.id == first).values(status=MessageStatus.SENDING)
        )
    )
    await trial.bench.write(stop, first, now=trial.bench.now)

    [decided] = await trial.decide()

    assert (decided.state, decided.why) == (State.HELD, Why.STOPPED)


async def test_the_wait_counts_from_the_last_copy(trial: Trial) -> None:
    await trial.begin()
    first, *_ = await trial.messages()
    later = NINE + timedelta(hours=1)

    def finish(conn: Connection, status: MessageStatus, at: datetime | None) -> None:
        mine = update(Message).where(Message.id == first)
        conn.execute(mine.values(status=status, finished_at=at))

    await trial.bench.write(finish, MessageStatus.PAUSED, None)
    [on_its_way] = await trial.decide()
    await trial.bench.write(finish, MessageStatus.FINISHED, later)
    [ready] = await trial.decide(after=timedelta(minutes=10))
    [decided] = await trial.decide(after=timedelta(minutes=50))

    assert (on_its_way.state, on_its_way.why) == (State.WAITING, Why.UNFINISHED)
    assert (ready.state, ready.why) == (State.WAITING, Why.NONE)
    assert decided.state == State.DECIDED


async def test_a_copy_of_the_database_asks_before_the_rest_goes(trial: Trial) -> None:
    await trial.begin()
    later = NINE + FOUR_HOURS

    await trial.bench.write(occurrences.hold_overdue, later)

    assert ((await trial.row()).state, (await trial.row()).why) == (State.HELD, Why.RESTORED)
    assert await trial.decide() == []


async def test_a_copy_of_the_database_asks_nothing_where_nobody_waits(trial: Trial) -> None:
    await trial.begin(share=1000)

    await trial.bench.write(occurrences.hold_overdue, NINE + FOUR_HOURS)
    [decided] = await trial.decide()

    assert decided.state == State.DECIDED


async def test_too_few_people_all_get_the_first(trial: Trial) -> None:
    await trial.begin(people=1)

    def read(conn: Connection) -> Any:
        return conn.execute(select(CampaignRun)).one()

    run = await trial.bench.database.read(read)
    assert (run.status, run.reason) == (RunStatus.FIRED, Reason.TOO_FEW)
    assert set((await trial.subjects()).values()) == {"Water"}
    assert len(await trial.messages()) == 1


async def test_where_everybody_took_part_nobody_is_left_to_write_to(trial: Trial) -> None:
    await trial.begin(share=1000)

    [decided] = await trial.decide()

    assert (decided.state, decided.message_id) == (State.DECIDED, None)
    assert len(await trial.subjects()) == 60


@pytest.mark.parametrize("hours", [0, 5])
async def test_where_nobody_waits_nobody_is_asked_about_anything(trial: Trial, hours: int) -> None:
    """Whatever would be a question otherwise: that nothing is clear, lateness, a stop, an alert."""
    await trial.begin(share=900, holdout=100, unclear=Unclear.ASK)
    first, *_ = await trial.messages()
    before = await trial.subjects()
    await trial.click("Rivers en", 1)

    def disturb(conn: Connection) -> None:
        mine = update(Message).where(Message.id == first)
        conn.execute(mine.values(status=MessageStatus.STOPPED))
        alert = make_message(conn, status=MessageStatus.FINISHED)
        collisions.postpone(conn, alert, hours=9, now=trial.bench.now + FOUR_HOURS)

    await trial.bench.write(disturb)
    [decided] = await trial.decide(after=FOUR_HOURS + timedelta(hours=hours))

    assert (decided.state, decided.why, decided.message_id) == (State.DECIDED, Why.LEADING, None)
    assert (await trial.row()).chosen == 1
    assert await trial.subjects() == before


async def test_where_nobody_waits_it_is_told_once_all_have_had_their_time(trial: Trial) -> None:
    await trial.begin(share=1000)
    first, *_ = await trial.messages()

    def go(conn: Connection, status: MessageStatus, at: datetime | None) -> None:
        mine = update(Message).where(Message.id == first)
        conn.execute(mine.values(status=status, finished_at=at))

    await trial.bench.write(go, MessageStatus.PAUSED, None)
    [paused] = await trial.decide()
    await trial.bench.write(go, MessageStatus.FINISHED, NINE + timedelta(hours=1))
    [ready] = await trial.decide(after=timedelta(minutes=10))
    [decided] = await trial.decide(after=timedelta(minutes=50))

    assert [each.state for each in (paused, ready)] == [State.WAITING, State.WAITING]
    assert decided.state == State.DECIDED


async def test_who_moves_to_another_mailbox_gets_no_second_one(trial: Trial) -> None:
    """People of one mailbox fall together; whoever leaves it may fall elsewhere."""
    await trial.begin()

    def join_and_part(conn: Connection) -> None:
        for address in conn.scalars(select(Address.id)).all():
            row = update(Address).where(Address.id == address)
            conn.execute(row.values(address=f"new{address}@example.org"))
        conn.execute(update(Experiment).values(salt=77))  # as if all lots were drawn anew

    got = len(await trial.subjects())
    await trial.bench.write(join_and_part)
    await trial.decide()

    def copies(conn: Connection) -> Counter[int]:
        rows = select(Delivery.contact_id).where(Delivery.status == Status.ACCEPTED)
        return Counter(conn.scalars(rows))

    assert got > 0
    assert set((await trial.bench.database.read(copies)).values()) == {1}


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(each, marks=pytest.mark.long) for each in range(2, 6))]
)
async def test_every_way_of_dividing_reaches_everybody_once(trial: Trial, seed: int) -> None:
    """Families share mailboxes, some people have none; ways, shares and holdouts are as they come."""
    chance = random.Random(seed)
    ways = chance.randint(2, 4)
    holdout = chance.choice([0, 0, 50, 300])
    plan = a_plan(
        others=[other(f"Way {n}") for n in range(1, ways)],
        share=chance.choice([600, 700, 1000 - holdout]),
        holdout=holdout,
        unclear=chance.choice([Unclear.LEADER, Unclear.FIRST]),
    )

    def people(conn: Connection) -> set[str]:
        mailboxes = [f"box{n}@example.org" for n in range(90)]
        for _ in range(150):
            mailbox = chance.choice([*mailboxes, None])
            make_contact(conn, phone=None, email=mailbox)
            mailboxes.append(mailbox or mailboxes[0])
        trial.email_id = schedule(conn, plan=plan)
        return set(conn.scalars(select(Address.address)))

    mailboxes = await trial.bench.write(people)
    await trial.fire()
    await trial.decide()

    def split(conn: Connection) -> tuple[list[set[int]], set[int], set[str]]:
        row = conn.execute(select(Experiment)).one()
        whole = audiences.read(row.audience)

        def those(part: tuple[int, int]) -> set[int]:
            asked = experiments.of_part(whole, row.salt, part)
            return set(conn.scalars(audiences.contact_ids(asked)))

        held = those(variants.held_out(plan))
        divided = [*map(those, variants.shares(plan)), those(variants.rest(plan)), held]
        theirs = select(Address.address).where(Address.contact_id.in_(held))
        return divided, set(conn.scalars(select(Contact.id))), set(conn.scalars(theirs))

    divided, everybody, without = await trial.bench.database.read(split)
    assert set().union(*divided) == everybody
    assert sum(map(len, divided)) == len(everybody)
    assert set(await trial.subjects()) == mailboxes - without


def test_what_is_to_be_tried_is_part_of_what_is_approved(conn: Connection) -> None:
    plain, tried = schedule(conn, plan=None), schedule(conn, plan=a_plan())
    again = changing.change
    email = calendar.find_email(conn, tried)
    before = digest(email)

    again(conn, tried, make_email_draft(experiment=a_plan(share=300)), by="Ben", now=_before())

    assert digest(calendar.find_email(conn, tried)) != before
    assert calendar.find_email(conn, plain).experiment == {}
    again(conn, tried, make_email_draft(experiment=a_plan()), by="Ben", now=_before())
    assert digest(calendar.find_email(conn, tried)) == before


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (a_plan(others=[]), "another subject"),
        (a_plan(others=[other(str(n)) for n in range(4)]), "one to three"),
        (a_plan(others=[{}]), "same"),
        (a_plan(others=[other("A"), other("a")]), "same"),
        (a_plan(share=5), "1 %"),
        (a_plan(share=800, holdout=300), "all but who gets nothing"),
        (a_plan(holdout=600, share=100), "half"),
        (a_plan(wait_minutes=0), "seven days"),
        (a_plan(measure=Measure.ACTIONS), "no action"),
    ],
)
def test_what_cannot_be_tried_is_said_before(conn: Connection, plan: Plan, says: str) -> None:
    with pytest.raises(BadExperiment, match=says):
        schedule(conn, plan=plan)


def test_a_plan_is_stored_and_read() -> None:
    plan = a_plan(holdout=50, unclear=Unclear.ASK)

    assert variants.read(variants.write(plan)) == plan
    assert variants.read(variants.write(None)) is None


@pytest.mark.parametrize(
    ("at", "by_day"),
    [("13:00", "13:00"), ("07:59", "08:00"), ("19:59", "19:59"), ("21:30", "+08:00")],
)
def test_nothing_is_decided_at_night(at: str, by_day: str) -> None:
    zone = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=6)  # midnight in Chicago

    def instant(text: str) -> datetime:
        day = timedelta(days=text.startswith("+"))
        hour, minute = text.removeprefix("+").split(":")
        return zone + day + timedelta(hours=int(hour), minutes=int(minute))

    assert variants.by_day(instant(at), "America/Chicago") == instant(by_day)
