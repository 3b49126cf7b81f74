"""A reminder goes to exactly those who got the alert and have not acted; thanks to those who have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from actions.models import Action, Outcome
from actions.responses import record
from alerts import calls
from alerts.at_risk import RiskDraft, add_person
from alerts.coverage import coverage
from alerts.follow_ups import Written, follow_ups, followed_by
from alerts.following_up import draft_follow_up, reword
from alerts.launching import status
from alerts.models import Alert, AlertText, FollowUpKind
from alerts.pages import NoSuchPage, page_by_slug, page_for_delivery
from alerts.preflight import check
from alerts.stored import stored_draft
from alerts.weighing import let_stand
from database.jobs import EmbeddedJobs
from messages import control
from messages.call_limits import VoiceRules
from messages.call_models import Call
from messages.control import NotNow, Words
from messages.house import HouseRules
from messages.identity import Identity
from messages.models import Delivery, Message, MessageStatus, Status
from messages.progress import progress
from messages.providers.twilio_voice import Heard
from tests.alerts.launched import launch_whole
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_project,
)

IDENTITY = Identity("Red", "PO Box 1", "https://llamado.example.org", "5e" * 32)
RULES = HouseRules(identity=IDENTITY, weekly_cap=None, languages=("en", "es"))
NUDGE, THANKS = FollowUpKind.NUDGE, FollowUpKind.THANKS
HOUSE = "us:house:WI:2"


class Story:
    """An alert of Madison's, and people with whom it fared in every way."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        load_invented_officials(conn)
        self.conn, self.now, self.jobs = conn, now, EmbeddedJobs()
        self.madison = make_project(conn)
        self.alert: Alerted = make_alert(conn, project_id=self.madison)
        self.people: dict[str, int] = {}
        self.person("called", Status.DELIVERED, Outcome.SPOKE)
        self.person("wrong number", Status.SENT, Outcome.WRONG_NUMBER)
        self.person("not today", Status.DELIVERED, Outcome.SKIPPED)
        self.person("silent", Status.ACCEPTED, None)
        self.person("unknown", Status.UNKNOWN, None)
        self.person("failed", Status.UNDELIVERED, None)
        self.person("held", Status.SKIPPED, None)
        self.people["never in it"] = make_contact(conn, "Nora", projects=[self.madison])
        conn.execute(
            update(Message)
            .where(Message.id == self.alert.message_id)
            .values(status=MessageStatus.FINISHED, launched_at=now, expanded_at=now)
        )

    def person(self, name: str, stands: Status, told: Outcome | None) -> None:
        contact_id = make_contact(self.conn, name.title(), projects=[self.madison])
        self.people[name] = contact_id
        make_delivery(self.conn, self.alert.message_id, contact_id, status=stands)
        if told is not None:
            record(
                self.conn,
                self.alert.action_id,
                contact_id=contact_id,
                target=HOUSE,
                outcome=told,
                channel="web",
                now=self.now,
            )

    def draft(self, kind: FollowUpKind) -> int:
        return draft_follow_up(
            self.conn, self.alert.alert_id, kind, house=RULES, by="Amina", now=self.now
        )

    def written_to(self, alert_id: int) -> set[str]:
        """Launch it, write its copies, and say who got one."""
        message_id = launch_whole(self.conn, self.jobs, alert_id, house=RULES, now=self.now)
        rows = select(Delivery.contact_id).where(
            Delivery.message_id == message_id, Delivery.status == Status.PENDING
        )
        names = {contact_id: name for name, contact_id in self.people.items()}
        return {names[each] for each in self.conn.scalars(rows) if each is not None}

    def message_of(self, alert_id: int) -> int:
        return self.conn.scalars(select(Alert.message_id).where(Alert.id == alert_id)).one()


@pytest.fixture
def story(conn: Connection, now: datetime) -> Story:
    return Story(conn, now)


def test_a_reminder_goes_to_whoever_got_the_alert_and_has_not_acted(story: Story) -> None:
    assert story.written_to(story.draft(NUDGE)) == {"not today", "silent"}


def test_thanks_go_to_whoever_got_the_alert_and_has_acted(story: Story) -> None:
    assert story.written_to(story.draft(THANKS)) == {"called", "wrong number"}


def test_everybody_of_it_is_accounted_for(story: Story) -> None:
    nudge = story.draft(NUDGE)
    story.written_to(nudge)

    equation = progress(story.conn, story.message_of(nudge), now=story.now).equation
    assert equation.eligible == 4  # two people on two channels
    assert equation.balanced


def test_whoever_acts_after_the_draft_is_not_reminded(story: Story) -> None:
    nudge = story.draft(NUDGE)
    record(
        story.conn,
        story.alert.action_id,
        contact_id=story.people["silent"],
        target=HOUSE,
        outcome=Outcome.VOICEMAIL,
        channel="sms",
        now=story.now,
    )

    assert story.written_to(nudge) == {"not today"}


def test_a_copy_of_it_leads_to_the_alerts_own_page_and_counts_there(story: Story) -> None:
    nudge = story.draft(NUDGE)
    story.written_to(nudge)
    copy = story.conn.scalars(
        select(Delivery.id).where(Delivery.message_id == story.message_of(nudge)).limit(1)
    ).one()

    page, _ = page_for_delivery(story.conn, copy, now=story.now)
    own = status(story.conn, story.alert.alert_id, now=story.now)
    followed = status(story.conn, nudge, now=story.now)

    assert page.alert_id == story.alert.alert_id
    assert (followed.slug, followed.totals) == (own.slug, own.totals)
    hidden = story.conn.scalars(select(Alert.slug).where(Alert.id == nudge)).one()
    with pytest.raises(NoSuchPage):
        page_by_slug(story.conn, hidden, now=story.now)


