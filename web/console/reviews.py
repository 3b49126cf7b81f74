"""What the page of a draft alert shows: its words, its people, its checks and its preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from alerts import approving
from alerts.approvers import project_of, writers_of
from alerts.approving import Standing
from alerts.drafts import AlertDraft
from alerts.launching import message_of
from alerts.preflight import Check, check
from alerts.stored import told_draft
from contacts.models import Channel, Contact
from messages import audience as audiences
from messages.eligibility import terms_of
from messages.forecast import skipped_ids
from messages.house import HouseRules
from messages.models import Message
from messages.templates import BadTemplate
from organizers.roles import May, Within
from organizers.sessions import Viewer
from web.console.previews import Measured, Preview, measured, preview

LEFT_OUT = 200  # people of one reason that are listed


@dataclass(frozen=True)
class Review:
    """A draft alert before its launch."""

    draft: AlertDraft
    check: Check
    preview: Preview | None
    measures: list[Measured]

    @property
    def cheaper(self) -> bool:
        """Whether plain characters would take fewer segments."""
        return any(each.plain.segments < each.measure.segments for each in self.measures)


def review(
    conn: Connection,
    alert_id: int,
    *,
    house: HouseRules,
    within: Within,
    person: int = 0,
    wanted: str = "",
    now: datetime,
) -> Review:
    """Read a draft alert, checked now. Raises NoSuchAlert."""
    draft = told_draft(conn, alert_id)
    texts: Mapping[str, str] = {code: words.sms for code, words in draft.texts.items()}
    return Review(
        draft=draft,
        check=check(conn, alert_id, house=house, now=now),
        preview=_preview(conn, alert_id, house, within, person, wanted, now),
        measures=measured(texts, house.identity),
    )


@dataclass(frozen=True)
class Asking:
    """How a draft stands with those who approve it, for one who looks at it."""

    standing: Standing
    may_send: bool
    open_to: list[str]  # languages that the viewer may approve
    wrote: bool  # the viewer wrote some of it


def asking(
    conn: Connection, alert_id: int, viewer: Viewer, *, house: HouseRules, now: datetime
) -> Asking | None:
    """Who has approved a draft, and who might; None where one person is enough."""
    if not approving.is_on(house):
        return None
    found = approving.standing(conn, alert_id, house=house, now=now)
    return Asking(
        standing=found,
        may_send=viewer.may(May.SEND, project_of(conn, alert_id)),
        open_to=found.open_to(viewer.organizer_id),
        wrote=viewer.actor in writers_of(conn, alert_id),
    )


def _preview(
    conn: Connection,
    alert_id: int,
    house: HouseRules,
    within: Within,
    person: int,
    wanted: str,
    now: datetime,
) -> Preview | None:
    """A preview, or none while a text cannot be compiled: the checks say why."""
    message_id = message_of(conn, alert_id)
    try:
        return preview(
            conn, message_id, house, within=within, person=person, wanted=wanted, now=now
        )
    except BadTemplate:
        return None


def people_left_out(
    conn: Connection,
    alert_id: int,
    *,
    channel: Channel,
    reason: str,
    within: Within,
    now: datetime,
) -> list[tuple[int, str]]:
    """The first of those who get no copy on a channel for a reason: contact id and name."""
    message_id = message_of(conn, alert_id)
    stored = conn.execute(select(Message.audience).where(Message.id == message_id)).scalar_one()
    audience = audiences.seen_by(audiences.read(stored), within)
    skipped = skipped_ids(audience, channel, reason, terms_of(conn, message_id, now=now))
    name = func.trim(Contact.given_name + " " + Contact.family_name)
    rows = select(Contact.id, name).where(Contact.id.in_(skipped))
    found = conn.execute(rows.order_by(Contact.given_name, Contact.id).limit(LEFT_OUT))
    return [(contact_id, known) for contact_id, known in found]
