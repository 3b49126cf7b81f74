"""Mail is collected from real mailboxes, each email once, whatever happens in between."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from contacts.models import Channel, Standing
from database.opening import Opened
from messages import mail_sources
from messages.collecting import LONGEST, Collector
from messages.mail_addresses import Mark, token
from messages.mail_models import MailSource
from messages.mailroom import Desk, Kind
from messages.models import Delivery, MessageStatus, Reply, Status
from messages.providers.imap import Imap, ImapAccount, try_folder
from messages.providers.mailboxes import Mailbox, NoMailbox
from messages.providers.maildir import ASIDE, TAKEN, Maildir
from messages.providers.provider import Inbound
from messages.replies import receive
from tests.builders import make_contact, make_delivery, make_message
from tests.doubles import NoJobs
from tests.fakes.imap_server import ImapServer, imap_server
from tests.fakes.mails import BREAKING, a_complaint, a_reply, a_report

SECRET = "s" * 64
ROUNDS = 12  # more than a mailbox with a few bad emails needs
NOBODY = b"Subject: from nobody\r\n\r\nwords"


@dataclass
class House:
    """A database with one alert that Ana got, and somebody who collects."""

    opened: Opened
    now: datetime
    copy_id: int = 0
    fails_on: str = ""  # words at which taking in breaks
    fails_with: Exception = field(default_factory=ZeroDivisionError)

    def collector(
        self, mailbox: Mailbox, *, owner: str = "one", longest: float = LONGEST
    ) -> Collector:
        def hear(conn: Connection, inbound: Inbound, now: datetime) -> None:
            if self.fails_on and self.fails_on in inbound.body:
                raise self.fails_with
            receive(
                conn,
                NoJobs(),
                inbound,
                public_url="https://us.example",
                network="Us",
                default_language="en",
                now=now,
            )

        desk = Desk(SECRET, frozenset(), hear)
        return Collector(
            self.opened.database, mailbox, desk, owner, lambda: self.now, longest=longest
        )

    def to(self, mark: Mark) -> str:
        return f"mail+{token(SECRET, mark, self.copy_id)}@in.example.org"

    async def rows(self, *columns: Any) -> list[Any]:
        def read(conn: Connection) -> list[Any]:
            return list(conn.execute(select(*columns)))

        return await self.opened.database.read(read)

    async def bodies(self) -> list[str]:
        return sorted(row.body for row in await self.rows(Reply.body))

    async def source(self) -> Any:
        [row] = await self.rows(MailSource)
        return row


@pytest.fixture
async def house(opened: Opened, now: datetime) -> House:
    def launch(conn: Connection) -> int:
        contact_id = make_contact(conn, "Ana", email="ana@example.org", consent=Standing.GRANTED)
        message_id = make_message(conn, status=MessageStatus.SENDING, reach="email")
        return make_delivery(
            conn, message_id, contact_id, channel=Channel.EMAIL, status=Status.ACCEPTED
        )

    return House(opened, now, await opened.database.write(launch))


class Drop:
    """A Maildir as a mail server delivers to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        for each in ("new", "cur", "tmp"):
            (folder / each).mkdir(parents=True)

    def deliver(self, raw: bytes) -> str:
        self.count += 1
        name = f"{1_700_000_000 + self.count}.M1P1.mx"
        (self.folder / "tmp" / name).write_bytes(raw)
        (self.folder / "tmp" / name).rename(self.folder / "new" / name)
        return name

    def names(self, place: str) -> list[str]:
        folder = self.folder / place
        return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path / "Maildir")


async def test_all_that_waits_in_a_maildir_is_taken_in(house: House, drop: Drop) -> None:
    for number in range(120):
        drop.deliver(a_reply(f"Which office? {number}", to=house.to(Mark.REPLY)))
    drop.deliver(a_report(to=house.to(Mark.BOUNCE)))

    counted = await house.collector(Maildir(drop.folder)).collect()

    assert counted == {Kind.REPLY: 120, Kind.BOUNCE: 1}
    assert len(await house.bodies()) == 120
    assert drop.names("new") == []
    assert len(drop.names(f"{TAKEN}/cur")) == 121
    [copy] = await house.rows(Delivery.status)
    assert copy.status == Status.UNDELIVERED
    assert (await house.source()).looked_at == house.now


