"""What the page of a launched alert shows: the account of everybody, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from sqlalchemy import Connection, and_, func, select

from actions.addressing import official_short
from actions.targets import SWITCHBOARD, Role, Target, targets_by_key
from alerts.launching import Status, status
from contacts.models import Contact
from contacts.scope import people
from messages import budgets, complaints, doubts
from messages.complaints import Rate
from messages.connecting import CallTotals, call_totals
from messages.models import Delivery, Doubt, Message, MessageStatus
from messages.progress import Progress
from messages.unknowns import AGAIN
from organizers.roles import Within

UNKNOWNS = 50  # shown at most


@dataclass(frozen=True)
class UnknownCopy:
    """A copy whose provider's answer was lost: it may or may not have gone out."""

    delivery_id: int
    contact_id: int | None
    name: str
    channel: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Live:
    """An alert on its way."""

    status: Status
    unknowns: Sequence[UnknownCopy]
    doubtful: Sequence[Target]  # offices whose number several people found to be wrong
    connected: CallTotals  # calls that we put through
    mail: Rate  # how its emails fared at those who got them
    warning: str  # that too many marked its emails as spam, and that it goes on; "" = nothing of the kind

    @property
    def progress(self) -> Progress:
        """Its message's progress."""
        return self.status.progress

    def title(self, language: str) -> str:
        """Its title in a language, or in any."""
        titles = self.status.titles
        return titles.get(language) or next(iter(titles.values()), "")

    def doubtful_offices(self, language: str) -> list[str]:
        """Those offices as people know them; "" for the Capitol's switchboard."""
        return [known_as(target, language) for target in self.doubtful]

    @property
    def over(self) -> bool:
        """Whether nothing on this page will change any more, but for late receipts."""
        return self.progress.status in (
            MessageStatus.FINISHED,
            MessageStatus.STOPPED,
            MessageStatus.EXPIRED,
        )

    @property
    def paused(self) -> bool:
        """Whether something of it waits for somebody to let it go on."""
        return self.progress.status == MessageStatus.PAUSED

    @property
    def broke(self) -> bool:
        """Whether it waits for somebody to raise its budget."""
        cents = self.progress.budget_cents
        return cents > 0 and self.progress.paused_because == budgets.because(cents)

    @property
    def budget(self) -> str:
        """Its budget as people write it; "" for no limit."""
        return budgets.dollars(self.progress.budget_cents) if self.progress.budget_cents else ""

    def spent(self, cents_per_segment: Decimal) -> str:
        """What of it is spent, as people write it."""
        return budgets.dollars(round(self.progress.spent_segments * cents_per_segment))

    def cost_of_calls(self, cents_per_minute: Decimal) -> str:
        """What the calls that we put through cost, about, as people write it."""
        return budgets.dollars(round(self.connected.minutes * cents_per_minute))

    @property
    def may_send_again(self) -> bool:
        """Whether a person may approve one more send of what is unknown."""
        return self.progress.status in AGAIN

    def controls_state(self, now: datetime) -> str:
        """Names what the buttons show, for a page to tell which it has."""
        undoable = self.undo_seconds(now) > 0
        told = f"{self.progress.status} {undoable} {self.begins_later(now)} {self.progress.paused_because}"
        told += f" {self.progress.budget_cents} {self.warning}"
        return sha256(told.encode()).hexdigest()[:12]

    def begins_later(self, now: datetime) -> bool:
        """Whether it waits for a day and an hour that were chosen, rather than for the undo time."""
        begins_at = self.progress.begins_at
        return begins_at is not None and begins_at > now and not self.over

    def undo_seconds(self, now: datetime) -> int:
        """Seconds in which the launch can still be undone."""
        starts_at = self.progress.starts_at
        if starts_at is None or self.over:
            return 0
        return max(0, round((starts_at - now).total_seconds()))


def live(conn: Connection, alert_id: int, *, within: Within, now: datetime) -> Live:
    """Read how a launched alert is doing; people are named to their own projects' organizers.

    Raises NoSuchAlert.
    """
    stands = status(conn, alert_id, now=now)
    equation = stands.progress.equation
    lost = unknowns(conn, stands.progress.message_id, within) if equation.unknown else []
    doubtful = targets_by_key(conn, stands.totals.doubtful_targets, now=now)
    message_id = stands.progress.message_id
    mail = sum(complaints.rates(conn, _parts(conn, message_id)).values(), Rate())
    minded = complaints.urgent_ones(conn, [message_id]).get(message_id)
    warning = minded.warning if minded else ""
    return Live(stands, lost, doubtful, call_totals(conn, stands.action_id), mail, warning)


def _parts(conn: Connection, message_id: int) -> list[int]:
    """A message, and the committees' parts of it."""
    parts = select(Message.id).where(Message.part_of == message_id)
    return [message_id, *conn.scalars(parts)]


def known_as(target: Target, language: str) -> str:
    """An office as people know it: "Rep. Rivera (MA-5)", or where an empty seat is."""
    place = target.institution or _seat(target)
    if not target.name:
        return place if target.key != SWITCHBOARD else ""
    name = official_short(target, language)
    return f"{name} ({place})" if place else name


def _seat(target: Target) -> str:
    """As people write a seat: MA-5, AK-AL for a whole state, MA for a senator of it."""
    if target.district is None or target.role == Role.DELEGATE:
        return target.state or target.key
    return f"{target.state}-{target.district or 'AL'}"


def unknowns(conn: Connection, message_id: int, within: Within) -> list[UnknownCopy]:
    """The first copies of a message that are unknown, of people whom these projects' organizers may see."""
    name = func.trim(Contact.given_name + " " + Contact.family_name)
    statement = (
        select(
            Delivery.id,
            Delivery.contact_id,
            name,
            Delivery.channel,
            Delivery.reason,
            Delivery.changed_at,
        )
        # By the open doubts, which are few: no index finds a message's unknown copies. Nor is one to be
        # looked for: in the order of deliveries, or of a message's, SQLite would go through them all.
        .join(Doubt, and_(*doubts.open_doubts()))
        .outerjoin(Contact, Contact.id == Delivery.contact_id)
        .where(Delivery.message_id + 0 == message_id)
        .order_by(Doubt.delivery_id)
        .limit(UNKNOWNS)
    )
    statement = statement.where(people(within, Delivery.contact_id.expression))
    rows = conn.execute(statement)
    return [UnknownCopy(row[0], row[1], row[2] or "", *row[3:]) for row in rows]
