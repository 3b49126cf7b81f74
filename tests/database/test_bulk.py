"""Many rows at once arrive as they were, whatever is in them, on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from contacts.models import Address, AddressStanding, Consent, Contact
from database.bulk import LEAVE, among, among_given, insert_many, reserve_ids, texts_given
from database.opening import Opened
from tests.builders import make_contact

COLUMNS = ["channel", "address", "evidence"]
SHARED = {"scope": "network", "standing": "granted", "source": "import", "import_id": None}
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
ODD = ["", "\\N", "\\", "a\tb", "a\nb", "\r", "%s", "100 %", '"', "José", "🕯️", "\\."]


def written(
    conn: Connection, rows: list[tuple[str | int | None, ...]], actor: str, now: datetime
) -> list[tuple[Any, ...]]:
    shared = {**SHARED, "actor": actor, "at": now}
    insert_many(conn, Consent.__table__, COLUMNS, rows, shared=shared)
    columns = (Consent.channel, Consent.address, Consent.evidence, Consent.actor, Consent.at)
    found = conn.execute(select(*columns).where(Consent.actor == actor).order_by(Consent.id))
    return [tuple(row) for row in found]


@given(st.lists(st.tuples(st.just("sms"), TEXT, TEXT), max_size=5), TEXT)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_arrives_as_it_was(
    conn: Connection, now: datetime, rows: list[tuple[str | int | None, ...]], actor: str
) -> None:
    with conn.begin_nested() as savepoint:
        assert written(conn, rows, actor, now) == [(*row, actor, now) for row in rows]
        savepoint.rollback()


@pytest.mark.parametrize("odd", ODD)
def test_odd_text_arrives_as_it_was(conn: Connection, now: datetime, odd: str) -> None:
    rows: list[tuple[str | int | None, ...]] = [("sms", odd, "plain"), ("sms", "plain", odd)]

    assert written(conn, rows, odd, now) == [(*row, odd, now) for row in rows]


def test_what_is_not_there_stays_null(conn: Connection) -> None:
    contact_id = make_contact(conn, "Amina")
    (new,) = reserve_ids(conn, Contact.__table__, 1)
    row = dict(conn.execute(select(Contact.__table__).filter_by(id=contact_id)).mappings().one())
    row |= {"id": new, "district": None}
    shared = {name: row.pop(name) for name in ("created_at", "joined_on", "import_id")}

    insert_many(conn, Contact.__table__, list(row), [tuple(row.values())], shared=shared)

    found = conn.execute(select(Contact.__table__).filter_by(id=new)).mappings().one()
    assert dict(found) == {**row, **shared}


def test_a_row_that_is_there_is_left_or_refused(conn: Connection, now: datetime) -> None:
    table, columns = AddressStanding.__table__, ["channel", "address", "scope"]
    rows = [("sms", "+16085550101", "network"), ("sms", "+16085550102", "network")]
    granted, refused = ({"standing": each, "since": now} for each in ("granted", "opted_out"))
    insert_many(conn, table, columns, rows[:1], shared=refused)

    insert_many(conn, table, columns, rows, shared=granted, on_conflict=LEAVE)

    found = conn.scalars(select(AddressStanding.standing).order_by(AddressStanding.address))
    assert list(found) == ["opted_out", "granted"]
    with pytest.raises(IntegrityError):
        insert_many(conn, table, columns, rows[:1], shared=granted)


def test_reserved_ids_ascend_above_all_there_are(conn: Connection) -> None:
    known = [make_contact(conn, "Amina"), make_contact(conn, "Ben")]

    ids = reserve_ids(conn, Contact.__table__, 3)

    assert sorted({*known, *ids}) == [*known, *ids]


@pytest.mark.parametrize("many", [1, 40_000])
def test_more_texts_are_looked_for_than_a_statement_has_parameters(
    conn: Connection, many: int
) -> None:
    make_contact(conn, "Amina", email="o'neill\"\\@example.org")
    texts = ["o'neill\"\\@example.org", *map(str, range(many))]

    found = conn.scalars(select(Address.address).where(among(conn, Address.address, texts)))
    kept = select(Address.address).where(among_given(conn.dialect.name, Address.address.expression))

    assert list(found) == texts[:1]
    assert list(conn.scalars(kept, texts_given(texts))) == texts[:1]
    assert list(conn.scalars(kept, texts_given(texts[1:]))) == []


async def test_rows_arrive_through_the_open_database_and_go_with_their_transaction(
    opened: Opened, now: datetime
) -> None:
    def fail(conn: Connection) -> None:
        written(conn, [("sms", "+16085550102", "x")], "organizer:1", now)
        raise LookupError

    await opened.database.write(written, [("sms", "+16085550101", "x")], "organizer:1", now)
    with pytest.raises(LookupError):
        await opened.database.write(fail)

    found = await opened.database.read(lambda conn: list(conn.scalars(select(Consent.address))))
    assert found == ["+16085550101"]
