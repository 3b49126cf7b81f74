"""People who join by themselves: the forms of projects, and who has said so but not yet confirmed.

Anybody can type anybody's address into a form. So what a form tells waits here, apart from contacts and
consents; nothing follows from it but one question to that address, and it is forgotten in a week. Only the
answer from the address itself makes a contact and a consent, and leaves of the row no more than a count. It
settles what its question was about, and nothing else that waits for the same address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from contacts import consent
from contacts.addresses import BadEmail, BadPhone, BadZip
from contacts.erased import AskedToBeErased
from contacts.lines import one_line
from contacts.models import NETWORK, Channel, Project, SignUp, SignUpForm, project_scope
from contacts.pairing import beside
from contacts.people import (
    Person,
    contact,
    contacts_at,
    create_contact,
    join_projects,
    update_contact,
)
from contacts.projects import slug_of
from database.tables import folded
from database.upserts import insert_or

LIFETIME = timedelta(days=7)  # of a sign-up that nobody confirms, and of the link that confirms it
KEYWORD = re.compile(r"[a-z0-9]{3,20}")
ORIGIN = re.compile(r"(https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?)(?:/\S*)?\Z")
SUPPORTER = "supporter"
BY_TEXT = "keyword"  # a source: the word came from the phone itself
_UNTAKEN = (BadEmail, BadPhone, BadZip, AskedToBeErased)


class NoSuchForm(LookupError):
    """There is no form to sign up at this address; the committee may have closed it."""


class BadSignUpForm(ValueError):
    """A form that cannot be published as it is; the sentence says what is wrong."""


@dataclass(frozen=True)
class FormRow:
    """A project's form, as it is published."""

    project_id: int
    project: str  # its name
    is_open: bool
    slug: str
    keyword: str  # in capitals; "" = none
    sites: tuple[str, ...]
    welcome: dict[str, str]


@dataclass(frozen=True)
class Wish:
    """What somebody typed into a form, in our spelling."""

    person: Person  # of phone and email those whose box is ticked
    project_id: int | None
    wordings: dict[str, str]  # by channel, the hash of what stood beside the box
    source: str

    @property
    def addresses(self) -> dict[str, str]:
        """What is to be confirmed, by channel."""
        found = {Channel.SMS.value: self.person.phone, Channel.EMAIL.value: self.person.email}
        return {channel: address for channel, address in found.items() if address}


def form_of(conn: Connection, project_id: int) -> FormRow:
    """A project's form; one that nobody has set up yet is closed and has the project's slug."""
    row = conn.execute(_FORMS.where(Project.id == project_id)).one()
    return _form(row)


def form_at(conn: Connection, slug: str) -> FormRow:
    """The form that is open at an address. Raises NoSuchForm."""
    return _opened(conn, SignUpForm.slug == slug)


def form_by_keyword(conn: Connection, keyword: str) -> FormRow | None:
    """The open form that a texted keyword is of."""
    if not KEYWORD.fullmatch(keyword):
        return None
    try:
        return _opened(conn, SignUpForm.keyword == keyword)
    except NoSuchForm:
        return None


def save_form(
    conn: Connection,
    project_id: int,
    *,
    is_open: bool,
    slug: str,
    keyword: str,
    sites: str,
    welcome: dict[str, str],
) -> None:
    """Write how strangers join a project. Raises BadSignUpForm."""
    known = form_of(conn, project_id)
    values: dict[str, Any] = {
        "is_open": is_open,
        "slug": slug_of(slug) or known.slug,
        "keyword": _keyword(keyword),
        "sites": " ".join(_sites(sites)),
        "welcome": {language: " ".join(said.split())[:500] for language, said in welcome.items()},
    }
    for column, told in ((SignUpForm.slug, "address"), (SignUpForm.keyword, "keyword")):
        if _taken(conn, project_id, column, values[column.key]):
            raise BadSignUpForm(f"another project has this {told} already; choose another one")
    conn.execute(
        insert_or(conn, SignUpForm)
        .values(project_id=project_id, **values)
        .on_conflict_do_update(index_elements=["project_id"], set_=values)
    )


