"""Realistic replies in both languages, and what each must be understood to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.models import Outcome
from messages.models import ReplyVerdict
from messages.words import understand

LEAVES_EN = """
STOP
stop
Stop!
  stop.
"STOP"
STOP 🛑
🙏 Stop 🙏
stop please
Please stop
pls stop thanks
Stop, please!!
STOP STOP STOP
STOPALL
Stop all
quit
End
revoke
opt out
Opt-Out
OPTOUT
cancel
Unsubscribe
unsubscribe me please
remove me
Please remove me. Thank you
opt me out
No more texts please
ＳＴＯＰ
""".strip().splitlines()

LEAVES_ES = """
ALTO
alto
¡Alto!
Alto por favor
por favor alto
BASTA
¡¡Basta!!
Baja
baja, gracias
PARAR
Paren
Pare por favor
cancelar
Salir
SALIR.
No más
no mas
No más mensajes
no más, por favor
Borrar
dar de baja
Denme de baja por favor
DARME DE BAJA
bórrenme
""".strip().splitlines()

MAY_LEAVE_EN = """
stop texting me
Please stop sending me these
Can you stop the texts
stop it
I said stop
ok stop now
STOP. I already told you
I called already. STOP
Take me off your list
please remove my number
don't text me again
Do not contact me
I don't want these messages
i no longer want to get your alerts
How do I unsubscribe?
I want to opt out of this
Leave me alone
lose my number
who is this? wrong number
You have the wrong person
not interested
enough already
This is spam
Quit spamming my phone
fuck off
Stopp
unsuscribe
I never signed up for this
1 stop
2 left a message, please stop texting me
""".strip().splitlines()

MAY_LEAVE_ES = """
ya no me manden mensajes
No me escriban
no me escriban más por favor
no me vuelvan a escribir
No me sigan mandando cosas
ya no me envíen nada
no me llame
quítenme de la lista
Por favor quítame de tu lista
sáquenme de ahí
déjenme en paz
Déjeme en paz señor
dejen de mandarme mensajes
Paren de escribirme
deja de molestar
no quiero recibir más mensajes
Ya no quiero sus mensajes
no quiero que me escriban
Quiero darme de baja
que me borren
pueden borrar mi número?
cancelar mi suscripción
no me interesa
No molesten
Número equivocado
se equivocó de número
¡Ya basta!
por favor ya no escriban
favor de no escribir
Favor no enviar más mensajes
dejen de estar mandando mensajes
me tienen harto con sus mensajes
basta ya de mensajes
ALTO a los mensajes
solicito mi baja
deseo cancelar
quiero salir de aquí
cancelar suscripción
no autorizo mensajes
para ya
altoo
canselar
Ya llamé. Alto
ya no
""".strip().splitlines()

SPEAKS_OF_SOMETHING_ELSE = """
Stop the detentions! I called Pocan
Stop the raids
STOP DEPORTATIONS
They must stop this injustice
We will not stop until they are free
stop sending weapons to El Salvador
Congress should stop calling them terrorists
don't stop calling!
quit stalling, Congress
end military aid now
I had to cancel my appointment to call
No more deportations
no more war
the office told me they will end the program
Free the Suchitoto 14
What will it take to stop this?
can you help stop the arrests?
I can't stop crying
enough is known to convict them
Thank you for this
Yes
Sí
no
Who is my representative?
What should I say?
2 people here will call
1 call made to each office
3 de mis amigos llamaron
1-800-555-0199
2024
1, 2
100
I spoke to them
paren las detenciones
Paren la represión ya
alto a la represión
¡Alto a la represión!
Alto al fuego
basta de impunidad
Ya basta de abusos
No más deportaciones
no mas guerra
dejen en paz a Suchitoto
Dejen de mandar armas
que dejen de molestar a los jóvenes
que cancelen la deuda
no me contestaron
dejé un mensaje
voy a salir a la calle
el congresista bajó la voz
llamé y no me dejaron hablar
quiero ayudar, qué hago?
quiero salir a marchar
no manden más armas
que paren los abusos
paren de matar
Dejen de reprimir al pueblo
cancelaron la llamada
harto de la impunidad
¿A quién llamo?
Gracias por avisar
no quiero más guerra
Liked “Red: Call Rep. Pocan today. Reply STOP to opt out.”
Le gustó “Red: Llame hoy. Responda ALTO para salir.”
👍 to “Reply STOP to opt out.”
STOP the bombing. I called Baldwin and Pocan
""".strip().splitlines()

COMES_BACK = ["START", "start.", "Unstop", "ALTA", "Iniciar", "alta por favor", "subscribe"]
ASKS_FOR_HELP = ["HELP", "help!", "Info", "AYUDA", "ayuda por favor", "¿Información?"]

OUTCOMES = [
    ("1", Outcome.SPOKE),
    ("1 spoke with staff", Outcome.SPOKE),
    ("1) talked to Jenny, she was nice", Outcome.SPOKE),
    ("#1", Outcome.SPOKE),
    ("uno", Outcome.SPOKE),
    ("1 hablé con una persona", Outcome.SPOKE),
    ("1 gracias", Outcome.SPOKE),
    ("2", Outcome.VOICEMAIL),
    ("2)", Outcome.VOICEMAIL),
    ("2.", Outcome.VOICEMAIL),
    ("2️⃣", Outcome.VOICEMAIL),
    ("Two", Outcome.VOICEMAIL),
    ("2 dejé mensaje", Outcome.VOICEMAIL),
    ("3", Outcome.NO_ANSWER),
    ("3 - busy", Outcome.NO_ANSWER),
    ("tres", Outcome.NO_ANSWER),
    ("opción 3", Outcome.NO_ANSWER),
    ("4", Outcome.WRONG_NUMBER),
    ("4 wrong number", Outcome.WRONG_NUMBER),
    ("4, número equivocado", Outcome.WRONG_NUMBER),
]


@pytest.mark.parametrize("body", LEAVES_EN)
def test_an_english_stop_word_with_courtesy_opts_out(body: str) -> None:
    understood = understand(body)

    assert understood.verdict is ReplyVerdict.OPT_OUT
    assert understood.language == "en"


@pytest.mark.parametrize("body", LEAVES_ES)
def test_a_spanish_stop_word_with_courtesy_opts_out(body: str) -> None:
    understood = understand(body)

    assert understood.verdict is ReplyVerdict.OPT_OUT
    assert understood.language == "es"


@pytest.mark.parametrize("body", MAY_LEAVE_EN + MAY_LEAVE_ES)
def test_a_sentence_that_may_ask_to_leave_waits_for_a_person(body: str) -> None:
    assert understand(body).verdict is ReplyVerdict.MAYBE_OPT_OUT


@pytest.mark.parametrize("body", SPEAKS_OF_SOMETHING_ELSE)
def test_a_slogan_or_an_ordinary_reply_is_no_wish_to_leave(body: str) -> None:
    assert understand(body).verdict is ReplyVerdict.OTHER


@pytest.mark.parametrize("body", COMES_BACK)
def test_a_start_word_brings_back(body: str) -> None:
    assert understand(body).verdict is ReplyVerdict.OPT_IN


@pytest.mark.parametrize("body", ["YES", "yes please", "Sí", "si"])
def test_a_yes_brings_back_only_who_has_left(body: str) -> None:
    assert understand(body).verdict is ReplyVerdict.OTHER
    assert understand(body, opted_out=True).verdict is ReplyVerdict.OPT_IN


@pytest.mark.parametrize("body", ASKS_FOR_HELP)
def test_a_help_word_asks_for_help(body: str) -> None:
    assert understand(body).verdict is ReplyVerdict.HELP


@pytest.mark.parametrize(("body", "outcome"), OUTCOMES)
def test_a_code_tells_what_came_of_a_call(body: str, outcome: Outcome) -> None:
    understood = understand(body)

    assert understood.verdict is ReplyVerdict.OUTCOME
    assert understood.outcome is outcome


def test_an_empty_reply_is_understood_as_nothing() -> None:
    assert understand("").verdict is ReplyVerdict.OTHER
    assert understand("👍🏽").verdict is ReplyVerdict.OTHER


@given(st.text(max_size=300))
def test_any_text_is_understood(body: str) -> None:
    assert understand(body).verdict in ReplyVerdict


@given(
    st.sampled_from(["stop", "alto", "baja", "unsubscribe", "no más"]),
    st.text(alphabet=" .!¡¿?,;\"'*-_🙏🛑\n", max_size=6),
    st.text(alphabet=' .!¡¿?,;"*-_🙏🛑\n', max_size=6),
)
def test_punctuation_and_emoji_around_a_stop_word_do_not_hide_it(
    word: str, before: str, after: str
) -> None:
    assert understand(before + word.upper() + after).verdict is ReplyVerdict.OPT_OUT
