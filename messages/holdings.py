"""Everything held on a person, for them to read: what they may ask for by law, whole and nothing of others.

GDPR article 15 and the privacy laws of several US states give this right. Where somebody else here has the
same phone or mailbox, nobody can tell whose words came from it: what was said from it, and the ledger's
evidence, are then left out, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, union

from actions.models import Response
from actions.office_models import OfficeReport
from contacts.ledger import Pair
from contacts.models import (
    Address,
    AddressStanding,
    Channel,
    Consent,
    ConsentWording,
    Contact,
    ContactTag,
    Import,
    ImportChange,
    Membership,
    Preference,
    Project,
    SignUp,
    Tag,
)
from contacts.people import NoSuchContact
from messages.call_models import Call, CallLeg
from messages.erasing import at, mentions, named_addresses
from messages.models import (
    Click,
    Delivery,
    Doubt,
    Event,
    Link,
    Message,
    MessageText,
    OutboxMessage,
    Reply,
    Status,
)
from messages.prompt_models import Prompt, Suggestion
from messages.reach_models import ListDifference, MailTrouble
from messages.series_models import Enrolment, Series, SeriesStep, StepCopy

Rows = list[dict[str, Any]]
OF_CONTACT = (
    "id", "given_name", "family_name", "language", "zip", "city", "state", "district",
    "district_how", "joined_on", "created_at",
)  # fmt: skip


def held_on(conn: Connection, contact_id: int) -> dict[str, Any]:
    """Everything held on a contact, by kind, as JSON can tell it. Raises NoSuchContact."""
    columns = [getattr(Contact, name) for name in OF_CONTACT]
    found = conn.execute(select(*columns).where(Contact.id == contact_id)).mappings().first()
    if found is None:
        raise NoSuchContact(f"there is no contact {contact_id}; they may have been removed")
    alone, shared = named_addresses(conn, contact_id)
    return {
        "person": dict(found),
        "addresses": _addresses(conn, contact_id, shared),
        "projects": _projects(conn, contact_id),
        "tags": _tags(conn, contact_id),
        "may_be_written_to": _standings(conn, [*alone, *shared]),
        "consent": _consent(conn, alone),
        "sign_ups": _sign_ups(conn, contact_id, alone),
        "preferences": _preferences(conn, contact_id),
        "imports": _imports(conn, contact_id, alone),
        "changed_by_imports": _changes(conn, contact_id),
        "messages": _messages(conn, contact_id),
        "shown_copies": _copies(conn, contact_id),
        "lost_answers": _doubts(conn, contact_id),
        "email_troubles": _troubles(conn, alone),
        "kept_back_by_the_provider": _differences(conn, alone),
        "clicks": _clicks(conn, contact_id),
        "replies": _replies(conn, contact_id, alone),
        "calls": _calls(conn, contact_id),
        "heard_at_offices": _heard(conn, contact_id),
        "connected_calls": _connected(conn, contact_id),
        "reminders": _prompts(conn, contact_id),
        "series": _series(conn, contact_id),
        "provider_events": _events(conn, alone),
    }


def _rows(conn: Connection, statement: Any) -> Rows:
    return [dict(row) for row in conn.execute(statement).mappings()]


def _addresses(conn: Connection, contact_id: int, shared: Sequence[Pair]) -> Rows:
    own = select(Address.channel, Address.address, Address.rank)
    rows = _rows(
        conn, own.where(Address.contact_id == contact_id).order_by(Address.channel, Address.rank)
    )
    return [{**row, "shared": (row["channel"], row["address"]) in shared} for row in rows]


def _projects(conn: Connection, contact_id: int) -> Rows:
    mine = select(Project.name, Membership.import_id).join(Membership)
    return _rows(conn, mine.where(Membership.contact_id == contact_id).order_by(Project.name))


def _tags(conn: Connection, contact_id: int) -> Rows:
    carried = select(Tag.name, ContactTag.import_id).join(ContactTag)
    return _rows(conn, carried.where(ContactTag.contact_id == contact_id).order_by(Tag.name))


def _standings(conn: Connection, pairs: Sequence[Pair]) -> Rows:
    held = AddressStanding
    columns = select(held.channel, held.address, held.scope, held.standing, held.since)
    return _rows(conn, columns.where(at(held, pairs)).order_by(held.since))


def _consent(conn: Connection, pairs: Sequence[Pair]) -> Rows:
    columns = select(
        Consent.at,
        Consent.channel,
        Consent.address,
        Consent.scope,
        Consent.standing,
        Consent.source,
        Consent.evidence,
        Consent.actor.label("recorded_by"),
        Consent.import_id,
        func.coalesce(ConsentWording.words, "").label("agreed_to"),
    ).outerjoin(ConsentWording, ConsentWording.hash == Consent.wording)
    return _rows(conn, columns.where(at(Consent, pairs)).order_by(Consent.id))


def _sign_ups(conn: Connection, contact_id: int, alone: Sequence[Pair]) -> Rows:
    """Forms with one of their addresses in it, confirmed or waiting for that."""
    told = SignUp
    columns = select(
        told.created_at,
        told.channel,
        told.address,
        told.given_name,
        told.family_name,
        told.zip,
        told.language,
        told.source,
        told.beside.label("given_beside_it"),
        told.asked_at,
        told.confirmed_at,
        func.coalesce(Project.name, "").label("project"),
    ).outerjoin(Project, Project.id == told.project_id)
    theirs = or_(told.contact_id == contact_id, at(told, alone))
    return _rows(conn, columns.where(theirs).order_by(told.id))


def _preferences(conn: Connection, contact_id: int) -> Rows:
    """What they asked for on their own page."""
    columns = select(Preference.urgent_only, Preference.paused_until)
    return _rows(conn, columns.where(Preference.contact_id == contact_id))


def _imports(conn: Connection, contact_id: int, alone: Sequence[Pair]) -> Rows:
    """The files this person came in with, and what was said of how all in them had agreed."""
    sources = [
        select(table.import_id).where(of == contact_id)
        for table, of in (
            (Contact, Contact.id),
            (Membership, Membership.contact_id),
            (ContactTag, ContactTag.contact_id),
            (ImportChange, ImportChange.contact_id),
        )
    ]
    told = union(*sources, select(Consent.import_id).where(at(Consent, alone)))
    columns = select(
        Import.id, Import.filename, Import.created_at, Import.consent, Import.undone_at
    )
    return _rows(conn, columns.where(Import.id.in_(told)).order_by(Import.id))


def _changes(conn: Connection, contact_id: int) -> Rows:
    columns = select(ImportChange.import_id, ImportChange.before, ImportChange.after)
    return _rows(
        conn, columns.where(ImportChange.contact_id == contact_id).order_by(ImportChange.id)
    )


def _messages(conn: Connection, contact_id: int) -> Rows:
    """Each copy, or why there was none, with the words as they were written for everybody."""
    spoken = func.coalesce(func.nullif(Delivery.language, ""), Message.default_language)
    words = and_(MessageText.message_id == Message.id, MessageText.language == spoken)
    columns = select(
        Delivery.id.label("copy"),
        Message.kind,
        Message.launched_at,
        Delivery.changed_at,
        Delivery.channel,
        Delivery.address,
        Delivery.status,
        Delivery.reason,
        Delivery.provider_id,
        MessageText.subject,
        MessageText.sms,
        MessageText.body,
    )
    theirs = columns.join(Message, Message.id == Delivery.message_id).outerjoin(MessageText, words)
    rows = _rows(conn, theirs.where(Delivery.contact_id == contact_id).order_by(Delivery.id))
    return [_told(row) for row in rows]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A copy with its status by name, and the words of its own channel."""
    sms, subject, body = row.pop("sms"), row.pop("subject"), row.pop("body")
    said = ("", sms) if row["channel"] == Channel.SMS else (subject, body)
    status = Status(row["status"]).name.lower()
    return {**row, "status": status, "subject": said[0], "text": said[1]}


