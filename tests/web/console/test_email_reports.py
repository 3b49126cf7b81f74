"""What came of an email and of a campaign: exact for its organizers, without small numbers for everybody else."""

from __future__ import annotations

import ast
import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from actions.models import Outcome
from actions.responses import record
from alerts.at_risk import RiskDraft, add_person
from alerts.models import AlertCampaign, AlertText, Case
from campaigns import measures, timeline
from campaigns.calendar import create_campaign
from campaigns.models import Campaign, CampaignEmail, CampaignRun, ScheduleStatus
from campaigns.story_models import CampaignText
from campaigns.timeline import MomentDraft
from contacts.models import Channel
from database.opening import Opened
from messages import counts, followed
from messages.models import Batch, Click, Delivery, MessageKind, MessageStatus, MessageText, Status
from tests.builders import (
    load_invented_officials,
    make_action,
    make_alert,
    make_contact,
    make_delivery,
    make_message,
    make_project,
)
from tests.web.console.test_progress_statements import statements
from tests.web.organizing import Desk, console, desk, words
from tests.web.test_translations import catalogue
from web.console import report_tables

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
AT = "2026-11-18T09:00"
HOUR = timedelta(hours=1)


@dataclass
class Sent:
    """A campaign with an email that left, as a test makes it."""

    campaign_id: int
    email_id: int
    message_id: int
    action_id: int


def make_sent(
    conn: Connection,
    now: datetime,
    project_id: int | None,
    *,
    people: Sequence[int],
    clicked: int = 0,
    acted: int = 0,
    campaign_id: int | None = None,
    action_id: int | None = None,
    subject: str = "Water",
) -> Sent:
    """An email to these people a day ago, of whom so many followed a link, and so many then called."""
    at = now - timedelta(days=1)
    campaign_id = campaign_id or create_campaign(
        conn, name="No mining", goal="A law", project_id=project_id, created_by="x", now=at
    )
    action_id = action_id or make_action(conn)
    texts = {code: {"sms": "", "subject": subject, "body": "x"} for code in ("en", "es")}
    message_id = make_message(
        conn,
        texts=texts,
        kind=MessageKind.CAMPAIGN,
        status=MessageStatus.FINISHED,
        project_id=project_id,
        action_id=action_id,
        launched_at=at,
        expected=len(people) + 1,
    )
    plan: dict[str, Any] = {"status": ScheduleStatus.OVER, "local_time": AT, "audience": {}}
    plan |= {"zone": "America/Chicago", "late_minutes": 60, "texts": texts, "created_by": "x"}
    row = insert(CampaignEmail).values(campaign_id=campaign_id, created_at=at, **plan)
    email_id = conn.execute(row.returning(CampaignEmail.id)).scalar_one()
    run = {"email_id": email_id, "local_time": AT, "message_id": message_id, "fired_at": at}
    conn.execute(insert(CampaignRun).values(**run, planned_at=at))
    _copies(conn, message_id, people, at)
    for nth, contact in enumerate(people):
        if nth < clicked:
            _click(conn, message_id, contact, at + timedelta(hours=2))
        if nth < acted:
            told: dict[str, Any] = {"target": "us:house:WI:2", "outcome": Outcome.SPOKE}
            when = at + timedelta(hours=5)
            record(conn, action_id, contact_id=contact, channel="web", now=when, **told)
    return Sent(campaign_id, email_id, message_id, action_id)


def _copies(conn: Connection, message_id: int, people: Sequence[int], at: datetime) -> None:
    told: dict[str, Any] = {"channel": Channel.EMAIL, "changed_at": at}
    ids = []
    for nth, contact in enumerate(people):
        language = "es" if nth % 3 == 0 else "en"
        more: dict[str, Any] = {"status": Status.DELIVERED, "language": language}
        ids.append(make_delivery(conn, message_id, contact, **told, **more))
    left_out = make_contact(conn, "Chloe")
    out: dict[str, Any] = {"status": Status.SKIPPED, "reason": "opted_out", "attempt": 0}
    make_delivery(conn, message_id, left_out, **told, **out)
    row = {"message_id": message_id, "channel": Channel.EMAIL, "next_at": at}
    span = {"lo_id": min(ids), "hi_id": max(ids) + 1, "priority": 50, "open": False}
    conn.execute(insert(Batch).values(**row, **span))
    counts.apply(conn, counts.Deltas(counts.counted(conn, message_id)))


