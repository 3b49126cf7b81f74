"""Emails as mail servers and people send them to us, written by hand after real ones."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from textwrap import dedent

OURS = "mail@in.example.org"


def a_reply(text: str, *, sender: str = "ana@example.org", to: str = OURS, **headers: str) -> bytes:
    """What somebody wrote to us."""
    message = EmailMessage(policy=SMTP)
    said = {"From": f"Ana <{sender}>", "To": to, "Subject": "Re: Call today", **headers}
    for name, value in said.items():
        message[name.replace("_", "-")] = value
    if "Message-ID" not in message:
        message["Message-ID"] = (
            f"<{abs(hash((text, sender, to, *headers.values())))}@mx.example.com>"
        )
    message.set_content(text)
    return message.as_bytes()


def a_report(
    *,
    to: str,
    action: str = "failed",
    status: str = "5.1.1",
    answer: str = "550 5.1.1 No such user",
    recipient: str = "ana@example.org",
    headers: str = "Subject: Call today",
    number: int = 1,
) -> bytes:
    """A delivery status notification (RFC 3464), as Postfix writes it."""
    return (
        dedent(
            """\
        Return-Path: <>
        Delivered-To: {to}
        Date: Tue, 24 Nov 2026 10:00:00 +0000
        From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
        Subject: Undelivered Mail Returned to Sender
        To: {to}
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="B0"
        Message-Id: <{number}.dsn@mx.example.com>

        This is a MIME-encapsulated message.

        --B0
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        I'm sorry to have to inform you that your message could not be delivered.

        <{recipient}>: host mx.example.com said: {answer}

        --B0
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.com
        Arrival-Date: Tue, 24 Nov 2026 09:59:59 +0000

        Final-Recipient: rfc822; {recipient}
        Original-Recipient: rfc822;{recipient}
        Action: {action}
        Status: {status}
        Diagnostic-Code: smtp; {answer}

        --B0
        Content-Description: Undelivered Message Headers
        Content-Type: text/rfc822-headers

        {headers}

        --B0--
        """
        )
        .format(**locals())
        .replace("\n", "\r\n")
        .encode()
    )


def a_complaint(
    *, to: str, kind: str = "abuse", headers: str = "Subject: Call today", number: int = 1
) -> bytes:
    """A complaint (RFC 5965), as mailbox providers pass it on."""
    return (
        dedent(
            """\
        From: <fbl@mail.example.net>
        Date: Tue, 24 Nov 2026 10:00:00 +0000
        Subject: FW: Call today
        To: <{to}>
        Message-ID: <{number}.arf@mail.example.net>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="B0"

        --B0
        Content-Type: text/plain; charset="US-ASCII"

        This is an email abuse report.

        --B0
        Content-Type: message/feedback-report

        Feedback-Type: {kind}
        User-Agent: SomeGenerator/1.0
        Version: 1
        Source-IP: 192.0.2.1

        --B0
        Content-Type: message/rfc822

        {headers}
        From: Sister Cities <alerts@example.org>

        Dear Ana, please call.

        --B0--
        """
        )
        .format(**locals())
        .replace("\n", "\r\n")
        .encode()
    )


_HEAD = b"From: ana@example.org\r\nMIME-Version: 1.0\r\n"
# What raises in the library that takes emails apart: nobody writes so, and anybody can.
BREAKING = {
    **{
        f"an attachment in {charset!r}": _HEAD
        + b"Content-Disposition: attachment; filename*="
        + charset
        + b"''x\r\n\r\nx"
        for charset in (b"undefined", b"idna", b"utf-8\0")
    },
    "nested comments in From": b"From: " + b"(" * 9_000 + b" ana@example.org\r\n\r\nx",
    "nested comments in To": _HEAD + b"To: " + b"(" * 9_000 + b" ana@example.org\r\n\r\nx",
    "returned headers in no character set": (
        b"From: MAILER-DAEMON@mx.example.com\r\nContent-Type: multipart/report; boundary=B\r\n\r\n"
        b"--B\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--B\r\nContent-Type: text/rfc822-headers; charset*=''x\r\n\r\nSubject: \xff\r\n\r\n--B--\r\n"
    ),
}
