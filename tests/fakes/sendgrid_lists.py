"""SendGrid's suppression lists, played: pages, a beginning, entries that are forgotten, and bad days."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]
MOST = 500  # entries that one request gives


@dataclass
class SuppressionLists:
    """The lists of an account."""

    api_key: str
    entries: dict[str, dict[str, Json]] = field(default_factory=dict)  # list -> address -> entry
    faults: deque[int] = field(default_factory=deque)  # statuses of the next requests; 200 = none
    asked: Counter[str] = field(default_factory=Counter)  # requests by method and list
    queries: list[dict[str, str]] = field(default_factory=list)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/v3/suppression/{name}", self.show)
        app.router.add_delete("/v3/suppression/{name}/{email}", self.forget)
        app.router.add_delete("/v3/asm/suppressions/global/{email}", self.forget)

    def add(self, name: str, address: str, created: int, **more: str) -> None:
        """Put an address on a list."""
        entry = {"created": created, "email": address, **more}
        self.entries.setdefault(name, {})[address] = entry

    async def show(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked[f"GET {name}"] += 1
        self.queries.append(dict(request.query))
        if (refused := self._refused(request)) is not None:
            return refused
        since = int(request.query.get("start_time", 0))
        offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", 50))
        entries = list(self.entries.get(name, {}).values())
        chosen = [entry for entry in entries if entry["created"] >= since]
        return web.json_response(chosen[offset : offset + min(limit, MOST)])

    async def forget(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "unsubscribes")
        self.asked[f"DELETE {name}"] += 1
        if (refused := self._refused(request)) is not None:
            return refused
        gone = self.entries.get(name, {}).pop(request.match_info["email"], None)
        return web.Response(status=204 if gone else 404)

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return web.json_response({"errors": [{"message": "access forbidden"}]}, status=403)
        status = self.faults.popleft() if self.faults else 200
        if status == 200:
            return None
        headers = {"Retry-After": "0.1"} if status == 429 else {}
        return web.json_response({"errors": []}, status=status, headers=headers)
