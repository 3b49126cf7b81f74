"""Whoever may be endangered by being named is not named unasked: names are found, launches wait, reasons are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from alerts import launching
from alerts.at_risk import (
    BadRisk,
    NoSuchPerson,
    NoWhy,
    RiskDraft,
    add_person,
    at_risk,
    change_person,
    find_person,
    looked_for,
    remove_person,
)
from alerts.cases import close_case
from alerts.closing import BadClosing, CaseOutcome, Closing, close
from alerts.fact_models import ClearedBy, Release
from alerts.facts import BadFact, add_fact, change_fact, clear_fact
from alerts.fingerprint import digest
from alerts.models import Alert, Case
from alerts.named import COMMON_FAMILY, COMMON_GIVEN, ORDINARY, Name, mentions
from alerts.preflight import Check, check
from alerts.risk_models import Cleared, MaySay
from alerts.weighing import let_stand
from database.tables import folded
from messages.control import Words
from tests.alerts.drafting import HOUSE, make_draft, make_fact_draft
from tests.builders import make_alert, make_contact, make_organizer, make_project
from tests.doubles import NoJobs

MARIA = RiskDraft(given_names="María Guadalupe", family_names="Henríquez de Orellana")
NAMED = make_fact_draft("Henríquez is charged.", "Henríquez es acusada.")
SAID = {"words": dict(NAMED.words)}
JOSE = Name.of("José", "Martínez Flores", "Chepe, El Profe")


@pytest.mark.parametrize(
    "text",
    [
        "Free María Henríquez now",
        "FREE MARIA HENRIQUEZ NOW",
        "maria guadalupe orellana is in prison",
        "Guadalupe de Orellana, 24, was arrested",
        "Libertad para Henríquez, María",
        "the Henríquez-Orellana family",
        "Where is Ms. Henriquez’s lawyer?",
        "Write to orellana today",
        "Mari\u0301a Henri\u0301quez",  # accents as some keyboards put them
    ],
)
def test_a_whole_name_is_found_however_it_is_written(text: str) -> None:
    (found,) = mentions(text, MARIA.name)

    assert found.says is MaySay.FULL


@pytest.mark.parametrize("text", ["Free María!", "María Guadalupe is free", "Guadalupe, mother of"])
def test_a_first_name_says_less(text: str) -> None:
    (found,) = mentions(text, MARIA.name)

    assert found.says is MaySay.FIRST


@pytest.mark.parametrize(
    "text",
    [
        "Stop the detentions in Suchitoto",
        "The village of Santa María is cut off",
        "María López, her lawyer, was heard",  # another María, by her surname
        "las flores y los reyes",
    ],
)
def test_others_and_places_are_not_taken_for_her(text: str) -> None:
    assert mentions(text, MARIA.name) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("José Martínez", ["José Martínez"]),
        ("Martínez was beaten", ["Martínez"]),
        ("Rep. Martínez has not answered", []),
        ("Ana Martínez has not answered", []),
        ("Bring flores to the vigil", []),
        ("Mr. Flores is ill", ["Flores"]),
        ("They call him Chepe", ["Chepe"]),
        ("pregunte por el profe", ["el profe"]),
        ("San José is a town", []),
        ("José and Flores", ["José", "Flores"]),
    ],
)
def test_common_names_titles_and_nicknames(text: str, found: list[str]) -> None:
    assert [each.words for each in mentions(text, JOSE)] == found


JUAN = Name.of("Juan Carlos", "Pérez")


@pytest.mark.parametrize(
    "text",
    [
        "#FreeJuanPerez",
        "@JuanPerez",
        "JuanPerez",
        "juan.perez",
        "Juan-Pérez",
        "Juan_Perez",
        "#freejuanperez",
        "#LIBERTADPARAJUANPEREZ",
        "#FREEJuanCarlosPerez",
        "write to juanperez@example.org",
        "juancarlosperez",
        "Juan\u200b Pe\u00adrez",
        "https://example.org/juanperez",
    ],
)
def test_a_name_written_together_is_found(text: str) -> None:
    assert [each.says for each in mentions(text, JUAN)] == [MaySay.FULL]


@pytest.mark.parametrize("text", ["#FreeJuan", "#freejuan", "#libertadparajuan"])
def test_one_name_behind_a_call_is_found(text: str) -> None:
    assert [each.says for each in mentions(text, JUAN)] == [MaySay.FIRST]


def test_a_name_with_capitals_inside_is_one_name() -> None:
    said = ["Free McDonald", "JohnMcDonald", "#freejohnmcdonald"]

    assert all(mentions(text, Name.of("John", "McDonald")) for text in said)


WORDS = sorted(
    {
        word
        for path in (Path("alerts/starting"), Path("docs"))
        for file in [*path.glob("*.toml"), *path.glob("*.md")]
        for word in re.findall(r"[^\W\d_]+", file.read_text().lower())
    }
)
NAMES = st.builds(
    Name.of,
    st.sampled_from(sorted(COMMON_GIVEN)),
    st.sampled_from(sorted(COMMON_FAMILY - ORDINARY)),
)


@given(NAMES, st.lists(st.sampled_from(WORDS), min_size=1, max_size=40))
def test_ordinary_words_are_nobodys_name(name: Name, words: list[str]) -> None:
    others = [each for each in words if folded(each) not in name.words]

    assert mentions(" ".join(others), name) == []
    assert mentions(" ".join(f"#{each}" for each in others), name) == []


@given(
    NAMES,
    st.sampled_from(["{} {}", "{}.{}", "{}-{}", "{}_{}", "@{}{}", "#free{}{}", "x #{}{}2026"]),
    st.lists(st.sampled_from(WORDS), max_size=5),
    st.booleans(),
)
def test_a_whole_name_among_ordinary_words_is_always_found(
    name: Name, how: str, words: list[str], capitals: bool
) -> None:
    spelt = [*name.given, *name.family]
    said = how.format(*(each.title() if capitals else each for each in spelt))

    found = mentions(" ".join([*words, ",", said, ".", *words]), name)

    assert MaySay.FULL in {each.says for each in found}


class Desk:
    """A draft on a case with Maria on its list."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        self.conn, self.now = conn, now
        make_contact(conn)
        self.by = f"organizer:{make_organizer(conn, name='Amina')}"
        self.alert_id = launching.create(
            conn, make_draft(), house=HOUSE, created_by=self.by, now=now
        )
        self.case_id = conn.scalars(select(Alert.case_id)).one()
        self.maria = add_person(conn, self.case_id, MARIA, by=self.by, now=now)

    def writes(self, *, sms: str = "", script: str = "", **changes: object) -> Check:
        draft = make_draft(**changes)
        words = draft.texts["es"]
        said = {**draft.texts, "es": Words(sms + " {{ link }}", words.subject, words.body)}
        scripts = {**draft.call.scripts}
        scripts["en"] = replace(scripts["en"], reasons=script)
        call = replace(draft.call, scripts=scripts)
        changed = replace(draft, texts=said, call=call)
        launching.rewrite(self.conn, self.alert_id, changed, house=HOUSE, by=self.by, now=self.now)
        return self.check()

    def check(self) -> Check:
        return check(self.conn, self.alert_id, house=HOUSE, now=self.now)

    def clears(self, may_say: MaySay) -> None:
        cleared = replace(MARIA, may_say=may_say, cleared_by=Cleared.FAMILY)
        change_person(self.conn, self.maria, cleared, by=self.by, now=self.now)


