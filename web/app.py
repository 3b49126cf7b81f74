"""Put the doors together: console, public pages and webhooks, with what guards them all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection, literal, select

from database.engine import Database
from database.jobs import Jobs
from messages.intake import Intake
from web import pages, voice, webhooks
from web.console.door import make_console
from web.errors import tell_errors
from web.keys import CLOCK, DATABASE, INTAKE, JOBS, SITE, Clock, Site
from web.public import routes as public
from web.security import BODY_LIMIT, adding_headers


def make_app(
    database: Database, jobs: Jobs, site: Site, *, clock: Clock | None = None
) -> web.Application:
    """The whole web application, ready to be served."""
    app = web.Application(middlewares=[tell_errors], client_max_size=BODY_LIMIT)
    app[DATABASE] = database
    app[JOBS] = jobs
    app[SITE] = site
    app[CLOCK] = clock or _now
    app[INTAKE] = Intake(database, secret=site.links_secret)
    app.cleanup_ctx.append(_taking_in)
    app.on_response_prepare.append(pages.cache_static)
    app.on_response_prepare.append(adding_headers(site))
    pages.setup(app)
    app.router.add_get("/", to_console)
    app.router.add_get("/healthz", healthz)
    public.add_routes(app)
    webhooks.add_routes(app)
    voice.add_routes(app)
    app.add_subapp("/console", make_console())
    return app


async def _taking_in(app: web.Application) -> AsyncIterator[None]:
    """Before the database closes, store what was handed in."""
    yield
    await app[INTAKE].close()


async def to_console(_request: web.Request) -> NoReturn:
    """The front door leads to the console; supporters come by their own links."""
    raise web.HTTPSeeOther("/console/")


async def healthz(request: web.Request) -> web.Response:
    """Say that the process answers and its database can be read; no more to strangers."""
    await request.app[DATABASE].read(_ask)
    return web.Response(text="ok\n")


def _ask(conn: Connection) -> int | None:
    return conn.scalar(select(literal(1)))


def _now() -> datetime:
    return datetime.now(UTC)
