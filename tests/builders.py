"""Rows for tests, with defaults that mean "nothing special"; people have names.

Amina organizes in Madison, Ben in Bangor; Chloe opted out. Each ``make_…`` inserts and returns an id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, func, select
from sqlalchemy.sql.dml import ReturningInsert

import representatives
from actions.asks import ActionDraft, create_action, simple_asks
from actions.custom_targets import Line, NamedOffice, save_office
from actions.models import TargetRule
from actions.scripts import ScriptWords
from alerts.fact_models import Fact, FactKind, FactText, FactVersion, Release
from alerts.models import Alert, AlertText, Case, CaseText, Level, Work
from contacts.models import (
    NETWORK,
    Address,
    AddressStanding,
    Channel,
    Consent,
    Contact,
    ContactTag,
    Membership,
    Project,
    Standing,
    Tag,
)
from database.embedded import open_engine
from database.engine import is_sqlite
from database.tables import folded
from database.upserts import insert_or
from messages.call_models import Call, CallLeg, CallStatus, CallStep, Direction, LegStatus, Stage
from messages.models import (
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    MessageText,
    Reach,
    Status,
)
from messages.series_models import Enrolment, Series, SeriesStatus, Trigger
from organizers.models import Organizer, OrganizerProject
from organizers.roles import Role
from representatives.loading import load
from representatives.models import ZoneSet

LONG_AGO = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)

_numbers = count(1)


@dataclass(frozen=True)
class Alerted:
    """The ids of an alert and what belongs to it."""

    alert_id: int
    message_id: int
    action_id: int
    case_id: int
    slug: str


def a_phone() -> str:
    """A number nobody else in this run has: area code 608 (Madison), never a real 555-01xx line."""
    return f"+1608{2_000_000 + next(_numbers)}"


def an_email(name: str = "amina") -> str:
    """An address nobody else in this run has."""
    return f"{name}{next(_numbers)}@example.org"


def make_project(conn: Connection, /, name: str = "Madison – Arcatao", **values: Any) -> int:
    """A sister-city project, which shares its list with the network's office."""
    row = {
        "slug": f"project-{next(_numbers)}",
        "name": name,
        "us_city": "Madison",
        "us_state": "WI",
        "community": "Arcatao",
        "region": "Chalatenango",
        "since": 1986,
        "sms_sender": "",
        "email_sender": "",
        "shares_list": True,
        "joins_red": False,
        "created_at": LONG_AGO,
    } | values
    return _insert(conn, Project, row)


def make_zone_set(conn: Connection, zones: Iterable[str] = ("America/Chicago",)) -> int:
    """A set of candidate time zones; the same zones give the same id."""
    text = " ".join(sorted(zones))
    known = conn.scalar(select(ZoneSet.id).where(ZoneSet.zones == text))
    return known if known is not None else _insert(conn, ZoneSet, {"zones": text})


def make_contact(
    conn: Connection,
    given_name: str = "Amina",
    *,
    phone: str | None = "",
    email: str | None = "",
    consent: Standing | None = Standing.GRANTED,
    scope: str = NETWORK,
    projects: Sequence[int] = (),
    tags: Sequence[str] = (),
    zones: Iterable[str] = ("America/Chicago",),
    **values: Any,
) -> int:
    """A supporter with a phone and an email ("" = any, None = none) and a word about both."""
    phone = a_phone() if phone == "" else phone
    email = an_email(folded(given_name)) if email == "" else email
    family_name = values.get("family_name", "Rivas")
    row = {
        "given_name": given_name,
        "family_name": family_name,
        "language": "en",
        "zip": "53703",
        "city": "Madison",
        "state": "WI",
        "district": 2,
        "district_how": "zip_single",
        "zone_set_id": make_zone_set(conn, zones),
        "search_text": folded(f"{given_name} {family_name} {phone or ''} {email or ''} Madison"),
        "joined_on": date(2026, 1, 5),
        "created_at": LONG_AGO,
    } | values
    contact_id = _insert(conn, Contact, row)
    for channel, address in ((Channel.SMS, phone), (Channel.EMAIL, email)):
        if address is not None:
            make_address(conn, contact_id, channel, address)
            if consent is not None:
                make_standing(conn, channel, address, consent, scope=scope)
    for project_id in projects:
        make_membership(conn, project_id, contact_id)
    for tag in tags:
        make_tag(conn, tag, contact_id)
    return contact_id


