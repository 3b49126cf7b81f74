"""SendGrid's lists against ours, both ways, from a real server on loopback with pages and bad days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from contacts import consent
from contacts.consent import standings
from contacts.models import Channel, Consent, Standing
from database.opening import Opened
from messages import suppression_lists
from messages.models import Status
from messages.providers.sendgrid import SendGridAccount
from messages.providers.sendgrid_lists import CouldNotList, SendGridLists
from messages.suppression_lists import SOURCE, Puller, is_due
from tests.builders import make_contact, make_delivery, make_message
from tests.fakes import provider
from tests.fakes.sendgrid_lists import SuppressionLists
from tests.messages.test_sending import Bench

LONG_AGO = int(datetime(2026, 2, 5, tzinfo=UTC).timestamp())


class Night:
    """A puller, its database, and the lists it reads."""

    def __init__(self, bench: Bench, theirs: SuppressionLists, lists: SendGridLists) -> None:
        self.bench = bench
        self.theirs = theirs
        self.lists = lists
        self._puller = Puller(bench.database, lists, lambda _conn: bench.now)

    async def pull(self) -> None:
        await self._puller.tick()

    async def person(self, address: str, **values: Any) -> int:
        def add(conn: Connection) -> int:
            return make_contact(
                conn, address.partition("@")[0], phone=None, email=address, **values
            )

        return int(await self.bench.write(add))

    async def refused(self, address: str) -> Standing | None:
        pair = (Channel.EMAIL.value, address)
        found = await self.bench.database.read(lambda conn: standings(conn, [pair]).refused)
        standing: Standing | None = found.get(pair)
        return standing

    async def rows(self) -> dict[str, Any]:
        return dict(await self.bench.database.read(suppression_lists.pulls))

    async def differences(self) -> list[tuple[str, str]]:
        found = await self.bench.database.read(suppression_lists.differences)
        return [(row.name, row.address) for row in found]


@pytest.fixture
async def night(opened: Opened, now: datetime) -> AsyncIterator[Night]:
    async with provider.running() as fake:
        account = SendGridAccount(fake.options.sendgrid_api_key, fake.url)
        lists = SendGridLists(account)
        yield Night(Bench(opened, now), fake.sendgrid.lists, lists)
        await lists.close()


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        ("bounces", Standing.BOUNCED),
        ("invalid_emails", Standing.BOUNCED),
        ("spam_reports", Standing.COMPLAINED),
        ("unsubscribes", Standing.OPTED_OUT),
        ("blocks", None),
    ],
)
async def test_whom_they_have_and_we_do_not_is_refused_here(
    night: Night, name: str, standing: Standing | None
) -> None:
    await night.person("ana@example.org")
    night.theirs.add(name, "Ana@Example.org", LONG_AGO, reason="550 5.1.1 <ana@example.org>")

    await night.pull()

    assert await night.refused("ana@example.org") is standing
    pull = (await night.rows())[name]
    assert (pull.seen, pull.added, pull.failed) == (1, int(standing is not None), "")
    if standing is None:
        return
    line = await night.bench.database.read(
        lambda conn: conn.execute(select(Consent).where(Consent.source == SOURCE)).one()
    )
    assert line.evidence.startswith(f"{name}, since 2026-02-05")
    assert "ana" not in line.evidence


async def test_copies_that_wait_for_them_are_called_off(night: Night) -> None:
    ana = await night.person("ana@example.org")

    def add(conn: Connection) -> int:
        message = make_message(conn, status="sending")
        make_delivery(conn, message, ana, channel="email")
        return message

    message = int(await night.bench.write(add))
    night.theirs.add("bounces", "ana@example.org", LONG_AGO)

    await night.pull()

    [row] = await night.bench.rows(message, Channel.EMAIL)
    assert (row.status, row.reason) == (Status.SKIPPED, "bounced")


async def test_who_said_yes_since_is_told_of_instead(night: Night) -> None:
    for name in ("ben", "import"):
        await night.person(f"{name}@example.org")
        night.theirs.add("bounces", f"{name}@example.org", LONG_AGO)

    def opt_in(conn: Connection) -> None:
        common: dict[str, Any] = {"evidence": "", "actor": "x", "now": night.bench.now}
        consent.grant(conn, "email", "ben@example.org", source="form", **common)
        consent.grant(conn, "email", "import@example.org", source="import", **common)

    await night.bench.write(opt_in)
    await night.pull()

    assert await night.refused("ben@example.org") is None
    assert await night.refused("import@example.org") is Standing.BOUNCED
    assert await night.differences() == [("bounces", "ben@example.org")]


async def test_sendgrid_forgets_whom_an_organizer_has_it_forget(night: Night) -> None:
    for name, listed in (("ben", "bounces"), ("dario", "unsubscribes")):
        await night.person(f"{name}@example.org")
        night.theirs.add(listed, f"{name}@example.org", LONG_AGO)
        said: dict[str, Any] = {"source": "form", "evidence": "", "actor": "x"}
        await night.bench.write(
            consent.grant, "email", f"{name}@example.org", now=night.bench.now, **said
        )
    await night.pull()
    night.theirs.faults.append(500)

    for listed, name in (("bounces", "ben"), ("unsubscribes", "dario")):
        assert await night.bench.write(
            suppression_lists.ask_to_clear, listed, f"{name}@example.org", by="organizer:1"
        )
    await night.pull()

    assert await night.differences() == [("bounces", "ben@example.org")]
    assert night.theirs.entries["unsubscribes"] == {}
    [row] = await night.bench.database.read(suppression_lists.differences)
    assert "HTTP 500" in row.failed
    await night.pull()  # a failed one waits for somebody to ask again
    assert night.theirs.asked["DELETE bounces"] == 1
    await night.bench.write(
        suppression_lists.ask_to_clear, "bounces", "ben@example.org", by="organizer:1"
    )
    await night.pull()
    assert await night.differences() == []


async def test_nobody_is_forgotten_there_who_did_not_say_yes(night: Night) -> None:
    asked = await night.bench.write(
        suppression_lists.ask_to_clear, "bounces", "ana@example.org", by="organizer:1"
    )

    assert not asked


async def test_of_strangers_nothing_is_kept(night: Night) -> None:
    night.theirs.add("bounces", "stranger@example.net", LONG_AGO)

    await night.pull()

    assert await night.refused("stranger@example.net") is None
    assert (await night.rows())["bounces"].seen == 1


async def test_a_long_list_comes_in_pages_and_later_only_what_is_new(night: Night) -> None:
    for number in range(1_001):
        night.theirs.add("bounces", f"p{number}@example.net", LONG_AGO)
    await night.person("p1000@example.net")

    await night.pull()
    assert night.theirs.asked["GET bounces"] == 3
    assert await night.refused("p1000@example.net") is Standing.BOUNCED
    await night.pull()
    assert night.theirs.asked["GET bounces"] == 3  # once a night

    night.bench.now += timedelta(days=1)
    await night.person("new@example.net")
    night.theirs.add("bounces", "new@example.net", int(night.bench.now.timestamp()))
    await night.pull()
    assert night.theirs.asked["GET bounces"] == 4
    assert int(night.theirs.queries[-5]["start_time"]) > LONG_AGO
    assert await night.refused("new@example.net") is Standing.BOUNCED


async def test_after_a_week_a_list_is_read_whole_and_old_differences_go(night: Night) -> None:
    await night.person("ben@example.org")
    night.theirs.add("bounces", "ben@example.org", LONG_AGO)
    said: dict[str, Any] = {"source": "form", "evidence": "", "actor": "x"}
    await night.bench.write(consent.grant, "email", "ben@example.org", now=night.bench.now, **said)
    await night.pull()
    night.theirs.entries["bounces"].clear()

    night.bench.now += timedelta(days=1)
    await night.pull()
    assert len(await night.differences()) == 1  # what is new says nothing of what is gone
    night.bench.now += timedelta(days=6)
    await night.pull()
    assert await night.differences() == []


@pytest.mark.parametrize(
    ("faults", "words"),
    [([500], "HTTP 500"), ([403], "access to suppressions"), ([429, 429, 429], "later")],
)
async def test_a_bad_night_is_told_and_tried_again_within_the_hour(
    night: Night, faults: list[int], words: str
) -> None:
    await night.person("ana@example.org")
    night.theirs.add("bounces", "ana@example.org", LONG_AGO)
    night.theirs.faults.extend(faults)

    await night.pull()
    assert words in (await night.rows())["bounces"].failed
    assert (await night.rows())["bounces"].pulled_at is None
    assert await night.refused("ana@example.org") is None

    night.bench.now += timedelta(minutes=59)
    await night.pull()
    assert await night.refused("ana@example.org") is None
    night.bench.now += timedelta(minutes=1)
    await night.pull()
    assert await night.refused("ana@example.org") is Standing.BOUNCED
    assert (await night.rows())["bounces"].failed == ""


async def test_who_asks_to_slow_down_is_waited_for(night: Night) -> None:
    night.theirs.faults.append(429)

    await night.pull()

    assert (await night.rows())["bounces"].failed == ""
    assert night.theirs.asked["GET bounces"] == 2


async def test_an_answer_without_sense_is_told(night: Night) -> None:
    night.theirs.entries["bounces"] = {"x": {"created": 1}}

    with pytest.raises(CouldNotList, match="could not be read"):
        [page async for page in night.lists.pages("bounces", since=None)]


def test_a_list_is_due_once_in_each_night() -> None:
    night = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    earlier, hour = night - timedelta(hours=20), timedelta(hours=1)

    assert is_due(None, None, now=night)
    assert is_due(earlier, earlier, now=night)
    assert not is_due(earlier, earlier, now=night - timedelta(minutes=1))
    assert not is_due(night, night, now=night + 15 * hour)
    assert not is_due(earlier, night - hour / 2, now=night)
