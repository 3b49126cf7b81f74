"""A name that comes on a list after an email was planned: it is held as it leaves, and answered by name.

María is detained; Amina plans the mail of the committee, Ben puts María on the list of people at risk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from alerts import halted_mail
from alerts.at_risk import NoSuchPerson, NotYetSaid, NoWhy, RiskDraft, outvotes
from alerts.halting import (
    BECAUSE,
    add_person,
    change_person,
    halted,
    remove_person,
)
from alerts.models import Case
from alerts.planned_names import (
    NamesForbidden,
    NotYetApproved,
    discreet,
    let_name_stand,
    names_in,
    require_discreet,
    resume_series,
    steer,
)
from alerts.risk_models import Cleared, MaySay
from alerts.steering import Act, steer_part
from alerts.steering import steer as steer_alert
from alerts.weighing import let_stand
from campaigns import (
    approval_asks,
    approving,
    calendar,
    changing,
    deciding,
    firing,
    occurrences,
    series,
    step_answers,
)
from campaigns.approving import digest, writers_of
from campaigns.ballots import About
from campaigns.calendar import find_email
from campaigns.experiment_models import Experiment, State, Why
from campaigns.models import CampaignRun, Reason, RunStatus
from campaigns.series import StepDraft
from campaigns.steering import Steer
from campaigns.variants import Plan
from messages import control, doubts
from messages.control import Words
from messages.house import HouseRules
from messages.models import Message, MessageStatus, Status
from messages.series_models import StepCopy
from organizers.roles import NETWORKS
from tests.builders import (
    LONG_AGO,
    make_alert,
    make_contact,
    make_delivery,
    make_membership,
    make_message,
    make_organizer,
    make_project,
)
from tests.campaigns import test_approving as of_email
from tests.campaigns import test_series as of_series
from tests.campaigns.test_firing import HOUSE, NINE, make_email_draft
from tests.doubles import NoJobs
from web.console.email_pages import email_page

RULES = replace(HOUSE, discretion=discreet)
MARIA = RiskDraft(given_names="María Guadalupe", family_names="Henríquez de Orellana")
WHY = "Her family has asked us to say her name."
AT = "2026-12-01T09:00"
CALLS = {"en": {"sms": "Call for María Henríquez", "subject": "Call", "body": "Call now"}}
PLAIN = make_email_draft().texts


def naming(**en: str) -> dict[str, Words]:
    """Words of which the English ones are these."""
    return {**PLAIN, "en": replace(PLAIN["en"], **en)}


def schedule(conn: Connection, project_id: int | None = None, **changes: Any) -> int:
    campaign = calendar.create_campaign(
        conn, name="Water", goal="", project_id=project_id, created_by="Amina", now=LONG_AGO
    )
    draft = make_email_draft(**changes)
    return calendar.schedule(conn, campaign, draft, created_by="Amina", now=LONG_AGO)[0]


def make_case(conn: Connection, project_id: int | None = None) -> int:
    found = make_alert(conn, status=MessageStatus.DRAFT, launched_at=None, project_id=project_id)
    return found.case_id


def list_her(conn: Connection, case_id: int | None = None, **changes: Any) -> int:
    case_id = case_id or make_case(conn)
    return add_person(conn, case_id, replace(MARIA, **changes), by="Ben", now=LONG_AGO)


def fire(conn: Connection, email_id: int, at: datetime = NINE) -> firing.Fired:
    [found] = firing.fire(conn, NoJobs(), email_id, house=RULES, now=at)
    return found


def send_held(conn: Connection, email_id: int, at: str = AT) -> firing.Fired:
    return firing.send_held(conn, NoJobs(), email_id, at, house=RULES, by="Ben", now=NINE)


def run_of(conn: Connection, email_id: int) -> Any:
    return conn.execute(select(CampaignRun).where(CampaignRun.email_id == email_id)).first()


@pytest.mark.parametrize(
    "texts",
    [
        naming(subject="Free María Henríquez"),
        naming(body="Write to Maria Guadalupe today."),
        naming(body="::: facts\nMaría Henríquez is in prison.\n:::"),
        naming(body="![María Henríquez at home](https://example.org/p.jpg)"),
        naming(body="#FreeMariaHenriquez"),
        naming(body="Free María **Hen**ríquez"),
        naming(body="Free Mar&iacute;a [Henr&iacute;quez](https://example.org/who)"),
        {**PLAIN, "es": Words(subject="Agua", body="Libertad para Henríquez de Orellana")},
    ],
)
def test_wherever_the_name_stands_the_email_is_held(
    conn: Connection, texts: Mapping[str, Words]
) -> None:
    make_contact(conn)
    email_id = schedule(conn, texts=texts)
    list_her(conn)

    fired = fire(conn, email_id)

    assert (fired.status, fired.reason, fired.message_id) == (RunStatus.HELD, Reason.NAMED, None)
    assert conn.scalar(select(Message.id).where(Message.kind == "campaign")) is None


def test_what_is_kept_and_told_of_it_repeats_no_name(conn: Connection) -> None:
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    list_her(conn)

    [found] = fire(conn, email_id).held_because

    assert str(found).startswith("English, subject: a name stands there that must not be said")
    assert "correo" in found.words("es")
    assert "enr" not in str(run_of(conn, email_id).details)


def test_who_is_on_nobodys_list_or_may_be_named_is_sent(conn: Connection) -> None:
    make_contact(conn)
    texts = naming(subject="Free María Henríquez")
    unlisted, cleared = schedule(conn, texts=texts), schedule(conn, texts=texts)
    bangor = make_project(conn, "Bangor")
    list_her(conn, make_case(conn, bangor))  # of another committee than the network

    assert fire(conn, unlisted).status is RunStatus.FIRED
    list_her(conn, may_say=MaySay.FULL, cleared_by=Cleared.FAMILY)
    assert fire(conn, cleared).status is RunStatus.FIRED


def test_the_networks_list_holds_a_committees_email(conn: Connection) -> None:
    bangor = make_project(conn, "Bangor")
    email_id = schedule(conn, bangor, texts=naming(subject="Free María Henríquez"))
    list_her(conn)

    assert fire(conn, email_id).reason is Reason.NAMED


def test_each_date_of_an_email_that_comes_again_is_asked_about(conn: Connection) -> None:
    make_contact(conn)
    texts = naming(subject="Free María Henríquez")
    email_id = schedule(conn, texts=texts, rule="FREQ=DAILY;COUNT=3")

    first = fire(conn, email_id)
    person_id = list_her(conn)
    second = fire(conn, email_id, NINE + timedelta(days=1))
    remove_person(conn, person_id, now=NINE)
    third = fire(conn, email_id, NINE + timedelta(days=2))

    assert [each.status for each in (first, second, third)] == [
        RunStatus.FIRED,
        RunStatus.HELD,
        RunStatus.FIRED,
    ]


def test_words_of_one_date_are_looked_at_and_not_those_they_replace(conn: Connection) -> None:
    make_contact(conn)
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    list_her(conn)
    occurrences.change_words(conn, email_id, AT, PLAIN, by="Amina")

    assert fire(conn, email_id).status is RunStatus.FIRED


def test_it_is_answered_by_leaving_it_out(conn: Connection) -> None:
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    list_her(conn)
    fire(conn, email_id)

    occurrences.leave_out(conn, email_id, AT, by="Ben", now=NINE)

    assert run_of(conn, email_id).reason == Reason.LEFT_OUT


def test_it_is_answered_by_other_words(conn: Connection) -> None:
    make_contact(conn)
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    list_her(conn)
    fire(conn, email_id)

    assert send_held(conn, email_id).reason is Reason.NAMED
    occurrences.change_words(conn, email_id, AT, PLAIN, by="Ben")
    assert send_held(conn, email_id).status is RunStatus.FIRED


def test_it_is_answered_by_saying_why_the_name_may_stand(conn: Connection) -> None:
    make_contact(conn)
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    person_id = list_her(conn)
    fire(conn, email_id)

    let_name_stand(conn, email_id, person_id, why=WHY, by="Ben")

    named = names_in(conn, email_id, {"Ben": "Ben of Bangor"})
    assert not named.blocking
    assert "Ben of Bangor says why it may stand: Her family" in str(named.let_stand[0])
    assert send_held(conn, email_id).status is RunStatus.FIRED


def test_a_reason_is_for_these_words_alone(conn: Connection) -> None:
    texts = naming(subject="Free María Henríquez")
    email_id = schedule(conn, texts=texts)
    person_id = list_her(conn)
    let_name_stand(conn, email_id, person_id, why=WHY, by="Ben")

    require_discreet(conn, None, [texts], email_id=email_id)
    more = naming(subject="Free María Guadalupe Henríquez de Orellana")
    with pytest.raises(NamesForbidden):
        require_discreet(conn, None, [more], email_id=email_id)
    with pytest.raises(NamesForbidden):
        require_discreet(conn, None, [texts])
    changing.change(conn, email_id, make_email_draft(texts=more), by="Amina", now=LONG_AGO)
    assert fire(conn, email_id).reason is Reason.NAMED


def test_a_reason_is_part_of_what_is_approved(conn: Connection) -> None:
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    person_id = list_her(conn)
    before = digest(calendar.look_at(conn, email_id))

    let_name_stand(conn, email_id, person_id, why=WHY, by="Ben")

    assert digest(calendar.look_at(conn, email_id)) != before


def test_who_lets_a_name_stand_says_why_of_somebody_on_the_list(conn: Connection) -> None:
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    person_id = list_her(conn)

    with pytest.raises(NoWhy):
        let_name_stand(conn, email_id, person_id, why="so", by="Ben")
    with pytest.raises(NoSuchPerson):
        let_name_stand(conn, email_id, person_id + 1, why=WHY, by="Ben")


def tried(conn: Connection, other: Mapping[str, Words]) -> int:
    """An email of which two subjects are on their way."""
    for _ in range(40):
        make_contact(conn, phone=None)
    email_id = schedule(conn, experiment=Plan(others=[other], share=500))
    fire(conn, email_id)
    done = {"status": MessageStatus.FINISHED, "finished_at": NINE}
    conn.execute(update(Message).where(Message.kind == "campaign").values(done))
    return email_id


def test_the_others_get_no_name_and_a_person_chooses_words_without_it(conn: Connection) -> None:
    email_id = tried(conn, {"en": Words(subject="Free María Henríquez"), "es": Words("", "Río")})
    list_her(conn)
    conn.execute(update(Experiment).values(plan={**plan_of(conn), "unclear": "ask"}))

    named = choose(conn, email_id, 1)
    without = choose(conn, email_id, 0)

    assert (named.state, named.why, named.message_id) == (State.HELD, Why.NAMED, None)
    assert "enr" not in str(named.held_because)
    assert without.state is State.DECIDED


def choose(conn: Connection, email_id: int, place: int) -> deciding.Decided:
    return deciding.choose(conn, NoJobs(), email_id, AT, place, house=RULES, by="Ben", now=NINE)


def plan_of(conn: Connection) -> dict[str, Any]:
    return dict(conn.scalars(select(Experiment.plan)).one())


def test_the_rule_does_not_send_the_others_a_name_and_a_reason_lets_it(conn: Connection) -> None:
    email_id = tried(conn, {"en": Words(subject="Rivers"), "es": Words(subject="Ríos")})
    words = [
        each | {"en": {**each["en"], "subject": "Free María Henríquez"}} for each in texts_of(conn)
    ]
    conn.execute(update(Experiment).values(texts=words))
    person_id = list_her(conn)

    [decided] = deciding.decide(
        conn, NoJobs(), email_id, house=RULES, now=NINE + timedelta(hours=4)
    )
    let_name_stand(conn, email_id, person_id, why=WHY, by="Ben")
    chosen = choose(conn, email_id, 0)

    assert (decided.state, decided.why) == (State.HELD, Why.NAMED)
    assert chosen.state is State.DECIDED


def texts_of(conn: Connection) -> list[Any]:
    return list(conn.scalars(select(Experiment.texts)).one())


def test_any_way_of_writing_that_names_somebody_holds_all(conn: Connection) -> None:
    make_contact(conn)
    other = {"en": Words(subject="Rivers"), "es": Words(subject="Ríos", body="¿Y Henríquez?")}
    email_id = schedule(conn, experiment=Plan(others=[other], share=500))
    list_her(conn)

    assert fire(conn, email_id).reason is Reason.NAMED


def flying(conn: Connection, **changes: Any) -> tuple[int, int]:
    """An email whose copies wait for each person's own hour, and its message."""
    make_contact(conn)
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"), **changes)
    fired = fire(conn, email_id)
    assert fired.message_id is not None
    return email_id, fired.message_id


