"""How somebody passes an action on: the page anyone may see, in their own language; pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Share:
    """Links that open a message to a friend with the public page in it."""

    url: str
    sms: str
    email: str
    whatsapp: str


def share(page: str, title: str, language: str) -> Share:
    """Pass a public page's address on with its title, so that the friend reads the same language."""
    url = f"{page}?{urlencode({'lang': language})}"
    words = quote(f"{title} {url}")
    return Share(
        url=url,
        # The form that iPhones and Androids both understand.
        sms=f"sms:?&body={words}",
        email=f"mailto:?subject={quote(title)}&body={words}",
        whatsapp=f"https://wa.me/?text={words}",
    )