def make_people(url: str, people: int) -> None:
    """Fill a database with supporters, some in the East and some in the middle, for real processes."""
    engine = open_engine(url) if is_sqlite(url) else create_engine(url)
    with engine.begin() as conn:
        for _ in range(people):
            make_contact(conn, zones=("America/New_York", "America/Chicago"))
    engine.dispose()


def make_address(
    conn: Connection, contact_id: int, channel: str, address: str, *, rank: int = 0
) -> int:
    """An address of a contact; rank 0 is the one we write to."""
    row = {"contact_id": contact_id, "channel": channel, "address": address, "rank": rank}
    return _insert(conn, Address, row)


def make_standing(
    conn: Connection,
    channel: str,
    address: str,
    standing: Standing = Standing.GRANTED,
    *,
    scope: str = NETWORK,
    at: datetime = LONG_AGO,
) -> None:
    """What holds for an address, with the line of the ledger it came from."""
    where = {"channel": channel, "address": address, "scope": scope, "standing": standing}
    said = {"source": "test", "evidence": "said so", "actor": "test", "at": at}
    _add(conn, Consent, {**where, **said})
    held = insert_or(conn, AddressStanding).values(**where, since=at)
    conn.execute(
        held.on_conflict_do_update(
            index_elements=["channel", "address", "scope"],
            set_={"standing": standing, "since": at},
        )
    )


def make_membership(
    conn: Connection, project_id: int, contact_id: int, *, joined_at: datetime | None = None
) -> None:
    """A contact belongs to a project."""
    own = {"project_id": project_id, "contact_id": contact_id, "joined_at": joined_at}
    _add(conn, Membership, own)


def make_enrolment(conn: Connection, contact_id: int, *, at: datetime) -> int:
    """Somebody is in a network's series that runs; return the series."""
    row = {
        "name": "Welcome",
        "trigger": Trigger.JOINED,
        "zone": "America/Chicago",
        "late_minutes": 60,
        "wait_hours": 72,
        "status": SeriesStatus.RUNNING,
        "since": at,
        "looked_at": at,
        "created_by": "Amina",
        "created_at": at,
    }
    series_id = _insert(conn, Series, row)
    times = {"happened_at": at, "begins_at": at, "begins_on": f"{at:%Y-%m-%d}"}
    _add(conn, Enrolment, {"series_id": series_id, "contact_id": contact_id, **times})
    return series_id


def make_tag(conn: Connection, name: str, *contact_ids: int) -> int:
    """A tag, known by its folded name, on some contacts."""
    known = conn.scalar(select(Tag.id).where(Tag.folded == folded(name)))
    tag_id = known or _insert(conn, Tag, {"name": name, "folded": folded(name)})
    for contact_id in contact_ids:
        _add(conn, ContactTag, {"tag_id": tag_id, "contact_id": contact_id})
    return tag_id


def make_organizer(
    conn: Connection,
    name: str = "Amina",
    *,
    projects: Sequence[int] = (),
    network: bool = False,
    role: Role = Role.ADMIN,
    exports: bool = False,
    **values: Any,
) -> int:
    """Somebody who may sign in; the password hash is not one of any password."""
    row = {
        "name": name,
        "email": an_email(folded(name)),
        "password_hash": "none",
        "language": "en",
        "network": network,
        "exports": exports,
        "totp_secret": "",
        "totp_step": 0,
        "phone_confirmed": "phone" in values,
        "created_at": LONG_AGO,
    } | values
    organizer_id = _insert(conn, Organizer, row)
    for project_id in projects:
        served = {"organizer_id": organizer_id, "project_id": project_id}
        _add(conn, OrganizerProject, {**served, "role": role, "exports": exports})
    return organizer_id


ENGLISH = {
    "sms": "{{ first_name }}, 14 people were arrested in Suchitoto. Call now: {{ link }}",
    "subject": "14 arrested in Suchitoto",
    "body": "Dear {{ first_name }},\n\nplease call today: {{ link }}",
}
SPANISH = {
    "sms": "{{ first_name }}, arrestaron a 14 personas en Suchitoto. Llame ya: {{ link }}",
    "subject": "14 personas arrestadas en Suchitoto",
    "body": "Hola {{ first_name }}:\n\nllame hoy, por favor: {{ link }}",
}


