"""The addresses that ride in our messages: who followed which link, proven without asking the database.

A token is a delivery's number and a keyed digest of it. The digest is made per purpose, so that a
receipt's token cannot open a person's page. Tokens in texts are short, since every character of an
SMS is paid for on every copy, and made of letters and digits only, since phones drop trailing
punctuation when they turn an address into a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from sqlalchemy import Connection, bindparam, select

from database.upserts import insert_or
from messages.models import Link

PROOF_FIELD = "{{ proof }}"  # in an answer's words, where the address that proves its reader ends
LINK_FIELD = "link:"  # a tracked link's merge field is "link:" and its Link.id

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MAC_DIGITS = 9  # 53 bits: guessing one person's link takes 2 ** 52 requests
# A digest is spelled byte by byte, in one call. A byte that would make some digits likelier than others
# is left out; of the 32 there are, 24 would have to be, which no key will ever see.
_PERSON_BYTES, _RECEIPT_BYTES = 32, 16
_LEFT_OUT = bytes(range(256 - 256 % 62, 256))
_AS_DIGIT = (_DIGITS * 5).encode()[:256]
_AS_RECEIPT = (_DIGITS + "-_").encode() * 4  # 64 of them, as in base 64 for addresses
_PERSON_TOKEN = re.compile(rf"([1-9A-Za-z][0-9A-Za-z]{{0,10}})([0-9A-Za-z]{{{_MAC_DIGITS}}})")
_PERSON = b"person's link"
_RECEIPT = b"receipt"
_EMAIL = b"email in browser"
_ARCHIVED = b"email in archive"
_PROOF = b"proof of address"
_PROOF_DIGITS = 22  # 131 bits: more is at stake, and an email has room
_PROOF_TOKEN = re.compile(rf"([1-9A-Za-z][0-9A-Za-z]{{0,10}})([0-9A-Za-z]{{{_PROOF_DIGITS}}})")
_PATHS = {"link": "a", "unsubscribe": "u", "preferences": "me"}

# Up to a space, quote, brace or the middle of a Markdown link; not when a merge field goes on inside
# the address, which makes it a different address per person.
_URL = re.compile(
    r"https?://(?=[^\W_])(?:[^\s<>\"“”«»{}|\\^`\]]|\](?!\())++(?!\{\{)", re.IGNORECASE
)
_CLOSING = {")": "(", "]": "["}
_PUNCTUATION = ".,;:!?'’*_…"

_LINKS = select(Link.message_id, Link.url, Link.id).where(
    Link.message_id.in_(bindparam("messages", expanding=True))
)


class BadToken(ValueError):
    """This address is not one of ours, or it was not copied whole."""


class Tokens:
    """What signs an installation's addresses: made once, for it is asked for every copy."""

    __slots__ = ("_archived", "_email", "_person", "_receipt")

    def __init__(self, secret: str) -> None:
        # Digests of nothing yet: copying one costs a tenth of making it.
        self._person = blake2b(key=secret.encode(), person=_PERSON, digest_size=_PERSON_BYTES)
        self._email = blake2b(key=secret.encode(), person=_EMAIL, digest_size=_PERSON_BYTES)
        self._archived = blake2b(key=secret.encode(), person=_ARCHIVED, digest_size=_PERSON_BYTES)
        self._receipt = blake2b(key=secret.encode(), person=_RECEIPT, digest_size=_RECEIPT_BYTES)

    def person(self, delivery_id: int) -> str:
        """Name one person's copy in an address: 14 characters for the first 900 million deliveries."""
        return _named(self._person, delivery_id)

    def email(self, message_id: int) -> str:
        """Name an email to whoever got it, and nobody of them."""
        return _named(self._email, message_id)

    def archived(self, message_id: int) -> str:
        """Name an email to strangers, for as long as it stands in a public archive."""
        return _named(self._archived, message_id)

    def receipt(self, delivery_id: int, attempt: int) -> str:
        """Return 16 characters that prove a callback is about this attempt of this delivery."""
        made = self._receipt.copy()
        made.update(b"%d.%d" % (delivery_id, attempt))
        return made.digest().translate(_AS_RECEIPT).decode()


def _named(keyed: Any, number: int) -> str:
    more, last = divmod(number, 62)
    made = keyed.copy()
    made.update(b"%d" % number)
    mac = made.digest().translate(_AS_DIGIT, _LEFT_OUT)[:_MAC_DIGITS].decode()
    return f"{_leading(more)}{_DIGITS[last]}{mac}"


@lru_cache(maxsize=8)
def tokens(secret: str) -> Tokens:
    """The tokens that this secret signs."""
    return Tokens(secret)


def person_token(secret: str, delivery_id: int) -> str:
    """Name one person's copy in an address."""
    return tokens(secret).person(delivery_id)


def read_person_token(secret: str, token: str) -> int:
    """Return the delivery id in a person's token; raise BadToken for any other text."""
    return _read(token, tokens(secret).person)


def read_email_token(secret: str, token: str) -> int:
    """Return the message id in an email's token; raise BadToken for any other text."""
    return _read(token, tokens(secret).email)


def read_archive_token(secret: str, token: str) -> int:
    """Return the message id in the address by which an archive names an email. Raises BadToken."""
    return _read(token, tokens(secret).archived)


def _read(token: str, sign: Callable[[int], str]) -> int:
    match = _PERSON_TOKEN.fullmatch(token)
    if match is None:
        raise BadToken("This address is incomplete: please open the link from the message again.")
    number = _number(match[1])
    if not compare_digest(sign(number), token):
        raise BadToken("This address is not valid: please open the link from the message again.")
    return number


