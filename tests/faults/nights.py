"""The nights in which local time is not what it seems: both changes of the clock, a leap day, New Year.

A message is launched in the evening to a person in each zone, and the sender is woken whenever its
rows say there is something to do, on a clock that we set. Whoever is texted must be so in the first
minute that their own day allows, which is reckoned here by walking through the minutes of a zone's
wall clock, and not by the code that is tested.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from contacts.models import Channel
from database.engine import Database
from database.opening import opened
from messages import control
from messages.identity import Identity
from messages.models import Batch, Delivery, Reach, Status
from messages.sending import Policy, Sender
from tests.builders import a_phone, make_contact, make_message
from tests.doubles import NoJobs, ProviderInMemory
from tests.faults.running import Result
from tests.faults.stage import Grounds

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",  # knows no summer time
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "America/El_Salvador",
)
# The evening before each, and the day of it.
NAMES = {
    "spring forward 2026": date(2026, 3, 7),
    "fall back 2026": date(2026, 10, 31),
    "New Year 2027": date(2026, 12, 31),
    "spring forward 2027": date(2027, 3, 13),
    "fall back 2027": date(2027, 11, 6),
    "leap day 2028": date(2028, 2, 28),
}
LAUNCHES = (time(2, 30), time(6, 30), time(7, 30), time(23, 59, 30))  # UTC, of the day after
HOURS = {"opens": "10:00", "closes": "20:00", "sunday_opens": "12:00"}
IDENTITY = Identity("Sister Cities", "1 Example Street", "https://call.example.org", "s" * 64)
SUNDAY = 6


def run(name: str, database: str, grounds: Grounds, folder: Path) -> Result:
    """Launch at several hours of that night, on a database of its own."""
    started = monotonic()
    folder.mkdir(parents=True)
    url, clean_up = _database(database, grounds, folder)
    try:
        told = asyncio.run(_nights(url, NAMES[name]))
    finally:
        clean_up()
    wrong = [sentence for sentences in told for sentence in sentences]
    return Result(
        name=name,
        database=database,
        accepted=len(told) * len(ZONES) - sum("not texted" in each for each in wrong),
        lost=sum("not texted" in each for each in wrong),
        duplicates=sum("texted twice" in each for each in wrong),
        seconds=monotonic() - started,
        wrong=wrong,
    )


def _database(database: str, grounds: Grounds, folder: Path) -> tuple[str, partial[None]]:
    template = grounds.template(database)  # its people have no part in it
    if database == "sqlite":
        path = folder / "nights.db"
        shutil.copy(template, path)
        return f"sqlite:///{path}", partial(shutil.rmtree, folder)
    made = grounds.server().create(template=template)
    return grounds.server().url(made), partial(grounds.server().drop, made)


async def _nights(url: str, evening: date) -> list[Sequence[str]]:
    async with opened(url) as here:
        return [
            await night(here.database, datetime.combine(evening + timedelta(days=1), at, UTC))
            for at in LAUNCHES
        ]


class Watched(ProviderInMemory):
    """Notes when it was given what."""

    def __init__(self, clock: Night) -> None:
        super().__init__()
        self.at: dict[str, list[datetime]] = {}
        self._clock = clock

    async def send(self, items: Sequence[object], *, deadline: float) -> list[object]:  # type: ignore[override]
        for item in items:
            address = item.address  # type: ignore[attr-defined]
            self.at.setdefault(address, []).append(self._clock.now)
        return list(await super().send(items, deadline=deadline))  # type: ignore[arg-type]


class Night:
    """A clock that only we turn."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self, _conn: Connection) -> datetime:
        return self.now


async def night(database: Database, launched: datetime) -> Sequence[str]:
    """One launch, and the day after it; what went wrong."""
    clock = Night(launched)
    texts = Watched(clock)
    ways = {Channel.SMS: texts, Channel.EMAIL: ProviderInMemory()}
    sender = Sender(database, NoJobs(), ways, IDENTITY, Policy(), clock=clock)
    phones, message_id = await database.write(_launch, launched)
    while clock.now < launched + timedelta(days=3):
        while await sender.next(0):
            continue
        due = await database.read(_next_due, message_id)
        if due is None:
            break
        clock.now = max(due, clock.now + timedelta(seconds=1))
    return [
        sentence
        for zone, phone in phones.items()
        for sentence in _judge(zone, launched, texts.at.get(phone, []))
    ]


def _launch(conn: Connection, launched: datetime) -> tuple[dict[str, str], int]:
    tag = f"night {launched:%Y-%m-%d %H:%M}"
    phones = {}
    for zone in ZONES:
        phones[zone] = a_phone()
        make_contact(conn, phone=phones[zone], email=None, zones=[zone], tags=[tag])
    message_id = make_message(
        conn,
        reach=Reach.SMS,
        hours=HOURS,
        audience={"include": {"tags": [tag]}},
        created_at=launched,
    )
    control.queue(
        conn,
        NoJobs(),
        message_id,
        confirmed=len(ZONES),
        launched_by="test",
        undo_seconds=0,
        now=launched,
    )
    return phones, message_id


def _next_due(conn: Connection, message_id: int) -> datetime | None:
    waiting = select(func.count()).where(
        Delivery.message_id == message_id, Delivery.status == int(Status.PENDING)
    )
    if not conn.scalar(waiting):
        return None
    return conn.scalar(
        select(func.min(Batch.next_at)).where(Batch.message_id == message_id, Batch.open)
    )


def _judge(zone: str, launched: datetime, texted: Sequence[datetime]) -> list[str]:
    if not texted:
        return [f"{zone}, launched {launched:%Y-%m-%d %H:%M}: not texted"]
    due = first_allowed_minute(zone, launched)
    late = (texted[0] - due).total_seconds()
    wrong = [f"{zone}: texted twice"] if len(texted) > 1 else []
    if not -0.001 <= late < 60:
        local = texted[0].astimezone(ZoneInfo(zone))
        wrong.append(
            f"{zone}: texted at {local:%Y-%m-%d %H:%M}, {late:.0f} s after its first minute"
        )
    return wrong


def first_allowed_minute(zone: str, launched: datetime) -> datetime:
    """Walk through the minutes until the wall clock there says that a text may come."""
    at = launched
    while True:
        local = at.astimezone(ZoneInfo(zone))
        opens = 12 if local.weekday() == SUNDAY else 10
        if opens <= local.hour < 20:
            return at
        at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
