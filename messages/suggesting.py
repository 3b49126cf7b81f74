"""What might one answer to that? Words for an organizer to begin with, by what somebody wrote; pure.

Fixed rules over ``vocabulary``: the same reply always brings the same suggestions, none is ever sent by
itself, and none promises what only a person can keep. English and Spanish, within the cheap SMS alphabet as
in ``wording``: the Spanish goes around á, í, ó and ú rather than misspelling them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from messages.vocabulary import TOPICS
from messages.words import spoken

MOST = 3  # suggestions beside one reply


class Topic(StrEnum):
    """What a reply seems to be about."""

    WRONG_NUMBER = "wrong_number"
    MOVED = "moved"
    WHO = "who"  # who are you?
    WHAT = "what"  # what is this?
    CANNOT_CALL = "cannot_call"
    QUESTION = "question"  # about the call
    HELP_MORE = "help_more"
    ANGRY = "angry"
    THANKS = "thanks"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An answer one may begin with."""

    topic: Topic
    words: str


_ANSWERS = {
    "en": {
        Topic.WRONG_NUMBER: (
            "Sorry about that. If nobody at this number wants our messages, reply STOP and we will not"
            " write again."
        ),
        Topic.MOVED: (
            "Thank you for telling us. What is your ZIP code now? With it we know who represents you in"
            " Congress."
        ),
        Topic.WHO: (
            "This is {network}. We work with sister communities in El Salvador and ask people to call"
            " Congress when somebody there is in danger. To leave, reply STOP."
        ),
        Topic.WHAT: (
            "These are alerts from {network}: short messages that ask you to call Congress about our sister"
            " communities in El Salvador. Reply STOP to get no more."
        ),
        Topic.CANNOT_CALL: (
            "No problem. You can also write: the link in our message has a letter ready. And if another day"
            " suits you better, that helps too."
        ),
        Topic.QUESTION: (
            "Thank you for calling! Say your name and where you live, then what our message asks. Whoever"
            " answers takes a note. What would you like to know?"
        ),
        Topic.HELP_MORE: (
            "Thank you, that is good to hear! What would you like to do: call, write, come to a vigil, talk"
            " to friends? I will pass it on to the committee."
        ),
        Topic.ANGRY: (
            "I hear you, and I am sorry. I am a person, not a machine. If you want no more messages, reply"
            " STOP and that is it."
        ),
        Topic.THANKS: "Thank you! It means a lot to people in El Salvador.",
    },
    "es": {
        Topic.WRONG_NUMBER: (
            "Disculpe la molestia. Si nadie en este celular quiere nuestros mensajes, responda ALTO y dejamos"
            " de escribirle."
        ),
        Topic.MOVED: (
            "Gracias por avisarnos. ¿Me dice el ZIP de donde vive ahora? Con eso sabemos quién le representa"
            " en el Congreso."
        ),
        Topic.WHO: (
            "Somos {network}. Trabajamos con comunidades hermanas en El Salvador y pedimos llamar al Congreso"
            " cuando alguien corre peligro. Para salir, responda ALTO."
        ),
        Topic.WHAT: (
            "Son alertas de {network}: mensajes cortos que piden llamar al Congreso por comunidades hermanas"
            " en El Salvador. Si no las quiere, responda ALTO."
        ),
        Topic.CANNOT_CALL: (
            "No hay problema. También puede escribir: el enlace de nuestro mensaje tiene una carta lista. Y si"
            " otro momento le queda mejor, sirve igual."
        ),
        Topic.QUESTION: (
            "¡Gracias por llamar! Diga su nombre y donde vive, y luego lo que pide nuestro mensaje. Quien"
            " contesta toma nota; nadie le hace examen. ¿Qué quiere saber?"
        ),
        Topic.HELP_MORE: (
            "¡Gracias, qué bueno! ¿Qué prefiere: llamar, escribir, venir a una vigilia, hablar con amistades?"
            " Yo se lo paso al comité."
        ),
        Topic.ANGRY: (
            "Le entiendo, y le pido disculpas. Soy una persona, no un robot. Si ya no quiere mensajes,"
            " responda ALTO y listo."
        ),
        Topic.THANKS: "¡Gracias a usted! Para la gente en El Salvador vale mucho.",
    },
}


def topics(body: str) -> tuple[Topic, ...]:
    """What a reply seems to be about, the likeliest first; () where no rule knows."""
    words = spoken(body)
    return tuple(Topic(name) for name, pattern in TOPICS.items() if pattern.search(words))


def suggestions(body: str, language: str, *, network: str) -> list[Suggestion]:
    """Answers to begin with, in the language of whoever wrote."""
    told = _ANSWERS.get(language, _ANSWERS["en"])
    found = topics(body)[:MOST]
    return [Suggestion(each, told[each].format(network=network)) for each in found]
