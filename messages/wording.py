"""The words we say ourselves, in English and Spanish, within the cheap SMS alphabet.

á, í, ó and ú are not in GSM-7 and would double what a text costs, so the Spanish here is worded
around them rather than misspelled. A language we do not have gets English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from babel.dates import format_date, format_time

from messages.sms import plain_twin
from messages.zone_names import clock_name, zone_name

LONGEST_PROJECT = 50  # characters of its name


class Purpose(StrEnum):
    """What an automatic answer is for."""

    OPTED_OUT = "opted_out"  # the one confirmation: nothing but that, as the law asks
    DOUBTED = "stop_doubted"  # the same, where somebody else may have asked for it
    OPTED_IN = "opted_in"
    HELP = "help"  # who writes, about what, and how to leave
    CONFIRM = "sign_up"  # whether they signed up: nothing else is sent before they say so
    CONFIRM_BESIDE = "sign_up_beside"  # the same by text, where the form gave an email too
    JOINED = "joined"  # they have
    JOINED_BESIDE = "joined_beside"  # they have, and the form gave an email: is that theirs?
    NEW_ADDRESS = "new_address"  # whether they want to be written to here
    PRIVATE = "own_page"  # the way to what we hold on them
    NOTED = "noted"  # thanks for telling how a call went


@dataclass(frozen=True, slots=True)
class Said:
    """An answer's words; the subject is for email."""

    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class _Phrases:
    opt_out_line: str
    why: str
    unsubscribe: str
    preferences: str
    labels: Mapping[str, str]  # of an email's layout
    anybody: Mapping[str, str]  # what merge fields say where everybody may read
    answers: Mapping[Purpose, Said]
    reminder: Said
    how_it_went: str
    how_it_went_nameless: str


# Asked in one language when it is known, and in both when somebody's first word was a keyword.
CONFIRM_IN_BOTH = (
    "{network}: Reply YES for our alerts, 2-6 a month. Msg & data rates may apply. STOP = out, HELP. / "
    "Responda SI para recibir alertas. ALTO = salir, AYUDA."
)
_LETTERS = {
    ("en", Purpose.CONFIRM): (
        "Somebody, we hope you, asked for alerts from {network} at this email address.\n\n"
        "Was it you? Open this page and press the button:\n{link}\n\n"
        "Was it not? Do nothing. Without your yes we send nothing more, and forget the address in a week."
    ),
    ("es", Purpose.CONFIRM): (
        "Alguien, esperamos que usted, pidió alertas de {network} para esta dirección de correo.\n\n"
        "¿Fue usted? Abra esta página y presione el botón:\n{link}\n\n"
        "¿No fue usted? No haga nada. Sin su sí no le enviaremos nada más, y en una semana borramos la "
        "dirección."
    ),
    ("en", Purpose.NEW_ADDRESS): (
        "Somebody, we hope you, wants {network} to write to this email address from now on.\n\n"
        "Was it you? Open this page and press the button:\n{link}\n\n"
        "Was it not? Do nothing. Without your yes nothing changes."
    ),
    ("es", Purpose.NEW_ADDRESS): (
        "Alguien, esperamos que usted, quiere que {network} escriba a esta dirección de correo de ahora en "
        "adelante.\n\n¿Fue usted? Abra esta página y presione el botón:\n{link}\n\n"
        "¿No fue usted? No haga nada. Sin su sí no cambia nada."
    ),
    ("en", Purpose.DOUBTED): (
        "An email in your name asked {network} to stop, so nothing more goes to this address.\n\n"
        "Was it you? Then there is nothing to do.\n\n"
        "Was it not? Anybody can write an email in your name. Within seven days you can undo it here:\n{link}"
    ),
    ("es", Purpose.DOUBTED): (
        "Un correo a su nombre pidió a {network} que no le escribiera más, así que ya nada sale a esta "
        "dirección.\n\n¿Fue usted? Entonces no tiene que hacer nada.\n\n"
        "¿No fue usted? Cualquiera puede escribir un correo a su nombre. Durante siete días puede deshacerlo "
        "aquí:\n{link}"
    ),
    ("en", Purpose.PRIVATE): (
        "This page shows what {network} holds about you. There you can correct it, download it or have it "
        "deleted:\n{link}\n\nIt works for one day. Please do not pass this email on: whoever has the "
        "link can do the same.\n\nYou did not ask for it? Do nothing."
    ),
    ("es", Purpose.PRIVATE): (
        "Esta página muestra lo que {network} guarda sobre usted. Ahí puede corregirlo, descargarlo o "
        "pedir que se borre:\n{link}\n\nFunciona por un día. Por favor no reenvíe este correo: quien "
        "tenga el enlace puede hacer lo mismo.\n\n¿No lo pidió? No haga nada."
    ),
}

