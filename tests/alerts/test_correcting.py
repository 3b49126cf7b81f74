"""A correction goes to exactly those who were told what is not so any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from alerts import facts, updating
from alerts.citation_models import Citation
from alerts.correcting import draft_correction
from alerts.corrections import (
    Reached,
    corrections_of,
    outdated,
    owed,
    reach_of,
    tellings,
    tells_otherwise,
)
from alerts.drafts import Ending
from alerts.fact_models import ClearedBy, Release
from alerts.facts import add_fact
from alerts.follow_ups import followed_by
from alerts.following_up import draft_follow_up, reword
from alerts.launching import NotReady, create, launch
from alerts.models import Alert, FollowUpKind, Proposal
from alerts.pages import page_for_delivery
from alerts.preflight import check
from alerts.proposals import proposal
from alerts.sharing import committees
from alerts.stored import told_draft
from alerts.timeline import facts_of, find_fact
from contacts.models import Channel, Membership, Project, Standing, project_scope
from database.jobs import EmbeddedJobs
from messages.audience import Audience, Filter, contact_ids, read, write
from messages.control import NotNow, Words
from messages.expanding import expand_chunk
from messages.models import Delivery, Message, MessageStatus, Reach, Status
from tests.alerts.drafting import HOUSE, make_case, make_draft
from tests.alerts.test_citing import CHARGED, NINE, citing
from tests.alerts.test_sharing import committee, expand_all, join, say_yes
from tests.builders import (
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_membership,
    make_project,
    make_standing,
)

LEFT = (Status.ACCEPTED, Status.QUEUED, Status.SENT, Status.DELIVERED)
NETWORK = None
DAY = timedelta(days=1)


class Story:
    """An alert that cites a fact, its people, and how their copies fared."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        load_invented_officials(conn)
        self.conn, self.now, self.jobs = conn, now, EmbeddedJobs()
        self.madison = make_project(conn)
        self.who: dict[str, Any] = {"house": HOUSE, "by": "Ben", "now": now}
        self.people = {
            name: make_contact(conn, name, projects=[self.madison])
            for name in ("Ana", "Ben", "Chloe", "Dora", "Eva")
        }
        self.alert_id = self.write(citing())
        self.fact_id = self.fact()

    def fact(self) -> int:
        (found,) = self.conn.scalars(select(Alert.case_id).where(Alert.id == self.alert_id))
        keys = {each.key: each.id for each in facts_of(self.conn, found)}
        return keys["charged"]

    def write(self, draft: Any) -> int:
        return create(self.conn, draft, house=HOUSE, created_by="Amina", now=self.now)

    def message_of(self, alert_id: int) -> int:
        return self.conn.scalars(select(Alert.message_id).where(Alert.id == alert_id)).one()

    def send(self, alert_id: int, **statuses: Status) -> set[str]:
        """Launch it, write its copies, and let each fare as it does; return who has one."""
        found = check(self.conn, alert_id, house=HOUSE, now=self.now)
        assert found.ready, [str(each) for each in found.blocking]
        launch(
            self.conn,
            self.jobs,
            alert_id,
            house=HOUSE,
            confirmed=found.people,
            by="Amina",
            now=self.now,
        )
        message_id = self.message_of(alert_id)
        while expand_chunk(self.conn, self.jobs, message_id, now=self.now):
            continue
        mine = (Delivery.message_id == message_id, Delivery.status == Status.PENDING)
        got = set(self.conn.scalars(select(Delivery.contact_id).where(*mine)))
        copy = update(Delivery).where(Delivery.message_id == message_id)
        self.conn.execute(copy.where(*mine).values(status=Status.DELIVERED))
        for name, status in statuses.items():
            theirs = copy.where(Delivery.contact_id == self.people[name])
            self.conn.execute(theirs.values(status=status))
        done = update(Message).where(Message.id == message_id)
        self.conn.execute(done.values(status=MessageStatus.FINISHED))
        return {name for name, contact_id in self.people.items() if contact_id in got}

    def change(self, words: dict[str, str] = NINE, **changes: Any) -> None:
        draft = replace(CHARGED, words=words, key="", **changes)
        updating.change_fact(self.conn, self.fact_id, draft, note="the court", **self.who)

    def correct(self, project_id: int | None = NETWORK, **changes: Any) -> int:
        return draft_correction(self.conn, self.fact_id, project_id, **changes, **self.who)

    def owed(self) -> list[tuple[int, int]]:
        """How many people are owed, and how many more perhaps, by sender."""
        fact = find_fact(self.conn, self.fact_id)
        found = owed(self.conn, fact, [0, self.madison], language="en")
        return [(each.people, each.perhaps) for each in found]


