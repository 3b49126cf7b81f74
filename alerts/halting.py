"""Change a list of people at risk, and pause what is on its way and names somebody by now, in one transaction.

Alerts that are being sent, or wait for the hour at which they begin, and planned mail, also copies that wait for each
person's own hour. What has left has left; whether the others get it, a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, func, select

from alerts import at_risk
from alerts.at_risk import RiskDraft
from alerts.models import Alert
from alerts.planned_names import names_on_their_way
from alerts.steering import pause_because
from alerts.weighing import naming_by_now
from campaigns.models import CampaignRun
from messages import discretion
from messages.calling_off import LIVE
from messages.eligibility import family_of
from messages.models import Message, MessageKind, MessageStatus
from organizers.roles import Within, owned

BECAUSE = "It names somebody who came on a list of people at risk since."


def add_person(conn: Connection, case_id: int, draft: RiskDraft, *, by: str, now: datetime) -> int:
    """Put somebody on a case's list; return their number there. Raises BadRisk."""
    discretion.take_turns(conn)
    person_id = at_risk.add_person(conn, case_id, draft, by=by, now=now)
    halt(conn)
    return person_id


def change_person(
    conn: Connection, person_id: int, draft: RiskDraft, *, by: str, now: datetime
) -> None:
    """Note what may be said of somebody now. Raises BadRisk and NoSuchPerson."""
    discretion.take_turns(conn)
    at_risk.change_person(conn, person_id, draft, by=by, now=now)
    halt(conn)


def remove_person(conn: Connection, person_id: int) -> None:
    """Take somebody off a list, with all that is known of them; what another list says of them holds from now on."""
    discretion.take_turns(conn)
    at_risk.remove_person(conn, person_id)
    halt(conn)


def halt(conn: Connection) -> None:
    """Pause what has not all left and names somebody who must not be named, where nobody says why it may."""
    for alert in _alerts(conn):
        if naming_by_now(conn, alert.id):
            pause_because(conn, family_of(conn, alert.message_id), BECAUSE)
    for email in _emails(conn):
        if names_on_their_way(conn, email.email_id, [email.message_id]):
            pause_because(conn, [email.message_id], BECAUSE)


def halted(conn: Connection, within: Within) -> list[tuple[int, str]]:
    """The planned emails of which something is paused because it names somebody, with their dates on the wall."""
    mine = (Message.status == MessageStatus.PAUSED, Message.paused_because == BECAUSE)
    rows = (
        select(CampaignRun.email_id, CampaignRun.local_time)
        .join(Message, CampaignRun.message_id == _root())
        .where(Message.kind == MessageKind.CAMPAIGN, *mine, owned(Message.project_id, within))
    )
    found = rows.distinct().order_by(CampaignRun.email_id, CampaignRun.local_time)
    return [(row.email_id, row.local_time) for row in conn.execute(found)]


def _alerts(conn: Connection) -> Sequence[Row[int, int]]:
    rows = select(Alert.id, Alert.message_id).join(Message, Alert.message_id == _root())
    return conn.execute(rows.where(Message.status.in_(LIVE)).distinct().order_by(Alert.id)).all()


def _emails(conn: Connection) -> Sequence[Row[int, int]]:
    """Each way of writing of each date that is on its way: only those that name somebody pause."""
    columns = (CampaignRun.email_id, Message.id.label("message_id"))
    rows = select(*columns).join(Message, CampaignRun.message_id == _root())
    return conn.execute(rows.where(Message.status.in_(LIVE)).order_by(Message.id)).all()


def _root() -> ColumnElement[int]:
    return func.coalesce(Message.part_of, Message.id)
