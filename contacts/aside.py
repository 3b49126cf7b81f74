"""Read a large file in a process of its own, so that one core reads while another one writes.

It is a bare interpreter rather than a fork, for a service has threads; and it holds nothing of ours
but the pipes, whose end it notices when we die. It keeps one chunk ahead: more does not fit the pipe.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from contacts.chunking import CHUNK, chunks, packed, unpacked
from contacts.mapping import Row
from contacts.reading import BadFile
from contacts.scanning import Findings, Table

WORTH_A_PROCESS = 20_000  # rows; below that it has hardly started when the file is through
_START = "import sys; from contacts.aside import serve; serve(*map(int, sys.argv[1:]))"


class ReaderLost(BadFile):
    """The process that reads the file ended before the file did."""


def chunks_aside(
    table: Table, size: int = CHUNK, *, findings: Findings | None = None
) -> Generator[list[Row]]:
    """As ``chunking.chunks``, read by another process. Raises BadFile, and ReaderLost."""
    with _reader() as (orders, answers):
        orders.send((table, size))
        while isinstance(answer := _answer(answers), bytes):
            yield unpacked(answer)
    if isinstance(answer, BadFile):
        raise answer
    if findings is not None:
        vars(findings).update(vars(answer))


def serve(orders: int, answers: int) -> None:
    """Answer one order by chunk after chunk, and then by what was found in the rows."""
    gc.disable()  # rows are in no cycles, and there are many of them
    with Connection(orders, writable=False) as asked, Connection(answers, readable=False) as told:
        table, size = asked.recv()
        findings = Findings()
        try:
            for rows in chunks(table, size, findings=findings):
                told.send(packed(rows))
        except BadFile as error:
            told.send(BadFile(str(error)))
        else:
            told.send(findings)


@contextmanager
def _reader() -> Generator[tuple[Connection, Connection]]:
    """A process that reads, with a pipe to it and one from it; it is gone afterwards."""
    asked, orders = Pipe(duplex=False)
    answers, told = Pipe(duplex=False)
    with orders, answers:
        with asked, told:
            ends = (asked.fileno(), told.fileno())
            process = start(ends)
        with process:
            try:
                yield orders, answers
            finally:
                process.kill()


def start(ends: tuple[int, int]) -> subprocess.Popen[bytes]:
    """What it prints when it is killed or broken is for nobody: its silence tells us enough."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter, and no word of anybody's
        [sys.executable, "-c", _START, *map(str, ends)],
        pass_fds=ends,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _answer(answers: Connection) -> Any:
    try:
        return answers.recv()
    except EOFError as error:
        raise ReaderLost(
            "the process that reads the file was stopped, perhaps for want of memory; nothing was "
            "imported; try again"
        ) from error
