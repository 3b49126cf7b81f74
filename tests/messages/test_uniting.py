"""Two contacts become one with all that either has: nothing is lost, counted twice or allowed anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update

from actions import responses
from actions.models import Outcome, Response
from actions.office_models import OfficeReport, Stance
from actions.reports import Heard, suggest
from campaigns.models import RunStatus
from contacts import consent
from contacts.models import (
    Address,
    AddressStanding,
    Channel,
    Contact,
    Import,
    Membership,
    Preference,
    SignUp,
    Standing,
)
from contacts.pairing import Agreed
from contacts.people import contact
from contacts.preferences import Preferences, prefer, preferences_of
from database.opening import Opened
from database.tables import Base
from messages import eligibility
from messages.control import NotNow
from messages.eligibility import CAPPED
from messages.models import Delivery, Message, MessageStatus, Reply, Status
from messages.prompt_models import Prompt, PromptKind
from messages.series_models import Enrolment, Left, SeriesStep, StepCopy
from messages.uniting import unite, unite_all
from tests.builders import (
    make_action,
    make_call,
    make_contact,
    make_delivery,
    make_enrolment,
    make_membership,
    make_message,
    make_project,
    make_tag,
)
from tests.messages.test_sending import Bench

PHONE, EMAIL = "+16085550142", "amina@example.org"


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now)


def make_two(conn: Connection) -> tuple[int, int]:
    """One who is on file with an email, and one who came by text, later."""
    by_email = make_contact(conn, "Amina", phone=None, email=EMAIL, zip="", city="")
    by_phone = make_contact(conn, "Amina", phone=PHONE, email=None, joined_on=date(2026, 1, 2))
    return by_email, by_phone


def joined(conn: Connection, by_email: int, by_phone: int, now: datetime) -> int | None:
    return unite(conn, Agreed("pair", by_phone=by_phone, by_email=by_email), now=now)


def test_what_each_is_known_for_is_known_of_the_one(conn: Connection, now: datetime) -> None:
    by_email, by_phone = make_two(conn)
    first, second = make_project(conn, "Madison"), make_project(conn, "Boston")
    list_of = {"filename": "a.csv", "sha256": "0", "consent": "fair", "counts": {}, "actor": "test"}
    imported = conn.scalar(insert(Import).values(**list_of, created_at=now).returning(Import.id))
    member = {"project_id": first, "contact_id": by_email, "import_id": imported}
    conn.execute(insert(Membership).values(**member))
    make_membership(conn, first, by_phone)
    make_membership(conn, second, by_phone)
    make_tag(conn, "driver", by_phone)

    assert joined(conn, by_email, by_phone, now) == by_email

    one = contact(conn, by_email)
    assert (one.phones, one.emails, one.projects) == ((PHONE,), (EMAIL,), (first, second))
    assert (one.person.zip, one.tags) == ("53703", ("driver",))
    known = conn.execute(select(Contact.joined_on, Contact.search_text)).one()
    assert known.joined_on == date(2026, 1, 2)
    assert PHONE in known.search_text
    kept = select(Membership.import_id).where(Membership.project_id == first)
    assert conn.scalar(kept) is None  # they signed up themselves as well
    assert conn.scalar(select(func.count()).select_from(Contact)) == 1


def test_the_address_of_the_form_comes_first_and_older_ones_identify_them(
    conn: Connection, now: datetime
) -> None:
    by_email = make_contact(conn, "Amina", phone="+16085550100", email=EMAIL)
    by_phone = make_contact(conn, "Amina", phone=PHONE, email="old@example.org")

    joined(conn, by_email, by_phone, now)

    one = contact(conn, by_email)
    assert one.phones == (PHONE, "+16085550100")
    assert one.emails == (EMAIL, "old@example.org")


def test_a_no_of_either_address_holds(conn: Connection, now: datetime) -> None:
    by_email, by_phone = make_two(conn)
    said: dict[str, Any] = {"source": "sms", "evidence": "STOP", "actor": "supporter", "now": now}
    consent.refuse(conn, "sms", PHONE, standing=Standing.OPTED_OUT, **said)
    before = conn.execute(select(AddressStanding).order_by(AddressStanding.address)).all()
    ledger = conn.scalar(select(func.count()).select_from(AddressStanding))
    prefer(conn, by_phone, Preferences(urgent_only=True, paused_until=date(2027, 1, 1)))
    prefer(conn, by_email, Preferences(paused_until=date(2026, 12, 1)))

    joined(conn, by_email, by_phone, now)

    after = conn.execute(select(AddressStanding).order_by(AddressStanding.address)).all()
    assert [tuple(row) for row in after] == [tuple(row) for row in before]
    assert ledger == len(after)
    assert preferences_of(conn, by_email) == Preferences(True, date(2027, 1, 1))
    assert conn.scalar(select(func.count()).select_from(Preference)) == 1


def test_what_they_did_is_one_persons_and_the_later_word_holds(
    conn: Connection, now: datetime
) -> None:
    by_email, by_phone = make_two(conn)
    action = make_action(conn)
    said: dict[str, Any] = {"channel": "web", "target": "us:house:WI:2"}
    early = responses.record(
        conn, action, contact_id=by_email, outcome=Outcome.SPOKE, now=now, **said
    )
    suggest(conn, early, Heard(stance=Stance.WILL_LOOK), now=now)
    later = now + timedelta(minutes=5)
    for outcome, target in ((Outcome.WROTE, "us:house:WI:2"), (Outcome.VOICEMAIL, "us:sen:WI:1")):
        told = {**said, "target": target}
        responses.record(conn, action, contact_id=by_phone, outcome=outcome, now=later, **told)
    make_call(conn, action, by_phone, phone=PHONE, zip="")
    reply = {"channel": "sms", "address": PHONE, "contact_id": by_phone, "body": "Hi"}
    more = {"verdict": "other", "received_at": now, "handled_by": ""}
    conn.execute(insert(Reply).values(**reply, **more))

    joined(conn, by_email, by_phone, now)

    told_now = responses.told_so_far(conn, action, contact_id=by_email)
    assert told_now == {"us:house:WI:2": Outcome.SPOKE, "us:sen:WI:1": Outcome.VOICEMAIL}
    assert responses.totals(conn, action).people == 1
    assert conn.scalar(select(OfficeReport.response_id)) == early
    assert conn.scalar(select(Reply.contact_id)) == by_email
    assert set(conn.scalars(select(Response.contact_id))) == {by_email}


def test_an_office_is_asked_about_once(conn: Connection, now: datetime) -> None:
    by_email, by_phone = make_two(conn)
    action, message = (
        make_action(conn),
        make_message(conn, status=MessageStatus.FINISHED, expanded_at=now),
    )
    for each, kind, target in (
        (by_email, PromptKind.ASK, "a"),
        (by_phone, PromptKind.ASK, "b"),
        (by_email, PromptKind.REMIND, "a"),
        (by_phone, PromptKind.REMIND, "a"),
        (by_phone, PromptKind.REMIND, "b"),
    ):
        values = {"kind": kind, "action_id": action, "contact_id": each, "source_id": message}
        times = {"due_at": now, "until": now, "channel": "sms", "named": {}, "dropped": ""}
        conn.execute(insert(Prompt).values(target=target, **values, **times))

    joined(conn, by_email, by_phone, now)

    rows = conn.execute(select(Prompt.contact_id, Prompt.kind, Prompt.target)).all()
    assert sorted((row.kind, row.target) for row in rows) == [
        ("ask", "a"),
        ("remind", "a"),
        ("remind", "b"),
    ]
    assert {row.contact_id for row in rows} == {by_email}


async def test_of_an_alert_that_both_got_every_copy_counts_on_and_none_is_added(
    bench: Bench,
) -> None:
    by_email, by_phone = await bench.write(make_two)
    await bench.contacts("Ben")
    message = await bench.launch()
    await bench.work()
    await bench.write(lambda conn: conn.execute(update(Message).values(status="finished")))
    before = await bench.progress(message)

    await bench.write(joined, by_email, by_phone, bench.now)
    await bench.work()

    assert await bench.progress(message) == before
    assert await bench.counts_agree(message)
    for channel, address in ((Channel.SMS, PHONE), (Channel.EMAIL, EMAIL)):
        theirs = [row for row in await bench.rows(message, channel) if row.contact_id == by_email]
        assert [row.address for row in theirs] == [address]
    assert len(bench.texts.given) + len(bench.emails.given) == 4


async def test_the_next_alert_writes_to_one_person_within_one_cap(bench: Bench) -> None:
    by_email, by_phone = await bench.write(make_two)
    await bench.launch()
    await bench.work()
    await bench.write(lambda conn: conn.execute(update(Message).values(status="finished")))
    await bench.write(joined, by_email, by_phone, bench.now)

    second = await bench.launch(weekly_cap=1)
    await bench.work()

    [text], [email] = await bench.rows(second), await bench.rows(second, Channel.EMAIL)
    assert (text.contact_id, email.contact_id) == (by_email, by_email)
    assert (text.reason, email.reason) == (CAPPED, CAPPED)


@pytest.mark.parametrize("status", [MessageStatus.SENDING, MessageStatus.PAUSED])
def test_it_waits_for_whatever_is_on_its_way(
    conn: Connection, now: datetime, status: MessageStatus
) -> None:
    by_email, by_phone = make_two(conn)
    message = make_message(conn, status=status, expanded_at=now)
    make_delivery(conn, message, by_phone, status=Status.DELIVERED)

    with pytest.raises(NotNow):
        joined(conn, by_email, by_phone, now)

    assert conn.scalar(select(func.count()).select_from(Contact)) == 2


def test_it_waits_for_a_copy_that_another_committee_may_owe(
    conn: Connection, now: datetime
) -> None:
    by_email, by_phone = make_two(conn)
    message = make_message(conn, status=MessageStatus.FINISHED, expanded_at=now, finished_at=now)
    reason = eligibility.ELSEWHERE
    make_delivery(conn, message, by_phone, status=Status.SKIPPED, reason=reason)

    with pytest.raises(NotNow):
        joined(conn, by_email, by_phone, now)
    assert joined(conn, by_email, by_phone, now + timedelta(days=1, minutes=1)) == by_email


def test_it_waits_while_an_alert_is_written_out(conn: Connection, now: datetime) -> None:
    by_email, by_phone = make_two(conn)
    make_message(conn, status=MessageStatus.SENDING, expanded_at=None)

    with pytest.raises(NotNow):
        joined(conn, by_email, by_phone, now)


def test_whoever_is_gone_or_the_same_already_is_joined_to_nobody(
    conn: Connection, now: datetime
) -> None:
    by_email, _ = make_two(conn)

    assert joined(conn, by_email, by_email, now) is None
    assert joined(conn, by_email, 10**6, now) is None


def referring() -> Sequence[str]:
    return sorted(
        table.name
        for table in Base.metadata.tables.values()
        if any(key.target_fullname == "contacts.id" for key in table.foreign_keys)
    )


def test_every_table_that_refers_to_a_contact_is_given_over() -> None:
    """A new one would go with the contact that goes; see to it in ``unite``."""
    import_changes = "import_changes"  # go: an undone import gives nothing back to another person
    of_messages = [Delivery, Reply, Prompt, Enrolment]
    given = [Address, Membership, Preference, SignUp, Response, *of_messages]
    names = {each.__tablename__ for each in given}

    assert set(referring()) == names | {import_changes, "contact_tags", "calls"}


def test_they_are_in_a_series_once_and_what_either_had_they_have_had(
    conn: Connection, now: datetime
) -> None:
    by_email, by_phone = make_two(conn)
    keep, gone = sorted((by_email, by_phone))
    both = make_enrolment(conn, keep, at=now)
    alone = make_enrolment(conn, gone, at=now)
    conn.execute(
        insert(Enrolment).values(
            series_id=both, contact_id=gone, happened_at=now, begins_at=now, begins_on="2026-11-19"
        )
    )

    joined(conn, by_email, by_phone, now)

    rows = select(Enrolment.series_id, Enrolment.contact_id, Enrolment.left_because)
    assert [tuple(row) for row in conn.execute(rows.order_by(Enrolment.id))] == [
        (both, keep, ""),
        (alone, keep, ""),
        (both, None, Left.UNITED),
    ]


WENT = (RunStatus.FIRED, True)  # and whether it is settled
ASKED, NONE = (RunStatus.HELD, False), (RunStatus.SKIPPED, True)


def make_step(conn: Connection, series_id: int, now: datetime) -> int:
    step = {"series_id": series_id, "days": 1, "hour": "09:00", "texts": {}, "writers": []}
    made = insert(SeriesStep).values(**step, created_at=now)
    return conn.execute(made.returning(SeriesStep.id)).scalar_one()


def enrol_both(conn: Connection, now: datetime) -> tuple[int, int, int]:
    """Both are in one series: who stays, its step, and the place of who goes."""
    keep, gone = sorted(make_two(conn))
    series_id = make_enrolment(conn, keep, at=now)
    place = {"series_id": series_id, "contact_id": gone, "happened_at": now, "begins_at": now}
    row = insert(Enrolment).values(**place, begins_on="2026-11-19").returning(Enrolment.id)
    other = conn.execute(row).scalar_one()
    return keep, make_step(conn, series_id, now), other


def fate(
    conn: Connection, step_id: int, enrolment_id: int, what: tuple[str, bool], now: datetime
) -> None:
    status, over = what
    told = {"step_id": step_id, "enrolment_id": enrolment_id, "status": status, "reason": ""}
    times = {"planned_at": now, "settled_at": now if over else None}
    conn.execute(insert(StepCopy).values(**told, **times))


def place_of(conn: Connection, contact_id: int) -> Any:
    return conn.execute(select(Enrolment).where(Enrolment.contact_id == contact_id)).one()


@pytest.mark.parametrize(
    ("kept", "other", "stands"),
    [
        (ASKED, WENT, RunStatus.FIRED),  # nobody gets it twice
        (WENT, ASKED, RunStatus.FIRED),
        (NONE, ASKED, RunStatus.HELD),  # nobody is left out unasked
        (ASKED, NONE, RunStatus.HELD),
        (NONE, WENT, RunStatus.FIRED),
        (NONE, NONE, RunStatus.SKIPPED),
    ],
)
def test_of_each_step_of_a_series_the_row_that_says_most_is_theirs(
    conn: Connection, now: datetime, kept: Any, other: Any, stands: str
) -> None:
    keep, step, place = enrol_both(conn, now)
    mine = place_of(conn, keep).id
    fate(conn, step, mine, kept, now)
    fate(conn, step, place, other, now)
    conn.execute(update(Enrolment).where(Enrolment.id == mine).values(through_at=now))

    joined(conn, keep, keep + 1, now)

    [row] = conn.execute(select(StepCopy)).all()
    assert (row.enrolment_id, row.status) == (mine, stands)
    assert (place_of(conn, keep).through_at is None) == (stands == RunStatus.HELD)


def test_of_a_step_that_went_to_both_each_copy_counts(conn: Connection, now: datetime) -> None:
    keep, step, place = enrol_both(conn, now)
    mine = place_of(conn, keep).id
    for each in (mine, place):
        fate(conn, step, each, WENT, now)

    joined(conn, keep, keep + 1, now)

    assert set(conn.scalars(select(StepCopy.enrolment_id))) == {mine, place}


@pytest.mark.parametrize(
    ("kept", "other", "stands"),
    [
        ("", Left.OPTED_OUT, Left.OPTED_OUT),
        (Left.OPTED_OUT, "", Left.OPTED_OUT),
        (Left.LEFT_PROJECT, Left.COMPLAINED, Left.COMPLAINED),
        ("", "", ""),
    ],
)
def test_whoever_left_a_series_by_either_address_has_left_it(
    conn: Connection, now: datetime, kept: str, other: str, stands: str
) -> None:
    keep, _, place = enrol_both(conn, now)
    for each, because in ((place_of(conn, keep).id, kept), (place, other)):
        left = {"left_at": now if because else None, "left_because": because}
        conn.execute(update(Enrolment).where(Enrolment.id == each).values(**left))

    joined(conn, keep, keep + 1, now)

    one = place_of(conn, keep)
    assert (one.left_because, one.left_at is not None) == (stands, bool(stands))


def say_both(conn: Connection, pair: str, by_phone: int, by_email: int, now: datetime) -> None:
    """Both owners of a form's addresses have confirmed, and said that they are one person."""
    for channel, contact_id in (("sms", by_phone), ("email", by_email)):
        said = {"pair": pair, "one_person": True, "confirmed_at": now, "created_at": now}
        told = {"channel": channel, "contact_id": contact_id, "source": "form", "wording": ""}
        names = {"given_name": "", "family_name": "", "zip": "", "language": "", "beside": ""}
        row = insert(SignUp).values(**said, **told, **names, project_id=make_project(conn, pair))
        conn.execute(row)


async def test_a_phone_and_two_emails_become_one_person(bench: Bench) -> None:
    """The second form names a contact that the first has made another's."""

    def agree(conn: Connection) -> None:
        by_email, by_phone = make_two(conn)
        second = make_contact(conn, "Amina", phone=None, email="second@example.org")
        say_both(conn, "first", by_phone, by_email, bench.now)
        say_both(conn, "second", by_phone, second, bench.now)

    await bench.write(agree)

    assert await unite_all(bench.database, clock=lambda: bench.now) == 2

    def left(conn: Connection) -> Any:
        return conn.scalar(select(func.count()).select_from(Contact))

    assert await bench.write(left) == 1


def test_what_both_said_stands_where_one_has_become_anothers(
    conn: Connection, now: datetime
) -> None:
    by_email, by_phone = make_two(conn)
    say_both(conn, "pair", by_phone, by_email, now)

    assert joined(conn, by_email, 10**6, now) is None

    assert conn.scalar(select(func.count()).where(SignUp.one_person)) == 2
