"""What does this person read? A message's text in their language, with their own values.

Texts are compiled once per message and language; rendering a copy is a join of strings.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from messages import wording
from messages.email_layout import lay_out
from messages.email_page import Letterhead
from messages.links import LINK_FIELD, around_token
from messages.providers.provider import EmailWords, Pieces
from messages.sms import LONGEST
from messages.templates import (
    ADDRESSES,
    FIELDS,
    BadTemplate,
    Compiled,
    clean_value,
    compile_text,
    is_address,
    shared_defaults,
)

__all__ = [
    "FIELDS",
    "BadTemplate",
    "Compiled",
    "CompiledEmail",
    "Letterhead",
    "PersonValues",
    "compile_sms",
    "compile_text",
    "complete",
    "email_words",
    "missing",
    "placed",
    "render_sms",
    "values_for",
]

LONGEST_SUBJECT = 200
TOKEN = "token"  # noqa: S105 - stands for a person's token in an address of ours; no author can write it
PROOF = "proof"  # stands for what proves that somebody reads a copy's address; only answers have it


@dataclass(frozen=True, slots=True)
class PersonValues:
    """What the merge fields say for one person; "" where we do not know."""

    first_name: str = ""
    last_name: str = ""
    city: str = ""
    zip: str = ""
    state: str = ""
    project: str = ""
    community: str = ""
    rep_name: str = ""
    link: str = ""  # their action page
    unsubscribe: str = ""  # where they leave the list
    preferences: str = ""  # where they choose what they get
    links: Mapping[int, str] = field(default_factory=dict)  # their tracked address of each Link.id


@dataclass(frozen=True, slots=True)
class CompiledEmail:
    """An email in one language: what providers need, and the defaults of its fields."""

    words: EmailWords
    defaults: Mapping[str, str]

    @property
    def fields(self) -> frozenset[str]:
        """The fields that subject and body ask for."""
        return frozenset(self.words.subject[1::2] + self.words.text[1::2] + self.words.html[1::2])


@dataclass(frozen=True, slots=True)
class Version:
    """A message's words in one language with our addresses in place: only what is the person's own,
    and the token in their addresses, is left to fill in.
    """

    language: str
    words: EmailWords  # of a text only ``text``
    fields: Sequence[str]  # what is left, without the token
    defaults: Mapping[str, str]


def placed(
    words: EmailWords,
    defaults: Mapping[str, str],
    language: str,
    merge_defaults: Mapping[str, Mapping[str, str]],
    public_url: str,
) -> Version:
    """Put our addresses into the words of one language.

    A person without a value gets the message's default for this language, else the text's own.
    """
    own = {name: value for name, value in merge_defaults.get(language, {}).items() if value}
    done = EmailWords(
        subject=_in_place(words.subject, public_url),
        text=_in_place(words.text, public_url),
        html=_in_place(words.html, html.escape(public_url)),
    )
    fields = {*done.subject[1::2], *done.text[1::2], *done.html[1::2]} - {TOKEN, PROOF}
    return Version(language, done, sorted(fields), {**defaults, **own})


def _in_place(pieces: Pieces, public_url: str) -> Pieces:
    placed = [pieces[0]]
    for name, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        if is_address(name):
            before, after = around_token(public_url, name)
            placed[-1] += before
            placed += [TOKEN, after + literal]
        else:
            placed += [name, literal]
    return tuple(placed)


def compile_sms(
    text: str, *, language: str, network: str, links: Mapping[str, int] | None = None
) -> Compiled:
    """Compile a text message, completed by what each must say: who writes, and how to leave.

    Raises BadTemplate.
    """
    words = text.strip()
    if not words:
        raise BadTemplate("The text message is empty: write it, or choose email only.")
    if not re.search(rf"(?<!\w){re.escape(network)}(?!\w)", words, re.IGNORECASE):
        words = f"{network}: {words}"
    if not wording.says_how_to_opt_out(words):
        words = f"{words}\n{wording.opt_out_line(language)}"
    return compile_text(words, links=links, longest=LONGEST)


def email_words(
    subject: str,
    body: str,
    *,
    language: str,
    letterhead: Letterhead,
    links: Mapping[str, int] | None = None,
) -> CompiledEmail:
    """Compile an email from its subject and Markdown body, for everybody who reads this language.

    Raises BadTemplate.
    """
    first_line, *more = subject.strip().splitlines() or [""]
    if not first_line or more:
        raise BadTemplate("The subject must be one line, and not empty.")
    heading = compile_text(first_line, longest=LONGEST_SUBJECT)
    content = compile_text(body, links=links)
    if content.pieces == ("",):
        raise BadTemplate("The email has no text: write it, or choose text messages only.")
    text, page = lay_out(content, language=language, letterhead=letterhead)
    words = EmailWords(subject=heading.pieces, text=text, html=page)
    return CompiledEmail(words, shared_defaults(heading, content))


def values_for(person: PersonValues) -> dict[str, str]:
    """Return the values of all fields; a person's own are one line of visible text, not too long."""
    values = {
        name: getattr(person, name)
        if name in ADDRESSES
        else clean_value(getattr(person, name), longest)
        for name, longest in FIELDS.items()
    }
    for link_id, url in person.links.items():
        values[f"{LINK_FIELD}{link_id}"] = url
    return values


def missing(compiled: Compiled | CompiledEmail, values: Mapping[str, str]) -> set[str]:
    """Return the fields this person has no value for, and the text no default.

    Addresses of ours are made for each copy and so are never missing.
    """
    return {
        name
        for name in compiled.fields
        if not (is_address(name) or values.get(name) or compiled.defaults.get(name))
    }


def complete(compiled: Compiled | CompiledEmail, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values with the text's defaults where a person has none: what a provider fills in."""
    known = {name: value for name, value in values.items() if value}
    return {**dict.fromkeys(compiled.fields, ""), **compiled.defaults, **known}


def render_sms(compiled: Compiled, values: Mapping[str, str]) -> str:
    """Return the text one person gets, composed (NFC) so that an accent costs no more than it must."""
    defaults = compiled.defaults
    filled = "".join(
        piece if index % 2 == 0 else (values.get(piece) or defaults.get(piece, ""))
        for index, piece in enumerate(compiled.pieces)
    )
    return unicodedata.normalize("NFC", filled)
