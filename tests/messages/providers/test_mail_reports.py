"""Reports of mail servers, as they come: by the standards, by none, and made up by whoever likes."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.providers.mail_reading import UnreadableMail, read_mail
from messages.providers.mail_reports import Act, read_event
from messages.providers.provider import Harm, Trouble, Verdict
from tests.fakes.mails import BREAKING, a_complaint, a_reply, a_report

TO = "mail+b1@in.example.org"


def event(act: str, status: str = "") -> dict[str, object]:
    told = {"act": act, "status": status}
    return {**told, "d": 1, "a": 1, "k": "token", "address": "ana@example.org"}


@pytest.mark.parametrize(
    ("action", "status", "answer", "act", "read"),
    [
        ("failed", "5.1.1", "550 5.1.1 No such user", Act.FAILED, "5.1.1"),
        ("failed", "5.0.0", "550 5.1.1 No such user", Act.FAILED, "5.1.1"),
        ("failed", "5.0.0", "550 no such user here", Act.FAILED, "5.1.1"),
        ("failed", "", "550 User unknown", Act.FAILED, "5.1.1"),
        ("failed", "5.0.0", "552 mailbox is full", Act.FAILED, "5.2.2"),
        ("failed", "5.0.0", "554 blocked using zen.spamhaus.org", Act.FAILED, "5.0.0"),
        ("failed", "5.0.0", "550 spam: recipient unknown to us", Act.FAILED, "5.0.0"),
        ("failed", "", "550 spam", Act.FAILED, "5.0.0"),
        ("Failed", "5.2.2 (mailbox full)", "552 5.2.2 Full", Act.FAILED, "5.2.2"),
        ("failed", "4.4.7", "delivery time expired", Act.FAILED, "4.4.7"),
        ("delayed", "4.2.2", "452 4.2.2 Full", Act.DELAYED, "4.2.2"),
        ("delivered", "2.1.5", "250 2.1.5 OK", Act.DELIVERED, "2.1.5"),
        ("relayed", "2.0.0", "250 OK", Act.RELAYED, "2.0.0"),
        ("expanded", "2.0.0", "250 OK", Act.RELAYED, "2.0.0"),
        ("", "4.7.1", "", Act.DELAYED, "4.7.1"),
        ("nonsense", "nonsense", "", Act.NOTHING, ""),
    ],
)
def test_a_delivery_report_is_read(
    action: str, status: str, answer: str, act: Act, read: str
) -> None:
    report = read_mail(a_report(to=TO, action=action, status=status, answer=answer)).report

    assert report is not None
    assert (report.act, report.status) == (act, read)
    assert "Subject: Call today" in report.quoted


@pytest.mark.parametrize(
    ("kind", "act"),
    [
        ("abuse", Act.COMPLAINT),
        ("fraud", Act.COMPLAINT),
        ("opt-out", Act.OPT_OUT),
        ("not-spam", Act.NOTHING),
        ("auth-failure", Act.NOTHING),
    ],
)
def test_a_complaint_is_read(kind: str, act: Act) -> None:
    report = read_mail(a_complaint(to=TO, kind=kind, headers="Message-ID: <m1@us>")).report

    assert report is not None
    assert report.act is act
    assert "<m1@us>" in report.quoted


QMAIL = b"""\
From: MAILER-DAEMON@mx.example.com
To: mail+b1@in.example.org
Subject: failure notice
Message-ID: <q@mx>

Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ana@example.org>:
%s

--- Below this line is a copy of the message.

