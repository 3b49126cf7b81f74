"""What a person sees when something is wrong: one sentence, and the number of their request.

Only this module knows which of the house's exceptions means which status. Anything it does not know
is our own mistake: the log gets the trace, the page only the request's number.
"""

from __future__ import annotations

import random
from http import HTTPStatus
from time import perf_counter

import structlog
from aiohttp import web

from actions.custom_targets import BadTarget, NoSuchTarget
from actions.reports import AlreadySettled
from alerts.at_risk import NoSuchPerson
from alerts.coverage import NoSuchOffice
from alerts.facts import BadFact
from alerts.preflight import NoSuchAlert
from alerts.proposals import NoSuchProposal
from alerts.timeline import NoSuchFact
from campaigns.calendar import NoSuchEmail
from campaigns.experiments import NoSuchExperiment
from campaigns.occurrences import NotOneOfItsDates
from campaigns.series import NoSuchSeries, NoSuchStep
from contacts.people import NoSuchContact
from database.engine import DatabaseUnusable
from database.locking import AlreadyLocked, Locked
from messages.control import NoSuchMessage, NotNow
from organizers.members import NoSuchOrganizer
from web.console.alert_forms import BadForm
from web.console.guard import NotAllowed, NotYours
from web.console.streaming import TooManyPages
from web.keys import ROUTINE, Handler
from web.pages import render
from web.security import CrossSite

log = structlog.get_logger("web")
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)

STATUSES: dict[type[Exception], HTTPStatus] = {
    NotYours: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NoSuchOrganizer: HTTPStatus.NOT_FOUND,
    NoSuchTarget: HTTPStatus.NOT_FOUND,
    BadTarget: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchAlert: HTTPStatus.NOT_FOUND,
    NoSuchFact: HTTPStatus.NOT_FOUND,
    NoSuchPerson: HTTPStatus.NOT_FOUND,
    BadFact: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchOffice: HTTPStatus.NOT_FOUND,
    AlreadySettled: HTTPStatus.CONFLICT,
    NoSuchMessage: HTTPStatus.NOT_FOUND,
    NoSuchProposal: HTTPStatus.NOT_FOUND,
    NoSuchContact: HTTPStatus.NOT_FOUND,
    NoSuchEmail: HTTPStatus.NOT_FOUND,
    NoSuchSeries: HTTPStatus.NOT_FOUND,
    NoSuchStep: HTTPStatus.NOT_FOUND,
    NotOneOfItsDates: HTTPStatus.CONFLICT,
    NoSuchExperiment: HTTPStatus.CONFLICT,
    NotNow: HTTPStatus.CONFLICT,
    Locked: HTTPStatus.LOCKED,
    AlreadyLocked: HTTPStatus.CONFLICT,
    BadForm: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooManyPages: HTTPStatus.TOO_MANY_REQUESTS,
    CrossSite: HTTPStatus.FORBIDDEN,
    DatabaseUnusable: HTTPStatus.SERVICE_UNAVAILABLE,
}
SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is no such page, or it belongs to another project.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page cannot be used that way; go back and try its buttons.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is larger than we accept here; send a smaller piece.",
}
UNEXPECTED = "Something went wrong on our side. Nothing was lost; try again in a moment."
UNREADABLE = "We could not read that request; go back and try again."


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Number the request, log how it ended, and turn whatever was raised into a page."""
    request[REQUEST_ID] = f"{random.getrandbits(32):08x}"
    started = perf_counter()
    try:
        response = await _answer(request, handler)
    except web.HTTPException as onward:
        _note(request, onward.status, started)
        raise
    _note(request, response.status, started)
    return response


def _note(request: web.Request, status: int, started: float) -> None:
    if request.get(ROUTINE):
        return
    log.info(
        "request",
        id=request[REQUEST_ID],
        method=request.method,
        route=_route(request),
        status=status,
        ms=round((perf_counter() - started) * 1000),
    )


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return error_page(request, HTTPStatus(error.status), _sentence(HTTPStatus(error.status)))
    except Exception as error:  # noqa: BLE001 - the last door before the browser
        return _told(request, error)


def _told(request: web.Request, error: Exception) -> web.Response:
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return error_page(request, STATUSES[kind], str(error))
    log.error("failed", id=request[REQUEST_ID], route=_route(request), exc_info=error)
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)


def error_page(request: web.Request, status: HTTPStatus, sentence: str) -> web.Response:
    """A page that says what is wrong and what to do."""
    values = {
        "sentence": sentence,
        "status": int(status),
        "request_id": request.get(REQUEST_ID, ""),
    }
    return render(request, "error.html", values, status=int(status))


def _sentence(status: HTTPStatus) -> str:
    return SENTENCES.get(
        status, UNREADABLE if status < HTTPStatus.INTERNAL_SERVER_ERROR else UNEXPECTED
    )


def _route(request: web.Request) -> str:
    """The route's pattern: paths themselves carry people's tokens."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"
