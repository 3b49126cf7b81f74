"""May everybody read this email? Not when it names somebody who must not be named, now or since it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from alerts.at_risk import looked_for, namings
from messages.cautions import Said
from messages.findings import Finding
from messages.shown_emails import Listed, NoSuchEmail, find_email, sent_emails, show_to_everybody


class NamesSomebody(ValueError):
    """An email that names people at risk; ``findings`` say whom it names where."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(str(findings[0]))
        self.findings = findings


def show(conn: Connection, message_id: int, *, by: str, now: datetime) -> None:
    """Show a sent email to everybody. Raises NotForEverybody and NamesSomebody."""
    show_to_everybody(conn, message_id, by=by, now=now)
    found = named_in(conn, message_id)
    if found:
        raise NamesSomebody(found)


def named_in(conn: Connection, message_id: int) -> list[Finding]:
    """Whom at risk an email names. Raises NoSuchEmail."""
    email = find_email(conn, message_id)
    people = looked_for(conn, None, email.project_id)
    said = [
        Said(place, language, text)
        for language, (subject, body) in email.texts.items()
        for place, text in (("subject", subject), ("body", body))
    ]
    blocking, beyond = namings(said, people, {}, case_id=None)
    return [*blocking, *beyond]


def archived(conn: Connection, project_id: int, *, language: str) -> list[Listed]:
    """What of a project's emails everybody may read now; somebody may have come on the list since."""
    listed = sent_emails(conn, project_id, language=language, only_shown=True)
    if not looked_for(conn, None, project_id):
        return list(listed)
    return [each for each in listed if not _names_anybody(conn, each.message_id)]


def _names_anybody(conn: Connection, message_id: int) -> bool:
    try:
        return bool(named_in(conn, message_id))
    except NoSuchEmail:
        return True
