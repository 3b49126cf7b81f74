"""Which passwords are accepted, and that a hash only opens to its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from organizers.passwords import WeakPassword, hashed, matches
from tests import quick_hashes


@pytest.fixture(autouse=True)
def thorough() -> Iterator[None]:
    with quick_hashes.thorough():
        yield


def test_a_hash_takes_the_work_that_is_recommended() -> None:
    """RFC 9106, section 4: 64 MiB, three passes, four lanes."""
    assert hashed("cuatro palabras al azar").split("$")[2:4] == ["v=19", "m=65536,t=3,p=4"]


def test_a_password_opens_its_own_hash_and_no_other() -> None:
    stored = hashed("cuatro palabras al azar")

    assert matches("cuatro palabras al azar", stored)
    assert not matches("cuatro palabras al azaR", stored)


def test_hashes_are_argon2id_and_salted() -> None:
    first, second = hashed("cuatro palabras al azar"), hashed("cuatro palabras al azar")

    assert first.startswith("$argon2id$")
    assert first != second


@pytest.mark.parametrize(
    "password",
    ["", "elevenchars", "password1234", "PassWord1234", "contraseña123", "abababababab", "x" * 300],
)
def test_a_password_others_would_try_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        hashed(password)


def test_nobodys_password_never_matches() -> None:
    assert not matches("the password of nobody at all", None)
