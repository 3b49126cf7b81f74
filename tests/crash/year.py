"""A committee's year, lived through by a service that is killed and restarted at random; then the verdict.

What must happen is reckoned here from the rules alone, with ``dateutil`` and nothing of ``campaigns/``: on
which walls' times, at which instants, with which gaps in the service. The ledger and the provider's own log
are read by plain SQL and held against it.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dateutil import tz
from dateutil.rrule import rrulestr

from tests.crash import checker
from tests.crash.starting import environment
from tests.processes import ROOT

LATE = timedelta(minutes=60)
SWEEP = timedelta(seconds=30)
LEASE = timedelta(seconds=90)
UNKNOWN, SKIPPED = 15, 50  # as deliveries have it
Row = tuple[str, str, int | None, datetime | None]  # status, reason, message, when it was fired
PEOPLE = {  # by mailbox: where they live; () = nobody knows
    "guam": ("Pacific/Guam",),
    "york": ("America/New_York",),
    "chicago": ("America/Chicago",),
    "border": ("America/Chicago", "America/Denver"),
    "angeles": ("America/Los_Angeles",),
    "honolulu": ("Pacific/Honolulu",),
    "salvador": ("America/El_Salvador",),
    "nowhere": (),
}


@dataclass(frozen=True)
class Plan:
    """An email of the committee's."""

    name: str
    rule: str
    first: str
    zone: str
    own_zone: bool = False
    each: bool = False  # each missed one is asked about


YEAR = (
    Plan("weekly", "FREQ=WEEKLY;BYDAY=TU", "2026-12-15T09:00", "America/Chicago"),
    Plan("gap", "FREQ=MONTHLY;BYDAY=2SU", "2026-12-15T02:30", "America/New_York"),
    Plan("twice", "FREQ=MONTHLY;BYDAY=1SU", "2026-12-15T01:30", "America/New_York"),
    Plan("at home", "FREQ=MONTHLY;BYDAY=1TU", "2026-12-15T09:00", "America/Chicago", own_zone=True),
    Plan("early at home", "FREQ=MONTHLY;BYDAY=2SU", "2026-12-15T02:15", "America/Chicago", own_zone=True),
    Plan("quarterly", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "2026-12-31T12:00", "America/El_Salvador"),
    Plan("once", "", "2027-03-21T10:00", "America/Denver"),
    Plan("fortnight", "FREQ=DAILY;COUNT=14", "2027-03-08T07:00", "America/New_York", each=True),
    Plan("summer", "FREQ=DAILY;UNTIL=20270714T235959", "2027-07-01T18:00", "America/Phoenix"),
)  # fmt: skip


@dataclass(frozen=True)
class Copy:
    """What became of one person's copy."""

    times: int  # it reached the provider
    first: datetime | None
    status: int
    reason: str

    def explained(self, plan: Plan) -> bool:
        """Whether it is known why nobody can say that it went."""
        past = plan.own_zone and (self.status, self.reason) == (SKIPPED, "hour_past")
        return self.status == UNKNOWN or past


@dataclass
class Life:
    """What the service went through."""

    seed: int
    looks: list[datetime] = field(default_factory=list)  # at which it surely did all that was due
    tries: list[datetime] = field(default_factory=list)  # at which it may have done some
    kills: int = 0
    broken: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def look_after(self, at: datetime) -> datetime:
        """By when what is due at an instant is surely done: a killed sender keeps its copies for a minute."""
        return next(each for each in self.looks if each >= at + LEASE)


def instant(wall: datetime, zone: str) -> datetime:
    """A wall time as an instant: after the gap if it does not exist, the first if it comes twice."""
    place = tz.gettz(zone)
    local = wall.replace(tzinfo=place)
    while not tz.datetime_exists(local):
        local += timedelta(minutes=1)
    return tz.enfold(local, fold=0).astimezone(UTC)


def walls(plan: Plan, end: datetime) -> list[datetime]:
    """The wall times of a plan that may come before an instant."""
    first = datetime.fromisoformat(plan.first)
    if not plan.rule:
        return [first]
    until = end.replace(tzinfo=None) + timedelta(days=2)
    found = rrulestr(plan.rule, dtstart=first)
    return list(found.between(first - timedelta(days=1), until, inc=True))


