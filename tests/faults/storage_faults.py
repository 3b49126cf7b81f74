"""What goes wrong with the database: its disk, its locks, its server, the way to it."""

from __future__ import annotations

import os
import pwd
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent

import psycopg

from tests.fakes.proxy import Line
from tests.faults.sender_process import Scale
from tests.faults.stage import Stage
from tests.faults.vocabulary import Fault, Kind, Leaves

SQLITE, POSTGRES = ("sqlite",), ("postgres",)
SMALL = {"sqlite": "24m", "postgres": "64m"}
FORGIVING = Scale(lease=20.0)  # outlives what is held up on purpose

HOLD = dedent("""
    import sqlite3, sys, time
    conn = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
    conn.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
    conn.execute("ROLLBACK")
""")


def said(*words: str) -> Callable[[Stage], bool]:
    """Whether the log tells of it."""
    return lambda stage: any(word in stage.said for word in words)


# A full disk


def no_root() -> str:
    return "" if os.geteuid() == 0 else "a small disk can only be mounted by root"


def on_a_small_disk(stage: Stage) -> None:
    """Put the database on a tmpfs of its own."""
    home = stage.folder / "small"
    home.mkdir()
    more = ""
    if stage.database == "postgres":
        for folder in (stage.folder.parent, stage.folder):
            folder.chmod(0o711)  # the server runs as somebody else
        owner = pwd.getpwnam(stage.server.owner or "")
        more = f",uid={owner.pw_uid},mode=700"
    size = SMALL[stage.database]
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}{more}", "tmpfs", home], check=True)
    stage.undone.append(lambda: _unmount(home))
    stage.home = home
    if stage.database == "postgres":
        stage.tablespace = f"small_{stage.folder.name.replace('-', '_')}"
        stage.server.execute(f"CREATE TABLESPACE {stage.tablespace} LOCATION '{home}'")
        stage.undone.append(lambda: stage.server.execute(f"DROP TABLESPACE {stage.tablespace}"))


def _unmount(home: Path) -> None:
    subprocess.run(["umount", "-l", home], check=True)


def fill_disk(stage: Stage) -> None:
    with (stage.home / "ballast").open("wb", buffering=0) as ballast:
        for piece in (1 << 16, 1 << 12):
            try:
                while True:
                    ballast.write(b"\0" * piece)
            except OSError:
                continue


def empty_disk(stage: Stage) -> None:
    (stage.home / "ballast").unlink()


def stop_growth(stage: Stage) -> None:
    """No file of the process may grow: what a quota does, without a mount."""
    size = stage.file.with_name(f"{stage.file.name}-wal").stat().st_size
    for process in stage.processes:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def allow_growth(stage: Stage) -> None:
    free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    for process in stage.processes:
        if not process.ended:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, free)


# Read-only


def immutable(stage: Stage, *, on: bool) -> None:
    for name in ("", "-wal"):
        path = stage.file.with_name(f"{stage.file.name}{name}")
        subprocess.run(["chattr", "+i" if on else "-i", path], check=True)
    stage.undone.append(lambda: immutable(stage, on=False)) if on else stage.undone.pop()


def no_chattr() -> str:
    """Where the file system knows no immutable files."""
    probe = Path(os.environ.get("TMPDIR", "/tmp")) / f"llamado-probe-{os.getpid()}"
    probe.touch()
    done = subprocess.run(["chattr", "+i", probe], capture_output=True, check=False)
    if done.returncode == 0:
        subprocess.run(["chattr", "-i", probe], check=True)
    probe.unlink()
    return "" if done.returncode == 0 else "only root, on ext4 or alike, can make a file immutable"


