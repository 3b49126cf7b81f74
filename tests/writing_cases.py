"""Invented actions that ask for letters, for tests of every floor."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from actions.models import TargetKind, TargetRule
from tests.builders import SCRIPTS, make_action, make_office

LETTERS = {
    "en": {
        "letter_subject": "Fourteen arrests in Suchitoto",
        "letter": "I ask {{ official }} to speak up for the fourteen.\n\nThey marched for water.",
    },
    "es": {
        "letter_subject": "Catorce detenciones en Suchitoto",
        "letter": "Le pido a {{ official }} que hable por los catorce.\n\nMarcharon por el agua.",
    },
}
AWAY = {"en": "When may I call again?", "es": "¿Cuándo puedo volver a llamar?"}
BOTH = {
    language: replace(words, **LETTERS[language], if_away=AWAY[language])
    for language, words in SCRIPTS.items()
}
ONLY = {
    language: replace(type(words)(), **LETTERS[language]) for language, words in SCRIPTS.items()
}


def make_written_office(conn: Connection) -> int:
    """A ministry that reads Spanish, with an email, a fax and a post-office box."""
    return make_office(
        conn,
        "ministry",
        name="Fiscalía General",
        kind=TargetKind.SV_OFFICIAL,
        salutation="Señor Fiscal General:",
        email="fiscal@example.org",
        fax="+50322220101",
        address="Calle Uno, San Salvador",
        languages=("es",),
        phone="+50322220100",
    )


def make_call_and_letter(conn: Connection) -> int:
    """Members of Congress and the ministry, to call and to write to."""
    make_written_office(conn)
    return make_action(conn, TargetRule.CONGRESS, scripts=BOTH, offices=["ministry"], goal=50)


def make_letter(conn: Connection, rule: TargetRule = TargetRule.CONGRESS) -> int:
    """Only letters."""
    return make_action(conn, rule, scripts=ONLY)
