"""How projects, imports and seats look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contacts.imports import ImportReport
from contacts.mapping import RowProblem
from contacts.projects import ProjectRow

SHOWN = 10  # problems of a kind, before we say "and more"


def projects_view(rows: Iterable[ProjectRow]) -> Table:
    """The projects, with how many people belong to each."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("slug", "project", "US city", "community", "since"):
        table.add_column(name)
    table.add_column("people", justify="right")
    for row in rows:
        city = f"{row.us_city} {row.us_state}".strip()
        since = "" if row.since is None else str(row.since)
        table.add_row(row.slug, row.name, city, row.community, since, f"{row.people:,}")
    return table


def import_view(report: ImportReport) -> RenderableType:
    """What an import did, or would do, and what is wrong in the file row by row."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for count, words in _import_lines(report):
        if count:
            table.add_row(f"{count:,}", words)
    problems = [
        Text(f"{_where(each)}: {each.sentence}", style=style)
        for style, group in (
            ("red", report.refused),
            ("red", report.erased),
            ("yellow", report.left_out),
        )
        for each in group[:SHOWN]
    ]
    hidden = len(report.refused) + len(report.erased) + len(report.left_out) - len(problems)
    more = [Text(f"… and {hidden:,} more; --errors FILE writes them all")] if hidden > 0 else []
    return Group(table, *problems, *more)


def seat(seat_id: str) -> str:
    """A seat as people say it: ``us:house:TX:35`` is House TX-35."""
    _, chamber, state, number = seat_id.split(":")
    return f"{chamber.capitalize()} {state}-{number}"


def _where(problem: RowProblem) -> str:
    return f"row {problem.row}, {problem.field}" if problem.field else f"row {problem.row}"


def _import_lines(report: ImportReport) -> list[tuple[int, str]]:
    changed = ", ".join(f"{name} {count:,}" for name, count in report.changed_fields.items())
    return [
        (report.rows, "rows"),
        (report.created, "new contacts"),
        (report.updated, f"contacts brought up to date ({changed})" if changed else "updated"),
        (report.unchanged, "contacts known already, unchanged"),
        (report.merged, "rows about somebody told of above, merged"),
        (report.refused_rows, "rows refused"),
        (report.erased_rows, "rows about people who asked to be erased, left out"),
        (report.left_out_fields, "fields left out of rows that are imported"),
        (report.zips_mended, "ZIPs given their leading zero back"),
        (report.consents, "addresses that may now be written to"),
        (report.opted_out_kept, "addresses that said no before: they stay opted out"),
        (report.opted_out_there, "addresses that the file says must not be written to"),
        (report.abroad, "numbers of other countries, which get no texts"),
    ]