def proof_token(secret: str, delivery_id: int) -> str:
    """Name a copy to whoever reads it, and to nobody whom another address of ours was passed on to.

    It stands only in answers that ask for a proof, and holds for them alone: see ``messages.proofs``.
    """
    made = blake2b(b"%d" % delivery_id, key=secret.encode(), person=_PROOF, digest_size=64)
    mac = made.digest().translate(_AS_DIGIT, _LEFT_OUT)[:_PROOF_DIGITS].decode()
    return f"{_leading(delivery_id)}{mac}"


def read_proof_token(secret: str, token: str) -> int:
    """The copy that a proof stands for. Raises BadToken."""
    match = _PROOF_TOKEN.fullmatch(token)
    if match is None:
        raise BadToken("This address is incomplete: please open the link from the message again.")
    delivery_id = _number(match[1])
    if not compare_digest(proof_token(secret, delivery_id), token):
        raise BadToken("This address is not valid: please open the link from the message again.")
    return delivery_id


def receipt_token(secret: str, delivery_id: int, attempt: int) -> str:
    """Return what proves that a callback is about this attempt of this delivery."""
    return tokens(secret).receipt(delivery_id, attempt)


def check_receipt(secret: str, delivery_id: int, attempt: int, token: str) -> bool:
    """Tell whether we issued this token for this attempt."""
    return compare_digest(receipt_token(secret, delivery_id, attempt).encode(), token.encode())


def around_token(public_url: str, name: str) -> tuple[str, str]:
    """What stands before and after a person's token in the address that a merge field names.

    ``link`` is their action page, ``unsubscribe`` leaves the list, ``preferences`` is what they choose,
    ``link:7`` leads to a link of the message.
    """
    base = public_url.rstrip("/")
    if name.startswith(LINK_FIELD):
        return f"{base}/r/", f"/{name.removeprefix(LINK_FIELD)}"
    return f"{base}/{_PATHS[name]}/", ""


def action_url(public_url: str, token: str) -> str:
    """Return the address of a person's action page."""
    return token.join(around_token(public_url, "link"))


def email_url(public_url: str, secret: str, message_id: int) -> str:
    """Return the address at which an email can be read in a browser; a language may follow it."""
    return f"{public_url.rstrip('/')}/e/{tokens(secret).email(message_id)}"


def archived_url(public_url: str, secret: str, message_id: int) -> str:
    """Return the address of an email that a public archive shows; it leads nowhere once it is taken out."""
    return f"{public_url.rstrip('/')}/e/{tokens(secret).archived(message_id)}"


def unsubscribe_url(public_url: str, token: str) -> str:
    """Return the address at which a person leaves the list, by hand or by one click (RFC 8058)."""
    return token.join(around_token(public_url, "unsubscribe"))


def urls_in(text: str, *, public_url: str) -> list[str]:
    """Find the web addresses in a text, in order and once each; not our own, which are known."""
    found = (_trimmed(match[0]) for match in _URL.finditer(text))
    return list(dict.fromkeys(url for url in found if not _is_ours(url, public_url)))


def with_link_fields(text: str, ids: Mapping[str, int]) -> str:
    """Put a tracked link's merge field in the place of each address that has an id."""

    def replaced(match: re.Match[str]) -> str:
        url = _trimmed(match[0])
        if url not in ids:
            return match[0]
        return f"{{{{ {LINK_FIELD}{ids[url]} }}}}{match[0][len(url) :]}"

    return _URL.sub(replaced, text)


def save_links(
    conn: Connection, message_id: int, texts: Iterable[str], *, public_url: str
) -> dict[str, int]:
    """Keep the web addresses in a message's texts, once each; return their ids by address."""
    urls = {url for text in texts for url in urls_in(text, public_url=public_url)}
    if urls:
        rows = [{"message_id": message_id, "url": url} for url in sorted(urls)]
        conn.execute(insert_or(conn, Link).values(rows).on_conflict_do_nothing())
    return load_links(conn, message_id)


def load_links(conn: Connection, message_id: int) -> dict[str, int]:
    """Return the ids of a message's tracked links by address."""
    return load_many_links(conn, [message_id]).get(message_id, {})


def load_many_links(conn: Connection, message_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """The same of many messages; those without links are left out."""
    found: dict[int, dict[str, int]] = {}
    for message_id, url, link_id in conn.execute(_LINKS, {"messages": list(message_ids)}):
        found.setdefault(message_id, {})[url] = link_id
    return found


def _is_ours(url: str, public_url: str) -> bool:
    ours = public_url.rstrip("/").casefold()
    return url.casefold() == ours or url.casefold().startswith(ours + "/")


def _trimmed(url: str) -> str:
    """Leave out the punctuation of the sentence around an address, and a bracket it did not open."""
    while url[-1] in _PUNCTUATION or _closes_nothing(url):
        url = url[:-1]
    return url


def _closes_nothing(url: str) -> bool:
    opening = _CLOSING.get(url[-1])
    return opening is not None and url.count(opening) < url.count(url[-1])


@lru_cache(maxsize=1024)
def _leading(number: int) -> str:
    """All digits of a number but its last, which deliveries that are sent together mostly share."""
    if not number:
        return ""
    more, last = divmod(number, 62)
    return _leading(more) + _DIGITS[last]


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * 62 + _DIGITS.index(digit)
    return number
