"""A row that nobody shares an address with is written as it stands, and that changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from contacts import consent, imports
from contacts.chunking import chunks
from contacts.forecast import Marks
from contacts.mapping import Row
from contacts.matching import Entry, Facts, Single, alone
from contacts.models import (
    Address,
    AddressStanding,
    Consent,
    Contact,
    ContactTag,
    ImportChange,
    Membership,
    Standing,
    Tag,
)
from contacts.scanning import ImportOptions, Scan, scan
from representatives.models import ZoneSet
from tests.builders import make_contact, make_project

HEAD = "first_name,last_name,email,phone,zip,language,tags,email_status,sms_status\n"
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["Ana", "ANA", "Luis", "", "José María", "\\N", "'=1+1"]),
        st.sampled_from(["Rivas", "", "a\\tb"]),
        st.one_of(
            st.sampled_from(
                ["", "known@example.org", "KNOWN@example.org", "stop@example.org", "no"]
            ),
            st.integers(0, 12).map("p{}@example.org".format),
        ),
        st.one_of(
            st.sampled_from(["", "(608) 555-0101", "+16085550109", "12", "+503 2222 3333"]),
            st.integers(10, 22).map("608-555-01{}".format),
        ),
        st.sampled_from(["", "53703", "2139", "nowhere"]),
        st.sampled_from(["", "es", "Español", "tlh"]),
        st.sampled_from(["", "agua; minería", "Agua", "donor"]),
        st.sampled_from(["", "", "unsubscribed", "bouncing", "who knows"]),
        st.sampled_from(["", "", "subscribed", "unsubscribed"]),
    ),
    min_size=1,
    max_size=14,
).filter(lambda rows: any(map(any, rows)))  # a file of empty rows is refused
WAYS = st.tuples(
    PEOPLE,
    st.integers(1, 8),
    st.sampled_from(["signed", "unknown"]),
    st.sampled_from([(), ("2026", "AGUA")]),
    st.booleans(),
)
UNHURRIED = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def nobody_is_alone(rows: Sequence[Row], _known: Sequence[Entry]) -> list[bool]:
    return [False] * len(rows)


@given(WAYS)
@UNHURRIED
def test_the_short_way_writes_what_the_careful_way_writes(
    conn: Connection, now: datetime, way: tuple[Any, ...]
) -> None:
    with conn.begin_nested() as savepoint:
        file, chunk = prepared(conn, now, way)

        short = imported(conn, now, file, chunk, alone)
        careful = imported(conn, now, file, chunk, nobody_is_alone)

        assert short == careful
        savepoint.rollback()


@given(WAYS)
@UNHURRIED
def test_a_forecast_in_chunks_is_what_then_happens(
    conn: Connection, now: datetime, way: tuple[Any, ...]
) -> None:
    with conn.begin_nested() as savepoint:
        file, chunk = prepared(conn, now, way)

        forecast = imports.preview(conn, file, chunk=chunk)
        report, *_tables = imported(conn, now, file, chunk, alone)

        assert report == {**vars(forecast), "import_id": None}
        savepoint.rollback()


def prepared(conn: Connection, now: datetime, way: tuple[Any, ...]) -> tuple[Scan, int]:
    """People who are there already, one of whom has said stop, and a file."""
    people, chunk, statement, tags, joining = way
    make_contact(conn, "Ana", email="known@example.org", phone="+16085550101")
    make_contact(conn, "Luis", email="luis@example.org", phone="+16085550101")
    for channel, address in (("email", "stop@example.org"), ("sms", "+16085550109")):
        consent.refuse(
            conn,
            channel,
            address,
            standing=Standing.OPTED_OUT,
            source="sms",
            evidence="BASTA",
            actor="supporter",
            now=now,
        )
    project = make_project(conn) if joining else None
    text = HEAD + "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in people)
    options = ImportOptions(statement, project_id=project, tags=tags)
    return scan(text.encode(), options=options), chunk


def imported(
    conn: Connection, now: datetime, file: Scan, chunk: int, single: Single
) -> tuple[Any, ...]:
    """The report and all tables after an import, which is then taken back."""
    with conn.begin_nested() as savepoint:
        run = replace(imports.begin(conn, file, actor="organizer:1", now=now), alone=single)
        tally, touched = imports.Tally(), Marks()
        for rows in chunks(file, chunk):
            applied = imports.apply_chunk(conn, run, rows, touched)
            touched.add(applied.told)
            tally.add(applied.laid, applied.word, applied.foreseen)
        report = {**vars(imports.finish(conn, file, run, tally)), "import_id": None}
        written = tables(conn)
        savepoint.rollback()
    return report, *written


def tables(conn: Connection) -> list[Any]:
    """Every row of every table an import writes; contacts by their place in the order of ids."""
    ids = list(conn.scalars(select(Contact.id).order_by(Contact.id)))
    place = {contact_id: number for number, contact_id in enumerate(ids)}
    tags = {tag.id: tag.folded for tag in conn.execute(select(Tag.id, Tag.folded))}
    zones = {each.id: each.zones for each in conn.execute(select(ZoneSet.__table__))}

    def told(row: dict[str, Any]) -> dict[str, Any]:
        """A row with meanings instead of the ids that number them by chance."""
        own = {name: value for name, value in row.items() if name not in ("id", "import_id")}
        return {
            **own,
            "contact_id": place.get(row.get("contact_id", row.get("id", 0))),
            "tag_id": tags.get(row.get("tag_id", 0)),
            "zone_set_id": zones.get(row.get("zone_set_id", 0)),
        }

    found: list[Any] = []
    for each in (Contact, Address, Consent, ImportChange):
        rows = conn.execute(select(each.__table__).order_by(each.__table__.c.id)).mappings()
        found.append([told(dict(row)) for row in rows])
    # What the ledger says of one address stands in order; of several, whichever came first.
    found[2].sort(key=lambda row: (row["channel"], row["address"], row["scope"]))
    for model in (AddressStanding, Membership, ContactTag):
        rows = conn.execute(select(model.__table__)).mappings()
        found.append(sorted((told(dict(row)) for row in rows), key=str))
    return found


def test_a_shared_address_leaves_a_row_to_the_matcher() -> None:
    rows = [
        Row(2, phone="+16085550101", email="a@example.org"),
        Row(3, phone="+16085550101", email="b@example.org"),
        Row(4, email="c@example.org"),
        Row(5, phone="+16085550102"),
    ]
    known = [Entry(Facts(emails=("x@example.org", "c@example.org")), id=1)]

    assert alone(rows, known) == [False, False, False, True]
