"""Each change of people is noted by the database, whoever makes it: what is kept never outlives one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import Connection, create_engine, delete, func, insert, select, text, update

from contacts import changes
from contacts.changes import NOTED, Kept
from contacts.models import (
    Address,
    AddressStanding,
    Channel,
    Contact,
    ContactTag,
    Membership,
    PeopleChange,
    Preference,
    Project,
    Standing,
    Tag,
)
from contacts.preferences import Preferences, prefer
from database.engine import driver_url
from database.opening import opened as open_database
from tests.builders import (
    make_address,
    make_contact,
    make_membership,
    make_project,
    make_standing,
    make_tag,
)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A transaction of somebody else's."""
    engine = create_engine(driver_url(url))
    try:
        with engine.begin() as conn:
            yield conn
    finally:
        engine.dispose()


class Counting:
    """Somebody who asks the same again and again, and how often it had to be looked up."""

    def __init__(self, conn: Connection, most: int = 8) -> None:
        self.conn, self.kept, self.looked = conn, Kept(most), 0

    def ask(self, question: str = "how many?") -> int:
        """How often it was looked up until the answer, which is kept, was found."""
        return self.kept.answer(self.conn, question, self._look)

    def _look(self) -> int:
        self.looked += 1
        return self.looked


def kept_count() -> Callable[[Connection], int]:
    """How many tags there are, kept for as long as it may be."""
    kept = Kept(8)

    def tags(conn: Connection) -> int:
        return kept.answer(conn, "tags", lambda: conn.scalars(select(func.count(Tag.id))).one())

    return tags


def a_life(conn: Connection) -> list[Callable[[], Any]]:
    """Something of every kind is written, changed and deleted."""
    project, ben, bea = make_project(conn), make_contact(conn, "Ben"), make_contact(conn, "Bea")
    tag = make_tag(conn, "choir")
    mine = Address.contact_id == ben

    def do(statement: Any) -> Callable[[], Any]:
        return lambda: conn.execute(statement)

    return [
        lambda: make_project(conn, "Bangor – Carasque"),
        do(update(Project).where(Project.id == project).values(shares_list=False)),
        lambda: make_contact(conn, "Chloe", phone=None, email=None),
        do(update(Contact).where(Contact.id == ben).values(language="es")),
        lambda: make_address(conn, bea, Channel.SMS, "+16082990009", rank=1),
        do(update(Address).where(mine, Address.channel == Channel.SMS).values(rank=1)),
        do(delete(Address).where(mine)),
        lambda: make_membership(conn, project, ben),
        do(update(Membership).where(Membership.contact_id == ben).values(joined_at=None)),
        do(delete(Membership).where(Membership.contact_id == ben)),
        lambda: make_tag(conn, "choir", ben),
        do(update(Tag).where(Tag.id == tag).values(folded="choirs")),
        do(update(ContactTag).where(ContactTag.tag_id == tag).values(contact_id=bea)),
        do(delete(ContactTag).where(ContactTag.tag_id == tag)),
        do(delete(Tag).where(Tag.id == tag)),
        lambda: prefer(conn, ben, Preferences(urgent_only=True)),
        lambda: prefer(conn, ben, Preferences(paused_until=date(2027, 1, 1))),
        do(delete(Preference).where(Preference.contact_id == ben)),
        lambda: make_standing(conn, Channel.SMS, "+16082990010"),
        lambda: make_standing(conn, Channel.SMS, "+16082990010", Standing.OPTED_OUT),
        do(delete(AddressStanding).where(AddressStanding.address == "+16082990010")),
        do(delete(Contact).where(Contact.id == bea)),
        do(delete(Project).where(Project.id == project)),
    ]


def test_after_any_change_of_people_the_same_is_looked_up_anew(conn: Connection) -> None:
    asked = Counting(conn)
    for number, change in enumerate(a_life(conn), 1):
        assert asked.ask() == asked.ask() == number
        change()
    asked.ask()

    assert asked.looked == number + 1


