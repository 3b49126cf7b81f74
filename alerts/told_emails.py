"""What is told of emails: everything to their organizers, people in steps to everybody else (``alerts/rounding.py``).

How many copies left is told as it is. Of an email so old that nobody knows any more who got it, what people did is
told to nobody.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TypeVar

from alerts.campaigning import Discreet
from alerts.rounding import AtLeast, Some, Told, at_least, in_tables, lowest, summed
from campaigns.reports import HOUR, EmailReport, Hour, Sent
from campaigns.results import Parts, Result
from messages.progress import Equation

K = TypeVar("K", bound=Hashable)
Columns = Mapping[str, Mapping[str, Mapping[Hashable, AtLeast]]]  # by deed, table and line
DEEDS = ("clicked", "acted")


@dataclass(frozen=True, kw_only=True)
class ToldResult:
    """What came of an email, as it is told; as in ``Result``."""

    left: Told
    clicked: Told
    machines: Told
    acted: Told
    through: Told
    calls: Told
    refused: Told
    complaints: Told
    replies: Told


@dataclass(frozen=True, kw_only=True)
class ToldPart:
    """The people of an email who have something in common, and what they did, as it is told."""

    left: Told = 0  # 0 for all lines: it is not told
    clicked: Told
    acted: Told


@dataclass(frozen=True)
class ToldHour:
    """What people did first in an hour; ``start`` None: later than all told."""

    start: datetime | None
    clicked: Told
    acted: Told


@dataclass(frozen=True, kw_only=True)
class ToldFigures:
    """What came of an email, and of whom; of a forgotten one only the former, as far as it is known."""

    result: ToldResult
    ways: Sequence[ToldPart] = ()
    languages: Mapping[str, ToldPart]
    projects: Mapping[int, ToldPart]
    hours: Sequence[ToldHour] = ()


@dataclass(frozen=True, kw_only=True)
class ToldEmail:
    """A report on one date of an email, as it is told."""

    whole: bool  # every number is exact: for its organizers
    sent: Sent
    equation: Equation
    forgotten: bool
    subjects: Sequence[Mapping[str, str]]  # of each way of writing
    figures: ToldFigures


def tell_email(report: EmailReport, named: Discreet | None, *, now: datetime) -> ToldEmail:
    """The report as it stands, if it stays in the house, or as it may leave it: ``named``, whom it must not name."""
    whole = named is None
    return ToldEmail(
        whole=whole,
        sent=replace(report.sent, subjects=unnamed(named, report.sent.subjects)),
        equation=report.equation,
        forgotten=report.forgotten,
        subjects=[unnamed(named, each.subjects) for each in report.ways],
        figures=tell(
            [each.result for each in report.ways],
            report.parts,
            report.hours if whole else _over(report.hours, now),
            forgotten=report.forgotten,
            whole=whole,
        ),
    )


def unnamed(named: Discreet | None, subjects: Mapping[str, str]) -> dict[str, str]:
    """The subjects of an email but for those that name somebody at risk, to whom that may have come since."""
    return {code: text for code, text in subjects.items() if named is None or named.is_told(text)}


def tell(
    ways: Sequence[Result],
    parts: Parts,
    hours: Sequence[Hour] = (),
    *,
    forgotten: bool,
    whole: bool,
) -> ToldFigures:
    """What is told of one email: of its ways of writing together, and line by line."""
    if forgotten:
        return ToldFigures(result=_remembered(ways, whole=whole), languages={}, projects={})
    if whole:
        return _exact(ways, parts, hours)
    return _rounded(ways, parts, hours)


def together(results: Sequence[ToldResult]) -> ToldResult:
    """The sum of several emails, of what is known of each."""
    names = [each.name for each in fields(ToldResult)]
    return ToldResult(**{name: summed([getattr(each, name) for each in results]) for name in names})


def add_parts(tables: Sequence[Mapping[K, ToldPart]]) -> dict[K, ToldPart]:
    """The lines of several emails, those of one key together."""
    lines: dict[K, list[ToldPart]] = {}
    for table in tables:
        for key, part in table.items():
            lines.setdefault(key, []).append(part)
    return {
        key: ToldPart(
            left=summed([each.left for each in same]),
            clicked=summed([each.clicked for each in same]),
            acted=summed([each.acted for each in same]),
        )
        for key, same in lines.items()
    }


def _over(hours: Sequence[Hour], now: datetime) -> list[Hour]:
    """The hours that are over: never all there were, so that they tell of no more than themselves."""
    return [each for each in hours if each.start is not None and each.start + HOUR <= now]


def _remembered(ways: Sequence[Result], *, whole: bool) -> ToldResult:
    """What is known of an email without knowing who got it."""
    result = sum(ways, Result())
    nothing: dict[str, Told] = dict.fromkeys(each.name for each in fields(ToldResult))
    replies = result.replies if whole else at_least(result.replies)
    return ToldResult(**{**nothing, "left": result.left, "replies": replies})


def _exact(ways: Sequence[Result], parts: Parts, hours: Sequence[Hour]) -> ToldFigures:
    return ToldFigures(
        result=ToldResult(**vars(sum(ways, Result()))),
        ways=[ToldPart(left=each.left, clicked=each.clicked, acted=each.acted) for each in ways],
        languages={key: ToldPart(**vars(each)) for key, each in parts.languages.items()},
        projects={key: ToldPart(**vars(each)) for key, each in parts.projects.items()},
        hours=[ToldHour(each.start, each.clicked, each.acted) for each in hours],
    )


def _rounded(ways: Sequence[Result], parts: Parts, hours: Sequence[Hour]) -> ToldFigures:
    columns = {name: _column(name, ways, parts, hours) for name in DEEDS}
    return ToldFigures(
        result=_figures(sum(ways, Result()), *(columns[name]["all"][0] for name in DEEDS)),
        ways=[
            ToldPart(left=each.left, **{name: columns[name]["ways"][at] for name in DEEDS})
            for at, each in enumerate(ways)
        ],
        languages=_lines(columns, "languages", parts.languages),
        projects=_lines(columns, "projects", parts.projects),
        hours=[
            ToldHour(each.start, *(columns[name]["hours"][at] for name in DEEDS))
            for at, each in enumerate(hours)
        ],
    )


def _column(
    name: str, ways: Sequence[Result], parts: Parts, hours: Sequence[Hour]
) -> dict[str, dict[Hashable, AtLeast]]:
    """One deed in every table of a report, where it is told of the same people."""
    whole = sum(ways, Result())
    tables: dict[str, dict[Hashable, Some]] = {
        "all": {0: Some(getattr(whole, name), whole.left)},
        "ways": {at: Some(getattr(each, name), each.left) for at, each in enumerate(ways)},
        "languages": {at: Some(getattr(each, name)) for at, each in parts.languages.items()},
        "projects": {at: Some(getattr(each, name)) for at, each in parts.projects.items()},
        "hours": {at: Some(getattr(each, name)) for at, each in enumerate(hours)},
    }
    return in_tables(tables, partial=["hours"])


def _lines(columns: Columns, table: str, parts: Mapping[K, object]) -> dict[K, ToldPart]:
    """The lines of a table that tell of anybody."""
    told = {key: ToldPart(**{name: columns[name][table][key] for name in DEEDS}) for key in parts}
    return {key: each for key, each in told.items() if lowest(each.clicked) or lowest(each.acted)}


def _figures(result: Result, clicked: AtLeast, acted: AtLeast) -> ToldResult:
    both = min(clicked.number, acted.number)
    return ToldResult(
        left=result.left,
        clicked=clicked,
        machines=at_least(result.machines, result.left - clicked.number),  # nobody is in both
        acted=acted,
        through=AtLeast(min(at_least(result.through).number, both)),
        calls=at_least(result.calls),
        refused=at_least(result.refused, result.left),
        complaints=at_least(result.complaints, result.left),
        replies=at_least(result.replies),
    )