@pytest.fixture
def desk(conn: Connection, now: datetime) -> Desk:
    return Desk(conn, now)


def codes(found: Check) -> tuple[list[str], list[str]]:
    return [each.code for each in found.blocking], [each.code for each in found.warnings]


def test_a_name_not_to_be_said_stands_in_the_way_wherever_it_is(desk: Desk) -> None:
    found = desk.writes(sms="Liberen a Henriquez", script="María Henríquez is ill")

    assert [(each.code, each.values["language"]) for each in found.blocking] == [
        ("named_at_risk", "en"),
        ("named_at_risk", "es"),
    ]
    assert found.blocking[0].words("en").startswith("English, script: “María Henríquez” names")
    assert found.blocking[1].words("es").startswith("Español, mensaje de texto: «Henriquez» nombra")


def test_what_a_page_says_of_the_case_names_as_well(desk: Desk) -> None:
    remove_person(desk.conn, desk.maria)
    add_fact(desk.conn, desk.case_id, NAMED, by=desk.by, now=desk.now)
    add_person(desk.conn, desk.case_id, MARIA, by=desk.by, now=desk.now)

    found = desk.check()

    assert {each.values["places"] for each in found.blocking} == {("fact",)}


@pytest.mark.parametrize(
    "told",
    [
        {"sources": ["Interview with María Henríquez", "CRIPDES"]},
        {**SAID, "embargo_until": datetime(2026, 11, 25, 14, tzinfo=UTC)},
    ],
)
def test_who_told_a_fact_and_what_will_stand_there_names_as_well(
    desk: Desk, told: dict[str, Any]
) -> None:
    remove_person(desk.conn, desk.maria)
    plain = make_fact_draft("Somebody is charged.", "Alguien fue acusada.")
    add_fact(desk.conn, desk.case_id, replace(plain, **told), by=desk.by, now=desk.now)
    add_person(desk.conn, desk.case_id, MARIA, by=desk.by, now=desk.now)

    assert {each.values["places"] for each in desk.check().blocking} == {("fact",)}


