"""Starting texts of the network's own: keep one from an alert, change it, retire it."""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from multidict import MultiDict, MultiMapping

from actions.models import TargetRule
from alerts import own_starts
from alerts.models import Level
from alerts.own_starts import BadStart, find_start
from alerts.starting_texts import CASE_WORDS, PARTS, StartingText
from messages.pictures import pictures_for
from organizers.roles import May
from web.console.alert_forms import BadForm, choice_of, text_of
from web.console.beginnings import open_blanks
from web.console.email_writing import writing_page
from web.console.guard import require_project
from web.console.live_writing import live
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import SITE

HOME = "/console/starting-texts"
FIELDS = ("name", "about", *CASE_WORDS, *PARTS)
WHOM = (TargetRule.CONGRESS, TargetRule.REPRESENTATIVE, TargetRule.SENATORS, TargetRule.CUSTOM)
OF_TEXTS = ("sms", "subject", "body", "title", "summary")


async def index(request: web.Request) -> web.Response:
    """The network's own, and those that are offered no more."""
    values = {
        "offered": await read(request, own_starts.own_starts),
        "retired": await read(request, own_starts.own_starts, retired=True),
    }
    return await page(request, "own_starts.html", values)


async def keep(request: web.Request) -> NoReturn:
    """Keep an alert's words, and go on to name them."""
    require_project(request[VIEWER], None, May.WRITE)
    alert_id, by = int(request.match_info["alert_id"]), request[VIEWER].actor
    try:
        kept = await write(request, own_starts.keep, alert_id, by=by, now=now(request))
    except BadStart as error:
        raise BadForm([str(error)]) from error
    raise web.HTTPSeeOther(f"{HOME}/{kept}")


async def edit(request: web.Request) -> web.Response:
    """The form of one."""
    found = await read(request, find_start, int(request.match_info["start_id"]))
    return await _form(request, found, typed_of(found))


async def change(request: web.Request) -> web.Response:
    """Change what one says."""
    start_id = int(request.match_info["start_id"])
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    languages = request.config_dict[SITE].languages
    words = {each: {name: text_of(form, f"{name}_{each}") for name in FIELDS} for each in languages}
    found = await read(request, find_start, start_id)
    level = choice_of(form, "level", Level, found.level)
    whom = choice_of(form, "whom", TargetRule, found.whom)
    try:
        await write(request, own_starts.change, start_id, level, whom, words, now=now(request))
    except BadStart as error:
        return await _form(request, found, form, problem=str(error))
    raise web.HTTPSeeOther(f"{HOME}?notice=saved")


async def retire(request: web.Request) -> NoReturn:
    """Offer one no more, or again."""
    start_id, retired = int(request.match_info["start_id"]), request.match_info["off"] == "strike"
    await write(request, own_starts.retire, start_id, retired=retired, now=now(request))
    raise web.HTTPSeeOther(f"{HOME}?notice={'retired' if retired else 'saved'}")


def typed_of(text: StartingText) -> MultiDict[str]:
    """What stands in the form of a stored one."""
    form = MultiDict({"level": str(text.level), "whom": str(text.whom)})
    for language, words in text.words.items():
        every = {"name": words.name, "about": words.about, **words.parts}
        form.update({f"{name}_{language}": said for name, said in every.items()})
    return form


async def _form(
    request: web.Request, found: StartingText, typed: MultiMapping[str], *, problem: str = ""
) -> web.Response:
    site, viewer = request.config_dict[SITE], request[VIEWER]
    values = {
        "start": found,
        "typed": typed,
        "problem": problem,
        "of_texts": OF_TEXTS,
        "whom": [each for each in TargetRule if each in (*WHOM, found.whom)],
        "blanks": open_blanks(typed, site.languages),
        "pictures": await read(request, pictures_for, None),
        "live": await read(
            request, live, typed, viewer, alert_id=None, house=site.house, now=now(request)
        ),
    }
    code = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await writing_page(request, "own_start.html", values, status=code)
