"""The console's first page: what is going on, and what waits."""

from __future__ import annotations

from aiohttp import web

from web.console.viewing import page


async def show(request: web.Request) -> web.Response:
    """Alerts in progress, replies waiting, emails to come."""
    return await page(request, "home.html")
