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

# What a person who writes may want, told by their words; the first that fits is the likeliest.
TOPICS = {
    "wrong_number": WRONG_NUMBER,
    "moved": re.compile(
        r"\b(?:i|we|ive|weve|have|just|since) (?:\w+ )?moved\b|\bmy new (?:address|zip)\b"
        r"|\bno longer live\b|\b(?:dont|do not) live (?:there|here|in)\b|\bchanged (?:my )?address\b"
        r"|\bme (?:mude|cambie de (?:casa|ciudad|direccion|estado))\b|\bnos (?:mudamos|cambiamos de casa)\b"
        r"|\bya no vivo\b|\bmi nuev[oa] (?:direccion|zip|codigo postal)\b"
    ),
    "who": re.compile(
        r"\bwho (?:is|are|r|s) (?:this|you|u|it)\b|\bwhos (?:this|that|it)\b|\bwho dis\b|\bdo i know you\b"
        r"|\bhow did you get (?:my|this)\b|\bwhere did you get (?:my|this)\b"
        r"|\bquien(?:es)? (?:es|son|eres|habla|escribe|me escribe)\b|\bde (?:donde|quien) (?:\w+ )?mi (?:numero|correo)\b"
        r"|\bcomo (?:consiguio|consiguieron|tiene|tienen|obtuvieron) mi\b|\bde parte de quien\b"
    ),
    "what": re.compile(
        r"\bwhat(?:s| is| are| was) (?:this|that|these|it)\b|\bwhat (?:are|is) (?:this|these|it) (?:for|about)\b"
        r"|\bis this (?:real|a scam|spam|legit)\b|\bwhy am i getting\b"
        r"|\bque es (?:esto|eso)\b|\bde que (?:se trata|trata)\b|\bes (?:esto )?(?:real|estafa|verdad|una estafa)\b"
        r"|\bpor que (?:recibo|me (?:llega|llegan|mandan|escriben))\b|\bpara que es\b"
    ),
    "cannot_call": re.compile(
        r"\b(?:cant|cannot|can not|couldnt|wont be able to|unable to|not able to) (?:\w+ )?(?:call|phone)\b"
        r"|\b(?:too busy|at work|no time|shy|afraid|nervous|scared)\b|\bi dont (?:speak|like to call|like calling)\b"
        r"|\bno (?:puedo|pude|podre|voy a poder) (?:\w+ )?(?:llamar|hablar)\b|\bno tengo tiempo\b"
        r"|\bestoy (?:trabajando|en el trabajo|ocupad[oa])\b|\bno hablo ingles\b|\bme da (?:pena|miedo|verguenza)\b"
    ),
    "question": re.compile(
        r"\bwhat (?:do|should|can|would) i (?:say|tell|ask)\b|\bwho (?:do|should) i (?:call|ask for|talk to)\b"
        r"|\bwhat(?:s| is) the (?:number|script)\b|\bwhich (?:number|office)\b|\bhow do i call\b|\bwhen (?:do|should|can) i call\b"
        r"|\bque (?:les |le )?(?:digo|tengo que decir|debo decir|pregunto)\b|\ba quien (?:llamo|tengo que llamar|debo llamar)\b"
        r"|\b(?:cual|que) (?:es el )?numero\b|\bcomo llamo\b|\bcuando (?:llamo|puedo llamar|hay que llamar)\b|^a quien$"
    ),
    "help_more": re.compile(
        r"\b(?:how|what else|what more|anything else|where) (?:\w+ )?(?:can|could|may) (?:i|we) (?:\w+ )?(?:help|do|donate|volunteer|join)\b"
        r"|\b(?:want|would like|love|like|glad|happy) to (?:help|volunteer|donate|join|do more)\b|\bcount me in\b|\bsign me up\b"
        r"|\b(?:como|en que|que mas|donde) (?:\w+ )?(?:puedo|podemos|podria) (?:\w+ )?(?:ayudar|hacer|apoyar|colaborar|donar)\b"
        r"|\bquiero (?:ayudar|apoyar|colaborar|donar|participar)\b|\bcuenten conmigo\b|\bme gustaria (?:ayudar|apoyar|participar)\b"
    ),
    "angry": re.compile(
        r"\b(?:fuck|fucking|shit|bullshit|wtf|asshole|idiots?|stupid|disgusting|shame on you|liars?|scammers?|communists?|traitors?)\b"
        r"|\b(?:mierda|put[oa]s?|pendej[oa]s?|idiotas?|estupid[oa]s?|mentiros[oa]s?|estafador(?:es)?|comunistas?|vergonzoso|no jodan)\b"
    ),
    "thanks": re.compile(
        r"\b(?:thanks|thank you|thx|ty|god bless|bless you|appreciate|great work|good work|keep it up)\b"
        r"|\b(?:gracias|dios (?:les|los|le|te) bendiga|bendiciones|buen trabajo|sigan adelante|animo)\b"
    ),
}
