"""How an email looks: Markdown with its blocks, to sanitised HTML in the network's layout and to plain text.

Everything here is done once per message and language. What is each person's own is cut out of the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import nh3
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from messages import wording
from messages.email_blocks import (
    MARKDOWN,
    Button,
    Event,
    Facts,
    Part,
    Photo,
    Prose,
    Quote,
    parts_of,
)
from messages.email_marks import Marks
from messages.email_page import Letterhead, Piece, page_of, style_of
from messages.plain_text import plain_text
from messages.providers.provider import Pieces
from messages.templates import Compiled

KEPT = 128  # emails, of some 30 KB each
_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "blockquote", "ul", "ol", "li", "pre", "hr"),
    *("a", "br", "strong", "em", "s", "code"),
}
_ATTRIBUTES = {tag: {"style"} for tag in _TAGS}
_ATTRIBUTES["a"] |= {"href", "title"}
_ATTRIBUTES["ol"] |= {"start"}
_SCHEMES = {"https", "http", "mailto", "tel"}


def lay_out(content: Compiled, *, language: str, letterhead: Letterhead) -> tuple[Pieces, Pieces]:
    """Return an email's plain text and its HTML page, both cut at their merge fields.

    Raises BadTemplate for what cannot stand in an email, with its line.
    """
    return _laid_out(content.pieces, language, letterhead)


@lru_cache(KEPT)
def _laid_out(content: Pieces, language: str, letterhead: Letterhead) -> tuple[Pieces, Pieces]:
    """Kept, for it takes milliseconds, and pages and senders ask for the same email again and again."""
    marks = Marks(content)
    call = wording.label(language, "call")
    parts = parts_of(marks, public_url=letterhead.public_url, call=call)
    for part in parts:
        _link(getattr(part, "tokens", ()), marks)
    said = "\n\n".join(_texts(parts, language, letterhead))
    text = f"{said}\n\n{_text_footer(language, letterhead, marks)}"
    pieces = list(_pieces(parts, language, letterhead))
    page = page_of(pieces, said, language=language, letterhead=letterhead, marks=marks)
    return marks.cut(text), marks.cut(page)


def _link(tokens: Iterable[Token], marks: Marks) -> None:
    for token in tokens:
        if token.children is not None and token.type == "inline":
            token.children = list(_with_links(token.children, marks))


def _with_links(children: Iterable[Token], marks: Marks) -> Iterable[Token]:
    """Make a link of an address that stands in the text; leave those that already are in one."""
    depth = 0
    for token in children:
        marks.require_address(str(token.attrGet("href") or ""))
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


def _texts(parts: Iterable[Part], language: str, letterhead: Letterhead) -> Iterable[str]:
    """The plain-text twin of each part."""
    facts, photo, calendar = (
        wording.label(language, each) for each in ("facts", "photo", "calendar")
    )
    for part in parts:
        match part:
            case Prose(tokens):
                yield _plain(tokens)
            case Button(address, words):
                yield f"{words} <{address}>"
            case Photo(_, alt):
                yield f"[{photo}: {alt}]"
            case Facts(title, tokens):
                yield f"--- {title or facts} ---\n{_plain(tokens)}\n---"
            case Quote(who, tokens):
                quoted = "\n".join(f"> {line}".rstrip() for line in _plain(tokens).split("\n"))
                yield f"{quoted}\n> — {who}" if who else quoted
            case Event(at, place, tokens, number, zone):
                address = _calendar(letterhead, language, number)
                added = f"{calendar}: {address}" if address else ""
                lines = [wording.moment(language, at, zone), place, _plain(tokens), added]
                yield "\n".join(filter(None, lines))


def _plain(tokens: Sequence[Token]) -> str:
    return plain_text(SyntaxTreeNode(tokens))


def _pieces(parts: Iterable[Part], language: str, letterhead: Letterhead) -> Iterable[Piece]:
    """Each part as the layout's piece for it, with its sanitised HTML."""
    for part in parts:
        match part:
            case Prose(tokens):
                yield Piece("prose", content=_html(tokens, language, letterhead))
            case Button(address, words):
                yield Piece("button", address=address, words=words)
            case Photo(address, alt):
                yield Piece("photo", address=address, alt=alt)
            case Facts(title, tokens):
                heading = _heading(title or wording.label(language, "facts"))
                yield Piece("box", content=_html([*heading, *tokens], language, letterhead))
            case Quote(who, tokens):
                said = [*tokens, *(_paragraph(f"— {who}") if who else ())]
                quoted = [Token("blockquote_open", "blockquote", 1), *said]
                quoted.append(Token("blockquote_close", "blockquote", -1))
                yield Piece("quote", content=_html(quoted, language, letterhead))
            case Event(at, place, tokens, number, zone):
                address = _calendar(letterhead, language, number)
                about = [
                    *_heading(wording.moment(language, at, zone)),
                    *(_paragraph(place) if place else ()),
                    *tokens,
                    *(_link_line(wording.label(language, "calendar"), address) if address else ()),
                ]
                yield Piece("box", content=_html(about, language, letterhead))


def _calendar(letterhead: Letterhead, language: str, number: int) -> str:
    """Where an event's calendar file is; "" for a text that is not stored yet."""
    return f"{letterhead.view_url}/{language}/{number}.ics" if letterhead.view_url else ""


def _heading(words: str) -> list[Token]:
    return [
        Token("heading_open", "h2", 1),
        _inline([_text(words)]),
        Token("heading_close", "h2", -1),
    ]


def _paragraph(words: str) -> list[Token]:
    return _in_paragraph([_text(words)])


def _link_line(words: str, address: str) -> list[Token]:
    opening = Token("link_open", "a", 1, attrs={"href": address})
    return _in_paragraph([opening, _text(words), Token("link_close", "a", -1)])


def _in_paragraph(children: list[Token]) -> list[Token]:
    return [
        Token("paragraph_open", "p", 1, block=True),
        _inline(children),
        Token("paragraph_close", "p", -1, block=True),
    ]


def _inline(children: list[Token]) -> Token:
    return Token("inline", "", 0, children=children)


def _html(tokens: Sequence[Token], language: str, letterhead: Letterhead) -> str:
    """Sanitised HTML in which each element carries its own style: mail programs drop style sheets."""
    for token in tokens:
        for each in (token, *(token.children or ())):
            style = style_of(each.tag, language, letterhead.palette) if each.nesting >= 0 else ""
            if style:
                each.attrSet("style", style)
    rendered = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    cleaned: str = nh3.clean(
        rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None
    )
    return cleaned.strip()


def _text_footer(language: str, letterhead: Letterhead, marks: Marks) -> str:
    lines = [
        "-- ",
        wording.why_this_email(language, network=letterhead.network),
        f"{letterhead.network}, {letterhead.address}",
    ]
    if letterhead.view_url and not letterhead.public:
        lines.append(f"{wording.label(language, 'view')}: {letterhead.view_url}/{language}")
    if not letterhead.public:
        lines += [
            f"{wording.unsubscribe_label(language)}: {marks.unsubscribe}",
            f"{wording.preferences_label(language)}: {marks.preferences}",
        ]
    return "\n".join(lines)
