"""How strangers join a project: its form, keyword and poster, and how many have come."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from sqlalchemy import Connection

from contacts import sign_ups
from contacts.consent_wordings import VERSION, beside_box, on_paper
from contacts.models import Channel
from contacts.projects import project_by_id
from contacts.sign_ups import BadSignUpForm, FormRow, form_of
from messages.models import ReplyVerdict
from messages.vocabulary import YES
from messages.words import bare, understand
from web.console.viewing import now, page, read, write
from web.keys import SITE, Site
from web.posters import SIZES, Poster, code, sheet

TAKEN = (
    "that word already means something to us; choose another keyword, such as the community's name"
)
KINDS = {"png": "image/png", "svg": "image/svg+xml"}


async def show(request: web.Request) -> web.Response:
    """The form as it is, and what to put on a site or a wall."""
    return await _page(request, None)


async def save(request: web.Request) -> web.Response:
    """Open, close or change it."""
    project_id, form = _project(request), await request.post()
    typed = {name: str(value) for name, value in form.items()}
    try:
        await write(request, _save, project_id, typed)
    except BadSignUpForm as error:
        return await _page(request, typed, problem=str(error))
    raise web.HTTPSeeOther(f"/console/projects/{project_id}/sign-up?notice=saved")


async def poster(request: web.Request) -> web.Response:
    """The poster as a PDF, or its code alone as a picture."""
    form = await read(request, form_of, _project(request))
    site, kind = request.config_dict[SITE], request.match_info["kind"]
    url = f"{_url(site, form)}?from=poster"
    if kind in KINDS:
        return _file(code(url, kind), KINDS[kind], f"{form.slug}-code.{kind}")
    number = await read(request, _number, form.project_id, site)
    body = sheet(_poster(site, form, url, number), kind.partition("-")[0])
    return _file(body, "application/pdf", f"{form.slug}-poster.pdf")


def _save(conn: Connection, project_id: int, typed: Mapping[str, str]) -> None:
    keyword = typed.get("keyword", "")
    said = bare(keyword)
    if said in YES or (said and understand(keyword).verdict is not ReplyVerdict.OTHER):
        raise BadSignUpForm(TAKEN)
    sign_ups.save_form(
        conn,
        project_id,
        is_open=typed.get("is_open") == "yes",
        slug=typed.get("slug", ""),
        keyword=keyword,
        sites=typed.get("sites", ""),
        welcome={language: typed.get(f"welcome_{language}", "") for language in ("en", "es")},
    )


async def _page(
    request: web.Request, typed: Mapping[str, str] | None, *, problem: str = ""
) -> web.Response:
    site, project_id = request.config_dict[SITE], _project(request)
    form = await read(request, form_of, project_id)
    values = {
        "project": await read(request, project_by_id, project_id),
        "form": form,
        "typed": _stored(form) if typed is None else typed,
        "problem": problem,
        "counts": await read(request, sign_ups.counts, project_id, now=now(request)),
        "url": _url(site, form),
        "number": await read(request, _number, project_id, site),
        "sizes": tuple(SIZES),
        "version": VERSION,
        "wordings": [
            beside_box(
                channel,
                language,
                network=site.network_name,
                project=form.project,
                terms=f"{site.public_url}/privacy",
            )
            for language in ("en", "es")
            for channel in (Channel.SMS, Channel.EMAIL)
        ],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return await page(request, "sign_up_form.html", values, status=status)


def _stored(form: FormRow) -> dict[str, str]:
    return {
        "is_open": "yes" if form.is_open else "",
        "slug": form.slug,
        "keyword": form.keyword,
        "sites": "\n".join(form.sites),
        "welcome_en": form.welcome.get("en", ""),
        "welcome_es": form.welcome.get("es", ""),
    }


def _number(conn: Connection, project_id: int, site: Site) -> str:
    """The number a keyword is texted to; "" where only a pool of numbers is known."""
    own = project_by_id(conn, project_id).sms_sender or site.sms_sender
    return own if own.startswith("+") else ""


def _poster(site: Site, form: FormRow, url: str, number: str) -> Poster:
    terms = f"{site.public_url}/privacy"
    keyword = form.keyword if number else ""
    small = [
        on_paper(
            language,
            network=site.network_name,
            project=form.project,
            terms=terms,
            keyword=keyword,
        )
        for language in ("en", "es")
    ]
    shown = small if keyword else [terms]
    return Poster(site.network_name, form.project, url, keyword, number, shown)


def _project(request: web.Request) -> int:
    return int(request.match_info["project_id"])


def _url(site: Site, form: FormRow) -> str:
    return f"{site.public_url}/join/{form.slug}"


def _file(body: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, headers=headers)
