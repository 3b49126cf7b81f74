"""Two people before anything leaves: whose approval counts, and that any change voids it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, update

from actions.asks import simple_asks
from actions.custom_targets import Line, find_office, verify
from actions.models import AskMode, CustomTarget, TargetRule
from actions.scripts import ScriptWords
from alerts import alone, approving, following_up, launching, updating
from alerts.alone import BreakGlass, NoReason, NotRed
from alerts.approval_models import AloneLaunch, Approval
from alerts.approving import NotApproved
from alerts.drafts import AlertDraft, Ending, Headline
from alerts.fact_models import ClearedBy, Fact, Release
from alerts.follow_ups import follow_ups
from alerts.models import Alert, FollowUpKind, Level
from alerts.offices import change_office
from alerts.proposals import proposal
from alerts.sharing import propose
from alerts.stored import stored_draft
from contacts.models import Project
from messages.audience import Audience, Filter
from messages.control import NotNow, Words
from messages.hours import Hours, write
from messages.looks import save_look
from messages.models import Message, MessageStatus, Reach
from organizers.approvers import Changed, MayNotApprove, NotRead
from organizers.models import Organizer, OrganizerProject
from organizers.roles import Role
from tests.alerts.approving_desk import TWO, Committee, make_committee
from tests.alerts.drafting import make_case, make_draft, make_fact_draft
from tests.builders import make_contact, make_office, make_organizer, make_project

WHY = "They are being moved to another prison tonight."


@pytest.fixture
def there(conn: Connection, now: datetime) -> Committee:
    return make_committee(conn, now)


def launched(there: Committee) -> bool:
    message = select(Message.status).join(Alert, Alert.message_id == Message.id)
    status = there.conn.scalar(message.where(Alert.id == there.alert_id))
    return status != MessageStatus.DRAFT


def rewrite(there: Committee, **changed: Any) -> None:
    draft = replace(stored_draft(there.conn, there.alert_id), **changed)
    launching.rewrite(
        there.conn,
        there.alert_id,
        draft,
        house=there.house,
        by=f"organizer:{there.amina}",
        now=there.now,
    )


def test_nothing_leaves_before_somebody_else_has_approved_each_language(there: Committee) -> None:
    with pytest.raises(NotApproved):
        there.launch()
    assert there.approve(there.berta, "es") == ["es"]
    with pytest.raises(NotApproved):
        there.launch()
    assert there.standing().missing == ["en"]

    there.approve(there.berta, "en")
    there.launch()

    assert launched(there)


def test_whoever_approves_may_launch_what_another_wrote(there: Committee) -> None:
    there.approve(there.berta)

    there.launch(by=there.berta)

    assert launched(there)


def test_one_person_who_alone_stands_behind_it_is_not_two(there: Committee) -> None:
    """Of a draft whose author nobody knows, an approver who launches is still only one."""
    there.conn.execute(update(Message).values(created_by=""))
    alert_id = launching.create(
        there.conn,
        replace(stored_draft(there.conn, there.alert_id), texts=stored(there).texts),
        house=there.house,
        created_by="",
        now=there.now,
    )
    there.alert_id = alert_id
    there.approve(there.berta)

    with pytest.raises(NotApproved):
        there.launch(by=there.berta)


def stored(there: Committee) -> AlertDraft:
    return stored_draft(there.conn, there.alert_id)


def test_who_wrote_any_of_it_approves_none_of_it(there: Committee) -> None:
    with pytest.raises(MayNotApprove):
        there.approve(there.amina)

    launching.rewrite(
        there.conn,
        there.alert_id,
        replace(stored(there), budget_cents=700),
        house=there.house,
        by=f"organizer:{there.berta}",
        now=there.now,
    )

    with pytest.raises(MayNotApprove):
        there.approve(there.berta)
    assert [each.name for each in there.standing().possible] == ["Carla"]


def test_who_saves_what_was_there_has_written_nothing_and_voids_nothing(there: Committee) -> None:
    there.approve(there.berta)

    launching.rewrite(
        there.conn,
        there.alert_id,
        stored(there),
        house=there.house,
        by=f"organizer:{there.berta}",
        now=there.now,
    )
    there.launch()

    assert launched(there)


def test_each_language_is_approved_by_somebody_who_reads_it(there: Committee) -> None:
    with pytest.raises(NotRead):
        there.approve(there.carla, "en")
    with pytest.raises(NotRead):
        there.approve(there.carla, "fr")
    with pytest.raises(NotRead):
        there.approve(there.carla, seen=there.digest, languages=())
    assert there.approve(there.carla, "es") == ["es"]


@pytest.mark.parametrize(
    "who",
    [
        lambda there: there.dora,
        lambda there: make_organizer(there.conn, "Office", network=True, reads="en es"),
        lambda _: 999_999,
    ],
)
def test_only_who_may_send_for_the_project_approves(
    there: Committee, who: Callable[[Committee], int]
) -> None:
    with pytest.raises(MayNotApprove):
        there.approve(who(there))


CHANGES: dict[str, Callable[[Committee], None]] = {
    "text": lambda there: rewrite(
        there, texts={**stored(there).texts, "en": Words("Hi: {{ link }}", "a", "b")}
    ),
    "text in Spanish": lambda there: rewrite(
        there, texts={**stored(there).texts, "es": Words("Oiga: {{ link }}", "a", "b")}
    ),
    "subject": lambda there: rewrite(
        there,
        texts={
            language: replace(words, subject="Another")
            for language, words in stored(there).texts.items()
        },
    ),
    "body": lambda there: rewrite(
        there,
        texts={
            language: replace(words, body="Another")
            for language, words in stored(there).texts.items()
        },
    ),
    "page": lambda there: rewrite(
        there, words={**stored(there).words, "en": Headline("Another title", "And words.")}
    ),
    "script": lambda there: rewrite(
        there,
        call=replace(
            stored(there).call,
            scripts={**stored(there).call.scripts, "es": ScriptWords("Buenas.", "Hable.")},
        ),
    ),
    "targets": lambda there: rewrite(
        there, call=replace(stored(there).call, asks=simple_asks(TargetRule.SENATORS))
    ),
    "ask's mode": lambda there: rewrite(
        there,
        call=replace(
            stored(there).call,
            asks=[replace(each, mode=AskMode.ONLY_IF) for each in stored(there).call.asks],
        ),
    ),
    "goal": lambda there: rewrite(there, call=replace(stored(there).call, goal=12)),
    "deadline": lambda there: rewrite(
        there,
        call=replace(stored(there).call, deadline=Ending(at=there.now + timedelta(days=2))),
    ),
    "audience": lambda there: rewrite(
        there, audience=Audience(include=Filter(projects=(there.project,), states=("WI",)))
    ),
    "expiry": lambda there: rewrite(there, expires=Ending(at=there.now + timedelta(days=3))),
    "budget": lambda there: rewrite(there, budget_cents=500),
    "reach": lambda there: rewrite(there, reach=Reach.EMAIL),
    "level": lambda there: rewrite(there, level=Level.AMBER),
    "question afterwards": lambda there: rewrite(there, ask_hours=4),
    "merge defaults": lambda there: rewrite(there, merge_defaults={"en": {"city": "town"}}),
    "a fact on the page": lambda there: rewrite(
        there, case=make_case(facts=[make_fact_draft("Five are released.", "Cinco salen.")])
    ),
    "hours": lambda there: of_message(there, hours=write(Hours(time(9), time(21), time(9)))),
    "countries": lambda there: of_message(there, countries="US SV"),
    "weekly cap": lambda there: of_message(there, weekly_cap=3),
    "sender": lambda there: of_message(there, sms_sender="+12025550199"),
    "color of its emails": lambda there: save_look(
        there.conn, there.project, accent="#112233", logo="", archive=False
    ),
    "logo that it takes from the network": lambda there: save_look(
        there.conn, None, accent="#27357e", logo="/i/x.png", archive=False
    ),
}


def of_message(there: Committee, **values: Any) -> None:
    mine = select(Alert.message_id).where(Alert.id == there.alert_id).scalar_subquery()
    there.conn.execute(update(Message).where(Message.id == mine).values(**values))


@pytest.mark.parametrize("part", CHANGES)
def test_any_change_voids_what_was_approved(there: Committee, part: str) -> None:
    there.approve(there.berta)
    assert there.standing().missing == []
    approved = there.digest

    CHANGES[part](there)

    assert there.standing().missing == ["en", "es"]
    assert there.standing().voided
    with pytest.raises(NotApproved):
        approving.require(
            there.conn, there.alert_id, house=there.house, by="organizer:9", now=there.now
        )
    with pytest.raises(Changed):
        there.approve(there.carla, "es", seen=approved)


@pytest.mark.parametrize("field", ["project", "community"])
def test_another_name_of_a_project_that_a_text_says_voids_it(there: Committee, field: str) -> None:
    texts = {
        language: replace(words, sms=f"{words.sms} {{{{ {field} }}}}")
        for language, words in stored(there).texts.items()
    }
    rewrite(there, texts=texts)
    there.approve(there.berta)
    other = make_project(there.conn, "Bangor – Carasque")

    rename(there, other)
    assert there.standing().missing == []  # it goes to nobody of theirs
    rename(there, there.project)

    assert there.standing().missing == ["en", "es"]


def test_a_name_that_no_text_says_is_not_part_of_what_is_approved(there: Committee) -> None:
    there.approve(there.berta)

    rename(there, there.project)

    assert there.standing().missing == []


def rename(there: Committee, project: int) -> None:
    named = {"name": f"San Carlos Lempa {project}", "community": f"San Carlos Lempa {project}"}
    there.conn.execute(update(Project).where(Project.id == project).values(named))


def test_a_change_taken_back_is_what_was_approved(there: Committee) -> None:
    there.approve(there.berta)
    before = stored(there)

    rewrite(there, budget_cents=500)
    rewrite(there, budget_cents=before.budget_cents)

    assert there.standing().missing == []


def with_office(there: Committee) -> int:
    target = make_office(there.conn, "embassy", project_id=there.project)
    asks = simple_asks(TargetRule.CONGRESS, ["embassy"])
    rewrite(there, call=replace(stored(there).call, asks=asks))
    return target


def test_another_number_of_an_office_voids_and_a_checked_one_does_not(there: Committee) -> None:
    target = with_office(there)
    there.approve(there.berta)

    verify(there.conn, target, by="Amina", now=there.now)
    assert there.standing().missing == []

    mine = update(CustomTarget).where(CustomTarget.id == target)
    there.conn.execute(mine.values(phones=[{"number": "+12025550111", "label": ""}]))
    assert there.standing().missing == ["en", "es"]


def test_more_people_in_the_same_audience_void_nothing(there: Committee) -> None:
    there.approve(there.berta)

    make_contact(there.conn, "New", projects=[there.project])
    there.launch()

    assert launched(there)


@pytest.mark.parametrize(
    "loses",
    [
        lambda there: update(Organizer).values(disabled_at=there.now),
        lambda _: update(Organizer).values(reads="es"),
    ],
)
def test_an_approval_counts_while_its_approver_could_give_it(
    there: Committee, loses: Callable[[Committee], Any]
) -> None:
    there.approve(there.berta)

    there.conn.execute(loses(there).where(Organizer.id == there.berta))

    assert "en" in there.standing().missing


def test_an_approver_who_may_no_longer_send_counts_no_more(there: Committee) -> None:
    there.approve(there.berta)

    mine = OrganizerProject.organizer_id == there.berta
    there.conn.execute(update(OrganizerProject).where(mine).values(role=Role.VIEWER))

    with pytest.raises(NotApproved):
        there.launch()


def test_the_same_approval_twice_is_one(there: Committee) -> None:
    assert there.approve(there.berta) == ["en", "es"]
    assert there.approve(there.berta) == []

    assert len(there.conn.execute(select(Approval)).all()) == 2


def test_three_people_are_two_approvers_besides_the_author(there: Committee) -> None:
    there.house = replace(there.house, approvals=3)
    there.approve(there.berta)
    there.approve(there.carla, "es")
    assert there.standing().missing == ["en"]
    assert there.standing().nobody_for == ["en"]

    there.conn.execute(update(Organizer).where(Organizer.id == there.carla).values(reads="en es"))
    there.approve(there.carla, "en")
    there.launch()

    assert launched(there)


def test_sent_back_takes_ones_own_approval_back_and_says_why(there: Committee) -> None:
    there.approve(there.berta)

    approving.send_back(
        there.conn,
        there.alert_id,
        there.berta,
        seen=there.digest,
        note=" The number is wrong. ",
        house=there.house,
        now=there.now,
    )

    found = there.standing()
    assert found.missing == ["en", "es"]
    assert [(each.name, each.note, each.current) for each in found.returned] == [
        ("Berta", "The number is wrong.", True)
    ]


def test_what_left_is_approved_by_nobody(there: Committee) -> None:
    there.approve(there.berta)
    there.launch()

    with pytest.raises(NotNow):
        there.approve(there.carla, "es")


def test_off_asks_nobody(there: Committee) -> None:
    there.house = replace(there.house, approvals=1)

    there.launch()

    assert launched(there)


def test_who_could_approve_is_told_with_those_invited(there: Committee) -> None:
    others = Organizer.id.in_([there.berta, there.carla])
    there.conn.execute(update(Organizer).where(others).values(disabled_at=there.now))

    assert there.standing().nobody_for == ["en", "es"]


def test_a_red_alert_may_leave_alone_with_a_reason(there: Committee) -> None:
    there.launch(glass=BreakGlass(WHY))

    [found] = alone.unreviewed(there.conn, [there.project])
    assert launched(there)
    assert (found.why, found.is_open, found.launched_by) == (
        WHY,
        True,
        f"organizer:{there.amina}",
    )
    assert alone.unreviewed(there.conn, [there.project + 1]) == []
    assert [each.alert_id for each in alone.unreviewed(there.conn, [0])] == [there.alert_id]


@pytest.mark.parametrize("why", ["", "   ", "now"])
def test_nobody_launches_alone_without_saying_why(there: Committee, why: str) -> None:
    with pytest.raises(NoReason):
        there.launch(glass=BreakGlass(why))


def test_only_red_leaves_alone_but_for_the_operator(there: Committee) -> None:
    rewrite(there, level=Level.GREEN)
    with pytest.raises(NotRed):
        there.launch(glass=BreakGlass(WHY))

    there.launch(glass=BreakGlass(WHY, operator=True))

    assert launched(there)


def test_where_one_person_is_enough_nothing_is_broken(there: Committee) -> None:
    there.house = replace(there.house, approvals=1)

    there.launch(glass=BreakGlass("", operator=True))

    assert there.conn.execute(select(AloneLaunch)).all() == []


def test_somebody_else_looks_at_it_once(there: Committee) -> None:
    there.launch(glass=BreakGlass(WHY))

    with pytest.raises(alone.OwnLaunch):
        look(there, there.amina)
    with pytest.raises(alone.NoView):
        look(there, there.berta, " ")
    look(there, there.berta)
    with pytest.raises(NotNow):
        look(there, there.carla)

    found = alone.alone(there.conn, there.alert_id)
    assert found is not None
    assert (found.reviewed_by, found.view) == (f"organizer:{there.berta}", "Right so.")
    assert alone.unreviewed(there.conn, None) == []


def look(there: Committee, who: int, view: str = "Right so.") -> None:
    by = f"organizer:{who}"
    alone.review(there.conn, there.alert_id, view, by=by, now=there.now)


def test_a_reminder_needs_an_approval_of_its_own(there: Committee) -> None:
    there.approve(there.berta)
    there.launch()
    reminder = following_up.draft_follow_up(
        there.conn,
        there.alert_id,
        FollowUpKind.NUDGE,
        house=there.house,
        by=f"organizer:{there.amina}",
        now=there.now,
    )
    assert FollowUpKind.NUDGE in follow_ups(there.conn, there.alert_id)
    there.alert_id = reminder

    with pytest.raises(MayNotApprove):
        there.approve(there.amina)
    there.approve(there.berta)

    assert there.standing().missing == []


def test_a_networks_alert_is_approved_by_the_networks_people(
    conn: Connection, now: datetime
) -> None:
    there = make_committee(conn, now)
    office = make_organizer(conn, "Office", network=True, reads="en es")
    draft = replace(stored(there), project="", audience=Audience())
    there.alert_id = launching.create(
        conn, draft, house=there.house, created_by="organizer:999", now=now
    )

    with pytest.raises(MayNotApprove):
        there.approve(there.berta)

    assert there.approve(office) == ["en", "es"]


def test_drafts_from_before_know_their_author(there: Committee) -> None:
    """Whoever wrote is known from the moment of writing, not only from the message."""
    there.conn.execute(update(Message).values(created_by="somebody"))

    assert there.amina not in {each.id for each in there.standing().possible}


FACT = replace(make_fact_draft("Five are charged.", "Cinco están acusados."), key="charged")


def citing(there: Committee) -> int:
    """Amina's draft tells a fact; return that."""
    texts = {
        language: replace(words, sms="{{ fact.charged }} {{ link }}")
        for language, words in stored(there).texts.items()
    }
    rewrite(there, case=make_case(facts=[FACT]), texts=texts)
    return there.conn.scalars(select(Fact.id).where(Fact.key == "charged")).one()