def _copies(conn: Connection, contact_id: int) -> Rows:
    """Copies the outbox kept as this person would have seen them."""
    kept = OutboxMessage
    columns = select(kept.at, kept.channel, kept.address, kept.subject, kept.text)
    return _rows(conn, columns.where(kept.delivery_id.in_(_own(contact_id))).order_by(kept.id))


def _doubts(conn: Connection, contact_id: int) -> Rows:
    """Sends whose answer was lost, and what was learned of them."""
    columns = select(Doubt.delivery_id.label("copy"), Doubt.noted_at, Doubt.found, Doubt.closed_how)
    return _rows(conn, columns.where(Doubt.delivery_id.in_(_own(contact_id))).order_by(Doubt.id))


def _troubles(conn: Connection, alone: Sequence[Pair]) -> Rows:
    """Emails to them that came back, or that were marked as spam."""
    columns = select(
        MailTrouble.address,
        MailTrouble.kind,
        MailTrouble.code,
        MailTrouble.at,
        MailTrouble.delivery_id.label("copy"),
    )
    return _rows(conn, columns.where(at(MailTrouble, alone)).order_by(MailTrouble.id))


def _differences(conn: Connection, alone: Sequence[Pair]) -> Rows:
    """Lists of the provider's that keep our mail from them, though they said yes."""
    columns = select(ListDifference.name, ListDifference.address, ListDifference.found_at)
    return _rows(conn, columns.where(at(ListDifference, alone)).order_by(ListDifference.name))


