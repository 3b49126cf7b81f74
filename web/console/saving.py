"""Store what an organizer typed about an alert, within what they may touch."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection, select

from alerts.fact_models import Fact
from alerts.follow_ups import followed_by
from alerts.launching import create, rewrite
from alerts.models import Alert
from alerts.preflight import find_alert
from alerts.stored import case_slug, stored_draft
from contacts.models import Project
from messages.audience import of_project
from messages.control import NotNow, Words
from messages.house import HouseRules
from messages.models import Message
from messages.sms import plain_twin
from organizers import audit
from organizers.roles import May
from organizers.sessions import Viewer
from web.console import states
from web.console.alert_forms import read_draft, write_form
from web.console.guard import require_project, require_visible
from web.console.viewing import number


def save(
    conn: Connection,
    form: MultiMapping[str],
    viewer: Viewer,
    *,
    alert_id: int | None = None,
    house: HouseRules,
    now: datetime,
) -> int:
    """Store a new draft, or rewrite one; return its id.

    Raises NotYours for a project, case or action of others, NotAllowed for facts of a case that one may only
    look at, BadForm, and what ``create`` raises.
    """
    if alert_id is not None and followed_by(conn, alert_id) is not None:
        raise NotNow("this follows another alert; only its words can be changed")
    project_id = require_project(viewer, number(form, "project"))
    named = {
        kind: number(form, field)
        for kind, field in (("case_id", "case"), ("action_id", "not_acted"))
    }
    require_visible(conn, viewer, {kind: str(each) for kind, each in named.items() if each})
    case_id = named["case_id"]
    draft = read_draft(
        form,
        languages=house.languages,
        case_slug=case_slug(conn, case_id) if case_id else "",
        project=_slug(conn, project_id),
    )
    if project_id is not None:
        draft = replace(draft, audience=of_project(draft.audience, project_id))
    if case_id and draft.case.facts:
        require_visible(conn, viewer, {"case_id": str(case_id)}, May.WRITE)
    known = _facts_of(conn, case_id)
    if alert_id is None:
        alert_id = create(conn, draft, house=house, created_by=viewer.actor, now=now)
    else:
        rewrite(conn, alert_id, draft, house=house, by=viewer.actor, now=now)
    for each in sorted(_facts_of(conn, find_alert(conn, alert_id).case_id) - known):
        _note_fact(conn, each, by=viewer.actor, now=now)
    return alert_id


def _facts_of(conn: Connection, case_id: int | None) -> set[int]:
    return set(conn.scalars(select(Fact.id).where(Fact.case_id == case_id))) if case_id else set()


def _note_fact(conn: Connection, fact_id: int, *, by: str, now: datetime) -> None:
    """A fact that came with an alert is on the record like any other."""
    found = states.look(conn, "fact", fact_id)
    audit.note(
        conn,
        "fact.note",
        actor=by,
        about=f"fact:{fact_id}",
        project_id=found["project_id"],
        after=states.told("fact", {}, found)[1],
        now=now,
    )


def typed(conn: Connection, alert_id: int) -> MultiDict[str]:
    """What stands in the form of a stored draft."""
    form = write_form(stored_draft(conn, alert_id))
    row = conn.execute(
        select(Alert.case_id, Message.project_id)
        .join(Message, Message.id == Alert.message_id)
        .where(Alert.id == alert_id)
    ).one()
    form["case"] = str(row.case_id)
    form["project"] = str(row.project_id or "")
    return form


def write_plain(
    conn: Connection, alert_id: int, *, house: HouseRules, by: str, now: datetime
) -> None:
    """Replace the characters that make the texts dear by plain ones, in every language."""
    draft = stored_draft(conn, alert_id)
    texts = {
        language: Words(plain_twin(words.sms), words.subject, words.body)
        for language, words in draft.texts.items()
    }
    rewrite(conn, alert_id, replace(draft, texts=texts), house=house, by=by, now=now)


def _slug(conn: Connection, project_id: int | None) -> str:
    if project_id is None:
        return ""
    return conn.scalars(select(Project.slug).where(Project.id == project_id)).one()
