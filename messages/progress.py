"""Where a message stands: the equation that proves that nobody was skipped in silence.

**eligible = delivered + sent + held + waiting + being called off + on the wire + skipped + failed +
unknown + stopped + expired**, in copies (a person with a phone and an email may get two). *Eligible* is counted from
the audience while it is expanded, everything else from what became of each row: when the two sides
differ, somebody was lost, and the screen says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from contacts.models import Channel
from messages import budgets, counts, hours
from messages.calling_off import LIVE, leftover
from messages.control import NoSuchMessage
from messages.models import Message, MessageStatus, Status
from messages.zones import Zones

SENT = (Status.ACCEPTED, Status.QUEUED, Status.SENT)
FAILED = (Status.UNDELIVERED, Status.FAILED)


@dataclass(frozen=True, slots=True)
class Equation:
    """Both sides of the account, in copies."""

    eligible: int = 0  # people in the audience times channels, counted from the audience
    delivered: int = 0  # confirmed by the carrier or the receiving server
    sent: int = 0  # taken by the provider, not confirmed yet
    held: int = 0  # wait for their own morning
    waiting: int = 0  # wait for their turn
    calling_off: int = 0  # their message has ended; they will not leave, and soon say so themselves
    sending: int = 0  # on the wire
    skipped: Mapping[str, int] = field(default_factory=dict)  # by reason
    failed: Mapping[str, int] = field(default_factory=dict)  # by code
    unknown: int = 0  # the answer was lost
    stopped: int = 0
    expired: int = 0

    def __add__(self, other: Equation) -> Equation:
        """Both accounts in one."""
        summed: dict[str, Any] = {
            each.name: _sum(getattr(self, each.name), getattr(other, each.name))
            for each in fields(self)
        }
        return Equation(**summed)

    @property
    def accounted(self) -> int:
        """The right-hand side."""
        return (
            self.delivered
            + self.sent
            + self.held
            + self.waiting
            + self.calling_off
            + self.sending
            + sum(self.skipped.values())
            + sum(self.failed.values())
            + self.unknown
            + self.stopped
            + self.expired
        )

    @property
    def balanced(self) -> bool:
        """Whether everybody is accounted for."""
        return self.eligible == self.accounted

    @property
    def gone_out(self) -> int:
        """Copies a provider has taken."""
        return self.delivered + self.sent


@dataclass(frozen=True, slots=True)
class Progress:
    """A message's progress at one moment."""

    message_id: int
    status: MessageStatus
    expanded: bool  # everybody has a row; before that, eligible still grows
    equation: Equation
    channels: Mapping[Channel, Equation]  # eligible of a channel = its rows
    openings: Mapping[datetime, int]  # held copies by the hour at which they go
    confirmed: int
    launched_at: datetime | None
    begins_at: datetime | None  # chosen; None = as soon as undo is over
    starts_at: datetime | None
    expires_at: datetime | None
    finished_at: datetime | None
    paused_because: str
    budget_cents: int  # 0 = no limit
    spent_segments: int  # of its budget, where it has one


def whole(root: Progress, parts: Sequence[Progress]) -> Progress:
    """An alert that several committees send, as one: the sum of its parts.

    It is being sent for as long as any part is.
    """
    every = [root, *parts]
    statuses = {each.status for each in every}
    live = [status for status in LIVE if status in statuses]
    openings: Counter[datetime] = Counter()
    channels: dict[Channel, Equation] = {}
    for each in every:
        openings.update(each.openings)
        for channel, equation in each.channels.items():
            channels[channel] = channels.get(channel, Equation()) + equation
    return replace(
        root,
        status=live[0] if live else root.status,
        expanded=all(each.expanded for each in every),
        equation=sum((each.equation for each in parts), root.equation),
        channels=channels,
        openings=dict(sorted(openings.items())),
        confirmed=sum(each.confirmed for each in every),
        finished_at=None if live else root.finished_at,
        paused_because=next((each.paused_because for each in every if each.paused_because), ""),
    )


def _sum(mine: Any, theirs: Any) -> Any:
    if isinstance(mine, int):
        return mine + theirs
    return dict(sorted((Counter(mine) + Counter(theirs)).items()))


def progress(conn: Connection, message_id: int, *, now: datetime) -> Progress:
    """Read a message's progress. Raises NoSuchMessage."""
    found = progress_of(conn, [message_id], now=now)
    if not found:
        raise NoSuchMessage(f"there is no message {message_id}")
    return found[0]


