"""English and Spanish are equals: every word of every page is there in both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

import web
from alerts import updating
from web import pages
from web.translations import LOCALES, Translator, preferred, translators

WEB = Path(web.__file__).parent
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
TEMPLATES = [("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true"}}


@pytest.fixture
def spanish() -> Translator:
    return translators(("es",))["es"]


def template_messages() -> Iterator[str | tuple[str, ...]]:
    for _file, _line, message, _comments, _context in extract_from_dir(WEB, TEMPLATES, OPTIONS):
        yield message


def catalogue() -> dict[str | tuple[str, ...], str | tuple[str, ...]]:
    found: dict[Any, Any] = {}
    for path in sorted(LOCALES.glob("es/LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            found |= {each.id: each.string for each in read_po(file, locale="es") if each.id}
    return found


def each(message: str | tuple[str, ...]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


def test_every_word_of_every_template_is_translated() -> None:
    known = catalogue()

    missing = {message for message in template_messages() if not all(each(known.get(message, "")))}

    assert not missing


def test_translations_keep_their_placeholders() -> None:
    wrong = [
        original
        for original, translated in catalogue().items()
        for text in each(translated)
        if not set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(" ".join(each(original))))
    ]

    assert not wrong


def sentences(paths: Iterable[Path]) -> Iterator[str]:
    """The sentences that handlers tell: texts beginning with a capital and ending with a stop."""
    for path in paths:
        tree = ast.parse(path.read_text())
        docs = {id(node.body[0].value) for node in ast.walk(tree) if _has_docstring(node)}  # type: ignore[attr-defined]
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in docs
            ) and re.fullmatch(r"[A-Z][^{}<>=]* [^{}<>=]*\.", node.value):
                yield node.value


def _has_docstring(node: ast.AST) -> bool:
    bodied = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, bodied) and ast.get_docstring(node) is not None


def exception_docstrings(paths: Iterable[Path]) -> Iterator[str]:
    """Exceptions whose docstring is their message."""
    for path in paths:
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and f"({node.name}.__doc__)" in source:
                yield ast.get_docstring(node) or ""


@pytest.mark.parametrize(
    "pattern",
    [
        "web/errors.py",
        "web/security.py",
        "web/console/*.py",
        "web/public/*.py",
        "organizers/*.py",
        "messages/answering.py",
        "messages/caring.py",
        "alerts/alone.py",
        "alerts/approval_asks.py",
        "alerts/approving.py",
        "alerts/at_risk.py",
        "alerts/trials.py",
    ],
)
def test_every_sentence_of_the_handlers_is_translated(pattern: str) -> None:
    known, paths = catalogue(), list(WEB.parent.glob(pattern))

    told = [*sentences(paths), *exception_docstrings(paths)]

    assert [text for text in told if text not in known] == []


TOLD = [
    "contacts/*.py",
    "campaigns/*.py",
    "actions/asks.py",
    "actions/custom_targets.py",
    "actions/office_hours.py",
    "actions/scripts.py",
    "alerts/alone.py",
    "alerts/approval_asks.py",
    "alerts/approving.py",
    "alerts/at_risk.py",
    "alerts/calls.py",
    "actions/whereabouts.py",
    "alerts/cases.py",
    "alerts/closing.py",
    "alerts/correcting.py",
    "alerts/facts.py",
    "alerts/following_up.py",
    "alerts/launching.py",
    "alerts/lobbying.py",
    "actions/staffers.py",
    "actions/stances.py",
    "alerts/offices.py",
    "alerts/proposals.py",
    "alerts/resending.py",
    "alerts/sharing.py",
    "alerts/steering.py",
    "messages/answering.py",
    "messages/audience.py",
    "messages/call_limits.py",
    "messages/caring.py",
    "messages/connecting.py",
    "messages/email_blocks.py",
    "messages/email_colors.py",
    "messages/pictures.py",
    "messages/shown_emails.py",
    "messages/control.py",
    "messages/rendering.py",
    "messages/templates.py",
    "messages/wallclock.py",
    "organizers/*.py",
    "web/console/*.py",
]
# What no page of the console can bring about, and what holds a finished sentence already.
ELSEWHERE = (
    "web.", "NoSuch", "NotTaken", "Unknown", "NotARefusal", "BadForm", "NotReady", "AudienceReadOnly", "AlreadyUndone",
)  # fmt: skip
STAND_IN = "7"
PAUSING = re.compile(r"[A-Z][^\n]*(: (check|change|give|upgrade|public_url)|then resume)[^\n]*\.")


def raised_sentences(path: Path) -> Iterator[str]:
    """What a module's exceptions say, with a number where names and numbers are filled in."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
            continue
        if ast.unparse(node.exc.func).startswith(ELSEWHERE):
            continue
        if text := _filled(node.exc.args[0]):
            yield text


