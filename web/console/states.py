"""What an object of the console was like before and after an act, as far as the record may tell.

Statuses, numbers and times; of people and of words only the names of what changed, for the record is kept
for longer than either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, exists, func, select

from actions.models import CustomTarget, Response
from actions.office_models import OfficeReport, Staffer, StanceLine
from alerts.approval_models import AloneLaunch, Approval, ApprovalAsk
from alerts.fact_models import Fact, FactVersion
from alerts.models import Alert, AlertText, Case, Proposal
from alerts.risk_models import PersonAtRisk
from alerts.start_models import OwnStart
from alerts.work_models import StaffHours
from campaigns.models import Campaign, CampaignEmail
from campaigns.story_models import CampaignMeasure, CampaignMoment
from contacts.models import Address, Contact, Import, Membership, Project, SignUpForm
from database.models import Lock
from messages.email_models import ArchivedEmail, Picture
from messages.inbox_models import CannedReply, Care
from messages.models import Delivery, Message, MessageText, Reply, Status
from messages.reach_models import SenderHold, UnprovenStop
from messages.series_models import Series, SeriesStep
from organizers.audit import State
from organizers.models import DoorLink, Organizer
from organizers.sessions import grants_of, has_second_step
from representatives.models import Correction, Recess

_ID: BindParameter[int] = bindparam("id")

Look = Callable[[Connection, int], State]


def _row(statement: Select[*tuple[Any, ...]]) -> Look:
    """Read one row as it is; {} when there is none."""

    def look(conn: Connection, number: int) -> State:
        found = conn.execute(statement, {"id": number}).mappings().first()
        return dict(found) if found is not None else {}

    return look


def _alert(conn: Connection, alert_id: int) -> State:
    found = dict(_ALERT(conn, alert_id))
    titles = select(AlertText).where(AlertText.alert_id == alert_id).order_by(AlertText.language)
    bodies = select(MessageText).where(MessageText.message_id == found.get("message_id"))
    yes = select(Approval.language, Approval.how).where(Approval.alert_id == alert_id)
    asked = select(func.count()).where(
        ApprovalAsk.alert_id == alert_id, ApprovalAsk.answered_at.is_(None)
    )
    approved = sorted(f"{language} ({how})" for language, how in conn.execute(yes))
    noted = select(func.count()).where(StaffHours.alert_id == alert_id)
    stands = {
        "hours_noted": conn.scalar(noted),
        "approved": ", ".join(approved),
        "asked": conn.scalar(asked),
    }
    return {
        **found,
        **{name: value for name, value in stands.items() if value},
        "words": [*map(tuple, conn.execute(titles)), *map(tuple, conn.execute(bodies))],
    }


def _reply(conn: Connection, reply_id: int) -> State:
    """Whoever looks after it by what the record calls organizers, which the page knows the name of."""
    found = dict(_REPLY(conn, reply_id))
    if found.get("assigned_to"):
        found["assigned_to"] = f"organizer:{found['assigned_to']}"
    return found


def _contact(conn: Connection, contact_id: int) -> State:
    found = dict(_CONTACT(conn, contact_id))
    if not found:
        return {}
    addresses = select(Address.channel, Address.address).where(Address.contact_id == contact_id)
    served = select(Membership.project_id).where(Membership.contact_id == contact_id)
    return {
        **found,
        "addresses": sorted(map(tuple, conn.execute(addresses))),
        "projects": sorted(conn.scalars(served)),
    }


def _delivery(conn: Connection, delivery_id: int) -> State:
    found = dict(_DELIVERY(conn, delivery_id))
    if "status" in found:
        found["status"] = Status(found["status"]).name.lower()
    return found


def _organizer(conn: Connection, organizer_id: int) -> State:
    found = dict(_ORGANIZER(conn, organizer_id))
    if not found:
        return {}
    roles = {
        f"role_{project}": f"{grant.role}{' +export' if grant.exports else ''}"
        for project, grant in grants_of(conn, organizer_id).items()
    }
    return {**found, **roles, "disabled": found["disabled"] is not None}


_ORGANIZER = _row(
    select(Organizer.disabled_at.label("disabled"), has_second_step().label("second_step")).where(
        Organizer.id == _ID
    )
)
_INVITED = select(DoorLink.project_id, DoorLink.role, DoorLink.exports).where(DoorLink.id == _ID)
_ALERT = _row(
    select(
        Message.id.label("message_id"),
        Message.project_id,
        Message.status,
        Message.reach,
        Message.audience,
        Message.confirmed,
        Message.weekly_cap,
        Message.budget_cents,
        Alert.shows_numbers,
        Alert.work,
    )
    .join(Alert, Alert.message_id == Message.id)
    .where(Alert.id == _ID)
)
_CONTACT = _row(select(Contact).where(Contact.id == _ID))
_REPLY = _row(
    select(
        Message.project_id,
        Reply.verdict,
        (Reply.handled_at.is_not(None)).label("handled"),
        Care.assigned_to,
        Care.snoozed_until,
    )
    .outerjoin(Message, Message.id == Reply.message_id)
    .outerjoin(Care, Care.reply_id == Reply.id)
    .where(Reply.id == _ID)
)
_DELIVERY = _row(
    select(Message.project_id, Delivery.status, Delivery.reason, Delivery.approved_sends)
    .join(Message, Message.id == Delivery.message_id)
    .where(Delivery.id == _ID)
)
LOOKS: Mapping[str, Look] = {
    "alert": _alert,
    "contact": _contact,
    "correction": _row(
        select(
            Correction.seat_id,
            Correction.field,
            Correction.expires_on,
            Correction.ended_because,
        ).where(Correction.id == _ID)
    ),
    "delivery": _delivery,
    "start": _row(
        select(OwnStart.level, OwnStart.retired_at, OwnStart.words).where(OwnStart.id == _ID)
    ),
    "recess": _row(select(Recess.chamber, Recess.first_on, Recess.last_on).where(Recess.id == _ID)),
    "stop": _row(
        select(
            UnprovenStop.origin,
            UnprovenStop.at,
            UnprovenStop.settled_at.is_not(None).label("settled"),
        ).where(UnprovenStop.id == _ID)
    ),
    "hold": _row(
        select(
            Message.project_id,
            SenderHold.domain,
            SenderHold.complaints,
            SenderHold.delivered,
            SenderHold.ended_at.is_not(None).label("ended"),
        )
        .outerjoin(Message, Message.id == SenderHold.message_id)
        .where(SenderHold.id == _ID)
    ),
    "case": _row(
        select(Case.project_id, Case.slug, Case.closed_at.is_not(None).label("closed")).where(
            Case.id == _ID
        )
    ),
    # Of a fact never its words: they may name people. Its key is made of them, too.
    "fact": _row(
        select(
            Case.project_id,
            FactVersion.number.label("version"),
            FactVersion.release,
            FactVersion.cleared_by,
            FactVersion.withdrawn,
        )
        .join(Fact, Fact.id == FactVersion.fact_id)
        .join(Case, Case.id == Fact.case_id)
        .where(Fact.id == _ID)
        .order_by(FactVersion.number.desc())
        .limit(1)
    ),
    # Of somebody at risk what may be said of them and who cleared it; never a name.
    "risk": _row(
        select(Case.project_id, PersonAtRisk.case_id, PersonAtRisk.may_say, PersonAtRisk.cleared_by)
        .join(Case, Case.id == PersonAtRisk.case_id)
        .where(PersonAtRisk.id == _ID)
    ),
    "campaign": _row(
        select(
            Campaign.project_id,
            Campaign.is_public.label("public"),
            Campaign.closed_at.is_not(None).label("closed"),
        ).where(Campaign.id == _ID)
    ),
    # Of what happened never the words: they may name people.
    "moment": _row(
        select(
            Campaign.project_id,
            CampaignMoment.is_public.label("public"),
            CampaignMoment.struck_at.is_not(None).label("struck"),
        )
        .join(Campaign, Campaign.id == CampaignMoment.campaign_id)
        .where(CampaignMoment.id == _ID)
    ),
    "measure": _row(
        select(
            Campaign.project_id,
            CampaignMeasure.is_public.label("public"),
            CampaignMeasure.struck_at.is_not(None).label("struck"),
        )
        .join(Campaign, Campaign.id == CampaignMeasure.campaign_id)
        .where(CampaignMeasure.id == _ID)
    ),
    "picture": _row(select(Picture.project_id).where(Picture.id == _ID)),
    "sent": _row(
        select(
            Message.project_id,
            exists().where(ArchivedEmail.message_id == Message.id).label("shown"),
        ).where(Message.id == _ID)
    ),
    "email": _row(
        select(
            Campaign.project_id,
            CampaignEmail.status,
            CampaignEmail.local_time,
            CampaignEmail.zone,
        )
        .join(Campaign, Campaign.id == CampaignEmail.campaign_id)
        .where(CampaignEmail.id == _ID)
    ),
    "series": _row(
        select(Series.project_id, Series.trigger, Series.only_action_id, Series.status).where(
            Series.id == _ID
        )
    ),
    "step": _row(
        select(
            Series.project_id,
            SeriesStep.days,
            SeriesStep.hour,
            SeriesStep.action_id,
            SeriesStep.retired_at.is_not(None).label("struck"),
        )
        .join(Series, Series.id == SeriesStep.series_id)
        .where(SeriesStep.id == _ID)
    ),
    "import": _row(
        select(Import.project_id, (Import.undone_at.is_not(None)).label("undone")).where(
            Import.id == _ID
        )
    ),
    # Of what is said of an office neither notes nor an aide's name: those are words.
    "stance": _row(
        select(
            Message.project_id,
            StanceLine.target,
            StanceLine.stance,
            StanceLine.source,
            StanceLine.verified,
        )
        .join(Alert, Alert.action_id == StanceLine.action_id)
        .join(Message, Message.id == Alert.message_id)
        .where(StanceLine.id == _ID)
    ),
    "attempt": _row(
        select(Message.project_id, Response.target, Response.outcome, Response.channel)
        .join(Alert, Alert.action_id == Response.action_id)
        .join(Message, Message.id == Alert.message_id)
        .where(Response.id == _ID)
    ),
    "report": _row(
        select(
            Message.project_id,
            Response.target,
            OfficeReport.kind,
            OfficeReport.stance,
            OfficeReport.verdict,
        )
        .join(Response, Response.id == OfficeReport.response_id)
        .join(Alert, Alert.action_id == Response.action_id)
        .join(Message, Message.id == Alert.message_id)
        .where(OfficeReport.id == _ID)
    ),
    "staffer": _row(
        select(
            Staffer.project_id,
            Staffer.target,
            Staffer.source,
            Staffer.expires_on,
            (Staffer.withdrawn_at.is_not(None)).label("withdrawn"),
        ).where(Staffer.id == _ID)
    ),
    "lock": _row(
        select(Lock.sessions, Lock.messages, Lock.ended_at.is_not(None).label("ended")).where(
            Lock.id == _ID
        )
    ),
    "organizer": _organizer,
    # Of its reason, and of what somebody thinks of it, nothing: those are words.
    "launch": _row(
        select(Message.project_id, AloneLaunch.reviewed_at.is_not(None).label("reviewed"))
        .join(Alert, Alert.id == AloneLaunch.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .where(AloneLaunch.alert_id == _ID)
    ),
    "proposal": _row(
        select(Proposal.project_id, Proposal.answer, Message.status)
        .outerjoin(Message, Message.id == Proposal.message_id)
        .where(Proposal.id == _ID)
    ),
    "guest": _row(_INVITED),
    "invitation": _row(_INVITED),
    "target": _row(
        select(
            CustomTarget.project_id,
            CustomTarget.key,
            CustomTarget.verified_on,
            CustomTarget.expires_on,
        ).where(CustomTarget.id == _ID)
    ),
    "project": _row(
        select(
            Project.id.label("project_id"),
            Project.slug,
            Project.shares_list,
            Project.joins_red,
            SignUpForm.is_open.label("form_open"),
            SignUpForm.slug.label("form"),
            SignUpForm.keyword,
            SignUpForm.sites,
        )
        .outerjoin(SignUpForm, SignUpForm.project_id == Project.id)
        .where(Project.id == _ID)
    ),
    "reply": _reply,
    # Neither its name nor its words: of one that is kept, whose it is.
    "canned": _row(
        select(CannedReply.project_id, CannedReply.changed_at).where(CannedReply.id == _ID)
    ),
}
# Of these objects only the names of what changed are told: of all columns, or of the named ones.
PERSONAL = {"contact": None, "alert": ("words", "audience"), "start": ("words",)}


def look(conn: Connection, kind: str, number: int) -> State:
    """An object as it is now, for ``told`` to compare; {} where there is none."""
    return LOOKS[kind](conn, number)


def told(kind: str, before: State, after: State) -> tuple[State, State]:
    """What of two states may be written down."""
    hidden = _hidden(kind, before, after)
    changed = sorted(name for name in hidden if before.get(name) != after.get(name))
    shown_before, shown_after = _without(before, hidden), _without(after, hidden)
    if changed and before and after:
        shown_after = {**shown_after, "changed": changed}
    return shown_before, shown_after


def _hidden(kind: str, before: State, after: State) -> frozenset[str]:
    names = PERSONAL.get(kind, ())
    return frozenset({**before, **after} if names is None else names)


def _without(state: State, hidden: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in hidden | {"project_id"}}
