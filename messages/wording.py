"""The words we say ourselves, in English and Spanish, within the cheap SMS alphabet.

á, í, ó and ú are not in GSM-7 and would double what a text costs, so the Spanish here is worded
around them rather than misspelled. A language we do not have gets English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What an automatic answer is for."""

    OPTED_OUT = "opted_out"  # the one confirmation: nothing but that, as the law asks
    OPTED_IN = "opted_in"
    HELP = "help"  # who writes, about what, and how to leave


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
    answers: Mapping[Purpose, Said]


_PHRASES = {
    "en": _Phrases(
        opt_out_line="Reply STOP to opt out.",
        why="You get this email because you signed up with {network}.",
        unsubscribe="Unsubscribe",
        answers={
            Purpose.OPTED_OUT: Said(
                "You are unsubscribed",
                "{network}: You are opted out and will get no more messages. "
                "Reply START to come back.",
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
        },
    ),
    "es": _Phrases(
        opt_out_line="Responda ALTO para salir.",
        why="Recibe este correo porque se inscribió con {network}.",
        unsubscribe="Darse de baja",
        answers={
            Purpose.OPTED_OUT: Said(
                "Le dimos de baja",
                "{network}: Listo, ya no le enviaremos mensajes. Para volver, responda INICIAR.",
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
        },
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


def answer(purpose: Purpose, language: str, *, network: str) -> Said:
    """Return what we answer by ourselves, signed with the network's name."""
    said = _phrases(language).answers[purpose]
    return Said(said.subject, said.words.format(network=network))


def why_this_email(language: str, *, network: str) -> str:
    """Return the footer's sentence on why a person gets our email."""
    return _phrases(language).why.format(network=network)


def unsubscribe_label(language: str) -> str:
    """Return the words of the footer's link."""
    return _phrases(language).unsubscribe


def _phrases(language: str) -> _Phrases:
    return _PHRASES.get(language, _PHRASES["en"])
