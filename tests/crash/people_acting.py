"""What people do while senders die: launch, pause, resume, undo, stop, reply STOP.

Organizers type the real commands, supporters text through the fake Twilio's signed webhook, and the
launcher notes when each asked and when it was answered, for the checker.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from campaigns import calendar
from database.opening import Opened, opened
from messages import control
from messages.audience import EVERYBODY
from messages.control import NotNow, Words
from tests.crash import checker
from tests.crash.noting import Notes
from tests.crash.starting import Starter
from tests.crash.town import Town
from tests.processes import ROOT, FakeProviders

EXAMPLE = ROOT / "alerts" / "examples" / "suchitoto-14.toml"
TRIES = 15  # a command may meet the crash-loop breaker, or somebody's STOP, and is typed again
PATIENCE = 900  # seconds for an act, on a machine that has much else to do
LOOKS = 0.2  # seconds between two looks at what the breaker paused
REPLIES = ("STOP", "ALTO", "STOP", "ALTO", "gracias", "1")
FRAGMENTS = ("still face terrorism charges", "siguen acusadas de terrorismo", "privatization of")
CAMPAIGN = {
    "en": Words(subject="Water is life", body="Dear {{ first_name }}: privatization of water."),
    "es": Words(subject="El agua es vida", body="Hola {{ first_name }}: el agua es vida."),
}


@dataclass(frozen=True)
class Alert:
    """An alert that somebody will launch."""

    name: str
    reach: str = "both"
    language: str = ""  # "" = everybody
    undo: int = 0
    cap: int = 0
    expires_in: float = 0.0  # seconds; 0 = in three days

    @property
    def channels(self) -> list[str]:
        return ["sms", "email"] if self.reach == "both" else [self.reach]

    def written(self, now: datetime, tried: int) -> tuple[str, str | None]:
        """The alert file, and when it expires, if soon: later with each try that came too late."""
        text = EXAMPLE.read_text("utf-8").replace('reach = "both"', f'reach = "{self.reach}"')
        if self.cap:  # which a red alert does not ask for
            text = text.replace('level = "red"', 'level = "green"')
        if self.language:
            whom = f'[audience.include]\nlanguages = ["{self.language}"]'
            text = text.replace("[audience]\neverybody = true", whom)
        if not self.expires_in:
            return text, None
        ends = (now + timedelta(seconds=self.expires_in * 2 ** min(tried, 5))).isoformat()
        return text.replace("expires_in_hours = 72", f"expires = {ends}"), ends


class Desk:
    """A connection for the few things that have no command: a campaign, and lifting the breaker."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._over = threading.Event()
        self._orders: list[Callable[[Connection, Opened], None]] = []
        self._pool = ThreadPoolExecutor(1)
        self._working = self._pool.submit(lambda: asyncio.run(self._work()))

    def order(self, unit: Callable[[Connection, Opened], None]) -> None:
        """Have a unit of work done soon."""
        self._orders.append(unit)

    def close(self) -> None:
        """Raises what went wrong in here."""
        self._over.set()
        self._working.result(60)
        self._pool.shutdown()

    async def _work(self) -> None:
        async with opened(self._url) as here:
            while not self._over.is_set():
                while self._orders:
                    await here.database.write(self._orders.pop(0), here)
                for (number,) in await asyncio.to_thread(self._broken):
                    await here.database.write(resumed, here, number)
                await asyncio.sleep(LOOKS)

    def _broken(self) -> list[tuple[int]]:
        """What repeated crashes paused; what a person paused is left alone."""
        statement = "SELECT id FROM messages WHERE status = 'paused' AND paused_because <> ''"
        return checker.query(self._url, statement)[0]


def resumed(conn: Connection, here: Opened, number: int) -> None:
    """Lift the breaker, as a person does who has looked at the log."""
    try:
        control.resume(conn, here.jobs, number, now=datetime.now(UTC))
    except NotNow:
        return  # somebody stopped it meanwhile


def campaign(conn: Connection, _here: Opened) -> None:
    """A campaign's email to everybody, due now."""
    now = datetime.now(UTC)
    made = calendar.create_campaign(
        conn, name="Water", goal="No mining", project_id=None, created_by="test", now=now
    )
    later = f"{now + timedelta(minutes=2):%Y-%m-%dT%H:%M}"
    draft = calendar.EmailDraft(
        texts=CAMPAIGN, audience=EVERYBODY, local_time=later, zone="Etc/UTC"
    )
    email_id, _ = calendar.schedule(conn, made, draft, created_by="test", now=now)
    calendar.change_email(conn, email_id, next_run_at=now)


