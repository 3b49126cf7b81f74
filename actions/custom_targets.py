"""Offices outside Congress: kept by organizers, verified by a person, and trusted for a while only.

Published numbers of embassies and ministries are often years old. So none is shipped, and a number
that nobody has checked lately is neither shown to anyone nor launched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from actions.models import ActionAsk, CustomTarget, TargetKind
from actions.office_hours import WASHINGTON, BadHours, Schedule, parse_hours
from contacts.addresses import BadEmail, BadPhone, is_premium, normalise_email, normalise_phone
from database.once import once
from database.tables import folded
from organizers.roles import NETWORKS, Within, as_key, owned

# Half a year: staff and call centres change with elections and budgets, about once a year.
VALID = timedelta(days=180)
LONGEST = timedelta(days=366)  # nobody's word is good for longer than a year
SOON = timedelta(days=21)  # so long before the end an organizer is reminded
KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_KEY = 64
LANGUAGE = re.compile(r"[a-z]{2,3}")

_NAMED = (
    select(ActionAsk.action_id, *CustomTarget.__table__.columns)
    .join(CustomTarget, ActionAsk.target_id == CustomTarget.id)
    .where(ActionAsk.action_id.in_(bindparam("actions", expanding=True)))
    .order_by(ActionAsk.rank)
)


class BadTarget(ValueError):
    """An office that cannot be kept as it is; the message says which part and what to do."""


class NoSuchTarget(LookupError):
    """There is no such office."""


class Standing(StrEnum):
    """Whether an office's number is to be trusted."""

    NEVER = "never"  # nobody has checked it
    VERIFIED = "verified"
    SOON = "soon"  # still, but not for long
    EXPIRED = "expired"

    @property
    def is_good(self) -> bool:
        """Whether people may be asked to call it."""
        return self in (Standing.VERIFIED, Standing.SOON)


@dataclass(frozen=True)
class Line:
    """A telephone line of an office."""

    number: str  # E.164, once it is stored
    label: str = ""  # such as "switchboard"


@dataclass(frozen=True, kw_only=True)
class NamedOffice:
    """An office outside Congress, as an organizer enters it."""

    key: str = ""  # its own name in our records, e.g. "sv-embassy-dc"; "" = made from its name
    name: str
    kind: TargetKind = TargetKind.OTHER
    title: str = ""
    salutation: str = ""
    institution: str = ""
    phones: Sequence[Line] = ()  # the first is tried first
    email: str = ""
    fax: str = ""
    address: str = ""
    languages: Sequence[str] = ()
    time_zone: str = WASHINGTON
    hours: str = ""
    closed_on: Sequence[date] = ()
    note: str = ""
    source: str = ""  # where the number was found
    verified_on: date | None = None  # when somebody last checked it
    verified_by: str = ""
    expires_on: date | None = None  # None = ``VALID`` after that
    project_id: int | None = None  # None = the network's

    def standing(self, today: date) -> Standing:
        """Whether its number is to be trusted on a day."""
        if self.verified_on is None or self.expires_on is None or not self.can_be_reached:
            return Standing.NEVER
        if self.verified_on > today:
            return Standing.NEVER  # a slip of the pen: nobody has checked it tomorrow
        if today > self.expires_on:
            return Standing.EXPIRED
        return Standing.SOON if today + SOON > self.expires_on else Standing.VERIFIED

    @property
    def can_be_written_to(self) -> bool:
        """Whether a letter has somewhere to go."""
        return bool(self.email or self.fax or self.address)

    @property
    def can_be_reached(self) -> bool:
        """Whether there is anything to call or to write to."""
        return bool(self.phones) or self.can_be_written_to

    @property
    def schedule(self) -> Schedule | None:
        """When it answers, where that is known."""
        if not self.hours:
            return None
        closed = frozenset(self.closed_on)
        return Schedule(hours=parse_hours(self.hours), zone=self.time_zone, closed_on=closed)


@dataclass(frozen=True)
class KeptOffice:
    """An office with its number in our records."""

    id: int
    office: NamedOffice


