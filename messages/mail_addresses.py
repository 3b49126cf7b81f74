"""Where mail about a copy comes back to: addresses that name the copy, and prove that we made them up.

A bounce, a reply and a wish to leave each come to the one mailbox of ours, with a token after its name:
``mail+r1x8k3…@in.example.org``. Mail servers may change the case of what stands before the @, so a token is
made of small letters and digits. The digest is made per purpose: whoever can answer an email cannot bounce it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from typing import NamedTuple

from messages.providers.provider import Route

DELIMITER = "+"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAC_DIGITS = 16  # of 32 signs: 80 bits
_AS_SIGN = (_DIGITS[:32] * 8).encode()
_LONGEST_NUMBER = 12  # digits of a delivery's number in base 36


class Mark(StrEnum):
    """What an address, or a Message-ID, is for; the first sign of its token."""

    BOUNCE = "b"  # the return path: reports of mail servers
    REPLY = "r"  # where a person's answer goes
    LEAVE = "u"  # an email to it unsubscribes (RFC 2369)
    ID = "m"  # the Message-ID, which also stands in replies and in what bounces


ADDRESSES = frozenset(Mark) - {Mark.ID}
"""The marks that stand in addresses."""


@dataclass(frozen=True)
class OwnMailbox:
    """The mailbox of ours that somebody reads here."""

    replies: str = ""  # its address; "" = there is none, and answers go to whom an email is from
    bounces: str = ""  # another one for reports of mail servers; "" = the same
    tagged: bool = True  # each copy has an address of its own; else only a Message-ID names it
    authserv_id: str = (
        ""  # under which name its server vouches for senders; "" = it is not believed
    )


NO_MAILBOX = OwnMailbox()


class Proven(NamedTuple):
    """A copy that an address or a Message-ID of ours names."""

    mark: Mark
    delivery_id: int


class Thread(NamedTuple):
    """What an answer belongs under, as mail programs show it (RFC 5322, 3.6.4)."""

    in_reply_to: str = ""
    references: str = ""


NO_THREAD = Thread()


def token(secret: str, mark: Mark, delivery_id: int) -> str:
    """Name a copy for one purpose; the same for every attempt at it."""
    return _signer(secret, mark)(delivery_id, _base36(delivery_id))


def read_token(secret: str, text: str) -> Proven | None:
    """The copy that a token of ours names; None for any other text."""
    text = text.lower()
    number = text[1:-_MAC_DIGITS]
    if text[:1] not in set(Mark) or not 0 < len(number) <= _LONGEST_NUMBER:
        return None
    if not (text.isascii() and text.isalnum()):
        return None
    mark, delivery_id = Mark(text[0]), int(number, 36)
    if not compare_digest(token(secret, mark, delivery_id), text):
        return None
    return Proven(mark, delivery_id)


def proven_by_address(
    secret: str, addresses: Iterable[str], marks: Collection[Mark] = ADDRESSES
) -> Proven | None:
    """The copy that the first address of ours among these names; whatever its domain, the token proves it."""
    for address in addresses:
        name = address.strip("<> ").rpartition("@")[0]
        found = read_token(secret, name.rpartition(DELIMITER)[2]) if DELIMITER in name else None
        if found is not None and found.mark in marks:
            return found
    return None


def proven_by_message_id(secret: str, message_ids: Iterable[str]) -> Proven | None:
    """The copy that the first Message-ID of ours among these names."""
    for message_id in message_ids:
        found = read_token(secret, message_id.strip("<> ").partition("@")[0])
        if found is not None and found.mark is Mark.ID:
            return found
    return None


def routes(
    secret: str, mailbox: OwnMailbox, thread: Thread = NO_THREAD, *, automatic: bool = False
) -> Callable[[int], Route]:
    """How each copy of a message tells where mail about it goes, given its number."""
    named, answered = _signer(secret, Mark.ID), (*thread, automatic)
    if not mailbox.replies:
        return lambda copy: Route(named(copy, _base36(copy)), "", "", "", *answered)
    tagged = mailbox.tagged
    bounces, replies, leaving = (
        _signer(secret, mark) for mark in (Mark.BOUNCE, Mark.REPLY, Mark.LEAVE)
    )
    home, at_home = _around(mailbox.replies, tagged=tagged)
    bounce, at_bounces = _around(mailbox.bounces or mailbox.replies, tagged=tagged)

    def route(copy: int) -> Route:
        number = _base36(copy)
        leave = leaving(copy, number)
        # An address without a token has it in the subject.
        to, word = (leave, "unsubscribe") if tagged else ("", f"unsubscribe%20{leave}")
        return Route(
            named(copy, number),
            f"{bounce}{bounces(copy, number) if tagged else ''}{at_bounces}",
            f"{home}{replies(copy, number) if tagged else ''}{at_home}",
            f"mailto:{home}{to}{at_home}?subject={word}",
            *answered,
        )

    return route


def _around(address: str, *, tagged: bool) -> tuple[str, str]:
    """What stands before and after a token in an address of ours."""
    name, _, domain = address.rpartition("@")
    return f"{name}{DELIMITER if tagged else ''}", f"@{domain}"


@lru_cache(maxsize=32)
def _signer(secret: str, mark: Mark) -> Callable[[int, str], str]:
    """What makes tokens of a purpose, of a number and the same number in letters."""
    # A digest of nothing yet: copying one costs a tenth of making it.
    named = f"mail {mark.value}".encode()
    nothing = blake2b(key=secret.encode(), person=named, digest_size=_MAC_DIGITS)
    letter = mark.value

    def sign(delivery_id: int, number: str) -> str:
        made = nothing.copy()
        made.update(b"%d" % delivery_id)
        return f"{letter}{number}{made.digest().translate(_AS_SIGN).decode()}"

    return sign


def _base36(number: int) -> str:
    more, last = divmod(number, 36)
    return f"{_leading(more)}{_DIGITS[last]}"


@lru_cache(maxsize=1024)
def _leading(number: int) -> str:
    """All digits of a number but its last, which copies that leave together mostly share."""
    return _base36(number) if number else ""
