"""Who comes into a series, what of it leaves and when, and what is held: on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from actions.models import Response
from campaigns import collisions, enrolling, series, step_approving, stepping
from campaigns.collisions import InTheWay
from campaigns.models import Reason, RunStatus
from campaigns.series import BadSeries, SeriesDraft, StepDraft
from campaigns.stepping import Case, Terms, Verdict, decide
from contacts import consent
from contacts.ledger import UNDONE
from contacts.models import Consent, Contact, Import, Membership, SignUp, Standing
from contacts.people import leave_project
from messages.control import NotNow, Words
from messages.erasing import erase
from messages.models import Delivery, Message, MessageCount, MessageStatus, MessageText
from messages.series_models import (
    Enrolment,
    Left,
    SeriesStatus,
    SeriesStep,
    StepCopy,
    StepMail,
    Trigger,
)
from tests.builders import (
    address_of,
    make_action,
    make_contact,
    make_membership,
    make_message,
    make_organizer,
    make_project,
    make_standing,
)
from tests.campaigns.test_firing import HOUSE
from tests.doubles import NoJobs

START = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # a Monday, noon in Madison
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NINE = datetime(2026, 11, 4, 15, 0, tzinfo=UTC)  # Wednesday, 9:00 in Madison
MINUTE = timedelta(minutes=1)


@pytest.fixture
def jobs() -> NoJobs:
    return NoJobs()


def texts(word: str = "Welcome") -> dict[str, Words]:
    return {
        "en": Words(subject=word, body='Dear {{ first_name | "friend" }}, hello.'),
        "es": Words(subject=word, body='{{ first_name | "amiga" }}, bienvenida.'),
    }


def make_series(
    conn: Connection,
    project_id: int | None,
    *,
    days: tuple[int, ...] = (1, 7, 30),
    trigger: Trigger = Trigger.JOINED,
    started: bool = True,
    **changes: Any,
) -> int:
    """A series whose steps go at nine."""
    draft = SeriesDraft(name="Welcome", trigger=trigger, zone="America/Chicago", **changes)
    made = series.create(conn, draft, project_id=project_id, by="organizer:900", now=START)
    for each in days:
        step = StepDraft(days=each, hour="09:00", texts=texts(f"Step {each}"))
        series.add_step(conn, made, step, by="organizer:900", now=START)
    if started:
        series.start(conn, made, now=START)
    return made


def join(conn: Connection, project_id: int, name: str, at: datetime | None, **values: Any) -> int:
    """Somebody joins a project."""
    person = make_contact(conn, name, phone=None, **values)
    make_membership(conn, project_id, person, joined_at=at)
    return person


def sweep(conn: Connection, jobs: NoJobs, made: int, at: datetime, **house: Any) -> dict[str, int]:
    """What one look of the clock did."""
    enrolling.enrol(conn, made, now=at)
    rules = replace(HOUSE, **house)
    return stepping.settle(conn, jobs, made, house=rules, now=at).by_status


def steps(conn: Connection, made: int) -> list[int]:
    return [each.id for each in series.steps_of(conn, made)]


def fates(conn: Connection, made: int) -> Counter[tuple[int, str, str]]:
    """How many copies of which step (by its days) are where."""
    rows = (
        select(SeriesStep.days, StepCopy.status, StepCopy.reason)
        .join(SeriesStep, SeriesStep.id == StepCopy.step_id)
        .where(SeriesStep.series_id == made)
    )
    return Counter((row.days, row.status, row.reason) for row in conn.execute(rows))


def left(conn: Connection, made: int) -> list[str]:
    rows = select(Enrolment.left_because).where(Enrolment.series_id == made)
    return list(conn.scalars(rows.order_by(Enrolment.id)))


def require_balance(conn: Connection, made: int) -> None:
    """Every copy that left is one delivery of a message that knows how many there must be."""
    mine = (
        select(Message.id, Message.expected, Message.status)
        .join(StepMail, StepMail.message_id == Message.id)
        .join(SeriesStep, SeriesStep.id == StepMail.step_id)
        .where(SeriesStep.series_id == made)
    )
    for message in conn.execute(mine).all():
        own = select(func.count()).where(Delivery.message_id == message.id)
        counted = select(func.sum(MessageCount.count)).where(MessageCount.message_id == message.id)
        assert conn.scalar(own) == message.expected == conn.scalar(counted)
    sent = (
        select(func.count())
        .join(SeriesStep, SeriesStep.id == StepCopy.step_id)
        .where(SeriesStep.series_id == made, StepCopy.status == RunStatus.FIRED)
    )
    expected = (
        select(func.coalesce(func.sum(Message.expected), 0))
        .join(StepMail, StepMail.message_id == Message.id)
        .join(SeriesStep, SeriesStep.id == StepMail.step_id)
        .where(SeriesStep.series_id == made)
    )
    assert conn.scalar(sent.select_from(StepCopy)) == conn.scalar(expected)


NORMAL = Terms(late=HOUR, wait=3 * DAY, locked=False, approved=True)
ALERT = InTheWay(7, NINE + DAY)


@pytest.mark.parametrize(
    ("case", "terms", "now", "verdict"),
    [
        (Case(NINE, NINE), NORMAL, NINE, Verdict(RunStatus.FIRED)),
        (Case(NINE, NINE), NORMAL, NINE + HOUR, Verdict(RunStatus.FIRED)),
        (Case(NINE, NINE), NORMAL, NINE + 61 * MINUTE, Verdict(RunStatus.HELD, "late")),
        (Case(NINE, NINE + DAY, "alert"), NORMAL, NINE + DAY, Verdict(RunStatus.FIRED)),
        (Case(NINE, NINE), replace(NORMAL, locked=True), NINE, Verdict(RunStatus.HELD, "locked")),
        (
            Case(NINE, NINE),
            replace(NORMAL, approved=False),
            NINE + 5 * DAY,
            Verdict(RunStatus.HELD, "not_approved", NINE),
        ),
        (
            Case(NINE, NINE, "not_approved"),
            NORMAL,
            NINE + 5 * DAY,
            Verdict(RunStatus.HELD, "not_approved"),
        ),
        (
            Case(NINE, NINE),
            replace(NORMAL, alert=ALERT),
            NINE,
            Verdict(RunStatus.POSTPONED, "alert", NINE + DAY, [7]),
        ),
        (
            Case(NINE - 3 * DAY, NINE, "alert"),
            replace(NORMAL, alert=ALERT),
            NINE,
            Verdict(RunStatus.HELD, "waited", None, [7]),
        ),
    ],
)
def test_what_becomes_of_a_step_that_is_due(
    case: Case, terms: Terms, now: datetime, verdict: Verdict
) -> None:
    assert decide(case, terms, now) == verdict


@pytest.mark.parametrize(
    ("zones", "day"),
    [
        (("Pacific/Guam",), "2026-11-03"),
        (("America/Chicago",), "2026-11-02"),
        (("Pacific/Guam", "Pacific/Honolulu"), "2026-11-02"),
        ((), "2026-11-02"),
    ],
)
def test_days_count_where_a_person_lives(zones: tuple[str, ...], day: str) -> None:
    assert enrolling.first_day(START, zones, "America/Chicago") == day


def test_each_step_comes_on_its_day_at_its_hour_where_the_person_lives(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project)
    joined = START + DAY
    join(conn, project, "Rosa", joined, zones=("America/Chicago",))
    join(conn, project, "Kai", joined, zones=("Pacific/Honolulu",))

    looks = {
        "before": sweep(conn, jobs, made, NINE - MINUTE),
        "nine": sweep(conn, jobs, made, NINE),
        "twice": sweep(conn, jobs, made, NINE + MINUTE),
        "Hawaii": sweep(conn, jobs, made, NINE + 4 * HOUR),
        "a week": sweep(conn, jobs, made, NINE + 6 * DAY),
        "Hawaii in a week": sweep(conn, jobs, made, NINE + 6 * DAY + 4 * HOUR),
    }

    assert looks == {
        "before": {},
        "nine": {"fired": 1},
        "twice": {},
        "Hawaii": {"fired": 1},
        "a week": {"fired": 1},
        "Hawaii in a week": {"fired": 1},
    }
    assert fates(conn, made) == {(1, "fired", ""): 2, (7, "fired", ""): 2}
    require_balance(conn, made)
    hours = conn.scalars(select(Message.own_hour).order_by(Message.id)).all()
    assert hours[0]["local"] == "2026-11-04T09:00"


def test_who_is_through_the_series_gets_nothing_more(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    join(conn, project, "Rosa", START + DAY)
    sweep(conn, jobs, made, NINE)

    later = StepDraft(days=2, hour="09:00", texts=texts())
    series.add_step(conn, made, later, by="organizer:900", now=NINE)
    sweep(conn, jobs, made, NINE + DAY)

    assert conn.scalars(select(Enrolment.through_at)).all() == [NINE]
    assert fates(conn, made) == {(1, "fired", ""): 1}


def test_a_step_at_once_leaves_at_the_next_look(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(0,))
    join(conn, project, "Rosa", START + 5 * HOUR)

    done = sweep(conn, jobs, made, START + 5 * HOUR + MINUTE)

    assert done == {"fired": 1}
    assert conn.scalar(select(Message.own_hour)) == {}


def test_whoever_was_there_before_is_not_taken_in_unless_it_is_chosen(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    join(conn, project, "Old", START - 40 * DAY)
    join(conn, project, "Recent", START - 3 * DAY)
    join(conn, project, "Unknown", None)
    made = make_series(conn, project)

    before = sweep(conn, jobs, made, START + HOUR)
    row = series.look_at(conn, made)
    told = enrolling.count_earlier(conn, row, days=7, now=START + HOUR)
    came = enrolling.enrol_earlier(conn, made, days=7, now=START + HOUR)
    again = enrolling.enrol_earlier(conn, made, days=7, now=START + HOUR)

    assert (before, told, came, again) == ({}, 1, 1, 0)
    kept = conn.execute(select(Enrolment)).one()
    assert (kept.happened_at, kept.begins_at) == (START - 3 * DAY, START + HOUR)
    assert sweep(conn, jobs, made, NINE - DAY) == {"fired": 1}


def test_whom_an_import_brings_is_taken_in_only_if_it_is_chosen(conn: Connection) -> None:
    project = make_project(conn)
    without, with_them = make_series(conn, project), make_series(conn, project, imports=True)
    person = join(conn, project, "Rosa", START + HOUR)
    values = {"filename": "a", "sha256": "", "consent": "", "counts": {}, "actor": ""}
    row = insert(Import).values(**values, project_id=project, created_at=START)
    import_id = conn.execute(row.returning(Import.id)).scalar_one()
    conn.execute(update(Membership).values(import_id=import_id))

    for made in (without, with_them):
        enrolling.enrol(conn, made, now=START + DAY)

    found = select(Enrolment.series_id, Enrolment.contact_id)
    assert [tuple(row) for row in conn.execute(found)] == [(with_them, person)]


def test_a_sign_up_by_the_form_and_an_answer_to_an_alert_put_people_in(conn: Connection) -> None:
    project, other = make_project(conn), make_project(conn)
    signed = make_series(conn, project, trigger=Trigger.SIGNED_UP)
    acted = make_series(conn, project, trigger=Trigger.ACTED)
    rosa, ben = (join(conn, project, name, START - DAY) for name in ("Rosa", "Ben"))
    make_sign_up(conn, project, rosa, START + HOUR)
    make_sign_up(conn, other, ben, START + HOUR)
    theirs, foreign = make_action(conn), make_action(conn)
    make_message(conn, project_id=project, action_id=theirs)
    make_message(conn, project_id=other, action_id=foreign)
    for action, person, outcome in ((theirs, ben, "reached"), (theirs, rosa, "skipped"), (foreign, rosa, "reached")):  # fmt: skip
        make_response(conn, action, person, outcome, START + HOUR)

    for made in (signed, acted):
        enrolling.enrol(conn, made, now=START + DAY)

    found = select(Enrolment.series_id, Enrolment.contact_id).order_by(Enrolment.series_id)
    assert [tuple(row) for row in conn.execute(found)] == [(signed, rosa), (acted, ben)]


def make_sign_up(conn: Connection, project: int, person: int, at: datetime) -> None:
    names = {"given_name": "", "family_name": "", "zip": "", "language": "en", "wording": ""}
    own = {"project_id": project, "contact_id": person, "channel": "email", "source": "form"}
    conn.execute(insert(SignUp).values(**names, **own, created_at=at, confirmed_at=at))


def make_response(conn: Connection, action: int, person: int, outcome: str, at: datetime) -> None:
    who = {"contact_id": person, "who": f"contact:{person}", "action_id": action}
    told = {"target": "", "channel": "web", "note": "", "outcome": outcome}
    conn.execute(insert(Response).values(**who, **told, at=at))


def test_the_networks_series_takes_in_whom_its_office_sees(conn: Connection) -> None:
    made = make_series(conn, None)
    shy = make_project(conn, shares_list=False)
    seen = make_contact(conn, "Rosa")
    hidden = join(conn, shy, "Ben", START + HOUR)
    conn.execute(update(Contact).values(created_at=START + HOUR))

    enrolling.enrol(conn, made, now=START + DAY)

    assert hidden
    assert conn.scalars(select(Enrolment.contact_id)).all() == [seen]


def test_another_projects_people_are_not_taken_in(conn: Connection) -> None:
    project, other = make_project(conn), make_project(conn)
    made = make_series(conn, project)
    join(conn, other, "Ben", START + HOUR)

    assert enrolling.enrol(conn, made, now=START + DAY) == 0


@pytest.mark.parametrize("how", ["stop", "spam", "leaves", "is erased"])
def test_people_leave_with_a_reason_and_get_nothing_more(
    conn: Connection, jobs: NoJobs, how: str
) -> None:
    project = make_project(conn)
    made = make_series(conn, project)
    person = join(conn, project, "Rosa", START + DAY)
    sweep(conn, jobs, made, NINE)
    address = address_of(conn, person, "email")
    assert address is not None
    if how == "stop":
        make_standing(conn, "email", address, standing=Standing.OPTED_OUT)
    elif how == "spam":
        make_standing(conn, "email", address, standing=Standing.COMPLAINED)
    elif how == "leaves":
        leave_project(conn, person, project)
    else:
        erase(conn, person, now=NINE + DAY)

    after = sweep(conn, jobs, made, NINE + 6 * DAY)

    assert after == {}
    assert left(conn, made) == [
        {"stop": Left.OPTED_OUT, "spam": Left.COMPLAINED, "leaves": Left.LEFT_PROJECT, "is erased": Left.ERASED}[how]
    ]  # fmt: skip
    assert conn.scalars(select(Delivery.reason)).all() == [left(conn, made)[0]]  # it had waited
    require_balance(conn, made)


def test_whose_stop_was_somebody_elses_is_in_it_again(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project)
    person = join(conn, project, "Rosa", START + DAY)
    said = {"evidence": "", "actor": "supporter"}
    address = address_of(conn, person, "email") or ""
    consent.refuse(
        conn,
        "email",
        address,
        standing=Standing.OPTED_OUT,
        source="email",
        now=NINE - DAY,
        **said,
    )
    sweep(conn, jobs, made, NINE)
    gone = left(conn, made)
    line = conn.scalars(select(func.max(Consent.id))).one()

    consent.take_back(conn, [line], source=UNDONE, now=NINE + DAY, **said)
    sweep(conn, jobs, made, NINE + 2 * DAY)

    assert (gone, left(conn, made)) == ([Left.OPTED_OUT], [""])
    assert fates(conn, made) == {(1, "held", "late"): 1}
    assert sweep(conn, jobs, made, NINE + 6 * DAY) == {"fired": 1}
    require_balance(conn, made)


def test_a_late_step_is_held_and_asked_about_as_a_group(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project)
    for name in ("Rosa", "Ben", "Amina"):
        join(conn, project, name, START + DAY)
    late = NINE + 3 * HOUR

    held = sweep(conn, jobs, made, late)
    first = steps(conn, made)[0]
    upto = conn.scalar(select(func.max(StepCopy.id))) or 0
    answered = stepping.answer(
        conn, first, Reason.LATE, upto=upto - 1, send=True, by="organizer:900", now=late
    )
    sent = sweep(conn, jobs, made, late + MINUTE)
    out = stepping.answer(
        conn, first, Reason.LATE, upto=upto, send=False, by="organizer:900", now=late
    )

    assert (held, answered, sent, out) == ({"held": 3}, 2, {"fired": 2}, 1)
    assert fates(conn, made) == {(1, "fired", ""): 2, (1, "skipped", "left_out"): 1}
    assert stepping.put_back(conn, first, by="organizer:900", now=late) == 1
    assert fates(conn, made)[1, "held", "late"] == 1
    require_balance(conn, made)


def test_an_alert_postpones_a_step_as_it_does_planned_mail(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project, wait_hours=72)
    join(conn, project, "Rosa", START + DAY)
    left_at = {"launched_at": NINE - HOUR, "starts_at": NINE - HOUR}
    sent: dict[str, Any] = {"status": MessageStatus.SENDING, **left_at}
    message_id = make_message(conn, project_id=project, **sent)
    collisions.postpone(conn, message_id, hours=48, now=NINE - HOUR)

    looks = [sweep(conn, jobs, made, NINE + each * HOUR) for each in (0, 1, 47, 48)]

    assert looks == [{"postponed": 1}, {}, {"fired": 1}, {}]


def test_a_step_that_is_not_approved_waits_and_goes_once_it_is(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    join(conn, project, "Rosa", START + DAY)
    reader = make_organizer(conn, "Ben", projects=[project], reads="en es")
    first = steps(conn, made)[0]

    waits = sweep(conn, jobs, made, NINE, approvals=2)
    again = sweep(conn, jobs, made, NINE + MINUTE, approvals=2)
    row, step = series.look_at(conn, made), series.steps_of(conn, made)[0]
    rules = replace(HOUSE, approvals=2)
    step_approving.approve(
        conn,
        first,
        reader,
        seen=step_approving.digest(row, step),
        languages=["en", "es"],
        house=rules,
        now=NINE,
    )
    goes = sweep(conn, jobs, made, NINE + 2 * MINUTE, approvals=2)

    assert (waits, again, goes) == ({"held": 1}, {}, {"fired": 1})


def test_changed_words_count_for_later_copies_and_need_approval_again(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    join(conn, project, "Rosa", START + DAY)
    join(conn, project, "Kai", START + DAY, zones=("Pacific/Honolulu",))
    sweep(conn, jobs, made, NINE)
    before = step_approving.digest(series.look_at(conn, made), series.steps_of(conn, made)[0])

    anew = StepDraft(days=1, hour="09:00", texts=texts("Anew"))
    series.change_step(conn, steps(conn, made)[0], anew, by="organizer:2")
    sweep(conn, jobs, made, NINE + 4 * HOUR)

    step = series.steps_of(conn, made)[0]
    assert step.writers == ["organizer:2", "organizer:900"]
    assert step_approving.digest(series.look_at(conn, made), step) != before
    said = select(MessageText.subject).where(MessageText.language == "en")
    assert conn.scalars(said.order_by(MessageText.message_id)).all() == ["Step 1", "Anew"]
    require_balance(conn, made)


def test_a_pause_holds_and_what_is_late_by_then_is_asked_about(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    join(conn, project, "Rosa", START + DAY)
    series.pause(conn, made)

    paused = sweep(conn, jobs, made, NINE)
    series.resume(conn, jobs, made, now=NINE + DAY)
    resumed = sweep(conn, jobs, made, NINE + DAY)

    assert (paused, resumed) == ({}, {"held": 1})
    assert conn.scalar(select(func.count()).select_from(Enrolment)) == 1
    with pytest.raises(NotNow):
        series.resume(conn, jobs, made, now=NINE)


def test_a_stop_lets_everybody_leave_and_can_be_undone(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1, 7))
    join(conn, project, "Rosa", START + DAY)
    sweep(conn, jobs, made, NINE)

    gone = series.stop(conn, made, now=NINE + HOUR)
    stopped = sweep(conn, jobs, made, NINE + 6 * DAY)
    because = left(conn, made)
    back = series.take_up(conn, made)
    late = sweep(conn, jobs, made, NINE + 7 * DAY)

    assert (gone, stopped, because, back) == (1, {}, [Left.STOPPED], 1)
    assert late == {"held": 1}
    assert conn.scalars(select(Message.status)).all() == [MessageStatus.STOPPED]
    require_balance(conn, made)


def test_after_a_backup_was_put_back_what_is_due_is_asked_about(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project)
    join(conn, project, "Rosa", START + DAY)

    stepping.hold_due(conn, NINE + MINUTE)

    assert fates(conn, made) == {(1, "held", "restored"): 1}
    assert sweep(conn, jobs, made, NINE + 2 * MINUTE) == {}


def test_a_mailbox_that_two_people_share_gets_a_step_once(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    join(conn, project, "Rosa", START + DAY, email="casa@example.org")
    join(conn, project, "Ben", START + 2 * DAY, email="casa@example.org")

    looks = [sweep(conn, jobs, made, NINE + each * DAY) for each in (0, 1)]

    assert looks == [{"fired": 1}, {"skipped": 1}]
    assert fates(conn, made)[1, "skipped", "shared_address"] == 1


def test_somebody_without_a_mailbox_is_counted_and_goes_on(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project)
    person = make_contact(conn, "Rosa", email=None)
    make_membership(conn, project, person, joined_at=START + DAY)

    sweep(conn, jobs, made, NINE)

    assert fates(conn, made) == {(1, "skipped", "no_address"): 1}
    assert left(conn, made) == [""]


def test_words_that_cannot_be_sent_hold_everybody_with_what_stands_in_the_way(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    join(conn, project, "Rosa", START + DAY)
    broken = StepDraft(days=1, hour="09:00", texts={"en": Words(subject="A", body="B")})
    series.change_step(conn, steps(conn, made)[0], broken, by="organizer:900")

    assert sweep(conn, jobs, made, NINE) == {"held": 1}
    copy = conn.execute(select(StepCopy)).one()
    assert (copy.reason, copy.details[0][0]) == (Reason.BLOCKED, "no_email")
    assert conn.scalar(select(func.count()).select_from(Message)) == 0


def test_a_step_that_is_taken_out_asks_nobody_any_more(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1, 7))
    join(conn, project, "Rosa", START + DAY)
    sweep(conn, jobs, made, NINE + DAY)
    first = steps(conn, made)[0]

    series.retire_step(conn, first, now=NINE + DAY)
    out = fates(conn, made)
    series.restore_step(conn, first)

    assert out == {(1, "skipped", "changed"): 1}
    assert fates(conn, made) == {(1, "held", "late"): 1}


def test_a_step_that_is_put_back_reaches_who_was_through_without_it(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1, 7))
    join(conn, project, "Rosa", START + DAY)
    sweep(conn, jobs, made, NINE)
    second = steps(conn, made)[1]

    series.retire_step(conn, second, now=NINE + HOUR)
    sweep(conn, jobs, made, NINE + 2 * HOUR)  # she is through now
    series.restore_step(conn, second)

    assert sweep(conn, jobs, made, NINE + 6 * DAY) == {"fired": 1}
    require_balance(conn, made)


def test_whose_copy_it_was_is_forgotten_and_the_account_stays(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    join(conn, project, "Rosa", START + DAY)
    sweep(conn, jobs, made, NINE)

    early = stepping.forget(conn, before=NINE)
    gone = stepping.forget(conn, before=NINE + MINUTE)

    assert (early, gone) == (0, 1)
    assert fates(conn, made) == {(1, "fired", ""): 1}
    require_balance(conn, made)


def test_what_cannot_stand_is_told(conn: Connection) -> None:
    made = make_series(conn, None, days=(), started=False)

    with pytest.raises(NotNow, match="first step"):
        series.start(conn, made, now=START)
    for days, hour in ((-1, "09:00"), (900, "09:00"), (1, "9"), (1, "24:00")):
        step = StepDraft(days=days, hour=hour, texts=texts())
        with pytest.raises(BadSeries):
            series.add_step(conn, made, step, by="", now=START)
    with pytest.raises(BadSeries, match="name"):
        series.change(conn, made, SeriesDraft(name="", trigger=Trigger.JOINED, zone="UTC"))
    series.add_step(conn, made, StepDraft(days=1, hour="09:00", texts=texts()), by="", now=START)
    series.start(conn, made, now=START)
    with pytest.raises(BadSeries, match="another series"):
        series.change(conn, made, SeriesDraft(name="A", trigger=Trigger.ACTED, zone="UTC"))
    assert series.look_at(conn, made).status == SeriesStatus.RUNNING