def today_of(now: datetime) -> date:
    """The day by which verifications end: Washington's."""
    return now.astimezone(ZoneInfo(WASHINGTON)).date()


def save_office(conn: Connection, office: NamedOffice, *, target_id: int | None = None) -> int:
    """Store an office, or correct one (by its number, else of the same key); return its number.

    What a draft does not say of a verification stays as it was; but another telephone number voids
    it, unless the draft says who checked that one and when. Raises BadTarget.
    """
    office = checked_office(office)
    stored = _stored(conn, office.key, target_id)
    office = replace(office, key=office.key or _new_key(conn, office.name))
    if stored is None:
        added = insert(CustomTarget).values(_values(office)).returning(CustomTarget.id)
        return conn.execute(added).scalar_one()
    if target_id is None and stored.office.project_id not in (None, office.project_id):
        raise BadTarget(f"the office {office.key} belongs to another project; choose another key")
    kept = replace(
        office if office.verified_on else _still_verified(office, stored.office),
        key=stored.office.key,
        project_id=stored.office.project_id,
    )
    conn.execute(update(CustomTarget).where(CustomTarget.id == stored.id).values(_values(kept)))
    return stored.id


def verify(conn: Connection, target_id: int, *, by: str, now: datetime) -> None:
    """Somebody says that they checked the number today. Raises NoSuchTarget, and BadTarget without one."""
    if not find_office(conn, target_id).office.can_be_reached:
        raise BadTarget(
            "this office has no telephone number, email, fax or address to check; add one first"
        )
    today = today_of(now)
    checked = {"verified_on": today, "verified_by": by, "expires_on": today + VALID}
    conn.execute(update(CustomTarget).where(CustomTarget.id == target_id).values(checked))


def remove(conn: Connection, target_id: int) -> None:
    """Forget an office; whoever decides that asked ``actions_with`` first."""
    conn.execute(delete(CustomTarget).where(CustomTarget.id == target_id))


def actions_with(conn: Connection, target_id: int) -> list[int]:
    """The actions that ask people to call an office."""
    asked = select(ActionAsk.action_id).where(ActionAsk.target_id == target_id)
    return list(conn.scalars(asked.distinct().order_by(ActionAsk.action_id)))


def find_office(conn: Connection, target_id: int) -> KeptOffice:
    """An office by its number. Raises NoSuchTarget."""
    row = conn.execute(select(CustomTarget).where(CustomTarget.id == target_id)).one_or_none()
    if row is None:
        raise NoSuchTarget(NoSuchTarget.__doc__)
    return kept_office(row)


def offices(conn: Connection, within: Within = None) -> list[KeptOffice]:
    """Offices by name: the network's and those of ``within``; the network's office sees all."""
    everywhere = within is None or NETWORKS in within
    chosen = _offices(None if everywhere else as_key(within))
    return [kept_office(row) for row in conn.execute(chosen)]


@lru_cache
def _offices(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    mine = owned(CustomTarget.project_id, None if within is None else [*within, NETWORKS])
    return select(CustomTarget).where(mine).order_by(CustomTarget.name, CustomTarget.id)


@once
def offices_of_action(conn: Connection, action_id: int) -> Sequence[KeptOffice]:
    """The offices that an action's asks name, in their order, each once."""
    return offices_by_action(conn, [action_id]).get(action_id, [])


def offices_by_action(conn: Connection, action_ids: Collection[int]) -> dict[int, list[KeptOffice]]:
    """The same of many actions, asked for at once; those that name none are left out."""
    if not action_ids:
        return {}
    found: dict[int, dict[int, KeptOffice]] = {}
    for row in conn.execute(_NAMED, {"actions": list(action_ids)}):
        found.setdefault(row.action_id, {})[row.id] = kept_office(row)
    return {action_id: list(offices.values()) for action_id, offices in found.items()}


def kept_office(row: Row[Any]) -> KeptOffice:
    """A row of ``custom_targets``."""
    names = {each.name for each in fields(NamedOffice)}
    values = {name: value for name, value in row._asdict().items() if name in names}
    read = {
        "kind": TargetKind(values["kind"]),
        "phones": tuple(Line(**each) for each in values["phones"]),
        "languages": tuple(values["languages"].split()),
        "closed_on": tuple(date.fromisoformat(each) for each in values["closed_on"].split()),
    }
    return KeptOffice(row.id, NamedOffice(**{**values, **read}))


def key_of(name: str) -> str:
    """A name as a key: ``embassy-of-el-salvador``."""
    return re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:48].strip("-")


