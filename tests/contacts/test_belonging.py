"""Whose somebody is does not depend on how many are asked about."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from contacts import belonging
from contacts.belonging import NO_PROJECT, SEVERAL, projects_of
from tests.builders import make_contact, make_project
from tests.web.console.test_inbox_plans import explained


@pytest.mark.parametrize("dearer", [0, 1_000_000], ids=["each is looked up", "all are read"])
def test_somebody_belongs_to_one_project_to_none_or_to_several(
    conn: Connection, monkeypatch: pytest.MonkeyPatch, dearer: int
) -> None:
    monkeypatch.setattr(belonging, "DEARER", dearer)
    madison, bangor, boston = (make_project(conn, each) for each in ("Madison", "Bangor", "Boston"))
    amina = make_contact(conn, "Amina", projects=[madison])
    ben = make_contact(conn, "Ben", projects=[bangor, madison, boston])
    chloe, dora = make_contact(conn, "Chloe"), make_contact(conn, "Dora", projects=[boston])

    whose = projects_of(conn, [dora, amina, ben, chloe, amina])

    assert [whose(each) for each in (amina, ben, chloe, dora)] == [
        madison,
        SEVERAL,
        NO_PROJECT,
        boston,
    ]


def test_of_few_nobody_else_is_read(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(belonging, "DEARER", 0)
    amina = make_contact(conn, "Amina", projects=[make_project(conn)])

    plan = explained(conn, lambda: projects_of(conn, [amina]))

    if conn.dialect.name == "sqlite":  # PostgreSQL goes by how many there are
        assert "ix_memberships_contact_id_project_id (contact_id=?)" in plan
