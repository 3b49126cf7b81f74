"""What stands in the way of a planned email, besides what may stand in that of any message."""

from __future__ import annotations

from collections.abc import Mapping

CAMPAIGNS: Mapping[str, tuple[str, str]] = {
    "leads_nowhere": (
        "The email has a link to a page, but leads to none; choose which alert's page it leads to.",
        (
            "El correo tiene un enlace a una página, pero no lleva a ninguna; elija a la página de qué"
            " alerta lleva."
        ),
    ),
    "leads_to_the_end": (
        (
            "The page that the email leads to asks for nothing any more; choose another, or leave the"
            " link out."
        ),
        "La página a la que lleva el correo ya no pide nada; elija otra, o quite el enlace.",
    ),
}
