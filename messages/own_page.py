"""What a person may choose by the link in their messages, and whose link it is.

A link may have been passed on. So it opens nothing that is told of a person but what is on the copy itself
anyway, and changes nothing but what they get: less of it at once; more only after the address itself has
said so. What we hold, corrections and the end of it all ask for a proof (``messages.proofs``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, delete, select

from contacts import consent
from contacts.ledger import Pair
from contacts.models import NETWORK, Channel, Project, SignUp, Standing, project_scope
from contacts.people import ContactRow, contact, contacts_at, leave_project, set_language
from contacts.preferences import A_MONTH, Preferences, prefer, preferences_of
from messages import unproven_stops
from messages.calling_off import cancel_pending
from messages.links import BadToken
from messages.models import Delivery

SOURCE = "preferences"
SUPPORTER = "supporter"
NOT_YOURS = "This address is not valid: please open the link from the message again."


@dataclass(frozen=True)
class Reach:
    """One of a person's addresses, and whether anything goes to it."""

    channel: str
    address: str
    standing: Standing | None  # in the network's scope or a project's of theirs; None: no consent

    @property
    def reached(self) -> bool:
        """Whether they get messages there."""
        return self.standing is Standing.GRANTED


@dataclass(frozen=True)
class OwnPage:
    """All that a person's page of choices shows."""

    person: ContactRow
    opened_at: Pair  # where the message went whose link this is
    reaches: tuple[Reach, ...]
    projects: tuple[tuple[int, str], ...]
    preferences: Preferences

    @property
    def proving(self) -> Pair:
        """Where the link to what we hold is sent: their first email, else where this message went."""
        emails = self.person.emails
        return (Channel.EMAIL.value, emails[0]) if emails else self.opened_at


def own_page(conn: Connection, delivery_id: int) -> OwnPage:
    """The page of whom a copy went to. Raises BadToken for one of nobody's, or of an address given up."""
    copy = conn.execute(
        select(Delivery.contact_id, Delivery.channel, Delivery.address).where(
            Delivery.id == delivery_id
        )
    ).one_or_none()
    if copy is None or copy.contact_id is None or copy.address is None:
        raise BadToken(NOT_YOURS)
    return page_of(conn, copy.contact_id, (copy.channel, copy.address))


def page_of(conn: Connection, contact_id: int, opened_at: Pair) -> OwnPage:
    """The page of a contact who still has this address. Raises BadToken."""
    if contact_id not in contacts_at(conn, *opened_at):
        raise BadToken(NOT_YOURS)
    person = contact(conn, contact_id)
    named = select(Project.id, Project.name).where(Project.id.in_(person.projects))
    return OwnPage(
        person=person,
        opened_at=opened_at,
        reaches=_reaches(conn, person),
        projects=tuple((row.id, row.name) for row in conn.execute(named.order_by(Project.name))),
        preferences=preferences_of(conn, contact_id),
    )


def choose(conn: Connection, own: OwnPage, *, language: str, urgent_only: bool) -> None:
    """Write to them in this language, and how much."""
    set_language(conn, own.person.id, language)
    prefer(conn, own.person.id, replace(own.preferences, urgent_only=urgent_only))


def pause(conn: Connection, own: OwnPage, *, today: date) -> None:
    """Send them nothing for a month; it ends by itself."""
    prefer(conn, own.person.id, replace(own.preferences, paused_until=today + A_MONTH))


def resume(conn: Connection, own: OwnPage) -> None:
    """End a pause. It is no consent: where they said stop, that holds."""
    prefer(conn, own.person.id, replace(own.preferences, paused_until=None))


def stop(conn: Connection, own: OwnPage, channels: Iterable[str], *, now: datetime) -> None:
    """Take their addresses of these channels off every list at once; what waits for them is called off."""
    for each in own.reaches:
        if each.channel not in channels:
            continue
        pair = (each.channel, each.address)
        unproven_stops.prove(conn, *pair, by=SUPPORTER, now=now)
        if consent.standings(conn, [pair]).refused.get(pair) is not Standing.OPTED_OUT:
            _refuse(conn, each, NETWORK, "stopped on their own page", now)
            cancel_pending(
                conn,
                channel=each.channel,
                address=each.address,
                reason=Standing.OPTED_OUT.value,
                now=now,
            )


def leave(conn: Connection, own: OwnPage, project_id: int, *, now: datetime) -> None:
    """Take them out of one project, whose consents end; others hold as they were."""
    if project_id not in own.person.projects:
        return
    leave_project(conn, own.person.id, project_id)
    for each in own.reaches:
        others = set(contacts_at(conn, each.channel, each.address)) - {own.person.id}
        if not any(project_id in contact(conn, other).projects for other in others):
            _refuse(conn, each, project_scope(project_id), "left this project", now)
    gone = (SignUp.project_id == project_id, SignUp.contact_id == own.person.id)
    conn.execute(delete(SignUp).where(*gone, SignUp.confirmed_at.is_(None)))


def _refuse(conn: Connection, reach: Reach, scope: str, said: str, now: datetime) -> None:
    consent.refuse(
        conn,
        reach.channel,
        reach.address,
        standing=Standing.OPTED_OUT,
        scope=scope,
        source=SOURCE,
        evidence=said,
        actor=SUPPORTER,
        now=now,
    )


def _reaches(conn: Connection, person: ContactRow) -> tuple[Reach, ...]:
    pairs = [
        *((Channel.SMS.value, phone) for phone in person.phones),
        *((Channel.EMAIL.value, email) for email in person.emails),
    ]
    scopes = [project_scope(project) for project in person.projects]
    held = consent.standings(conn, pairs, scopes=scopes)
    network = consent.standings(conn, pairs)
    found = []
    for channel, address in pairs:
        standing = network.refused.get((channel, address))
        if standing is None and (channel, address) in held.by_pair:
            standing = _mildest(held.by_pair[channel, address].values())
        found.append(Reach(channel, address, standing))
    return tuple(found)


def _mildest(standings: Iterable[Standing]) -> Standing:
    """What lets most through: one project's consent reaches them, whatever another's says."""
    said = list(standings)
    return Standing.GRANTED if Standing.GRANTED in said else said[0]
