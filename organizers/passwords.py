"""Passwords: which ones we accept, and their argon2id hashes."""

from __future__ import annotations

from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from database.tables import folded

SHORTEST = 12
LONGEST = 256  # hashing megabytes would be a way to keep us busy
# Those of twelve characters and more that head the lists of leaked passwords; shorter ones are
# refused anyway. Compared without regard to case and accents.
COMMONEST = frozenset(
    [
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456123456",
        "123123123123",
        "111111111111",
        "000000000000",
        "aaaaaaaaaaaa",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "q1w2e3r4t5y6",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiop[]",
        "qwerty123456",
        "qwerty1234567",
        "123456qwerty",
        "abcdefghijkl",
        "abcdef123456",
        "abc123456789",
        "asdfghjkl123",
        "passwordpassword",
        "password1234",
        "password12345",
        "password123456",
        "passw0rd1234",
        "p@ssw0rd1234",
        "mypassword123",
        "changeme1234",
        "changemenow1",
        "letmeinletmein",
        "welcome12345",
        "welcome123456",
        "iloveyou1234",
        "iloveyouiloveyou",
        "administrator",
        "administrador",
        "admin1234567",
        "contrasena12",
        "contrasena123",
        "contrasena1234",
        "contrasenacontrasena",
        "teamoteamote",
        "micontrasena",
        "elsalvador12",
        "elsalvador123",
        "elsalvador503",
        "sistercities",
        "sistercity12",
        "llamado12345",
        "suchitoto1234",
    ]
)


class WeakPassword(ValueError):
    """A password that others could guess; the sentence says what to change."""


def hashed(password: str) -> str:
    """Hash an acceptable password; raise WeakPassword for one that is not."""
    if len(password) < SHORTEST:
        raise WeakPassword(
            f"use a password of at least {SHORTEST} characters; four or five words do well"
        )
    if len(password) > LONGEST:
        raise WeakPassword(f"use a password of at most {LONGEST} characters")
    if folded(password) in COMMONEST or len(set(password)) < 5:  # noqa: PLR2004 - "abababababab"
        raise WeakPassword("this password is among the first that others would try; choose another")
    return _hasher().hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Whether a password is the one that was hashed.

    Without a hash (nobody has that account) it takes as long and is False.
    """
    if len(password) > LONGEST:
        return False
    return _hasher().verify(password, password_hash or _nobodys()) and password_hash is not None


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys() -> str:
    return _hasher().hash("the password of nobody at all")
