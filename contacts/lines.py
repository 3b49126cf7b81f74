"""A name or a place as people see it: one line, and nothing in it that turns another text into a lie."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120  # characters

# Controls, what turns the reading direction or has no width, halves of characters, and private ones. The
# two joiners stay: Persian and several Indian names are written with them.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff]"
)


def one_line(text: str) -> str:
    """The text on one line, composed, of bearable length, without what nobody can see.

    A right-to-left override in a name would make the words behind it read backwards
    (https://trojansource.codes), and half a character is none that a database stores.
    """
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text[:LONGEST]
    seen = " ".join(_UNSEEN.sub("", text).split())
    return unicodedata.normalize("NFC", seen)[:LONGEST].rstrip()
