"""Which merge fields would stay empty, and for how many people? Counted by the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, func, select

from contacts.models import Channel, Contact, Membership
from messages import audience as audiences
from messages.audience import Audience
from messages.composing import Compositions, member_names
from messages.eligibility import Terms, fates
from messages.rendering import CompiledEmail
from messages.templates import Compiled

COLUMNS: Mapping[str, Any] = {
    "first_name": Contact.given_name,
    "last_name": Contact.family_name,
    "city": Contact.city,
    "zip": Contact.zip,
    "state": Contact.state,
}


@dataclass(frozen=True)
class Gap:
    """A merge field that some of those who would get a text or email have no value for."""

    channel: Channel
    language: str  # of the text
    field: str
    people: int  # without a value
    of: int  # who would get it


def find_gaps(
    conn: Connection, message: Compositions, audience: Audience, terms: Terms
) -> list[Gap]:
    """Count, for every field without a default, the people it would be empty for."""
    found: list[Gap] = []
    for channel in terms.channels:
        texts: Mapping[str, Compiled | CompiledEmail]
        texts = message.sms if channel is Channel.SMS else message.emails
        for language, compiled in texts.items():
            wanted = _without_default(compiled, message.merge_defaults.get(language, {}))
            if wanted:
                readers = _readers(language, texts, message.default_language)
                found += _count(conn, channel, language, wanted, readers, audience, terms)
    return found


def _without_default(compiled: Compiled | CompiledEmail, defaults: Mapping[str, str]) -> list[str]:
    held = {name for source in (compiled.defaults, defaults) for name in source if source[name]}
    known = {*COLUMNS, "community", "rep_name"}
    return sorted((compiled.fields & known) - held)


def _readers(language: str, texts: Mapping[str, Any], default_language: str) -> ColumnElement[bool]:
    """Who gets the text in this language: its own readers, and for the default everybody left."""
    fallback = default_language if default_language in texts else next(iter(texts))
    if language == fallback:
        return Contact.language.not_in([other for other in texts if other != language])
    return Contact.language == language


def _count(
    conn: Connection,
    channel: Channel,
    language: str,
    wanted: list[str],
    readers: ColumnElement[bool],
    audience: Audience,
    terms: Terms,
) -> list[Gap]:
    people = Contact.id.in_(audiences.contact_ids(audience))
    rows = fates(people, channel, terms).order_by(None).subquery()
    getting = Contact.id.in_(select(rows.c.contact_id).where(rows.c.reason == "")) & readers
    plain = [name for name in wanted if name != "rep_name"]
    empty = [func.coalesce(func.sum(case((_is_empty(name), 1), else_=0)), 0) for name in plain]
    of, *counts = conn.execute(select(func.count(), *empty).where(getting)).one()
    missing = dict(zip(plain, counts, strict=True))
    if "rep_name" in wanted:
        missing["rep_name"] = _unrepresented(conn, getting)
    return [Gap(channel, language, name, missing[name], of) for name in wanted if missing[name]]


def _is_empty(name: str) -> ColumnElement[bool]:
    if name == "community":
        return ~exists().where(Membership.contact_id == Contact.id)
    empty: ColumnElement[bool] = COLUMNS[name] == ""
    return empty


def _unrepresented(conn: Connection, getting: ColumnElement[bool]) -> int:
    """People whose district is open, or whose seat is vacant."""
    places = conn.execute(
        select(Contact.state, Contact.district, func.count())
        .where(getting)
        .group_by(Contact.state, Contact.district)
    ).all()
    named = member_names(conn, {(state, district) for state, district, _ in places})
    return sum(count for state, district, count in places if (state, district) not in named)
