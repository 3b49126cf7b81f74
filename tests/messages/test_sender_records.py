"""What a sender's records say, asked of a real name server on loopback; each finding says what to do."""

from __future__ import annotations

import base64
import string
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from messages.providers.resolving import CouldNotAsk, Nameserver, Resolver
from messages.record_words import WORDS, words
from messages.sender_records import SENDGRID, Finding, Verdict, Wanted, examine
from tests.fakes.name_server import NameServer, naming

DOMAIN = "news.example.org"
SMTP = Wanted(spf="include:_spf.example.net", selectors=("mail",))


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    async with naming() as running:
        yield running


@cache
def rsa_key(bits: int) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


def all_good(server: NameServer) -> None:
    """A domain set up with SendGrid, as its own page tells one to."""
    server.put(DOMAIN, "TXT", "google-site-verification=x", "v=spf1 include:sendgrid.net ~all")
    server.put("sendgrid.net", "TXT", "v=spf1 ip4:167.89.0.0/17 ip4:208.117.48.0/20 ~all")
    for selector in ("s1", "s2"):
        alias = f"{selector}.domainkey.u1.wl1.sendgrid.net"
        server.put(f"{selector}._domainkey.{DOMAIN}", "CNAME", f"{alias}.")
        server.put(alias, "TXT", f"k=rsa; t=s; p={rsa_key(2048)}")
    server.put("_dmarc.example.org", "TXT", "v=DMARC1; p=quarantine; rua=mailto:d@example.org")
    server.put(DOMAIN, "MX", "10 mx2.example.org.", "5 mx1.example.org.")


async def look(
    server: NameServer, wanted: Wanted = SENDGRID, domain: str = DOMAIN
) -> list[Finding]:
    resolver = Resolver([Nameserver.read(server.address)], seconds=1)
    return await examine(resolver, domain, wanted)


def codes(found: list[Finding]) -> list[str]:
    return [each.code for each in found]


def of(found: list[Finding], kind: str) -> Finding:
    return next(each for each in found if each.code.startswith(kind))


async def test_a_domain_in_order_is_called_so(server: NameServer) -> None:
    all_good(server)

    found = await look(server)

    assert codes(found) == ["spf_good", "dkim_good", "dkim_good", "dmarc_good", "mx_good"]
    assert all(each.verdict is Verdict.GOOD for each in found)
    assert of(found, "spf").values == {"lookups": 1}


async def test_a_bare_domain_is_told_every_record_to_add(server: NameServer) -> None:
    server.put("other.example", "TXT", "x")

    found = await look(server)

    assert codes(found) == [
        "spf_missing", "dkim_alias_missing", "dkim_alias_missing", "dmarc_missing", "mx_missing",
    ]  # fmt: skip
    assert of(found, "spf").record == "v=spf1 include:sendgrid.net ~all"
    assert (of(found, "dkim").name, of(found, "dkim").kind) == (f"s1._domainkey.{DOMAIN}", "CNAME")
    dmarc = of(found, "dmarc")
    assert (dmarc.name, dmarc.record) == (
        "_dmarc.example.org",
        "v=DMARC1; p=none; rua=mailto:dmarc@example.org",
    )


