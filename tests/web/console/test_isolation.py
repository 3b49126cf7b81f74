"""An organizer of one project touches nothing of another, on any route."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import Connection, func, insert, select

from actions.models import Outcome
from actions.office_models import OfficeReport, Source, Stance
from actions.reports import Heard, suggest
from actions.responses import record
from actions.staffers import Aide, save_staffer
from alerts.approval_models import AloneLaunch
from alerts.at_risk import RiskDraft, add_person
from alerts.models import Alert, Answer, Proposal
from alerts.start_models import OwnStart
from campaigns import measures, series, timeline
from campaigns.calendar import create_campaign
from campaigns.models import CampaignEmail, ScheduleStatus
from campaigns.series import SeriesDraft, StepDraft
from campaigns.timeline import MomentDraft
from contacts.models import Consent, Import
from database.opening import Opened
from messages import doubts, pictures
from messages.control import Words
from messages.email_models import Picture
from messages.inbox_models import CannedReply
from messages.models import MessageStatus, Reply, ReplyVerdict, Status
from messages.pictures import Prepared
from messages.reach_models import SenderHold, UnprovenStop
from messages.series_models import Trigger
from organizers import links
from organizers.roles import NETWORKS, Grant, Role
from representatives import corrections
from representatives.corrections import Field
from representatives.loading import load
from representatives.recesses import keep, read_days
from tests.builders import (
    make_alert,
    make_contact,
    make_delivery,
    make_fact,
    make_office,
    make_organizer,
    make_project,
)
from tests.representatives.publishing import EXAMPLES
from tests.web.organizing import Desk, console, desk, words
from web.console.guard import OWNERS
from web.console.routes import ROUTES

VARIABLE = re.compile(r"\{(\w+)(?::([^{}]*(?:\{[^{}]*\})?[^{}]*))?\}")
OFFICE = "us:house:WI:2"
OTHERWISE = {
    "act": "pause",
    "channel": "sms",
    "reason": "no_consent",
    "line": "texts",
    "office": OFFICE,
    "kind": "png",
    "off": "strike",
    "steer": "pause",
    "follow_up": "nudge",
}
NOWHERE = 999_999
OFFICES = re.compile(
    r"\b(?:correction|recess|start|stop)_id\b|/keep$"
)  # the network's office's alone
GUARDED = [route for route in ROUTES if "_id" in route.path]


@dataclass
class Theirs:
    """Everything that belongs to Ben's project in Bangor."""

    ids: dict[str, int]

    def path(self, route: web.RouteDef) -> str:
        def filled(found: re.Match[str]) -> str:
            return str(self.ids.get(found[1]) or OTHERWISE[found[1]])

        return "/console" + VARIABLE.sub(filled, route.path)


