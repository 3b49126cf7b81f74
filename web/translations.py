"""The words of our pages in each language: every catalogue under ``locales/``, read at start.

Catalogues are plain ``.po`` files, English sentences being the keys, so a translator needs no
compiler and a pull request shows what changed. A language may have several files, one per door.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent / "locales"
SOURCE = "en"  # the language the keys are written in
# Numbers and hours as Latin America and the United States write them: 1,000 and 3:01 p.m.
REGIONS = {"es": "es_419"}
LONGEST = 2_000  # characters of a sentence; what somebody typed in one must not keep us searching
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


@dataclass(frozen=True)
class Translator:
    """One language's words."""

    language: str
    locale: Locale
    texts: NullTranslations
    patterns: tuple[tuple[re.Pattern[str], str], ...] = field(default=(), repr=False)

    def __call__(self, message: str, **values: object) -> str:
        """Translate a sentence and fill its ``%(name)s`` placeholders."""
        text = self.texts.gettext(message)
        return text % values if values else text

    def count(self, singular: str, plural: str, number: int, **values: object) -> str:
        """Translate a sentence whose form depends on a number, its ``%(num)s``."""
        return self.texts.ngettext(singular, plural, number) % {"num": number, **values}

    def sentence(self, text: str) -> str:
        """A finished English sentence, as the rooms below the web speak them, in this language.

        Their exceptions carry names and numbers already filled in, so the sentence is recognised
        by its catalogue pattern; one that no pattern fits is shown in English rather than hidden.
        """
        if not text:
            return ""  # its translation is the catalogue's header
        known = self.texts.gettext(text)
        if known == text:
            known = self._by_pattern(text)
        begun = known[:1].upper() + known[1:]
        return begun if begun.endswith((".", "!", "?", "…", ")")) else f"{begun}."

    def _by_pattern(self, text: str) -> str:
        if len(text) > LONGEST:
            return text
        for pattern, translated in self.patterns:
            if found := pattern.fullmatch(text):
                return translated % found.groupdict()
        return text


def translators(languages: tuple[str, ...], folder: Path = LOCALES) -> dict[str, Translator]:
    """Read the catalogues of these languages."""
    return {language: _translator(language, folder) for language in languages}


@cache
def _translator(language: str, folder: Path) -> Translator:
    catalogues = [_read(path) for path in sorted(folder.glob(f"{language}/LC_MESSAGES/*.po"))]
    texts = NullTranslations()
    for catalogue in catalogues:
        texts = _joined(texts, catalogue)
    locale = Locale.parse(REGIONS.get(language, language))
    return Translator(language, locale, texts, _patterns(catalogues))


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def _joined(texts: NullTranslations, catalogue: Catalog) -> NullTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    more = GNUTranslations(compiled)
    more.add_fallback(texts)
    return more


def _patterns(catalogues: list[Catalog]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Keys with placeholders as patterns, the most specific (longest literal text) first."""
    pairs: Mapping[str, str] = {
        message.id: message.string
        for catalogue in catalogues
        for message in catalogue
        if isinstance(message.id, str) and isinstance(message.string, str) and message.string
        if PLACEHOLDER.search(message.id)
    }
    longest_first = sorted(pairs, key=lambda key: -len(PLACEHOLDER.sub("", key)))
    return tuple((_pattern(key), pairs[key]) for key in longest_first)


def _pattern(key: str) -> re.Pattern[str]:
    pieces = PLACEHOLDER.split(key)
    seen: set[str] = set()
    parts = []
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            parts.append(re.escape(piece.replace("%%", "%")))
        else:
            parts.append(f"(?P={piece})" if piece in seen else f"(?P<{piece}>.+?)")
            seen.add(piece)
    return re.compile("".join(parts), re.DOTALL)


def preferred(accept_language: str, languages: tuple[str, ...], default: str) -> str:
    """Choose a language by a browser's Accept-Language header."""
    wanted = []
    for part in accept_language[:200].split(","):
        tag, _, quality = part.strip().partition(";q=")
        wanted.append((-_quality(quality), tag[:2].lower()))
    for worth, tag in sorted(wanted, key=lambda pair: pair[0]):
        if worth and tag in languages:
            return tag
    return default


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
