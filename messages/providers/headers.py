"""What may stand in an email's headers: one line, a sender, a way to unsubscribe."""

from __future__ import annotations

import re
from email.utils import parseaddr


def unsubscribe_headers(url: str) -> dict[str, str]:
    """One-click unsubscribe, RFC 8058; Gmail and Yahoo ask it of everybody who mails many."""
    return {
        "List-Unsubscribe": f"<{one_line(url)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def one_line(text: str) -> str:
    """A text that may stand in a header: without the line ends that would start another one."""
    if text.isprintable():
        return text.strip()
    return re.sub(r"[\r\n\0\v\f\x85\u2028\u2029]+", " ", text).strip()


def mailbox(sender: str) -> tuple[str, str]:
    """Cut ``Name <address>`` into its two parts."""
    return parseaddr(one_line(sender))