def change_fact(there: Committee, fact_id: int, by: int) -> None:
    said = {"en": "Nine are charged.", "es": "Nueve están acusados."}
    draft = replace(FACT, words=said, key="")
    who: dict[str, Any] = {"house": there.house, "by": f"organizer:{by}", "now": there.now}
    updating.change_fact(there.conn, fact_id, draft, note="the court", **who)


def test_who_changes_a_fact_approves_none_of_the_drafts_that_tell_it(there: Committee) -> None:
    change_fact(there, citing(there), there.berta)

    with pytest.raises(MayNotApprove):
        there.approve(there.berta)
    with pytest.raises(NotApproved):
        there.launch(by=there.berta)
    assert not launched(there)
    assert [each.name for each in there.standing().possible] == ["Carla"]


def test_who_notes_a_public_fact_or_clears_one_has_written_of_the_page(there: Committee) -> None:
    case = there.conn.scalars(select(Alert.case_id)).one()
    about: dict[str, Any] = {"by": f"organizer:{there.berta}", "now": there.now}
    held = replace(FACT, key="held", release=Release.WITHHELD)
    fact_id = updating.add_fact(there.conn, case, held, **about)
    assert [each.name for each in there.standing().possible] == ["Berta", "Carla"]

    cleared = {"cleared_by": ClearedBy.FAMILY, "house": there.house, **about}
    updating.clear_fact(there.conn, fact_id, **cleared)
    assert [each.name for each in there.standing().possible] == ["Carla"]

    carla = {**about, "by": f"organizer:{there.carla}"}
    updating.add_fact(there.conn, case, FACT, **carla)
    assert there.standing().possible == []


