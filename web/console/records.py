"""What a contact's page shows: who they are, what they agreed to, and what they got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
)

from actions.addressing import official_named
from actions.models import Outcome, Response
from actions.targets import members_at, targets_by_key
from actions.whereabouts import place_of_contact
from alerts.models import Alert, AlertText
from contacts.consent import suppression
from contacts.models import (
    NETWORK,
    Address,
    Channel,
    Consent,
    Contact,
    ContactTag,
    Membership,
    Project,
    Tag,
    project_scope,
)
from contacts.scope import visible_projects
from messages import troubles
from messages.models import Delivery, Message, Status
from organizers.roles import Within, owned
from web.console.lives import known_as

NEWEST = 5  # alerts to note a call for


@dataclass(frozen=True)
class ShownAddress:
    """An address and why it may not be written to; '' when it may."""

    channel: str
    address: str
    refusal: str


@dataclass(frozen=True)
class Word:
    """A line of the consent ledger."""

    channel: str
    address: str
    standing: str
    scope: str
    source: str
    evidence: str
    at: datetime


@dataclass(frozen=True)
class Got:
    """A copy of a message, or why there was none."""

    title: str
    alert_id: int | None
    channel: str
    status: Status
    reason: str
    at: datetime


@dataclass(frozen=True)
class Called:
    """What came of their call to an office, or an alert for which they may have called."""

    alert_id: int
    title: str
    office: str  # "" = they did not say which, or the Capitol's switchboard
    outcome: Outcome | None
    at: datetime | None


@dataclass(frozen=True)
class Represented:
    """Who represents somebody in Congress, and why we think so."""

    district: str  # "WI-2", "AK-AL"; "" where it is open
    how: str  # how it is known, or why it is open: see ``representatives.districts``
    members: Sequence[str]  # in the order in which they are called


@dataclass(frozen=True)
class Record:
    """All that a contact's page shows."""

    contact: Any
    represented: Represented
    projects: list[str]
    tags: list[str]
    addresses: list[ShownAddress]
    ledger: list[Word]
    got: list[Got]
    calls: list[Called]
    alerts: list[Called]  # the newest, to note a call for
    soft_bounce: bool = False  # a mailbox is refused only because emails came back for a while


def record(
    conn: Connection,
    contact_id: int,
    within: Within,
    *,
    language: str,
    countries: Sequence[str],
    now: datetime,
) -> Record:
    """Read a contact's record, as far as organizers of these projects may see it."""
    scopes = scopes_of(conn, contact_id, within)
    return Record(
        contact=conn.execute(select(Contact).where(Contact.id == contact_id)).one(),
        represented=_represented(conn, contact_id, language, now),
        projects=projects_of(conn, contact_id, within),
        tags=_tags(conn, contact_id),
        addresses=addresses_of(conn, contact_id, scopes, countries),
        ledger=_ledger(conn, contact_id, scopes),
        got=_got(conn, contact_id, within, language),
        calls=_calls(conn, contact_id, within, language, now),
        alerts=_alerts(conn, within, language),
        soft_bounce=_soft_bounce(conn, contact_id),
    )


def _soft_bounce(conn: Connection, contact_id: int) -> bool:
    mine = select(Address.address).where(
        Address.contact_id == contact_id, Address.channel == Channel.EMAIL
    )
    return any(troubles.is_soft(conn, address) for address in list(conn.scalars(mine)))


def _represented(conn: Connection, contact_id: int, language: str, now: datetime) -> Represented:
    where = place_of_contact(conn, contact_id, now=now)
    number = where.district or "AL"
    return Represented(
        district="" if where.district is None else f"{where.state}-{number}",
        how=where.how,
        members=[official_named(each, language) for each in members_at(conn, where, now=now)],
    )


_MINE = select(Membership.project_id).where(Membership.contact_id == bindparam("person"))


def scopes_of(conn: Connection, contact_id: int, within: Within) -> list[str]:
    """Where a word of theirs would count, as far as these projects' organizers may see."""
    shown = set(visible_projects(conn, within))
    seen = [each for each in conn.scalars(_MINE, {"person": contact_id}) if each in shown]
    return [NETWORK, *(project_scope(each) for each in seen)]


_NAMED = (
    select(Project.name)
    .join(Membership, Membership.project_id == Project.id)
    .where(Membership.contact_id == bindparam("person"))
    .where(Project.id.in_(bindparam("shown", expanding=True)))
    .order_by(Project.name)
)


