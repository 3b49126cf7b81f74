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
    archived_by_year,
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
    """The newest of a project's emails that everybody may read now; somebody may have come on the list since."""
    listed = sent_emails(conn, project_id, language=language, only_shown=True, now=now)
    unnamed = _unnamed(
        conn, [each.message_id for each in listed], looked_for(conn, None, project_id)
    )
    return [each for each in listed if each.message_id in unnamed]


def archived_in(
    conn: Connection, project_id: int, year: int | None, *, language: str, now: datetime
) -> tuple[list[int], list[Listed]]:
    """The years of an archive, newest first, and what everybody may read of one; None = of the newest.

    Raises NoSuchEmail for a year of which there is nothing to read.
    """
    people = looked_for(conn, None, project_id)
    years = _years(conn, archived_by_year(conn, project_id, now=now), people)
    if year is None and not years:
        return [], []
    chosen = years[0] if year is None else year
    if chosen not in years:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    listed = sent_emails(conn, project_id, language=language, only_shown=True, now=now, year=chosen)
    unnamed = _unnamed(conn, [each.message_id for each in listed], people)
    return years, [each for each in listed if each.message_id in unnamed]


def _years(
    conn: Connection, emails: Mapping[int, Sequence[int]], people: Sequence[AtRisk]
) -> list[int]:
    """The years with an email that may be read. The newest of each is looked at, then more of those left."""
    open_years: set[int] = set()
    left, begin, end = dict(emails), 0, 1
    while left:
        asked = [each for ids in left.values() for each in ids[begin:end]]
        unnamed = _unnamed(conn, asked, people)
        open_years |= {year for year, ids in left.items() if not unnamed.isdisjoint(ids[begin:end])}
        left = {
            year: ids for year, ids in left.items() if year not in open_years and len(ids) > end
        }
        begin, end = end, 3 * end
    return sorted(open_years, reverse=True)


def _unnamed(conn: Connection, message_ids: Sequence[int], people: Sequence[AtRisk]) -> set[int]:
    """Those of these emails that name nobody who must not be named."""
    if not people:
        return set(message_ids)
    texts = words_of(conn, message_ids)
    return {each for each in message_ids if not _named(texts[each], people)}


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
