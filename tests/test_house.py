"""The rules of the house that no single room can keep: imports, names, sizes, settings, chores."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.configuration import configure

from tests import conftest

ROOT = Path(__file__).parents[1]
ROOMS = [
    "alerts",
    "campaigns",
    "messages",
    "actions",
    "contacts",
    "representatives",
    "organizers",
    "database",
    "web",
]
MODULES = [
    *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))),
    *sorted(ROOT.glob("*.py")),
]
OURS = [path for path in MODULES if "migrations" not in path.parts]
SAYS_NOTHING = {
    "utils", "util", "helpers", "helper", "common", "core", "base", "service_base", "services",
    "manager", "managers", "constants", "misc", "shared", "stuff", "lib",
}  # fmt: skip
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's name and how many lines it has from ``def`` to its end."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{named(path)}:{node.name}", node.end_lineno - node.lineno + 1


def test_rooms_import_to_their_right_only() -> None:
    configure()

    assert lint_imports(
        config_filename=str(ROOT / "pyproject.toml"), cache_dir=None, is_debug_mode=False
    )


@pytest.mark.long
@pytest.mark.parametrize("room", ROOMS)
def test_a_room_can_be_imported_first(room: str) -> None:
    """A cycle inside a room shows only when somebody begins there."""
    names = [
        named(path)[:-3].replace("/", ".")
        for path in sorted((ROOT / room).rglob("*.py"))
        if path.name != "__init__.py" and "migrations" not in path.parts
    ]
    script = "import importlib, sys\nfor name in sys.argv[1:]:\n importlib.import_module(name)"

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *reversed(names)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


def test_names_say_what_is_inside() -> None:
    assert [named(path) for path in OURS if path.stem in SAYS_NOTHING] == []
    assert [named(path) for path in OURS if path.parent.name in SAYS_NOTHING] == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = [
        named(path)
        for path in OURS
        if path.read_text().strip() and not (ast.get_docstring(ast.parse(path.read_text())) or "")
    ]

    assert silent == []


def test_functions_are_small() -> None:
    lengths = dict(each for path in OURS for each in functions(path))

    assert median(lengths.values()) <= 10
    assert quantiles(lengths.values(), n=20)[-1] <= 40  # 95 of 100
    assert {name: lines for name, lines in lengths.items() if lines > 50} == {}


def test_modules_are_small() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in OURS}

    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_nothing_is_left_for_later() -> None:
    """No TODO, no half-made body, in code or in documents."""
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bNotImplementedError\b|not (yet )?implemented")
    places = [*OURS, *DOCUMENTS, *sorted((ROOT / "web").rglob("*.html"))]

    assert [named(path) for path in places if later.search(path.read_text())] == []


def test_no_exception_to_the_linter_goes_without_a_reason() -> None:
    bare = re.compile(r"# noqa(?!: [A-Z0-9, ]+ - \S)")
    tests = sorted((ROOT / "tests").rglob("*.py"))

    assert [
        f"{named(path)}:{number}"
        for path in [*OURS, *tests]
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ] == []


def test_every_setting_has_a_sentence() -> None:
    text = (ROOT / "settings.toml").read_text()

    bare = [
        line
        for before, line in zip(text.splitlines(), text.splitlines()[1:], strict=False)
        if re.match(r"\w+ = ", line) and not before.startswith("#")
    ]

    assert bare == []


def test_settings_named_in_documents_exist() -> None:
    known = tomllib.loads((ROOT / "settings.toml").read_text())
    sections = "|".join(known)
    secrets = re.findall(r"^# secret: (\w+)", (ROOT / "settings.toml").read_text(), re.MULTILINE)
    named_ones = {
        found
        for path in DOCUMENTS
        for found in re.findall(rf"`((?:{sections})\.\w+)`", path.read_text())
    }

    missing = [
        name
        for name in sorted(named_ones)
        if name.split(".")[1] not in known[name.split(".")[0]] and name.split(".")[1] not in secrets
        and not name.endswith((".toml", ".py"))
    ]  # fmt: skip

    assert named_ones
    assert missing == []


def test_only_what_defuses_formulas_writes_csv() -> None:
    writers = [
        named(path)
        for path in [*OURS, *sorted((ROOT / "commands").glob("*.py"))]
        if re.search(r"\bcsv\.(writer|DictWriter)\b|from csv import", path.read_text())
    ]

    # The second writes what only our own reader opens: there nothing may be changed.
    assert writers == ["contacts/spreadsheets.py", "representatives/writing.py"]


def chores() -> list[str]:
    return re.findall(r"^([a-z-]+):.*?## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_chores_are_few_and_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    assert phony is not None
    assert sorted(phony[1].split()) == sorted(chores())
    assert len(chores()) <= 14


def test_chores_named_in_documents_exist() -> None:
    named_ones = {
        chore for path in DOCUMENTS for chore in re.findall(r"`?make ([a-z-]+)\b`?", path.read_text())
        if re.search(rf"(`|    )make {chore}\b", path.read_text())
    }  # fmt: skip

    assert named_ones <= set(chores())


def test_paths_named_in_documents_exist() -> None:
    """Links, and the modules that the plan of the house names."""
    missing = []
    for path in DOCUMENTS:
        text = path.read_text()
        links = re.findall(r"\]\(([^)#:]+)\)", text)
        modules = re.findall(r"`((?:\w+/)+\w+\.(?:py|toml))`", text)
        missing += [f"{named(path)}: {link}" for link in links if not (path.parent / link).exists()]
        missing += [f"{named(path)}: {each}" for each in modules if not (ROOT / each).exists()]

    assert missing == []


def test_commands_named_in_documents_exist() -> None:
    sys.argv = ["llamado"]
    from typer.main import get_command  # noqa: PLC0415 - only this test needs the program

    from cli import app  # noqa: PLC0415 - likewise

    command = get_command(app)
    known = set(getattr(command, "commands", {}))
    named_ones = {
        word for path in DOCUMENTS for word in re.findall(r"\bllamado ([a-z]+)\b", path.read_text())
        if re.search(rf"(bin/|`|    |run: )llamado {word}\b", path.read_text())
    }  # fmt: skip

    assert named_ones
    assert named_ones <= known


def test_the_locks_hold_every_package_that_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["install"]]
    everything = [*asked, *project["optional-dependencies"]["dev"]]

    for lock, wanted in (("requirements.lock", asked), ("requirements-dev.lock", everything)):
        pinned = set(
            re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==", (ROOT / lock).read_text(), re.MULTILINE)
        )
        names = {
            re.split(r"[\[><=~! ]", each)[0].lower().replace("_", "-").replace(".", "-")
            for each in wanted
        }
        assert names - pinned == set(), lock
        assert "--hash=sha256:" in (ROOT / lock).read_text()


def test_every_test_that_postgresql_is_asked_exists() -> None:
    named = [ROOT / "tests" / room for room in conftest.ROOMS_ON_BOTH]
    for room, names in conftest.MODULES_ON_BOTH.items():
        named += [ROOT / "tests" / room / f"test_{name}.py" for name in names]

    assert [each for each in named if not each.exists()] == []
