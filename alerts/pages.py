"""What does an alert's public page say? Everything it shows, read in one go.

A supporter comes by the copy that was sent to them, anyone else by the alert's random slug. Only
facts released to the public ever leave this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Select, select

from actions.asks import Ask, read_action
from alerts.models import Alert, AlertText, Case, CaseText, Fact, FactText, Level, Release
from contacts.models import Contact
from messages.models import Delivery, Message

AlertSelect = Select[int, int, int, str, str, datetime | None, datetime | None]


class NoSuchPage(LookupError):
    """There is no action at this address; open the link from the message again."""


@dataclass(frozen=True)
class Words:
    """A title and summary in one language."""

    title: str
    summary: str


@dataclass(frozen=True)
class DatedFact:
    """Something that is known, since when, from whom."""

    happened_on: date
    source: str
    words: Mapping[str, str]  # by language


@dataclass(frozen=True, kw_only=True)
class AlertPage:
    """A public page: the alert, its case, and what is asked."""

    alert_id: int
    slug: str
    level: Level
    words: Mapping[str, Words]  # the alert's, by language
    case_words: Mapping[str, Words]
    facts: tuple[DatedFact, ...]  # newest first
    ask: Ask
    expires_at: datetime | None
    closed_at: datetime | None  # the case's

    def ended_at(self, now: datetime) -> datetime | None:
        """When the action ended, or None while calls are still wanted."""
        ends = [self.ask.deadline, self.expires_at, self.closed_at]
        return min((end for end in ends if end is not None and end <= now), default=None)

    def ends_at(self) -> datetime | None:
        """When calls come too late, if somebody said so."""
        ends = [self.ask.deadline, self.expires_at]
        return min((end for end in ends if end is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whose copy led here. All but the delivery is empty once the contact has been deleted."""

    delivery_id: int
    contact_id: int | None
    channel: str
    given_name: str
    city: str
    zip: str
    language: str


def page_for_delivery(conn: Connection, delivery_id: int) -> tuple[AlertPage, Person]:
    """The page one copy of an alert leads to, and whose copy it is.

    Raises NoSuchPage for a copy of a message that asks for no action.
    """
    person = _person(conn, delivery_id)
    wanted = select(Delivery.message_id).where(Delivery.id == delivery_id).scalar_subquery()
    return _page(conn, _alert().where(Alert.message_id == wanted)), person


def page_by_slug(conn: Connection, slug: str) -> AlertPage:
    """The page of a launched alert that anyone may share.

    Raises NoSuchPage for an unknown slug and for an alert that is still a draft.
    """
    return _page(conn, _alert().where(Alert.slug == slug, Message.launched_at.is_not(None)))


def _alert() -> AlertSelect:
    columns = select(
        Alert.id,
        Alert.case_id,
        Alert.action_id,
        Alert.level,
        Alert.slug,
        Message.expires_at,
        Case.closed_at,
    )
    return columns.join(Message, Message.id == Alert.message_id).join(
        Case, Case.id == Alert.case_id
    )


def _page(
    conn: Connection,
    statement: AlertSelect,
) -> AlertPage:
    row = conn.execute(statement).one_or_none()
    if row is None:
        raise NoSuchPage(NoSuchPage.__doc__)
    alert_words = select(AlertText.language, AlertText.title, AlertText.summary)
    case_words = select(CaseText.language, CaseText.title, CaseText.summary)
    return AlertPage(
        alert_id=row.id,
        slug=row.slug,
        level=Level(row.level),
        words=_words(conn, alert_words.where(AlertText.alert_id == row.id)),
        case_words=_words(conn, case_words.where(CaseText.case_id == row.case_id)),
        facts=_facts(conn, row.case_id),
        ask=read_action(conn, row.action_id),
        expires_at=row.expires_at,
        closed_at=row.closed_at,
    )


def _words(conn: Connection, rows: Select[str, str, str]) -> dict[str, Words]:
    return {language: Words(title, summary) for language, title, summary in conn.execute(rows)}


def _facts(conn: Connection, case_id: int) -> tuple[DatedFact, ...]:
    columns = (Fact.id, Fact.happened_on, Fact.source, FactText.language, FactText.words)
    rows = select(*columns).join(FactText, FactText.fact_id == Fact.id)
    rows = rows.where(Fact.case_id == case_id, Fact.release == Release.PUBLIC)
    facts: dict[int, tuple[date, str, dict[str, str]]] = {}
    for row in conn.execute(rows.order_by(Fact.happened_on.desc(), Fact.id.desc())):
        fact = facts.setdefault(row.id, (row.happened_on, row.source, {}))
        fact[2][row.language] = row.words
    return tuple(DatedFact(*fact) for fact in facts.values())


def _person(conn: Connection, delivery_id: int) -> Person:
    columns = (Contact.given_name, Contact.city, Contact.zip, Contact.language)
    copy = select(Delivery.contact_id, Delivery.channel, *columns)
    copy = copy.outerjoin(Contact, Contact.id == Delivery.contact_id)
    row = conn.execute(copy.where(Delivery.id == delivery_id)).one_or_none()
    if row is None:
        raise NoSuchPage(NoSuchPage.__doc__)
    return Person(
        delivery_id=delivery_id,
        contact_id=row.contact_id,
        channel=row.channel,
        given_name=row.given_name or "",
        city=row.city or "",
        zip=row.zip or "",
        language=row.language or "",
    )
