"""Do the records of a sender's domain let mailbox providers believe its email? Rules, and nothing else.

SPF is RFC 7208, DKIM RFC 6376 (and 8301 on the length of keys), DMARC RFC 7489. What Gmail and Yahoo ask
for is at https://support.google.com/a/answer/81126.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from messages.mailboxes import GMAIL, primary_domain
from messages.providers.resolving import CouldNotAsk, Records

MOST_LOOKUPS = 10  # RFC 7208 section 4.6.4
MOST_VOID = 2  # the same
SHORTEST_KEY = 1024  # bits, RFC 8301 section 3.2
GOOD_KEY = 2048
SIGNS = ("dkim_good", "dkim_weak", "dkim_unasked")  # by which receivers can tell whose email it is
FREE = frozenset({*GMAIL, "yahoo.com", "outlook.com", "hotmail.com", "aol.com", "icloud.com"})

_TERM = re.compile(
    r"(?P<sign>[+?~-]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)(?:[:/](?P<value>\S*))?|"
    r"(?P<modifier>[a-z][a-z0-9_.-]*)=(?P<argument>\S*)",
    re.IGNORECASE,
)
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})


class Verdict(StrEnum):
    """How a thing stands."""

    GOOD = "good"
    THINK = "think"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; ``code`` names its sentence in ``record_words``."""

    code: str
    verdict: Verdict
    values: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""  # where a record belongs
    kind: str = "TXT"
    record: str = ""  # what to put there, to be copied

    def written(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "code": self.code,
            "verdict": self.verdict.value,
            "values": dict(self.values),
            "name": self.name,
            "kind": self.kind,
            "record": self.record,
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Finding:
        """The other way round."""
        return cls(**{**stored, "verdict": Verdict(stored["verdict"])})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a domain's records have to say for whoever sends for it."""

    spf: str = ""  # the mechanism its provider asks for: "include:sendgrid.net"
    selectors: tuple[str, ...] = ()  # of its DKIM keys
    keys_are_aliases: bool = False  # the provider keeps the keys, and a CNAME leads to them
    return_path: str = ""  # whose domain bounces come to; "" = the sender's
    machines: tuple[str, ...] = ()  # the addresses that its own mail server sends from
    self_hosted: bool = (
        False  # it sends from a mail server of its own, whether or not they are known
    )


SENDGRID = Wanted(spf="include:sendgrid.net", selectors=("s1", "s2"), keys_are_aliases=True)


async def examine(records: Records, domain: str, wanted: Wanted) -> list[Finding]:
    """Look at everything that mailbox providers look at."""
    if domain in FREE:
        return [Finding("free_mail", Verdict.BAD, {"domain": domain})]
    spf = [each async for each in _spf(records, domain, wanted)]
    keys = [each async for each in _dkim(records, domain, wanted)]
    signed = any(each.code in SIGNS for each in keys)
    policy = [each async for each in _dmarc(records, domain, wanted, signed=signed)]
    back = [each async for each in _mx(records, domain, wanted)]
    return [*spf, *keys, *policy, *back, *[each async for each in _ptr(records, wanted)]]


# SPF


@dataclass
class _Walk:
    """What evaluating a record would ask for."""

    lookups: int = 0
    void: int = 0
    broken: str = ""  # a term that is no mechanism, or an included domain without a record
    loops: bool = False
    included: list[str] = field(default_factory=list)


async def _spf(records: Records, domain: str, wanted: Wanted) -> AsyncIterator[Finding]:
    try:
        found = _of_version(await records.txt(domain), "v=spf1")
        if not found:
            yield _missing_spf(domain, wanted)
            return
        if len(found) > 1:
            whole = _merged(found, wanted)
            yield Finding("spf_several", Verdict.BAD, {"count": len(found)}, domain, record=whole)
            return
        walk = _Walk()
        await _follow(records, domain, found[0], walk, (domain,))
    except CouldNotAsk:
        yield Finding("spf_unasked", Verdict.THINK, name=domain)
        return
    for each in _judged(domain, found[0], walk, wanted):
        yield each


def _missing_spf(domain: str, wanted: Wanted) -> Finding:
    record = " ".join(filter(None, ("v=spf1", wanted.spf or "mx", "~all")))
    return Finding("spf_missing", Verdict.BAD, name=domain, record=record)


def _of_version(texts: Sequence[str], version: str) -> list[str]:
    """The records that begin with a version, and not with one that only begins like it."""
    return [
        text
        for text in texts
        if text.lower() == version or text.lower().startswith((f"{version} ", f"{version};"))
    ]


def _merged(found: Sequence[str], wanted: Wanted) -> str:
    """One record out of several: each term once, what it ends with last."""
    terms = dict.fromkeys(
        term for text in sorted(found) for term in text.split()[1:] if not _is_all(term)
    )
    if wanted.spf:
        terms.setdefault(wanted.spf)
    return " ".join(["v=spf1", *terms, "~all"])


def _is_all(term: str) -> bool:
    return term.lower().lstrip("+?~-") == "all"


async def _follow(
    records: Records, domain: str, record: str, walk: _Walk, path: tuple[str, ...]
) -> None:
    """Count what a receiver would have to ask, and note what would make it give up."""
    for term in record.split()[1:]:
        found = _TERM.fullmatch(term)
        if found is None:
            walk.broken = walk.broken or term
            continue
        name = (found["name"] or found["modifier"]).lower()
        if name in _ASKING or name == "redirect":
            walk.lookups += 1
        if walk.lookups > MOST_LOOKUPS + 1:
            return
        target = (found["value"] or found["argument"] or "").rstrip(".").lower()
        if name in ("include", "redirect") and "%" not in target:
            await _follow_into(records, target, walk, path)
        elif name in ("a", "mx") and "%" not in target:
            await _count_void(records, name, target.partition("/")[0] or domain, walk)


async def _follow_into(records: Records, target: str, walk: _Walk, path: tuple[str, ...]) -> None:
    walk.included.append(target)
    if target in path:
        walk.loops = True
        return
    found = _of_version(await records.txt(target), "v=spf1")
    if len(found) != 1:  # section 5.2: none or several are a permanent error
        walk.broken = walk.broken or f"include:{target}"
        return
    await _follow(records, target, found[0], walk, (*path, target))


async def _count_void(records: Records, name: str, target: str, walk: _Walk) -> None:
    there = await records.has_address(target) if name == "a" else await records.mx(target)
    walk.void += not there


def _judged(domain: str, record: str, walk: _Walk, wanted: Wanted) -> list[Finding]:
    better = _with(record, wanted.spf)
    if walk.loops:
        return [Finding("spf_loops", Verdict.BAD, name=domain, record=better)]
    if walk.broken:
        return [Finding("spf_broken", Verdict.BAD, {"term": walk.broken}, domain)]
    if walk.lookups > MOST_LOOKUPS:
        return [Finding("spf_lookups", Verdict.BAD, {"most": MOST_LOOKUPS}, domain)]
    found = []
    if walk.void > MOST_VOID:
        found.append(Finding("spf_void", Verdict.BAD, {"count": walk.void}, domain))
    terms = [term.lower() for term in record.split()[1:]]
    if wanted.spf and not _includes(terms, walk, wanted.spf):
        found.append(
            Finding("spf_provider", Verdict.BAD, {"term": wanted.spf}, domain, record=better)
        )
    if any(term in ("all", "+all") for term in terms):
        closed = " ".join("~all" if _is_all(term) else term for term in record.split())
        found.append(Finding("spf_open", Verdict.BAD, name=domain, record=closed))
    return found or [Finding("spf_good", Verdict.GOOD, {"lookups": walk.lookups}, domain)]


def _includes(terms: Sequence[str], walk: _Walk, wanted: str) -> bool:
    """Whether a record admits the provider, itself or through what it includes."""
    kind, _, target = wanted.lower().partition(":")
    return wanted.lower() in terms or (kind == "include" and target in walk.included)


def _with(record: str, wanted: str) -> str:
    """The record with the provider's term before its end."""
    terms = record.split()
    if not wanted or wanted in terms:
        return record
    ends = [place for place, term in enumerate(terms) if _is_all(term) or "redirect=" in term]
    place = ends[0] if ends else len(terms)
    return " ".join([*terms[:place], wanted, *terms[place:]])


# DKIM


async def _dkim(records: Records, domain: str, wanted: Wanted) -> AsyncIterator[Finding]:
    if not wanted.selectors:
        yield Finding("dkim_unknown", Verdict.THINK, {"domain": domain})
        return
    for selector in wanted.selectors:
        name = f"{selector}._domainkey.{domain}"
        kind = "CNAME" if wanted.keys_are_aliases else "TXT"
        try:
            found = await records.txt(name)
        except CouldNotAsk:
            yield Finding("dkim_unasked", Verdict.THINK, name=name)
            continue
        if not found:
            code = "dkim_alias_missing" if wanted.keys_are_aliases else "dkim_missing"
            yield Finding(code, Verdict.BAD, name=name, kind=kind)
        elif len(found) > 1:
            yield Finding("dkim_several", Verdict.BAD, {"count": len(found)}, name, kind)
        else:
            yield _key(name, kind, found[0])


def _key(name: str, kind: str, record: str) -> Finding:
    tags = _tags(record)
    if tags.get("p") == "":
        return Finding("dkim_revoked", Verdict.BAD, name=name, kind=kind)
    spoken = tags.get("v", "DKIM1") == "DKIM1" and "p" in tags
    bits = _bits(tags["p"], tags.get("k", "rsa").lower()) if spoken else None
    if bits is None:
        return Finding("dkim_broken", Verdict.BAD, name=name, kind=kind)
    if bits and bits < SHORTEST_KEY:
        return Finding("dkim_short", Verdict.BAD, {"bits": bits}, name, kind)
    if "y" in tags.get("t", "").split(":"):
        return Finding("dkim_testing", Verdict.THINK, name=name, kind=kind)
    if bits and bits < GOOD_KEY:
        return Finding("dkim_weak", Verdict.THINK, {"bits": bits}, name, kind)
    return Finding("dkim_good", Verdict.GOOD, {"bits": bits or 256}, name, kind)


def _bits(key: str, kind: str) -> int | None:
    """The length of an RSA key; 0 of an Ed25519 key, whose length is its own; None of what is no key."""
    try:
        raw = base64.b64decode(re.sub(r"\s", "", key), validate=True)
        if kind == "ed25519":  # RFC 8463: the bare key
            Ed25519PublicKey.from_public_bytes(raw)
            return 0
        public = load_der_public_key(raw)
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        return None
    return public.key_size if isinstance(public, RSAPublicKey) else None


def _tags(record: str) -> dict[str, str]:
    """``v=DKIM1; k=rsa; p=…`` as a mapping; the first of a name counts."""
    tags: dict[str, str] = {}
    for piece in record.split(";"):
        name, equals, value = piece.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


# DMARC


async def _dmarc(
    records: Records, domain: str, wanted: Wanted, *, signed: bool
) -> AsyncIterator[Finding]:
    primary = primary_domain(domain)
    name = f"_dmarc.{domain}"
    try:
        found = _of_version(await records.txt(name), "v=dmarc1")
        if not found and primary != domain:  # section 6.6.3
            name = f"_dmarc.{primary}"
            found = _of_version(await records.txt(name), "v=dmarc1")
    except CouldNotAsk:
        yield Finding("dmarc_unasked", Verdict.THINK, name=name)
        return
    fresh = f"v=DMARC1; p=none; rua=mailto:dmarc@{primary}"
    if not found:
        yield Finding("dmarc_missing", Verdict.BAD, name=f"_dmarc.{primary}", record=fresh)
    elif len(found) > 1:
        yield Finding("dmarc_several", Verdict.BAD, {"count": len(found)}, name, record=fresh)
    else:
        yield _policy(name, found[0], inherited=name != f"_dmarc.{domain}", fresh=fresh)
        if not (signed or _path_is_aligned(_tags(found[0]), domain, wanted)):
            yield Finding("not_aligned", Verdict.BAD, {"domain": domain})


def _policy(name: str, record: str, *, inherited: bool, fresh: str) -> Finding:
    tags = _tags(record)
    policy = tags.get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        return Finding("dmarc_broken", Verdict.BAD, name=name, record=fresh)
    if inherited:
        policy = tags.get("sp", policy).lower()
    if policy == "none":
        return Finding("dmarc_none", Verdict.GOOD, {"policy": policy}, name)
    return Finding("dmarc_good", Verdict.GOOD, {"policy": policy}, name)


def _path_is_aligned(tags: Mapping[str, str], domain: str, wanted: Wanted) -> bool:
    """Whether SPF speaks for the sender's domain: bounces must come to it, or to one beside it."""
    path = wanted.return_path or ("" if wanted.keys_are_aliases else domain)
    if tags.get("aspf", "r").lower() == "s":
        return path == domain
    return bool(path) and primary_domain(path) == primary_domain(domain)


# Where bounces and answers come to


async def _mx(records: Records, domain: str, wanted: Wanted) -> AsyncIterator[Finding]:
    path = wanted.return_path or domain
    try:
        hosts = await records.mx(path)
        reachable = hosts != ["."] and (bool(hosts) or await records.has_address(path))
    except CouldNotAsk:
        yield Finding("mx_unasked", Verdict.THINK, name=path, kind="MX")
        return
    if reachable:
        yield Finding("mx_good", Verdict.GOOD, {"domain": path}, path, "MX")
    else:
        yield Finding("mx_missing", Verdict.BAD, {"domain": path}, path, "MX")


# What the sending machines are called


async def _ptr(records: Records, wanted: Wanted) -> AsyncIterator[Finding]:
    """Each must have a name that leads back to it, or Gmail takes nothing from it that comes in numbers."""
    if wanted.self_hosted and not wanted.machines:
        yield Finding("ptr_unknown", Verdict.THINK)
    for machine in wanted.machines:
        address = ip_address(machine)
        name, told = address.reverse_pointer, {"address": str(address)}
        try:
            hosts = await records.ptr(name)
            back = [each for each in hosts if str(address) in await records.addresses(each)]
        except CouldNotAsk:
            yield Finding("ptr_unasked", Verdict.THINK, told, name, "PTR")
            continue
        if not hosts:
            yield Finding("ptr_missing", Verdict.BAD, told, name, "PTR")
        elif back:
            yield Finding("ptr_good", Verdict.GOOD, {**told, "host": back[0]}, name, "PTR")
        else:
            kind, astray = "A" if address.version == 4 else "AAAA", {**told, "host": hosts[0]}  # noqa: PLR2004 - of IP
            yield Finding("ptr_astray", Verdict.BAD, astray, hosts[0], kind, str(address))