@pytest.fixture
def story(conn: Connection, now: datetime) -> Story:
    return Story(conn, now)


def test_who_was_told_otherwise_is_counted_and_corrected(story: Story) -> None:
    fared = {"Ben": Status.UNKNOWN, "Chloe": Status.FAILED, "Dora": Status.UNDELIVERED}
    story.send(story.alert_id, **fared)
    story.change()
    make_contact(story.conn, "New", projects=[story.madison])

    before = story.owed()
    draft = story.correct()
    got = story.send(draft)

    assert before == [(2, 1)]
    assert got == {"Ana", "Eva"}
    assert story.owed() == [(0, 1)]


def test_a_tick_brings_those_whose_copy_may_have_arrived(story: Story) -> None:
    story.send(story.alert_id, Ben=Status.UNKNOWN, Chloe=Status.FAILED)
    story.change()

    assert story.send(story.correct(perhaps=True)) == {"Ana", "Ben", "Dora", "Eva"}
    assert story.owed() == [(0, 0)]


def test_the_words_are_the_old_and_the_new_in_both_languages(story: Story) -> None:
    story.send(story.alert_id)
    story.change()

    told = told_draft(story.conn, story.correct())

    assert told.texts["en"].sms.startswith(
        'Correction. We wrote: "thirteen people are charged". What is known now: nine people'
    )
    assert told.texts["es"].sms.startswith(
        'Corrección. Escribimos: "trece personas están acusadas". Lo que se sabe ahora: nueve'
    )
    assert "> thirteen people are charged" in told.texts["en"].body
    assert told.words["en"].title.startswith("Correction: Today nine people")


def test_another_day_is_a_correction_of_the_day(story: Story) -> None:
    story.send(story.alert_id)
    story.change(dict(CHARGED.words), happened_on=CHARGED.happened_on.replace(day=6))

    told = told_draft(story.conn, story.correct())

    assert '"thirteen people are charged (July 5, 2007)"' in told.texts["en"].sms
    assert "thirteen people are charged (July 6, 2007)" in told.texts["en"].sms


def test_what_was_withdrawn_is_told_to_be_so(story: Story) -> None:
    story.send(story.alert_id, Ben=Status.FAILED)
    updating.withdraw_fact(story.conn, story.fact_id, why="another case", **story.who)
    draft = story.correct()

    told = told_draft(story.conn, draft).texts["en"].sms
    assert told.startswith(
        'Correction. We wrote: "thirteen people are charged". That turned out not'
    )
    assert story.send(draft) == {"Ana", "Chloe", "Dora", "Eva"}
    assert story.owed() == [(0, 0)]


def withhold_and_clear(story: Story, words: dict[str, str]) -> None:
    """The family asks for it, and clears it in other words."""
    story.change(dict(CHARGED.words), release=Release.WITHHELD)
    story.change(words, release=Release.WITHHELD)
    family = ClearedBy.FAMILY
    updating.clear_fact(story.conn, story.fact_id, cleared_by=family, **story.who)


def test_what_was_withheld_since_it_was_told_is_not_said_again(story: Story) -> None:
    story.send(story.alert_id)
    withhold_and_clear(story, NINE)
    draft = story.correct()

    told = told_draft(story.conn, draft)

    for code, words in told.texts.items():
        said = f"{told.words[code].title} {words.sms} {words.subject} {words.body}"
        assert CHARGED.words[code] not in said
        assert NINE[code] in words.sms
        assert NINE[code] in words.body
    assert "What we wrote" in told.texts["en"].sms
    assert story.send(draft) == set(story.people)


def test_what_was_withheld_and_then_withdrawn_is_not_said_again(story: Story) -> None:
    story.send(story.alert_id)
    withhold_and_clear(story, NINE)
    updating.withdraw_fact(story.conn, story.fact_id, why="another case", **story.who)

    draft = story.correct()

    told = told_draft(story.conn, draft).texts["en"]
    assert CHARGED.words["en"] not in f"{told.sms} {told.subject} {told.body}"
    assert story.send(draft) == set(story.people)


