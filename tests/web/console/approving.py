"""Madison's committee at its consoles, with two people asked for before anything leaves."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, select
from twilio.request_validator import RequestValidator

from alerts.approval_models import AloneLaunch, Approval, ApprovalAsk
from alerts.launching import message_of
from contacts.models import Channel
from database.jobs import EmbeddedJobs
from database.opening import Opened
from messages.models import Delivery, Message, MessageKind, MessageStatus, MessageText
from organizers import audit
from organizers.audit import Entry
from organizers.models import Organizer
from organizers.roles import Role
from tests.builders import make_contact, make_project
from tests.web.console.test_alert_pages import ALERT
from tests.web.organizing import LOOPBACK, OURS, Desk, console, desk
from tests.web.serving import Client, make_site
from web.console.letters import any_waiting, write_letters

TWILIO = "t" * 32
PHONE = "+16085550142"
LINK = re.compile(r"/console/approve/([A-Za-z0-9_-]{43})")
DIGEST = re.compile(r'name="seen" value="([0-9a-f]{64})"')


@dataclass
class Committee:
    """Amina writes; Berta reads both languages and may send; Carla reads Spanish; Dora only writes."""

    client: Client
    opened: Opened
    now: list[datetime]
    amina: Desk
    berta: Desk
    carla: Desk
    dora: Desk
    project: int

    async def draft(self, **changed: Any) -> int:
        form = {**ALERT, "project": str(self.project), **changed}
        written = await self.amina.post("/console/alerts/new", form)
        assert written.status == 303, await written.text()
        return int(written.headers["Location"].rsplit("/", 1)[1])

    async def change(self, alert_id: int, by: Desk | None = None) -> None:
        form = {**ALERT, "project": str(self.project), "sms_en": "Changed. {{ link }}"}
        saved = await (by or self.amina).post(f"/console/alerts/{alert_id}/edit", form)
        assert saved.status == 303, await saved.text()

    async def ask(self, alert_id: int, *who: Desk, by: Desk | None = None) -> int:
        form = [("approver", str(each.organizer_id)) for each in who]
        answered = await (by or self.amina).post(f"/console/alerts/{alert_id}/approval", form)
        return answered.status

    async def letters(self, **site: Any) -> dict[str, list[str]]:
        """The letters that are due, written; the words of all so far, by address."""

        def unit(conn: Connection) -> dict[str, list[str]]:
            if any_waiting(conn, self.now[0]):
                own = make_site(public_url=LOOPBACK, approvals=2, **site)
                write_letters(conn, EmbeddedJobs(), own, self.now[0])
            rows = (
                select(Delivery.address, Delivery.channel, MessageText.body, MessageText.sms)
                .join(Message, Message.id == Delivery.message_id)
                .join(MessageText, MessageText.message_id == Message.id)
                .where(Message.kind == MessageKind.REPLY)
                .order_by(Delivery.id)
            )
            found: dict[str, list[str]] = {}
            for row in conn.execute(rows):
                said = row.sms if row.channel == Channel.SMS else row.body
                found.setdefault(row.address, []).append(said)
            return found

        return await self.opened.database.write(unit)

    async def link(self, alert_id: int, who: Desk) -> str:
        """The way that a letter shows somebody who is asked."""
        assert await self.ask(alert_id, who) == 303
        said = await self.letters()
        return str(LINK.findall("".join(said[await self.email(who)]))[-1])

    async def email(self, who: Desk) -> str:
        mine = select(Organizer.email).where(Organizer.id == who.organizer_id)
        return str(await self.scalar(mine))

    async def open(self, token: str) -> tuple[int, str]:
        answered = await self.client.get(f"/console/approve/{token}")
        return answered.status, await answered.text()

    async def answer(self, token: str, form: Mapping[str, str]) -> tuple[int, str]:
        answered = await self.client.post(f"/console/approve/{token}", data=form, headers=OURS)
        return answered.status, await answered.text()

    async def approve(self, alert_id: int, who: Desk, languages: str = "en es") -> int:
        page = await who.get(f"/console/alerts/{alert_id}/approval")
        seen = DIGEST.findall(await page.text())
        form = {"seen": seen[0] if seen else "", "language": languages}
        return (await who.post(f"/console/alerts/{alert_id}/approve", form)).status

    async def launch(self, alert_id: int, by: Desk | None = None, **form: str) -> int:
        way = "launch-alone" if form else "launch"
        said = {"confirmed": "1", **form}
        answered = await (by or self.amina).post(f"/console/alerts/{alert_id}/{way}", said)
        return answered.status

    async def says(self, body: str, *, phone: str = PHONE, key: str = "SM9") -> int:
        """A text to our number, signed as Twilio signs."""
        form = {"MessageSid": key, "From": phone, "To": "+16085550100", "Body": body}
        url = f"{LOOPBACK}/webhooks/twilio/inbound"
        headers = {
            "X-Twilio-Signature": RequestValidator(TWILIO).compute_signature(url, form),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        answered = await self.client.post(
            "/webhooks/twilio/inbound", data=urlencode(form).encode(), headers=headers
        )
        return answered.status

    async def code(self, alert_id: int, who: Desk) -> str:
        mine = (ApprovalAsk.alert_id == alert_id, ApprovalAsk.organizer_id == who.organizer_id)
        return str(await self.scalar(select(ApprovalAsk.code).where(*mine)))

    async def scalar(self, statement: Any) -> Any:
        return await self.opened.database.read(lambda conn: conn.scalar(statement))

    async def approved(self) -> list[tuple[int, str, str]]:
        """Who approved which language, by which way."""
        columns = (Approval.organizer_id, Approval.language, Approval.how)
        ordered = select(*columns).order_by(Approval.organizer_id, Approval.language)
        return await self.opened.database.read(
            lambda conn: [(each[0], each[1], each[2]) for each in conn.execute(ordered)]
        )

    async def is_draft(self, alert_id: int) -> bool:
        def unit(conn: Connection) -> bool:
            mine = Message.id == message_of(conn, alert_id)
            return conn.scalar(select(Message.status).where(mine)) == MessageStatus.DRAFT

        return await self.opened.database.read(unit)

    async def record(self, act: str) -> list[Entry]:
        return list(
            await self.opened.database.read(lambda conn: audit.entries(conn, None, act=act))
        )

    async def alone(self) -> Any:
        return await self.opened.database.read(
            lambda conn: conn.execute(select(AloneLaunch)).one_or_none()
        )


@asynccontextmanager
async def committee(opened: Opened, now: datetime, **site: Any) -> AsyncIterator[Committee]:
    """Everybody signed in; a clock that tests may turn on."""

    def prepare(conn: Connection) -> int:
        project = make_project(conn, "Madison – Arcatao")
        make_contact(conn, "María", language="es", projects=[project])
        return project

    project, clock = await opened.database.write(prepare), [now]
    told = {"approvals": 2, "twilio_tokens": (TWILIO,), **site}
    async with console(opened, lambda: clock[0], **told) as client:
        both: dict[str, Any] = {"projects": [project], "reads": "en es"}
        amina = await desk(client, opened, now, name="Amina", **both)
        berta = await desk(client, opened, now, name="Berta", role=Role.SENDER, phone=PHONE, **both)
        carla = await desk(
            client,
            opened,
            now,
            name="Carla",
            role=Role.SENDER,
            language="es",
            projects=[project],
        )
        dora = await desk(client, opened, now, name="Dora", role=Role.DRAFTER, **both)
        yield Committee(client, opened, clock, amina, berta, carla, dora, project)