class People:
    """Organizers and supporters; each acts in a thread of its own, so that a kill may hit any."""

    def __init__(
        self,
        starter: Starter,
        fake: FakeProviders,
        town: Town,
        *,
        url: str,
        settings: Mapping[str, str],
        folder: Path,
        notes: Notes,
        chance: random.Random,
    ) -> None:
        self._starter = starter
        self._fake = fake
        self._town = town
        self._url = url
        self._settings = settings
        self._folder = folder
        self._notes = notes
        self._chance = chance
        self._numbers = count(1)
        self._pool = ThreadPoolExecutor(6)
        self._busy: list[Future[None]] = []
        self._alerts: dict[str, tuple[int, int]] = {}  # name -> alert, message
        self._known = threading.Condition()
        self._one_by_one: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._silent = list(town.phones)

    def launch(self, alert: Alert) -> None:
        """Launch it by its file."""
        self._soon(self._launch, alert)

    def command(self, verb: str, name: str) -> None:
        """Pause, resume, undo or stop an alert that was launched."""
        self._soon(self._command, verb, name)

    def reply(self) -> None:
        """Somebody who has said nothing yet texts back."""
        if self._silent:
            phone = self._silent.pop(self._chance.randrange(len(self._silent)))
            self._soon(self._reply, phone, self._chance.choice(REPLIES))

    def finish(self) -> None:
        """Wait for everybody; what failed in here fails the run."""
        for one in self._busy:
            one.result(PATIENCE)
        self._busy.clear()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def stop_what_is_held(self) -> None:
        """The night is long: call off what waits for somebody's morning."""
        for name, (_, message) in list(self._alerts.items()):
            (live,) = checker.query(
                self._url,
                f"SELECT 1 FROM messages WHERE id = {message} AND status IN ('sending', 'paused')",
            )
            if live:
                self.command("stop", name)
        self.finish()

    def _soon(self, act: Callable[..., None], *given: object) -> None:
        self._busy.append(self._pool.submit(act, *given))

    def _launch(self, alert: Alert) -> None:
        for tried in range(TRIES):
            asked = datetime.now(UTC)
            text, ends = alert.written(asked, tried)
            path = self._folder / f"{alert.name}.toml"
            path.write_text(text, "utf-8")
            rules = {
                "LLAMADO_SENDING__UNDO_SECONDS": str(alert.undo),
                "LLAMADO_SENDING__WEEKLY_CAP": str(alert.cap),
            }
            code, said = self._type(["alert", "launch", str(path), "--yes", "--json"], rules)
            if code == 0:
                break
        else:
            raise AssertionError(f"{alert.name} could not be launched: {said[-500:]}")
        self._remember(alert, json.loads(said[said.index("{") :]), asked, ends)

    def _remember(
        self, alert: Alert, launched: Mapping[str, Any], asked: datetime, ends: str | None
    ) -> None:
        where = f"SELECT message_id FROM alerts WHERE id = {launched['alert']}"
        message = checker.query(self._url, where)[0][0][0]
        people = self._town.people
        self._note(
            "launch",
            asked,
            ok=True,
            name=alert.name,
            message=message,
            channels=alert.channels,
            people=people // 2 if alert.language == "es" else people,
            undo=alert.undo,
            cap=alert.cap,
            expires=ends,
        )
        with self._known:
            self._alerts[alert.name] = (launched["alert"], message)
            self._known.notify_all()

    def _command(self, verb: str, name: str) -> None:
        with self._known:
            self._known.wait_for(lambda: name in self._alerts, 120)
        alert, message = self._alerts[name]
        with self._one_by_one[name]:
            for _ in range(TRIES):
                asked = datetime.now(UTC)
                code, _ = self._type(["alert", verb, str(alert)], {})
                if code == 0:
                    break
            self._note(verb, asked, ok=code == 0, name=name, message=message)

    def _reply(self, phone: str, body: str) -> None:
        asked = datetime.now(UTC)
        try:
            status = self._fake.reply(phone, body)
        except OSError:
            status = 0
        self._note("reply", asked, ok=200 <= status < 300, to=phone, body=body)

    def _type(self, arguments: Sequence[str], rules: Mapping[str, str]) -> tuple[int, str]:
        """Type a command; its exit code and what it said."""
        log = self._folder / f"command-{next(self._numbers):03}-{arguments[1]}.log"
        settings = {**self._settings, **rules}
        child = self._starter.start(arguments, env=settings, folder=self._folder, log=log)
        code = child.wait()
        if code:
            time.sleep(0.2)
        return code, log.read_text(errors="replace")

    def _note(self, act: str, asked: datetime, **facts: Any) -> None:
        answered = datetime.now(UTC).isoformat()
        self._notes.add(act=act, asked=asked.isoformat(), answered=answered, **facts)
