"""What needs whoever looks at the overview, the most urgent first: one line each, with where it is solved.

Only what they may do something about: somebody who only reads is told of nothing to decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Connection, Select, bindparam, select

from actions.custom_targets import offices, today_of
from actions.responses import doubtful_by_action
from alerts.halting import Halted, halted
from alerts.models import Alert, Level
from alerts.proposals import open_proposals
from campaigns import series_account
from campaigns.models import Reason
from messages import budgets, complaints, unproven_stops
from messages.calling_off import LIVE
from messages.house import HouseRules
from messages.models import Message, MessageStatus
from organizers.roles import May, as_key, owned
from organizers.sessions import Viewer
from representatives.status import Age
from web.console import approval_lists, overviews, planned
from web.console.hearings import hearings
from web.console.inboxes import review_count
from web.console.overviews import AlertLine
from web.console.unknown_copies import unknown_count
from web.console.unsent_answers import unsent

OLD = 60  # days after which published data is worth asking for again
NEAR = Decimal("0.8")  # of its budget: time to raise it, before the texts stop
SOON = 3  # days before a hearing: time for a last call
DRAFTS = 3  # named; there may be more in the list
_BUDGETS = select(Message.id, Message.budget_cents).where(
    Message.budget_cents > 0, Message.id.in_(bindparam("messages", expanding=True))
)


@dataclass(frozen=True)
class Line:
    """Something to do, and the page on which it is done."""

    kind: str  # the template has the words
    href: str
    count: int = 0
    title: str = ""
    detail: str = ""


def urgent(
    conn: Connection,
    viewer: Viewer,
    *,
    running: Sequence[AlertLine],
    age: Age | None,
    language: str,
    house: HouseRules,
    cents_per_segment: Decimal,
    second_step: bool,
    now: datetime,
) -> list[Line]:
    """What this organizer should do now.

    ``running`` are the alerts they see that are on their way, ``age`` that of members and districts.
    """
    sends, writes = viewer.may_in(May.SEND), viewer.may_in(May.WRITE)
    found: list[Line] = []
    if viewer.may(May.ADMIN):
        found += _silenced(conn, now)
    if sends:
        found += _to_approve(conn, viewer, language)
        found += _planned_to_approve(conn, viewer, house, language)
        found += _on_their_way(conn, running, sends)
        found += _copies(conn, sends)
    if writes:
        found += _hearings(conn, writes, language, now)
        found += _may_mean_stop(conn, writes, now)
        found += _unsent(conn, writes, now)
    if sends:
        found += _held(conn, sends, language)
        found += _asked(conn, sends, language)
        found += _dear(conn, running, sends, cents_per_segment)
    if writes:
        found += _offices(conn, running, writes, now)
        found += _drafts(conn, writes, language)
    if viewer.may(May.ADMIN):
        found += _data(age)
    if second_step and viewer.guarded and not viewer.has_second_step:
        found.append(Line("second_step", "/console/account"))
    return found


def _to_approve(conn: Connection, viewer: Viewer, language: str) -> Iterator[Line]:
    """Alerts that somebody else wrote, and that do not leave before this organizer has read them."""
    for each in approval_lists.waiting(conn, viewer):
        title = each.titles.get(language) or next(iter(each.titles.values()), "")
        href = f"/console/alerts/{each.alert_id}/approval"
        yield Line("approve", href, title=title, detail=each.asked_by)


def _planned_to_approve(
    conn: Connection, viewer: Viewer, house: HouseRules, language: str
) -> Iterator[Line]:
    """Planned emails about which somebody asked this organizer."""
    for each in approval_lists.emails(conn, viewer, house=house):
        if each.asked_by:
            title = each.titles.get(language) or next(iter(each.titles.values()), "")
            href = f"/console/emails/{each.email_id}"
            yield Line("approve", href, title=title, detail=each.asked_by)


def _on_their_way(
    conn: Connection, running: Sequence[AlertLine], within: tuple[int, ...]
) -> list[Line]:
    """Red alerts that run, and before them whatever is paused: of that nothing leaves."""
    mine = [each for each in running if each.project_id in within]
    minded = complaints.urgent_ones(conn, [each.message_id for each in mine])
    warnings = {message_id: each.warning for message_id, each in minded.items()}
    paused = MessageStatus.PAUSED
    lines = [
        Line(
            "paused" if each.status == paused else "red",
            f"/console/alerts/{each.id}",
            count=each.confirmed,
            title=each.title,
            detail=each.paused_because
            if each.status == paused
            else warnings.get(each.message_id, ""),
        )
        for each in mine
        if each.status == paused or each.level is Level.RED
    ]
    return sorted(lines, key=lambda each: each.kind != "paused")


def _copies(conn: Connection, within: tuple[int, ...]) -> Iterator[Line]:
    unknown = unknown_count(conn, within).need_person
    if unknown:
        yield Line("unknown", "/console/unknown", count=unknown)


def _hearings(
    conn: Connection, within: tuple[int, ...], language: str, now: datetime
) -> Iterator[Line]:
    """Hearings of today and the next days; ``count`` is how many days are left."""
    today = today_of(now)
    end = today + timedelta(days=SOON + 1)
    for each in hearings(conn, within, within, first=today, end=end, language=language):
        left = (each.day - today).days
        yield Line("hearing", f"/console/cases/{each.case_id}", count=left, title=each.words)


def _may_mean_stop(conn: Connection, within: tuple[int, ...], now: datetime) -> Iterator[Line]:
    """Sentences that may mean stop: those people get nothing until somebody has read them."""
    count = review_count(conn, within, now=now)
    if count:
        yield Line("review", "/console/inbox", count=count)


def _silenced(conn: Connection, now: datetime) -> Iterator[Line]:
    """People whom emails that may be forged took off our lists."""
    waves = unproven_stops.waves(conn, now=now)
    if waves:
        count = sum(each.count for each in waves)
        yield Line("silenced", "/console/deliverability#stops", count=count)


def _unsent(conn: Connection, within: tuple[int, ...], now: datetime) -> Iterator[Line]:
    """Answers to one person that did not leave: whoever wrote them may believe they did."""
    replies = unsent(conn, within, now=now)
    if replies:
        yield Line("unsent", f"/console/inbox/{replies[0]}", count=len(replies))


def _held(conn: Connection, within: tuple[int, ...], language: str) -> Iterator[Line]:
    for each in planned.held(conn, within, language=language):
        if each.reason is Reason.NAMED:
            yield _dated("held_named", each)
        else:
            yield Line("held", f"/console/emails/{each.email_id}", title=each.subject)
    yield from map(_paused, halted(conn, within))
    for tried in planned.undecided(conn, within):
        yield _dated("undecided", tried)
    for series_id, name in {
        each.series_id: each.series for each in series_account.held(conn, within)
    }.items():
        yield Line("held", f"/console/series/{series_id}", title=name)


def _paused(line: Halted) -> Line:
    if line.series_id is not None:
        return Line("paused_series", f"/console/series/{line.series_id}", title=line.name)
    href = f"/console/emails/{line.email_id}"
    return Line("paused_named", href, title=line.name, detail=line.local_time or "")


def _dated(kind: str, line: planned.HeldLine | planned.DateLine) -> Line:
    """Its campaign and its date: its subject may be where the name stands."""
    href = f"/console/emails/{line.email_id}"
    return Line(kind, href, title=line.campaign, detail=line.local_time)


def _asked(conn: Connection, within: tuple[int, ...], language: str) -> Iterator[Line]:
    for each in open_proposals(conn, within):
        title = each.titles.get(language) or next(iter(each.titles.values()), "")
        yield Line("asked", f"/console/proposals/{each.id}", title=title, detail=each.project)


def _dear(
    conn: Connection, running: Sequence[AlertLine], within: tuple[int, ...], cents: Decimal
) -> Iterator[Line]:
    """Alerts on their way whose budget is nearly spent."""
    mine = [
        each
        for each in running
        if each.project_id in within and each.status == MessageStatus.SENDING
    ]
    ids = [each.message_id for each in mine]
    limits = dict(conn.execute(_BUDGETS, {"messages": ids}).all()) if ids else {}
    segments = budgets.spent_by_message(conn, limits)
    for each in mine:
        budget = limits.get(each.message_id, 0)
        spent = segments.get(each.message_id, 0) * cents
        if budget and spent >= NEAR * budget:
            yield Line(
                "budget",
                f"/console/alerts/{each.id}",
                title=each.title,
                detail=f"{budgets.dollars(round(spent))} / {budgets.dollars(budget)}",
            )


def _offices(
    conn: Connection, running: Sequence[AlertLine], within: tuple[int, ...], now: datetime
) -> Iterator[Line]:
    """Numbers that callers found wrong, and those that nobody has checked lately."""
    asked = dict(conn.execute(_live(as_key(within))).all())
    doubted = doubtful_by_action(conn, set(asked.values()))
    titles = {each.id: each.title for each in running}
    for alert_id, action_id in asked.items():
        if wrong := len(doubted.get(action_id, ())):
            href = f"/console/alerts/{alert_id}/coverage?view=doubtful"
            yield Line("wrong_numbers", href, count=wrong, title=titles.get(alert_id, ""))
    today = today_of(now)
    old = sum(not each.office.standing(today).is_good for each in offices(conn, within))
    if old:
        yield Line("unchecked", "/console/targets", count=old)


@lru_cache
def _live(within: tuple[int, ...] | None) -> Select[int, int]:
    """Alerts that are not over, with the actions to which they lead."""
    actions = select(Alert.id, Alert.action_id).join(Message, Message.id == Alert.message_id)
    live = actions.where(Message.status.in_(LIVE), owned(Message.project_id, within))
    return live.order_by(Alert.id)


def _drafts(conn: Connection, within: tuple[int, ...], language: str) -> Iterator[Line]:
    statuses = [MessageStatus.DRAFT]
    for each in overviews.alerts(conn, within, language=language, statuses=statuses, limit=DRAFTS):
        yield Line("draft", f"/console/alerts/{each.id}", title=each.title, detail=each.project)


def _data(age: Age | None) -> Iterator[Line]:
    """Members and districts: an admin of the network's has somebody load them."""
    if age is None:
        yield Line("no_data", "/console/representatives")
    elif age.days > OLD:
        yield Line("old_data", "/console/representatives", count=age.days)