def state_of(conn: Connection, message_id: int) -> tuple[str, str]:
    columns = (Message.status, Message.paused_because)
    return tuple(conn.execute(select(*columns).where(Message.id == message_id)).one())  # type: ignore[return-value]


def test_what_is_on_its_way_pauses_when_the_name_comes_on_a_list(conn: Connection) -> None:
    email_id, message_id = flying(conn)
    _, other = flying(conn)
    conn.execute(update(Message).where(Message.id == other).values(status=MessageStatus.FINISHED))
    case_id = make_case(conn)

    person_id = list_her(conn, case_id, given_names="Ana", family_names="Portillo")
    assert state_of(conn, message_id) == (MessageStatus.SENDING, "")
    list_her(conn, case_id)

    assert state_of(conn, message_id) == (MessageStatus.PAUSED, BECAUSE)
    assert state_of(conn, other)[0] == MessageStatus.FINISHED
    assert [(each.email_id, each.local_time, each.name) for each in halted(conn, None)] == [
        (email_id, AT, "Water")
    ]
    assert person_id


def test_a_list_that_grows_stricter_pauses_too(conn: Connection) -> None:
    person_id = list_her(conn, may_say=MaySay.FULL, cleared_by=Cleared.FAMILY)
    _, message_id = flying(conn)

    change_person(conn, person_id, MARIA, by="Ben", now=NINE)

    assert state_of(conn, message_id) == (MessageStatus.PAUSED, BECAUSE)


