"""What may stand in an email's headers: one line, a sender, a way to unsubscribe."""

from __future__ import annotations

import re
from email.utils import parseaddr

from messages.providers.provider import Route


def unsubscribe_headers(url: str, leave: str = "") -> dict[str, str]:
    """One-click unsubscribe, RFC 8058; Gmail and Yahoo ask it of everybody who mails many.

    Programs that do not know it send an email instead, where there is a mailto address.
    """
    by_mail = f", <{one_line(leave)}>" if leave else ""
    return {
        "List-Unsubscribe": f"<{one_line(url)}>{by_mail}",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def thread_headers(route: Route) -> dict[str, str]:
    """What an email answers, and that nobody wrote it (RFC 3834: no machine answers such a one)."""
    headers = {}
    if route.in_reply_to:
        headers["In-Reply-To"] = one_line(route.in_reply_to)
        headers["References"] = one_line(route.references)
    if route.automatic:
        headers["Auto-Submitted"] = "auto-replied"
        headers["X-Auto-Response-Suppress"] = "All"  # Exchange does not know the former
    return headers


def one_line(text: str) -> str:
    """A text that may stand in a header: without the line ends that would start another one."""
    if text.isprintable():
        return text.strip()
    return re.sub(r"[\r\n\0\v\f\x85\u2028\u2029]+", " ", text).strip()


def mailbox(sender: str) -> tuple[str, str]:
    """Cut ``Name <address>`` into its two parts."""
    return parseaddr(one_line(sender))
