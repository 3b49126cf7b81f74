"""What happens to the processes themselves: frozen, blocked, starved, killed, or several at once."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Sequence

import psycopg

from tests.crash import checker
from tests.faults.sender_process import Knobs, Scale
from tests.faults.stage import Stage
from tests.faults.vocabulary import Fault, Kind, Leaves
from tests.processes import NotInTime, wait_until

SHORT = Scale(lease=4.0, answer_time=2.0, patience=1.5)
PAST_THE_LEASE = 6.5


def senders(stage: Stage, number: int) -> None:
    stage.senders = number


def two_where_possible(stage: Stage) -> None:
    """On PostgreSQL another sender takes over what a sleeper holds."""
    stage.senders = 2 if stage.database == "postgres" else 1


def freeze(stage: Stage) -> None:
    stage.processes[-1].send(signal.SIGSTOP)


def thaw(stage: Stage) -> None:
    stage.processes[-1].send(signal.SIGCONT)


def block(stage: Stage) -> None:
    """Something in the process takes the event loop for itself."""
    stage.knobs[-1].block.value = PAST_THE_LEASE
    stage.processes[-1].send(signal.SIGUSR1)


def kill(stage: Stage) -> None:
    """What the kernel does when memory is out."""
    stage.processes[-1].end(signal.SIGKILL)
    stage.restart(len(stage.processes) - 1)


def kill_thrice(stage: Stage) -> None:
    for _ in range(3):
        time.sleep(0.2)
        kill(stage)


def terminate(stage: Stage) -> None:
    """A deploy in the midst of sending."""
    stage.processes[-1].send(signal.SIGTERM)


def deploy(stage: Stage) -> None:
    """The old one ends, the new one starts."""
    code = stage.processes[-1].end(signal.SIGTERM)
    stage.notes["codes"] = [code]
    stage.notes["left sending"] = stage.statuses()[checker.SENDING]
    stage.restart(len(stage.processes) - 1)


def drained(stage: Stage) -> Sequence[str]:
    found = []
    if stage.notes["left sending"]:
        found.append(f"{stage.notes['left sending']} copies were left on the wire")
    return found


def undo_window(stage: Stage) -> None:
    stage.undo_seconds = 4


def terminate_in_undo_window(stage: Stage) -> None:
    """The launch is a click old, and a deploy comes."""
    stage.launch()
    stage.notes["left early"] = stage.fake.accepted
    terminate(stage)
    deploy(stage)


def nothing_left_early(stage: Stage) -> Sequence[str]:
    (starts,) = stage.query("SELECT starts_at FROM messages")[0]
    first = next(entry["at"] for entry in stage.fake.entries if entry["kind"] == "accepted")
    early = str(first)[:19].replace("T", " ") < str(starts)[:19].replace("T", " ")
    return ["a copy left inside the undo window"] if early else ()


def starve(stage: Stage, what: int, amount: int) -> None:
    for process in stage.processes:
        _, hard = resource.prlimit(process.pid, what)
        resource.prlimit(process.pid, what, (amount, hard))
    stage.notes["starved"] = True


def feed(stage: Stage, what: int) -> None:
    for process in stage.processes:
        if not process.ended:
            _, hard = resource.prlimit(process.pid, what)
            resource.prlimit(process.pid, what, (hard, hard))


def refused_a_second(stage: Stage) -> None:
    """A second sender is started on the same file."""
    stage.knobs.append(Knobs())
    try:
        stage.processes.append(stage.run_process(1))
    except NotInTime:
        stage.knobs.pop()


def told_why(stage: Stage) -> Sequence[str]:
    told = "another Llamado is already sending" in stage.said and len(stage.processes) == 1
    return () if told else ("a second sender was not refused with a sentence",)


NOTE_OWNERS = """
    CREATE TABLE workers (owner text);
    CREATE FUNCTION note_owner() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO workers VALUES (NEW.owner); RETURN NULL; END';
    CREATE TRIGGER note_owner AFTER UPDATE OF owner ON batches FOR EACH ROW
      WHEN (NEW.owner IS NOT NULL) EXECUTE FUNCTION note_owner();
