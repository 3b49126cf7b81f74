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
from typing import Any

from imapclient import FLAGGED, SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from messages.providers.mailboxes import MOST_READ, Found, NoMailbox, Position

NAME = "imap"
FIRST_LOOK = timedelta(days=7)
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


class Imap:
    """Emails that wait in a folder of another server. Its connection lasts for one round of looks."""

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        self._client: IMAPClient | None = None
        self._validity = 0
        self._last = 0  # the highest UID given so far, at the opening

    @property
    def name(self) -> str:
        return NAME

    def look(self, position: Position, most: int) -> tuple[Sequence[Found], Position]:
        with _told():
            client = self._opened()
            uids = self._waiting(client, position)
            looked = uids[:most]
            found = [Found(str(uid), raw) for uid in looked if (raw := _fetched(client, uid))]
        known = position.validity == self._validity
        # Whatever else was here at the first look is old.
        read_to = position.read_to if known else self._last if looked == uids else 0
        return found, Position(self._validity, max([read_to, *looked]))

    def done(self, names: Sequence[str]) -> None:
        self._flag(names, SEEN)

    def put_aside(self, names: Sequence[str]) -> None:
        self._flag(names, FLAGGED)

    def close(self) -> None:
        if self._client is not None:
            _hang_up(self._client)
            self._client = None

    def _opened(self) -> IMAPClient:
        if self._client is None:
            self._client = _signed_in(self._account)
            chosen = self._client.select_folder(self._account.folder)
            self._validity = int(chosen[b"UIDVALIDITY"])
            self._last = _last_uid(self._client, chosen)
        return self._client

    def _waiting(self, client: IMAPClient, position: Position) -> list[int]:
        if position.validity == self._validity:
            after = position.read_to
            # "8:*" names the last email even if its UID is 7.
            return sorted(uid for uid in client.search(["UID", f"{after + 1}:*"]) if uid > after)
        since = (datetime.now(UTC) - FIRST_LOOK).date()
        return sorted(client.search(["SINCE", since]))

    def _flag(self, names: Sequence[str], flag: bytes) -> None:
        if names and self._client is not None:
            with _told():
                self._client.add_flags([int(name) for name in names], [flag], silent=True)


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


def _last_uid(client: IMAPClient, chosen: Mapping[bytes, Any]) -> int:
    """The highest UID that an email of the folder can have; an old server does not tell the next one."""
    if b"UIDNEXT" in chosen:
        return int(chosen[b"UIDNEXT"]) - 1
    return max(client.search(["UID", "1:*"]), default=0)


def _fetched(client: IMAPClient, uid: int) -> bytes:
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
