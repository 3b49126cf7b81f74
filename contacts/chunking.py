"""The rows of a file in chunks, each a transaction's worth; and as bytes for another process."""

from __future__ import annotations

import marshal
from collections.abc import Generator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from contacts.mapping import NOTHING_SAID, Row
from contacts.scanning import Findings, Table
from contacts.standing import Standing

CHUNK = 6000  # rows per transaction: they hold SQLite's writer for a sixth of a second
_STATUSES = Row._fields.index("statuses")
_row_of = partial(tuple.__new__, Row)


def chunks(
    table: Table, size: int = CHUNK, *, findings: Findings | None = None
) -> Generator[list[Row]]:
    """The importable rows of a file; ``findings`` learn of all rows."""
    people = table.people(findings)
    while rows := list(islice(people, size)):
        yield rows


def packed(rows: Sequence[Row]) -> bytes:
    """Rows for another process of ours, column by column: pickled, each would take thrice as long."""
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)]
    columns[_STATUSES] = {
        place: {channel: standing.value for channel, standing in said.items()}
        for place, said in enumerate(columns[_STATUSES])
        if said
    }
    return marshal.dumps(columns)


def unpacked(sent: bytes) -> list[Row]:
    """The rows that ``packed`` made bytes of."""
    columns = marshal.loads(sent)  # noqa: S302 - a process of ours wrote it
    statuses = [NOTHING_SAID] * len(columns[0])
    for place, said in columns[_STATUSES].items():
        statuses[place] = {channel: Standing(each) for channel, each in said.items()}
    columns[_STATUSES] = statuses
    return list(map(_row_of, zip(*columns, strict=True)))
