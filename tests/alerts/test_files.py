"""Alert files: everything an organizer would type, and every problem told by its key."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from actions.asks import OneAsk, simple_asks
from actions.custom_targets import Line
from actions.models import AskMode, TargetRule
from alerts.call_files import read_call
from alerts.fact_models import Release
from alerts.facts import release_of
from alerts.files import BadAlertFile, read_alert
from alerts.models import Level
from alerts.reading import Table
from messages.audience import EVERYBODY
from messages.models import Reach

EXAMPLE = Path(__file__).parents[2] / "alerts" / "examples" / "suchitoto-14.toml"


def example(*changes: tuple[str, str]) -> str:
    """The example file with some words replaced."""
    text = EXAMPLE.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(BadAlertFile) as raised:
        read_alert(text)
    return raised.value.problems


def test_the_example_says_everything_an_organizer_would_type() -> None:
    draft = read_alert(example())

    assert draft.case.slug == "suchitoto-14"
    assert [fact.happened_on for fact in draft.case.facts] == [
        date(2007, 7, 2),
        date(2007, 7, 23),
        date(2007, 7, 30),
    ]
    assert {release_of(fact) for fact in draft.case.facts} == {Release.PUBLIC}
    assert (draft.level, draft.reach, draft.audience) == (Level.RED, Reach.BOTH, EVERYBODY)
    assert (draft.call.asks, draft.call.goal) == (simple_asks(TargetRule.CONGRESS), 200)
    assert draft.expires.after == timedelta(hours=72)
    for written in (draft.words, draft.texts, draft.call.scripts, draft.case.words):
        assert set(written) == {"en", "es"}
    for script in draft.call.scripts.values():
        assert script.if_yes
        assert script.if_no
        assert script.voicemail


def test_the_example_says_in_every_text_that_it_is_an_exercise() -> None:
    draft = read_alert(example())

    for language, word in (("en", "exercise"), ("es", "ejercicio")):
        words = draft.texts[language]
        for text in (words.sms, words.subject, words.body, draft.words[language].title):
            assert word in text.lower()


def test_an_ending_may_be_an_instant() -> None:
    draft = read_alert(
        example(
            (
                'work = "advocacy"\nexpires_in_hours = 72',
                'work = "advocacy"\nexpires = 2026-12-04T17:00:00-05:00',
            )
        )
    )

    assert draft.expires.instant(datetime.now(UTC)) == datetime(2026, 12, 4, 22, tzinfo=UTC)


def test_an_audience_names_projects_and_lines() -> None:
    audience = """[audience.include]
projects = ["madison-arcatao"]
languages = ["es"]
districts = ["wi-2"]
joined_since = 2026-01-31
[audience.exclude]
projects = ["bangor-carasque"]
tags = ["no calls"]"""

    draft = read_alert(example(("[audience]\neverybody = true", audience)))

    assert draft.to_projects == ("madison-arcatao",)
    assert draft.not_to_projects == ("bangor-carasque",)
    assert draft.audience.include.districts == ("WI-2",)
    assert draft.audience.include.joined_since == date(2026, 1, 31)
    assert draft.audience.exclude.tags == ("no calls",)


def test_an_office_outside_congress_is_read_with_its_number_in_one_spelling() -> None:
    office = """[[call.offices]]
