"""Bring a scanned file of contacts into the database: first as a forecast, then in chunks.

Every chunk is a transaction of its own, so that a service that sends meanwhile is never held up. A
failure half-way undoes what was written; a process that dies half-way leaves an import that says it
did not finish, which can be undone, or the file imported again: a second time changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Container, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, update

from contacts.aside import WORTH_A_PROCESS, chunks_aside
from contacts.chunking import CHUNK, chunks
from contacts.countries import AT_HOME, textable
from contacts.erased import recognised
from contacts.forecast import Marks, Overlay, Repeats, ToldAbove
from contacts.mapping import Row, RowProblem
from contacts.matching import Entry, Fate, Matcher, Single, alone
from contacts.merging import change, create, enrol, known_entries
from contacts.models import Channel, Import
from contacts.scanning import Findings, ImportOptions, Progress, Scan, Table, check
from contacts.undoing import undo
from contacts.words import Run, Word, foreseen, held, record
from database.engine import Database
from organizers import audit

Pair = tuple[str, str]  # channel and address
SHOWN = 100  # rows left out that a report names


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
    erased_rows: int  # rows about somebody who asked to be erased: left out whole
    erased: tuple[RowProblem, ...]  # the first of them
    left_out_fields: int
    left_out: tuple[RowProblem, ...]
    zips_mended: int
    changed_fields: Mapping[str, int]  # of contacts known before
    consents: int  # addresses that may now be written to
    opted_out_kept: int  # addresses that said no, or failed, before: they stay as they are
    opted_out_there: int  # addresses that the file itself says must not be written to
    abroad: int  # numbers of countries that get no texts
    ignored_columns: tuple[str, ...]


@dataclass(frozen=True)
class Laid:
    """A chunk's rows, laid upon contacts."""

    new: list[Row | Entry]  # to be created, in the order of the rows that first told of them
    entries: list[Entry]  # those that share an address with another row or with somebody on file
    fates: Counter[Fate]
    erased: list[RowProblem]  # rows left out because their people asked to be erased


@dataclass(frozen=True)
class Applied:
    """What writing a chunk came to."""

    laid: Laid
    word: Word
    foreseen: tuple[set[Pair], int]
    told: list[int]  # the contacts it told of


@dataclass
class Tally:
    """What the chunks so far have come to."""

    fates: Counter[Fate] = field(default_factory=Counter)
    changed_fields: Counter[str] = field(default_factory=Counter)
    countries: Sequence[str] = AT_HOME  # whose numbers are texted
    consents: int = 0
    abroad: set[Pair] = field(default_factory=set)
    kept: set[Pair] = field(default_factory=set)
    there: set[Pair] = field(default_factory=set)
    erased_rows: int = 0
    erased: list[RowProblem] = field(default_factory=list)

    def add(self, laid: Laid, word: Word, foreseen: tuple[set[Pair], int]) -> None:
        """Take a chunk into the whole."""
        self.fates += laid.fates
        self.erased_rows += len(laid.erased)
        self.erased = [*self.erased, *laid.erased][:SHOWN]
        for entry in laid.entries:
            if entry.before is not None and entry.changed:
                names = (each.name for each in fields(entry.facts))
                changed = [n for n in names if getattr(entry.facts, n) != getattr(entry.before, n)]
                self.changed_fields.update(changed)
        kept, opening = foreseen
        self.kept |= kept
        self.there |= word.refused.keys()
        self.abroad |= {pair for pair in word.phones if not textable(pair[1], self.countries)}
        self.consents += opening


