"""When an alert arrives, and whether anybody answers then: the sentences of the check, English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping

TIMING: Mapping[str, tuple[str, str]] = {
    "begins_after_end": (
        "It would begin when it is over; let it begin earlier, or last longer.",
        "Empezaría cuando ya terminó; que empiece antes o que dure más.",
    ),
    "begins_far": (
        (
            "It would begin in more than {days} days, and whom it goes to is settled at the launch; "
            "launch it nearer to that day."
        ),
        (
            "Empezaría en más de {days} días, y a quién llega se decide al lanzarla; láncela más "
            "cerca de ese día."
        ),
    ),
    "recess_house": (
        (
            "The House is in recess from {first} to {last}: its offices in Washington may be thin, "
            "and those in the districts are open."
        ),
        (
            "La Cámara está en receso del {first} al {last}: sus oficinas en Washington pueden tener "
            "poco personal, y las de los distritos están abiertas."
        ),
    ),
    "recess_senate": (
        (
            "The Senate is in recess from {first} to {last}: its offices in Washington may be thin, "
            "and those in the states are open."
        ),
        (
            "El Senado está en receso del {first} al {last}: sus oficinas en Washington pueden tener "
            "poco personal, y las de los estados están abiertas."
        ),
    ),
    "offices_closed": (
        (
            "The offices are closed when it arrives; they answer from {opens}. Let it begin then, or "
            "people will speak to a machine."
        ),
        (
            "Las oficinas están cerradas cuando llega; atienden desde {opens}. Que empiece entonces, "
            "o la gente hablará con una contestadora."
        ),
    ),
    "expired": (
        "It expires before the first message could leave; choose a later expiry.",
        "Vence antes de que pueda salir el primer mensaje; elija un vencimiento más tarde.",
    ),
    "deadline_over": (
        "The deadline for calls has passed; choose a later one or leave it out.",
        "El plazo para llamar ya pasó; elija uno más tarde o quítelo.",
    ),
    "asleep": (
        (
            "{people} texts would wait for their people's morning and expire before it comes; choose "
            "a later expiry."
        ),
        (
            "{people} mensajes de texto esperarían la mañana de sus destinatarios y vencerían antes; "
            "elija un vencimiento más tarde."
        ),
    ),
}