def make_message(
    conn: Connection,
    *,
    texts: Mapping[str, Mapping[str, str]] | None = None,
    **values: Any,
) -> int:
    """A message to everybody, in English and Spanish, still a draft, without quiet hours."""
    row = {
        "kind": MessageKind.ALERT,
        "status": MessageStatus.DRAFT,
        "priority": 50,
        "reach": Reach.BOTH,
        "audience": {},
        "scopes": [NETWORK],
        "default_language": "en",
        "hours": {},
        "sms_sender": "+16085550100",
        "email_sender": "Llamado <alerts@example.org>",
        "merge_defaults": {},
        "segments": 1,
        "confirmed": 0,
        "expected": 0,
        "expanded_to": 0,
        "paused_because": "",
        "created_by": "test",
        "launched_by": "",
        "created_at": LONG_AGO,
    } | values
    message_id = _insert(conn, Message, row)
    for language, words in (texts or {"en": ENGLISH, "es": SPANISH}).items():
        _add(conn, MessageText, {"message_id": message_id, "language": language, **words})
    return message_id


def make_delivery(
    conn: Connection,
    message_id: int,
    contact_id: int | None,
    *,
    channel: str = Channel.SMS,
    address: str | None = "",
    status: Status = Status.PENDING,
    **values: Any,
) -> int:
    """One copy of a message to the contact's own address ("" = look it up)."""
    if address == "":
        address = address_of(conn, contact_id, channel)
    row = {
        "message_id": message_id,
        "contact_id": contact_id,
        "channel": channel,
        "address": address,
        "status": status,
        "reason": "",
        "attempt": 0 if status == Status.PENDING else 1,
        "approved_sends": 1,
        "language": "",
        "segments": 0,
        "changed_at": LONG_AGO,
    } | values
    return _insert(conn, Delivery, row)


def load_invented_officials(conn: Connection) -> None:
    """The invented seats, members and ZIPs that ship with the product, e.g. WI-2 for 53703."""
    load(conn, Path(representatives.__file__).parent / "examples", LONG_AGO)


def make_action(
    conn: Connection,
    rule: TargetRule = TargetRule.CONGRESS,
    *,
    scripts: Mapping[str, ScriptWords] | None = None,
    offices: Sequence[str] = (),
    now: datetime = LONG_AGO,
    **values: Any,
) -> int:
    """A call to Congress, with a script in English and Spanish."""
    asked = {"asks": simple_asks(rule, offices), **values}
    draft = ActionDraft(scripts=scripts or SCRIPTS, **asked)
    return create_action(conn, draft, now=now)


def make_office(
    conn: Connection,
    key: str = "embassy",
    *,
    phone: str = "+12025550199",
    verified: bool = True,
    **values: Any,
) -> int:
    """An office outside Congress, whose number Amina has checked this month."""
    checked = {"verified_on": date(2026, 11, 1), "verified_by": "Amina"} if verified else {}
    office = {"key": key, "name": "The Embassy", "phones": [Line(phone)], **checked, **values}
    return save_office(conn, NamedOffice(**office))


SCRIPTS = {
    "en": ScriptWords(
        opening="My name is {{ name }} and I live in {{ city }}, {{ zip }}.",
        ask="I ask {{ official }} to speak up for the fourteen of Suchitoto.",
        reasons="They were arrested at a march about water.",
        if_yes="Thank you. Whom may I write to?",
        if_no="May I ask why?",
        voicemail="I am {{ name }} from {{ city }}. Please speak up for the fourteen.",
    ),
    "es": ScriptWords(
        opening="Me llamo {{ name }} y vivo en {{ city }}, {{ zip }}.",
        ask="Le pido a {{ official }} que hable por los catorce de Suchitoto.",
        reasons="Los arrestaron en una marcha por el agua.",
        if_yes="Gracias. ¿A quién le escribo?",
        if_no="¿Puedo preguntar por qué?",
        voicemail="Soy {{ name }}, de {{ city }}. Hable por los catorce, por favor.",
    ),
}


