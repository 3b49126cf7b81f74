"""The alerts of a series' project: those whom it may follow, and those to whose pages its emails may lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from alerts.campaigning import asked_by_project, titles_of_pages
from web.console.viewing import now, read
from web.pages import language_of

Pages = list[tuple[int, str]]  # the action of each, and its title


async def alerts_of(request: web.Request, project_id: int | None, *, keep: int | None) -> Pages:
    """Those that were launched, the latest first, and one to ``keep``."""
    found = await read(request, asked_by_project, project_id)
    alerts = [
        (each.action_id, titled(each.titles, language_of(request)))
        for each in found
        if not each.taken_back and each.action_id != keep
    ]
    return [*await _kept(request, keep), *alerts]


async def pages_of(request: web.Request, project_id: int | None, *, keep: int | None) -> Pages:
    """Those whose pages ask for calls now, and one to ``keep``."""
    found, at = await read(request, asked_by_project, project_id), now(request)
    pages = [
        (each.action_id, titled(each.titles, language_of(request)))
        for each in found
        if each.is_open(at) and each.action_id != keep
    ]
    return [*await _kept(request, keep), *pages]


def chosen(typed: str, pages: Iterable[tuple[int, str]]) -> int | None:
    """The one that a form names; None: none of them."""
    return next((number for number, _ in pages if str(number) == typed), None)


def titled(titles: Mapping[str, str], language: str) -> str:
    """A title as somebody reads it."""
    return titles.get(language) or next(iter(titles.values()), "")


async def _kept(request: web.Request, action_id: int | None) -> Pages:
    """The one that was chosen before, also when it is none to choose any more."""
    if action_id is None:
        return []
    titles = await read(request, titles_of_pages, [action_id])
    return [(action_id, titled(titles.get(action_id, {}), language_of(request)))]