@pytest.mark.parametrize(
    ("records", "code", "record"),
    [
        (["v=spf1 mx ~all"], "spf_provider", "v=spf1 mx include:sendgrid.net ~all"),
        (["v=spf1 redirect=r.example.net"], "spf_provider",
         "v=spf1 include:sendgrid.net redirect=r.example.net"),
        (["v=spf1 mx -all", "v=spf1 include:sendgrid.net ~all"], "spf_several",
         "v=spf1 include:sendgrid.net mx ~all"),
        (["v=spf1 include:sendgrid.net +all"], "spf_open", "v=spf1 include:sendgrid.net ~all"),
        (["v=spf1 include:sendgrid.net all"], "spf_open", "v=spf1 include:sendgrid.net ~all"),
        (["v=spf1 includes:sendgrid.net ~all"], "spf_broken", ""),
        (["v=spf1 include:nowhere.example.net include:sendgrid.net ~all"], "spf_broken", ""),
        (["v=spf1 include:loop.example.net include:sendgrid.net ~all"], "spf_loops",
         "v=spf1 include:loop.example.net include:sendgrid.net ~all"),
        (["v=spf1 include:deep0.example.net include:sendgrid.net ~all"], "spf_lookups", ""),
        (["v=spf1 a:a1.example.net a:a2.example.net mx:a3.example.net include:sendgrid.net ~all"],
         "spf_void", ""),
        (["v=spf10 include:sendgrid.net"], "spf_missing", "v=spf1 include:sendgrid.net ~all"),
        (["V=SPF1 INCLUDE:SENDGRID.NET ~ALL"], "spf_good", ""),
        (["v=spf1 include:within.example.net ~all"], "spf_good", ""),
        (["v=spf1 exists:%{i}.x.example.net include:%{d}.example.net include:sendgrid.net ~all"],
         "spf_good", ""),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_spf_is_told_with_a_better_record(
    server: NameServer, records: list[str], code: str, record: str
) -> None:
    all_good(server)
    server.put(DOMAIN, "TXT", *records)
    server.put("r.example.net", "TXT", "v=spf1 ip4:192.0.2.0/24 -all")
    server.put("loop.example.net", "TXT", f"v=spf1 include:{DOMAIN} ~all")
    server.put("within.example.net", "TXT", "v=spf1 include:sendgrid.net -all")
    for number in range(12):
        deeper = f"v=spf1 include:deep{number + 1}.example.net ~all"
        server.put(f"deep{number}.example.net", "TXT", deeper)

    spf = of(await look(server), "spf")

    assert (spf.code, spf.record) == (code, record)


async def test_ten_lookups_are_just_allowed(server: NameServer) -> None:
    all_good(server)
    for number in range(9):
        server.put(f"p{number}.example.net", "TXT", "v=spf1 ip4:192.0.2.1 ~all")
    nine = " ".join(f"include:p{number}.example.net" for number in range(9))
    server.put(DOMAIN, "TXT", f"v=spf1 {nine} include:sendgrid.net ~all")
    assert of(await look(server), "spf").values == {"lookups": 10}

    server.put("p9.example.net", "TXT", "v=spf1 ip4:192.0.2.1 ~all")
    server.put(DOMAIN, "TXT", f"v=spf1 {nine} include:p9.example.net include:sendgrid.net ~all")
    assert of(await look(server), "spf").code == "spf_lookups"


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("v=DKIM1; k=rsa; p={2048}", "dkim_good"),
        ("p={2048}", "dkim_good"),
        ("v=DKIM1; k=ed25519; p={ed25519}", "dkim_good"),
        ("v=DKIM1; p={1024}", "dkim_weak"),
        ("v=DKIM1; p={short}", "dkim_short"),
        ("v=DKIM1; t=y:s; p={2048}", "dkim_testing"),
        ("v=DKIM1; p=", "dkim_revoked"),
        ("v=DKIM1; k=rsa", "dkim_broken"),
        ("v=DKIM2; p={2048}", "dkim_broken"),
        ("v=DKIM1; p=not*base64", "dkim_broken"),
        ("v=DKIM1; p=AAAA", "dkim_broken"),
        ("v=DKIM1; k=ed25519; p=AAAA", "dkim_broken"),
    ],
)
async def test_a_dkim_key_is_read_and_measured(server: NameServer, record: str, code: str) -> None:
    ed25519 = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    keys = {
        "2048": rsa_key(2048),
        "1024": rsa_key(1024),
        "ed25519": base64.b64encode(ed25519).decode(),
        # 512 bits, which the library no longer makes: RFC 8301's example of what is too short.
        "short": "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu"
        "KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==",
    }
    for name, key in keys.items():
        record = record.replace("{" + name + "}", key)
    server.put(f"mail._domainkey.{DOMAIN}", "TXT", record)

    found = await look(server, SMTP)

    assert of(found, "dkim").code == code


async def test_without_selectors_nothing_is_known_of_keys(server: NameServer) -> None:
    server.put("other.example", "TXT", "x")

    found = of(await look(server, replace(SMTP, selectors=())), "dkim")

    assert (found.code, found.verdict) == ("dkim_unknown", Verdict.THINK)


