"""Which offices an alert has reached, in people; whom to call today; and what may be told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from actions.models import Outcome, TargetRule
from actions.office_models import Source, Stance
from actions.responses import record
from actions.stances import note_stance
from alerts.coverage import Coverage, Line, NoSuchOffice, coverage, office_line
from alerts.numbers import FEW, public_numbers, show_numbers, tellable
from alerts.pages import NoSuchPage
from alerts.report_line import report_line
from alerts.today import due_today
from contacts.models import Standing
from messages.erasing import erase
from messages.models import Status
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_action,
    make_alert,
    make_contact,
    make_delivery,
    make_message,
    make_office,
    make_project,
)

HOUSE, GUAVA, HICKORY = "us:house:WI:2", "us:senate:WI:1", "us:senate:WI:3"
SUNDAY = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)


def tell(
    conn: Connection,
    alert: Alerted,
    now: datetime,
    target: str = HOUSE,
    outcome: Outcome = Outcome.SPOKE,
    **who: Any,
) -> None:
    values: dict[str, Any] = {"target": target, "outcome": outcome, "channel": "web", "now": now}
    record(conn, alert.action_id, **values, **who)


def lines_of(found: Coverage) -> dict[str, Line]:
    return {each.target.key: each for each in found.lines}


@pytest.fixture
def alert(conn: Connection) -> Alerted:
    load_invented_officials(conn)
    return make_alert(conn)


def test_constituents_are_counted_once_an_office_whatever_they_did(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    amina, ben = make_contact(conn, "Amina"), make_contact(conn, "Ben")
    make_contact(conn, "Chloe", district=None)
    for channel in ("sms", "email"):
        make_delivery(conn, alert.message_id, amina, channel=channel, status=Status.DELIVERED)
    make_delivery(conn, alert.message_id, ben, status=Status.SKIPPED)
    tell(conn, alert, now - timedelta(days=1), contact_id=amina, outcome=Outcome.NO_ANSWER)
    tell(conn, alert, now, contact_id=amina)
    tell(conn, alert, now, contact_id=ben, outcome=Outcome.SKIPPED)

    found = lines_of(coverage(conn, alert.alert_id, able=True, now=now))

    house, senator = found[HOUSE], found[GUAVA]
    assert (house.people.constituents, house.people.asked, house.people.available) == (2, 1, 1)
    assert (senator.people.constituents, senator.people.asked) == (3, 1)
    assert (house.calls.attempted, house.calls.spoke, house.calls.last_at) == (1, 1, now)
    assert senator.calls.attempted == 0


def test_who_may_not_be_written_to_is_not_left_to_ask(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    make_contact(conn, "Chloe", consent=Standing.OPTED_OUT)
    make_contact(conn, "Dario", consent=None)
    make_contact(conn, "Elsa")

    line = lines_of(coverage(conn, alert.alert_id, able=True, now=now))[HOUSE]

    assert (line.people.constituents, line.people.available) == (3, 1)


def test_copies_of_other_alerts_between_its_own_count_for_nobody(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    other = make_alert(conn)
    amina, ben, chloe, dario = (
        make_contact(conn, each) for each in ("Amina", "Ben", "Chloe", "Dario")
    )
    make_delivery(conn, alert.message_id, amina, status=Status.SENT)
    make_delivery(conn, other.message_id, ben, status=Status.SENT)
    make_delivery(conn, alert.message_id, chloe, status=Status.DELIVERED)
    make_delivery(conn, other.message_id, dario, status=Status.SENT)

    mine, theirs = (
        lines_of(coverage(conn, each.alert_id, able=True, now=now))[HOUSE].people
        for each in (alert, other)
    )

    assert (mine.asked, mine.available) == (2, 2)
    assert (theirs.asked, theirs.available) == (2, 2)


def test_a_committees_part_of_an_alert_counts_with_it(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    amina, ben = make_contact(conn, "Amina"), make_contact(conn, "Ben")
    part = make_message(conn, part_of=alert.message_id, action_id=alert.action_id)
    make_delivery(conn, alert.message_id, amina, status=Status.SENT)
    make_delivery(conn, part, ben, status=Status.SENT)

    assert lines_of(coverage(conn, alert.alert_id, now=now))[HOUSE].people.asked == 2


def test_others_can_be_asked_although_somebody_who_got_it_was_erased(
    conn: Connection, now: datetime
) -> None:
    load_invented_officials(conn)
    alert, erased = make_alert(conn, expanded_at=now), make_contact(conn, "Chloe")
    make_delivery(conn, alert.message_id, erased, status=Status.SENT)
    erase(conn, erased, now=now)
    make_contact(conn, "Amina")

    line = lines_of(coverage(conn, alert.alert_id, able=True, now=now))[HOUSE]

    assert (line.people.constituents, line.people.asked, line.people.available) == (1, 0, 1)


def test_an_alert_of_a_project_counts_its_own_people(conn: Connection, now: datetime) -> None:
    load_invented_officials(conn)
    madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
    mine = make_contact(conn, "Amina", projects=[madison])
    make_contact(conn, "Ben", projects=[bangor])
    alert = make_alert(conn, project_id=madison)
    tell(conn, alert, now, contact_id=mine)
    tell(conn, alert, now, visitor="somebody")

    line = lines_of(coverage(conn, alert.alert_id, now=now))[HOUSE]

    assert (line.people.constituents, line.calls.attempted) == (1, 2)


def test_a_committee_counts_its_people_in_an_alert_of_the_network(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    bangor = make_project(conn, "Bangor – Carasque", shares_list=False)
    theirs = make_contact(conn, "Ben", projects=[bangor])
    tell(conn, alert, now, contact_id=theirs)
    for name in ("Amina", "Chloe"):
        tell(conn, alert, now, contact_id=make_contact(conn, name))

    of_bangor = coverage(conn, alert.alert_id, as_project=bangor, now=now)
    whole = coverage(conn, alert.alert_id, now=now)

    assert lines_of(of_bangor)[HOUSE].calls.spoke == 1
    assert (of_bangor.totals.people, of_bangor.totals.constituents) == (1, 1)
    assert lines_of(whole)[HOUSE].calls.spoke == 3
    assert (whole.totals.people, whole.totals.constituents) == (3, 3)


def test_offices_are_those_the_alert_asks_for(conn: Connection, now: datetime) -> None:
    load_invented_officials(conn)
    make_contact(conn, "Amina")
    make_contact(conn, "Dora", state="DC", district=0, zip="20002")
    make_office(conn, "embassy")
    rules = {
        rule: {
            each.target.key
            for each in coverage(conn, make_alert(conn, make_action(conn, rule)).alert_id, now=now).lines
        }
        for rule in (TargetRule.REPRESENTATIVE, TargetRule.SENATORS)
    }  # fmt: skip
    named = make_alert(conn, make_action(conn, TargetRule.CUSTOM, offices=["embassy"]))

    assert rules[TargetRule.REPRESENTATIVE] == {HOUSE, "us:delegate:DC:0"}
    assert rules[TargetRule.SENATORS] == {GUAVA, HICKORY, "us:delegate:DC:0"}
    [line] = coverage(conn, named.alert_id, now=now).lines
    assert (line.target.key, line.people.constituents) == ("custom:embassy", 2)


def test_totals_tell_people_offices_states_and_promises(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    for number in range(6):
        for target in (HOUSE, GUAVA):
            tell(conn, alert, now, target, visitor=str(number))
    tell(conn, alert, now, "us:senate:MA:2", visitor="9", outcome=Outcome.VOICEMAIL)
    tell(conn, alert, now, "us:senate:MA:1", visitor="9", outcome=Outcome.NO_ANSWER)
    note_stance(
        conn, alert.action_id, HOUSE, Stance.DONE, source=Source.PUBLISHED, actor="x", now=now
    )

    totals = coverage(conn, alert.alert_id, now=now).totals

    assert (totals.people, totals.offices, totals.states, totals.committed) == (7, 3, 2, 1)
    assert report_line(totals, "en") == "7 constituents reached 3 offices in 2 states; 1 committed."
    spanish = "7 personas contactaron 3 oficinas en 2 estados; 1 se comprometió."
    assert report_line(totals, "es") == spanish


def test_a_small_number_of_people_is_in_no_line_to_pass_on(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    tell(conn, alert, now, visitor="1")

    totals = coverage(conn, alert.alert_id, now=now).totals

    assert report_line(totals, "en").startswith("Fewer than 5 constituents reached 1 office in 1 s")
    assert report_line(totals, "es").startswith("Menos de 5 personas contactaron 1 oficina en 1 e")


def test_today_are_called_who_is_open_undecided_and_least_called(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    make_contact(conn, "Amina")
    tell(conn, alert, now, HOUSE, visitor="1")
    lines = coverage(conn, alert.alert_id, now=now).lines
    assert [due.line.target.key for due in due_today(lines, now)] == [GUAVA, HICKORY, HOUSE]
    assert all(due.open_now for due in due_today(lines, now))
    assert due_today(lines, SUNDAY) == []
    early = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)  # seven in the morning in Washington
    assert {due.opens_at for due in due_today(lines, early)} == {early + timedelta(hours=2)}

    for target, stance in ((GUAVA, Stance.DECLINED), (HICKORY, Stance.CONSIDERING)):
        said: dict[str, Any] = {"source": Source.ORGANIZER, "actor": "x", "now": now}
        note_stance(conn, alert.action_id, target, stance, **said)
    for visitor in ("2", "3"):
        tell(conn, alert, now, HOUSE, visitor=visitor, outcome=Outcome.WRONG_NUMBER)

    lines = coverage(conn, alert.alert_id, now=now).lines
    assert [due.line.target.key for due in due_today(lines, now)] == [HICKORY]


def test_an_office_that_is_nothing_to_the_alert_is_not_there(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    make_office(conn, "theirs", project_id=make_project(conn, "Bangor – Carasque"))

    assert office_line(conn, alert.alert_id, HOUSE, now=now).target.name
    for key in ("custom:theirs", "us:house:WI:99", "nonsense"):
        with pytest.raises(NoSuchOffice):
            office_line(conn, alert.alert_id, key, now=now)


def test_numbers_are_shown_only_if_somebody_says_so(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    for number in range(12):
        tell(conn, alert, now, visitor=str(number))
    with pytest.raises(NoSuchPage):
        public_numbers(conn, alert.slug, now=now)

    show_numbers(conn, alert.alert_id, shown=True)

    numbers = public_numbers(conn, alert.slug, now=now)
    assert (numbers.people, numbers.offices, numbers.states_reached) == (12, 1, 1)
    assert (numbers.states["WI"], numbers.states["MA"]) == (12, 0)


def test_who_reached_only_offices_without_a_state_is_not_what_is_left_of_the_sum(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    for number in range(12):
        tell(conn, alert, now, visitor=str(number), target="" if number < 2 else HOUSE)
    show_numbers(conn, alert.alert_id, shown=True)

    numbers = public_numbers(conn, alert.slug, now=now)

    assert numbers.people == 12
    assert numbers.states["WI"] is None
    assert "" not in numbers.states


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"WI": 12, "MA": 9}, {"WI": 12, "MA": 9}),
        ({"WI": 12, "MA": 9, "ME": 2}, {"WI": 12, "MA": None, "ME": None}),
        ({"WI": 12, "MA": 9, "ME": 2, "NH": 2}, {"WI": 12, "MA": None, "ME": None, "NH": None}),
        ({"WI": 12, "MA": 9, "ME": 3, "NH": 2}, {"WI": 12, "MA": 9, "ME": None, "NH": None}),
        ({"ME": 3}, {"ME": None}),
        ({}, {}),
    ],
)
def test_a_hidden_number_does_not_stand_alone(
    counts: dict[str, int], told: dict[str, int | None]
) -> None:
    found = tellable(sum(counts.values()), counts)

    assert {state: found[state] for state in counts} == told
    assert found["TX"] == 0


@given(st.dictionaries(st.sampled_from(["WI", "MA", "ME", "NH", "VT"]), st.integers(0, 20)))
def test_subtracting_tells_no_small_number(counts: dict[str, int]) -> None:
    """Whatever is hidden could, for all a reader knows, be divided in another way."""
    total = sum(counts.values())
    found = tellable(total, counts)

    shown = sum(count for count in found.values() if count)
    hidden = [state for state in found if found[state] is None]
    assert all(count == 0 or count >= FEW for count in found.values() if count is not None)
    if total >= FEW and hidden:
        assert len(hidden) > 1
        assert total - shown >= FEW
