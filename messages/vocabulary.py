"""The words and phrases that mean something in a reply, English and Spanish. Data, with its sources.

The seven English words stop, quit, end, revoke, opt out, cancel and unsubscribe revoke consent by
law (47 CFR 64.1200(a)(10), in force since 2025-04-11), as does any other clear request in any
language; stopall and optout are Twilio's; the Spanish ones are what people write who were told so.

All are written folded: lower case, no accents, no punctuation.
"""

from __future__ import annotations

import re

# Each phrase and its language, so that the answer speaks it.
STOP = {
    **dict.fromkeys(
        (
            *("stop", "stopall", "stop all", "quit", "end", "revoke", "opt out", "optout"),
            *("cancel", "unsubscribe", "unsubscribe me", "remove me", "remove", "opt me out"),
            *("no more", "no more texts", "no more messages", "no more emails", "unsub"),
        ),
        "en",
    ),
    **dict.fromkeys(
        (
            *("basta", "alto", "baja", "parar", "pare", "paren", "cancelar", "cancele", "cancelen"),
            *("salir", "no mas", "borrar", "dar de baja", "darme de baja", "deme de baja"),
            *("denme de baja", "dame de baja", "no mas mensajes", "no mas textos"),
            *("no mas correos", "borrame", "borreme", "borrenme", "desuscribir", "desuscribirme"),
        ),
        "es",
    ),
}
START = {
    **dict.fromkeys(("start", "unstop", "subscribe", "opt in", "optin", "resume"), "en"),
    **dict.fromkeys(("alta", "iniciar", "comenzar", "empezar", "suscribir", "suscribirme"), "es"),
}
# Campaigns ask for a yes too: only from somebody who has left is it a wish to come back.
YES = {"yes": "en", "si": "es"}
HELP = {"help": "en", "info": "en", "ayuda": "es", "informacion": "es"}

COURTESY = frozenset(
    (
        *("please", "pls", "plz", "kindly", "thanks", "thank", "you", "thx", "ty", "hi", "hello"),
        *("por", "favor", "porfavor", "porfa", "xfa", "xfavor", "gracias", "muchas", "hola"),
    )
)
# With these around it, a stop word may be a sigh about the news as well as a request.
FILLERS = frozenset(
    (
        *("i", "said", "ok", "okay", "now", "already", "just", "yes", "no", "hey", "sir", "guys"),
        *("it", "this", "that", "make", "me", "so", "and", "the", "everyone", "do", "not", "dont"),
        *("ya", "ahora", "mismo", "le", "les", "dije", "que", "si", "eso", "esto", "y", "senor"),
        *("senora", "senores", "amigos", "quiero", "para", "solo", "todo"),
    )
)

NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4",
    "uno": "1", "una": "1", "dos": "2", "tres": "3", "cuatro": "4",
}  # fmt: skip
# "2 people here" counts; "2 left a message" answers.
COUNTED = frozenset(
    (
        *("people", "person", "persons", "call", "calls", "kids", "hours", "hour", "minutes"),
        *("minute", "days", "day", "weeks", "week", "more", "of", "times", "time", "am", "pm"),
        *("and", "or", "to", "x", "st", "nd", "rd", "th", "me", "friends", "million", "years"),
        *("personas", "persona", "llamada", "llamadas", "hora", "horas", "minutos", "minuto"),
        *("dia", "dias", "semana", "semanas", "mas", "de", "veces", "vez", "y", "o", "u", "a"),
        *("amigos", "amigas", "hijos", "ninos", "anos", "millones", "mil"),
    )
)

_TEXTS = r"(?:texts?|messages?|msgs?|emails?|mails?|alerts?|notifications?|sms|spam)"
_TEXTING = r"(?:texting|messaging|emailing|contacting|spamming|bothering|harassing|mailing)"
_MENSAJES = r"(?:mensajes?|mensajitos?|textos?|correos?|alertas?|avisos?|sms|notificaciones)"
_ESCRIBAN = (
    r"(?:escrib(?:a[sn]?|ais)|mand(?:e[sn]?|eis)|envi(?:e[sn]?|eis)|llam(?:e[sn]?|eis)"
    r"|molest(?:e[sn]?|eis)|contact(?:e[sn]?|eis)|texte(?:e[sn]?)|mensaje(?:e[sn]?))"
)
_ESCRIBIR = r"(?:escrib|mand|envi|llam|molest|contact|texte|mensaje|acos|jod|freg|ching)[aei]r"