def server_read_only(stage: Stage, *, on: bool) -> None:
    setting = "on" if on else "off"
    with psycopg.connect(stage.server.uri, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = off")
        conn.execute(f"ALTER SYSTEM SET default_transaction_read_only = {setting}".encode())
        conn.execute("SELECT pg_reload_conf()")


# Locks


def hold_file(stage: Stage, seconds: float) -> None:
    """Another process holds the file's write lock, as a long command would."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(stage.file), str(seconds)], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    stage.notes["held"] = holder.stdout.readline().strip() == b"held"
    stage.notes["holder"] = holder


def release_file(stage: Stage) -> None:
    stage.notes["holder"].communicate(timeout=30)


def hold_table(stage: Stage, seconds: float) -> None:
    """Somebody locks the table of deliveries by hand."""

    def hold() -> None:
        with psycopg.connect(stage.url.replace("+psycopg", "")) as conn:
            conn.execute("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
            stage.notes["held"] = True
            time.sleep(seconds)

    stage.notes["holder"] = threading.Thread(target=hold)
    stage.notes["holder"].start()


def release_table(stage: Stage) -> None:
    stage.notes["holder"].join(60)


# The server


def restart(stage: Stage, how: str) -> None:
    stage.server.restart(how)
    stage.notes["restarted"] = True


def terminate_all(stage: Stage) -> None:
    """End every session of the service, again and again for two seconds."""
    ended = 0
    with psycopg.connect(stage.server.uri, autocommit=True) as conn:
        for _ in range(10):
            row = conn.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname LIKE 'faults%' AND pid <> pg_backend_pid()"
            ).fetchone()
            ended += row[0] if row else 0
            time.sleep(0.2)
    stage.notes["terminated"] = ended


def behind_a_proxy(stage: Stage) -> None:
    stage.wants_database_proxy = True


def turn(stage: Stage, line: Line) -> None:
    assert stage.database_proxy is not None
    stage.fake.turn(stage.database_proxy, line)


def slow_down(stage: Stage, seconds: float) -> None:
    assert stage.database_proxy is not None
    stage.database_proxy.delay = seconds


def was_cut(stage: Stage) -> bool:
    return stage.database_proxy is not None and stage.database_proxy.resets > 0


def said_so(stage: Stage) -> Sequence[str]:
    """A sender that cannot write says so in its log."""
    tells = (
        *("outcomes not recorded", "a piece of work failed"),
        *("receipts not applied", "webhook not stored"),
    )
    return () if any(tell in stage.said for tell in tells) else ("the log says nothing",)


def on_the_way(name: str, says: str, line: Line, *, seconds: float) -> Fault:
    """What a network between the service and PostgreSQL does, until connections are reset."""
    return Fault(
        name=name,
        kind=Kind.STORAGE,
        says=says,
        databases=POSTGRES,
        prepare=behind_a_proxy,
        inject=lambda stage: turn(stage, line),
        heal=lambda stage: turn(stage, Line.GOOD),
        lasts=seconds,
        ends_processes=True,
        leaves=Leaves.THE_UNPROVEN,
        happened=was_cut,
    )


FAULTS = [
    Fault(
        name="disk full",
        kind=Kind.STORAGE,
        says="the database's disk has no byte left for 3 s",
        prepare=on_a_small_disk,
        inject=fill_disk,
        heal=empty_disk,
        lasts=3.0,
        impossible=no_root,
        happened=said("disk is full", "No space left", "DiskFull", "disk I/O error"),
        expects=said_so,
        scale=FORGIVING,
    ),
    Fault(
        name="quota reached",
        kind=Kind.STORAGE,
        says="no file of the process may grow for 3 s",
        databases=SQLITE,
        inject=stop_growth,
        heal=allow_growth,
        lasts=3.0,
        happened=said("disk is full", "File too large", "disk I/O error"),
        expects=said_so,
        scale=FORGIVING,
    ),
    Fault(
        name="read-only file",
        kind=Kind.STORAGE,
        says="the file and its log cannot be written for 3 s",
        databases=SQLITE,
        inject=lambda stage: immutable(stage, on=True),
        heal=lambda stage: immutable(stage, on=False),
        lasts=3.0,
        impossible=no_chattr,
        happened=said("readonly", "disk I/O error"),
        expects=said_so,
        scale=FORGIVING,
    ),
    Fault(
        name="read-only server",
        kind=Kind.STORAGE,
        says="PostgreSQL takes no writes for 3 s, as after a failover to a standby",
        databases=POSTGRES,
        inject=lambda stage: server_read_only(stage, on=True),
        heal=lambda stage: server_read_only(stage, on=False),
        lasts=3.0,
        happened=said("read-only transaction"),
        expects=said_so,
        ends_processes=True,
        scale=FORGIVING,
    ),
    Fault(
        name="locked 2 s",
        kind=Kind.STORAGE,
        says="another process holds the file's write lock for 2 s, less than we wait",
        databases=SQLITE,
        inject=lambda stage: hold_file(stage, 2),
        heal=release_file,
        happened=lambda stage: bool(stage.notes.get("held")),
    ),
    Fault(
        name="locked 12 s",
        kind=Kind.STORAGE,
        says="another process holds the file's write lock for 12 s, longer than we wait",
        databases=SQLITE,
        inject=lambda stage: hold_file(stage, 12),
        heal=release_file,
        happened=said("database is locked"),
        expects=said_so,
        scale=FORGIVING,
    ),
    Fault(
        name="table locked",
        kind=Kind.STORAGE,
        says="somebody locks the table of deliveries for 4 s",
        databases=POSTGRES,
        inject=lambda stage: hold_table(stage, 4),
        heal=release_table,
        happened=lambda stage: bool(stage.notes.get("held")),
        scale=FORGIVING,
    ),
    *(
        Fault(
            name=f"restart, {how}",
            kind=Kind.STORAGE,
            says=f"PostgreSQL is restarted ({how})",
            databases=POSTGRES,
            inject=lambda stage, how=how: restart(stage, how),  # type: ignore[misc]
            ends_processes=True,
            leaves=Leaves.THE_UNPROVEN,
            happened=lambda stage: bool(stage.notes.get("restarted")),
        )
        for how in ("fast", "immediate")
    ),
    Fault(
        name="backends terminated",
        kind=Kind.STORAGE,
        says="every session is ended five times a second for two seconds",
        databases=POSTGRES,
        inject=terminate_all,
        ends_processes=True,
        leaves=Leaves.THE_UNPROVEN,
        happened=lambda stage: int(stage.notes.get("terminated", 0)) > 0,
    ),
    on_the_way(
        "partition",
        "connections to PostgreSQL are reset, new ones refused, for 2 s",
        Line.CUT,
        seconds=2.0,
    ),
    on_the_way(
        "commit answers lost",
        "what we tell PostgreSQL arrives, its answers do not, for 2 s, then a reset",
        Line.DEAF,
        seconds=2.0,
    ),
    on_the_way(
        "half-open connections",
        "PostgreSQL is not heard of for 4 s on open connections, then a reset",
        Line.SILENT,
        seconds=4.0,
    ),
    Fault(
        name="slow network",
        kind=Kind.STORAGE,
        says="every packet to and from PostgreSQL takes 20 ms for 3 s",
        databases=POSTGRES,
        prepare=behind_a_proxy,
        inject=lambda stage: slow_down(stage, 0.02),
        heal=lambda stage: slow_down(stage, 0),
        lasts=3.0,
    ),
]
