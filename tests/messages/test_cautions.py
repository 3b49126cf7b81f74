"""What may endanger somebody is found in both languages; what only looks like it is left in peace."""

from __future__ import annotations

import pytest

from messages.cautions import Said, cautions, numbers_in

TRAVEL = [
    ("en", "The delegation will travel to Suchitoto on Friday."),
    ("en", "We are flying on March 4 and come back a week later."),
    ("en", "The bus with the families leaves at 6 am from the church."),
    ("en", "Our delegates arrive in San Salvador on January 12."),
    ("en", "She is in a safe house near the border."),
    ("en", "Ask for the license plate of the van."),
    ("en", "Meeting point: the parish, tomorrow at noon."),
    ("en", "Do not tell the route of the delegation."),
    ("es", "La delegación viajará a Suchitoto el viernes."),
    ("es", "El bus con las familias sale a las 6 de la parroquia."),
    ("es", "El lunes llega la delegación de Madison."),
    ("es", "Ella está en una casa de seguridad."),
    ("es", "La testigo se esconde en la casa de su hermana."),
    ("es", "Punto de encuentro: el parque, mañana."),
    ("es", "No publiquen la ruta de la delegación."),
]
NO_TRAVEL = [
    ("en", "Stop the detentions! Call your representative by Friday."),
    ("en", "Get on the bus of history."),
    ("en", "The House will vote on Friday, March 4."),
    ("en", "The bill leaves committee on Tuesday."),
    ("en", "Your letter will arrive on Monday."),
    ("en", "On May 3 fourteen people were taken off the bus and arrested."),
    ("en", "The families will stay in detention until Friday."),
    ("en", "Our delegation met with Senator Baldwin in March 2025."),
    ("en", "The hearing is on December 4 at 9 am in Cojutepeque."),
    ("en", "Travel bans on officials: ask for them today."),
    ("es", "¡Alto a las detenciones! Llame antes del viernes."),
    ("es", "El bus de la historia no espera a nadie."),
    ("es", "La Cámara votará el viernes 4 de marzo."),
    ("es", "La ley llegará al Senado el martes."),
    ("es", "El 3 de mayo bajaron a catorce personas del bus y las detuvieron."),
    ("es", "Las familias forman parte de la red desde el 12 de mayo."),
    ("es", "La audiencia es el 4 de diciembre a las 9."),
]
ELECTION = [
    ("en", "Vote for Smith in November."),
    ("en", "Vote against Rep. Featherstone."),
    ("en", "Tell everyone to vote for {{ rep_name }}."),
    ("en", "Vote him out!"),
    ("en", "Re-elect the senator who stood with us."),
    ("en", "Ask every candidate where they stand."),
    ("en", "She is running for Congress."),
    ("en", "See you at the polls on election day."),
    ("en", "Before the midterms, make the call."),
    ("en", "Smith for Congress"),
    ("es", "Vote por Smith en noviembre."),
    ("es", "Voten en contra de la congresista Pérez."),
    ("es", "Pregunte a cada candidata qué piensa."),
    ("es", "Nos vemos en las urnas."),
    ("es", "Antes de las elecciones legislativas, llame."),
    ("es", "Elijamos a Pérez."),
]
NO_ELECTION = [
    ("en", "Vote NO on the bill."),
    ("en", "Ask her to vote for the bill, and against the amendment."),
    ("en", "Please vote for H.R. 1234."),
    ("en", "Vote for the Peace and Human Rights Resolution."),
    ("en", "The election of the court's magistrates was unlawful."),
    ("en", "Candidates for the Supreme Court were never heard."),
    ("en", "He was elected to the water board of his village in 2019."),
    ("en", "The Senate votes on Thursday: ask for a yes."),
    ("en", "Stop the detentions."),
    ("es", "Vote NO a la ley."),
    ("es", "Pida que vote por la resolución."),
    ("es", "Vote a favor de la enmienda."),
    ("es", "La elección de magistrados de la Corte fue ilegal."),
    ("es", "Las candidatas a magistrada no fueron oídas."),
    ("es", "Fue elegido por su comunidad para la junta del agua."),
]
SALVADORAN = [
    ("en", "Write to +503 7000 1234."),
    ("en", "His number is 7123-4567."),
    ("es", "Llame al 00503 2225-1234."),
    ("es", "Su celular: 503 7890 1234"),
]
PRIVATE = [
    ("en", "Text Maria at (608) 555-0134."),
    ("es", "Llame a Beto: +52 55 1234 5678."),
]
NO_NUMBER = [
    ("en", "Between 2024-2026 he was free."),
    ("en", "Call 1-800-555-0199, it costs nothing."),
    ("en", "H.R. 1234 has 120 sponsors; 14 people, 53703."),
    ("es", "La red nació en 1986 y tiene 2600 personas."),
    ("en", "The switchboard is (202) 224-3121."),
]
SWITCHBOARD = {"+12022243121"}


