"""What a receiving mail server's codes say: that a mailbox is gone, that it is full, or that we are too fast.

Codes are those of RFC 5321 (421, 550) and RFC 3463 (4.7.28). Its words quote the address and are not kept.
"""

from __future__ import annotations

import re

_REPLY = re.compile(r"\s*(?:smtp;\s*)?([245]\d\d)(?:[ -](\d\.\d{1,3}\.\d{1,3}))?")
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")
_PLAIN = frozenset({"421", "450", "451", "452"})
# System not accepting messages, congestion, too many recipients; 4.7.x is policy, as Gmail's 4.7.28 for
# an unusual rate. What begins with 4.1 or 4.2 is about the one mailbox.
_SYSTEM = frozenset({"4.3.2", "4.4.5", "4.5.3"})
# SendGrid's classes of bounces that speak of us or of the way, not of the mailbox:
# https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/bounce-and-block-classifications
_NOT_THE_MAILBOX = frozenset(
    {"content", "frequency or volume too high", "reputation", "technical failure"}
)
_DISABLED = "5.2.1"
# 5.1.7 and 5.1.8 are about whom an email is from (RFC 3463, 3.2).
_NO_MAILBOX = re.compile(r"5\.1\.(?!7$|8$)\d{1,3}")
_MAILBOX = re.compile(r"[45]\.2\.\d{1,3}")
_NOBODY = re.compile(
    r"(?:user|mailbox|recipient|address)\b.{0,40}?\b(?:unknown|not found|does(?:n't| not) exist|no longer exists)"
    r"|\b(?:unknown|no such|invalid|non-?existent) (?:user|mailbox|recipient|account|address)\b"
    r"|no mailbox here by that name|usuario desconocido|no existe (?:el|la|ese|esa) (?:usuario|buz[oó]n|cuenta)",
    re.IGNORECASE,
)
_OUR_FAULT = re.compile(
    r"spam|block|black ?list|deny ?list|reputation|policy|rate limit|too many|authenticat|dmarc|\bspf\b|dkim"
    r"|relay|refused to talk|sender",
    re.IGNORECASE,
)
NOBODY = "invalid address"  # SendGrid's class of bounces for a mailbox that does not exist


def code_of(response: str) -> str:
    """The codes a server's answer begins with, as ``421 4.7.28`` or ``451``; "" where it has none."""
    found = _REPLY.match(response)
    return " ".join(filter(None, found.groups())) if found else ""


def asks_to_slow(code: str) -> bool:
    """Whether a temporary refusal is for everybody at that mailbox provider: then less is sent there."""
    plain, _, enhanced = code.partition(" ")
    if not enhanced:
        return plain in _PLAIN
    return enhanced in _SYSTEM or enhanced.startswith("4.7.")


def is_lasting(status: str, classification: str = "") -> bool:
    """Whether a bounce says that the mailbox is gone; otherwise it may take the next email.

    Only what says so: a refusal without a reason is most often about us, and nobody could take it back.
    """
    if _NO_MAILBOX.fullmatch(
        status
    ):  # no such mailbox, no such domain: whatever else is said of it
        return True
    told = classification.strip().lower()
    if status == _DISABLED:
        return told not in _NOT_THE_MAILBOX
    return told == NOBODY and is_vague(status)


def is_vague(status: str) -> bool:
    """Whether a status says no more than that it failed."""
    return status in ("", "5.0.0")


def names_nobody(words: str) -> bool:
    """Whether a server's words say that nobody has this address, and nothing about us."""
    return _NOBODY.search(words) is not None and _OUR_FAULT.search(words) is None


def is_of_mailbox(status: str, classification: str = "") -> bool:
    """Whether a bounce is about the one mailbox, such as a full one; not about us, or the way to it."""
    return _MAILBOX.fullmatch(status) is not None and (
        classification.strip().lower() not in _NOT_THE_MAILBOX
    )


def is_enhanced(status: str) -> bool:
    """Whether a text is a status number such as 5.1.1."""
    return _ENHANCED.fullmatch(status) is not None
