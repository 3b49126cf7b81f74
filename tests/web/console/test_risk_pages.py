"""The list of people at risk on a case's page, and a draft that names one of them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import Connection, select, update

from alerts.risk_models import PersonAtRisk
from database.opening import Opened
from organizers.models import AuditEntry, OrganizerProject
from organizers.roles import Role
from tests.builders import make_contact, make_project
from tests.web.console.test_alert_pages import ALERT
from tests.web.console.test_case_pages import begun
from tests.web.organizing import Desk, console, desk, words

MARIA = {"given_names": "María", "family_names": "Henríquez", "may_say": "nothing"}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    await opened.database.write(lambda conn: make_contact(conn, "Ben"))
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def listed(amina: Desk, case: str) -> str:
    """The address of somebody who was put on the list."""
    response = await amina.post(f"{case}/people-at-risk/new", MARIA)
    assert response.headers["Location"] == f"{case}?notice=listed#h-risk"
    page = await (await amina.get(case)).text()
    return str(re.findall(r"/console/people-at-risk/\d+", page)[-1])


async def test_the_list_tells_who_cleared_what_and_the_record_no_name(
    amina: Desk, opened: Opened
) -> None:
    case = await begun(amina)
    person = await listed(amina, case)

    assert "María Henríquez Not to be named" in await amina.page(case)
    cleared = {**MARIA, "may_say": "first", "cleared_by": "family", "note": "by telephone"}
    await amina.post(f"{person}/change", cleared)

    page = await amina.page(case)
    assert re.search(r"first name only .* Cleared by: the family, .* ET.*: by telephone", page)
    await amina.post(f"{person}/remove")
    assert "Henríquez" not in await amina.page(case)
    acts = select(AuditEntry.act, AuditEntry.before, AuditEntry.after)
    entries = await opened.database.read(
        lambda conn: conn.execute(acts.where(AuditEntry.act.like("risk.%"))).all()
    )
    assert [each.act for each in entries] == ["risk.add", "risk.change", "risk.remove"]
    assert '"may_say":"first"' in entries[1].after.replace(" ", "")
    assert "enr" not in str(entries)


async def test_what_cannot_be_noted_is_told_and_what_was_typed_stays(amina: Desk) -> None:
    case = await begun(amina)

    response = await amina.post(
        f"{case}/people-at-risk/new", {**MARIA, "may_say": "full", "note": "her own wish"}
    )

    page = await response.text()
    assert response.status == 422
    assert "Say who cleared the name" in page
    assert "her own wish" in page


def serve_as(conn: Connection, role: Role) -> None:
    conn.execute(update(OrganizerProject).values(role=role))


async def test_who_may_only_look_reads_no_names_and_only_who_sends_clears_them(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    async with console(opened, now) as client:
        ana = await desk(client, opened, now, projects=[madison])
        case = await begun(ana, project=str(madison))
        person = await listed(ana, case)
        for role in (Role.VIEWER, Role.DRAFTER):
            await opened.database.write(serve_as, role)
            page = await ana.page(case)
            assert ("Henríquez" in page) is (role is Role.DRAFTER)
        cleared = {**MARIA, "may_say": "full", "cleared_by": "family"}

        raised = await ana.post(f"{person}/change", cleared)
        removed = await ana.post(f"{person}/remove")
        renamed = await ana.post(f"{person}/change", {**MARIA, "family_names": "Nobody"})
        noted = await ana.post(f"{person}/change", {**MARIA, "note": "asked her mother"})
        told = await raised.text()

    assert [raised.status, removed.status, renamed.status, noted.status] == [422, 403, 422, 303]
    assert "ask one of them" in told
    kept = await opened.database.read(
        lambda conn: conn.execute(select(PersonAtRisk.family_names, PersonAtRisk.note)).all()
    )
    assert kept == [("Henríquez", "asked her mother")]


async def drafted(amina: Desk) -> str:
    """A draft that names her, on a case that keeps her."""
    case = await begun(amina)
    await listed(amina, case)
    named = {
        **ALERT,
        "case": case.rpartition("/")[2],
        "summary_es": "Libertad para Maria Henriquez",
    }
    response = await amina.post("/console/alerts/new", named)
    assert response.status == 303, words(await response.text())
    return response.headers["Location"]


async def test_a_name_stands_in_the_way_until_somebody_says_why_it_may_stand(
    amina: Desk, opened: Opened
) -> None:
    draft = await drafted(amina)
    page = await (await amina.get(draft)).text()
    assert "Spanish, page: “Maria Henriquez” names somebody" in page
    person = re.findall(r'name="person" value="(\d+)"', page)
    assert len(person) == 1

    short = await amina.post(f"{draft}/may-stand", {"person": person[0], "stands": "ok then"})
    said = {"person": person[0], "stands": "Her lawyer asked for it, in writing."}
    response = await amina.post(f"{draft}/may-stand", said)

    assert short.status == 409
    assert 'value="ok then"' in await short.text()
    assert response.headers["Location"] == f"{draft}#h-launch"
    told = await amina.page(draft)
    assert "Amina says why it may stand: Her lawyer asked for it, in writing." in told
    assert "Launch to 1 person" in told
    acts = select(AuditEntry.after).where(AuditEntry.act == "alert.let_name_stand")
    after = await opened.database.read(lambda conn: conn.scalars(acts).one())
    assert "lawyer" not in str(after)


async def test_what_is_paused_goes_on_once_somebody_says_why_a_name_may_stand(amina: Desk) -> None:
    case = await begun(amina)
    named = {
        **ALERT,
        "case": case.rpartition("/")[2],
        "summary_es": "Libertad para Maria Henriquez",
    }
    alert = (await amina.post("/console/alerts/new", named)).headers["Location"]
    assert (await amina.post(f"{alert}/launch", {"confirmed": "1"})).status == 303
    await amina.post(f"{alert}/pause")
    await listed(amina, case)

    told = await amina.page(case)
    refused = await amina.post(f"{alert}/resume")
    page = await refused.text()
    person = re.findall(r'name="person" value="(\d+)"', page)[0]
    public = re.findall(r'href="(/p/[^"]+)"', page)[0]
    closed = await amina.client.get(public)
    short = await amina.post(f"{alert}/may-stand", {"person": person, "stands": "ok then"})
    said = {"person": person, "stands": "Her lawyer asked for it, in writing."}
    await amina.post(f"{alert}/may-stand", said)
    resumed = await amina.post(f"{alert}/resume")
    opened_again = await amina.client.get(public)

    assert (refused.status, short.status, resumed.status) == (409, 409, 303)
    assert "say why the name may stand before it goes on" in page
    assert 'value="ok then"' in await short.text()
    assert "Names of people at risk" not in await amina.page(alert)
    assert (closed.status, opened_again.status) == (503, 200)
    assert "Henriquez" not in await closed.text()
    assert "It names somebody at risk" in told
    assert "It names somebody at risk" not in await amina.page(case)


async def test_a_drafter_does_not_let_a_case_say_what_another_list_forbids(
    opened: Opened, now: datetime
) -> None:
    madison = await opened.database.write(make_project)
    async with console(opened, now) as client:
        ana = await desk(client, opened, now, projects=[madison])
        await listed(ana, await begun(ana, project=str(madison)))
        case = await begun(ana, project=str(madison))
        await opened.database.write(serve_as, Role.DRAFTER)
        more = {**MARIA, "may_say": "full", "cleared_by": "family"}
        other = {**more, "family_names": "Portillo"}

        answers = [
            (await ana.post(f"{case}/people-at-risk/new", each)).status for each in (more, other)
        ]

    assert answers == [422, 303]


async def test_somebody_of_another_case_cannot_be_let_stand(amina: Desk, opened: Opened) -> None:
    draft = await drafted(amina)
    await listed(amina, await begun(amina))

    def last(conn: Connection) -> int:
        return max(conn.scalars(select(PersonAtRisk.id)))

    other = str(await opened.database.read(last))
    response = await amina.post(f"{draft}/may-stand", {"person": other, "stands": "a good reason"})

    assert response.status == 409
    assert "no such person on the list" in await response.text()
