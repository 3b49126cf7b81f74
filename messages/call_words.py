"""What a supporter hears on a call that we put through, in English and Spanish.

Said aloud, so without signs that a voice stumbles over: "Senador/a" is "el Senado" there.
"""

from __future__ import annotations

from collections.abc import Mapping

from actions.addressing import state_name
from actions.targets import Role, Target
from messages.providers.twilio_voice import Say

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "hello": "Hello. This is {network}. You asked us to connect you. To begin, press 1.",
        "hello_in": "Hello. This is {network}. We connect you with the offices to call. To begin, press 1.",
        "hello_new": "Hello. This is {network}. For English, press 1.",
        "other": "For English, press 2.",
        "nobody": "We heard no key, so we call nobody. Goodbye.",
        "zip": "Please key in the five digits of the ZIP code of your home.",
        "zip_again": "We do not know that ZIP code. Please key it in once more: five digits.",
        "pick": "Your ZIP code lies in more than one district.",
        "choice": "For {name}, press {key}.",
        "choice_seat": "For district {number} of {state}, press {key}.",
        "unsure": "If you are not sure, press 9.",
        "switchboard": "We cannot tell your district, so the Capitol's operators help you.",
        "about": "{title}.",
        "count_one": "We connect you with one office.",
        "count": "We connect you with {count} offices, one after the other.",
        "how": "Say who you are, where you live, and what you ask for. To leave an office, press star.",
        "texted": "We have texted you what to say.",
        "ask": "What we ask for is this. {ask}",
        "vacant": "One of your seats in Congress is vacant: nobody holds it now.",
        "lapsed": "Nobody has checked the number of {office} lately, so we do not call it.",
        "doubtful": "Several people found a wrong number for {office}, so we call another one.",
        "passed_over": "Several people found a wrong number for {office}, so we pass it over.",
        "out_of_reach": "We cannot connect you with {office} from here: the number is on the page.",
        "now": "Now: {office}.",
        "ask_for": "The Capitol's switchboard answers. Ask for {office}.",
        "left_one": "One office is left.",
        "left": "{count} offices are left.",
        "closed": "{office} is closed now. To leave a message there, press 1. To pass it over, press 2.",
        "no_answer": "They did not answer.",
        "told": "How did it go? If you spoke with someone, press 1. If you left a message, press 2. "
        "If nobody answered, press 3. If the number was wrong, press 4.",
        "thanks": "Those were all your calls. Thank you. They are counted. Goodbye.",
        "thanks_none": "Nobody could be reached today. Please try again tomorrow. Goodbye.",
        "over": "This action is over. Thank you, and goodbye.",
        "withheld": "We cannot say more about this action at the moment. Please call again tomorrow. Goodbye.",
        "nothing": "There is nothing to call for just now. Thank you, and goodbye.",
        "money": "We can connect no more calls today. Please call the offices yourself: the numbers "
        "are on your page. Thank you, and goodbye.",
        "too_many": "So many calls came from this number that we connect no more today. Please call "
        "the offices yourself. Goodbye.",
        "hidden": "Your number is hidden, and we can only connect calls that show it to the office. "
        "Please call again without hiding it. Goodbye.",
        "abroad": "We cannot connect calls from your number. Please call the offices yourself. Goodbye.",
        "goodbye": "Thank you, and goodbye.",
        "on_the_line": "Another call from this number is under way. When it is over, please call again. "
        "Goodbye.",
        "unknown": "We do not know this call. Please call again. Goodbye.",
        "text": "{network}: What to say when they answer: “{words}” More: {url}",
    },
    "es": {
        "hello": "Hola. Habla {network}. Usted nos pidió que le comunicáramos. Para empezar, marque 1.",
        "hello_in": "Hola. Habla {network}. Le comunicamos con las oficinas. Para empezar, marque 1.",
        "hello_new": "Para español, marque 2.",
        "other": "Para español, marque 2.",
        "nobody": "No oímos ninguna tecla, así que no llamamos a nadie. Adiós.",
        "zip": "Por favor, marque las cinco cifras del código postal de su casa.",
        "zip_again": "No conocemos ese código postal. Por favor, márquelo otra vez: cinco cifras.",
        "pick": "Su código postal está en más de un distrito.",
        "choice": "Para {name}, marque {key}.",
        "choice_seat": "Para el distrito {number} de {state}, marque {key}.",
        "unsure": "Si no lo sabe, marque 9.",
        "switchboard": "No podemos saber su distrito, así que le ayudan en la central del Capitolio.",
        "about": "{title}.",
        "count_one": "Le comunicamos con una oficina.",
        "count": "Le comunicamos con {count} oficinas, una tras otra.",
        "how": "Diga quién es, dónde vive y qué pide. Para dejar una oficina, marque asterisco.",
        "texted": "Le mandamos por mensaje de texto lo que puede decir.",
        "ask": "Lo que pedimos es esto. {ask}",
        "vacant": "Uno de sus escaños en el Congreso está vacante: nadie lo ocupa ahora.",
        "lapsed": "Nadie ha comprobado últimamente el número de {office}, así que no llamamos ahí.",
        "doubtful": "Varias personas hallaron un número equivocado de {office}, así que llamamos a otro.",
        "passed_over": "Varias personas hallaron un número equivocado de {office}, así que no llamamos ahí.",
        "out_of_reach": "Desde aquí no podemos comunicarle con {office}: el número está en la página.",
        "now": "Ahora: {office}.",
        "ask_for": "Contesta la central del Capitolio. Pregunte por {office}.",
        "left_one": "Queda una oficina.",
        "left": "Quedan {count} oficinas.",
        "closed": "{office}: ahora está cerrada. Para dejar un mensaje, marque 1. Para seguir, marque 2.",
        "no_answer": "No contestaron.",
        "told": "¿Cómo le fue? Si habló con alguien, marque 1. Si dejó un mensaje, marque 2. "
        "Si nadie contestó, marque 3. Si el número era equivocado, marque 4.",
        "thanks": "Esas fueron todas sus llamadas. Muchas gracias. Quedan contadas. Adiós.",
        "thanks_none": "Hoy no se pudo hablar con nadie. Por favor, intente otra vez mañana. Adiós.",
        "over": "Esta acción ya terminó. Muchas gracias, y adiós.",
        "withheld": "Por el momento no podemos decir más de esta acción. Por favor, llame otra vez mañana. "
        "Adiós.",
        "nothing": "Por ahora no hay ninguna llamada que hacer. Muchas gracias, y adiós.",
        "money": "Hoy ya no podemos comunicar más llamadas. Por favor, llame usted a las oficinas: los "
        "números están en su página. Muchas gracias, y adiós.",
        "too_many": "De este número vinieron tantas llamadas que hoy no comunicamos más. Por favor, "
        "llame usted a las oficinas. Adiós.",
        "hidden": "Su número está oculto, y solo podemos comunicar llamadas que lo muestran a la "
        "oficina. Por favor, llame otra vez sin ocultarlo. Adiós.",
        "abroad": "No podemos comunicar llamadas de su número. Por favor, llame usted a las oficinas. Adiós.",
        "goodbye": "Gracias, y adiós.",
        "on_the_line": "Hay otra llamada en curso desde este número. Cuando termine, por favor llame otra "
        "vez. Adiós.",
        "unknown": "No conocemos esta llamada. Por favor, llame otra vez. Adiós.",
        "text": "{network}: Qué decir cuando contesten: “{words}” Más: {url}",
    },
}
NAMES: Mapping[str, Mapping[Role, str]] = {
    "en": {
        Role.REPRESENTATIVE: "the office of Representative {name}",
        Role.DELEGATE: "the office of Delegate {name}",
        Role.SENATOR: "the office of Senator {name}",
        Role.SWITCHBOARD: "the Capitol's switchboard; ask there for your representative",
        Role.CUSTOM: "{name}",
    },
    "es": {
        Role.REPRESENTATIVE: "la oficina de congresista {name}",
        Role.DELEGATE: "la oficina de congresista {name}",
        Role.SENATOR: "la oficina de {name} en el Senado",
        Role.SWITCHBOARD: "la central del Capitolio; pregunte ahí por su representante",
        Role.CUSTOM: "{name}",
    },
}
UNNAMED: Mapping[str, Mapping[Role, str]] = {
    "en": {Role.SENATOR: "your newly elected senator, of {state}"},
    "es": {Role.SENATOR: "quien le representa en el Senado por {state}"},
}
NEWLY_ELECTED: Mapping[str, str] = {
    "en": "your newly elected representative, of {state}",
    "es": "quien le representa en la Cámara por {state}",
}
OTHERS: Mapping[str, str] = {"en": "es", "es": "en"}


def said(sentence: str, language: str, /, **values: object) -> Say:
    """A sentence of ours in a language; one that we do not speak gets English."""
    spoken = language if language in SENTENCES else "en"
    return Say(SENTENCES[spoken][sentence].format(**values), spoken)


def office_said(target: Target, language: str) -> str:
    """An office as it is said aloud."""
    spoken = language if language in NAMES else "en"
    if target.unnamed or (not target.name and target.role is not Role.SWITCHBOARD):
        words = UNNAMED[spoken].get(target.role, NEWLY_ELECTED[spoken])
        return words.format(state=state_name(target.state, spoken))
    return NAMES[spoken][target.role].format(name=target.name)


def counted(one: str, many: str, count: int, language: str) -> Say:
    """A sentence that depends on a number."""
    return said(one, language) if count == 1 else said(many, language, count=count)