def test_what_a_fact_said_before_stands_on_the_page_and_names_as_well(desk: Desk) -> None:
    remove_person(desk.conn, desk.maria)
    fact_id = add_fact(desk.conn, desk.case_id, NAMED, by=desk.by, now=desk.now)
    plain = make_fact_draft("A woman is charged.", "Una mujer fue acusada.")
    change_fact(desk.conn, fact_id, plain, note="No name.", by=desk.by, now=desk.now)
    add_person(desk.conn, desk.case_id, MARIA, by=desk.by, now=desk.now)

    assert {each.values["places"] for each in desk.check().blocking} == {("fact",)}


def test_no_public_fact_names_who_is_not_to_be_named(desk: Desk) -> None:
    with pytest.raises(BadFact, match="not to be named"):
        add_fact(desk.conn, desk.case_id, NAMED, by=desk.by, now=desk.now)
    withheld = replace(NAMED, release=Release.WITHHELD)
    fact_id = add_fact(desk.conn, desk.case_id, withheld, by=desk.by, now=desk.now)
    with pytest.raises(BadFact, match="not to be named"):
        clear_fact(desk.conn, fact_id, cleared_by=ClearedBy.FAMILY, by=desk.by, now=desk.now)


def test_what_stands_in_for_a_field_is_looked_through(desk: Desk) -> None:
    defaults = {"en": {"community": "the Henríquez family", "city": "[their city]"}}

    found = desk.writes(sms="Llame", merge_defaults=defaults)

    assert {each.code for each in found.blocking} == {"named_at_risk", "blank_left"}


def test_the_end_of_a_case_names_nobody(desk: Desk) -> None:
    words = {"en": "María Henríquez is free.", "es": "María Henríquez está libre."}
    ended = Closing(outcome=CaseOutcome.WON, ended_on=desk.now.date(), words=words)

    with pytest.raises(BadClosing, match="not to be named"):
        close(
            desk.conn,
            NoJobs(),
            desk.case_id,
            ended,
            languages=("en", "es"),
            by=desk.by,
            now=desk.now,
        )


def test_a_first_name_that_is_cleared_passes_and_more_of_it_warns(desk: Desk) -> None:
    desk.clears(MaySay.FIRST)

    assert codes(desk.writes(sms="Liberen a Maria")) == ([], [])
    assert codes(desk.writes(sms="Liberen a Maria Henriquez")) == ([], ["named_beyond"])


def test_a_full_name_that_is_cleared_is_silent(desk: Desk) -> None:
    desk.clears(MaySay.FULL)

    assert codes(desk.writes(sms="Liberen a Maria Henriquez")) == ([], [])


def test_a_reason_lets_these_words_stand_and_no_others(desk: Desk) -> None:
    desk.writes(sms="La jueza Henriquez escucha")
    before = digest(desk.conn, desk.alert_id)

    give(desk, "This is the judge of the same name.")

    assert codes(desk.check()) == ([], ["named_anyway"])
    assert "Amina says why it may stand: This is the judge" in str(desk.check().warnings[0])
    assert digest(desk.conn, desk.alert_id) != before  # whoever approves reads the reason
    assert codes(desk.writes(sms="La jueza Henriquez no escucha")) == ([], ["named_anyway"])
    assert codes(desk.writes(sms="Maria Henriquez"))[0] == ["named_at_risk"]


def test_a_reason_is_a_sentence(desk: Desk) -> None:
    with pytest.raises(NoWhy):
        give(desk, "ok")


ANA = RiskDraft(given_names="Ana", family_names="Quezada")


def test_who_is_on_the_list_of_another_case_of_the_same_owner_is_not_named_here_either(
    desk: Desk,
) -> None:
    other = make_alert(desk.conn).case_id
    ana = add_person(desk.conn, other, ANA, by=desk.by, now=desk.now)
    close_case(desk.conn, other, now=desk.now)

    found = desk.writes(sms="Libertad para #AnaQuezada")

    assert codes(found) == (["named_elsewhere"], [])
    assert "on another case's list" in str(found.blocking[0])
    let_stand(desk.conn, desk.alert_id, ana, why="a street of her name", by=desk.by, now=desk.now)
    assert codes(desk.check()) == ([], ["named_anyway"])
    named = make_fact_draft("Ana Quezada is free.", "Ana Quezada está libre.")
    with pytest.raises(BadFact, match="not to be named"):
        add_fact(desk.conn, desk.case_id, named, by=desk.by, now=desk.now)