def lay(
    rows: Sequence[Row],
    known: Sequence[Entry],
    options: ImportOptions,
    single: Single = alone,
    *,
    erased: Sequence[RowProblem] = (),
) -> Laid:
    """Lay rows upon the contacts on file who share an address with them; tell which were left out.

    Most rows are the only ones to tell of somebody new. For the others the matcher decides.
    """
    matcher = Matcher(language=options.language)
    matcher.know(known)
    laid, entries = Laid([], [], Counter(), list(erased)), dict[Entry, None]()
    for row, by_itself in zip(rows, single(rows, known), strict=True):
        if by_itself:
            laid.new.append(row)
            continue
        entry, fate = matcher.lay(row)
        laid.fates[fate] += 1
        if fate is Fate.CREATED:
            laid.new.append(entry)
        entries[entry] = None
    laid.entries.extend(entries)
    laid.fates[Fate.CREATED] += len(rows) - laid.fates.total()
    return laid


def preview(
    conn: Connection, scanned: Scan, progress: Progress | None = None, *, chunk: int = CHUNK
) -> ImportReport:
    """What importing this file would do, without doing it; only reads."""
    repeats = Repeats(scanned.people())
    overlay, told, done = Overlay(), ToldAbove(repeats), 0
    tally = Tally(countries=scanned.options.countries)
    for whole in chunks(scanned, chunk):
        rows, erased = _without_erased(conn, whole)
        on_file = overlay.known(known_entries(conn, rows, scanned.options.within), rows)
        laid = lay(rows, on_file, scanned.options, repeats.alone, erased=erased)
        news, refused_above = told.news(Word.of(rows))
        known = held(conn, news, scanned.options)
        tally.add(laid, news, foreseen(news, known, scanned.options))
        tally.kept |= refused_above
        overlay.take(laid.entries)
        done += len(whole)
        if progress:
            progress(done)
    return _report(scanned, tally, None)


def begin(conn: Connection, table: Table, *, actor: str, now: datetime) -> Run:
    """Note that an import starts."""
    values = {
        "project_id": table.options.project_id,
        "filename": table.filename,
        "sha256": table.layout.sha256,
        "consent": table.options.statement,
        "counts": {"finished": False, "rows": table.rows},
        "actor": actor,
        "created_at": now,
        "undone_at": None,
    }
    import_id = conn.execute(insert(Import).values(values).returning(Import.id)).scalar_one()
    audit.note(
        conn,
        "import.begin",
        actor=actor,
        about=f"import:{import_id}",
        project_id=table.options.project_id,
        after={"rows": table.rows, "consent": bool(table.options.statement)},
        now=now,
    )
    return Run(import_id, table.options, actor, now)


def apply_chunk(
    conn: Connection, run: Run, rows: list[Row], touched: Container[int] = ()
) -> Applied:
    """Write one chunk; ``touched`` are the contacts that earlier chunks told of."""
    rows, erased = _without_erased(conn, rows)
    known = known_entries(conn, rows, run.options.within)
    for entry in known:
        entry.touched = entry.id in touched
    laid = lay(rows, known, run.options, run.alone, erased=erased)
    ids = create(
        conn,
        laid.new,
        language=run.options.language,
        import_id=run.import_id,
        now=run.now,
        gazetteer=run.gazetteer,
    )
    old = [entry for entry in laid.entries if entry.before is not None]
    change(conn, old, run.import_id, now=run.now)
    tags = {each: _tags(person) for each, person in zip(ids, laid.new, strict=True)}
    enrol(conn, tags, run.options, run.import_id, new=True, now=run.now)
    kept = {each.id or 0: _tags(each) for each in old}
    enrol(conn, kept, run.options, run.import_id, new=False, now=run.now)
    word = Word.of(rows)
    stood = held(conn, word, run.options)
    record(conn, word, stood, run)
    told = [*ids, *(entry.id for entry in old if entry.id is not None)]
    return Applied(laid, word, foreseen(word, stood, run.options), told)


def finish(conn: Connection, scanned: Scan, run: Run, tally: Tally) -> ImportReport:
    """Note what an import came to."""
    report = _report(scanned, tally, run.import_id)
    counts = {name: value for name, value in asdict(report).items() if isinstance(value, int)}
    values = {"counts": {**counts, "finished": True}}
    conn.execute(update(Import).where(Import.id == run.import_id).values(values))
    return report