def at_home(plan: Plan, wall: datetime, person: str) -> datetime:
    """When the hour of an occurrence has come for a person."""
    if not plan.own_zone:
        return instant(wall, plan.zone)
    return max(instant(wall, zone) for zone in PEOPLE[person] or (plan.zone,))


def due(plan: Plan, wall: datetime) -> datetime:
    """When an occurrence is due: when its hour comes to the first."""
    return min(at_home(plan, wall, person) for person in PEOPLE)


def expected(plans: Sequence[Plan], start: datetime, end: datetime) -> list[tuple[Plan, datetime]]:
    """What must happen between two instants, in order."""
    found = [
        (plan, wall)
        for plan in plans
        for wall in walls(plan, end)
        if start < due(plan, wall) <= end
    ]
    return sorted(found, key=lambda each: due(*each))


class Service:
    """The process, killed and started again as chance has it."""

    def __init__(self, url: str, folder: Path) -> None:
        self._command = [sys.executable, "-m", "tests.crash.year_process", url, str(folder / "log")]
        self._errors = (folder / "errors").open("a")
        self._child: subprocess.Popen[str] | None = None

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None:
            self._child = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=environment({}),
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
            )
        return self._child

    def ask(self, at: datetime) -> None:
        """Say what time it is; it begins to do what is due."""
        child = self._running()
        assert child.stdin is not None
        child.stdin.write(at.isoformat() + "\n")
        child.stdin.flush()

    def look(self, at: datetime) -> None:
        """Let it do what is due at an instant."""
        self.ask(at)
        self.done(at)

    def done(self, at: datetime) -> None:
        """Wait until it has done what it was asked for."""
        child = self._running()
        assert child.stdout is not None
        while (line := child.stdout.readline()) != "done\n":
            if not line:
                raise AssertionError(f"the service ended by itself at {at}")

    def kill(self) -> None:
        """``kill -9``."""
        if self._child is not None:
            self._child.send_signal(signal.SIGKILL)
            self._child.communicate()
            self._child = None

    def close(self) -> None:
        self.kill()
        self._errors.close()


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Service]:
    service = Service(url, folder)
    try:
        yield service
    finally:
        service.close()


def live(url: str, folder: Path, *, start: datetime, end: datetime, kills: int, seed: int) -> Life:
    """Go through it: at every instant at which somebody's hour comes, unless the service is down then."""
    chance, life = random.Random(seed), Life(seed)
    moments = sorted(
        {
            at_home(plan, wall, person) + SWEEP * chance.random()
            for plan, wall in expected(YEAR, start, end)
            for person in PEOPLE
        }
    )
    fatal = set(chance.sample(moments, min(kills, len(moments))))  # if it lives then
    down_until = start
    with serving(url, folder) as service:
        for at in [each for each in moments if each <= end] + [end]:
            if at < down_until and at != end:
                continue
            if at in fatal:
                life.tries.append(at)
                service.ask(at)
                time.sleep(chance.choice((0, 0.01, 0.05, 0.3, 1.5)) * chance.random())
                service.kill()
                life.kills += 1
                down_until = at + chance.choice(
                    (timedelta(), timedelta(minutes=20), timedelta(hours=3), timedelta(days=9))
                )
                continue
            service.look(at)
            life.looks.append(at)
        service.look(end + timedelta(hours=30))  # leases are over, the last zone's hour has come
        life.looks.append(end + timedelta(hours=30))
    judge(url, folder, life, start, end)
    return life


def judge(url: str, folder: Path, life: Life, start: datetime, end: datetime) -> None:
    """Hold the ledger and the provider's log against what must have happened."""
    ledger = _ledger(url)
    got = _got(url, folder)
    for plan, wall in expected(YEAR, start, end):
        name = f"{plan.name} {wall:%Y-%m-%dT%H:%M}"
        rows = ledger.pop((plan.name, f"{wall:%Y-%m-%dT%H:%M}"), [])
        if len(rows) != 1:
            life.broken.append(f"{name}: {len(rows)} times in the ledger")
            continue
        status, reason, message_id, fired_at = rows[0]
        life.counted[f"{status} {reason}".strip()] += 1
        life.broken += [f"{name}: {each}" for each in _judge_time(plan, wall, status, reason, life)]
        life.broken += [f"{name}: {each}" for each in _judge_prompt(plan, wall, fired_at, life)]
        copies = got.pop(message_id, {}) if message_id else {}
        life.broken += [
            f"{name}: {each}" for each in _judge_copies(plan, wall, status, copies, life)
        ]
    for name, local in ledger:
        if local < f"{end:%Y-%m-%dT%H:%M}":
            life.broken.append(f"{name} {local} was never planned")
    if got:
        life.broken.append(f"copies of what nobody planned: {got}")