@pytest.mark.parametrize("withdrawn", [False, True])
def test_what_was_cleared_and_told_can_be_corrected(
    conn: Connection, now: datetime, withdrawn: bool
) -> None:
    story = Story(conn, now)
    story.change(dict(CHARGED.words), release=Release.WITHHELD)
    family = ClearedBy.FAMILY
    updating.clear_fact(conn, story.fact_id, cleared_by=family, **story.who)
    story.send(story.alert_id)
    if withdrawn:
        updating.withdraw_fact(conn, story.fact_id, why="another case", **story.who)
    else:
        story.change()

    draft = story.correct()

    assert CHARGED.words["en"] in told_draft(conn, draft).texts["en"].sms
    assert story.send(draft) == set(story.people)


def test_older_words_of_a_fact_that_is_withheld_are_not_to_be_told(story: Story) -> None:
    texts = {
        code: replace(words, sms=f"{CHARGED.words[code]} {{{{ link }}}}")
        for code, words in make_draft().texts.items()
    }
    plain = story.write(make_draft(texts=texts, case=replace(make_case(), facts=())))
    story.change()
    story.change(release=Release.WITHHELD)

    found = check(story.conn, plain, house=HOUSE, now=story.now)

    assert {each.code for each in found.blocking} == {"withheld"}


def test_it_leads_to_the_page_of_the_alert_which_lists_it(story: Story) -> None:
    story.send(story.alert_id)
    story.change()
    draft = story.correct()
    story.send(draft)

    copy = select(Delivery.id).where(Delivery.message_id == story.message_of(draft)).limit(1)
    page, _ = page_for_delivery(story.conn, story.conn.scalars(copy).one(), now=story.now)
    followed = followed_by(story.conn, draft)

    assert page.alert_id == story.alert_id
    assert followed
    assert (followed.alert_id, followed.kind) == (story.alert_id, FollowUpKind.CORRECTION)
    assert [(each.alert_id, each.key) for each in corrections_of(story.conn, story.alert_id)] == [
        (draft, "charged")
    ]


def test_corrections_chain(story: Story) -> None:
    """Whoever's newest word is the first or the second version gets the third."""
    story.send(story.alert_id, Ben=Status.FAILED, Chloe=Status.FAILED)
    story.change()
    story.send(story.correct(), Dora=Status.FAILED)
    late = replace(citing(), case=replace(make_case(), facts=()))
    story.send(story.write(late), Ana=Status.FAILED, Eva=Status.FAILED, Ben=Status.FAILED)
    third = {"en": "all are free", "es": "todas están libres"}

    story.change(third)

    # Ana and Eva had the correction, Chloe the second alert, Dora only the first version.
    assert story.owed() == [(4, 0)]
    assert story.send(story.correct()) == {"Ana", "Chloe", "Dora", "Eva"}
    assert story.owed() == [(0, 0)]


def test_who_said_stop_gets_none(story: Story) -> None:
    story.send(story.alert_id)
    story.change()
    for channel in Channel:
        address = select(Delivery.address).where(
            Delivery.contact_id == story.people["Ana"], Delivery.channel == channel
        )
        if found := story.conn.scalar(address):
            make_standing(story.conn, channel, found, Standing.OPTED_OUT)

    assert story.send(story.correct()) == {"Ben", "Chloe", "Dora", "Eva"}


def test_a_weekly_limit_keeps_nobody_from_a_correction(story: Story) -> None:
    story.send(story.alert_id)
    story.change()
    draft = story.correct()

    message = select(Message.weekly_cap).where(Message.id == story.message_of(draft))
    assert story.conn.scalar(message) is None


def test_only_the_channel_that_told_it_counts(story: Story) -> None:
    plain = citing().texts
    texts = {code: Words(each.sms, "Call", "See {{ link }}") for code, each in plain.items()}
    alert_id = story.write(replace(citing(texts=texts), case=replace(make_case(), facts=())))
    story.send(alert_id)
    copy = update(Delivery).where(Delivery.message_id == story.message_of(alert_id))
    bens = copy.where(Delivery.contact_id == story.people["Ben"])
    story.conn.execute(bens.where(Delivery.channel == Channel.SMS).values(status=Status.FAILED))

    story.change()

    assert story.owed() == [(4, 0)]


