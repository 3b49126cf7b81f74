"""In which exact words are people asked? What they agreed to is kept by its hash, and never rewritten.

Carriers and the law want a consent to texts to name who writes, that messages recur and are automated,
how many, what they may cost, STOP and HELP, and that nothing depends on it (47 CFR 64.1200(f)(9) and the
CTIA's messaging principles of May 2023). Change ``VERSION`` with every change of these words: whoever
agreed before stays with the words of then.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from contacts.models import Channel, ConsentWording
from database.upserts import insert_or

VERSION = "2026-11"
BY_KEYWORD = f"{VERSION} keyword"  # said in the text that asks for a YES

_BOXES = {
    ("sms", "en"): (
        "Text me. By ticking this box I agree to receive recurring automated text messages (urgent "
        "actions and news, usually 2 to 6 a month) from {who} at the mobile number I "
        "give here. Message frequency varies. Message and data rates may apply. Reply STOP to end, HELP "
        "for help. Agreeing is not a condition of any purchase, donation or membership. "
        "Terms and privacy: {terms}"
    ),
    ("sms", "es"): (
        "Envíenme mensajes de texto. Al marcar esta casilla acepto recibir mensajes de texto automáticos y "
        "recurrentes (acciones urgentes y noticias, por lo general de 2 a 6 al mes) de {who} "
        "en el número de celular que doy aquí. La frecuencia varía. Pueden aplicarse tarifas de "
        "mensajes y datos. Responda ALTO o STOP para salir, AYUDA o HELP para recibir ayuda. Aceptar no es "
        "condición de ninguna compra, donación o membresía. Condiciones y privacidad: {terms}"
    ),
    ("email", "en"): (
        "Email me. By ticking this box I agree to receive emails (urgent actions and news) from {who}. "
        "Every email has a link to stop them. Terms and privacy: {terms}"
    ),
    ("email", "es"): (
        "Envíenme correos. Al marcar esta casilla acepto recibir correos electrónicos (acciones urgentes "
        "y noticias) de {who}. Cada correo trae un enlace para dejar de recibirlos. "
        "Condiciones y privacidad: {terms}"
    ),
}
_AND = {"en": " and ", "es": " y "}
_ON_PAPER = {
    "en": (
        "By texting {keyword} you ask for recurring automated texts (2 to 6 a month) from {network} and "
        "{project}; we ask you to reply YES first. Msg & data rates may apply. Reply STOP to end, HELP for "
        "help. Not a condition of any purchase or donation. Terms and privacy: {terms}"
    ),
    "es": (
        "Al enviar {keyword} usted pide mensajes de texto automáticos y recurrentes (de 2 a 6 al mes) de "
        "{network} y {project}; primero le pedimos responder SI. Pueden aplicarse tarifas de mensajes y "
        "datos. Responda ALTO para salir, AYUDA para recibir ayuda. No es condición de ninguna compra ni "
        "donación. Condiciones y privacidad: {terms}"
    ),
}


@dataclass(frozen=True)
class Wording:
    """Words somebody agrees to, as they stand on the page."""

    channel: str
    language: str
    words: str
    version: str = VERSION

    @property
    def hash(self) -> str:
        """What the ledger names these words by."""
        return hashlib.sha256(self.words.encode()).hexdigest()


def beside_box(
    channel: Channel, language: str, *, network: str, project: str, terms: str
) -> Wording:
    """The words beside a box to tick; ``project`` may be "", ``terms`` is our page on privacy."""
    spoken = language if (channel.value, language) in _BOXES else "en"
    said = _BOXES[channel.value, spoken]
    who = f"{network}{_AND[spoken]}{project}" if project else network
    return Wording(channel.value, spoken, said.format(who=who, terms=terms))


def on_paper(language: str, *, network: str, project: str, terms: str, keyword: str) -> str:
    """The words that stand under a keyword in print."""
    said = _ON_PAPER.get(language, _ON_PAPER["en"])
    return said.format(network=network, project=project, terms=terms, keyword=keyword)


def keep(conn: Connection, wording: Wording, *, now: datetime) -> str:
    """Write down words that somebody is about to agree to; return their hash."""
    row = {**vars(wording), "hash": wording.hash, "first_used_at": now}
    conn.execute(insert_or(conn, ConsentWording).values(row).on_conflict_do_nothing())
    return wording.hash


def words_of(conn: Connection, hashed: str) -> str:
    """The words behind a hash; "" where the ledger names none."""
    found = select(ConsentWording.words).where(ConsentWording.hash == hashed)
    return conn.scalar(found) or ""
