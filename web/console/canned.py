"""Answers that a project keeps ready, in each language: add, change, remove."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web
from sqlalchemy import Connection, Select, delete, insert, select, update

from contacts.models import Project
from messages.answering import BadAnswer, filled
from messages.inbox_models import CannedReply
from organizers.roles import May, Within, as_key, owned
from web.console.guard import require_project
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import SITE

CANNED = "/console/inbox/ready"
LONGEST_TITLE = 60
NO_TITLE = "Give it a short name, by which you find it again."
NO_WORDS = "Write the answer in at least one language."


@dataclass(frozen=True)
class Ready:
    """An answer that is kept ready."""

    id: int
    project_id: int | None
    project: str  # "" = the network's
    title: str
    texts: Mapping[str, str]  # by language
    words: str = ""  # in the language somebody reads


def ready(
    conn: Connection, within: Within, language: str = "", *, first_name: str = ""
) -> list[Ready]:
    """The answers kept ready by these projects, with their words in a language, or any there is.

    The person's name is in them already where we know it.
    """
    found = conn.execute(_kept(as_key(within)))
    return [_ready(row, language, first_name) for row in found]


@lru_cache
def _kept(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    return (
        select(CannedReply, Project.name)
        .outerjoin(Project, Project.id == CannedReply.project_id)
        .where(owned(CannedReply.project_id, within))
        .order_by(CannedReply.title, CannedReply.id)
    )


def _ready(row: Any, language: str, first_name: str) -> Ready:
    texts = {name: words for name, words in row.words.items() if words}
    words = texts.get(language) or next(iter(texts.values()), "")
    with contextlib.suppress(BadAnswer):  # without a name they stay as they are, to be looked at
        words = filled(words, first_name)
    return Ready(row.id, row.project_id, row.name or "", row.title, texts, words)


async def index(request: web.Request) -> web.Response:
    """All of them, each in its own form, and one for another."""
    return await _show(request)


async def add(request: web.Request) -> web.Response:
    """Keep another one ready."""
    form = await request.post()
    project = require_project(request[VIEWER], number(form, "project"))
    try:
        values = _values(form, request.config_dict[SITE].languages)
    except BadAnswer as error:
        return await _show(request, typed=form, problem=str(error))
    await write(request, _add, project, values, now(request))
    raise web.HTTPSeeOther(f"{CANNED}?notice=saved")


async def change(request: web.Request) -> web.Response:
    """Change its name and its words; whose it is stays."""
    form, canned_id = await request.post(), int(request.match_info["canned_id"])
    try:
        values = _values(form, request.config_dict[SITE].languages)
    except BadAnswer as error:
        return await _show(request, typed=form, changed=canned_id, problem=str(error))
    await write(request, _change, canned_id, values, now(request))
    raise web.HTTPSeeOther(f"{CANNED}?notice=saved")


async def remove(request: web.Request) -> NoReturn:
    """Keep it no longer; what was sent with its words stays as it is."""
    await write(request, _remove, int(request.match_info["canned_id"]))
    raise web.HTTPSeeOther(CANNED)


def _values(form: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    """Raises BadAnswer: each text must be one that can be sent to somebody."""
    title = " ".join(str(form.get("title", "")).split())[:LONGEST_TITLE]
    texts = {each: str(form.get(f"words_{each}", "")).strip() for each in languages}
    if not title:
        raise BadAnswer(NO_TITLE)
    if not any(texts.values()):
        raise BadAnswer(NO_WORDS)
    for words in texts.values():
        if words:
            filled(words, "Guadalupe")
    return {"title": title, "words": texts}


def _add(conn: Connection, project: int | None, values: Mapping[str, Any], now: datetime) -> int:
    row = insert(CannedReply).values(project_id=project, changed_at=now, **values)
    return int(conn.execute(row.returning(CannedReply.id)).scalar_one())


def _change(conn: Connection, canned_id: int, values: Mapping[str, Any], now: datetime) -> None:
    mine = update(CannedReply).where(CannedReply.id == canned_id)
    conn.execute(mine.values(changed_at=now, **values))


def _remove(conn: Connection, canned_id: int) -> None:
    conn.execute(delete(CannedReply).where(CannedReply.id == canned_id))


async def _show(
    request: web.Request,
    *,
    typed: Mapping[str, Any] | None = None,
    changed: int = 0,
    problem: str = "",
) -> web.Response:
    viewer = request[VIEWER]
    writable = viewer.may_in(May.WRITE)
    projects = await read(request, _projects, writable)
    values = {
        "kept": await read(request, ready, viewer.within),
        "projects": projects,
        "typed": typed or {},
        "changed": changed,
        "problem": problem,
    }
    code = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "canned.html", values, status=code)


def _projects(conn: Connection, writable: Sequence[int]) -> list[tuple[int, str]]:
    """Where one may be kept: number and name; 0 is the network."""
    found = select(Project.id, Project.name).where(Project.id.in_(writable)).order_by(Project.name)
    named = [(row.id, row.name) for row in conn.execute(found)]
    return [(0, ""), *named] if 0 in writable else named
