"""What may a window of emails take beside its pace? Not what a new domain may not send today, nothing of a
sender that too many complained of, and of each mailbox provider only what its gate lets through.

Rows are locked in one order by every claim: the day of the sender's domain, then the gates, then copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, bindparam, case, literal_column

from contacts.models import Channel
from messages import complaints, mail_gates, volumes
from messages.mail_gates import Gate
from messages.mailboxes import domain_in, domains_of, sender_domain
from messages.models import Delivery, MessageKind
from messages.providers.provider import Misconfigured, NotSent, Rejected
from messages.recording import Done
from messages.volumes import Today, WarmUp

Chosen = list[Any]  # a copy as ``claims`` chooses it
ADDRESS = 3  # its place there
BULK = (
    MessageKind.ALERT,
    MessageKind.CAMPAIGN,
)  # what warm-up and gates hold; answers always leave


@dataclass(frozen=True, slots=True)
class MailLimits:
    """What limits one window; nothing where it is of texts."""

    copies: int  # that may leave at all
    ready_at: datetime | None = None  # when copies may leave again, where none may now
    held: str = ""  # why nothing may, until a person has looked
    gates: Sequence[Gate] = ()
    closed: tuple[str, ...] = ()  # domains whose gates let nothing through now

    def opens_at(self, domain: str, now: datetime) -> datetime:
        """When copies to a domain may leave again, as far as gates go."""
        mine = [gate for gate in self.gates if domain in domains_of(gate.mailbox)]
        return max((gate.opens_at for gate in mine), default=now)


def limits_of(
    conn: Connection, batch: Row[Any], copies: int, rule: WarmUp, now: datetime
) -> MailLimits:
    """What limits the next window of a batch, of which pace lets through so many copies."""
    kind = MessageKind(batch.kind)
    if batch.channel != Channel.EMAIL or kind not in BULK:
        return MailLimits(copies)
    if kind is MessageKind.CAMPAIGN:
        holds = complaints.held(conn, [sender_domain(batch.email_sender)])
        if holds:
            return MailLimits(0, held=holds[0].because)
    left = None if batch.urgent else _left_today(conn, batch, rule, now)
    if left is not None and left.left == 0:
        return MailLimits(0, ready_at=left.resumes_at)
    gates = mail_gates.in_force(conn, now=now, lock=True)
    closed = [each for gate in gates if not gate.allowed(now) for each in domains_of(gate.mailbox)]
    most = copies if left is None or left.left is None else min(copies, left.left)
    return MailLimits(most, gates=gates, closed=tuple(closed))


def _left_today(conn: Connection, batch: Row[Any], rule: WarmUp, now: datetime) -> Today | None:
    """How far its domain is today, where that limits it; locked, so that nobody passes it beside us."""
    seen = volumes.today(conn, batch.email_sender, rule, now=now)
    if seen.most is None:
        return None
    return volumes.today(conn, batch.email_sender, rule, now=now, lock=True)


def not_closed(dialect: str) -> ColumnElement[bool]:
    """That a copy does not go to one of the domains in the parameter ``closed``."""
    domain = domain_in(dialect, Delivery.address.expression)
    return domain.not_in(bindparam("closed", expanding=True))


def behind(dialect: str, limits: MailLimits) -> ColumnElement[str]:
    """The domain whose closed gate a copy waits for; "" for one that waits for none."""
    if not limits.closed:
        return literal_column("''", Text)
    domain = domain_in(dialect, Delivery.address.expression)
    return case((domain.in_(limits.closed), domain), else_="")


def let_through(
    conn: Connection, limits: MailLimits, chosen: Sequence[Chosen], now: datetime
) -> Sequence[Chosen]:
    """Which of the chosen copies may leave now; their gates are used for them.

    What may not leave at all is let through as well: it is to be written down as such.
    """
    if not limits.gates:
        return chosen
    may, taken = mail_gates.within([row[ADDRESS] for row in chosen], limits.gates, now=now)
    mail_gates.use(conn, limits.gates, taken, now=now)
    return [row for row, leaves in zip(chosen, may, strict=True) if leaves]


def note_answers(conn: Connection, batch: Row[Any], done: Sequence[Done], now: datetime) -> None:
    """Before a window is recorded: close gates, and take what did not leave from the day's volume."""
    if batch.channel != Channel.EMAIL or MessageKind(batch.kind) not in BULK:
        return
    unsent = [
        item.claim.address
        for item in done
        if isinstance(item.outcome, NotSent | Misconfigured | Rejected)
    ]
    volumes.count(conn, batch.email_sender, unsent=unsent, now=now)
    mail_gates.note(
        conn,
        [
            (item.claim.address, item.outcome.deferral)
            for item in done
            if isinstance(item.outcome, NotSent)
        ],
        now=now,
    )


def note_claims(conn: Connection, batch: Row[Any], addresses: Sequence[str], now: datetime) -> None:
    """Count copies that are about to leave."""
    if batch.channel == Channel.EMAIL and MessageKind(batch.kind) in BULK:
        volumes.count(conn, batch.email_sender, claimed=addresses, now=now)
