"""The public door: pages for supporters and for anyone they tell, without sign-in or script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus

from aiohttp import web

from actions.targets import NotACandidate
from alerts.pages import NoSuchPage
from messages.clicks import NoSuchLink
from messages.links import BadToken
from web.forms import BadForm
from web.pages import LANGUAGE, render
from web.public import acting, following, leaving
from web.public.limits import Limiter, TooOften
from web.public.visits import BadAnswer

Page = Callable[[web.Request], Awaitable[web.Response]]
TOKEN = "{token:[0-9A-Za-z]{1,40}}"  # noqa: S105 - a pattern, not a secret
SLUG = "{slug:[0-9A-Za-z_-]{1,64}}"
LINK = "{link_id:[0-9]{1,18}}"


def add_routes(app: web.Application) -> None:
    """Open the public pages on the main application."""
    app[acting.LIMITER] = Limiter()
    app.add_routes(
        [
            web.get(f"/a/{TOKEN}", kindly(acting.show_personal)),
            web.post(f"/a/{TOKEN}", kindly(acting.answer_personal)),
            web.post(f"/a/{TOKEN}/district", kindly(acting.answer_district)),
            web.get(f"/p/{SLUG}", kindly(acting.show_shared)),
            web.post(f"/p/{SLUG}", kindly(acting.answer_shared)),
            web.get(f"/u/{TOKEN}", kindly(leaving.show)),
            web.post(f"/u/{TOKEN}", kindly(leaving.leave)),
            web.get(f"/r/{TOKEN}/{LINK}", kindly(following.lead_on)),
            # Links arrive cut short or with a comma; those, too, deserve a page that helps.
            web.get("/{door:[apur]}/{rest:.*}", lost),
        ]
    )


def kindly(handler: Page) -> Page:
    """Answer what is wrong with a public address on a public page, not on an organizer's."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (BadToken, NoSuchPage, NoSuchLink):
            return await lost(request)
        except (BadAnswer, BadForm, NotACandidate) as error:
            return _sorry(request, str(error), HTTPStatus.BAD_REQUEST)
        except TooOften as error:
            return _sorry(request, str(error), HTTPStatus.TOO_MANY_REQUESTS)

    return answer


async def lost(request: web.Request) -> web.Response:
    """There is nothing at this address; say what to do instead."""
    request[LANGUAGE] = request.query.get("lang", "")
    return render(request, "public/lost.html", status=HTTPStatus.NOT_FOUND)


def _sorry(request: web.Request, sentence: str, status: HTTPStatus) -> web.Response:
    request[LANGUAGE] = request.query.get("lang", "")
    values = {"sentence": sentence, "here": request.path_qs}
    return render(request, "public/sorry.html", values, status=status)
