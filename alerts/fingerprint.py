"""What exactly is approved? Everything of a draft that somebody may read, hear or be called about, as one hash.

Computed from what is stored, never kept: whatever changes it, by whichever way, voids what was approved.
How many people the audience is may move; who belongs to it may not. That somebody has checked an office's
number again changes nothing that anybody reads, and so voids nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select

from alerts.asked import asked_in
from alerts.follow_ups import FOLLOWS
from alerts.models import Alert
from alerts.pages import AT_LAST, AlertPage, page_of_action
from alerts.preflight import find_alert
from alerts.risk_models import NamingReason
from contacts.models import Project
from messages.audience import read
from messages.checking import texts_of
from messages.control import Words
from messages.looks import worn
from messages.models import Message
from messages.templates import BadTemplate, compile_text

# Of the message: to whom, how, when, from whom and for how much. Its texts come beside it.
TERMS = (
    Message.reach,
    Message.project_id,
    Message.audience,
    Message.scopes,
    Message.default_language,
    Message.hours,
    Message.sms_sender,
    Message.email_sender,
    Message.merge_defaults,
    Message.weekly_cap,
    Message.countries,
    Message.budget_cents,
    Message.begins_at,
    Message.expires_at,
)
# What texts may call a project by.
NAMED = {"project": Project.name, "community": Project.community}

_TERMS = select(*TERMS).where(Message.id == bindparam("message"))
_LOOK = select(worn(Message.project_id.expression)).where(Message.id == bindparam("message"))
_ALERT = select(Alert.ask_hours, Alert.work).where(Alert.id == bindparam("alert"))
_NAMINGS = (
    select(NamingReason.person_id, NamingReason.said, NamingReason.why, NamingReason.by)
    .where(NamingReason.alert_id == bindparam("alert"))
    .order_by(NamingReason.person_id)
)


def digest(conn: Connection, alert_id: int) -> str:
    """The hash that stands for a draft alert as it is stored now. Raises NoSuchAlert."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return sha256(orjson.dumps(_approved(conn, alert_id), option=options)).hexdigest()


def _approved(conn: Connection, alert_id: int) -> Mapping[str, Any]:
    alert = find_alert(conn, alert_id)
    terms = conn.execute(_TERMS, {"message": alert.message_id}).mappings().one()
    look = conn.scalar(_LOOK, {"message": alert.message_id})
    row = conn.execute(_ALERT, {"alert": alert_id}).one()
    follows = conn.execute(FOLLOWS, {"alert": alert_id}).all()
    texts = texts_of(conn, alert.message_id)
    own = page_of_action(conn, alert.own_action_id, now=AT_LAST)
    says, asks = _page(own), asked_in(conn, own.ask)
    leads_to_page, leads_to = says, asks
    if alert.action_id != alert.own_action_id:
        led = page_of_action(conn, alert.action_id, now=AT_LAST)
        leads_to_page, leads_to = _page(led), asked_in(conn, led.ask)
    return {
        "level": alert.level,
        "ask_hours": row.ask_hours,
        "work": row.work,
        "terms": dict(terms),
        "texts": {language: asdict(words) for language, words in texts.items()},
        "follows": [list(row) for row in follows],
        **_names_let_stand(conn, alert_id),
        **_names_said(conn, texts.values(), terms["audience"]),
        # A picture's address is made of its content, so the texts tell of pictures, and this of the logo.
        **({"look": look} if look else {}),
        "page": says,
        "asks": asks,
        # A reminder leads to the page of the alert it follows, and people call whom that asks for.
        "leads_to": leads_to,
        "leads_to_page": leads_to_page,
    }


def _names_let_stand(conn: Connection, alert_id: int) -> Mapping[str, Any]:
    """Why it may name people at risk: whoever approves has read that, too."""
    found = [list(row) for row in conn.execute(_NAMINGS, {"alert": alert_id})]
    return {"names": found} if found else {}


def _names_said(
    conn: Connection, texts: Iterable[Words], audience: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The projects whose names the texts say, or their communities': those the audience names, else all."""
    said = {name for each in texts for part in asdict(each).values() for name in _fields(part)}
    columns = [column for name, column in NAMED.items() if name in said]
    if not columns:
        return {}
    rows = select(Project.id, *columns).order_by(Project.id)
    named = read(audience).include.projects
    found = conn.execute(rows.where(Project.id.in_(named)) if named else rows)
    return {"projects": [list(row) for row in found]}


def _fields(text: str) -> Collection[str]:
    """The fields of a text; none while it cannot be compiled, for then it cannot be launched either."""
    try:
        return compile_text(text).fields
    except BadTemplate:
        return ()


def _page(page: AlertPage) -> Mapping[str, Any]:
    """What a public page says besides what it asks for."""
    return {
        "words": {language: asdict(words) for language, words in page.words.items()},
        "case": {language: asdict(words) for language, words in page.case_words.items()},
        "facts": [
            [each.happened_on, each.source, each.words, each.withdrawn, each.before]
            for each in page.facts
        ],
        "closed_at": page.closed_at,
    }
