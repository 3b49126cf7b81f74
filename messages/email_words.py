"""What may be wrong with an email besides its words, in sentences: English, Spanish."""

from __future__ import annotations

from collections.abc import Mapping

EMAILS: Mapping[str, tuple[str, str]] = {
    "picture_gone": (
        (
            "A picture in the {language} email is not yours or is gone ({address}): insert another one from "
            "“Pictures”."
        ),
        (
            "Una imagen del correo en {language} no es suya o ya no existe ({address}): inserte otra desde "
            "«Imágenes»."
        ),
    ),
    "email_large": (
        "The {language} email takes {kilobytes} KB, and Gmail shows no more than 102: shorten it.",
        "El correo en {language} ocupa {kilobytes} KB, y Gmail no muestra más de 102: acórtelo.",
    ),
    "email_clipped": (
        (
            "The {language} email takes {kilobytes} KB. Gmail cuts it off at 102, and with it the link to "
            "unsubscribe: shorten it."
        ),
        (
            "El correo en {language} ocupa {kilobytes} KB. Gmail lo corta en 102, y con ello el enlace para "
            "darse de baja: acórtelo."
        ),
    ),
    "changed_since": (
        "The email was changed since this began, and not approved anew: let somebody approve it.",
        "El correo se cambió desde que esto empezó y no se volvió a aprobar: que alguien lo apruebe.",
    ),
    "sent_back_since": (
        "Somebody sent the email back since this began: change it, or ask again, and let it be approved.",
        "Alguien devolvió el correo desde que esto empezó: cámbielo, o pida de nuevo la aprobación, y que se apruebe.",
    ),
    "unapproved_since": (
        "Too few people who may approve it stand behind the email any more: let somebody approve it.",
        "Ya no respaldan el correo suficientes personas que puedan aprobarlo: que alguien lo apruebe.",
    ),
    "leads_to_the_end": (
        (
            "The page that the email leads to asks for nothing any more: choose another one, or take the link"
            " out."
        ),
        "La página a la que lleva el correo ya no pide nada: elija otra, o quite el enlace.",
    ),
    "leads_nowhere": (
        (
            "The {language} email leads to a page with a script, and none is chosen: choose one of the campaign's "
            "alerts, or take out {{{{ link }}}} and ::: call."
        ),
        (
            "El correo en {language} lleva a una página con guion, y no se ha elegido ninguna: elija una de las "
            "alertas de la campaña, o quite {{{{ link }}}} y ::: llamada."
        ),
    ),
}
