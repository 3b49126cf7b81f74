"""Add or change one contact by hand, with what they said about being written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from contacts.consent import grant_unless_refused
from contacts.models import NETWORK, Channel, project_scope
from contacts.people import Person, contact, create_contact, normalised, update_contact
from organizers.roles import NETWORKS, Within


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
    scope = NETWORK if project_id is None else project_scope(project_id)
    _keep_word(conn, normalised(person), [scope], consent=consent, actor=actor, now=now)
    return contact_id


def change_contact(
    conn: Connection,
    contact_id: int,
    typed: Person,
    *,
    within: Within,
    consent: str,
    actor: str,
    now: datetime,
) -> None:
    """Change a contact as an organizer of these projects (None: the network's) typed it.

    Addresses are masked on the form, so an empty one stays as it is. ``consent`` is what the person
    agreed to for those that were typed. Raises what ``update_contact`` raises.
    """
    known = contact(conn, contact_id)
    phone = typed.phone.strip() or known.person.phone
    email = typed.email.strip() or known.person.email
    update_contact(conn, contact_id, replace(typed, phone=phone, email=email), now=now)
    if typed.phone.strip() or typed.email.strip():
        scopes = _scopes(known.projects, within)
        _keep_word(conn, normalised(typed), scopes, consent=consent, actor=actor, now=now)


def _scopes(projects: Sequence[int], within: Within) -> list[str]:
    """What a word covers that somebody gave to an organizer: the network, or their own projects."""
    if within is None or NETWORKS in within:
        return [NETWORK]
    return [project_scope(each) for each in projects if each in within]


def _keep_word(
    conn: Connection,
    spelt: Person,
    scopes: Sequence[str],
    *,
    consent: str,
    actor: str,
    now: datetime,
) -> None:
    """Write down what somebody agreed to, unless they have not been asked."""
    pairs = [(Channel.SMS.value, spelt.phone), (Channel.EMAIL.value, spelt.email)]
    written = [(channel, address) for channel, address in pairs if address]
    for scope in scopes if consent.strip() else ():
        grant_unless_refused(
            conn,
            written,
            scope=scope,
            source="organizer",
            evidence=consent.strip(),
            actor=actor,
            now=now,
        )
