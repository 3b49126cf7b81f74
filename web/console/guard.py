"""The one place that decides whether an organizer may touch the object a route names.

Every ``{…_id}`` in a console route is looked up here before any page runs, so a page cannot forget
to ask. What is not theirs is answered like what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, func, select

from alerts.models import Alert, Case
from campaigns.models import Campaign, CampaignEmail
from contacts.models import Contact, Import, Membership, Project
from messages.models import Delivery, Message, Reply
from organizers.access import Viewer

_ID: BindParameter[int] = bindparam("id")

# For each kind of object: the projects it belongs to, NULL for the network's, no row for none such.
OWNERS: Mapping[str, Select[Any]] = {
    "project_id": select(Project.id).where(Project.id == _ID),
    "contact_id": (
        select(Membership.project_id)
        .select_from(Contact)
        .outerjoin(Membership, Membership.contact_id == Contact.id)
        .where(Contact.id == _ID)
    ),
    "import_id": select(Import.project_id).where(Import.id == _ID),
    "case_id": select(Case.project_id).where(Case.id == _ID),
    "alert_id": (
        select(Message.project_id)
        .join(Alert, Alert.message_id == Message.id)
        .where(Alert.id == _ID)
    ),
    "campaign_id": select(Campaign.project_id).where(Campaign.id == _ID),
    "email_id": (
        select(Campaign.project_id)
        .join(CampaignEmail, CampaignEmail.campaign_id == Campaign.id)
        .where(CampaignEmail.id == _ID)
    ),
    "delivery_id": (
        select(Message.project_id)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.id == _ID)
    ),
    # A reply belongs to the project whose message it answers, else to those of the person.
    "reply_id": (
        select(func.coalesce(Message.project_id, Membership.project_id))
        .select_from(Reply)
        .outerjoin(Message, Message.id == Reply.message_id)
        .outerjoin(Membership, Membership.contact_id == Reply.contact_id)
        .where(Reply.id == _ID)
    ),
}


class NotYours(Exception):
    """There is no such page, or it belongs to another project."""


def require_visible(conn: Connection, viewer: Viewer, named: Mapping[str, str]) -> None:
    """Raise NotYours unless the viewer may see every object that a route's variables name."""
    for kind, value in named.items():
        if kind in OWNERS:
            owners = conn.scalars(OWNERS[kind], {"id": int(value)}).all()
            if not owners or not _may(viewer, owners):
                raise NotYours(NotYours.__doc__)


def require_project(viewer: Viewer, project_id: int | None) -> int | None:
    """A project named in a form, if the viewer serves it; None, the network's, is for its staff."""
    if not _may(viewer, [project_id]):
        raise NotYours(NotYours.__doc__)
    return project_id


def _may(viewer: Viewer, owners: Iterable[int | None]) -> bool:
    within = viewer.within
    return within is None or any(owner in within for owner in owners)
