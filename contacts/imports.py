"""Bring a scanned file of contacts into the database: first as a forecast, then in chunks.

Every chunk is a transaction of its own, so that a service that sends meanwhile is never held up. A
failure half-way undoes what was written; a process that dies half-way leaves an import that says it
did not finish, which can be undone, or the file imported again: a second time changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, insert, update

from contacts.mapping import Row, RowProblem
from contacts.matching import Entry, Fate, Matcher
from contacts.merging import change, create, enrol, known_entries
from contacts.models import Import
from contacts.scanning import ImportOptions, Progress, Scan, scan
from contacts.undoing import undo
from contacts.words import Run, Word, foreseen, record
from database.engine import Database

CHUNK = 1000  # rows per transaction

Pair = tuple[str, str]  # channel and address


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do."""

    import_id: int | None  # None of a forecast
    rows: int
    created: int
    updated: int
    unchanged: int
    merged: int  # rows that told of somebody an earlier row of the file told of
    refused_rows: int
    refused: tuple[RowProblem, ...]  # the first of them; scanning.write_problems has them all
    left_out_fields: int
    left_out: tuple[RowProblem, ...]
    zips_mended: int
    changed_fields: Mapping[str, int]  # of contacts known before
    consents: int  # addresses that may now be written to
    opted_out_kept: int  # addresses that said no, or failed, before: they stay as they are
    opted_out_there: int  # addresses that the file itself says must not be written to
    ignored_columns: tuple[str, ...]


@dataclass
class Tally:
    """What the chunks so far have come to."""

    fates: Counter[Fate] = field(default_factory=Counter)
    changed_fields: Counter[str] = field(default_factory=Counter)
    consents: int = 0
    kept: set[Pair] = field(default_factory=set)
    there: set[Pair] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)  # contacts that this file told of

    def add(self, other: Tally) -> None:
        """Take a chunk's tally into the whole's."""
        self.fates += other.fates
        self.changed_fields += other.changed_fields
        self.consents += other.consents
        self.kept |= other.kept
        self.there |= other.there
        self.touched |= other.touched


def preview(conn: Connection, scanned: Scan, progress: Progress | None = None) -> ImportReport:
    """What importing this file would do, without doing it; only reads."""
    matcher, tally, done = Matcher(language=scanned.options.language), Tally(), 0
    seen: set[Pair] = set()
    for rows in chunks(scanned):
        matcher.know(known_entries(conn, rows))
        _lay(matcher, rows, tally)
        word = Word.of(rows)
        word.willing.difference_update(seen)
        seen |= word.willing
        _foresee_consent(conn, word, scanned.options, tally)
        done += len(rows)
        if progress:
            progress(done)
    return _report(scanned, tally, None)


def chunks(scanned: Scan) -> Iterator[list[Row]]:
    """The importable rows of a file, a transaction's worth at a time."""
    people = scanned.people()
    while rows := list(islice(people, CHUNK)):
        yield rows


def begin(conn: Connection, scanned: Scan, *, actor: str, now: datetime) -> Run:
    """Note that an import starts."""
    values = {
        "project_id": scanned.options.project_id,
        "filename": scanned.filename,
        "sha256": scanned.layout.sha256,
        "consent": scanned.options.statement,
        "counts": {"finished": False, "rows": scanned.rows},
        "actor": actor,
        "created_at": now,
        "undone_at": None,
    }
    import_id = conn.execute(insert(Import).values(values).returning(Import.id)).scalar_one()
    return Run(import_id, scanned.options, actor, now)


def apply_chunk(conn: Connection, run: Run, rows: list[Row], touched: Iterable[int] = ()) -> Tally:
    """Write one chunk; ``touched`` are the contacts that earlier chunks told of."""
    matcher, tally, earlier = Matcher(language=run.options.language), Tally(), set(touched)
    known = known_entries(conn, rows)
    for entry in known:
        entry.touched = entry.id in earlier
    matcher.know(known)
    entries = _lay(matcher, rows, tally)
    for entry in entries:
        entry.tags.update(run.options.tags)
    create(conn, [entry for entry in entries if entry.id is None], run.import_id, run.now)
    change(conn, entries, run.import_id)
    enrol(conn, entries, run.options.project_id, run.import_id)
    tally.touched = {entry.id for entry in entries if entry.id is not None}
    word = Word.of(rows)
    _foresee_consent(conn, word, run.options, tally)
    record(conn, word, run)
    return tally


