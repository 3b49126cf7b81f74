"""Turn a window of claims into what leaves: each person's own words, link and sender.

What belongs to the message (its texts, compiled once; its tracked links; its project) is read once
and kept while it is being sent: a launched message's texts never change. What belongs to people is
read for each window.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from contacts.models import Channel, Contact, Membership, Project
from messages import links, rendering
from messages.models import Delivery, Message, MessageKind, MessageText
from messages.providers.provider import Email, EmailWords, Outgoing, Rejected, Text, Ticket
from messages.recording import Claim, Done
from messages.rendering import CompiledEmail, Footer, PersonValues
from messages.sms import measure
from messages.templates import Compiled
from representatives.lookup import house_officials

KEPT = 32  # messages whose compiled texts are kept
LONGEST_VALIDITY = 36_000  # seconds: Twilio's ValidityPeriod ends at ten hours
ANSWERS = (MessageKind.REPLY, MessageKind.CONFIRMATION)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends, and where its pages are."""

    network: str
    postal_address: str
    public_url: str
    secret: str = field(repr=False)  # signs the tokens in our addresses
    sms_sender: str = ""  # where neither message nor project names one
    email_sender: str = ""


@dataclass(frozen=True, slots=True)
class Compositions:
    """All that a message says, ready for any person."""

    message_id: int
    default_language: str
    sms: Mapping[str, Compiled]
    emails: Mapping[str, CompiledEmail]
    merge_defaults: Mapping[str, Mapping[str, str]]
    link_ids: Sequence[int]
    audience_projects: Sequence[int]
    network: str
    sms_sender: str
    email_sender: str
    expires_at: datetime | None

    @property
    def names_representative(self) -> bool:
        """Whether anybody's text names their representative."""
        return self._asks_for("rep_name")

    @property
    def names_project(self) -> bool:
        """Whether anybody's text names their project or its community."""
        return self._asks_for("project", "community")

    def _asks_for(self, *names: str) -> bool:
        texts: Iterable[Compiled | CompiledEmail] = [*self.sms.values(), *self.emails.values()]
        return any(not compiled.fields.isdisjoint(names) for compiled in texts)


@dataclass(frozen=True, slots=True)
class Person:
    """What merge fields may say about one contact."""

    language: str
    values: PersonValues


@dataclass(frozen=True, slots=True)
class Ready:
    """One claim's copy, or what stands in its way."""

    claim: Claim
    item: Outgoing | None
    language: str
    segments: int
    refused: str = ""

    def done(self, outcome: Any) -> Done:
        """What came of it."""
        return Done(self.claim, outcome, segments=self.segments, language=self.language)


def compositions(conn: Connection, message_id: int, identity: Identity) -> Compositions:
    """Read and compile a message. Raises BadTemplate for a text that passed no check."""
    message = conn.execute(select(Message).where(Message.id == message_id)).one()
    texts = conn.execute(select(MessageText).where(MessageText.message_id == message_id)).all()
    link_ids = links.load_links(conn, message_id)
    return Compositions(
        message_id=message_id,
        default_language=message.default_language,
        sms={t.language: _sms(message.kind, t, identity, link_ids) for t in texts if t.sms},
        emails={t.language: _email(message.kind, t, identity, link_ids) for t in texts if t.body},
        merge_defaults=message.merge_defaults,
        link_ids=list(link_ids.values()),
        audience_projects=(message.audience.get("include") or {}).get("projects", []),
        network=identity.network,
        sms_sender=message.sms_sender or identity.sms_sender,
        email_sender=message.email_sender or identity.email_sender,
        expires_at=message.expires_at,
    )


def people(
    conn: Connection, contact_ids: Collection[int] | Select[Any], message: Compositions
) -> dict[int, Person]:
    """What the merge fields of this message say about these contacts."""
    contacts = _contacts(conn, contact_ids)
    projects = _projects(conn, contact_ids, message)
    districts = {(contact.state, contact.district) for contact in contacts}
    officials = member_names(conn, districts) if message.names_representative else {}
    return {
        contact.id: Person(
            language=contact.language,
            values=_values(
                contact,
                projects.get(contact.id),
                officials.get((contact.state, contact.district), ""),
                message.network,
            ),
        )
        for contact in contacts
    }


def contacts_of(claims: Sequence[Claim], channel: Channel, message_id: int) -> Select[int | None]:
    """SELECT of the contacts of a window: a range of ids costs less to bind than five hundred."""
    return select(Delivery.contact_id).where(
        Delivery.id >= claims[0].delivery_id,
        Delivery.id <= claims[-1].delivery_id,
        Delivery.message_id == message_id,
        Delivery.channel == channel,
    )


def member_names(
    conn: Connection, districts: Iterable[tuple[str, int | None]]
) -> dict[tuple[str, int | None], str]:
    """How a text names the representatives of these districts; open and vacant ones are left out."""
    wanted = {(state, number) for state, number in districts if number is not None}
    found = house_officials(conn, wanted) if wanted else {}
    return {
        place: f"{'Del.' if official.role == 'delegate' else 'Rep.'} {official.family_name}"
        for place, official in found.items()
        if not official.vacant
    }


def compose(
    claims: Sequence[Claim],
    channel: Channel,
    message: Compositions,
    known: Mapping[int, Person],
    identity: Identity,
    now: datetime,
) -> list[Ready]:
    """Each claim's copy in its person's language; pure."""
    nobody = Person(message.default_language, PersonValues())
    copy = _text_copy if channel is Channel.SMS else _email_copy
    return [
        copy(claim, message, known.get(claim.contact_id or 0, nobody), identity, now)
        for claim in claims
    ]


