"""Ten thousand people, three subjects and a holdout, through a provider that speaks HTTP: everybody as the lot says."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from math import sqrt

import pytest
from sqlalchemy import Connection, text

from benchmarks.population import populate
from campaigns import sweeping
from campaigns.variants import Unclear
from contacts.consent import refuse
from contacts.models import Channel, Standing
from database.opening import Opened
from messages.providers.provider import Provider
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.sending import Policy, Sender
from tests.campaigns.test_experiments import FOUR_HOURS, a_plan, other, schedule
from tests.campaigns.test_firing import HOUSE, NINE
from tests.crash import lots
from tests.crash.test_trials import follow
from tests.fakes import provider
from tests.fakes.provider import FakeProvider, Options
from tests.messages.test_sending import IDENTITY, Bench

pytestmark = pytest.mark.long
PEOPLE, REFUSE = 10_000, 100
SHARE, HOLDOUT, WAYS = 300, 100, 3
FIRST, SECOND, THIRD = "Water", "Rivers en", "Wells en"
IN_SPANISH = {FIRST: "Agua", SECOND: "Rivers es", THIRD: "Wells es"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with provider.running(Options()) as running:
        yield running


def prepare(conn: Connection) -> int:
    """Every fiftieth shares a mailbox with whoever was entered before, a few have none; three subjects are tried."""
    mine = "UPDATE addresses SET address = (SELECT before.address FROM addresses before"
    theirs = " WHERE before.contact_id = addresses.contact_id - 1 AND before.channel = 'email')"
    conn.execute(text(f"{mine}{theirs} WHERE channel = 'email' AND contact_id % 50 = 0"))
    conn.execute(text("DELETE FROM addresses WHERE channel = 'email' AND contact_id % 97 = 5"))
    others = [other("Rivers"), other("Wells")]
    plan = a_plan(others=others, share=SHARE, holdout=HOLDOUT, unclear=Unclear.ASK)
    return schedule(conn, plan=plan)


class Town:
    """Ten thousand people, who get email as the clock's sweeps have it."""

    def __init__(self, opened: Opened, fake: FakeProvider) -> None:
        self.bench, self._fake = Bench(opened, NINE), fake
        account = SendGridAccount(fake.options.sendgrid_api_key, fake.url, together=1000)
        self._emails = SendGrid(account)

    @property
    def got(self) -> list[tuple[str, str]]:
        """Addresses and subjects, as the provider was asked for them."""
        return [(copy["to"], copy["subject"]) for copy in self._fake.sendgrid.mails]

    async def sweep(self) -> None:
        """What the clock does, and then all sending that it brings about."""
        bench = self.bench
        await sweeping.sweep(bench.database, bench.jobs, house=HOUSE, clock=lambda: bench.now)
        providers: dict[Channel, Provider] = {
            Channel.SMS: bench.texts,
            Channel.EMAIL: self._emails,
        }
        sender = Sender(
            bench.database, bench.jobs, providers, IDENTITY, Policy(), clock=lambda _conn: bench.now
        )
        await bench.work(sender)

    async def follow(self, one_in: dict[str, int]) -> None:
        """So many of those who got these subjects follow a link."""
        seen: Counter[str] = Counter()
        theirs = []
        for copy in self._fake.sendgrid.mails:
            subject = copy["subject"]
            seen[subject] += 1
            if seen[subject] % one_in[subject] == 0:
                theirs.append(int(copy["custom_args"]["d"]))
        await self.bench.write(follow, theirs, self.bench.now)

    async def refuse(self, addresses: list[str]) -> None:
        """These say stop."""

        def stop(conn: Connection) -> None:
            for address in addresses:
                refuse(
                    conn,
                    Channel.EMAIL,
                    address,
                    standing=Standing.OPTED_OUT,
                    source="reply",
                    evidence="",
                    actor="",
                    now=self.bench.now,
                )

        await self.bench.write(stop)

    async def close(self) -> None:
        await self._emails.close()


async def test_each_of_ten_thousand_gets_the_words_of_their_lot_and_nobody_two(
    opened: Opened, database_url: str, fake: FakeProvider
) -> None:
    populate(database_url, PEOPLE)
    town = Town(opened, fake)
    await town.bench.write(prepare)
    everybody = lots.mailboxes(database_url)

    await town.sweep()
    tried = Counter(subject for _, subject in town.got)
    clicks = {FIRST: 25, SECOND: 8, THIRD: 25}
    await town.follow(clicks | {IN_SPANISH[each]: n for each, n in clicks.items()})
    got = {address for address, _ in town.got}
    refusing = sorted(everybody.keys() - got)[:REFUSE]
    await town.refuse(refusing)
    town.bench.now += FOUR_HOURS - timedelta(minutes=1)
    await town.sweep()
    early = len(town.got)
    for _ in range(2):  # whoever looks twice decides once
        town.bench.now += timedelta(minutes=1)
        await town.sweep()
    await town.close()

    [trial] = lots.trials(database_url)
    assert (trial.state, trial.why, trial.chosen) == ("decided", "clear", 1)
    assert early == tried.total() < len(town.got)
    still = {address: each for address, each in everybody.items() if address not in refusing}
    assert list(lots.verdict(trial, still, town.got)) == []
    all_got = Counter(subject for _, subject in town.got)
    assert_as_planned(everybody, tried, all_got)


def assert_as_planned(
    everybody: dict[str, lots.Mailbox], tried: Counter[str], got: Counter[str]
) -> None:
    """Each subject went to its tenth, nine of a hundred times within so many of it, and the winner to the rest."""
    people = len(everybody)

    def near(count: int, share: float, of: int = people) -> bool:
        return abs(count - share * of) <= 5 * sqrt(share * (1 - share) * of)

    spanish = sum(each.languages == {"es"} for each in everybody.values()) / people
    for subject, translated in IN_SPANISH.items():
        both = tried[subject] + tried[translated]
        assert near(both, SHARE / WAYS / lots.WHOLE)
        assert near(tried[translated], spanish, of=both)
        assert got[subject] == tried[subject] or subject == SECOND
    assert near(people - got.total() - REFUSE, HOLDOUT / lots.WHOLE)
    assert near(got[IN_SPANISH[SECOND]], spanish, of=got[SECOND] + got[IN_SPANISH[SECOND]])