def finish(conn: Connection, scanned: Scan, run: Run, tally: Tally) -> ImportReport:
    """Note what an import came to."""
    report = _report(scanned, tally, run.import_id)
    counts = {name: value for name, value in asdict(report).items() if isinstance(value, int)}
    values = {"counts": {**counts, "finished": True}}
    conn.execute(update(Import).where(Import.id == run.import_id).values(values))
    return report


def run(conn: Connection, scanned: Scan, *, actor: str, now: datetime) -> ImportReport:
    """Import a whole file within the caller's one transaction."""
    started, tally = begin(conn, scanned, actor=actor, now=now), Tally()
    for rows in chunks(scanned):
        tally.add(apply_chunk(conn, started, rows, tally.touched))
    return finish(conn, scanned, started, tally)


async def import_file(
    database: Database,
    source: Path | bytes,
    *,
    options: ImportOptions,
    actor: str,
    now: datetime,
    filename: str = "",
    progress: Progress | None = None,
) -> ImportReport:
    """Scan a file and import it chunk by chunk while the service goes on.

    Raises BadFile or ConsentMissing before anything is written. If a chunk fails, what was written
    is undone before the failure is raised.
    """
    scanned = await asyncio.to_thread(scan, source, options=options, filename=filename)
    return await import_scanned(database, scanned, actor=actor, now=now, progress=progress)


async def import_scanned(
    database: Database,
    scanned: Scan,
    *,
    actor: str,
    now: datetime,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a file that was scanned before."""
    started = await database.write(begin, scanned, actor=actor, now=now)
    try:
        tally = await _apply_all(database, scanned, started, progress)
    except Exception:
        await database.write(undo, started.import_id, now, actor=actor)
        raise
    return await database.write(finish, scanned, started, tally)


async def _apply_all(
    database: Database, scanned: Scan, started: Run, progress: Progress | None
) -> Tally:
    tally, done, waiting = Tally(), 0, chunks(scanned)
    while rows := await asyncio.to_thread(next, waiting, None):
        tally.add(await database.write(apply_chunk, started, rows, tally.touched))
        done += len(rows)
        if progress:
            progress(done)
    return tally


def _lay(matcher: Matcher, rows: Iterable[Row], tally: Tally) -> list[Entry]:
    """Lay rows upon contacts; return the contacts told of, each once, in the order of the rows."""
    entries: dict[Entry, None] = {}
    for row in rows:
        entry, fate = matcher.lay(row)
        tally.fates[fate] += 1
        entries[entry] = None
    for entry in entries:
        if entry.before is not None and entry.changed:
            names = (each.name for each in fields(entry.facts))
            changed = [n for n in names if getattr(entry.facts, n) != getattr(entry.before, n)]
            tally.changed_fields.update(changed)
    return list(entries)


def _foresee_consent(conn: Connection, word: Word, options: ImportOptions, tally: Tally) -> None:
    """Count what a chunk's word will change."""
    kept, opening = foreseen(conn, word, options)
    tally.kept |= kept
    tally.there |= word.refused.keys()
    tally.consents += opening


def _report(scanned: Scan, tally: Tally, import_id: int | None) -> ImportReport:
    return ImportReport(
        import_id=import_id,
        rows=scanned.rows,
        created=tally.fates[Fate.CREATED],
        updated=tally.fates[Fate.UPDATED],
        unchanged=tally.fates[Fate.UNCHANGED],
        merged=tally.fates[Fate.MERGED],
        refused_rows=scanned.refused_rows,
        refused=scanned.refused,
        left_out_fields=scanned.left_out_fields,
        left_out=scanned.left_out,
        zips_mended=scanned.zips_mended,
        changed_fields=dict(tally.changed_fields),
        consents=tally.consents,
        opted_out_kept=len(tally.kept),
        opted_out_there=len(tally.there),
        ignored_columns=scanned.columns.ignored,
    )
