"""One crash run: a fake provider, an installation, people, and SIGKILL at any moment; then the verdict.

    python -m tests.crash.run --seed 7 --database sqlite:///crash.db --folder build/crash/7

A seed fixes every choice: who is killed, how, after how many copies, who acts, and each recipient's
faults. The moments themselves are the machine's, so a replay meets the same plan, not the same race.
Used in three ways with this one implementation: by pytest (a short run), by ``make crash`` and by
``make crash-full`` (``tests/crash/full.py``, many seeds).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from database.embedded import open_engine
from database.engine import is_sqlite
from database.migrating import migrate
from tests.crash import chain, checker, explaining, lattice, recovery, restraint, silence
from tests.crash.fleet import Fleet, places_for, told
from tests.crash.noting import Notes, Tail
from tests.crash.people_acting import FRAGMENTS, Alert, Desk, People, campaign
from tests.crash.starting import Forked, Plain
from tests.crash.town import GIVEN, Clock, Town, clock_for, settle
from tests.processes import FakeProviders, House, NotInTime, free_port, wait_until

LEASE = 30.0  # seconds: the shortest that the settings allow
WRITES_WITHIN = (
    5.0 + 1.0
)  # seconds after its claim in which a copy is written, and a second's grace
PATIENCE = 8.0  # seconds to wait for copies between two kills; then a kill hits something else
STALLED = 120.0  # seconds without anything new at the provider after which somebody is lost
SEPARATE = 4  # kills of the last kind are tried until one finds copies in the air
HANGING = 20  # requests that hang for a second meanwhile, so that it does

IN_THE_AIR = "SELECT owner FROM deliveries WHERE status = 10 AND owner LIKE '%:{pid}:%' LIMIT 1"
HELD = "SELECT owner FROM batches WHERE owner LIKE '%:{pid}:%' LIMIT 1"


@dataclass(frozen=True)
class Plan:
    """A run, chosen by its seed."""

    seed: int
    url: str
    folder: Path
    messages: int = 10_000
    kills: int = 40
    swift: bool = True  # fork processes instead of starting them
    watched: bool = True  # one kill more, after which leases run out by themselves: half a minute

    @property
    def kind(self) -> str:
        return "sqlite" if is_sqlite(self.url) else "postgres"

    @property
    def people(self) -> int:
        """So many that as many copies as ``messages`` are accepted: each person gets two or three of
        seven that are written for them; the others are undone, stopped, capped, held or expire.
        """
        return max(40, self.messages * 3 // 8)

    @property
    def window(self) -> int:
        """Copies claimed at once: the most a kill leaves unknown is four windows a sender."""
        return (25, 50, 100)[self.seed % 3] if self.messages >= 5_000 else 25

    @property
    def patient(self) -> bool:
        """Whether no lease is ever shortened: in one seed of five of those that watch the last kill's."""
        return self.watched and self.seed % 5 == 0


@dataclass
class Verdict:
    """What came of it."""

    seed: int
    database: str
    senders: int
    accepted: int = 0
    rows: int = 0
    kills: int = 0
    starts: int = 0
    ways: dict[str, int] = field(default_factory=dict)
    acts: dict[str, int] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    still_unknown: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    lost: int = 0
    recovered_after: float = 0.0
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)


def run(plan: Plan) -> Verdict:
    """Do it all; what is broken stands in the verdict, and everything it needs in the folder."""
    started = time.monotonic()
    plan.folder.mkdir(parents=True, exist_ok=True)
    clock = clock_for(datetime.now(UTC))
    town = settle(plan.url, plan.people, clock)
    with contextlib.ExitStack() as stack:
        stage = stack.enter_context(_set(plan, town, clock))
        stage.play()
        verdict = stage.verdict()
    return replace(verdict, seconds=round(time.monotonic() - started, 1))


