"""Write a message down, launch it, pause it, stop it, and cancel what has not left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, delete, insert, select, update

from contacts import countries
from contacts.countries import AT_HOME
from database import locking
from database.jobs import Jobs
from messages import audience as audiences
from messages import budgets, counts, own_hour
from messages.audience import EVERYBODY, Audience
from messages.batches import finish_if_done
from messages.calling_off import LIVE, cancel
from messages.eligibility import EXEMPT_KINDS
from messages.hours import Hours
from messages.hours import write as write_hours
from messages.models import (
    Batch,
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    MessageText,
    Reach,
    Status,
)
from messages.own_hour import OwnHour

PRIORITY = {
    MessageKind.REPLY: 0,
    MessageKind.CONFIRMATION: 0,
    MessageKind.ANSWER: 0,
    MessageKind.TRIAL: 0,
    MessageKind.ALERT: 20,
    MessageKind.CAMPAIGN: 40,
}
PAUSED_BY_COMMITTEE = "The committee has paused its part."
AT_ONCE = 5_000  # copies called off in the transaction that ends their message; a tenth of a second


class NoSuchMessage(LookupError):
    """There is no message with this number."""


class NotNow(Exception):
    """A message in its present state cannot be launched, paused, resumed, undone or stopped."""


@dataclass(frozen=True, slots=True)
class Words:
    """A message's words in one language; an empty text means that channel is not written."""

    sms: str = ""
    subject: str = ""
    body: str = ""  # Markdown


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as its author has it in mind."""

    texts: Mapping[str, Words]  # by language
    audience: Audience = EVERYBODY
    kind: MessageKind = MessageKind.ALERT
    reach: Reach = Reach.BOTH
    project_id: int | None = None  # None = the network's
    action_id: int | None = None
    default_language: str = "en"
    hours: Hours | None = None  # None: texts may arrive at any hour
    weekly_cap: int | None = None
    merge_defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    countries: Sequence[str] = AT_HOME  # whose numbers may be texted
    budget_cents: int = 0  # what its texts may cost; 0 = no limit
    segments: int = 1  # the most any language's text takes
    begins_at: datetime | None = None  # nothing leaves earlier; None: once undo is over
    expires_at: datetime | None = None
    priority: int | None = None
    sms_sender: str = ""
    email_sender: str = ""
    created_by: str = ""
    key: str | None = None
    part_of: int | None = None  # the network's message whose part this is
    own_hour: OwnHour | None = None  # each copy waits for it where it goes
    urgent: bool = False  # lives are at stake: no warm-up of its sender's domain holds it


def locked(conn: Connection, message_id: int) -> Row[int, str, int, datetime | None]:
    """Keep a message's row from whoever else would change it, until the transaction ends.

    Raises NoSuchMessage.
    """
    message = conn.execute(
        select(Message.id, Message.status, Message.priority, Message.starts_at)
        .where(Message.id == message_id)
        # Not the key: whoever adds a row that refers to this message need not wait for us.
        .with_for_update(key_share=True)
    ).one_or_none()
    if message is None:
        raise NoSuchMessage(f"there is no message {message_id}")
    return message


def create(conn: Connection, draft: Draft, *, now: datetime) -> int:
    """Store a draft; return the message's id."""
    values: dict[str, Any] = {
        "kind": draft.kind,
        "status": MessageStatus.DRAFT,
        "confirmed": 0,
        "expected": 0,
        "expanded_to": 0,
        "paused_because": "",
        "created_by": draft.created_by,
        "launched_by": "",
        "created_at": now,
        "key": draft.key,
        "part_of": draft.part_of,
        **_changeable(draft),
    }
    message_id = conn.execute(insert(Message).values(values).returning(Message.id)).scalar_one()
    _write_texts(conn, message_id, draft.texts)
    return message_id


def rewrite(conn: Connection, message_id: int, draft: Draft) -> None:
    """Replace everything an author may change of a draft. Raises NotNow once it is launched."""
    message = locked(conn, message_id)
    if message.status != MessageStatus.DRAFT:
        raise NotNow("this message has been launched; its text can no longer be changed")
    conn.execute(update(Message).where(Message.id == message_id).values(_changeable(draft)))
    conn.execute(delete(MessageText).where(MessageText.message_id == message_id))
    _write_texts(conn, message_id, draft.texts)


def reword(conn: Connection, message_id: int, language: str, changed: Mapping[str, str]) -> None:
    """Change some words of a draft in one language; the caller holds the message and knows that it is one."""
    mine = (MessageText.message_id == message_id, MessageText.language == language)
    conn.execute(update(MessageText).where(*mine).values(changed))


