"""The second step: codes from an app, each good once, and codes on paper for a lost phone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import Connection, select

from organizers import access, factors, sessions
from organizers.attempts import TooManyAttempts
from organizers.factors import WrongCode
from organizers.models import RecoveryCode
from organizers.sessions import NotSignedIn, Proof
from tests.builders import make_organizer


def code_at(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(at)


def make_amina(conn: Connection, now: datetime) -> tuple[int, str]:
    """Somebody with an app, whose first code was taken a minute ago."""
    amina, secret, before = make_organizer(conn), factors.new_secret(), now - timedelta(minutes=1)
    factors.add_app(conn, amina, secret, code_at(secret, before), before)
    return amina, secret


def test_an_app_is_added_by_a_code_it_shows(conn: Connection, now: datetime) -> None:
    amina, secret = make_organizer(conn), factors.new_secret()

    with pytest.raises(WrongCode):
        factors.add_app(conn, amina, secret, code_at(secret, now - timedelta(minutes=5)), now)
    assert not factors.has_any(conn, amina)
    factors.add_app(conn, amina, secret, code_at(secret, now), now)

    assert factors.has_any(conn, amina)
    assert factors.prove(conn, amina, code_at(secret, now), now) is None


@pytest.mark.parametrize("secret", ["", "A", "a" * 32, "A" * 31 + "1", "A" * 500])
def test_a_secret_that_is_none_is_refused(conn: Connection, now: datetime, secret: str) -> None:
    with pytest.raises(WrongCode):
        factors.add_app(conn, make_organizer(conn), secret, "000000", now)


def test_a_code_is_good_once(conn: Connection, now: datetime) -> None:
    amina, secret = make_amina(conn, now)
    code = code_at(secret, now)

    assert factors.prove(conn, amina, code, now) is Proof.CODE
    assert factors.prove(conn, amina, code, now + timedelta(seconds=5)) is None


def test_a_code_of_an_earlier_step_than_the_last_one_is_not_good(
    conn: Connection, now: datetime
) -> None:
    amina, secret = make_amina(conn, now)

    assert factors.prove(conn, amina, code_at(secret, now), now) is Proof.CODE
    before = code_at(secret, now - timedelta(seconds=30))
    assert factors.prove(conn, amina, before, now) is None


@pytest.mark.parametrize("seconds", [-30, 30])
def test_a_phones_clock_may_be_half_a_minute_off(
    conn: Connection, now: datetime, seconds: int
) -> None:
    amina, secret = make_amina(conn, now)

    code = code_at(secret, now + timedelta(seconds=seconds))

    assert factors.prove(conn, amina, f"{code[:3]} {code[3:]}", now) is Proof.CODE


@pytest.mark.parametrize("seconds", [-90, 90])
def test_but_no_more(conn: Connection, now: datetime, seconds: int) -> None:
    amina, secret = make_amina(conn, now)

    assert (
        factors.prove(conn, amina, code_at(secret, now + timedelta(seconds=seconds)), now) is None
    )


def test_nobody_without_an_app_has_a_right_code(conn: Connection, now: datetime) -> None:
    assert factors.prove(conn, make_organizer(conn), "000000", now) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "٠١٢٣٤٥", "0x1f4a", "𝟙𝟚𝟛𝟜𝟝𝟞"])
def test_what_is_no_code_is_none(conn: Connection, now: datetime, code: str) -> None:
    amina, _ = make_amina(conn, now)

    assert factors.prove(conn, amina, code, now) is None


def test_a_written_code_is_good_once_and_only_its_hash_is_kept(
    conn: Connection, now: datetime
) -> None:
    amina, _ = make_amina(conn, now)
    codes = factors.new_recovery_codes(conn, amina)

    assert factors.prove(conn, amina, codes[0].upper().replace("-", " "), now) is Proof.RECOVERY
    assert factors.prove(conn, amina, codes[0], now) is None
    assert factors.recovery_codes_left(conn, amina) == 9
    kept = set(conn.scalars(select(RecoveryCode.code_hash)))
    assert not kept & {code.replace("-", "") for code in codes}


def test_a_written_code_is_its_owners_alone(conn: Connection, now: datetime) -> None:
    amina, _ = make_amina(conn, now)
    ben = make_organizer(conn, "Ben")
    codes = factors.new_recovery_codes(conn, amina)

    assert factors.prove(conn, ben, codes[0], now) is None
    assert factors.recovery_codes_left(conn, amina) == 10


def test_new_written_codes_take_the_old_ones_place(conn: Connection, now: datetime) -> None:
    amina, _ = make_amina(conn, now)
    old = factors.new_recovery_codes(conn, amina)
    factors.new_recovery_codes(conn, amina)

    assert factors.prove(conn, amina, old[0], now) is None


def test_without_a_second_step_written_codes_are_gone(conn: Connection, now: datetime) -> None:
    amina, _ = make_amina(conn, now)
    factors.new_recovery_codes(conn, amina)

    factors.remove_app(conn, amina)

    assert factors.recovery_codes_left(conn, amina) == 0


def test_guessing_is_stopped_after_five(conn: Connection, now: datetime) -> None:
    amina, secret = make_amina(conn, now)
    token = sessions.begin(conn, amina, now, proof=Proof.HALF)

    for _ in range(5):
        assert access.take_second_step(conn, token, "000000", now=now) is None
    with pytest.raises(TooManyAttempts):
        access.take_second_step(conn, token, code_at(secret, now), now=now)


def test_a_half_session_opens_nothing_and_ends_in_ten_minutes(
    conn: Connection, now: datetime
) -> None:
    amina, secret = make_amina(conn, now)
    token = sessions.begin(conn, amina, now, proof=Proof.HALF)

    with pytest.raises(NotSignedIn):
        sessions.viewer(conn, token, now)
    late = now + timedelta(minutes=11)
    with pytest.raises(NotSignedIn):
        access.take_second_step(conn, token, code_at(secret, late), now=late)


def test_the_second_step_makes_a_new_session(conn: Connection, now: datetime) -> None:
    amina, secret = make_amina(conn, now)
    half = sessions.begin(conn, amina, now, proof=Proof.HALF)

    token = access.take_second_step(conn, half, code_at(secret, now), now=now)

    assert token not in (None, half)
    assert sessions.viewer(conn, token or "", now).strong
    with pytest.raises(NotSignedIn):
        access.take_second_step(conn, half, code_at(secret, now), now=now)
