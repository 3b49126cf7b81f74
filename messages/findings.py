"""What stands in the way of a launch, or deserves a thought, in words for the person who launches.

Each finding is a sentence that says what is the matter and what to do, in English and in Spanish,
because the console speaks both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from messages.caution_words import CAUTIONS, PLACES
from messages.email_words import EMAILS
from messages.late_words import LATE
from messages.mail_words import MAIL
from messages.timing_words import TIMING

LANGUAGES = {
    "en": {"en": "English", "es": "Spanish"},
    "es": {"en": "inglés", "es": "español"},
}
QUOTES = {"en": ("“", "”"), "es": ("«", "»")}
CHANNELS = {
    "en": {"sms": "text message", "email": "email"},
    "es": {"sms": "mensaje de texto", "email": "correo"},
}


@dataclass(frozen=True, kw_only=True)
class _Sentence:
    en: str
    es: str


@dataclass(frozen=True)
class Finding:
    """One thing that was found; ``code`` names its sentence below."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def words(self, language: str) -> str:
        """The sentence in a language; English where we do not speak it."""
        spoken = language if language in LANGUAGES else "en"
        values = dict(self.values)
        for name, spelt in (("language", LANGUAGES[spoken]), ("channel", CHANNELS[spoken])):
            if name in values:
                values[name] = spelt.get(values[name], values[name])
        if "found" in values:
            values |= _found(values, PLACES[spoken], *QUOTES[spoken])
        sentence: str = getattr(SENTENCES[self.code], spoken)
        said = sentence.format(**values)
        return said[:1].upper() + said[1:]

    def __str__(self) -> str:
        """The English sentence."""
        return self.words("en")


def finding(code: str, **values: Any) -> Finding:
    """Shorthand: ``finding("no_sms", language="es")``."""
    return Finding(code, values)


def _found(
    values: Mapping[str, Any], places: Mapping[str, str], opening: str, closing: str
) -> dict[str, str]:
    """Words that were found, and the places in which, as a reader of a language has them."""
    return {
        "found": ", ".join(f"{opening}{each}{closing}" for each in values["found"]),
        "places": ", ".join(places.get(each, each) for each in values["places"]),
    }