_CODES_EN = "Reply 1 spoke, 2 voicemail, 3 no answer, 4 wrong number, or tell us in your words."
_CODES_ES = (
    "Responda 1 si le atendieron, 2 si pudo dejar mensaje, 3 si nadie contesta, 4 si esa no es la "
    "oficina, o cuente con sus palabras."
)
_PHRASES = {
    "en": _Phrases(
        opt_out_line="Reply STOP to opt out.",
        why="You get this email because you signed up with {network}.",
        unsubscribe="Unsubscribe",
        preferences="Change what you get",
        labels={
            "view": "View in browser",
            "call": "Make my call",
            "facts": "What we know",
            "photo": "Photo",
            "calendar": "Add it to your calendar",
            "name": "English",
        },
        anybody={
            "first_name": "friend",
            "city": "your town",
            "state": "your state",
            "zip": "your ZIP code",
            "rep_name": "your representative",
        },
        answers={
            Purpose.OPTED_OUT: Said(
                "You are unsubscribed",
                "{network}: You are opted out and will get no more messages. "
                "Reply START to come back.",
            ),
            Purpose.DOUBTED: Said(
                "You are unsubscribed. Was it you?",
                "{network}: You are opted out and will get no more messages. Was it not you? {link}",
            ),
            Purpose.OPTED_IN: Said(
                "Welcome back",
                "{network}: You will get our alerts. Reply STOP to opt out.",
            ),
            Purpose.HELP: Said(
                "About these messages",
                "{network}: We send alerts about our sister cities in El Salvador. "
                "Msg & data rates may apply. Reply STOP to opt out.",
            ),
            Purpose.CONFIRM: Said(
                "Please confirm: alerts from {network}",
                "{network}: Reply YES to get our alerts, 2-6 a month. "
                "Msg & data rates may apply. HELP for help, STOP to opt out.",
            ),
            Purpose.JOINED: Said(
                "You are on the list",
                "{network}: You are on the list for our alerts, 2-6 a month. "
                "Msg & data rates may apply. HELP for help, STOP to opt out.",
            ),
            Purpose.CONFIRM_BESIDE: Said(
                "Please confirm: alerts from {network}",
                "{network}: Did you give us this number and an email? Reply YES to get our alerts, 2-6 a month. "
                "Msg & data rates may apply. HELP for help, STOP to opt out.",
            ),
            Purpose.JOINED_BESIDE: Said(
                "You are on the list",
                "{network}: You are on the list for our alerts. Is the email on your form yours? {link} "
                "Msg & data rates may apply. HELP for help, STOP to opt out.",
            ),
            Purpose.NEW_ADDRESS: Said(
                "Is this your new address? {network}",
                "{network}: Somebody gave this number as their new one for our alerts. "
                "Was it you? Reply YES. If not, do nothing. STOP to opt out.",
            ),
            Purpose.PRIVATE: Said(
                "Your data with {network}",
                "{network}: What we hold about you (for 24 hours): {link} "
                "Do not pass it on. STOP to opt out.",
            ),
            Purpose.NOTED: Said(
                "Thank you for your call",
                "{network}: Thank you for your call! We have noted how it went. "
                "If that was the wrong number to press, just reply again.",
            ),
        },
        reminder=Said(
            "You asked us to remind you of your call",
            "You asked for a reminder: {office} should answer now. Number and script: {{{{ link }}}}",
        ),
        how_it_went="How did your call to {office} go? " + _CODES_EN,
        how_it_went_nameless="How did your call go? " + _CODES_EN,
    ),
    "es": _Phrases(
        opt_out_line="Responda ALTO para salir.",
        why="Recibe este correo porque se inscribió con {network}.",
        unsubscribe="Darse de baja",
        preferences="Cambiar lo que recibe",
        labels={
            "view": "Ver en el navegador",
            "call": "Hacer mi llamada",
            "facts": "Lo que sabemos",
            "photo": "Foto",
            "calendar": "Agregar a su calendario",
            "name": "Español",
        },
        anybody={
            "first_name": "amiga o amigo",
            "city": "su ciudad",
            "state": "su estado",
            "zip": "su código postal",
            "rep_name": "su representante",
        },
        answers={
            Purpose.OPTED_OUT: Said(
                "Le dimos de baja",
                "{network}: Listo, ya no le enviaremos mensajes. Para volver, responda INICIAR.",
            ),
            Purpose.DOUBTED: Said(
                "Le dimos de baja. ¿Fue usted?",
                "{network}: Listo, ya no le enviaremos mensajes. ¿No fue usted? {link}",
            ),
            Purpose.OPTED_IN: Said(
                "Le damos la bienvenida",
                "{network}: Le enviaremos nuestras alertas. Responda ALTO para salir.",
            ),
            Purpose.HELP: Said(
                "Acerca de estos mensajes",
                "{network}: Enviamos alertas sobre nuestras ciudades hermanas en El Salvador. "
                "Pueden aplicarse tarifas de mensajes y datos. Responda ALTO para salir.",
            ),
            Purpose.CONFIRM: Said(
                "Por favor confirme: alertas de {network}",
                "{network}: Responda SI para recibir nuestras alertas, de 2 a 6 al mes. "
                "Pueden aplicarse tarifas de mensajes y datos. AYUDA, o ALTO para salir.",
            ),
            Purpose.JOINED: Said(
                "Ya recibe nuestras alertas",
                "{network}: Listo, le enviaremos alertas, de 2 a 6 al mes. "
                "Pueden aplicarse tarifas de mensajes y datos. AYUDA, o ALTO para salir.",
            ),
            Purpose.CONFIRM_BESIDE: Said(
                "Por favor confirme: alertas de {network}",
                "{network}: ¿Usted nos dio este celular y un correo? Responda SI para recibir alertas, de 2 "
                "a 6 al mes. Pueden aplicarse tarifas de mensajes y datos. AYUDA, o ALTO para salir.",
            ),
            Purpose.JOINED_BESIDE: Said(
                "Ya recibe nuestras alertas",
                "{network}: Listo, le enviaremos alertas. ¿El correo que se nos dio es suyo? {link} "
                "Pueden aplicarse tarifas de mensajes y datos. AYUDA, o ALTO para salir.",
            ),
            Purpose.NEW_ADDRESS: Said(
                "¿Es esta su nueva dirección? {network}",
                "{network}: Alguien dio este celular como suyo para nuestras alertas. "
                "Si fue usted, responda SI. Si no, no haga nada. ALTO para salir.",
            ),
            Purpose.PRIVATE: Said(
                "Sus datos en {network}",
                "{network}: Lo que guardamos sobre usted (vale 24 horas): {link} "
                "No lo comparta. ALTO para salir.",
            ),
            Purpose.NOTED: Said(
                "Gracias por su llamada",
                "{network}: ¡Muchas gracias por su llamada! Queda anotada. "
                "Si puso otro dato por error, responda de nuevo.",
            ),
        },
        reminder=Said(
            "El recordatorio que nos encargó",
            "El aviso que usted quiso: a esta hora atiende {office}. Llame desde su hoja: "
            "{{{{ link }}}}",
        ),
        how_it_went="¿Qué tal su llamada a {office}? " + _CODES_ES,
        how_it_went_nameless="¿Qué tal su llamada? " + _CODES_ES,
    ),
}

