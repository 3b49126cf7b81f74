"""What an alert may begin with: whole in every language, legal in every field, and never launched half-filled."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from actions.models import TargetRule
from actions.scripts import ScriptWords, check_script
from alerts.blanks import blanks, fill_in
from alerts.citing import fill
from alerts.fact_models import FactKind, Release
from alerts.starting_texts import (
    CASE_WORDS,
    KINDS,
    NOTHING,
    SHORT,
    SLOT,
    Known,
    StartingText,
    begun,
    starting_texts,
)
from alerts.timeline import facts_of
from messages.identity import Identity
from messages.rendering import compile_sms, compile_text
from tests.builders import make_alert, make_fact
from web.console.previews import measured

LANGUAGES = ("en", "es")
MOMENTS = ["arrested", "court", "some_freed", "call_in", "threats", "congress", "thanks"]
HOUSE = Identity(
    network="U.S.-El Salvador Sister Cities",
    postal_address="",
    public_url="https://act.elsalvadorsolidarity.org",
    secret="5e" * 32,
)
each_text = pytest.mark.parametrize("text", starting_texts(), ids=lambda text: text.key)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def empty(text: StartingText, language: str, now: datetime) -> dict[str, str]:
    return begun(text, language, NOTHING, now=now)


def test_every_kind_of_moment_is_there() -> None:
    assert [each.key for each in starting_texts()] == MOMENTS


@each_text
@each_language
def test_it_says_everything_an_alert_says(text: StartingText, language: str, now: datetime) -> None:
    parts = empty(text, language, now)
    script = ScriptWords(**{name: parts[name] for name in ScriptWords.__dataclass_fields__})

    optional = () if script.writes else ("letter_subject", "letter")
    assert [name for name, words in parts.items() if not words and name not in optional] == []
    assert text.words[language].name
    assert text.words[language].about
    assert text.whom in (TargetRule.CONGRESS, TargetRule.CUSTOM)
    check_script(script)
    for name in ("subject", "body"):
        compile_text(parts[name])
    assert "{{" not in parts["title"] + parts["summary"]
    assert "{{ link }}" in parts["sms"]
    assert "{{ link }}" in parts["body"]


@each_text
@each_language
def test_its_text_message_is_plain_and_takes_two_segments_at_most(
    text: StartingText, language: str, now: datetime
) -> None:
    sms = empty(text, language, now)["sms"]

    compile_sms(sms, language=language, network=HOUSE.network)
    (taken,) = measured({language: sms}, HOUSE)

    assert (taken.measure.encoding, taken.measure.costly) == ("GSM-7", ())
    assert taken.measure.segments <= 2, taken.measure.units


@each_text
@each_language
def test_the_longest_fact_that_it_cites_still_fits_two_segments(
    conn: Connection, text: StartingText, language: str, now: datetime
) -> None:
    case = make_alert(conn).case_id
    said, ahead = "x" * SHORT, (now + timedelta(days=1)).date()
    make_fact(conn, case, key="it", en=said, es=said)
    make_fact(conn, case, key="court", kind=FactKind.HEARING, happened_on=ahead, en=said, es=said)
    titles = dict.fromkeys(LANGUAGES, "The Suchitoto 14")
    facts = facts_of(conn, case)

    sms = begun(text, language, Known(titles, facts), now=now)["sms"]
    cited = fill({each.key: each for each in facts}, sms, language, now=now)
    (taken,) = measured({language: cited}, HOUSE)

    assert taken.measure.segments <= 2, taken.measure.units


@each_text
def test_both_languages_leave_the_same_open(text: StartingText, now: datetime) -> None:
    """What is filled in once for one language has its partner beside it in the other."""
    found = [
        [name for name, words in empty(text, language, now).items() if blanks([words])]
        for language in LANGUAGES
    ]
    counted = [len(blanks(empty(text, language, now).values())) for language in LANGUAGES]
    kinds = [
        [kind for kind, _ in SLOT.findall(text.words[language].parts["body"])]
        for language in LANGUAGES
    ]

    assert found[0] == found[1]
    assert counted[0] == counted[1]
    assert counted[0] <= 4  # each has to be written in four minutes on a phone
    assert kinds[0] == kinds[1]
    assert {kind for each in kinds for kind in each if kind} <= {"case", *KINDS}


def test_a_known_case_leaves_nothing_open_and_a_withheld_fact_is_not_cited(
    conn: Connection, now: datetime
) -> None:
    case = make_alert(conn).case_id
    make_fact(
        conn, case, key="arrested", en="14 people were arrested.", es="Hay 14 personas presas."
    )
    make_fact(conn, case, key="ana", en="Ana is one.", es="Ana es una.", release=Release.WITHHELD)
    known = Known({"en": "The Suchitoto 14", "es": "Los 14 de Suchitoto"}, facts_of(conn, case))
    arrested = starting_texts()[0]

    english, spanish = (begun(arrested, each, known, now=now) for each in LANGUAGES)

    assert not blanks([*english.values(), *spanish.values()])
    assert english["title"] == "Call today for the Suchitoto 14"
    assert spanish["title"] == "Llame hoy por los 14 de Suchitoto"
    assert "{{ fact.arrested }} A call to Congress" in english["sms"]
    assert "- {{ fact.arrested.on }}: {{ fact.arrested }}" in spanish["body"]
    assert "fact.ana" not in "".join([*english.values(), *spanish.values()])
    assert not english.keys() & set(CASE_WORDS)


def test_a_fact_that_is_long_or_costly_stays_out_of_the_text_message(
    conn: Connection, now: datetime
) -> None:
    case = make_alert(conn).case_id
    make_fact(conn, case, key="long", en="14 people were arrested.", es="Detención de 14 personas.")

    parts = begun(starting_texts()[0], "en", Known({"en": "X"}, facts_of(conn, case)), now=now)

    assert "fact." not in parts["sms"]
    assert "{{ fact.long }}" in parts["summary"]


@pytest.mark.parametrize(("days", "cited"), [(1, True), (-1, False)])
def test_a_hearing_is_told_while_it_lies_ahead(
    conn: Connection, now: datetime, days: int, cited: bool
) -> None:
    case = make_alert(conn).case_id
    day = (now + timedelta(days=days)).date()
    make_fact(
        conn,
        case,
        key="court",
        en="In court.",
        es="Audiencia.",
        kind=FactKind.HEARING,
        happened_on=day,
    )

    parts = begun(starting_texts()[1], "en", Known({"en": "X"}, facts_of(conn, case)), now=now)

    assert ("{{ fact.court }}" in parts["sms"]) is cited


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[who] was held in [the place], [who] says", ["[who]", "[the place]"]),
        ("**[See what to say]({{ link }})** and [docs][1]", []),
        ("[1]: https://example.org", []),
        ("They said […] and [...]", []),
        ("[{{ link }}]", []),
        ("[two\nlines]", []),
    ],
)
def test_what_stands_in_brackets_and_is_no_link_is_to_be_filled_in(
    text: str, found: list[str]
) -> None:
    assert blanks([text]) == found


@pytest.mark.parametrize(
    "text", ["[who]: call today", "[what][when]", "[court, {{ fact.on }}]", "([who])", "see [who]."]
)
def test_brackets_are_found_beside_whatever_they_stand(text: str) -> None:
    assert blanks([text])
    assert not blanks(["[see whom to call]({{ link }})", "a […] b"])


def test_a_blank_is_filled_in_wherever_it_stands_and_only_once() -> None:
    known = {"[who]": "[where]", "[where]": "Suchitoto"}

    assert fill_in("[who], [who] and [when]", known) == "[where], [where] and [when]"