def test_only_the_language_that_told_it_counts(story: Story) -> None:
    texts = {**citing().texts, "es": Words("Llame: {{ link }}", "Llame", "Vea {{ link }}")}
    alert_id = story.write(replace(citing(texts=texts), case=replace(make_case(), facts=())))
    story.send(alert_id)
    copy = update(Delivery).where(Delivery.message_id == story.message_of(alert_id))
    story.conn.execute(copy.values(language="en"))
    story.conn.execute(copy.where(Delivery.contact_id == story.people["Ben"]).values(language="es"))

    story.change()

    assert story.owed() == [(4, 0)]


def test_a_draft_that_is_there_is_brought_up_to_date(story: Story) -> None:
    story.send(story.alert_id, Ben=Status.UNKNOWN)
    story.change()
    draft = story.correct()
    own = {
        code: Words("Own words. {{ fact.charged }} {{ link }}", "Call", "{{ link }}")
        for code in ("en", "es")
    }
    reword(story.conn, draft, own, **story.who)

    again = story.correct(perhaps=True)

    assert again == draft
    assert told_draft(story.conn, draft).texts["en"].sms.startswith("Own words. nine people")
    assert story.send(draft) == set(story.people)


def test_a_draft_says_what_else_was_told_since_and_leads_to_that_page(story: Story) -> None:
    story.send(story.alert_id)
    story.change()
    other = story.write(replace(citing(), case=replace(make_case(), facts=())))
    third = {"en": "all are free", "es": "todas están libres"}
    story.change(third)
    draft = story.correct()
    story.send(other)
    versions = {each.number: each.id for each in find_fact(story.conn, story.fact_id).versions}
    mine = update(Citation).where(Citation.alert_id == other, Citation.version_id == versions[3])
    story.conn.execute(mine.values(version_id=versions[2]))

    again = story.correct()

    assert again == draft
    told = told_draft(story.conn, draft).texts["en"].sms
    assert CHARGED.words["en"] in told
    assert NINE["en"] in told
    assert corrections_of(story.conn, story.alert_id) == []
    assert [each.alert_id for each in corrections_of(story.conn, other)] == [draft]


def test_a_draft_of_an_older_version_cannot_be_launched(story: Story) -> None:
    story.send(story.alert_id)
    story.change()
    draft = story.correct()

    story.change({"en": "all are free", "es": "todas están libres"})

    found = check(story.conn, draft, house=HOUSE, now=story.now)
    assert [each.code for each in found.blocking] == ["correction_outdated"]
    with pytest.raises(NotReady):
        launch(story.conn, story.jobs, draft, house=HOUSE, confirmed=5, by="Amina", now=story.now)
    assert story.correct() == draft
    assert "all are free" in told_draft(story.conn, draft).texts["en"].sms
    assert check(story.conn, draft, house=HOUSE, now=story.now).ready


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_correction_tells_otherwise_once_what_it_tells_has_changed(
    conn: Connection, now: datetime, withdrawn: bool
) -> None:
    story = Story(conn, now)
    story.send(story.alert_id)
    if withdrawn:
        updating.withdraw_fact(conn, story.fact_id, why="another case", **story.who)
    else:
        story.change()
    draft = story.correct()
    own = {code: Words("Not so. {{ link }}", "Not so", "{{ link }}") for code in ("en", "es")}
    reword(conn, draft, own, **story.who)
    story.send(draft)
    before = tells_otherwise(conn, draft, now=now)

    story.change({"en": "all are free", "es": "todas están libres"})

    assert (before, tells_otherwise(conn, draft, now=now)) == (False, True)


def test_a_correction_on_its_way_pauses_when_what_it_tells_changes(story: Story) -> None:
    story.send(story.alert_id)
    story.change()
    draft = story.correct()
    story.send(draft)
    mine = Message.id == story.message_of(draft)
    story.conn.execute(update(Message).where(mine).values(status=MessageStatus.SENDING))

    story.change({"en": "all are free", "es": "todas están libres"})

    assert story.conn.scalar(select(Message.status).where(mine)) == MessageStatus.PAUSED


def test_where_nobody_was_told_there_is_nothing_to_correct(story: Story) -> None:
    with pytest.raises(NotNow, match="nothing to correct"):
        story.correct()
    story.send(story.alert_id)
    with pytest.raises(NotNow, match="nothing to correct"):
        story.correct()
    story.change(release=Release.WITHHELD)
    with pytest.raises(NotNow, match="not public"):
        story.correct()


