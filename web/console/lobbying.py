"""What kind of work alerts are: said in a form, hours noted beside it, and reported year by year."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NoReturn

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy import Connection, Select, bindparam, select

from actions.models import CustomTarget, TargetKind, TargetRule
from alerts.guessing_work import Guess, guess
from alerts.kinds_of_work import work_of
from alerts.lobbying import (
    BadHours,
    HoursLine,
    Worked,
    guess_stored,
    hours_of,
    note_hours,
    say_work,
)
from alerts.lobbying_report import Spent, Yearly, yearly
from alerts.models import Work
from contacts.spreadsheets import Sheet
from messages.budgets import CENTS
from organizers.roles import NETWORKS, Within, owned
from organizers.sessions import Viewer
from web.console.alert_forms import BadForm, day_typed, text_of
from web.console.ask_forms import OFFICE, SCRIPT_PARTS, rows_of
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import SITE
from web.pages import eastern

YEAR = re.compile(r"20[0-9]{2}")
HOURS = re.compile(r"[0-9]{1,2}(?:[.,][0-9]{1,2})?")
MINUTES = 60
HEADINGS = (
    "year",
    "kind",
    "project",
    "alerts",
    "texts_dollars",
    "texts_exact",
    "calls_dollars",
    "hours",
)
NOT_SAID = "Say what kind of work it is: choose one of the four."
NO_HOURS = "Hours are a number up to 24, such as 1.5."
NO_DAY = "The day is a date, such as 2026-12-04."


@dataclass(frozen=True)
class WorkSeen:
    """What kind of work an alert is, as its page shows it."""

    work: Work | None
    guess: Guess | None  # what it looks like, while nobody has said
    hours: Sequence[HoursLine]

    @property
    def minutes(self) -> int:
        """Of the lines that stand."""
        return sum(each.worked.minutes for each in self.hours if not each.replaced)


def work_seen(conn: Connection, alert_id: int) -> WorkSeen:
    """Read what is known of an alert's work. Raises NoSuchAlert."""
    said = work_of(conn, alert_id)
    suggested = None if said else guess_stored(conn, alert_id)
    return WorkSeen(said, suggested, hours_of(conn, alert_id))


def guess_typed(conn: Connection, form: MultiMapping[str], viewer: Viewer) -> Guess | None:
    """What kind of work it looks like that stands in the form of an alert; None of what only follows one."""
    if "ask_0_who" not in form:
        return None
    chosen = [str(form.get(f"ask_{row}_who", "")) for row in range(rows_of(form))]
    rules = [TargetRule(each) for each in chosen if each in list(TargetRule)]
    keys = [each.removeprefix(OFFICE) for each in chosen if each.startswith(OFFICE)]
    kinds = conn.scalars(_kinds((*viewer.within, NETWORKS)), {"keys": keys})
    rules += [TargetRule.CUSTOM] * bool(keys)
    said = _texts(form, SCRIPT_PARTS)
    texts = [*_texts(form, ("sms", "subject", "body")), *said]
    return guess(rules if any(said) else [], [TargetKind(each) for each in kinds], texts)


@lru_cache
def _kinds(within: tuple[int, ...]) -> Select[str]:
    named = CustomTarget.key.in_(bindparam("keys", expanding=True))
    return select(CustomTarget.kind).where(named, owned(CustomTarget.project_id, within))


def _texts(form: MultiMapping[str], parts: Sequence[str]) -> list[str]:
    """What is typed in fields of these parts, in any language, of the alert or of one of its asks."""
    named = re.compile(rf"(?:ask_[0-9]{{1,2}}_)?(?:{'|'.join(parts)})_[a-z]{{2}}")
    return [str(value) for name, value in form.items() if named.fullmatch(name) and value]


async def say(request: web.Request) -> NoReturn:
    """Say what kind of work an alert is."""
    alert_id = int(request.match_info["alert_id"])
    said = str((await request.post()).get("work", ""))
    if said not in list(Work):
        raise BadForm([NOT_SAID])
    await write(request, say_work, alert_id, Work(said), by=request[VIEWER].actor)
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")


async def hours(request: web.Request) -> NoReturn:
    """Note hours of work on an alert, or correct what was noted."""
    alert_id = int(request.match_info["alert_id"])
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    worked, by, at = _worked(form), request[VIEWER].actor, now(request)
    replaces = number(form, "replaces")
    try:
        await write(request, note_hours, alert_id, worked, replaces=replaces, by=by, now=at)
    except BadHours as error:
        raise BadForm([str(error)]) from error
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}#h-work")


def _worked(form: MultiMapping[str]) -> Worked:
    typed, day = text_of(form, "hours"), day_typed(form, "worked_on")
    problems = [NO_HOURS] * (not HOURS.fullmatch(typed)) + [NO_DAY] * (day is None)
    if problems or day is None:
        raise BadForm(problems)
    minutes = int((Decimal(typed.replace(",", ".")) * MINUTES).to_integral_value())
    return Worked(text_of(form, "who"), day, minutes)


async def show(request: web.Request) -> web.Response:
    """The report of a year."""
    found, viewer = await _yearly(request), request[VIEWER]
    values = {
        "report": found,
        "own": [each for each in found.alerts if each.project_id in viewer.within],
        "costs": _costs(request),
        "this_year": now(request).astimezone(eastern()).year,
    }
    return await page(request, "lobbying.html", values)


async def export(request: web.Request) -> web.Response:
    """The same, by kind and project, as a table."""
    found, costs = await _yearly(request), _costs(request)
    target = io.StringIO(newline="")
    sheet = Sheet(target)
    sheet.add(HEADINGS)
    for each in found.sums:
        cost = costs(each.spent)
        sheet.add(
            (
                found.year,
                each.work or "not_said",
                each.project or request.config_dict[SITE].network_name,
                each.spent.launched,
                f"{cost.texts:.2f}",
                "yes" if each.spent.texts.exact else "at_most",
                f"{cost.calls:.2f}",
                f"{Decimal(each.spent.minutes_worked) / MINUTES:.2f}",
            )
        )
    name = f'attachment; filename="lobbying-{found.year}.csv"'
    body = target.getvalue().encode("utf-8-sig")
    headers = {"Content-Disposition": name}
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


@dataclass(frozen=True)
class Cost:
    """Dollars."""

    texts: Decimal
    calls: Decimal


class _Costs:
    """What segments and minutes cost here."""

    def __init__(self, cents_per_segment: Decimal, cents_per_minute: Decimal) -> None:
        self._segment, self._minute = cents_per_segment, cents_per_minute

    def __call__(self, spent: Spent) -> Cost:
        """In dollars."""
        texts = spent.texts.segments * self._segment / CENTS
        return Cost(texts, spent.minutes_connected * self._minute / CENTS)


def _costs(request: web.Request) -> _Costs:
    site = request.config_dict[SITE]
    return _Costs(site.cents_per_segment, site.voice.cents_per_minute if site.voice else Decimal(0))


async def _yearly(request: web.Request) -> Yearly:
    """The year that is wanted, or the present one; the network's office sees every project's totals."""
    wanted, viewer = request.query.get("year", ""), request[VIEWER]
    present = now(request).astimezone(eastern()).year
    within: Within = None if viewer.network else viewer.within
    year = int(wanted) if YEAR.fullmatch(wanted) else present
    return await read(request, yearly, year, within)
