"""Alerts: the list, checking and launching a draft, and following one that was launched."""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Any, NoReturn

from aiohttp import web
from sqlalchemy import Connection

from alerts.alone import BreakGlass, NoReason, NotRed, alone, letters_about
from alerts.approving import NotApproved
from alerts.at_risk import NotYetSaid
from alerts.corrections import corrections_of, reach_of
from alerts.follow_ups import Followed, follow_ups, followed_by
from alerts.launching import AudienceChanged, NotReady, is_draft, launch
from alerts.models import FollowUpKind
from alerts.resending import remaining, stop_and_write_anew
from alerts.steering import Act, set_budget
from alerts.steering import steer as steer_alert
from alerts.trials import NotTested, require_test, tried
from alerts.weighing import naming_by_now
from database.jobs import Jobs
from messages.house import HouseRules
from messages.models import MessageStatus
from organizers.access import names
from organizers.sessions import Viewer
from web.console import overviews, steering
from web.console.alert_forms import NO_MONEY, BadForm, read_budget
from web.console.closing import stand
from web.console.lives import Live, live
from web.console.lobbying import work_seen
from web.console.paces import pace_of
from web.console.reviews import asking, review
from web.console.targets import changeable
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import JOBS, SITE
from web.pages import language_of

NOT_READY = "Something stands in the way of this launch; the checks below say what."
NO_NUMBER = "Type the number of people, in digits, to confirm that you have looked at it."


async def index(request: web.Request) -> web.Response:
    """Every alert, the latest first."""
    viewer, language = request[VIEWER], language_of(request)
    found = await read(request, overviews.alerts, viewer.within, language=language)
    return await page(request, "alerts.html", {"alerts": found})


async def show(request: web.Request) -> web.Response:
    """A draft with its checks, or how a launched alert is doing."""
    return await alert_page(request, int(request.match_info["alert_id"]))


async def alert_page(
    request: web.Request, alert_id: int, *, problem: str = "", stands: str = ""
) -> web.Response:
    """The same, with what is wrong with what somebody wants done; ``stands``: why they say a name may."""
    if await read(request, is_draft, alert_id):
        return await review_page(request, alert_id, problem=problem, stands=stands)
    values = await read(request, _launched, alert_id, request[VIEWER], now(request))
    pace = await pace_of(request, values["seen"])
    shown = {**values, "pace": pace, "problem": problem, "stands": stands}
    code = HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    return await page(request, "alert_live.html", shown, status=code)


def _launched(conn: Connection, alert_id: int, viewer: Viewer, at: datetime) -> dict[str, Any]:
    """What the page of a launched alert shows, read at one moment."""
    seen = live(conn, alert_id, within=viewer.within, now=at)
    written, followed = follow_ups(conn, alert_id), followed_by(conn, alert_id)
    counted = _stopped(seen) and _is_sending(followed) and FollowUpKind.REST not in written
    return {
        "seen": seen,
        "left_over": remaining(conn, alert_id, viewer.within) if counted else 0,
        "case": stand(conn, alert_id, viewer, at),
        "alert_id": alert_id,
        "follow_ups": written,
        "followed": followed,
        "alone": alone(conn, alert_id),
        "letters": letters_about(conn, alert_id),
        "names": names(conn),
        "labour": work_seen(conn, alert_id),
        "corrections": corrections_of(conn, alert_id),
        "named": naming_by_now(conn, alert_id),
    }


async def start(request: web.Request) -> web.Response:
    """Launch, if it is approved and the typed number is the audience's."""
    return await _launch(request, None)


async def start_alone(request: web.Request) -> web.Response:
    """Launch a red alert without a second person, for a reason that others will read."""
    return await _launch(request, BreakGlass(str((await request.post()).get("why", ""))))


async def _launch(request: web.Request, glass: BreakGlass | None) -> web.Response:
    alert_id = int(request.match_info["alert_id"])
    typed = re.sub(r"[\s,.]", "", str((await request.post()).get("confirmed", "")))
    why = "" if glass is None else glass.why
    if not re.fullmatch(r"[0-9]{1,9}", typed):
        return await review_page(request, alert_id, problem=NO_NUMBER, why=why)
    try:
        await write(
            request,
            launch_tested,
            request.config_dict[JOBS],
            alert_id,
            house=request.config_dict[SITE].house,
            confirmed=int(typed),
            viewer=request[VIEWER],
            now=now(request),
            glass=glass,
        )
    except NotReady:
        return await review_page(request, alert_id, problem=NOT_READY, why=why)
    except (AudienceChanged, NotApproved, NotRed, NoReason, NotTested) as error:
        return await review_page(request, alert_id, problem=str(error), why=why)
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")


