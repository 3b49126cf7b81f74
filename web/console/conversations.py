"""The whole conversation with one person: what we sent as they got it, what they said, what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, func, or_, select

from actions.models import Response
from actions.targets import targets_by_key
from alerts.models import Alert, AlertText
from contacts.models import Channel, Contact
from contacts.scope import people
from messages import composing, links, recording, threads
from messages.composing import Compositions, Ready
from messages.conversing import GIVEN, same_address
from messages.house import HouseRules
from messages.inbox_models import WrittenAnswer
from messages.models import Delivery, Message, MessageKind, MessageStatus, Reply, Status
from messages.providers.provider import Email, Text, fill
from messages.recording import Claim
from messages.rendering import PROOF, TOKEN
from messages.rereading import compositions_of
from organizers.access import names
from organizers.roles import Within, as_key, owned
from web.console.inboxes import Listed, Suggested, one, suggested, visible
from web.console.lives import known_as
from web.console.records import ShownAddress, addresses_of, projects_of, scopes_of

NEWEST_COPIES = 20  # each message among them is rendered again
NEWEST_WORDS = 50
NEWEST_CALLS = 20
LEFT = Status.STOPPED, Status.SKIPPED, Status.EXPIRED
PAUSED = "It is paused."
_HERE = and_(*same_address(GIVEN))
BY_RULE = (MessageKind.REPLY, MessageKind.CONFIRMATION)


@dataclass(frozen=True)
class Turn:
    """One line of a conversation."""

    kind: str  # sent | automatic | answer | said | call
    at: datetime
    channel: str
    text: str
    subject: str = ""
    title: str = ""  # of the alert; of a call, the office
    alert_id: int | None = None
    status: Status | None = None
    reason: str = ""
    by: str = ""  # who wrote the answer, or dealt with what was said
    reply_id: int | None = None
    verdict: str = ""
    outcome: str = ""
    suggested: Suggested | None = None
    paused: str = ""  # why nothing of it leaves until somebody says so
    waits: bool = False  # for an hour at which a text may arrive
    id: int = 0
    attached: Sequence[str] = ()  # names of what came with an email; it is not kept


@dataclass(frozen=True)
class Person:
    """Who somebody is to us."""

    contact_id: int
    name: str
    language: str
    place: str
    projects: Sequence[str]
    addresses: Sequence[ShownAddress]


@dataclass(frozen=True)
class Page:
    """Where an alert that they got can be read."""

    title: str
    alert_id: int
    slug: str


@dataclass(frozen=True)
class Conversation:
    """All that its page shows."""

    reply: Listed
    person: Person | None
    turns: Sequence[Turn]
    page: Page | None  # of the alert they most likely answer
    more: bool  # there is more, on the person's own page
    names: Mapping[str, str]  # of organizers


def conversation(
    conn: Connection,
    reply_id: int,
    within: Within,
    house: HouseRules,
    *,
    language: str,
    now: datetime,
) -> Conversation | None:
    """What was said with whoever sent a reply, the newest last; None where it is not theirs to see."""
    reply = one(conn, within, reply_id, now=now)
    if reply is None:
        return None
    known = names(conn)
    copies = _copies(conn, reply, within, language)
    turns = [
        *_sent(conn, copies, house, known, now),
        *_said(conn, reply, within, known, now),
        *_calls(conn, reply, within, language, now),
    ]
    return Conversation(
        reply=reply,
        person=_person(conn, reply, within, house),
        turns=sorted(turns, key=lambda turn: (turn.at, turn.kind == "answer", turn.id)),
        page=_page(conn, reply_id, within, language),
        more=len(copies) == NEWEST_COPIES,
        names=known,
    )


def _copies(
    conn: Connection, reply: Listed, within: Within, language: str
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The newest copies that went to this person, and every answer to this address."""
    newest = _newest_copies(as_key(within), known=reply.contact_id is not None)
    return conn.execute(newest, {**_whose(reply), "spoken": language}).all()


def _whose(reply: Listed) -> dict[str, Any]:
    """Of whom the statements here ask."""
    return {"person": reply.contact_id, "channel": reply.channel, "address": reply.address}