def test_who_lets_a_name_stand_wrote_part_of_it_and_does_not_approve_it(conn: Connection) -> None:
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    person_id = list_her(conn)

    occurrences.change_words(conn, email_id, AT, naming(subject="María"), by="organizer:8")

    let_name_stand(conn, email_id, person_id, why=WHY, by="organizer:7")

    email = find_email(conn, email_id)
    assert writers_of(email, None) == {"Amina", "organizer:7"}
    assert writers_of(email, run_of(conn, email_id)) == {"organizer:8", "organizer:7"}


def test_what_pauses_goes_on_once_somebody_says_why(conn: Connection) -> None:
    email_id, message_id = flying(conn)
    person_id = list_her(conn)

    with pytest.raises(NotYetSaid):
        go_on(conn, email_id)
    let_name_stand(conn, email_id, person_id, why=WHY, by="Ben")
    go_on(conn, email_id)
    list_her(conn, given_names="Ana", family_names="Portillo")

    assert state_of(conn, message_id) == (MessageStatus.SENDING, "")
    assert halted(conn, None) == []


def go_on(conn: Connection, email_id: int, at: str = AT, *, house: HouseRules = HOUSE) -> None:
    steer(conn, NoJobs(), email_id, at, Steer.RESUME, house=house, now=NINE)


