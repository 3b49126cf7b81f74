"""The words we say ourselves, in English and Spanish, within the cheap SMS alphabet.

á, í, ó and ú are not in GSM-7 and would double what a text costs, so the Spanish here is worded
around them rather than misspelled. A language we do not have gets English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Phrases:
    opt_out_line: str
    opted_out: str
    opted_in: str
    help: str
    why: str
    unsubscribe: str


_PHRASES = {
    "en": _Phrases(
        opt_out_line="Reply STOP to opt out.",
        opted_out=(
            "{network}: You are opted out and will get no more messages. Reply START to come back."
        ),
        opted_in="{network}: Welcome back. You will get our alerts. Reply STOP to opt out.",
        help=(
            "{network}: We send alerts about our sister cities in El Salvador. "
            "Msg & data rates may apply. Reply STOP to opt out."
        ),
        why="You get this email because you signed up with {network}.",
        unsubscribe="Unsubscribe",
    ),
    "es": _Phrases(
        opt_out_line="Responda ALTO para salir.",
        opted_out=(
            "{network}: Listo, ya no le enviaremos mensajes. Para volver, responda INICIAR."
        ),
        opted_in=(
            "{network}: Le damos la bienvenida de nuevo. Le enviaremos nuestras alertas. "
            "Responda ALTO para salir."
        ),
        help=(
            "{network}: Enviamos alertas sobre nuestras ciudades hermanas en El Salvador. "
            "Pueden aplicarse tarifas de mensajes y datos. Responda ALTO para salir."
        ),
        why="Recibe este correo porque se inscribió con {network}.",
        unsubscribe="Darse de baja",
    ),
}

# "Reply STOP", "STOP to end", "responda ALTO", "ALTO para salir"; not "STOP the detentions".
_OPT_OUT_SAID = re.compile(
    r"\b(?:reply|text|send|responda|responde|env[ií][ea]|escrib[ae]|mand[ae]|contest[ae])\b"
    r"[^.!?\n]{0,12}\b(?:STOP|ALTO)\b"
    r"|\bSTOP(?: ?=| to (?:opt|quit|end|cancel|unsubscribe|stop|leave))"
    r"|\bALTO(?: ?=| para (?:salir|no |dejar|cancelar|terminar|parar))",
    re.IGNORECASE,
)


def opt_out_line(language: str) -> str:
    """Return the sentence that tells how to leave, which closes every bulk text."""
    return _phrases(language).opt_out_line


def says_how_to_opt_out(text: str) -> bool:
    """Tell whether a text's own words already say it, in either language."""
    return _OPT_OUT_SAID.search(text) is not None


def opted_out(language: str, *, network: str) -> str:
    """Return the one confirmation of an opt-out: nothing but that, as the law asks."""
    return _phrases(language).opted_out.format(network=network)


def opted_in(language: str, *, network: str) -> str:
    """Return the confirmation of a return."""
    return _phrases(language).opted_in.format(network=network)


def help_answer(language: str, *, network: str) -> str:
    """Return the answer to HELP: who writes, about what, and how to leave."""
    return _phrases(language).help.format(network=network)


def why_this_email(language: str, *, network: str) -> str:
    """Return the footer's sentence on why a person gets our email."""
    return _phrases(language).why.format(network=network)


def unsubscribe_label(language: str) -> str:
    """Return the words of the footer's link."""
    return _phrases(language).unsubscribe


def _phrases(language: str) -> _Phrases:
    return _PHRASES.get(language, _PHRASES["en"])