def make_theirs(conn: Connection, now: datetime, project: int | None) -> Theirs:
    projects = [] if project is None else [project]
    contact = make_contact(conn, "Benedicta", family_name="Xiomara", projects=projects)
    alert = make_alert(conn, project_id=project)
    campaign = create_campaign(
        conn, name="Bangor campaign", goal="", project_id=project, created_by="x", now=now
    )
    email = {
        "campaign_id": campaign,
        "status": ScheduleStatus.SCHEDULED,
        "local_time": "2026-12-01T09:00",
        "zone": "America/New_York",
        "next_run_at": now,
        "next_local": "2026-12-01T09:00",
        "late_minutes": 60,
        "audience": {},
        "texts": {"en": {"subject": "Bangor email", "body": "x"}},
        "created_by": "x",
        "created_at": now,
    }
    imported: dict[str, Any] = {
        "project_id": project,
        "filename": "bangor.csv",
        "sha256": "0" * 64,
        "consent": "x",
        "counts": {},
        "actor": "x",
        "created_at": now,
    }
    reply = {
        "channel": "sms",
        "address": "+12075550123",
        "contact_id": contact,
        "body": "Bangor reply",
        "verdict": ReplyVerdict.OTHER,
        "received_at": now,
        "handled_by": "",
    }
    rows: dict[str, tuple[Any, dict[str, Any]]] = {
        "email_id": (CampaignEmail, email),
        "import_id": (Import, imported),
        "reply_id": (Reply, reply),
    }
    ids = {
        name: conn.execute(insert(model).values(row).returning(model.id)).scalar_one()
        for name, (model, row) in rows.items()
    }
    ids["delivery_id"] = make_delivery(
        conn, alert.message_id, contact, status=Status.UNKNOWN, changed_at=now
    )
    doubts.note_found(conn, [ids["delivery_id"]], now=now)
    held: dict[str, Any] = {
        "domain": "example.org",
        "complaints": 3,
        "delivered": 90,
        "at": now,
        "ended_by": "",
    }
    held["message_id"] = alert.message_id
    hold = insert(SenderHold).values(held).returning(SenderHold.id)
    ids["hold_id"] = conn.execute(hold).scalar_one()
    ready = {"project_id": project, "title": "Bangor's", "words": {"en": "x"}, "changed_at": now}
    kept = insert(CannedReply).values(ready).returning(CannedReply.id)
    ids["canned_id"] = conn.execute(kept).scalar_one()
    picture = Prepared(f"Bangor picture {project}".encode(), "image/png", 1, 1, told_place=False)
    pictures.keep(conn, project, picture, name="Bangor picture", by="x", now=now)
    ids["picture_id"] = conn.execute(select(func.max(Picture.id))).scalar_one()
    ids["sent_id"] = alert.message_id
    ids["organizer_id"] = make_organizer(conn, "Benita", projects=projects, network=project is None)
    ids["guest_id"], _ = links.invite(
        conn,
        name="Guest",
        email=f"guest{project}@example.org",
        language="en",
        project=project or NETWORKS,
        grant=Grant(Role.VIEWER),
        by="x",
        now=now,
    )
    name = "The network's office" if project is None else "Bangor office"
    ids["target_id"] = make_office(conn, f"office-{project or 0}", name=name, project_id=project)
    ids |= {"contact_id": contact, "alert_id": alert.alert_id, "campaign_id": campaign}
    ids |= _of_campaign(conn, campaign, now)
    ids |= _a_series(conn, project, now)
    ids["launch_id"] = _launched_alone(conn, project, now)
    ids["fact_id"] = make_fact(conn, alert.case_id, en="Bangor was told first.", es="Bangor.")
    at_risk = RiskDraft(given_names="Bonita", family_names="Bangorina")
    ids["risk_id"] = add_person(conn, alert.case_id, at_risk, by="x", now=now)
    ids |= _heard(conn, alert.alert_id, contact, project, now)
    if project is not None:
        ids["proposal_id"] = _proposed(conn, project, now)
    else:
        ids["correction_id"] = _corrected(conn, now)
        ids["recess_id"] = _in_recess(conn, now)
        ids["start_id"] = _kept(conn, now)
        ids["stop_id"] = _silenced(conn, now)
    offices = ("correction_id", "recess_id", "start_id", "stop_id")
    nowhere = dict.fromkeys(("project_id", "proposal_id", *offices), NOWHERE)
    known = {"project_id": project} if project else {}
    return Theirs({**nowhere, **ids, "case_id": alert.case_id, **known})


def _silenced(conn: Connection, now: datetime) -> int:
    """An opt-out by email that nobody vouches for."""
    said = {"channel": "email", "address": "bangorina@example.org", "scope": "network"}
    about = {"standing": "opted_out", "source": "email", "evidence": "stop", "actor": "supporter"}
    line = insert(Consent).values(**said, **about, at=now).returning(Consent.id)
    row = {"consent_id": conn.execute(line).scalar_one(), "origin": "", "at": now, "settled_by": ""}
    return conn.execute(insert(UnprovenStop).values(row).returning(UnprovenStop.id)).scalar_one()


def _launched_alone(conn: Connection, project: int | None, now: datetime) -> int:
    """An alert that left without a second person."""
    alert = make_alert(conn, project_id=project)
    row = {"launched_by": "organizer:888888", "why": "Bangor could not wait", "launched_at": now}
    left = insert(AloneLaunch).values(alert_id=alert.alert_id, **row, letter_due=False)
    conn.execute(left)
    return alert.alert_id


def _of_campaign(conn: Connection, campaign_id: int, now: datetime) -> dict[str, int]:
    languages, named = ("en",), {"en": "Bangor was first."}
    happened = MomentDraft(happened_on=now.date(), words=named)
    counted = measures.add_measure(
        conn, campaign_id, named, target=None, is_public=False, languages=languages
    )
    noted = timeline.note(conn, campaign_id, happened, languages=languages, by="x", now=now)
    return {"moment_id": noted, "measure_id": counted}


