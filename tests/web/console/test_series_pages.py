"""Organizers write a series, start it, and answer for whom it waits; what is wrong is told and loses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from alerts.halting import BECAUSE
from alerts.models import AlertText
from campaigns import enrolling, series_account, stepping
from contacts.models import Project
from database.opening import Opened
from messages.models import Message, MessageKind, MessageStatus
from messages.series_models import Enrolment, Series, SeriesStep, StepCopy, StepMail
from tests.builders import make_alert, make_contact, make_membership, make_message, make_project
from tests.campaigns.test_firing import HOUSE
from tests.doubles import NoJobs
from tests.web.organizing import Desk, console, desk

DAY = timedelta(days=1)
STEP = {
    "days": "1",
    "hour": "09:00",
    "subject_en": "Welcome",
    "body_en": "Hello.",
    "subject_es": "Bienvenida",
    "body_es": "Hola.",
}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    project = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    await opened.database.write(join, project, "Rosa", now - 3 * DAY)
    async with console(opened, now) as client:
        yield await desk(client, opened, now, projects=[project])


def join(conn: Connection, project: int, name: str, at: datetime) -> None:
    make_membership(conn, project, make_contact(conn, name), joined_at=at)


async def written(amina: Desk) -> str:
    """A series of one step; return its address."""
    project = str(await amina.opened.database.read(the_project))
    said = {"name": "Welcome", "trigger": "joined", "zone": "America/Chicago", "project": project}
    made = await amina.post("/console/series", said)
    await amina.post(f"{made.headers['Location']}/steps", STEP)
    return str(made.headers["Location"])


def the_project(conn: Connection) -> int:

    return conn.execute(select(Project.id)).scalars().first() or 0


async def test_a_series_is_written_started_and_answered_for(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    at = await written(amina)
    draft = await (await amina.get(at)).text()
    await amina.post(f"{at}/start", {"earlier": "7"})

    def go_by(conn: Connection) -> None:
        made = conn.scalar(select(Series.id)) or 0
        later = now + 3 * DAY
        enrolling.enrol(conn, made, now=later)
        stepping.settle(conn, NoJobs(), made, house=HOUSE, now=later)

    await opened.database.write(go_by)
    running = await (await amina.get(at)).text()
    people = await (await amina.get(f"{at}/people")).text()
    step, asked = await opened.database.read(seen)
    await amina.post(f"/console/series-steps/{step}/skip", {"reason": "late", "upto": str(asked)})
    account = await opened.database.read(series_account.account, int(at.rpartition("/")[2]))

    assert "Also 1 person of the last 7 days" in draft
    assert "Their hour passed while it could not leave" in running
    assert "Rosa" in people
    assert [(each.balances, each.enrolled) for each in account.lines] == [(True, 1)]
    assert account.lines[0].left_out["left_out"].count == 1


def seen(conn: Connection) -> tuple[int, int]:
    return conn.scalar(select(SeriesStep.id)) or 0, conn.scalar(select(StepCopy.asked)) or 0


async def test_what_is_wrong_is_told_and_nothing_is_lost(amina: Desk, opened: Opened) -> None:
    at = await written(amina)

    answer = await amina.post(f"{at}/steps", {**STEP, "days": "900", "body_en": "Keep me."})
    page = await answer.text()
    nameless = await amina.post(f"{at}/change", {"name": "", "trigger": "joined", "zone": "UTC"})
    unzoned = await amina.post(f"{at}/change", {"name": "A", "trigger": "joined", "zone": "Mars"})

    assert (answer.status, nameless.status, unzoned.status) == (422, 422, 422)
    assert "0 to 730 days after" in page
    assert "Keep me." in page
    count = await opened.database.read(lambda conn: len(conn.scalars(select(SeriesStep.id)).all()))
    assert count == 1


async def test_it_is_paused_resumed_stopped_and_taken_up(amina: Desk, opened: Opened) -> None:
    at = await written(amina)
    await amina.post(f"{at}/start", {"earlier": "7"})
    form, stands = await (await amina.get(f"{at}/change")).text(), []
    for act in ("pause", "resume", "pause", "stop", "take-up"):
        await amina.post(f"{at}/{act}", {})
        stands.append(await opened.database.read(lambda conn: conn.scalar(select(Series.status))))

    left = await opened.database.read(lambda conn: conn.scalar(select(Enrolment.left_because)))
    assert stands == ["paused", "running", "paused", "stopped", "paused"]
    assert "whom an import has brought before stays out" in form
    assert left == ""


async def test_mail_that_is_paused_for_a_name_is_shown_and_goes_on(
    amina: Desk, opened: Opened
) -> None:
    at = await written(amina)
    await amina.post(f"{at}/start", {"earlier": ""})

    def halt(conn: Connection) -> tuple[int, int]:
        paused: dict[str, Any] = {"status": MessageStatus.PAUSED, "paused_because": BECAUSE}
        mail = make_message(conn, kind=MessageKind.CAMPAIGN, project_id=the_project(conn), **paused)
        step, _ = seen(conn)
        conn.execute(insert(StepMail).values(message_id=mail, step_id=step))
        return step, mail

    step, mail = await opened.database.write(halt)
    shown = await (await amina.get(at)).text()
    answer = await amina.post(f"/console/series-steps/{step}/go-on", {})
    status = select(Message.status).where(Message.id == mail)

    assert "who has not had it gets it then, or you are asked" in shown
    assert f"/console/series-steps/{step}/call-off" in shown
    assert answer.headers["Location"] == at
    assert await opened.database.read(lambda conn: conn.scalar(status)) != MessageStatus.PAUSED


async def test_the_month_tells_how_many_peoples_step_comes_when(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    at = await written(amina)
    await amina.post(f"{at}/steps", {**STEP, "days": "9"})
    await amina.post(f"{at}/start", {"earlier": "7"})

    def go_by(conn: Connection) -> None:
        made, later = conn.scalar(select(Series.id)) or 0, now + DAY + DAY / 2
        enrolling.enrol(conn, made, now=later)
        stepping.settle(conn, NoJobs(), made, house=HOUSE, now=later)

    await opened.database.write(go_by)
    held, comes = [f"{now + days * DAY:%Y-%m}" for days in (1, 9)]
    addresses = [f"/console/?month={each}" for each in (held, comes)]
    english = "".join([await amina.page(each) for each in addresses])
    links = await (await amina.get(addresses[0])).text()

    assert "Series, held, 1 person: Welcome, the next day at 09:00" in english
    assert "Series, 1 person: Welcome, after 9 days at 09:00" in english
    assert f'href="{at}"' in links
    assert "each on the day where they live" in english


def end_alerts(conn: Connection, now: datetime) -> None:
    conn.execute(update(Message).values(expires_at=now))


def take_alerts_back(conn: Connection, now: datetime) -> None:
    early = {"finished_at": now, "starts_at": now + DAY}
    conn.execute(update(Message).values(status=MessageStatus.STOPPED, **early))


async def test_a_series_follows_one_alert_and_its_email_leads_to_its_page(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    project = await opened.database.read(the_project)
    alert = await opened.database.write(
        lambda conn: make_alert(conn, project_id=project, expires_at=now + DAY)
    )
    theirs = await opened.database.write(lambda conn: make_alert(conn, project_id=None))
    said = {"name": "Thanks", "trigger": "acted", "zone": "UTC", "project": str(project)}
    made = (await amina.post("/console/series", said)).headers["Location"]
    page = str(alert.action_id)
    await amina.post(f"{made}/change", {**said, "only": page})
    form = await (await amina.get(f"{made}/steps")).text()
    await amina.post(f"{made}/steps", {**STEP, "leads_to": str(theirs.action_id)})
    step = await opened.database.read(lambda conn: conn.scalar(select(SeriesStep.id)))
    elsewhere = await opened.database.read(lambda conn: conn.scalar(select(SeriesStep.action_id)))

    await amina.post(f"/console/series-steps/{step}", {**STEP, "leads_to": page})
    shown = await amina.page(made)
    await opened.database.write(end_alerts, now)
    kept = await (await amina.get(f"/console/series-steps/{step}")).text()

    assert f'<option value="{page}"' in form
    assert f'<option value="{page}" selected' in kept, "it does not lose the page that is over"
    assert f'<option value="{theirs.action_id}"' not in form
    assert elsewhere is None, "another project's page is none to lead to"
    assert "Whoever tells that they answered an alert, only this one: Free the fourteen" in shown
    assert "Its link leads to: Free the fourteen" in shown
    await opened.database.write(take_alerts_back, now)
    plan = await (await amina.get(f"{made}/change")).text()
    await amina.post(f"{made}/change", {**said, "only": page})
    await opened.database.write(lambda conn: conn.execute(delete(AlertText)))
    shown = await amina.page(made)
    assert f'<option value="{page}" selected' in plan, "nor whom it follows, widening to any"
    assert "Whoever tells that they answered an alert, only this one: Without a title" in shown