"""


def much_to_share(stage: Stage) -> None:
    """Six messages, and the database itself keeps who took a batch of them."""
    with psycopg.connect(stage.url.replace("+psycopg", "")) as conn:
        conn.execute(NOTE_OWNERS)
    for _ in range(6):
        stage.launch()


def shared(stage: Stage) -> Sequence[str]:
    """Each sender had some of it."""
    workers = stage.query("SELECT count(DISTINCT owner) FROM workers")[0][0]
    return () if workers == stage.senders else (f"{workers} senders of {stage.senders} worked",)


def stopped_itself(stage: Stage) -> Sequence[str]:
    told = any("crashed several times" in why for why in stage.pauses)
    return () if told else ("the crash loop was not stopped",)


def wait_for_pause(stage: Stage) -> None:
    wait_until(
        "the breaker pauses",
        lambda: bool(stage.query("SELECT 1 FROM messages WHERE status = 'paused'")),
        within=15,
    )


FAULTS = [
    Fault(
        name="frozen past the lease",
        kind=Kind.PROCESSES,
        says="SIGSTOP for longer than the lease, then SIGCONT; on PostgreSQL another sender goes on",
        prepare=two_where_possible,
        inject=freeze,
        heal=thaw,
        lasts=PAST_THE_LEASE,
        leaves=Leaves.THE_UNPROVEN,
        scale=SHORT,
    ),
    Fault(
        name="event loop blocked",
        kind=Kind.PROCESSES,
        says="something blocks the loop for longer than the lease",
        prepare=two_where_possible,
        inject=block,
        lasts=PAST_THE_LEASE,
        leaves=Leaves.THE_UNPROVEN,
        scale=SHORT,
    ),
    Fault(
        name="OOM kill",
        kind=Kind.PROCESSES,
        says="SIGKILL, as the kernel sends it when memory is out; started again",
        inject=kill,
        leaves=Leaves.THE_UNPROVEN,
        scale=SHORT,
    ),
    Fault(
        name="crash loop",
        kind=Kind.PROCESSES,
        says="killed three times within seconds: it pauses itself and says so",
        databases=(
            "sqlite",
        ),  # on PostgreSQL a sender counts as dead only when unseen for a minute
        inject=kill_thrice,
        heal=wait_for_pause,
        leaves=Leaves.THE_UNPROVEN,
        expects=stopped_itself,
        scale=SHORT,
        repeatable=False,
    ),
    Fault(
        name="SIGTERM mid-run",
        kind=Kind.PROCESSES,
        says="a deploy: what is on the wire comes home first",
        inject=terminate,
        heal=deploy,
        expects=drained,
    ),
    Fault(
        name="SIGTERM in the undo window",
        kind=Kind.PROCESSES,
        says="a deploy between the click and the first copy",
        prepare=undo_window,
        inject=terminate_in_undo_window,
        early=True,
        expects=nothing_left_early,
        repeatable=False,
    ),
    Fault(
        name="no memory",
        kind=Kind.PROCESSES,
        says="the process gets no more memory for 2 s",
        inject=lambda stage: starve(stage, resource.RLIMIT_AS, 1 << 20),
        heal=lambda stage: feed(stage, resource.RLIMIT_AS),
        lasts=2.0,
        ends_processes=True,
        leaves=Leaves.THE_UNPROVEN,
        scale=SHORT,
    ),
    Fault(
        name="no file descriptors",
        kind=Kind.PROCESSES,
        says="the process can open nothing more for 2 s",
        inject=lambda stage: starve(stage, resource.RLIMIT_NOFILE, 4),
        heal=lambda stage: feed(stage, resource.RLIMIT_NOFILE),
        lasts=2.0,
        ends_processes=True,
        leaves=Leaves.THE_UNPROVEN,
        scale=SHORT,
    ),
    *(
        Fault(
            name=f"{word} senders",
            kind=Kind.PROCESSES,
            says=f"{word} senders work on one queue",
            databases=("postgres",),
            prepare=lambda stage, number=number: senders(stage, number),  # type: ignore[misc]
            inject=much_to_share,
            early=True,
            expects=shared,
        )
        for word, number in (("two", 2), ("three", 3))
    ),
    Fault(
        name="a second sender",
        kind=Kind.PROCESSES,
        says="a second sender is started on the same file, and refused",
        databases=("sqlite",),
        inject=refused_a_second,
        expects=told_why,
        repeatable=False,
    ),
]