def _a_series(conn: Connection, project: int | None, now: datetime) -> dict[str, int]:
    draft = SeriesDraft(name="Bangor series", trigger=Trigger.JOINED, zone="America/New_York")
    made = series.create(conn, draft, project_id=project, by="x", now=now)
    words = {code: Words(subject="Bangor step", body="x") for code in ("en", "es")}
    step = StepDraft(days=1, hour="09:00", texts=words)
    return {"series_id": made, "step_id": series.add_step(conn, made, step, by="x", now=now)}


def _heard(
    conn: Connection, alert_id: int, contact: int, project: int | None, now: datetime
) -> dict[str, int]:
    """What a caller heard at an office, and its aide."""
    action = conn.execute(select(Alert.action_id).where(Alert.id == alert_id)).scalar_one()
    told: dict[str, Any] = {
        "target": OFFICE,
        "outcome": Outcome.SPOKE,
        "channel": "web",
        "now": now,
    }
    response = record(conn, action, contact_id=contact, note="Bangor heard it", **told)
    suggest(conn, response, Heard(stance=Stance.COMMITTED), now=now)
    aide = Aide(name="Bangor aide")
    known: dict[str, Any] = {
        "project_id": project,
        "source": Source.ORGANIZER,
        "actor": "x",
        "now": now,
    }
    staffer = save_staffer(conn, f"{OFFICE}{project or 0}", aide, **known)
    report = select(OfficeReport.id).where(OfficeReport.response_id == response)
    return {"report_id": conn.execute(report).scalar_one(), "staffer_id": staffer}


def _corrected(conn: Connection, now: datetime) -> int:
    """A correction, which is the office's alone."""
    load(conn, EXAMPLES, now)
    return corrections.correct(
        conn,
        "us:house:ME:2",
        Field.PHONE,
        "+12025557777",
        reason="their site",
        expires_on=(now + timedelta(days=9)).date(),
        by="x",
        now=now,
    )


def _kept(conn: Connection, now: datetime) -> int:
    """A starting text of the network's own, which is offered to everybody."""
    words = {code: {"name": "Evicted"} for code in ("en", "es")}
    row = {"level": "red", "whom": "congress", "words": words, "kept_by": "x", "changed_at": now}
    return conn.execute(insert(OwnStart).values(row).returning(OwnStart.id)).scalar_one()


def _in_recess(conn: Connection, now: datetime) -> int:
    """A recess of the House, which is the office's alone."""
    days = read_days("house", "2026-08-01", "2026-08-31", "https://house.gov/calendar")
    return keep(conn, [days], by="x", now=now)[0]


def _proposed(conn: Connection, project: int, now: datetime) -> int:
    alert = make_alert(conn, status=MessageStatus.DRAFT, launched_at=None)
    row = {"alert_id": alert.alert_id, "project_id": project, "answer": Answer.OPEN}
    said = insert(Proposal).values(**row, asked_at=now, answered_by="")
    return int(conn.execute(said.returning(Proposal.id)).scalar_one())


@dataclass
class Two:
    """Amina of Madison, and what is Bangor's or the network's."""

    amina: Desk
    bangor: Theirs
    networks: Theirs
    madison: int


@pytest.fixture
async def two(opened: Opened, now: datetime) -> AsyncIterator[Two]:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    bangor = await opened.database.write(lambda conn: make_project(conn, "Bangor – Carasque"))
    theirs = await opened.database.write(make_theirs, now, bangor)
    networks = await opened.database.write(make_theirs, now, None)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[madison])
        yield Two(amina, theirs, networks, madison)


async def send(amina: Desk, route: web.RouteDef, path: str, **form: str) -> int:
    response = await (amina.get(path) if route.method == "GET" else amina.post(path, form))
    response.close()  # an alert's events would go on
    return response.status


def test_every_object_in_a_route_has_an_owner_to_ask() -> None:
    named = {name for route in GUARDED for name, _ in VARIABLE.findall(route.path) if "_id" in name}

    assert named <= OWNERS.keys()


@pytest.mark.long
async def test_what_is_her_own_is_there(two: Two, opened: Opened, now: datetime) -> None:
    own = await opened.database.write(make_theirs, now, two.madison)

    statuses = {
        f"{route.method} {route.path}": await send(
            two.amina, route, own.path(route), project=str(two.madison), role="viewer"
        )
        for route in GUARDED
        if not OFFICES.search(route.path)
    }

    assert 404 not in statuses.values(), statuses
    assert 500 not in statuses.values(), statuses


