"""Import a list of people: upload, trial run, import, undo."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress
from http import HTTPStatus
from typing import NoReturn

from aiohttp import web
from aiohttp.web_request import FileField

from contacts.headings import FIELDS
from contacts.imports import import_file, preview
from contacts.reading import BadFile
from contacts.scanning import ConsentMissing, Scan, scan, write_problems
from contacts.undoing import AlreadyUndone, undo
from organizers.roles import May
from web.console.choices import projects
from web.console.guard import require_project
from web.console.past_imports import past_import, past_imports
from web.console.uploads import Upload, mapped, read_upload
from web.console.viewing import VIEWER, now, number, page, read, write
from web.keys import DATABASE, SITE

WRONG = (BadFile, ConsentMissing)


async def new(request: web.Request) -> web.Response:
    """Choose a file and say how its people agreed."""
    return await _form(request)


async def check(request: web.Request) -> web.Response:
    """A trial run: what would happen, row by row; nothing is stored."""
    try:
        upload, scanned = await _scanned(request)
    except WRONG as error:
        return await _form(request, problem=str(error))
    report = await read(request, preview, scanned)
    values = {
        "upload": upload,
        "scanned": scanned,
        "report": report,
        "fields": FIELDS,
        "mapped": mapped(scanned.columns),
    }
    return await page(request, "import_check.html", values)


async def run(request: web.Request) -> web.Response:
    """Import what the trial run showed."""
    try:
        upload = await _uploaded(request)
        report = await import_file(
            request.config_dict[DATABASE],
            upload.content,
            options=upload.options,
            actor=request[VIEWER].actor,
            now=now(request),
            filename=upload.filename,
        )
    except WRONG as error:
        return await _form(request, problem=str(error))
    raise web.HTTPSeeOther(f"/console/imports/{report.import_id}")


async def problems(request: web.Request) -> web.Response:
    """The rows with something wrong as a file, to be mended and imported again."""
    try:
        _upload, scanned = await _scanned(request)
    except WRONG as error:
        return await _form(request, problem=str(error))
    target = io.StringIO(newline="")
    await asyncio.to_thread(write_problems, scanned, target)
    headers = {"Content-Disposition": 'attachment; filename="problems.csv"'}
    # The mark lets spreadsheet programs see that this is UTF-8.
    body = target.getvalue().encode("utf-8-sig")
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


async def show(request: web.Request) -> web.Response:
    """What an import came to."""
    found = await read(request, past_import, int(request.match_info["import_id"]))
    return await page(request, "import.html", {"each": found})


async def take_back(request: web.Request) -> NoReturn:
    """Undo an import."""
    import_id = int(request.match_info["import_id"])
    with suppress(AlreadyUndone):  # pressed twice: what was asked for has happened
        await write(request, undo, import_id, now(request), actor=request[VIEWER].actor)
    raise web.HTTPSeeOther(f"/console/imports/{import_id}")


async def _scanned(request: web.Request) -> tuple[Upload, Scan]:
    upload = await _uploaded(request)
    scanned = await asyncio.to_thread(
        scan, upload.content, options=upload.options, filename=upload.filename
    )
    return upload, scanned


async def _uploaded(request: web.Request) -> Upload:
    form = await request.post()
    project_id = require_project(request[VIEWER], number(form, "project"))
    file, fields = form.get("file"), dict(form)
    content = None
    if isinstance(file, FileField):
        with file.file:
            content = await asyncio.to_thread(file.file.read)
        fields["filename"] = file.filename
    site = request.config_dict[SITE]
    within = request[VIEWER].within
    return read_upload(fields, project_id=project_id, within=within, site=site, content=content)


async def _form(request: web.Request, *, problem: str = "") -> web.Response:
    viewer = request[VIEWER]
    typed = await request.post() if problem else {}
    values = {
        "problem": problem,
        "typed": {name: value for name, value in typed.items() if isinstance(value, str)},
        "projects": await read(request, projects, viewer.may_in(May.WRITE)),
        "imports": await read(request, past_imports, viewer.within),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "import_new.html", values, status=status)
