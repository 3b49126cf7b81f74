"""Did whoever an email says it is from really send it? What servers that we believe say of that, and nobody else.

A mail server that receives for us writes down what it found (Authentication-Results, RFC 8601); so can whoever
writes an email, so only the results under our own server's name count, and none where they differ. SendGrid tells
its findings beside the email, where its writer cannot reach.
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
    found = [
        result
        for value in message.get_all("Authentication-Results", [])[:MOST_RESULTS]
        for result in _results(str(value)[:_LONGEST], authserv_id.lower())
    ]
    domain = _domain(sender)
    policies = [each for each in found if each.method == "dmarc" and each.result != "none"]
    if policies:
        # RFC 7489, 6.6.2: it held against the domain in From. One that failed may be the true one.
        return all(each.result == "pass" and domain in each.domains for each in policies)
    return any(
        each.result == "pass" and any(_speaks_for(other, domain) for other in each.domains)
        for each in found
        if each.method in _DOMAINS
    )


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
        for found in _BRACKETED.findall(str(value)[:_LONGEST]):
            if address := public_address(found):
                return address
    return ""


def public_address(text: str) -> str:
    """A network address that anybody can reach, as it is usually written; "" for anything else."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return ""
    return str(address) if address.is_global else ""


def _results(value: str, authserv_id: str) -> Iterable[_Result]:
    head, *clauses = _bare(value).split(";")
    if head.split()[:1] != [authserv_id]:
        return
    for clause in clauses:
        method, _, rest = clause.strip().partition("=")
        words = rest.split()
        if not words:
            continue
        said = dict(word.partition("=")[::2] for word in words[1:])
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
