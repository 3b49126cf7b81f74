"""How an email looks: Markdown to sanitised HTML and to plain text, with the footer the law asks.

Merge fields pass through Markdown as marks, words of letters and digits that nobody types, and are
cut out again from the finished HTML and text; so a value never meets the Markdown parser, and a
field is only ever text or the whole of a link's address, never a part of the markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from messages import wording
from messages.plain_text import plain_text
from messages.providers.provider import Pieces
from messages.templates import BadTemplate, Compiled, is_address

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")

_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "blockquote", "ul", "ol", "li", "pre", "hr"),
    *("a", "br", "strong", "em", "s", "code", "img"),
}
_ATTRIBUTES = {tag: {"style"} for tag in _TAGS}
_ATTRIBUTES["a"] |= {"href", "title"}
_ATTRIBUTES["img"] |= {"src", "alt", "title"}
_ATTRIBUTES["ol"] |= {"start"}
_SCHEMES = {"https", "http", "mailto", "tel"}

# Mail programs drop style sheets, so each element carries its own.
_STYLES = {
    "p": "margin:0 0 16px",
    "a": "color:#27357e",
    "h1": "margin:24px 0 12px;font-size:26px;line-height:1.25",
    "h2": "margin:24px 0 12px;font-size:22px;line-height:1.25",
    "h3": "margin:20px 0 8px;font-size:18px;line-height:1.3",
    "ul": "margin:0 0 16px;padding-left:24px",
    "ol": "margin:0 0 16px;padding-left:24px",
    "blockquote": "margin:0 0 16px;padding:0 0 0 14px;border-left:4px solid #e2dccd",
    "hr": "margin:24px 0;border:0;border-top:1px solid #e2dccd",
    "img": "max-width:100%;height:auto",
}
# A link to the person's own page that is a paragraph of its own is what the email asks for.
_BUTTON = (
    "display:inline-block;padding:12px 22px;border-radius:6px;background-color:#27357e;"
    "color:#ffffff;font-weight:bold;text-decoration:none"
)
_BODY = "margin:0;padding:0;background-color:#f7f4ec"
_PAGE = (
    "max-width:600px;margin:0 auto;padding:24px 20px;background-color:#ffffff;color:#1d2130;"
    "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    "font-size:17px;line-height:1.5;overflow-wrap:break-word"
)
_FOOTER = ("unsubscribe", "preferences")  # the addresses in it
_SMALL = "margin:0 0 8px;font-size:14px;color:#555b6e"


@dataclass(frozen=True, slots=True)
class Footer:
    """Who writes, which every email must say."""

    network: str
    postal_address: str


def lay_out(content: Compiled, *, language: str, footer: Footer) -> tuple[Pieces, Pieces]:
    """Return an email's plain text and its HTML page, both cut at their merge fields.

    Raises BadTemplate for a merge field where only a fixed address can stand.
    """
    marks = _Marks(content)
    tokens = _MARKDOWN.parse(marks.source)
    _link_and_style(tokens, marks)
    text = plain_text(SyntaxTreeNode(tokens)) + "\n\n" + _text_footer(language, footer, marks)
    page = _page(_sanitised(tokens), language=language, footer=footer, marks=marks)
    return marks.cut(text), marks.cut(page)


class _Marks:
    """The words that stand for merge fields while Markdown is at work."""

    def __init__(self, content: Compiled) -> None:
        literals, self._fields = content.pieces[::2], (*content.pieces[1::2], *_FOOTER)
        # Derived from the text, so that the text cannot contain it and the result is always the same.
        self._stem = "q" + sha256("\0".join(content.pieces).encode()).hexdigest()[:16]
        self._any = re.compile(rf"{self._stem}x(\d+)z")
        marked = literals[0] + "".join(
            self._mark(index) + literal for index, literal in enumerate(literals[1:])
        )
        self.source = re.sub(rf"<({self._any.pattern})>", r"\1", marked)
        self.unsubscribe = self._mark(len(self._fields) - 2)
        self.preferences = self._mark(len(self._fields) - 1)

    def _mark(self, index: int) -> str:
        return f"{self._stem}x{index}z"

    def cut(self, text: str) -> Pieces:
        """Cut a finished text at its marks."""
        parts = self._any.split(text)
        return tuple(
            part if index % 2 == 0 else self._fields[int(part)] for index, part in enumerate(parts)
        )

    def in_text(self, text: str) -> list[tuple[str, bool]]:
        """Cut a text around the marks of addresses; tell of each piece whether it is one."""
        pieces, end = [], 0
        for match in self._any.finditer(text):
            if self._is_address(match):
                pieces += [(text[end : match.start()], False), (match[0], True)]
                end = match.end()
        return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]

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


def _link_and_style(tokens: Sequence[Token], marks: _Marks) -> None:
    for token in tokens:
        if token.children is not None and token.type == "inline":
            token.children = list(_with_links(token.children, marks))
            _link_and_style(token.children, marks)
            _make_button(token.children, marks)
        if token.nesting >= 0 and token.tag in _STYLES:
            token.attrSet("style", _STYLES[token.tag])


def _make_button(children: Sequence[Token], marks: _Marks) -> None:
    match children:
        case [Token(type="link_open") as link, Token(type="text") as words, Token()]:
            address = str(link.attrGet("href"))
            if words.content != address and marks.is_own_page(address):
                link.attrSet("style", _BUTTON)


def _with_links(children: Iterable[Token], marks: _Marks) -> Iterable[Token]:
    """Make a link of an address that stands in the text; leave those that already are in one."""
    depth = 0
    for token in children:
        marks.require_address(str(token.attrGet("href") or token.attrGet("src") or ""))
        depth += token.nesting if token.type.startswith("link_") else 0
        if token.type == "text" and depth == 0:
            for text, is_address in marks.in_text(token.content):
                yield from _linked(text) if is_address else [_text(text)]
        else:
            yield token


def _linked(address: str) -> list[Token]:
    opening = Token("link_open", "a", 1, attrs={"href": address})
    return [opening, _text(address), Token("link_close", "a", -1)]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _sanitised(tokens: Sequence[Token]) -> str:
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return nh3.clean(
        rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None
    )


def _text_footer(language: str, footer: Footer, marks: _Marks) -> str:
    return "\n".join(
        (
            "-- ",
            wording.why_this_email(language, network=footer.network),
            f"{footer.network}, {_one_line(footer.postal_address)}",
            f"{wording.unsubscribe_label(language)}: {marks.unsubscribe}",
            f"{wording.preferences_label(language)}: {marks.preferences}",
        )
    )


def _page(content: str, *, language: str, footer: Footer, marks: _Marks) -> str:
    network, address = html.escape(footer.network), html.escape(_one_line(footer.postal_address))
    why = html.escape(wording.why_this_email(language, network=footer.network))
    return f"""<!DOCTYPE html>
<html lang="{html.escape(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{network}</title>
</head>
<body style="{_BODY}">
<div style="{_PAGE}">
{content.strip()}
<hr style="{_STYLES["hr"]}">
<p style="{_SMALL}">{why}</p>
<p style="{_SMALL}">{network}, {address}</p>
<p style="{_SMALL}"><a href="{marks.unsubscribe}" style="{_STYLES["a"]}">\
{html.escape(wording.unsubscribe_label(language))}</a> · \
<a href="{marks.preferences}" style="{_STYLES["a"]}">\
{html.escape(wording.preferences_label(language))}</a></p>
</div>
</body>
</html>
"""


def _one_line(text: str) -> str:
    return ", ".join(line.strip(" ,") for line in text.splitlines() if line.strip())