def _values(office: NamedOffice) -> dict[str, Any]:
    return {
        **asdict(office),
        "phones": [asdict(each) for each in office.phones],
        "languages": " ".join(office.languages),
        "closed_on": " ".join(each.isoformat() for each in sorted(set(office.closed_on))),
    }


def _stored(conn: Connection, key: str, target_id: int | None) -> KeptOffice | None:
    if target_id is not None:
        return find_office(conn, target_id)
    row = conn.execute(select(CustomTarget).where(CustomTarget.key == key)).one_or_none()
    return kept_office(row) if row is not None and key else None


def _new_key(conn: Connection, name: str) -> str:
    """A key that nothing has yet."""
    plain = key_of(name) or "office"
    taken = set(conn.scalars(select(CustomTarget.key).where(CustomTarget.key.startswith(plain))))
    numbered = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (plain, *numbered) if each not in taken)


def _still_verified(office: NamedOffice, stored: NamedOffice) -> NamedOffice:
    """The draft with what is known of the stored numbers' verification, if they are the same."""
    if _checked_parts(office) != _checked_parts(stored):
        return replace(office, verified_on=None, verified_by="", expires_on=None)
    kept = replace(
        office,
        verified_on=stored.verified_on,
        verified_by=stored.verified_by,
        expires_on=(office.expires_on or stored.expires_on) if stored.verified_on else None,
    )
    _check_days(kept)
    return kept


def _checked_parts(office: NamedOffice) -> list[str]:
    """What somebody checked: its numbers, or for want of them where it is written to."""
    numbers = [each.number for each in office.phones]
    return numbers or [office.email, office.fax, office.address]


def checked_office(office: NamedOffice) -> NamedOffice:
    """The draft as it is to be stored. Raises BadTarget for the first thing that is wrong."""
    name = " ".join(office.name.split())
    if not name:
        raise BadTarget("the office has no name; write what people should ask for")
    if office.key and (not KEY.fullmatch(office.key) or len(office.key) > LONGEST_KEY):
        raise BadTarget(
            f"the key {office.key} must be small letters, digits and hyphens, at most 64"
        )
    _check_zone(office.time_zone)
    for each in office.languages:
        if not LANGUAGE.fullmatch(each):
            raise BadTarget(f"{each} is not a language; write codes such as es or en")
    expires = office.expires_on or (office.verified_on + VALID if office.verified_on else None)
    checked = replace(
        office,
        name=name,
        phones=tuple(replace(each, number=_phone(each.number)) for each in office.phones),
        fax=_phone(office.fax) if office.fax else "",
        email=_email(office.email) if office.email else "",
        hours=_hours(office.hours) if office.hours else "",
        expires_on=expires,
    )
    _check_days(checked)
    return checked


def _check_days(office: NamedOffice) -> None:
    if office.verified_on is None or office.expires_on is None:
        return
    if not office.verified_on <= office.expires_on <= office.verified_on + LONGEST:
        raise BadTarget(
            f"the number was checked on {office.verified_on}, so it cannot be trusted until"
            f" {office.expires_on}; choose a day within a year after it was checked"
        )


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadTarget(
            f"the time zone {name!r} is not known; write one such as America/El_Salvador"
        ) from error


def _phone(text: str) -> str:
    try:
        number = normalise_phone(text)
    except BadPhone as error:
        raise BadTarget(str(error)) from error
    if is_premium(number):
        raise BadTarget(f"“{text}” charges whoever calls it; write a number of the usual price")
    return number


def _email(text: str) -> str:
    try:
        return normalise_email(text)
    except BadEmail as error:
        raise BadTarget(str(error)) from error


def _hours(text: str) -> str:
    try:
        return parse_hours(text).text
    except BadHours as error:
        raise BadTarget(str(error)) from error
