"""Whoever may be endangered by being named is not named unasked: names are found, launches wait, reasons are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

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
    remove_person,
)
from alerts.closing import BadClosing, CaseOutcome, Closing, close
from alerts.fact_models import ClearedBy, Release
from alerts.facts import BadFact, add_fact, change_fact, clear_fact
from alerts.fingerprint import digest
from alerts.models import Alert
from alerts.named import Name, mentions
from alerts.preflight import Check, check
from alerts.risk_models import Cleared, MaySay
from alerts.weighing import let_stand
from messages.control import Words
from tests.alerts.drafting import HOUSE, make_draft, make_fact_draft
from tests.builders import make_alert, make_contact, make_organizer
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


def test_a_reason_is_a_sentence_and_about_somebody_of_the_case(desk: Desk) -> None:
    other = make_alert(desk.conn).case_id
    stranger = add_person(desk.conn, other, MARIA, by=desk.by, now=desk.now)

    with pytest.raises(NoWhy):
        give(desk, "ok")
    with pytest.raises(NoSuchPerson):
        let_stand(desk.conn, desk.alert_id, stranger, why="a good reason", by=desk.by, now=desk.now)


def test_the_list_of_another_case_is_nobodys_here(desk: Desk) -> None:
    other = make_alert(desk.conn).case_id
    add_person(
        desk.conn,
        other,
        RiskDraft(given_names="Ana", family_names="Quezada"),
        by=desk.by,
        now=desk.now,
    )

    assert codes(desk.writes(sms="Ana Quezada")) == ([], [])


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
