"""A case is closed with its outcome: pages tell it, what is queued stops, and who acted can be told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, insert, select, update
from sqlalchemy.exc import DBAPIError

from actions.models import Outcome
from actions.responses import record
from alerts.at_risk import RiskDraft, add_person, remove_person
from alerts.closing import (
    BadClosing,
    CaseOutcome,
    Closing,
    Effects,
    close,
    closing_of,
    draft_the_end,
    effects,
    reopen,
)
from alerts.endings import at_the_end
from alerts.launching import NotReady, launch
from alerts.models import Alert, AlertText, Case, FollowUpKind
from alerts.pages import page_by_slug
from alerts.preflight import check
from alerts.resending import write_to_the_rest
from alerts.stored import stored_draft
from database.jobs import EmbeddedJobs
from messages import counts
from messages.audience import contact_ids
from messages.control import NotNow
from messages.house import HouseRules
from messages.identity import Identity
from messages.models import Message, MessageStatus, Status
from messages.prompt_models import Prompt
from organizers.roles import Within
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_message,
    make_project,
)
from tests.databases import PostgresServer

IDENTITY = Identity("Red", "PO Box 1", "https://llamado.example.org", "5e" * 32)
RULES = HouseRules(identity=IDENTITY, weekly_cap=None, languages=("en", "es"))
WON = Closing(
    outcome=CaseOutcome.WON,
    ended_on=date(2026, 11, 18),
    words={"en": "All fourteen are home.", "es": "Las catorce personas están en casa."},
)


@dataclass
class Told:
    """Two launched alerts on one case and a draft; people who acted on one, on the other, on none."""

    conn: Connection
    now: datetime
    project: int
    first: Alerted
    second: Alerted
    draft: Alerted
    people: dict[str, int]

    def reopen(self, now: datetime) -> None:
        reopen(self.conn, EmbeddedJobs(), self.first.case_id, by="Amina", now=now)

    def close(self, closing: Closing = WON, within: Within = None) -> int:
        return close(
            self.conn,
            EmbeddedJobs(),
            self.first.case_id,
            closing,
            languages=("en", "es"),
            by="Amina",
            now=self.now,
            within=within,
        )

    def told(self, kind: FollowUpKind, alert: Alerted | None = None) -> tuple[int, set[str]]:
        """Draft it; its number and whom it goes to."""
        alert_id = (alert or self.first).alert_id
        written = draft_the_end(
            self.conn, alert_id, kind=kind, house=RULES, by="Amina", now=self.now
        )
        ids = set(self.conn.scalars(contact_ids(stored_draft(self.conn, written).audience)))
        return written, {name for name, each in self.people.items() if each in ids}

    def status(self, alert: Alerted) -> str:
        return self.conn.scalars(select(Message.status).where(Message.id == alert.message_id)).one()


def on_the_case(conn: Connection, case_id: int, alert: Alerted) -> Alerted:
    conn.execute(update(Alert).where(Alert.id == alert.alert_id).values(case_id=case_id))
    return alert


@pytest.fixture
def told(conn: Connection, now: datetime) -> Told:
    load_invented_officials(conn)
    project = make_project(conn)
    sent: dict[str, Any] = {"project_id": project, "expanded_at": now}
    first = make_alert(
        conn, status=MessageStatus.FINISHED, launched_at=now - timedelta(days=5), **sent
    )
    second = make_alert(conn, launched_at=now - timedelta(days=1), **sent)
    draft = make_alert(conn, status=MessageStatus.DRAFT, launched_at=None, project_id=project)
    for each in (second, draft):
        on_the_case(conn, first.case_id, each)
    people = {}
    got = {
        "acted first": (first, Status.DELIVERED),
        "acted second": (second, Status.SENT),
        "only got it": (first, Status.DELIVERED),
        "waits": (second, Status.PENDING),
        "unknown": (second, Status.UNKNOWN),
    }
    for name, (alert, status) in got.items():
        people[name] = make_contact(conn, name, projects=[project])
        make_delivery(conn, alert.message_id, people[name], status=status)
        if name.startswith("acted"):
            record(
                conn,
                alert.action_id,
                contact_id=people[name],
                target="us:house:WI:2",
                outcome=Outcome.SPOKE,
                channel="web",
                now=now,
            )
    people["never in it"] = make_contact(conn, "Nora", projects=[project])
    counts.apply(conn, counts.Deltas(counts.counted(conn, second.message_id)))
    return Told(conn, now, project, first, second, draft, people)


def test_what_it_does_is_told_before_it_happens(told: Told) -> None:
    assert effects(told.conn, told.first.case_id) == Effects(
        alerts=1, others=0, waiting=1, drafts=1, pages=2
    )


def test_closing_stops_what_is_queued_and_leaves_drafts(told: Told) -> None:
    called_off = told.close()

    assert called_off == 1
    assert told.status(told.second) == MessageStatus.STOPPED
    assert told.status(told.first) == MessageStatus.FINISHED
    assert told.status(told.draft) == MessageStatus.DRAFT
    assert effects(told.conn, told.first.case_id).waiting == 0


def test_the_pages_of_all_its_alerts_turn_to_the_outcome(told: Told) -> None:
    told.close()

    for alert in (told.first, told.second):
        page = page_by_slug(told.conn, alert.slug, now=told.now)
        assert page.ended_at(told.now) == told.now
        closing = at_the_end(told.conn, page.alert_id, now=told.now).closing
        assert closing is not None
        assert (closing.outcome, closing.words["es"]) == (CaseOutcome.WON, WON.words["es"])


def test_a_draft_on_it_that_asks_for_calls_cannot_be_launched(told: Told) -> None:
    before = findings(told, told.draft.alert_id)
    told.close()

    assert "case_closed" not in before
    assert "case_closed" in findings(told, told.draft.alert_id)
    with pytest.raises(NotReady, match="Its case is closed"):
        launch(
            told.conn,
            EmbeddedJobs(),
            told.draft.alert_id,
            house=RULES,
            confirmed=5,
            by="Amina",
            now=told.now,
        )


def test_while_the_case_is_open_its_end_is_not_launched(told: Told) -> None:
    told.close()
    written, _ = told.told(FollowUpKind.OUTCOME)
    before = findings(told, written)
    told.conn.execute(update(Case).where(Case.id == told.first.case_id).values(closed_at=None))

    assert "case_open" not in before
    assert "case_open" in findings(told, written)


def test_who_takes_an_end_back_stops_what_tells_it_and_drafts_go(told: Told) -> None:
    told.close()
    leaves, _ = told.told(FollowUpKind.OUTCOME)
    draft, _ = told.told(FollowUpKind.NEWS)
    message = select(Alert.message_id).where(Alert.id == leaves).scalar_subquery()
    status = update(Message).where(Message.id == message)
    told.conn.execute(status.values(status=MessageStatus.SENDING, launched_at=told.now))
    told.reopen(told.now)

    stands = told.conn.scalars(select(Message.status).where(Message.id == message)).one()
    assert stands == MessageStatus.STOPPED
    assert told.conn.scalar(select(Alert.id).where(Alert.id == draft)) is None


def test_a_draft_of_other_words_is_gone_and_one_of_the_same_stays(told: Told) -> None:
    told.close()
    first, _ = told.told(FollowUpKind.OUTCOME)
    told.close()
    same, _ = told.told(FollowUpKind.OUTCOME)
    words = {"en": "Twelve are home.", "es": "Doce están en casa."}

    told.close(Closing(outcome=WON.outcome, ended_on=WON.ended_on, words=words))

    anew, _ = told.told(FollowUpKind.OUTCOME)
    assert first == same
    assert "Twelve are home." in stored_draft(told.conn, anew).texts["en"].sms
    assert "case_open" not in findings(told, anew)


def test_the_end_is_told_once_though_another_alert_is_the_newest_by_then(told: Told) -> None:
    told.close()
    first, _ = told.told(FollowUpKind.OUTCOME)
    later = {"launched_at": told.now + timedelta(hours=1)}
    told.conn.execute(update(Message).where(Message.id == told.first.message_id).values(later))

    assert told.told(FollowUpKind.OUTCOME)[0] == first


def test_another_projects_alerts_are_left_and_told_of(told: Told) -> None:
    bangor = make_project(told.conn, "Bangor – Carasque")
    theirs = make_alert(told.conn, project_id=bangor, expanded_at=told.now)
    on_the_case(told.conn, told.first.case_id, theirs)
    ben = make_contact(told.conn, "Ben", projects=[bangor])
    make_delivery(told.conn, theirs.message_id, ben)
    counts.apply(told.conn, counts.Deltas(counts.counted(told.conn, theirs.message_id)))

    before = effects(told.conn, told.first.case_id, [told.project])
    called_off = told.close(within=[told.project])

    assert (before.alerts, before.waiting, before.others) == (1, 1, 1)
    assert called_off == 1
    assert told.status(theirs) == MessageStatus.SENDING
    assert told.status(told.second) == MessageStatus.STOPPED


def test_only_what_is_on_its_way_is_counted_as_called_off(told: Told) -> None:
    late = make_contact(told.conn, "Late", projects=[told.project])
    make_delivery(told.conn, told.draft.message_id, late)
    counts.apply(told.conn, counts.Deltas(counts.counted(told.conn, told.draft.message_id)))

    assert effects(told.conn, told.first.case_id).waiting == 1


def test_what_waits_to_remind_people_of_a_finished_alert_is_called_off(told: Told) -> None:
    reminder = make_message(told.conn, status=MessageStatus.SENDING, expanded_at=told.now)
    copy = make_delivery(told.conn, reminder, told.people["only got it"])
    prompt = {
        "kind": "ask",
        "action_id": told.first.action_id,
        "contact_id": told.people["only got it"],
        "source_id": told.first.message_id,
        "channel": "sms",
        "target": "",
        "named": {},
        "due_at": told.now,
        "until": told.now + timedelta(days=1),
        "settled_at": told.now,
        "dropped": "",
        "delivery_id": copy,
    }
    told.conn.execute(insert(Prompt).values(prompt))

    told.close()

    stands = told.conn.scalars(select(Message.status).where(Message.id == reminder)).one()
    assert stands == MessageStatus.STOPPED


def findings(told: Told, alert_id: int) -> set[str]:
    found = check(told.conn, alert_id, house=RULES, now=told.now).blocking
    return {each.code for each in found}


def test_who_acted_on_any_of_its_alerts_is_told_once(told: Told) -> None:
    told.close()

    written, people = told.told(FollowUpKind.OUTCOME)
    again, _ = told.told(FollowUpKind.OUTCOME, told.second)

    assert people == {"acted first", "acted second"}
    assert written == again
    draft = stored_draft(told.conn, written)
    assert "All fourteen are home." in draft.texts["en"].sms
    assert "Las catorce personas" in draft.texts["es"].body
    assert "case_closed" not in findings(told, written)


def test_the_others_who_got_it_are_told_and_nobody_twice(told: Told) -> None:
    told.close()

    _, acted = told.told(FollowUpKind.OUTCOME)
    _, others = told.told(FollowUpKind.NEWS)

    assert others == {"only got it"}
    assert not acted & others


def test_an_alert_that_left_some_out_tells_those_who_acted_no_second_time(told: Told) -> None:
    asked = {"exclude": {"tags": ["moved"]}}
    alerts = [told.first.message_id, told.second.message_id]
    told.conn.execute(update(Message).where(Message.id.in_(alerts)).values(audience=asked))
    told.close()

    assert told.told(FollowUpKind.NEWS)[1] == {"only got it"}


def test_whoever_got_it_in_better_words_is_told_as_well(told: Told) -> None:
    told.conn.execute(
        update(Message)
        .where(Message.id == told.second.message_id)
        .values(status=MessageStatus.STOPPED)
    )
    rest = write_to_the_rest(told.conn, told.second.alert_id, house=RULES, by="x", now=told.now)
    message_id = told.conn.scalars(select(Alert.message_id).where(Alert.id == rest)).one()
    launched = {"status": MessageStatus.FINISHED, "launched_at": told.now}
    told.conn.execute(update(Message).where(Message.id == message_id).values(launched))
    make_delivery(told.conn, message_id, told.people["waits"], status=Status.DELIVERED)
    told.close()

    assert told.told(FollowUpKind.NEWS)[1] == {"only got it", "waits"}


def test_another_projects_alerts_on_the_case_are_told_by_it(told: Told) -> None:
    bangor = make_project(told.conn, "Bangor – Carasque")
    theirs = make_alert(told.conn, project_id=bangor, launched_at=told.now)
    on_the_case(told.conn, told.first.case_id, theirs)
    ben = make_contact(told.conn, "Ben", projects=[bangor])
    make_delivery(told.conn, theirs.message_id, ben, status=Status.DELIVERED)
    told.people["Ben"] = ben
    told.close()

    assert told.told(FollowUpKind.NEWS)[1] == {"only got it"}
    assert told.told(FollowUpKind.NEWS, theirs)[1] == {"Ben"}


def test_while_it_is_open_there_is_no_end_to_tell(told: Told) -> None:
    with pytest.raises(NotNow, match="this case is open"):
        told.told(FollowUpKind.OUTCOME)


def test_better_words_replace_the_first_and_stop_no_message_that_tells_it(told: Told) -> None:
    told.close()
    written, _ = told.told(FollowUpKind.OUTCOME)
    message = select(Alert.message_id).where(Alert.id == written).scalar_subquery()
    told.conn.execute(
        update(Message).where(Message.id == message).values(status=MessageStatus.SENDING)
    )
    better = Closing(outcome=CaseOutcome.PARTLY, ended_on=WON.ended_on, words=WON.words)

    told.close(better)

    kept = closing_of(told.conn, told.first.case_id)
    assert kept is not None
    assert kept.outcome is CaseOutcome.PARTLY
    sending = told.conn.scalars(select(Message.status).where(Message.id == message)).one()
    assert sending == MessageStatus.SENDING


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"words": {"en": "Home.", "es": " "}}, "in every language"),
        ({"words": {"en": "x" * 2001, "es": "x"}}, "at most 2000"),
        ({"ended_on": date(2027, 1, 1)}, "has not come"),
        ({"words": {"en": "Free is a name nobody may read.", "es": "x"}}, "not everybody may read"),
    ],
)
def test_what_cannot_be_told_changes_nothing(
    told: Told, changed: dict[str, Any], sentence: str
) -> None:
    values = {"outcome": WON.outcome, "ended_on": WON.ended_on, "words": WON.words, **changed}

    with pytest.raises(BadClosing, match=sentence):
        told.close(Closing(**values))

    assert closing_of(told.conn, told.first.case_id) is None
    assert told.status(told.second) == MessageStatus.SENDING


def test_for_a_day_it_can_be_opened_again(told: Told) -> None:
    told.close()
    told.reopen(told.now + timedelta(hours=23))

    assert page_by_slug(told.conn, told.first.slug, now=told.now).ended_at(told.now) is None
    assert closing_of(told.conn, told.first.case_id) is None
    assert told.status(told.second) == MessageStatus.STOPPED  # that does not come back


def test_after_a_day_it_stays_closed(told: Told) -> None:
    told.close()

    with pytest.raises(NotNow, match="for one day"):
        told.reopen(told.now + timedelta(days=1))

    closed = select(Case.closed_at).where(Case.id == told.first.case_id)
    assert told.conn.scalar(closed) is not None


def test_a_page_that_is_over_offers_the_cases_other_open_alerts(told: Told) -> None:
    ended = {"expires_at": told.now - timedelta(hours=1)}
    told.conn.execute(update(Message).where(Message.id == told.first.message_id).values(ended))

    found = at_the_end(told.conn, told.first.alert_id, now=told.now)

    assert found.closing is None
    assert [each.slug for each in found.others] == [told.second.slug]
    told.conn.execute(update(Message).where(Message.id == told.second.message_id).values(ended))
    assert at_the_end(told.conn, told.first.alert_id, now=told.now).others == ()


def test_a_page_that_is_over_names_nobody_who_came_on_a_list_since(told: Told) -> None:
    ended = {"expires_at": told.now - timedelta(hours=1)}
    told.conn.execute(update(Message).where(Message.id == told.first.message_id).values(ended))
    title = update(AlertText).where(AlertText.alert_id == told.second.alert_id)
    told.conn.execute(title.values(title="Free Ana Beltrana"))
    listed = RiskDraft(given_names="Ana", family_names="Beltrana")
    person_id = add_person(told.conn, told.first.case_id, listed, by="Ben", now=told.now)

    assert at_the_end(told.conn, told.first.alert_id, now=told.now).others == ()

    remove_person(told.conn, person_id)
    told.close(replace(WON, words={**WON.words, "en": "Ana Beltrana is home."}))
    add_person(told.conn, told.first.case_id, listed, by="Ben", now=told.now)
    closing = at_the_end(told.conn, told.first.alert_id, now=told.now).closing
    assert closing is not None
    assert closing.words == {"es": WON.words["es"]}


def test_two_who_close_it_at_once_close_it_once_and_nothing_leaves_after(
    postgres: PostgresServer, now: datetime
) -> None:
    engine = create_engine(postgres.make())
    with engine.begin() as conn:
        alert = make_alert(conn, expanded_at=now, starts_at=now)
    together, wrong = threading.Barrier(2), list[str]()

    def press() -> None:
        try:
            with engine.begin() as conn:
                conn.execute(select(Case.id)).all()
                together.wait()
                said: dict[str, Any] = {"languages": ("en", "es"), "by": "Amina", "now": now}
                close(conn, EmbeddedJobs(), alert.case_id, WON, **said)
        except DBAPIError as error:
            wrong.append(str(error))

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.begin() as conn:
        closing = closing_of(conn, alert.case_id)
    engine.dispose()
    assert wrong == []
    assert closing is not None


def test_a_launch_waits_for_whoever_closes_its_case_and_is_refused_then(
    postgres: PostgresServer, now: datetime
) -> None:
    engine = create_engine(postgres.make())
    with engine.begin() as conn:
        draft = make_alert(conn, status=MessageStatus.DRAFT, launched_at=None)
    begun, refused = threading.Event(), list[str]()

    def press() -> None:
        with engine.begin() as conn:
            begun.set()
            values: dict[str, Any] = {"house": RULES, "confirmed": 0, "by": "Amina", "now": now}
            try:
                launch(conn, EmbeddedJobs(), draft.alert_id, **values)
            except NotReady as error:
                refused.extend(each.code for each in error.reasons)

    pressing = threading.Thread(target=press)
    with engine.begin() as conn:
        said: dict[str, Any] = {"languages": ("en", "es"), "by": "Amina", "now": now}
        close(conn, EmbeddedJobs(), draft.case_id, WON, **said)
        pressing.start()
        begun.wait()
        pressing.join(timeout=1)
        waited = pressing.is_alive()
    pressing.join()
    engine.dispose()
    assert waited
    assert "case_closed" in refused
