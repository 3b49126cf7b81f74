from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event

from contacts.models import Standing
from contacts.reachable import People, people_of
from organizers.roles import NETWORKS
from tests.builders import make_contact, make_membership, make_project, make_standing

HERE = ("US",)
PHONE = "+16085550123"


@contextmanager
def asked(conn: Connection) -> Iterator[list[str]]:
    """The statements that go to the database meanwhile, but for those of what has changed."""
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "people_changes" not in statement:
            statements.append(statement)

    event.listen(conn, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(conn, "before_cursor_execute", note)


def test_people_are_counted_once_while_nothing_about_them_changes(conn: Connection) -> None:
    madison = make_project(conn)
    make_contact(conn, "Ben", projects=[madison])
    make_contact(conn, "Bea")
    first = [people_of(conn, each, countries=HERE) for each in (madison, NETWORKS)]

    with asked(conn) as statements:
        again = [people_of(conn, each, countries=HERE) for each in (madison, NETWORKS)]

    assert (again, statements) == (first, [])


def leaves(conn: Connection, _project: int) -> None:
    make_standing(conn, "sms", PHONE, Standing.OPTED_OUT)


def joins(conn: Connection, project: int) -> None:
    make_membership(conn, project, make_contact(conn, "Bea", district=None))


@pytest.mark.parametrize(
    ("change", "then"),
    [(leaves, People(all=1, silent=1)), (joins, People(all=2, placeless=1))],
)
def test_a_change_is_counted_at_once(
    conn: Connection, change: Callable[[Connection, int], None], then: People
) -> None:
    madison = make_project(conn)
    make_contact(conn, "Ben", phone=PHONE, email=None, projects=[madison])
    assert people_of(conn, madison, countries=HERE) == People(all=1)

    change(conn, madison)

    assert people_of(conn, madison, countries=HERE) == then
