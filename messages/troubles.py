"""Which emails came back, and which were marked as spam: one line per copy and kind, as evidence.

A mailbox that is gone, and a complaint, forbid writing at once (``messages/receipts.py``). A mailbox that
stays full does so by the rule here, which a person may lift. What a server has against us does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    Text,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
)

from contacts import consent
from contacts.consent import lift
from contacts.ledger import LIFTED
from contacts.models import NETWORK, Address, AddressStanding, Channel, Consent, Standing
from database.handing import Handed
from database.upserts import insert_for
from messages.calling_off import cancel_pending
from messages.models import Delivery, Status
from messages.providers.provider import Trouble
from messages.reach_models import MailTrouble

SOFT_SOURCE = "soft_bounces"  # of the ledger's line; only such a refusal may be lifted
LOOK_BACK = timedelta(days=90)
NEW = Handed(
    "new",
    {
        "delivery_id": BigInteger(),
        "message_id": BigInteger(),
        "channel": Text(),
        "address": Text(),
        "kind": Text(),
        "code": Text(),
    },
)


@dataclass(frozen=True, slots=True)
class Noted:
    """A trouble of one copy."""

    delivery_id: int
    message_id: int
    address: str
    kind: Trouble
    code: str


@dataclass(frozen=True, slots=True)
class SoftRule:
    """When emails that came back count as a mailbox that no longer works."""

    emails: int = 3  # different ones; 0 = never
    over: timedelta = timedelta(days=7)  # between the first and the last at least


class NotSoft(ValueError):
    """Only a refusal that follows from emails that came back for a while may be lifted."""


def note(conn: Connection, troubles: Sequence[Noted], *, now: datetime) -> list[tuple[int, str]]:
    """Keep troubles, each once; return the message and the kind of those that were new."""
    if not troubles:
        return []
    email = Channel.EMAIL.value
    rows = sorted(
        (one.delivery_id, one.message_id, email, one.address, one.kind.value, one.code)
        for one in troubles
    )
    found = conn.execute(_keeping(conn.dialect.name), {**NEW.values(rows), "at": now})
    return [(row.message_id, row.kind) for row in found]


@cache
def _keeping(dialect: str) -> Executable:
    new = NEW.table(dialect)
    rows = select(*new.c, bindparam("at", type_=MailTrouble.at.type)).where(true())
    insert = insert_for(dialect, MailTrouble).from_select([*NEW.types, "at"], rows)
    kept = insert.on_conflict_do_nothing()
    return kept.returning(MailTrouble.message_id, MailTrouble.kind)


def refuse_worn_out(conn: Connection, rule: SoftRule, *, now: datetime) -> int:
    """Write no more to mailboxes from which emails keep coming back; return how many those are."""
    worn = worn_out(conn, rule, now=now)
    for address, times in worn:
        evidence = f"{times} different emails came back within {LOOK_BACK.days} days"
        consent.refuse(
            conn,
            Channel.EMAIL,
            address,
            standing=Standing.BOUNCED,
            source=SOFT_SOURCE,
            evidence=evidence,
            actor="llamado",
            now=now,
        )
        cancel_pending(
            conn, channel=Channel.EMAIL, address=address, reason=Standing.BOUNCED, now=now
        )
    return len(worn)


def worn_out(conn: Connection, rule: SoftRule, *, now: datetime) -> list[tuple[str, int]]:
    """The addresses that the rule refuses and that are not refused yet, with how many emails came back.

    Only what was said of the mailbox counts, such as that it is full: where we are blocked for our
    reputation, or a server is down, a whole provider's people come back. And only what came back since
    an email last arrived there, or somebody lifted such a refusal.
    """
    if not rule.emails:
        return []
    lifted = (
        select(func.max(Consent.at))
        .where(Consent.channel == MailTrouble.channel, Consent.address == MailTrouble.address)
        .where(Consent.source == LIFTED)
        .correlate(MailTrouble)
        .scalar_subquery()
    )
    arrived = (
        select(func.max(Delivery.changed_at))
        .join(Address, Address.contact_id == Delivery.contact_id)
        .where(Address.channel == MailTrouble.channel, Address.address == MailTrouble.address)
        .where(Delivery.channel == MailTrouble.channel, Delivery.address == MailTrouble.address)
        .where(Delivery.status == Status.DELIVERED)
        .correlate(MailTrouble)
        .scalar_subquery()
    )
    refused = select(literal(1)).where(
        AddressStanding.channel == MailTrouble.channel,
        AddressStanding.address == MailTrouble.address,
        AddressStanding.scope == NETWORK,
        AddressStanding.standing != Standing.GRANTED.value,
    )
    emails = func.count(MailTrouble.message_id.distinct())
    first, last = func.min(MailTrouble.at), func.max(MailTrouble.at)
    soft = and_(MailTrouble.kind == Trouble.SOFT.value, MailTrouble.at > now - LOOK_BACK)
    of_mailbox = or_(MailTrouble.code.like("5.2.%"), MailTrouble.code.like("4.2.%"))
    rows = conn.execute(
        select(
            MailTrouble.address,
            emails.label("emails"),
            first.label("first"),
            last.label("last"),
        )
        .where(soft, of_mailbox, MailTrouble.channel == Channel.EMAIL, ~refused.exists())
        .where(func.coalesce(MailTrouble.at > lifted, true()))
        .where(func.coalesce(MailTrouble.at > arrived, true()))
        .group_by(MailTrouble.channel, MailTrouble.address)
        .having(emails >= rule.emails)
        .order_by(MailTrouble.address)
    ).all()
    return [(row.address, row.emails) for row in rows if row.last - row.first >= rule.over]


def lift_soft(conn: Connection, address: str, *, actor: str, now: datetime) -> None:
    """Write to a mailbox again whose emails came back; what held before holds again. Raises NotSoft.

    A complaint, an opt-out and a mailbox that is gone stay what they are.
    """
    if not is_soft(conn, address):
        raise NotSoft(NotSoft.__doc__)
    lift(conn, Channel.EMAIL, address, source=SOFT_SOURCE, actor=actor, now=now)


def is_soft(conn: Connection, address: str) -> bool:
    """Whether an address is refused only because emails to it came back for a while."""
    mine = (Consent.channel == Channel.EMAIL, Consent.address == address, Consent.scope == NETWORK)
    standing = conn.scalar(
        select(AddressStanding.standing).where(
            AddressStanding.channel == Channel.EMAIL,
            AddressStanding.address == address,
            AddressStanding.scope == NETWORK,
        )
    )
    if standing != Standing.BOUNCED:
        return False
    said = select(Consent.source).where(*mine, Consent.standing == Standing.BOUNCED.value)
    return conn.scalar(said.order_by(Consent.id.desc()).limit(1)) == SOFT_SOURCE


def evidence(conn: Connection, address: str) -> list[MailTrouble]:
    """What came back from an address, the latest first."""
    mine = (MailTrouble.channel == Channel.EMAIL, MailTrouble.address == address)
    found = select(MailTrouble).where(*mine).order_by(MailTrouble.id.desc())
    return list(conn.execute(found).all())  # type: ignore[arg-type]