def test_where_two_people_approve_what_pauses_waits_for_both(conn: Connection) -> None:
    two, berta = of_email.TWO, make_organizer(conn, "Berta", network=True, reads="en es")
    email_id, message_id = flying(conn)
    person_id = list_her(conn)
    let_name_stand(conn, email_id, person_id, why=WHY, by="Ben")

    with pytest.raises(NotYetApproved):
        go_on(conn, email_id, house=two)
    of_email.approve(conn, email_id, berta, NINE)
    go_on(conn, email_id, house=two)

    assert state_of(conn, message_id) == (MessageStatus.SENDING, "")


@pytest.mark.parametrize("own", [False, True])
def test_what_pauses_is_put_to_the_other_who_approves_it(conn: Connection, own: bool) -> None:
    two, berta = of_email.TWO, make_organizer(conn, "Berta", network=True, reads="en es")
    make_contact(conn)
    texts = naming(subject="Free María Henríquez")
    email_id = schedule(conn, texts=PLAIN if own else texts)
    if own:
        occurrences.change_words(conn, email_id, AT, texts, by="Amina")
    fire(conn, email_id)
    about = About(email_id, AT if own else "")

    def listed() -> list[About]:
        found = approving.asked_of(conn, [NETWORKS], berta, house=two)
        return [each.subject.about for each in found]

    assert listed() == []
    let_name_stand(conn, email_id, list_her(conn), why=WHY, by="Ben")
    with pytest.raises(NotYetApproved):
        go_on(conn, email_id, house=two)
    approval_asks.ask(conn, about, [berta], by="Ben", now=NINE)
    page = email_page(conn, email_id, house=two, now=NINE)

    assert (listed(), list(page.own)) == ([about], [AT] if own else [])
    assert [each.name for each in approval_asks.letters_due(conn, NINE)] == ["Berta"]
    assert approval_asks.asked_by(conn, "Ben") == [about]
    of_email.approve(conn, email_id, berta, NINE, at=about.local_time)
    go_on(conn, email_id, house=two)
    assert listed() == []