async def test_what_is_another_projects_is_not_there(two: Two) -> None:
    statuses = {
        f"{route.method} {route.path}": await send(two.amina, route, two.bangor.path(route))
        for route in GUARDED
    }

    assert set(statuses.values()) == {404}, statuses


async def test_what_is_the_networks_is_not_a_members(two: Two) -> None:
    """But for its offices outside Congress, which every project sees, and none changes."""
    statuses = {
        f"{route.method} {route.path}": await send(two.amina, route, two.networks.path(route))
        for route in GUARDED
    }

    assert {code for path, code in statuses.items() if "target_id" not in path} == {404}, statuses
    assert {code for path, code in statuses.items() if "target_id" in path} == {403}, statuses


async def test_ids_that_nobody_has_are_answered_the_same(two: Two) -> None:
    nowhere = Theirs(dict.fromkeys(two.bangor.ids, 888_888))

    statuses = {await send(two.amina, route, nowhere.path(route)) for route in GUARDED}

    assert statuses == {404}


@pytest.mark.parametrize(
    "path",
    [
        "/console/",
        "/console/alerts",
        "/console/alerts/start",
        "/console/alerts/new",
        "/console/approvals",
        "/console/cases",
        "/console/inbox",
        "/console/lobbying",
        "/console/lobbying?year=2026",
        "/console/inbox?show=done",
        "/console/inbox?show=snoozed",
        "/console/inbox?q=Xiomara",
        "/console/inbox/ready",
        "/console/contacts",
        "/console/contacts?q=Xiomara",
        "/console/contacts/new",
        "/console/imports/new",
        "/console/campaigns",
        "/console/projects",
        "/console/targets",
        "/console/unknown",
    ],
)
async def test_no_list_names_another_project(two: Two, path: str) -> None:
    shown = (await two.amina.page(path)).replace("q=Xiomara", "")

    for secret in ("Bangor", "Benedicta", "bangor.csv", "Free the fourteen"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/console/contacts/new", {"email": "new@example.org"}),
        ("/console/campaigns", {"name": "Mine now"}),
        ("/console/alerts/new", {"case_title_en": "x"}),
        ("/console/alerts/new", {"then": "count"}),
        ("/console/alerts/count", {}),
        ("/console/cases/new", {"case_title_en": "x"}),
        ("/console/imports/check", {"consent": "x", "packed": ""}),
    ],
)
async def test_a_form_cannot_name_another_project_or_the_network(
    two: Two, path: str, form: dict[str, str]
) -> None:
    bangor = str(two.bangor.ids["project_id"])

    assert (await two.amina.post(path, {**form, "project": bangor})).status == 404
    assert (await two.amina.post(path, {**form, "project": ""})).status == 404


async def test_an_alert_cannot_be_hung_on_another_projects_case(two: Two) -> None:
    form = {"case": str(two.bangor.ids["case_id"]), "project": str(two.madison)}

    assert (await two.amina.post("/console/alerts/new", form)).status == 404


@pytest.mark.parametrize("owner", ["bangor", "networks"])
async def test_no_alert_begins_with_anothers_case_or_alert(two: Two, owner: str) -> None:
    theirs: Theirs = getattr(two, owner)
    case, alert = theirs.ids["case_id"], theirs.ids["alert_id"]

    for begun in (f"start?case={case}", f"new?from=arrested&case={case}", f"new?like={alert}"):
        assert (await two.amina.get(f"/console/alerts/{begun}")).status == 404
    form = {"project": str(two.madison), "like": str(alert), "then": "begin"}
    assert (await two.amina.post("/console/alerts/new", form)).status == 404


async def test_the_people_of_another_project_are_not_counted(two: Two) -> None:
    bangor = str(two.bangor.ids["project_id"])
    form = {"project": str(two.madison), "to_project": bangor}

    counted = await (await two.amina.post("/console/alerts/count", form)).text()

    assert "of 0 in this audience" in words(counted)


async def test_only_the_networks_staff_add_projects(two: Two) -> None:
    assert (await two.amina.post("/console/projects", {"name": "Mine – Mine"})).status == 404
