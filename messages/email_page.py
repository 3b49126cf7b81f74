"""The page around an email's parts: the network's one layout, in MJML, in the colours of a project.

The layout's pieces are files in ``messages/mjml``. No word of an author meets MJML: what is finished is kept
and put back into the compiled page, so that a layout is all that can be wrong with it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from string import Template

from babel import Locale, UnknownLocaleError
from mjml import mjml2html

from messages import wording
from messages.email_colors import ACCENT, Palette, palette
from messages.email_marks import Marks

CLIPPED = 102 * 1024  # bytes of HTML after which Gmail shows no more
LARGE = 90 * 1024  # from here on it is told, for values and links are each person's own
_HERE = Path(__file__).parent / "mjml"
_PREVIEW = 110  # characters that mail programs show beside the subject
BOX = "box"  # the piece that stands in a section of its own
_TURNS_DARK = "@media (prefers-color-scheme: dark)"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes, which every email must say, and how their emails look."""

    network: str
    postal_address: str
    public_url: str = ""
    project: str = ""  # "" = the network itself
    accent: str = ACCENT
    logo: str = ""  # the path of a picture of ours
    view_url: str = ""  # where the email can be read in a browser; "" = nowhere yet
    public: bool = False  # for everybody to read: no link is a person's own
    others: tuple[str, ...] = ()  # the languages in which the same can be read

    @property
    def address(self) -> str:
        """The postal address on one line."""
        lines = self.postal_address.splitlines()
        return ", ".join(line.strip(" ,") for line in lines if line.strip())

    @property
    def palette(self) -> Palette:
        """Its colours."""
        return _palette(self.accent)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the email for the layout: which of its files, and what is put there."""

    name: str
    content: str = ""  # sanitised HTML
    address: str = ""
    words: str = ""
    alt: str = ""


def page_of(
    pieces: Sequence[Piece], said: str, *, language: str, letterhead: Letterhead, marks: Marks
) -> str:
    """The whole HTML page, with marks where a person's own values go."""
    colors = asdict(letterhead.palette)
    start = "right" if is_from_right(language) else "left"
    shared = {**colors, "start": start}
    name = letterhead.project or letterhead.network
    source = _file("page").substitute(
        shared,
        language=html.escape(language),
        direction="rtl" if start == "right" else "ltr",
        title=marks.keep(html.escape(name)),
        preview=marks.keep(html.escape(_preview(said, marks))),
        logo=_logo(letterhead, name, shared, marks),
        name=marks.keep(html.escape(name) + _others(letterhead)),
        content=_content(pieces, shared, marks),
        footer=marks.keep(_footer(language, letterhead, marks)),
    )
    return marks.put_back(mjml2html(source, fonts={})).lstrip() + "\n"


def _content(pieces: Sequence[Piece], shared: Mapping[str, str], marks: Marks) -> str:
    """The parts in their sections: those that share one background stand in one, for each costs a thousand bytes."""
    sections = []
    for boxed, group in groupby(pieces, key=lambda each: each.name == BOX):
        filled = [
            _file(each.name).substitute(
                shared,
                content=marks.keep(each.content),
                address=marks.keep(html.escape(each.address)),
                words=marks.keep(html.escape(each.words)),
                alt=marks.keep(html.escape(each.alt)),
            )
            for each in group
        ]
        plain = _file("section").substitute(shared, content="".join(filled))
        sections += filled if boxed else [plain]
    return "".join(sections)


def lit(page: str, *, dark: bool) -> str:
    """A finished page as it looks by light or by dark, whatever its reader prefers."""
    return page.replace(_TURNS_DARK, "@media all" if dark else "@media not all", 1)


def style_of(tag: str, language: str, colors: Palette) -> str:
    """What an element of an author's text looks like."""
    return _styles(is_from_right(language), colors).get(tag, "")


@cache
def is_from_right(language: str) -> bool:
    """Whether a language is written from right to left."""
    try:
        return Locale.parse(language, sep="-").text_direction == "rtl"
    except (UnknownLocaleError, ValueError):
        return False


_palette = cache(palette)


@cache
def _file(name: str) -> Template:
    return Template((_HERE / f"{name}.mjml").read_text("utf-8"))


@cache
def _styles(from_right: bool, colors: Palette) -> Mapping[str, str]:  # noqa: FBT001 - a key of the cache
    start = "right" if from_right else "left"
    return {
        "p": "margin:0 0 16px",
        "a": f"color:{colors.link}",
        "h1": "margin:8px 0 12px;font-size:26px;line-height:1.25",
        "h2": "margin:8px 0 12px;font-size:21px;line-height:1.25",
        "h3": "margin:8px 0 8px;font-size:18px;line-height:1.3",
        "ul": f"margin:0 0 16px;padding-{start}:24px",
        "ol": f"margin:0 0 16px;padding-{start}:24px",
        "blockquote": f"margin:0 0 16px;padding-{start}:14px;border-{start}:4px solid {colors.line}",
        "hr": f"margin:24px 0;border:0;border-top:1px solid {colors.line}",
        "pre": "margin:0 0 16px;white-space:pre-wrap",
    }


def _preview(said: str, marks: Marks) -> str:
    """The first words, as mail programs show them beside the subject; without addresses."""
    shown, length = [], 0
    for word in said.split():
        length += len(word) + 1
        if length > _PREVIEW:
            break
        if not marks.has_address(word):
            shown.append(word)
    return " ".join(shown)


def _logo(letterhead: Letterhead, name: str, shared: Mapping[str, str], marks: Marks) -> str:
    if not letterhead.logo:
        return ""
    address = letterhead.public_url.rstrip("/") + letterhead.logo
    return _file("logo").substitute(
        shared, address=marks.keep(html.escape(address)), alt=marks.keep(html.escape(name))
    )


def _others(letterhead: Letterhead) -> str:
    """Links to the same in other languages."""
    color = letterhead.palette.link
    return "".join(
        f' · <a href="{html.escape(letterhead.view_url)}/{each}" lang="{each}" hreflang="{each}" '
        f'style="color:{color};font-weight:normal">{wording.label(each, "name")}</a>'
        for each in letterhead.others
    )


def _footer(language: str, letterhead: Letterhead, marks: Marks) -> str:
    why = wording.why_this_email(language, network=letterhead.network)
    lines = [html.escape(why), html.escape(f"{letterhead.network}, {letterhead.address}")]
    links = []
    if not letterhead.public:
        links = [
            (marks.unsubscribe, wording.unsubscribe_label(language)),
            (marks.preferences, wording.preferences_label(language)),
        ]
        if letterhead.view_url:
            links.append((f"{letterhead.view_url}/{language}", wording.label(language, "view")))
    color = letterhead.palette.link
    anchors = " · ".join(
        f'<a href="{html.escape(address)}" style="color:{color}">{html.escape(words)}</a>'
        for address, words in links
    )
    return "".join(
        f'<p style="margin:0 0 8px">{line}</p>' for line in [*lines, *([anchors] if links else [])]
    )
