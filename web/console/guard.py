"""The one place that decides whether an organizer may touch the object a route names.

Every ``{…_id}`` in a console route is looked up here before any page runs, so a page cannot forget
to ask. What is not theirs is answered like what does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    func,
    null,
    select,
    union_all,
)

from actions.models import CustomTarget, Response
from actions.office_models import OfficeReport, Staffer
from alerts.approval_models import AloneLaunch
from alerts.fact_models import Fact
from alerts.models import Alert, Case, Proposal
from alerts.risk_models import PersonAtRisk
from alerts.start_models import OwnStart
from campaigns.models import Campaign, CampaignEmail
from campaigns.story_models import CampaignMeasure, CampaignMoment
from contacts.models import Contact, Import, Membership, Project
from contacts.scope import networks_own, visible_projects
from messages.email_models import Picture
from messages.inbox_models import CannedReply
from messages.models import Delivery, Message, Reply
from messages.reach_models import SenderHold, UnprovenStop
from messages.series_models import Series, SeriesStep
from organizers.links import Purpose
from organizers.models import DoorLink, Organizer, OrganizerProject
from organizers.roles import NETWORKS, May
from organizers.sessions import Viewer
from representatives.models import Correction, Recess

_ID: BindParameter[int] = bindparam("id")
SHARED = frozenset({May.SEE, May.WRITE, May.SEND})

# For each kind of object: the projects it belongs to, NULL for the network's, no row for none such.
OWNERS: Mapping[str, Select[Any] | CompoundSelect[Any]] = {
    "project_id": select(Project.id).where(Project.id == _ID),
    "contact_id": (
        select(Membership.project_id)
        .select_from(Contact)
        .outerjoin(Membership, Membership.contact_id == Contact.id)
        .where(Contact.id == _ID)
    ),
    "organizer_id": (
        select(OrganizerProject.project_id)
        .select_from(Organizer)
        .outerjoin(OrganizerProject, OrganizerProject.organizer_id == Organizer.id)
        .where(Organizer.id == _ID)
    ),
    # The office's alone: who sits where is the same for everybody.
    "correction_id": select(null()).where(Correction.id == _ID),
    "start_id": select(null()).where(OwnStart.id == _ID),
    "recess_id": select(null()).where(Recess.id == _ID),
    # Addresses of several projects may be among them.
    "stop_id": select(null()).where(UnprovenStop.id == _ID),
    # Whose message too many marked as spam.
    "hold_id": (
        select(Message.project_id)
        .join(SenderHold, SenderHold.message_id == Message.id)
        .where(SenderHold.id == _ID)
    ),
    "proposal_id": select(Proposal.project_id).where(Proposal.id == _ID),
    "guest_id": select(DoorLink.project_id).where(
        DoorLink.id == _ID, DoorLink.purpose == Purpose.INVITATION
    ),
    "target_id": select(CustomTarget.project_id).where(CustomTarget.id == _ID),
    # What a caller heard is its alert's; an aide is whose organizer confirmed them.
    "report_id": (
        select(Message.project_id)
        .join(Alert, Alert.message_id == Message.id)
        .join(Response, Response.action_id == Alert.action_id)
        .join(OfficeReport, OfficeReport.response_id == Response.id)
        .where(OfficeReport.id == _ID)
    ),
    "staffer_id": select(Staffer.project_id).where(Staffer.id == _ID),
    "import_id": select(Import.project_id).where(Import.id == _ID),
    "case_id": select(Case.project_id).where(Case.id == _ID),
    "risk_id": (
        select(Case.project_id)
        .join(PersonAtRisk, PersonAtRisk.case_id == Case.id)
        .where(PersonAtRisk.id == _ID)
    ),
    "fact_id": (select(Case.project_id).join(Fact, Fact.case_id == Case.id).where(Fact.id == _ID)),
    "alert_id": (
        select(Message.project_id)
        .join(Alert, Alert.message_id == Message.id)
        .where(Alert.id == _ID)
    ),
    "launch_id": (
        select(Message.project_id)
        .join(Alert, Alert.message_id == Message.id)
        .join(AloneLaunch, AloneLaunch.alert_id == Alert.id)
        .where(Alert.id == _ID)
    ),
    "action_id": (
        select(Message.project_id)
        .join(Alert, Alert.message_id == Message.id)
        .where(Alert.action_id == _ID)
    ),
    "campaign_id": select(Campaign.project_id).where(Campaign.id == _ID),
    "moment_id": (
        select(Campaign.project_id)
        .join(CampaignMoment, CampaignMoment.campaign_id == Campaign.id)
        .where(CampaignMoment.id == _ID)
    ),
    "measure_id": (
        select(Campaign.project_id)
        .join(CampaignMeasure, CampaignMeasure.campaign_id == Campaign.id)
        .where(CampaignMeasure.id == _ID)
    ),
    "email_id": (
        select(Campaign.project_id)
        .join(CampaignEmail, CampaignEmail.campaign_id == Campaign.id)
        .where(CampaignEmail.id == _ID)
    ),
    "series_id": select(Series.project_id).where(Series.id == _ID),
    "step_id": (
        select(Series.project_id)
        .join(SeriesStep, SeriesStep.series_id == Series.id)
        .where(SeriesStep.id == _ID)
    ),
    "picture_id": select(Picture.project_id).where(Picture.id == _ID),
    "sent_id": select(Message.project_id).where(Message.id == _ID),
    "delivery_id": (
        select(Message.project_id)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.id == _ID)
    ),
    "canned_id": select(CannedReply.project_id).where(CannedReply.id == _ID),
    # A reply belongs to the project whose message it answers, else to those of the person; and one to the
    # network's own message to the office too, where it may see the person (``inboxes.visible``).
    "reply_id": union_all(
        select(func.coalesce(Message.project_id, Membership.project_id))
        .select_from(Reply)
        .outerjoin(Message, Message.id == Reply.message_id)
        .outerjoin(Membership, Membership.contact_id == Reply.contact_id)
        .where(Reply.id == _ID),
        select(null())
        .select_from(Reply)
        .outerjoin(Message, Message.id == Reply.message_id)
        .where(Reply.id == _ID, Message.project_id.is_(None))
        .where(networks_own(Reply.contact_id.expression)),
    ),
}


# People are not only their projects': see ``contacts.scope``.
PERSON = "contact_id"
# Everybody sees the network's offices outside Congress; the office looks after each project's too.
TARGET = "target_id"
# The office lets organizers in, wherever they serve, and looks at what left without a second person.
OFFICES = frozenset({"organizer_id", "guest_id", "launch_id"})


class NotYours(Exception):
    """There is no such page, or it belongs to another project."""


class NotAllowed(Exception):
    """You may look at this, but not do that here. Ask an admin of your project for the right to."""


def require_visible(
    conn: Connection, viewer: Viewer, named: Mapping[str, str], may: May | None = None
) -> None:
    """Let nobody pass to an object that is not theirs.

    Raises NotYours unless the viewer may see every object that a route's variables name, and
    NotAllowed unless they may also do what the route does with it.
    """
    for kind, value in named.items():
        if kind in OWNERS:
            owners = conn.scalars(OWNERS[kind], {"id": int(value)}).all()
            _require(owners, _reach(conn, viewer, kind, May.SEE), NotYours)
            if may is not None:
                _require(owners, _reach(conn, viewer, kind, may), NotAllowed)


def require_project(viewer: Viewer, project_id: int | None, may: May = May.WRITE) -> int | None:
    """A project named in a form, if the viewer may do that there; None (or 0) is the network's own.

    Raises NotYours or NotAllowed.
    """
    project_id = project_id or None
    _require([project_id], viewer.within, NotYours)
    _require([project_id], viewer.may_in(may), NotAllowed)
    return project_id


def _reach(conn: Connection, viewer: Viewer, kind: str, may: May) -> Sequence[int]:
    """Where the viewer may do that with objects of a kind.

    A project that shares its list shares it with the office's eyes and pens: not for export.
    """
    allowed = viewer.may_in(may)
    if kind == TARGET and may is May.SEE:
        allowed = (*allowed, NETWORKS)
    if kind in (*OFFICES, TARGET) and viewer.may(may):
        return [NETWORKS, *conn.scalars(select(Project.id))]
    if kind == PERSON and may in SHARED:
        return [*allowed, *(visible_projects(conn, allowed))]
    return allowed


def _require(
    owners: Sequence[int | None], allowed: Sequence[int], otherwise: type[Exception]
) -> None:
    if not owners or not any((owner or NETWORKS) in allowed for owner in owners):
        raise otherwise(otherwise.__doc__)
