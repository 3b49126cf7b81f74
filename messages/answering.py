"""An organizer answers one person who wrote: once, and not past what others said meanwhile.

Such an answer is a message of its own with one copy, so that queue, claim, receipts and account are those of
everything we send. Whoever may write may answer: it goes to one person, who asked for it by writing. Whether
they may be answered, and when, is for ``messages/conversing.py`` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from contacts.models import Channel, Contact
from database import locking
from database.jobs import Jobs
from messages import caring, control, sms, threads
from messages.adding import add_copy, begin_empty
from messages.caring import Act
from messages.control import Draft, NotNow, Words
from messages.conversing import (
    GIVEN,
    Talk,
    Way,
    leaves,
    same_address,
    same_owner,
    talk_with,
    ways_in,
)
from messages.hours import write as write_hours
from messages.house import HouseRules
from messages.inbox_models import WrittenAnswer
from messages.models import (
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    MessageText,
    Reach,
    Reply,
    Status,
)
from messages.templates import BadTemplate, clean_value, compile_text
from representatives.timezones import zone_set

UNDO = timedelta(seconds=10)
FIRST_NAME = "first_name"
LONGEST_EMAIL = 10_000
NOT_SENT = (Status.UNDELIVERED, Status.FAILED, Status.SKIPPED, Status.STOPPED, Status.EXPIRED)
REACH = {Channel.SMS: Reach.SMS, Channel.EMAIL: Reach.EMAIL}


class BadAnswer(ValueError):
    """An answer that cannot be sent as it is; the message says what to do."""


class MayNotAnswer(Exception):
    """Nothing may be sent to this address; its ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AnsweredMeanwhile(Exception):
    """Somebody answered, or they wrote again, since you opened this. Read it below, then send or change yours."""


class AlreadyAnswered(Exception):
    """This answer is on its way already."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An answer as its organizer has typed it."""

    words: str
    channel: str
    key: str  # of the form
    seen: str  # what its organizer had seen of the conversation, see ``seen_so_far``
    by: int  # an organizer's number
    within: Sequence[int] = ()  # the projects in which they write


def seen_so_far(conn: Connection, reply_id: int) -> str:
    """What stands in a conversation by now: changes with each answer written and each word they send."""
    reply = conn.execute(_FROM, {"reply": reply_id}).one_or_none()
    if reply is None:
        return ""
    here = {"channel": reply.channel, "address": reply.address}
    last, mine = conn.scalar(_LAST_WORD, here), conn.scalar(_LAST_ANSWER, here)
    return f"{last or 0}.{mine or 0}"


_FROM = select(Reply.channel, Reply.address).where(Reply.id == bindparam("reply"))
_LAST_WORD = select(func.max(Reply.id)).where(*same_address(GIVEN))
_LAST_ANSWER = select(func.max(WrittenAnswer.id)).where(
    WrittenAnswer.reply_id.in_(select(Reply.id).where(*same_address(GIVEN))),
    WrittenAnswer.taken_back_at.is_(None),
)


def write_answer(
    conn: Connection,
    jobs: Jobs,
    reply_id: int,
    wanted: Wanted,
    house: HouseRules,
    *,
    now: datetime,
) -> int:
    """Queue an answer, and file what it answers; return its number.

    Raises AlreadyAnswered for a form that was sent before, AnsweredMeanwhile, BadAnswer and MayNotAnswer, and
    Locked while everything is.
    """
    locking.require_unlocked(conn)
    talk = talk_with(conn, reply_id)
    locking.take_turns(conn, [f"conversation:{talk.reply.channel}:{talk.reply.address}"])
    _require_new_form(conn, talk, wanted)
    if wanted.seen != seen_so_far(conn, reply_id):
        raise AnsweredMeanwhile(AnsweredMeanwhile.__doc__)
    way = _chosen(ways_in(conn, talk, house, now), wanted.channel)
    name = talk.contact.given_name if talk.contact else ""
    words = filled(wanted.words, name, longest=_longest(way.channel))
    message = _message(conn, talk, way, words, wanted, house, now)
    add_copy(
        conn,
        jobs,
        message,
        channel=way.channel,
        contact_id=talk.reply.contact_id,
        address=way.address,
        zone_set_id=zone_set(conn, talk.zones) if way.channel is Channel.SMS else None,
        language=message.default_language,
        now=now,
    )
    row = insert(WrittenAnswer).values(
        key=wanted.key,
        reply_id=reply_id,
        message_id=message.id,
        written_by=wanted.by,
        written_at=now,
    )
    answer_id: int = conn.execute(row.returning(WrittenAnswer.id)).scalar_one()
    _file(conn, talk, answer_id, by=message.created_by, now=now)
    return answer_id


