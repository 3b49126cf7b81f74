"""What stands for merge fields while Markdown and MJML are at work: words that nobody types.

A field passes through as such a word and is cut out again from the finished HTML and text; so a value never
meets a parser, and a field is only ever text or the whole of a link's address, never a part of the markup.
"""

from __future__ import annotations

import re
from hashlib import sha256

from messages.providers.provider import Pieces
from messages.templates import BadTemplate, is_address

_OURS = ("link", "unsubscribe", "preferences")  # the addresses that a layout uses by itself


class Marks:
    """The marks of one text, and what comes of them."""

    def __init__(self, content: Pieces) -> None:
        literals, self._fields = content[::2], (*content[1::2], *_OURS)
        # Derived from the text, so that the text cannot contain it and the result is always the same.
        self._stem = "q" + sha256("\0".join(content).encode()).hexdigest()[:16]
        self._any = re.compile(rf"{self._stem}x(\d+)z")
        self._kept = re.compile(rf"{self._stem}y(\d+)z")
        self._keeping: list[str] = []
        marked = literals[0] + "".join(
            self._mark(index) + literal for index, literal in enumerate(literals[1:])
        )
        self.source = re.sub(rf"<({self._any.pattern})>", r"\1", marked)
        self.link, self.unsubscribe, self.preferences = (
            self._mark(len(self._fields) - n) for n in (3, 2, 1)
        )

    def _mark(self, index: int) -> str:
        return f"{self._stem}x{index}z"

    def cut(self, text: str) -> Pieces:
        """Cut a finished text at its marks."""
        parts = self._any.split(text)
        return tuple(
            part if index % 2 == 0 else self._fields[int(part)] for index, part in enumerate(parts)
        )

    def keep(self, finished: str) -> str:
        """A word that stands for finished HTML while the page around it is made."""
        self._keeping.append(finished)
        return f"{self._stem}y{len(self._keeping) - 1}z"

    def put_back(self, page: str) -> str:
        """A finished page with what was kept in its places."""
        return self._kept.sub(lambda match: self._keeping[int(match[1])], page)

    def in_text(self, text: str) -> list[tuple[str, bool]]:
        """Cut a text around the marks of addresses; tell of each piece whether it is one."""
        pieces, end = [], 0
        for match in self._any.finditer(text):
            if self._is_address(match):
                pieces += [(text[end : match.start()], False), (match[0], True)]
                end = match.end()
        return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]

    def has_address(self, text: str) -> bool:
        """Whether a text has an address, of ours or of others."""
        return "://" in text or any(self._is_address(match) for match in self._any.finditer(text))

    def in_any(self, text: str) -> bool:
        """Whether a text has a merge field."""
        return self._any.search(text) is not None

    def require_address(self, url: str) -> None:
        """Refuse a link that a person's own words could lead elsewhere."""
        match = self._any.search(url)
        if match and not (match[0] == url and self._is_address(match)):
            name = self._fields[int(match[1])]
            raise BadTemplate(
                f"A link's address cannot contain {{{{ {name} }}}}: use {{{{ link }}}} alone, or an "
                "address without merge fields."
            )

    def is_own_page(self, url: str) -> bool:
        """Tell whether a link leads to the person's action page."""
        match = self._any.fullmatch(url)
        return match is not None and self._fields[int(match[1])] == "link"

    def _is_address(self, match: re.Match[str]) -> bool:
        return is_address(self._fields[int(match[1])])
