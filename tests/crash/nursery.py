"""Python that has imported the whole program and forks, so that a restart costs no imports.

A child runs ``cli.main`` with the arguments, environment and folder it is given, as ``python -m cli``
would; its own process id is told, so that SIGKILL hits the program itself. One JSON object a line::

    in:   {"n": 1, "arguments": ["serve"], "env": {…}, "folder": "/tmp/x", "log": "/tmp/x/1.log"}
    out:  {"n": 1, "pid": 4711}, and when it has ended {"pid": 4711, "code": -9}

The end of its input ends it, and its children with it.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import Any

import cli


def main() -> None:
    """Serve until the input ends."""
    sleeping, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking)
    living: set[int] = set()
    waiting = b""
    while True:
        ready, _, _ = select.select([0, sleeping], [], [])
        if sleeping in ready:
            os.read(sleeping, 512)
            _bury(living)
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                break
            *lines, waiting = (waiting + read).split(b"\n")
            for line in lines:
                living.add(_bear(json.loads(line)))
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _bear(order: Mapping[str, Any]) -> int:
    pid = os.fork()
    if not pid:
        _live(order)
    _tell({"n": order["n"], "pid": pid})
    return pid


def _bury(living: set[int]) -> None:
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        living.discard(pid)
        _tell({"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _live(order: Mapping[str, Any]) -> None:
    """Become a process that was just started, and end as it would."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for new, old in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(new, old)
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["folder"])
    random.seed()
    code = 0
    try:
        cli.main(order["arguments"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter itself would
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell(fact: Mapping[str, int]) -> None:
    os.write(1, json.dumps(fact).encode() + b"\n")


if __name__ == "__main__":
    main()
