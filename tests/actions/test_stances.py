"""What offices say, and whom to ask for there: lines, reports, aides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from actions import reports
from actions.models import Outcome
from actions.office_models import Kind, OfficeReport, Source, Staffer, Stance
from actions.reports import AlreadySettled, heard, open_reports, suggest
from actions.responses import record
from actions.staffers import VALID, Aide, BadStaffer, save_staffer, staffer_of, withdraw
from actions.stances import BadStance, history, note_stance, stances
from tests.builders import make_action, make_contact, make_project

HOUSE, SENATE = "us:house:WI:2", "us:senate:WI:1"
ANA = {"name": " Ana  Pérez ", "role": "foreign affairs", "phone": "(202) 555-0147", "email": ""}


def say(conn: Connection, action: int, stance: Stance, now: datetime, **values: Any) -> int:
    told: dict[str, Any] = {"source": Source.ORGANIZER, "actor": "organizer:3", **values}
    return note_stance(conn, action, HOUSE, stance, now=now, **told)


def called(conn: Connection, action: int, now: datetime, name: str = "Amina") -> int:
    """Somebody spoke with an office."""
    told: dict[str, Any] = {"target": HOUSE, "outcome": Outcome.SPOKE, "channel": "web", "now": now}
    return record(conn, action, contact_id=make_contact(conn, name), note="very kind", **told)


def keep(
    conn: Connection,
    now: datetime,
    name: str = "Ana Pérez",
    aide: Aide | None = None,
    **values: Any,
) -> int:
    told: dict[str, Any] = {"project_id": None, "source": Source.ORGANIZER, "actor": "organizer:3"}
    return save_staffer(conn, HOUSE, aide or Aide(name=name), now=now, **{**told, **values})


def asked_for(conn: Connection, now: datetime, project_id: int | None = None) -> str:
    """Whom callers of a project's alert ask for; "" = nobody is known."""
    found = staffer_of(conn, HOUSE, project_id=project_id, now=now)
    return found.name if found else ""


def test_the_latest_line_holds_and_the_earlier_ones_stay(conn: Connection, now: datetime) -> None:
    action = make_action(conn)

    say(conn, action, Stance.CONSIDERING, now)
    say(conn, action, Stance.COMMITTED, now + timedelta(days=1), verified=True, note=" by\nletter ")

    held = stances(conn, action)[HOUSE]
    assert (held.stance, held.verified, held.note) == (Stance.COMMITTED, True, "by letter")
    assert [each.stance for each in history(conn, action, HOUSE)] == [
        Stance.COMMITTED,
        Stance.CONSIDERING,
    ]
    assert SENATE not in stances(conn, action)
    assert stances(conn, make_action(conn)) == {}


def test_only_an_organizer_says_that_it_is_done(conn: Connection, now: datetime) -> None:
    action = make_action(conn)

    with pytest.raises(BadStance, match="for an organizer to say"):
        say(conn, action, Stance.DONE, now, source=Source.CALLER)
    say(conn, action, Stance.DONE, now, source=Source.PUBLISHED)

    assert stances(conn, action)[HOUSE].stance is Stance.DONE
    assert heard("done", name="", role="", phone="", email="").stance is None


def test_what_a_caller_heard_counts_only_once_confirmed(conn: Connection, now: datetime) -> None:
    action = make_action(conn)
    response = called(conn, action, now)

    suggest(conn, response, heard("committed", **ANA), now=now)

    assert stances(conn, action) == {}
    assert staffer_of(conn, HOUSE, project_id=None, now=now) is None
    first, second = open_reports(conn, action)
    assert (first.kind, first.stance, first.note) == (Kind.STANCE, Stance.COMMITTED, "very kind")
    for each in (first, second):
        reports.confirm(conn, each.id, project_id=None, actor="organizer:3", now=now)
    held, aide = stances(conn, action)[HOUSE], staffer_of(conn, HOUSE, project_id=None, now=now)
    assert (held.stance, held.source, held.actor) == (
        Stance.COMMITTED, Source.CALLER, "organizer:3",
    )  # fmt: skip
    assert aide is not None
    assert (aide.name, aide.phone, aide.source) == ("Ana Pérez", "+12025550147", Source.CALLER)
    assert open_reports(conn, action) == []


def test_what_is_settled_is_settled_once_and_keeps_no_words(
    conn: Connection, now: datetime
) -> None:
    action = make_action(conn)
    suggest(conn, called(conn, action, now), heard("", **ANA), now=now)
    [report] = open_reports(conn, action)

    reports.dismiss(conn, report.id, actor="organizer:3", now=now)

    with pytest.raises(AlreadySettled):
        reports.confirm(conn, report.id, project_id=None, actor="organizer:4", now=now)
    row = conn.execute(select(OfficeReport)).one()
    assert (row.name, row.role, row.phone, row.email) == ("", "", "", "")
    assert staffer_of(conn, HOUSE, project_id=None, now=now) is None


