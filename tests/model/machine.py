"""The rules by which the world may move, for Hypothesis to put in any order and to cut down again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.crash.checker import UNKNOWN
from tests.model.store import Store
from tests.model.world import DAY, FATES, SLOTS, WINDOW, Home, Life, World

THURSDAY = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)  # daytime in all fifty states
PLACES = (
    ("America/Chicago",),
    ("America/New_York",),
    ("America/Denver", "America/Los_Angeles"),
    ("Pacific/Honolulu",),
)
LEASE, HOUR, DAYS = 61, 3600, 24 * 3600
MOST_LIVES = 3
VERDICTS = (
    ("queued", ""),
    ("sent", ""),
    ("delivered", ""),
    ("undelivered", "30003"),
    ("undelivered", "30005"),
    ("failed", "21610"),
)

which = st.integers(0, 5)
fates = st.lists(st.sampled_from(FATES), min_size=1, max_size=WINDOW)
homes = st.builds(
    Home,
    zones=st.sampled_from(PLACES),
    language=st.sampled_from(["en", "es"]),
    shares_phone=st.booleans(),
    phone=st.sampled_from([True, True, True, False]),
    email=st.sampled_from([False, False, True]),
    consents=st.sampled_from([True, True, True, False]),
)


declared: Any = rule  # its overloads know no strategies by name


def moves(**strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule after which nothing may be wrong. (Invariants would double the lines of a report.)"""

    def declare(move: Callable[..., None]) -> Any:
        @wraps(move)
        def moved(self: Machine, **drawn: Any) -> None:
            type(self).steps += 1
            move(self, **drawn)
            self.world.complain()

        return declared(**strategies)(moved)

    return declare


