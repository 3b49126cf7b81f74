"""Cases: what is known, since when, from whom; noting a fact, changing it, taking it back, clearing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web
from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection, select

from alerts import updating
from alerts.at_risk import AtRisk, at_risk
from alerts.cases import save_case
from alerts.correcting import draft_correction
from alerts.corrections import Owed, citing_alerts, owed
from alerts.fact_models import ClearedBy, FactKind
from alerts.facts import BadFact
from alerts.models import Case, CaseText
from alerts.timeline import KnownFact, facts_of, find_fact
from alerts.weighing import naming_among
from contacts.models import Project
from organizers.access import names
from organizers.roles import May
from organizers.sessions import Viewer
from web.console import choices, overviews
from web.console.alert_forms import BadForm, new_case, text_of
from web.console.case_forms import read_fact, write_fact
from web.console.guard import require_project
from web.console.overviews import AlertLine
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import SITE
from web.pages import language_of

NO_CLEARANCE = "Say who cleared it: the family, a lawyer, or an organizer."


@dataclass(frozen=True)
class CaseSeen:
    """A case as its page shows it."""

    id: int
    project_id: int | None
    project: str  # "" = the network's
    title: str
    summary: str
    closed_at: datetime | None
    facts: Sequence[KnownFact]
    alerts: list[AlertLine]
    owed: dict[int, list[Owed]]  # by fact: who was told otherwise, and has not been told better
    cited: dict[int, list[AlertLine]]  # by fact: the alerts whose words follow it, or told it
    names: dict[int | None, str]  # of projects; without the network
    at_risk: list[AtRisk]  # whoever may only look reads no names
    # Alerts that name somebody at risk by now; who may only look is not told.
    naming: frozenset[int]
    may_write: bool
    may_send: bool

    def shows(self, fact: KnownFact) -> bool:
        """Whether whoever looks may read a fact: what is withheld only those who work on it."""
        return self.may_write or not fact.was_withheld


async def index(request: web.Request) -> web.Response:
    """Every case, the latest first."""
    within, language = request[VIEWER].within, language_of(request)
    found = await read(request, overviews.cases, within, language=language)
    return await page(request, "cases.html", {"cases": found})


async def new(request: web.Request) -> web.Response:
    """An empty form."""
    return await _case_form(request, MultiDict())


async def begin(request: web.Request) -> web.Response:
    """Store a new case and go on to what is known of it."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    viewer, problems = request[VIEWER], list[str]()
    project_id = require_project(viewer, number(form, "project"))
    draft = new_case(form, request.config_dict[SITE].languages, problems)
    if problems:
        return await _case_form(request, form, problems=problems)
    by, at = viewer.actor, now(request)
    made = await write(request, save_case, draft, project_id=project_id, by=by, now=at)
    raise web.HTTPSeeOther(f"/console/cases/{made}")


async def show(request: web.Request) -> web.Response:
    """What is known of a case, and what was known before."""
    case_id, viewer = int(request.match_info["case_id"]), request[VIEWER]
    found = await read(request, seen, case_id, viewer, language=language_of(request))
    values = {"seen": found, "names": await read(request, names)}
    return await page(request, "case.html", values)


async def new_fact(request: web.Request) -> web.Response:
    """An empty form of a fact."""
    return await _fact_form(request, MultiDict(), int(request.match_info["case_id"]))


async def add_fact(request: web.Request) -> web.Response:
    """Note a fact."""
    case_id = int(request.match_info["case_id"])
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    try:
        draft = read_fact(form, request.config_dict[SITE].languages)
        by, at = request[VIEWER].actor, now(request)
        await write(request, updating.add_fact, case_id, draft, by=by, now=at)
    except (BadForm, BadFact) as error:
        return await _fact_form(request, form, case_id, problems=_problems(error))
    raise web.HTTPSeeOther(f"/console/cases/{case_id}?notice=noted")


async def edit_fact(request: web.Request) -> web.Response:
    """The form of a fact that is known."""
    fact = await read(request, find_fact, int(request.match_info["fact_id"]))
    typed = write_fact(fact.current, now(request))
    return await _fact_form(request, typed, fact.case_id, fact=fact)


