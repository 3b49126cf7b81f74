"""May this email be read in a browser? Not when it names somebody who must not be named, now or since it was sent.

Whoever got it sees it as long as it names nobody who came on the list since, but for whom its alert was let name
by name. Strangers see only what stands in the archive, and names no more than is cleared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, func, select

from alerts.at_risk import AtRisk, looked_for, namings, owner_of, reasons_of
from alerts.models import Alert
from messages.cautions import Said
from messages.findings import Finding
from messages.models import Message
from messages.shown_emails import (
    Listed,
    NoSuchEmail,
    StoredEmail,
    find_email,
    sent_emails,
    show_to_everybody,
    words_of,
)

Texts = Mapping[str, tuple[str, str]]  # subject and body by language


class NamesSomebody(ValueError):
    """An email that names people at risk; ``findings`` say whom it names where."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(str(findings[0]))
        self.findings = findings


def show(conn: Connection, message_id: int, *, by: str, now: datetime) -> None:
    """Show a sent email to everybody. Raises NotForEverybody and NamesSomebody."""
    show_to_everybody(conn, message_id, by=by, now=now)
    email = find_email(conn, message_id, now=now)
    found = _named(email.texts, looked_for(conn, None, email.project_id))
    if found:
        raise NamesSomebody(found)


def readable(
    conn: Connection, message_id: int, *, from_archive: bool, now: datetime
) -> StoredEmail:
    """An email for whoever got it, or for strangers who come from the archive. Raises NoSuchEmail."""
    email = find_email(conn, message_id, now=now)
    if from_archive:
        stands = email.archived and not _named(
            email.texts, looked_for(conn, None, email.project_id)
        )
    else:
        stands = not _named_since(conn, email)
    if not stands:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    return email


def archived(conn: Connection, project_id: int, *, language: str, now: datetime) -> list[Listed]:
    """What of a project's emails everybody may read now; somebody may have come on the list since."""
    listed = sent_emails(conn, project_id, language=language, only_shown=True, now=now)
    people = looked_for(conn, None, project_id)
    if not people:
        return list(listed)
    texts = words_of(conn, [each.message_id for each in listed])
    return [each for each in listed if not _named(texts[each.message_id], people)]


def _named(texts: Texts, people: Sequence[AtRisk]) -> list[Finding]:
    """Whom at risk these texts name more than is cleared."""
    blocking, beyond = namings(_said(texts), people, {}, case_id=None)
    return [*blocking, *beyond]


def _named_since(conn: Connection, email: StoredEmail) -> list[Finding]:
    """Whom it names who must not be named at all, and whom nobody let it name."""
    alert = _alert_of(conn, email.message_id)
    if alert is None:
        people = looked_for(conn, None, email.project_id)
        return namings(_said(email.texts), people, {}, case_id=None)[0]
    people = looked_for(conn, alert.case_id, owner_of(conn, alert.case_id))
    reasons = reasons_of(conn, alert.id, {})
    return namings(_said(email.texts), people, reasons, case_id=alert.case_id)[0]


def _alert_of(conn: Connection, message_id: int) -> Row[int, int] | None:
    """The alert whose message this is, or a committee's part of it."""
    whole = select(func.coalesce(Message.part_of, Message.id)).where(Message.id == message_id)
    mine = Alert.message_id == whole.scalar_subquery()
    return conn.execute(select(Alert.id, Alert.case_id).where(mine)).one_or_none()


def _said(texts: Texts) -> list[Said]:
    return [
        Said(place, language, text)
        for language, (subject, body) in texts.items()
        for place, text in (("subject", subject), ("body", body))
    ]