class Machine(RuleBasedStateMachine):
    """Launch, pause, resume, stop, undo, STOP, receipts, clock, crash, in any order."""

    store: ClassVar[Store]
    examples: ClassVar[int] = 0
    steps: ClassVar[int] = 0

    @initialize(
        alone=st.sampled_from([False, False, True]),
        pace=st.sampled_from([0.0, 0.0, 2.0]),
        people=st.lists(homes, min_size=2, max_size=4),
        undo=st.sampled_from([0, 0, 0, 60]),
        hours=st.booleans(),
        evening=st.booleans(),
        chunk=st.sampled_from([2, 50]),
    )
    def begin(
        self,
        *,
        alone: bool,
        pace: float,
        people: list[Home],
        undo: int,
        hours: bool,
        evening: bool,
        chunk: int,
    ) -> None:
        now = THURSDAY + timedelta(hours=4 if evening else 0)  # past eight in New York
        self.world = World(self.store, now, alone=alone, pace=pace)
        for home in people:
            self.world.add_person(home)
        self.world.launch(undo=undo, hours=DAY if hours else None)
        self.world.start()
        for _ in range(2):
            self.world.expand(0, chunk)

    # What can be asked before a rule

    def _can_start(self) -> bool:
        return len(self.world.lives) < (1 if self.world.alone else MOST_LIVES)

    def _lives(self) -> bool:
        return bool(self.world.lives)

    def _idle(self) -> bool:
        return any(life.busy < SLOTS for life in self.world.lives)

    def _at_gate(self) -> bool:
        return any(life.waiting for life in self.world.lives)

    def _writing(self) -> bool:
        return bool(self._writers())

    def _taken(self) -> bool:
        return any(entry["kind"] == "accepted" for entry in self.world.reference.journal)

    def _unknown(self) -> bool:
        copies = self.world.reference.seen.ledger.copies.values()
        return any(copy.status == UNKNOWN for copy in copies)

    def _copies(self) -> bool:
        return bool(self.world.reference.seen.ledger.copies)

    def _under_review(self) -> bool:
        return any("review" in reasons for reasons in self.world.reference.no.values())

    def _pick(self, number: int, lives: Sequence[Life]) -> Life:
        return lives[number % len(lives)]

    def _gated(self) -> list[Life]:
        return [life for life in self.world.lives if life.waiting]

    def _free(self) -> list[Life]:
        return [life for life in self.world.lives if life.busy < SLOTS]

    def _writers(self) -> list[Life]:
        lives = self.world.lives
        return [life for life in lives if any(one.what == "write" for one in life.waiting)]

    # Senders

    @precondition(_can_start)
    @moves()
    def start_sender(self) -> None:
        self.world.start()

    @precondition(_lives)
    @moves(life=which, fates=fates)
    def run_sender(self, life: int, fates: list[str]) -> None:
        self.world.run(self._pick(life, self.world.lives), fates)

    @precondition(_idle)
    @moves(life=which, batch=which)
    def get_job(self, life: int, batch: int) -> None:
        self.world.job(self._pick(life, self._free()), batch)

    @precondition(_idle)
    @moves(life=which)
    def keep_house(self, life: int) -> None:
        self.world.keep_house(self._pick(life, self._free()))

    @precondition(_at_gate)
    @moves(life=which, gate=which, fates=fates)
    def one_step(self, life: int, gate: int, fates: list[str]) -> None:
        self._pick(life, self._gated()).go_on(gate, fates)

    @precondition(_lives)
    @moves(life=which, fates=fates, gate=st.sampled_from(["write", "request", "answer", "answer"]))
    def go_as_far_as(self, life: int, fates: list[str], gate: str) -> None:
        self.world.go_as_far_as(self._pick(life, self.world.lives), gate, fates)

    @precondition(_lives)
    @moves(life=which, fates=fates)
    def others_take_over(self, life: int, fates: list[str]) -> None:
        """Whoever waits sleeps past its lease, or was killed; another goes on with its work."""
        self.world.others_take_over(self._pick(life, self.world.lives), fates)

    @precondition(_writing)
    @moves(life=which, gate=which, committed=st.booleans())
    def fail_write(self, life: int, gate: int, *, committed: bool) -> None:
        self._pick(life, self._writers()).fail(gate, committed=committed)

    @precondition(_lives)
    @moves(life=which, how=st.sampled_from(["kill -9", "kill -9", "kill -9", "SIGTERM"]))
    def end_sender(self, life: int, how: str) -> None:
        end = self.world.drain if how == "SIGTERM" else self.world.crash
        end(self._pick(life, self.world.lives))

    # The clock

    @moves(seconds=st.sampled_from([1, 3, 10, 36, LEASE, 130, 600, HOUR, 14 * HOUR, 8 * DAYS]))
    def time_passes(self, seconds: int) -> None:
        self.world.time.pass_by(seconds)
        self.world.loop.settle()

    @moves(seconds=st.sampled_from([-HOUR, -70, -5, 5, 70, HOUR]))
    def clock_is_set(self, seconds: int) -> None:
        self.world.set_clock(seconds)

    # Organizers

    @moves(
        undo=st.sampled_from([0, 10, 60]),
        hours=st.sampled_from([None, DAY]),
        expires=st.sampled_from([None, None, 5, 60 * 24]),
        cap=st.sampled_from([None, None, 1, 2]),
        reach=st.sampled_from(["both", "sms", "text_first"]),
    )
    def launch(
        self, *, undo: int, hours: object, expires: int | None, cap: int | None, reach: str
    ) -> None:
        if len(self.world.reference.launched) < 3:
            window = DAY if hours else None
            self.world.launch(undo=undo, hours=window, expires=expires, cap=cap, reach=reach)

    @moves(message=which, chunk=st.sampled_from([1, 2, 50]))
    def expand(self, message: int, chunk: int) -> None:
        self.world.expand(message, chunk)

    @moves(message=which, button=st.sampled_from(["pause", "resume", "resume", "stop", "look"]))
    def press(self, message: int, button: str) -> None:
        buttons = {
            "pause": self.world.pause,
            "resume": self.world.resume,
            "stop": self.world.stop,
            "look": self.world.look_at_page,
        }
        buttons[button](message)

    @moves(message=which, pressed=st.sampled_from([0, 0, 3, 61]))
    def undo(self, message: int, pressed: int) -> None:
        self.world.undo(message, pressed=pressed)

    @precondition(_unknown)
    @moves(copy=which)
    def approve_another_send(self, copy: int) -> None:
        self.world.approve(copy)

    # People

    @moves(home=homes)
    def somebody_joins(self, home: Home) -> None:
        if len(self.world.reference.people) < 6:
            self.world.add_person(home)

    @moves(
        person=which,
        words=st.sampled_from(["STOP", "ALTO", "START", "please stop texting me", "HELP"]),
        channel=st.sampled_from(["sms", "sms", "email"]),
    )
    def reply(self, person: int, words: str, channel: str) -> None:
        self.world.reply(person, words, channel=channel)

    @precondition(_under_review)
    @moves(opted_out=st.booleans())
    def read_reply(self, *, opted_out: bool) -> None:
        self.world.read_reply(opted_out=opted_out)

    # The provider

    @precondition(_taken)
    @moves(
        copy=which,
        verdicts=st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=3),
        at_once=st.booleans(),
    )
    def receipts(self, copy: int, verdicts: list[tuple[str, str]], *, at_once: bool) -> None:
        for verdict, code in verdicts:
            self.world.receipt(copy, verdict, code, times=len(verdicts))
        if at_once:
            self.world.apply()

    @precondition(_copies)
    @moves(copy=which)
    def forged_receipt(self, copy: int) -> None:
        self.world.forge(copy)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        type(self).examples += 1
        try:
            if not self.world.reference.wrong:
                self.world.end()
        finally:
            self.world.close()