async def test_two_keys_under_one_name_are_no_key(server: NameServer) -> None:
    keys = [f"v=DKIM1; p={rsa_key(bits)}" for bits in (1024, 2048)]
    server.put(f"mail._domainkey.{DOMAIN}", "TXT", *keys)

    assert of(await look(server, SMTP), "dkim").code == "dkim_several"


@pytest.mark.parametrize(
    ("name", "records", "code"),
    [
        (f"_dmarc.{DOMAIN}", ["v=DMARC1; p=reject"], "dmarc_good"),
        ("_dmarc.example.org", ["v=DMARC1; p=none"], "dmarc_none"),
        ("_dmarc.example.org", ["v=DMARC1; p=reject; sp=none"], "dmarc_none"),
        (f"_dmarc.{DOMAIN}", ["v=DMARC1; p=reject; sp=none"], "dmarc_good"),
        (f"_dmarc.{DOMAIN}", ["v=DMARC1; rua=mailto:x@example.org"], "dmarc_broken"),
        (f"_dmarc.{DOMAIN}", ["v=DMARC1; p=strict"], "dmarc_broken"),
        (f"_dmarc.{DOMAIN}", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "dmarc_several"),
        (f"_dmarc.{DOMAIN}", ["v=DMARC12; p=none"], "dmarc_missing"),
    ],
)
async def test_dmarc_is_looked_for_at_the_sender_and_its_registered_domain(
    server: NameServer, name: str, records: list[str], code: str
) -> None:
    all_good(server)
    server.records.pop(("_dmarc.example.org", "TXT"))
    server.put(name, "TXT", *records)

    assert of(await look(server), "dmarc").code == code


@pytest.mark.parametrize(
    ("policy", "path", "aligned"),
    [
        ("v=DMARC1; p=none", "bounces.example.org", True),
        ("v=DMARC1; p=none; aspf=s", "bounces.example.org", False),
        ("v=DMARC1; p=none; aspf=s", DOMAIN, True),
        ("v=DMARC1; p=none", "mailer.example.net", False),
    ],
)
async def test_without_dkim_the_return_path_must_be_aligned(
    server: NameServer, policy: str, path: str, *, aligned: bool
) -> None:
    server.put(f"_dmarc.{DOMAIN}", "TXT", policy)

    found = await look(server, replace(SMTP, selectors=(), return_path=path))

    assert ("not_aligned" not in codes(found)) == aligned


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("MX", "0 .", "mx_missing"),
        ("A", "192.0.2.1", "mx_good"),
        ("MX", "1 m.example.org.", "mx_good"),
    ],
)
async def test_bounces_need_somewhere_to_go(
    server: NameServer, kind: str, text: str, code: str
) -> None:
    server.put("bounces.example.org", kind, text)

    found = of(await look(server, replace(SMTP, return_path="bounces.example.org")), "mx")

    assert (found.code, found.name) == (code, "bounces.example.org")


@pytest.mark.parametrize(
    ("machine", "records", "code"),
    [
        ("192.0.2.25", {("25.2.0.192.in-addr.arpa", "PTR"): ["Mx.example.org."],
                        ("mx.example.org", "A"): ["192.0.2.24", "192.0.2.25"]}, "ptr_good"),
        ("192.0.2.25", {("25.2.0.192.in-addr.arpa", "PTR"): ["a.example.net.", "mx.example.org."],
                        ("mx.example.org", "A"): ["192.0.2.25"]}, "ptr_good"),
        ("2001:0DB8::25", {("5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
                            "PTR"): ["mx.example.org."],
                           ("mx.example.org", "AAAA"): ["2001:db8::25"]}, "ptr_good"),
        ("192.0.2.25", {("25.2.0.192.in-addr.arpa", "PTR"): ["mx.example.org."],
                        ("mx.example.org", "A"): ["192.0.2.24"]}, "ptr_astray"),
        ("192.0.2.25", {("25.2.0.192.in-addr.arpa", "PTR"): ["mx.example.org."]}, "ptr_astray"),
        ("192.0.2.25", {}, "ptr_missing"),
    ],
)  # fmt: skip
async def test_a_sending_machine_has_a_name_that_leads_back(
    server: NameServer, machine: str, records: dict[tuple[str, str], list[str]], code: str
) -> None:
    server.records |= records

    found = of(await look(server, replace(SMTP, machines=(machine,))), "ptr")

    assert found.code == code
    if code == "ptr_missing":
        assert (found.name, found.kind) == ("25.2.0.192.in-addr.arpa", "PTR")
    elif code == "ptr_astray":
        assert (found.name, found.kind, found.record) == ("mx.example.org", "A", machine)


