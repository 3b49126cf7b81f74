"""The database's side of an import: the contacts a chunk of rows may tell of, and their writing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from contacts import scope
from contacts.gazetteer import PLACED, Gazetteer
from contacts.mapping import Row
from contacts.matching import TEXTS, Entry, Facts
from contacts.models import Address, Channel, Contact, ContactTag, ImportChange, Membership
from contacts.people import Person, search_text
from contacts.scanning import ImportOptions
from contacts.tags import tag_ids
from database.bulk import LEAVE, among, insert_many, reserve_ids
from database.tables import folded
from organizers.roles import Within
from representatives.districts import BY_HAND
from representatives.maps import holds

SLICE = 5000  # ids per statement; both databases take some 32,000 parameters
T = TypeVar("T")
CHOSEN = "chosen_place"  # in a change's "before": a district that a new ZIP pushed out
PLACE = ("state", "district", "district_how", "district_congress")
ADDRESS = ("contact_id", "channel", "address", "rank")
SMS, EMAIL = Channel.SMS.value, Channel.EMAIL.value


def known_entries(conn: Connection, rows: Iterable[Row], within: Within) -> list[Entry]:
    """Everybody of these projects who shares an address with these rows, the oldest first.

    Who is on another committee's list is not changed by this one, nor shown to it: they become a contact
    of its own, and a message to both still goes to each address once.
    """
    rows = list(rows)
    ids = _at(conn, Channel.EMAIL, {row.email for row in rows if row.email}, within)
    ids |= _at(conn, Channel.SMS, {row.phone for row in rows if row.phone}, within)
    return [
        Entry(facts, id=contact_id, before=facts)
        for contact_id, facts in facts_of(conn, sorted(ids)).items()
    ]


def facts_of(conn: Connection, ids: Sequence[int]) -> dict[int, Facts]:
    """What is on file about contacts, as far as an import may change it, by id in this order."""
    addresses = _addresses(conn, ids)
    columns = [getattr(Contact, name) for name in TEXTS]
    found = {}
    for some in _slices(ids):
        chosen = select(Contact.id, *columns).where(Contact.id.in_(some)).order_by(Contact.id)
        for contact_id, *texts in conn.execute(chosen):
            own = addresses[contact_id]
            phones, emails = tuple(own[Channel.SMS.value]), tuple(own[Channel.EMAIL.value])
            found[contact_id] = Facts(
                **dict(zip(TEXTS, texts, strict=True)), phones=phones, emails=emails
            )
    return found


def create(
    conn: Connection,
    people: Sequence[Row | Entry],
    *,
    language: str,
    import_id: int,
    now: datetime,
    gazetteer: Gazetteer,
) -> list[int]:
    """Insert new contacts with their addresses, in this order; return their ids in it, ascending.

    A row stands for somebody of whom nothing else tells; ``language`` is theirs if it does not say.
    Each entry learns its id.
    """
    if not people:
        return []
    told = [_told(each, language) for each in people]
    placed = gazetteer.settle(conn, [_whereabouts(each) for each in people], now=now)
    ids = reserve_ids(conn, Contact.__table__, len(told))
    addresses: list[tuple[int, str, str, int]] = []
    for contact_id, each in zip(ids, people, strict=True):
        if isinstance(each, Entry):
            each.id = contact_id
            addresses += _addresses_of(contact_id, each.facts)
            continue
        if each.phone:
            addresses.append((contact_id, SMS, each.phone, 0))
        if each.email:
            addresses.append((contact_id, EMAIL, each.email, 0))
    rows = [
        (contact_id, *each, *place)
        for contact_id, each, place in zip(ids, told, placed, strict=True)
    ]
    shared = {"joined_on": now.date(), "created_at": now, "import_id": import_id}
    insert_many(
        conn, Contact.__table__, ["id", *TEXTS, "search_text", *PLACED], rows, shared=shared
    )
    insert_many(conn, Address.__table__, ADDRESS, addresses, shared={})
    return ids


def _told(person: Row | Entry, language: str) -> tuple[str, ...]:
    """TEXTS of somebody new, and what is searched for them."""
    if isinstance(person, Entry):
        return tuple(_columns(person.facts).values())
    _number, given, family, spoken, zip_code, city, *_rest, searched = person
    return given, family, spoken or language, zip_code, city, searched


def _whereabouts(person: Row | Entry) -> tuple[str, str]:
    """The ZIP and the phone of somebody new."""
    if isinstance(person, Entry):
        return person.facts.zip, next(iter(person.facts.phones), "")
    return person.zip, person.phone


def change(
    conn: Connection, entries: Sequence[Entry], import_id: int | None, *, now: datetime
) -> None:
    """Write what changed about contacts, and for an import keep what was there before."""
    entries = [entry for entry in entries if entry.changed]
    if not entries:
        return
    chosen = chosen_places(conn, [entry.id or 0 for entry in entries])
    facts = {entry.id or 0: (entry.before or Facts(), entry.facts) for entry in entries}
    rewrite(conn, facts, now=now)
    if import_id is not None:
        rows = [_change(entry, import_id, chosen.get(entry.id or 0)) for entry in entries]
        conn.execute(insert(ImportChange), rows)


def rewrite(conn: Connection, changes: dict[int, tuple[Facts, Facts]], *, now: datetime) -> None:
    """Bring contacts from what they are to other facts, their place and addresses included."""
    now_at = _places_of(conn, list(changes))
    placed = places_of_people(conn, [after for _before, after in changes.values()], now=now)
    rows = []
    for (contact_id, (before, after)), found in zip(changes.items(), placed, strict=True):
        kept = now_at[contact_id]
        if before.zip == after.zip and stays(kept, now):
            found = {**found, **kept}  # noqa: PLW2901 - a choice made by hand outlives a new phone
        rows.append({**_columns(after), **found, "the_id": contact_id})
    conn.execute(update(Contact).where(Contact.id == bindparam("the_id")), rows)
    moved = {
        contact_id: after
        for contact_id, (before, after) in changes.items()
        if (before.phones, before.emails) != (after.phones, after.emails)
    }
    for some in _slices(list(moved)):
        conn.execute(delete(Address).where(Address.contact_id.in_(some)))
    _insert_addresses(conn, list(moved.items()))


def enrol(
    conn: Connection,
    tags: Mapping[int, tuple[str, ...]],
    options: ImportOptions,
    import_id: int,
    *,
    new: bool,
    now: datetime,
) -> None:
    """Put contacts into the import's project and give them its tags and their own, by their ids.

    Of contacts that are not ``new`` some belong to the project, or carry the tags, already.
    """
    shared = {"import_id": import_id}
    if options.project_id is not None:
        joining = {**shared, "project_id": options.project_id, "joined_at": now}
        members = [(each,) for each in tags]
        table = Membership.__table__
        insert_many(
            conn, table, ["contact_id"], members, shared=joining, on_conflict="" if new else LEAVE
        )
    ids = tag_ids(conn, {tag for own in {*tags.values(), options.tags} for tag in own})
    own_ids = {own: {ids[folded(tag)] for tag in (*own, *options.tags)} for own in {*tags.values()}}
    tagged = [(tag_id, contact_id) for contact_id, own in tags.items() for tag_id in own_ids[own]]
    columns = ["tag_id", "contact_id"]
    insert_many(
        conn,
        ContactTag.__table__,
        columns,
        tagged,
        shared=shared,
        on_conflict="" if new else LEAVE,
    )


def chosen_places(conn: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The districts among these contacts' that were chosen by hand, not found by ZIP."""
    found = _places_of(conn, ids)
    return {each: place for each, place in found.items() if place["district_how"] in BY_HAND}


