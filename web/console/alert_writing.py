"""Write an alert: the form for a new one and for a draft, and its live measure."""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from multidict import MultiDict, MultiMapping

from actions.asks import BadAction
from actions.models import TargetRule
from actions.scripts import BadScript
from alerts.cases import UnknownCase
from alerts.facts import BadFact
from alerts.follow_ups import followed_by
from messages.control import NotNow
from messages.templates import BadTemplate
from web.console import saving
from web.console.alert_forms import NEW_FACTS, BadForm, write_budget
from web.console.ask_forms import rows_of
from web.console.choices import choices
from web.console.citations import citable
from web.console.live_writing import PLAIN, SEE, Live, live, with_plain
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import SITE
from web.pages import language_of, render

WRONG = (BadForm, BadAction, BadScript, BadTemplate, UnknownCase, BadFact, NotNow)


async def new(request: web.Request) -> web.Response:
    """An empty form, but for what the network has settled."""
    budget = write_budget(request.config_dict[SITE].alert_budget_cents)
    case = str(number(request.query, "case") or "")
    typed = MultiDict(budget=budget, ask_0_who=TargetRule.CONGRESS, case=case)
    return await _form(request, typed)


async def create(request: web.Request) -> web.Response:
    """Store a new draft and go on to check it."""
    return await _save(request, None)


async def edit(request: web.Request) -> web.Response:
    """The form of a draft."""
    alert_id = int(request.match_info["alert_id"])
    if await read(request, followed_by, alert_id) is not None:
        raise web.HTTPSeeOther(f"/console/alerts/{alert_id}/words")
    typed = await read(request, saving.typed, alert_id)
    return await _form(request, typed, alert_id=alert_id)


async def save(request: web.Request) -> web.Response:
    """Rewrite a draft and go on to check it."""
    return await _save(request, int(request.match_info["alert_id"]))


async def plain(request: web.Request) -> NoReturn:
    """Make a draft's texts cheaper by plain characters."""
    alert_id = int(request.match_info["alert_id"])
    house, actor = request.config_dict[SITE].house, request[VIEWER].actor
    await write(request, saving.write_plain, alert_id, house=house, by=actor, now=now(request))
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")


async def measure(request: web.Request) -> web.Response:
    """What the words in the form take, endanger and look like, as the pieces of the page that show it."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    return render(request, "console/live_writing.html", {"live": await _live(request, form)})


async def _live(request: web.Request, form: MultiMapping[str]) -> Live:
    house = request.config_dict[SITE].house
    return await read(request, live, form, request[VIEWER], house=house, now=now(request))


async def _save(request: web.Request, alert_id: int | None) -> web.Response:
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    house, then = request.config_dict[SITE].house, form.get("then", "")
    if then.startswith((SEE, PLAIN)):  # a button that looks at the words, and stores nothing
        plain = with_plain(form, then.removeprefix(PLAIN)) if then.startswith(PLAIN) else form
        return await _form(request, plain, alert_id=alert_id)
    try:
        saved = await write(
            request,
            saving.save,
            form,
            request[VIEWER],
            alert_id=alert_id,
            house=house,
            now=now(request),
        )
    except WRONG as error:
        problems = getattr(error, "problems", None) or [str(error)]
        return await _form(request, form, alert_id=alert_id, problems=problems)
    raise web.HTTPSeeOther(f"/console/alerts/{saved}")


async def _form(
    request: web.Request,
    typed: MultiMapping[str],
    *,
    alert_id: int | None = None,
    problems: object = (),
) -> web.Response:
    viewer = request[VIEWER]
    facts = await read(request, citable, viewer, number(typed, "case"))
    values = {
        "facts": facts,
        "typed": typed,
        "alert_id": alert_id,
        "problems": problems,
        "new_facts": NEW_FACTS,
        "rows": rows_of(typed),
        "choices": await read(request, choices, viewer, language=language_of(request)),
        "live": await _live(request, typed),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return await page(request, "alert_form.html", values, status=status)