def _click(conn: Connection, message_id: int, contact: int, at: datetime) -> None:
    mine = (Delivery.message_id == message_id, Delivery.contact_id == contact)
    copy = conn.execute(Delivery.__table__.select().where(*mine)).one()
    conn.execute(insert(Click).values(delivery_id=copy.id, at=at))
    followed.note(conn, [copy.id])


@dataclass
class House:
    """A network with two committees, an email of Madison's and one of the network's to both."""

    madison: Desk
    office: Desk
    own: Sent
    networks: Sent


def make_house(conn: Connection, now: datetime) -> tuple[int, Sent, Sent]:
    load_invented_officials(conn)
    madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
    mine = [make_contact(conn, f"Xiomara{each}", projects=[madison]) for each in range(30)]
    theirs = [make_contact(conn, f"Benito{each}", projects=[bangor]) for each in range(12)]
    own = make_sent(conn, now, madison, people=mine, clicked=12, acted=3, subject="=Water")
    networks = make_sent(conn, now, None, people=[*theirs, *mine], clicked=20, acted=7)
    alert = make_alert(conn, own.action_id, project_id=madison, launched_at=now)
    belongs = {"alert_id": alert.alert_id, "campaign_id": own.campaign_id}
    conn.execute(insert(AlertCampaign).values(belongs))
    other = make_alert(conn, launched_at=now)
    conn.execute(insert(AlertCampaign).values(alert_id=other.alert_id, campaign_id=own.campaign_id))
    _story(conn, own.campaign_id, now)
    return madison, own, networks


def _story(conn: Connection, campaign_id: int, now: datetime) -> None:
    languages = ("en", "es")
    named = {"en": "Municipalities", "es": "Municipios"}
    counted = measures.add_measure(
        conn, campaign_id, named, target=262, is_public=False, languages=languages
    )
    measures.read_off(conn, counted, now.date(), 17, by="x", now=now)
    happened = MomentDraft(happened_on=now.date(), words={"en": "We sat on the steps."})
    timeline.note(conn, campaign_id, happened, languages=languages, by="x", now=now)


@pytest.fixture
async def house(opened: Opened, now: datetime) -> AsyncIterator[House]:
    madison, own, networks = await opened.database.write(make_house, now)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[madison])
        office = await desk(client, opened, now, network=True)
        yield House(amina, office, own, networks)


def home(sent: Sent) -> str:
    return f"/console/emails/{sent.email_id}"


async def read(amina: Desk, path: str) -> str:
    """A page's words as a wide screen shows them, where headings do not stand in each cell."""
    text = await (await amina.get(path)).text()
    return words(re.sub(r'<span class="folded">[^<]*</span>', "", text))


async def test_its_organizers_see_every_figure_and_an_account_that_balances(house: House) -> None:
    page = await house.madison.page(f"{home(house.own)}/report")

    assert "People who followed a link 12" in page
    assert "People who took its action since 3" in page
    assert "of these, after they followed its link 3" in page
    assert "balanced" in page
    assert "Left out: Said stop 1" in page
    assert "31 = 31" in page
    assert "Xiomara" not in page


async def test_what_leaves_the_house_tells_people_in_steps_and_no_reasons(house: House) -> None:
    page = await house.madison.page(f"{home(house.own)}/report?for=partners")

    assert "People who followed a link 10+" in page
    assert "People who took its action since 0+" in page
    assert "Said stop 1" not in page
    assert "Left out, each for a reason 1" in page


async def test_files_do_so_too_and_run_nothing(house: House) -> None:
    answer = await house.madison.get(f"{home(house.own)}/report.csv?lang=es")
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))

    assert ["figures", "clicked", "", "10+"] in rows
    assert ["figures", "acted", "", "0+"] in rows
    assert next(row[1][:28] for row in rows if row[0] == "note") == "La gente se cuenta de cinco "
    assert ["sent", "eligible", "", "31"] in rows
    campaign = f"/console/campaigns/{house.own.campaign_id}/report"
    told = await (await house.madison.get(f"{campaign}.csv")).text()
    assert "'=Water" not in told.replace("2026", "")
    assert "emails,2026-11-18 =Water,clicked,10+" in told  # the day stands first


