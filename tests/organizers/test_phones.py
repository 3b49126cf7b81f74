"""A phone is an organizer's own once the code that went to it has come back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from organizers import phones
from organizers.attempts import TooManyAttempts
from organizers.members import members
from organizers.models import PhoneCode
from organizers.phones import EnoughToday, NoPhone, NoPhoneCode
from tests.builders import a_phone, make_organizer

KEY = "5e" * 32
PHONE = "+16085550142"


@pytest.fixture
def amina(conn: Connection) -> int:
    organizer_id = make_organizer(conn, network=True)
    assert phones.set_phone(conn, organizer_id, PHONE)
    return organizer_id


def confirmed(conn: Connection) -> list[str]:
    return [each.phone for each in members(conn, None)]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_code_that_came_back_confirms_it(conn: Connection, amina: int, now: datetime) -> None:
    phone, code = phones.new_code(conn, amina, key=KEY, now=now)
    before = confirmed(conn)

    assert phones.confirm(conn, amina, f" {code[:3]} {code[3:]} ", key=KEY, now=now)

    assert (phone, before, confirmed(conn)) == (PHONE, [""], [PHONE])
    with pytest.raises(NoPhone):  # it is good once
        phones.confirm(conn, amina, code, key=KEY, now=now)


def test_only_a_hash_of_it_is_kept(conn: Connection, amina: int, now: datetime) -> None:
    _, code = phones.new_code(conn, amina, key=KEY, now=now)

    [kept] = conn.scalars(select(PhoneCode.code_hash))
    assert code not in kept
    assert not phones.confirm(conn, amina, code, key="another", now=now)


def test_five_wrong_codes_end_it(conn: Connection, amina: int, now: datetime) -> None:
    _, code = phones.new_code(conn, amina, key=KEY, now=now)
    for _ in range(phones.TRIES):
        assert not phones.confirm(conn, amina, wrong(code), key=KEY, now=now)

    with pytest.raises(NoPhoneCode):
        phones.confirm(conn, amina, code, key=KEY, now=now)
    assert confirmed(conn) == [""]


def test_it_ends_after_ten_minutes(conn: Connection, amina: int, now: datetime) -> None:
    _, code = phones.new_code(conn, amina, key=KEY, now=now)

    with pytest.raises(NoPhoneCode):
        phones.confirm(conn, amina, code, key=KEY, now=now + phones.LASTS)


def test_a_new_code_ends_the_one_before(conn: Connection, amina: int, now: datetime) -> None:
    _, first = phones.new_code(conn, amina, key=KEY, now=now)
    _, last = phones.new_code(conn, amina, key=KEY, now=now)

    assert not phones.confirm(conn, amina, first, key=KEY, now=now)
    assert phones.confirm(conn, amina, last, key=KEY, now=now)


def test_so_many_texts_go_and_no_more(conn: Connection, amina: int, now: datetime) -> None:
    ben = make_organizer(conn, "Ben", network=True)
    for _ in range(phones.TEXTS):
        phones.new_code(conn, amina, key=KEY, now=now)
    phones.set_phone(conn, amina, a_phone())
    phones.set_phone(conn, ben, PHONE)

    for each in (amina, ben):  # neither to another phone, nor by another organizer
        with pytest.raises(TooManyAttempts):
            phones.new_code(conn, each, key=KEY, now=now)
    assert phones.new_code(conn, ben, key=KEY, now=now + timedelta(minutes=16))


def test_no_more_texts_go_in_a_day_to_one_phone_or_for_one_organizer(
    conn: Connection, amina: int, now: datetime
) -> None:
    ben, carla = (make_organizer(conn, each, network=True) for each in ("Ben", "Carla"))
    phones.set_phone(conn, ben, PHONE)
    for n in range(phones.TEXTS_A_DAY):
        who = (amina, ben)[n % 2]
        phones.new_code(conn, who, key=KEY, now=now + timedelta(minutes=20 * n))
    later = now + timedelta(hours=20)
    phones.set_phone(conn, carla, PHONE)
    phones.set_phone(conn, ben, a_phone())

    for each in (amina, carla):
        with pytest.raises(EnoughToday):
            phones.new_code(conn, each, key=KEY, now=later)
    assert phones.new_code(conn, ben, key=KEY, now=later)
    assert phones.new_code(conn, carla, key=KEY, now=now + timedelta(days=1, hours=2))


def test_another_number_is_confirmed_anew(conn: Connection, amina: int, now: datetime) -> None:
    _, code = phones.new_code(conn, amina, key=KEY, now=now)
    phones.confirm(conn, amina, code, key=KEY, now=now)

    assert not phones.set_phone(conn, amina, PHONE)  # the same stays
    assert phones.set_phone(conn, amina, a_phone())
    assert confirmed(conn) == [""]


def test_a_code_for_one_number_confirms_no_other(
    conn: Connection, amina: int, now: datetime
) -> None:
    _, code = phones.new_code(conn, amina, key=KEY, now=now)
    phones.set_phone(conn, amina, a_phone())

    with pytest.raises(NoPhoneCode):
        phones.confirm(conn, amina, code, key=KEY, now=now)


def test_whoever_has_no_phone_confirms_none(conn: Connection, now: datetime) -> None:
    ben = make_organizer(conn, "Ben", network=True)

    with pytest.raises(NoPhone):
        phones.new_code(conn, ben, key=KEY, now=now)
