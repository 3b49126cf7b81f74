"""A message as one real person would get it, and what its words take while they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from contacts.models import Channel, Contact
from messages import audience as audiences
from messages import composing, rendering
from messages.audience import Audience
from messages.composing import Identity
from messages.eligibility import Terms, terms_of
from messages.estimating import TYPICAL
from messages.house import HouseRules
from messages.links import action_url, person_token
from messages.models import Message
from messages.prospects import first_reached, prospects, reached
from messages.providers.provider import Email, Text, fill
from messages.recording import Claim
from messages.rendering import TOKEN, Version
from messages.sms import Measure, measure, plain_twin
from messages.templates import BadTemplate
from organizers.roles import Within

Telling = Callable[[str, str], str]  # a text and its language to what is read
LONGEST = "longest"
LONG_NAMES = 500  # of the longest names, among which somebody is looked for
STAND_IN = 10_000_000  # a delivery number as long as a real one may be; its link leads nowhere


@dataclass(frozen=True)
class Preview:
    """What one person would get."""

    contact_id: int
    name: str
    language: str
    text: str  # "" = no text
    measure: Measure
    subject: str
    email: str  # as plain text; "" = no email


@dataclass(frozen=True)
class Sample:
    """What an invented person would get in one language."""

    language: str
    text: str  # "" = no text
    measure: Measure
    subject: str
    email: str  # as plain text; "" = no email


@dataclass(frozen=True)
class Measured:
    """What a text takes, and what its plain twin would take."""

    language: str
    measure: Measure
    plain: Measure
    problem: str = ""


def preview(
    conn: Connection,
    message_id: int,
    house: HouseRules,
    *,
    within: Within,
    person: int = 0,
    wanted: str = "",
    now: datetime,
) -> Preview | None:
    """The message as the ``person``-th of those who would get it sees it; None if there is none.

    Only people whom organizers of ``within`` may see are shown, whoever else the message goes to. ``wanted``
    is a language, or "longest" for who has the longest name. Raises BadTemplate.
    """
    message = conn.execute(select(Message).where(Message.id == message_id)).one()
    audience = audiences.seen_by(audiences.read(message.audience), within)
    terms = terms_of(conn, message_id, now=now)
    contact_id = _chosen(conn, audience, terms, person, wanted)
    if contact_id is None:
        return None
    compiled = composing.compositions(conn, message_id, house.identity)
    who = composing.people(conn, [contact_id])[contact_id]
    claims = [Claim(STAND_IN, 1, contact_id, "", "", who)]
    told = composing.look_up(conn, claims, compiled, now=now)
    copies = {
        channel: ready.item
        for channel in terms.channels
        for ready in composing.compose(claims, channel, compiled, told, house.identity, now)
    }
    text, email = copies.get(Channel.SMS), copies.get(Channel.EMAIL)
    body = text.body if isinstance(text, Text) else ""
    return Preview(
        contact_id=contact_id,
        name=who.first_name,
        language=who.language,
        text=body,
        measure=measure(body),
        subject=fill(email.words.subject, email.values) if isinstance(email, Email) else "",
        email=fill(email.words.text, email.values) if isinstance(email, Email) else "",
    )


def samples(conn: Connection, message_id: int, house: HouseRules) -> list[Sample]:
    """The message in each language for somebody invented: nobody's name is in it. Raises BadTemplate."""
    compiled = composing.compositions(conn, message_id, house.identity)
    token = person_token(house.identity.secret, STAND_IN)
    texts, emails = compiled.text_versions, compiled.email_versions
    return [
        _sample(language, texts.get(language), emails.get(language), token)
        for language in dict.fromkeys([*texts, *emails])
    ]


def _sample(language: str, text: Version | None, email: Version | None, token: str) -> Sample:
    body = fill(text.words.text, _invented(text, token)) if text else ""
    values = _invented(email, token) if email else {}
    return Sample(
        language=language,
        text=body,
        measure=measure(body),
        subject=fill(email.words.subject, values) if email else "",
        email=fill(email.words.text, values) if email else "",
    )


def _invented(version: Version, token: str) -> dict[str, str]:
    known = rendering.values_for(TYPICAL)
    own = {name: known.get(name) or version.defaults.get(name, "") for name in version.fields}
    return {**own, TOKEN: token}


def as_it_stands(text: str, _language: str) -> str:
    """A text that cites nothing."""
    return text


def measured(
    texts: Mapping[str, str], identity: Identity, citing: Telling = as_it_stands
) -> list[Measured]:
    """What texts by language take for somebody with rather long values.

    ``citing`` puts the words of facts into what was typed, and raises BadTemplate for one that is not there.
    """
    return [
        _measured(language, text, identity, citing)
        for language, text in texts.items()
        if text.strip()
    ]


def _measured(language: str, text: str, identity: Identity, citing: Telling) -> Measured:
    try:
        text = citing(text, language)
        compiled = rendering.compile_sms(text, language=language, network=identity.network)
    except BadTemplate as error:
        return Measured(language, measure(text), measure(plain_twin(text)), str(error))
    token = person_token(identity.secret, STAND_IN)
    values = {**rendering.values_for(TYPICAL), "link": action_url(identity.public_url, token)}
    rendered = rendering.render_sms(compiled, values)
    return Measured(language, measure(rendered), measure(plain_twin(rendered)))


def _chosen(
    conn: Connection, audience: Audience, terms: Terms, person: int, wanted: str
) -> int | None:
    if wanted == LONGEST:
        return _longest_name(conn, audience, terms)
    if wanted:
        narrowed = replace(audience.include, languages=(wanted,))
        audience = replace(audience, include=narrowed)
    found = first_reached(conn, audience, terms, offset=person)
    return found if found is not None or not person else first_reached(conn, audience, terms)


def _longest_name(conn: Connection, audience: Audience, terms: Terms) -> int | None:
    """Of the people with the longest names, the first who gets a copy; else anybody who does."""
    longest = func.length(Contact.given_name).desc()
    named = audiences.contact_ids(audience).order_by(longest, Contact.id).limit(LONG_NAMES)
    ids = list(conn.scalars(named))
    rows = prospects(audience, terms, among=Contact.id.in_(ids))
    found = set(conn.scalars(select(rows.c.contact_id).where(reached(rows, terms))))
    return next((each for each in ids if each in found), None) or first_reached(
        conn, audience, terms
    )
