"""The page of pictures: what is shown anywhere cannot be deleted, and one is drawn at a time."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientResponse, FormData
from PIL import Image
from sqlalchemy import Connection, insert, select, update

from alerts.start_models import OwnStart
from campaigns import series
from campaigns.calendar import EmailDraft, create_campaign, schedule
from campaigns.changing import cancel, take_up
from campaigns.experiment_models import Experiment
from campaigns.models import CampaignEmail, CampaignRun
from campaigns.series import SeriesDraft
from database.opening import Opened
from messages import pictures
from messages.audience import EVERYBODY
from messages.control import Words
from messages.email_models import Picture
from messages.pictures import prepare
from messages.series_models import SeriesStep, Trigger
from tests.web.organizing import OURS, Desk, console, desk
from web.console.pictures import DRAWING


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


def file() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


def make_picture(conn: Connection, now: datetime) -> tuple[int, str]:
    address = pictures.keep(conn, None, prepare(file()), name="march.png", by="x", now=now)
    return conn.execute(select(Picture.id).where(Picture.address == address)).scalar_one(), address


def planned(conn: Connection, now: datetime, body: str) -> int:
    campaign = create_campaign(conn, name="x", goal="", project_id=None, created_by="x", now=now)
    draft = EmailDraft(
        texts={"en": Words("", "News", body)},
        audience=EVERYBODY,
        local_time=f"{now.year + 1}-05-01T09:00",
        zone="UTC",
    )
    return schedule(conn, campaign, draft, created_by="x", now=now)[0]


def in_plan(conn: Connection, now: datetime, shows: str) -> None:
    planned(conn, now, shows)


def in_occurrence(conn: Connection, now: datetime, shows: str) -> None:
    words = {"en": {"subject": "News", "body": shows}}
    row = {"email_id": planned(conn, now, "Words"), "local_time": "2026-12-01T09:00"}
    conn.execute(insert(CampaignRun).values(**row, texts=words))


def in_what_is_tried(conn: Connection, now: datetime, shows: str) -> None:
    row: dict[str, Any] = {
        "email_id": planned(conn, now, "Words"),
        "local_time": "2026-12-01T09:00",
    }
    run = conn.execute(insert(CampaignRun).values(row).returning(CampaignRun.id)).scalar_one()
    begun: dict[str, Any] = {"run_id": run, "salt": 1, "plan": {}, "audience": {}, "begun_at": now}
    texts = [{"en": {"subject": "News", "body": shows}}]
    conn.execute(insert(Experiment).values(**begun, texts=texts, state="waiting"))


def in_trying(conn: Connection, now: datetime, shows: str) -> None:
    mine = update(CampaignEmail).where(CampaignEmail.id == planned(conn, now, "Words"))
    conn.execute(mine.values(experiment={"others": [{"en": shows}]}))


def in_a_starting_text(conn: Connection, now: datetime, shows: str) -> None:
    words = {"en": {"name": "Arrest", "body": shows}}
    row = {"level": "red", "whom": "congress", "words": words, "kept_by": "x", "changed_at": now}
    conn.execute(insert(OwnStart).values(row))


def in_a_step(conn: Connection, now: datetime, shows: str) -> None:
    draft = SeriesDraft(name="Welcome", trigger=Trigger.JOINED, zone="America/New_York")
    made = series.create(conn, draft, project_id=None, by="x", now=now)
    words = {"en": {"subject": "Welcome", "body": shows}}
    row = {"series_id": made, "days": 1, "hour": "09:00", "texts": words, "writers": []}
    conn.execute(insert(SeriesStep).values(created_at=now, **row))


@pytest.mark.parametrize(
    "place", [in_plan, in_occurrence, in_what_is_tried, in_trying, in_a_starting_text, in_a_step]
)
async def test_a_picture_that_is_needed_stays(
    amina: Desk, opened: Opened, now: datetime, place: Any
) -> None:
    picture, address = await opened.database.write(make_picture, now)
    await opened.database.write(place, now, f"Look.\n\n![a march]({address})")

    pressed = await amina.post(f"/console/pictures/{picture}/remove")

    assert pressed.status == 422
    assert "This picture cannot be deleted" in await pressed.text()
    assert await opened.database.read(pictures.content_of, address) is not None


async def test_a_picture_that_nothing_shows_goes(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    picture, address = await opened.database.write(make_picture, now)
    await opened.database.write(in_plan, now, "Words alone")

    pressed = await amina.post(f"/console/pictures/{picture}/remove")

    assert pressed.status == 303
    assert await opened.database.read(pictures.content_of, address) is None


async def of_one_called_off(
    opened: Opened, now: datetime, *, run: dict[str, Any] | None = None, **plan: Any
) -> tuple[int, str]:
    """A picture that only an email shows that was called off when its only date was to come, and now is over."""

    def call_off(conn: Connection) -> tuple[int, str]:
        picture, address = make_picture(conn, now)
        email = planned(conn, now, f"![a march]({address})")
        cancel(conn, email, by="x", now=now)
        over = {"local_time": f"{now.year - 1}-05-01T09:00"}
        mine = update(CampaignEmail).where(CampaignEmail.id == email)
        conn.execute(mine.values({**over, **plan}))
        if run is not None:
            row = {"email_id": email, "status": "skipped", "reason": "called_off", **over, **run}
            conn.execute(insert(CampaignRun).values(row))
        return picture, address

    return await opened.database.write(call_off)


@pytest.mark.parametrize("run", [None, {"planned_at": datetime(2001, 5, 1, 9, tzinfo=UTC)}])
async def test_a_picture_goes_when_its_email_was_called_off_and_has_no_date_left(
    amina: Desk, opened: Opened, now: datetime, run: dict[str, Any] | None
) -> None:
    picture, address = await of_one_called_off(opened, now, run=run)

    pressed = await amina.post(f"/console/pictures/{picture}/remove")

    assert pressed.status == 303
    assert await opened.database.read(pictures.content_of, address) is None


@pytest.mark.parametrize(
    "kept",
    [
        {"local_time": "2999-05-01T09:00"},
        {"rule": "FREQ=WEEKLY"},
        {"status": "draft"},
        {"status": "over"},
        {"run": {"status": "fired", "fired_at": datetime(2001, 5, 1, 9, tzinfo=UTC)}},
        {"run": {"status": "held"}},
        {"run": {"moved_to": "2999-05-01T09:00", "planned_at": datetime(2999, 5, 1, tzinfo=UTC)}},
    ],
)
async def test_a_picture_stays_while_its_email_can_be_taken_up_or_when_some_of_it_left(
    amina: Desk, opened: Opened, now: datetime, kept: dict[str, Any]
) -> None:
    picture, address = await of_one_called_off(opened, now, **kept)

    pressed = await amina.post(f"/console/pictures/{picture}/remove")

    assert pressed.status == 422
    assert await opened.database.read(pictures.content_of, address) is not None


async def test_a_picture_of_one_that_can_be_taken_up_is_there_when_it_is(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    def taken_up(conn: Connection) -> None:
        take_up(conn, conn.execute(select(CampaignEmail.id)).scalar_one(), now=now)

    coming = f"{now.year + 1}-05-01T09:00"
    picture, address = await of_one_called_off(opened, now, local_time=coming)
    refused = await amina.post(f"/console/pictures/{picture}/remove")
    await opened.database.write(taken_up)

    assert refused.status == 422
    assert await opened.database.read(pictures.content_of, address) is not None


async def upload(amina: Desk) -> ClientResponse:
    form = FormData()
    form.add_field("csrf", amina.csrf)
    form.add_field("file", file(), filename="march.png", content_type="image/png")
    headers = {**amina.cookie, **OURS}
    return await amina.client.post(
        "/console/pictures", data=form, headers=headers, allow_redirects=False
    )


async def test_a_picture_waits_until_the_one_before_it_is_drawn(amina: Desk) -> None:
    parts = amina.client.app._subapps  # noqa: SLF001 - aiohttp names them nowhere else
    [drawing] = [each[DRAWING] for each in parts if DRAWING in each]
    async with drawing:
        waiting = asyncio.create_task(upload(amina))
        for _ in range(5):
            meanwhile = await amina.page("/console/pictures")
    added = await waiting

    assert "No picture yet." in meanwhile
    assert (added.status, added.headers["Location"]) == (303, "/console/pictures?notice=kept")
    assert "march.png" in await amina.page("/console/pictures")
