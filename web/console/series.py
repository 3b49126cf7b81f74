"""Series of emails: the list of them, one of them with its account and its people, and what is done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web
from sqlalchemy import Connection, Row

from alerts.campaigning import titles_of_pages
from alerts.halted_mail import halted_steps
from alerts.planned_names import resume_series
from campaigns import enrolling, series_account, step_approving
from campaigns import series as writing
from campaigns.enrolling import first_day
from campaigns.series import BadSeries, SeriesDraft, step_day
from campaigns.series_account import Account, Held, StepLine
from contacts import scope
from contacts.models import Contact
from messages.house import HouseRules
from messages.series_models import SeriesStatus, Trigger
from messages.wallclock import BadTime
from organizers.approvers import Ballot
from organizers.roles import May
from organizers.sessions import Viewer
from web.console.campaign_forms import LATE, WAIT
from web.console.choices import projects
from web.console.guard import require_project
from web.console.planned import findings
from web.console.series_leads import alerts_of, chosen
from web.console.viewing import VIEWER, now, number, page, read, write
from web.console.zone_choices import peoples_zones, zone_groups
from web.keys import JOBS, SITE
from web.pages import translator

EARLIER = (7, 30, 90, 365)  # days before the start, of whom one may take in


@dataclass(frozen=True)
class SeriesPage:
    """What the page of a series shows."""

    series: Row[Any]
    account: Account
    halted: Mapping[int, bool]  # steps with mail that is paused for a name; whether it may go on
    ballots: Mapping[int, Ballot]  # by step; empty where one person is enough
    earlier: Sequence[tuple[int, int]]  # days, and how many it happened to within them
    today: Sequence[tuple[StepLine, str]]  # when somebody to whom it happens now gets each step
    titles: Mapping[int, Mapping[str, str]]  # of the alerts that it follows or leads to, by page


async def index(request: web.Request) -> web.Response:
    """The series, what of them is held, and a form to begin one."""
    return await _index(request, {})


async def create(request: web.Request) -> web.Response:
    """Begin a series."""
    typed, viewer = await _typed(request), request[VIEWER]
    project_id = require_project(viewer, number(typed, "project"))
    try:
        made = await write(
            request,
            writing.create,
            _draft(typed),
            project_id=project_id,
            by=viewer.actor,
            now=now(request),
        )
    except (BadSeries, BadTime) as error:
        return await _index(request, typed, problem=str(error))
    raise _back(made)


async def show(request: web.Request) -> web.Response:
    """One series: its steps, what became of each for everybody in it, and what is asked."""
    return await shown(request, _series(request))


async def people(request: web.Request) -> web.Response:
    """Who came into it, the latest first, and where each stands; only whom one may see."""
    series = await read(request, writing.look_at, _series(request))
    before = number(request.query, "before")
    found = await read(request, seen, series.id, request[VIEWER], before)
    values = {"series": series, "people": found[: series_account.SHOWN], "more": found}
    return await page(request, "series_people.html", values)


async def edit(request: web.Request) -> web.Response:
    """The form of what a series is."""
    series = await read(request, writing.look_at, _series(request))
    return await _form(request, series, _typed_of(series))


async def change(request: web.Request) -> web.Response:
    """Replace what is said of it."""
    typed, series_id = await _typed(request), _series(request)
    series = await read(request, writing.look_at, series_id)
    only = series.only_action_id
    if series.status == SeriesStatus.DRAFT:
        only = chosen(typed.get("only", ""), await alerts_of(request, series.project_id, keep=only))
    try:
        draft = replace(_draft(typed), only_action_id=only)
        await write(request, writing.change, series_id, draft, now=now(request))
    except (BadSeries, BadTime) as error:
        return await _form(request, series, typed, problem=str(error))
    raise _back(series_id)


async def start(request: web.Request) -> NoReturn:
    """Start it, for whoever it happens to from now on, and within some days before if that is chosen."""
    typed, series_id = await _typed(request), _series(request)
    days = number(typed, "earlier") or 0
    await write(request, begin, series_id, days=days if days in EARLIER else 0, now=now(request))
    raise _back(series_id)


async def steer(request: web.Request) -> NoReturn:
    """Pause it, go on, or stop it."""
    act, series_id, at = request.match_info["steer"], _series(request), now(request)
    if act == "pause":
        await write(request, writing.pause, series_id)
    elif act == "resume":
        await write(request, resume_series, request.config_dict[JOBS], series_id, now=at)
    else:
        await write(request, writing.stop, series_id, now=at)
    raise _back(series_id)


async def take_up(request: web.Request) -> NoReturn:
    """Undo that it was stopped."""
    await write(request, writing.take_up, _series(request), now=now(request))
    raise _back(_series(request))


async def shown(
    request: web.Request, series_id: int, *, problem: str = "", note: str = ""
) -> web.Response:
    """The page of a series, with what is wrong about what was just done there, and a note that could not be kept."""
    house = request.config_dict[SITE].house
    found = await read(request, series_page, series_id, house=house, now=now(request))
    values = {"it": found, "findings": findings, "problem": problem, "note": note}
    return await page(request, "series.html", values, status=_status(problem))


def begin(conn: Connection, series_id: int, *, days: int, now: datetime) -> None:
    """Start a series, and take in those to whom it happened within some days before."""
    writing.start(conn, series_id, now=now)
    if days:
        enrolling.enrol_earlier(conn, series_id, days=days, now=now)


def series_page(
    conn: Connection, series_id: int, *, house: HouseRules, now: datetime
) -> SeriesPage:
    """A series as it stands; the caller has looked whether it may be seen."""
    series, account = (
        writing.look_at(conn, series_id),
        series_account.account(conn, series_id),
    )
    ballots = {}
    if house.approvals > 1 and series.status != SeriesStatus.STOPPED:
        ballots = {
            line.step.id: step_approving.standing(conn, series, line.step, house=house, now=now)
            for line in account.lines
        }
    earlier: list[tuple[int, int]] = []
    if series.status == SeriesStatus.DRAFT:
        counted = enrolling.count_earlier(conn, series, days=EARLIER, now=now)
        earlier = [each for each in counted.items() if each[1]]
    pages = {series.only_action_id, *(line.step.action_id for line in account.lines)} - {None}
    titles, halted = titles_of_pages(conn, pages), halted_steps(conn, series_id)
    today = _today(series, account, now)
    return SeriesPage(series, account, halted, ballots, earlier, today, titles)


def held_in(conn: Connection, viewer: Viewer) -> list[Held]:
    """What of somebody's series waits for an answer."""
    return series_account.held(conn, viewer.within)


