"""Put somebody on a list of people at risk, and pause what is on its way and names them, in one transaction.

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
from alerts.planned_names import names_in
from alerts.preflight import find_alert
from alerts.steering import pause_because
from alerts.stored import stored_alert
from alerts.weighing import weigh_alert
from campaigns.models import CampaignRun
from messages import discretion
from messages.calling_off import LIVE
from messages.eligibility import family_of
from messages.findings import Finding
from messages.models import Message, MessageKind, MessageStatus
from organizers.roles import Within, owned

BECAUSE = "It names somebody who came on a list of people at risk since."


def add_person(conn: Connection, case_id: int, draft: RiskDraft, *, by: str, now: datetime) -> int:
    """Put somebody on a case's list; return their number there. Raises BadRisk."""
    discretion.take_turns(conn)
    person_id = at_risk.add_person(conn, case_id, draft, by=by, now=now)
    halt(conn, person_id)
    return person_id


def change_person(
    conn: Connection, person_id: int, draft: RiskDraft, *, by: str, now: datetime
) -> None:
    """Note what may be said of somebody now. Raises BadRisk and NoSuchPerson."""
    discretion.take_turns(conn)
    at_risk.change_person(conn, person_id, draft, by=by, now=now)
    halt(conn, person_id)


def halt(conn: Connection, person_id: int) -> None:
    """Pause what names this person and has not all left."""
    for alert in _alerts(conn):
        stored = stored_alert(conn, find_alert(conn, alert.id))
        if _names(weigh_alert(conn, stored).blocking, person_id):
            pause_because(conn, family_of(conn, alert.message_id), BECAUSE)
    for email in _emails(conn):
        if _names(names_in(conn, email.email_id, {}).blocking, person_id):
            pause_because(conn, family_of(conn, email.message_id), BECAUSE)


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


def _names(blocking: Sequence[Finding], person_id: int) -> bool:
    return any(each.values["person"] == person_id for each in blocking)


def _alerts(conn: Connection) -> Sequence[Row[int, int, int]]:
    columns = (Alert.id, Alert.case_id, Alert.message_id)
    rows = select(*columns).join(Message, Alert.message_id == _root())
    return conn.execute(rows.where(Message.status.in_(LIVE)).distinct().order_by(Alert.id)).all()


def _emails(conn: Connection) -> Sequence[Row[int, int]]:
    columns = (CampaignRun.email_id, _root().label("message_id"))
    rows = select(*columns).join(Message, CampaignRun.message_id == _root())
    live = rows.where(Message.status.in_(LIVE)).distinct()
    return conn.execute(live.order_by("message_id")).all()


def _root() -> ColumnElement[int]:
    return func.coalesce(Message.part_of, Message.id)
