"""The doctor signs in where emails leave, and looks where mail comes back to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from commands.doctor import examine
from commands.doctor_lines import Line, Verdict
from commands.mail_checks import ask_servers, come_back
from database.opening import prepare
from messages import mail_sources
from settings import Settings, load
from tests.database.test_jobs import until
from tests.fakes.imap_server import ImapServer, imap_server
from tests.fakes.name_server import naming
from tests.messages.providers.test_smtp import PlayedRelay, playing


def settings(tmp_path: Path, **changed: str) -> Settings:
    return load({f"LLAMADO_{name}": value for name, value in changed.items()}, folder=tmp_path)


def by_subject(lines: list[Line]) -> Mapping[str, Line]:
    return {line.subject: line for line in lines}


async def test_nothing_is_asked_where_no_mail_is_set_up(tmp_path: Path) -> None:
    assert await ask_servers(settings(tmp_path)) == []


async def test_a_mail_server_that_lets_us_in_is_good(tmp_path: Path) -> None:
    async with playing(PlayedRelay()) as relay:
        set_up = settings(
            tmp_path,
            SMTP__HOST="127.0.0.1",
            SMTP__PORT=str(relay.port),
            SMTP__SECURITY="none",
            SMTP__FROM_EMAIL="a@example.org",
        )
        lines = by_subject(await ask_servers(set_up))
        closed = replace(set_up, smtp=replace(set_up.smtp, security="starttls"))
        refused = by_subject(await ask_servers(closed))

    assert lines["mail server"].verdict is Verdict.GOOD
    assert refused["mail server"].verdict is Verdict.BAD
    assert "security" in refused["mail server"].sentence
    gone = by_subject(await ask_servers(set_up))
    assert "cannot be reached" in gone["mail server"].sentence


def imap_settings(tmp_path: Path, server: ImapServer) -> Settings:
    return settings(
        tmp_path,
        INBOUND__SOURCE="imap",
        INBOUND__IMAP_HOST="127.0.0.1",
        INBOUND__IMAP_PORT=str(server.port),
        INBOUND__IMAP_SECURITY="none",
        INBOUND__IMAP_USERNAME="us",
        INBOUND__IMAP_PASSWORD="hunter2",
    )


async def test_an_imap_folder_is_looked_into(tmp_path: Path) -> None:
    async with imap_server(ImapServer()) as server:
        server.deliver(b"x")
        set_up = imap_settings(tmp_path, server)
        lines = by_subject(await ask_servers(set_up))
        wrong = replace(set_up, inbound=replace(set_up.inbound, imap_password="no"))
        refused = by_subject(await ask_servers(wrong))

    assert lines["mailbox"].sentence == "can be read by IMAP; emails in it: 1"
    assert refused["mailbox"].verdict is Verdict.BAD


@pytest.mark.parametrize("silent_on", [b"GREETING", b"LOGIN"])
async def test_an_imap_server_that_drags_its_answer_out_is_told_and_not_waited_for(
    tmp_path: Path, silent_on: bytes
) -> None:
    async with imap_server(ImapServer(silent_on=silent_on, trickles=True)) as server:
        lines = by_subject(await ask_servers(imap_settings(tmp_path, server), longest=0.3))
        server.silent_on = b""
        await until(lambda: "mailbox" not in [each.name for each in threading.enumerate()])

    assert "has not answered" in lines["mailbox"].sentence
    assert lines["mailbox"].verdict is Verdict.BAD


async def test_a_maildir_that_is_none_is_told(tmp_path: Path) -> None:
    set_up = settings(
        tmp_path, INBOUND__SOURCE="maildir", INBOUND__MAILDIR=str(tmp_path / "Maildir")
    )
    assert by_subject(await ask_servers(set_up))["mailbox"].verdict is Verdict.BAD

    (tmp_path / "Maildir" / "new").mkdir(parents=True)
    assert by_subject(await ask_servers(set_up))["mailbox"].verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("addresses", "sentence"),
    [
        ("192.0.2.25", "192.0.2.25 is called mx.example.org, and that name leads back"),
        ("192.0.2.26", "192.0.2.26 has no name in reverse DNS"),
        ("", "it is not known which address it sends from"),
    ],
)
async def test_a_mail_server_of_our_own_is_looked_for_in_reverse_dns(
    now: datetime, tmp_path: Path, addresses: str, sentence: str
) -> None:
    database = prepare(f"sqlite:///{tmp_path / 'llamado.db'}")
    async with naming() as server:
        server.put("25.2.0.192.in-addr.arpa", "PTR", "mx.example.org.")
        server.put("mx.example.org", "A", "192.0.2.25")
        set_up = settings(
            tmp_path,
            DATABASE__URL=database,
            SMTP__HOST="localhost",
            SMTP__PORT="1",
            SMTP__FROM_EMAIL="a@example.org",
            DELIVERABILITY__NAMESERVERS=server.address,
            DELIVERABILITY__SENDING_ADDRESSES=addresses,
        )
        lines = await examine(set_up, now=now)

    assert any(sentence in each.sentence for each in lines if each.subject == "example.org")


def test_what_was_set_aside_and_what_is_late_is_told(
    conn: Connection, now: datetime, tmp_path: Path
) -> None:
    set_up = settings(tmp_path, INBOUND__SOURCE="maildir", INBOUND__MAILDIR=str(tmp_path))
    mail_sources.begin(conn, "maildir", "me", now=now)
    mail_sources.end(conn, "maildir", "me", trouble="", now=now)
    assert list(come_back(conn, set_up, now)) == []

    mail_sources.note_set_aside(conn, "maildir", "It is odd.", now=now)
    later = list(come_back(conn, set_up, now + timedelta(hours=2)))
    told = [line.sentence for line in later]

    assert "nobody has looked" in told[0]
    assert told[1].endswith("the last one: It is odd.")
    assert told[2] == "1 unreadable"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"SMTP__HOST": "mail.example.org", "SMTP__SECURITY": "none"}, "only for a server on this"),
        ({"INBOUND__ADDRESS": "mail+x@in.example.org"}, "without a plus sign"),
        ({"INBOUND__ADDRESS": "Us <mail@in.example.org>"}, "must be a bare address"),
        ({"DELIVERABILITY__SENDING_ADDRESSES": "mx.example.org"}, "what the world sees"),
        ({"DELIVERABILITY__NAMESERVERS": "9.9.9.9#dns"}, "write one such as 9.9.9.9"),
        ({"INBOUND__SOURCE": "maildir"}, "must name its folder"),
        ({"INBOUND__SOURCE": "imap"}, "imap_host and inbound.imap_username must be set"),
    ],
)
def test_settings_that_cannot_be_right_are_told(
    tmp_path: Path, changed: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        settings(tmp_path, **changed)


@pytest.mark.parametrize(
    ("source", "address"), [("none", ""), ("elsewhere", "mail@in.example.org")]
)
def test_emails_name_the_mailbox_only_where_somebody_reads_it(
    tmp_path: Path, source: str, address: str
) -> None:
    set_up = settings(tmp_path, INBOUND__SOURCE=source, INBOUND__ADDRESS="mail@in.example.org")

    assert set_up.inbound.mailbox.replies == address
