"""``llamado unknown``: what is known of lost answers, and deciding about them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, select, update
from typer.testing import CliRunner, Result

import cli
from database.opening import opened, prepare
from messages import counts, doubts
from messages.doubts import Closed
from messages.expanding import expand_chunk
from messages.keeping import keep
from messages.models import Delivery, Doubt, Message, MessageStatus, Status
from messages.providers.outbox import Kept
from messages.providers.provider import Ticket
from messages.rewriting import rewrite
from tests import plain_logs
from tests.builders import make_alert, make_contact
from tests.doubles import NoJobs

T = TypeVar("T")
Unit = Callable[[Connection], T]
NOW = datetime.now(UTC)


@pytest.fixture
def lost(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run units of work on the database that the commands use; one text in it is unknown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLAMADO_DATABASE__URL", database_url)
    monkeypatch.setenv("COLUMNS", "220")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # commands set their own

    def run(unit: Unit[T]) -> T:
        async def work() -> T:
            async with opened(prepare(database_url)) as here:
                return await here.database.write(unit)

        return asyncio.run(work())

    run(make_lost)
    yield run
    plain_logs.restore()


def make_lost(conn: Connection) -> None:
    """A text to Amina whose answer was lost two minutes ago."""
    make_contact(conn, "Amina", email=None)
    alert = make_alert(conn, starts_at=NOW, reach="sms")
    while expand_chunk(conn, NoJobs(), alert.message_id, now=NOW):
        pass
    row = conn.execute(select(Delivery)).one()
    sending = {"status": Status.SENDING, "attempt": 1, "changed_at": NOW - timedelta(minutes=2)}
    rewrite(conn, [{"id": row.id, **sending}])
    doubts.note(conn, NOW - timedelta(minutes=2), Delivery.id == row.id)
    rewrite(conn, [{"id": row.id, "status": int(Status.UNKNOWN), "reason": "HTTP 500"}])
    deltas = counts.Deltas()
    counts.moved(
        deltas,
        counts.place(row.message_id, "sms", Status.PENDING, "", row.zone_set_id),
        counts.place(row.message_id, "sms", Status.UNKNOWN, "HTTP 500", None),
    )
    counts.apply(conn, deltas)


def run(*arguments: str, says: str | None = None) -> Result:
    return CliRunner().invoke(cli.app, ["unknown", *arguments], input=says)


def state(conn: Connection) -> tuple[int, int, str, str]:
    copy = conn.execute(select(Delivery)).one()
    doubt = conn.execute(select(Doubt)).one()
    return copy.status, copy.approved_sends, doubt.closed_how, doubt.closed_by


@pytest.mark.usefixtures("lost")
def test_list_tells_a_person_and_a_program_what_is_known() -> None:
    shown, told = run("list").output, json.loads(run("list", "--json").output)

    assert "Amina Rivas" in shown
    assert "HTTP 500" in shown
    assert "not asked yet" in shown
    assert [(each["delivery_id"], each["looks"], each["needs_person"]) for each in told] == [
        (1, 0, False)
    ]
    assert run("list", "--message", "999").output == "no copy is unknown\n"


def test_look_finds_what_the_outbox_kept(lost: Any) -> None:
    kept = Kept(Ticket(1, 1, ""), "sms", "+16085550100", "+16082000001", "Call today.")
    nothing = run("look", "1")
    lost(lambda conn: keep(conn, [kept], now=NOW))
    found, again = run("look", "1"), run("look", "1")

    assert "no proof; the copy stays unknown" in nothing.output
    assert "found: the provider has it and calls it accepted" in found.output
    assert "is not unknown" in str(again.exception)
    assert lost(state) == (Status.ACCEPTED, 1, Closed.PROVIDER, "outbox")


def test_resend_asks_first_and_keeps_who_said_so(lost: Any) -> None:
    assert run("resend", "1", says="n\n").exit_code == 1
    assert lost(state)[0] == Status.UNKNOWN

    assert run("resend", "1", "--yes").exit_code == 0

    assert lost(state) == (Status.PENDING, 2, Closed.AGAIN, "command line")
    assert "no longer unknown" in str(run("resend", "1", "--yes").exception)


@pytest.mark.parametrize(
    ("said", "status", "how"),
    [("--sent", Status.ACCEPTED, Closed.SENT), ("--not-sent", Status.FAILED, Closed.NOT_SENT)],
)
def test_settle_takes_a_persons_word_with_their_name(
    lost: Any, said: str, status: Status, how: Closed
) -> None:
    assert run("settle", "1", said).exit_code == 2
    assert run("settle", "1", said, "--by", " ").exit_code == 2
    assert run("settle", "1", "--by", "Ben").exit_code == 2

    assert run("settle", "1", said, "--by", "Ben Flores").exit_code == 0

    assert lost(state) == (status, 1, how, "Ben Flores")


def test_nothing_is_resent_of_a_message_that_ended(lost: Any) -> None:
    ended = {"status": MessageStatus.STOPPED}
    lost(lambda conn: conn.execute(update(Message).values(ended)))

    assert "nothing more of this message can be sent" in str(run("resend", "1", "--yes").exception)
    assert lost(state)[0] == Status.UNKNOWN
