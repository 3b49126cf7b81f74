"""A form of ours proves that our page was looked at, not long ago: programs that post blindly have none."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

VALID = timedelta(hours=6)  # a phone may lie in a pocket with the page open


class StaleForm(ValueError):
    """This page was open for too long. Nothing was sent; please press the button once more."""


def issue(secret: str, about: str, *, now: datetime) -> str:
    """What a form carries."""
    at = str(int(now.timestamp()))
    return f"{at}.{_mac(secret, about, at)}"


def check(secret: str, about: str, token: str, *, now: datetime) -> None:
    """Raise StaleForm unless we issued this for this form, and lately."""
    at, _, mac = token.partition(".")
    if not hmac.compare_digest(mac.encode(), _mac(secret, about, at).encode()):
        raise StaleForm(StaleForm.__doc__)
    if not 0 <= now.timestamp() - int(at) <= VALID.total_seconds():
        raise StaleForm(StaleForm.__doc__)


def _mac(secret: str, about: str, at: str) -> str:
    return hmac.new(secret.encode(), f"form {about} {at}".encode(), sha256).hexdigest()[:32]
