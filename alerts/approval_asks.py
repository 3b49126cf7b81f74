"""Ask somebody to approve an alert: a letter with a link and a code, and what comes of either.

A link is 256 random bits bound to the alert as it was, and to the one organizer to whose own address, and
confirmed phone, it went; a code is short, stands in the letter, and is good from that phone alone. Neither opens anything else, both
end after a day, and with the answer.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from alerts.approval_models import ApprovalAsk
from alerts.approvers import approvers, may_approve, project_of
from alerts.approving import approve, locked_draft
from alerts.fingerprint import digest
from alerts.models import Alert
from alerts.titles import titles_of
from contacts.models import Channel
from database.upserts import insert_or
from messages.control import NotNow
from messages.house import HouseRules
from messages.models import Message, MessageStatus
from messages.providers.provider import Inbound
from organizers import attempts, audit
from organizers.approvers import BadAsk, Changed, How, MayNotApprove, require_chosen
from organizers.attempts import TooManyAttempts
from organizers.models import Organizer
from organizers.phones import confirmed_phone

LASTS = timedelta(hours=24)
CODE_LENGTH = 4
LETTERS = (
    "BCDFGHJKMNPQRTVWXYZ"  # no vowels, so that no word is one; nothing that looks like a digit
)
DIGITS = "23456789"
YES = re.compile(
    rf"\W*(?:yes|y|si|s)\W+(?=\w*[{DIGITS}])([{DIGITS}{LETTERS}]{{{CODE_LENGTH}}})\W*",
    re.IGNORECASE,
)
TRIES = 5  # codes from one phone in a quarter of an hour


@dataclass(frozen=True)
class Letter:
    """Somebody is to be told that their approval is asked for."""

    ask_id: int
    alert_id: int
    asked_by: str
    code: str
    name: str
    email: str
    phone: str
    language: str
    titles: dict[str, str]


@dataclass(frozen=True)
class Heard:
    """What came of an answer by text; ``why`` is "" for an approval, else the name of what stood in its way."""

    key: str  # tells this answer from every other
    why: str
    language: str  # of whoever wrote it
    titles: dict[str, str]
    approved: tuple[str, ...] = ()  # languages


def ask(
    conn: Connection, alert_id: int, chosen: Collection[int], *, by: str, now: datetime
) -> list[int]:
    """Ask some organizers to approve a draft as it stands; return the asks.

    Who was asked about the very same before, and has not answered, gets another letter. Raises
    NobodyChosen, MayNotApprove and NotNow.
    """
    locked_draft(conn, alert_id)
    require_chosen(approvers(conn, alert_id), chosen)
    as_it_is = digest(conn, alert_id)
    return [_ask(conn, alert_id, each, as_it_is, by, now) for each in sorted(set(chosen))]


def any_due(conn: Connection) -> bool:
    """Whether somebody is to be told."""
    due = select(ApprovalAsk.id).where(ApprovalAsk.letter_due).limit(1)
    return conn.execute(due).first() is not None


def letters_due(conn: Connection, now: datetime) -> list[Letter]:
    """Those that are to be told; from now on they count as told. What changed meanwhile is asked of nobody.

    Nor is who may not approve it any more.
    """
    told = update(ApprovalAsk).where(ApprovalAsk.letter_due).values(letter_due=False)
    due = list(conn.scalars(told.returning(ApprovalAsk.id)))
    rows = conn.execute(
        _asks().where(ApprovalAsk.id.in_(due), *_open(now)).order_by(ApprovalAsk.id)
    )
    return [
        Letter(
            ask_id=row.id,
            alert_id=row.alert_id,
            asked_by=row.asked_by,
            code=row.code,
            name=row.name,
            email=row.email,
            phone=row.phone,
            language=row.language,
            titles=titles_of(conn, row.alert_id),
        )
        for row in rows.all()
        if row.digest == digest(conn, row.alert_id)
        and approvers(conn, row.alert_id, only=row.organizer_id)
    ]


def issue(conn: Connection, ask_id: int) -> str:
    """Give an ask the token of its link; only now can it be told."""
    token = secrets.token_urlsafe(32)
    mine = update(ApprovalAsk).where(ApprovalAsk.id == ask_id)
    conn.execute(mine.values(token_hash=_sha256(token)))
    return token


def look(conn: Connection, token: str, now: datetime) -> Row[Any]:
    """The ask that a link is about, with its organizer, while they may approve it. Raises BadAsk."""
    mine = ApprovalAsk.token_hash == _sha256(token)
    found = conn.execute(_asks().where(mine, *_open(now))).one_or_none()
    if found is None or not approvers(conn, found.alert_id, only=found.organizer_id):
        raise BadAsk(BadAsk.__doc__)
    return found


def waiting_for(conn: Connection, organizer_id: int) -> list[Row[Any]]:
    """What an organizer was asked about and has not answered, the latest first, also where link and code are over."""
    return list(conn.execute(_waiting(), {"mine": organizer_id}).all())


@cache
def _waiting() -> Select[*tuple[Any, ...]]:
    open_ones = (ApprovalAsk.answered_at.is_(None), Message.status == MessageStatus.DRAFT)
    rows = _asks().where(ApprovalAsk.organizer_id == bindparam("mine"), *open_ones)
    mine = rows.where(may_approve())
    return mine.order_by(ApprovalAsk.asked_at.desc(), ApprovalAsk.id.desc())


def heard(conn: Connection, inbound: Inbound, *, house: HouseRules, now: datetime) -> Heard | None:
    """Take "YES 7K3M" from an organizer's own phone for an approval; None for anything else.

    A phone that is noted and not confirmed approves nothing, and is told what to do; no word of what is asked.
    """
    body = unicodedata.normalize("NFKD", inbound.body)
    said = YES.fullmatch("".join(each for each in body if not unicodedata.combining(each)).strip())
    if inbound.channel != Channel.SMS or said is None or not inbound.address:
        return None
    columns = (Organizer.id, Organizer.language, Organizer.phone_confirmed)
    mine = (Organizer.phone == inbound.address, Organizer.disabled_at.is_(None))
    noted = conn.execute(select(*columns).where(*mine).order_by(Organizer.id)).all()
    if not noted:
        return None
    owners = [each for each in noted if each.phone_confirmed]
    code, spoken = said[1].upper(), (owners or noted)[0].language
    try:
        attempts.count(conn, {_tries(inbound.address): TRIES}, now)
    except TooManyAttempts:
        return Heard(f"tries:{now:%H}", "tries", spoken, {})
    if not owners:
        return Heard(f"unconfirmed:{now:%Y-%m-%d %H}", "unconfirmed", spoken, {})
    wanted = (ApprovalAsk.code == code, ApprovalAsk.organizer_id.in_([each.id for each in owners]))
    row = conn.execute(_asks().where(*wanted, *_open(now))).first()
    if row is None:
        return Heard(f"code:{code}", "code", spoken, {})
    attempts.forget(conn, _tries(inbound.address), now)
    return _approve_by_text(conn, row, house, now)


def _approve_by_text(conn: Connection, row: Row[Any], house: HouseRules, now: datetime) -> Heard:
    titles = titles_of(conn, row.alert_id)
    languages = [each for each in house.languages if each in (row.reads or row.language).split()]
    why, new = "", list[str]()
    try:
        new = approve(
            conn,
            row.alert_id,
            row.organizer_id,
            seen=row.digest,
            languages=languages,
            how=How.REPLY,
            house=house,
            now=now,
        )
    except Changed:
        why = "changed"
    except (MayNotApprove, NotNow):
        why = "not_yours"
    else:
        note_approval(conn, row.alert_id, row.organizer_id, new, How.REPLY, now)
    return Heard(f"{row.id}:{row.code}:{why}", why, row.language, titles, tuple(new))


def note_approval(
    conn: Connection,
    alert_id: int,
    organizer_id: int,
    languages: Collection[str],
    how: How,
    now: datetime,
) -> None:
    """Put an approval that came from outside the console on the record."""
    audit.note(
        conn,
        "alert.approve",
        actor=f"organizer:{organizer_id}",
        about=f"alert:{alert_id}",
        project_id=project_id_of(conn, alert_id),
        after={"how": how, "languages": " ".join(sorted(languages))},
        now=now,
    )


def project_id_of(conn: Connection, alert_id: int) -> int | None:
    """Whose record tells of an alert; None = the network's."""
    return project_of(conn, alert_id) or None