def projects_of(conn: Connection, contact_id: int, within: Within) -> list[str]:
    """Their projects by name, as far as these may be seen."""
    given = {"person": contact_id, "shown": visible_projects(conn, within)}
    return list(conn.scalars(_NAMED, given))


def _tags(conn: Connection, contact_id: int) -> list[str]:
    carried = select(Tag.name).join(ContactTag, ContactTag.tag_id == Tag.id)
    return list(conn.scalars(carried.where(ContactTag.contact_id == contact_id).order_by(Tag.name)))


def addresses_of(
    conn: Connection, contact_id: int, scopes: Sequence[str], countries: Sequence[str]
) -> list[ShownAddress]:
    """Their addresses, texts first, and whether each may be written to."""
    given = {"person": contact_id, "scopes": list(scopes)}
    rows = conn.execute(_addresses(tuple(countries)), given)
    return [ShownAddress(*row) for row in rows]


@lru_cache
def _addresses(countries: tuple[str, ...]) -> Select[str, str, str]:
    held = Address.__table__.c
    scopes: BindParameter[str] = bindparam("scopes", expanding=True)
    refusal = suppression(held.channel, held.address, scopes, countries)
    return (
        select(Address.channel, Address.address, refusal)
        .where(Address.contact_id == bindparam("person"))
        .order_by(Address.channel.desc(), Address.rank)
    )


def _ledger(conn: Connection, contact_id: int, scopes: Sequence[str]) -> list[Word]:
    same = and_(Address.channel == Consent.channel, Address.address == Consent.address)
    columns = (
        Consent.channel,
        Consent.address,
        Consent.standing,
        Consent.scope,
        Consent.source,
        Consent.evidence,
        Consent.at,
    )
    rows = conn.execute(
        select(*columns)
        .join(Address, same)
        .where(Address.contact_id == contact_id, Consent.scope.in_(scopes))
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(100)
    )
    return [Word(*row) for row in rows]


def _got(conn: Connection, contact_id: int, within: Within, language: str) -> list[Got]:
    title = func.coalesce(AlertText.title, literal(""))
    statement = (
        select(
            title, Alert.id, Delivery.channel, Delivery.status, Delivery.reason, Delivery.changed_at
        )
        .join(Message, Message.id == Delivery.message_id)
        .outerjoin(Alert, Alert.message_id == func.coalesce(Message.part_of, Message.id))
        .outerjoin(AlertText, and_(AlertText.alert_id == Alert.id, AlertText.language == language))
        .where(Delivery.contact_id == contact_id)
        .order_by(Delivery.changed_at.desc(), Delivery.id.desc())
        .limit(100)
    )
    if within is not None:
        networks = Message.project_id.is_(None)
        statement = statement.where(or_(networks, owned(Message.project_id, within)))
    rows = conn.execute(statement)
    return [Got(row[0], row[1], row[2], Status(row[3]), row[4], row[5]) for row in rows]


def _calls(
    conn: Connection, contact_id: int, within: Within, language: str, now: datetime
) -> list[Called]:
    """What they told of calls for alerts that the organizer may see."""
    columns = (Alert.id, AlertText.title, Response.target, Response.outcome, Response.at)
    rows = conn.execute(
        _seen_alerts(
            select(*columns).join(Response, Response.action_id == Alert.action_id), language
        )
        .where(Response.contact_id == contact_id, owned(Message.project_id, within))
        .order_by(Response.at.desc(), Response.id.desc())
        .limit(100)
    ).all()
    offices = targets_by_key(conn, {row.target for row in rows} - {""}, now=now)
    names = {each.key: known_as(each, language) for each in offices}
    return [
        Called(row.id, row.title or "", names.get(row.target, ""), Outcome(row.outcome), row.at)
        for row in rows
    ]


def _alerts(conn: Connection, within: Within, language: str) -> list[Called]:
    """The newest alerts that people were asked to call for."""
    launched = _seen_alerts(select(Alert.id, AlertText.title), language).where(
        Message.launched_at.is_not(None), owned(Message.project_id, within)
    )
    rows = conn.execute(
        launched.order_by(Message.launched_at.desc(), Alert.id.desc()).limit(NEWEST)
    )
    return [Called(row.id, row.title or "", "", None, None) for row in rows]


def _seen_alerts(columns: Select[*tuple[Any, ...]], language: str) -> Select[*tuple[Any, ...]]:
    said = and_(AlertText.alert_id == Alert.id, AlertText.language == language)
    return columns.join(Message, Message.id == Alert.message_id).outerjoin(AlertText, said)
