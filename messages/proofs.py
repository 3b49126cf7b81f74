"""Who opens a link that went to one address alone? Whoever reads that address, as long as it is fresh.

A person's link in an alert may be passed on; this one stands only in an answer that asks for a proof, is
good for one purpose, and ends. What it may do is the purpose's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from contacts.sign_ups import LIFETIME
from messages import unproven_stops
from messages.links import PROOF_FIELD, BadToken
from messages.models import Delivery, Message
from messages.wording import Purpose

KEPT = {
    Purpose.CONFIRM: LIFETIME,
    Purpose.NEW_ADDRESS: LIFETIME,
    Purpose.JOINED_BESIDE: LIFETIME,
    Purpose.PRIVATE: timedelta(days=1),
    Purpose.DOUBTED: unproven_stops.UNDO,
}
"""For how long each is good, from the end of the day on which it was asked for."""
DAY = timedelta(days=1)
_OF_PROJECT = (Purpose.CONFIRM, Purpose.JOINED_BESIDE)
_PATHS = {Purpose.PRIVATE: "mine", Purpose.DOUBTED: "undo"}


class StaleProof(BadToken):
    """This link worked for a few days only; ask for a new one where you asked for it."""


@dataclass(frozen=True)
class Proven:
    """Whose address a copy went to."""

    channel: str
    address: str
    contact_id: int | None
    language: str
    project_id: int | None  # that the question was about
    asked_on: date
    purpose: Purpose


def proof_url(public_url: str, purpose: Purpose) -> str:
    """The address that an answer of this purpose carries; each copy's own proof goes to its end."""
    return f"{public_url}/{_PATHS.get(purpose, 'confirm')}/{PROOF_FIELD}"


def proven(
    conn: Connection, delivery_id: int, purposes: tuple[Purpose, ...], *, now: datetime
) -> Proven:
    """What a proof of one of these purposes stands for. Raises BadToken, of which StaleProof is one."""
    row = conn.execute(
        select(
            Message.key,
            Delivery.channel,
            Delivery.address,
            Delivery.contact_id,
            Delivery.language,
            Message.launched_at,
        )
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.id == delivery_id)
    ).one_or_none()
    for purpose in purposes:
        if row and row.address and (row.key or "").startswith(f"answer:{purpose.value}:"):
            if row.launched_at.date() + DAY + KEPT[purpose] <= now.date():
                raise StaleProof(StaleProof.__doc__)
            about = row.key.split(":")[2]
            project_id = int(about) if purpose in _OF_PROJECT else None
            asked_on = row.launched_at.date()
            whose = (row.channel, row.address, row.contact_id, row.language)
            return Proven(*whose, project_id, asked_on, purpose)
    raise BadToken("This address is not valid: please open the link from the message again.")
