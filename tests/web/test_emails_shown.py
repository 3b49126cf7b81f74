"""An email in the browser, its events, pictures, and the public archive: what everybody may read, and no more."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import icalendar
import pytest
from aiohttp import ClientSession
from PIL import Image
from sqlalchemy import Connection, delete, insert, select, update

from alerts.at_risk import RiskDraft, add_person
from alerts.models import Case
from alerts.risk_models import NamingReason
from contacts.models import Project
from database.opening import Opened
from messages import pictures
from messages.links import archived_url, email_url, read_email_token
from messages.looks import save_look
from messages.models import MessageKind, MessageStatus
from messages.pictures import prepare
from messages.shown_emails import MOST
from tests.builders import make_alert, make_message, make_project
from tests.web.organizing import Desk, console, desk
from tests.web.serving import LINKS_SECRET as SECRET

BODY = (
    'Dear {{ first_name | "neighbor" }} of {{ city }},\n\n[Call now]({{ link }})\n\n'
    "See https://a.example/x\n\n::: event 2026-12-01 18:00 Lake Street Church\nBring a candle.\n:::\n"
)
TEXTS = {
    "en": {"sms": "", "subject": "Water for {{ first_name }}", "body": BODY},
    "es": {"sms": "", "subject": "Agua", "body": "Estimada {{ first_name }}: venga."},
}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        project = await opened.database.write(lambda conn: make_project(conn, slug="madison"))
        yield await desk(client, opened, now, projects=[project])


async def sent(amina: Desk, now: datetime, **values: Any) -> int:
    def make(conn: Connection) -> int:
        project = conn.scalar(select(Project.id))
        row = {
            "kind": MessageKind.CAMPAIGN,
            "status": MessageStatus.FINISHED,
            "project_id": project,
            "launched_at": now - timedelta(days=1),
            "texts": TEXTS,
        }
        return make_message(conn, **{**row, **values})

    return await amina.opened.database.write(make)


async def open_archive(amina: Desk) -> None:
    def opened(conn: Connection) -> None:
        project = conn.scalar(select(Project.id))
        save_look(conn, project, accent="#27357e", logo="", archive=True)

    await amina.opened.database.write(opened)


def path(message_id: int, rest: str = "/en") -> str:
    """Where whoever got it reads it."""
    return email_url("", SECRET, message_id) + rest


def public(message_id: int, rest: str = "/en") -> str:
    """Where an archive leads strangers."""
    return archived_url("", SECRET, message_id) + rest


async def stranger(amina: Desk, where: str) -> tuple[int, str, Any]:
    """What somebody without a session gets."""
    async with ClientSession() as session, session.get(amina.client.make_url(where)) as answer:
        return answer.status, await answer.text(), answer.headers


async def test_everybody_may_read_a_sent_email_and_it_names_nobody(
    amina: Desk, now: datetime
) -> None:
    message_id = await sent(amina, now)

    status, page, headers = await stranger(amina, path(message_id))

    assert status == 200
    assert "Dear neighbor of your town," in page
    assert "https://a.example/x" in page
    assert "/u/" not in page
    assert "/me/" not in page
    assert '<html lang="en"' in page
    assert path(message_id, "/es") in page
    assert headers["Cache-Control"] == "public, max-age=300"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in headers
    assert "script" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]


async def test_it_is_read_in_each_of_its_languages(amina: Desk, now: datetime) -> None:
    message_id = await sent(amina, now)

    _, spanish, _ = await stranger(amina, path(message_id, "/es"))
    missing, _, _ = await stranger(amina, path(message_id, "/fr"))

    assert "Estimada amiga o amigo: venga." in spanish
    assert missing == 404


@pytest.mark.parametrize(
    "values",
    [
        {"status": MessageStatus.DRAFT},
        {"status": MessageStatus.STOPPED},
        {"starts_at": datetime(2100, 1, 1, tzinfo=UTC)},
        {"kind": MessageKind.ANSWER},
        {"kind": MessageKind.REPLY},
        {"texts": {"en": {"sms": "x", "subject": "", "body": ""}}},
        {"texts": {"en": {"sms": "", "subject": "x", "body": "![x](https://a.org/i.png)"}}},
    ],
)
async def test_nobody_reads_what_was_not_sent_as_an_email(
    amina: Desk, now: datetime, values: dict[str, Any]
) -> None:
    message_id = await sent(amina, now, **values)

    status, _, _ = await stranger(amina, path(message_id))

    assert status == 404


async def test_its_address_cannot_be_guessed(amina: Desk, now: datetime) -> None:
    message_id = await sent(amina, now)
    token = path(message_id, "").removeprefix("/e/")

    changed = token[:-1] + ("0" if token[-1] != "0" else "1")

    assert read_email_token(SECRET, token) == message_id
    assert (await stranger(amina, f"/e/{changed}/en"))[0] == 404


async def test_an_event_goes_into_a_calendar_by_the_clock_of_its_place(
    amina: Desk, now: datetime
) -> None:
    message_id = await sent(amina, now)

    status, text, headers = await stranger(amina, path(message_id, "/en/1.ics"))
    beyond, _, _ = await stranger(amina, path(message_id, "/en/2.ics"))

    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert (status, beyond) == (200, 404)
    assert headers.get("Content-Type", "").startswith("text/calendar")
    assert event.decoded("dtstart") == datetime(2026, 12, 1, 18)
    assert str(event["location"]) == "Lake Street Church"
    assert str(event["summary"]) == "Water for neighbor"


async def test_an_event_whose_clock_is_named_is_an_instant_in_every_calendar(
    amina: Desk, now: datetime
) -> None:
    body = "::: event 2026-12-01 18:00 Plaza\nzone: America/El_Salvador\nCome.\n:::"
    words = {"en": {"sms": "", "subject": "Vigil", "body": body}}
    message_id = await sent(amina, now, texts=words)

    _, text, _ = await stranger(amina, path(message_id, "/en/1.ics"))

    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert event.decoded("dtstart") == datetime(2026, 12, 2, 0, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2026, 12, 2, 2, tzinfo=UTC)


async def test_a_picture_is_for_everybody_and_for_ever(amina: Desk, now: datetime) -> None:
    def kept(conn: Connection) -> str:
        buffer = io.BytesIO()
        Image.new("RGB", (9, 9)).save(buffer, "PNG")
        made = prepare(buffer.getvalue())
        return pictures.keep(conn, None, made, name="x", by="x", now=now)

    address = await amina.opened.database.write(kept)
    async with ClientSession() as session, session.get(amina.client.make_url(address)) as answer:
        content = await answer.read()

    assert answer.status == 200
    assert content.startswith(b"\x89PNG")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers


async def test_the_archive_has_what_was_chosen_and_nothing_else(amina: Desk, now: datetime) -> None:
    shown = await sent(amina, now)
    other = await sent(amina, now, texts={"en": {"sms": "", "subject": "Hidden", "body": "x"}})
    closed, _, _ = await stranger(amina, "/archive/madison/en")
    refused = await amina.post(f"/console/look/emails/{shown}", {"act": "show"})
    await open_archive(amina)

    await amina.post(f"/console/look/emails/{shown}", {"act": "show"})
    _, page, headers = await stranger(amina, "/archive/madison/en")
    _, feed, _ = await stranger(amina, "/archive/madison/en.xml")
    await amina.post(f"/console/look/emails/{shown}", {"act": "hide"})
    _, emptied, _ = await stranger(amina, "/archive/madison/en")

    assert (closed, refused.status) == (404, 422)
    assert public(shown) in page
    assert public(other) not in page
    assert "Hidden" not in page + feed
    assert headers["Cache-Control"] == "public, max-age=300"
    [item] = ET.fromstring(feed).iter("item")
    assert item.findtext("title") == "Water for neighbor"
    assert "Dear neighbor of your town" in (item.findtext("description") or "")
    assert public(shown) not in emptied


async def test_what_is_taken_out_of_the_archive_is_gone_for_strangers(
    amina: Desk, now: datetime
) -> None:
    message_id = await sent(amina, now)
    never, _, _ = await stranger(amina, public(message_id))
    await open_archive(amina)
    await amina.post(f"/console/look/emails/{message_id}", {"act": "show"})

    status, page, headers = await stranger(amina, public(message_id))
    event, calendar, _ = await stranger(amina, public(message_id, "/en/1.ics"))
    await amina.post(f"/console/look/emails/{message_id}", {"act": "hide"})
    since = [
        (await stranger(amina, public(message_id, rest)))[0] for rest in ("", "/en", "/en/1.ics")
    ]
    got, _, _ = await stranger(amina, path(message_id))

    assert (never, status, event) == (404, 200, 200)
    assert "X-Robots-Tag" not in headers
    assert public(message_id, "/es") in page
    assert path(message_id, "") not in page + calendar  # a stranger does not learn theirs
    assert since == [404, 404, 404]
    assert got == 200


async def test_an_archive_that_is_closed_shows_strangers_nothing(
    amina: Desk, now: datetime
) -> None:
    message_id = await sent(amina, now)
    await open_archive(amina)
    await amina.post(f"/console/look/emails/{message_id}", {"act": "show"})

    def close(conn: Connection) -> None:
        save_look(conn, conn.scalar(select(Project.id)), accent="#123", logo="", archive=False)

    await amina.opened.database.write(close)

    assert (await stranger(amina, public(message_id)))[0] == 404


async def test_a_feed_leaves_out_what_xml_cannot_say(amina: Desk, now: datetime) -> None:
    words = {"en": {"sms": "", "subject": "Water", "body": "A\x01B \U0001f64c"}}
    message_id = await sent(amina, now, texts=words)
    await open_archive(amina)
    await amina.post(f"/console/look/emails/{message_id}", {"act": "show"})
    odd = update(Project).values(name="Madison\x0bArcatao")
    await amina.opened.database.write(lambda conn: conn.execute(odd))

    status, feed, _ = await stranger(amina, "/archive/madison/en.xml")

    assert status == 200
    assert ET.fromstring(feed).findtext("channel/title") == "Madison Arcatao"
    [item] = ET.fromstring(feed).iter("item")
    assert "\U0001f64c" in (item.findtext("description") or "")


async def test_an_email_that_names_somebody_at_risk_is_not_for_everybody(
    amina: Desk, now: datetime
) -> None:
    def at_risk(conn: Connection) -> None:
        project = conn.scalar(select(Project.id))
        make_alert(conn, project_id=project)
        case = conn.scalar(select(Case.id)) or 0
        add_person(
            conn, case, RiskDraft(given_names="Rosa", family_names="Cienfuegos"), by="x", now=now
        )

    words = {"en": {"sms": "", "subject": "News", "body": "Rosa Cienfuegos is free."}}
    before = await sent(amina, now, texts=words)
    after = await sent(amina, now, texts=words)
    await open_archive(amina)
    await amina.post(f"/console/look/emails/{before}", {"act": "show"})
    _, listed, _ = await stranger(amina, "/archive/madison/en")

    await amina.opened.database.write(at_risk)
    refused = await amina.post(f"/console/look/emails/{after}", {"act": "show"})
    _, since, _ = await stranger(amina, "/archive/madison/en")
    read = [(await stranger(amina, where(before)))[0] for where in (public, path)]

    assert public(before) in listed
    assert refused.status == 422
    assert public(before) not in since
    assert public(after) not in since
    assert read == [404, 404]


async def test_whom_an_alert_was_let_name_stands_for_whoever_got_it(
    amina: Desk, now: datetime
) -> None:
    def launched(conn: Connection) -> tuple[int, int]:
        project = conn.scalar(select(Project.id))
        words = {"en": {"sms": "", "subject": "News", "body": "Rosa Cienfuegos is free."}}
        alert = make_alert(conn, project_id=project, texts=words)
        draft = RiskDraft(given_names="Rosa", family_names="Cienfuegos")
        person = add_person(conn, alert.case_id, draft, by="x", now=now)
        reason = {"alert_id": alert.alert_id, "person_id": person, "said": ["rosa cienfuegos"]}
        conn.execute(insert(NamingReason).values(**reason, why="Her family asks", by="x", at=now))
        part = make_message(
            conn,
            status=MessageStatus.SENDING,
            project_id=project,
            part_of=alert.message_id,
            texts=words,
        )
        return alert.message_id, part

    whole, part = await amina.opened.database.write(launched)
    let = [(await stranger(amina, path(each)))[0] for each in (whole, part)]

    def taken_back(conn: Connection) -> None:
        conn.execute(delete(NamingReason))

    await amina.opened.database.write(taken_back)
    since = [(await stranger(amina, path(each)))[0] for each in (whole, part)]

    assert let == [200, 200]
    assert since == [404, 404]


async def test_an_organizer_pages_on_to_what_was_sent_before(amina: Desk, now: datetime) -> None:
    """Also where as many as a page holds left at one instant, by the hundred."""
    project = await amina.opened.database.read(lambda conn: conn.scalar(select(Project.id)))

    def many(conn: Connection) -> None:
        for number in range(MOST + 2):
            subject = {"sms": "", "subject": f"News {number:03}", "body": "x"}
            row = {"kind": MessageKind.CAMPAIGN, "status": MessageStatus.FINISHED}
            texts = {"en": subject, "es": subject}
            make_message(conn, **row, project_id=project, launched_at=now, texts=texts)

    await amina.opened.database.write(many)
    newest = await (await amina.get(f"/console/look?project={project}")).text()
    [older] = re.findall(r'href="(/console/look\?project=\d+&amp;before=\d+)', newest)
    rest = await (await amina.get(older.replace("&amp;", "&"))).text()

    told = [re.findall(r"News (\d{3})</a>", each) for each in (newest, rest)]
    assert told == [[f"{each:03}" for each in range(MOST + 1, 1, -1)], ["001", "000"]]
    assert "before=" not in rest
    assert ">Newest</a>" in rest