async def change_fact(request: web.Request) -> web.Response:
    """Note what is known of a fact now."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    fact = await read(request, find_fact, int(request.match_info["fact_id"]))
    try:
        draft = read_fact(form, request.config_dict[SITE].languages)
        note = text_of(form, "note")
        await write(request, updating.change_fact, fact.id, draft, note=note, **_who(request))
    except (BadForm, BadFact) as error:
        problems = _problems(error)
        return await _fact_form(request, form, fact.case_id, fact=fact, problems=problems)
    raise web.HTTPSeeOther(f"/console/cases/{fact.case_id}?notice=changed")


async def withdraw_fact(request: web.Request) -> web.Response:
    """Take a fact back, because it turned out false."""
    why = text_of(await request.post(), "why")  # type: ignore[arg-type]
    fact = await read(request, find_fact, int(request.match_info["fact_id"]))
    try:
        await write(request, updating.withdraw_fact, fact.id, why=why, **_who(request))
    except BadFact as error:
        return await _refused(request, fact, str(error), why=why)
    raise web.HTTPSeeOther(f"/console/cases/{fact.case_id}?notice=withdrawn")


async def clear_fact(request: web.Request) -> web.Response:
    """Release what was withheld."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    fact = await read(request, find_fact, int(request.match_info["fact_id"]))
    who, override = text_of(form, "cleared_by"), text_of(form, "clear_override")
    if who not in list(ClearedBy):
        return await _refused(request, fact, NO_CLEARANCE, clear_override=override)
    cleared: dict[str, Any] = {"cleared_by": ClearedBy(who), "override": override}
    try:
        await write(request, updating.clear_fact, fact.id, **cleared, **_who(request))
        fact = await read(request, find_fact, fact.id)
    except BadFact as error:
        typed = {"cleared_by": who, "clear_override": override}
        return await _refused(request, fact, str(error), **typed)
    told = "cleared" if fact.current.is_released(now(request)) else "noted"  # or under embargo
    raise web.HTTPSeeOther(f"/console/cases/{fact.case_id}?notice={told}")


async def correct(request: web.Request) -> NoReturn:
    """Draft the correction of what a fact does not say any more, and go on to check it."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    project_id = require_project(request[VIEWER], number(form, "project"))
    fact_id, perhaps = int(request.match_info["fact_id"]), text_of(form, "perhaps") == "yes"
    written = await write(
        request, draft_correction, fact_id, project_id, perhaps=perhaps, **_who(request)
    )
    raise web.HTTPSeeOther(f"/console/alerts/{written}")


def seen(
    conn: Connection, case_id: int, viewer: Viewer, *, language: str, counts: bool = True
) -> CaseSeen:
    """Read a case; the caller knows that it exists. ``counts``: also who was told otherwise."""
    columns = (Case.id, Case.slug, Case.project_id, Case.closed_at, Project.name)
    found = select(*columns).outerjoin(Project, Project.id == Case.project_id)
    row = conn.execute(found.where(Case.id == case_id)).one()
    texts = select(CaseText.language, CaseText.title, CaseText.summary)
    rows = conn.execute(texts.where(CaseText.case_id == case_id).order_by(CaseText.language))
    words = {code: (title, summary) for code, title, summary in rows}
    title, summary = words.get(language) or next(iter(words.values()), (row.slug, ""))
    known, citing = facts_of(conn, case_id), citing_alerts(conn, case_id)
    written = overviews.alerts(conn, viewer.within, language=language, case_id=case_id)
    may_write = viewer.may(May.WRITE, row.project_id)
    weighed = written if counts and may_write else ()
    return CaseSeen(
        id=row.id,
        project_id=row.project_id,
        project=row.name or "",
        title=title,
        summary=summary,
        closed_at=row.closed_at,
        facts=known,
        owed={
            each.id: owed(conn, each, viewer.within, language=language) for each in known if counts
        },
        names=dict(choices.projects(conn, None)),
        alerts=written,
        cited={
            each.id: [line for line in written if line.id in citing.get(each.id, ())]
            for each in known
        },
        at_risk=at_risk(conn, case_id) if may_write else [],
        naming=naming_among(conn, case_id, [each.id for each in weighed if each.launched_at]),
        may_write=may_write,
        may_send=viewer.may(May.SEND, row.project_id),
    )


def _who(request: web.Request) -> dict[str, Any]:
    """Who changes a fact, when, in which house."""
    house = request.config_dict[SITE].house
    return {"house": house, "by": request[VIEWER].actor, "now": now(request)}


def _problems(error: BadForm | BadFact) -> list[str]:
    return list(error.problems) if isinstance(error, BadForm) else [str(error)]


async def _refused(
    request: web.Request, fact: KnownFact, problem: str, **typed: str
) -> web.Response:
    """The form again, with what was typed into one of the small ones beside it."""
    form = write_fact(fact.current, now(request))
    form.update(typed)
    return await _fact_form(request, form, fact.case_id, fact=fact, problems=[problem])


async def _case_form(
    request: web.Request, typed: MultiMapping[str], *, problems: object = ()
) -> web.Response:
    own = await read(request, choices.projects, request[VIEWER].may_in(May.WRITE))
    values = {"typed": typed, "own": own, "problems": problems}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return await page(request, "case_form.html", values, status=status)


async def _fact_form(
    request: web.Request,
    typed: MultiMapping[str],
    case_id: int,
    *,
    fact: KnownFact | None = None,
    problems: object = (),
) -> web.Response:
    viewer, language = request[VIEWER], language_of(request)
    values = {
        "typed": typed,
        "fact": fact,
        "seen": await read(request, seen, case_id, viewer, language=language, counts=False),
        "kinds": [each.value for each in FactKind],
        "problems": problems,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return await page(request, "fact_form.html", values, status=status)
