"""Who vouches for a sender, and whose word is nothing: as mail servers and SendGrid write it."""

from __future__ import annotations

import pytest

from messages.providers.inbound_parse import read_inbound_parse
from messages.providers.mail_reading import read_mail
from tests.fakes.mails import a_reply

OURS = "mx.example.net"
ANA = "ana@example.org"
GMAIL = (
    "mx.google.com; dkim=pass header.i=@example.org header.s=20230601 header.b=Ab1+/c;"
    " spf=pass (google.com: domain of ana@example.org designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=ana@example.org; dmarc=pass (p=QUARANTINE sp=QUARANTINE dis=NONE)"
    " header.from=example.org"
)


def vouched(*results: str, authserv_id: str = OURS, sender: str = ANA) -> bool:
    lines = "".join(f"Authentication-Results: {each}\r\n" for each in results)
    raw = lines.encode() + a_reply("STOP", sender=sender)
    return read_mail(raw, authserv_id=authserv_id).vouched


@pytest.mark.parametrize(
    "results",
    [
        [f"{OURS}; dmarc=pass (p=none dis=none) header.from=example.org"],
        ["MX.example.NET 1; dmarc=pass header.from=Example.ORG"],
        [f"{OURS}; dmarc=none header.from=example.org; dkim=pass header.d=example.org"],
        [f'{OURS};\r\n dkim=pass (2048-bit key; unprotected) header.d="example.org" header.s=a'],
        [f"{OURS}; dkim=fail header.d=list.example; dkim=pass header.i=@example.org"],
        [f"{OURS}; spf=pass smtp.mailfrom=bounce@news.example.org"],
        [
            "other.example; dmarc=fail header.from=example.org",
            f"{OURS}; spf=pass smtp.mailfrom={ANA}",
        ],
    ],
)
def test_our_own_servers_word_counts(results: list[str]) -> None:
    assert vouched(*results)


@pytest.mark.parametrize(
    "results",
    [
        [],
        ["evil.example; dmarc=pass header.from=example.org"],
        [f"{OURS}.evil.example; dmarc=pass header.from=example.org"],
        [f"{OURS}; none"],
        [f"{OURS}; dmarc=fail header.from=example.org; dkim=pass header.d=example.org"],
        # Its writer put the first there, and the server did not take it out.
        [
            f"{OURS}; dmarc=pass header.from=example.org",
            f"{OURS}; dmarc=fail header.from=example.org",
        ],
        [
            f"{OURS}; dkim=fail header.d=example.org; spf=fail",
            f"{OURS}; dkim=pass header.d=example.org",
        ],
        [f"{OURS}; spf=none", f"{OURS}; dmarc=pass header.from=example.org"],
        [f"{OURS}; spf=pass smtp.mailfrom=x@evil.example smtp.mailfrom={ANA}"],
        [f"{OURS}; dkim=pass header.i=@evil.example header.i=@example.org"],
        [f"{OURS}; dmarc=pass header.from=evil.example"],
        [f"{OURS}; dkim=pass header.d=evil.example"],
        [f"{OURS}; dkim=pass header.d=org"],
        [f"{OURS}; dkim=pass header.d=notexample.org"],
        [f"{OURS}; spf=pass smtp.mailfrom=x@evil.example"],
        [f"{OURS}; spf=pass smtp.helo=example.org"],
        [f"{OURS}; spf=softfail smtp.mailfrom={ANA}; dkim=neutral header.d=example.org"],
        # What strangers wrote and the server only quotes.
        [f"{OURS}; spf=none (helo a; dmarc=pass header.from=example.org) smtp.helo=evil.example"],
        [f'{OURS}; spf=none smtp.mailfrom="a; dkim=pass header.d=example.org"@evil.example'],
        [f"{OURS}; dkim"],
        [";;;=;"],
    ],
)
def test_nobody_elses_does(results: list[str]) -> None:
    assert not vouched(*results)