def launch_tested(
    conn: Connection,
    jobs: Jobs,
    alert_id: int,
    *,
    house: HouseRules,
    confirmed: int,
    viewer: Viewer,
    now: datetime,
    glass: BreakGlass | None,
) -> None:
    """Launch an alert whose words somebody has had as a test. Raises NotTested, and what ``launch`` raises.

    Asked last, when the alert's words are held: a test of other words is none.
    """
    by = viewer.actor
    launch(conn, jobs, alert_id, house=house, confirmed=confirmed, by=by, now=now, glass=glass)
    require_test(conn, alert_id, viewer.organizer_id, now=now)


async def steer(request: web.Request) -> web.Response:
    """Undo, pause, resume or stop."""
    alert_id = int(request.match_info["alert_id"])
    act, by = Act(request.match_info["act"]), request[VIEWER].actor
    try:
        jobs = request.config_dict[JOBS]
        await write(request, steer_alert, jobs, alert_id, act, by=by, now=now(request))
    except NotYetSaid as error:
        return await alert_page(request, alert_id, problem=str(error))
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")


async def budget(request: web.Request) -> NoReturn:
    """Change what a launched alert's texts may cost, in all; it goes on if it waited for that."""
    alert_id, problems = int(request.match_info["alert_id"]), list[str]()
    cents = read_budget(str((await request.post()).get("budget", "")).strip(), problems)
    if problems or not cents:
        raise BadForm(problems or [NO_MONEY])
    jobs = request.config_dict[JOBS]
    await write(request, set_budget, jobs, alert_id, cents, now=now(request))
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")


async def write_anew(request: web.Request) -> NoReturn:
    """Stop an alert, and go on to the words for those who have not got it."""
    alert_id = int(request.match_info["alert_id"])
    written = await write(
        request,
        stop_and_write_anew,
        request.config_dict[JOBS],
        alert_id,
        house=request.config_dict[SITE].house,
        by=request[VIEWER].actor,
        now=now(request),
    )
    raise web.HTTPSeeOther(f"/console/alerts/{written}/words")


async def again(request: web.Request) -> NoReturn:
    """Send one unknown copy once more, because a person says so."""
    alert_id = int(request.match_info["alert_id"])
    typed = str((await request.post()).get("delivery", ""))
    await write(
        request,
        steering.send_again,
        request.config_dict[JOBS],
        alert_id,
        delivery_id=int(typed) if re.fullmatch(r"[0-9]{1,15}", typed) else 0,
        within=request[VIEWER].within,
        by=request[VIEWER].actor,
        now=now(request),
    )
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")


def _is_sending(followed: Followed | None) -> bool:
    """Whether it is an alert itself, the first time or to whoever was left over."""
    return followed is None or followed.kind is FollowUpKind.REST


def _stopped(seen: Live) -> bool:
    return seen.progress.status == MessageStatus.STOPPED


async def review_page(
    request: web.Request, alert_id: int, *, problem: str = "", why: str = "", stands: str = ""
) -> web.Response:
    """A draft as it stands: what it says, whom it reaches, what is in its way."""
    person = number(request.query, "person") or 0
    values = await read(
        request,
        _reviewed,
        alert_id,
        request[VIEWER],
        house=request.config_dict[SITE].house,
        person=person,
        wanted=request.query.get("as", ""),
        now=now(request),
    )
    typed = {"problem": problem, "why": why, "stands": stands, "person": person}
    code = HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    shown = {**values, **typed, "test_key": token_urlsafe(18)}
    return await page(request, "alert_review.html", shown, status=code)


def _reviewed(
    conn: Connection,
    alert_id: int,
    viewer: Viewer,
    *,
    house: HouseRules,
    person: int,
    wanted: str,
    now: datetime,
) -> dict[str, Any]:
    """What the page of a draft shows, read at one moment."""
    told: dict[str, Any] = {"within": viewer.within, "person": person, "wanted": wanted}
    seen = review(conn, alert_id, house=house, now=now, **told)
    return {
        "seen": seen,
        "alert_id": alert_id,
        "asking": asking(conn, alert_id, viewer, house=house, now=now),
        "changeable": changeable(conn, viewer),
        "followed": seen.followed,
        "tried": tried(conn, alert_id, viewer.organizer_id, now=now),
        "missed": reach_of(conn, alert_id),
        "labour": work_seen(conn, alert_id),
    }
