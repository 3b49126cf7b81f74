"""Links that open the door once: invitations and new passwords."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from organizers import attempts, links, sessions
from organizers.access import OrganizerExists
from organizers.links import BadLink, Purpose
from organizers.models import DoorLink, Organizer
from organizers.passwords import hashed, matches
from organizers.roles import NETWORKS, Grant, Role
from organizers.sessions import NotSignedIn
from tests.builders import make_organizer, make_project

HASH = hashed("four words of Amina")


def invite(conn: Connection, now: datetime, project: int, role: Role = Role.SENDER) -> str:
    _, token = links.invite(
        conn,
        name="Ben",
        email="Ben@Example.org",
        language="es",
        project=project,
        grant=Grant(role),
        by="organizer:1",
        now=now,
    )
    return token


def accept(conn: Connection, token: str, now: datetime) -> int:
    return links.accept(conn, token, name="Benjamín", password_hash=HASH, now=now)


def test_a_guest_becomes_what_the_invitation_says(conn: Connection, now: datetime) -> None:
    madison = make_project(conn)

    ben = accept(conn, invite(conn, now, madison), now)

    row = conn.execute(select(Organizer).where(Organizer.id == ben)).one()
    assert (row.name, row.email, row.language) == ("Benjamín", "ben@example.org", "es")
    assert (row.network, sessions.grants_of(conn, ben)) == (False, {madison: Grant(Role.SENDER)})


def test_an_invitation_is_good_once(conn: Connection, now: datetime) -> None:
    token = invite(conn, now, make_project(conn))
    accept(conn, token, now)

    with pytest.raises(BadLink):
        accept(conn, token, now)


def test_and_for_a_day(conn: Connection, now: datetime) -> None:
    token = invite(conn, now, NETWORKS)

    links.look(conn, token, Purpose.INVITATION, now + timedelta(hours=23))
    with pytest.raises(BadLink):
        accept(conn, token, now + timedelta(hours=24))


def test_inviting_again_and_taking_back_make_links_void(conn: Connection, now: datetime) -> None:
    first = invite(conn, now, NETWORKS)
    second = invite(conn, now, NETWORKS)
    with pytest.raises(BadLink):
        accept(conn, first, now)

    [guest] = links.guests(conn, None, now)
    links.revoke(conn, guest.id)

    with pytest.raises(BadLink):
        accept(conn, second, now)


def test_an_organizer_is_not_invited_again(conn: Connection, now: datetime) -> None:
    make_organizer(conn, "Ben", email="ben@example.org")

    with pytest.raises(OrganizerExists):
        invite(conn, now, NETWORKS)


def test_only_hashes_of_tokens_are_kept(conn: Connection, now: datetime) -> None:
    token = invite(conn, now, NETWORKS)

    assert token not in str(conn.execute(select(DoorLink)).all())


def test_guests_are_seen_where_they_were_invited(conn: Connection, now: datetime) -> None:
    madison, bangor = make_project(conn), make_project(conn)
    invite(conn, now, madison)

    assert [each.name for each in links.guests(conn, [madison], now)] == ["Ben"]
    assert links.guests(conn, [bangor, NETWORKS], now) == []


def test_a_reset_sets_the_password_and_ends_every_session(conn: Connection, now: datetime) -> None:
    amina = make_organizer(conn, "Amina")
    browser = sessions.begin(conn, amina, now)
    token = links.make_reset(conn, amina, by="x", now=now)

    links.reset(conn, token, HASH, now)

    stored = conn.scalar(select(Organizer.password_hash).where(Organizer.id == amina))
    assert matches("four words of Amina", stored)
    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, browser, now)
    with pytest.raises(BadLink):
        links.reset(conn, token, HASH, now)


def test_a_reset_is_good_for_an_hour_and_until_the_password_changes(
    conn: Connection, now: datetime
) -> None:
    amina = make_organizer(conn, "Amina")
    late = links.make_reset(conn, amina, by="x", now=now)
    with pytest.raises(BadLink):
        links.reset(conn, late, HASH, now + timedelta(hours=1))

    other = links.make_reset(conn, amina, by="x", now=now)
    links.change_password(conn, amina, HASH)

    with pytest.raises(BadLink):
        links.reset(conn, other, HASH, now)


def test_an_invitations_token_is_no_reset_and_the_reverse(conn: Connection, now: datetime) -> None:
    amina = make_organizer(conn, "Amina")
    reset, invitation = links.make_reset(conn, amina, by="x", now=now), invite(conn, now, NETWORKS)

    with pytest.raises(BadLink):
        accept(conn, reset, now)
    with pytest.raises(BadLink):
        links.reset(conn, invitation, HASH, now)


def test_asking_writes_as_much_for_a_stranger_and_letters_only_for_organizers(
    conn: Connection, now: datetime
) -> None:
    amina = make_organizer(conn, "Amina", email="amina@example.org")
    make_organizer(conn, "Ben", email="ben@example.org", disabled_at=now)
    for email in ("amina@example.org", "nobody@example.org", "ben@example.org"):
        links.ask_reset(conn, email, "here", now)
    written = conn.scalar(select(func.count()).select_from(DoorLink))

    letters = links.letters(conn, now)

    assert written == 3
    assert [each.email for each in letters] == ["amina@example.org"]
    links.reset(conn, links.issue(conn, letters[0].link_id), HASH, now)
    assert links.letters(conn, now) == []
    assert amina


def test_nobody_is_buried_in_letters(conn: Connection, now: datetime) -> None:
    for _ in range(3):
        links.ask_reset(conn, "amina@example.org", "here", now)

    with pytest.raises(attempts.TooManyAttempts):
        links.ask_reset(conn, "Amina@Example.org", "there", now)


def test_a_lock_makes_every_unused_link_void(conn: Connection, now: datetime) -> None:
    token = invite(conn, now, NETWORKS)

    assert links.void_all(conn) == 1
    with pytest.raises(BadLink):
        accept(conn, token, now)
