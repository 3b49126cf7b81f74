"""Passwords as tests hash them: the same argon2id with little work, for each takes a fifth of a second.

What the service itself makes of a password is looked at in ``tests/organizers/test_passwords.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from organizers import passwords

QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
_thorough = passwords._hasher  # noqa: SLF001 - how much work it takes is no setting


def share() -> None:
    """Let this process hash so from now on; processes that tests start hash as the service does."""
    _use(lambda: QUICK)


@contextmanager
def thorough() -> Iterator[None]:
    """Hash as the service does, for a while."""
    _use(_thorough)
    yield
    share()


def _use(hasher: Callable[[], PasswordHash]) -> None:
    passwords._hasher = hasher  # type: ignore[assignment] # noqa: SLF001 - as above
    passwords._nobodys.cache_clear()  # noqa: SLF001 - the hash of nobody's password
