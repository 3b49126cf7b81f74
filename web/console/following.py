"""After an alert: the draft of a reminder or of thanks, and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection

from alerts.closing import draft_the_end
from alerts.follow_ups import Followed, followed_by
from alerts.following_up import draft_follow_up, reword
from alerts.models import FollowUpKind
from alerts.resending import addressees, write_to_the_reached, write_to_the_rest
from alerts.stored import stored_draft
from messages.control import NotNow, Words
from messages.templates import BadTemplate
from web.console.citations import case_of, citable, telling
from web.console.previews import measured
from web.console.viewing import VIEWER, now, page, read, write
from web.keys import SITE

PARTS = ("sms", "subject", "body")
WRITING: Mapping[FollowUpKind, Callable[..., int]] = {
    FollowUpKind.REST: write_to_the_rest,
    FollowUpKind.REACHED: write_to_the_reached,
    FollowUpKind.OUTCOME: partial(draft_the_end, kind=FollowUpKind.OUTCOME),
    FollowUpKind.NEWS: partial(draft_the_end, kind=FollowUpKind.NEWS),
}
# A reminder says what there is to say; of a mistake only its author knows.
TO_BE_WRITTEN = (FollowUpKind.REST, FollowUpKind.REACHED)


async def draft(request: web.Request) -> NoReturn:
    """Write what follows an alert, and go on to check it, or to its words."""
    kind = FollowUpKind(request.match_info["follow_up"])
    written = await write(
        request,
        WRITING.get(kind, partial(draft_follow_up, kind=kind)),
        int(request.match_info["alert_id"]),
        house=request.config_dict[SITE].house,
        by=request[VIEWER].actor,
        now=now(request),
    )
    words = "/words" if kind in TO_BE_WRITTEN else ""
    raise web.HTTPSeeOther(f"/console/alerts/{written}{words}")


async def show_words(request: web.Request) -> web.Response:
    """The words of a draft that follows an alert."""
    alert_id = int(request.match_info["alert_id"])
    followed = await read(request, followed_by, alert_id)
    if followed is None:
        raise web.HTTPSeeOther(f"/console/alerts/{alert_id}/edit")
    return await _form(request, alert_id, followed, await read(request, _typed, alert_id))


async def save_words(request: web.Request) -> web.Response:
    """Say it in other words, and go on to check it."""
    alert_id = int(request.match_info["alert_id"])
    followed = await read(request, followed_by, alert_id)
    if followed is None:
        raise NotNow("this alert stands by itself; change it in its own form")
    typed = {name: str(value) for name, value in (await request.post()).items()}
    texts = {
        language: Words(*(typed.get(f"{part}_{language}", "").strip() for part in PARTS))
        for language in request.config_dict[SITE].languages
    }
    try:
        await write(
            request,
            reword,
            alert_id,
            {language: words for language, words in texts.items() if words != Words("", "", "")},
            house=request.config_dict[SITE].house,
            by=request[VIEWER].actor,
            now=now(request),
        )
    except (BadTemplate, NotNow) as error:
        return await _form(request, alert_id, followed, typed, problem=str(error))
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}")


def _typed(conn: Connection, alert_id: int) -> dict[str, str]:
    """The words of a draft as the form has them."""
    return {
        f"{part}_{language}": getattr(words, part)
        for language, words in stored_draft(conn, alert_id).texts.items()
        for part in PARTS
    }


async def _form(
    request: web.Request,
    alert_id: int,
    followed: Followed,
    typed: Mapping[str, str],
    *,
    problem: str = "",
) -> web.Response:
    site, case_id = request.config_dict[SITE], await read(request, case_of, alert_id)
    facts = await read(request, citable, request[VIEWER], case_id)
    texts = {each: typed.get(f"sms_{each}", "") for each in site.languages}
    values = {
        "alert_id": alert_id,
        "followed": followed,
        "typed": typed,
        "problems": [problem] if problem else [],
        "people": await read(request, addressees, alert_id, request[VIEWER].within),
        "case_id": case_id,
        "facts": facts,
        "measures": measured(texts, site.house.identity, telling(facts, now(request))),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "follow_up_form.html", values, status=status)
