"""Render a page: a template, in a language, with the words and formats of that language."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
import phonenumbers
import structlog
from aiohttp import web
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from contacts.addresses import masked, veiled
from messages.zone_names import zone_name
from web.keys import CLOCK, SITE, Site
from web.templating import BriskContext, gettext
from web.translations import Translator, preferred, translators

log = structlog.get_logger("pages")

HERE = Path(__file__).parent
STATIC = HERE / "static"
CACHED = "public, max-age=31536000, immutable"
BREATH_SECONDS = 0.01  # between one template that is compiled beforehand and the next
NUMBERS = 4_096  # of each language, kept as they are written
_FIELD = re.compile(r"(\{\{[^{}]*\}\})")

TRANSLATORS: web.AppKey[dict[str, Translator]] = web.AppKey("translators", dict[str, Translator])
TEMPLATES: web.AppKey[dict[str, jinja2.Environment]] = web.AppKey(
    "templates", dict[str, jinja2.Environment]
)
LANGUAGE: web.RequestKey[str] = web.RequestKey("language", str)


def setup(app: web.Application) -> None:
    """Load words and templates in the site's languages; serve the static files."""
    words = translators(app[SITE].languages)
    app[TRANSLATORS] = words
    app[TEMPLATES] = {language: environment(language) for language in words}
    app.router.add_static("/static", STATIC)


def language_of(request: web.Request) -> str:
    """The language a door chose for this request (``LANGUAGE``), else the browser's."""
    site = request.config_dict[SITE]
    chosen = request.get(LANGUAGE)
    if chosen in site.languages:
        return str(chosen)
    wanted = request.headers.get("Accept-Language", "")
    return preferred(wanted, site.languages, site.default_language)


def translator(request: web.Request) -> Translator:
    """The words of this request's language."""
    return request.config_dict[TRANSLATORS][language_of(request)]


def render(
    request: web.Request,
    template: str,
    values: Mapping[str, object] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    """Answer with a page; it is never cached unless the handler says so afterwards."""
    return web.Response(
        text=rendered(request, template, values or {}),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"},
    )


def rendered(request: web.Request, template: str, values: Mapping[str, object]) -> str:
    """A template's text, as for ``render``; also for the pieces that live pages fetch."""
    language = language_of(request)
    site = request.config_dict[SITE]
    page = request.config_dict[TEMPLATES][language].get_template(template)
    return page.render(site=site, language=language, now=request.config_dict[CLOCK](), **values)


def paper(site: Site, language: str, template: str, values: Mapping[str, object]) -> str:
    """A page that stands by itself, to be saved and handed to somebody, in the language they read."""
    spoken = language if language in site.languages else site.default_language
    page = environment(spoken).get_template(template)
    return page.render(site=site, language=spoken, **values)


class _Compiled(jinja2.BytecodeCache):
    """What a template was compiled to, for its other languages: their words come in when it is rendered."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if kept := self._kept.get(bucket.key):
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


@cache
def environment(language: str) -> jinja2.Environment:
    """The templates in a language. Compiling them all takes seconds, so a process does it once."""
    words = translators((language,))[language]
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.StrictUndefined,
        bytecode_cache=_COMPILED,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(words.texts, newstyle=True)  # type: ignore[attr-defined]
    made.context_class = BriskContext
    made.globals["gettext"] = made.globals["_"] = gettext(words.texts)
    made.globals["asset"] = _asset
    # A report has hundreds, and many more than once; each takes as long as three cells of a table.
    made.filters["number"] = lru_cache(NUMBERS, typed=True)(
        lambda value: format_decimal(value, locale=words.locale)
    )
    made.filters["when"] = lambda value: _when(value, words)
    made.filters["hour"] = lambda value: _hour(value, words)
    made.filters["day"] = lambda value: format_date(value, locale=words.locale)
    made.filters["wall"] = lambda value: _wall(value, words)
    made.filters["zone"] = lambda value, at: zone_name(value, words.locale, year=at.year)
    made.filters["wall_hour"] = lambda value, zone: _wall_hour(value, zone, words)
    made.filters["month"] = lambda value: _month(value, words)
    made.filters["masked"] = masked
    made.filters["veiled"] = veiled
    made.filters["phone"] = shown_phone
    made.filters["sentence"] = words.sentence
    made.filters["fields"] = _fields
    return made


@asynccontextmanager
async def compiling(languages: Iterable[str]) -> AsyncIterator[None]:
    """Compile all templates beside whatever else is done, so that nobody who looks at a page first waits for that.

    It takes seconds of a processor, and lets others have it between one template and the next.
    """
    ended = threading.Event()
    work = asyncio.create_task(asyncio.to_thread(_compile_all, languages, ended))
    try:
        yield
    finally:
        ended.set()
        await work


def _compile_all(languages: Iterable[str], ended: threading.Event) -> None:
    for templates in map(environment, languages):
        for name in templates.list_templates(extensions=["html"]):
            if ended.wait(BREATH_SECONDS):
                return
            try:
                templates.get_template(name)
            except jinja2.TemplateError:  # while the files are changed under our feet, say
                log.exception("not compiled beforehand", template=name)


@cache
def _asset(name: str) -> str:
    """A static file's address with its contents' hash, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def shown_phone(number: str) -> str:
    """A number (E.164) as people of its country write it, or with its country if it is abroad."""
    parsed = phonenumbers.parse(number)
    national = parsed.country_code == 1
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, style.NATIONAL if national else style.INTERNATIONAL)