def _require_new_form(conn: Connection, talk: Talk, wanted: Wanted) -> None:
    """A second press of the same button is no second answer; what differs from the first is no second press."""
    if not wanted.key:
        raise BadAnswer(
            "this form came back incomplete; your words are in a new one, send them again"
        )
    sent = (
        select(WrittenAnswer, MessageText.sms, MessageText.body)
        .join(MessageText, MessageText.message_id == WrittenAnswer.message_id)
        .where(WrittenAnswer.key == wanted.key)
    )
    row = conn.execute(sent).first()
    if row is None:
        return
    name = talk.contact.given_name if talk.contact else ""
    said = row.sms if wanted.channel == Channel.SMS else row.body
    first = (row.reply_id, row.written_by, row.taken_back_at, said)
    if first == (talk.reply.id, wanted.by, None, filled(wanted.words, name)):
        raise AlreadyAnswered(AlreadyAnswered.__doc__)
    raise AnsweredMeanwhile(AnsweredMeanwhile.__doc__)


def go_on(conn: Connection, jobs: Jobs, reply_id: int, house: HouseRules, *, now: datetime) -> None:
    """Send the answers of this conversation that were paused: by a lock, or by a provider that refused us.

    Each is looked at by somebody first, as nobody may know who wrote it while a stranger was in. When they may
    leave is asked anew. Raises NotNow where none is paused, and Locked while everything is.
    """
    locking.require_unlocked(conn)
    talk = talk_with(conn, reply_id)
    theirs = select(Reply.id).where(*same_address(talk.reply), same_owner(talk))
    paused = (
        select(Message.id, Message.reach)
        .join(WrittenAnswer, WrittenAnswer.message_id == Message.id)
        .where(WrittenAnswer.reply_id.in_(theirs), Message.status == MessageStatus.PAUSED)
    )
    rows = conn.execute(paused.order_by(Message.id)).all()
    if not rows:
        raise NotNow("no answer of this conversation is paused any more")
    for row in rows:
        if row.reach == Reach.SMS:
            window, expires_at = leaves(talk, Channel.SMS, house, now)
            again = {"hours": write_hours(window), "expires_at": expires_at}
            conn.execute(update(Message).where(Message.id == row.id).values(again))
        control.resume(conn, jobs, row.id, now=now)


def filled(words: str, first_name: str, *, longest: int = LONGEST_EMAIL) -> str:
    """Words with the person's own name in them. Raises BadAnswer."""
    try:
        compiled = compile_text(words, longest=longest)
    except BadTemplate as error:
        raise BadAnswer(str(error)) from error
    if compiled.fields - {FIRST_NAME}:
        raise BadAnswer("an answer knows one merge field only: {{ first_name }}")
    name = clean_value(first_name, 40) or compiled.defaults.get(FIRST_NAME, "")
    if compiled.fields and not name:
        raise BadAnswer("we do not know this person's first name; write the answer without it")
    pieces = [name if index % 2 else piece for index, piece in enumerate(compiled.pieces)]
    text = "".join(pieces).strip()
    if not text:
        raise BadAnswer("there is nothing to send yet; write your answer first")
    return text


def _chosen(found: Sequence[Way], channel: str) -> Way:
    way = next((each for each in found if each.channel == channel), None)
    if way is None:
        raise BadAnswer("there is no such way to answer this person; choose one of those shown")
    if way.refusal:
        raise MayNotAnswer(way.refusal)
    return way


def _longest(channel: Channel) -> int:
    return sms.LONGEST if channel is Channel.SMS else LONGEST_EMAIL


