"""Who shows best what people will get? Somebody real: the next one, with the longest text, the shortest, or with gaps.

What is looked for is reckoned in the database from the lengths of the values that the text asks for, so nobody's
text is rendered but that of the few who come first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    String,
    and_,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from contacts.models import Channel, Contact, Membership, Project
from database.handing import Handed
from messages import audience as audiences
from messages import composing
from messages.audience import Audience
from messages.composing import Compositions
from messages.eligibility import Terms
from messages.identity import Identity
from messages.links import person_token
from messages.prospects import first_reached, prospects, reached, why_not
from messages.providers.provider import fill
from messages.recording import Claim, Person
from messages.rendering import TOKEN, Version
from messages.sms import Measure, measure
from messages.templates import FIELDS

STAND_IN = 10_000_000  # a delivery number as long as a real one may be; its link leads nowhere
CANDIDATES = (
    200,
    5_000,
)  # of those who come first, among whom somebody is looked for who gets a copy
RENDERED = 20  # of these, whose texts are rendered
GAP = "____"  # in a text of which nobody gets a copy, where a value is missing
NAMES = Handed(
    "named", {"state": String(2), "district": Integer(), "congress": Integer(), "size": Integer()}
)
OWN = {
    "first_name": Contact.given_name,
    "last_name": Contact.family_name,
    "city": Contact.city,
    "zip": Contact.zip,
    "state": Contact.state,
}


class Wanted(StrEnum):
    """Who is looked for. Anything else that is asked for is a language."""

    LONGEST = "longest"
    SHORTEST = "shortest"
    GAPS = "gaps"


@dataclass(frozen=True)
class Seen:
    """What one person would get."""

    contact_id: int
    name: str
    language: str
    text: str  # "" = no text
    measure: Measure
    subject: str
    email: str  # as plain text; "" = no email
    page: str  # as HTML
    why_not: Mapping[Channel, str]  # the reason on a channel on which they get no copy
    gaps: Sequence[str]  # fields without value and default: no copy goes to them
    as_wanted: bool = True  # False: nobody is like that, and this is somebody else


def see(
    conn: Connection,
    message: Compositions,
    audience: Audience,
    terms: Terms,
    identity: Identity,
    *,
    person: int = 0,
    wanted: str = "",
    now: datetime,
) -> Seen | None:
    """What the ``person``-th of those who would get a message sees, or whoever is wanted; None if there is nobody."""
    found = _whom(conn, message, audience, terms, person, wanted, now)
    if found is not None:
        return _shown(conn, found, message, audience, terms, identity, now)
    somebody = first_reached(conn, audience, terms) if person or wanted else None
    if somebody is None:
        return None
    shown = _shown(conn, somebody, message, audience, terms, identity, now)
    return replace(shown, as_wanted=not wanted)


def _whom(
    conn: Connection,
    message: Compositions,
    audience: Audience,
    terms: Terms,
    person: int,
    wanted: str,
    now: datetime,
) -> int | None:
    if wanted in list(Wanted):
        found = _ranked(conn, message, audience, terms, Wanted(wanted), now)
        return _best(conn, found, message, Wanted(wanted), now) if found else None
    if wanted:
        include = audience.include
        if include.languages and wanted not in include.languages:
            return None
        audience = replace(audience, include=replace(include, languages=(wanted,)))
    return first_reached(conn, audience, terms, offset=person)


def _ranked(
    conn: Connection,
    message: Compositions,
    audience: Audience,
    terms: Terms,
    wanted: Wanted,
    now: datetime,
) -> list[int]:
    """Those who come first and get a copy; first of all those who get what is measured, a text."""
    first, versions = _measured(message, terms)
    if not versions:
        return []
    for most in CANDIDATES:
        ids = _candidates(conn, message, audience, versions, wanted, most, now)
        rows = prospects(audience, terms, among=Contact.id.in_(ids))
        got = select(rows.c.contact_id, rows.c[first]).where(reached(rows, terms))
        reasons = dict(conn.execute(got).all())
        copies = [each for each in ids if reasons.get(each) == ""]
        if copies or len(ids) < most:
            return copies or [each for each in ids if each in reasons]
    return []


def _measured(message: Compositions, terms: Terms) -> tuple[Channel, Mapping[str, Version]]:
    if Channel.SMS in terms.channels and message.text_versions:
        return Channel.SMS, message.text_versions
    return terms.channels[-1], message.email_versions


def _candidates(
    conn: Connection,
    message: Compositions,
    audience: Audience,
    versions: Mapping[str, Version],
    wanted: Wanted,
    most: int,
    now: datetime,
) -> list[int]:
    named = any("rep_name" in each.fields for each in versions.values())
    table = NAMES.table(conn.dialect.name)
    sizes = _sizes(message, table if named else None)
    ranks = {code: _rank(each, sizes, wanted) for code, each in versions.items()}
    fallback = ranks.get(message.default_language, next(iter(ranks.values())))
    rank = case(*((Contact.language == code, each) for code, each in ranks.items()), else_=fallback)
    chosen = select(Contact.id).where(audiences.belongs(audience))
    if named:
        lines = (
            Contact.state == table.c.state,
            Contact.district == table.c.district,
            Contact.district_congress == table.c.congress,
        )
        chosen = chosen.select_from(Contact).outerjoin(table, and_(*lines))
    if wanted is Wanted.GAPS:
        chosen = chosen.where(rank > 0)
    order = rank.asc() if wanted is Wanted.SHORTEST else rank.desc()
    given = NAMES.values(_named(conn, audience, now)) if named else {}
    return list(conn.scalars(chosen.order_by(order, Contact.id).limit(most), given))


def _named(conn: Connection, audience: Audience, now: datetime) -> list[tuple[Any, ...]]:
    """How long the name of each district's representative is."""
    lines = (Contact.state, Contact.district, Contact.district_congress)
    places = conn.execute(select(*lines).where(audiences.belongs(audience)).distinct())
    known = composing.member_names(
        conn, [(row.state, row.district, row.district_congress) for row in places], now=now
    )
    return [(*place, len(name)) for place, name in known.items()]