def remember(
    conn: Connection,
    wish: Wish,
    channel: str,
    *,
    contact_id: int | None = None,
    pair: str | None = None,
    asked: bool,
    now: datetime,
) -> None:
    """Keep what was typed of one address until it is confirmed, once per project; nothing follows yet.

    ``asked`` says whether a question has left: while one is unanswered, a form is not kept again.
    ``pair`` is what both addresses of a form have in common, see ``contacts.pairing``.
    """
    told = wish.person
    values = {
        "contact_id": contact_id,
        "given_name": one_line(told.given_name),
        "family_name": one_line(told.family_name),
        "zip": told.zip,
        "language": told.language,
        "wording": wish.wordings.get(channel, ""),
        "source": wish.source,
        "created_at": now,
        "asked_at": now if asked else None,
        "pair": pair,
        "beside": beside(wish.addresses, channel) if pair else "",
        "one_person": False,
    }
    key = {
        "channel": channel,
        "address": wish.addresses[channel],
        "project_id": wish.project_id,
    }
    if wish.project_id is None:  # NULL meets no conflict
        own = SignUp.contact_id == contact_id
        conn.execute(delete(SignUp).where(*_at(key), own, SignUp.confirmed_at.is_(None)))
    conn.execute(
        insert_or(conn, SignUp)
        .values(**key, **values, confirmed_at=None)
        .on_conflict_do_update(index_elements=["channel", "address", "project_id"], set_=values)
    )


def waiting(conn: Connection, channel: str, address: str, *, now: datetime) -> list[Row[Any]]:
    """What waits to be confirmed from an address, with the project's name; what was asked last is last."""
    found = (
        select(SignUp.__table__, func.coalesce(Project.name, "").label("project"))
        .outerjoin(Project, Project.id == SignUp.project_id)
        .where(SignUp.channel == channel, SignUp.address == address)
        .where(SignUp.confirmed_at.is_(None), SignUp.created_at > now - LIFETIME)
    )
    return list(conn.execute(found.order_by(SignUp.asked_at, SignUp.id)))