MAY_MEAN_STOP = re.compile(
    "|".join(
        (
            # English: to stop texting, not to stop the raids; to send me, not to send weapons.
            rf"\b(?:stop|quit|cease|enough with|halt|end|cancel)(?: \w+){{0,2}} (?:{_TEXTING}|{_TEXTS})\b",
            r"\b(?:stop|quit) (?:sending|writing|calling)(?: to)? (?:me|us|this|these|those|it|so)\b",
            r"^(?:please )?stop (?:it|this|that)(?: now| please)?$",
            r"\b(?:dont|do not|never|not to|shouldnt|no)(?: ever)? (?:text|message|contact|email|mail|write|send|call|bother)(?: to)? (?:me|us|this number|here|anymore|again)\b",
            rf"\b(?:dont|do not|didnt|no longer|never) (?:want|wish|need|care|sign|signed|ask|asked|consent|like)\b.{{0,60}}\b(?:{_TEXTS}|to hear|hear from|up for|for this|to get|to receive)\b",
            r"\b(?:remove|take|delete|drop|erase|get) (?:me|us|my (?:number|name|phone|email|info|contact)|this (?:number|phone|email))\b",
            r"\b(?:off|from) (?:of )?(?:your|the|this|ur) (?:\w+ )?list\b",
            r"\b(?:unsubscrib\w*|unsub|opt(?:ed|ing)? (?:me )?out|optout|lose my number|leave me alone)\b",
            rf"\bno more (?:\w+ )?{_TEXTS}\b",
            r"\bnot interested\b|\b(?:is|its|as|just|more|such|this) spam\b|^spam$|\bspamming\b|\breport(?:ed|ing)? (?:you|this|as|it)\b",
            r"^enough(?: already| is enough)?$|\b(?:fuck|piss|f|buzz|back) off\b|\bfuck you\b|\bgo away\b|\bget lost\b|\bshut up\b",
            # Spanish, whatever the form of address: no me escriban, dejen de mandarme, quítame …
            rf"\bno (?:me|nos) (?:vuelv\w+ a (?:{_ESCRIBIR})|sig\w+ \w+ndo|{_ESCRIBAN})\b",
            rf"\b(?:ya|favor|de) no (?:{_ESCRIBAN}|{_ESCRIBIR}(?:me|nos)?)$",
            rf"\bno (?:{_ESCRIBAN}|{_ESCRIBIR}(?:me|nos)?) (?:(?:mas|ya|nada)$|(?:mas )?{_MENSAJES}\b)",
            rf"\bno (?:mas|tantos|tantas) (?:de )?(?:estos |sus |esos )?{_MENSAJES}\b",
            rf"\bno (?:quiero|quisiera|deseo|queremos|necesito|pedi|solicite|autorice|autorizo|acepto)\b.{{0,60}}\b(?:{_MENSAJES}|recib\w+|saber|(?:que )?(?:me|nos) {_ESCRIBAN})\b",
            rf"\b(?:hart[oa]s?|cansad[oa]s?|basta|alto|stop|paren?|detengan|suspendan)(?: \w+){{0,3}} {_MENSAJES}\b",
            r"\b(?:deseo|quiero|quisiera|necesito|solicito|pido)(?: \w+)? (?:cancelar|salir|salirme|baja)(?:$| de (?:la|su|esta|este|aqui)\b)",
            r"^(?:ya )?(?:para|parale|parele|parenle)(?: ya)?$",
            r"\bno quiero (?:mas|nada)$|^ya no$|^ya no quiero$",
            rf"\b(?:dej\w+|par\w+|ces\w+|termin\w+) (?:ya )?de {_ESCRIBIR}(?:me|nos|lo|los|la|las)?(?:$| (?:tant[oa]s?|mas|estos?|estas?|esas?|esos?|tonterias|cosas|{_MENSAJES})\b)",
            rf"\b(?:dej\w+|par\w+|ces\w+|termin\w+) (?:ya )?de (?:{_ESCRIBIR}(?:me|nos)|estar \w+ndo(?:me|nos| {_MENSAJES}))\b",
            r"\bdej(?:a|e|en|ar|ad)(?:me|nos) (?:en paz|tranquil\w+|de)\b|\bno (?:me )?molest(?:e[sn]?|ar)$",
            r"\b(?:quit|borr|elimin|sa(?:c|qu)|remuev|remov|retir|suprim|tach)\w*(?:me|nos)\b",
            r"\b(?:me|nos) (?:\w+ )?(?:quit|borr|elimin|saqu|sac|retir)(?:e[sn]?|ar|a[sn]?)\b",
            r"\b(?:quit|borr|elimin|saqu|retir)(?:e[sn]?|ar|a[sn]?) (?:mi|este|el|a este) (?:numero|telefono|celular|nombre|correo|contacto)\b",
            r"\bde (?:la|su|esta|sus|tu) lista\b|\bde baja\b|\bdesuscri\w+\b|\bcancel\w+ (?:(?:mi|la|esta) )?suscripcion\b",
            r"\bno me interesa(?:n)?\b|\bno estoy interesad[oa]s?\b",
            r"^(?:fin|terminar|detener|detenganse|quitar|eliminar)$|\bvayanse (?:a|al)\b",
        )
    )
)
# Of us, or of the office they called: told apart by the outcome code before it, if there is one.
WRONG_NUMBER = re.compile(
    r"\bwrong (?:number|person)\b|\bnumero equivocado\b|\bequivocad[oa] de numero\b"
    r"|\bse equivoc(?:o|aron|an) de (?:numero|persona)\b"
)

# Telephones send a "like" as a text that quotes ours, whose last words are "Reply STOP to opt out".
REACTION = re.compile(
    r"(?:(?:dis)?liked|loved|laughed at|emphasi[sz]ed|questioned|reacted .{1,12} to|removed an? .{1,40} from"
    r"|(?:no )?le gust[oó]|le encant[oó]|se ri[oó] (?:de|con)|enfatiz[oó]|pregunt[oó] sobre"
    r"|reaccion[oó] .{1,20} a|\W{1,6} (?:to|a))"
    r" [“”\"«].*",
    re.IGNORECASE | re.DOTALL,
)