@contextlib.contextmanager
def _set(plan: Plan, town: Town, clock: Clock) -> Iterator[Stage]:
    """Open everything, and leave nobody running."""
    chance = random.Random(f"{plan.seed} {plan.kind}")
    house = House(plan.folder, plan.url, port=free_port())
    fake = FakeProviders(plan.folder, callback_base=house.url, **_mischief(plan.seed))
    house.use(fake)
    house.settings |= told(
        {
            "LLAMADO_SENDING__APPROVALS": 1,  # of the campaign's email
            "LLAMADO_SENDING__BATCH": plan.window,
            "LLAMADO_SENDGRID__PEOPLE_PER_REQUEST": plan.window,
            "LLAMADO_SENDING__LEASE_SECONDS": int(LEASE),
            "LLAMADO_DELIVERABILITY__WARM_UP_FIRST_DAY": 0,
            "LLAMADO_QUIET_HOURS__OPENS": clock.opens,
            "LLAMADO_QUIET_HOURS__CLOSES": clock.closes,
            "LLAMADO_QUIET_HOURS__SUNDAY_OPENS": clock.opens,
        }
    )
    starter = Forked() if plan.swift else Plain()
    kills, acts = Notes(plan.folder / "kills.jsonl"), Notes(plan.folder / "acts.jsonl")
    acts.add(act="hours", ok=True, opens=clock.opens, closes=clock.closes)
    fleet = Fleet(
        starter,
        places_for(plan.kind, plan.seed),
        settings=house.settings,
        folder=plan.folder,
        kills=kills,
        chance=chance,
        swift=plan.swift,
    )
    people = People(
        starter,
        fake,
        town,
        url=plan.url,
        settings=house.settings,
        folder=plan.folder,
        notes=acts,
        chance=chance,
    )
    desk = Desk(plan.url)
    try:
        yield Stage(plan, town, clock, fake, fleet, people, desk, kills, acts, chance)
    finally:
        desk.close()
        people.close()
        fleet.kill_all_that_is_left()
        starter.close()
        fake.kill()


def _mischief(seed: int) -> dict[str, object]:
    return {
        "seed": seed,
        "fault_rate": 0.06,
        "duplicates": 0.2,
        "shuffled": 0.3,
        "early_callbacks": 0.2,
        "undelivered": 0.03,
        "bounced": 0.02,
        "hang_seconds": 1,
        "slow_seconds": 0.3,
        # Until the product has it, however often it is killed meanwhile.
        "callback_retries": 20,
    }