def asked(rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Those of what waits that a question has left for."""
    return [row for row in rows if row.asked_at is not None]


def torn(rows: Iterable[Row[Any]]) -> bool:
    """Whether a plain yes could mean two things: to join, and to be somebody's new address."""
    return len({row.project_id is None for row in asked(rows)}) > 1


def meant_by_yes(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """What a plain yes settles: what was asked last, unless nobody can tell."""
    return [] if torn(rows) else asked(rows)[-1:]


def meant_by_start(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """What START settles: projects alone, asked about last or named by a keyword from the phone itself."""
    last = meant_by_yes(rows)
    return [row for row in rows if row.project_id and (row in last or row.source == BY_TEXT)]


def meant_by_button(
    rows: Iterable[Row[Any]], project_id: int | None, asked_on: date
) -> list[Row[Any]]:
    """What a button settles: what the email that led to it was about."""
    return [
        row
        for row in asked(rows)
        if row.project_id == project_id and row.asked_at.date() == asked_on
    ]


def confirm(
    conn: Connection,
    rows: Iterable[Row[Any]],
    *,
    evidence: str,
    language: str = "",
    now: datetime,
) -> int | None:
    """The owner of an address has said yes to these, from it: consent and contact follow.

    ``evidence`` is their own word or deed. ``language`` is that of their answer, where the form told none.
    Returns whose address it is now; None where nothing could be confirmed.
    """
    owner: int | None = None
    for row in rows:
        owner = _confirmed(conn, row, evidence, language, now) or owner
    return owner


def forget(conn: Connection, channel: str, address: str) -> None:
    """Their no: drop what waits for an address."""
    here = (SignUp.channel == channel, SignUp.address == address)
    conn.execute(delete(SignUp).where(*here, SignUp.confirmed_at.is_(None)))


def counts(conn: Connection, project_id: int, *, now: datetime) -> dict[str, dict[str, int]]:
    """How many have confirmed, and how many have yet to, by where they came from."""
    found: dict[str, dict[str, int]] = {"confirmed": {}, "waiting": {}}
    rows = conn.execute(
        select(SignUp.source, SignUp.confirmed_at.is_not(None), func.count())
        .where(SignUp.project_id == project_id)
        .where((SignUp.confirmed_at.is_not(None)) | (SignUp.created_at > now - LIFETIME))
        .group_by(SignUp.source, SignUp.confirmed_at.is_not(None))
        .order_by(SignUp.source)
    )
    for source, confirmed, count in rows:
        found["confirmed" if confirmed else "waiting"][source] = count
    return found


def _confirmed(
    conn: Connection, row: Row[Any], evidence: str, language: str, now: datetime
) -> int | None:
    """Whose address it is now; None, and nothing done, where today's rules refuse what we held."""
    try:
        with conn.begin_nested():
            _grant(conn, row, evidence, now)
            owner = _settle(conn, row, language, now)
    except _UNTAKEN:
        return None
    done = {"address": None, "given_name": "", "family_name": "", "zip": ""}
    settled = update(SignUp).where(SignUp.id == row.id)
    conn.execute(settled.values(**done, confirmed_at=now, contact_id=owner))
    return owner


def _grant(conn: Connection, row: Row[Any], evidence: str, now: datetime) -> None:
    scopes = [NETWORK] if row.project_id is None else [NETWORK, project_scope(row.project_id)]
    for scope in scopes:
        consent.grant(
            conn,
            row.channel,
            row.address,
            scope=scope,
            source=row.source,
            evidence=evidence,
            actor=SUPPORTER,
            now=now,
            wording=row.wording,
        )


def _settle(conn: Connection, row: Row[Any], language: str, now: datetime) -> int:
    """Whose address it is from now on. How a form's phone and email become one: ``contacts.pairing``."""
    told = _person(row, language)
    if row.project_id is None:
        if row.contact_id in contacts_at(conn, row.channel, row.address):
            return int(row.contact_id)  # comes back to an address they have beside others
        known = contact(conn, row.contact_id).person
        own = {"phone": told.phone or known.phone, "email": told.email or known.email}
        update_contact(conn, row.contact_id, replace(known, **own), now=now)
        return int(row.contact_id)
    holders = contacts_at(conn, row.channel, row.address)
    owner = holders[0] if holders else create_contact(conn, told, now=now)
    if holders:
        known = contact(conn, owner).person
        update_contact(conn, owner, _completed(known, told), now=now)
    join_projects(conn, owner, [row.project_id], now=now)
    return owner


def _person(row: Row[Any], language: str) -> Person:
    return Person(
        given_name=row.given_name,
        family_name=row.family_name,
        language=row.language or language,
        zip=row.zip,
        phone=row.address if row.channel == Channel.SMS else "",
        email=row.address if row.channel == Channel.EMAIL else "",
    )


def _completed(known: Person, told: Person) -> Person:
    """What we know, with what they now say of themselves where we knew nothing."""
    return replace(
        known,
        given_name=known.given_name or told.given_name,
        family_name=known.family_name or told.family_name,
        language=known.language or told.language,
        zip=known.zip or told.zip,
    )


def _keyword(typed: str) -> str | None:
    keyword = folded(typed.strip())
    if not keyword:
        return None
    if not KEYWORD.fullmatch(keyword):
        raise BadSignUpForm("a keyword is one word of 3 to 20 letters and digits, such as ARCATAO")
    return keyword


def _sites(typed: str) -> list[str]:
    """The origins in a list of web addresses, which is all that browsers compare. Raises BadSignUpForm."""
    found = []
    for each in typed.split():
        address = (each if "//" in each else f"https://{each}").lower()
        origin = ORIGIN.match(address)
        if origin is None:
            site = each[:60]
            raise BadSignUpForm(
                f"“{site}” is not a web address; write it like https://www.example.org"
            )
        found.append(origin[1])
    return list(dict.fromkeys(found))


def _taken(conn: Connection, project_id: int, column: Any, value: str | None) -> bool:
    """Whether another project's form has a word, or its name, by which a form goes that nobody set up."""
    others = select(SignUpForm.project_id).where(SignUpForm.project_id != project_id)
    named = select(Project.id).where(Project.id != project_id, Project.slug == value)
    return value is not None and any(
        conn.execute(found).first() for found in (others.where(column == value), named)
    )


def _at(key: dict[str, Any]) -> Sequence[Any]:
    return [getattr(SignUp, name) == value for name, value in key.items()]


def _opened(conn: Connection, where: Any) -> FormRow:
    row = conn.execute(_FORMS.where(where, SignUpForm.is_open)).one_or_none()
    if row is None:
        raise NoSuchForm(NoSuchForm.__doc__)
    return _form(row)


def _form(row: Row[Any]) -> FormRow:
    return FormRow(
        project_id=row.id,
        project=row.name,
        is_open=bool(row.is_open),
        slug=row.slug or row.project_slug,
        keyword=(row.keyword or "").upper(),
        sites=tuple((row.sites or "").split()),
        welcome=dict(row.welcome or {}),
    )


_FORMS = select(
    Project.id,
    Project.name,
    Project.slug.label("project_slug"),
    SignUpForm.is_open,
    SignUpForm.slug,
    SignUpForm.keyword,
    SignUpForm.sites,
    SignUpForm.welcome,
).outerjoin(SignUpForm, SignUpForm.project_id == Project.id)
