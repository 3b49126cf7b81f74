"""Merge fields: ``{{ first_name }}``, or ``{{ first_name | "friend" }}`` for people without one.

There is no template language on purpose. A text is cut once into pieces; filling it joins them, so
a person whose name reads ``{{ link }}`` is greeted by exactly that, and no text can loop.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from messages.links import LINK_FIELD, with_link_fields
from messages.providers.provider import Pieces

LONGEST_TEXT = 20_000

FIELDS: Mapping[str, int] = {
    "first_name": 40,
    "last_name": 60,
    "city": 60,
    "zip": 5,
    "state": 20,
    "project": 80,
    "community": 60,
    "rep_name": 60,
    "link": 100,
    "unsubscribe": 100,
    "preferences": 100,
}
"""The merge fields there are, and the most characters a value brings."""

ADDRESSES = frozenset({"link", "unsubscribe", "preferences"})
"""The fields that are an address of ours, made for each copy; tracked links are, too."""

# What people write who come from other tools or think in Spanish.
_OTHER_NAMES = {
    "name": "first_name",
    "firstname": "first_name",
    "given_name": "first_name",
    "nombre": "first_name",
    "lastname": "last_name",
    "family_name": "last_name",
    "surname": "last_name",
    "apellido": "last_name",
    "ciudad": "city",
    "zip_code": "zip",
    "zipcode": "zip",
    "codigo_postal": "zip",
    "estado": "state",
    "proyecto": "project",
    "comunidad": "community",
    "representative": "rep_name",
    "representante": "rep_name",
    "url": "link",
    "enlace": "link",
    "baja": "unsubscribe",
    "preferencias": "preferences",
}

_FIELD = re.compile(r"\{\{([^{}\n]*)\}\}")
_INSIDE = re.compile(
    r"\s*([^\s|]+)\s*(?:\|\s*(?:\"([^\"]*)\"|“([^”]*)”|'([^']*)'|‘([^’]*)’|«([^»]*)»)\s*)?"
)
_SINGLE_BRACES = re.compile(r"(?<!\{)\{\s*(\w+)\s*\}(?!\})")
# Embeddings, overrides and isolates of text direction: they make a text read as what it is not.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufff9-\ufffb\ue000-\uf8ff]")


class BadTemplate(ValueError):
    """A text with merge fields that cannot be used; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A text cut at its merge fields, once for everybody who gets it."""

    pieces: Pieces
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        """The fields the text asks for, tracked links (``link:7``) among them."""
        return frozenset(self.pieces[1::2])


def compile_text(
    text: str, *, links: Mapping[str, int] | None = None, longest: int = LONGEST_TEXT
) -> Compiled:
    """Cut a text at its merge fields; raise BadTemplate for one that some person could not get.

    ``links`` maps web addresses to the ids they are tracked by. ``longest`` is the most characters
    the text may take for anybody, counted with the longest values.
    """
    cleaned = clean_text(text)
    _refuse_direction(cleaned)
    _refuse_single_braces(cleaned)
    tracked = with_link_fields(cleaned, links or {})
    compiled = _cut(tracked, frozenset((links or {}).values()))
    _refuse_length(compiled, longest)
    return compiled


def shared_defaults(*texts: Compiled) -> dict[str, str]:
    """Return the defaults of texts that are filled with the same values; raises BadTemplate."""
    defaults: dict[str, str] = {}
    for text in texts:
        for name, default in text.defaults.items():
            _add_default(defaults, name, default)
    return defaults


def clean_text(text: str) -> str:
    """Compose (NFC), end lines with a line feed, and drop what cannot be seen but costs or harms."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", text)).strip()


def clean_value(value: str, longest: int) -> str:
    """Make a person's value one line of visible text, cut to a length nobody's real one exceeds."""
    if value.isprintable() and len(value) <= longest:
        return value
    visible = _DIRECTION.sub("", clean_text(value))
    return " ".join(visible.split())[:longest].rstrip()


def is_address(name: str) -> bool:
    """Tell whether a field is an address of ours."""
    return name in ADDRESSES or name.startswith(LINK_FIELD)


def _cut(text: str, links: frozenset[int]) -> Compiled:
    pieces: list[str] = []
    defaults: dict[str, str] = {}
    end = 0
    for match in _FIELD.finditer(text):
        name, default = _read_field(match, links)
        if default:
            _add_default(defaults, name, default)
        pieces += [_literal(text, end, match.start()), name]
        end = match.end()
    pieces.append(_literal(text, end, len(text)))
    return Compiled(tuple(pieces), defaults)


def _add_default(defaults: dict[str, str], name: str, default: str) -> None:
    if defaults.setdefault(name, default) != default:
        raise BadTemplate(
            f"{{{{ {name} }}}} has two different defaults, “{defaults[name]}” and “{default}”: "
            "use the same in both places."
        )


def _literal(text: str, start: int, end: int) -> str:
    piece = text[start:end]
    for braces in ("{{", "}}"):
        if braces in piece:
            line = text.count("\n", 0, start + piece.index(braces)) + 1
            raise BadTemplate(
                f"Line {line} has {braces} without its partner: write a merge field as "
                '{{ first_name }}, or with a default as {{ first_name | "friend" }}.'
            )
    return piece


def _read_field(match: re.Match[str], links: frozenset[int]) -> tuple[str, str]:
    inside = _INSIDE.fullmatch(match[1])
    if inside is None:
        raise BadTemplate(
            f"“{match[0]}” is not a merge field: write {{{{ first_name }}}}, or with a default "
            '{{ first_name | "friend" }}.'
        )
    name = inside[1]
    if name not in FIELDS and not _is_link(name, links):
        raise BadTemplate(_no_such_field(name))
    default = next((part for part in inside.groups()[1:] if part is not None), "")
    return name, default.strip()


def _is_link(name: str, links: frozenset[int]) -> bool:
    number = name.removeprefix(LINK_FIELD)
    return number != name and number.isdecimal() and int(number) in links


def _no_such_field(name: str) -> str:
    near = _nearest(name)
    hint = f"did you mean {{{{ {near} }}}}?" if near else f"there are {', '.join(FIELDS)}."
    return f"There is no merge field {{{{ {name} }}}}: {hint}"


def _nearest(name: str) -> str:
    plain = name.casefold().replace("-", "_").replace(" ", "_")
    if plain in _OTHER_NAMES:
        return _OTHER_NAMES[plain]
    close = get_close_matches(plain, [*FIELDS, *_OTHER_NAMES], n=1)
    return _OTHER_NAMES.get(close[0], close[0]) if close else ""


def _refuse_single_braces(text: str) -> None:
    for match in _SINGLE_BRACES.finditer(text):
        near = _nearest(match[1])
        if near:
            raise BadTemplate(
                f"“{match[0]}” has single braces: write it with two, as {{{{ {near} }}}}."
            )


def _refuse_direction(text: str) -> None:
    match = _DIRECTION.search(text)
    if match:
        line = text.count("\n", 0, match.start()) + 1
        raise BadTemplate(
            f"Line {line} holds an invisible character that turns the reading direction "
            f"(U+{ord(match[0]):04X}): type the line anew instead of pasting it."
        )


def _refuse_length(compiled: Compiled, longest: int) -> None:
    length = sum(len(piece) for piece in compiled.pieces[::2])
    length += sum(
        max(FIELDS.get(name, FIELDS["link"]), len(compiled.defaults.get(name, "")))
        for name in compiled.pieces[1::2]
    )
    if length > longest:
        raise BadTemplate(
            f"The text can take {length:,} characters, merge fields included, and the limit is "
            f"{longest:,}: shorten it by {length - longest:,}."
        )
