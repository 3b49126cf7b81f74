"""Every reason why nobody is named has a sentence of its own, in English and in Spanish."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actions.targets import SWITCHBOARD, Note, Role, Target, Targets
from web.geocoding import Miss
from web.public import wording
from web.public.locating import ELSEWHERE
from web.translations import translators

SPANISH = translators(("es",))["es"]
BOARD = Target(key=SWITCHBOARD, role=Role.SWITCHBOARD, name="", state="TX", phone="+12022243121")
SETTLED = (Note.NONE,)


def texts() -> Iterator[str]:
    """All that this module may say."""
    for name, value in vars(wording).items():
        if name.isupper() and isinstance(value, str):
            yield value
    for table in (wording.UNNAMED, wording.UNNAMED_SHORT, wording.MISSED):
        yield from table.values()


def test_everything_is_said_in_spanish() -> None:
    known = {text for text in texts() if SPANISH(text) != text}

    assert set(texts()) - known == set()


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("settled", [(), (BOARD,)])
def test_each_reason_has_its_own_sentence(language: str, settled: tuple[Target, ...]) -> None:
    said = {
        note: wording.told("78704", Targets(settled, note=note), language)
        for note in Note
        if note not in SETTLED
    }

    assert all(said.values())
    assert len(set(said.values())) == len(said)
    assert not [text for text in said.values() if "%(" in text]


def test_settled_place_needs_no_words() -> None:
    assert wording.told("53703", Targets((BOARD,)), "en") == ""


def test_every_miss_of_the_geocoder_is_told() -> None:
    assert {*Miss, ELSEWHERE} == set(wording.MISSED)
    assert wording.missed("something else", "en") == ""


@pytest.mark.parametrize("role", [Role.REPRESENTATIVE, Role.SENATOR, Role.DELEGATE])
def test_newly_elected_are_announced_without_a_name(role: Role) -> None:
    target = Target(key="x", role=role, name="", unnamed=True)

    assert "we do not have the name yet" in wording.named(target, "en")
    assert "todavía no tenemos el nombre" in wording.named(target, "es")
    assert wording.short(target, "en").startswith("your ")
