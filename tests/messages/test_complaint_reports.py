"""Complaints as mailbox providers pass them on, written after the forms they document: what they leave, we find."""

from __future__ import annotations

from textwrap import dedent

import pytest
from sqlalchemy import select

from contacts.models import Standing
from messages.links import person_token
from messages.mail_addresses import Mark, token
from messages.mailroom import Kind
from messages.models import Status
from messages.reach_models import MailTrouble
from tests.fakes.mails import a_report
from tests.messages.test_mailroom import ANA, SECRET, Room, room

__all__ = ["room"]

# RFC 5965 with our whole email, addresses in its headers taken out.
YAHOO = """\
    From: Yahoo! Mail AntiSpam Feedback <feedback@arf.mail.yahoo.com>
    To: fbl@example.org
    Subject: FW:Call today
    Message-ID: <1@arf.mail.yahoo.com>
    MIME-Version: 1.0
    Content-Type: multipart/report; boundary="B"; report-type=feedback-report

    --B
    Content-Type: text/plain; charset=US-ASCII

    This is an email abuse report for an email message received from example.org.

    --B
    Content-Type: message/feedback-report

    Feedback-Type: abuse
    User-Agent: Yahoo!-Mail-Feedback/2.0
    Version: 0.1
    Original-Mail-From: <redacted@example.org>
    Original-Rcpt-To: <redacted@yahoo.com>
    Reported-Domain: example.org

    --B
    Content-Type: message/rfc822
    Content-Disposition: inline

    To: <redacted@yahoo.com>
    {headers}
    From: Sister Cities <alerts@example.org>

    Dear Ana, please call.
    --B--
    """
# The headers alone, as RFC 6591 lets a reporter; the addresses are hashes.
COMCAST = """\
    From: Comcast Abuse Feedback <feedback@fbl.comcast.net>
    To: fbl@example.org
    Subject: Abuse report
    Message-ID: <1@fbl.comcast.net>
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=feedback-report; boundary="B"

    --B
    Content-Type: text/plain

    This is a Comcast email abuse report.

    --B
    Content-Type: message/feedback-report

    Feedback-Type: abuse
    User-Agent: ReturnPathFBL/1.0
    Version: 1
    Original-Rcpt-To: 0a1b2c3d4e5f@comcast.net
    Source-IP: 192.0.2.1

    --B
    Content-Type: text/rfc822-headers

    {headers}
    To: 0a1b2c3d4e5f@comcast.net
    Subject: Call today
    --B--
    """
# No report by its type: our email attached, its recipient first.
MICROSOFT = """\
    From: staff@hotmail.com
    To: fbl@example.org
    Subject: complaint about message from 192.0.2.1
    Message-ID: <1@hotmail.com>
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="B"

    --B
    Content-Type: message/rfc822
    Content-Disposition: attachment

    X-HmXmrOriginalRecipient: redacted@hotmail.com
    {headers}
    From: Sister Cities <alerts@example.org>

    Dear Ana, please call.
    --B--
    """
FORMS = {"yahoo": YAHOO, "comcast": COMCAST, "microsoft": MICROSOFT}


def report(form: str, headers: str) -> bytes:
    return dedent(FORMS[form]).format(headers=headers).replace("\n", "\r\n").encode()


def marks(room: Room, left: str) -> str:
    page = f"https://us.example/u/{person_token(SECRET, room.copy_id)}"
    return {
        "page": f"List-Unsubscribe: <{page}>, <mailto:redacted@example.org>",
        "address": f"List-Unsubscribe: <mailto:mail+{token(SECRET, Mark.LEAVE, room.copy_id)}@us>",
        "path": f"Return-Path: <{room.to(Mark.BOUNCE)}>",
        "message id": f"Message-ID: {room.message_mark}",
        "reply address": f"Reply-To: {room.to(Mark.REPLY)}",
        "guessed": f"List-Unsubscribe: <{page[:-1]}{'0' if page[-1] != '0' else '1'}>",
        "nothing": "Message-ID: <redacted>",
    }[left]


def noted(room: Room) -> list[str]:
    return list(room.conn.scalars(select(MailTrouble.kind)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("left", ["page", "address", "path"])
def test_who_complains_is_written_to_no_more(room: Room, form: str, left: str) -> None:
    assert room.take(report(form, marks(room, left))) == {Kind.COMPLAINT: 1}

    standing = Standing.COMPLAINED if left == "path" else Standing.OPTED_OUT
    assert room.standings == {ANA: standing}
    assert noted(room) == ["complaint"]


@pytest.mark.parametrize("form", FORMS)
def test_a_message_id_alone_is_hearsay_and_suppresses_nobody(room: Room, form: str) -> None:
    """It stands in every answer to our email, so others may know it."""
    assert room.take(report(form, marks(room, "message id"))) == {Kind.COMPLAINT: 1}

    assert room.standings == {}
    assert noted(room) == ["hearsay"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("left", ["reply address", "guessed", "nothing"])
def test_a_complaint_of_nobodys_is_told_and_does_nothing(room: Room, form: str, left: str) -> None:
    assert room.take(report(form, marks(room, left))) == {Kind.STRAY: 1}

    assert (room.standings, noted(room), room.replies) == ({}, [], [])


def test_a_wish_to_leave_that_a_provider_passes_on_needs_the_link(room: Room) -> None:
    leaves = [
        report("yahoo", marks(room, left)).replace(b"Type: abuse", b"Type: opt-out")
        for left in ("message id", "page")
    ]

    assert room.take(leaves[0]) == {Kind.UNPROVEN: 1}
    assert room.standings == {}
    again = leaves[1].replace(b"<1@arf", b"<2@arf")
    assert room.take(again) == {Kind.LEAVE: 1}
    assert room.standings == {ANA: Standing.OPTED_OUT}


def test_a_bounce_is_not_believed_for_the_link(room: Room) -> None:
    counted = room.take(a_report(to="x@example.org", headers=marks(room, "page")))

    assert counted == {Kind.UNPROVEN: 1}
    assert room.status is Status.ACCEPTED
