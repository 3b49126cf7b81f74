"""An IMAP folder: emails that another server keeps for us. It is read by UID, and nothing in it is deleted.

A UID never comes again while the folder's UIDVALIDITY is the same (RFC 9051, 2.3.1.1). When that changes, or at
the first look, only what came lately is read: what is older was taken in before, or is none of our business. From
then on all that was there counts as read, also where nothing came lately.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from socket import SHUT_RDWR
from threading import Lock
from time import monotonic
from typing import Any

from imapclient import FLAGGED, SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from messages.providers.mailboxes import MOST_READ, Found, NoMailbox, Position

NAME = "imap"
FIRST_LOOK = timedelta(days=7)
LOOK_SECONDS = 60.0  # after which what came is taken in before more is fetched
_BODY = f"BODY.PEEK[]<0.{MOST_READ}>".encode()
_FETCHED = (b"BODY[]<0>", b"BODY[]")


@dataclass(frozen=True)
class ImapAccount:
    """Whose folder is read, and where."""

    host: str
    port: int = 993
    security: str = "tls"  # tls | starttls | none
    username: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    timeout: float = 30.0


@dataclass(slots=True)
class _Connection:
    """One to the server, for as long as nobody has let go of it."""

    client: IMAPClient | None = None
    validity: int = 0
    last: int = 0  # the highest UID given so far, at the opening
    asked: bool = False  # somebody waits for an answer of it
    left: bool = False  # whoever asks last closes it
    lock: Lock = field(default_factory=Lock)


class _Owed(Enum):
    """How an email is looked at that did not come when it was asked for."""

    ONCE = auto()
    UNLIKE_ANOTHER = auto()  # which came after that
    FOR_GOOD = auto()  # not then either


class Imap:
    """Emails that wait in a folder of another server. Its connection lasts for one round of looks.

    A server may hang, or part, at one certain email. Those before it are taken in first, then one behind it. If the
    server handed that over and hangs at this one again, it is given up, for a person to look at, and holds up no other.
    """

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        self._connection = _Connection()
        # UIDs that were asked for and did not come. Kept here: a look that hangs is never heard of again.
        self._owed: dict[int, _Owed] = {}

    @property
    def name(self) -> str:
        return NAME

    def look(self, position: Position, most: int) -> tuple[Sequence[Found], Position]:
        here = self._connection
        with _told(), _asking(here):
            client = self._opened(here)
            uids = _waiting(client, here.validity, position)
            self._owed = {uid: owed for uid, owed in self._owed.items() if uid in uids}
            asked = self._this_time(uids[:most])
            came = self._fetched(here, asked)
        if asked[:1] != uids[:1]:  # one was asked for ahead of its turn
            return _found(came), Position(here.validity, uids[0] - 1)
        known = position.validity == here.validity
        # Whatever else was here at the first look is old.
        read_to = position.read_to if known else here.last if len(came) == len(uids) else 0
        return _found(came), Position(here.validity, max([read_to, *came]))

    def done(self, names: Sequence[str]) -> None:
        self._flag(names, SEEN)

    def put_aside(self, names: Sequence[str]) -> None:
        self._flag(names, FLAGGED)

    def close(self) -> None:
        here = self._connection
        if here.client is not None:
            _hang_up(here.client)
            here.client = None

    def let_go(self) -> None:
        """Whoever waits for the server in another thread is told at once that the connection is gone."""
        here, self._connection = self._connection, _Connection()
        with here.lock:
            here.left = True
            if not here.asked:
                _drop(here)
            elif here.client is not None:
                with suppress(OSError):
                    here.client.socket().shutdown(SHUT_RDWR)

    def _opened(self, here: _Connection) -> IMAPClient:
        if here.client is None:
            here.client = _signed_in(self._account)
            chosen = here.client.select_folder(self._account.folder)
            here.validity = int(chosen[b"UIDVALIDITY"])
            here.last = _last_uid(here.client, chosen)
        return here.client

    def _this_time(self, uids: Sequence[int]) -> Sequence[int]:
        """All up to the first that did not come before; if that is the first of all, one behind it, and then it."""
        place = next((at for at, uid in enumerate(uids) if uid in self._owed), len(uids))
        if place or not uids:
            return uids[:place]
        behind = [uid for uid in uids if uid not in self._owed][:1]
        return behind if behind and self._owed[uids[0]] is _Owed.ONCE else uids[:1]

    def _fetched(self, here: _Connection, uids: Sequence[int]) -> dict[int, bytes | None]:
        """What came, up to the first that did not, or for as long as a look may take; None of what is given up."""
        came: dict[int, bytes | None] = {}
        until = monotonic() + LOOK_SECONDS
        for uid in uids:
            if self._owed.get(uid) is _Owed.FOR_GOOD:
                return {**came, uid: None}
            if came and monotonic() > until:
                break
            try:
                came[uid] = self._asked(here, uid)
            except (IMAPClientError, OSError):
                if not came:
                    raise
                _drop(here)
                break
        return came

    def _asked(self, here: _Connection, uid: int) -> bytes:
        """An email's beginning; until it is here, it did not come."""
        again = self._owed.get(uid) is _Owed.UNLIKE_ANOTHER
        self._owed[uid] = _Owed.FOR_GOOD if again else _Owed.ONCE
        raw = _one(self._opened(here), uid)
        del self._owed[uid]
        for each, owed in self._owed.items():
            self._owed[each] = _Owed.UNLIKE_ANOTHER if owed is _Owed.ONCE else owed
        return raw

    def _flag(self, names: Sequence[str], flag: bytes) -> None:
        here = self._connection
        with _told(), _asking(here):
            if names:
                self._opened(here).add_flags([int(name) for name in names], [flag], silent=True)


