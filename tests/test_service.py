"""A process by role: what it opens, what it refuses, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
import structlog
from aiohttp import ClientSession
from sqlalchemy import Connection, select

import logs
import settings
from contacts.models import Channel
from database.embedded import SenderRunning
from database.engine import is_sqlite
from fitting import make_providers, make_site, read_secrets, site_for
from messages.links import person_token
from messages.models import MessageStatus, Reply, Status
from messages.sender_models import SenderRun
from service import PortTaken, Role, running
from settings import Settings
from tests import plain_logs
from tests.builders import load_invented_officials, make_alert, make_contact, make_delivery
from tests.fakes.mails import a_reply
from tests.fakes.voice_server import ACCOUNT, TOKEN, Phone, settled, voice_server
from tests.processes import wait_until

REAL = {
    "LLAMADO_NETWORK__PUBLIC_URL": "https://llamado.example.org/",
    "LLAMADO_TWILIO__ACCOUNT_SID": "AC0123",
    "LLAMADO_TWILIO__AUTH_TOKEN": "made-up",
    "LLAMADO_TWILIO__FROM_NUMBER": "+12025550123",
    "LLAMADO_TWILIO__API_BASE": "http://127.0.0.1:9",
    "LLAMADO_SENDGRID__API_KEY": "SG.made-up",
    "LLAMADO_SENDGRID__FROM_EMAIL": "alerts@example.org",
}


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """A process on a database of its own and any free port."""
    return {
        "LLAMADO_DATABASE__URL": database_url,
        "LLAMADO_WEB__PORT": "0",
        "LLAMADO_SENDING__STATE_FOLDER": str(tmp_path / "state"),
        # Whatever the hour at which the tests run.
        "LLAMADO_QUIET_HOURS__OPENS": "00:00",
        "LLAMADO_QUIET_HOURS__CLOSES": "24:00",
        "LLAMADO_QUIET_HOURS__SUNDAY_OPENS": "00:00",
    }


@pytest.fixture(autouse=True)
def _own_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    yield
    plain_logs.restore()


def load(environment: dict[str, str], folder: Path) -> Settings:
    return settings.load(environment, folder=folder)


def runs(conn: Connection) -> list[bool]:
    """Of every sender that ever started: whether it ended cleanly."""
    return [ended is not None for ended in conn.scalars(select(SenderRun.stopped_at))]


async def test_a_process_answers_at_the_port_it_got_and_makes_links_with_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    async with running(load(environment, tmp_path)) as service, ClientSession() as client:
        answer = await client.get(f"{service.url}/healthz")
        text = await answer.text()

    assert text == "ok\n"
    assert service.site.public_url == service.url
    assert not service.url.endswith(":0")


async def test_a_clean_end_is_noted(environment: dict[str, str], tmp_path: Path) -> None:
    loaded = load(environment, tmp_path)

    async with running(loaded) as service:
        assert await service.database.read(runs) == [False]
    async with running(loaded, Role.WEB) as service:
        assert await service.database.read(runs) == [True]


async def test_a_sender_answers_no_http_and_a_web_process_sends_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    loaded = load(environment, tmp_path)

    async with running(loaded, Role.SENDER) as sender, running(loaded, Role.WEB) as web:
        assert sender.url == ""
        assert web.url.startswith("http://127.0.0.1:")
        assert await web.database.read(runs) == [False]


async def test_a_second_sender_on_one_file_is_refused_with_a_sentence(
    environment: dict[str, str], tmp_path: Path, database_url: str
) -> None:
    loaded = load(environment, tmp_path)

    async with running(loaded):
        if is_sqlite(database_url):
            with pytest.raises(SenderRunning, match="another Llamado is already sending"):
                async with running(loaded):
                    pytest.fail("two senders on one file")
        else:
            async with running(loaded) as second:
                assert await second.database.read(runs) == [False, False]


async def test_a_port_that_is_taken_is_one_sentence(
    environment: dict[str, str], tmp_path: Path
) -> None:
    async with running(load(environment, tmp_path), Role.WEB) as first:
        port = first.url.rpartition(":")[2]
        second = load({**environment, "LLAMADO_WEB__PORT": port}, tmp_path)
        with pytest.raises(PortTaken, match="choose another with --port"):
            async with running(second, Role.WEB):
                pytest.fail("two processes on one port")


async def test_a_host_that_is_not_this_machine_is_one_sentence(
    environment: dict[str, str], tmp_path: Path
) -> None:
    elsewhere = load({**environment, "LLAMADO_WEB__HOST": "192.0.2.1"}, tmp_path)

    with pytest.raises(
        PortTaken, match=r"address\); set \[web\] host to an address of this machine"
    ):
        async with running(elsewhere, Role.WEB):
            pytest.fail("listening where we are not")


async def test_a_failure_inside_is_seen_as_itself(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(LookupError, match="as itself"):
        async with running(load(environment, tmp_path)):
            raise LookupError("as itself")


async def test_without_an_account_everything_goes_to_the_outbox(
    environment: dict[str, str], tmp_path: Path
) -> None:
    loaded = load(environment, tmp_path)

    async with running(loaded, Role.WEB) as service:
        providers = make_providers(loaded, service.site, service.database, None)

    assert {each.name for each in providers.values()} == {"outbox"}
    assert not service.site.real_email
    assert service.site.twilio_tokens == ()


async def test_accounts_take_the_place_of_the_outbox(
    environment: dict[str, str], tmp_path: Path
) -> None:
    loaded = load({**environment, **REAL}, tmp_path)

    async with running(loaded, Role.WEB) as service:
        providers = make_providers(loaded, service.site, service.database, None)
        for provider in providers.values():
            await provider.close()

    assert providers[Channel.SMS].name == "twilio"
    assert providers[Channel.EMAIL].name == "sendgrid"
    assert service.site.public_url == "https://llamado.example.org"
    assert service.site.real_email
    assert service.site.sms_sender == "+12025550123"
    assert service.site.email_sender == "alerts@example.org"


async def test_a_mail_server_sends_where_sendgrid_is_not_set_up(
    environment: dict[str, str], tmp_path: Path
) -> None:
    mail = {
        "LLAMADO_SMTP__HOST": "127.0.0.1",
        "LLAMADO_SMTP__FROM_EMAIL": "office@example.org",
    }
    loaded = load({**environment, **mail}, tmp_path)

    async with running(loaded, Role.WEB) as service:
        providers = make_providers(loaded, service.site, service.database, None)

    assert providers[Channel.EMAIL].name == "smtp"
    assert service.site.email_sender == "office@example.org"


async def test_the_simulators_keys_are_believed_only_where_it_plays(
    environment: dict[str, str], tmp_path: Path
) -> None:
    real, played = load(environment, tmp_path), {**environment, "LLAMADO_OUTBOX__SIMULATE": "true"}

    async with running(real, Role.WEB) as service:
        secrets = await service.database.write(read_secrets)

    assert make_site(real, secrets, "http://x").sendgrid_public_keys == ()
    playing = make_site(load(played, tmp_path), secrets, "http://x")
    assert playing.twilio_tokens == (secrets.simulator_twilio,)
    assert len(playing.sendgrid_public_keys) == 1
    assert secrets.links not in repr(secrets)


async def test_a_command_beside_the_service_makes_the_same_links(
    environment: dict[str, str], tmp_path: Path
) -> None:
    public = {**environment, "LLAMADO_NETWORK__PUBLIC_URL": "https://llamado.example.org"}
    loaded = load(public, tmp_path)

    async with running(loaded) as service:
        beside = await site_for(loaded, service.database)

    assert beside == service.site


def test_log_lines_are_json_and_leave_the_libraries_chatter_out() -> None:
    written = StringIO()

    logs.configure("info", stream=written)
    structlog.get_logger("x").info("alert launched", alert=7)
    structlog.get_logger("x").debug("not wanted")
    logging.getLogger("apscheduler.executors").info("ran job of +16085550101")
    logging.getLogger("other").warning("%s left", 3)

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["alert launched", "3 left"]
    assert lines[0]["alert"] == 7
    assert {line["level"] for line in lines} == {"info", "warning"}


async def test_a_sender_rings_who_asked_for_it_and_leads_them_on(
    environment: dict[str, str], tmp_path: Path
) -> None:
    amina = "+16082345678"
    async with voice_server("", "https://llamado.example.org") as twilio:
        more = {
            **REAL,
            "LLAMADO_TWILIO__ACCOUNT_SID": ACCOUNT,
            "LLAMADO_TWILIO__AUTH_TOKEN": TOKEN,
            "LLAMADO_TWILIO__API_BASE": twilio.url,
            "LLAMADO_VOICE__NUMBER": "+16085550100",
        }
        twilio.phones[amina] = Phone(amina, ["1"])
        async with running(load({**environment, **more}, tmp_path)) as service:
            twilio.courier.base = service.url
            token = await service.database.write(make_page, amina, service.site.links_secret)
            async with ClientSession() as client:
                async with client.get(f"{service.url}/a/{token}") as page:
                    assert "Connect me" in await page.text()
                async with client.post(f"{service.url}/a/{token}/connect") as answer:
                    assert "Your phone rings in a moment" in await answer.text()
            async with asyncio.timeout(20):
                await twilio.ended.wait()
            await settled(twilio)

    assert twilio.errors == []
    assert [each["To"] for each in twilio.asked] == [amina]
    assert "Free the fourteen" in twilio.calls[0].words


def make_page(conn: Connection, phone: str, secret: str) -> str:
    load_invented_officials(conn)
    contact_id = make_contact(conn, phone=phone)
    alert = make_alert(conn, status=MessageStatus.STOPPED)
    copy = make_delivery(conn, alert.message_id, contact_id, status=Status.ACCEPTED)
    return person_token(secret, copy)


async def test_a_sender_collects_mail_that_comes_back(
    environment: dict[str, str], tmp_path: Path
) -> None:
    for each in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / each).mkdir(parents=True)
    (tmp_path / "Maildir" / "new" / "1.mx").write_bytes(a_reply("Which office?"))
    inbound = {"SOURCE": "maildir", "MAILDIR": str(tmp_path / "Maildir"), "POLL_SECONDS": "1"}
    set_up = {f"LLAMADO_INBOUND__{name}": value for name, value in inbound.items()}

    async with running(load({**environment, **set_up}, tmp_path), Role.SENDER) as service:
        waits = tmp_path / "Maildir" / "new" / "1.mx"
        gone = partial(wait_until, "it is taken in", lambda: not waits.exists(), within=30)
        await asyncio.to_thread(gone)
        body = await service.database.read(lambda conn: conn.scalar(select(Reply.body)))

    assert body == "Which office?"
