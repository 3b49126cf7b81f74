"""Take typed values out of a TOML document, and note everything that is wrong with it.

Each ``take_…`` removes a key from its table and returns a value that can be worked with even when
the key was missing or wrong, so that one reading finds every problem. ``close`` reports the keys
that nobody took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

S = TypeVar("S", bound=StrEnum)


class Table:
    """A table of the document, known by its path."""

    def __init__(self, values: Mapping[str, Any], path: str, problems: list[str]) -> None:
        self._left = dict(values)
        self._known: list[str] = []
        self._problems = problems
        self.path = path

    def key(self, name: str) -> str:
        """A key's full name, as problems call it."""
        return f"{self.path}.{name}" if self.path else name

    def tell(self, name: str, sentence: str) -> None:
        """Note a problem with a key."""
        self._problems.append(f"{self.key(name)}: {sentence}")

    def holds(self, name: str) -> bool:
        """Whether the key is there and has not been taken."""
        return name in self._left

    def take_text(self, name: str, *, why: str = "") -> str:
        """A text; ``why`` makes it required and says what it is for."""
        value = self._take(name)
        if value is None and why:
            self.tell(name, f"missing; {why}")
        if value is None:
            return ""
        if not isinstance(value, str):
            self.tell(name, f'must be a text in quotes, not {value!r}; write {name} = "…"')
            return ""
        if why and not value.strip():
            self.tell(name, f"empty; {why}")
        return value.strip()

    def take_texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.tell(name, f'must be a list of texts, such as {name} = ["…", "…"]')
            return ()
        return tuple(value)

    def take_whole(self, name: str) -> int | None:
        """A whole number above zero."""
        value = self._take(name)
        if value is None:
            return None
        if type(value) is not int or value < 1:
            self.tell(name, f"must be a whole number above 0, not {value!r}")
            return None
        return value

    def take_choice(self, name: str, choices: type[S], default: S | None = None) -> S:
        """One of a few words; required unless it has a default."""
        value = self._take(name)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and value in list(choices):
            return choices(value)
        known = ", ".join(choices)
        wrong = "missing" if value is None else f"{value!r} is not known"
        self.tell(name, f"{wrong}; write one of {known}")
        return default or next(iter(choices))

    def take_day(self, name: str) -> date | None:
        """A date without a time; None when it is missing."""
        value = self._take(name)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        self.tell(name, f"must be a date without quotes, such as {name} = 2007-07-02")
        return None

    def take_instant(self, name: str) -> datetime | None:
        """A date and time with its offset from UTC; None when it is missing."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value
        self.tell(
            name,
            "must be a date and time with its offset from UTC and without quotes,"
            f" such as {name} = 2026-12-04T17:00:00-05:00",
        )
        return None

    def take_table(self, name: str, *, why: str = "") -> Table:
        """A table; an empty one when it is missing, which is a problem if ``why`` is given."""
        value = self._take(name)
        if value is None and why:
            self.tell(name, f"missing; {why}")
        if value is not None and not isinstance(value, dict):
            self.tell(name, f"must be a table: put its values under [{self.key(name)}]")
            value = None
        # What a missing table lacks need not be told as well.
        problems = [] if value is None else self._problems
        return Table(value or {}, self.key(name), problems)

    def take_tables(self, name: str) -> list[Table]:
        """A list of tables, written as ``[[name]]``."""
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.tell(name, f"must be a list of tables, each under [[{self.key(name)}]]")
            return []
        numbered = enumerate(value, start=1)
        return [Table(item, f"{self.key(name)}[{n}]", self._problems) for n, item in numbered]

    def take_flag(self, name: str) -> bool:
        """True or false; false when it is missing."""
        value = self._take(name)
        if value is not None and type(value) is not bool:
            self.tell(name, f"must be true or false, not {value!r}")
        return value is True

    def take_rest(self) -> dict[str, Any]:
        """Whatever is left, for somebody else to judge."""
        rest, self._left = self._left, {}
        return rest

    def take_languages(
        self, languages: Iterable[str], *, why: str, required: bool = True
    ) -> dict[str, Table]:
        """A table per language. All are required, because every language is an equal."""
        found = {}
        for language in languages:
            self._remember(language)
            if self.holds(language) or required:
                found[language] = self.take_table(language, why=why)
        return found

    def close(self) -> None:
        """Tell the keys nobody took, each with its near miss."""
        for name in self._left:
            near = get_close_matches(name, self._known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(self._known)}"
            self.tell(name, f"nothing is called that here; {hint}")

    def _take(self, name: str) -> Any:
        self._remember(name)
        return self._left.pop(name, None)

    def _remember(self, name: str) -> None:
        if name not in self._known:
            self._known.append(name)