def test_every_table_that_is_noted_has_its_triggers(conn: Connection) -> None:
    catalogue = {
        "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        " AND sql LIKE '%people_changes%'",
        "postgresql": "SELECT tgrelid::regclass::text FROM pg_trigger JOIN pg_proc"
        " ON pg_proc.oid = tgfoid WHERE proname = 'note_people_change'",
    }[conn.dialect.name]
    of_each = {"sqlite": 3, "postgresql": 1}[conn.dialect.name]  # INSERT, UPDATE and DELETE

    assert sorted(conn.scalars(text(catalogue))) == sorted(
        table.__tablename__ for table in NOTED for _ in range(of_each)
    )


def test_a_person_who_takes_what_is_theirs_along_is_one_change(conn: Connection) -> None:
    ben = make_contact(conn, "Ben")
    asked = Counting(conn)
    asked.ask()
    conn.execute(delete(Contact).where(Contact.id == ben))

    assert asked.ask() == 2


def test_a_row_that_is_written_or_else_ignored_is_noted_where_it_is_written(
    conn: Connection,
) -> None:
    asked = Counting(conn)
    asked.ask()
    values = {"name": "choir", "folded": "choir"}
    if conn.dialect.name == "sqlite":
        conn.execute(insert(Tag).prefix_with("OR IGNORE").values(values))
    else:
        conn.execute(insert(Tag).values(values))

    assert asked.ask() == 2


def test_what_was_seen_of_a_change_that_was_taken_back_is_not_told_later(conn: Connection) -> None:
    asked = Counting(conn)
    asked.ask()
    with conn.begin_nested() as attempt:
        make_tag(conn, "choir")
        seen = asked.ask()
        attempt.rollback()
    make_tag(conn, "drivers")

    assert asked.ask() not in (1, seen)


def test_where_nothing_was_ever_noted_everything_is_looked_up(conn: Connection) -> None:
    conn.execute(delete(PeopleChange))
    asked = Counting(conn)

    assert (asked.ask(), asked.ask()) == (1, 2)


def test_different_questions_have_answers_of_their_own_and_the_oldest_goes_first(
    conn: Connection,
) -> None:
    make_tag(conn, "choir")
    asked = Counting(conn, most=2)
    assert [asked.ask(each) for each in ("a", "b", "a", "c", "b")] == [1, 2, 1, 3, 2]

    assert asked.ask("a") == 4  # it was kept for longest when the third came


def test_of_all_notes_the_last_is_enough(conn: Connection) -> None:
    for name in ("choir", "drivers", "teachers"):
        make_tag(conn, name)
    last = conn.scalar(select(func.max(PeopleChange.id)))
    asked = Counting(conn)
    before = asked.ask()
    changes.forget(conn)
    known = asked.ask()

    assert list(conn.scalars(select(PeopleChange.id))) == [last]
    assert known != before
    assert asked.ask() == known
    make_tag(conn, "nurses")
    assert asked.ask() == known + 1


async def test_a_change_that_began_before_another_and_ended_after_it_is_not_missed(
    postgres_url: str,
) -> None:
    """Which of the notes came last would tell the same before and after."""
    tags = kept_count()
    url = driver_url(postgres_url)
    async with open_database(url) as here:
        with connected(url) as conn:
            make_tag(conn, "slow")
            await here.database.write(make_tag, "quick")
            before = await here.database.read(tags)
        after = await here.database.read(tags)

    assert (before, after) == (1, 2)


async def test_what_is_kept_between_two_clearings_is_not_told_after_the_second(
    postgres_url: str,
) -> None:
    """A change with a lower number, committed in between, leaves the same last note."""
    tags = kept_count()
    url = driver_url(postgres_url)
    async with open_database(url) as here:
        with connected(url) as conn:
            make_tag(conn, "slow")
            await here.database.write(make_tag, "quick")
            await here.database.write(changes.forget)
            before = await here.database.read(tags)
        await here.database.write(changes.forget)
        after = await here.database.read(tags)

    assert (before, after) == (1, 2)


def test_a_note_whose_number_is_taken_changes_what_is_there(postgres_url: str) -> None:
    """As after rows were copied to where the sequence does not know of them."""
    anew = text("SELECT setval(pg_get_serial_sequence('people_changes', 'id'), 1, false)")
    with connected(postgres_url) as conn:
        make_tag(conn, "choir")
        asked = Counting(conn)
        asked.ask()
        conn.execute(anew)
        make_tag(conn, "drivers")

        assert asked.ask() == 2
