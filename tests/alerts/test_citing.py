"""Texts that cite facts say what is known; what was sent stays as it was, and its citations with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from actions.asks import OneAsk, read_action
from actions.models import TargetRule
from actions.scripts import ScriptWords
from alerts import updating
from alerts.citation_models import Citation
from alerts.citing import BadCitation, spelt_day
from alerts.drafts import AlertDraft, FactDraft, Headline
from alerts.fact_models import ClearedBy, Fact, FactVersion, Release
from alerts.files import read_alert
from alerts.following_up import draft_follow_up
from alerts.launching import create, launch, rewrite
from alerts.models import Alert, AlertText, Answer, FollowUpKind, Proposal
from alerts.pages import page_of_action
from alerts.preflight import Check, check
from alerts.steering import Act, steer
from alerts.stored import stored_draft, told_draft
from database.jobs import EmbeddedJobs
from messages.checking import texts_of
from messages.control import NotNow, Words
from messages.models import Message, MessageStatus
from tests.alerts.drafting import HOUSE, make_case, make_draft
from tests.alerts.test_files import example
from tests.builders import make_contact, make_project

CHARGED = FactDraft(
    happened_on=date(2007, 7, 5),
    words={"en": "thirteen people are charged", "es": "trece personas están acusadas"},
    sources=["CRIPDES", "the lawyers"],
    key="charged",
)
NINE = {"en": "nine people are charged", "es": "nueve personas están acusadas"}


def citing(**changes: Any) -> AlertDraft:
    """An alert that cites one fact wherever it can."""
    cite = "{{ fact.charged }}"
    script = {
        "en": ScriptWords("I am {{ name }}.", f"You know that {cite}."),
        "es": ScriptWords("Soy {{ name }}.", f"Usted sabe que {cite}."),
    }
    ask = OneAsk(rule=TargetRule.SENATORS, scripts=script)
    draft = make_draft(
        case=make_case(facts=[CHARGED]),
        words={
            "en": Headline(f"Today {cite}", "Since {{ fact.charged.on }}."),
            "es": Headline(f"Hoy {cite}", "Desde el {{fact.charged.on}}."),
        },
        texts={
            "en": Words(f"Hi {{{{ first_name }}}}: {cite}. {{{{ link }}}}", cite, f"# {cite}\n{{{{ link }}}}"),
            "es": Words(f"Hola: {cite}. {{{{ link }}}}", cite, f"# {cite}\n{{{{ link }}}}"),
        },
    )  # fmt: skip
    call = replace(draft.call, scripts=script, asks=(*draft.call.asks, ask))
    return replace(draft, call=call, **changes)


class Story:
    """An alert on a case, and what becomes of it when what is known changes."""

    def __init__(self, conn: Connection, now: datetime, draft: AlertDraft | None = None) -> None:
        make_contact(conn, "María")
        self.conn, self.now, self.jobs = conn, now, EmbeddedJobs()
        self.who: dict[str, Any] = {"house": HOUSE, "by": "Ben", "now": now}
        draft = draft or citing()
        self.alert_id = create(conn, draft, house=HOUSE, created_by="Amina", now=now)
        row = conn.execute(select(Alert).where(Alert.id == self.alert_id)).one()
        self.message_id, self.case_id, self.action_id = row.message_id, row.case_id, row.action_id
        self.fact_id = conn.scalars(select(Fact.id).where(Fact.key == "charged")).one()

    def change(self, words: dict[str, str] = NINE, **changes: Any) -> None:
        draft = replace(CHARGED, words=words, key="", **changes)
        updating.change_fact(self.conn, self.fact_id, draft, note="the court", **self.who)

    def check(self, alert_id: int = 0) -> Check:
        return check(self.conn, alert_id or self.alert_id, house=HOUSE, now=self.who["now"])

    def launch(self) -> None:
        people = self.check().people
        launch(
            self.conn, self.jobs, self.alert_id, house=HOUSE, confirmed=people, by="x", now=self.now
        )

    def said(self) -> dict[str, str]:
        """What the alert says in English, by place."""
        text, draft = (
            texts_of(self.conn, self.message_id)["en"],
            told_draft(self.conn, self.alert_id),
        )
        script = read_action(self.conn, self.action_id)
        return {
            "sms": text.sms,
            "subject": text.subject,
            "body": text.body,
            "title": draft.words["en"].title,
            "summary": draft.words["en"].summary,
            "script": script.scripts["en"].ask,
            "own script": script.asks[1].scripts["en"].ask,
        }

    def message(self) -> Any:
        return self.conn.execute(select(Message).where(Message.id == self.message_id)).one()

    def cited(self) -> set[tuple[str, int]]:
        """The places that cite the fact, with the number of the version."""
        rows = select(Citation.place, FactVersion.number).join(
            FactVersion, FactVersion.id == Citation.version_id
        )
        mine = rows.where(Citation.alert_id == self.alert_id, FactVersion.fact_id == self.fact_id)
        return {(place, number) for place, number in self.conn.execute(mine)}


@pytest.fixture
def story(conn: Connection, now: datetime) -> Story:
    return Story(conn, now)


def test_every_place_says_what_is_known_in_its_language(story: Story) -> None:
    said = story.said()

    assert all("thirteen people are charged" in said[each] for each in said if each != "summary")
    assert said["summary"] == "Since July 5, 2007."
    spanish = told_draft(story.conn, story.alert_id)
    assert spanish.words["es"].summary == "Desde el 5 de julio de 2007."
    assert "trece personas están acusadas" in spanish.texts["es"].sms
    assert story.check().ready
    assert {number for _, number in story.cited()} == {1}


def test_what_was_written_comes_back_as_it_was_written(story: Story) -> None:
    draft = stored_draft(story.conn, story.alert_id)

    assert draft.texts == citing().texts
    assert draft.words == citing().words
    assert draft.call.scripts == citing().call.scripts
    assert draft.call.asks[1].scripts == citing().call.asks[1].scripts


@pytest.mark.parametrize(
    ("field", "hint"),
    [("fact.chargd", "did you mean {{ fact.charged }}?"), ("fact.zebra", "on the case's page")],
)
def test_a_fact_that_the_case_does_not_have_is_refused_with_its_near_miss(
    conn: Connection, now: datetime, field: str, hint: str
) -> None:
    draft = citing(texts={"en": Words(f"{{{{ {field} }}}} {{{{ link }}}}")})

    with pytest.raises(BadCitation) as refused:
        create(conn, draft, house=HOUSE, created_by="Amina", now=now)

    assert hint in str(refused.value)


def test_a_draft_follows_what_is_known_in_all_its_places(story: Story) -> None:
    story.change(happened_on=date(2007, 7, 23))

    said = story.said()
    assert all("nine people are charged" in said[each] for each in said if each != "summary")
    assert said["summary"] == "Since July 23, 2007."
    assert {number for _, number in story.cited()} == {2}
    assert story.check().ready


def test_committees_are_asked_anew_when_the_words_follow(story: Story, now: datetime) -> None:
    project = make_project(story.conn, "Bangor – Carasque", shares_list=False)
    row = {"alert_id": story.alert_id, "project_id": project, "answer": Answer.YES}
    story.conn.execute(insert(Proposal).values(**row, asked_at=now, answered_by="Ben"))

    story.change()

    assert story.conn.scalar(select(Proposal.answer)) == Answer.OPEN


def test_a_longer_fact_is_reckoned_in_what_the_texts_take(story: Story) -> None:
    before = story.message().segments

    story.change({"en": "nine", "es": "¡Siguen acusadas nueve personas del pueblo! " * 8})

    assert story.message().segments > before


def test_a_launched_message_stays_and_its_page_follows(story: Story) -> None:
    story.launch()

    story.change()

    said = story.said()
    assert {each for each in said if "thirteen" in said[each]} == {"sms", "subject", "body"}
    assert {each for each in said if "nine" in said[each]} == {"title", "script", "own script"}
    versions = dict(story.cited())
    assert {versions[each] for each in ("sms", "subject", "body")} == {1}
    assert {versions[each] for each in versions if each not in ("sms", "subject", "body")} == {2}
    fact = page_of_action(story.conn, story.action_id, now=story.now).facts[0]
    assert (fact.words["en"], fact.before["en"]) == (NINE["en"], CHARGED.words["en"])


def test_what_is_on_its_way_pauses_and_a_person_decides(story: Story) -> None:
    story.launch()

    story.change()

    message = story.message()
    assert message.status == MessageStatus.PAUSED
    assert "tells of charged has changed" in message.paused_because
    steer(story.conn, story.jobs, story.alert_id, Act.RESUME, by="Amina", now=story.now)
    assert story.message().status == MessageStatus.SENDING


@pytest.mark.parametrize("act", ["withdraw", "withhold"])
def test_what_may_not_be_told_any_more_is_taken_off_the_page(story: Story, act: str) -> None:
    story.launch()

    if act == "withdraw":
        updating.withdraw_fact(story.conn, story.fact_id, why="another case", **story.who)
    else:
        story.change(dict(CHARGED.words), release=Release.WITHHELD)

    said = story.said()
    assert (said["title"], said["script"]) == ("Today […]", "You know that […].")
    assert story.message().status == MessageStatus.PAUSED


def test_another_source_stops_nothing(story: Story) -> None:
    story.launch()

    story.change(dict(CHARGED.words), sources=["CRIPDES", "the lawyers", "the court"])

    assert story.message().status == MessageStatus.SENDING


def test_what_has_left_does_not_pause(story: Story) -> None:
    story.launch()
    done = update(Message).where(Message.id == story.message_id)
    story.conn.execute(done.values(status=MessageStatus.FINISHED))

    story.change()

    assert story.message().status == MessageStatus.FINISHED
    assert dict(story.cited())["sms"] == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"release": Release.WITHHELD}, "cited_withheld"),
        ({"release": Release.COMMITTEE}, "cited_committee_only"),
        ({"embargo_until": timedelta(hours=1)}, "cited_embargoed"),
    ],
)
def test_what_may_not_be_told_is_in_no_text_and_in_the_way_of_the_launch(
    conn: Connection, now: datetime, changes: dict[str, Any], code: str
) -> None:
    if "embargo_until" in changes:
        changes = {"embargo_until": now + changes["embargo_until"]}
    draft = citing(case=make_case(facts=[replace(CHARGED, **changes)]))
    story = Story(conn, now, draft)

    found = story.check()

    assert "thirteen" not in str(story.said())
    assert {each.code for each in found.blocking} == {code}
    assert "charged" in str(found.blocking[0])
    updating.clear_fact(conn, story.fact_id, cleared_by=ClearedBy.FAMILY, **story.who)
    assert "thirteen people are charged" in story.said()["sms"]
    assert story.check().ready


def test_when_an_embargo_is_over_a_draft_has_to_be_saved_again(
    conn: Connection, now: datetime
) -> None:
    ends = now + timedelta(hours=1)
    story = Story(conn, now, citing(case=make_case(facts=[replace(CHARGED, embargo_until=ends)])))
    story.who["now"] = ends

    before = {each.code for each in story.check().blocking}
    draft = stored_draft(conn, story.alert_id)
    rewrite(conn, story.alert_id, draft, house=HOUSE, by="Amina", now=ends)

    assert before == {"cited_anew"}
    assert story.check().ready
    assert "thirteen people are charged" in told_draft(conn, story.alert_id).texts["en"].sms


def test_a_withdrawn_fact_cannot_be_launched(story: Story) -> None:
    updating.withdraw_fact(story.conn, story.fact_id, why="another case", **story.who)

    assert {each.code for each in story.check().blocking} == {"cited_withdrawn"}


def test_a_reminder_cites_what_its_alert_cites(story: Story) -> None:
    story.launch()

    nudge = draft_follow_up(story.conn, story.alert_id, FollowUpKind.NUDGE, **story.who)

    assert (
        "have you called? Today {{ fact.charged }}."
        in stored_draft(story.conn, nudge).texts["en"].sms
    )
    assert "Today thirteen people are charged." in told_draft(story.conn, nudge).texts["en"].sms


def test_a_draft_that_cites_no_more_is_left_alone(story: Story) -> None:
    plain = make_draft(case=replace(make_case(), facts=()))
    rewrite(story.conn, story.alert_id, plain, house=HOUSE, by="Amina", now=story.now)

    story.change()

    assert story.cited() == set()
    assert texts_of(story.conn, story.message_id) == plain.texts


def test_a_launched_alert_is_not_rewritten(story: Story) -> None:
    story.launch()

    with pytest.raises(NotNow):
        rewrite(story.conn, story.alert_id, citing(), house=HOUSE, by="x", now=story.now)


def test_a_file_may_cite_the_facts_it_brings(conn: Connection, now: datetime) -> None:
    text = example().replace("date = 2007-07-23", 'key = "held"\ndate = 2007-07-23')
    text = text.replace("Call today, here is", "{{ fact.held }} Call today, here is")
    text = text.replace(
        "I am calling about the thirteen", "{{ fact.held }} I call about the thirteen"
    )

    alert_id = create(conn, read_alert(text), house=HOUSE, created_by="Amina", now=now)

    told = told_draft(conn, alert_id)
    assert "Five are released; nine remain in prison. Call today" in told.texts["en"].sms
    assert "Five are released" in told.call.scripts["en"].ask
    assert conn.scalar(select(AlertText.title).where(AlertText.language == "es"))


def test_facts_of_other_cases_are_not_to_be_cited(conn: Connection, now: datetime) -> None:
    Story(conn, now)
    other = replace(make_case(facts=()), slug="another")

    with pytest.raises(BadCitation):
        create(conn, citing(case=other), house=HOUSE, created_by="Amina", now=now)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "July 2, 2007"), ("es", "2 de julio de 2007"), ("fr", "July 2, 2007")],
)
def test_days_are_spelt(language: str, words: str) -> None:
    assert spelt_day(date(2007, 7, 2), language) == words
