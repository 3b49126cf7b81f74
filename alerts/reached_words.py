"""What whoever got a stopped or changed alert is told to begin with; and whether a draft still says just that."""

from __future__ import annotations

import re
from collections.abc import Mapping

from messages.control import Words

Made = Mapping[str, Words]  # by language, with {title} in them

# Words to begin with: whoever knows more writes it.
STOPPED: Made = {
    "en": Words(
        '{{ first_name | "Friend" }}, we stopped “{title}” after it had gone to you. Please wait with'
        " your call until we write again. What is known: {{ link }}",
        "We stopped: {title}",
        '{{ first_name | "Friend" }},\n\nwe stopped “{title}” after it had gone to you. Please wait with'
        " your call until we write again.\n\nWhat is known now is on the page:\n\n{{ link }}",
    ),
    "es": Words(
        '{{ first_name | "Hola" }}, detuvimos “{title}” cuando ya le había llegado. Espere con su'
        " llamada hasta que le escribamos otra vez. Lo que se sabe: {{ link }}",
        "La detuvimos: {title}",
        '{{ first_name | "Hola" }},\n\ndetuvimos “{title}” cuando ya le había llegado. Espere con su'
        " llamada hasta que le escribamos otra vez.\n\nLo que se sabe ahora está en la página:"
        "\n\n{{ link }}",
    ),
}
CHANGED: Made = {
    "en": Words(
        '{{ first_name | "Friend" }}, what we know of “{title}” has changed. Please read the page'
        " again: {{ link }}",
        "New: {title}",
        '{{ first_name | "Friend" }},\n\nwhat we know of “{title}” has changed. Please read the page'
        " again:\n\n{{ link }}",
    ),
    "es": Words(
        '{{ first_name | "Hola" }}, cambió lo que sabemos de “{title}”. Lea la página otra vez, por'
        " favor: {{ link }}",
        "Nuevo: {title}",
        '{{ first_name | "Hola" }},\n\ncambió lo que sabemos de “{title}”. Lea la página otra vez, por'
        " favor:\n\n{{ link }}",
    ),
}


def filled(said: Words, title: str) -> Words:
    """The words about an alert of this title."""
    return Words(*(each.replace("{title}", title) for each in parts_of(said)))


def parts_of(words: Words) -> tuple[str, str, str]:
    """Text, subject and email."""
    return words.sms, words.subject, words.body


def still_says(texts: Mapping[str, Words], made: Made) -> bool:
    """Whether nobody has changed any of these words but the title."""
    return texts.keys() <= made.keys() and all(
        _is_made(words, made[language]) == [True] * 3 for language, words in texts.items()
    )


def says_some(texts: Mapping[str, Words], made: Made) -> bool:
    """Whether one of these texts, subjects or emails is still as it was made, but for the title."""
    known = (each for each in texts if each in made)
    return any(any(_is_made(texts[each], made[each])) for each in known)


def _is_made(words: Words, made: Words) -> list[bool]:
    both = zip(parts_of(words), parts_of(made), strict=True)
    return [re.fullmatch(_any_title(how), text, re.DOTALL) is not None for text, how in both]


def _any_title(text: str) -> str:
    return ".*".join(map(re.escape, text.split("{title}")))