def test_only_the_dates_and_the_ways_of_writing_that_name_somebody_pause(conn: Connection) -> None:
    _, named = flying(conn)
    make_contact(conn)
    email_id = schedule(conn, rule="FREQ=DAILY;COUNT=3")
    plain = fire(conn, email_id).message_id
    assert plain is not None
    texts = naming(subject="Free María Henríquez")
    occurrences.change_words(conn, email_id, "2026-12-02T09:00", texts, by="Amina")

    list_her(conn)

    assert state_of(conn, named) == (MessageStatus.PAUSED, BECAUSE)
    assert state_of(conn, plain)[0] == MessageStatus.SENDING
    control.pause(conn, plain)
    go_on(conn, email_id)
    assert state_of(conn, plain)[0] == MessageStatus.SENDING


def test_who_comes_off_one_list_is_looked_for_by_the_others(conn: Connection) -> None:
    case_id = make_case(conn)
    alert = make_alert(conn, texts=CALLS)
    own = list_her(conn, alert.case_id, may_say=MaySay.FULL, cleared_by=Cleared.FAMILY)
    list_her(conn, case_id)
    assert state_of(conn, alert.message_id)[0] == MessageStatus.SENDING

    remove_person(conn, own, now=NINE)

    assert state_of(conn, alert.message_id) == (MessageStatus.PAUSED, BECAUSE)


def test_a_line_of_its_own_outvotes_another_cases(conn: Connection) -> None:
    case_id, other = make_case(conn), make_case(conn)
    list_her(conn, other)
    more = replace(MARIA, may_say=MaySay.FIRST, cleared_by=Cleared.ORGANIZER)

    assert outvotes(conn, case_id, more)
    assert not outvotes(conn, case_id, MARIA)
    assert not outvotes(conn, case_id, replace(more, given_names="Ana", family_names="Portillo"))


def test_an_alert_that_was_paused_for_something_else_is_looked_through_before_it_goes_on(
    conn: Connection, now: datetime
) -> None:
    alert = make_alert(conn, texts=CALLS)
    broke = "Twilio refuses our number."
    control.pause(conn, alert.message_id, because=broke)
    person_id = list_her(conn, alert.case_id)

    def resume() -> None:
        steer_alert(conn, NoJobs(), alert.alert_id, Act.RESUME, by="Ben", now=now)

    with pytest.raises(NotYetSaid):
        resume()
    assert state_of(conn, alert.message_id) == (MessageStatus.PAUSED, broke)
    let_stand(conn, alert.alert_id, person_id, why=WHY, by="organizer:7", now=now)
    resume()

    assert state_of(conn, alert.message_id) == (MessageStatus.SENDING, "")


