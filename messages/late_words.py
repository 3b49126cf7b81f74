"""What is said, in English and Spanish, where an alert comes too late: something has happened since it was drafted."""

from __future__ import annotations

from collections.abc import Mapping

LATE: Mapping[str, tuple[str, str]] = {
    "page_over": (
        (
            "The page to which it leads asks for no more calls: its time is over. Write another "
            "alert."
        ),
        ("La página a la que lleva ya no pide llamadas: su tiempo terminó. Escriba otra alerta."),
    ),
    "rest_unknown": (
        (
            "The copies of the message before this one are still being counted; wait a minute and "
            "look again."
        ),
        ("Todavía se cuentan las copias del mensaje anterior; espere un minuto y vuelva a mirar."),
    ),
    "told_to_wait": (
        (
            "It tells people that the alert was stopped, which has gone out again since. Press "
            "“Write to those who already got it” on its page once more, or say what holds now."
        ),
        (
            "Dice que la alerta se detuvo, pero desde entonces volvió a salir. Pulse otra vez "
            "«Escribir a quienes ya la recibieron» en su página, o diga lo que vale ahora."
        ),
    ),
    "case_open": (
        ("Its case is open: there is no end to tell. Close the case first."),
        ("Su caso está abierto: no hay final que contar. Cierre antes el caso."),
    ),
    "case_closed": (
        (
            "Its case is closed: its page tells how it ended and asks for no call; reopen the case "
            "first."
        ),
        (
            "Su caso está cerrado: su página dice cómo terminó y no pide llamadas; reabra antes el "
            "caso."
        ),
    ),
}