async def test_a_crash_after_the_commit_repeats_harmlessly(house: House, drop: Drop) -> None:
    class Dies(Maildir):
        def done(self, names: Any) -> None:
            raise KeyboardInterrupt

    drop.deliver(a_reply("Which office?", to=house.to(Mark.REPLY)))
    with pytest.raises(KeyboardInterrupt):
        await house.collector(Dies(drop.folder)).collect()
    assert await house.bodies() == ["Which office?"]
    assert len(drop.names("new")) == 1

    again = await house.collector(Maildir(drop.folder), owner="one").collect()

    assert again == {}
    assert await house.bodies() == ["Which office?"]
    assert drop.names("new") == []


async def test_a_database_that_is_away_leaves_mail_where_it_is(house: House, drop: Drop) -> None:
    house.fails_on, house.fails_with = "office", OperationalError("gone", {}, Exception("gone"))
    drop.deliver(a_reply("Which office?", to=house.to(Mark.REPLY)))

    with pytest.raises(OperationalError):
        await house.collector(Maildir(drop.folder)).collect()
    house.fails_on = ""

    assert (len(drop.names("new")), drop.names(f"{ASIDE}/cur")) == (1, [])
    assert await house.collector(Maildir(drop.folder)).collect() == {Kind.REPLY: 1}


async def test_what_nobody_can_read_is_set_aside_for_a_person(house: House, drop: Drop) -> None:
    drop.deliver(a_reply("One", to=house.to(Mark.REPLY)))
    name = drop.deliver(NOBODY)
    drop.deliver(a_reply("Two", to=house.to(Mark.REPLY)))

    for _ in range(3):
        await house.collector(Maildir(drop.folder)).collect()

    assert await house.bodies() == ["One", "Two"]
    assert drop.names(f"{ASIDE}/cur") == [f"{name}:2,S"]
    assert (drop.folder / ASIDE / "cur" / f"{name}:2,S").read_bytes() == NOBODY
    source = await house.source()
    assert (source.set_aside, "no sender" in source.set_aside_because) == (1, True)


@pytest.mark.parametrize("name", BREAKING)
async def test_a_mail_that_breaks_its_reading_holds_up_no_other(
    house: House, drop: Drop, name: str
) -> None:
    drop.deliver(BREAKING[name])
    drop.deliver(a_reply("One", to=house.to(Mark.REPLY)))

    await house.collector(Maildir(drop.folder)).collect()

    assert await house.bodies() == ["One"]
    source = await house.source()
    assert (source.set_aside, source.trouble) == (1, "")
    assert (drop.names("new"), len(drop.names(f"{ASIDE}/cur"))) == ([], 1)


async def test_whatever_stops_the_collecting_is_told(house: House, drop: Drop) -> None:
    class Breaks(Maildir):
        def look(self, position: Any, most: int) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await house.collector(Breaks(drop.folder)).collect()

    source = await house.source()
    assert "could not be collected (ZeroDivisionError)" in source.trouble
    assert source.looked_at is None
    await house.collector(Maildir(drop.folder)).collect()
    assert (await house.source()).trouble == ""


async def test_one_mail_that_breaks_everything_holds_up_no_other(house: House, drop: Drop) -> None:
    house.fails_on = "poison"
    for words in ("One", "poison", "Two"):
        drop.deliver(a_reply(words, to=house.to(Mark.REPLY)))

    for _ in range(2):
        await house.collector(Maildir(drop.folder)).collect()

    assert await house.bodies() == ["One", "Two"]
    source = await house.source()
    assert source.set_aside == 1
    assert source.set_aside_because == "It could not be taken in (ZeroDivisionError)."
    assert (drop.names("new"), len(drop.names(f"{ASIDE}/cur"))) == ([], 1)


async def test_one_process_collects_at_a_time(house: House, drop: Drop) -> None:
    drop.deliver(a_reply("Which office?", to=house.to(Mark.REPLY)))
    write, name = house.opened.database.write, "maildir"
    await write(mail_sources.begin, name, "other", now=house.now)

    assert await house.collector(Maildir(drop.folder)).collect() == {}

    house.now += mail_sources.LEASE + timedelta(seconds=1)
    assert await house.collector(Maildir(drop.folder)).collect() == {Kind.REPLY: 1}


async def test_a_folder_that_is_none_is_told_and_tried_again(house: House, tmp_path: Path) -> None:
    collector = house.collector(Maildir(tmp_path / "nowhere"))

    await collector.collect()

    assert "is it the folder" in (await house.source()).trouble
    Drop(tmp_path / "nowhere")
    await collector.collect()
    assert (await house.source()).trouble == ""


