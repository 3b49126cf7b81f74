"""Is this copy a test of an alert's words? Then its page is that of the draft, and counts nothing."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from alerts.models import Alert
from alerts.trial_models import Trial
from messages.models import Delivery, Message, MessageKind

PREFIX = "trial:"  # begins the key of a test's messages, then its number and a language


def action_of_test(conn: Connection, delivery_id: int) -> int | None:
    """To which action's page a copy leads that is a test; None for a copy of anything else."""
    keys = select(Message.key).join(Delivery, Delivery.message_id == Message.id)
    trial = keys.where(Delivery.id == delivery_id, Message.kind == MessageKind.TRIAL)
    key = conn.scalar(trial)
    if key is None:
        return None
    number = int(key.removeprefix(PREFIX).partition(":")[0])
    leads_to = select(func.coalesce(Message.action_id, Alert.action_id))
    leads_to = leads_to.select_from(Alert).join(Message, Message.id == Alert.message_id)
    found: int | None = conn.scalar(
        leads_to.join(Trial, Trial.alert_id == Alert.id).where(Trial.id == number)
    )
    return found
