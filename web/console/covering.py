"""An alert's coverage: which offices were reached, by how many, what they say, and whom to call today."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection

from actions.reports import Report, open_reports
from actions.stances import DECIDED
from alerts import proposals
from alerts.coverage import Coverage, Line, coverage
from alerts.launching import Heading, heading
from alerts.numbers import FEW, show_numbers
from alerts.pages import AlertPage, page_of_action
from alerts.report_line import LANGUAGES, report_line
from alerts.today import Due, due_today
from contacts.spreadsheets import Sheet
from web.console.lives import known_as
from web.console.viewing import now, number, page, read, write
from web.pages import language_of

SHOWN = 50  # offices on one page
VIEWS: Mapping[str, Callable[[Line], bool]] = {
    "": lambda _line: True,
    "uncalled": lambda line: not line.calls.attempted,
    "undecided": lambda line: line.stance not in DECIDED,
    "doubtful": lambda line: line.doubtful,
    "unasked": lambda line: line.people.available > 0,
}
HEADINGS = (
    "office", "seat", "state", "district", "phone", "constituents", "asked", "attempted", "reached",
    "spoke", "last_contact", "stance", "stance_since",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Which offices are looked at."""

    view: str = ""  # one of VIEWS
    committee: str = ""
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything the page of an alert's coverage shows."""

    heading: Heading
    found: Coverage
    lines: Sequence[Line]  # of the page that is looked at
    matching: int  # offices, on all pages
    committees: Sequence[str]
    unreached: int
    today: Sequence[Due]
    reports: Sequence[Report]
    names: Mapping[str, str]  # of offices, by key; "" for the Capitol's switchboard
    report_lines: Mapping[str, str]  # by language
    shows_numbers: bool
    over: bool  # nobody is to call any more

    def title(self, language: str) -> str:
        """The alert's title in a language, or in any."""
        titles = self.heading.titles
        return titles.get(language) or next(iter(titles.values()), "")


async def show(request: web.Request) -> web.Response:
    """The offices of an alert, those to call today first."""
    alert_id = int(request.match_info["alert_id"])
    return await _page(request, alert_id, f"/console/alerts/{alert_id}", None)


async def show_part(request: web.Request) -> web.Response:
    """The same for a committee that was asked to join: its own people, in the network's alert."""
    proposal_id = int(request.match_info["proposal_id"])
    found = await read(request, proposals.proposal, proposal_id)
    return await _page(
        request, found.alert_id, f"/console/proposals/{proposal_id}", found.project_id
    )


async def export(request: web.Request) -> web.Response:
    """The offices as CSV: numbers and stances, nobody's name; small numbers of people are not told."""
    alert_id = int(request.match_info["alert_id"])
    found = await read(request, coverage, alert_id, now=now(request))
    target = io.StringIO(newline="")
    sheet = Sheet(target)
    sheet.add(HEADINGS)
    for line in found.lines:
        sheet.add(_cells(line, language_of(request)))
    headers = {"Content-Disposition": f'attachment; filename="alert-{alert_id}-offices.csv"'}
    body = target.getvalue().encode("utf-8-sig")
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


async def numbers(request: web.Request) -> NoReturn:
    """Let anybody read the alert's numbers, or no longer."""
    alert_id, form = int(request.match_info["alert_id"]), await request.post()
    await write(request, show_numbers, alert_id, shown=form.get("shown") == "1")
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}/coverage#numbers")


async def _page(
    request: web.Request, alert_id: int, home: str, as_project: int | None
) -> web.Response:
    chosen = _choice(request)
    seen = await read(
        request, _seen, alert_id, chosen, as_project, language_of(request), now(request)
    )
    values = {
        "seen": seen,
        "alert_id": alert_id,
        "home": home,
        "own": as_project is None,
        "chosen": chosen,
        "pages": -(-seen.matching // SHOWN),
    }
    return await page(request, "coverage.html", values)


def _choice(request: web.Request) -> Choice:
    view = request.query.get("view", "")
    return Choice(
        view=view if view in VIEWS else "",
        committee=request.query.get("committee", "")[:8],
        page=max(1, min(number(request.query, "page") or 1, 1000)),
    )


def _seen(
    conn: Connection,
    alert_id: int,
    chosen: Choice,
    as_project: int | None,
    language: str,
    now: datetime,
) -> Seen:
    head = heading(conn, alert_id)
    able = chosen.view == "unasked"
    found = coverage(conn, alert_id, as_project=as_project, able=able, now=now)
    matching = matching_lines(found.lines, chosen)
    first = (chosen.page - 1) * SHOWN
    page = _open_page(conn, head, now)
    over = page is None or page.ended_at(now) is not None
    own = as_project is None
    reports = open_reports(conn, head.action_id) if own else []
    return Seen(
        heading=head,
        found=found,
        lines=matching[first : first + SHOWN],
        matching=len(matching),
        committees=sorted({code for each in found.lines for code in each.target.committees}),
        unreached=sum(not each.calls.reached for each in found.lines),
        today=[] if over else due_today(found.lines, now),
        reports=reports,
        names={each.target.key: known_as(each.target, language) for each in found.lines},
        report_lines={each: report_line(found.totals, each) for each in LANGUAGES},
        shows_numbers=page is not None and page.shows_numbers,
        over=over,
    )


def matching_lines(lines: Sequence[Line], chosen: Choice) -> list[Line]:
    """The offices that are looked at; who may still be asked where most may."""
    wanted, committee = VIEWS[chosen.view], chosen.committee
    found = [
        each
        for each in lines
        if wanted(each) and (not committee or committee in each.target.committees)
    ]
    if chosen.view == "unasked":
        found.sort(key=lambda each: -each.people.available)
    return found


def _open_page(conn: Connection, head: Heading, now: datetime) -> AlertPage | None:
    """The page that people call from; None of a draft."""
    return page_of_action(conn, head.action_id, now=now) if head.launched else None


def _cells(line: Line, language: str) -> tuple[object, ...]:
    target, people, calls = line.target, line.people, line.calls
    counts = (people.constituents, people.asked, calls.attempted, calls.reached, calls.spoke)
    return (
        known_as(target, language),
        target.key,
        target.state,
        "" if target.district is None else target.district,
        target.phone.removeprefix("+"),
        *(f"<{FEW}" if 0 < each < FEW else each for each in counts),
        calls.last_at.date().isoformat() if calls.last_at else "",
        line.stance,
        line.standing.at.date().isoformat() if line.standing else "",
    )