def _clicks(conn: Connection, contact_id: int) -> Rows:
    columns = select(Click.at, Click.delivery_id.label("copy"), Link.url)
    theirs = columns.outerjoin(Link, Link.id == Click.link_id)
    return _rows(conn, theirs.where(Click.delivery_id.in_(_own(contact_id))).order_by(Click.id))


def _own(contact_id: int) -> Select[int]:
    return select(Delivery.id).where(Delivery.contact_id == contact_id)


def _replies(conn: Connection, contact_id: int, alone: Sequence[Pair]) -> Rows:
    """What they wrote to us; not from an address that others write from too."""
    columns = select(
        Reply.received_at,
        Reply.channel,
        Reply.address,
        Reply.body,
        Reply.verdict,
        Suggestion.outcome.label("taken_for"),
    ).outerjoin(Suggestion, Suggestion.reply_id == Reply.id)
    theirs = or_(Reply.contact_id == contact_id, Reply.contact_id.is_(None))
    return _rows(conn, columns.where(theirs, at(Reply, alone)).order_by(Reply.id))


def _prompts(conn: Connection, contact_id: int) -> Rows:
    """What they asked to be reminded of, and what they were asked of their calls."""
    kept = Prompt
    columns = select(
        kept.kind, kept.target, kept.channel, kept.due_at, kept.settled_at, kept.dropped
    )
    return _rows(conn, columns.where(kept.contact_id == contact_id).order_by(kept.id))


def _series(conn: Connection, contact_id: int) -> Rows:
    """Which series of emails they came into, and what became of each step that was due."""
    columns = (
        select(
            *(Series.name, Enrolment.happened_at, Enrolment.left_at, Enrolment.left_because),
            *(SeriesStep.days.label("after_days"), StepCopy.status, StepCopy.reason),
            StepCopy.planned_at,
        )
        .join(Series, Series.id == Enrolment.series_id)
        .outerjoin(StepCopy, StepCopy.enrolment_id == Enrolment.id)
        .outerjoin(SeriesStep, SeriesStep.id == StepCopy.step_id)
    )
    mine = columns.where(Enrolment.contact_id == contact_id)
    return _rows(conn, mine.order_by(Enrolment.id, StepCopy.planned_at))


def _calls(conn: Connection, contact_id: int) -> Rows:
    told = Response
    columns = select(told.at, told.target, told.outcome, told.channel, told.note)
    return _rows(conn, columns.where(told.contact_id == contact_id).order_by(told.id))


def _heard(conn: Connection, contact_id: int) -> Rows:
    """What they told of what an office said, and of its aide, until an organizer dealt with it."""
    told = OfficeReport
    columns = select(
        told.at, Response.target, told.stance, told.name, told.role, told.phone, told.email, told.verdict
    )  # fmt: skip
    theirs = columns.join(Response, Response.id == told.response_id)
    return _rows(conn, theirs.where(Response.contact_id == contact_id).order_by(told.id))


def _connected(conn: Connection, contact_id: int) -> Rows:
    """Calls we put through, office by office; the number is there only while a call lasts."""
    columns = select(
        Call.asked_at,
        Call.direction,
        Call.status,
        Call.phone,
        Call.zip,
        Call.picked.label("district"),
        Call.began_at,
        Call.ended_at,
        CallLeg.target,
        CallLeg.dial_status,
        CallLeg.seconds,
    )
    theirs = columns.outerjoin(CallLeg, CallLeg.call_id == Call.id)
    theirs = theirs.where(Call.contact_id == contact_id)
    return _rows(conn, theirs.order_by(Call.id, CallLeg.rank))


def _events(conn: Connection, alone: Sequence[Pair]) -> Rows:
    """What the providers told us, raw, wherever one of their addresses stands in it."""
    columns = select(Event.received_at, Event.provider, Event.kind, Event.payload)
    return _rows(conn, columns.where(mentions(Event.payload, alone)).order_by(Event.id))