def test_a_correction_is_not_followed_itself(story: Story) -> None:
    story.send(story.alert_id)
    story.change()
    draft = story.correct()
    story.send(draft)

    with pytest.raises(NotNow, match="follows another alert"):
        draft_follow_up(story.conn, draft, FollowUpKind.NUDGE, **story.who)


def test_each_committee_corrects_what_it_told(conn: Connection, now: datetime) -> None:
    """The network's correction is for its own; a committee that joins puts right what its part said."""
    load_invented_officials(conn)
    jobs, who = EmbeddedJobs(), dict[str, Any](house=HOUSE, by="Ben", now=now)
    bangor, stranger = committee(conn, "Bangor"), committee(conn, "Salem")
    nobodys, hers = make_contact(conn, "Nora"), make_contact(conn, "Berta", projects=[bangor])
    make_contact(conn, "Sara", projects=[stranger])
    alert_id = create(conn, citing(), house=HOUSE, created_by="Amina", now=now)
    launched(conn, jobs, alert_id, now)
    join(conn, jobs, bangor, 1, now)
    expand_all(conn, now)
    waiting = Delivery.status == Status.PENDING
    conn.execute(update(Delivery).where(waiting).values(status=Status.DELIVERED))
    fact_id = next(
        each.id for each in facts_of(conn, case_of(conn, alert_id)) if each.key == "charged"
    )
    conn.execute(update(Message).values(status=MessageStatus.FINISHED))
    change = replace(CHARGED, words=NINE, key="")
    updating.change_fact(conn, fact_id, change, note="the court", **who)

    with pytest.raises(NotNow, match="what this alert tells has changed"):
        join(conn, jobs, stranger, 1, now)
    draft = draft_correction(conn, fact_id, NETWORK, **who)
    asked = [each.project_id for each in committees(conn, draft)]
    launched(conn, jobs, draft, now)
    expand_all(conn, now)
    root = conn.scalars(select(Alert.message_id).where(Alert.id == draft)).one()
    own = pending(conn, root)
    conn.execute(update(Delivery).where(waiting).values(status=Status.DELIVERED))
    mine = select(Proposal.id).where(Proposal.alert_id == draft, Proposal.project_id == bangor)
    say_yes(conn, jobs, proposal(conn, conn.scalars(mine).one()), 1, now)
    expand_all(conn, now)
    part = conn.scalars(select(Message.id).where(Message.part_of == root)).one()

    assert asked == [bangor]
    assert own == {nobodys}
    assert pending(conn, part) == {hers}
    assert conn.scalar(select(Message.project_id).where(Message.id == part)) == bangor


def test_a_committee_corrects_what_it_told_though_it_shares_its_list_now(
    conn: Connection, now: datetime
) -> None:
    load_invented_officials(conn)
    jobs, who = EmbeddedJobs(), dict[str, Any](house=HOUSE, by="Ben", now=now)
    bangor = committee(conn, "Bangor")
    make_contact(conn, "Nora")
    hers = make_contact(conn, "Berta", projects=[bangor])
    alert_id = create(conn, citing(), house=HOUSE, created_by="Amina", now=now)
    launched(conn, jobs, alert_id, now)
    join(conn, jobs, bangor, 1, now)
    expand_all(conn, now)
    conn.execute(update(Delivery).values(status=Status.DELIVERED))
    conn.execute(update(Message).values(status=MessageStatus.FINISHED))
    fact_id = next(
        each.id for each in facts_of(conn, case_of(conn, alert_id)) if each.key == "charged"
    )
    change = replace(CHARGED, words=NINE, key="")
    updating.change_fact(conn, fact_id, change, note="the court", **who)
    conn.execute(update(Project).where(Project.id == bangor).values(shares_list=True))

    draft = draft_correction(conn, fact_id, NETWORK, **who)
    found = check(conn, draft, house=HOUSE, now=now)

    assert [(each.committee.project_id, each.reached) for each in found.parts] == [(bangor, 1)]
    launched(conn, jobs, draft, now)
    mine = select(Proposal.id).where(Proposal.alert_id == draft, Proposal.project_id == bangor)
    say_yes(conn, jobs, proposal(conn, conn.scalars(mine).one()), 1, now)
    expand_all(conn, now)
    root = conn.scalars(select(Alert.message_id).where(Alert.id == draft)).one()
    part = conn.scalars(select(Message.id).where(Message.part_of == root)).one()
    assert pending(conn, part) == {hers}


