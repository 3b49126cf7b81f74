"""A calendar program reads when there are hearings and how long alerts go on: what everybody may know, and no more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import Connection, insert, update

from alerts import calendar_feed
from alerts.at_risk import RiskDraft, add_person
from alerts.fact_models import FactKind, FactText, FactVersion, Release
from alerts.models import AlertText, Case
from campaigns import feeds
from messages.models import Message, MessageStatus
from representatives import recesses
from tests.builders import make_alert, make_fact, make_organizer, make_project
from tests.web.console.test_progress_statements import statements

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOON = date(2026, 12, 8)
HEARING: dict[str, Any] = {"kind": FactKind.HEARING, "happened_on": SOON}
NOON = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)  # in Washington


@pytest.fixture
def madison(conn: Connection) -> int:
    return make_project(conn, "Madison")


@pytest.fixture
def token(conn: Connection, madison: int) -> str:
    return feeds.make(conn, make_organizer(conn, projects=[madison]), now=NOON)


def events(conn: Connection, token: str, kind: str, now: datetime = NOON) -> list[Any]:
    """The entries of a kind, as a program reads them."""
    body = calendar_feed.calendar(conn, token, site="x.example", name="x", now=now)
    book: Any = Calendar.from_ical(body)
    return [each for each in book.walk("VEVENT") if str(each["UID"]).startswith(f"{kind}-")]


def told(found: list[Any]) -> list[tuple[str, str]]:
    return [(str(each["SUMMARY"]), str(each["STATUS"])) for each in found]


def version(conn: Connection, fact_id: int, number: int = 1, **values: Any) -> None:
    mine = (FactVersion.fact_id == fact_id, FactVersion.number == number)
    conn.execute(update(FactVersion).where(*mine).values(**values))


def noted_again(conn: Connection, fact_id: int, en: str, **values: Any) -> None:
    """A second version of a hearing."""
    row: dict[str, Any] = {
        **dict.fromkeys(("override_by", "override_why", "cleared_by", "noted_by"), ""),
        **HEARING,
        "fact_id": fact_id,
        "number": 2,
        "note": "Read again.",
        "sources": ["a", "b"],
        "release": Release.PUBLIC,
        "withdrawn": False,
        "noted_at": NOON,
    }
    added = insert(FactVersion).values(row | values).returning(FactVersion.id)
    words = {"version_id": conn.execute(added).scalar_one(), "language": "en", "words": en}
    conn.execute(insert(FactText).values(words))


def test_a_hearing_stands_on_its_day_by_a_name_that_stays_when_it_is_put_off(
    conn: Connection, madison: int, token: str
) -> None:
    fact = make_fact(
        conn,
        make_alert(conn, project_id=madison).case_id,
        en="The first hearing",
        es="La primera",
        **HEARING,
    )
    [before] = events(conn, token, "hearing")
    noted_again(conn, fact, "The first hearing", happened_on=SOON + DAY)

    [after] = events(conn, token, "hearing")

    assert told([before]) == [("Hearing: The first hearing", "CONFIRMED")]
    assert (before["DTSTART"].dt, before["DTEND"].dt) == (SOON, SOON + DAY)
    assert before["DTSTART"].params["VALUE"] == "DATE"
    assert str(before["UID"]) == str(after["UID"]) == f"hearing-{fact}@x.example"
    assert after["DTSTART"].dt == SOON + DAY
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])


def test_a_hearing_that_not_everybody_may_know_of_is_not_there(
    conn: Connection, madison: int, token: str
) -> None:
    case = make_alert(conn, project_id=madison).case_id
    for release in (Release.COMMITTEE, Release.WITHHELD):
        make_fact(conn, case, release, en="Secret", **HEARING)
    embargoed = make_fact(conn, case, en="Tomorrow", **HEARING)
    version(conn, embargoed, embargo_until=NOON + DAY)
    bangor = make_project(conn, "Bangor")
    make_fact(conn, make_alert(conn, project_id=bangor).case_id, en="Theirs", **HEARING)
    closed = make_alert(conn, project_id=madison).case_id
    make_fact(conn, closed, en="Closed", **HEARING)
    conn.execute(update(Case).where(Case.id == closed).values(closed_at=NOON))

    assert told(events(conn, token, "hearing")) == []
    assert told(events(conn, token, "hearing", NOON + DAY)) == [("Hearing: Tomorrow", "CONFIRMED")]


def test_a_hearing_that_will_not_be_is_called_off(
    conn: Connection, madison: int, token: str
) -> None:
    case = make_alert(conn, project_id=madison).case_id
    noted_again(
        conn, make_fact(conn, case, en="The hearing", **HEARING), "The hearing", withdrawn=True
    )

    assert told(events(conn, token, "hearing")) == [
        ("Not so any more: hearing: The hearing", "CANCELLED")
    ]


def test_of_a_hearing_withdrawn_before_anybody_could_read_it_nothing_is_ever_told(
    conn: Connection, madison: int, token: str
) -> None:
    case = make_alert(conn, project_id=madison).case_id
    fact, until = make_fact(conn, case, en="Never so", **HEARING), NOON + DAY
    version(conn, fact, embargo_until=until)
    noted_again(conn, fact, "Never so", withdrawn=True, embargo_until=until)

    assert events(conn, token, "hearing") == []
    assert events(conn, token, "hearing", until + HOUR) == []


def test_an_alert_keeps_its_title_until_it_has_begun_and_ends_with_the_first_of_its_ends(
    conn: Connection, madison: int, token: str
) -> None:
    begins, expires = NOON + DAY, NOON + 3 * DAY
    hours: dict[str, Any] = {"begins_at": begins, "starts_at": begins, "expires_at": expires}
    made = make_alert(conn, project_id=madison, **hours)
    make_alert(conn, project_id=make_project(conn, "Bangor"), expires_at=expires)
    draft: dict[str, Any] = {"status": MessageStatus.DRAFT, "launched_at": None}
    make_alert(conn, project_id=madison, expires_at=expires, **draft)

    before = events(conn, token, "alert")
    after = events(conn, token, "alert", begins)

    assert [str(each["UID"]) for each in before] == [
        f"alert-{made.alert_id}-begins@x.example",
        f"alert-{made.alert_id}-ends@x.example",
    ]
    assert (before[0]["DTSTART"].dt, before[1]["DTEND"].dt) == (begins, expires)
    assert [str(each["SUMMARY"]) for each in before] == [
        "Alert begins: one of yours",
        "Alert ends: one of yours",
    ]
    assert [str(each["SUMMARY"]) for each in after] == [
        "Alert begins: Free the fourteen",
        "Alert ends: Free the fourteen",
    ]


@pytest.mark.parametrize("chosen", [True, False])
def test_an_alert_that_was_taken_back_never_says_its_title(
    conn: Connection, madison: int, token: str, *, chosen: bool
) -> None:
    starts = NOON + DAY if chosen else NOON + timedelta(minutes=2)
    hours: dict[str, Any] = {"begins_at": starts if chosen else None, "starts_at": starts}
    made = make_alert(conn, project_id=madison, expires_at=NOON + 3 * DAY, **hours)
    in_the_undo_window = events(conn, token, "alert")
    off = {"status": MessageStatus.STOPPED, "finished_at": NOON + timedelta(minutes=1)}
    conn.execute(update(Message).where(Message.id == made.message_id).values(off))

    after = events(conn, token, "alert", starts + HOUR)

    assert "Free the fourteen" not in str([told(in_the_undo_window), told(after)])
    begins = [("Alert begins: one of yours", "CANCELLED")] if chosen else []
    assert told(after) == [*begins, ("Ended earlier: one of yours", "CANCELLED")]


def test_an_alert_that_is_stopped_or_whose_case_is_closed_ended_earlier(
    conn: Connection, madison: int, token: str
) -> None:
    ends: dict[str, Any] = {"project_id": madison, "expires_at": NOON + DAY}
    make_alert(conn, status=MessageStatus.STOPPED, **ends)
    closed = make_alert(conn, **ends)
    conn.execute(update(Case).where(Case.id == closed.case_id).values(closed_at=NOON))

    assert (
        told(events(conn, token, "alert"))
        == [("Ended earlier: Free the fourteen", "CANCELLED")] * 2
    )


def test_a_title_that_names_somebody_at_risk_is_left_out(
    conn: Connection, madison: int, token: str
) -> None:
    made = make_alert(conn, project_id=madison, expires_at=NOON + DAY)
    conn.execute(update(AlertText).values(title="Free María Chicas Orellana"))
    make_fact(conn, made.case_id, en="Hearing of María Chicas Orellana", **HEARING)
    other = make_alert(conn, project_id=madison, expires_at=NOON + DAY)
    conn.execute(
        update(AlertText).where(AlertText.alert_id == other.alert_id).values(title="No to mining")
    )
    maria = RiskDraft(given_names="María", family_names="Chicas Orellana")
    add_person(conn, made.case_id, maria, by="x", now=NOON)

    assert told(events(conn, token, "hearing")) == [("Hearing: of one of your cases", "CONFIRMED")]
    assert told(events(conn, token, "alert")) == [
        ("Alert ends: one of yours", "CONFIRMED"),
        ("Alert ends: No to mining", "CONFIRMED"),
    ]


def test_however_many_cases_there_are_the_lists_are_read_once(
    conn: Connection, madison: int, token: str
) -> None:
    maria = RiskDraft(given_names="María", family_names="Chicas Orellana")
    heard = []
    for _ in range(2):
        made = make_alert(conn, project_id=madison, expires_at=NOON + DAY)
        add_person(conn, made.case_id, maria, by="x", now=NOON)
        with statements() as asked:
            events(conn, token, "alert")
        heard.append(len(asked))

    assert heard[0] == heard[1]


def test_recesses_and_a_new_congress_are_everybodys(conn: Connection, token: str) -> None:
    typed = ("house", "2026-12-18", "2027-01-04", "https://house.example/calendar")
    [number] = recesses.keep(conn, [recesses.read_days(*typed)], by="x", now=NOON)

    [recess], [congress] = events(conn, token, "recess"), events(conn, token, "congress")

    assert str(recess["UID"]) == f"recess-{number}@x.example"
    assert (recess["DTSTART"].dt, recess["DTEND"].dt) == (date(2026, 12, 18), date(2027, 1, 5))
    assert str(congress["SUMMARY"]) == "The 120th Congress begins"
    assert congress["DTSTART"].dt == datetime(2027, 1, 3, 17, 0, tzinfo=UTC)
