"""A messy export of supporters, read, checked, matched and stored."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from contacts import imports, scanning
from contacts.scanning import ImportOptions
from database.opening import opened, prepare
from tests.flows.people import write_export

ZIPS = [f"{number:05}" for number in range(1001, 99_000, 97)]


async def bring_in(url: str, folder: Path, *, rows: int) -> float:
    """Seconds for a file of so many rows."""
    path = folder / "export.csv"
    write_export(path, zips=ZIPS, rows=rows)
    async with opened(prepare(url)) as here:
        started = time.perf_counter()
        scanned = scanning.scan(path, options=ImportOptions(consent="signed at the assembly"))
        await imports.import_scanned(
            here.database, scanned, actor="benchmark", now=datetime.now(UTC)
        )
        return time.perf_counter() - started
