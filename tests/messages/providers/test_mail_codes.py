"""What a receiving server's codes say of us, and what of the one mailbox."""

from __future__ import annotations

import aiosmtplib
import pytest

from messages.providers.mail_codes import (
    asks_to_slow,
    code_of,
    is_lasting,
    is_of_mailbox,
    names_nobody,
)
from messages.providers.provider import NotSent
from messages.providers.smtp import read_failure


@pytest.mark.parametrize(
    ("response", "code", "slow"),
    [
        ("421 4.7.28 Our system has detected an unusual rate", "421 4.7.28", True),
        ("421-4.7.0 Try again later, closing connection", "421 4.7.0", True),
        ("421 RP-001 The mail server IP has exceeded the rate limit", "421", True),
        ("451 4.3.2 Please try again later", "451 4.3.2", True),
        ("451 greylisted", "451", True),
        ("452 4.5.3 Too many recipients", "452 4.5.3", True),
        ("452 4.2.2 The email account is over quota", "452 4.2.2", False),
        ("450 4.2.1 The user is receiving mail at a rate too high", "450 4.2.1", False),
        ("450 4.1.1 no such mailbox yet", "450 4.1.1", False),
        (
            "smtp; 451 4.7.650 The mail server has been temporarily rate limited",
            "451 4.7.650",
            True,
        ),
        ("unable to get mx info", "", False),
        ("550 5.1.1 no such user", "550 5.1.1", False),
    ],
)
def test_what_is_for_everybody_slows_us_down(response: str, code: str, *, slow: bool) -> None:
    assert code_of(response) == code
    assert asks_to_slow(code) == slow


def test_a_full_mailbox_is_not_gone() -> None:
    assert is_lasting("5.1.1")
    assert is_lasting("5.1.2", "Reputation")
    assert is_lasting("5.2.1")
    assert is_lasting("", "Invalid Address")
    assert not is_lasting("5.2.2")
    assert not is_lasting("4.4.1")
    assert not is_lasting("5.2.1", " Reputation ")


@pytest.mark.parametrize("status", ["", "5.0.0", "5.1.7", "5.3.0", "5.4.4", "5.5.0", "5.7.1"])
def test_a_refusal_that_names_no_mailbox_is_not_for_good(status: str) -> None:
    assert not is_lasting(status)


@pytest.mark.parametrize(
    ("words", "nobody"),
    [
        ("550 No such user here", True),
        ("550 <ana@example.org>: Recipient address rejected: User unknown in local table", True),
        ("550 The email account that you tried to reach: user does not exist", True),
        ("550 Buzon: usuario desconocido", True),
        ("550 spam", False),
        ("550 Requested action not taken", False),
        ("554 user unknown or blocked using zen.spamhaus.org", False),
        ("550 sender address unknown", False),
    ],
)
def test_words_say_that_nobody_lives_there(words: str, *, nobody: bool) -> None:
    assert names_nobody(words) == nobody


def test_only_a_full_mailbox_is_a_mailboxs_own_trouble() -> None:
    assert is_of_mailbox("5.2.2")
    assert is_of_mailbox("4.2.2", "Mailbox Unavailable")
    assert not is_of_mailbox("5.2.0", "Reputation")
    assert not is_of_mailbox("5.7.1")
    assert not is_of_mailbox("4.4.7")
    assert not is_of_mailbox("")


def test_only_what_a_relay_says_of_a_recipient_slows_their_domain() -> None:
    recipient = aiosmtplib.SMTPRecipientRefused(451, "4.7.1 greylisted", "ana@example.org")
    ours = aiosmtplib.SMTPSenderRefused(451, "4.3.2 busy", "alerts@example.org")

    deferrals = [read_failure(each) for each in (recipient, ours)]

    assert [isinstance(each, NotSent) and each.deferral for each in deferrals] == ["451 4.7.1", ""]