def codes(language: str, text: str) -> list[str]:
    return [each.code for each in cautions([Said("sms", language, text)], SWITCHBOARD)]


@pytest.mark.parametrize(("language", "text"), TRAVEL)
def test_where_and_when_people_travel_is_told_of(language: str, text: str) -> None:
    assert codes(language, text) == ["travel"]


@pytest.mark.parametrize(("language", "text"), NO_TRAVEL + NO_ELECTION)
def test_what_only_looks_like_travel_is_left_in_peace(language: str, text: str) -> None:
    assert "travel" not in codes(language, text)


@pytest.mark.parametrize(("language", "text"), ELECTION)
def test_candidates_and_elections_are_told_of(language: str, text: str) -> None:
    assert codes(language, text) == ["election"]


@pytest.mark.parametrize(("language", "text"), NO_ELECTION + NO_TRAVEL)
def test_votes_on_laws_and_elections_of_judges_are_left_in_peace(language: str, text: str) -> None:
    assert "election" not in codes(language, text)


@pytest.mark.parametrize(("language", "text"), SALVADORAN)
def test_numbers_in_el_salvador_are_told_of(language: str, text: str) -> None:
    assert codes(language, text) == ["salvadoran_number"]


@pytest.mark.parametrize(("language", "text"), PRIVATE)
def test_numbers_of_no_office_are_told_of(language: str, text: str) -> None:
    assert codes(language, text) == ["private_number"]


@pytest.mark.parametrize(("language", "text"), NO_NUMBER)
def test_years_bills_and_offices_are_no_private_numbers(language: str, text: str) -> None:
    assert codes(language, text) == []


def test_a_finding_says_the_words_and_every_place_in_both_languages() -> None:
    (found,) = cautions(
        [
            Said("sms", "es", "La delegación viajará el viernes."),
            Said("script", "es", "Está en una casa de seguridad."),
            Said("letter", "es", "Nada que ver."),
        ]
    )

    assert str(found).startswith("Spanish, text message, script: “viajará”, “casa de seguridad” ")
    assert found.words("es").startswith(
        "Español, mensaje de texto, guion: «viajará», «casa de seguridad» "
    )


def test_each_language_is_told_of_by_itself() -> None:
    found = cautions([Said("sms", "en", "Vote him out"), Said("sms", "es", "Vote por Smith")])

    assert [each.values["language"] for each in found] == ["en", "es"]


def test_a_language_without_a_list_is_read_by_every_list() -> None:
    assert codes("fr", "la casa de seguridad") == ["travel"]


def test_accents_and_capitals_hide_nothing() -> None:
    assert codes("es", "LA DELEGACIÓN VIAJARÁ EL VIERNES") == ["travel"]
    assert codes("es", "la delegacion viajara el viernes") == ["travel"]


def test_numbers_are_read_however_they_are_written() -> None:
    assert numbers_in(["(202) 224-3121, 202.224.3121"]) == {"+12022243121"}