def _filled(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else STAND_IN for each in node.values)
        return "".join(str(part) for part in parts)
    return ""


@pytest.mark.parametrize("pattern", TOLD)
def test_every_sentence_a_form_may_bring_back_is_known_in_spanish(
    spanish: Translator, pattern: str
) -> None:
    english = translators(("en",))["en"]
    told = [text for path in WEB.parent.glob(pattern) for text in raised_sentences(path)]

    assert [text for text in told if spanish.sentence(text) == english.sentence(text)] == []


def test_why_sending_pauses_itself_is_known_in_spanish(spanish: Translator) -> None:
    english = translators(("en",))["en"]
    messages = WEB.parent / "messages"
    paths = [*messages.glob("providers/*.py"), messages / "runs.py", messages / "budgets.py"]
    changed = updating.because(STAND_IN)

    told = [re.sub(r"\{\w+\}", STAND_IN, text) for text in pausing_sentences(paths)] + [changed]

    assert told
    assert [text for text in told if spanish.sentence(text) == english.sentence(text)] == []


def pausing_sentences(paths: Iterable[Path]) -> Iterator[str]:
    """Sentences of providers that tell an organizer to do something, then to resume."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and PAUSING.fullmatch(text):
                yield text


@pytest.mark.parametrize(
    ("english", "spanish_words"),
    [
        (
            "the file has headings but no rows",
            "El archivo tiene encabezados pero no filas.",
        ),
        (
            "“abc” is not a ZIP code; write five digits, such as 02139",
            "“abc” no es un código postal; escriba cinco cifras, por ejemplo 02139.",
        ),
        (
            (
                "60 people were confirmed, but it would now reach 58; look at it again and confirm"
                " the new number"
            ),
            (
                "Se confirmaron 60 personas, pero ahora llegaría a 58; mírelo otra vez y"
                " confirme el número nuevo."
            ),
        ),
        (
            "the case has no fact chargd; did you mean {{ fact.charged }}?",
            "El caso no tiene un hecho chargd; ¿quiso decir {{ fact.charged }}?",
        ),
        (
            "the case has no fact zebra; note it on the case's page first",
            "El caso no tiene un hecho zebra; anótelo antes en la página del caso.",
        ),
        ("Nobody wrote this one down", "Nobody wrote this one down."),
        ("", ""),
    ],
)
def test_finished_sentences_are_known_by_their_pattern(
    spanish: Translator, english: str, spanish_words: str
) -> None:
    assert spanish.sentence(english) == spanish_words


def test_numbers_are_written_as_in_latin_america(spanish: Translator) -> None:
    assert format_decimal(12_345, locale=spanish.locale) == "12,345"


def test_a_name_with_percent_signs_does_no_harm(spanish: Translator) -> None:
    assert "%s%d" in spanish.sentence("there is already a project named %s%d; choose another name")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-SV,es;q=0.9,en;q=0.8", "es"),
        ("en;q=0.5, es;q=0.7", "es"),
        ("fr, de", "en"),
        ("es;q=x", "en"),
        (",;q=,", "en"),
    ],
)
def test_the_browsers_language_is_heard(header: str, language: str) -> None:
    assert preferred(header, ("en", "es"), "en") == language


@pytest.mark.long
def test_a_template_is_compiled_to_the_same_in_every_language() -> None:
    """What one language compiled serves the others, so no word of a language may be in it."""
    english, spanish = (pages.environment(language) for language in ("en", "es"))

    for name in english.list_templates():
        source = (pages.HERE / "templates" / name).read_text(encoding="utf-8")
        compiled = [each.compile(source, name, raw=True) for each in (english, spanish)]
        assert compiled[0] == compiled[1], name
