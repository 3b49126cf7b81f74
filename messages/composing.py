"""Turn a window of claims into what leaves: each person's own words, link and sender.

What belongs to the message (its texts, compiled once; its tracked links; its project) is read once
and kept while it is being sent: a launched message's texts never change. What belongs to people is
read for each window.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select

from contacts.models import Channel, Contact, Membership, Project
from database import handing
from messages import links, rendering
from messages.eligibility import ANSWERS, EXEMPT_KINDS, stored_message
from messages.identity import Identity, letterhead
from messages.looks import PLAIN_LOOK, Look, look_of
from messages.mail_addresses import NO_THREAD, Thread, routes
from messages.models import MessageKind, MessageText
from messages.prospects import Lines
from messages.providers.provider import (
    Email,
    EmailWords,
    Outcome,
    Outgoing,
    Pieces,
    Rejected,
    Text,
    Ticket,
    fill,
)
from messages.recording import PERSON, Claim, Done, Person
from messages.rendering import PROOF, TOKEN, CompiledEmail, Letterhead, Version, placed
from messages.sms import segments
from messages.templates import FIELDS, Compiled, clean_value
from messages.threads import thread_of
from representatives.lookup import house_officials
from representatives.maps import holds

KEPT = 32  # messages whose compiled texts are kept
LONGEST_VALIDITY = 36_000  # seconds: Twilio's ValidityPeriod ends at ten hours
LookedUp = Mapping[str, str]
NOTHING: LookedUp = {}
_TEXTS = select(MessageText).where(MessageText.message_id == bindparam("message"))


@dataclass(frozen=True, slots=True)
class Compositions:
    """All that a message says, ready for any person."""

    message_id: int
    default_language: str
    sms: Mapping[str, Compiled]
    emails: Mapping[str, CompiledEmail]
    text_versions: Mapping[str, Version]  # the same by language, ready to be filled in
    email_versions: Mapping[str, Version]
    merge_defaults: Mapping[str, Mapping[str, str]]
    audience_projects: Sequence[int]
    network: str
    sms_sender: str
    email_sender: str
    expires_at: datetime | None
    automatic: bool = False  # we answer by ourselves
    thread: Thread = NO_THREAD  # of an organizer's answer

    @property
    def looks_up(self) -> bool:
        """Whether anybody's text says what their own row does not."""
        return self.names_representative or self.names_project

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


class Ready(NamedTuple):
    """One claim's copy, or what stands in its way."""

    claim: Claim
    item: Outgoing | None
    language: str
    segments: int
    refused: str = ""

    def done(self, outcome: Outcome) -> Done:
        """What came of it."""
        return Done(self.claim, outcome, self.segments, self.language)


Copying = Callable[[Claim, Version, dict[str, str]], Ready]


def compositions(conn: Connection, message_id: int, identity: Identity) -> Compositions:
    """Read and compile a message. Raises BadTemplate for a text that passed no check."""
    message = stored_message(conn, message_id)
    texts = conn.execute(_TEXTS, {"message": message_id}).all()
    link_ids = links.load_links(conn, message_id)
    answers = message.kind == MessageKind.ANSWER
    thread = thread_of(conn, message_id) if answers else NO_THREAD
    look = PLAIN_LOOK if message.kind in ANSWERS else look_of(conn, message.project_id)
    return compiled(message, texts, link_ids, identity, thread, look)


def compiled(
    message: Any,
    texts: Sequence[Any],
    link_ids: Mapping[str, int],
    identity: Identity,
    thread: Thread = NO_THREAD,
    look: Look = PLAIN_LOOK,
) -> Compositions:
    """Compile a message that has been read, or is being written. Raises BadTemplate."""
    head = letterhead(identity, look, message.id)
    sms = {t.language: _sms(message.kind, t, identity, link_ids) for t in texts if t.sms}
    emails = {t.language: _email(message.kind, t, head, link_ids) for t in texts if t.body}
    defaults = message.merge_defaults
    return Compositions(
        message_id=message.id,
        default_language=message.default_language,
        sms=sms,
        emails=emails,
        text_versions={
            language: placed(
                _as_words(text), text.defaults, language, defaults, identity.public_url
            )
            for language, text in sms.items()
        },
        email_versions={
            language: placed(email.words, email.defaults, language, defaults, identity.public_url)
            for language, email in emails.items()
        },
        merge_defaults=defaults,
        audience_projects=(message.audience.get("include") or {}).get("projects", []),
        network=identity.network,
        sms_sender=message.sms_sender or identity.sms_sender,
        email_sender=message.email_sender or identity.email_sender,
        expires_at=message.expires_at,
        automatic=message.kind in EXEMPT_KINDS,
        thread=thread,
    )


