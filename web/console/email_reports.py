"""Reports on emails and campaigns: for their organizers on the screen, for partners without small numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web
from sqlalchemy import Connection, bindparam, select

from alerts.campaign_reports import CampaignReport, campaign_report
from alerts.campaigning import Discreet
from alerts.rounding import lowest
from alerts.told_emails import ToldEmail, tell_email
from campaigns import keeping
from campaigns.calendar import look_at
from campaigns.keeping import Kept
from campaigns.models import Campaign
from campaigns.reports import email_report
from organizers.sessions import Viewer
from web.console.choices import projects as named_projects
from web.console.curves import bars
from web.console.report_tables import (
    Table,
    account,
    as_csv,
    as_workbook,
    campaign_tables,
    email_tables,
    notes_on_campaign,
    notes_on_email,
)
from web.console.reports import speak
from web.console.viewing import VIEWER, now, page, read
from web.pages import language_of, translator

XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARTNERS = "partners"


async def of_email(request: web.Request) -> web.Response:
    """What came of one date of an email; the latest, if none is named."""
    partners = _for_partners(request)
    report = await _email(request, whole=not partners)
    words = translator(request)
    tables = email_tables(report, words, await _names(request))
    sent = report.sent
    told = report.figures.hours
    values = {
        "report": report,
        "tables": tables,
        "campaign": await read(request, _campaign_of, sent.email_id),
        "home": f"/console/emails/{sent.email_id}",
        "wanted": {"at": sent.local_time},
        "clicked_bars": bars([lowest(each.clicked) for each in told if each.start is not None]),
        "acted_bars": bars([lowest(each.acted) for each in told if each.start is not None]),
        "partners": partners,
        "notes": notes_on_email(report, words),
    }
    return await page(request, "email_report.html", values)


async def of_email_csv(request: web.Request) -> web.Response:
    """The same as a table, as it may leave the house."""
    return await _email_file(request, "csv")


async def of_email_xlsx(request: web.Request) -> web.Response:
    """The same as a workbook."""
    return await _email_file(request, "xlsx")


async def of_campaign(request: web.Request) -> web.Response:
    """What came of a campaign."""
    partners = _for_partners(request)
    report = await _campaign(request, whole=not partners)
    names, words = await _names(request), translator(request)
    values = {
        "report": report,
        "tables": campaign_tables(report, words, names, language_of(request)),
        "home": f"/console/campaigns/{report.kept.id}",
        "wanted": {},
        "left_bars": bars([lowest(each.left) for each in report.months]),
        "calls_bars": bars([each.calls or 0 for each in report.months]),
        "reading_bars": {
            each.id: bars([reading.value for reading in each.readings]) for each in report.measures
        },
        "partners": partners,
        "notes": notes_on_campaign(report, words),
    }
    return await page(request, "campaign_report.html", values)


async def of_campaign_csv(request: web.Request) -> web.Response:
    """The same as a table, as it may leave the house."""
    return await _campaign_file(request, "csv")


async def of_campaign_xlsx(request: web.Request) -> web.Response:
    """The same as a workbook."""
    return await _campaign_file(request, "xlsx")


async def _email_file(request: web.Request, kind: str) -> web.Response:
    speak(request)
    report, words = await _email(request, whole=False), translator(request)
    tables = email_tables(report, words, await _names(request))
    told = [account(report.equation, words), *tables.values()]
    return _file(request, told, notes_on_email(report, words), kind)


async def _campaign_file(request: web.Request, kind: str) -> web.Response:
    speak(request)
    report, words = await _campaign(request, whole=False), translator(request)
    tables = campaign_tables(report, words, await _names(request), language_of(request))
    told = [account(report.equation, words), *tables.values()]
    return _file(request, told, notes_on_campaign(report, words), kind)


async def _email(request: web.Request, *, whole: bool) -> ToldEmail:
    email_id, at = int(request.match_info["email_id"]), str(request.query.get("at", ""))
    return await read(
        request, _told_email, email_id, at, request[VIEWER], whole=whole, at_now=now(request)
    )


def _told_email(
    conn: Connection, email_id: int, at: str, viewer: Viewer, *, whole: bool, at_now: datetime
) -> ToldEmail:
    owner = look_at(conn, email_id).project_id
    by_project = _sees_projects(viewer, owner)
    report = email_report(conn, email_id, at, projects=by_project, now=at_now)
    return tell_email(report, None if whole else Discreet(conn, owner), now=at_now)


async def _campaign(request: web.Request, *, whole: bool) -> CampaignReport:
    campaign_id, viewer = int(request.match_info["campaign_id"]), request[VIEWER]
    owner = await read(request, _owner, campaign_id)
    return await read(
        request,
        campaign_report,
        campaign_id,
        viewer.within,
        projects=_sees_projects(viewer, owner),
        whole=whole,
        now=now(request),
    )


def _sees_projects(viewer: Viewer, owner: int | None) -> bool:
    """Whether figures by project are shown: of the network's emails, to its office; a committee's are its own."""
    return owner is None and viewer.network


_OWNER = select(Campaign.project_id).where(Campaign.id == bindparam("campaign"))


def _owner(conn: Connection, campaign_id: int) -> int | None:
    owner: int | None = conn.scalar(_OWNER, {"campaign": campaign_id})
    return owner


def _campaign_of(conn: Connection, email_id: int) -> Kept:
    return keeping.find(conn, look_at(conn, email_id).campaign_id)


async def _names(request: web.Request) -> dict[int, str]:
    within = None if request[VIEWER].network else request[VIEWER].within
    return dict(await read(request, named_projects, within))


def _for_partners(request: web.Request) -> bool:
    speak(request)
    return request.query.get("for") == PARTNERS


def _file(
    request: web.Request, tables: Sequence[Table], notes: Sequence[str], kind: str
) -> web.Response:
    """What may leave the house, as a file."""
    body, media = (
        (as_csv(tables, notes), "text/csv")
        if kind == "csv"
        else (as_workbook(tables, notes, translator(request)), f"application/{XLSX}")
    )
    what, number = next(iter(request.match_info.items()))
    name = f"{what.removesuffix('_id')}-{number}-report.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    charset = "utf-8" if kind == "csv" else None
    return web.Response(body=body, content_type=media, charset=charset, headers=headers)