async def test_a_mail_server_beside_us_is_asked_about(server: NameServer) -> None:
    unknown = replace(SMTP, self_hosted=True)

    assert of(await look(server, unknown), "ptr").verdict is Verdict.THINK
    assert not [each for each in codes(await look(server, SMTP)) if each.startswith("ptr")]
    server.failing.add("25.2.0.192.in-addr.arpa")
    known = of(await look(server, replace(unknown, machines=("192.0.2.25",))), "ptr")
    assert known.code == "ptr_unasked"


async def test_nobody_sends_for_gmail_but_gmail(server: NameServer) -> None:
    assert codes(await look(server, domain="gmail.com")) == ["free_mail"]
    assert not server.asked


async def test_who_does_not_answer_is_no_finding_against_anybody(server: NameServer) -> None:
    all_good(server)
    server.silent |= {f"_dmarc.{DOMAIN}"}
    server.failing |= {DOMAIN, f"s1._domainkey.{DOMAIN}"}
    resolver = Resolver([Nameserver.read(server.address)], seconds=0.3)

    found = await examine(resolver, DOMAIN, SENDGRID)

    assert codes(found) == [
        "spf_unasked", "dkim_unasked", "dkim_good", "dmarc_unasked", "mx_unasked",
    ]  # fmt: skip
    assert not any(each.verdict is Verdict.BAD for each in found)


async def test_aliases_in_a_circle_end(server: NameServer) -> None:
    all_good(server)
    name = f"s1._domainkey.{DOMAIN}"
    server.put(name, "CNAME", f"x.{name}.")
    server.put(f"x.{name}", "CNAME", f"{name}.")

    found = await look(server)

    assert next(each.code for each in found if each.name == name) in (
        "dkim_alias_missing",
        "dkim_unasked",
    )


async def test_what_does_not_fit_into_a_datagram_is_asked_for_again(server: NameServer) -> None:
    all_good(server)
    long = " ".join(f"ip4:192.0.2.{number}" for number in range(250))
    server.put(DOMAIN, "TXT", f"v=spf1 {long} include:sendgrid.net ~all")
    server.too_long.add(DOMAIN)

    assert of(await look(server), "spf").code == "spf_good"
    assert server.asked["tcp"] >= 1


async def test_a_dead_name_server_is_told_apart_from_no_record() -> None:
    async with naming() as server:
        address = server.address
    resolver = Resolver([Nameserver.read(address)], seconds=0.3)

    with pytest.raises(CouldNotAsk):
        await resolver.txt("example.org")


async def test_a_name_that_is_none_has_no_records(server: NameServer) -> None:
    resolver = Resolver([Nameserver.read(server.address)], seconds=1)

    assert await resolver.txt(f"{'a' * 64}.example.org") == []
    assert await resolver.mx("a..example.org") == []


def test_every_finding_has_a_sentence_in_both_languages() -> None:
    values = {
        "domain": "d",
        "lookups": 1,
        "count": 2,
        "term": "t",
        "most": 10,
        "bits": 1,
        "policy": "p",
        "address": "192.0.2.25",
        "host": "h",
    }
    for code, sentences in WORDS.items():
        finding = Finding(code, Verdict.BAD, values, name="n")
        english, spanish = words(finding, "en"), words(finding, "es")
        assert english != spanish
        assert english.endswith(".")
        assert spanish.endswith(".")
        fields = [{name for _, name, _, _ in string.Formatter().parse(each)} for each in sentences]
        assert fields[0] == fields[1], code


def test_a_finding_is_stored_and_read_again() -> None:
    finding = Finding("spf_void", Verdict.BAD, {"count": 3}, DOMAIN, record="v=spf1 ~all")

    assert Finding.read(finding.written()) == finding
