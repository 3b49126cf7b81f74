"""An answer is kept for as long as it is true: until other data comes, or the calendar turns."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, event

from representatives import corrections
from representatives.answering import Directory
from representatives.corrections import Field
from representatives.loading import load

EXAMPLES = Path(__file__).parents[2] / "representatives" / "examples"
TURN = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)


def test_answer_holds_place_and_members(conn: Connection, now: datetime) -> None:
    load(conn, EXAMPLES, now)

    answer = Directory().answer(conn, "53703", now=now)

    assert (answer.place.state, answer.place.district) == ("WI", 2)
    assert [each.family_name for each in answer.officials] == ["Encina", "Guava", "Hickory"]


def test_question_asked_before_costs_one_statement(conn: Connection, now: datetime) -> None:
    load(conn, EXAMPLES, now)
    directory, said = Directory(), []
    first = directory.answer(conn, "53703", now=now)

    def note(*arguments: object) -> None:
        said.append(arguments[2])

    event.listen(conn, "before_cursor_execute", note)
    again = directory.answer(conn, "53703", now=now)

    assert again is first
    assert len(said) == 1


def test_new_data_is_heard_of_at_once(conn: Connection, now: datetime, tmp_path: Path) -> None:
    load(conn, EXAMPLES, now)
    directory = Directory()
    before = directory.answer(conn, "53703", now=now)
    folder = tmp_path / "newer"
    shutil.copytree(EXAMPLES, folder)
    members = folder / "members.csv"
    members.write_text(members.read_text("utf-8").replace("2025550130", "2025550199"), "utf-8")

    load(conn, folder, now)
    after = directory.answer(conn, "53703", now=now)

    assert (before.officials[0].phone, after.officials[0].phone) == ("+12025550130", "+12025550199")


def test_a_correction_is_heard_of_at_once_and_so_is_its_end(
    conn: Connection, now: datetime
) -> None:
    load(conn, EXAMPLES, now)
    directory, seat = Directory(), "us:house:WI:2"
    phones = [directory.answer(conn, "53703", now=now).officials[0].phone]
    number = corrections.correct(
        conn,
        seat,
        Field.PHONE,
        "+12025557777",
        reason="their site",
        expires_on=(now + timedelta(days=9)).date(),
        by="x",
        now=now,
    )
    phones.append(directory.answer(conn, "53703", now=now).officials[0].phone)
    corrections.withdraw(conn, number, now=now)
    phones.append(directory.answer(conn, "53703", now=now).officials[0].phone)

    assert phones[1] == "+12025557777"
    assert phones[0] == phones[2] != phones[1]


def test_turn_of_a_congress_is_kept_to_the_minute(conn: Connection, now: datetime) -> None:
    load(conn, EXAMPLES, now)
    directory = Directory()

    before = directory.answer(conn, "78701", now=TURN - timedelta(minutes=1))
    after = directory.answer(conn, "78701", now=TURN)

    assert (before.place.district, before.officials[0].name) == (37, "Berta Beech (invented)")
    assert (after.place.district, after.place.how) == (None, "lapsed")


def test_without_data_nothing_is_known(conn: Connection, now: datetime) -> None:
    [answer] = Directory().answers(conn, ["53703"], now=now)

    assert (answer.place.how, answer.officials) == ("unknown", ())