def people(conn: Connection, contact_ids: Collection[int]) -> dict[int, Person]:
    """What the rows of these contacts say."""
    dialect = conn.dialect.name
    rows = conn.execute(_people(dialect), handing.ids(dialect, list(contact_ids)))
    return {row[0]: Person(*row[1:]) for row in rows}


@cache
def _people(dialect: str) -> Select[*tuple[Any, ...]]:
    return select(Contact.id, *PERSON).where(handing.among(dialect, Contact.id.expression))


def look_up(
    conn: Connection, claims: Iterable[Claim], message: Compositions, *, now: datetime
) -> Mapping[int, LookedUp]:
    """What this message's merge fields ask for that a contact's own row does not say, by contact.

    Their project and community, their representative: nothing is read that no text names.
    """
    if not message.looks_up:
        return {}
    known = {claim.contact_id: claim.person for claim in claims if claim.contact_id is not None}
    projects = _projects(conn, known, message) if message.names_project else {}
    places = {_lines_of(person) for person in known.values()}
    officials = member_names(conn, places, now=now) if message.names_representative else {}
    return {
        contact_id: _looked_up(
            projects.get(contact_id),
            officials.get(_lines_of(person), ""),
            message.network,
        )
        for contact_id, person in known.items()
    }


def member_names(
    conn: Connection, districts: Iterable[Lines], *, now: datetime
) -> dict[Lines, str]:
    """How a text names the representatives of these districts, as far as they are known for sure.

    Left out are open districts, those whose lines have moved since they were told us, vacant seats
    and those whose newly elected member the data does not know: nobody is ever told a guess.
    """
    wanted = {each: number for each in districts if (number := _number(each, now)) is not None}
    seats = {(state, number) for (state, _, _), number in wanted.items()}
    found = house_officials(conn, seats, now=now) if seats else {}
    members = {lines: found.get((lines[0], number)) for lines, number in wanted.items()}
    return {
        lines: f"{'Del.' if member.role == 'delegate' else 'Rep.'} {member.family_name}"
        for lines, member in members.items()
        if member and member.name
    }


def _lines_of(person: Person) -> Lines:
    return person.state, person.district, person.district_congress


def _number(lines: Lines, now: datetime) -> int | None:
    """The number of a district that is known and whose lines hold."""
    state, number, congress = lines
    return number if number is not None and holds(state, number, congress, now) else None


def compose(
    claims: Iterable[Claim],
    channel: Channel,
    message: Compositions,
    looked_up: Mapping[int, LookedUp],
    identity: Identity,
    now: datetime,
) -> Iterator[Ready]:
    """Each claim's copy in its person's language, one after the other; pure."""
    if channel is Channel.SMS:
        copy, versions = _texts(message, identity, now), message.text_versions
    else:
        copy, versions = _emails(message, identity), message.email_versions
    for claim in claims:
        version = version_for(claim, versions, message.default_language)
        told = looked_up.get(claim.contact_id or 0, NOTHING)
        values = own_values(version, claim.person, told) if version else {}
        if version is None or not all(values.values()):
            yield _no_copy(claim, version, values)
        else:
            yield copy(claim, version, values)


class Kept:
    """The compiled messages of late, so that each is read once and not once per window."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Compositions] = OrderedDict()

    def find(self, message_id: int) -> Compositions | None:
        """The compiled message, if it was asked for lately."""
        return self._kept.get(message_id)

    def get(self, conn: Connection, message_id: int, identity: Identity) -> Compositions:
        """The compiled message, from memory if it was asked for lately."""
        found = self._kept.get(message_id)
        if found is None:
            found = compositions(conn, message_id, identity)
            self._kept[message_id] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def _as_words(text: Compiled) -> EmailWords:
    return EmailWords(("",), text.pieces, ("",))


def refused(ready: Ready) -> Done:
    """A copy that could not be composed, recorded as such."""
    return ready.done(Rejected(code=ready.refused))


def _sms(kind: str, text: Any, identity: Identity, link_ids: Mapping[str, int]) -> Compiled:
    if kind in ANSWERS:
        return Compiled(_answer(kind, text.sms))
    return rendering.compile_sms(
        text.sms, language=text.language, network=identity.network, links=link_ids
    )


def _email(kind: str, text: Any, head: Letterhead, link_ids: Mapping[str, int]) -> CompiledEmail:
    if kind in ANSWERS:
        words = EmailWords((text.subject,), _answer(kind, text.body), ("",))
        return CompiledEmail(words, {})
    return rendering.email_words(
        text.subject, text.body, language=text.language, letterhead=head, links=link_ids
    )


def _answer(kind: str, text: str) -> Pieces:
    """An answer's words, cut where what proves its reader's address goes; never in what a person wrote."""
    if kind == MessageKind.ANSWER:
        return (text,)
    before, mark, after = text.partition(links.PROOF_FIELD)
    return (before, PROOF, after) if mark else (text,)


def _projects(
    conn: Connection, contact_ids: Collection[int], message: Compositions
) -> dict[int, Any]:
    """Each contact's project: one the message names, else the oldest they belong to."""
    rows = conn.execute(
        select(Membership.contact_id, Project.id, Project.name, Project.community)
        .join(Project, Project.id == Membership.project_id)
        .where(Membership.contact_id.in_(contact_ids))
    ).all()
    preferred = message.audience_projects
    ordered = sorted(rows, key=lambda row: (row.id in preferred, -row.id))
    return {row.contact_id: row for row in ordered}