def _when(value: datetime, words: Translator) -> str:
    """A moment in the zone that the network's phone calls go by; the suffix says so."""
    local = value.astimezone(eastern())
    day = format_skeleton("yMMMd", local, locale=words.locale)
    return f"{day}, {_hour(value, words)}"


def _hour(value: datetime, words: Translator) -> str:
    """The hour alone, in the same zone, where the day is plain."""
    local = value.astimezone(eastern())
    return f"{format_time(local, 'short', locale=words.locale)} ET"


def _wall(value: str, words: Translator) -> str:
    """A time on the wall, "2026-12-01T09:00", with its weekday; the zone is told apart."""
    local = datetime.fromisoformat(value)
    day = format_skeleton("yMMMEd", local, locale=words.locale)
    return f"{day}, {format_time(local, 'short', locale=words.locale)}"


def _wall_hour(value: datetime, zone: str, words: Translator) -> str:
    """The hour of an instant on the wall of a zone."""
    return str(format_time(value.astimezone(ZoneInfo(zone)), "short", locale=words.locale))


def _month(value: date, words: Translator) -> str:
    """A month by its name and year, as a heading has it."""
    name = format_skeleton("yMMMM", value, locale=words.locale)
    return name[:1].upper() + name[1:]


@cache
def eastern() -> ZoneInfo:
    """Washington's zone, where most offices are called.

    Asked for when it is needed: where it is missing, the start is to say so in a sentence.
    """
    return ZoneInfo("America/New_York")


async def cache_static(request: web.Request, response: web.StreamResponse) -> None:
    """Let browsers keep a static file they asked for by its hash."""
    if request.path.startswith("/static/") and response.status in (200, 304):
        response.headers["Cache-Control"] = CACHED if "v" in request.query else "no-cache"


def _fields(text: str) -> Markup:
    """A text as its author wrote it, with each merge field marked and kept in one piece."""
    pieces = _FIELD.split(text)
    marked = (
        Markup("<mark>{}</mark>").format(each.replace(" ", "\N{NO-BREAK SPACE}"))
        for each in pieces[1::2]
    )
    plain = [escape(each) for each in pieces[::2]]
    return Markup("").join(
        piece for pair in zip(plain, [*marked, Markup("")], strict=True) for piece in pair
    )
