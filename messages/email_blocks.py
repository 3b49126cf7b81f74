"""What is an email made of? Its Markdown as a row of parts: prose, buttons, photos, and blocks between lines of ``:::``.

::: facts What we know            ::: quote Rosa, Suchitoto
- Fourteen people are held.       They came at night.
:::                               :::

::: event 2026-12-01 18:00 Lake Street Church       ::: call
zone: America/Chicago                               Open my script
Bring a candle.                                     :::
:::
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from messages.email_marks import Marks
from messages.templates import BadTemplate, compile_text

BREAKS = ("softbreak", "hardbreak")
PICTURE = re.compile(r"/i/[0-9a-f]{32}\.(?:jpg|png)")  # the path of a picture that we keep
FACTS, QUOTE, EVENT, CALL = "facts", "quote", "event", "call"
BLOCKS = {
    **{each: each for each in (FACTS, QUOTE, EVENT, CALL)},
    "hechos": FACTS,
    "cita": QUOTE,
    "evento": EVENT,
    "llamada": CALL,
}
_WHEN = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]+(\d{1,2}:\d{2})\s*(.*)")
_ZONE = re.compile(r"(?:zone|zona): *(.*?) *", re.IGNORECASE)
_FENCE = re.compile(r"\s*:{3,}\s*")

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
container_plugin(MARKDOWN, "block", validate=lambda *_: True)


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs, headings and lists."""

    tokens: list[Token]


@dataclass(frozen=True, slots=True)
class Button:
    """What the email asks for: a link to the person's own page that stands alone."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that we keep, with what it shows in words."""

    address: str
    alt: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A box with what is known."""

    title: str
    tokens: list[Token]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's own words."""

    who: str
    tokens: list[Token]


@dataclass(frozen=True, slots=True)
class Event:
    """Where people meet, by the clock of that place."""

    at: datetime  # naive: the hour on the wall there
    place: str
    tokens: list[Token]
    number: int = 0  # of the email's events, from 1
    zone: str = ""  # whose clock that is; "" = nobody said so

    @property
    def begins(self) -> datetime:
        """The instant (UTC), or the naive hour on the wall where no zone was named."""
        if not self.zone:
            return self.at
        return self.at.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


Part = Prose | Button | Photo | Facts | Quote | Event


def parts_of(marks: Marks, *, public_url: str, call: str) -> list[Part]:
    """Read a body; ``call`` are the words of a button that has none. Raises BadTemplate with the line."""
    source = marks.source + "\n"
    tokens = MARKDOWN.parse(source)
    lines = source.split("\n")
    parts: list[Part] = []
    for name, block in _top_level(tokens):
        if name == "container_block":
            number = 1 + sum(isinstance(part, Event) for part in parts)
            parts.append(_block(block, lines, marks, call, number))
            continue
        special = _alone(block, marks, public_url) if name == "paragraph" else None
        if special is not None:
            parts.append(special)
        elif parts and isinstance(parts[-1], Prose):
            parts[-1].tokens.extend(block)
        else:
            parts.append(Prose(list(block)))
    for part in parts:
        _refuse_pictures(getattr(part, "tokens", ()))
    return parts


def events_of(body: str) -> list[Event]:
    """The events of a body that has been checked, in their order."""
    parts = parts_of(Marks(compile_text(body).pieces), public_url="", call="-")
    return [part for part in parts if isinstance(part, Event)]


