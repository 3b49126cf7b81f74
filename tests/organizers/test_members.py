"""Roles given and taken, and who cannot leave."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection

from organizers import factors, links, members, sessions
from organizers.members import LastOfOffice, NoSuchOrganizer
from organizers.roles import NETWORKS, Grant, May, Role, allowed, is_guarded
from organizers.sessions import NotSignedIn
from tests.builders import make_organizer, make_project


def test_a_role_is_given_changed_and_taken(conn: Connection) -> None:
    madison, ben = make_project(conn), make_organizer(conn, "Ben")

    members.set_grant(conn, ben, madison, Grant(Role.DRAFTER))
    members.set_grant(conn, ben, madison, Grant(Role.SENDER, exports=True))
    assert sessions.grants_of(conn, ben) == {madison: Grant(Role.SENDER, exports=True)}

    members.set_grant(conn, ben, madison, None)
    assert sessions.grants_of(conn, ben) == {}


def test_a_changed_role_ends_the_sessions_it_was_opened_for(
    conn: Connection, now: datetime
) -> None:
    madison = make_project(conn)
    ben = make_organizer(conn, "Ben", projects=[madison])
    token = sessions.begin(conn, ben, now)

    members.set_grant(conn, ben, madison, Grant(Role.VIEWER))

    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, token, now)


def test_the_last_of_the_office_stays(conn: Connection, now: datetime) -> None:
    amina = make_organizer(conn, "Amina", network=True)
    with pytest.raises(LastOfOffice):
        members.set_grant(conn, amina, NETWORKS, None)
    with pytest.raises(LastOfOffice):
        members.disable(conn, amina, now)

    make_organizer(conn, "Ben", network=True)
    members.set_grant(conn, amina, NETWORKS, None)

    assert sessions.grants_of(conn, amina) == {}


def test_one_who_cannot_sign_in_does_not_count_as_the_office(
    conn: Connection, now: datetime
) -> None:
    amina = make_organizer(conn, "Amina", network=True)
    make_organizer(conn, "Ben", network=True, disabled_at=now)

    with pytest.raises(LastOfOffice):
        members.set_grant(conn, amina, NETWORKS, None)


def test_a_disabled_organizer_is_out_at_once_and_can_come_back(
    conn: Connection, now: datetime
) -> None:
    ben = make_organizer(conn, "Ben")
    token = sessions.begin(conn, ben, now)

    members.disable(conn, ben, now)
    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, sessions.begin(conn, ben, now), now)
    members.enable(conn, ben)

    assert sessions.viewer(conn, sessions.begin(conn, ben, now), now).organizer_id == ben
    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, token, now)


def test_a_lost_second_step_is_cleared(conn: Connection) -> None:
    ben = make_organizer(conn, "Ben", totp_secret="A" * 32)
    assert factors.has_any(conn, ben)

    members.clear_second_step(conn, ben)

    assert not factors.has_any(conn, ben)


def test_members_are_listed_with_the_roles_in_the_projects_asked_for(conn: Connection) -> None:
    madison, bangor = make_project(conn), make_project(conn)
    make_organizer(conn, "Ben", projects=[madison, bangor])
    make_organizer(conn, "Chloe", projects=[bangor])
    make_organizer(conn, "Amina", network=True)

    assert [each.name for each in members.members(conn, [madison])] == ["Ben"]
    assert set(members.members(conn, [madison])[0].grants) == {madison}
    assert [each.name for each in members.members(conn, None)] == ["Amina", "Ben", "Chloe"]


def test_nobody_is_no_organizer(conn: Connection) -> None:
    with pytest.raises(NoSuchOrganizer):
        members.set_grant(conn, 9, 1, None)


@pytest.mark.parametrize(
    ("grant", "may"),
    [
        (Grant(Role.VIEWER), {May.SEE}),
        (Grant(Role.VIEWER, exports=True), {May.SEE, May.EXPORT}),
        (Grant(Role.DRAFTER), {May.SEE, May.WRITE}),
        (Grant(Role.SENDER), {May.SEE, May.WRITE, May.SEND}),
        (Grant(Role.ADMIN), {May.SEE, May.WRITE, May.SEND, May.ADMIN}),
    ],
)
def test_what_a_role_allows(grant: Grant, may: set[May]) -> None:
    assert {each for each in May if allowed({1: grant}, each) == (1,)} == may
    assert is_guarded({1: grant}) == bool(may & {May.SEND, May.EXPORT, May.ADMIN})


def test_invitations_end_with_the_power_of_whoever_made_them(
    conn: Connection, now: datetime
) -> None:
    madison = make_project(conn)
    ben = make_organizer(conn, "Ben", projects=[madison])
    links.invite(
        conn,
        name="Dana",
        email="dana@example.org",
        language="en",
        project=madison,
        grant=Grant(Role.ADMIN),
        by=f"organizer:{ben}",
        now=now,
    )

    members.set_grant(conn, ben, madison, Grant(Role.VIEWER))

    assert links.guests(conn, None, now) == []