def _judge_time(plan: Plan, wall: datetime, status: str, reason: str, life: Life) -> Iterator[str]:
    at = due(plan, wall)
    looked = next((each for each in life.looks if each >= at), None)
    tried = [each for each in life.tries if at <= each <= at + LATE]
    if status == "fired":
        if not (tried or (looked is not None and looked <= at + LATE)):
            yield f"it was fired, though the service was down until {looked}"
    elif status == "held":
        if reason != "late":
            yield f"it was held, but {reason}"
    elif (status, reason) != ("skipped", "overtaken"):
        yield f"it is {status} {reason}"
    if status != "fired" and looked is not None and looked <= at + LATE:
        yield f"it was {status} {reason}, though the service looked at {looked}"
    if plan.each and status == "skipped":
        yield "it was overtaken, though each is to be asked about"


def _judge_prompt(
    plan: Plan, wall: datetime, fired_at: datetime | None, life: Life
) -> Iterator[str]:
    looked = next((each for each in life.looks if each >= due(plan, wall)), None)
    if fired_at is not None and fired_at < due(plan, wall):
        yield f"it was fired at {fired_at}, before its hour"
    if fired_at is not None and looked is not None and fired_at > looked:
        yield f"it was fired at {fired_at}, though the service looked at {looked}"


def _judge_copies(
    plan: Plan, wall: datetime, status: str, copies: Mapping[str, Copy], life: Life
) -> Iterator[str]:
    if status != "fired":
        if copies:
            yield f"it was {status}, and yet there are copies of it"
        return
    for person in PEOPLE:
        copy = copies.get(person)
        if copy is None:
            yield f"{person} has no copy"
        elif copy.times > 1:
            yield f"{person} got it {copy.times} times"
        elif copy.first is not None and copy.first < at_home(plan, wall, person):
            yield f"{person} got it at {copy.first}, before the hour"
        elif copy.first is not None and copy.first > life.look_after(at_home(plan, wall, person)):
            yield f"{person} got it at {copy.first}, though the service looked before"
        elif copy.first is None and not copy.explained(plan):
            yield f"{person} did not get it, and it is {copy.status} {copy.reason}"


def _ledger(url: str) -> dict[tuple[str, str], list[Row]]:
    rows = checker.query(
        url,
        "SELECT e.created_by, r.local_time, r.status, r.reason, r.message_id, r.fired_at"
        " FROM campaign_runs r JOIN campaign_emails e ON e.id = r.email_id",
    )[0]
    found: dict[tuple[str, str], list[Row]] = {}
    for name, local, status, reason, message_id, fired_at in rows:
        row = (status, reason, message_id, _aware(fired_at))
        found.setdefault((name, local), []).append(row)
    return found


def _aware(at: datetime | str | None) -> datetime | None:
    """A time as SQLite, which keeps a text in UTC, or PostgreSQL hands it out."""
    if at is None:
        return None
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _got(url: str, folder: Path) -> dict[int, dict[str, Copy]]:
    """By message and mailbox: what became of each copy, from its row and from the provider's log."""
    lines = [json.loads(each) for each in (folder / "log").read_text().splitlines()]
    times = Counter(delivery for delivery, *_ in lines)
    first = {delivery: datetime.fromisoformat(at) for delivery, _, at, _ in reversed(lines)}
    rows = checker.query(
        url, "SELECT id, message_id, channel, contact_id, status, reason FROM deliveries"
    )[0]
    names = dict(checker.query(url, "SELECT id, given_name FROM contacts")[0])
    found: dict[int, dict[str, Copy]] = {}
    for delivery, message_id, _, contact_id, status, reason in rows:
        copy = Copy(times[delivery], first.get(delivery), status, reason)
        found.setdefault(message_id, {})[names[contact_id]] = copy
    return found
