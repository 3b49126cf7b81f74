"""People: search them, look at one, add or change one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus

from aiohttp import web

from actions.whereabouts import BadDistrict, assign_district
from contacts.addresses import BadEmail, BadPhone, BadZip
from contacts.erased import AskedToBeErased
from contacts.people import ContactRow, Person, Unreachable, contact
from contacts.scope import visible_projects
from contacts.search import count, search
from organizers.roles import May
from web.console.adding import add_contact, change_contact
from web.console.choices import projects
from web.console.guard import NotYours, require_project
from web.console.records import Record, record
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import SITE
from web.pages import language_of

PAGE = 50  # people on one page
FIELDS = ("given_name", "family_name", "language", "zip", "city", "phone", "email")


async def index(request: web.Request) -> web.Response:
    """Find people by name, place or number."""
    viewer, text = request[VIEWER], request.query.get("q", "")[:200]
    project, offset = number(request.query, "project"), number(request.query, "from") or 0
    shown = await read(request, visible_projects, viewer.within)
    if project is not None and project not in shown:
        raise NotYours(NotYours.__doc__)
    within = viewer.within
    values = {
        "text": text,
        "project": project,
        "projects": await read(request, projects, shown),
        "people": await read(
            request, search, text, within=within, project=project, limit=PAGE, offset=offset
        ),
        "total": await read(request, count, text, within=within, project=project),
        "offset": offset,
        "next_offset": offset + PAGE,
        "previous_offset": max(0, offset - PAGE),
    }
    return await page(request, "contacts.html", values)


async def show(request: web.Request) -> web.Response:
    """One person, with what they said and what they got; their addresses masked."""
    return await _shown(request, await _record(request))


async def reveal(request: web.Request) -> web.Response:
    """The same once, with their addresses in full. That somebody looked is on the record."""
    contact_id, viewer = int(request.match_info["contact_id"]), request[VIEWER]
    site = request.config_dict[SITE]
    found = await write(
        request,
        record,
        contact_id,
        viewer.within,
        language=language_of(request),
        countries=site.countries,
        now=now(request),
    )
    return await _shown(request, found, bare=True)


async def _shown(
    request: web.Request, found: Record, *, bare: bool = False, problem: str = "", typed: str = ""
) -> web.Response:
    values = {"record": found, "bare": bare, "problem": problem, "typed": typed}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "contact.html", values, status=status)


async def _record(request: web.Request) -> Record:
    contact_id, viewer = int(request.match_info["contact_id"]), request[VIEWER]
    return await read(
        request,
        record,
        contact_id,
        viewer.within,
        language=language_of(request),
        countries=request.config_dict[SITE].countries,
        now=now(request),
    )


async def set_district(request: web.Request) -> web.Response:
    """Say where a person votes, whatever their ZIP tells."""
    contact_id = int(request.match_info["contact_id"])
    typed = str((await request.post()).get("district", ""))
    try:
        await write(request, assign_district, contact_id, typed, now=now(request))
    except BadDistrict as error:
        return await _shown(request, await _record(request), problem=str(error), typed=typed)
    raise web.HTTPSeeOther(f"/console/contacts/{contact_id}")


async def new(request: web.Request) -> web.Response:
    """An empty form."""
    return await _form(request, {})


async def add(request: web.Request) -> web.Response:
    """Store a person."""
    form, viewer = await request.post(), request[VIEWER]
    typed = {name: str(value) for name, value in form.items()}
    try:
        contact_id = await write(
            request,
            add_contact,
            _person(typed),
            project_id=require_project(viewer, number(typed, "project")),
            consent=typed.get("consent", ""),
            actor=viewer.actor,
            now=now(request),
        )
    except (BadPhone, BadEmail, BadZip, Unreachable, AskedToBeErased) as error:
        return await _form(request, typed, problem=str(error))
    raise web.HTTPSeeOther(f"/console/contacts/{contact_id}")


async def edit(request: web.Request) -> web.Response:
    """The form of a known person, without their addresses: those are only ever shown masked."""
    known = await read(request, contact, int(request.match_info["contact_id"]))
    typed = {**asdict(known.person), "phone": "", "email": ""}
    return await _form(request, typed, known=known)


async def save(request: web.Request) -> web.Response:
    """Change a person."""
    contact_id, viewer = int(request.match_info["contact_id"]), request[VIEWER]
    typed = {name: str(value) for name, value in (await request.post()).items()}
    try:
        await write(
            request,
            change_contact,
            contact_id,
            _person(typed),
            within=viewer.within,
            consent=typed.get("consent", ""),
            actor=viewer.actor,
            now=now(request),
        )
    except (BadPhone, BadEmail, BadZip, Unreachable, AskedToBeErased) as error:
        known = await read(request, contact, contact_id)
        return await _form(request, typed, known=known, problem=str(error))
    raise web.HTTPSeeOther(f"/console/contacts/{contact_id}")


def _person(typed: Mapping[str, str]) -> Person:
    return Person(**{name: typed[name] for name in FIELDS if typed.get(name)})


async def _form(
    request: web.Request,
    typed: Mapping[str, str],
    *,
    known: ContactRow | None = None,
    problem: str = "",
) -> web.Response:
    values = {
        "typed": typed,
        "known": known,
        "problem": problem,
        "projects": await read(request, projects, request[VIEWER].may_in(May.WRITE)),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "contact_form.html", values, status=status)