def seen(
    conn: Connection, series_id: int, viewer: Viewer, before: int | None
) -> Sequence[Row[Any]]:
    """The people of a series whom somebody may see, and one more if there are more."""
    visible = scope.people(viewer.within, Contact.id.expression)
    most = series_account.SHOWN + 1
    return series_account.people(conn, series_id, visible, before=before, most=most)


def _today(series: Row[Any], account: Account, at: datetime) -> list[tuple[StepLine, str]]:
    """The wall times at which each step comes to somebody to whom it happens now."""
    day = first_day(at, (), series.zone)
    return [
        (line, f"{step_day(day, line.step.days)}T{line.step.hour}" if line.step.days else "")
        for line in account.lines
    ]


async def _index(
    request: web.Request, typed: Mapping[str, str], *, problem: str = ""
) -> web.Response:
    viewer = request[VIEWER]
    values = {
        "series": await read(request, series_account.series_of, viewer.within),
        "held": await read(request, held_in, viewer),
        "projects": await read(request, projects, viewer.may_in(May.WRITE)),
        **await _choices(request, typed, problem),
    }
    return await page(request, "series_list.html", values, status=_status(problem))


async def _form(
    request: web.Request, series: Row[Any], typed: Mapping[str, str], *, problem: str = ""
) -> web.Response:
    follows = await alerts_of(request, series.project_id, keep=series.only_action_id)
    values = {"series": series, "follows": follows, **await _choices(request, typed, problem)}
    return await page(request, "series_change.html", values, status=_status(problem))


async def _choices(request: web.Request, typed: Mapping[str, str], problem: str) -> dict[str, Any]:
    ours, chosen = await read(request, peoples_zones), typed.get("zone", "")
    groups = zone_groups(ours, chosen, translator(request), now=now(request))
    zones = [each for group in groups for each in group.zones]
    return {"typed": typed, "problem": problem, "zones": zones, "findings": findings}


def _draft(typed: Mapping[str, str]) -> SeriesDraft:
    """What the form says. Raises BadSeries."""
    chosen = typed.get("trigger", "")
    if chosen not in set(Trigger):
        raise BadSeries("Choose what puts people into the series.")
    return SeriesDraft(
        name=" ".join(typed.get("name", "").split()),
        trigger=Trigger(chosen),
        zone=typed.get("zone", ""),
        imports=typed.get("imports") == "yes",
        late_minutes=_among(typed, "late", LATE, 60),
        wait_hours=_among(typed, "wait", WAIT, 72),
    )


def _among(typed: Mapping[str, str], name: str, among: Sequence[int], otherwise: int) -> int:
    value = number(typed, name)
    return value if value is not None and value in among else otherwise


def _typed_of(series: Row[Any]) -> dict[str, str]:
    return {
        "name": series.name,
        "trigger": series.trigger,
        "zone": series.zone,
        "imports": "yes" if series.imports else "",
        "late": str(series.late_minutes),
        "wait": str(series.wait_hours),
        "only": str(series.only_action_id or ""),
    }


async def _typed(request: web.Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.post()).items()}


def _series(request: web.Request) -> int:
    return int(request.match_info["series_id"])


def _status(problem: str) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK


def _back(series_id: int) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/console/series/{series_id}")