WORDS = {**CAUTIONS, **EMAILS, **LATE, **MAIL, **TIMING}
SENTENCES: Mapping[str, _Sentence] = {
    **{code: _Sentence(en=en, es=es) for code, (en, es) in WORDS.items()},
    "nobody": _Sentence(
        en="Nobody is in this audience; choose other projects, tags or languages.",
        es="No hay nadie en este público; elija otros proyectos, etiquetas o idiomas.",
    ),
    "nobody_joined": _Sentence(
        en=(
            "Nobody of the network's own is reached, and no committee has joined yet: ask them to"
            " join, or write this as a committee's own alert."
        ),
        es=(
            "No llega a nadie de la propia red, y ningún comité se ha sumado todavía: pídales que se"
            " sumen, o escriba esto como alerta de un comité."
        ),
    ),
    "nobody_reached": _Sentence(
        en="All {people} people in this audience would be left out; look at the reasons below.",
        es="Las {people} personas de este público quedarían fuera; vea los motivos más abajo.",
    ),
    "no_sms": _Sentence(
        en="The {language} text message is missing; write it, so that everybody reads their own language.",
        es="Falta el mensaje de texto en {language}; escríbalo para que cada quien lea en su idioma.",
    ),
    "no_email": _Sentence(
        en="The {language} email is missing; write its subject and text.",
        es="Falta el correo en {language}; escriba su asunto y su texto.",
    ),
    "no_page": _Sentence(
        en="The public page has no {language} title and summary; write both.",
        es="La página pública no tiene título ni resumen en {language}; escriba los dos.",
    ),
    "no_script": _Sentence(
        en="The call script is missing in {language}; write it.",
        es="Falta el guion de la llamada en {language}; escríbalo.",
    ),
    "no_letter": _Sentence(
        en="The letter is missing in {language}; write its subject and its text.",
        es="Falta la carta en {language}; escriba su asunto y su texto.",
    ),
    "blank_left": _Sentence(
        en="{language}, {places}: {found} is still to be filled in. Write what is known, or take it out.",
        es="{language}, {places}: falta llenar {found}. Escriba lo que se sabe, o quítelo.",
    ),
    "work_not_said": _Sentence(
        en=(
            "Nobody has said yet what kind of work this is: education, advocacy or lobbying. Answer that,"
            " because a nonprofit reports lobbying to the IRS."
        ),
        es=(
            "Nadie ha dicho todavía qué clase de trabajo es: educación, incidencia o cabildeo. Respóndalo,"
            " porque una organización sin fines de lucro declara el cabildeo ante el IRS."
        ),
    ),
    "bad_template": _Sentence(
        en="{reason}",
        es="{reason}",
    ),
    "no_postal_address": _Sentence(
        en=(
            "The law wants a postal address under every email; set network.postal_address, or"
            " send texts only."
        ),
        es=(
            "La ley exige una dirección postal al pie de cada correo; configure "
            "network.postal_address, o envíe solo mensajes de texto."
        ),
    ),
    "gap_nobody": _Sentence(
        en=(
            "{{{{ {field} }}}} in the {language} {channel}: none of the {of} people has one. "
            'Take it out, or give a default: {{{{ {field} | "…" }}}}.'
        ),
        es=(
            "{{{{ {field} }}}} en el {channel} en {language}: ninguna de las {of} personas lo"
            ' tiene. Quítelo o dé un valor por defecto: {{{{ {field} | "…" }}}}.'
        ),
    ),
    "gap_some": _Sentence(
        en=(
            "{{{{ {field} }}}} in the {language} {channel}: {people} of {of} people have "
            'none. Give a default: {{{{ {field} | "…" }}}}.'
        ),
        es=(
            "{{{{ {field} }}}} en el {channel} en {language}: {people} de {of} personas no lo"
            ' tienen. Dé un valor por defecto: {{{{ {field} | "…" }}}}.'
        ),
    ),
    "withheld": _Sentence(
        en=(
            "The {language} text quotes a fact that is withheld; take it out, or have the "
            "fact released first."
        ),
        es=(
            "El texto en {language} cita un hecho reservado; quítelo, o pida antes que se autorice."
        ),
    ),
    "committee_only": _Sentence(
        en=(
            "The {language} text quotes a fact that is meant for committees only; take it out, or"
            " have the fact released first."
        ),
        es=(
            "El texto en {language} cita un hecho que es solo para los comités; quítelo, o pida"
            " antes que se autorice."
        ),
    ),
    "embargoed": _Sentence(
        en=(
            "The {language} text quotes a fact that is under embargo; take it out, or launch once"
            " it may be told."
        ),
        es=(
            "El texto en {language} cita un hecho bajo embargo; quítelo, o envíe cuando se pueda"
            " contar."
        ),
    ),
    "withdrawn": _Sentence(
        en=(
            "The {language} text quotes a fact that was withdrawn; make sure that it does not tell"
            " it as true."
        ),
        es=(
            "El texto en {language} cita un hecho que se retiró; compruebe que no lo cuente como"
            " cierto."
        ),
    ),
    "cited_withheld": _Sentence(
        en="The fact {key} is cited and withheld; have it cleared first, or take it out.",
        es="Se cita el hecho {key}, que está reservado; pida antes que se autorice, o quítelo.",
    ),
    "cited_committee_only": _Sentence(
        en="The fact {key} is cited and for committees only; have it cleared first, or take it out.",
        es="Se cita el hecho {key}, que es solo para los comités; pida que se autorice, o quítelo.",
    ),
    "cited_embargoed": _Sentence(
        en="The fact {key} is cited and under embargo; launch once it may be told, or take it out.",
        es="Se cita el hecho {key}, que está bajo embargo; envíe cuando se pueda contar, o quítelo.",
    ),
    "cited_withdrawn": _Sentence(
        en="The fact {key} is cited and was withdrawn; take it out.",
        es="Se cita el hecho {key}, que se retiró; quítelo.",
    ),
    "correction_outdated": _Sentence(
        en=(
            "Since this correction was drafted {key} has changed, or people have been told: draft it"
            " anew on the page of the case."
        ),
        es=(
            "Desde que se escribió esta corrección {key} cambió, o ya se avisó a personas: escríbala"
            " otra vez en la página del caso."
        ),
    ),
    "leads_to_closed": _Sentence(
        en=(
            "Its link leads to a page that is closed because it names somebody at risk: say on that"
            " alert's page why the name may stand, or write a new alert."
        ),
        es=(
            "Su enlace lleva a una página cerrada porque nombra a una persona en riesgo: diga en la"
            " página de esa alerta por qué el nombre puede quedar, o escriba una alerta nueva."
        ),
    ),
    "cited_anew": _Sentence(
        en="What the fact {key} says is not in the words yet; save the draft again, and read it.",
        es="Lo que dice el hecho {key} no está aún en las palabras; guarde el borrador y léalo.",
    ),
    "unverified_office": _Sentence(
        en=(
            "Nobody has checked the number of {name}: call it or look it up, then say that you"
            " checked it today, or take the office out of this alert."
        ),
        es=(
            "Nadie ha verificado el número de {name}: llame o búsquelo, luego indique que lo"
            " verificó hoy, o quite esta oficina de la alerta."
        ),
    ),
    "expired_office": _Sentence(
        en=(
            "The number of {name} was to be trusted until {day} only: call it or look it up, then"
            " say that you checked it today, or take the office out of this alert."
        ),
        es=(
            "El número de {name} era de fiar solo hasta el {day}: llame o búsquelo, luego indique"
            " que lo verificó hoy, o quite esta oficina de la alerta."
        ),
    ),
    "office_without_number": _Sentence(
        en="{name} has no telephone number: add one, or take the office out of this alert.",
        es="{name} no tiene número de teléfono: agregue uno, o quite esta oficina de la alerta.",
    ),
    "office_without_address": _Sentence(
        en=(
            "{name} has no email, fax or address to write to: add one, or take the office out of"
            " this alert."
        ),
        es=(
            "{name} no tiene correo, fax ni dirección a donde escribir: agregue uno, o quite esta"
            " oficina de la alerta."
        ),
    ),
    "no_script_of_ask": _Sentence(
        en=(
            "Ask {number} has a script of its own, but not in {language}; write it, or leave it"
            " out in every language."
        ),
        es=(
            "La petición {number} tiene un guion propio, pero no en {language}; escríbalo, o"
            " quítelo en todos los idiomas."
        ),
    ),
    "no_link": _Sentence(
        en=(
            "The {language} text message has no {{{{ link }}}}: people will not find the "
            "script and the number to call."
        ),
        es=(
            "El mensaje de texto en {language} no tiene {{{{ link }}}}: nadie encontrará el "
            "guion ni el número para llamar."
        ),
    ),
    "costly": _Sentence(
        en=(
            "The {language} text message takes {segments} segments for some people because of"
            " {characters}; without these characters it would be cheaper."
        ),
        es=(
            "El mensaje de texto en {language} ocupa {segments} segmentos para algunas "
            "personas por {characters}; sin esos caracteres costaría menos."
        ),
    ),
    "foreign": _Sentence(
        en=(
            "{people} people have numbers outside the countries that your network texts "
            "({countries}) and get no text: it would cost many times as much, and can put "
            "somebody in El Salvador at risk."
        ),
        es=(
            "{people} personas tienen números de países a los que su red no manda mensajes de "
            "texto (solo a {countries}) y no reciben ninguno: costaría mucho más y puede poner "
            "en riesgo a alguien en El Salvador."
        ),
    ),
    "countries_changed": _Sentence(
        en=(
            "The countries whose numbers may be texted have changed since this was written; "
            "save it once more."
        ),
        es=(
            "Los países cuyos números pueden recibir mensajes de texto cambiaron desde que se "
            "escribió esto; guárdelo otra vez."
        ),
    ),
    "over_budget": _Sentence(
        en=(
            "Its texts cost about {cost}, but its budget is {budget}: it will pause when that is "
            "spent. Raise the budget, or write to fewer people."
        ),
        es=(
            "Sus mensajes de texto cuestan unos {cost}, pero su presupuesto es de {budget}: se "
            "pondrá en pausa cuando se agote. Suba el presupuesto o escriba a menos personas."
        ),
    ),
    "other_languages": _Sentence(
        en=(
            "{people} people read a language this is not written in ({written}); they get the"
            " {language} text."
        ),
        es=(
            "{people} personas leen un idioma en que esto no está escrito ({written}); "
            "reciben el texto en {language}."
        ),
    ),
}