def queue(
    conn: Connection,
    jobs: Jobs,
    message_id: int,
    *,
    confirmed: int,
    launched_by: str,
    undo_seconds: int,
    now: datetime,
) -> None:
    """Launch: from this commit on the message will be sent, nothing before the undo window and its beginning.

    ``confirmed`` is the number of people the launcher confirmed. Raises NotNow unless it is a draft,
    and Locked while everything is.
    """
    locking.require_unlocked(conn)
    message = locked(conn, message_id)
    if message.status != MessageStatus.DRAFT:
        raise NotNow("this message has already been launched")
    begins_at = conn.scalar(select(Message.begins_at).where(Message.id == message_id))
    undone_until = now + timedelta(seconds=undo_seconds)
    conn.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(
            status=MessageStatus.SENDING,
            confirmed=confirmed,
            launched_by=launched_by,
            launched_at=now,
            starts_at=max(undone_until, begins_at or undone_until),
        )
    )
    jobs.enqueue(conn, "expand", message_id, priority=message.priority)


def pause(conn: Connection, message_id: int, *, because: str = "") -> None:
    """Stop claiming until somebody resumes; ``because`` is shown when it was not a person."""
    message = locked(conn, message_id)
    if message.status != MessageStatus.SENDING:
        raise NotNow(
            f"only a message that is being sent can be paused; this one is {message.status}"
        )
    _set_status(conn, message_id, MessageStatus.PAUSED, paused_because=because)


def pause_all(
    conn: Connection,
    because: str,
    *,
    among: Sequence[MessageStatus] = (MessageStatus.SENDING,),
    but: Sequence[MessageKind] = (),
) -> int:
    """Pause every message in these statuses but those of some kinds; return how many.

    A committee's own pause is told as well, and outlasts a resume of the whole.
    """
    both = Message.paused_because.endswith(PAUSED_BY_COMMITTEE)
    why = case((both, f"{because} {PAUSED_BY_COMMITTEE}"), else_=because)
    paused = update(Message).where(Message.status.in_(among), Message.kind.not_in(but))
    return conn.execute(paused.values(status=MessageStatus.PAUSED, paused_because=why)).rowcount


def resume(conn: Connection, jobs: Jobs, message_id: int, *, now: datetime) -> None:
    """Go on sending; and with it the answers that were paused, which have no button of their own.

    Raises NotNow for one that is not paused, and Locked while everything is.
    """
    locking.require_unlocked(conn)
    message = _locked_with_batches(conn, message_id)
    if message.status != MessageStatus.PAUSED:
        raise NotNow(f"only a paused message can be resumed; this one is {message.status}")
    answers = select(Message.id).where(
        Message.status == MessageStatus.PAUSED,
        Message.kind.in_(EXEMPT_KINDS),
        Message.id != message_id,
    )
    for paused in [message_id, *conn.scalars(answers.order_by(Message.id))]:
        _set_status(conn, paused, MessageStatus.SENDING, paused_because="")
        _open_batches_due(conn, jobs, paused, now)
        finish_if_done(conn, paused, now=now)  # nobody in it may be left who could be sent anything
    jobs.enqueue(conn, "expand", message_id, priority=message.priority)


def set_budget(conn: Connection, jobs: Jobs, message_id: int, cents: int, *, now: datetime) -> None:
    """Let a message's texts cost so much; one that waits for nothing else goes on.

    Raises NotNow, and Locked while everything is.
    """
    locking.require_unlocked(
        conn
    )  # before any row is ours: whoever locks everything takes them after
    message = _locked_with_batches(conn, message_id)
    if message.status not in LIVE:
        raise NotNow(f"there is nothing to pay for; this message is {message.status}")
    columns = select(Message.budget_cents, Message.paused_because).where(Message.id == message_id)
    before, because = conn.execute(columns).one()
    conn.execute(update(Message).where(Message.id == message_id).values(budget_cents=cents))
    if because == budgets.because(before):
        resume(conn, jobs, message_id, now=now)


def recall(conn: Connection, message_id: int, status: MessageStatus) -> bool:
    """Let a finished message count as paused or stopped, because others hang on it; whether it was finished."""
    mine = (Message.id == message_id, Message.status == MessageStatus.FINISHED)
    return bool(conn.execute(update(Message).where(*mine).values(status=status)).rowcount)


