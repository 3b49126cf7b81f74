"""Take an import back: what it brought goes, what somebody has used or changed since stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from contacts.ledger import by_channel
from contacts.matching import Facts
from contacts.merging import CHOSEN, facts_of, rewrite
from contacts.models import (
    Address,
    AddressStanding,
    Consent,
    Contact,
    ContactTag,
    Import,
    ImportChange,
    Membership,
    Standing,
)
from database.tables import UTCDateTime

# Tables of other rooms whose rows prove that a contact was written to, has answered or has acted.
# Whoever stands in one of them is not removed: the record of what happened would lose its person.
USED_IN = ("deliveries", "responses", "replies", "calls", "sign_ups", "preferences", "prompts")


class NoSuchImport(LookupError):
    """There is no such import."""


class AlreadyUndone(ValueError):
    """The import was undone before."""


@dataclass(frozen=True)
class Undone:
    """What undoing an import came to."""

    removed: int  # contacts it had created
    kept: int  # contacts it had created that have been used, or told of, since
    restored: int  # contacts it had changed that got values back
    consents: int  # addresses that may no longer be written to


def undo(conn: Connection, import_id: int, now: datetime, *, actor: str = "import") -> Undone:
    """Take an import back, within the caller's transaction. Opt-outs stay, wherever they came from.

    Raises NoSuchImport or AlreadyUndone.
    """
    known = conn.execute(select(Import.undone_at).where(Import.id == import_id)).one_or_none()
    if known is None:
        raise NoSuchImport(f"there is no import {import_id}")
    if known.undone_at is not None:
        raise AlreadyUndone(f"import {import_id} was undone before; nothing was changed")
    consents = _withdraw(conn, import_id, actor, now)
    restored = _restore(conn, import_id, now)
    conn.execute(delete(Membership).where(Membership.import_id == import_id))
    conn.execute(delete(ContactTag).where(ContactTag.import_id == import_id))
    removed = conn.execute(delete(Contact).where(*_untouched(import_id))).rowcount
    conn.execute(update(Import).where(Import.id == import_id).values(undone_at=now))
    own = select(func.count()).where(Contact.import_id == import_id)
    return Undone(removed, conn.scalar(own) or 0, restored, consents)


def _withdraw(conn: Connection, import_id: int, actor: str, now: datetime) -> int:
    """Take back the consents that rest on this import alone, and say so in the ledger."""
    names = ["channel", "address", "scope", "standing", "source", "evidence", "actor", "at"]
    resting = _resting_on(import_id).add_columns(
        literal(Standing.WITHDRAWN.value),
        literal("import"),
        literal("the import was undone"),
        literal(actor),
        literal(now, UTCDateTime()),
        literal(import_id),
    )
    gone = conn.execute(_resting_on(import_id)).all()
    conn.execute(insert(Consent).from_select([*names, "import_id"], resting))
    for scope in sorted({key.scope for key in gone}):
        for channel, addresses in by_channel(
            (k.channel, k.address) for k in gone if k.scope == scope
        ):
            standings = delete(AddressStanding).filter_by(channel=channel, scope=scope)
            conn.execute(standings.where(AddressStanding.address.in_(addresses)))
    return len(gone)


def _resting_on(import_id: int) -> Select[str, str, str]:
    """The consents in force that no other import still in force, and no person, gave as well."""
    other, held = aliased(Consent), AddressStanding
    undone = select(Import.id).where(Import.undone_at.is_not(None))
    elsewhere = select(other.id).where(
        _same(other, Consent),
        other.standing == Standing.GRANTED.value,
        or_(
            other.import_id.is_(None),
            and_(other.import_id != import_id, other.import_id.not_in(undone)),
        ),
    )
    return (
        select(Consent.channel, Consent.address, Consent.scope)
        .join(held, _same(held, Consent))
        .where(Consent.import_id == import_id, Consent.standing == Standing.GRANTED.value)
        .where(held.standing == Standing.GRANTED.value, ~exists(elsewhere.correlate(Consent)))
    )


def _same(one: Any, other: Any) -> ColumnElement[bool]:
    """Whether two rows speak of the same address in the same scope."""
    return and_(
        one.channel == other.channel, one.address == other.address, one.scope == other.scope
    )


def _restore(conn: Connection, import_id: int, now: datetime) -> int:
    """Give changed contacts their old values back, where they still hold what the import wrote."""
    changes = conn.execute(
        select(ImportChange.contact_id, ImportChange.before, ImportChange.after)
        .where(ImportChange.import_id == import_id)
        .order_by(ImportChange.id.desc())
    ).all()
    held = facts_of(conn, sorted({change.contact_id for change in changes}))
    wanted = dict(held)
    for contact_id, before, after in changes:
        wanted[contact_id] = restored(wanted[contact_id], before, after)
    changed = {
        contact_id: (facts, wanted[contact_id])
        for contact_id, facts in held.items()
        if facts != wanted[contact_id]
    }
    if changed:
        rewrite(conn, changed, now=now)
    for contact_id, before, _after in changes:
        if CHOSEN in before and wanted[contact_id].zip == before["zip"]:
            place = update(Contact).where(Contact.id == contact_id)
            conn.execute(place.values(before[CHOSEN]))
    return len(changed)


def restored(facts: Facts, before: dict[str, Any], after: dict[str, Any]) -> Facts:
    """A contact with its old values, but for those that somebody has changed since."""
    held = {name: _plain(value) for name, value in vars(facts).items()}
    back = {name: before[name] for name in after if held[name] == _plain(after[name])}
    values = {name: tuple(old) if isinstance(old, list) else old for name, old in back.items()}
    return Facts(**{**vars(facts), **values})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _untouched(import_id: int) -> list[ColumnElement[bool]]:
    """Contacts of this import whom nothing and nobody else has touched."""
    used = [
        exists(select(literal(1)).where(_refers(name) == Contact.id).correlate(Contact))
        for name in USED_IN
    ]
    return [
        Contact.import_id == import_id,
        *(~each for each in [*used, *_told_elsewhere(import_id)]),
    ]


def _refers(name: str) -> ColumnElement[Any]:
    return table(name, column("contact_id")).c.contact_id


def _told_elsewhere(import_id: int) -> list[ColumnElement[bool]]:
    """Whether an organizer or another import has to do with a contact."""
    joined = select(Membership.contact_id).where(Membership.contact_id == Contact.id)
    told = select(ImportChange.id).where(
        ImportChange.contact_id == Contact.id, _of_another(ImportChange.import_id, import_id)
    )
    agreed = (
        select(Consent.id)
        .join(Address, and_(Address.channel == Consent.channel, Address.address == Consent.address))
        .where(Address.contact_id == Contact.id, _of_another(Consent.import_id, import_id))
    )
    # Memberships of this import are gone by now; any that is left is somebody else's.
    return [exists(each.correlate(Contact)) for each in (joined, told, agreed)]


def _of_another(
    column_of: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], import_id: int
) -> ColumnElement[bool]:
    in_force = select(Import.id).where(Import.id != import_id, Import.undone_at.is_(None))
    return column_of.in_(in_force)
