"""The public door: pages for supporters and for anyone they tell, without sign-in or script."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus

from aiohttp import web

from actions.flooding import TooOften
from actions.whereabouts import NotACandidate
from alerts.pages import NoSuchPage, OnlyATest, Withheld
from campaigns.keeping import NoSuchCampaign
from contacts.sign_ups import NoSuchForm
from messages.call_limits import CannotConnect
from messages.clicks import NoSuchLink
from messages.links import BadToken
from messages.prompting import AlreadyReminded
from messages.proofs import StaleProof
from messages.shown_emails import NoSuchEmail
from web.forms import BadForm
from web.pages import LANGUAGE, render
from web.public import (
    acting,
    archive,
    campaigning,
    connecting,
    counting,
    emails,
    following,
    homes,
    joining,
    leaving,
    locating,
    owning,
    pictures,
    planning,
    preferring,
    reminding,
    undoing,
)
from web.public.acting import address_of, kept
from web.public.visits import BadAnswer
from web.security import CrossSite

Page = Callable[[web.Request], Awaitable[web.Response]]
TOKEN = "{token:[0-9A-Za-z]{1,40}}"  # noqa: S105 - a pattern, not a secret
FEED = "{feed:[0-9A-Za-z_-]{43}}"
SPOKEN = "{language:[a-z]{2}}"
PICTURE = "{name:[0-9a-f]{32}[.](?:jpg|png)}"
YEAR = "{year:[1-9][0-9]{3}}"
SLUG = "{slug:[0-9A-Za-z_-]{1,64}}"
PROOF = "{proof:[0-9A-Za-z]{1,40}}"
# Of a page with a name of its own, which may be such a word: /join/home is a page.
PART_OF_PAGE = re.compile(r"(/[^/]+/[^/]+)/(?:district|address|connect|home|remind|file)")
LINK = "{link_id:[0-9]{1,18}}"


def add_routes(app: web.Application) -> None:
    """Open the public pages on the main application."""
    app.add_routes(
        [
            web.get(f"/a/{TOKEN}", kindly(acting.show_personal)),
            web.post(f"/a/{TOKEN}", kindly(acting.answer_personal)),
            web.post(f"/a/{TOKEN}/home", kindly(homes.correct)),
            web.post(f"/a/{TOKEN}/district", kindly(acting.answer_district)),
            web.post(f"/a/{TOKEN}/remind", kindly(reminding.remind)),
            web.post(f"/a/{TOKEN}/address", kindly(locating.locate_personal)),
            web.post(f"/a/{TOKEN}/connect", kindly(connecting.connect)),
            web.post(f"/p/{SLUG}/address", kindly(locating.locate_shared)),
            web.get(f"/p/{SLUG}", kindly(acting.show_shared)),
            web.post(f"/p/{SLUG}", kindly(acting.answer_shared)),
            web.get(f"/p/{SLUG}/numbers", kindly(counting.show)),
            web.get(f"/campaign/{SLUG}", kindly(campaigning.show)),
            web.get(f"/u/{TOKEN}", kindly(leaving.show)),
            web.post(f"/u/{TOKEN}", kindly(leaving.leave)),
            web.get(f"/r/{TOKEN}/{LINK}", kindly(following.lead_on)),
            web.get(f"/calendar/{FEED}.ics", planning.read),
            web.get(f"/i/{PICTURE}", kindly(pictures.show)),
            web.get(f"/e/{TOKEN}", kindly(emails.choose)),
            web.get(f"/e/{TOKEN}/{SPOKEN}", kindly(emails.show)),
            web.get(f"/e/{TOKEN}/{SPOKEN}/{{number:[0-9]{{1,2}}}}.ics", kindly(emails.event)),
            web.get(f"/archive/{SLUG}", kindly(archive.choose)),
            web.get(f"/archive/{SLUG}/{SPOKEN}", kindly(archive.show)),
            web.get(f"/archive/{SLUG}/{SPOKEN}/{YEAR}", kindly(archive.show)),
            web.get(f"/archive/{SLUG}/{SPOKEN}.xml", kindly(archive.feed)),
            web.get("/privacy", joining.privacy),
            web.get(f"/join/{SLUG}", kindly(joining.show)),
            web.post(f"/join/{SLUG}", kindly(joining.send)),
            web.get(f"/join/{SLUG}/embed", kindly(joining.show)),
            web.post(f"/join/{SLUG}/embed", kindly(joining.send)),
            web.get(f"/confirm/{PROOF}", kindly(joining.show_proof)),
            web.post(f"/confirm/{PROOF}", kindly(joining.confirm_proof)),
            web.get(f"/me/{TOKEN}", kindly(preferring.show)),
            web.post(f"/me/{TOKEN}", kindly(preferring.change)),
            web.get(f"/undo/{PROOF}", kindly(undoing.show)),
            web.post(f"/undo/{PROOF}", kindly(undoing.decide)),
            web.get(f"/mine/{PROOF}", kindly(owning.show)),
            web.post(f"/mine/{PROOF}", kindly(owning.change)),
            web.post(f"/mine/{PROOF}/file", kindly(owning.file)),
            web.get(f"/mine/{PROOF}/delete", kindly(owning.ask_delete)),
            web.post(f"/mine/{PROOF}/delete", kindly(owning.delete)),
            # Links arrive cut short or with a comma; those, too, deserve a page that helps.
            web.get("/{door:[aepur]|me|mine|undo|join|confirm|campaign|archive}/{rest:.*}", lost),
        ]
    )


def kindly(handler: Page) -> Page:
    """Answer what is wrong with a public address on a public page, not on an organizer's."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (
            BadToken,
            NoSuchPage,
            NoSuchLink,
            NoSuchForm,
            NoSuchCampaign,
            NoSuchEmail,
            Withheld,
        ) as error:
            return await _nothing_to_read(request, error)
        except (BadAnswer, BadForm, NotACandidate, AlreadyReminded, OnlyATest) as error:
            return _sorry(request, str(error), HTTPStatus.BAD_REQUEST)
        except CrossSite as error:
            return _sorry(request, str(error), HTTPStatus.FORBIDDEN)
        except CannotConnect as error:
            return _sorry(request, str(error), HTTPStatus.CONFLICT)
        except TooOften as error:
            return _sorry(request, str(error), HTTPStatus.TOO_MANY_REQUESTS)

    return answer


async def lost(request: web.Request) -> web.Response:
    """There is nothing at this address; say what to do instead."""
    request[LANGUAGE] = request.query.get("lang", "")
    return render(request, "public/lost.html", status=HTTPStatus.NOT_FOUND)


async def _nothing_to_read(request: web.Request, error: Exception) -> web.Response:
    """There is nothing at this address, or not any more, or not now."""
    request[LANGUAGE] = request.query.get("lang", "")
    match error:
        case StaleProof():
            template, code = "public/stale.html", HTTPStatus.GONE
        case Withheld():
            template, code = "public/withheld.html", HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return await lost(request)
    return render(request, template, {"languages": []}, status=code)


def _sorry(request: web.Request, sentence: str, status: HTTPStatus) -> web.Response:
    request[LANGUAGE] = request.query.get("lang", "") or request.get(LANGUAGE, "")
    # Where a form of the page was sent to is no page to go back to.
    part = PART_OF_PAGE.fullmatch(request.path)
    path = part[1] if part else request.path
    values = {"sentence": sentence, "here": address_of(path, kept(request))}
    return render(request, "public/sorry.html", values, status=status)