def test_its_offices_are_those_of_the_alert(story: Story) -> None:
    nudge = story.draft(NUDGE)
    story.written_to(nudge)

    own = coverage(story.conn, story.alert.alert_id, now=story.now)
    followed = coverage(story.conn, nudge, now=story.now)

    assert own.totals.people == 1
    assert [each.calls for each in followed.lines] == [each.calls for each in own.lines]


def test_whoever_dials_after_it_is_led_to_the_alerts_own_calls(story: Story) -> None:
    story.written_to(story.draft(NUDGE))
    heard = Heard(call_sid="CA1", caller="+16085550177")
    rules = VoiceRules(number="+16085550100", sender="+16085550100", network="Red")

    calls.dialled(story.conn, story.jobs, heard, hide=str, rules=rules, now=story.now)

    assert story.conn.scalars(select(Call.action_id)).all() == [story.alert.action_id]


def test_it_waits_while_the_page_that_it_leads_to_is_closed_for_a_name(story: Story) -> None:
    conn, alert, nudge = story.conn, story.alert, story.draft(NUDGE)
    title = update(AlertText).where(AlertText.alert_id == alert.alert_id)
    conn.execute(title.values(title="Free Ana Beltrana"))
    listed = RiskDraft(given_names="Ana", family_names="Beltrana")
    person_id = add_person(conn, alert.case_id, listed, by="Ben", now=story.now)

    found = check(conn, nudge, house=RULES, now=story.now)
    assert [each.code for each in found.blocking] == ["leads_to_closed"]

    why = "Her family asked for it in writing."
    let_stand(conn, alert.alert_id, person_id, why=why, by="Amina", now=story.now)
    assert check(conn, nudge, house=RULES, now=story.now).ready


def test_there_is_one_of_each_and_a_second_press_finds_it(story: Story) -> None:
    nudge, thanks = story.draft(NUDGE), story.draft(THANKS)

    assert story.draft(NUDGE) == nudge
    assert follow_ups(story.conn, story.alert.alert_id) == {
        NUDGE: Written(nudge, is_draft=True),
        THANKS: Written(thanks, is_draft=True),
    }
    followed = followed_by(story.conn, nudge)
    assert followed is not None
    assert (followed.alert_id, followed.kind) == (story.alert.alert_id, NUDGE)


def test_its_words_tell_the_total_in_both_languages(story: Story) -> None:
    nudge = stored_draft(story.conn, story.draft(NUDGE)).texts
    thanks = stored_draft(story.conn, story.draft(THANKS)).texts

    assert "One call so far." in nudge["en"].sms
    assert "Va una llamada." in nudge["es"].sms
    assert "2 people acted, and offices heard one call." in thanks["en"].sms
    assert "2 personas actuaron y las oficinas oyeron una llamada." in thanks["es"].sms
    for texts in (nudge, thanks):
        for words in texts.values():
            assert "{{ link }}" in words.sms
            assert "{{ link }}" in words.body
            assert words.subject
            assert "{so_far}" not in words.sms + words.body
            assert "{sum}" not in words.sms + words.body


def test_its_words_may_be_changed_and_its_people_may_not(story: Story) -> None:
    nudge = story.draft(NUDGE)
    words: Mapping[str, Words] = {
        language: Words(f"Call now ({language}): {{{{ link }}}}", "Call", "Call: {{ link }}")
        for language in ("en", "es")
    }

    reword(story.conn, nudge, words, house=RULES, by="Amina", now=story.now)

    assert stored_draft(story.conn, nudge).texts["es"].sms == "Call now (es): {{ link }}"
    assert story.written_to(nudge) == {"not today", "silent"}
    message = story.conn.execute(
        select(Message.action_id).where(Message.id == story.message_of(nudge))
    ).one()
    assert message.action_id == story.alert.action_id


def test_what_was_not_launched_has_nobody_to_remind(conn: Connection, now: datetime) -> None:
    load_invented_officials(conn)
    alert = make_alert(conn)
    conn.execute(update(Message).values(status=MessageStatus.DRAFT))

    with pytest.raises(NotNow, match="has not been launched"):
        draft_follow_up(conn, alert.alert_id, NUDGE, house=RULES, by="Amina", now=now)


def test_a_reminder_is_not_reminded_of(story: Story) -> None:
    nudge = story.draft(NUDGE)
    story.written_to(nudge)

    with pytest.raises(NotNow, match="follows another alert itself"):
        draft_follow_up(story.conn, nudge, NUDGE, house=RULES, by="Amina", now=story.now)


def test_once_it_is_over_there_are_thanks_and_no_reminder(story: Story) -> None:
    yesterday = story.now - timedelta(days=1)
    ended = update(Action).where(Action.id == story.alert.action_id).values(deadline=yesterday)
    story.conn.execute(ended)

    with pytest.raises(NotNow, match="this action is over"):
        story.draft(NUDGE)
    assert story.written_to(story.draft(THANKS)) == {"called", "wrong number"}


def test_the_network_reminds_whoever_got_a_committees_part(story: Story) -> None:
    conn = story.conn
    part = control.create(
        conn,
        control.Draft(
            texts={"en": Words("Call")},
            action_id=story.alert.action_id,
            part_of=story.alert.message_id,
            project_id=story.madison,
        ),
        now=story.now,
    )
    pilar = make_contact(conn, "Pilar", projects=[story.madison])
    make_delivery(conn, part, pilar, status=Status.DELIVERED)
    story.people["pilar"] = pilar

    assert story.written_to(story.draft(NUDGE)) == {"not today", "silent", "pilar"}
