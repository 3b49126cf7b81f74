"""One contact at a time: add, change, find, put into projects, give tags and a district."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from contacts.addresses import normalise_email, normalise_zip, persons_phone
from contacts.erased import require_none_erased
from contacts.ledger import Pair
from contacts.lines import one_line
from contacts.models import Address, Channel, Contact, Membership
from contacts.tags import add_tags, tags_of
from database.tables import folded
from database.upserts import insert_or
from representatives.districts import BY_HAND, PICKED, Place
from representatives.lookup import place
from representatives.maps import congress_at, holds
from representatives.timezones import zone_set


class Unreachable(ValueError):
    """A contact needs an email address or a phone number."""


class NoSuchContact(LookupError):
    """There is no such contact; they may have been removed meanwhile."""


@dataclass(frozen=True)
class Person:
    """A contact as a person writes them down; addresses in any spelling."""

    given_name: str = ""
    family_name: str = ""
    language: str = "en"
    zip: str = ""
    city: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class ContactRow:
    """A contact with all there is to know on their page."""

    id: int
    person: Person
    state: str
    district: int | None
    district_how: str
    district_congress: int
    phones: tuple[str, ...]  # the one we write to first
    emails: tuple[str, ...]
    projects: tuple[int, ...]
    tags: tuple[str, ...]


def create_contact(
    conn: Connection,
    person: Person,
    *,
    now: datetime,
    projects: Sequence[int] = (),
    tags: Sequence[str] = (),
    import_id: int | None = None,
) -> int:
    """Add a contact; return their id. Consent is another matter: see ``contacts.consent``.

    Raises BadPhone, BadEmail, BadZip, Unreachable or AskedToBeErased.
    """
    person = normalised(person)
    require_none_erased(conn, _pairs(person))
    values = {
        **_columns(person),
        **located(conn, place(conn, person.zip, person.phone or None, now=now)),
        "joined_on": now.date(),
        "created_at": now,
        "import_id": import_id,
    }
    contact_id = conn.execute(insert(Contact).values(values).returning(Contact.id)).scalar_one()
    _write_addresses(conn, contact_id, person)
    join_projects(conn, contact_id, projects, import_id=import_id, now=now)
    add_tags(conn, contact_id, tags, import_id=import_id)
    return contact_id


def update_contact(conn: Connection, contact_id: int, person: Person, *, now: datetime) -> None:
    """Write a contact anew as an organizer left the form; blanks clear.

    A district chosen by hand stays while the ZIP stays and its lines hold. Raises as ``create_contact``, and
    NoSuchContact.
    """
    person, known = normalised(person), contact(conn, contact_id)
    require_none_erased(conn, _pairs(person))
    found = located(conn, place(conn, person.zip, person.phone or None, now=now))
    if known.person.zip == person.zip and stays(known, now):
        found = {"zone_set_id": found["zone_set_id"]}
    conn.execute(
        update(Contact).where(Contact.id == contact_id).values({**_columns(person), **found})
    )
    conn.execute(delete(Address).where(Address.contact_id == contact_id, Address.rank == 0))
    _write_addresses(conn, contact_id, person)


def contact(conn: Connection, contact_id: int) -> ContactRow:
    """A contact's page. Raises NoSuchContact."""
    row = conn.execute(select(Contact.__table__).where(Contact.id == contact_id)).one_or_none()
    if row is None:
        raise NoSuchContact(f"there is no contact {contact_id}; they may have been removed")
    phones = _addresses(conn, contact_id, Channel.SMS)
    emails = _addresses(conn, contact_id, Channel.EMAIL)
    return ContactRow(
        id=row.id,
        person=Person(
            given_name=row.given_name,
            family_name=row.family_name,
            language=row.language,
            zip=row.zip,
            city=row.city,
            phone=next(iter(phones), ""),
            email=next(iter(emails), ""),
        ),
        state=row.state,
        district=row.district,
        district_how=row.district_how,
        district_congress=row.district_congress,
        phones=phones,
        emails=emails,
        projects=_projects(conn, contact_id),
        tags=tags_of(conn, contact_id),
    )


