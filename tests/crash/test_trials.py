"""Several subjects are tried every day while the service is killed at random, also as it decides and sends the rest.

What must hold is asked of the provider's log and the bare tables (``lots.py``): each person got one email with the
words of their lot, or with those that were chosen, once; nobody of the holdout any; and one decision fell.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, literal, select

from campaigns import calendar, deciding
from campaigns.variants import Plan, Unclear
from database.engine import Database
from database.opening import opened
from database.tables import UTCDateTime
from messages import followed
from messages.audience import EVERYBODY
from messages.control import NotNow, Words
from messages.models import Click, Delivery
from tests.builders import make_contact
from tests.crash import checker, lots, year
from tests.crash.year_process import HOUSE
from tests.doubles import NoJobs

BEGIN = date(2026, 12, 1)
NINE = timedelta(hours=15)  # of UTC: nine in Madison
MINUTE = timedelta(minutes=1)
WAIT = 120 * MINUTE
SUBJECTS = ("Water", "Rivers", "Wells")
# When the clock looks: as it goes, until dead senders' copies are free, around the decision, and in the evening.
LOOKS = [
    NINE + minutes * MINUTE for minutes in (0, 3, 6, 9, 121, 124, 127, 130, 150, 180, 240, 420)
]
OUTAGES = (timedelta(0), 2 * MINUTE, 20 * MINUTE, 180 * MINUTE)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given: int | None = request.config.getoption("--crash-seed")
    seed = secrets.randbelow(1_000_000) if given is None else given
    print(f"repeat with: --crash-seed {seed}")  # noqa: T201 - shown when the test fails
    return seed


def plan(conn: Connection, people: int, days: int, now: datetime) -> int:
    """An email every day, of which three subjects are tried; every eighth person shares the mailbox before."""
    for number in range(people):
        box = number - 1 if number % 8 == 7 else number
        language = "es" if number % 3 == 0 else "en"
        email = f"box{box}@example.org"
        make_contact(conn, f"P{number}", phone=None, email=email, language=language)
    campaign = calendar.create_campaign(
        conn, name="Water", goal="No mining", project_id=None, created_by="test", now=now
    )
    texts = [
        {code: Words(subject=f"{subject} {code}", body="Water is life.") for code in ("en", "es")}
        for subject in SUBJECTS
    ]
    draft = calendar.EmailDraft(
        texts=texts[0],
        audience=EVERYBODY,
        local_time=f"{BEGIN}T09:00",
        zone="America/Chicago",
        rule=f"FREQ=DAILY;COUNT={days}",
        experiment=Plan(
            others=texts[1:],
            share=450,
            holdout=150,
            wait_minutes=int(WAIT / MINUTE),
            unclear=Unclear.LEADER,
        ),
    )
    return calendar.schedule(conn, campaign, draft, created_by="test", now=now)[0]


class Days:
    """The days, one after the other, and how often the service was killed."""

    def __init__(
        self, database: Database, service: year.Service, log: Path, email_id: int, seed: int
    ) -> None:
        self._database, self._service, self._log = database, service, log
        self._email_id = email_id
        self._chance = random.Random(seed)
        self.killed = 0

    async def live(self, day: date) -> None:
        """A day on which the service dies once or twice, people follow links, and a person may decide."""
        midnight = datetime.combine(day, datetime.min.time(), UTC)
        fatal = self._chance.sample(LOOKS[:9], self._chance.choice((1, 1, 2)))
        decides_at = self._chance.choice([None, None, *LOOKS[3:8]])
        down_until = midnight
        for look in LOOKS:
            at = midnight + look
            if look == NINE + 121 * MINUTE:
                await self._follow(day)
            if at < down_until:
                continue
            self._service.ask(at)
            if look == decides_at or look == LOOKS[-1]:
                await self._decide(day, at)
            if look in fatal:
                await asyncio.sleep(
                    self._chance.choice((0, 0.02, 0.1, 0.4)) * self._chance.random()
                )
                self._service.kill()
                self.killed, down_until = self.killed + 1, at + self._chance.choice(OUTAGES)
                continue
            self._service.done(at)
        self._service.look(midnight + LOOKS[-1] + 5 * MINUTE)

    async def _follow(self, day: date) -> None:
        """Whoever got the day's favourite follows its link."""
        today = [each for each in _read(self._log) if each[2].startswith(str(day))]
        theirs = [each[0] for each in today if each[3].startswith(favourite(day))]
        at = datetime.combine(day, datetime.min.time(), UTC) + NINE
        await self._database.write(follow, theirs, at)

    async def _decide(self, day: date, at: datetime) -> None:
        """A person chooses the second subject, while the clock may be deciding too."""
        choose = partial(deciding.choose, house=HOUSE, by="Ben", now=at)
        with suppress(NotNow, LookupError):
            when = f"{day}T09:00"
            await self._database.write(choose, NoJobs(), self._email_id, when, 1)