# "Reply STOP", "STOP to end", "responda ALTO", "ALTO para salir"; in capitals, as instructions are,
# and not "STOP the detentions" or "Send a STOP to Congress".
_PURPOSE = r"(?:to (?:opt|quit|end|cancel|unsubscribe|stop|leave)|para (?:salir|no|dejar|cancelar|terminar))"
_OPT_OUT_SAID = re.compile(
    r"(?i:\b(?:reply|text|send|responda|responde|env[ií][ea]|escrib[ae]|mand[ae]|contest[ae])\b"
    rf"[^.!?\n]{{0,20}})\b(?:STOP|ALTO)\b(?=\W*$|[^\w\s]|\n| {_PURPOSE}\b)"
    rf"|\b(?:STOP|ALTO)(?: ?=| {_PURPOSE}\b)"
)


def opt_out_line(language: str) -> str:
    """Return the sentence that tells how to leave, which closes every bulk text."""
    return _phrases(language).opt_out_line


def says_how_to_opt_out(text: str) -> bool:
    """Tell whether a text's own words already say it, in either language."""
    return _OPT_OUT_SAID.search(text) is not None


def answer(
    purpose: Purpose, language: str, *, network: str, project: str = "", link: str = ""
) -> Said:
    """Return what we answer by ourselves, signed with the network's name, and a project's if it is about it."""
    said = _phrases(language).answers[purpose]
    words = said.words.format(network=_signed(network, plain_twin(project)), link=link)
    return Said(said.subject.format(network=network), words)