async def test_what_was_taken_in_long_ago_is_deleted(drop: Drop) -> None:
    old, young, aside = (drop.deliver(NOBODY) for _ in range(3))
    box = Maildir(drop.folder, keep_days=7)
    box.done([old, young])
    box.put_aside([aside])
    long_ago = time.time() - 8 * 86_400
    for name in (f"{TAKEN}/cur/{old}:2,S", f"{ASIDE}/cur/{aside}:2,S"):
        os.utime(drop.folder / name, (long_ago, long_ago))

    Maildir(drop.folder, keep_days=7).look(position=None, most=1)  # type: ignore[arg-type]

    assert drop.names(f"{TAKEN}/cur") == [f"{young}:2,S"]
    assert drop.names(f"{ASIDE}/cur") == [f"{aside}:2,S"]


# IMAP


@pytest.fixture
async def imap() -> AsyncIterator[ImapServer]:
    async with imap_server(ImapServer()) as server:
        yield server


def account(server: ImapServer, **changes: Any) -> ImapAccount:
    values = {"port": server.port, "security": "none", "username": "us", "password": "hunter2"}
    return ImapAccount("127.0.0.1", **{**values, **changes})


async def test_an_imap_folder_is_read_by_uid(house: House, imap: ImapServer) -> None:
    imap.deliver(
        a_reply("Of last year", to=house.to(Mark.REPLY)), arrived=house.now - timedelta(days=400)
    )
    first = imap.deliver(a_reply("One", to=house.to(Mark.REPLY)))
    broken = imap.deliver(NOBODY)
    collector = house.collector(Imap(account(imap)))

    assert await collector.collect() == {Kind.REPLY: 1}
    assert await collector.collect() == {}
    imap.deliver(a_complaint(to=house.to(Mark.BOUNCE)))
    assert await collector.collect() == {Kind.COMPLAINT: 1}

    assert await house.bodies() == ["One"]
    assert imap.fetched == [2, 3, 4]
    assert (first.flags, broken.flags) == ({b"\\Seen"}, {b"\\Flagged"})
    source = await house.source()
    assert (source.validity, source.read_to, source.set_aside) == (7, 4, 1)


async def test_a_folder_that_is_numbered_anew_repeats_nothing(
    house: House, imap: ImapServer
) -> None:
    collector = house.collector(Imap(account(imap)))
    imap.deliver(a_reply("One", to=house.to(Mark.REPLY)))
    await collector.collect()

    imap.validity = 8
    imap.deliver(a_reply("Two", to=house.to(Mark.REPLY)))

    assert await collector.collect() == {Kind.REPLY: 1}
    assert await house.bodies() == ["One", "Two"]


@pytest.mark.parametrize("tells_next", [True, False])
async def test_an_old_folder_in_which_nothing_is_new_is_never_read(
    house: House, imap: ImapServer, *, tells_next: bool
) -> None:
    imap.tells_next = tells_next
    long_ago = house.now - timedelta(days=400)
    collector = house.collector(Imap(account(imap)))
    for validity in (7, 8):
        imap.validity = validity
        imap.deliver(a_reply("Of last year", to=house.to(Mark.REPLY)), arrived=long_ago)
        await collector.collect()
        await collector.collect()
        assert (await house.source()).read_to == len(imap.emails)

    imap.deliver(a_reply("One", to=house.to(Mark.REPLY)))

    assert await collector.collect() == {Kind.REPLY: 1}
    assert (await house.bodies(), imap.fetched) == (["One"], [3])


@pytest.mark.parametrize("command", [b"LOGIN", b"UID SEARCH", b"UID FETCH", b"UID STORE"])
async def test_a_connection_that_is_lost_loses_nothing(
    house: House, imap: ImapServer, command: bytes
) -> None:
    collector = house.collector(Imap(account(imap)))
    imap.deliver(a_reply("One", to=house.to(Mark.REPLY)))
    imap.hang_up_on = command

    await collector.collect()
    assert (await house.source()).trouble != ""
    imap.hang_up_on = b""
    await collector.collect()

    assert await house.bodies() == ["One"]
    assert (await house.source()).trouble == ""


@pytest.mark.parametrize(
    "command", [b"GREETING", b"LOGIN", b"SELECT", b"UID SEARCH", b"UID FETCH", b"UID STORE"]
)
async def test_a_server_that_falls_silent_is_given_up_and_told(
    house: House, imap: ImapServer, command: bytes
) -> None:
    imap.deliver(a_reply("One", to=house.to(Mark.REPLY)))
    imap.silent_on = command

    await house.collector(Imap(account(imap, timeout=0.2))).collect()
    trouble = (await house.source()).trouble
    imap.silent_on = b""
    await house.collector(Imap(account(imap))).collect()

    assert "cannot be reached (TimeoutError)" in trouble
    assert (await house.bodies(), (await house.source()).trouble) == (["One"], "")