def test_whom_the_correction_does_not_reach_is_counted(story: Story) -> None:
    """Their committee has kept its list since; one has left the project that the alert was to."""
    story.send(story.alert_id)
    story.change()
    kept = committee(story.conn, "Bangor")
    make_membership(story.conn, kept, story.people["Ana"])
    theirs = Membership.contact_id == story.people["Ana"]
    story.conn.execute(delete(Membership).where(theirs, Membership.project_id != kept))
    draft = story.correct()

    found = reach_of(story.conn, draft)

    assert found == Reached(owed=5, kept=1, left=0)
    assert story.send(draft) == {"Ben", "Chloe", "Dora", "Eva"}


def test_whoever_left_the_project_is_not_reached_by_its_correction(story: Story) -> None:
    to_madison = Audience(include=Filter(projects=(story.madison,)))
    once = replace(citing(), case=replace(make_case(), facts=()), audience=to_madison)
    story.send(story.write(once))
    story.change()
    story.conn.execute(delete(Membership).where(Membership.contact_id == story.people["Ana"]))
    draft = story.correct()

    assert reach_of(story.conn, draft) == Reached(owed=5, kept=0, left=1)
    assert reach_of(story.conn, story.alert_id) is None


def launched(conn: Connection, jobs: Any, alert_id: int, now: datetime) -> None:
    people = check(conn, alert_id, house=HOUSE, now=now).people
    launch(conn, jobs, alert_id, house=HOUSE, confirmed=people, by="Amina", now=now)


def case_of(conn: Connection, alert_id: int) -> int:
    return conn.scalars(select(Alert.case_id).where(Alert.id == alert_id)).one()


def pending(conn: Connection, message_id: int) -> set[int | None]:
    mine = (Delivery.message_id == message_id, Delivery.status == Status.PENDING)
    return set(conn.scalars(select(Delivery.contact_id).where(*mine)))


def test_everybody_is_reached_whom_one_of_several_alerts_told(
    conn: Connection, now: datetime
) -> None:
    """The latest alert is to one project, by text, for a day; the correction is not."""
    story = Story(conn, now)
    arcata = make_project(conn, "Arcata – Camoapa", shares_list=True)
    agreed = make_contact(conn, "Gina", projects=[arcata], scope=project_scope(arcata))
    mailed = make_contact(conn, "Hugo", projects=[story.madison], phone=None)
    story.people |= {"Gina": agreed, "Hugo": mailed}
    first = replace(citing(), case=replace(make_case(), facts=()))
    to_arcata = Audience(include=Filter(projects=(arcata,)))
    latest = replace(first, audience=to_arcata, reach=Reach.SMS, expires=Ending(at=now + DAY))
    to_madison = replace(first, audience=Audience(include=Filter(projects=(story.madison,))))
    assert story.send(story.write(to_madison)) >= {"Hugo", "Ana"}
    assert story.send(story.write(latest)) == {"Gina"}
    story.change()

    draft = story.correct()

    told = told_draft(conn, draft)
    assert (told.reach, told.audience.include.projects) == (Reach.BOTH, (story.madison, arcata))
    assert told.expires.at is None
    assert story.send(draft) == set(story.people)


def test_who_agreed_to_one_project_is_reached_also_if_another_alert_was_to_everybody(
    conn: Connection, now: datetime
) -> None:
    story = Story(conn, now)
    arcata = make_project(conn, "Arcata – Camoapa", shares_list=True)
    story.people["Gina"] = make_contact(
        conn, "Gina", projects=[arcata], scope=project_scope(arcata)
    )
    again = replace(citing(), case=replace(make_case(), facts=()))
    to_arcata = replace(again, audience=Audience(include=Filter(projects=(arcata,))))
    assert story.send(story.write(to_arcata)) == {"Gina"}
    assert "Ana" in story.send(story.alert_id)
    story.change()

    draft = story.correct()
    own = told_draft(conn, draft).texts
    reword(conn, draft, own, **story.who)

    assert told_draft(conn, draft).audience.include.projects == ()
    assert story.send(draft) == set(story.people)


# Any history: what is known changes, goes back and is withdrawn; alerts and corrections go out by two
# senders and fare in every way; people say stop. A reference in plain Python says who is owed.