def confirm_in_both(network: str, project: str) -> str:
    """Return the text that asks somebody of unknown language whether they want to join."""
    return CONFIRM_IN_BOTH.format(network=_signed(network, plain_twin(project)))


def letter(
    purpose: Purpose, language: str, *, network: str, project: str = "", link: str = ""
) -> Said:
    """Return what an answer says as an email, with an address of ours in it."""
    said = _phrases(language).answers[purpose]
    words = _LETTERS.get((language, purpose)) or _LETTERS["en", purpose]
    told = words.format(network=_signed(network, project), link=link)
    return Said(said.subject.format(network=network), told)


def _signed(network: str, project: str) -> str:
    """Who asks; a long name of a project must not make a second text of it."""
    return f"{network} ({_unbraced(project)[:LONGEST_PROJECT]})" if project else network


def reminder(language: str, office: str) -> Said:
    """The text, or email, that somebody asked for: the office answers now."""
    said = _phrases(language).reminder
    return Said(said.subject, said.words.format(office=_unbraced(office)))


def how_it_went(language: str, office: str) -> str:
    """The question how a call went; without an office, where none could be named."""
    phrases = _phrases(language)
    if not office:
        return phrases.how_it_went_nameless
    return phrases.how_it_went.format(office=_unbraced(office))


def _unbraced(name: str) -> str:
    """A name that cannot be mistaken for a merge field."""
    return name.replace("{", "").replace("}", "")


def why_this_email(language: str, *, network: str) -> str:
    """Return the footer's sentence on why a person gets our email."""
    return _phrases(language).why.format(network=network)


def unsubscribe_label(language: str) -> str:
    """Return the words of the footer's link."""
    return _phrases(language).unsubscribe


def preferences_label(language: str) -> str:
    """Return the words of the footer's link to what a person may choose."""
    return _phrases(language).preferences


def label(language: str, name: str) -> str:
    """Return the words of a button, a heading or a link of an email's layout."""
    return _phrases(language).labels[name]


def anybody(language: str) -> Mapping[str, str]:
    """Return what merge fields say to nobody in particular; those that are missing say nothing."""
    return _phrases(language).anybody


def moment(language: str, at: datetime, zone: str = "") -> str:
    """Return a day and an hour on the wall in words: "Tuesday, December 1, 2026, 6:00 PM (Central Time)"."""
    spoken = language if language in _PHRASES else "en"
    said = f"{format_date(at, 'full', spoken)}, {format_time(at, 'short', locale=spoken)}"
    if not zone:
        return said
    clock = clock_name(zone, spoken, year=at.year) or zone_name(zone, spoken, year=at.year)
    return f"{said} ({clock})"


def _phrases(language: str) -> _Phrases:
    return _PHRASES.get(language, _PHRASES["en"])