def _sizes(message: Compositions, named: FromClause | None) -> dict[str, ColumnElement[int]]:
    """How many characters a person's value of each field has; 0 = none."""
    own = {name: func.length(column) for name, column in OWN.items()}
    project = func.coalesce(_of_project(message, Project.name), len(message.network))
    community = func.coalesce(_of_project(message, Project.community), 0)
    size = literal(0) if named is None else func.coalesce(named.c.size, 0)
    return {**own, "project": project, "community": community, "rep_name": size}


def _of_project(message: Compositions, column: InstrumentedAttribute[str]) -> ColumnElement[int]:
    """Of the project that a text names to somebody: see ``composing.look_up``."""
    mine = (
        select(func.length(column))
        .join(Membership, Membership.project_id == Project.id)
        .where(Membership.contact_id == Contact.id)
    )
    preferred = Project.id.in_(message.audience_projects)
    order = case((preferred, 0), else_=1), Project.id
    return mine.order_by(*order).limit(1).correlate(Contact).scalar_subquery()


def _rank(
    version: Version, sizes: Mapping[str, ColumnElement[int]], wanted: Wanted
) -> ColumnElement[int]:
    """How long a version is for somebody, or how much of it is empty."""
    pieces = version.words.text if version.words.text != ("",) else version.words.subject
    if wanted is Wanted.GAPS:
        return sum((case((sizes[each] == 0, 1), else_=0) for each in version.fields), literal(0))
    fixed = sum(map(len, pieces[0::2]))
    own = (_size(name, version, sizes) for name in pieces[1::2] if name in sizes)
    return sum(own, literal(fixed))


def _size(
    name: str, version: Version, sizes: Mapping[str, ColumnElement[int]]
) -> ColumnElement[int]:
    size, longest = sizes[name], FIELDS[name]
    default = len(version.defaults.get(name, ""))
    return case((size == 0, default), (size > longest, longest), else_=size)


def _best(
    conn: Connection, ids: Sequence[int], message: Compositions, wanted: Wanted, now: datetime
) -> int:
    """Of those who come first, whose text is rendered the longest, or the shortest."""
    if wanted is Wanted.GAPS:
        return ids[0]
    versions = message.text_versions or message.email_versions
    people = composing.people(conn, ids[:RENDERED])
    texts = {
        each: _text(*_own(conn, each, people[each], message, versions, now))
        for each in ids[:RENDERED]
    }
    choose = max if wanted is Wanted.LONGEST else min
    return choose(texts, key=lambda each: len(texts[each]))


def _own(
    conn: Connection,
    contact_id: int,
    who: Person,
    message: Compositions,
    versions: Mapping[str, Version],
    now: datetime,
) -> tuple[Version | None, dict[str, str]]:
    """The words in somebody's language, and what is their own in them; "" where there is nothing."""
    claim = Claim(STAND_IN, 1, contact_id, "", "", who)
    told = composing.look_up(conn, [claim], message, now=now).get(contact_id, {})
    version = composing.version_for(claim, versions, message.default_language)
    return version, composing.own_values(version, who, told) if version else {}


def _text(version: Version | None, values: Mapping[str, str]) -> str:
    if version is None:
        return ""
    filled = {name: value or GAP for name, value in values.items()}
    return unicodedata.normalize("NFC", fill(version.words.text, {TOKEN: "", **filled}))


def _shown(
    conn: Connection,
    contact_id: int,
    message: Compositions,
    audience: Audience,
    terms: Terms,
    identity: Identity,
    now: datetime,
) -> Seen:
    who = composing.people(conn, [contact_id])[contact_id]
    token = {TOKEN: person_token(identity.secret, STAND_IN)}
    why_not = _why_not(conn, contact_id, audience, terms)
    body = subject = email = page = ""
    gaps: set[str] = set()
    for channel in (each for each in terms.channels if not why_not[each]):
        versions = message.text_versions if channel is Channel.SMS else message.email_versions
        version, values = _own(conn, contact_id, who, message, versions, now)
        if version is None:
            continue
        gaps |= {name for name, value in values.items() if not value}
        filled = {**token, **{name: value or GAP for name, value in values.items()}}
        if channel is Channel.SMS:
            body = unicodedata.normalize("NFC", fill(version.words.text, filled))
        else:
            subject = fill(version.words.subject, filled)
            email = fill(version.words.text, filled)
            page = fill(version.words.html, filled, escape=True)
    return Seen(
        contact_id=contact_id,
        name=who.first_name,
        language=who.language,
        text=body,
        measure=measure(body),
        subject=subject,
        email=email,
        page=page,
        why_not={channel: reason for channel, reason in why_not.items() if reason},
        gaps=sorted(gaps),
    )


def _why_not(
    conn: Connection, contact_id: int, audience: Audience, terms: Terms
) -> dict[Channel, str]:
    found = conn.execute(why_not(audience, terms), {"person": contact_id}).one()
    return dict(zip(terms.channels, found, strict=True))