def cells(body: bytes, sheet: int) -> list[list[tuple[str, str]]]:
    """The kind and text of each cell of a sheet; no cell holds a formula."""
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        shared = [
            "".join(each.itertext()) for each in ET.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    assert not list(root.iter(f"{SHEET}f"))
    assert root.find(f".//{SHEET}pane[@state='frozen']") is not None
    found = []
    for row in root.iter(f"{SHEET}row"):
        line = []
        for cell in row:
            value, kind = cell.findtext(f"{SHEET}v") or "", cell.get("t", "n")
            line.append((kind, shared[int(value)] if kind == "s" else value))
        found.append(line)
    return found


async def test_the_workbook_has_numbers_as_numbers_in_the_readers_language(house: House) -> None:
    answer = await house.madison.get(f"{home(house.own)}/report.xlsx?lang=es")
    body = await answer.read()

    assert answer.headers["Content-Disposition"].endswith('-report.xlsx"')
    assert [("s", catalogue()["Delivered"]), ("n", "30")] in cells(body, 1)
    figures = cells(body, 2)
    assert [("s", "Personas que siguieron un enlace"), ("n", "10")] in figures
    assert [("s", "Personas que desde entonces hicieron su acción"), ("n", "0")] in figures
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        assert b'formatCode="#,##0&quot;+&quot;"' in book.read("xl/styles.xml")  # 10+ and 0+
    hours = cells(body, 4)
    assert all(row[0][0] == "n" for row in hours[1:])  # moments are moments


async def test_what_is_forgotten_is_no_number_in_any_file(house: House, opened: Opened) -> None:
    def forget(conn: Connection) -> None:
        mine = update(Delivery).where(Delivery.message_id == house.own.message_id)
        conn.execute(mine.values(address=None, contact_id=None))
        conn.execute(delete(Click))

    await opened.database.write(forget)
    campaign = f"/console/campaigns/{house.own.campaign_id}"
    rows, of_campaign = [
        list(csv.reader(io.StringIO((await (await house.madison.get(path)).read()).decode())))
        for path in (f"{home(house.own)}/report.csv", f"{campaign}/report.csv")
    ]
    book = await (await house.madison.get(f"{home(house.own)}/report.xlsx")).read()
    page = await read(house.madison, f"{campaign}/report")

    assert ["figures", "left", "", "30"] in rows
    assert ["figures", "clicked", "", ""] in rows
    assert not [row for row in rows if row[0] in ("hours", "languages", "subjects")]
    assert next(row[1][:24] for row in rows if row[0] == "note") == "Who got it is not kept a"
    assert ["figures", "acted", "", ""] in of_campaign
    assert ["months", "2026-11", "clicked", ""] in of_campaign
    assert ["emails", "2026-11-18 =Water", "clicked", ""] in of_campaign
    assert (
        next(row[1][:24] for row in of_campaign if row[0] == "note") == "What people did with its"
    )
    assert [("s", "People who followed a link")] in cells(book, 2)  # and an empty cell
    assert "November 2026 1 30 – – 3" in page


async def test_by_committee_is_for_the_networks_office_alone(house: House) -> None:
    page = await read(house.office, f"{home(house.networks)}/report")
    own = await house.madison.page(f"{home(house.own)}/report")

    assert "By committee" in page
    assert re.search(r"Bangor – Carasque 12 12 100 % \([^)]*\) 7 ", page)
    assert "By committee" not in own
    assert "Bangor" not in own


@pytest.mark.parametrize("kind", ["report", "report.csv", "report.xlsx"])
async def test_a_committee_sees_no_report_of_the_networks(house: House, kind: str) -> None:
    assert (await house.madison.get(f"{home(house.networks)}/{kind}")).status == 404
    campaign = f"/console/campaigns/{house.networks.campaign_id}/{kind}"
    assert (await house.madison.get(campaign)).status == 404


async def test_a_campaign_is_told_month_by_month_with_what_it_counts(house: House) -> None:
    page = await read(house.madison, f"/console/campaigns/{house.own.campaign_id}/report")

    assert "Emails sent 1" in page
    assert "Alerts 1" in page  # the network's own is not hers to see
    assert "Calls that offices heard, of its alerts 3" in page
    assert "November 2026 1 30 12 3 3" in page
    assert "Municipalities: 17 of 262" in page
    assert "We sat on the steps." in page
    assert re.search(r"=Water 30 12 40 % \([^)]*\) 3 10 % \([^)]*\) 0", page)


async def test_partners_read_of_nobody_who_came_on_a_list_since(
    house: House, opened: Opened, now: datetime
) -> None:
    def story(conn: Connection) -> None:
        both = ("en", "es")
        for said in ("María López was freed.", "The river was dammed."):
            told = MomentDraft(
                happened_on=now.date(), words=dict.fromkeys(both, said), is_public=True
            )
            timeline.note(conn, house.own.campaign_id, told, languages=both, by="x", now=now)
        chosen = update(Campaign).where(Campaign.id == house.own.campaign_id)
        conn.execute(chosen.values(name="For María López"))
        alert = make_alert(conn, project_id=1)
        listed = RiskDraft(given_names="María", family_names="López")
        add_person(conn, alert.case_id, listed, by="x", now=now)

    await opened.database.write(story)
    homes = (f"/console/campaigns/{house.own.campaign_id}", home(house.own))
    paths = [f"{each}/report?for=partners" for each in homes]
    campaign, email = [await (await house.madison.get(each)).text() for each in paths]

    assert "The river was dammed." in campaign
    assert "López" not in campaign + email


NAME = "María Chicas Orellana"


def name_her_everywhere(conn: Connection, campaign_id: int, now: datetime) -> None:
    """Somebody of Madison's at risk, in whatever a campaign says; and an alert that was taken back."""
    madison = conn.scalars(select(Campaign.project_id).where(Campaign.id == campaign_id)).one()
    case_id = conn.scalars(select(Case.id).where(Case.project_id == madison)).one()
    maria = RiskDraft(given_names="María", family_names="Chicas Orellana")
    add_person(conn, case_id, maria, by="x", now=now)
    conn.execute(update(AlertText).values(title=f"Free {NAME}"))
    conn.execute(update(Campaign).values(name=NAME))
    titles = {"en": "The whole river", "es": f"Por {NAME}"}
    rows = [
        {"campaign_id": campaign_id, "language": code, "title": each, "summary": ""}
        for code, each in titles.items()
    ]
    conn.execute(insert(CampaignText), rows)
    both, public = ("en", "es"), {"is_public": True}
    said = dict.fromkeys(both, f"Letters for {NAME}")
    measures.add_measure(conn, campaign_id, said, target=None, languages=both, **public)
    words = dict.fromkeys(both, "We sang.")
    happened = MomentDraft(happened_on=now.date(), words=words, source=NAME, **public)
    timeline.note(conn, campaign_id, happened, languages=both, by="x", now=now)
    off: dict[str, Any] = {
        "status": MessageStatus.STOPPED,
        "finished_at": now,
        "starts_at": now + HOUR,
    }
    other = make_alert(conn, project_id=madison, **off)
    conn.execute(insert(AlertCampaign).values(alert_id=other.alert_id, campaign_id=campaign_id))


async def test_nothing_that_leaves_the_house_names_somebody_at_risk_or_tells_what_nobody_got(
    house: House, opened: Opened, now: datetime
) -> None:
    campaign = f"/console/campaigns/{house.own.campaign_id}/report"
    await opened.database.write(name_her_everywhere, house.own.campaign_id, now)

    inside = await read(house.madison, campaign)
    pages = [
        await read(house.madison, f"{each}{query}")
        for each in (campaign, f"{home(house.own)}/report")
        for query in ("?for=partners", "?for=partners&lang=es", ".csv")
    ]
    book = await (await house.madison.get(f"{campaign}.xlsx")).read()
    with zipfile.ZipFile(io.BytesIO(book)) as opened_book:
        pages += [opened_book.read(each).decode() for each in opened_book.namelist()]

    assert "Alerts 2" in inside
    assert NAME in inside
    assert [each for each in pages if "Chicas" in each or "We sang." in each] == []
    assert "The whole river" in pages[0]
    assert "Alerts 1" in pages[0]
    assert "The whole river" in pages[1], "no Spanish title that may be told"


async def test_a_name_that_partners_may_not_read_leaves_a_report_without_a_title(
    house: House, opened: Opened, now: datetime
) -> None:
    def name(conn: Connection) -> None:
        name_her_everywhere(conn, house.own.campaign_id, now)
        conn.execute(delete(CampaignText))
        said = {code: {"sms": "", "subject": NAME, "body": "x"} for code in ("en", "es")}
        conn.execute(update(CampaignEmail).values(texts=said))
        conn.execute(update(MessageText).values(subject=NAME))

    await opened.database.write(name)

    for each in (f"/console/campaigns/{house.own.campaign_id}", home(house.own)):
        page = await read(house.madison, f"{each}/report?for=partners")
        assert "Without a title" in page
        assert "Chicas" not in page


async def test_partners_are_not_told_that_nobody_did_what_a_few_did(
    house: House, opened: Opened, now: datetime
) -> None:
    def few(conn: Connection) -> Sent:
        mine = [make_contact(conn, f"Eva{each}", projects=[1]) for each in range(9)]
        return make_sent(conn, now, 1, people=mine, clicked=3)

    sent = await opened.database.write(few)
    page = await house.madison.page(f"{home(sent)}/report?for=partners")

    assert "No hour that is over tells of five people or more." in page
    assert "Nobody has followed" not in page
    assert "By language" not in page  # each line of it would be a few


async def test_partners_read_nothing_of_a_campaign_that_is_not_public(house: House) -> None:
    address = f"/console/campaigns/{house.own.campaign_id}/report?for=partners"
    page = await read(house.madison, address)

    assert "Municipalities" not in page
    assert "We sat on the steps." not in page
    assert "A law" not in page
    assert "November 2026 1 30 10+ 0+" in page
    assert "Calls of them" not in page


async def test_curves_have_a_table_that_says_the_same_and_a_title(house: House) -> None:
    text = await (await house.madison.get(f"{home(house.own)}/report?lang=es")).text()

    assert text.count('<svg class="curve"') == 2
    assert 'role="img" aria-labelledby="curve-clicked"' in text
    assert "Hora por hora" in text


async def test_lists_show_the_main_figures_and_lead_to_the_report(house: House) -> None:
    email = await (await house.madison.get(home(house.own))).text()
    campaign = await house.madison.page(f"/console/campaigns/{house.own.campaign_id}")

    assert f"{home(house.own)}/report" in email
    assert "30 people got it" in email
    assert "12 followed a link" in email
    assert "sent 1 time, 30 copies" in campaign


async def test_of_what_has_not_left_there_is_nothing_to_report(
    house: House, opened: Opened
) -> None:
    def plan(conn: Connection) -> None:
        conn.execute(delete(CampaignRun))

    await opened.database.write(plan)
    answer = await house.madison.get(f"{home(house.own)}/report")

    assert answer.status == 409
    assert "nothing to report yet" in await answer.text()
    empty = await read(house.madison, f"/console/campaigns/{house.own.campaign_id}/report")
    assert "Emails sent 0" in empty


async def test_a_campaign_asks_as_often_for_many_emails_as_for_one(
    house: House, opened: Opened, now: datetime
) -> None:
    def more(conn: Connection) -> None:
        for each in range(4):
            people = [make_contact(conn, f"Dora{each}{nth}") for nth in range(3)]
            make_sent(conn, now, None, people=people, clicked=1, campaign_id=house.own.campaign_id)

    counted = []
    for path in ("/report", ""):
        address = f"/console/campaigns/{house.own.campaign_id}{path}"
        with statements() as one:
            await house.madison.page(address)
        counted.append(len(one))
    await opened.database.write(more)
    for path, before in zip(("/report", ""), counted, strict=True):
        address = f"/console/campaigns/{house.own.campaign_id}{path}"
        with statements() as many:
            await house.madison.page(address)
        assert len(many) <= before


def test_every_word_of_the_tables_is_spanish_too() -> None:
    known = catalogue()

    tree = ast.parse(Path(report_tables.__file__).read_text())
    said = [
        text.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "words"
        for text in call.args
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]

    assert len(said) > 40
    assert [each for each in said if not known.get(each)] == []