@lru_cache
def _newest_copies(within: tuple[int, ...] | None, *, known: bool) -> Select[*tuple[Any, ...]]:
    told = (
        Message.kind,
        Message.hours,
        Message.status.label("message_status"),
        Message.paused_because,
        WrittenAnswer.id.label("answer_id"),
        WrittenAnswer.written_by,
        WrittenAnswer.written_at,
        Alert.id.label("alert_id"),
        AlertText.title,
    )
    columns = (
        select(Delivery, *told)
        .join(Message, Message.id == Delivery.message_id)
        .outerjoin(WrittenAnswer, WrittenAnswer.message_id == Message.id)
        .outerjoin(Alert, Alert.message_id == func.coalesce(Message.part_of, Message.id))
        .outerjoin(AlertText, _in_language())
        .where(_theirs(known=known), or_(WrittenAnswer.id.is_not(None), _went_out()))
        .order_by(Delivery.id.desc())
        .limit(NEWEST_COPIES)
    )
    if within is not None:
        networks = Message.project_id.is_(None)
        theirs = visible(select(Reply.id).where(Reply.id == WrittenAnswer.reply_id), within)
        answered = WrittenAnswer.reply_id.in_(theirs)
        columns = columns.where(or_(networks, owned(Message.project_id, within), answered))
    return columns


def _in_language() -> ColumnElement[bool]:
    return and_(AlertText.alert_id == Alert.id, AlertText.language == bindparam("spoken"))


def _theirs(*, known: bool) -> ColumnElement[bool]:
    """By the person where they are known; else by what was answered to their address."""
    if known:
        return Delivery.contact_id == bindparam("person")
    answered = select(WrittenAnswer.message_id).where(
        WrittenAnswer.reply_id.in_(select(Reply.id).where(_HERE))
    )
    return Delivery.message_id.in_(answered)


def _went_out() -> ColumnElement[bool]:
    return and_(Delivery.status > Status.PENDING, Delivery.status.not_in(LEFT))


def _sent(
    conn: Connection,
    copies: Sequence[Row[*tuple[Any, ...]]],
    house: HouseRules,
    known: Mapping[str, str],
    now: datetime,
) -> Iterable[Turn]:
    messages = {each.message_id for each in copies}
    persons = composing.people(conn, {each.contact_id for each in copies if each.contact_id})
    languages = {each.language for each in copies} | {who.language for who in persons.values()}
    read = compositions_of(conn, messages, house.identity, languages=languages)
    words = {
        copy_id: said
        for message_id, compiled in read.items()
        for copy_id, said in _rendered(
            conn,
            compiled,
            [each for each in copies if each.message_id == message_id],
            persons,
            house,
            now,
        )
    }
    for copy in copies:
        subject, text = words.get(copy.id, ("", ""))
        kind = "automatic" if copy.kind in BY_RULE else "sent"
        yield Turn(
            kind="answer" if copy.answer_id else kind,
            at=copy.written_at or copy.changed_at,
            channel=copy.channel,
            text=text,
            subject=subject,
            title=copy.title or "",
            alert_id=copy.alert_id,
            status=Status(copy.status),
            reason=copy.reason,
            by=known.get(f"organizer:{copy.written_by}", ""),
            paused=_why_paused(copy),
            waits=copy.status == Status.PENDING and bool(copy.hours),
            id=copy.id,
        )


def _why_paused(copy: Row[*tuple[Any, ...]]) -> str:
    held = copy.answer_id and copy.message_status == MessageStatus.PAUSED
    return (copy.paused_because or PAUSED) if held else ""


def _rendered(
    conn: Connection,
    compiled: Compositions,
    copies: Sequence[Row[*tuple[Any, ...]]],
    persons: Mapping[int, recording.Person],
    house: HouseRules,
    now: datetime,
) -> Iterable[tuple[int, tuple[str, str]]]:
    """Each copy's subject and words as its person got them, but for their own address in it.

    Whoever knows that address acts as them; an organizer needs none. Words that are kept no longer are "".
    """
    for channel in Channel:
        claims = [
            Claim(each.id, 1, each.contact_id, each.address or "", each.language, persons[who])
            if (who := each.contact_id) in persons
            else Claim(each.id, 1, None, each.address or "", each.language)
            for each in copies
            if each.channel == channel
        ]
        told = composing.look_up(conn, claims, compiled, now=now) if claims else {}
        for ready in composing.compose(claims, channel, compiled, told, house.identity, now):
            yield ready.claim.delivery_id, _shown(ready, house)


def _shown(ready: Ready, house: HouseRules) -> tuple[str, str]:
    """Subject and words, with a dot where what is theirs alone stands in an address."""
    item, secret, number = ready.item, house.identity.secret, ready.claim.delivery_id
    if isinstance(item, Text):
        body = item.body.replace(links.proof_token(secret, number), "…")
        return "", body.replace(links.person_token(secret, number), "…")
    if isinstance(item, Email):
        values = {**item.values, TOKEN: "…", PROOF: "…"}
        return fill(item.words.subject, values), fill(item.words.text, values)
    return "", ""


