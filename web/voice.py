"""Twilio asks what a caller hears next, and tells what came of it; signed like all it sends us.

What is wrong with a call is said on the telephone: whoever calls us hears a sentence, never an error.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from aiohttp import web

from alerts import calls
from messages.call_limits import NotTaken, VoiceRules
from messages.call_words import SENTENCES, said
from messages.calling import NoSuchCall
from messages.providers.twilio_voice import (
    PATH,
    HangUp,
    Heard,
    Verb,
    action_url,
    document,
    read_voice,
)
from web.keys import CLOCK, DATABASE, JOBS, SITE
from web.public.limits import hidden
from web.webhooks import carefully, signed_form

TOKEN = "{token:[0-9A-Za-z_-]{16,32}}"  # noqa: S105 - a pattern, not a secret
STEP = "{step:[0-9]{1,4}}"


def add_routes(app: web.Application) -> None:
    """Open the voice's door beside the other webhooks."""
    app.add_routes(
        [
            web.post(PATH, carefully(dialled)),
            web.post(f"{PATH}/status", carefully(ended)),
            web.post(f"{PATH}/{TOKEN}/status", carefully(ended)),
            web.post(f"{PATH}/{TOKEN}/{STEP}", carefully(step)),
        ]
    )


async def dialled(request: web.Request) -> web.Response:
    """Somebody rings the network's number."""
    heard, rules, app = await _heard(request), request.app[SITE].voice, request.app
    if rules is None:
        return _sorry(heard, "unknown")
    try:
        token, verbs = await app[DATABASE].write(
            calls.dialled,
            app[JOBS],
            heard,
            hide=partial(hidden, request),
            rules=rules,
            now=app[CLOCK](),
        )
    except NotTaken as refused:
        return _sorry(heard, str(refused))
    except NoSuchCall:
        return _sorry(heard, "unknown")
    return _answer(verbs, heard, _next(request, token, 0))


async def step(request: web.Request) -> web.Response:
    """What came of the step before; the next one is the answer."""
    heard, rules, app = await _heard(request), request.app[SITE].voice, request.app
    token, number = request.match_info["token"], int(request.match_info["step"])
    if rules is None:
        return _sorry(heard, "unknown")
    try:
        verbs = await app[DATABASE].write(
            calls.step, app[JOBS], token, number, heard, rules=rules, now=app[CLOCK]()
        )
    except NoSuchCall:
        return _sorry(heard, "unknown")
    return _answer(verbs, heard, _next(request, token, number))


async def ended(request: web.Request) -> web.Response:
    """How a call ended. One that we do not know, or not any more, is nothing to repeat."""
    heard, rules, app = await _heard(request), request.app[SITE].voice, request.app
    token = request.match_info.get("token", "")
    # Without rules nothing is counted, but a call from before is ended all the same.
    rules = rules or VoiceRules(number="", sender="")
    try:
        await app[DATABASE].write(calls.ended, token, heard, rules=rules, now=app[CLOCK]())
    except NoSuchCall:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _heard(request: web.Request) -> Heard:
    form = await signed_form(request)
    return read_voice({name: value.replace("\0", "") for name, value in form.items()})


def _next(request: web.Request, token: str, number: int) -> str:
    return action_url(request.app[SITE].public_url, token, number + 1)


def _sorry(heard: Heard, name: str) -> web.Response:
    """Tell a caller of whom we know nothing, in each of our languages, why nothing happens; hang up."""
    return _answer([*(said(name, each) for each in SENTENCES), HangUp()], heard, "")


def _answer(verbs: list[Verb], heard: Heard, action: str) -> web.Response:
    text = document(verbs, action=action, caller=heard.caller)
    return web.Response(text=text, content_type="text/xml", charset="utf-8")
