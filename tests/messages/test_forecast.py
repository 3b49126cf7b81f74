"""The forecast before a launch is what the launch then does."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from contacts.models import NETWORK, Channel, Standing
from messages import counts
from messages.audience import Audience, Filter
from messages.eligibility import Terms, terms_of
from messages.expanding import expand_chunk
from messages.forecast import HELD, NOW, SKIPPED, foresee
from messages.hours import DEFAULT
from messages.models import MessageStatus, Reach, Status
from messages.prospects import first_reached
from tests.builders import make_contact, make_message
from tests.doubles import NoJobs

TERMS = Terms(reach=Reach.BOTH, scopes=(NETWORK,))


def make_everybody(conn: Connection) -> None:
    make_contact(conn, "Amina", language="es")
    make_contact(conn, "Ben", phone="+16082990001")
    make_contact(conn, "Bea", phone="+16082990001")
    make_contact(conn, "Chloe", consent=Standing.OPTED_OUT)
    make_contact(conn, "Dora", phone=None, email=None)
    make_contact(conn, "Eva", zones=["Pacific/Honolulu"])


def test_forecast_equals_what_the_launch_writes(conn: Connection, now: datetime) -> None:
    make_everybody(conn)
    for reach in Reach:
        message = make_message(
            conn, status=MessageStatus.SENDING, launched_at=now, starts_at=now, reach=reach
        )
        forecast = foresee(
            conn, Audience(), Terms(reach=reach, scopes=(NETWORK,)), hours=None, now=now
        )

        while expand_chunk(conn, NoJobs(), message, now=now):
            pass

        written = counts.kept(conn, [message])
        skipped = {
            (fate.channel, fate.reason): fate.count
            for fate in forecast.fates
            if fate.fate == SKIPPED
        }
        assert skipped == {
            (key.channel, key.reason): count
            for key, count in written.items()
            if key.status == Status.SKIPPED
        }
        assert forecast.copies == sum(
            count for key, count in written.items() if key.status == Status.PENDING
        )


def test_people_reached_are_counted_once_and_by_language(conn: Connection, now: datetime) -> None:
    make_everybody(conn)

    forecast = foresee(conn, Audience(), TERMS, hours=DEFAULT, now=now)

    assert forecast.people == 6
    assert forecast.reached == 4
    assert forecast.languages == {"en": 3, "es": 1}


def test_people_in_hawaii_are_held_and_told_until_when(conn: Connection) -> None:
    make_everybody(conn)
    morning_in_chicago = datetime(2026, 11, 19, 16, 30, tzinfo=UTC)

    forecast = foresee(conn, Audience(), TERMS, hours=DEFAULT, now=morning_in_chicago)

    [held] = [fate for fate in forecast.fates if fate.fate == HELD]
    assert (held.channel, held.count) == (Channel.SMS, 1)
    assert held.opens_at == datetime(2026, 11, 19, 20, 0, tzinfo=UTC)
    assert forecast.total(Channel.SMS, NOW) == 2


def test_sample_steps_through_real_people(conn: Connection) -> None:
    make_everybody(conn)

    people = [first_reached(conn, Audience(), TERMS, offset=step) for step in range(5)]

    assert len(set(people[:4])) == 4
    assert people[4] is None


def test_audience_of_nobody_reaches_nobody(conn: Connection, now: datetime) -> None:
    make_everybody(conn)

    forecast = foresee(conn, Audience(Filter(tags=("nobody has it",))), TERMS, hours=None, now=now)

    assert (forecast.people, forecast.reached, forecast.copies) == (0, 0, 0)


def test_terms_of_a_message_are_its_own(conn: Connection, now: datetime) -> None:
    message = make_message(conn, reach=Reach.SMS, scopes=["network", "project:3"], weekly_cap=2)

    terms = terms_of(conn, message, now=now)

    assert (terms.reach, terms.scopes, terms.weekly_cap) == (
        Reach.SMS,
        ("network", "project:3"),
        2,
    )


def test_a_text_first_draft_is_foreseen_to_email_only_those_who_get_no_text(
    conn: Connection, now: datetime
) -> None:
    make_everybody(conn)
    message = make_message(conn, reach=Reach.TEXT_FIRST)

    terms = terms_of(conn, message, now=now)
    forecast = foresee(conn, Audience(), terms, hours=None, now=now)

    assert forecast.copies == forecast.reached == 4  # one each, a text or an email
    assert forecast.total(Channel.EMAIL, NOW) >= 1  # Bea at least, whose phone is Ben's
