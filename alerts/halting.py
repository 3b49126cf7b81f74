"""Change a list of people at risk, and pause what is on its way and names somebody by now, in one transaction.

Alerts that are being sent, or wait for the hour at which they begin, and planned mail, also copies that wait for each
person's own hour. What has left has left; whether the others get it, a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, update

from alerts import at_risk
from alerts.at_risk import RiskDraft
from alerts.models import Alert
from alerts.planned_names import names_in_mail, names_on_their_way
from alerts.steering import pause_because
from alerts.weighing import naming_by_now
from campaigns.models import Campaign, CampaignEmail, CampaignRun
from messages import control, discretion, doubts
from messages.calling_off import LIVE
from messages.eligibility import family_of
from messages.models import Delivery, Doubt, Message, MessageKind, MessageStatus
from messages.series_models import Series, SeriesStep, StepMail
from organizers.roles import Within, as_key, owned

BECAUSE = "It names somebody who came on a list of people at risk since."


@dataclass(frozen=True, kw_only=True)
class Halted:
    """Planned mail that is paused because it names somebody: a date of an email, or something of a series."""

    name: str  # of its campaign, or the series'
    email_id: int | None
    local_time: str | None  # on the wall
    series_id: int | None


def add_person(conn: Connection, case_id: int, draft: RiskDraft, *, by: str, now: datetime) -> int:
    """Put somebody on a case's list; return their number there. Raises BadRisk."""
    discretion.take_turns(conn)
    person_id = at_risk.add_person(conn, case_id, draft, by=by, now=now)
    halt(conn, now=now)
    return person_id


def change_person(
    conn: Connection, person_id: int, draft: RiskDraft, *, by: str, now: datetime
) -> None:
    """Note what may be said of somebody now. Raises BadRisk and NoSuchPerson."""
    discretion.take_turns(conn)
    at_risk.change_person(conn, person_id, draft, by=by, now=now)
    halt(conn, now=now)


def remove_person(conn: Connection, person_id: int, *, now: datetime) -> None:
    """Take somebody off a list, with all that is known of them; what another list says of them holds from now on."""
    discretion.take_turns(conn)
    at_risk.remove_person(conn, person_id)
    halt(conn, now=now)


def halt(conn: Connection, *, now: datetime) -> None:
    """Pause what has not all left and names somebody who must not be named, where nobody says why it may."""
    for alert in _alerts(conn, now):
        if naming_by_now(conn, alert.id):
            _pause(conn, family_of(conn, alert.message_id), now)
    for email in _emails(conn, now):
        if names_on_their_way(conn, email.email_id, [email.message_id]):
            _pause(conn, [email.message_id], now)
    mails = select(StepMail.message_id).join(Message, Message.id == StepMail.message_id)
    for message_id in conn.scalars(mails.where(_not_all_left(now))).all():
        if names_in_mail(conn, message_id):
            _pause(conn, [message_id], now)


def hold_back(conn: Connection, root_id: int, *, now: datetime) -> bool:
    """A ``messages.handing_over.HoldsBack``: pause the whole of an alert that names somebody by now.

    Also where all of it is finished: it goes on when the network says so, as what is on its way does.
    """
    alert_id = conn.scalar(select(Alert.id).where(Alert.message_id == root_id))
    if alert_id is None or not naming_by_now(conn, alert_id):
        return False
    if control.recall(conn, root_id, MessageStatus.PAUSED):
        told = update(Message).where(Message.id == root_id)
        conn.execute(told.values(paused_because=BECAUSE))
    _pause(conn, family_of(conn, root_id), now)
    return True


def _pause(conn: Connection, message_ids: Sequence[int], now: datetime) -> None:
    """What is finished but for copies whose answer was lost pauses as well: those may be sent once more."""
    again = update(Message).where(Message.id.in_(message_ids), _but_for_lost(now))
    conn.execute(again.values(status=MessageStatus.PAUSED, paused_because=BECAUSE))
    pause_because(conn, message_ids, BECAUSE)


def _not_all_left(now: datetime) -> ColumnElement[bool]:
    return or_(Message.status.in_(LIVE), _but_for_lost(now))


def _but_for_lost(now: datetime) -> ColumnElement[bool]:
    """That a message is finished but for copies that somebody may still send once more."""
    in_time = or_(Message.expires_at.is_(None), Message.expires_at > now)
    return and_(Message.status == MessageStatus.FINISHED, in_time, Message.id.in_(_lost()))


def _lost() -> Select[int]:
    """The messages of which nobody knows yet whether some copies have left."""
    return select(Delivery.message_id).join(Doubt, and_(*doubts.open_doubts()))


def halted(conn: Connection, within: Within) -> list[Halted]:
    """The planned emails, and the series, of which something is paused because it names somebody."""
    return [Halted(**row._asdict()) for row in conn.execute(_halted(as_key(within)))]


@lru_cache
def _halted(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    columns = (CampaignRun.email_id, CampaignRun.local_time, Series.id.label("series_id"))
    name = func.coalesce(Campaign.name, Series.name).label("name")
    rows = (
        select(*columns, name)
        .select_from(Message)
        .outerjoin(CampaignRun, CampaignRun.message_id == _root())
        .outerjoin(CampaignEmail, CampaignEmail.id == CampaignRun.email_id)
        .outerjoin(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .outerjoin(StepMail, StepMail.message_id == Message.id)
        .outerjoin(SeriesStep, SeriesStep.id == StepMail.step_id)
        .outerjoin(Series, Series.id == SeriesStep.series_id)
        .where(Message.status == MessageStatus.PAUSED, Message.paused_because == BECAUSE)
        .where(Message.kind == MessageKind.CAMPAIGN, owned(Message.project_id, within))
    )
    return rows.distinct().order_by(*columns)


def _alerts(conn: Connection, now: datetime) -> Sequence[Row[int, int]]:
    rows = select(Alert.id, Alert.message_id).join(Message, Alert.message_id == _root())
    return conn.execute(rows.where(_not_all_left(now)).distinct().order_by(Alert.id)).all()


def _emails(conn: Connection, now: datetime) -> Sequence[Row[int, int]]:
    """Each way of writing of each date that is on its way: only those that name somebody pause."""
    columns = (CampaignRun.email_id, Message.id.label("message_id"))
    rows = select(*columns).join(Message, CampaignRun.message_id == _root())
    return conn.execute(rows.where(_not_all_left(now)).order_by(Message.id)).all()


def _root() -> ColumnElement[int]:
    return func.coalesce(Message.part_of, Message.id)
