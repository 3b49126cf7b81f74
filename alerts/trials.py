"""Send an alert's words to oneself: text and email, in every language, by the way that everybody's take.

A test is a message like any other, with one copy for each address, so that claim, receipts and the promise are
those of the alert: two presses are one copy, and a lost answer is shown as unknown, never repeated. It is bound
to a hash of the words, and counts no more once they change. It goes to the organizer's own mailbox and confirmed
phone, at any hour, and to neither if that has said stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Row, bindparam, func, insert, select

from alerts.models import Level
from alerts.preflight import find_alert
from alerts.trial_copies import PREFIX
from alerts.trial_models import Trial
from contacts import consent
from contacts.models import Channel
from database import locking
from database.jobs import Jobs
from messages import audience as audiences
from messages import control, links, rendering
from messages.adding import add_copy, begin_empty
from messages.checking import texts_of
from messages.control import Draft, NotNow, Words
from messages.eligibility import CHANNELS, stored_message
from messages.estimating import TYPICAL
from messages.house import HouseRules
from messages.models import Delivery, Message, MessageKind, MessageStatus, Reach, Status
from organizers.models import Organizer

AN_HOUR = timedelta(hours=1)
MOST = 5  # tests an hour and organizer
MARKS = {"en": "[Test]", "es": "[Prueba]"}
ARRIVED = (Status.ACCEPTED, Status.QUEUED, Status.SENT, Status.DELIVERED)

_OWN = select(Organizer.email, Organizer.phone, Organizer.phone_confirmed).where(
    Organizer.id == bindparam("organizer")
)
_TESTS = (
    select(Trial.id, Trial.organizer_id, Trial.words, Trial.at, Organizer.name)
    .join(Organizer, Organizer.id == Trial.organizer_id)
    .where(Trial.alert_id == bindparam("alert"))
    .order_by(Trial.id)
)
_RECENT = select(func.count()).where(
    Trial.organizer_id == bindparam("organizer"), Trial.at > bindparam("since")
)


class TooManyTests(Exception):
    """That were five tests within an hour. Read those you have, and send another one later."""


class NowhereToSend(Exception):
    """There is nowhere to send a test to: note a phone in your account and confirm it, or write START to us from it."""


class NotTested(Exception):
    """Nobody has had a test of these words. Send one to yourself, read it as others will, then launch."""


@dataclass(frozen=True)
class Way:
    """How a test reaches an organizer."""

    channel: Channel
    address: str  # "" = none is noted, or it is not confirmed
    refused: bool  # it has said stop to us

    @property
    def is_open(self) -> bool:
        """Whether something may be sent."""
        return bool(self.address) and not self.refused


@dataclass(frozen=True)
class Copy:
    """What became of one copy of a test."""

    channel: Channel
    language: str
    status: Status
    reason: str
    at: datetime


@dataclass(frozen=True)
class Tried:
    """How a draft stands with tests of its words, for one organizer."""

    ways: Sequence[Way]
    at: datetime | None  # of their latest test of these words; None = there is none
    copies: Sequence[Copy]  # of it
    others: Mapping[str, datetime]  # who else has tested these words, by name
    changed: bool  # they tested other words before
    level: Level
    spent: bool  # they have had so many within the hour that there is no other now

    @property
    def stands_in_the_way(self) -> bool:
        """Whether nobody has had a test of these words, although this organizer could get one.

        A red alert does not wait for a test.
        """
        missing = self.at is None and not self.others
        possible = not self.spent and any(each.is_open for each in self.ways)
        return missing and possible and self.level is not Level.RED

    @property
    def arrived(self) -> bool:
        """Whether any copy of the test of these words has left."""
        return any(each.status in ARRIVED for each in self.copies)

    @property
    def on_its_way(self) -> bool:
        """Whether something of it may still change."""
        final = (Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.SKIPPED)
        ended = (*final, Status.STOPPED, Status.EXPIRED)
        return any(each.status not in ended for each in self.copies)


def send_test(
    conn: Connection,
    jobs: Jobs,
    alert_id: int,
    organizer_id: int,
    *,
    key: str,
    house: HouseRules,
    now: datetime,
) -> int:
    """Send a draft's words to an organizer; return the test's number. The same key is the same test.

    Raises NotNow for what is launched, TooManyTests, NowhereToSend, BadTemplate, and Locked.
    """
    locking.require_unlocked(conn)
    locking.take_turns(conn, [f"trial:{organizer_id}"])
    known: int | None = conn.scalar(select(Trial.id).where(Trial.key == key))
    if known is not None:
        return known
    alert = find_alert(conn, alert_id)
    if control.locked(conn, alert.message_id).status != MessageStatus.DRAFT:
        raise NotNow("this alert has already been launched")
    if _spent(conn, organizer_id, now):
        raise TooManyTests(TooManyTests.__doc__)
    message = stored_message(conn, alert.message_id)
    ways = [each for each in ways_of(conn, organizer_id, message) if each.is_open]
    if not ways:
        raise NowhereToSend(NowhereToSend.__doc__)
    row = {"alert_id": alert_id, "organizer_id": organizer_id, "key": key, "at": now}
    words = _hash(conn, message)
    made = insert(Trial).values(**row, words=words).returning(Trial.id)
    trial_id: int = conn.execute(made).scalar_one()
    name = conn.scalar(select(Organizer.name).where(Organizer.id == organizer_id)) or ""
    for language, written in sorted(texts_of(conn, alert.message_id).items()):
        draft = _draft(message, language, _marked(language, written), name, house, now)
        _send(conn, jobs, draft, f"{PREFIX}{trial_id}:{language}", ways, house, now)
    return trial_id


def ways_of(conn: Connection, organizer_id: int, message: Row[Any]) -> list[Way]:
    """How an organizer can get a test of a message, by the channels it uses."""
    own = conn.execute(_OWN, {"organizer": organizer_id}).one()
    addresses = {Channel.EMAIL: own.email, Channel.SMS: own.phone if own.phone_confirmed else ""}
    scopes = message.scopes
    return [_way(conn, each, addresses[each], scopes) for each in CHANNELS[Reach(message.reach)]]


def require_test(conn: Connection, alert_id: int, organizer_id: int, *, now: datetime) -> None:
    """Raise NotTested where an organizer would launch words that nobody has had a test of."""
    if tried(conn, alert_id, organizer_id, now=now).stands_in_the_way:
        raise NotTested(NotTested.__doc__)


def tried(conn: Connection, alert_id: int, organizer_id: int, *, now: datetime) -> Tried:
    """How a draft stands with tests of its words. Raises NoSuchAlert."""
    alert = find_alert(conn, alert_id)
    message = stored_message(conn, alert.message_id)
    words = _hash(conn, message)
    rows = conn.execute(_TESTS, {"alert": alert_id}).all()
    same = [row for row in rows if row.words == words]
    mine = [row for row in same if row.organizer_id == organizer_id]
    return Tried(
        ways=ways_of(conn, organizer_id, message),
        at=mine[-1].at if mine else None,
        copies=_copies(conn, mine[-1].id) if mine else [],
        others={row.name: row.at for row in same if row.organizer_id != organizer_id},
        changed=not mine and any(row.organizer_id == organizer_id for row in rows),
        level=Level(alert.level),
        spent=_spent(conn, organizer_id, now),
    )


def _hash(conn: Connection, message: Row[Any]) -> str:
    """What stands for the words of a message, and for whom they come from."""
    texts = {language: asdict(words) for language, words in texts_of(conn, message.id).items()}
    by = (message.merge_defaults, message.sms_sender, message.email_sender, message.reach)
    told = orjson.dumps([texts, *by], option=orjson.OPT_SORT_KEYS)
    return sha256(told).hexdigest()


def _spent(conn: Connection, organizer_id: int, now: datetime) -> bool:
    recent = conn.scalar(_RECENT, {"organizer": organizer_id, "since": now - AN_HOUR})
    return (recent or 0) >= MOST


def _way(conn: Connection, channel: Channel, address: str, scopes: Sequence[str]) -> Way:
    held = consent.standings(conn, [(channel, address)], scopes=scopes)
    return Way(channel, address, refused=bool(address) and bool(held.refused))


def _marked(language: str, words: Words) -> Words:
    mark = MARKS.get(language, MARKS["en"])
    return Words(
        sms=f"{mark} {words.sms}" if words.sms.strip() else "",
        subject=f"{mark} {words.subject}" if words.subject.strip() else "",
        body=words.body,
    )


def _draft(
    message: Row[Any], language: str, words: Words, name: str, house: HouseRules, now: datetime
) -> Draft:
    """The words as somebody invented would get them, but for the organizer's own name."""
    first, _, last = name.strip().partition(" ")
    own = {"first_name": first, "last_name": last}
    values = rendering.values_for(TYPICAL) | {key: value for key, value in own.items() if value}
    if words.sms:  # with the mark it may be too long: better said now than when it is to leave
        rendering.compile_sms(words.sms, language=language, network=house.identity.network)
    return Draft(
        texts={language: words},
        kind=MessageKind.TRIAL,
        reach=Reach.BOTH,
        project_id=message.project_id,
        audience=audiences.read(message.audience),  # nobody of it gets it: whose refusals hold
        default_language=language,
        merge_defaults={language: {key: value for key, value in values.items() if value}},
        countries=tuple(message.countries.split()),
        segments=message.segments,
        expires_at=now + AN_HOUR,
        sms_sender=message.sms_sender,
        email_sender=message.email_sender,
    )


def _send(
    conn: Connection,
    jobs: Jobs,
    draft: Draft,
    key: str,
    ways: Sequence[Way],
    house: HouseRules,
    now: datetime,
) -> None:
    message_id = begin_empty(conn, replace(draft, key=key), now=now)
    texts = [text for words in draft.texts.values() for text in (words.sms, words.body)]
    links.save_links(conn, message_id, texts, public_url=house.identity.public_url)
    message = conn.execute(select(Message).where(Message.id == message_id)).one()
    for way in ways:
        add_copy(
            conn,
            jobs,
            message,
            channel=way.channel,
            contact_id=None,
            address=way.address,
            language=draft.default_language,
            now=now,
        )


def _copies(conn: Connection, trial_id: int) -> list[Copy]:
    columns = (Delivery.channel, Delivery.language, Delivery.status, Delivery.reason)
    rows = (
        select(*columns, Delivery.changed_at)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.key.startswith(f"{PREFIX}{trial_id}:", autoescape=True))
        .order_by(Delivery.channel.desc(), Delivery.language)
    )
    return [
        Copy(Channel(row.channel), row.language, Status(row.status), row.reason, row.changed_at)
        for row in conn.execute(rows)
    ]