def _ask(
    conn: Connection, alert_id: int, organizer_id: int, as_it_is: str, by: str, now: datetime
) -> int:
    fresh = {
        "digest": as_it_is,
        "asked_by": by,
        "asked_at": now,
        "expires_at": now + LASTS,
        "token_hash": None,
        "code": new_code(),
        "letter_due": True,
        "answered_at": None,
    }
    row = insert_or(conn, ApprovalAsk).values(alert_id=alert_id, organizer_id=organizer_id, **fresh)
    keys = ["alert_id", "organizer_id"]
    asked = row.on_conflict_do_update(index_elements=keys, set_=fresh).returning(ApprovalAsk.id)
    return int(conn.execute(asked).scalar_one())


def new_code() -> str:
    """Something to type on a phone: letters and a digit at least, such as 7K3M."""
    chosen = [secrets.choice(LETTERS + DIGITS) for _ in range(CODE_LENGTH - 1)]
    chosen.insert(secrets.randbelow(CODE_LENGTH), secrets.choice(DIGITS))
    return "".join(chosen)


@cache
def _asks() -> Select[*tuple[Any, ...]]:
    return (
        select(
            *ApprovalAsk.__table__.columns,
            Organizer.name,
            Organizer.email,
            confirmed_phone(),
            Organizer.language,
            Organizer.reads,
        )
        .join(Organizer, Organizer.id == ApprovalAsk.organizer_id)
        .join(Alert, Alert.id == ApprovalAsk.alert_id)
        .join(Message, Message.id == Alert.message_id)
    )


def _open(now: datetime) -> tuple[Any, ...]:
    return (
        ApprovalAsk.answered_at.is_(None),
        ApprovalAsk.expires_at > now,
        Organizer.disabled_at.is_(None),
        Message.status == MessageStatus.DRAFT,
    )


def _tries(phone: str) -> str:
    return f"approval by text from {phone}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
