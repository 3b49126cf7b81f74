"""The page behind the link of a letter that asks for an approval: read it, approve it, send it back; signed in or not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy import Connection, Row

from messages.control import NotNow
from organizers.approvers import BadAsk, Ballot, Changed, MayNotApprove, NoNote, NotRead, SentBack
from web.console.viewing import read, write
from web.pages import LANGUAGE, render

WRONG = (Changed, MayNotApprove, NotRead, NoNote, NotNow, SentBack)


@dataclass(frozen=True)
class Looked:
    """What a link leads to, as it is now."""

    asked: Row[Any]
    seen: Any  # what the page shows of it
    ballot: Ballot
    more: Mapping[str, object] = field(default_factory=dict)  # what else its page takes


@dataclass(frozen=True)
class Done:
    """What a link's answer came to; without languages it was sent back."""

    languages: Collection[str] = ()
    left: Collection[str] = ()  # that may be approved yet


@dataclass(frozen=True)
class Links:
    """Links of one kind: to alerts, or to what is planned."""

    template: str
    look: Callable[[Connection, web.Request], Looked]  # raises BadAsk
    # The same, with the note and the languages; raises BadAsk and WRONG.
    answer: Callable[..., Done]

    async def show(self, request: web.Request) -> web.Response:
        """What a link in somebody's letter shows. It approves nothing by being opened: scanners open links."""
        return await self._page(request)

    async def take(self, request: web.Request) -> web.Response:
        """Approve, or send back, as the one to whom the link was sent."""
        form = await request.post()
        note, languages = str(form.get("note", "")), str(form.get("language", "")).split()
        try:
            done = await write(request, self.answer, request, note=note, languages=languages)
        except BadAsk as error:
            return self._gone(request, str(error))
        except WRONG as error:
            return await self._page(request, problem=str(error), note=note)
        if done.left:
            return await self._page(request, approved=done.languages)
        values = {"seen": None, "problem": "", "done": sorted(done.languages) or ["back"]}
        return render(request, self.template, values)

    async def _page(
        self,
        request: web.Request,
        *,
        problem: str = "",
        note: str = "",
        approved: Collection[str] = (),
    ) -> web.Response:
        try:
            found = await read(request, self.look, request)
        except BadAsk as error:
            return self._gone(request, str(error))
        request[LANGUAGE] = found.asked.language
        changed = "" if found.ballot.digest == found.asked.digest else str(Changed.__doc__)
        values = {
            "seen": None if changed else found.seen,
            "asked": found.asked,
            "open_to": found.ballot.open_to(found.asked.organizer_id),
            "approved": sorted(approved),
            "note": note,
            "token": request.match_info["token"],
            "problem": changed or problem,
            "done": [],
            **found.more,
        }
        status = HTTPStatus.CONFLICT if changed or problem else HTTPStatus.OK
        return render(request, self.template, values, status=status)

    def _gone(self, request: web.Request, sentence: str) -> web.Response:
        values: dict[str, object] = {"seen": None, "problem": sentence, "done": []}
        return render(request, self.template, values, status=HTTPStatus.NOT_FOUND)
