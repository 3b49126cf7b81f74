"""What became of a campaign: its emails and alerts together, month by month, and beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from actions.office_hours import WASHINGTON
from alerts.campaigning import (
    MONTHS,
    Asked,
    Discreet,
    MonthOfCalls,
    asked_in,
    calls_by_month,
    months_between,
)
from alerts.hiding import Hidden, shown, told_beside
from alerts.reporting import messages_of
from alerts.told_emails import (
    ToldPart,
    ToldResult,
    discreet,
    exact,
    summed,
    tell_parts,
    together,
    unnamed,
)
from campaigns import keeping, measures, results, timeline
from campaigns.keeping import Kept
from campaigns.measures import Measure
from campaigns.reports import Sent, added, equation_of, merged, sent_of
from campaigns.results import Part, Result
from campaigns.timeline import Moment
from messages.progress import Equation, copies_taken
from organizers.roles import Within

Noted = TypeVar("Noted", Measure, Moment)


@dataclass(frozen=True, kw_only=True)
class EmailLine:
    """One date of an email, beside the others."""

    sent: Sent
    result: ToldResult
    forgotten: bool  # what people did with it is not known any more


@dataclass(frozen=True, kw_only=True)
class AlertLine:
    """One of its alerts: copies that a provider took, and calls that an office heard."""

    asked: Asked
    copies: int
    calls: Hidden


@dataclass(frozen=True, kw_only=True)
class MonthLine:
    """What was sent in a month of Washington's and what came of that; and the calls of the month."""

    first: date
    emails: int
    left: Hidden
    clicked: Hidden
    acted: Hidden
    calls: Hidden


@dataclass(frozen=True, kw_only=True)
class CampaignReport:
    """Everything the page shows."""

    whole: bool  # nothing in it is hidden: for its organizers
    kept: Kept
    equation: Equation
    emails: Sequence[EmailLine]  # the latest first
    alerts: Sequence[AlertLine]
    result: ToldResult  # of all emails
    calls: Hidden  # that offices heard, of all alerts
    months: Sequence[MonthLine]
    languages: Mapping[str, ToldPart]
    projects: Mapping[int, ToldPart]
    measures: Sequence[Measure]
    moments: Sequence[Moment]


def campaign_report(
    conn: Connection,
    campaign_id: int,
    within: Within,
    *,
    projects: bool,
    whole: bool,
    now: datetime,
) -> CampaignReport:
    """Report on a campaign, with those of its alerts that these projects may see.

    ``projects``: by project as well; ``whole``: with small numbers, for its organizers.
    """
    kept = keeping.find(conn, campaign_id)
    sent = sent_of(conn, campaign_id=campaign_id)
    if not whole:
        named = Discreet(conn, kept.project_id)
        sent = [replace(each, subjects=unnamed(named, each.subjects)) for each in sent]
    asked = [each for each in asked_in(conn, campaign_id, within) if each.launched_at is not None]
    ids = [each for one in sent for each in one.messages]
    alerts = messages_of(conn, {each.alert_id: each.message_id for each in asked})
    found = results.read(conn, ids, projects=projects)
    by_email = [sum((found.results[each] for each in one.messages), Result()) for one in sent]
    told = [exact(each) if whole else discreet(each) for each in by_email]
    parts = [merged({each: found.parts[each] for each in one.messages}) for one in sent]
    every = together(told)
    calls = calls_by_month(conn, [each.action_id for each in asked], now=now)
    gone = results.forgotten(conn, [each.message_id for each in sent])
    return CampaignReport(
        whole=whole,
        kept=kept,
        equation=equation_of(conn, [*ids, *alerts], now=now),
        emails=[
            EmailLine(sent=one, result=result, forgotten=one.message_id in gone)
            for one, result in zip(sent, told, strict=True)
        ],
        alerts=_alerts(conn, asked, whole=whole),
        result=every,
        calls=summed([each.calls if whole else shown(each.calls) for each in asked]),
        months=_months(sent, told, calls, now, whole=whole),
        languages=_told([each.languages for each in parts], told, every, whole=whole),
        projects=_told([each.projects for each in parts], told, every, whole=whole),
        measures=_standing(measures.measures(conn, campaign_id), whole=whole),
        moments=_standing(timeline.moments(conn, campaign_id), whole=whole),
    )


def _standing(noted: Sequence[Noted], *, whole: bool) -> list[Noted]:
    """What was not taken off; outside the house only what anybody may read."""
    return [each for each in noted if each.struck_at is None and (whole or each.is_public)]


def _told(
    tables: Sequence[Mapping[results.K, Part]],
    emails: Sequence[ToldResult],
    every: ToldResult,
    *,
    whole: bool,
) -> dict[results.K, ToldPart]:
    """The lines of all emails together; what one email's own report hides stays hidden."""
    apart: dict[str, set[results.K]] = {"left": set(), "clicked": set(), "acted": set()}
    for table, result in zip(tables, emails, strict=True):
        for key, part in tell_parts(table, result, whole=whole).items():
            for name in apart:
                apart[name] |= {key} if getattr(part, name) is None else set()
    return tell_parts(added(tables), every, whole=whole, apart=apart)


def _alerts(conn: Connection, asked: Sequence[Asked], *, whole: bool) -> list[AlertLine]:
    copies = copies_taken(conn, [each.message_id for each in asked])
    return [
        AlertLine(
            asked=each,
            copies=copies.get(each.message_id, 0),
            calls=each.calls if whole else shown(each.calls),
        )
        for each in asked
    ]


def _months(
    sent: Sequence[Sent],
    told: Sequence[ToldResult],
    calls: Sequence[MonthOfCalls],
    now: datetime,
    *,
    whole: bool,
) -> list[MonthLine]:
    """Month by month from the first email or call to now, for at most two years."""
    zone = ZoneInfo(WASHINGTON)
    months = [each.at.astimezone(zone).date().replace(day=1) for each in sent]
    begun = [*months, *(each.first for each in calls)]
    if not begun:
        return []
    heard = _calls(calls, whole=whole)
    lines = []
    for first in months_between(min(begun), now.astimezone(zone).date()):
        mine = [result for month, result in zip(months, told, strict=True) if month == first]
        lines.append(
            MonthLine(
                first=first,
                emails=len(mine),
                left=summed([each.left for each in mine]),
                clicked=summed([each.clicked for each in mine]),
                acted=summed([each.acted for each in mine]),
                calls=heard.get(first, 0),
            )
        )
    return lines[-MONTHS:]


def _calls(calls: Sequence[MonthOfCalls], *, whole: bool) -> dict[date, Hidden]:
    """The calls of each month; an alert's own report tells its days, so what is few there is hidden."""
    counts = {each.first: each.calls for each in calls}
    if whole:
        return {**counts}
    small = [each.first for each in calls if any(shown(n) is None for n in each.by_action.values())]
    return dict(told_beside(counts, small))
