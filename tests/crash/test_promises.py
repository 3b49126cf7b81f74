"""The other checkers must cry out too: each promise is broken on purpose, and found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from organizers import audit
from tests.crash import chain, explaining, lattice, recovery, restraint, silence
from tests.crash.checker import Copy, Ledger

NOON = "2026-11-24T12:00:{:02}+00:00"
PHONE = "+16082000001"
SENT = Copy(1, 1, "sms", PHONE, 40, "", 1, 1, "SM1", zones="Etc/UTC")
EARLIER = replace(SENT, id=2, message_id=2)
LOST = replace(SENT, status=15, owner="vm:77:ab")
LAUNCH = {
    "act": "launch",
    "ok": True,
    "message": 1,
    "asked": NOON.format(0),
    "answered": NOON.format(1),
    "channels": ["sms"],
    "people": 1,
    "undo": 0,
    "cap": 0,
    "expires": None,
}


def ledger(*copies: Copy, kind: str = "alert") -> Ledger:
    return Ledger({copy.id: copy for copy in copies}, {}, {}, {1: kind, 2: kind})


def accepted(second: int, *, delivery: int = 1, fault: str = "none") -> dict[str, Any]:
    return {
        "kind": "accepted",
        "delivery_id": delivery,
        "attempt": 1,
        "to": PHONE,
        "at": NOON.format(second),
        "fault": fault,
    }


def told(event: str, kind: str = "told") -> dict[str, Any]:
    return {"kind": kind, "delivery_id": 1, "attempt": 1, "event": event}


def act(name: str, second: int, **facts: Any) -> dict[str, Any]:
    at = NOON.format(second)
    return {"act": name, "ok": True, "asked": at, "answered": at, "message": 1, **facts}


STOP = act("reply", 10, to=PHONE, body="ALTO")
HOURS = {"act": "hours", "ok": True, "opens": "14:00", "closes": "20:00"}


@pytest.mark.parametrize(
    ("acts", "second", "said"),
    [
        pytest.param([STOP], 13, "I3: delivery 1 left 3.0 s after STOP", id="after a STOP"),
        pytest.param([STOP], 11, "", id="in flight at a STOP"),
        pytest.param([{**STOP, "ok": False}], 13, "", id="a STOP nobody heard"),
        pytest.param([act("pause", 10)], 20, "held back", id="while paused"),
        pytest.param([act("pause", 10)], 13, "", id="claimed before the pause"),
        pytest.param([act("pause", 10), act("resume", 18)], 20, "", id="after resuming"),
        pytest.param([act("stop", 10)], 20, "held back", id="after Stop"),
        pytest.param([act("undo", 10)], 5, "I6: delivery 1 left although", id="undone"),
        pytest.param([{**LAUNCH, "undo": 9}], 5, "inside the undo window", id="too early"),
        pytest.param([{**LAUNCH, "expires": NOON.format(10)}], 30, "expired", id="expired"),
        pytest.param([HOURS], 5, "quiet hours", id="in the night"),
        pytest.param([{**HOURS, "opens": "10:00"}], 5, "", id="by day"),
        pytest.param([{**LAUNCH, "cap": 1}], 20, "weekly cap of 1", id="one too many"),
        pytest.param([{**LAUNCH, "cap": 2}], 20, "", id="as many as allowed"),
    ],
)
def test_what_left_against_somebodys_word_is_found(
    acts: list[dict[str, Any]], second: int, said: str
) -> None:
    journal = [accepted(2, delivery=2), accepted(second)]

    found = restraint.against_somebodys_word(ledger(SENT, EARLIER), journal, acts, window=6)

    assert bool(found) == bool(said), found
    assert said in "".join(found)


def test_an_answer_that_somebody_asked_for_may_follow_their_stop() -> None:
    only = ledger(SENT, kind="confirmation")

    assert restraint.against_somebodys_word(only, [accepted(20)], [STOP], window=6) == []


def test_a_launch_that_forgot_somebody_is_found() -> None:
    forgetful = restraint.missing_people(ledger(SENT), [{**LAUNCH, "people": 2}])

    assert forgetful == ["I2: message 1 has 1 rows for sms, not 2"]
    assert restraint.missing_people(ledger(SENT), [LAUNCH]) == []


@pytest.mark.parametrize(
    ("events", "status", "good"),
    [
        pytest.param([told("delivered"), told("queued"), told("sent")], 40, True, id="shuffled"),
        pytest.param([told("delivered"), told("sent")], 30, False, id="the last one won"),
        pytest.param([told("queued"), told("sent")], 40, False, id="made up"),
        pytest.param([told("sent"), told("delivered", "untold")], 30, True, id="given up: lost"),
        pytest.param([told("sent"), told("delivered", "untold")], 40, True, id="given up: stored"),
        pytest.param([], 15, True, id="no event, the answer lost"),
        pytest.param([told("processed")], 15, False, id="an event ignored"),
        pytest.param([told("bounce"), told("processed")], 42, True, id="bounced"),
    ],
)
def test_a_status_that_its_events_do_not_imply_is_found(
    events: list[dict[str, Any]], status: int, *, good: bool
) -> None:
    found = lattice.out_of_step(ledger(replace(SENT, status=status)), [accepted(1), *events])

    assert (found == []) == good, found


@pytest.mark.parametrize(
    ("journal", "pids", "cause"),
    [
        pytest.param([], [], explaining.NO_CAUSE, id="nothing happened"),
        pytest.param([accepted(1)], [], explaining.NO_CAUSE, id="accepted and well answered"),
        pytest.param([], [78], explaining.NO_CAUSE, id="somebody else was killed"),
        pytest.param([], [77], "on the wire at a kill: never arrived", id="killed before"),
        pytest.param([accepted(1)], [77], "on the wire at a kill: accepted", id="killed after"),
        pytest.param(
            [accepted(1, fault="accept_reset")],
            [],
            "accept_reset: accepted, the answer lost",
            id="the answer lost",
        ),
        pytest.param(
            [{"kind": "refused", "status": 500, "delivery_id": 1, "attempt": 1}],
            [],
            "answered 500, not accepted",
            id="500",
        ),
        pytest.param(
            [{"kind": "refused", "status": 429, "copies": [[1, 1]]}],
            [77],
            "on the wire at a kill: answered 429, not accepted",
            id="429, then killed",
        ),
    ],
)
def test_an_unknown_without_a_cause_is_found(
    journal: list[dict[str, Any]], pids: list[int], cause: str
) -> None:
    found = explaining.explain(ledger(LOST), journal, [{"pid": pid} for pid in pids], set())

    assert dict(found.still) == {cause: 1}
    assert bool(found.broken) == (cause == explaining.NO_CAUSE)


def test_an_unknown_that_a_callback_settled_is_counted_with_its_cause() -> None:
    once_lost = ledger(replace(LOST, status=40))

    found = explaining.explain(once_lost, [accepted(1)], [{"pid": 77}], {1})

    assert dict(found.settled) == {"on the wire at a kill: accepted": 1}
    assert not found.still


def test_what_stays_held_too_long_is_found() -> None:
    late = recovery.held_too_long([{"pid": 77, "up": 1.0, "seconds": 36.0}], lease=30)

    assert late == ["I8: what process 77 held was free only after 36.0 s"]
    assert recovery.held_too_long([{"pid": 77, "up": 1.0, "seconds": 34.9}], lease=30) == []
    assert recovery.held_too_long([{"pid": 77, "up": 32.0, "seconds": 36.0}], lease=30) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        pytest.param("delivery=17 status=40", "", id="ids only"),
        pytest.param('{"to": "+16082000001"}', "a phone number", id="E.164"),
        pytest.param("call (608) 200-0001 now", "a phone number", id="as people write it"),
        pytest.param("took 16082000002 ns", "", id="some other number"),
        pytest.param("bounced: Amina@example.org", "an email address", id="mailbox"),
        pytest.param("from alerts@example.org", "", id="our own mailbox"),
        pytest.param("body=Dear Amina", "words of a message", id="a text"),
    ],
)
def test_an_address_or_a_text_in_a_log_is_found(tmp_path: Path, line: str, what: str) -> None:
    log = tmp_path / "1-all.log"
    log.write_text(f"started\n{line}\n")

    found = silence.spoken([log], {PHONE, "amina@example.org"}, ["Dear Amina"])

    assert bool(found) == bool(what), found
    assert what in "".join(found)


def recorded(conn: Connection, now: datetime, *acts: str) -> tuple[list[Any], list[Any]]:
    for name in acts:
        audit.note(conn, f"alert.{name}", actor="command line", about="alert:1", now=now)
    entries = conn.exec_driver_sql(chain.ENTRIES).all()
    return [tuple(row) for row in entries], list(conn.exec_driver_sql(chain.HEAD).all())


def test_whole_record_that_tells_of_every_button_breaks_nothing(
    conn: Connection, now: datetime
) -> None:
    entries, head = recorded(conn, now, "launch", "stop")

    assert chain.broken_record(entries, head, [act("launch", 1), act("stop", 2)]) == []
    assert chain.broken_record([], [], []) == []


@pytest.mark.parametrize("spoil", ["change", "drop", "cut"])
def test_record_that_was_tampered_with_is_found(
    conn: Connection, now: datetime, spoil: str
) -> None:
    entries, head = recorded(conn, now, "launch", "pause", "stop")
    if spoil == "change":
        entries[1] = (*entries[1][:2], "organizer:1", *entries[1][3:])
    elif spoil == "drop":
        del entries[1]
    else:
        del entries[2]

    assert [each[:3] for each in chain.broken_record(entries, head, [])] == ["I7:"]


def test_button_that_is_not_on_the_record_is_found(conn: Connection, now: datetime) -> None:
    entries, head = recorded(conn, now, "launch")

    found = chain.broken_record(entries, head, [act("launch", 1), act("launch", 2)])

    assert found == ["I7: 2 times launch, of which 1 are on the record"]
