"""What is said before a launch of how its emails will fare; see ``mail_findings``."""

from __future__ import annotations

from collections.abc import Mapping

MAIL: Mapping[str, tuple[str, str]] = {
    "warm_up_holds": (
        (
            "{domain} is new to mailbox providers, so {left:,} of its {emails:,} emails may leave today and the others"
            " on the next days, the last in {days} days. Texts leave at once."
        ),
        (
            "{domain} es nuevo para los proveedores de correo: hoy pueden salir {left:,} de sus {emails:,} correos y los"
            " demás en los próximos días, los últimos en {days} días. Los mensajes de texto salen enseguida."
        ),
    ),
    "warm_up_urgent": (
        (
            "{domain} is new to mailbox providers, and {emails:,} emails at once are more than they expect of it today"
            " ({left:,}). A red alert leaves all the same; some of them may land in spam."
        ),
        (
            "{domain} es nuevo para los proveedores de correo, y {emails:,} correos a la vez son más de lo que esperan hoy"
            " ({left:,}). Una alerta roja sale de todos modos; algunos pueden caer en correo no deseado."
        ),
    ),
    "gmail_bulk": (
        (
            "With this, about {count:,} emails go from {domain} to Gmail today. From 5,000 on Gmail counts it among bulk"
            " senders for good; their rules are kept here, but it cannot be undone."
        ),
        (
            "Con esto salen hoy unos {count:,} correos de {domain} a Gmail. Desde 5,000, Gmail lo cuenta para siempre entre"
            " los remitentes masivos; aquí se cumplen sus reglas, pero no tiene vuelta atrás."
        ),
    ),
    "gmail_near": (
        (
            "With this, about {count:,} emails go from {domain} to Gmail today; from 5,000 on it counts it among bulk"
            " senders for good."
        ),
        (
            "Con esto salen hoy unos {count:,} correos de {domain} a Gmail; desde 5,000 lo cuenta para siempre entre los"
            " remitentes masivos."
        ),
    ),
    "sender_held": (
        (
            "The planned mail of {domain} is held, because too many marked its mail as spam; this would wait until"
            " somebody lets it go on, on the page on deliverability."
        ),
        (
            "El correo planificado de {domain} está retenido porque demasiadas personas marcaron su correo como no deseado;"
            " esto esperaría hasta que alguien lo deje seguir, en la página de entrega."
        ),
    ),
    "records_bad": (
        (
            "The records of {domain} are not in order, so mailbox providers may refuse its emails; the page on"
            " deliverability says what to add."
        ),
        (
            "Los registros de {domain} no están en orden y los proveedores pueden rechazar sus correos; la página de entrega"
            " dice qué agregar."
        ),
    ),
}
