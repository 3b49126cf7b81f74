"""What was found about a sender's records, in one sentence each that says what to do, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from messages.sender_records import Finding

WORDS: Mapping[str, tuple[str, str]] = {
    "free_mail": (
        "Nobody can send for {domain} but its provider: write from an address of a domain of your own.",
        "Solo su proveedor puede enviar desde {domain}: escriba desde una dirección de un dominio propio.",
    ),
    "spf_good": (
        "The SPF record lets your provider send, and asks for {lookups} of at most 10 look-ups.",
        "El registro SPF permite enviar a su proveedor y pide {lookups} de un máximo de 10 consultas.",
    ),
    "spf_missing": (
        "There is no SPF record; add this one.",
        "No hay registro SPF; agregue este.",
    ),
    "spf_several": (
        "There are {count} SPF records, so receivers heed none; put this one in their place.",
        "Hay {count} registros SPF, así que nadie hace caso de ninguno; ponga este en su lugar.",
    ),
    "spf_loops": (
        "The SPF record includes itself, so receivers give up; take out the include that leads back.",
        "El registro SPF se incluye a sí mismo y los servidores desisten; quite el include que regresa.",
    ),
    "spf_broken": (
        "Receivers stop at “{term}” in the SPF record, which is no valid term or leads to no record; correct it.",
        "Los servidores se detienen en «{term}» del registro SPF, que no es válido o no lleva a ningún registro; corríjalo.",
    ),
    "spf_lookups": (
        "The SPF record asks for more than {most} look-ups, so receivers give up; take out providers you no longer use.",
        "El registro SPF pide más de {most} consultas y los servidores desisten; quite los proveedores que ya no usa.",
    ),
    "spf_void": (
        "{count} names in the SPF record lead nowhere, and receivers allow two; take them out.",
        "{count} nombres del registro SPF no llevan a nada y se permiten dos; quítelos.",
    ),
    "spf_provider": (
        "The SPF record does not name your provider ({term}); change it to this.",
        "El registro SPF no nombra a su proveedor ({term}); cámbielo por este.",
    ),
    "spf_open": (
        "The SPF record lets anybody send in your name; change it to this.",
        "El registro SPF permite que cualquiera envíe en su nombre; cámbielo por este.",
    ),
    "spf_unasked": (
        "The SPF record could not be looked up, because no name server answered; it is tried again.",
        "No se pudo consultar el registro SPF porque ningún servidor de nombres respondió; se volverá a intentar.",
    ),
    "dkim_good": (
        "This DKIM key is in order ({bits} bits).",
        "Esta clave DKIM está en orden ({bits} bits).",
    ),
    "dkim_unknown": (
        "It is not known where your mail server's DKIM keys stand; name them in deliverability.dkim_selectors.",
        "No se sabe dónde están las claves DKIM de su servidor; nómbrelas en deliverability.dkim_selectors.",
    ),
    "dkim_alias_missing": (
        "This name leads to no DKIM key; add the CNAME that SendGrid shows under Settings, Sender Authentication.",
        "Este nombre no lleva a ninguna clave DKIM; agregue el CNAME que SendGrid muestra en Settings, Sender Authentication.",
    ),
    "dkim_missing": (
        "There is no DKIM key here; add the TXT record that your mail server's provider shows.",
        "Aquí no hay clave DKIM; agregue el registro TXT que muestra el proveedor de su servidor de correo.",
    ),
    "dkim_several": (
        "{count} DKIM records stand under one name; leave only the one that your provider shows.",
        "Hay {count} registros DKIM bajo un mismo nombre; deje solo el que muestra su proveedor.",
    ),
    "dkim_broken": (
        "This DKIM record has no key that can be read; copy it anew from your provider, whole.",
        "Este registro DKIM no tiene una clave legible; cópielo de nuevo de su proveedor, completo.",
    ),
    "dkim_revoked": (
        "This DKIM key has been withdrawn; set up a new one with your provider.",
        "Esta clave DKIM fue retirada; configure una nueva con su proveedor.",
    ),
    "dkim_short": (
        "This DKIM key has {bits} bits, and receivers heed none below 1,024; ask your provider for one of 2,048.",
        "Esta clave DKIM tiene {bits} bits y no se aceptan menos de 1,024; pida a su proveedor una de 2,048.",
    ),
    "dkim_weak": (
        "This DKIM key has {bits} bits; it works, but ask your provider for one of 2,048.",
        "Esta clave DKIM tiene {bits} bits; funciona, pero pida a su proveedor una de 2,048.",
    ),
    "dkim_testing": (
        "This DKIM key says that it is a test (t=y), so receivers may ignore it; take that out.",
        "Esta clave DKIM dice que es de prueba (t=y) y puede que la ignoren; quite eso.",
    ),
    "dkim_unasked": (
        "This DKIM key could not be looked up, because no name server answered; it is tried again.",
        "No se pudo consultar esta clave DKIM porque ningún servidor de nombres respondió; se volverá a intentar.",
    ),
    "dmarc_good": (
        "The DMARC record asks receivers to stop what is forged (p={policy}).",
        "El registro DMARC pide detener lo falsificado (p={policy}).",
    ),
    "dmarc_none": (
        "There is a DMARC record; it asks for nothing yet (p=none), which is enough for Gmail and Yahoo.",
        "Hay un registro DMARC; todavía no pide nada (p=none), lo que basta para Gmail y Yahoo.",
    ),
    "dmarc_missing": (
        "There is no DMARC record, and Gmail and Yahoo refuse those who mail many without one; add this one.",
        "No hay registro DMARC, y Gmail y Yahoo rechazan a quienes escriben a muchos sin uno; agregue este.",
    ),
    "dmarc_several": (
        "There are {count} DMARC records, so receivers heed none; leave only this one.",
        "Hay {count} registros DMARC, así que nadie hace caso de ninguno; deje solo este.",
    ),
    "dmarc_broken": (
        "The DMARC record says no policy that receivers know; change it to this.",
        "El registro DMARC no indica una política conocida; cámbielo por este.",
    ),
    "dmarc_unasked": (
        "The DMARC record could not be looked up, because no name server answered; it is tried again.",
        "No se pudo consultar el registro DMARC porque ningún servidor de nombres respondió; se volverá a intentar.",
    ),
    "not_aligned": (
        "Neither DKIM nor SPF speaks for {domain}, so receivers take the email for forged; put the DKIM keys in order first.",
        "Ni DKIM ni SPF responden por {domain}, así que el correo parece falsificado; ponga primero en orden las claves DKIM.",
    ),
    "mx_good": (
        "Answers and bounces to {domain} find a mail server.",
        "Las respuestas y los rebotes a {domain} encuentran un servidor de correo.",
    ),
    "mx_missing": (
        "No mail server takes what is written to {domain}, so answers and bounces are lost; add an MX record.",
        "Ningún servidor recibe lo que se escribe a {domain}, así que se pierden respuestas y rebotes; agregue un registro MX.",
    ),
    "ptr_good": (
        "The sending address {address} is called {host}, and that name leads back to it.",
        "La dirección de envío {address} se llama {host}, y ese nombre lleva de vuelta a ella.",
    ),
    "ptr_missing": (
        "The sending address {address} has no name in reverse DNS, and Gmail refuses mail from such; ask whoever gave you the address to set your mail server's name there.",
        "La dirección de envío {address} no tiene nombre en el DNS inverso, y Gmail rechaza el correo de direcciones así; pida a quien le dio la dirección que ponga ahí el nombre de su servidor de correo.",
    ),
    "ptr_astray": (
        "The sending address {address} is called {host}, but that name does not lead back to it, so Gmail refuses its mail; add this record.",
        "La dirección de envío {address} se llama {host}, pero ese nombre no lleva de vuelta a ella, así que Gmail rechaza su correo; agregue este registro.",
    ),
    "ptr_unknown": (
        "Your mail server is on this machine, and it is not known which address it sends from; name it in deliverability.sending_addresses. If it hands all mail to a provider's relay, the provider sees to this.",
        "Su servidor de correo está en esta máquina y no se sabe desde qué dirección envía; indíquela en deliverability.sending_addresses. Si entrega todo a un relé de un proveedor, el proveedor se encarga.",
    ),
    "ptr_unasked": (
        "What the sending address {address} is called could not be looked up, because no name server answered; it is tried again.",
        "No se pudo consultar cómo se llama la dirección de envío {address} porque ningún servidor de nombres respondió; se volverá a intentar.",
    ),
    "mx_unasked": (
        "Whether {name} takes mail could not be looked up, because no name server answered; it is tried again.",
        "No se pudo consultar si {name} recibe correo porque ningún servidor de nombres respondió; se volverá a intentar.",
    ),
}


def words(finding: Finding, language: str) -> str:
    """The sentence in a language; English where we do not speak it."""
    english, spanish = WORDS[finding.code]
    values = {"name": finding.name, **finding.values}
    return (spanish if language == "es" else english).format(**values)