def test_who_changes_an_office_has_written_of_the_drafts_that_ask_for_it(there: Committee) -> None:
    target = with_office(there)
    office = find_office(there.conn, target).office
    another = replace(office, phones=[Line("+12025550111")])

    by = f"organizer:{there.berta}"
    change_office(there.conn, office, target_id=target, by=by)
    assert [each.name for each in there.standing().possible] == ["Berta", "Carla"]
    change_office(there.conn, another, target_id=target, by=by)

    with pytest.raises(MayNotApprove):
        there.approve(there.berta)


def test_who_brings_a_fact_with_another_draft_has_written_of_this_one(there: Committee) -> None:
    other = replace(stored(there), case=make_case(facts=[FACT]))
    by = f"organizer:{there.berta}"
    launching.create(there.conn, other, house=there.house, created_by=by, now=there.now)

    with pytest.raises(MayNotApprove):
        there.approve(there.berta)


def test_a_fact_withdrawn_or_told_otherwise_before_voids(there: Committee) -> None:
    """The page strikes it out; its words are the same."""
    fact_id = citing(there)
    about: dict[str, Any] = {"house": there.house, "by": "Ben", "now": there.now}
    rewrite(there, texts={language: Words("Hi {{ link }}", "a", "b") for language in ("en", "es")})
    change_fact(there, fact_id, there.amina)
    there.approve(there.berta)

    updating.withdraw_fact(there.conn, fact_id, why="false", **about)

    assert there.standing().missing == ["en", "es"]


