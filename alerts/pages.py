"""What does an alert's public page say? Everything it shows, read in one go.

A supporter comes by the copy that was sent to them, anyone else by the alert's random slug. Only
facts released to the public ever leave this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from actions.asks import Ask, read_action
from alerts.follow_ups import stands_alone
from alerts.models import Alert, AlertText, Case, CaseText, Level
from alerts.timeline import KnownFact, facts_of
from alerts.trial_copies import action_of_test
from contacts.models import Contact
from database.once import once
from messages.calling_off import taken_back
from messages.models import Delivery, Message

AlertSelect = Select[int, int, int, str, str, bool, int | None, datetime | None, datetime | None]

# What is under embargo is approved, and looked through, with the rest: that its hour has come changes nothing.
AT_LAST = datetime.max.replace(tzinfo=UTC)

ALERT_WORDS = select(AlertText.language, AlertText.title, AlertText.summary).where(
    AlertText.alert_id == bindparam("alert")
)
_CASE_WORDS = select(CaseText.language, CaseText.title, CaseText.summary).where(
    CaseText.case_id == bindparam("case")
)


class NoSuchPage(LookupError):
    """There is no action at this address; open the link from the message again."""


class Withheld(Exception):
    """A page names somebody who must not be named, and nobody has said why it may."""


class OnlyATest(Exception):
    """This page is a test: nothing that you tell it is kept, and nothing is counted."""


@dataclass(frozen=True)
class Words:
    """A title and summary in one language."""

    title: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class DatedFact:
    """Something that is known, since when, from whom; or that turned out false."""

    happened_on: date
    source: str
    words: Mapping[str, str]  # by language
    added_at: datetime  # when everybody could first read of it
    changed_at: datetime | None = None  # when it last became another than before
    before: Mapping[str, str] = field(default_factory=dict)  # what was told until then
    withdrawn: bool = False  # its words are what was told and is not so


@dataclass(frozen=True, kw_only=True)
class AlertPage:
    """A public page: the alert, its case, and what is asked."""

    alert_id: int
    project_id: int | None  # whose alert it is; None = the network's
    slug: str
    shows_numbers: bool  # anybody may read them, see ``alerts/numbers.py``
    level: Level
    words: Mapping[str, Words]  # the alert's, by language
    case_words: Mapping[str, Words]
    facts: tuple[DatedFact, ...]  # newest first
    ask: Ask
    expires_at: datetime | None
    closed_at: datetime | None  # the case's

    def ended_at(self, now: datetime) -> datetime | None:
        """When the action ended, or None while calls are still wanted."""
        ends = [self.ask.ends_at, self.expires_at, self.closed_at]
        return min((end for end in ends if end is not None and end <= now), default=None)

    def ends_at(self) -> datetime | None:
        """When calls come too late, if somebody said so."""
        ends = [self.ask.ends_at, self.expires_at]
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
    written_at: datetime | None = None  # when the words of their copy were settled


def page_for_delivery(
    conn: Connection, delivery_id: int, *, now: datetime
) -> tuple[AlertPage, Person]:
    """The page one copy of an alert leads to, and whose copy it is.

    Raises NoSuchPage for a copy of a message that asks for no action, and OnlyATest for a test of an alert's words.
    """
    if action_of_test(conn, delivery_id) is not None:
        raise OnlyATest(OnlyATest.__doc__)
    person = _person(conn, delivery_id)
    return _page(conn, _of_copy(), {"copy": delivery_id}, now), person


@cache
def _of_copy() -> AlertSelect:
    # A committee's part of an alert, and a reminder of it, lead to the page that all of them share.
    copies = select(Message.action_id).join(Delivery, Delivery.message_id == Message.id)
    wanted = copies.where(Delivery.id == bindparam("copy")).scalar_subquery()
    return _alert().where(Alert.action_id == wanted)


def page_by_slug(conn: Connection, slug: str, *, now: datetime) -> AlertPage:
    """The page of a launched alert that anyone may share.

    Raises NoSuchPage for an unknown slug, and for an alert that is still a draft, or was taken back before
    anything of it left; so does one that only opened its page, once that is stopped.
    """
    return _page(conn, _of_slug(), {"slug": slug}, now)


@cache
def _of_slug() -> AlertSelect:
    launched = Message.launched_at.is_not(None)
    mine = (Alert.slug == bindparam("slug"), launched, ~taken_back(), stands_alone())
    return _alert().where(*mine)


@once
def page_of_action(conn: Connection, action_id: int, *, now: datetime) -> AlertPage:
    """The page of the alert that asks for an action. Raises NoSuchPage."""
    return _page(conn, _of_action(), {"action": action_id}, now)


@cache
def _of_action() -> AlertSelect:
    return _alert().where(Alert.action_id == bindparam("action"))


def _alert() -> AlertSelect:
    columns = select(
        Alert.id,
        Alert.case_id,
        Alert.action_id,
        Alert.level,
        Alert.slug,
        Alert.shows_numbers,
        Message.project_id,
        Message.expires_at,
        Case.closed_at,
    )
    return columns.join(Message, Message.id == Alert.message_id).join(
        Case, Case.id == Alert.case_id
    )


def _page(
    conn: Connection, statement: AlertSelect, wanted: Mapping[str, Any], now: datetime
) -> AlertPage:
    row = conn.execute(statement, wanted).one_or_none()
    if row is None:
        raise NoSuchPage(NoSuchPage.__doc__)
    return AlertPage(
        alert_id=row.id,
        project_id=row.project_id,
        slug=row.slug,
        shows_numbers=row.shows_numbers,
        level=Level(row.level),
        words=_words(conn, ALERT_WORDS, {"alert": row.id}),
        case_words=_words(conn, _CASE_WORDS, {"case": row.case_id}),
        facts=facts_to_show(facts_of(conn, row.case_id), now),
        ask=read_action(conn, row.action_id),
        expires_at=row.expires_at,
        closed_at=row.closed_at,
    )


def _words(
    conn: Connection, rows: Select[str, str, str], whose: Mapping[str, int]
) -> dict[str, Words]:
    told = conn.execute(rows, whose)
    return {language: Words(title, summary) for language, title, summary in told}


def facts_to_show(facts: Iterable[KnownFact], now: datetime) -> tuple[DatedFact, ...]:
    """What everybody may read now of a case's facts, with what they could read of it before."""
    told = (_told(fact, now) for fact in facts)
    return tuple(each for each in told if each is not None)


