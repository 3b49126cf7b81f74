"""Leave no trace of deleted rows in an SQLite file or in the log beside it.

Deleted rows are overwritten where they stood (``secure_delete``), but a page that was split may still hold
a copy of a row at its old place, and the write-ahead log every version of the last minutes. VACUUM writes
the whole file anew from the rows there are; the checkpoint before and after empties the log. Meanwhile
others read on, and writers wait: some seconds for a gigabyte.

See https://www.sqlite.org/pragma.html#pragma_secure_delete and https://www.sqlite.org/lang_vacuum.html.
What the disk itself remembers of overwritten blocks is beyond us; that is what disk encryption is for.
"""

from __future__ import annotations

import contextlib
import sqlite3

PATIENCE_SECONDS = 30.0  # for whoever reads or writes at this moment


def scrub(path: str) -> bool:
    """Write the file at this path anew; whether it is free of traces.

    It is not while somebody goes on reading an old version for half a minute. Raises
    sqlite3.OperationalError when the file cannot be written, a full disk among the reasons.
    """
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute(f"PRAGMA busy_timeout={int(PATIENCE_SECONDS * 1000)}")
        conn.execute("PRAGMA secure_delete=ON")
        conn.execute("VACUUM")
        busy, _pages, _moved = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