def undo(conn: Connection, message_id: int, *, now: datetime) -> int:
    """Take a launch back before anything has left; return how many copies were called off."""
    message = _locked_with_batches(conn, message_id)
    if message.status not in LIVE:
        raise NotNow(f"there is nothing to undo; this message is {message.status}")
    if message.starts_at is None or now >= message.starts_at:
        raise NotNow("the undo time is over; stop the message to call off what has not left")
    called_off = _end(conn, message_id, MessageStatus.STOPPED, Status.STOPPED, "undone", now)
    # ``now`` is when the button was pressed. Whoever claimed before we held the rows was faster.
    if counts.gone_out(conn, message_id):
        raise NotNow("the first copies have left; stop the message to call off the others")
    return called_off


def stop(conn: Connection, message_id: int, *, now: datetime) -> int:
    """Call off everything that has not left; return how many copies that was.

    From this commit on nothing more of it is claimed. Where there are very many, senders write it
    into the rows batch by batch, so that nobody waits for a transaction over a million of them.
    """
    message = _locked_with_batches(conn, message_id)
    if message.status not in LIVE:
        raise NotNow(f"there is nothing to stop; this message is {message.status}")
    return _end(conn, message_id, MessageStatus.STOPPED, Status.STOPPED, "stopped", now)


def expire_due(conn: Connection, *, now: datetime) -> list[int]:
    """End the messages whose time has run out; return their ids."""
    due = select(Message.id).where(Message.status.in_(LIVE), Message.expires_at <= now)
    ended = []
    for message_id in list(conn.scalars(due.order_by(Message.id))):
        if _locked_with_batches(conn, message_id).status in LIVE:
            _end(conn, message_id, MessageStatus.EXPIRED, Status.EXPIRED, "expired", now)
            ended.append(message_id)
    return ended


def _changeable(draft: Draft) -> dict[str, Any]:
    priority = PRIORITY[draft.kind] if draft.priority is None else draft.priority
    return {
        "priority": priority,
        "reach": draft.reach,
        "project_id": draft.project_id,
        "action_id": draft.action_id,
        "audience": audiences.write(draft.audience),
        "scopes": audiences.consent_scopes(draft.audience),
        "default_language": draft.default_language,
        "hours": write_hours(draft.hours),
        "weekly_cap": draft.weekly_cap,
        "budget_cents": draft.budget_cents,
        "countries": countries.spelt(draft.countries),
        "merge_defaults": {lang: dict(held) for lang, held in draft.merge_defaults.items()},
        "segments": draft.segments,
        "begins_at": draft.begins_at,
        "own_hour": own_hour.write(draft.own_hour),
        "expires_at": draft.expires_at,
        "sms_sender": draft.sms_sender,
        "email_sender": draft.email_sender,
        "urgent": draft.urgent,
    }


def _write_texts(conn: Connection, message_id: int, texts: Mapping[str, Words]) -> None:
    rows = [
        {
            "message_id": message_id,
            "language": language,
            "sms": words.sms,
            "subject": words.subject,
            "body": words.body,
        }
        for language, words in texts.items()
    ]
    if rows:
        conn.execute(insert(MessageText), rows)


def _locked_with_batches(conn: Connection, message_id: int) -> Row[int, str, int, datetime | None]:
    """Lock a message against every claim, until the transaction ends.

    A sender locks its batch, then reads the message's status. So whoever claimed before us has
    committed and is counted, and whoever comes after us reads what we are about to write. Batches
    come first here as well: two who lock them in one order never wait for each other in a circle.
    """
    batches = select(Batch.id).where(Batch.message_id == message_id, Batch.open)
    conn.execute(batches.order_by(Batch.id).with_for_update()).all()
    return locked(conn, message_id)


def _set_status(conn: Connection, message_id: int, status: MessageStatus, **more: Any) -> None:
    conn.execute(update(Message).where(Message.id == message_id).values(status=status, **more))


def _end(
    conn: Connection,
    message_id: int,
    status: MessageStatus,
    copies: Status,
    reason: str,
    now: datetime,
) -> int:
    _set_status(conn, message_id, status, finished_at=now, paused_because="")
    waiting = counts.waiting(conn, message_id)
    if waiting <= AT_ONCE:
        return cancel(conn, [Delivery.message_id == message_id], copies, reason, now)
    conn.execute(
        update(Batch)
        .where(Batch.message_id == message_id, Batch.open, Batch.next_at > now)
        .values(next_at=now)
    )
    return waiting


def _open_batches_due(conn: Connection, jobs: Jobs, message_id: int, now: datetime) -> None:
    found = conn.execute(
        update(Batch)
        .where(Batch.message_id == message_id, Batch.open)
        .values(next_at=now)
        .returning(Batch.id, Batch.priority)
    ).all()
    for batch_id, priority in found:
        jobs.enqueue(conn, "send_batch", batch_id, priority=priority)
