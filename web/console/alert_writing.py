"""Write an alert: the form for a new one and for a draft, what its buttons do, and its live measure."""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from aiohttp import hdrs, web
from multidict import MultiMapping

from actions.asks import BadAction
from actions.scripts import BadScript
from alerts.cases import UnknownCase
from alerts.facts import BadFact
from alerts.follow_ups import followed_by
from messages.control import NotNow
from messages.pictures import pictures_for
from messages.templates import BadTemplate
from web.console import beginnings, counting, saving
from web.console.alert_forms import NEW_FACTS, BadForm
from web.console.ask_forms import rows_of
from web.console.choices import choices
from web.console.citations import citable
from web.console.counting import Counted
from web.console.email_writing import framed, writing_page
from web.console.folding import opened
from web.console.live_writing import PLAIN, SEE, Live, email_page_typed, live, with_plain
from web.console.lobbying import guess_typed
from web.console.viewing import VIEWER, now, number, read, write
from web.keys import SITE
from web.pages import language_of, render, rendered

COUNT, BEGIN_ANEW = "count", "begin"  # what a button of the form does then, besides saving
LOOKING = (COUNT, "look", "fill")
WRONG = (BadForm, BadAction, BadScript, BadTemplate, UnknownCase, BadFact, NotNow)


async def new(request: web.Request) -> web.Response:
    """The form with what it begins with: a starting text, an earlier alert, or nothing yet."""
    return await _form(request, await beginnings.typed(request, request.query))


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
    guessed = await read(request, guess_typed, form, request[VIEWER])
    seen = await _live(request, form, number(form, "alert"))
    left = beginnings.open_blanks(form, request.config_dict[SITE].languages)
    values = {"live": seen, "guess": guessed, "blanks": left}
    return render(request, "console/live_writing.html", values)


async def preview(request: web.Request) -> web.Response:
    """The email in the form as somebody real gets it, in a language, by light or dark: a page for a frame."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    house, viewer = request.config_dict[SITE].house, request[VIEWER]
    html = await read(request, email_page_typed, form, viewer, house=house, now=now(request))
    return framed(request, html or rendered(request, "console/no_preview.html", {}), form)


async def _live(request: web.Request, form: MultiMapping[str], alert_id: int | None) -> Live:
    house, viewer = request.config_dict[SITE].house, request[VIEWER]
    return await read(request, live, form, viewer, alert_id=alert_id, house=house, now=now(request))


async def _save(request: web.Request, alert_id: int | None) -> web.Response:
    house = request.config_dict[SITE].house
    typed: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    then, form = typed.get("then", ""), beginnings.with_blanks_filled(typed, house.languages)
    if then in LOOKING or then.startswith((SEE, PLAIN)):
        return await _look(request, form, alert_id=alert_id, then=then)
    if then == BEGIN_ANEW and alert_id is None and await _is_untouched(request, form):
        raise web.HTTPSeeOther(_beginning(form))
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
        return await _form(request, form, alert_id=alert_id, error=error)
    raise web.HTTPSeeOther(_beginning(form) if then == BEGIN_ANEW else f"/console/alerts/{saved}")


async def _look(
    request: web.Request, form: MultiMapping[str], *, alert_id: int | None, then: str
) -> web.Response:
    """The form as it stands, with what was asked for beside it; nothing is stored."""
    people = await counting.asked(request, form) if then == COUNT else None
    shown = with_plain(form, then.removeprefix(PLAIN)) if then.startswith(PLAIN) else form
    return await _form(request, shown, alert_id=alert_id, counted=people)


async def _is_untouched(request: web.Request, form: MultiMapping[str]) -> bool:
    """Whether nothing would be lost that somebody wrote."""
    return beginnings.untouched(form, await beginnings.typed(request, form))


async def _begun_with(
    request: web.Request, form: MultiMapping[str], alert_id: int | None
) -> MultiMapping[str]:
    """What stood in the form before anybody wrote in it."""
    if request.method != hdrs.METH_POST:
        return form
    if alert_id is None:
        return await beginnings.typed(request, form)
    return await read(request, saving.typed, alert_id)


def _beginning(form: MultiMapping[str]) -> str:
    """The page of what to begin with, about the same case."""
    case_id = number(form, "case")
    return f"/console/alerts/start?case={case_id}" if case_id else "/console/alerts/start"


async def _form(
    request: web.Request,
    typed: MultiMapping[str],
    *,
    alert_id: int | None = None,
    error: Exception | None = None,
    counted: Counted | None = None,
) -> web.Response:
    viewer = request[VIEWER]
    problems = (getattr(error, "problems", None) or [str(error)]) if error else ()
    facts = await read(request, citable, viewer, number(typed, "case"))
    owner = await read(request, counting.project_typed, typed, viewer)
    values = {
        "facts": facts,
        "typed": typed,
        "alert_id": alert_id,
        "problems": problems,
        "opened": opened(typed, await _begun_with(request, typed, alert_id), error),
        "new_facts": NEW_FACTS,
        "rows": rows_of(typed),
        "blanks": beginnings.open_blanks(typed, request.config_dict[SITE].languages),
        "counted": counted,
        "pictures": await read(request, pictures_for, owner),
        "choices": await read(request, choices, viewer, language=language_of(request)),
        "live": await _live(request, counting.with_counts(typed, counted), alert_id),
        "guess": await read(request, guess_typed, typed, viewer),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return await writing_page(request, "alert_form.html", values, status=status)
