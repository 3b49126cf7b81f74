"""What may be told of emails outside the house? Small numbers are hidden, and what would let anybody reckon them.

How many copies left is told; what people did with them only where it tells of nobody. Each email has a report of its
own, and so has its campaign: a sum is hidden where one of its parts is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from alerts.campaigning import Discreet
from alerts.hiding import Hidden, shown, told_beside
from campaigns.reports import EmailReport, Hour, Sent
from campaigns.results import Part, Result
from messages.progress import Equation

K = TypeVar("K", str, int)


@dataclass(frozen=True, kw_only=True)
class ToldResult:
    """What came of an email, as it may be told; as in ``Result``."""

    left: Hidden
    clicked: Hidden
    machines: Hidden
    acted: Hidden
    through: Hidden
    calls: Hidden
    refused: Hidden
    complaints: Hidden
    replies: Hidden


@dataclass(frozen=True, kw_only=True)
class ToldPart:
    """The people of an email who have something in common, and what they did, as it may be told."""

    left: Hidden
    clicked: Hidden
    acted: Hidden


@dataclass(frozen=True)
class ToldWay:
    """A way of writing, and how it did."""

    subjects: Mapping[str, str]
    told: ToldPart


@dataclass(frozen=True)
class ToldHour:
    """What people did first in an hour; ``start`` None: later than all told."""

    start: datetime | None
    clicked: Hidden
    acted: Hidden


@dataclass(frozen=True, kw_only=True)
class ToldEmail:
    """A report on one date of an email, as it may be told."""

    whole: bool  # nothing in it is hidden: for its organizers
    sent: Sent
    equation: Equation
    result: ToldResult
    forgotten: bool
    ways: Sequence[ToldWay]
    languages: Mapping[str, ToldPart]
    projects: Mapping[int, ToldPart]
    hours: Sequence[ToldHour]


def tell_email(report: EmailReport, named: Discreet | None) -> ToldEmail:
    """The report as it stands, if it stays in the house, or as it may leave it: ``named``, whom it must not name."""
    whole = named is None
    result = exact(report.result) if whole else discreet(report.result)
    ways = {at: way.result for at, way in enumerate(report.ways)}
    counted = {
        at: Part(left=each.left, clicked=each.clicked, acted=each.acted)
        for at, each in ways.items()
    }
    told = tell_parts(counted, result, whole=whole)
    return ToldEmail(
        whole=whole,
        sent=replace(report.sent, subjects=unnamed(named, report.sent.subjects)),
        equation=report.equation,
        result=result,
        forgotten=report.forgotten,
        ways=[
            ToldWay(unnamed(named, way.subjects), told[at]) for at, way in enumerate(report.ways)
        ],
        languages=tell_parts(report.parts.languages, result, whole=whole),
        projects=tell_parts(report.parts.projects, result, whole=whole),
        hours=_hours(report.hours, result, whole=whole),
    )


def unnamed(named: Discreet | None, subjects: Mapping[str, str]) -> dict[str, str]:
    """The subjects of an email but for those that name somebody at risk, to whom that may have come since."""
    return {code: text for code, text in subjects.items() if named is None or named.is_told(text)}


def exact(result: Result) -> ToldResult:
    """All of it."""
    return ToldResult(**vars(result))


def discreet(result: Result) -> ToldResult:
    """What may be told of one email."""
    acted = shown(result.acted)
    aside = shown(result.acted - result.through)  # who acted, but not through it
    return ToldResult(
        left=result.left,
        clicked=shown(result.clicked),
        machines=shown(result.machines),
        acted=acted,
        through=_unless(acted is None or aside is None, result.through),
        calls=_unless(acted is None, result.calls),
        refused=shown(result.refused),
        complaints=shown(result.complaints),
        replies=shown(result.replies),
    )


def tell_parts(
    parts: Mapping[K, Part],
    result: ToldResult,
    *,
    whole: bool,
    apart: Mapping[str, Collection[K]] = {},
) -> dict[K, ToldPart]:
    """Lines of a table beside their sums; ``apart``: what another report hides, by column."""
    if whole:
        return {key: ToldPart(**vars(each)) for key, each in parts.items()}
    columns = {
        name: told_beside(
            {key: getattr(each, name) for key, each in parts.items()},
            apart.get(name, ()),
            few=getattr(result, name) is None,
        )
        for name in ("left", "clicked", "acted")
    }
    return {
        key: ToldPart(**{name: column[key] for name, column in columns.items()}) for key in parts
    }


def together(results: Sequence[ToldResult]) -> ToldResult:
    """The sum of several emails, each of which is told of by itself as well."""
    return ToldResult(
        **{name: summed([getattr(each, name) for each in results]) for name in vars(_NOTHING)}
    )


def summed(numbers: Sequence[Hidden]) -> Hidden:
    """A sum, unless one of its parts is hidden: the others, taken from it, would tell."""
    told = [each for each in numbers if each is not None]
    return sum(told) if len(told) == len(numbers) else None


def _unless(hidden: bool, number: int) -> Hidden:  # noqa: FBT001 - a condition
    return None if hidden and number else shown(number)


def _hours(hours: Sequence[Hour], result: ToldResult, *, whole: bool) -> list[ToldHour]:
    parts = {at: Part(clicked=each.clicked, acted=each.acted) for at, each in enumerate(hours)}
    told = tell_parts(parts, result, whole=whole)
    return [ToldHour(each.start, told[at].clicked, told[at].acted) for at, each in enumerate(hours)]


_NOTHING = exact(Result())
