"""Who did what is added to, and nobody changes it without a trace."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, text, update
from sqlalchemy.exc import DBAPIError

from organizers import audit
from organizers.audit import GENESIS, head_of, note, verify
from organizers.models import AuditEntry, AuditHead


def write_some(conn: Connection, now: datetime, number: int = 5) -> None:
    for count in range(1, number + 1):
        note(
            conn,
            "alert.launch",
            actor="organizer:1",
            about=f"alert:{count}",
            project_id=count % 2 + 1,
            before={"status": "draft", "kind": "alert"},
            after={"status": "sending", "kind": "alert", "confirmed": count},
            now=now + timedelta(seconds=count),
        )


def unguard(conn: Connection) -> None:
    """As somebody does who owns the database."""
    if conn.dialect.name == "sqlite":
        conn.execute(text("DROP TRIGGER audit_entries_update"))
        conn.execute(text("DROP TRIGGER audit_entries_delete"))
    else:
        conn.execute(text("DROP TRIGGER audit_entries_kept ON audit_entries"))


def test_entries_stand_in_a_chain_that_holds(conn: Connection, now: datetime) -> None:
    write_some(conn, now)

    verdict = verify(conn)

    assert verdict.wrong == []
    assert verdict.head.entries == 5
    assert verdict.head == head_of(conn)


def test_empty_record_holds(conn: Connection) -> None:
    assert verify(conn).wrong == []
    assert head_of(conn) == audit.Head(0, GENESIS)


def test_only_what_changed_is_kept(conn: Connection, now: datetime) -> None:
    write_some(conn, now, 1)

    [entry] = audit.entries(conn, None)

    assert entry.before == {"status": "draft"}
    assert entry.after == {"status": "sending", "confirmed": 1}


@pytest.mark.parametrize("change", [update(AuditEntry).values(actor="nobody"), delete(AuditEntry)])
def test_database_refuses_to_change_an_entry(
    conn: Connection, now: datetime, change: object
) -> None:
    write_some(conn, now)

    with pytest.raises(DBAPIError, match="only ever added to"), conn.begin_nested():
        conn.execute(change)  # type: ignore[call-overload] # either statement

    assert verify(conn).wrong == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "organizer:2"), ("act", "alert.stop"), ("after", "{}"), ("project_id", None)],
)
def test_changed_entry_is_found(
    conn: Connection, now: datetime, column: str, value: object
) -> None:
    write_some(conn, now)
    unguard(conn)

    conn.execute(update(AuditEntry).where(AuditEntry.id == 3).values({column: value}))

    assert verify(conn).wrong == ["entry 3 was changed"]


def test_deleted_entry_is_found(conn: Connection, now: datetime) -> None:
    write_some(conn, now)
    unguard(conn)

    conn.execute(delete(AuditEntry).where(AuditEntry.id == 2))

    assert verify(conn).wrong == ["entry 2 is missing"]


def test_cut_off_end_is_found(conn: Connection, now: datetime) -> None:
    write_some(conn, now)
    unguard(conn)

    conn.execute(delete(AuditEntry).where(AuditEntry.id > 3))

    assert verify(conn).wrong == ["entry 4 is missing, and all after it"]


def test_head_that_was_moved_back_with_the_end_is_found_by_a_noted_one(
    conn: Connection, now: datetime
) -> None:
    write_some(conn, now)
    noted = head_of(conn).hash
    unguard(conn)

    conn.execute(delete(AuditEntry))
    conn.execute(delete(AuditHead))
    write_some(conn, now, 3)

    assert verify(conn).wrong == []  # a chain of its own
    assert verify(conn, noted=noted).wrong == [
        "the noted head is not in this chain: entries were written anew"
    ]


def test_noted_head_stays_in_a_chain_that_grew(conn: Connection, now: datetime) -> None:
    write_some(conn, now, 2)
    noted = head_of(conn).hash

    write_some(conn, now, 2)

    assert verify(conn, noted=noted).wrong == []


def test_record_is_shown_by_project_act_and_person(conn: Connection, now: datetime) -> None:
    write_some(conn, now)
    note(conn, "session.begin", actor="organizer:2", about="organizer:2", now=now)

    assert [entry.id for entry in audit.entries(conn, None)] == [6, 5, 4, 3, 2, 1]
    assert [entry.id for entry in audit.entries(conn, [1])] == [4, 2]
    assert [entry.id for entry in audit.entries(conn, None, act="session.")] == [6]
    assert [entry.id for entry in audit.entries(conn, None, act="alert.launch", limit=2)] == [5, 4]
    assert [entry.id for entry in audit.entries(conn, None, actor="organizer:2")] == [6]
    assert [entry.id for entry in audit.entries(conn, None, before_id=3)] == [2, 1]
    assert [entry.id for entry in audit.entries(conn, None, project_id=2)] == [5, 3, 1]
