"""Did any process write down a number, an address or a word of a message? (I9)"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

DIGITS = re.compile(r"(?<!\d)(?:1)?(\d{10})(?!\d)")
MAILBOX = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def spoken(logs: Iterable[Path], addresses: Collection[str], fragments: Sequence[str]) -> list[str]:
    """I9: where an address, or a fragment of a text, stands in what a process wrote.

    ``addresses`` are phones in E.164 and mailboxes. A phone is found however it is punctuated.
    """
    phones = {address[-10:] for address in addresses if address.startswith("+")}
    found = []
    for path in logs:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            said = _said(line, addresses, phones, fragments)
            found += [f"I9: {path.name}:{number} says {what}" for what in said]
    return found


def _said(
    line: str, addresses: Collection[str], phones: Collection[str], fragments: Sequence[str]
) -> list[str]:
    bare = re.sub(r"(?<=\d)[ ().-]+(?=\d)", "", line)
    return [
        *("a phone number" for number in DIGITS.findall(bare) if number in phones),
        *("an email address" for one in MAILBOX.findall(line) if one.lower() in addresses),
        *(f"words of a message ({part!r})" for part in fragments if part in line),
    ]