key = "desk"
name = "El Salvador desk"
phone = "(202) 555-0147"
verified_on = 2026-11-01
verified_by = "Amina"
"""

    draft = read_alert(example(("[call.en]", office + "[call.en]")))

    assert draft.call.offices[0].phones == (Line("+12025550147"),)
    assert draft.call.offices[0].verified_on == date(2026, 11, 1)


ASKS = """[[call.asks]]
targets = "committee"
committees = ["hsfa", "SSFR06"]
show = "first"
[[call.asks]]
targets = "custom"
office = "desk"
show = "first"
expires = 2026-12-04T17:00:00-05:00
[call.asks.en]
opening = "Good morning."
ask = "Please act."
[call.asks.es]
opening = "Buenos días."
ask = "Actúen, por favor."
[[call.asks]]
targets = "committee"
committees = ["HSAP04"]
[[call.asks]]
targets = "senators"
"""
OFFICE = """[[call.offices]]
key = "desk"
name = "El Salvador desk"
kind = "us_state"
hours = "M-F 9-5"
note = "Ask for the officer."
languages = ["es"]
[[call.offices.phones]]
number = "202-555-0147"
label = "switchboard"
[[call.offices.phones]]
number = "202-555-0148"
"""


def with_asks(*changes: tuple[str, str]) -> str:
    asks = ASKS
    for before, after in changes:
        asks = asks.replace(before, after, 1)
    return example(('targets = "congress"\n', ""), ("[call.en]", f"{asks}\n{OFFICE}\n[call.en]"))


def test_a_list_of_asks_says_whom_in_which_case_and_until_when() -> None:
    call = read_alert(with_asks()).call

    members, desk, one_committee, senators = call.asks
    assert (members.rule, members.committees) == (TargetRule.COMMITTEE, ("HSFA", "SSFR06"))
    assert (desk.office, desk.mode, desk.expires_at) == (
        "desk",
        AskMode.FIRST,
        datetime(2026, 12, 4, 22, tzinfo=UTC),
    )
    assert desk.scripts["es"].opening == "Buenos días."
    assert one_committee.mode is AskMode.ONLY_IF
    assert senators == OneAsk(rule=TargetRule.SENATORS)
    assert call.offices[0].phones == (Line("+12025550147", "switchboard"), Line("+12025550148"))
    assert (call.offices[0].hours, call.offices[0].note) == ("", "M-F 9-5; Ask for the officer.")


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ('show = "first"', 'show = "maybe"', "call.asks[1].show: 'maybe' is not known"),
        ('"hsfa", "SSFR06"', '"Foreign"', "call.asks[1].targets: FOREIGN is not a committee"),
        ('show = "first"', 'show = "always"', "call.asks[1].targets: an ask for members"),
        ('office = "desk"', "", "call.asks[2].targets: an ask is for an office outside Congress"),
        ("expires = 2026-12-04T17:00:00-05:00", "expires = 2026-12-04", "call.asks[2].expires:"),
        ('ask = "Please act."', 'asks = "Please act."', "call.asks[2].en.ask: missing"),
        ("[[call.asks]]", 'targets = "congress"\n[[call.asks]]', "call.targets: given beside"),
    ],
)
def test_a_problem_of_an_ask_is_told_by_its_key(before: str, after: str, wanted: str) -> None:
    problems = problems_of(with_asks((before, after)))

    assert any(problem.startswith(wanted) for problem in problems), problems


def test_a_plain_file_calls_its_offices_after_congress() -> None:
    office = "[[call.offices]]\nkey = 'desk'\nname = 'Desk'\nphone = '202-555-0147'\n[call.en]"

    draft = read_alert(example(("[call.en]", office)))

    assert draft.call.asks == simple_asks(TargetRule.CONGRESS, ["desk"])


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ('slug = "suchitoto-14"', 'slug = "Los 14"', "case.slug: 'Los 14' must be small letters"),
        ('slug = "suchitoto-14"', "", "case.slug: missing; a short name"),
        ("date = 2007-07-02", 'date = "2 July"', "case.facts[1].date: must be a date"),
        ("date = 2007-07-02", "", "case.facts[1].date: a fact needs the day it happened"),
        ("date = 2007-07-02", "date = 2007-07-02\nrelease = 'secret'",
         "case.facts[1].release: 'secret' is not known; write one of public, committee, withheld"),
        ("[case.es]", "[case.sp]", "case.sp: nothing is called that here; known are slug, facts, en, es"),
        ("[case.es]", "[case.sp]", "case.es: missing; every language is an equal"),
        ('level = "red"', 'level = "urgent"', "write one of red, amber, green"),
        ('level = "red"', 'levle = "red"', "alert.levle: nothing is called that here; did you"),
        ("expires_in_hours = 72", "expires_in_hours = 0", "must be a whole number above 0"),
        ("expires_in_hours = 72", "expires = 2026-12-04", "alert.expires: must be a date and time"),
        ("expires_in_hours = 72", "expires = 2026-12-04T09:00:00",
         "alert.expires: must be a date and time with its offset"),
        ("expires_in_hours = 72", "expires_in_hours = 5\nexpires = 2026-12-04T09:00:00Z",
         "alert.expires: given twice"),
        ('reach = "both"', 'reach = "fax"', "write one of both, text_first, sms, email"),
        ("[message.es]", "[message.fr]", "message.es: missing; every language is an equal"),
        ("{{ link }}", "{{ lnik }}", "did you mean {{ link }}?"),
        ('subject = "Exercise: call', 'subjekt = "Exercise: call', "did you mean subject?"),
        ("everybody = true", "", "audience.include: empty, which would be everybody"),
        ("[audience]\neverybody = true\n", "", "audience: missing; name [audience.include]"),
        ("everybody = true", "everybody = 1", "audience.everybody: must be true or false"),
        ("everybody = true", "include = {districts = ['Wisconsin']}", "is not a district"),
        ("everybody = true", "include = {project = ['x']}", "has no line 'project'"),
        ("everybody = true", "include = {projects = 'x'}", "projects: must be a list of texts"),
        ('targets = "congress"', 'targets = "mayor"', "call.targets: 'mayor' is not known"),
        ("goal = 200", "goal = -1", "call.goal: must be a whole number above 0"),
        ("{{ official }}", "{{ oficial }}", "did you mean {{ official }}?"),
        ('ask = """\nI am', 'asks = """\nI am', "call.en.ask: missing; the one thing we ask for"),
        ("[call.en]", "[[call.offices]]\nkey='x'\nname='y'\nphone='12'\n[call.en]",
         "call.offices[1].phone:"),
        ("[call.en]", "[message.defaults.en]\nplanet = 'Earth'\n[call.en]",
         "message.defaults.en.planet:"),
    ],
)  # fmt: skip
def test_a_problem_is_told_by_its_key(before: str, after: str, wanted: str) -> None:
    problems = problems_of(example((before, after)))

    assert any(wanted in problem for problem in problems), problems


def test_every_problem_is_told_at_once() -> None:
    text = example(('level = "red"', 'level = "urgent"'), ("goal = 200", "goal = 0"))

    assert len(problems_of(text)) == 2


def test_an_email_without_a_subject_is_a_problem() -> None:
    text = example(('subject = "Exercise: call today for the Suchitoto 14"\n', ""))

    assert any("needs both a subject and a text" in problem for problem in problems_of(text))


def test_what_is_no_toml_is_one_sentence_with_the_line() -> None:
    (problem,) = problems_of("[case\nslug = 1")

    assert "not valid TOML" in problem
    assert "line 1" in problem


def test_an_empty_file_tells_what_is_missing() -> None:
    problems = problems_of("")

    assert [problem.partition(":")[0] for problem in problems] == [
        "alert",
        "message",
        "audience",
        "case",
        "call",
    ]


def test_a_file_may_say_what_its_texts_may_cost() -> None:
    draft = read_alert(example(("[message]\n", "[message]\nbudget_dollars = 50\n")))

    assert draft.budget_cents == 5_000
    assert read_alert(example()).budget_cents is None


def test_a_letter_may_stand_alone_and_for_an_office_without_a_number() -> None:
    call = """
        [call]
        targets = "custom"
        [call.en]
        letter_subject = "Suchitoto"
        letter = "Please speak up, {{ official }}."
        [call.es]
        letter_subject = "Suchitoto"
        letter = "Por favor, hable."
        [[call.offices]]
        key = "ministry"
        name = "The Ministry"
        email = "desk@example.org"
    """
    problems: list[str] = []
    draft = read_call(Table(tomllib.loads(call), "", problems), ("en", "es"))

    assert problems == []
    assert draft.scripts["en"].writes
    assert not draft.scripts["en"].calls
    assert [each.phones for each in draft.offices] == [()]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('letter = "Speak up."', "call.en.letter_subject: missing; what the letter is about"),
        (
            'letter_subject = "x"\nletter = "y"\nreasons = "z"',
            "call.en.ask: missing; the one thing we ask for",
        ),
        ('letter_subject = "x"\nletter = "{{ nam }}"', "did you mean {{ name }}?"),
    ],
)
def test_half_a_letter_is_told_by_its_key(line: str, wanted: str) -> None:
    problems: list[str] = []
    call = f'[call]\ntargets = "congress"\n[call.en]\n{line}'

    read_call(Table(tomllib.loads(call), "", problems), ("en",))

    assert any(wanted in each for each in problems)