def try_folder(account: ImapAccount) -> int:
    """Sign in and open the folder; return how many emails are in it. Raises NoMailbox."""
    with _told():
        client = _signed_in(account)
        try:
            return int(client.select_folder(account.folder, readonly=True)[b"EXISTS"])
        finally:
            _hang_up(client)


def _signed_in(account: ImapAccount) -> IMAPClient:
    context = ssl.create_default_context()
    client = IMAPClient(
        account.host,
        account.port,
        ssl=account.security == "tls",
        ssl_context=context if account.security == "tls" else None,
        timeout=account.timeout,
    )
    try:
        if account.security == "starttls":
            client.starttls(context)
        client.login(account.username, account.password)
    except BaseException:
        with suppress(OSError):
            client.shutdown()
        raise
    return client


def _hang_up(client: IMAPClient) -> None:
    """Part politely, or at least let go of the connection."""
    try:
        client.logout()
    except (IMAPClientError, OSError):
        with suppress(OSError):
            client.shutdown()


def _drop(here: _Connection) -> None:
    """Let go of a connection that is of no more use; the next question opens another."""
    client, here.client = here.client, None
    if client is not None:
        with suppress(OSError):
            client.shutdown()


def _waiting(client: IMAPClient, validity: int, position: Position) -> list[int]:
    if position.validity == validity:
        after = position.read_to
        # "8:*" names the last email even if its UID is 7.
        return sorted(uid for uid in client.search(["UID", f"{after + 1}:*"]) if uid > after)
    since = (datetime.now(UTC) - FIRST_LOOK).date()
    return sorted(client.search(["SINCE", since]))


def _found(came: Mapping[int, bytes | None]) -> list[Found]:
    return [Found(str(uid), raw) for uid, raw in sorted(came.items()) if raw != b""]


def _last_uid(client: IMAPClient, chosen: Mapping[bytes, Any]) -> int:
    """The highest UID that an email of the folder can have; an old server does not tell the next one."""
    if b"UIDNEXT" in chosen:
        return int(chosen[b"UIDNEXT"]) - 1
    return max(client.search(["UID", "1:*"]), default=0)


def _one(client: IMAPClient, uid: int) -> bytes:
    """An email's beginning; empty where somebody deleted it meanwhile."""
    told: Any = client.fetch([uid], [_BODY]).get(uid, {})
    return next((bytes(told[name]) for name in _FETCHED if name in told), b"")


@contextmanager
def _told() -> Iterator[None]:
    """What stands in the way, in a sentence; servers' own words may quote whom we are."""
    try:
        yield
    except LoginError as error:
        raise NoMailbox(
            "The IMAP server does not accept our username and password: check inbound.imap_username"
            " and inbound.imap_password."
        ) from error
    except ssl.SSLError as error:
        raise NoMailbox(
            "The IMAP server's connection cannot be protected as asked for: check inbound.imap_port,"
            " inbound.imap_security and the server's certificate."
        ) from error
    except OSError as error:
        raise NoMailbox(
            f"The IMAP server cannot be reached ({type(error).__name__}): check inbound.imap_host and"
            " inbound.imap_port."
        ) from error
    except IMAPClientError as error:
        raise NoMailbox(
            f"The IMAP server refuses what we ask ({type(error).__name__}): check inbound.imap_folder."
        ) from error


@contextmanager
def _asking(here: _Connection) -> Iterator[None]:
    """A failure drops the connection; and so does whoever has let go of it meanwhile."""
    with here.lock:
        here.asked = True
    try:
        yield
    except BaseException:
        _drop(here)
        raise
    finally:
        with here.lock:
            here.asked = False
            if here.left:
                _drop(here)