def test_no_committee_lets_its_part_go_on_that_names_somebody(
    conn: Connection, now: datetime
) -> None:
    alert = make_alert(conn, texts=CALLS, status=MessageStatus.FINISHED)
    part = make_message(conn, status=MessageStatus.SENDING, part_of=alert.message_id)
    steer_part(conn, NoJobs(), part, Act.PAUSE, now=now)
    person_id = list_her(conn, alert.case_id)

    with pytest.raises(control.NotNow, match="ask the network"):
        steer_part(conn, NoJobs(), part, Act.RESUME, now=now)

    assert state_of(conn, part) == (MessageStatus.PAUSED, control.PAUSED_BY_COMMITTEE)
    let_stand(conn, alert.alert_id, person_id, why=WHY, by="organizer:7", now=now)
    steer_part(conn, NoJobs(), part, Act.RESUME, now=now)
    assert state_of(conn, part)[0] == MessageStatus.SENDING


def test_an_alert_that_waits_for_its_hour_pauses(conn: Connection, now: datetime) -> None:
    alert = make_alert(conn, begins_at=now + timedelta(hours=3), texts=CALLS)
    other = make_alert(conn, begins_at=now + timedelta(hours=3))

    list_her(conn, alert.case_id)

    assert state_of(conn, alert.message_id) == (MessageStatus.PAUSED, BECAUSE)
    assert state_of(conn, other.message_id)[0] == MessageStatus.SENDING


def test_what_is_finished_but_for_a_lost_answer_pauses_as_it_may_be_sent_once_more(
    conn: Connection, now: datetime
) -> None:
    done: dict[str, Any] = {"texts": CALLS, "status": MessageStatus.FINISHED, "finished_at": now}
    alert, other = (make_alert(conn, **done) for _ in range(2))
    over = make_alert(conn, **done, expires_at=LONG_AGO)  # nothing of it is sent once more
    for each in (alert, over):
        lost = make_delivery(conn, each.message_id, make_contact(conn), status=Status.UNKNOWN)
        doubts.note_found(conn, [lost], now=now)

    for each in (alert, other, over):
        list_her(conn, each.case_id)

    assert state_of(conn, alert.message_id) == (MessageStatus.PAUSED, BECAUSE)
    assert state_of(conn, other.message_id)[0] == MessageStatus.FINISHED
    assert state_of(conn, over.message_id) == (MessageStatus.FINISHED, "")


def test_an_alert_of_another_committee_goes_on(conn: Connection) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    make_membership(conn, madison, make_contact(conn))
    alert = make_alert(conn, project_id=madison, texts=CALLS)

    list_her(conn, make_case(conn, bangor))

    assert state_of(conn, alert.message_id)[0] == MessageStatus.SENDING


def test_whose_pause_a_committee_decided_stays_its_own(conn: Connection) -> None:
    alert = make_alert(conn, texts=CALLS)
    control.pause(conn, alert.message_id, because=control.PAUSED_BY_COMMITTEE)

    list_her(conn, alert.case_id)

    assert state_of(conn, alert.message_id)[1] == control.PAUSED_BY_COMMITTEE


def test_closed_cases_keep_their_lists(conn: Connection) -> None:
    email_id = schedule(conn, texts=naming(subject="Free María Henríquez"))
    case_id = make_case(conn)
    list_her(conn, case_id)
    conn.execute(update(Case).where(Case.id == case_id).values(closed_at=LONG_AGO))

    assert fire(conn, email_id).reason is Reason.NAMED


NAMING_HER = StepDraft(days=1, hour="09:00", texts=naming(subject="Free María Henríquez"))


def on_its_way(conn: Connection, project: int, jobs: NoJobs, at: datetime) -> tuple[int, int]:
    """A series whose one step says her name and goes to Ana, and that step."""
    made = of_series.make_series(conn, project, days=(1,))
    [step] = of_series.steps(conn, made)
    series.change_step(conn, step, NAMING_HER, by="organizer:900")
    of_series.join(conn, project, "Ana", of_series.START + of_series.HOUR)
    assert of_series.sweep(conn, jobs, made, at, discretion=discreet) == {"fired": 1}
    return made, step