def test_nothing_is_believed_before_the_servers_name_is_set() -> None:
    assert vouched(GMAIL, authserv_id="mx.google.com")
    assert not vouched(GMAIL, authserv_id="")
    assert not vouched("; dmarc=pass header.from=example.org", authserv_id="")


@pytest.mark.parametrize(
    "written",
    [
        b"From: =?utf-8?q?ana=40gmail=2Ecom=2C?= <evil@gmail.com>",
        b"From: ana@gmail.com, evil@gmail.com",
        b"From: ana@gmail.com\r\nFrom: evil@gmail.com",
    ],
)
def test_who_shares_a_domain_cannot_hide_behind_another_of_it(written: bytes) -> None:
    """Gmail vouches for evil@, whom it signed in; what From can be read as is another one's address."""
    results = b"Authentication-Results: mx.google.com; dmarc=pass header.from=gmail.com\r\n"
    raw = results + written + b"\r\nMessage-ID: <1@x>\r\nSubject: stop\r\n\r\nSTOP\r\n"

    mail = read_mail(raw, authserv_id="mx.google.com")

    assert mail.sender == "ana@gmail.com"
    assert not mail.vouched


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"SPF": "pass", "dkim": "none"}, True),
        ({"SPF": "none", "dkim": "{@example.org : pass}"}, True),
        ({"SPF": "fail", "dkim": "{@evil.example : pass}, {@example.org : pass}"}, True),
        ({"SPF": "softfail", "dkim": "{@example.org : fail}"}, False),
        ({"SPF": "none", "dkim": "{@evil.example : pass}"}, False),
        ({"SPF": "pass", "envelope": '{"to":["mail@in"],"from":"x@evil.example"}'}, False),
        ({"SPF": "pass", "envelope": '{"to":["mail@in"]}'}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_inbound_parse_tells_whom_it_vouches_for(
    fields: dict[str, str], *, expected: bool, whole: bool
) -> None:
    form: dict[str, bytes | str] = {
        "envelope": f'{{"to":["mail@in.example.org"],"from":"{ANA}"}}',
        "sender_ip": "8.8.4.4",
        **fields,
    }
    if whole:
        form["email"] = a_reply("STOP", sender=ANA)
    else:
        form |= {"headers": f"From: Ana <{ANA}>\nMessage-ID: <1@x>", "text": "STOP"}

    mail = read_inbound_parse(form)

    assert (mail.vouched, mail.origin) == (expected, "8.8.4.4")


@pytest.mark.parametrize(
    ("received", "origin"),
    [
        (["from mx.evil.example (mx.evil.example [8.8.4.4]) by mx.example.net"], "8.8.4.4"),
        (
            [
                "from localhost (localhost [127.0.0.1]) by mail",
                "from front (front.lan [10.0.0.7]) by mail",
                "from x (x [IPv6:2A00:1450::64]) by front",
                "from victim (victim [1.1.1.1]) by x",
            ],
            "2a00:1450::64",
        ),
        # How a client greets is its own word.
        (["from [8.8.8.8] (unknown [93.184.216.34]) by mx"], "93.184.216.34"),
        (["from a([8.8.8.8]) (b [9.9.9.9]) (using TLSv1.3 (256/256 bits)) by mx"], "9.9.9.9"),
        (["from b ([9.9.9.9] helo=[8.8.8.8]) by mx with esmtp (Exim 4)"], "9.9.9.9"),
        (["from [9.9.9.9] (helo=[8.8.8.8]) by mx with esmtp (Exim 4)"], "9.9.9.9"),
        (["from a (b [9.9.9.9]) by mx for <x@[8.8.8.8]> (x [8.8.8.8]) by y"], "9.9.9.9"),
        (["by mx.example.net with LMTP"], ""),
        (["from [999.1.1.1] by x"], ""),
        ([], ""),
    ],
)
def test_the_server_that_handed_it_over_is_the_first_public_one(
    received: list[str], origin: str
) -> None:
    lines = "".join(f"Received: {each}\r\n" for each in received)

    assert read_mail(lines.encode() + a_reply("STOP")).origin == origin
