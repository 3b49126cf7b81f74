"""What an experiment is decided and judged by: actions, a holdout, languages, and hours where people live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from actions.models import Outcome, Response
from campaigns import changing, counting, deciding, experiments, firing
from campaigns.experiment_models import Experiment, State, Why
from campaigns.experiments import StillTried
from campaigns.variants import Measure, Unclear
from contacts.models import Contact
from database.opening import Opened
from messages import audience as audiences
from messages.models import Delivery, Message, MessageStatus, MessageText, Status
from representatives.models import ZoneSet
from tests.builders import make_action, make_contact
from tests.campaigns.test_experiments import AT, FOUR_HOURS, Trial, a_plan, other, schedule
from tests.campaigns.test_firing import HOUSE, NINE, make_email_draft
from tests.doubles import NoJobs

CHICAGO, EAST, WEST = "America/Chicago", "America/New_York", "America/Los_Angeles"


@pytest.fixture
def trial(opened: Opened) -> Trial:
    return Trial(opened)


async def begin(
    trial: Trial,
    people: int,
    *,
    action: bool = False,
    languages: Sequence[str] = ("en",),
    zones: Sequence[str] = (CHICAGO,),
    email: dict[str, Any] | None = None,
    **plan: Any,
) -> int:
    """Plan it for people of these languages and zones in turn, and fire it; the action it leads to, or 0."""

    def prepare(conn: Connection) -> tuple[int, int]:
        for at in range(people):
            language, zone = languages[at % len(languages)], zones[at % len(zones)]
            make_contact(conn, phone=None, language=language, zones=[zone])
        action_id = make_action(conn) if action else 0
        words = {"action_id": action_id or None, **(email or {})}
        return schedule(conn, plan=a_plan(**plan), **words), action_id

    trial.email_id, action_id = await trial.bench.write(prepare)
    await trial.fire()
    return int(action_id)


async def those_who_got(trial: Trial, subject: str) -> list[int]:
    def read(conn: Connection) -> list[int]:
        rows = (
            select(Delivery.contact_id)
            .join(MessageText, MessageText.message_id == Delivery.message_id)
            .where(MessageText.subject == subject, Delivery.status == Status.ACCEPTED)
        )
        return list(conn.scalars(rows.order_by(Delivery.id)))

    return list(await trial.bench.database.read(read))


async def act(
    trial: Trial,
    people: Iterable[int],
    action_id: int,
    *,
    after: timedelta = timedelta(minutes=5),
    outcome: Outcome = Outcome.SPOKE,
) -> None:
    at = trial.bench.now + after
    rows = [
        {"action_id": action_id, "contact_id": each, "who": f"contact:{each}", "at": at}
        | {"target": f"seat {number}", "outcome": outcome, "channel": "web", "note": ""}
        for number, each in enumerate(people)
    ]
    await trial.bench.write(lambda conn: conn.execute(insert(Response), rows))


async def test_actions_decide_where_the_plan_says_so_and_clicks_do_not(trial: Trial) -> None:
    action_id = await begin(trial, 60, action=True, measure=Measure.ACTIONS)
    rivers, water = await those_who_got(trial, "Rivers en"), await those_who_got(trial, "Water")
    await trial.click("Water", 5)
    await act(trial, rivers[:3], action_id)
    await act(trial, water[:1], action_id)

    [decided] = await trial.decide()

    assert (decided.why, (await trial.row()).chosen) == (Why.LEADING, 1)
    assert [each["acted"] for each in (await trial.row()).figures] == [1, 3]
    assert [each["clicked"] for each in (await trial.row()).figures] == [5, 0]


async def test_only_the_emails_own_action_counts_taken_since_once_a_person(trial: Trial) -> None:
    action_id = await begin(trial, 60, action=True, measure=Measure.ACTIONS)
    elsewhere = await trial.bench.write(make_action)
    rivers, water = await those_who_got(trial, "Rivers en"), await those_who_got(trial, "Water")
    await act(trial, rivers[:4], elsewhere)
    await act(trial, rivers[4:8], action_id, after=-timedelta(days=1))
    await act(trial, rivers[8:10], action_id, outcome=Outcome.SKIPPED)
    await act(trial, water[:1] * 3, action_id)

    await trial.decide()

    assert [each["acted"] for each in (await trial.row()).figures] == [1, 0]
    assert (await trial.row()).chosen == 0


async def test_a_holdout_is_compared_with_all_it_was_for(trial: Trial) -> None:
    action_id = await begin(trial, 200, action=True, share=700, holdout=300)

    def split(conn: Connection) -> tuple[list[int], list[int]]:
        row = conn.execute(select(Experiment)).one()
        whole = audiences.read(row.audience)
        out = experiments.of_part(whole, row.salt, (700, 1000))
        without = set(conn.scalars(audiences.contact_ids(out)))
        everybody = list(conn.scalars(select(Contact.id).order_by(Contact.id)))
        return [each for each in everybody if each not in without], sorted(without)

    written, without = await trial.bench.database.read(split)
    await act(trial, written[:20], action_id)
    await act(trial, written[20:25], action_id, after=-timedelta(days=1))  # before it began
    await act(trial, without[:4], action_id)
    await act(trial, without[4:6], action_id, outcome=Outcome.SKIPPED)

    effect = await trial.bench.database.read(
        lambda conn: counting.effect_of(conn, conn.execute(select(Experiment)).one())
    )

    assert effect is not None
    assert (effect.written_to.did, effect.written_to.of) == (20, len(written))
    assert (effect.held_out.did, effect.held_out.of) == (4, len(without))
    assert len(written) + len(without) == 200
    assert len(await trial.subjects()) == len(written)


async def test_without_a_holdout_nothing_is_compared(trial: Trial) -> None:
    await begin(trial, 20)

    assert (
        await trial.bench.database.read(
            lambda conn: counting.effect_of(conn, conn.execute(select(Experiment)).one())
        )
        is None
    )


@pytest.mark.parametrize("looked", [True, False])
async def test_the_others_get_it_at_the_hour_of_the_decision_where_they_live(
    trial: Trial, looked: bool
) -> None:
    """Decided at 3 p.m. in Chicago, four hours after the West's nine: in New York that is over and it goes at once.

    So it is if no clock looked when the first of them had had their time: that was too early, so nothing is late.
    """
    trial.bench.now = NINE - timedelta(hours=1)  # 9 a.m. in New York
    await begin(trial, 90, zones=(EAST, CHICAGO, WEST), email={"own_zone": True})
    in_the_east = Counter((await zones_of(trial)).values())
    trial.bench.now = NINE
    await trial.bench.work()
    trial.bench.now = NINE + timedelta(hours=2)  # 9 a.m. in Los Angeles: the last of them leave
    await trial.bench.work()
    tried = Counter((await zones_of(trial)).values())

    early = await trial.decide(after=timedelta(hours=1)) if looked else []
    trial.bench.now = NINE + timedelta(hours=2)
    early += await trial.decide(after=FOUR_HOURS - timedelta(seconds=1))
    [decided] = await trial.decide(after=timedelta(seconds=1))
    at_three = Counter((await zones_of(trial)).values())
    trial.bench.now += timedelta(hours=2)
    await trial.bench.work()
    at_three_in_the_west = Counter((await zones_of(trial)).values())

    assert set(in_the_east) == {EAST}
    assert [each.state for each in early] == [State.WAITING]
    assert decided.state is State.DECIDED
    assert at_three == {EAST: 30, CHICAGO: 30, WEST: tried[WEST]}
    assert at_three_in_the_west == {EAST: 30, CHICAGO: 30, WEST: 30}
    assert len(await trial.subjects()) == 90


async def zones_of(trial: Trial) -> dict[str, str]:
    """Where everybody lives who got something, by address."""

    def read(conn: Connection) -> dict[str, str]:
        rows = (
            select(Delivery.address, ZoneSet.zones)
            .join(Contact, Contact.id == Delivery.contact_id)
            .join(ZoneSet, ZoneSet.id == Contact.zone_set_id)
            .where(Delivery.status == Status.ACCEPTED)
        )
        return {str(address): zones for address, zones in conn.execute(rows)}

    return dict(await trial.bench.database.read(read))


async def test_figures_are_kept_by_language_and_add_up(trial: Trial) -> None:
    await begin(trial, 80, languages=("en", "en", "es"), share=1000)
    await trial.click("Rivers en", 2)

    await trial.decide()

    for each in [counting.read(figures) for figures in (await trial.row()).figures]:
        assert set(each.languages) == {"en", "es"}
        assert sum(one.left for one in each.languages.values()) == each.left
        assert sum(one.clicked for one in each.languages.values()) == each.clicked
    assert sum(each["left"] for each in (await trial.row()).figures) == 80


def test_what_an_older_release_kept_is_read() -> None:
    old = {"left": 9, "clicked": 3, "machines": 1, "acted": 0}

    found = counting.read(old)

    assert (found.left, found.languages) == (9, {})
    [[one]] = counting.strata([found], Measure.CLICKS)
    assert (one.did, one.of) == (3, 9)


def tried(conn: Connection) -> int:
    for _ in range(40):
        make_contact(conn, phone=None)
    email_id = schedule(conn, plan=a_plan(unclear=Unclear.ASK), rule="FREQ=WEEKLY;BYDAY=TU")
    firing.fire(conn, NoJobs(), email_id, house=HOUSE, now=NINE)
    return email_id


@pytest.mark.parametrize(
    "changed",
    [
        {"measure": Measure.ACTIONS},
        {"wait_minutes": 60},
        {"share": 400},
        {"holdout": 100},
        {"unclear": Unclear.FIRST},
        {"others": [other("Springs")]},
        None,
    ],
)
def test_what_is_being_tried_keeps_its_rule(
    conn: Connection, changed: dict[str, Any] | None
) -> None:
    email_id = tried(conn)
    again = {"rule": "FREQ=WEEKLY;BYDAY=TU", "action_id": make_action(conn)}
    plan = None if changed is None else a_plan(**{"unclear": Unclear.ASK, **changed})
    draft = make_email_draft(experiment=plan, **again)

    with pytest.raises(StillTried, match="Choose what the others get, or send them nothing"):
        changing.change(conn, email_id, draft, by="Ben", now=NINE)

    deciding.end(conn, email_id, AT, by="Ben", now=NINE)
    changing.change(conn, email_id, draft, by="Ben", now=NINE)


def test_words_of_later_dates_may_change_while_something_is_tried(conn: Connection) -> None:
    email_id = tried(conn)
    draft = make_email_draft(
        experiment=a_plan(unclear=Unclear.ASK),
        rule="FREQ=WEEKLY;BYDAY=TU",
        local_time="2026-12-08T10:00",
    )

    changing.change(conn, email_id, draft, by="Ben", now=NINE)

    assert conn.scalar(select(Experiment.state)) == State.WAITING
    assert conn.scalar(select(Message.id).where(Message.status == MessageStatus.STOPPED)) is None


def test_an_email_that_is_called_off_ends_what_is_tried(conn: Connection) -> None:
    email_id = tried(conn)

    changing.change(conn, email_id, make_email_draft(on=False), by="Ben", now=NINE - timedelta(1))

    assert conn.scalar(select(Experiment.state)) == State.ENDED
