"""Reports for partners: a page to print and a table, in the language the reader chooses; nobody's name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal

from aiohttp import web
from sqlalchemy import Connection, select

from alerts.follow_ups import first_of
from alerts.models import FollowUp
from alerts.preflight import find_alert
from alerts.reporting import Report, alert_report, case_report
from alerts.rounding import lowest
from contacts.spreadsheets import Sheet
from messages import budgets
from messages.control import NotNow
from web.console.curves import bars
from web.console.lives import known_as
from web.console.report_tables import notes_on_people, plain
from web.console.viewing import VIEWER, now, page, read
from web.keys import SITE
from web.pages import LANGUAGE, language_of, translator

HEADINGS = ("part", "what", "detail", "number")
NOT_LAUNCHED = "this alert has not been launched; there is nothing to report yet"


async def of_alert(request: web.Request) -> web.Response:
    """The report of one alert."""
    alert_id = int(request.match_info["alert_id"])
    return await _page(request, await _alert(request), f"/console/alerts/{alert_id}")


async def of_alert_csv(request: web.Request) -> web.Response:
    """The same as a table."""
    alert_id = int(request.match_info["alert_id"])
    return _table(request, await _alert(request), f"alert-{alert_id}")


async def of_case(request: web.Request) -> web.Response:
    """The report of a case: all its alerts together."""
    case_id = int(request.match_info["case_id"])
    return await _page(request, await _case(request), f"/console/cases/{case_id}")


async def of_case_csv(request: web.Request) -> web.Response:
    """The same as a table."""
    case_id = int(request.match_info["case_id"])
    return _table(request, await _case(request), f"case-{case_id}")


async def _alert(request: web.Request) -> Report:
    alert_id = await read(request, _first, int(request.match_info["alert_id"]))
    found = await read(request, alert_report, alert_id, now=now(request))
    if not found.alerts:
        raise NotNow(NOT_LAUNCHED)
    return found


def _first(conn: Connection, alert_id: int) -> int:
    """The alert that another one follows: they are told together. Raises NoSuchAlert."""
    find_alert(conn, alert_id)
    of = conn.scalar(select(FollowUp.of_id).where(FollowUp.alert_id == alert_id))
    return first_of(conn, of or alert_id)


async def _case(request: web.Request) -> Report:
    case_id, within = int(request.match_info["case_id"]), request[VIEWER].within
    return await read(request, case_report, case_id, within, now=now(request))


async def _page(request: web.Request, report: Report, home: str) -> web.Response:
    speak(request)
    language, site, words = language_of(request), request.config_dict[SITE], translator(request)
    minutes = site.voice.cents_per_minute if site.voice else Decimal(0)
    cents = lowest(report.minutes) * minutes
    offices = {
        each.target.key: known_as(each.target, language) for each in report.offices if each.target
    }
    values = {
        "report": report,
        "home": home,
        "bars": bars([lowest(each.told) for each in report.days]),
        "names": offices,
        "notes": notes_on_people(words),
        "cost_of_texts": budgets.dollars(round(report.text_segments * site.cents_per_segment)),
        "cost_of_calls": budgets.dollars(round(cents)) if cents else "",
    }
    return await page(request, "report.html", values)


def speak(request: web.Request) -> None:
    """The reader's language, whatever the organizer's is."""
    wanted = request.query.get("lang", "")
    if wanted in request.config_dict[SITE].languages:
        request[LANGUAGE] = wanted


def _table(request: web.Request, report: Report, name: str) -> web.Response:
    speak(request)
    target = io.StringIO(newline="")
    sheet = Sheet(target)
    sheet.add(HEADINGS)
    for note in notes_on_people(translator(request)):
        sheet.add(("note", note, "", ""))
    for row in _rows(report, language_of(request)):
        sheet.add(row)
    headers = {"Content-Disposition": f'attachment; filename="{name}-report.csv"'}
    body = target.getvalue().encode("utf-8-sig")
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _rows(report: Report, language: str) -> Iterator[tuple[object, ...]]:
    equation = report.equation
    yield "sent", "people_confirmed", "", report.confirmed
    for name in (
        "eligible",
        "delivered",
        "sent",
        "held",
        "waiting",
        "sending",
        "calling_off",
        "unknown",
        "stopped",
        "expired",
    ):
        yield "sent", name, "", getattr(equation, name)
    # Not by reason: one of them may be that of a single person.
    yield "sent", "skipped", "", sum(equation.skipped.values())
    yield "sent", "failed", "", sum(equation.failed.values())
    yield "people", "tried", "", plain(report.people)
    yield "people", "reached_an_office", "", plain(report.reached)
    for outcome, told in report.outcomes.items():
        yield "calls", outcome.value, "", plain(told)
    for state, told in report.states.items():
        yield "states", state, "", plain(told)
    for line in report.offices:
        office = known_as(line.target, language) if line.target else "–"
        for outcome, told in line.counts.items():
            yield "offices", office, outcome.value, plain(told)
        yield "offices", office, "stance", line.stance
    for day in report.days:
        yield "days", day.day.isoformat(), "", plain(day.told)
    yield "connected", "minutes", "", plain(report.minutes)
    yield (
        "texts",
        "segments" if report.segments_exact else "segments_at_most",
        "",
        report.text_segments,
    )