def test_a_second_word_corrects_the_first_and_is_asked_again(
    conn: Connection, now: datetime
) -> None:
    action = make_action(conn)
    response = called(conn, action, now)
    suggest(conn, response, heard("committed", **ANA), now=now)
    for each in open_reports(conn, action):
        reports.dismiss(conn, each.id, actor="organizer:3", now=now)

    suggest(conn, response, heard("declined", **{**ANA, "name": ""}), now=now)

    [report] = open_reports(conn, action)
    assert report.stance is Stance.DECLINED


def test_an_organizer_corrects_the_aide_while_confirming(conn: Connection, now: datetime) -> None:
    action = make_action(conn)
    wrong = {**ANA, "name": "Anna Peres", "phone": "ask at the desk"}
    suggest(conn, called(conn, action, now), heard("", **wrong), now=now)
    [report] = open_reports(conn, action)

    with pytest.raises(BadStaffer, match="cannot be read"), conn.begin_nested():
        reports.confirm(conn, report.id, project_id=None, actor="organizer:3", now=now)
    right = Aide(name="Ana Pérez")
    reports.confirm(conn, report.id, aide=right, project_id=None, actor="organizer:3", now=now)

    aide = staffer_of(conn, HOUSE, project_id=None, now=now)
    assert aide is not None
    assert (aide.name, aide.phone) == ("Ana Pérez", "")


def test_the_last_one_confirmed_is_asked_for_until_half_a_year_is_over(
    conn: Connection, now: datetime
) -> None:
    keep(conn, now, "Bea")
    keep(conn, now + timedelta(days=1), "Ana")

    assert asked_for(conn, now + timedelta(days=2)) == "Ana"
    assert asked_for(conn, now + VALID + timedelta(days=2)) == ""
    assert staffer_of(conn, SENATE, project_id=None, now=now) is None


def test_a_project_asks_for_its_own_aides_and_the_networks_and_for_nobody_elses(
    conn: Connection, now: datetime
) -> None:
    madison, bangor = make_project(conn), make_project(conn, "Bangor")
    keep(conn, now, "Bea")
    keep(conn, now, "Ana", project_id=madison)
    assert [asked_for(conn, now, each) for each in (None, madison, bangor)] == ["Bea", "Ana", "Bea"]

    keep(conn, now, "Carla")
    assert [asked_for(conn, now, each) for each in (None, madison)] == ["Carla", "Carla"]


def test_taking_an_aide_back_leaves_those_of_others_alone(conn: Connection, now: datetime) -> None:
    madison, bangor = make_project(conn), make_project(conn, "Bangor")
    for project_id, name in [(None, "Bea"), (madison, "Mia"), (madison, "Ana")]:
        kept = Aide(name=name, phone="202-555-0147")
        keep(conn, now, aide=kept, project_id=project_id)
    theirs = keep(conn, now, "Eva", project_id=bangor)

    withdraw(conn, theirs, actor="organizer:4", now=now)

    told = select(Staffer.name).where(Staffer.withdrawn_at.is_(None), Staffer.phone != "")
    assert list(conn.scalars(told.order_by(Staffer.id))) == ["Bea", "Mia", "Ana"]
    last = conn.scalar(select(Staffer.id).where(Staffer.name == "Ana"))
    assert last is not None
    withdraw(conn, last, actor="organizer:3", now=now)
    assert list(conn.scalars(told)) == ["Bea"]


def test_who_is_taken_back_does_not_make_room_for_who_was_before(
    conn: Connection, now: datetime
) -> None:
    keep(conn, now, "Bea")
    second = keep(conn, now, "Ana")

    withdraw(conn, second, actor="organizer:3", now=now)

    assert staffer_of(conn, HOUSE, project_id=None, now=now) is None
    assert set(conn.scalars(select(Staffer.phone))) == {""}
    keep(conn, now, "Carla")
    found = staffer_of(conn, HOUSE, project_id=None, now=now)
    assert found is not None
    assert found.name == "Carla"


@pytest.mark.parametrize(
    ("aide", "told"),
    [
        (Aide(name="  "), "has no name"),
        (Aide(name="x" * 81), "too long"),
        (Aide(name="Ana", phone="12"), "cannot be read"),
        (Aide(name="Ana", email="ana at house"), "cannot be read"),
    ],
)
def test_an_aide_who_cannot_be_kept_is_told_in_a_sentence(
    conn: Connection, now: datetime, aide: Aide, told: str
) -> None:
    with pytest.raises(BadStaffer, match=told):
        save_staffer(
            conn, HOUSE, aide, project_id=None, source=Source.ORGANIZER, actor="x", now=now
        )
