"""Which settings do a file and the environment override, and is each known and well-typed?

Everything wrong with both is told at once, each thing with its near miss. Secrets come from the
environment or from files of their own, and never show in a message.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

PREFIX = "LLAMADO_"
FILE_VARIABLE = "LLAMADO_SETTINGS"
FILE = Path("llamado.toml")
FOREIGN = "LLAMADO_TEST_"  # read by the test suite, not by us

Sections = Mapping[str, type]
Values = dict[str, dict[str, Any]]


class BadSettings(ValueError):
    """Something is wrong with the settings; ``problems`` has a sentence for each thing."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def secret() -> Any:
    """A setting without a default that no settings file may hold and nothing may print."""
    return field(default="", repr=False, metadata={"secret": True, "private": True})


def private() -> Any:
    """A setting that nothing may print, because it may contain a password."""
    return field(repr=False, metadata={"private": True})


def between(least: float, most: float) -> Any:
    """A number with limits."""
    return field(metadata={"between": (least, most)})


def one_of(*choices: str) -> Any:
    """A text that is one of these."""
    return field(metadata={"choices": choices})


def read(
    sections: Sections,
    defaults: Path,
    environment: Mapping[str, str],
    folder: Path,
    problems: list[str],
) -> Values:
    """The defaults, overridden by the settings file and then by the environment.

    What is wrong is added to ``problems`` and otherwise left out.
    """
    values = _checked(sections, tomllib.loads(defaults.read_text("utf-8")), problems)
    _overlay(values, _from_file(sections, environment, folder, problems))
    _overlay(values, _from_environment(sections, environment, problems))
    return values


def _overlay(values: Values, over: Values) -> None:
    for section, changed in over.items():
        values[section] |= changed


def _from_file(
    sections: Sections, environment: Mapping[str, str], folder: Path, problems: list[str]
) -> Values:
    named = environment.get(FILE_VARIABLE)
    path = folder / (named or FILE)
    if not named and not path.exists():
        return {}
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"the settings file {path} cannot be read: {_reason(error)}")
        return {}
    except tomllib.TOMLDecodeError as error:
        problems.append(f"the settings file {path} is not valid TOML: {error}")
        return {}
    tables = _with_secret_files(sections, tables, path.parent, problems)
    return _checked(sections, tables, problems, path)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is not UTF-8 text"


def _with_secret_files(
    sections: Sections, tables: dict[str, Any], beside: Path, problems: list[str]
) -> dict[str, Any]:
    """Replace ``auth_token_file = "path"`` by what that file holds, and refuse a bare secret."""
    for section, name, private in _private_fields(sections):
        table = tables.get(section)
        if not isinstance(table, dict):
            continue
        if name in table and private.metadata.get("secret"):
            del table[name]
            problems.append(
                f"{section}.{name} is a secret and does not belong in a settings file;"
                f" set {_variable(section, name)}, or {name}_file to a file that holds it"
            )
        if f"{name}_file" in table:
            path = beside / str(table.pop(f"{name}_file"))
            table[name] = _held(path, f"{section}.{name}_file", problems)
    return tables


def _held(path: Path, where: str, problems: list[str]) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{where} names {path}, which cannot be read: {_reason(error)}")
        return ""


def _private_fields(sections: Sections) -> Iterator[tuple[str, str, Field[Any]]]:
    for section, kind in sections.items():
        for each in fields(kind):
            if each.metadata.get("private"):
                yield section, each.name, each


def _checked(
    sections: Sections,
    tables: Mapping[str, Any],
    problems: list[str],
    source: Path | None = None,
) -> Values:
    """Keep what is known and well-typed; tell the rest."""
    values: Values = {}
    where = f" in {source}" if source else ""
    for section, table in tables.items():
        if section in sections and not isinstance(table, dict):
            problems.append(
                f"{section}{where} must be a section: write [{section}] above its names"
            )
            continue
        if section not in sections:
            known = [f"[{name}]" for name in sections]
            problems.append(_unknown(f"[{section}]", known, f"section{where}"))
            continue
        values[section] = _section(section, sections[section], table, where, problems)
    return values


def _section(
    section: str, kind: type, table: Mapping[str, Any], where: str, problems: list[str]
) -> dict[str, Any]:
    known = {each.name: each for each in fields(kind)}
    types = get_type_hints(kind)
    kept = {}
    for name, value in table.items():
        full = f"{section}.{name}"
        if name not in known:
            problems.append(_unknown(full, [f"{section}.{each}" for each in known], f"name{where}"))
            continue
        try:
            kept[name] = _typed(value, types[name], known[name])
        except ValueError as error:
            problems.append(f"{full}{where} {error}")
    return kept


def _unknown(name: str, known: list[str], what: str) -> str:
    near = get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"{name} is not a known {what}; {hint}"


def _typed(value: Any, wanted: Any, known: Field[Any]) -> Any:
    """A TOML value as its field's type. Raises ValueError with the end of a sentence."""
    if wanted == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"must be a list of texts, not {value!r}")
        return tuple(value)
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise ValueError(f"must be {_IN_WORDS[wanted]}, not {_shown(value, known)}")
    _check_range(value, known)
    return value


_IN_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _shown(value: Any, known: Field[Any]) -> str:
    return "what it is" if known.metadata.get("private") else repr(value)


def _check_range(value: Any, known: Field[Any]) -> None:
    if "between" in known.metadata:
        least, most = known.metadata["between"]
        if not least <= value <= most:
            raise ValueError(f"must lie between {least:g} and {most:g}, not {value:g}")
    if "choices" in known.metadata and value not in known.metadata["choices"]:
        raise ValueError(f"must be one of {', '.join(known.metadata['choices'])}, not {value!r}")


def _from_environment(
    sections: Sections, environment: Mapping[str, str], problems: list[str]
) -> Values:
    variables = _variables(sections)
    values: Values = {}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable.startswith(FOREIGN):
            continue
        if variable == FILE_VARIABLE:
            continue
        if variable not in variables:
            problems.append(_unknown(variable, [*variables, FILE_VARIABLE], "setting"))
            continue
        section, known, from_file = variables[variable]
        raw = _held(Path(text), variable, problems) if from_file else text
        wanted = get_type_hints(sections[section])[known.name]
        try:
            typed = _typed(_parsed(raw, wanted), wanted, known)
            values.setdefault(section, {})[known.name] = typed
        except ValueError as error:
            problems.append(f"{variable} {error}")
    return values


def _variables(sections: Sections) -> dict[str, tuple[str, Field[Any], bool]]:
    """Every variable's section, field, and whether it names a file that holds the value."""
    found = {}
    for section, kind in sections.items():
        for each in fields(kind):
            found[_variable(section, each.name)] = (section, each, False)
            if each.metadata.get("private"):
                found[_variable(section, each.name) + "_FILE"] = (section, each, True)
    return found


def _variable(section: str, name: str) -> str:
    return f"{PREFIX}{section}__{name}".upper()


def _parsed(text: str, wanted: Any) -> Any:
    """An environment variable's text as a TOML value; left as it is when it is none."""
    if wanted == tuple[str, ...]:
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return _FROM_TEXT[wanted](text.strip())
    except (KeyError, ValueError):
        return text


_FROM_TEXT: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    float: float,
    bool: lambda text: {"true": True, "false": False, "1": True, "0": False}[text.lower()],
}
