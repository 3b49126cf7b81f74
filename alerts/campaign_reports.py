"""What became of a campaign: its emails and alerts together, month by month, and beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from actions.office_hours import WASHINGTON
from alerts.at_risk import Lists
from alerts.campaigning import (
    MONTHS,
    Asked,
    Discreet,
    MonthOfCalls,
    asked_in,
    calls_by_month,
    months_between,
)
from alerts.reporting import messages_of
from alerts.rounding import Told, at_least, summed
from alerts.told_emails import (
    ToldFigures,
    ToldPart,
    ToldResult,
    add_parts,
    tell,
    together,
    unnamed,
)
from campaigns import keeping, measures, results, timeline
from campaigns.keeping import Kept
from campaigns.measures import Measure
from campaigns.reports import Sent, equation_of, merged, sent_of
from campaigns.results import Reading
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
    """One of its alerts: copies that a provider took, and calls that an office heard.

    Of its follow-ups, too, as its own report tells them: the difference would be how many got the thanks.
    """

    asked: Asked
    copies: int
    calls: Told


@dataclass(frozen=True, kw_only=True)
class MonthLine:
    """What was sent in a month of Washington's and what came of that; and the calls of the month."""

    first: date
    emails: int
    left: Told
    clicked: Told
    acted: Told
    calls: (
        int | None
    )  # None for partners: an alert's report tells its days, which could be subtracted


@dataclass(frozen=True, kw_only=True)
class CampaignReport:
    """Everything the page shows."""

    whole: bool  # every number is exact: for its organizers
    kept: Kept
    equation: Equation
    emails: Sequence[EmailLine]  # the latest first
    alerts: Sequence[AlertLine]
    result: ToldResult  # of all emails
    calls: Told  # that offices heard, of all alerts
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

    ``projects``: by project as well; ``whole``: with every number, for its organizers.
    """
    kept = keeping.find(conn, campaign_id)
    named = None if whole else Discreet(conn, kept.project_id)
    sent = [
        replace(each, subjects=unnamed(named, each.subjects))
        for each in sent_of(conn, campaign_id=campaign_id)
    ]
    asked = [each for each in asked_in(conn, campaign_id, within) if each.launched_at is not None]
    if not whole:
        asked = _begun(conn, asked, now)
    ids = [each for one in sent for each in one.messages]
    messages = messages_of(conn, {each.alert_id: each.message_id for each in asked})
    read = results.read(conn, ids, projects=projects)
    told = [_told(each, read, whole=whole) for each in sent]
    alerts = _alerts(conn, asked, whole=whole)
    calls = calls_by_month(conn, [each.action_id for each in asked], now=now) if whole else None
    return CampaignReport(
        whole=whole,
        kept=kept if named is None else _to_partners(kept, named),
        equation=equation_of(conn, [*ids, *messages], now=now),
        emails=[
            EmailLine(sent=one, result=figures.result, forgotten=one.message_id in read.forgotten)
            for one, figures in zip(sent, told, strict=True)
        ],
        alerts=alerts,
        result=together([each.result for each in told]),
        calls=summed([each.calls for each in alerts]),
        months=_months(sent, [each.result for each in told], calls, now),
        languages=add_parts([each.languages for each in told]),
        projects=add_parts([each.projects for each in told]),
        measures=_standing(measures.measures(conn, campaign_id), named),
        moments=_standing(timeline.moments(conn, campaign_id), named),
    )


def _told(sent: Sent, read: Reading, *, whole: bool) -> ToldFigures:
    """What its own report tells of an email as well, but for its hours."""
    return tell(
        [read.results[each] for each in sent.messages],
        merged({each: read.parts[each] for each in sent.messages}),
        forgotten=sent.message_id in read.forgotten,
        whole=whole,
    )


def _begun(conn: Connection, asked: Iterable[Asked], now: datetime) -> list[Asked]:
    """Those of which anybody may have got something, without the titles that name somebody too much."""
    lists = Lists(conn)
    return [
        replace(each, titles=lists.told(each.titles, case_id=each.case_id, owner=each.project_id))
        for each in asked
        if each.has_begun(now)
    ]


def _to_partners(kept: Kept, named: Discreet) -> Kept:
    """A campaign by what it is called, unless that names somebody who has come on a list since."""
    texts = {
        code: told for code, told in kept.texts.items() if told.title and named.is_told(told.title)
    }
    name = kept.name if named.is_told(kept.name) else ""
    return replace(kept, name=name, goal="", closing="", texts=texts)


def _standing(noted: Sequence[Noted], named: Discreet | None) -> list[Noted]:
    """What was not taken off; outside the house only what anybody may read, as its public page does."""
    standing = [each for each in noted if each.struck_at is None]
    if named is None:
        return standing
    return [each for each in standing if each.is_public and named.is_told(*_words(each))]


def _words(noted: Measure | Moment) -> list[str]:
    return [*noted.words.values(), *([noted.source] if isinstance(noted, Moment) else [])]


def _alerts(conn: Connection, asked: Sequence[Asked], *, whole: bool) -> list[AlertLine]:
    messages = [messages_of(conn, {each.alert_id: each.message_id}) for each in asked]
    taken = copies_taken(conn, [each for mine in messages for each in mine])
    return [
        AlertLine(
            asked=each,
            copies=sum(taken.get(message_id, 0) for message_id in mine),
            calls=each.calls if whole else at_least(each.calls),
        )
        for each, mine in zip(asked, messages, strict=True)
    ]


def _months(
    sent: Sequence[Sent],
    told: Sequence[ToldResult],
    calls: Sequence[MonthOfCalls] | None,
    now: datetime,
) -> list[MonthLine]:
    """Month by month from the first email or call to now, for at most two years."""
    zone = ZoneInfo(WASHINGTON)
    months = [each.at.astimezone(zone).date().replace(day=1) for each in sent]
    heard = {each.first: each.calls for each in calls or ()}
    if not months and not heard:
        return []
    lines = []
    for first in months_between(min([*months, *heard]), now.astimezone(zone).date()):
        mine = [result for month, result in zip(months, told, strict=True) if month == first]
        lines.append(
            MonthLine(
                first=first,
                emails=len(mine),
                left=summed([each.left for each in mine]),
                clicked=_if_known([each.clicked for each in mine]),
                acted=_if_known([each.acted for each in mine]),
                calls=None if calls is None else heard.get(first, 0),
            )
        )
    return lines[-MONTHS:]


def _if_known(numbers: Sequence[Told]) -> Told:
    """The sum of a month, unless what came of one of its emails is not known any more."""
    return None if None in numbers else summed(numbers)