def _message(
    conn: Connection,
    talk: Talk,
    way: Way,
    words: str,
    wanted: Wanted,
    house: HouseRules,
    now: datetime,
) -> Row[Any]:
    """A message of one copy, from where theirs came; nothing of it leaves while it may be undone."""
    language = (talk.contact.language if talk.contact else "") or house.default_language
    source, leaves_at = talk.source, now + UNDO
    text = Words(sms=words)
    if way.channel is Channel.EMAIL:
        text = Words(subject=_subject(conn, talk, language, house), body=words)
    window, expires_at = leaves(talk, way.channel, house, leaves_at)
    theirs = next((each for each in talk.projects if each in wanted.within), None)
    draft = Draft(
        texts={language: text},
        kind=MessageKind.ANSWER,
        reach=REACH[way.channel],
        project_id=talk.owner if source else theirs,
        default_language=language,
        hours=window,
        expires_at=expires_at,
        segments=sms.segments(words) or 1,
        sms_sender=source.sms_sender if source else "",
        email_sender=source.email_sender if source else "",
        created_by=f"organizer:{wanted.by}",
        key=f"written:{wanted.key}",
    )
    message_id = begin_empty(conn, draft, now=now)
    mine = Message.id == message_id
    conn.execute(update(Message).where(mine).values(starts_at=leaves_at, scopes=talk.scopes))
    return conn.execute(select(Message).where(mine)).one()


def _subject(conn: Connection, talk: Talk, language: str, house: HouseRules) -> str:
    """That of their email, else of what they answered, as mail programs have it; else our name."""
    theirs, source = threads.subject_of(conn, talk.reply.id), talk.source
    if theirs or source is None:
        return theirs or house.identity.network
    told = select(MessageText.subject).where(
        MessageText.message_id == source.id, MessageText.language == language
    )
    subject = conn.scalar(told) or ""
    return f"Re: {subject}" if subject and "{{" not in subject else house.identity.network


def _file(conn: Connection, talk: Talk, answer_id: int, *, by: str, now: datetime) -> None:
    """What was answered waits for nobody any more: this reply, and what else came from there to the same project.

    While it is open whether one of them means stop, they all stay where that is seen.
    """
    reply_id = talk.reply.id
    was, others = caring.state(conn, reply_id), list[int]()
    if not caring.is_in_review(conn, reply_id):
        here = (*same_address(talk.reply), same_owner(talk), Reply.handled_at.is_(None))
        filed = update(Reply).where(*here).values(handled_at=now, handled_by=by).returning(Reply.id)
        others = sorted(each for each in conn.scalars(filed) if each != reply_id)
    for each in others:
        caring.put(conn, each, {"snoozed_until": None})
        caring.forget_undo(conn, each)
    caring.put(conn, reply_id, {"snoozed_until": None, "answering_by": None})
    before = {**was, "answer_id": answer_id, "others": others}
    caring.remember(conn, reply_id, Act.ANSWER, before, by=by, now=now)


def has_not_left() -> ColumnElement[bool]:
    """Of the copy of an answer nobody called back: that nothing of it leaves any more, or not by itself."""
    paused = and_(Message.status == MessageStatus.PAUSED, Delivery.status == Status.PENDING)
    return and_(WrittenAnswer.taken_back_at.is_(None), or_(paused, Delivery.status.in_(NOT_SENT)))


def called_back(conn: Connection, reply_id: int, organizer_id: int) -> str:
    """What this organizer's last answer to it said, if it was called back; else ""."""
    told = (
        select(WrittenAnswer.taken_back_at, MessageText.sms, MessageText.body)
        .join(MessageText, MessageText.message_id == WrittenAnswer.message_id)
        .where(WrittenAnswer.reply_id == reply_id, WrittenAnswer.written_by == organizer_id)
        .order_by(WrittenAnswer.id.desc())
        .limit(1)
    )
    row = conn.execute(told).one_or_none()
    return (row.sms or row.body) if row is not None and row.taken_back_at is not None else ""


def first_name_of(conn: Connection, reply_id: int) -> str:
    """The first name of whoever wrote; "" where we do not know it."""
    return conn.scalar(_FIRST_NAME, {"reply": reply_id}) or ""


_FIRST_NAME = (
    select(Contact.given_name)
    .join(Reply, Reply.contact_id == Contact.id)
    .where(Reply.id == bindparam("reply"))
)


def asked(conn: Connection, reply_id: int, house: HouseRules) -> tuple[str, str]:
    """What somebody wrote, and the language they are answered in."""
    told = select(Reply.body, Contact.language).outerjoin(Contact, Contact.id == Reply.contact_id)
    row = conn.execute(told.where(Reply.id == reply_id)).one()
    return row.body, row.language or house.default_language
