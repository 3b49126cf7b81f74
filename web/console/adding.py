"""Add one contact by hand, with what they said about being written to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from contacts.consent import grant_unless_refused
from contacts.models import NETWORK, Channel, project_scope
from contacts.people import Person, create_contact, normalised


def add_contact(
    conn: Connection,
    person: Person,
    *,
    project_id: int | None,
    consent: str,
    actor: str,
    now: datetime,
) -> int:
    """Store a contact; ``consent`` is what they agreed to, "" if they have not been asked.

    An address that has said stop stays stopped: only its owner can take that back. Raises what
    ``create_contact`` raises.
    """
    projects = [] if project_id is None else [project_id]
    contact_id = create_contact(conn, person, now=now, projects=projects)
    if consent.strip():
        spelt = normalised(person)
        pairs = [(Channel.SMS.value, spelt.phone), (Channel.EMAIL.value, spelt.email)]
        grant_unless_refused(
            conn,
            [(channel, address) for channel, address in pairs if address],
            scope=NETWORK if project_id is None else project_scope(project_id),
            source="organizer",
            evidence=consent.strip(),
            actor=actor,
            now=now,
        )
    return contact_id