def _change(entry: Entry, import_id: int, chosen: dict[str, Any] | None) -> dict[str, Any]:
    before, after = vars(entry.before or Facts()), vars(entry.facts)
    fields = [name for name in after if before[name] != after[name]]
    place = {CHOSEN: chosen} if chosen and "zip" in fields else {}
    return {
        "import_id": import_id,
        "contact_id": entry.id,
        "before": {name: before[name] for name in fields} | place,
        "after": {name: after[name] for name in fields},
    }


def _columns(facts: Facts) -> dict[str, Any]:
    texts = {name: getattr(facts, name) for name in TEXTS}
    phone, email = next(iter(facts.phones), ""), next(iter(facts.emails), "")
    person = Person(**texts, phone=phone, email=email)
    further = (*facts.phones[1:], *facts.emails[1:])
    return {**texts, "search_text": search_text(person, further)}


def stays(place: Mapping[str, Any], now: datetime) -> bool:
    """Whether a district was told by a person, and its lines still hold: no data set undoes it."""
    district = place["district"]
    if district is None or place["district_how"] not in BY_HAND:
        return False
    return holds(place["state"], district, place["district_congress"], now)


def places_of_people(
    conn: Connection, people: Sequence[Facts], *, now: datetime
) -> list[dict[str, Any]]:
    """The columns that follow from each person's ZIP and phone."""
    keys = [(facts.zip, next(iter(facts.phones), "")) for facts in people]
    return [
        dict(zip(PLACED, each, strict=True)) for each in Gazetteer().settle(conn, keys, now=now)
    ]


def _places_of(conn: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    columns = [getattr(Contact, name) for name in PLACE]
    found = {}
    for some in _slices(ids):
        rows = conn.execute(select(Contact.id, *columns).where(Contact.id.in_(some)))
        found.update({row[0]: dict(zip(PLACE, row[1:], strict=True)) for row in rows})
    return found


def _insert_addresses(conn: Connection, people: Sequence[tuple[int, Facts]]) -> None:
    rows = [row for contact_id, facts in people for row in _addresses_of(contact_id, facts)]
    insert_many(conn, Address.__table__, ADDRESS, rows, shared={})


def _addresses_of(contact_id: int, facts: Facts) -> list[tuple[int, str, str, int]]:
    return [
        (contact_id, channel.value, address, rank)
        for channel, own in ((Channel.SMS, facts.phones), (Channel.EMAIL, facts.emails))
        for rank, address in enumerate(own)
    ]


def _at(conn: Connection, channel: Channel, addresses: set[str], within: Within) -> set[int]:
    own = (Address.channel == channel.value) & among(conn, Address.address, addresses)
    seen = scope.people(within, Address.contact_id.expression)
    return set(conn.scalars(select(Address.contact_id).where(own, seen)))


def _addresses(conn: Connection, ids: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    columns = select(Address.contact_id, Address.channel, Address.address)
    for some in _slices(ids):
        chosen = columns.where(Address.contact_id.in_(some)).order_by(Address.rank)
        for contact_id, channel, address in conn.execute(chosen):
            found[contact_id][channel].append(address)
    return found


def _slices(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + SLICE] for start in range(0, len(items), SLICE)]