def _top_level(tokens: Sequence[Token]) -> Iterator[tuple[str, list[Token]]]:
    """Each thing that stands on the page by itself, with the tokens it is made of."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block[0].type.removesuffix("_open"), block
            block = []


def _block(tokens: list[Token], lines: Sequence[str], marks: Marks, call: str, number: int) -> Part:
    opening, inside = tokens[0], tokens[1:-1]
    first, end = opening.map or [0, 0]
    line = first + 1
    typed, _, about = opening.info.strip().partition(" ")
    name = _named(typed, line)
    if end >= len(lines) or not _FENCE.fullmatch(lines[end]):
        raise BadTemplate(
            f"The block “::: {typed}” of line {line} is not closed: put ::: on a line of its own after it."
        )
    for each in inside:
        if each.type == "container_block_open":
            raise _not_inside(each)
    if name == CALL:
        return Button(marks.link, _label(inside, line) or call)
    if not inside:
        raise BadTemplate(
            f"The block “::: {typed}” of line {line} is empty: write its text below that line."
        )
    if name == EVENT:
        return replace(_event(about.strip(), inside, line, marks), number=number)
    return Facts(about.strip(), inside) if name == FACTS else Quote(about.strip(), inside)


def _named(typed: str, line: int) -> str:
    if not typed:
        raise BadTemplate(
            f"Line {line} has ::: with no block before it to close: open one with ::: facts, ::: quote, "
            "::: event or ::: call."
        )
    name = BLOCKS.get(typed.casefold())
    if name is None:
        near = get_close_matches(typed.casefold(), BLOCKS, n=1)
        if near:
            raise BadTemplate(
                f"Line {line}: there is no block “{typed}”; did you mean ::: {near[0]}?"
            )
        raise BadTemplate(
            f"Line {line}: there is no block “{typed}”; there are facts, quote, event and call."
        )
    return name


def _label(inside: Sequence[Token], line: int) -> str:
    """The words of a call button: one line of text."""
    inlines = [each for each in inside if each.type == "inline"]
    if len(inlines) > 1 or any(
        child.type not in ("text", "softbreak") for each in inlines for child in each.children or ()
    ):
        raise BadTemplate(
            f"The block “::: call” of line {line} takes only the words of its button, on one line."
        )
    return inlines[0].content if inlines else ""


def _event(about: str, inside: list[Token], line: int, marks: Marks) -> Event:
    match = None if marks.in_any(about) else _WHEN.fullmatch(about)
    try:
        at = datetime.fromisoformat(f"{match[1]}T{match[2]:0>5}") if match else None
    except ValueError:
        at = None
    if match is None or at is None:
        raise BadTemplate(
            f"The event of line {line} needs its day, hour and place, such as "
            "“::: event 2026-12-01 18:00 Lake Street Church”."
        )
    zone, below = _zoned(inside)
    return Event(at, match[3], below, zone=zone)


def _zoned(inside: list[Token]) -> tuple[str, list[Token]]:
    """The zone that an event's first line names, "" for none, and what stands below that line."""
    match inside:
        case [
            Token(type="paragraph_open") as opening,
            Token(type="inline") as inline,
            closing,
            *rest,
        ]:
            first, _, below = inline.content.partition("\n")
        case _:
            return "", inside
    named = _ZONE.fullmatch(first)
    if named is None:
        return "", inside
    try:
        ZoneInfo(named[1])
    except (KeyError, ValueError, OSError) as error:
        raise BadTemplate(
            f"There is no time zone of that name in line {_line(inline)}: write it as in "
            "“zone: America/El_Salvador”, or take the line out."
        ) from error
    if not below:
        return named[1], rest
    children = inline.children or []
    breaks = [place for place, each in enumerate(children) if each.type in BREAKS]
    inline.content, inline.children = below, children[breaks[0] + 1 :]
    return named[1], [opening, inline, closing, *rest]


def _alone(tokens: Sequence[Token], marks: Marks, public_url: str) -> Button | Photo | None:
    """The button or photo that a paragraph is, if it is nothing else."""
    inline = tokens[1]
    match inline.children:
        case [Token(type="image") as image]:
            return _photo(image, inline, marks, public_url)
        case [Token(type="link_open") as link, Token(type="text") as words, Token()]:
            address = str(link.attrGet("href"))
            if words.content != address and marks.is_own_page(address):
                return Button(address, words.content)
    return None


def _photo(image: Token, inline: Token, marks: Marks, public_url: str) -> Photo:
    address, line = str(image.attrGet("src")), _line(inline)
    marks.require_address(address)
    path = address.removeprefix(public_url.rstrip("/"))
    if not PICTURE.fullmatch(path):
        raise BadTemplate(
            f"The picture in line {line} is not one of ours: whoever keeps it would learn who reads this "
            "email. Upload it under “Pictures” and insert it from there."
        )
    if not image.content.strip():
        raise BadTemplate(
            f"The photo in line {line} has no description: write what it shows between the brackets, for "
            "people who do not see it."
        )
    return Photo(public_url.rstrip("/") + path, image.content.strip())


def _refuse_pictures(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type == "container_block_open":
            raise _not_inside(token)
        if any(child.type == "image" for child in token.children or ()):
            raise BadTemplate(
                f"The photo near line {_line(token)} stands among words: put it in a paragraph of its own, "
                "outside of blocks."
            )


def _not_inside(token: Token) -> BadTemplate:
    return BadTemplate(
        f"The block of line {_line(token)} stands inside a list, a quote or another block: end that one first."
    )


def _line(token: Token) -> int:
    return (token.map or [0])[0] + 1