def run(conn: Connection, scanned: Scan, *, actor: str, now: datetime) -> ImportReport:
    """Import a whole file within the caller's one transaction."""
    started = begin(conn, scanned, actor=actor, now=now)
    tally, touched = Tally(countries=scanned.options.countries), Marks()
    for rows in chunks(scanned):
        applied = apply_chunk(conn, started, rows, touched)
        touched.add(applied.told)
        tally.add(applied.laid, applied.word, applied.foreseen)
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
    """Read a file to its end and import it chunk by chunk while the service goes on.

    Raises BadFile or ConsentMissing before anything is written. If a chunk fails, what was written
    is undone before the failure is raised.
    """
    table = await asyncio.to_thread(check, source, options=options, filename=filename)
    return await import_table(database, table, actor=actor, now=now, progress=progress)


async def import_table(
    database: Database,
    table: Table,
    *,
    actor: str,
    now: datetime,
    progress: Progress | None = None,
    chunk: int = CHUNK,
    worth_a_process: int = WORTH_A_PROCESS,
) -> ImportReport:
    """Import a file that was checked before; with so many rows, another process reads it."""
    started, findings = await database.write(begin, table, actor=actor, now=now), Findings()
    reading = chunks_aside if table.rows >= worth_a_process else chunks
    waiting = reading(table, chunk, findings=findings)
    try:
        tally = await _apply_all(database, waiting, started, progress)
    except Exception:
        await database.write(undo, started.import_id, now, actor=actor)
        raise
    return await database.write(finish, table.scanned(findings), started, tally)


async def _apply_all(
    database: Database,
    waiting: Generator[list[Row]],
    started: Run,
    progress: Progress | None,
) -> Tally:
    """Write chunk after chunk; while the database has one, a thread waits for the next."""
    tally, touched, done = Tally(countries=started.options.countries), Marks(), 0
    ahead = _read_ahead(waiting)
    try:
        while rows := await ahead:
            ahead = _read_ahead(waiting)
            applied = await database.write(apply_chunk, started, rows, touched)
            touched.add(applied.told)
            tally.add(applied.laid, applied.word, applied.foreseen)
            done += len(rows)
            if progress:
                progress(done)
    finally:
        await asyncio.gather(ahead, return_exceptions=True)  # the thread has the file open
        waiting.close()
    return tally


def _without_erased(conn: Connection, rows: list[Row]) -> tuple[list[Row], list[RowProblem]]:
    """The rows without those that name an address whose owner asked to be erased; and those."""
    pairs = [(Channel.SMS.value, row.phone) for row in rows if row.phone]
    pairs += [(Channel.EMAIL.value, row.email) for row in rows if row.email]
    known = recognised(conn, pairs)
    if not known:
        return rows, []
    kept, told = [], []
    for row in rows:
        own = (("phone", Channel.SMS.value, row.phone), ("email", Channel.EMAIL.value, row.email))
        found = [(name, known[kind, held]) for name, kind, held in own if (kind, held) in known]
        if found:
            name, since = found[0]
            told.append(RowProblem(row.number, name, f"asked to be erased on {since:%Y-%m-%d}"))
        else:
            kept.append(row)
    return kept, told


def _read_ahead(waiting: Generator[list[Row]]) -> asyncio.Task[list[Row] | None]:
    return asyncio.create_task(asyncio.to_thread(next, waiting, None))


def _tags(person: Row | Entry) -> tuple[str, ...]:
    return person.tags if isinstance(person, Row) else tuple(sorted(person.tags))


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
        erased_rows=tally.erased_rows,
        erased=tuple(tally.erased),
        left_out_fields=scanned.left_out_fields,
        left_out=scanned.left_out,
        zips_mended=scanned.zips_mended,
        changed_fields=dict(tally.changed_fields),
        consents=tally.consents,
        opted_out_kept=len(tally.kept),
        opted_out_there=len(tally.there),
        abroad=len(tally.abroad),
        ignored_columns=scanned.columns.ignored,
    )