def make_alert(conn: Connection, action_id: int | None = None, **message: Any) -> Alerted:
    """A launched alert on a case with one public and one withheld fact."""
    action_id = action_id or make_action(conn)
    launched: dict[str, Any] = {"status": MessageStatus.SENDING, "launched_at": LONG_AGO} | message
    message_id = make_message(conn, action_id=action_id, **launched)
    slug = f"slug{next(_numbers)}"
    case: dict[str, Any] = {"slug": slug, "created_by": "test", "created_at": LONG_AGO}
    case["project_id"] = launched.get("project_id")
    case_id = _insert(conn, Case, case)
    words = {
        "en": ("Free the fourteen", "Fourteen people are in prison."),
        "es": ("Libertad para los catorce", "Catorce personas están presas."),
    }
    alert = {"case_id": case_id, "message_id": message_id, "action_id": action_id}
    alert_id = _insert(
        conn, Alert, {**alert, "level": Level.RED, "slug": slug, "work": Work.ADVOCACY}
    )
    for language, (title, summary) in words.items():
        said = {"language": language, "title": title, "summary": summary}
        _add(conn, CaseText, {"case_id": case_id, **said})
        _add(conn, AlertText, {"alert_id": alert_id, **said})
    make_fact(
        conn, case_id, en="Police arrested fourteen people.", es="La policía arrestó a catorce."
    )
    make_fact(conn, case_id, Release.WITHHELD, en="A name nobody may read.")
    return Alerted(alert_id, message_id, action_id, case_id, slug)


def make_call(conn: Connection, action_id: int, contact_id: int | None, **values: Any) -> int:
    """A call that was put through to one office, and is still going on."""
    row = {
        "token": f"call{next(_numbers):024d}",
        "action_id": action_id,
        "contact_id": contact_id,
        "direction": Direction.OUT,
        "status": CallStatus.LIVE,
        "stage": Stage.TOLD,
        "step": 3,
        "tries": 0,
        "language": "en",
        "phone": None,
        "zip": "",
        "picked": "",
        "asked_at": LONG_AGO,
        "began_at": LONG_AGO,
        "minutes": 4,
        "why": "",
    } | values
    call_id = _insert(conn, Call, row)
    leg = {"target": "us:house:WI:2", "number": "+12025550130", "status": LegStatus.DONE}
    took = {"dial_status": "completed", "seconds": 90, "bridged": True, "closed": False}
    _add(conn, CallLeg, {"call_id": call_id, "rank": 0, **leg, **took})
    said = [{"verb": "hangup"}]
    _add(conn, CallStep, {"call_id": call_id, "step": 0, "verbs": said, "at": LONG_AGO})
    return call_id


def make_fact(
    conn: Connection,
    case_id: int,
    release: Release = Release.PUBLIC,
    *,
    key: str = "",
    kind: FactKind = FactKind.EVENT,
    happened_on: date = date(2007, 7, 2),
    **words: str,
) -> int:
    """A fact of a case, in the languages given."""
    number = conn.scalar(select(func.count()).select_from(Fact)) or 0
    fact = {"case_id": case_id, "key": key or f"fact_{number}", "created_at": LONG_AGO}
    fact_id = _insert(conn, Fact, fact)
    empty = dict.fromkeys(("override_by", "override_why", "cleared_by", "note", "noted_by"), "")
    version: dict[str, Any] = {
        "fact_id": fact_id,
        "number": 1,
        "kind": kind,
        "happened_on": happened_on,
        "sources": ["CRIPDES", "public statements"],
        "release": release,
        "withdrawn": False,
        "noted_at": LONG_AGO,
    }
    version_id = _insert(conn, FactVersion, {**version, **empty})
    for language, text in words.items():
        _add(conn, FactText, {"version_id": version_id, "language": language, "words": text})
    return fact_id


def address_of(conn: Connection, contact_id: int | None, channel: str) -> str | None:
    """The address we write to, or None."""
    where = (Address.contact_id == contact_id, Address.channel == channel, Address.rank == 0)
    return conn.scalar(select(Address.address).where(*where))


def _add(conn: Connection, model: Any, row: Mapping[str, Any]) -> None:
    table: Table = model.__table__
    conn.execute(table.insert(), row)


def _insert(conn: Connection, model: Any, row: Mapping[str, Any]) -> int:
    new_id: int = conn.execute(_insertion(model), row).scalar_one()
    return new_id


@cache
def _insertion(model: Any) -> ReturningInsert[Any]:
    """One statement per table, made once: making it takes four times as long as carrying it out."""
    table: Table = model.__table__
    return table.insert().returning(table.c.id)