class Kept:
    """The compiled messages of late, so that each is read once and not once per window."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Compositions] = OrderedDict()

    def get(self, conn: Connection, message_id: int, identity: Identity) -> Compositions:
        """The compiled message, from memory if it was asked for lately."""
        found = self._kept.get(message_id)
        if found is None:
            found = compositions(conn, message_id, identity)
            self._kept[message_id] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def forget(self, message_id: int) -> None:
        """Drop a message that gained a text (an answer's second language)."""
        self._kept.pop(message_id, None)


def refused(ready: Ready) -> Done:
    """A copy that could not be composed, recorded as such."""
    return ready.done(Rejected(code=ready.refused))


def _sms(kind: str, text: Any, identity: Identity, link_ids: Mapping[str, int]) -> Compiled:
    if kind in ANSWERS:
        return Compiled((text.sms,))
    return rendering.compile_sms(
        text.sms, language=text.language, network=identity.network, links=link_ids
    )


def _email(kind: str, text: Any, identity: Identity, link_ids: Mapping[str, int]) -> CompiledEmail:
    if kind in ANSWERS:
        words = EmailWords((text.subject,), (text.body,), ("",))
        return CompiledEmail(words, {})
    return rendering.email_words(
        text.subject,
        text.body,
        language=text.language,
        footer=Footer(identity.network, identity.postal_address),
        links=link_ids,
    )


def _contacts(conn: Connection, contact_ids: Collection[int] | Select[Any]) -> Sequence[Any]:
    return conn.execute(
        select(
            Contact.id,
            Contact.given_name,
            Contact.family_name,
            Contact.language,
            Contact.city,
            Contact.zip,
            Contact.state,
            Contact.district,
        ).where(Contact.id.in_(contact_ids))
    ).all()


def _projects(
    conn: Connection, contact_ids: Collection[int] | Select[Any], message: Compositions
) -> dict[int, Any]:
    """Each contact's project: one the message names, else the oldest they belong to."""
    if not message.names_project:
        return {}
    rows = conn.execute(
        select(Membership.contact_id, Project.id, Project.name, Project.community)
        .join(Project, Project.id == Membership.project_id)
        .where(Membership.contact_id.in_(contact_ids))
    ).all()
    preferred = message.audience_projects
    ordered = sorted(rows, key=lambda row: (row.id in preferred, -row.id))
    return {row.contact_id: row for row in ordered}


def _values(contact: Any, project: Any, official: str, network: str) -> PersonValues:
    return PersonValues(
        first_name=contact.given_name,
        last_name=contact.family_name,
        city=contact.city,
        zip=contact.zip,
        state=contact.state,
        project=project.name if project else network,
        community=project.community if project else "",
        rep_name=official,
    )


def _own(
    claim: Claim, message: Compositions, person: Person, language: str, identity: Identity
) -> dict[str, str]:
    """One person's values, with their own addresses of our pages."""
    token = links.person_token(identity.secret, claim.delivery_id)
    values = rendering.values_for(person.values)
    values["link"] = links.action_url(identity.public_url, token)
    values["unsubscribe"] = links.unsubscribe_url(identity.public_url, token)
    for link_id in message.link_ids:
        values[f"link:{link_id}"] = links.link_url(identity.public_url, token, link_id)
    for name, default in message.merge_defaults.get(language, {}).items():
        values[name] = values.get(name) or default
    return values


def _ticket(claim: Claim, identity: Identity) -> Ticket:
    token = links.receipt_token(identity.secret, claim.delivery_id, claim.attempt)
    return Ticket(claim.delivery_id, claim.attempt, token)


def _language(claim: Claim, person: Person, written: Mapping[str, Any], default: str) -> str:
    wanted = claim.language or person.language
    if wanted in written:
        return wanted
    return default if default in written else next(iter(written), "")


def _text_copy(
    claim: Claim, message: Compositions, person: Person, identity: Identity, now: datetime
) -> Ready:
    language = _language(claim, person, message.sms, message.default_language)
    if not language:
        return Ready(claim, None, language, 0, refused="no_text")
    compiled = message.sms[language]
    values = _own(claim, message, person, language, identity)
    gaps = rendering.missing(compiled, values)
    if gaps:
        return Ready(claim, None, language, 0, refused=f"no_{min(gaps)}")
    body = rendering.render_sms(compiled, values)
    item = Text(
        ticket=_ticket(claim, identity),
        sender=message.sms_sender,
        address=claim.address,
        body=body,
        valid_seconds=_validity(message.expires_at, now),
    )
    return Ready(claim, item, language, measure(body).segments)


def _email_copy(
    claim: Claim,
    message: Compositions,
    person: Person,
    identity: Identity,
    now: datetime,  # noqa: ARG001 - an email does not expire on its way
) -> Ready:
    language = _language(claim, person, message.emails, message.default_language)
    if not language:
        return Ready(claim, None, language, 0, refused="no_text")
    compiled = message.emails[language]
    values = _own(claim, message, person, language, identity)
    gaps = rendering.missing(compiled, values)
    if gaps:
        return Ready(claim, None, language, 0, refused=f"no_{min(gaps)}")
    item = Email(
        ticket=_ticket(claim, identity),
        sender=message.email_sender,
        address=claim.address,
        words=compiled.words,
        values=rendering.complete(compiled, values),
        unsubscribe_url=values["unsubscribe"],
        language=language,
    )
    return Ready(claim, item, language, 0)


def _validity(expires_at: datetime | None, now: datetime) -> int | None:
    if expires_at is None:
        return None
    return max(1, min(LONGEST_VALIDITY, int((expires_at - now).total_seconds())))
