"""What a supporter sees at a ZIP, from the command line, in the very words of the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner

import cli
from actions.models import TargetRule
from actions.targets import of_congress
from database.embedded import open_engine
from representatives.answering import Directory
from representatives.loading import load
from tests.databases import SQLiteFiles
from web.public.wording import PlaceWords, place_words

HOUSE = Path(__file__).parents[2]
INVENTED = HOUSE / "representatives" / "examples"
PUBLISHED = HOUSE.parent / "shared" / "data" / "targets"
NOW = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)
AFTER = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)

beside = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published data set does not lie beside the project"
)


@pytest.fixture(scope="module")
def published(sqlite_files: SQLiteFiles) -> Iterator[Connection]:
    engine = open_engine(sqlite_files.make())
    with engine.begin() as conn:
        load(conn, PUBLISHED, NOW)
        yield conn
    engine.dispose()


def seen(conn: Connection, zip_code: str, language: str, now: datetime = NOW) -> PlaceWords:
    answer = Directory().answer(conn, zip_code, now=now)
    targets = of_congress(conn, TargetRule.CONGRESS, answer.place, now=now)
    return place_words(zip_code, targets, language)


TABLE = [
    ("94612", "", "", [], ["Rep. Lateefah Simon: California, district 12", "Sen. Adam B. Schiff: California", "Sen. Alex Padilla: California"]),
    ("02111", "lies in more than one district", "toca más de un distrito", ["Ayanna Pressley: Massachusetts, district 7", "Stephen F. Lynch: Massachusetts, district 8", "I am not sure"], []),
    ("96150", "", "", [], ["Rep. Kevin Kiley: California, district 3", "Sen. Adam B. Schiff: California", "Sen. Alex Padilla: California"]),
    ("42223", "lies in more than one district", "toca más de un distrito", ["Matt Van Epps: Tennessee, district 7", "James Comer: Kentucky, district 1", "I am not sure"], []),
    ("53811", "lies in more than one district", "toca más de un distrito", ["Derrick Van Orden: Wisconsin, district 3", "Mark Pocan: Wisconsin, district 2", "I am not sure"], []),
    ("11217", "lies in more than one district", "toca más de un distrito", ["Daniel S. Goldman: New York, district 10", "Nydia M. Velázquez: New York, district 7", "Hakeem S. Jeffries: New York, district 8", "I am not sure"], []),
    ("20001", "", "", [], ["Del. Eleanor Holmes Norton: the District of Columbia, at large"]),
    ("00901", "", "", [], ["Del. Pablo José Hernández: Puerto Rico, at large"]),
    ("96913", "", "", [], ["Del. James C. Moylan: Guam, at large"]),
    ("09012", "Your home of record counts", "Cuenta su domicilio legal", [], []),
    ("82001", "", "", [], ["Rep. Harriet M. Hageman: Wyoming, at large", "Sen. John Barrasso: Wyoming", "Sen. Cynthia M. Lummis: Wyoming"]),
    ("04402", "Is this the district you live in?", "¿Vive usted en este distrito?", ["Jared F. Golden: Maine, district 2", "I am not sure"], []),
    ("60690", "touches too many districts", "toca demasiados distritos", [], ["US Capitol switchboard", "Sen. Tammy Duckworth: Illinois", "Sen. Richard J. Durbin: Illinois"]),
    ("53799", "first digits say that it is in Wisconsin", "están en Wisconsin", [], ["US Capitol switchboard", "Sen. Tammy Baldwin: Wisconsin", "Sen. Ron Johnson: Wisconsin"]),
    ("00000", "We do not know this ZIP code", "No conocemos este código postal", [], []),
]  # fmt: skip


@beside
@pytest.mark.parametrize(("zip_code", "english", "spanish", "choices", "offices"), TABLE)
def test_what_supporters_see(
    published: Connection,
    zip_code: str,
    english: str,
    spanish: str,
    choices: list[str],
    offices: list[str],
) -> None:
    said, dicho = (seen(published, zip_code, language) for language in ("en", "es"))

    assert english in said.told
    assert bool(english) == bool(said.told)
    assert spanish.replace("están", "está") in dicho.told
    assert list(said.choices) == choices
    assert sorted(said.offices) == sorted(offices)
    assert len(dicho.choices) == len(choices)
    assert len(dicho.offices) == len(offices)
    assert not set(dicho.choices) & {"I am not sure"}


@beside
def test_zip_across_a_state_line_lets_one_choose_the_state(published: Connection) -> None:
    assert seen(published, "42223", "en").states == ("Kentucky", "Tennessee")
    assert seen(published, "02111", "en").states == ()


@beside
@pytest.mark.parametrize("zip_code", ["94612", "42223", "96150"])
def test_after_the_turn_no_old_line_of_a_redrawn_state_names_anybody(
    published: Connection, zip_code: str
) -> None:
    said = seen(published, zip_code, "en", AFTER)

    assert "new lines" in said.told
    assert said.choices == ()
    assert [each for each in said.offices if each.startswith("Rep.")] == []


@beside
@pytest.mark.parametrize("zip_code", ["82001", "53703", "20001"])
def test_after_the_turn_nobody_past_their_term_is_named(
    published: Connection, zip_code: str
) -> None:
    house, *_ = seen(published, zip_code, "en", AFTER).offices

    assert "newly elected; we do not have the name yet" in house


@pytest.fixture
def llamado(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLAMADO_DATABASE__URL", database_url)
    runner = CliRunner()
    loaded = runner.invoke(cli.app, ["representatives", "load", str(INVENTED)])
    assert loaded.exit_code == 0
    return runner


def test_lookup_tells_places_in_both_languages(llamado: CliRunner) -> None:
    said = llamado.invoke(cli.app, ["representatives", "lookup", "02139", "04402-0001"])

    assert said.exit_code == 0
    assert "02139  open (split)" in said.output
    assert "lies in more than one district" in said.output
    assert "¿Vive usted en este distrito?" in said.output


def test_lookup_answers_programs(llamado: CliRunner) -> None:
    asked = ["representatives", "lookup", "04402", "--language", "es", "--json"]

    [row] = json.loads(llamado.invoke(cli.app, asked).output)

    assert (row["zip"], row["place"]["how"], row["place"]["district"]) == ("04402", "box", None)
    assert row["place"]["candidates"] == [{"state": "ME", "number": 2}]
    assert row["place"]["zones"] == ["America/New_York"]
    assert list(row["seen"]) == ["es"]
    assert row["lines"] == {
        "congress": 119,
        "valid_from": "2025-01-03T17:00:00+00:00",
        "valid_to": "2027-01-03T17:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["abc"], "is not a ZIP code"), (["02139", "--language", "fr"], "is not one of en, es")],
)
def test_lookup_says_what_is_wrong(llamado: CliRunner, arguments: list[str], sentence: str) -> None:
    said = llamado.invoke(cli.app, ["representatives", "lookup", *arguments])

    assert said.exit_code != 0
    assert sentence in f"{said.output} {said.exception}"
