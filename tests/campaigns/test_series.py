"""Who comes into a series, what of it leaves and when, and what is held: on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from actions.models import Response
from campaigns import (
    answering,
    collisions,
    enrolling,
    series,
    series_account,
    step_answers,
    step_approving,
    step_copies,
    stepping,
)
from campaigns.ballots import About
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
from messages.models import Delivery, Message, MessageCount, MessageStatus, MessageText, Status
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


def rosas_series(conn: Connection, *, days: tuple[int, ...] = (1, 7, 30)) -> int:
    """A series that Rosa has just come into: her first email is due on Wednesday at nine."""
    project = make_project(conn)
    made = make_series(conn, project, days=days)
    join(conn, project, "Rosa", START + DAY)
    return made


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
    """Every copy that left is one delivery of a message that knows how many there must be; the pages tell so."""
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
    account = series_account.account(conn, made)
    for line in (*account.lines, *account.retired):
        assert line.balances
        assert line.sent == sum(line.fates.values())


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
    made = rosas_series(conn, days=(1,))
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
    told = enrolling.count_earlier(conn, row, days=(7, 30, 90), now=START + HOUR)
    came = enrolling.enrol_earlier(conn, made, days=7, now=START + HOUR)
    again = enrolling.enrol_earlier(conn, made, days=7, now=START + HOUR)

    assert (before, told, came, again) == ({}, {7: 1, 30: 1, 90: 2}, 1, 0)
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


def test_imports_that_are_chosen_later_count_from_then_on(conn: Connection) -> None:
    project = make_project(conn)
    made = make_series(conn, project)
    join(conn, project, "Rosa", START + DAY)
    row = {"filename": "a", "sha256": "", "consent": "", "counts": {}, "actor": "", "project_id": project}  # fmt: skip
    import_id = conn.scalar(insert(Import).values(**row, created_at=START).returning(Import.id))
    conn.execute(update(Membership).values(import_id=import_id))
    own = join(conn, project, "Ben", START + DAY)

    draft = SeriesDraft(name="A", trigger=Trigger.JOINED, zone="UTC", imports=True)
    for at in (START + 2 * DAY, START + 3 * DAY):  # kept twice, chosen once
        series.change(conn, made, draft, now=at)
    later = join(conn, project, "Kai", START + 2 * DAY + HOUR)
    conn.execute(update(Membership).filter_by(contact_id=later).values(import_id=import_id))
    enrolling.enrol(conn, made, now=START + 4 * DAY)

    assert set(conn.scalars(select(Enrolment.contact_id))) == {own, later}


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


def undo_stop(conn: Connection, jobs: NoJobs, made: int, person: int) -> None:
    """Somebody says stop for a person, which a look notes, and it is undone, which the next one does."""
    said = {"evidence": "", "actor": "supporter"}
    stop: dict[str, Any] = {"standing": Standing.OPTED_OUT, "source": "email", **said}
    address = address_of(conn, person, "email") or ""
    consent.refuse(conn, "email", address, now=NINE + MINUTE, **stop)
    sweep(conn, jobs, made, NINE + 2 * MINUTE)
    assert left(conn, made) == [Left.OPTED_OUT]
    line = conn.scalars(select(func.max(Consent.id))).one()
    consent.take_back(conn, [line], source=UNDONE, now=NINE + 3 * MINUTE, **said)
    sweep(conn, jobs, made, NINE + 4 * MINUTE)


@pytest.mark.parametrize("had", [True, False])
def test_whose_stop_was_somebody_elses_is_in_it_again(
    conn: Connection, jobs: NoJobs, had: bool
) -> None:
    made = rosas_series(conn)
    if had:
        sweep(conn, jobs, made, NINE)  # and the stop comes before it could leave
    else:
        enrolling.enrol(conn, made, now=NINE)

    undo_stop(conn, jobs, made, conn.scalars(select(Enrolment.contact_id)).one() or 0)

    assert left(conn, made) == [""]
    expected = ("held", "late") if had else ("fired", "")
    assert fates(conn, made) == {(1, *expected): 1}
    if had:
        answer(conn, made, Reason.LATE, send=True, at=NINE + HOUR)
        assert sweep(conn, jobs, made, NINE + HOUR) == {"fired": 1}
    assert sweep(conn, jobs, made, NINE + 6 * DAY) == {"fired": 1}
    require_balance(conn, made)


def answer(conn: Connection, made: int, reason: str, *, send: bool, at: datetime) -> int:
    """Answer for all that are held for a reason of the first step, as they stand on the page now."""
    line = series_account.account(conn, made).lines[0]
    upto, by = line.held[reason].upto, "organizer:900"
    return step_answers.answer(conn, line.step.id, reason, upto=upto, send=send, by=by, now=at)


def test_a_late_step_is_held_and_asked_about_as_a_group(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project)
    for name in ("Rosa", "Ben", "Amina"):
        join(conn, project, name, START + DAY)
    late = NINE + 3 * HOUR

    held = sweep(conn, jobs, made, late)
    answered = answer(conn, made, Reason.LATE, send=True, at=late)
    sent = sweep(conn, jobs, made, late + MINUTE)
    join(conn, project, "Kai", START + DAY)
    sweep(conn, jobs, made, late + 2 * MINUTE)
    out = answer(conn, made, Reason.LATE, send=False, at=late)

    assert (held, answered, sent, out) == ({"held": 3}, 3, {"fired": 3}, 1)
    assert fates(conn, made) == {(1, "fired", ""): 3, (1, "skipped", "left_out"): 1}
    assert step_answers.put_back(conn, steps(conn, made)[0]) == 1
    assert fates(conn, made)[1, "held", "late"] == 1
    require_balance(conn, made)


def test_an_answer_is_for_those_who_were_on_the_page_alone(conn: Connection, jobs: NoJobs) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    join(conn, project, "Rosa", START + DAY)
    alert = make_message(conn, project_id=project, status=MessageStatus.SENDING, launched_at=NINE - HOUR)  # fmt: skip
    collisions.postpone(conn, alert, hours=48, now=NINE - HOUR)
    sweep(conn, jobs, made, NINE)  # Rosa has the earlier row
    join(conn, project, "Ben", START + 2 * DAY)
    sweep(conn, jobs, made, NINE + DAY + 3 * HOUR)
    page = series_account.account(conn, made).lines[0]

    sweep(conn, jobs, made, NINE + 2 * DAY + HOUR)  # the alert is long over for her, too
    group: dict[str, Any] = {"upto": page.held["late"].upto, "send": True, "by": "organizer:900"}
    number = step_answers.answer(conn, page.step.id, "late", **group, now=NINE + 2 * DAY)

    assert page.held["late"].count == number == 1
    assert fates(conn, made) == {(1, "held", "late"): 1, (1, "planned", ""): 1}


@pytest.mark.parametrize("how", ["left out", "taken out", "gone"])
def test_who_is_asked_about_again_is_for_the_reason_they_were(
    conn: Connection, jobs: NoJobs, how: str
) -> None:
    made = rosas_series(conn, days=(1,))
    first = steps(conn, made)[0]
    stepping.hold_due(conn, NINE + MINUTE)

    if how == "left out":
        answer(conn, made, Reason.RESTORED, send=False, at=NINE)
        step_answers.put_back(conn, first)
    elif how == "taken out":
        series.retire_step(conn, first, now=NINE)
        series.restore_step(conn, first)
    else:
        person = conn.scalars(select(Enrolment.contact_id)).one()
        undo_stop(conn, jobs, made, person or 0)

    assert fates(conn, made) == {(1, "held", "restored"): 1}


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
    answering.approve(
        conn,
        About(step_id=first),
        reader,
        seen=step_approving.digest(row, step),
        languages=["en", "es"],
        house=rules,
        now=NINE,
    )
    goes = sweep(conn, jobs, made, NINE + 2 * MINUTE, approvals=2)

    assert (waits, again, goes) == ({"held": 1}, {}, {"fired": 1})


@pytest.mark.parametrize("changed", [{"late_minutes": 240}, {"wait_hours": 24}, {"zone": "UTC"}])
def test_what_decides_when_it_leaves_is_part_of_what_is_approved(
    conn: Connection, changed: dict[str, Any]
) -> None:
    made = make_series(conn, make_project(conn), days=(1,))
    before = step_approving.digest(series.look_at(conn, made), series.steps_of(conn, made)[0])

    plan: dict[str, Any] = {"name": "Welcome", "trigger": Trigger.JOINED, "zone": "America/Chicago"}
    series.change(conn, made, SeriesDraft(**{**plan, **changed}), now=START)

    after = step_approving.digest(series.look_at(conn, made), series.steps_of(conn, made)[0])
    assert before != after


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
    made = rosas_series(conn, days=(1,))
    series.pause(conn, made)

    paused = sweep(conn, jobs, made, NINE)
    series.resume(conn, jobs, made, now=NINE + DAY)
    resumed = sweep(conn, jobs, made, NINE + DAY)

    assert (paused, resumed) == ({}, {"held": 1})
    assert conn.scalar(select(func.count()).select_from(Enrolment)) == 1
    with pytest.raises(NotNow):
        series.resume(conn, jobs, made, now=NINE)


def test_a_stop_lets_everybody_leave_and_can_be_undone(conn: Connection, jobs: NoJobs) -> None:
    made = rosas_series(conn, days=(1, 7))
    sweep(conn, jobs, made, NINE)

    gone = series.stop(conn, made, now=NINE + HOUR)
    stopped = sweep(conn, jobs, made, NINE + 6 * DAY)
    because = left(conn, made)
    back = series.take_up(conn, made, now=NINE + 7 * DAY)
    late = sweep(conn, jobs, made, NINE + 7 * DAY)

    assert (gone, stopped, because, back) == (1, {}, [Left.STOPPED], 1)
    assert late == {"held": 2}  # of the first, the stop had called off her copy
    assert conn.scalars(select(Message.status)).all() == [MessageStatus.STOPPED]
    require_balance(conn, made)


def test_a_stop_that_is_undone_in_time_costs_nobody_an_email(
    conn: Connection, jobs: NoJobs
) -> None:
    project = make_project(conn)
    made = make_series(conn, project, days=(1,))
    for name, zones in (("Rosa", ("America/Chicago",)), ("Kai", ("Pacific/Honolulu",))):
        join(conn, project, name, START + DAY, zones=zones)
    sweep(conn, jobs, made, NINE)

    series.stop(conn, made, now=NINE + MINUTE)
    series.take_up(conn, made, now=NINE + 2 * MINUTE)
    page = series_account.account(conn, made).lines[0]
    again = sweep(conn, jobs, made, NINE + 3 * MINUTE)
    later = sweep(conn, jobs, made, NINE + 4 * HOUR)  # the same day of ours

    assert (page.sent, page.waiting, page.put_off[""].count) == (0, 1, 1)
    assert (again, later) == ({"fired": 1}, {"fired": 1})
    living = select(Delivery.address).where(Delivery.status == Status.PENDING)
    assert len(set(conn.scalars(living))) == 2
    require_balance(conn, made)


def test_what_a_sender_had_in_hand_at_a_stop_is_seen_to_as_well(
    conn: Connection, jobs: NoJobs
) -> None:
    made = rosas_series(conn, days=(1,))
    sweep(conn, jobs, made, NINE)
    claimed = {"status": int(Status.SENDING)}
    conn.execute(update(Delivery).values(claimed))
    conn.execute(update(MessageCount).values(claimed))
    series.stop(conn, made, now=NINE + MINUTE)
    series.take_up(conn, made, now=NINE + 2 * MINUTE)
    unsent = {"status": int(Status.STOPPED), "reason": "stopped"}  # what a sender writes then
    conn.execute(update(Delivery).values(unsent))
    conn.execute(update(MessageCount).values(unsent))

    assert sweep(conn, jobs, made, NINE + 3 * MINUTE) == {"fired": 1}
    require_balance(conn, made)


def test_a_series_that_was_paused_before_its_stop_is_paused_after_it(
    conn: Connection, jobs: NoJobs
) -> None:
    made = rosas_series(conn, days=(1,))
    sweep(conn, jobs, made, NINE)
    series.pause(conn, made)

    series.stop(conn, made, now=NINE + MINUTE)
    series.take_up(conn, made, now=NINE + 2 * MINUTE)

    assert series.look_at(conn, made).status == SeriesStatus.PAUSED
    assert sweep(conn, jobs, made, NINE + 3 * MINUTE) == {}
    series.resume(conn, jobs, made, now=NINE + 4 * MINUTE)
    assert sweep(conn, jobs, made, NINE + 4 * MINUTE) == {"fired": 1}
    require_balance(conn, made)


def test_a_step_that_was_taken_out_is_not_due_again_by_the_undo_of_a_stop(
    conn: Connection, jobs: NoJobs
) -> None:
    made = rosas_series(conn, days=(1, 7))
    sweep(conn, jobs, made, NINE)
    first = steps(conn, made)[0]
    series.retire_step(conn, first, now=NINE + MINUTE)

    series.stop(conn, made, now=NINE + MINUTE)
    series.take_up(conn, made, now=NINE + 2 * MINUTE)

    assert sweep(conn, jobs, made, NINE + 3 * MINUTE) == {}
    assert fates(conn, made) == {(1, "skipped", "changed"): 1}
    series.restore_step(conn, first)
    assert fates(conn, made) == {(1, "held", "late"): 1}
    require_balance(conn, made)


def test_nobody_waits_for_a_step_that_was_taken_out(conn: Connection, jobs: NoJobs) -> None:
    made = rosas_series(conn, days=(1, 7))
    sweep(conn, jobs, made, NINE)
    series.retire_step(conn, steps(conn, made)[1], now=NINE)

    [out] = series_account.account(conn, made).retired

    assert (out.waiting, out.taken_out, out.balances) == (0, 1, True)


def test_after_a_backup_was_put_back_what_is_due_is_asked_about(
    conn: Connection, jobs: NoJobs
) -> None:
    made = rosas_series(conn)

    stepping.hold_due(conn, NINE + MINUTE)

    assert fates(conn, made) == {(1, "held", "restored"): 1}
    assert sweep(conn, jobs, made, NINE + 2 * MINUTE) == {}


def test_after_a_backup_was_put_back_what_a_stop_called_off_is_asked_about(
    conn: Connection, jobs: NoJobs
) -> None:
    made = rosas_series(conn, days=(1,))
    sweep(conn, jobs, made, NINE)
    series.pause(conn, made)
    series.stop(conn, made, now=NINE + MINUTE)

    stepping.hold_due(conn, NINE + 2 * MINUTE)
    stands = series.look_at(conn, made).status
    series.take_up(conn, made, now=NINE + 3 * MINUTE)
    series.resume(conn, jobs, made, now=NINE + 3 * MINUTE)

    assert stands == SeriesStatus.STOPPED
    assert sweep(conn, jobs, made, NINE + 3 * MINUTE) == {}
    assert fates(conn, made) == {(1, "held", "restored"): 1}
    require_balance(conn, made)


def test_after_a_backup_was_put_back_whoever_was_held_may_have_been_answered_for(
    conn: Connection, jobs: NoJobs
) -> None:
    made = rosas_series(conn, days=(1,))
    sweep(conn, jobs, made, NINE + DAY)

    stepping.hold_due(conn, NINE + DAY)

    assert fates(conn, made) == {(1, "held", "restored"): 1}


def test_whom_a_step_was_left_out_for_is_not_asked_about_once_it_was_taken_out(
    conn: Connection, jobs: NoJobs
) -> None:
    made = rosas_series(conn, days=(1, 7))
    sweep(conn, jobs, made, NINE + DAY)
    answer(conn, made, Reason.LATE, send=False, at=NINE + DAY)
    [first, _] = steps(conn, made)
    series.retire_step(conn, first, now=NINE + DAY)

    with pytest.raises(NotNow):
        step_answers.put_back(conn, first)


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
    made = rosas_series(conn, days=(1,))
    broken = StepDraft(days=1, hour="09:00", texts={"en": Words(subject="A", body="B")})
    series.change_step(conn, steps(conn, made)[0], broken, by="organizer:900")

    assert sweep(conn, jobs, made, NINE) == {"held": 1}
    copy = conn.execute(select(StepCopy)).one()
    assert (copy.reason, copy.details[0][0]) == (Reason.BLOCKED, "no_email")
    assert conn.scalar(select(func.count()).select_from(Message)) == 0

    answer(conn, made, Reason.BLOCKED, send=False, at=NINE)  # and what stood in the way is kept
    step_answers.put_back(conn, copy.step_id)
    series.retire_step(conn, copy.step_id, now=NINE)
    series.restore_step(conn, copy.step_id)
    again = conn.execute(select(StepCopy)).one()
    assert (again.status, again.reason, again.details) == ("held", Reason.BLOCKED, copy.details)


def test_a_step_that_is_taken_out_asks_nobody_any_more(conn: Connection, jobs: NoJobs) -> None:
    made = rosas_series(conn, days=(1, 7))
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
    made = rosas_series(conn, days=(1, 7))
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
    made = rosas_series(conn, days=(1,))
    sweep(conn, jobs, made, NINE)

    early = step_copies.forget(conn, before=NINE)
    gone = step_copies.forget(conn, before=NINE + MINUTE)

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
        series.change(
            conn, made, SeriesDraft(name="", trigger=Trigger.JOINED, zone="UTC"), now=START
        )
    series.add_step(conn, made, StepDraft(days=1, hour="09:00", texts=texts()), by="", now=START)
    series.start(conn, made, now=START)
    with pytest.raises(BadSeries, match="another series"):
        series.change(
            conn, made, SeriesDraft(name="A", trigger=Trigger.ACTED, zone="UTC"), now=START
        )
    assert series.look_at(conn, made).status == SeriesStatus.RUNNING
