"""Did whoever an email says it is from really send it? What servers that we believe say of that, and nobody else.

A mail server that receives for us writes down what it found (Authentication-Results, RFC 8601); so can whoever
writes an email. Servers write at the top: so only the topmost results under our own server's name count, and a
failed DMARC further down contradicts them. SendGrid tells its findings beside the email, where its writer cannot reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email.message import Message
from email.utils import getaddresses, parseaddr
from ipaddress import ip_address
from typing import NamedTuple

MOST_RESULTS = 20  # headers that are looked at
_LONGEST = 4_000
_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_PARSED_DKIM = re.compile(r"@([\w.-]{1,255})\s*:\s*(\w{1,20})")
_BRACKETED = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]")
_HELO = re.compile(
    r"\bhelo=[^\s()]*", re.IGNORECASE
)  # Exim notes within its comment how a client greeted
_RECORDED = re.compile(r"\(([^()]*)\)")
_BEFORE_BY = re.compile(r"^(.*?)\sby\s", re.DOTALL)
_NAMELESS = re.compile(
    r"^\s*from\s+(\[[^\s\[\]]+\])\s*(?:\([^\[\]()]*\))?\s*$"
)  # Exim, without a name
_DOMAINS = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}


class _Result(NamedTuple):
    """One finding of a server: dmarc=pass header.from=example.org."""

    method: str
    result: str
    domains: Sequence[str]  # it was found of


def vouched_by_server(message: Message, authserv_id: str, sender: str) -> bool:
    """Whether our own mail server vouches for the sender, by DMARC, or else DKIM or SPF of their domain.

    ``authserv_id`` is the name it signs its findings with; "" = nobody's are believed.
    """
    if not authserv_id or not _is_only_sender(message, sender):
        return False
    values = message.get_all("Authentication-Results", [])[:MOST_RESULTS]
    all_of = [_results(str(value)[:_LONGEST], authserv_id.lower()) for value in values]
    ours = [found for found in all_of if found is not None]
    return bool(ours) and _vouches(ours[0], _domain(sender)) and not any(map(_contradicts, ours))


def _vouches(found: Sequence[_Result], domain: str) -> bool:
    policies = [each for each in found if each.method == "dmarc" and each.result != "none"]
    if policies:
        # RFC 7489, 6.6.2: it held against the domain in From.
        return all(domain in each.domains for each in policies)
    return any(
        each.result == "pass" and any(_speaks_for(other, domain) for other in each.domains)
        for each in found
        if each.method in _DOMAINS
    )


def _contradicts(found: Sequence[_Result]) -> bool:
    return any(each.method == "dmarc" and each.result not in ("pass", "none") for each in found)


def vouched_by_parse(message: Message, *, spf: str, dkim: str, path: str, sender: str) -> bool:
    """Whether SendGrid's Inbound Parse vouches for the sender: its fields SPF and dkim, and the return path.

    They look like ``pass`` and ``{@example.org : pass}``.
    """
    if not _is_only_sender(message, sender):
        return False
    domain = _domain(sender)
    if spf.strip().lower() == "pass" and _speaks_for(_domain(path), domain):
        return True
    return any(
        result.lower() == "pass" and _speaks_for(signer.lower(), domain)
        for signer, result in _PARSED_DKIM.findall(dkim[:_LONGEST])
    )


def origin_of(message: Message) -> str:
    """The network address of the server that handed an email to ours; "" where nobody noted a public one.

    Servers write themselves down from the top, and those of one house have private addresses.
    """
    for value in message.get_all("Received", [])[:MOST_RESULTS]:
        if address := public_address(_recorded(str(value)[:_LONGEST])):
            return address
    return ""


def _recorded(received: str) -> str:
    """The address that a server saw: in its comment after the name, which the client chose itself."""
    head = _BEFORE_BY.match(received)
    if head is None:
        return ""
    seen = _HELO.sub("", head[1])
    found = [each for noted in _RECORDED.findall(seen) for each in _BRACKETED.findall(noted)]
    if not found and (nameless := _NAMELESS.match(seen)):
        found = _BRACKETED.findall(nameless[1])
    return found[-1] if found else ""


def public_address(text: str) -> str:
    """A network address that anybody can reach, as it is usually written; "" for anything else."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return ""
    return str(address) if address.is_global else ""


def _results(value: str, authserv_id: str) -> list[_Result] | None:
    """The findings of a header; None where it is not of this server."""
    head, *clauses = _bare(value).split(";")
    return list(_findings(clauses)) if head.split()[:1] == [authserv_id] else None


def _findings(clauses: Iterable[str]) -> Iterable[_Result]:
    for clause in clauses:
        method, _, rest = clause.strip().partition("=")
        words = rest.split()
        if not words:
            continue
        # Of a property that is there twice, the first counts.
        said = dict(word.partition("=")[::2] for word in reversed(words[1:]))
        name = method.partition("/")[0].strip()
        kinds = ("header.from",) if name == "dmarc" else _DOMAINS.get(name, ())
        domains = [_domain(said[kind]) for kind in kinds if said.get(kind)]
        yield _Result(name, words[0], domains)


def _bare(value: str) -> str:
    """A header without comments and quotes, in small letters: what stands in them, strangers wrote."""
    text = _QUOTED.sub(lambda quoted: re.sub(r"[;=()\s]", "", quoted[1]), value)
    for _ in range(5):  # comments may hold comments
        text = _COMMENT.sub(" ", text)
    return _EQUALS.sub("=", text).lower()


def _is_only_sender(message: Message, sender: str) -> bool:
    """Whether From, as it is written and not as it might be read, names this one address."""
    written = message.get_all("From", [])
    found = getaddresses([str(each) for each in written])
    return bool(sender) and len(written) == 1 and [each[1].lower() for each in found] == [sender]


def _domain(address: str) -> str:
    bare = parseaddr(address)[1] or address
    return bare.rpartition("@")[2].strip(" .<>").lower()


def _speaks_for(signer: str, domain: str) -> bool:
    """Whether a domain's word counts for an address: it is the same, above it, or below it."""
    if "." not in signer or "." not in domain:
        return False
    return signer == domain or domain.endswith(f".{signer}") or signer.endswith(f".{domain}")