def test_a_name_that_many_bear_is_looked_for_whole_in_other_cases(desk: Desk) -> None:
    juan = RiskDraft(given_names="Juan", family_names="Pérez", also_called="Profe")
    add_person(desk.conn, make_alert(desk.conn).case_id, juan, by=desk.by, now=desk.now)

    assert codes(desk.writes(sms="Juan y el profe, la familia Pérez")) == ([], [])
    assert codes(desk.writes(sms="Juan Pérez"))[0] == ["named_elsewhere"]


def test_the_list_of_its_own_case_decides_and_else_the_strictest(desk: Desk) -> None:
    other, third = make_alert(desk.conn).case_id, make_alert(desk.conn).case_id
    full = replace(ANA, may_say=MaySay.FULL, cleared_by=Cleared.FAMILY)
    add_person(desk.conn, other, full, by=desk.by, now=desk.now)
    add_person(desk.conn, third, ANA, by=desk.by, now=desk.now)

    assert codes(desk.writes(sms="Ana Quezada"))[0] == ["named_elsewhere"]
    add_person(desk.conn, desk.case_id, full, by=desk.by, now=desk.now)
    assert codes(desk.check()) == ([], [])


def test_a_committee_is_kept_from_the_names_of_the_network_and_not_of_other_committees(
    desk: Desk,
) -> None:
    mine, theirs = make_project(desk.conn), make_project(desk.conn, "Bangor – Carasque")
    own, alien = (_case(desk.conn, each) for each in (mine, theirs))
    for case_id, person in ((desk.case_id, MARIA), (alien, ANA)):
        add_person(desk.conn, case_id, person, by=desk.by, now=desk.now)

    found = {each.shown for each in looked_for(desk.conn, own, mine)}
    new = {each.shown for each in looked_for(desk.conn, None, mine)}

    assert found == new == {"María Guadalupe Henríquez de Orellana"}
    stranger = at_risk(desk.conn, alien)[0].id
    with pytest.raises(NoSuchPerson):
        let_stand(desk.conn, desk.alert_id, stranger, why="a good reason", by=desk.by, now=desk.now)


def _case(conn: Connection, project_id: int) -> int:
    told = {"created_by": "x", "created_at": datetime(2026, 11, 1, tzinfo=UTC)}
    row = insert(Case).values(slug=f"case-{project_id}", project_id=project_id, **told)
    case_id: int = conn.execute(row.returning(Case.id)).scalar_one()
    return case_id


def test_who_cleared_a_name_and_when_stays_until_that_changes(desk: Desk) -> None:
    desk.clears(MaySay.FIRST)
    cleared = replace(MARIA, may_say=MaySay.FIRST, cleared_by=Cleared.FAMILY, note="By telephone.")
    later = desk.now + timedelta(days=1)

    change_person(desk.conn, desk.maria, cleared, by="organizer:9", now=later)

    (found,) = at_risk(desk.conn, desk.case_id)
    assert (found.cleared_by, found.cleared_at) == (Cleared.FAMILY, desk.now)
    assert (found.note, found.noted_by, found.noted_at) == ("By telephone.", "organizer:9", later)
    change_person(desk.conn, desk.maria, MARIA, by=desk.by, now=later)
    assert find_person(desk.conn, desk.maria).cleared_at is None


def test_a_name_needs_letters_and_a_clearance_somebody_who_gave_it(desk: Desk) -> None:
    with pytest.raises(BadRisk, match="at least a first name"):
        add_person(
            desk.conn,
            desk.case_id,
            RiskDraft(given_names=" - ", family_names=""),
            by=desk.by,
            now=desk.now,
        )
    with pytest.raises(BadRisk, match="who cleared the name"):
        change_person(
            desk.conn, desk.maria, replace(MARIA, may_say=MaySay.FULL), by=desk.by, now=desk.now
        )


def test_who_is_off_the_list_is_forgotten(desk: Desk) -> None:
    desk.writes(sms="Liberen a Henriquez")

    remove_person(desk.conn, desk.maria)

    assert at_risk(desk.conn, desk.case_id) == []
    assert codes(desk.check()) == ([], [])


def test_what_endangers_or_costs_the_exemption_is_told_wherever_it_stands(desk: Desk) -> None:
    found = desk.writes(
        sms="La delegación viajará el viernes", script="Vote for Smith. Ask for (608) 555-0134."
    )

    assert codes(found) == ([], ["travel", "private_number", "election"])


def test_the_number_of_an_office_that_is_known_is_no_private_one(desk: Desk) -> None:
    assert codes(desk.writes(sms="Llame", script="Or (202) 224-3121.")) == ([], [])


def give(desk: Desk, why: str) -> None:
    let_stand(desk.conn, desk.alert_id, desk.maria, why=why, by=desk.by, now=desk.now)