def _said(
    conn: Connection, reply: Listed, within: Within, known: Mapping[str, str], now: datetime
) -> Iterable[Turn]:
    newest = _newest_words(as_key(within), known=bool(reply.contact_id))
    rows = conn.execute(newest, _whose(reply)).all()
    told = suggested(conn, [row.id for row in rows], now)
    mails = threads.mails_of(conn, [row.id for row in rows])
    for row in rows:
        mail = mails.get(row.id)
        yield Turn(
            kind="said",
            at=row.received_at,
            channel=row.channel,
            text=row.body,
            by=known.get(row.handled_by, row.handled_by),
            reply_id=row.id,
            verdict=row.verdict,
            suggested=told.get(row.id),
            id=row.id,
            subject=mail.subject if mail else "",
            attached=mail.attachments if mail else (),
        )


@lru_cache
def _newest_words(within: tuple[int, ...] | None, *, known: bool) -> Select[*tuple[Any, ...]]:
    mine = or_(_HERE, Reply.contact_id == bindparam("person")) if known else _HERE
    newest = select(Reply).where(mine).order_by(Reply.id.desc()).limit(NEWEST_WORDS)
    return visible(newest, within)


def _calls(
    conn: Connection, reply: Listed, within: Within, language: str, now: datetime
) -> Iterable[Turn]:
    """What came of their calls, with what they noted."""
    if reply.contact_id is None:
        return
    rows = conn.execute(_newest_calls(as_key(within)), {"person": reply.contact_id}).all()
    offices = targets_by_key(conn, {row.target for row in rows} - {""}, now=now)
    called = {each.key: known_as(each, language) for each in offices}
    for row in rows:
        yield Turn(
            kind="call",
            at=row.at,
            channel=row.channel,
            text=row.note,
            title=called.get(row.target, ""),
            alert_id=row.alert_id,
            outcome=row.outcome,
            id=row.id,
        )


@lru_cache
def _newest_calls(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    return (
        select(Response, Alert.id.label("alert_id"))
        .join(Alert, Alert.action_id == Response.action_id)
        .join(Message, Message.id == Alert.message_id)
        .where(Response.contact_id == bindparam("person"), owned(Message.project_id, within))
        .order_by(Response.at.desc(), Response.id.desc())
        .limit(NEWEST_CALLS)
    )


def _person(conn: Connection, reply: Listed, within: Within, house: HouseRules) -> Person | None:
    """Who they are, for those who may see their page."""
    if reply.contact_id is None:
        return None
    seen = _if_seen(as_key(within))
    contact = conn.execute(seen, {"person": reply.contact_id}).one_or_none()
    if contact is None:
        return None
    scopes = scopes_of(conn, contact.id, within)
    return Person(
        contact_id=contact.id,
        name=reply.name,
        language=contact.language,
        place=" ".join(each for each in (contact.city, contact.state, contact.zip) if each),
        projects=projects_of(conn, contact.id, within),
        addresses=addresses_of(conn, contact.id, scopes, house.countries),
    )


@lru_cache
def _if_seen(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    return select(Contact).where(Contact.id == bindparam("person"), people(within))


def _page(conn: Connection, reply_id: int, within: Within, language: str) -> Page | None:
    """The alert they most likely answer."""
    given = {"reply": reply_id, "spoken": language}
    row = conn.execute(_answered(as_key(within)), given).one_or_none()
    return Page(row.title or "", row.id, row.slug) if row else None


@lru_cache
def _answered(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    return (
        select(AlertText.title, Alert.id, Alert.slug)
        .select_from(Reply)
        .join(Message, Message.id == Reply.message_id)
        .join(Alert, Alert.message_id == func.coalesce(Message.part_of, Message.id))
        .outerjoin(AlertText, _in_language())
        .where(Reply.id == bindparam("reply"), owned(Message.project_id, within))
    )


def neighbours(listed: Sequence[Listed], reply_id: int) -> tuple[int | None, int | None]:
    """The replies that stand before and after one in a list; of one that is not in it, the first after."""
    ids = [each.id for each in listed]
    if reply_id not in ids:
        return None, ids[0] if ids else None
    at = ids.index(reply_id)
    return (ids[at - 1] if at else None), (ids[at + 1] if at + 1 < len(ids) else None)