def contacts_at(conn: Connection, channel: str, address: str) -> list[int]:
    """Everybody who is reached at an address, spelt as we spell it; oldest first."""
    at = (Address.channel == channel) & (Address.address == address)
    return list(conn.scalars(select(Address.contact_id).where(at).order_by(Address.contact_id)))


def choose_district(
    conn: Connection,
    contact_id: int,
    state: str,
    district: int,
    *,
    how: str = PICKED,
    congress: int | None = None,
    now: datetime,
) -> None:
    """Keep which district a person (or an organizer) says they live in.

    ``congress`` is the one whose lines they were shown; the one that sits, if nothing is said.
    """
    values = {
        "state": state,
        "district": district,
        "district_how": how,
        "district_congress": congress_at(now) if congress is None else congress,
    }
    conn.execute(update(Contact).where(Contact.id == contact_id).values(values))


def stays(known: ContactRow, now: datetime) -> bool:
    """Whether a contact's district was told by a person and lies on lines that still hold."""
    if known.district is None or known.district_how not in BY_HAND:
        return False
    return holds(known.state, known.district, known.district_congress, now)


def set_language(conn: Connection, contact_id: int, language: str) -> None:
    """Write to a contact in this language from now on."""
    conn.execute(update(Contact).where(Contact.id == contact_id).values(language=language))


def join_projects(
    conn: Connection,
    contact_id: int,
    projects: Iterable[int],
    *,
    import_id: int | None = None,
    now: datetime,
) -> None:
    """Put a contact into projects; those they belong to already stay as they are."""
    shared = {"contact_id": contact_id, "import_id": import_id, "joined_at": now}
    rows = [{"project_id": project, **shared} for project in sorted(set(projects))]
    if rows:
        conn.execute(insert_or(conn, Membership).on_conflict_do_nothing(), rows)


def leave_project(conn: Connection, contact_id: int, project_id: int) -> None:
    """Take a contact out of a project."""
    conn.execute(delete(Membership).filter_by(contact_id=contact_id, project_id=project_id))


def search_text(person: Person, further: Iterable[str] = ()) -> str:
    """What the console's search looks through."""
    return folded(" ".join([*vars(person).values(), *further]))


def located(conn: Connection, where: Place) -> dict[str, Any]:
    """A place as columns of a contact."""
    return {
        "state": where.state,
        "district": where.district,
        "district_how": where.how,
        "district_congress": where.congress,
        "zone_set_id": zone_set(conn, where.zones),
    }


def normalised(person: Person) -> Person:
    """A person in our spelling. Raises BadPhone, BadEmail, BadZip or Unreachable."""
    phone, email = person.phone.strip(), person.email.strip()
    if not phone and not email:
        raise Unreachable("a contact needs an email address or a phone number")
    return Person(
        given_name=one_line(person.given_name),
        family_name=one_line(person.family_name),
        language=person.language,
        zip=normalise_zip(person.zip),
        city=one_line(person.city),
        phone=persons_phone(phone) if phone else "",
        email=normalise_email(email) if email else "",
    )


def _columns(person: Person) -> dict[str, str]:
    return {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "language": person.language,
        "zip": person.zip,
        "city": person.city,
        "search_text": search_text(person),
    }


def _write_addresses(conn: Connection, contact_id: int, person: Person) -> None:
    for channel, address in _pairs(person):
        own = (Address.contact_id == contact_id) & (Address.channel == channel)
        conn.execute(delete(Address).where(own, Address.address == address))
        values = {"contact_id": contact_id, "channel": channel, "address": address, "rank": 0}
        conn.execute(insert(Address).values(values))


def _pairs(person: Person) -> list[Pair]:
    pairs = ((Channel.SMS.value, person.phone), (Channel.EMAIL.value, person.email))
    return [(channel, address) for channel, address in pairs if address]


def _addresses(conn: Connection, contact_id: int, channel: Channel) -> tuple[str, ...]:
    own = (Address.contact_id == contact_id) & (Address.channel == channel.value)
    return tuple(conn.scalars(select(Address.address).where(own).order_by(Address.rank)))


def _projects(conn: Connection, contact_id: int) -> tuple[int, ...]:
    own = select(Membership.project_id).where(Membership.contact_id == contact_id)
    return tuple(conn.scalars(own.order_by(Membership.project_id)))