def test_a_series_mail_that_is_on_its_way_pauses_and_stays_so_when_the_series_goes_on(
    conn: Connection,
) -> None:
    project, jobs, at = make_project(conn), NoJobs(), of_series.NINE - of_series.DAY
    made, _ = on_its_way(conn, project, jobs, at)

    person_id = list_her(conn, make_case(conn, project))

    [mail] = series.mails_of(conn, made, MessageStatus.PAUSED)
    assert state_of(conn, mail) == (MessageStatus.PAUSED, BECAUSE)
    assert [each.series_id for each in halted(conn, [project])] == [made]
    for still in (True, False):
        series.pause(conn, made)
        resume_series(conn, jobs, made, now=at)
        assert (state_of(conn, mail)[0] == MessageStatus.PAUSED) is still
        remove_person(conn, person_id, now=NINE)


def test_a_series_mail_that_is_paused_goes_on_or_its_people_are_asked_about(
    conn: Connection,
) -> None:
    project, jobs, at = make_project(conn), NoJobs(), of_series.NINE - of_series.DAY
    made, step = on_its_way(conn, project, jobs, at)
    case_id = make_case(conn, project)
    person_id = list_her(conn, case_id)
    assert halted_mail.halted_steps(conn, made) == {step: False}
    with pytest.raises(control.NotNow, match="call it off"):
        halted_mail.go_on(conn, jobs, step, now=at)

    remove_person(conn, person_id, now=at)
    assert halted_mail.halted_steps(conn, made) == {step: True}
    halted_mail.go_on(conn, jobs, step, now=at)
    [mail] = series.mails_of(conn, made, MessageStatus.SENDING)
    with pytest.raises(control.NotNow):
        halted_mail.go_on(conn, jobs, step, now=at)

    list_her(conn, case_id)
    halted_mail.call_off(conn, step, now=at)
    assert state_of(conn, mail)[0] == MessageStatus.STOPPED
    assert of_series.sweep(conn, jobs, made, at, discretion=discreet) == {"held": 1}
    assert of_series.fates(conn, made) == {(1, "held", "named"): 1}
    series.change_step(conn, step, replace(NAMING_HER, texts=PLAIN), by="organizer:900")
    seen = conn.scalars(select(StepCopy.asked)).one()
    step_answers.answer(conn, step, "named", upto=seen, send=True, by="Ben", now=at)
    assert of_series.sweep(conn, jobs, made, at, discretion=discreet) == {"fired": 1}
    of_series.require_balance(conn, made)


def test_a_step_of_a_series_is_held_until_its_words_are_others(conn: Connection) -> None:
    project, jobs, at = make_project(conn), NoJobs(), of_series.NINE - of_series.DAY
    made = of_series.make_series(conn, project, days=(1,))
    [step] = of_series.steps(conn, made)
    series.change_step(conn, step, NAMING_HER, by="organizer:900")
    of_series.join(conn, project, "Ana", of_series.START + of_series.HOUR)
    list_her(conn, make_case(conn, project))

    assert of_series.sweep(conn, jobs, made, at, discretion=discreet) == {"held": 1}

    assert of_series.fates(conn, made) == {(1, "held", "named"): 1}
    assert "Henríquez" not in str(conn.scalars(select(StepCopy.details)).all())

    def send() -> dict[str, int]:
        seen = conn.scalars(select(StepCopy.asked)).one()
        step_answers.answer(conn, step, "named", upto=seen, send=True, by="Ben", now=at)
        return of_series.sweep(conn, jobs, made, at, discretion=discreet)

    assert send() == {"held": 1}  # it names her still
    series.change_step(conn, step, replace(NAMING_HER, texts=PLAIN), by="organizer:900")
    assert send() == {"fired": 1}
    of_series.require_balance(conn, made)