def follow(conn: Connection, copies: list[int], at: datetime) -> None:
    """A link of each of these copies is followed."""
    rows = select(Delivery.id, literal(at, UTCDateTime)).where(Delivery.id.in_(copies))
    conn.execute(insert(Click).from_select(["delivery_id", "at"], rows))
    followed.note(conn, copies)


def favourite(day: date) -> str:
    """The subject whose link is followed on a day."""
    return SUBJECTS[day.day % len(SUBJECTS)]


def _read(log: Path) -> list[tuple[int, str, str, str]]:
    """What was sent so far; a service that was killed at once has written nothing yet."""
    if not log.exists():
        return []
    return [tuple(json.loads(each)) for each in log.read_text().splitlines()]


def verdict(url: str, log: Path, days: int) -> Iterator[str]:
    """What is not as it must be."""
    everybody, sent = lots.mailboxes(url), _read(log)
    runs, copies, by = checker.query(
        url,
        "SELECT local_time, status, reason FROM campaign_runs",
        "SELECT id, message_id, address, status FROM deliveries",
        "SELECT r.local_time, e.decided_by FROM experiments e JOIN campaign_runs r ON r.id = e.run_id",
    )
    told = Counter(run[0] for run in runs if run[1] in ("fired", "held", "skipped"))
    yield from (f"{at} is told {n} times" for at, n in told.items() if n > 1)
    if told.total() != days:
        yield f"of {days} days it is told: {runs}"
    message_of = {row[0]: row[1] for row in copies}
    tried, deciders = lots.trials(url), dict(by)
    for trial in tried:
        got = [(each[1], each[3]) for each in sent if message_of[each[0]] in trial.messages]
        lost = {row[2] for row in copies if row[1] in trial.messages and row[3] == year.UNKNOWN}
        yield from lots.verdict(trial, everybody, got, excused=lost)
        yield from judged(trial, deciders[trial.local_time], sent, message_of)
    known = frozenset().union(*(trial.messages for trial in tried))
    yield from (f"{each} belongs to nothing" for each in sent if message_of[each[0]] not in known)


def judged(
    trial: lots.Trial,
    by: str,
    sent: list[tuple[int, str, str, str]],
    message_of: dict[int, int],
) -> Iterator[str]:
    """Whether the decision was the right one, at the right time."""
    if trial.state != "decided":
        yield f"{trial.local_time} is still {trial.state} {trial.why}"
        return
    begins = datetime.fromisoformat(trial.local_time).replace(hour=0, tzinfo=UTC) + NINE
    rest = max(trial.messages)
    for each in sent:
        if (
            message_of[each[0]] == rest
            and not by
            and datetime.fromisoformat(each[2]) < begins + WAIT
        ):
            yield f"{trial.local_time}: the rest left at {each[2]}"
    wanted = 1 if by else SUBJECTS.index(favourite(begins.date()))
    if trial.chosen != wanted:
        yield f"{trial.local_time}: {trial.chosen} was chosen by {by or 'the rule'}, not {wanted}"


@pytest.mark.long
async def test_each_day_everybody_gets_one_and_one_decision_falls(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    days = 12
    async with opened(database_url) as here:
        before = datetime.combine(BEGIN, datetime.min.time(), UTC) - timedelta(days=2)
        email_id = await here.database.write(plan, 120, days, before)
        with year.serving(database_url, tmp_path) as service:
            life = Days(here.database, service, tmp_path / "log", email_id, seed)
            for number in range(days):
                await life.live(BEGIN + timedelta(days=number))

    log = tmp_path / "log"
    found = Counter(f"{each.state} {each.why}" for each in lots.trials(database_url))
    print(life.killed, "kills:", dict(found), len(_read(log)), "emails")  # noqa: T201 - the report
    assert life.killed >= days
    assert list(verdict(database_url, log, days)) == []


def test_the_judge_sees_what_is_wrong() -> None:
    """Whoever is nobody's, is written to twice, is forgotten, gets another's words, or was to get none."""
    texts = [{"en": {"subject": each}} for each in ("Water", "Rivers")]
    plan = {"share": 400, "holdout": 200, "others": [{}]}
    trial = lots.Trial("2026-12-01T09:00", 7, plan, texts, "decided", "clear", 1, frozenset())
    everybody = {f"{n}@example.org": lots.Mailbox(n, frozenset({"en"})) for n in range(1, 200)}
    right = [
        (who, subject) for who, each in everybody.items() for subject in trial.subjects_for(each)
    ]
    first = next(who for who, subject in right if subject == "Water")
    held = next(who for who, each in everybody.items() if trial.part_of(each.first) == lots.NOTHING)

    assert list(lots.verdict(trial, everybody, right)) == []
    for wrong, says in (
        ([*right, (first, "Water")], "got 2"),
        ([each for each in right if each[0] != first], "was forgotten"),
        ([(who, "Rivers") for who, _ in right], "was to get another"),
        ([*right, (held, "Rivers")], "was to get another, or none"),
        ([*right, ("x@example.org", "Rivers")], "is nobody's"),
    ):
        assert says in " ".join(lots.verdict(trial, everybody, wrong))
