"""The words of ``messages/cautions.py``, by language, without accents; and what is said of what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping

MONTHS = {
    "en": "january|february|march|april|may|june|july|august|september|october|november|december",
    "es": (
        "enero|febrero|marzo|abril|mayo|junio|julio|agosto|sept?iembre|octubre|noviembre|diciembre"
    ),
}


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


WHEN = {
    "en": _any(
        r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?",
        r"tomorrow|tonight|at (?:dawn|noon|night|midnight)",
        r"(?:this|next) (?:morning|afternoon|evening|week|weekend|month)",
        r"at \d{1,2}(?::\d\d)?",
        r"\d{1,2}(?::\d\d)? ?[ap]\.?m\b\.?",
        rf"(?:{MONTHS['en']}) \d{{1,2}}(?:st|nd|rd|th)?",
        rf"\d{{1,2}} (?:of )?(?:{MONTHS['en']})",
        r"\d{1,2}/\d{1,2}",
    ),
    "es": _any(
        r"lunes|martes|miercoles|jueves|viernes|sabado|domingo",
        r"manana|esta (?:noche|tarde|semana|madrugada)|al (?:amanecer|mediodia)|de madrugada",
        r"proxim[oa] (?:semana|mes|fin de semana)|(?:semana|mes) que viene",
        r"a las? \d{1,2}(?::\d\d)?",
        r"\d{1,2}(?::\d\d)? ?(?:[ap]\.? ?m\b\.?|horas|hrs)",
        rf"\d{{1,2}} de (?:{MONTHS['es']})",
        r"\d{1,2}/\d{1,2}",
    ),
}

# What moves in any case, if the sentence says when.
TRAVEL = {
    "en": _any(
        r"(?:will|'ll|shall|to|are|is|am) (?:be )?(?:travel(?:l?ing)?|fly(?:ing)?)",
        r"travels|(?:will|'ll) (?:be )?driv(?:e|ing) (?:to|from|through)",
        r"(?:will|'ll|are|is) (?:be )?cross(?:ing)? the border",
        r"itinerary|meeting (?:point|place)|pick-?up (?:point|place)",
    ),
    "es": _any(
        r"viajara|viajaran|viajaremos|viaja|viajan|viajamos",
        r"(?:va|van|vamos) a (?:viajar|volar|cruzar la frontera)",
        r"volara|volaran|volaremos|cruzaran? la frontera",
        r"itinerario|(?:punto|lugar) de (?:encuentro|reunion)",
    ),
}

_WHO = {
    "en": (
        r"delegations?|delegates?|famil(?:y|ies)|relatives|witness(?:es)?|mothers?|lawyers?"
        r"|attorneys?|defenders?|companions?|bus(?:es)?|van|convoy|caravan|flight|group"
    ),
    "es": (
        r"delegacion(?:es)?|delegad[oa]s?|comitiva|familias?|familiares|testigos?|madres?"
        r"|abogad[oa]s?|defensor(?:a|es|as)?|acompanantes?|bus(?:es)?|autobus(?:es)?|microbus(?:es)?"
        r"|caravana|vuelo|grupo"
    ),
}
_MOVES = {
    "en": (
        r"(?:will |'ll |are |is )?(?:arriv(?:e|es|ing)|leav(?:e|es|ing)|depart(?:s|ing)?"
        r"|land(?:s|ing)?|(?:stay|sleep)(?:s|ing)? (?:at|with))"
    ),
    "es": (
        r"(?:llegaran?|llegaremos|llegan?|llegamos|saldran?|saldremos|salen?|salimos|partiran?"
        r"|aterrizaran?|aterrizan?|dormiran?|duermen?"
        r"|se (?:hospeda|aloja|queda|reuni)(?:ran?|n)?)"
    ),
}

# Whose moving is nobody else's business.
PEOPLE = {language: _any(words) for language, words in _WHO.items()}

# What a letter, a law or a deadline can do, too: only of the people, and at a time.
TRAVEL_OF = {
    "en": _any(rf"(?:{_WHO['en']})(?: \S+){{0,4}}? {_MOVES['en']}"),
    "es": _any(
        rf"(?:{_WHO['es']})(?: \S+){{0,4}}? {_MOVES['es']}",
        rf"{_MOVES['es']}(?: \S+){{0,3}}? (?:{_WHO['es']})",
    ),
}

# What is never said in public, at whatever time.
SECRET_PLACES = {
    "en": _any(
        r"safe[ -]?houses?|hiding places?|hide-?outs?|licen[cs]e plates?",
        r"(?:is|are) (?:hiding|sheltering) (?:at|in|with)",
        r"(?:is|are) (?:staying|sleeping) (?:at|with)",
        r"(?:house|home|hotel|church) where (?:they|he|she|the \w+) (?:is|are|will|sleeps?|stays?|hides?)",
        rf"(?:route|itinerary) of the (?:\w+ )?(?:{_WHO['en']})",
        rf"(?:{_WHO['en']})['’]s? (?:route|itinerary|hotel)",
    ),
    "es": _any(
        r"casas? (?:de seguridad|seguras?)|escondites?|placas? del? (?:carro|bus|microbus|vehiculo)",
        r"se (?:esconde|oculta|hospeda|aloja)n? (?:en|con)",
        r"estan? (?:escondid|refugiad|alojad|hospedad)[oa]s? (?:en|con)",
        r"(?:casa|hotel|iglesia) donde (?:se (?:esconde|oculta|hospeda|aloja|queda)n?|duermen?|estan?)",
        rf"(?:ruta|itinerario) del? (?:la |las |los )?(?:{_WHO['es']})",
    ),
}

_BILLS = (
    r"(?:the |this |that |our |an? |his |her |its )?(?:\w+ ){0,2}?(?:bill|resolution|amendment|act|measure"
    r"|motion|letter|law|cuts?|aid|funding|budget|treaty|sanctions?|ceasefire|hearing|H\.? ?R|S\.|H\.? ?Res"
    r"|S\.? ?Res)"
)
_LEYES = (
    r"(?:la |el |esta |este |una? |las |los |su )?(?:\w+ ){0,2}?(?:ley|resolucion|enmienda|proyecto|medida"
    r"|mocion|carta|presupuesto|fondos|ayuda|tratado|sanciones)"
)
_NAME = r"(?-i:[A-Z])[\w'’-]*"
_OFFICE = r"(?:congress|(?:the )?(?:u\.?s\.? )?(?:senate|house)|president|governor|mayor|assembly)"
_TITLE = r"(?:rep|sen|del|senator|congress(?:wo)?man|representative)"
_ITS_REP = r"\{\{ ?(?:rep_name|official)"

ELECTIONS = {
    "en": _any(
        rf"(?:vote|cast your ballots?) for (?!{_BILLS}\b)(?:{_NAME}|him|her|them|candidates?|whoever|someone)",
        rf"vote (?:for|against|out) {_ITS_REP}",
        rf"vote against (?:him|her|them|{_TITLE}\b)|vote (?:him|her|them|{_NAME}) out|vote out",
        r"re-?elect(?! (?:judges|magistrates))|vote (?:democrat(?:ic)?|republican|blue|red)",
        rf"(?:defeat|unseat|elect) (?:him|{_TITLE}\b\.?|{_NAME})",
        r"(?-i:[A-Z])\w+ for (?-i:Congress|Senate|President|Governor|Mayor)",
        rf"(?:runs?|running) for (?:{_OFFICE}|office|re-?election)|at the polls|polling places?",
        r"candidates?(?! (?:countr|for (?:the )?(?:\w+ ){0,2}(?:court|magistra|judge|attorney|ombud)))",
        r"election day|election campaigns?",
        r"(?:general|primary|mid-?term|presidential|congressional|local|special|upcoming|next|this) elections?"
        r"(?! of (?:the )?(?:\w+ )?(?:court|judges?|magistrates?|attorney))",
        r"mid-?terms",
    ),
    "es": _any(
        rf"(?:vota|vote|voten|votar|votemos) por (?!{_LEYES}\b)"
        rf"(?:{_NAME}|el(?=[ ,.!]*$)|ella|ellos|quien|las? candidat|los? candidat)",
        rf"(?:vota|vote|voten|votar) (?:por|contra|en contra de) {_ITS_REP}",
        r"(?:vota|vote|voten|votar) (?:contra|en contra de) (?:el |la )?(?:congresista|senador|diputad)\w*",
        r"reelegir|reelija\w*|reelij[ao]n",
        rf"(?:elijan|elijamos|elegir|derrotar|derroten) a (?!magistrad|juec|juez|la corte|los? magistrad)"
        rf"(?:{_NAME}|nuevos|candidat)",
        r"candidat[oa]s?(?! a (?:la )?(?:magistrad|juez|jueza|fiscal|procurador|corte|sala))",
        r"campanas? electoral(?:es)?|dia de (?:las )?elecciones|en las urnas|papeletas? de votacion",
        r"elecciones (?:primarias|generales|presidenciales|legislativas|intermedias|municipales"
        r"|de noviembre)",
        r"proximas elecciones",
    ),
}

# Eight digits in two halves, as numbers are written in El Salvador; with or without its code.
ABROAD = re.compile(
    r"(?<![\d+])(?:00 ?503[ -]?|503[ -]|\(503\) ?)?([267]\d{3})[ -](\d{4})(?![\d-])"
)

PLACES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sms": "text message",
        "subject": "subject",
        "body": "email",
        "title": "title of the page",
        "summary": "page",
        "script": "script",
        "letter": "letter",
        "case": "case",
        "fact": "public facts",
    },
    "es": {
        "sms": "mensaje de texto",
        "subject": "asunto",
        "body": "correo",
        "title": "título de la página",
        "summary": "página",
        "script": "guion",
        "letter": "carta",
        "case": "caso",
        "fact": "hechos públicos",
    },
}

# By code: English, Spanish.
CAUTIONS: Mapping[str, tuple[str, str]] = {
    "travel": (
        (
            "{language}, {places}: {found} may tell where or when somebody travels, sleeps or meets. Keep"
            " that to those who need it."
        ),
        (
            "{language}, {places}: {found} puede revelar por dónde o cuándo alguien viaja, duerme o se"
            " reúne. Que lo sepan solo quienes lo necesitan."
        ),
    ),
    "salvadoran_number": (
        (
            "{language}, {places}: {found} is a number in El Salvador (+503); make sure that it may be made"
            " public."
        ),
        (
            "{language}, {places}: {found} es un número de El Salvador (+503); asegúrese de que se puede"
            " hacer público."
        ),
    ),
    "private_number": (
        (
            "{language}, {places}: {found} is no office's number that we know; make sure that it is nobody's"
            " own."
        ),
        (
            "{language}, {places}: {found} no es el número de ninguna oficina que conozcamos; asegúrese de"
            " que no sea de una persona."
        ),
    ),
    "election": (
        (
            "{language}, {places}: {found} reads like a candidate or an election. A 501(c)(3) may ask for a"
            " vote on a bill, never for or against a person."
        ),
        (
            "{language}, {places}: {found} suena a candidatura o elección. Una 501(c)(3) puede pedir un voto"
            " sobre una ley, nunca a favor o en contra de una persona."
        ),
    ),
    "named_at_risk": (
        (
            "{language}, {places}: {found} names somebody whom this case keeps as a person at risk, not to be"
            " named. Take the name out; or have the person cleared on the page of the case; or say below why it"
            " may stand."
        ),
        (
            "{language}, {places}: {found} nombra a alguien que este caso guarda como persona en riesgo, a"
            " quien no se debe nombrar. Quite el nombre; o pida que se autorice en la página del caso; o diga"
            " abajo por qué puede quedar."
        ),
    ),
    "named_elsewhere": (
        (
            "{language}, {places}: {found} is the name of a person at risk, not to be named, on another case's"
            " list. Take the name out, or say below why it may stand."
        ),
        (
            "{language}, {places}: {found} es el nombre de una persona en riesgo, a quien no se debe nombrar,"
            " según la lista de otro caso. Quite el nombre, o diga abajo por qué puede quedar."
        ),
    ),
    "named_by_now": (
        (
            "{language}, {places}: a name stands there that must not be said. Whoever may write here sees on the"
            " email's page which; take it out, or say there why it may stand."
        ),
        (
            "{language}, {places}: ahí hay un nombre que no se debe decir. Quien puede escribir aquí ve en la"
            " página del correo cuál es; quítelo, o diga ahí por qué puede quedar."
        ),
    ),
    "named_beyond": (
        (
            "{language}, {places}: {found} says more than the first name of a person at risk; only that is"
            " cleared."
        ),
        (
            "{language}, {places}: {found} dice más que el nombre de pila de una persona en riesgo; solo ese"
            " está autorizado."
        ),
    ),
    "named_anyway": (
        ("{language}, {places}: {found} names a person at risk. {by} says why it may stand: {why}"),
        (
            "{language}, {places}: {found} nombra a una persona en riesgo. {by} dice por qué puede quedar:"
            " {why}"
        ),
    ),
}