Return-Path: <mail+b1@in.example.org>
Message-ID: <m1token@us>
"""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (b"Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1"),
        (b"The user's mailbox is full.", "5.2.2"),
        (b"192.0.2.1 does not like recipient.", "5.0.0"),
    ],
)
def test_a_report_in_a_form_of_its_own_is_read(words: bytes, status: str) -> None:
    report = read_mail(QMAIL % words).report

    assert report is not None
    assert (report.act, report.status) == (Act.FAILED, status)
    assert "m1token" in report.quoted


@pytest.mark.parametrize(
    ("status", "lasting"),
    [
        ("5.1.1", True),
        ("5.1.10", True),
        ("5.2.1", True),
        ("5.1.8", False),  # it is about whom the email is from
        ("5.0.0", False),
        ("5.2.2", False),
        ("5.3.4", False),
        ("5.4.4", False),
        ("5.4.7", False),
        ("5.5.1", False),
        ("5.7.1", False),
        ("4.2.2", False),
        ("4.4.7", False),
        ("", False),
    ],
)
def test_a_mailbox_is_gone_or_only_full_or_dislikes_us(status: str, lasting: bool) -> None:
    receipt = read_event(event("failed", status))
    assert receipt.verdict is Verdict.UNDELIVERED
    assert receipt.harm is (Harm.BOUNCED if lasting else None)
    assert receipt.trouble is (Trouble.HARD if lasting else Trouble.SOFT)


def test_what_is_late_has_not_failed() -> None:
    receipt = read_event(event("delayed", "4.4.1"))

    assert (receipt.verdict, receipt.harm, receipt.trouble) == (Verdict.ACCEPTED, None, None)
    assert receipt.deferral == ""  # anybody can say so of their own copy


def test_a_complaint_and_a_wish_to_leave_say_so_of_the_address() -> None:
    assert read_event(event("complaint")).harm is Harm.COMPLAINED
    assert read_event(event("complaint")).trouble is Trouble.COMPLAINT
    assert read_event(event("opt_out")).harm is Harm.OPTED_OUT


def test_what_a_person_writes_is_no_report() -> None:
    words = "My mailbox is full, user unknown 550 5.1.1, undeliverable!"

    assert read_mail(a_reply(words)).report is None


def test_a_bounce_quoted_by_a_person_is_no_report() -> None:
    forwarded = a_reply("See below.\n\n" + (QMAIL % b"no mailbox").decode())

    assert read_mail(forwarded).report is None


# Whatever anybody sends is read, or refused in a sentence, in bounded time.

HEADERS = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=B0",
        b'Content-Type: multipart/mixed; boundary="=?utf-8?q?x?="',
        b"Content-Type: message/rfc822",
        b"Content-Type: message/delivery-status",
        b"Content-Type: message/feedback-report",
        b"Content-Type: text/plain; charset=punycode",
        b"Content-Type: text/html; charset=\xff",
        b'Content-Type: ;;;="',
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: x-uuencode",
        b"Content-Disposition: attachment; filename*=utf-7''%2b",
        b"From: MAILER-DAEMON",
        b"From: =?utf-8?b?/////?= <ana@example.org>",
        b"From: ana@example.org, <>",
        b"Message-ID: <<>>",
        b"Action: failed\r\nStatus: 5.1.1",
        b"Return-Path: <>",
        b"--B0",
        b"--B0--",
        b"",
    ]
)
ANYTHING = st.lists(HEADERS | st.binary(max_size=60), max_size=30).map(b"\r\n".join)


@settings(deadline=None)
@given(ANYTHING)
def test_whatever_comes_is_read_or_refused_in_a_sentence(raw: bytes) -> None:
    with suppress(UnreadableMail):
        mail = read_mail(raw)
        assert len(mail.key) == 40
        assert mail.sender or mail.report is not None
        assert "\0" not in mail.text


@settings(deadline=None)
@given(st.data())
def test_a_report_that_was_tampered_with_is_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([a_report(to=TO), a_complaint(to=TO), QMAIL]))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 400)))
    raw = whole[:start] + data.draw(st.binary(max_size=40)) + whole[end:]

    with suppress(UnreadableMail):
        read_mail(raw)


def nested(levels: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(levels)
    )
    return b"From: ana@example.org\r\n" + opened + b"\r\nx" * 50_000


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_the_library_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(UnreadableMail, match="built in a way that nobody can read"):
        read_mail(BREAKING[name])


HUGE = {
    "nested": nested(2_000),
    "emails in emails": b"From: a@b.org\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 50_000,
    "empty lines": b"From: a@b.org\r\n\r\n" + b"\n" * 3_000_000,
    "blocks of a report": b"Content-Type: message/delivery-status\r\n\r\n" + b"\n\n" * 1_000_000,
    "a long header": b"From: a@b.org\r\nContent-Type: multipart/mixed; " + b'x=";\\"' * 300_000,
    "a folded header": b"From: a@b.org\r\nContent-Type: multipart/x" + b'\r\n ;x="' * 200_000,
    "a long subject": b"From: a@b.org\r\nSubject: " + b"=?utf-8?q?a?= " * 200_000 + b"\r\n\r\nx",
    "many headers": b"From: a@b.org\r\n" + b"To: x@y.org\r\n" * 150_000 + b"\r\nx",
    "a slow character set": (
        b"From: a@b.org\r\nContent-Type: text/plain; charset=punycode\r\n\r\n" + b"a-b9" * 500_000
    ),
    "open comments": (
        b"From: a@b.org\r\nContent-Type: text/html\r\n\r\n" + b"<!--" * 50_000 + b"<a b='" * 50_000
    ),
    "open elements": b"From: a@b.org\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 40_000,
    "a packed bomb": (
        b"From: a@b.org\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: application/zip\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b"UEsDBBQAAAAI" * 6 + b"\r\n" * 40_000
    ),
    "ten megabytes": b"From: a@b.org\r\n\r\n" + (b"x" * 70 + b"\r\n") * 150_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_what_is_built_to_be_slow_is_read_soon(name: str) -> None:
    begun = time.process_time()

    with suppress(UnreadableMail):
        read_mail(HUGE[name])

    # Each took minutes, or gigabytes, before the limit that it runs into; processor time, not the clock.
    assert time.process_time() - begun < 10