@pytest.mark.parametrize("command", [b"GREETING", b"UID FETCH"])
async def test_a_server_that_only_keeps_the_line_busy_is_given_up_and_told(
    house: House, imap: ImapServer, command: bytes
) -> None:
    imap.deliver(a_reply("One", to=house.to(Mark.REPLY)))
    imap.silent_on, imap.trickles = command, True

    await house.collector(Imap(account(imap)), longest=0.3).collect()
    trouble = (await house.source()).trouble
    imap.silent_on = b""
    await house.collector(Imap(account(imap))).collect()

    assert "has not answered for" in trouble
    assert (await house.bodies(), (await house.source()).trouble) == (["One"], "")


async def test_a_server_that_never_says_goodbye_is_left_without(
    house: House, imap: ImapServer
) -> None:
    imap.deliver(a_reply("One", to=house.to(Mark.REPLY)))
    imap.silent_on, imap.trickles = b"LOGOUT", True

    counted = await house.collector(Imap(account(imap)), longest=1.0).collect()

    assert (counted, (await house.source()).trouble) == ({Kind.REPLY: 1}, "")


@pytest.mark.parametrize(
    ("stuck", "trickles"), [((0,), False), ((2,), False), ((0, 1, 3), False), ((1, 2), True)]
)
async def test_emails_that_never_come_hold_up_no_other(
    house: House, imap: ImapServer, stuck: Sequence[int], *, trickles: bool
) -> None:
    emails = [imap.deliver(a_reply(str(number), to=house.to(Mark.REPLY))) for number in range(5)]
    others = [number for number in range(5) if number not in stuck]
    imap.silent_at, imap.trickles = tuple(emails[each].uid for each in stuck), trickles

    mailbox = Imap(account(imap, timeout=60.0 if trickles else 0.4))
    for _ in range(ROUNDS):
        await house.collector(mailbox, longest=1.0 if trickles else 60.0).collect()
        if (await house.source()).read_to == len(emails):
            break

    assert sorted(await house.bodies()) == [str(each) for each in others]
    source = await house.source()
    assert (source.set_aside, "hangs as it hands it over" in source.set_aside_because) == (
        len(stuck),
        True,
    )
    assert (source.read_to, source.trouble) == (len(emails), "")
    assert [emails[each].flags for each in stuck] == len(stuck) * [{b"\\Flagged"}]
    assert [emails[each].flags for each in others] == len(others) * [{b"\\Seen"}]


async def test_the_last_email_is_waited_for_until_another_comes(
    house: House, imap: ImapServer
) -> None:
    imap.silent_at = (imap.deliver(a_reply("One", to=house.to(Mark.REPLY))).uid,)
    collector = house.collector(Imap(account(imap, timeout=0.3)))

    for _ in range(2):
        await collector.collect()
    source = await house.source()
    imap.silent_at = ()
    await collector.collect()

    assert (source.set_aside, "cannot be reached" in source.trouble) == (0, True)
    assert await house.bodies() == ["One"]


@pytest.mark.parametrize("command", [b"GREETING", b"UID FETCH"])
async def test_who_stops_the_service_does_not_wait_for_a_silent_server(
    house: House, imap: ImapServer, command: bytes
) -> None:
    imap.deliver(a_reply("One", to=house.to(Mark.REPLY)))
    imap.silent_on = command
    collecting = asyncio.create_task(house.collector(Imap(account(imap, timeout=3600.0))).collect())
    await imap.silenced.wait()

    collecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await collecting

    assert all(each.daemon for each in threading.enumerate() if each.name == "mailbox")
    assert (await house.source()).owner is None
    imap.silent_on = b""
    assert await house.collector(Imap(account(imap)), owner="two").collect() == {Kind.REPLY: 1}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": "wrong"}, "does not accept our username and password"),
        ({"folder": "Nowhere"}, "check inbound.imap_folder"),
        ({"security": "tls"}, "cannot be protected"),
        ({"port": 1}, "cannot be reached"),
    ],
)
async def test_what_is_wrong_with_an_account_is_told(
    house: House, imap: ImapServer, changes: dict[str, Any], sentence: str
) -> None:
    await house.collector(Imap(account(imap, **changes))).collect()

    trouble = (await house.source()).trouble
    assert sentence in trouble
    assert "hunter2" not in trouble + repr(account(imap))


async def test_an_account_can_be_tried(imap: ImapServer) -> None:
    imap.deliver(NOBODY)

    assert await asyncio.to_thread(try_folder, account(imap)) == 1
    with pytest.raises(NoMailbox):
        await asyncio.to_thread(try_folder, account(imap, password="wrong"))