FARED = st.sampled_from(
    [
        Status.DELIVERED,
        Status.ACCEPTED,
        Status.UNKNOWN,
        Status.FAILED,
        Status.PENDING,
        Status.STOPPED,
    ]
)
PEOPLE = 4
FATES = st.lists(FARED, min_size=PEOPLE, max_size=PEOPLE)
SENDER = st.booleans()
PLACES = st.sampled_from([("sms",), ("body",), ("sms", "subject")])
MEANT = st.sampled_from([(), (0,), (1,), (0, 1)])  # everybody, or those of one project or two
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from("ABC")),
        st.tuples(st.just("withdraw")),
        st.tuples(st.just("send"), SENDER, PLACES, st.sampled_from(Reach), MEANT, FATES, FATES),
        st.tuples(st.just("correct"), SENDER, st.booleans(), FATES),
        st.tuples(st.just("draft"), SENDER, st.booleans()),
        st.tuples(st.just("stop"), st.integers(0, PEOPLE - 1)),
    ),
    max_size=9,
)  # fmt: skip


@dataclass
class World:
    """The database and the reference, side by side."""

    conn: Connection
    now: datetime
    projects: tuple[int, int]  # everybody is in the first, half of them in the second
    people: list[int]
    fact_id: int
    says: list[str] = field(default_factory=lambda: ["A"])  # by version
    # Whose word by whom: person, version, sender, how it fared.
    told: list[tuple[int, int, int | None, Status]] = field(default_factory=list)
    stopped: set[int] = field(default_factory=set)
    # By whom, of which version, how and for whom.
    sent: list[tuple[int | None, int, Reach, set[int]]] = field(default_factory=list)

    def senders(self) -> tuple[int | None, int]:
        return NETWORK, self.projects[0]

    def owed(self, sender: int | None, *, perhaps: bool) -> set[int]:
        """Those whose highest word, of those that stand, is not what is known; by whom they were told it."""
        wrong = {*LEFT, Status.UNKNOWN} if perhaps else {*LEFT}
        right = {*LEFT, Status.PENDING, Status.SENDING}
        now_known = self.says[-1]
        found = set()
        for person, number, told_by, fared in self.told:
            if told_by != sender or fared not in wrong or self.says[number] == now_known:
                continue
            better = (
                each
                for each in self.told
                if each[0] == person
                and each[1] > number
                and self.says[each[1]] == now_known
                and each[3] in right
            )
            if not any(better):
                found.add(person)
        return found

    def step(self, name: str, *values: Any) -> None:
        getattr(self, f"_{name}")(*values)
        fact = find_fact(self.conn, self.fact_id)
        for sender in self.senders():
            for perhaps in (False, True):
                found = outdated(fact, tellings(self.conn, fact), sender, perhaps=perhaps)
                ids: set[int] = set()
                if found is not None:
                    audience = read({"include": write_outdated(found)})
                    ids = set(self.conn.scalars(contact_ids(audience)))
                assert ids == self.owed(sender, perhaps=perhaps), (sender, perhaps)

    def _change(self, letter: str) -> None:
        if letter == self.says[-1]:
            return
        draft = replace(CHARGED, words={"en": letter, "es": letter}, key="")
        facts.change_fact(self.conn, self.fact_id, draft, note="x", by="x", now=self.now)
        self.says.append(letter)

    def _withdraw(self) -> None:
        if self.says[-1] == "false":
            return
        facts.withdraw_fact(self.conn, self.fact_id, why="x", by="x", now=self.now)
        self.says.append("false")

    def _send(
        self,
        committees_own: bool,
        places: tuple[str, ...],
        reach: Reach,
        meant: tuple[int, ...],
        texts: list[Status],
        emails: list[Status],
    ) -> None:
        sender = self.projects[0] if committees_own else NETWORK
        if self.says[-1] == "false":
            return
        named = tuple(self.projects[each] for each in ((0,) if committees_own else meant))
        lines = write(Audience(include=Filter(projects=named)))
        alert = make_alert(self.conn, project_id=sender, reach=reach, audience=lines)
        self.sent.append((sender, len(self.says) - 1, reach, {*named}))
        fact = find_fact(self.conn, self.fact_id)
        mine = update(Alert).where(Alert.id == alert.alert_id)
        self.conn.execute(mine.values(case_id=fact.case_id))
        for place in places:
            row = {"alert_id": alert.alert_id, "version_id": fact.current.id, "place": place}
            self.conn.execute(insert(Citation).values(**row, language="en"))
        theirs = self.people[PEOPLE // 2 :] if named == (self.projects[1],) else self.people
        for channel, fates in ((Channel.SMS, texts), (Channel.EMAIL, emails)):
            if reach is (Reach.EMAIL if channel == Channel.SMS else Reach.SMS):
                continue
            told = bool({"sms"} & {*places}) if channel == Channel.SMS else places != ("sms",)
            for person, fared in zip(self.people, fates, strict=True):
                copy: dict[str, Any] = {"channel": channel, "status": fared}
                copy["address"] = f"{channel}{person}"
                if person not in theirs:
                    continue
                make_delivery(self.conn, alert.message_id, person, **copy)
                if told:
                    self.told.append((person, len(self.says) - 1, sender, fared))

    def _draft(self, committees_own: bool, perhaps: bool) -> int | None:
        sender = self.projects[0] if committees_own else NETWORK
        try:
            return draft_correction(
                self.conn,
                self.fact_id,
                sender,
                perhaps=perhaps,
                house=HOUSE,
                by="x",
                now=self.now,
            )
        except NotNow:
            assert not self.owed(sender, perhaps=perhaps)
            return None

    def _correct(self, committees_own: bool, perhaps: bool, fates: list[Status]) -> None:
        sender = self.projects[0] if committees_own else NETWORK
        expected = self.owed(sender, perhaps=perhaps)
        alert_id = self._draft(committees_own, perhaps)
        if alert_id is None:
            return
        columns = (Message.id, Message.audience, Message.reach, Message.scopes)
        mine = select(*columns).join(Alert, Alert.message_id == Message.id)
        message = self.conn.execute(mine.where(Alert.id == alert_id)).one()
        audience = read(message.audience)
        assert set(self.conn.scalars(contact_ids(audience))) == expected
        self._reaches_as_those_that_told(sender, message)
        sent = {"status": MessageStatus.FINISHED, "launched_at": self.now}
        self.conn.execute(update(Message).where(Message.id == message.id).values(sent))
        for person, fared in zip(self.people, fates, strict=True):
            if person in expected - self.stopped:
                make_delivery(self.conn, message.id, person, status=fared, address=f"c{person}")
                self.told.append((person, len(self.says) - 1, sender, fared))

    def _reaches_as_those_that_told(self, sender: int | None, message: Any) -> None:
        """On each channel, and by each consent, on which one of them told it."""
        found = [
            (reach, projects)
            for by, number, reach, projects in self.sent
            if by == sender and self.says[number] != self.says[-1]
        ]
        reaches = {reach for reach, _ in found}
        assert message.reach == (reaches.pop() if len(reaches) == 1 else Reach.BOTH)
        named = {project for _, projects in found for project in projects}
        assert {project_scope(each) for each in named} <= {*message.scopes}
        self.sent.append((sender, len(self.says) - 1, Reach(message.reach), named))

    def _stop(self, number: int) -> None:
        self.stopped.add(self.people[number])


def write_outdated(found: Any) -> dict[str, Any]:
    lines: dict[str, Any] = write(Audience(include=Filter(outdated=found)))["include"]
    return lines


ALL_GOT = [Status.DELIVERED] * PEOPLE
SEVERAL: list[tuple[Any, ...]] = [
    ("send", False, ("sms",), Reach.SMS, (0,), ALL_GOT, ALL_GOT),
    ("send", False, ("body",), Reach.EMAIL, (1,), ALL_GOT, ALL_GOT),
    ("change", "B"),
    ("correct", False, False, ALL_GOT),
]


@example(steps=SEVERAL)
@settings(
    max_examples=settings().max_examples // 3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_in_any_history_exactly_those_are_owed_who_were_told_otherwise(
    conn: Connection, now: datetime, steps: Iterable[tuple[Any, ...]]
) -> None:
    before = conn.begin_nested()
    try:
        project = make_project(conn, "Madison – Arcatao")
        second = make_project(conn, "Bangor – Carasque")
        halves = [[project], [project, second]]
        people = [make_contact(conn, projects=halves[n >= PEOPLE // 2]) for n in range(PEOPLE)]
        alert = make_alert(conn)
        fact = replace(CHARGED, words={"en": "A", "es": "A"}, key="charged")
        fact_id = add_fact(conn, alert.case_id, fact, by="x", now=now)
        world = World(conn, now, (project, second), people, fact_id)
        for step in steps:
            world.step(*step)
    finally:
        before.rollback()