def _looked_up(project: Any, official: str, network: str) -> LookedUp:
    return {
        "project": project.name if project else network,
        "community": project.community if project else "",
        "rep_name": official,
    }


def own_values(version: Version, person: Person, looked_up: LookedUp) -> dict[str, str]:
    """What this version's fields say for a person; "" where there is neither value nor default."""
    values = {}
    for name in version.fields:
        value = looked_up.get(name) or getattr(person, name, "") or ""
        values[name] = clean_value(str(value), FIELDS[name]) or version.defaults.get(name, "")
    return values


def version_for(claim: Claim, written: Mapping[str, Version], default: str) -> Version | None:
    """The words in the language of the person, else in the message's, else in any there is."""
    wanted = claim.language or claim.person.language
    found = written.get(wanted) or written.get(default)
    return found or next(iter(written.values()), None)


def _no_copy(claim: Claim, version: Version | None, values: Mapping[str, str]) -> Ready:
    """What stands in the way: no words, or a field that nothing can fill."""
    if version is None:
        return Ready(claim, None, "", 0, "no_text")
    gap = min(name for name, value in values.items() if not value)
    return Ready(claim, None, version.language, 0, f"no_{gap}")


def _texts(message: Compositions, identity: Identity, now: datetime) -> Copying:
    """How each text of a window is made; what they share is looked up once."""
    signed = links.tokens(identity.secret)
    valid = _validity(message.expires_at, now)

    def copy(claim: Claim, version: Version, values: dict[str, str]) -> Ready:
        delivery_id, attempt = claim.delivery_id, claim.attempt
        values[TOKEN] = signed.person(delivery_id)
        if PROOF in version.words.text:
            values[PROOF] = links.proof_token(identity.secret, delivery_id)
        body = fill(version.words.text, values)
        if not body.isascii():  # composed, so that an accent costs no more than it must
            body = unicodedata.normalize("NFC", body)
        ticket = Ticket(delivery_id, attempt, signed.receipt(delivery_id, attempt))
        item = Text(ticket, message.sms_sender, claim.address, body, valid)
        return Ready(claim, item, version.language, segments(body))

    return copy


def _emails(message: Compositions, identity: Identity) -> Copying:
    """How each email of a window is made; what they share is looked up once."""
    signed = links.tokens(identity.secret)
    before, after = links.around_token(identity.public_url, "unsubscribe")
    sender = message.email_sender
    routed = routes(identity.secret, identity.mailbox, message.thread, automatic=message.automatic)

    def copy(claim: Claim, version: Version, values: dict[str, str]) -> Ready:
        delivery_id, attempt = claim.delivery_id, claim.attempt
        values[TOKEN] = token = signed.person(delivery_id)
        if PROOF in version.words.text:
            values[PROOF] = links.proof_token(identity.secret, delivery_id)
        ticket = Ticket(delivery_id, attempt, signed.receipt(delivery_id, attempt))
        leave = f"{before}{token}{after}"
        words, language = version.words, version.language
        route = routed(delivery_id)
        item = Email(ticket, sender, claim.address, words, values, leave, language, route)
        return Ready(claim, item, language, 0)

    return copy


def _validity(expires_at: datetime | None, now: datetime) -> int | None:
    if expires_at is None:
        return None
    return max(1, min(LONGEST_VALIDITY, int((expires_at - now).total_seconds())))