def test_who_rewrites_takes_facts_before_the_message_as_who_changes_one_does(
    there: Committee,
) -> None:
    if there.conn.dialect.name == "sqlite":
        pytest.skip("SQLite locks no rows")
    citing(there)
    held: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        locks = re.search(r"FROM (\w+).*FOR (NO KEY UPDATE|SHARE)", statement, re.DOTALL)
        held.extend([locks[1]] if locks else [])

    event.listen(there.conn, "before_cursor_execute", note)
    rewrite(there, budget_cents=700)
    event.remove(there.conn, "before_cursor_execute", note)

    assert held[:2] == ["facts", "messages"]


def test_another_number_of_an_office_is_another_proposal(conn: Connection, now: datetime) -> None:
    make_project(conn, "Bangor", slug="bangor", shares_list=False)
    target = make_office(conn, "embassy")
    draft = make_draft()
    call = replace(draft.call, asks=simple_asks(TargetRule.CONGRESS, ["embassy"]))
    draft = replace(draft, call=call)
    alert_id = launching.create(conn, draft, house=TWO, created_by="Amina", now=now)
    [proposal_id] = propose(conn, alert_id, now)
    before = proposal(conn, proposal_id).words

    verify(conn, target, by="Amina", now=now)
    assert proposal(conn, proposal_id).words == before
    mine = update(CustomTarget).where(CustomTarget.id == target)
    conn.execute(mine.values(phones=[{"number": "+12025550111", "label": ""}]))

    assert proposal(conn, proposal_id).words != before