class Stage:
    """Everything of one run."""

    def __init__(
        self,
        plan: Plan,
        town: Town,
        clock: Clock,
        fake: FakeProviders,
        fleet: Fleet,
        people: People,
        desk: Desk,
        kills: Notes,
        acts: Notes,
        chance: random.Random,
    ) -> None:
        self._plan = plan
        self._town = town
        self._clock = clock
        self._fake = fake
        self._fleet = fleet
        self._people = people
        self._desk = desk
        self._kills = kills
        self._acts = acts
        self._chance = chance
        self._journal = Tail(fake.journal)
        self._before = checker.read_ledger(plan.url)
        self._unknown: set[int] = set()
        self._broken: list[str] = []
        self._recoveries: list[dict[str, Any]] = []
        self._extra = 0

    def play(self) -> None:
        """Kill while people act; then once more to watch the recovery; then let everybody be served."""
        self._fleet.start_missing()
        scenes = self._scenes()
        while self._fleet.killed < self._plan.kills:
            while scenes and scenes[0][0] <= self._fleet.killed / self._plan.kills:
                scenes.pop(0)[1]()
            self._let_some_leave()
            self._strike(self._fleet.kill_somehow())
        for _, scene in scenes:
            scene()
        self._people.finish()
        if self._plan.watched:
            self._watch_a_recovery()
        self._serve_everybody()

    def verdict(self) -> Verdict:
        """Compare everything with everything."""
        plan, journal = self._plan, self._journal.read()
        ledger = checker.read_ledger(plan.url)
        explained = explaining.explain(ledger, journal, self._kills.entries, self._unknown)
        own = [*plan.folder.glob("*.log")]
        fragments = [*FRAGMENTS, GIVEN]
        broken = [
            *self._broken,
            *checker.wrong_at_the_end(ledger, journal),
            *checker.gone_backwards(self._before, ledger),
            *restraint.missing_people(ledger, self._acts.entries),
            *restraint.against_somebodys_word(
                ledger, journal, self._acts.entries, window=WRITES_WITHIN
            ),
            *lattice.out_of_step(ledger, journal),
            *recovery.held_too_long(self._recoveries, lease=self._lease),
            *silence.spoken(own, self._town.addresses, fragments),
            *chain.broken_record(*chain.read_record(plan.url), self._acts.entries),
            *explained.broken,
        ]
        return Verdict(
            seed=plan.seed,
            database=plan.kind,
            senders=len(self._fleet.senders),
            accepted=self._journal.accepted,
            rows=len(ledger.copies),
            kills=self._fleet.killed,
            starts=self._fleet.starts,
            ways=_counted(self._kills.entries, "way"),
            acts=_counted([act for act in self._acts.entries if act["ok"]], "act"),
            settled=dict(explained.settled),
            still_unknown=dict(explained.still),
            duplicates=sum(sentence.startswith("I1:") for sentence in broken),
            lost=sum(sentence.startswith("I2:") for sentence in broken),
            recovered_after=max((one["seconds"] for one in self._recoveries), default=0.0),
            broken=list(dict.fromkeys(broken)),
        )

    @property
    def _lease(self) -> float:
        """An SQLite sender holds a file lock: at its start it knows that nobody else lives."""
        return 0.0 if self._plan.kind == "sqlite" else LEASE

    def _scenes(self) -> list[tuple[float, Any]]:
        """What people do, and after which share of the kills; the seed moves each a little."""
        people = self._people
        acts = [
            (0.0, lambda: people.launch(Alert("first", undo=1))),
            (0.0, lambda: people.launch(Alert("undone", undo=60))),
            (0.05, lambda: self._desk.order(campaign)),
            (0.1, lambda: people.command("undo", "undone")),
            (0.1, lambda: people.launch(Alert("capped", reach="sms", language="es", cap=1))),
            (0.2, lambda: people.command("pause", "first")),
            (0.25, lambda: people.command("resume", "first")),
            (0.3, lambda: people.launch(Alert("stopped", reach="sms"))),
            (0.45, lambda: people.command("stop", "stopped")),
            (0.5, lambda: people.launch(Alert("expiring", reach="email", expires_in=10))),
            *((share / 30, people.reply) for share in range(1, 30) for _ in range(self._replies)),
        ]
        moved = [
            (share + self._chance.random() * 0.05 if share else share, act) for share, act in acts
        ]
        return sorted(moved, key=lambda scene: scene[0])

    @property
    def _replies(self) -> int:
        return 3 if self._plan.messages >= 5_000 else 1

    def _let_some_leave(self) -> None:
        """Go on until a few more copies are out, and then a moment that hits any point of a window."""
        between = max(4, 2 * self._plan.messages // self._plan.kills)
        wanted = self._journal.accepted + self._chance.randrange(1, between)
        ends, look = time.monotonic() + PATIENCE, time.monotonic() + 0.5
        while self._journal.accepted < wanted and time.monotonic() < ends:
            self._journal.read()
            if time.monotonic() > look:
                look += 0.5
                if self._nobody_waits():
                    self._launch_another()
            time.sleep(0.01)
        time.sleep(self._chance.random() * 0.2)

    def _launch_another(self) -> None:
        """Everybody is served before the last kill: there must be something to hit."""
        self._people.finish()
        if self._nobody_waits():
            self._extra += 1
            self._people.launch(Alert(f"another-{self._extra}", reach="email"))
            self._people.finish()

    def _strike(self, dead: list[int]) -> None:
        """After a kill: look at everything, and bring the dead up again."""
        self._look()
        if self._plan.kind == "postgres" and not self._plan.patient:
            _execute(self._plan.url, *(statement for pid in dead for statement in _expired(pid)))
        self._fleet.start_missing()

    def _look(self) -> None:
        # The journal first: other senders live, and what one is about to send is not yet claimed.
        journal = list(self._journal.read())
        ledger = checker.read_ledger(self._plan.url)
        killed = {kill["pid"] for kill in self._kills.entries}
        self._broken += checker.always_wrong(ledger, journal)
        self._broken += checker.gone_backwards(self._before, ledger)
        self._unknown |= {
            copy.id
            for copy in ledger.copies.values()
            if copy.status == checker.UNKNOWN
            or (copy.status == checker.SENDING and copy.pid in killed)
        }
        self._before = ledger

    def _watch_a_recovery(self) -> None:
        """Kill a sender that has copies in the air, touch nothing, and see when they are free. (I8)"""
        for _ in range(SEPARATE):
            self._fake.ask("faults", script=["accept_hang"] * HANGING)
            self._launch_another()
            place = self._chance.choice(self._fleet.senders)
            self._wait_for_copies_in_the_air(place)
            (pid,) = self._fleet.kill([place], "to watch the recovery")
            self._look()
            if self._is_held(pid):
                break
            self._fleet.start_missing()
        since = time.monotonic()
        self._fleet.start_missing()
        wait_until("its successor runs", lambda: self._fleet.is_up(place))
        up = time.monotonic() - since
        with contextlib.suppress(NotInTime):
            wait_until("it is free", lambda: not self._is_held(pid), within=self._lease + 60)
        self._recoveries.append({"pid": pid, "up": up, "seconds": time.monotonic() - since})

    def _wait_for_copies_in_the_air(self, place: str) -> None:
        claimed = IN_THE_AIR.format(pid=self._fleet.pid(place))
        with contextlib.suppress(NotInTime):
            wait_until(
                "it has claimed", lambda: bool(checker.query(self._plan.url, claimed)[0]), within=10
            )

    def _is_held(self, pid: int) -> bool:
        looks = [statement.format(pid=pid) for statement in (IN_THE_AIR, HELD)]
        return any(checker.query(self._plan.url, *looks))

    def _serve_everybody(self) -> None:
        try:
            self._wait_until("everybody is served or held", self._nobody_waits)
            self._people.stop_what_is_held()
            self._wait_until("everybody is accounted for", self._all_over)
            self._wait_until("all webhooks have arrived", self._all_told)
            wait_until("all receipts are applied", self._settled)
        except NotInTime as late:
            self._broken.append(f"I2: {late}")
        self._broken += [f"I2: {sentence}" for sentence in self._fleet.stop()]

    def _wait_until(self, what: str, happened: Callable[[], bool]) -> None:
        """Wait for as long as the provider hears of us: a busy machine is slow, but not stuck."""
        known, ends = 0, time.monotonic() + STALLED
        while not happened():
            if len(self._journal.read()) > known:
                known, ends = len(self._journal.entries), time.monotonic() + STALLED
            if time.monotonic() > ends:
                raise NotInTime(f"not in time: {what}")
            time.sleep(0.1)

    def _all_told(self) -> bool:
        return not self._fake.ask("drain", seconds=20)["callbacks_pending"]

    def _nobody_waits(self) -> bool:
        """Whether everybody was served whose morning has come."""
        asleep = " OR ".join(f"z.zones LIKE '%{zone}%'" for zone in self._clock.asleep)
        return not any(
            checker.query(
                self._plan.url,
                "SELECT 1 FROM deliveries d LEFT JOIN zone_sets z ON z.id = d.zone_set_id"
                " JOIN messages m ON m.id = d.message_id"
                " WHERE d.status IN (0, 10) AND m.status <> 'draft'"
                f" AND NOT (d.channel = 'sms' AND d.status = 0 AND ({asleep})) LIMIT 1",
                "SELECT 1 FROM messages WHERE expanded_at IS NULL AND status <> 'draft'",
            )
        )

    def _all_over(self) -> bool:
        waiting = "SELECT 1 FROM deliveries WHERE status IN (0, 10) LIMIT 1"
        return not checker.query(self._plan.url, waiting)[0]

    def _settled(self) -> bool:
        waiting = "SELECT 1 FROM events WHERE applied_at IS NULL LIMIT 1"
        return not checker.query(self._plan.url, waiting)[0]


def _expired(pid: int) -> list[str]:
    """Let a dead process's leases be over now, which saves a run half a minute at each kill."""
    return [
        f"UPDATE {table} SET lease_until = now() - interval '1 second' WHERE owner LIKE '%:{pid}:%'"
        for table in ("batches", "deliveries")
    ]


def _execute(url: str, *statements: str) -> None:
    engine = open_engine(url) if is_sqlite(url) else create_engine(url)
    with engine.begin() as conn:
        for statement in statements:
            conn.execute(text(statement.replace(":", r"\:")))
    engine.dispose()


def _counted(entries: list[dict[str, Any]], name: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry[name]] = counts.get(entry[name], 0) + 1
    return counts


def main(arguments: list[str]) -> int:
    """Run one seed on an empty database; the verdict goes to the folder, the exit code says it."""
    parser = argparse.ArgumentParser(description="One crash run.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--database", required=True, help="the URL of an empty database")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=Plan.messages)
    parser.add_argument("--kills", type=int, default=Plan.kills)
    parser.add_argument("--plain", action="store_true", help="start processes without forking")
    asked = parser.parse_args(arguments)
    folder = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    migrate(asked.database)
    plan = Plan(
        seed=asked.seed,
        url=asked.database,
        folder=folder,
        messages=asked.messages,
        kills=asked.kills,
        swift=not asked.plain,
    )
    verdict = run(plan)
    (folder / "verdict.json").write_text(json.dumps(asdict(verdict), indent=2))
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