_CHOSEN = (
    select(Message)
    .where(Message.id.in_(bindparam("messages", expanding=True)))
    .order_by(Message.id)
)
_ROOTS = select(Message.id, func.coalesce(Message.part_of, Message.id)).where(
    or_(
        Message.id.in_(bindparam("messages", expanding=True)),
        Message.part_of.in_(bindparam("messages", expanding=True)),
    )
)


def progress_of(conn: Connection, message_ids: Collection[int], *, now: datetime) -> list[Progress]:
    """The same of many messages, in the order of their ids."""
    messages = conn.execute(_CHOSEN, {"messages": list(message_ids)}).all()
    kept: dict[int, dict[counts.Place, int]] = {}
    for place, count in counts.kept(conn, message_ids).items():
        kept.setdefault(place.message_id, {})[place] = count
    return [_progress(conn, each, kept.get(each.id, {}), now) for each in messages]


def _progress(
    conn: Connection, message: Row[Any], kept: Mapping[counts.Place, int], now: datetime
) -> Progress:
    openings = _openings(conn, message.hours, kept, now)
    ended = leftover(message.status) is not None
    held = {zone_set_id for zone_set_id, at in openings.items() if at > now and not ended}
    by_hour: Counter[datetime] = Counter()
    for key, count in kept.items():
        if _is_held(key, held):
            by_hour[openings[key.zone_set_id]] += count
    return Progress(
        message_id=message.id,
        status=MessageStatus(message.status),
        expanded=message.expanded_at is not None,
        equation=_equation(message.expected, kept, held, ended=ended),
        channels=_by_channel(kept, held, ended=ended),
        openings=dict(sorted(by_hour.items())),
        confirmed=message.confirmed,
        launched_at=message.launched_at,
        begins_at=message.begins_at,
        starts_at=message.starts_at,
        expires_at=message.expires_at,
        finished_at=message.finished_at,
        paused_because=message.paused_because,
        budget_cents=message.budget_cents,
        spent_segments=budgets.spent(conn, message.part_of or message.id)
        if message.budget_cents
        else 0,
    )


def copies_taken(conn: Connection, message_ids: Collection[int]) -> dict[int, int]:
    """How many copies of each of these messages, their parts' among them, a provider has taken."""
    if not message_ids:
        return {}
    roots = dict(conn.execute(_ROOTS, {"messages": list(message_ids)}).all())
    found: Counter[int] = Counter()
    for place, count in counts.kept(conn, roots).items():
        found[roots[place.message_id]] += count if place.status in (*SENT, Status.DELIVERED) else 0
    return found


def _openings(
    conn: Connection,
    stored_hours: Mapping[str, str],
    kept: Mapping[counts.Place, int],
    now: datetime,
) -> dict[int, datetime]:
    """When each zone set with waiting texts opens."""
    window = hours.read(stored_hours)
    if window is None:
        return {}
    zones = Zones()
    waiting = {key.zone_set_id for key in kept if key.zone_set_id and key.channel == Channel.SMS}
    return {key: zones.opening(conn, key, window, now) for key in waiting}


def _is_held(key: counts.Place, held: set[int]) -> bool:
    return key.status == Status.PENDING and key.channel == Channel.SMS and key.zone_set_id in held


def _by_channel(
    kept: Mapping[counts.Place, int], held: set[int], *, ended: bool
) -> dict[Channel, Equation]:
    found = {}
    for channel in Channel:
        mine = {key: count for key, count in kept.items() if key.channel == channel}
        if mine:
            found[channel] = _equation(sum(mine.values()), mine, held, ended=ended)
    return found


def _equation(
    eligible: int, kept: Mapping[counts.Place, int], held: set[int], *, ended: bool
) -> Equation:
    by_status: Counter[int] = Counter()
    skipped: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    holding = 0
    for key, count in kept.items():
        by_status[key.status] += count
        if _is_held(key, held):
            holding += count
        if key.status == Status.SKIPPED:
            skipped[key.reason] += count
        if key.status in FAILED:
            failed[key.reason] += count
    return Equation(
        eligible=eligible,
        delivered=by_status[Status.DELIVERED],
        sent=sum(by_status[status] for status in SENT),
        held=holding,
        waiting=0 if ended else by_status[Status.PENDING] - holding,
        calling_off=by_status[Status.PENDING] if ended else 0,
        sending=by_status[Status.SENDING],
        skipped=dict(sorted(skipped.items())),
        failed=dict(sorted(failed.items())),
        unknown=by_status[Status.UNKNOWN],
        stopped=by_status[Status.STOPPED],
        expired=by_status[Status.EXPIRED],
    )
