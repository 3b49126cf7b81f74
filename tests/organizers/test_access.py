"""Signing in, staying signed in, and being told nothing by a locked door."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from database.opening import Opened
from organizers import access, attempts, sessions
from organizers.access import OrganizerExists, WrongSignIn
from organizers.attempts import TooManyAttempts
from organizers.models import Organizer, Session
from organizers.passwords import hashed
from organizers.roles import NETWORKS
from organizers.sessions import NotSignedIn
from tests.builders import make_organizer, make_project

PASSWORD = "four words of Amina"
HASH = hashed(PASSWORD)
HERE, THERE = "here", "there"


def make_amina(conn: Connection) -> int:
    return make_organizer(conn, "Amina", email="amina@example.org", password_hash=HASH)


async def sign_in(
    opened: Opened,
    now: datetime,
    password: str = PASSWORD,
    *,
    email: str = "amina@example.org",
    address: str = HERE,
) -> str:
    signed_in = await access.sign_in(
        opened.database, email=email, password=password, address_hash=address, now=now
    )
    return signed_in.token


async def test_the_right_password_begins_a_session(opened: Opened, now: datetime) -> None:
    organizer_id = await opened.database.write(make_amina)

    token = await sign_in(opened, now)
    viewer = await opened.database.read(sessions.viewer, token, now)

    assert viewer.organizer_id == organizer_id
    assert viewer.actor == f"organizer:{organizer_id}"


async def test_capitals_and_spaces_in_the_address_do_not_matter(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(make_amina)

    assert await sign_in(opened, now, email=" Amina@Example.ORG ")


async def test_only_a_hash_of_the_token_is_stored(opened: Opened, now: datetime) -> None:
    await opened.database.write(make_amina)

    token = await sign_in(opened, now)
    stored = await opened.database.read(lambda conn: conn.scalars(select(Session.token_hash)).all())

    assert token not in stored


async def test_unknown_account_and_wrong_password_are_told_apart_by_nothing(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(make_amina)

    with pytest.raises(WrongSignIn) as wrong:
        await sign_in(opened, now, "not her four words")
    with pytest.raises(WrongSignIn) as nobody:
        await sign_in(opened, now, "not her four words", email="chloe@example.org")

    assert str(wrong.value) == str(nobody.value)


async def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(make_amina)
    for _ in range(access.TRIES_HERE):
        with pytest.raises(WrongSignIn):
            await sign_in(opened, now, "not her four words")

    with pytest.raises(TooManyAttempts):
        await sign_in(opened, now)
    assert await sign_in(opened, now + attempts.WINDOW + timedelta(seconds=1))


async def test_a_stranger_who_guesses_does_not_lock_the_organizer_out(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(make_amina)
    for _ in range(access.TRIES_HERE):
        with pytest.raises(WrongSignIn):
            await sign_in(opened, now, "not her four words", address=THERE)

    assert await sign_in(opened, now, address=HERE)


async def test_an_address_that_tries_many_accounts_is_stopped(
    opened: Opened, now: datetime
) -> None:
    def many(conn: Connection) -> None:
        for number in range(access.TRIES_ADDRESS):
            access.attempt(conn, f"guess{number}@example.org", HERE, now)

    await opened.database.write(many)

    with pytest.raises(TooManyAttempts):
        await sign_in(opened, now, email="somebody@example.org")


async def test_signing_in_forgets_this_browsers_failures(opened: Opened, now: datetime) -> None:
    await opened.database.write(make_amina)
    for _ in range(access.TRIES_HERE - 1):
        with pytest.raises(WrongSignIn):
            await sign_in(opened, now, "not her four words")

    await sign_in(opened, now)

    for _ in range(access.TRIES_HERE - 1):
        with pytest.raises(WrongSignIn):
            await sign_in(opened, now, "not her four words")


def test_a_session_ends_after_half_a_day_without_use(conn: Connection, now: datetime) -> None:
    token = sessions.begin(conn, make_amina(conn), now)

    assert sessions.viewer(conn, token, now + sessions.IDLE - timedelta(minutes=1))
    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, token, now + sessions.IDLE)


def test_use_keeps_a_session_but_not_beyond_a_week(conn: Connection, now: datetime) -> None:
    token = sessions.begin(conn, make_amina(conn), now)

    for hour in range(0, 7 * 24, 10):
        sessions.touch(conn, token, now + timedelta(hours=hour))
        assert sessions.viewer(conn, token, now + timedelta(hours=hour))

    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, token, now + sessions.ABSOLUTE)


def test_a_dead_session_cannot_be_touched_back_to_life(conn: Connection, now: datetime) -> None:
    token = sessions.begin(conn, make_amina(conn), now)
    later = now + sessions.IDLE + timedelta(minutes=1)

    sessions.touch(conn, token, later)

    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, token, later)


def test_signing_out_ends_the_session(conn: Connection, now: datetime) -> None:
    token = sessions.begin(conn, make_amina(conn), now)

    sessions.sign_out(conn, token, now)

    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, token, now)


def test_a_session_is_noted_as_used_only_now_and_then(conn: Connection, now: datetime) -> None:
    token = sessions.begin(conn, make_amina(conn), now)

    amina = sessions.viewer(conn, token, now)

    assert not amina.is_stale(now + timedelta(minutes=4))
    assert amina.is_stale(now + timedelta(minutes=6))


def test_an_organizer_sees_her_projects_and_the_office_what_is_the_networks(
    conn: Connection, now: datetime
) -> None:
    project = make_project(conn)
    ben = sessions.begin(conn, make_organizer(conn, "Ben", projects=[project]), now)
    amina = sessions.begin(conn, make_organizer(conn, "Amina", network=True), now)

    assert sessions.viewer(conn, ben, now).within == (project,)
    assert sessions.viewer(conn, amina, now).within == (NETWORKS,)


def test_two_organizers_cannot_share_an_address(conn: Connection, now: datetime) -> None:
    access.create_organizer(conn, name="Ben", email="Ben@example.org", password=PASSWORD, now=now)

    with pytest.raises(OrganizerExists):
        access.create_organizer(
            conn, name="Ben", email="ben@Example.org", password=PASSWORD, now=now
        )
    assert conn.scalar(select(func.count(Organizer.id))) == 1