def _told(fact: KnownFact, now: datetime) -> DatedFact | None:
    current, published = fact.current, fact.published(now)
    if not current.is_released(now) or (current.withdrawn and len(published) == 1):
        return None  # also what was taken back before anybody could read it
    first = published[-1]
    # Since when it says what it says: the oldest of the latest versions that say the same.
    older = [each for each in published if not each.tells_as(current)]
    since = published[published.index(older[0]) - 1] if older else first
    return DatedFact(
        happened_on=current.happened_on,
        source="; ".join(current.sources),
        words=current.words,
        added_at=max(first.noted_at, first.embargo_until or first.noted_at),
        changed_at=since.noted_at if older else None,
        before=older[0].words if older and not current.withdrawn else {},
        withdrawn=current.withdrawn,
    )


def _person(conn: Connection, delivery_id: int) -> Person:
    row = conn.execute(_copy(), {"copy": delivery_id}).one_or_none()
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
        written_at=row.launched_at,
    )


@cache
def _copy() -> Select[*tuple[Any, ...]]:
    columns = (Contact.given_name, Contact.city, Contact.zip, Contact.language)
    copy = select(Delivery.contact_id, Delivery.channel, Message.launched_at, *columns)
    copy = copy.join(Message, Message.id == Delivery.message_id)
    copy = copy.outerjoin(Contact, Contact.id == Delivery.contact_id)
    return copy.where(Delivery.id == bindparam("copy"))
